"""Text of values: str, repr, format; special methods written in Python are stepped into."""
from __future__ import annotations

from typing import Any

from .frame import Frame
from .lookup import is_native, python_method
from .operators import call_special

_PLAIN = frozenset((str, int, float, bool, type(None)))


def convert(frame: Frame, value: Any, conversion: str) -> Any:
    """``str``, ``repr`` or ``ascii`` of `value`, by the letter of an f-string."""
    if _asked(frame, value):
        result = frame.domain.format(frame, value, conversion, "")
        if result is not NotImplemented:
            return result
    return text(frame, value) if conversion == "s" else representation(frame, value) \
        if conversion == "r" else ascii(value)


def format_value(frame: Frame, value: Any, conversion: str, spec: str) -> Any:
    """``format(value, spec)`` after the conversion."""
    if _asked(frame, value):
        result = frame.domain.format(frame, value, conversion, spec)
        if result is not NotImplemented:
            return result
    if conversion:
        value = convert(frame, value, conversion)
    if is_native(type(value)):
        return format(value, spec)
    method = python_method(type(value), "__format__")
    if method is None:
        return text(frame, value) if not spec and _inherits_format(value) else format(value, spec)
    result = call_special(frame, method, value, spec)
    if not isinstance(result, str):
        raise TypeError(f"__format__ must return a str, not {type(result).__name__}")
    return result


def _asked(frame: Frame, value: Any) -> bool:
    """Whether the domain may write `value` in its own way: one of its values, or a container that may hold some."""
    return bool(frame.domain.types) and type(value) not in _PLAIN


def _inherits_format(value: Any) -> bool:
    return type(value).__format__ is object.__format__  # type: ignore[comparison-overlap]


def text(frame: Frame, value: Any) -> Any:
    """``str(value)``."""
    kind = type(value)
    if is_native(kind):
        return str(value)
    method = python_method(kind, "__str__")
    if method is None:
        inherited = type.__getattribute__(kind, "__str__") is object.__str__
        return representation(frame, value) if inherited else str(value)
    return _checked(call_special(frame, method, value), "__str__")


def representation(frame: Frame, value: Any) -> Any:
    """``repr(value)``."""
    method = python_method(type(value), "__repr__")
    if method is None:
        return repr(value)
    return _checked(call_special(frame, method, value), "__repr__")


def _checked(result: Any, name: str) -> str:
    if not isinstance(result, str):
        raise TypeError(f"{name} returned non-string (type {type(result).__name__})")
    return result
