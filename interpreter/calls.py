"""Calls: which callables are stepped into, how, and which run natively as leaves."""
from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodDescriptorType, MethodType
from typing import Any

from .binding import VARARGS, VARKEYWORDS, bind
from .code import OPTIMIZED, UNBOUND, Code
from .decode import DECODED, decode
from .errors import LocatedError
from .frame import Frame, make_frame
from .journal import MUTABLE, born
from .leaves import is_leaf
from .lookup import MISSING, find, is_class, is_exception, is_instance, is_native, is_native_iterator, python_method

Args = tuple | list
Kwargs = dict[str, Any] | None
Intercept = Callable[[Frame, tuple, dict[str, Any]], Any]
METHODS: dict[str, Callable] = {}           # the same for methods of C types, by name
INTERCEPTS: dict[int, Intercept] = {}       # by id of a C callable; filled by natives, callbacks
SIMPLE: set[int] = set()                    # those of them that only ask special methods of their arguments
PLAIN = frozenset((int, float, bool, complex, str, bytes, list, tuple, dict, set, frozenset, range))    # with theirs in C


def call_value(frame: Frame, fn: Any, args: Args, kwargs: Kwargs = None) -> Any:
    """``fn(*args, **kwargs)``, asking the domain first where it wants to be asked."""
    kind = type(fn)
    while kind is MethodType:
        args = (fn.__self__, *args)
        fn = fn.__func__
        kind = type(fn)
    if frame.watched:
        result = _ask(frame, fn, args, kwargs)
        if result is not NotImplemented:
            return result
    if kind is FunctionType:
        return step_into(frame, fn, args, kwargs)
    if kind is BuiltinFunctionType:
        return call_builtin(frame, fn, args, kwargs)
    if is_class(fn):
        return classes.call_class(frame, fn, args, kwargs)
    return _call_object(frame, fn, kind, args, kwargs)


def _ask(frame: Frame, fn: Any, args: Args, kwargs: Kwargs) -> Any:
    domain = frame.domain
    types = domain.types
    if domain.observes or types and (
            type(fn) in types or any(type(value) in types for value in args)
            or kwargs and any(type(value) in types for value in kwargs.values())):
        return domain.call(frame, fn, tuple(args), dict(kwargs or {}))
    return NotImplemented


def call_function(frame: Frame, fn: FunctionType, args: Args, kwargs: Kwargs) -> Any:
    """Call a Python function, asking the domain first."""
    if frame.watched:
        result = _ask(frame, fn, args, kwargs)
        if result is not NotImplemented:
            return result
    return step_into(frame, fn, args, kwargs)


def step_into(frame: Frame, fn: FunctionType, args: Args, kwargs: Kwargs) -> Any:
    """Interpret a Python function."""
    code = DECODED.get(id(fn.__code__)) or decode(fn.__code__)
    if code.leaf is not False or frame.watched or kwargs or len(args) != code.simple_count:
        return _step_into_with_care(frame, fn, code, args, kwargs)
    heat = code._heat or code.heat
    if heat.quick is not None:
        return heat.quick(frame, fn, *args)
    heat.left -= 1
    if heat.left < 0:
        heat.called()
    callee = make_frame(code, fn, [*args, *code.unbound], frame)
    run(callee, None if callee.watched else heat.body)
    return callee.result


def _step_into_with_care(frame: Frame, fn: FunctionType, code: Code, args: Args, kwargs: Kwargs) -> Any:
    """The same where there is more to ask, or arguments to be bound."""
    if is_leaf(code, fn):
        return call_native(frame, fn, args, kwargs)
    if frame.watched and not frame.domain.enter(frame, fn, tuple(args), dict(kwargs or {})):
        return call_native(frame, fn, args, kwargs)
    loaded = functools.partial(frame.domain.loaded, frame, "default") \
        if frame.watched and frame.domain.observes else None
    slots = bind(fn, code, args, kwargs, loaded)
    if slots is None:
        return fn(*args, **kwargs or {})        # raises, with CPython's own text
    if frame.watched and code.flags & VARKEYWORDS:
        born(frame, slots[code.argcount + code.raw.co_kwonlyargcount + bool(code.flags & VARARGS)])
    callee = make_frame(code, fn, slots, frame)
    if not code.flags & OPTIMIZED:
        callee.names = fn.__globals__
    run(callee, None if callee.watched or code._heat is None else code._heat.body)
    return callee.result


