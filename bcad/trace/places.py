"""Whose code is this: the user's, a trusted library's, or our own."""

from __future__ import annotations

import builtins
import functools
import os
import sys
import sysconfig
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, TypeVar, cast

import numpy as np

import interpreter
from bcad import ops
from interpreter import Frame, Location

_F = TypeVar("_F", bound=Callable[..., Any])
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_EVALUATOR = os.path.dirname(os.path.abspath(interpreter.__file__))
_NUMPY = os.path.dirname(os.path.abspath(np.__file__))
_STDLIB = sysconfig.get_paths()["stdlib"]
_SITE = os.path.dirname(_NUMPY)
_TRUSTED = ("numpy", "scipy", "bcad", "interpreter")


def user_location(frame: Frame | None) -> Location | None:
    """Where the user's own code stands: the innermost frame that is not a library's."""
    found = _user_frame(frame)
    return None if found is None else here(found)


def user_calls(frame: Frame | None) -> tuple[Location, ...]:
    """Where the user's callers of that code stand, innermost first."""
    found = _user_frame(frame)
    return () if found is None else tuple(here(f) for f in found.callers() if _is_users(f))


def called_function(frame: Frame | None) -> str | None:
    """The library's function in which user code is at the moment: the one that it has called; None if in none."""
    name = None
    for f in () if frame is None else (frame, *frame.callers()):
        if _is_users(f):
            return name
        name = name if f.code.hidden or f.code.raw.co_name.startswith("<") else f.code.raw.co_name
    return None


def _user_frame(frame: Frame | None) -> Frame | None:
    if frame is None:
        return None
    return next((f for f in (frame, *frame.callers()) if _is_users(f)), None if frame.code.hidden else frame)


def _is_users(frame: Frame) -> bool:
    return not frame.code.hidden and not is_library(frame.code.raw.co_filename)


def here(frame: Frame) -> Location:
    """Where a frame stands; one that has returned stands at its last instruction."""
    last = len(frame.code.instructions) - 1
    return frame.location(min(max(frame.pc - 1, 0), last))


_stepped: set[CodeType] = set()


def stepped(fn: _F) -> _F:
    """Mark a function of bcad that is evaluated like the user's own, not run natively."""
    code = cast(FunctionType, fn).__code__
    _stepped.update((code, *inner_codes(code)))
    return fn


def is_stepped(code: CodeType) -> bool:
    """Whether `stepped` has marked this code."""
    return code in _stepped


def is_own(fn: Any) -> bool:
    """Whether a function is part of bcad's machinery: run natively, tracers and all."""
    fn = getattr(fn, "__func__", fn)
    code = getattr(fn, "__code__", None)
    if code is None or not is_library(code.co_filename) or is_stepped(code):
        return False
    module = fn.__globals__.get("__name__") or ""
    return module.partition(".")[0] == "bcad" and code not in _derived_codes(len(ops.DERIVED) + len(ops.PARTS))


@functools.lru_cache(maxsize=1)
def _derived_codes(count: int) -> frozenset[Any]:
    """The code of what is declared by plain Python code and of its parts, with that of the comprehensions in it."""
    codes = [f.__code__ for f in ops.DERIVED.values() if isinstance(f, FunctionType)] + list(ops.PARTS)
    return frozenset(c for code in codes for c in (code, *inner_codes(code)))


def inner_codes(code: CodeType) -> list[CodeType]:
    """The codes of functions that are made by `code`."""
    found = [c for c in code.co_consts if type(c) is CodeType]
    return found + [inner for c in found for inner in inner_codes(c)]


@functools.lru_cache(maxsize=4096)
def is_library(filename: str) -> bool:
    """Whether a file belongs to NumPy, SciPy, the standard library or bcad."""
    path = os.path.abspath(filename)
    if path.startswith((_HERE + os.sep, _EVALUATOR + os.sep, _NUMPY + os.sep, os.path.join(_SITE, "scipy") + os.sep)):
        return True
    return path.startswith(_STDLIB + os.sep) and "site-packages" not in path


def is_trusted(namespace: dict[str, Any]) -> bool:
    """Whether a module's names never change: NumPy, SciPy, the standard library."""
    known = _trusted.get(id(namespace))
    if known is None or known[0] is not namespace:
        known = namespace, _decide(namespace)
        _trusted[id(namespace)] = known
    return known[1]


def namespace_of(cls: type) -> dict[str, Any]:
    """The names of the module that a class belongs to."""
    return vars(sys.modules.get(cls.__module__, builtins))


_trusted: dict[int, tuple[dict[str, Any], bool]] = {}


def _decide(namespace: dict[str, Any]) -> bool:
    name = namespace.get("__name__")
    if not isinstance(name, str) or name == "__main__":
        return False
    root = name.partition(".")[0]
    if root not in _TRUSTED and root not in sys.stdlib_module_names:
        return False
    file = namespace.get("__file__")
    return not isinstance(file, str) or is_library(file)
