"""Builtins that look at their caller's frame, served from the interpreted frames."""
from __future__ import annotations

import builtins
import sys
import warnings
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

from . import evaluate as loop
from .assembly import call_in_module
from .attributes import get_attribute
from .calls import INTERCEPTS, Intercept, call_native, call_value
from .classes import build_class, make_super, with_module
from .code import UNBOUND
from .decode import decode
from .frame import Frame, current_exception
from .lookup import is_class, is_instance, is_native, python_method, subclass
from .names import frame_locals
from .tracebacks import traceback_of
from .views import FrameView


def intercept(*functions: Any) -> Callable[[Intercept], Intercept]:
    """Register what is run in place of a C function."""
    def register(replacement: Intercept) -> Intercept:
        for function in functions:
            if function is not None:
                INTERCEPTS[id(function)] = replacement
        return replacement
    return register


def _visible(frame: Frame) -> Frame:
    """The user's frame that stands at a call; our own helpers do not count."""
    while frame.code.hidden and frame.back is not None:
        frame = frame.back
    return frame


# --- namespaces ---------------------------------------------------------------------------------
@intercept(locals)
def _locals(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if args or kwargs:
        return call_native(frame, locals, args, kwargs)
    return frame_locals(_visible(frame))


@intercept(globals)
def _globals(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if args or kwargs:
        return call_native(frame, globals, args, kwargs)
    return _visible(frame).globals


@intercept(vars)
def _vars(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if not args and not kwargs:
        return frame_locals(_visible(frame))
    if len(args) == 1 and not kwargs and (frame.watched or not is_native(type(args[0]))):
        try:
            return get_attribute(frame, args[0], "__dict__")
        except AttributeError:
            pass
        raise TypeError("vars() argument must have __dict__ attribute")
    return call_native(frame, vars, args, kwargs)


@intercept(dir)
def _dir(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if not args and not kwargs:
        names = frame_locals(_visible(frame))
        return sorted(names if type(names) is dict else
                      call_value(frame, get_attribute(frame, names, "keys"), ()))
    if len(args) == 1 and not kwargs:
        method = python_method(type(args[0]), "__dir__")
        if method is not None:
            return sorted(call_value(frame, method, args))
    return call_native(frame, dir, args, kwargs)


# --- running text -------------------------------------------------------------------------------
@intercept(eval)
def _eval(frame: Frame, args: tuple, kwargs: dict) -> Any:
    return _run_text(frame, eval, "eval", args, kwargs)


@intercept(exec)
def _exec(frame: Frame, args: tuple, kwargs: dict) -> None:
    _run_text(frame, exec, "exec", args, kwargs)


def _run_text(frame: Frame, native: Any, mode: str, args: tuple, kwargs: dict) -> Any:
    keywords = dict(kwargs)
    closure = keywords.pop("closure", None)
    named = [keywords.pop(key) if key in keywords else None for key in ("globals", "locals")]
    given = list(args[1:]) + named[len(args[1:]):]
    if not 1 <= len(args) <= 3 or keywords or closure is not None and mode == "eval":
        return native(*args, **kwargs)              # CPython's own error
    caller = _visible(frame)
    namespace, names = given
    if not (namespace is None or isinstance(namespace, dict)) or \
            not (names is None or hasattr(type(names), "__getitem__")):
        return native(*args, **kwargs)
    if namespace is None:
        namespace = caller.globals
        names = frame_locals(caller) if names is None else names
    names = namespace if names is None else names
    code = _compiled(caller, args[0], mode)
    if code is None or len(code.co_freevars) != len(closure or ()) \
            or closure is not None and type(closure) is not tuple:
        return native(*args, **kwargs)
    if "__builtins__" not in namespace:
        namespace["__builtins__"] = caller.builtins
    return run_code(frame, code, namespace, names, closure)


def _compiled(caller: Frame, source: Any, mode: str) -> CodeType | None:
    if isinstance(source, CodeType):
        return source
    if not isinstance(source, (str, bytes, bytearray, memoryview)):
        return None
    if mode == "eval" and isinstance(source, str):
        source = source.lstrip(" \t")
    elif mode == "eval":
        buffer: Any = source
        source = bytes(buffer).lstrip(b" \t")
    return compile(source, "<string>", mode, _future_flags(caller), True)


def _future_flags(caller: Frame) -> int:
    """The ``from __future__`` imports in force where text is compiled."""
    return caller.code.flags & 0x1FE0000


def run_code(frame: Frame, code: CodeType, namespace: dict, names: Any,
             closure: tuple | None = None) -> Any:
    """Interpret a code object in the given namespaces."""
    found = namespace["__builtins__"]
    known = vars(found) if type(found) is ModuleType else found
    decoded = decode(code)
    function = None if closure is None else FunctionType(code, namespace, closure=closure)
    callee = Frame(decoded, function, namespace, known, [UNBOUND] * decoded.slot_count,
                   frame.domain, frame, frame.thread, names)
    loop.run(callee)
    return callee.result


@intercept(compile)
def _compile(frame: Frame, args: tuple, kwargs: dict) -> Any:
    """`compile` inherits the future imports of its caller unless told otherwise."""
    inherit = not kwargs.get("dont_inherit", args[4] if len(args) > 4 else False)
    flags = _future_flags(_visible(frame)) if inherit else 0
    keywords = {**kwargs, "dont_inherit": True}
    positional = list(args[:4])
    if len(args) > 5:
        keywords["optimize"] = args[5]
    if len(positional) == 4:
        positional[3] |= flags
    else:
        keywords["flags"] = keywords.get("flags", 0) | flags
    return call_native(frame, compile, positional, keywords)


# --- classes ------------------------------------------------------------------------------------
@intercept(super)
def _super(frame: Frame, args: tuple, kwargs: dict) -> super:
    return make_super(frame, args, kwargs)


@intercept(builtins.__build_class__)
def _build_class(frame: Frame, args: tuple, kwargs: dict) -> type:
    return build_class(frame, args, kwargs)


@intercept(type)
def _type(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if len(args) == 3:
        args = (args[0], args[1], with_module(_visible(frame), args[2]))
    return call_native(frame, type, args, kwargs)


@intercept(type.__new__)
def _type_new(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if len(args) == 4:
        args = (*args[:3], with_module(_visible(frame), args[3]))
    return call_native(frame, type.__new__, args, kwargs)


try:
    import _typing  # type: ignore[import-not-found]
except ImportError:         # 3.11: typing is written in Python and asks sys._getframe
    _typing = None


def _asks_caller(function: Any) -> None:
    """Register a C type whose instances take module or builtins from the calling frame."""
    @intercept(function)
    def make(frame: Frame, args: tuple, kwargs: dict) -> Any:
        return call_in_module(_visible(frame).globals, function, args, kwargs)


for _name in ("TypeVar", "ParamSpec", "TypeVarTuple", "TypeAliasType"):
    _asks_caller(getattr(_typing, _name, None))
_asks_caller(FunctionType)
_asks_caller(getattr(builtins, "sentinel", None))      # 3.15


# --- frames and exceptions ----------------------------------------------------------------------
@intercept(sys._getframe)
def _getframe(frame: Frame, args: tuple, kwargs: dict) -> Any:
    depth = args[0] if args else 0
    found: Any = _visible(frame)
    for _ in range(max(depth, 0)):
        found = next(found.callers(), None)
        if found is None:
            raise ValueError("call stack is not deep enough")
    return FrameView(found)


@intercept(getattr(sys, "_getframemodulename", None))
def _getframemodulename(frame: Frame, args: tuple, kwargs: dict) -> Any:
    depth = kwargs.get("depth", args[0] if args else 0)
    found: Any = _visible(frame)
    for _ in range(max(depth, 0)):
        found = None if found is None else next(found.callers(), None)
    return None if found is None else found.globals.get("__name__")


def handled_exception(frame: Frame) -> BaseException | None:
    """``sys.exception()``: ours, or what native code that called us is handling."""
    found = current_exception(frame)
    return sys.exc_info()[1] if found is None else found


@intercept(sys.exc_info)
def _exc_info(frame: Frame, args: tuple, kwargs: dict) -> tuple:
    error = handled_exception(frame)
    if error is None:
        return None, None, None
    return type(error), error, traceback_of(error)


@intercept(getattr(sys, "exception", None))
def _exception(frame: Frame, args: tuple, kwargs: dict) -> BaseException | None:
    return handled_exception(frame)


@intercept(sys.getrecursionlimit)
def _getrecursionlimit(frame: Frame, args: tuple, kwargs: dict) -> int:
    return loop.user_recursion_limit()


@intercept(sys.setrecursionlimit)
def _setrecursionlimit(frame: Frame, args: tuple, kwargs: dict) -> None:
    loop.set_user_recursion_limit(*args, **kwargs)


@intercept(warnings.warn)
def _warn(frame: Frame, args: tuple, kwargs: dict) -> None:
    """`stacklevel` counts interpreted frames."""
    message, category, level, source, prefixes = _warn_arguments(*args, **kwargs)
    if is_instance(message, Warning):
        category = type(message)
    category = UserWarning if category is None else category
    if not (is_class(category) and subclass(category, Warning)):
        raise TypeError(f"category must be a Warning subclass, not "
                        f"'{type(category).__name__}'")
    if prefixes:
        level = max(level, 2)
    found: Any = _visible(frame)
    for _ in range(level - 1):
        found = None if found is None else next(found.callers(), None)
        while prefixes and found is not None and \
                found.code.raw.co_filename.startswith(tuple(prefixes)):
            found = next(found.callers(), None)
    _warn_at(found, message, category, source)


def _warn_arguments(message: Any, category: Any = None, stacklevel: int = 1, source: Any = None,
                    *, skip_file_prefixes: tuple = ()) -> tuple:
    return message, category, stacklevel, source, skip_file_prefixes


def _warn_at(found: Frame | None, message: Any, category: type, source: Any) -> None:
    if found is None:
        registry, module, filename, line = vars(sys).setdefault("__warningregistry__", {}), \
            "sys", "sys", 1
    else:
        registry = found.globals.setdefault("__warningregistry__", {})
        module = found.globals.get("__name__") or "<string>"
        filename, line = found.code.raw.co_filename, found.location().line or 0
    warnings.warn_explicit(message, category, filename, line, module, registry, source=source)


@intercept(breakpoint)
def _breakpoint(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if not hasattr(sys, "breakpointhook"):
        raise RuntimeError("lost sys.breakpointhook")
    return call_value(frame, sys.breakpointhook, args, kwargs)


# --- imports ------------------------------------------------------------------------------------
@intercept(builtins.__import__)
def _import(frame: Frame, args: tuple, kwargs: dict) -> Any:
    if len(args) < 2 and "globals" not in kwargs:
        kwargs = {**kwargs, "globals": _visible(frame).globals}
    return builtins.__import__(*args, **kwargs)


__all__ = ["intercept", "run_code"]