def call_native(frame: Frame, fn: Any, args: Args, kwargs: Kwargs) -> Any:
    """Run a leaf."""
    if frame.watched:
        if frame.thread.journal is not None:
            return _call_journaled(frame, fn, args, kwargs)
        if frame.domain.observes or frame.domain.types:
            return frame.domain.native(frame, fn, tuple(args), dict(kwargs or {}))
    return fn(*args, **kwargs) if kwargs else fn(*args)


def call_builtin(frame: Frame, fn: Any, args: Args, kwargs: Kwargs) -> Any:
    intercept: Any = INTERCEPTS.get(id(fn))
    if intercept is not None:
        if len(args) == 1 and type(args[0]) in PLAIN and id(fn) in SIMPLE and not kwargs and not frame.watched:
            return fn(args[0])
        return intercept(frame, tuple(args), kwargs or {})
    method = METHODS.get(fn.__name__)
    if method is not None:
        return method(frame, fn, tuple(args), kwargs or {})
    if frame.watched:
        return call_native(frame, fn, args, kwargs)
    return fn(*args, **kwargs) if kwargs else fn(*args)


def _call_journaled(frame: Frame, fn: Any, args: Args, kwargs: Kwargs) -> Any:
    journal: Any = frame.thread.journal
    note_mutation(frame, fn, args, kwargs)
    for value in args:
        if is_native_iterator(value) or type(value) is GeneratorType:
            advance(frame, value, fn is next)
    if frame.domain.observes or frame.domain.types:
        result = frame.domain.native(frame, fn, tuple(args), dict(kwargs or {}))
    else:
        result = fn(*args, **kwargs or {})
    if is_native_iterator(result) or fn is _NEW or _makes_exception(fn, result) or type(result) in MUTABLE and (
            type(result) is fn or getattr(fn, "__name__", "") in _COPIES):
        journal.born(result)
    return result


def _makes_exception(fn: Any, result: Any) -> bool:
    """Whether `fn` is an exception's class, or the ``__new__`` of one, and `result` what that has made."""
    return is_exception(result) and (type(result) is fn or getattr(fn, "__name__", "") == "__new__")


_NEW, _COPIES = object.__new__, frozenset(("copy", "__copy__", "fromkeys"))


def advance(frame: Frame, iterator: Any, one: bool) -> None:
    """Tell the journal that `one` item, or all, is about to be taken from an iterator or generator."""
    journal: Any = frame.thread.journal
    try:
        journal.advance(iterator, one)
    except LocatedError as error:
        error.location, error.calls = frame.location(), frame.calls()
        raise


def _call_object(frame: Frame, fn: Any, kind: type, args: Args, kwargs: Kwargs) -> Any:
    intercept: Any = INTERCEPTS.get(id(fn))
    if intercept is not None:
        return intercept(frame, tuple(args), kwargs or {})
    intercept = _CALLERS.get(kind)
    if intercept is not None:
        return intercept(frame, fn, args, kwargs)
    if frame.domain.observes:
        written = getattr(fn, "_implementation", None) if kind.__module__ == "numpy" else None
        if type(written) is FunctionType:       # behind numpy's dispatch by __array_function__
            return step_into(frame, written, args, kwargs)
    if is_native(kind):
        return call_native(frame, fn, args, kwargs)
    method = find(kind, "__call__")
    if type(method) is FunctionType:
        return call_function(frame, method, (fn, *args), kwargs)
    if method is not MISSING and python_method(type(method), "__get__") is not None:
        from .operators import call_special
        bound = call_special(frame, find(type(method), "__get__"), method, fn, kind)
        return call_value(frame, bound, args, kwargs)
    if type(method) is staticmethod or type(method) is MethodType:
        found: Any = method
        return call_value(frame, found.__get__(fn, kind), args, kwargs)
    if is_instance(fn, functools.partial):
        return _call_partial(frame, fn, args, kwargs)
    return call_native(frame, fn, args, kwargs)


def _call_partial(frame: Frame, fn: functools.partial, args: Args, kwargs: Kwargs) -> Any:
    if PLACEHOLDER is not None and any(arg is PLACEHOLDER for arg in fn.args):
        return call_native(frame, fn, args, kwargs)
    keywords = {**fn.keywords, **(kwargs or {})}
    return call_value(frame, fn.func, (*fn.args, *args), keywords)


def _call_staticmethod(frame: Frame, fn: staticmethod, args: Args, kwargs: Kwargs) -> Any:
    return call_value(frame, fn.__func__, args, kwargs)


