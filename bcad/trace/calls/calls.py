"""Calls in traced code: what has a meaning is emitted, what is Python is stepped into, the rest is refused."""

from __future__ import annotations

import functools
import operator
from collections import OrderedDict, defaultdict, deque
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, MethodWrapperType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from interpreter import Frame, evaluate

from ..captures import containers, foreign, mirrors, questions, tables
from ..captures.outer import LISTS, MIRRORS
from ..effects import draws, outside, randomness, text
from ..lists import keyed, strip_methods, virtual
from ..operations import items, keys, kinds, layouts, methods
from ..places import is_library, is_own
from ..regions import choices, splitting
from ..regions.reach import within
from ..tracers import ArrayTracer, ChoiceTracer, Method, has_traced, is_traced
from . import answering, copying, hosts, jitted, meanings, memoised, overrides
from .handlers import HANDLERS

if TYPE_CHECKING:
    from ..session import Session

_DISPATCHER = type(np.sum)
_ITERATE = (sorted, min, max, any, all, sum, dict.fromkeys)
_CONTAINERS = frozenset((list, dict, set, OrderedDict, defaultdict, deque))
_KEEPERS = frozenset(("append", "appendleft", "insert"))  # a list that is an item is not looked into
_METHOD_TYPES = (BuiltinFunctionType, MethodWrapperType)
_MAKERS = frozenset((  # type: ignore[arg-type]
    np.zeros, np.ones, np.full, np.empty, np.arange, np.linspace, np.eye, np.identity, np.zeros_like, np.ones_like,
    np.full_like, np.empty_like, np.diag, np.diagflat, np.tri, np.tril, np.triu, np.broadcast_to, np.broadcast_shapes, np.fromiter,
))


