"""Questions to C code about objects from outside: asked while tracing, and again at every call."""

from __future__ import annotations

import builtins
import functools
import math
import operator
import os
import re
import sys
import threading
import weakref
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tracers import Tracer
from .sources import Attribute, Pinned, Result, Source

if TYPE_CHECKING:
    from ..session import Session

BuiltinMethod = type(re.compile("").sub)  # methods that know their class: not the type of other methods
PLAIN = frozenset((
    int, float, complex, bool, str, bytes, type(None), type(Ellipsis), slice, range, FunctionType, ModuleType,
    BuiltinFunctionType, BuiltinMethod, MethodType, MethodDescriptorType, WrapperDescriptorType, type, np.ufunc, property, np.dtype, type(np.sum), re.Pattern,
    type(np.random.default_rng),  # Cython's functions
))
_PROCESS = frozenset((  # what C code knows about the process
    sys.getrecursionlimit, os.getcwd, os.getpid, np._core.umath._get_extobj_dict,
))
_ASKERS = frozenset((
    *(getattr(builtins, name) for name in
      "abs len hash repr str format ascii float int complex bool round divmod pow sorted isinstance issubclass".split()),
    *(getattr(operator, name) for name in dir(operator)
      if not name.startswith("_") and name not in ("setitem", "delitem") and not name.startswith("i")),
    *(f for f in vars(math).values() if callable(f)),
    np.array, np.asarray, np.frombuffer,
))
_METHODS = frozenset("""
    all any argmax argmin argsort astype byteswap choose clip compress conj conjugate copy count cumprod cumsum decode diagonal dot
    endswith filled find fromhex get hex index is_integer item items keys match fullmatch search findall split max mean min nonzero
    prod ptp ravel repeat reshape round searchsorted squeeze startswith std sum swapaxes take tobytes tolist trace transpose
    values var view total_seconds isoformat
    __get__ __len__ __contains__ __getitem__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __add__ __radd__ __mul__ __rmul__ __sub__ __rsub__
    __truediv__ __rtruediv__ __neg__ __bool__ __float__ __int__ __index__ __hash__ __repr__ __str__ __format__ __array__
""".split())
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_LOCKING = frozenset((functools.cached_property.__get__.__code__,))  # take a lock only lest a value be computed twice
_METHOD_TYPES = (BuiltinFunctionType, BuiltinMethod, MethodWrapperType)


def is_process_state(fn: Any) -> bool:
    """Whether a C function without arguments tells a setting of the process."""
    try:
        return fn in _PROCESS
    except TypeError:
        return False


def ask(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The lifted answer; NotImplemented if nothing from outside that may change is asked.

    Raises
    ------
    Unsupported
        If the C code may change what it is given.
    """
    parts = [fn, *args, *kwargs.values()]
    owner = getattr(fn, "__self__", None)
    if owner is not None and type(fn) in _METHOD_TYPES and not isinstance(owner, ModuleType):
        parts.append(owner)
    lock = args[0] if owner is None and args else owner
    if type(lock) in _LOCKS and session.frame is not None and session.frame.code.raw in _LOCKING:
        return fn.__name__ == "__enter__"
    changing = [p for p in parts if _may_change(session, p)]
    if not changing and not is_process_state(fn):
        return NotImplemented
    if any(isinstance(p, Tracer) for p in parts):
        return NotImplemented
    if not only_asks(fn) and not is_process_state(fn):
        name = getattr(fn, "__qualname__", None) or type(fn).__qualname__
        raise session.error(
            f"{name}() is written in C and may change {session.captures.outer[id(changing[0])][1]}",
            why="tracing undoes what it changes, which is not possible here",
            hint="call it before or after the function that is differentiated",
        )
    given = tuple(source_of(session, a) for a in args)
    named = tuple((k, source_of(session, a)) for k, a in kwargs.items())
    return session.captures.lift(fn(*args, **kwargs), Result(source_of(session, fn), given, named))


def _may_change(session: Session, x: Any) -> bool:
    """Whether `x` is an object from outside with a state that only C code sees."""
    known = session.captures.outer.get(id(x))
    return known is not None and known[0] is x and type(x) not in PLAIN and not isinstance(x, type)


def only_asks(fn: Any) -> bool:
    """Whether C code is known to change nothing."""
    if type(fn) in (weakref.ref, functools._lru_cache_wrapper) or isinstance(fn, np.ufunc):
        return True
    try:
        if fn in _ASKERS:
            return True
    except TypeError:
        return False
    return type(fn) in (*_METHOD_TYPES, MethodDescriptorType, WrapperDescriptorType) and fn.__name__ in _METHODS


def source_of(session: Session, x: Any) -> Source:
    """Where a thing from outside stands; else the thing itself, pinned."""
    known = session.captures.outer.get(id(x))
    if known is not None and known[0] is x:
        return known[1]
    if type(x) in _METHOD_TYPES and _may_change(session, x.__self__):  # of what stands there at each call
        return Attribute(source_of(session, x.__self__), x.__name__)
    return Pinned(x, getattr(x, "__name__", None) or repr(x)[:40])