def _call_wrapper(frame: Frame, fn: Any, args: Args, kwargs: Kwargs) -> Any:
    """A slot wrapper such as ``object.__setattr__`` or ``type.__call__``."""
    if fn is _TYPE_CALL and args and is_class(args[0]):
        return classes.construct(frame, args[0], args[1:], kwargs)
    method = METHODS.get(fn.__name__)
    return call_native(frame, fn, args, kwargs) if method is None else \
        method(frame, fn, tuple(args), kwargs or {})


def _call_method_wrapper(frame: Frame, fn: Any, args: Args, kwargs: Kwargs) -> Any:
    """A bound slot wrapper: ``super().__call__``, ``f.__call__``, ``fn.__get__``."""
    if fn.__name__ == "__call__":
        owner = fn.__self__
        if is_class(owner) and fn == _TYPE_CALL.__get__(owner):
            return classes.construct(frame, owner, args, kwargs)
        if type(owner) in (FunctionType, MethodType):
            return call_value(frame, owner, args, kwargs)
    method = METHODS.get(fn.__name__)
    return call_native(frame, fn, args, kwargs) if method is None else \
        method(frame, fn, tuple(args), kwargs or {})


_TYPE_CALL = type.__call__
PLACEHOLDER = getattr(functools, "Placeholder", None)       # 3.14
_CALLERS: dict[type, Callable[[Frame, Any, Args, Kwargs], Any]] = {
    functools.partial: _call_partial,
    staticmethod: _call_staticmethod,
    type(_TYPE_CALL): _call_wrapper,
    MethodDescriptorType: _call_wrapper,
    type(_TYPE_CALL.__get__(object)): _call_method_wrapper,
}


def interpreted_callable(value: Any) -> bool:
    """Whether calling `value` runs Python code that would be stepped into."""
    kind = type(value)
    if kind is FunctionType:
        return not is_leaf(decode(value.__code__), value)
    if kind is MethodType or kind is staticmethod:
        return interpreted_callable(value.__func__)
    if is_instance(value, functools.partial):
        return interpreted_callable(value.func)
    if is_class(value):
        return not is_native(value) and (python_method(value, "__init__") is not None
                                         or type(find(value, "__new__")) is staticmethod)
    return not is_native(kind) and python_method(kind, "__call__") is not None


# --- what native calls change -------------------------------------------------------------------
_READERS = frozenset("""
    get items keys values index count copy __len__ __contains__ __getitem__ __iter__ issubset
    issuperset isdisjoint union intersection difference symmetric_difference startswith endswith
    find __eq__ __ne__ __reversed__ __getattribute__ __repr__ __str__ __hash__ hex decode
    sum mean max min std var dot all any argmax argmin prod reshape ravel transpose astype view
    tolist item flatten squeeze cumsum cumprod round conj conjugate clip nonzero trace diagonal
    repeat take searchsorted argsort tobytes swapaxes ptp compress choose
""".split())


_WRITE_TO_NOTHING = frozenset((None, "builtins", "math", "cmath", "itertools", "time", "_functools", "_abc", "_struct", "numpy",
                               "numpy._core._multiarray_umath", "numpy.core._multiarray_umath"))
_MUTABLE = (list, dict, set, deque, bytearray)


def note_mutation(frame: Frame, fn: Any, args: Args, kwargs: Kwargs) -> None:
    """Show the journal the object that a C function is about to change."""
    journal: Any = frame.thread.journal
    name = getattr(fn, "__name__", "")
    owner = getattr(fn, "__self__", None)
    if owner is None and hasattr(fn, "__objclass__") and args:
        owner = args[0]
    if owner is not None and name not in _READERS and not is_class(owner) \
            and not _is_module(owner):
        journal.touch(owner)
    if (fn is setattr or fn is delattr) and args:
        journal.touch(args[0])
    if type(fn) is BuiltinFunctionType and getattr(fn, "__module__", None) not in _WRITE_TO_NOTHING:
        for value in args:          # heapq.heappop(heap), operator.setitem(table, key, value)
            if isinstance(value, _MUTABLE):
                journal.touch(value)
    out = (kwargs or {}).get("out")
    for value in out if type(out) is tuple else (out,):
        if value is not None:
            journal.touch(value)


def _is_module(value: Any) -> bool:
    return type(value) is type(functools)


from . import classes  # noqa: E402  (they call each other)
from .evaluate import run  # noqa: E402

__all__ = ["UNBOUND", "call_value", "call_function", "call_native", "step_into"]