def call(session: Session, frame: Frame, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Any call in traced code; NotImplemented: go on as Python would."""
    kind = type(fn)
    if kind is Method:
        return methods.call(session, fn, args, kwargs)
    if kind is MethodDescriptorType and fn.__objclass__ is np.ndarray and args and isinstance(args[0], ArrayTracer):
        return methods.call(session, Method(args[0], fn.__name__), args[1:], kwargs)
    if (session.virtual or session.growing) and kind is not FunctionType and virtual.looks_at(fn):
        if fn is len and args and isinstance(args[0], (list, deque, *keyed.KINDS, keyed.View)):
            return session.domain.length(args[0])
        if fn is bool and args and isinstance(args[0], (list, deque, *keyed.KINDS)):
            return operator.gt(session.domain.length(args[0]), 0)
    if (session.virtual or session.growing) and kind in _METHOD_TYPES and type(fn.__self__) in (*LISTS, deque):
        if virtual.looks_at(fn):
            virtual.refuse_growing(session, fn.__self__)
        result = strip_methods.method(session, fn.__self__, fn.__name__, args, kwargs)
        if result is not NotImplemented:
            return result
    if kind in _METHOD_TYPES and type(fn.__self__) in keyed.KINDS:
        result = keyed.call(session, fn.__self__, fn.__name__, args, kwargs)
        if result is not NotImplemented:
            return result
    result = keys.call(session, fn, args, kwargs)
    if result is not NotImplemented:
        return result
    if kind in _METHOD_TYPES and type(fn.__self__) in MIRRORS:
        return mirrors.call(session, fn, args, kwargs)
    if kind is BuiltinFunctionType and (result := copying.reduced(session, fn)) is not NotImplemented:
        return result
    if session.captures.foreign and kind is not FunctionType and containers.takes(fn):
        seen = tuple(foreign.listed(session, a) if foreign.is_foreign(session, a) else a for a in args)
        if any(a is not b for a, b in zip(seen, args, strict=True)):
            return evaluate(fn, seen, kwargs, session.domain)
    builtin = _lookup(HANDLERS, fn)
    if builtin is not None:
        result = builtin(session, frame, args, kwargs)
        if result is not NotImplemented:
            return result
    if kind is functools._lru_cache_wrapper and has_traced((*args, *kwargs.values())):
        return memoised.call(session, fn, args, kwargs)
    if kind is operator.attrgetter or kind is operator.itemgetter:
        return evaluate(_written_out(fn), args, kwargs, session.domain)
    if kind is BuiltinFunctionType and outside.is_file(fn):
        return outside.file_method(session, fn, args, kwargs)
    if _is_hashable_function(fn) and outside.calls_outside(fn):
        return outside.run(session, fn, args, kwargs)
    if _is_hashable_function(fn) and outside.is_asked(fn) and not has_traced((*args, *kwargs.values())):
        return outside.ask(session, fn, args, kwargs)
    stream = randomness.bound(fn, args)
    if stream is not None:
        return draws.draw(session, stream, args if stream is fn else args[1:], kwargs)
    if kind is BuiltinFunctionType and type(fn.__self__) is str:
        result = text.method(session, fn, args, kwargs)
        if result is not NotImplemented:
            return result
    if tables.is_asked(fn):
        return tables.ask(session, fn, args, kwargs)
    if kind is FunctionType:
        if not is_library(fn.__code__.co_filename):
            return NotImplemented
        result = answering.answer(fn, args, kwargs)
        if result is not NotImplemented:
            return result
    elif jitted.is_jitted(kind):
        return jitted.call(session, fn, args, kwargs)
    result = overrides.override(session, fn, args, kwargs)
    if result is not NotImplemented or not _wants_meaning(session, fn, args, kwargs):
        return result
    return _meaning_or_source(session, fn, args, kwargs)


def call_with_choices(
    session: Session, frame: Frame, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A call with objects of which only a run knows which they are: Python code gets them as they are."""
    if type(fn) is ChoiceTracer:
        return splitting.each(session, fn, lambda option: evaluate(option, args, kwargs, session.domain))
    if fn is isinstance or fn is not range and hosts.keeps_tracers(fn) or _is_hashable_function(fn) and outside.calls_outside(fn):
        return call(session, frame, fn, args, kwargs)
    if type(fn) is MethodType or type(fn) is FunctionType and not _has_meaning(fn):
        return NotImplemented
    if type(fn) is BuiltinFunctionType and type(fn.__self__) is str or fn in (str, repr, format, ascii, print):
        return call(session, frame, fn, args, kwargs)
    result = _with_kinds(session, fn, args, kwargs)
    if result is not NotImplemented:
        return result
    if splitting.among([*args, *kwargs.values()]):
        return splitting.call(session, fn, args, kwargs)
    args = tuple(choices.settled(session, args))
    kwargs = dict(zip(kwargs, choices.settled(session, list(kwargs.values())), strict=True))
    result = call(session, frame, fn, args, kwargs)
    return evaluate(fn, args, kwargs, session.domain) if result is NotImplemented else result


def _with_kinds(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call with numbers of several kinds that need not be told apart; NotImplemented where they must."""
    try:
        result = kinds.call(session, fn, args, kwargs)
    except TypeError:  # an unhashable callable of the user's
        return NotImplemented
    if result is not NotImplemented or _lookup(ops.FUNCTIONS, fn) is None or _lookup(HANDLERS, fn) is not None:
        return result
    if not (isinstance(fn, np.ufunc) or getattr(fn, "__module__", "").partition(".")[0] in ("numpy", "scipy", "math")):
        return NotImplemented
    found = kinds.as_numpy(session, [*args, *kwargs.values()])
    if found is None or choices.among(found):  # a list from outside holds one still
        return NotImplemented
    return evaluate(fn, tuple(found[:len(args)]), dict(zip(kwargs, found[len(args):], strict=True)), session.domain)


def _has_meaning(fn: FunctionType) -> bool:
    """Whether a call of a Python function means something else than what its code says."""
    return _lookup(ops.FUNCTIONS, fn) is not None or _lookup(ops.DERIVED, fn) is not None or answering.is_answered(fn)


def _written_out(getter: operator.attrgetter[Any] | operator.itemgetter[Any]) -> FunctionType:
    """``operator.attrgetter(*names)`` or ``operator.itemgetter(*keys)`` in Python."""
    names: Any = getter.__reduce__()[1]
    by_name = type(getter) is operator.attrgetter
    parts = ", ".join(f"x.{name}" if by_name else f"x[keys[{k}]]" for k, name in enumerate(names))
    function: FunctionType = eval(f"lambda x: ({parts})", {"keys": names})
    return function


def _is_hashable_function(fn: Any) -> bool:
    return type(fn) in (BuiltinFunctionType, FunctionType, _DISPATCHER)


def _lookup(table: dict[Any, Any], fn: Any) -> Any:
    try:
        return table.get(fn)
    except TypeError:  # an unhashable callable of the user's
        return None


def _wants_meaning(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    if _lookup(ops.FUNCTIONS, fn) is None and _lookup(ops.DERIVED, fn) is None and not is_mutator(fn) \
            and type(fn) is not _DISPATCHER and not isinstance(fn, np.ufunc):
        return False
    if fn in _MAKERS:
        return True
    if session.virtual and virtual.holds(session, (*args, *kwargs.values())):
        return True
    given = (*args, *kwargs.values())
    if touches_array(given) or any(containers.is_outer(session, x) for x in given):
        return True
    of_numpy = isinstance(fn, np.ufunc) or (getattr(fn, "__module__", None) or "").startswith("numpy")  # abs() asks for __abs__
    return of_numpy and any(map(foreign.gives_array, given))


def touches_array(values: Any) -> bool:
    """Whether a tracer, or an array that may be one's cell, is among arguments."""
    return any(has_traced(x) or type(x) is np.ndarray or type(x) in MIRRORS for x in values)


def is_mutator(fn: Any) -> bool:
    """Whether a function writes into its first argument."""
    return _lookup(ops.MUTATES, fn) is not None


def _meaning_or_source(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The meaning of a library function, or the Python code behind it, interpreted."""
    result = _answer(session, fn, args, kwargs)
    if fn in layouts.LIKE and type(result) is ArrayTracer:
        for given in (*args, *kwargs.values()):
            for x in given if isinstance(given, (tuple, list)) else (given,):
                if type(cell := meanings.as_cell(session, x)) is ArrayTracer:
                    layouts.note(session, result._value, cell)
    return result


def _answer(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    items.look_into(*args, *kwargs.values())
    if fn is np.block:  # a list in it is no array
        virtual.look_inside(session, *args, *kwargs.values())
    derived = _lookup(ops.DERIVED, fn)
    if is_mutator(fn):
        result = meanings.mutate(session, ops.MUTATES[fn], args[0], args[1:], kwargs)
        return result if result is not NotImplemented else evaluate(derived, args, kwargs, session.domain)
    if _lookup(ops.FUNCTIONS, fn) is not None:
        result = meanings.call_meaning(session, fn, args, kwargs)
        if result is not NotImplemented or derived is None:
            return result
    if derived is not None:
        return _with_out(session, derived, args, kwargs)
    source = getattr(fn, "_implementation", None)
    if type(source) is FunctionType:
        return evaluate(source, args, kwargs, session.domain)
    return NotImplemented


def _with_out(session: Session, code: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call code of our own, which gives what is to be written to ``out=``."""
    out = kwargs.get("out")
    if out is None:
        return evaluate(code, args, kwargs, session.domain)
    given = {name: x for name, x in kwargs.items() if name != "out"}
    items.set_(session, out, ..., evaluate(code, args, given, session.domain))
    return out


# -- leaves -------------------------------------------------------------------------------------
def call_traced(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call from C code, or through a tracer's own methods."""
    if type(fn) is Method:
        return methods.call(session, fn, args, kwargs)
    builtin = _lookup(HANDLERS, fn)
    result = builtin(session, None, args, kwargs) if builtin is not None else NotImplemented
    if result is NotImplemented and _wants_meaning(session, fn, args, kwargs):
        result = _meaning_or_source(session, fn, args, kwargs)
    if result is NotImplemented:
        return hosts.unknown(session, fn, args, kwargs)
    return result


def native(session: Session, frame: Frame, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a leaf: natively if nothing traced can be lost in it."""
    if is_own(fn):
        return fn(*args, **kwargs)
    if session.virtual or session.growing:
        target = getattr(fn, "__self__", None)
        if getattr(fn, "__name__", "") == "extend" and isinstance(target, list) and virtual.has_middle(session, args[0]):
            return virtual.extend_by(session, target, args[0])
        if not (_is_bound(fn) and type(target) in (list, deque) and fn.__name__ in _KEEPERS):
            virtual.look(session, *(args if virtual.looks_at(fn) or _is_bound(fn) else args[1:]), *kwargs.values())
    if session.keyed:
        keyed.look(session, *args, *kwargs.values())
    outside.refuse_while_speculating(session, fn)
    outside.refuse_acts(session, fn)
    owner = containers.owner_of(session, fn, args)
    if owner is not None:
        fn, args = containers.call(session, fn, owner, args)
    elif not hosts.keeps_tracers(fn) or containers.reads_its_arguments(fn):
        args = containers.read(session, args, fn)
    if outside.opens_for_writing(fn, args, kwargs):
        raise session.error("opening a file for writing cannot be traced", hint="open it outside, or use print(file=)")
    if hosts.keeps_tracers(fn):
        if not hosts.is_container_method(fn) or containers.reads_its_arguments(fn):
            items.look_at(*args)
        made = fn(*args, **kwargs)
        if isinstance(fn, type) and type(made) in _CONTAINERS:
            session.born(made)
        randomness.note_stream(session, made, fn, args, kwargs, seeded=False)
        return made
    if session.virtual:
        virtual.look_inside(session, *args, *kwargs.values())
    answer = questions.ask(session, fn, args, kwargs)
    if answer is not NotImplemented:
        return answer
    if session.virtual or session.keyed:
        for part in within([*args, *kwargs.values()]):
            virtual.look(session, part)
            keyed.look(session, part)
    items.look_into(*args, *kwargs.values(), getattr(fn, "__self__", None))
    for arg in args:
        if type(arg) in MIRRORS and not questions.only_asks(fn):
            session.touch(arg)
    if args and isinstance(args[0], dict) and fn in _ITERATE:
        args = (list(args[0]), *args[1:])  # of a dict they see the keys alone
    args = tuple(meanings.as_cell(session, a) for a in args)
    owner = getattr(fn, "__self__", None)
    if has_traced(args) or has_traced(kwargs) or is_traced(owner):
        return hosts.unknown(session, fn, args, kwargs)
    if randomness.sets_state(fn):
        return randomness.set_state(session, fn, args, kwargs)
    result = adopt(session, _natively(session, fn, args, kwargs))
    seeded = any(a is not None for a in (*args, *kwargs.values()))
    randomness.note_stream(session, result, fn, args, kwargs, seeded)
    return result


def _natively(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call C code; a refusal in what it calls back is told as such, whatever it makes of it."""
    before = session.failure
    try:
        return fn(*args, **kwargs)
    except Exception:
        if session.failure is not None and session.failure is not before:
            raise session.failure from None
        raise


def _is_bound(fn: Any) -> bool:
    """Whether a method's arguments do not begin with its owner."""
    return type(fn) is BuiltinFunctionType


def adopt(session: Session, result: Any) -> Any:
    """Results of native code: an array is a cell from now on."""
    if type(result) is np.ndarray and result.dtype.kind in "biufc" and id(result) not in session.captures.cells:
        return new_array(session, result)
    if type(result) in (tuple, list) and any(type(x) is np.ndarray for x in result):
        return type(result)(adopt(session, x) for x in result)
    return result


def new_array(session: Session, array: np.ndarray) -> ArrayTracer:
    """The cell of an array that was made while tracing."""
    cell = ArrayTracer(session, session.builder.constant(array))
    cell._writeable = bool(array.flags.writeable)
    return cell
