"""Tables of pandas from outside: what is asked of one is asked again at each call.

Their code is not stepped into: it is compiled for the most part, and its answers do not depend on what is
differentiated. Arrays and numbers that come out of it are inputs, strings and lengths are guarded.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tracers import has_traced, is_traced
from .anew import ask_anew

if TYPE_CHECKING:
    from ..session import Session

_LIBRARY = "pandas"
_CHANGES = frozenset("""
    __setitem__ __delitem__ __setattr__ __delattr__ __setstate__ insert pop update set_flags
    __iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__ __ipow__ __iand__ __ior__ __ixor__
""".split())


def is_asked(fn: Any) -> bool:
    """Whether `fn` is a function or a class of the library."""
    if type(fn) is FunctionType:
        return _is_librarys(fn.__globals__.get("__name__"))
    return isinstance(fn, type) and is_table(fn)


def is_table(kind: type) -> bool:
    """Whether a class is the library's."""
    return _is_librarys(kind.__module__)


def _is_librarys(module: Any) -> bool:
    return type(module) is str and module.partition(".")[0] == _LIBRARY


def ask(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The answer, read anew at every call.

    Raises
    ------
    Unsupported
        If a traced value would get into a table, the call would change one, or call back.
    """
    given = (*args, *kwargs.values())
    name = getattr(fn, "__qualname__", repr(fn))
    if has_traced(given) and type(fn) is FunctionType and ".dtypes." in fn.__globals__["__name__"] and fn.__name__.endswith("_dtype"):  # a question about dtypes
        return fn(*(np.empty(0, x.dtype) if is_traced(x) else x for x in args), **kwargs)
    if has_traced(given):
        raise session.error(f"a traced value would get into {_LIBRARY}: {name}()", hint="compute on table.to_numpy()")
    if fn.__name__ in _CHANGES or kwargs.get("inplace") is True or _sets(fn, args):
        raise session.error(f"{name}() changes a table", why="tracing undoes what it changes, which is not possible here",
                            hint="call it before or after the function that is differentiated, or on arrays")
    if any(type(x) is FunctionType and not is_asked(x) for x in given):
        raise session.error(f"{name}() calls a function of yours from inside {_LIBRARY}",
                            hint="write it as a loop, or compute on table.to_numpy()")
    if fn.__name__ == "itertuples" or fn.__name__ in ("__iter__", "items") and _is_column(args[0]):
        raise session.error(f"{name}() gives one row at a time", hint="loop over table.to_numpy()")
    return ask_anew(session, fn, args, kwargs)


def _is_column(x: Any) -> bool:
    """Whether `x` is a column or an index, not a table or groups."""
    return getattr(x, "ndim", 2) == 1 and hasattr(type(x), "to_numpy")


def _sets(fn: Any, args: tuple[Any, ...]) -> bool:
    """Whether `fn` is what a property does when it is assigned to."""
    found = getattr(type(args[0]), fn.__name__, None) if args else None
    return isinstance(found, property) and found.fset is fn and found.fget is not fn
