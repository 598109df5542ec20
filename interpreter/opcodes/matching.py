"""Opcodes of the match statement."""
from __future__ import annotations

from typing import Any

from ..attributes import get_attribute
from ..calls import call_value
from ..code import Marker
from ..frame import Frame
from ..lookup import is_class
from .registry import opcode

_SEQUENCE, _MAPPING, _MATCH_SELF = 1 << 5, 1 << 6, 1 << 22      # flags of type objects
_flags_of = type.__dict__["__flags__"].__get__
_ABSENT = Marker("ABSENT")


@opcode("MATCH_SEQUENCE")
def match_sequence(frame: Frame, stack: list, _: Any) -> None:
    """value -- value bool"""
    stack.append(bool(_flags_of(type(stack[-1])) & _SEQUENCE))


@opcode("MATCH_MAPPING")
def match_mapping(frame: Frame, stack: list, _: Any) -> None:
    """value -- value bool"""
    stack.append(bool(_flags_of(type(stack[-1])) & _MAPPING))


@opcode("MATCH_KEYS")
def match_keys(frame: Frame, stack: list, _: Any) -> None:
    """mapping keys -- mapping keys values-or-None"""
    keys, mapping = stack[-1], stack[-2]
    get = get_attribute(frame, mapping, "get")
    seen, values, absent = set(), [], object()
    for key in keys:
        if key in seen:
            raise ValueError(f"mapping pattern checks duplicate key ({key!r})")
        seen.add(key)
        value = call_value(frame, get, (key, absent))
        if value is absent:
            stack.append(None)
            return
        values.append(value)
    stack.append(tuple(values))


@opcode("MATCH_CLASS")
def match_class(frame: Frame, stack: list, count: int) -> None:
    """subject class names -- values-or-None"""
    subject, cls, names = frame.popn(3)
    if not is_class(cls):
        raise TypeError("called match pattern must be a class")
    if not _is_instance(frame, subject, cls):
        stack.append(None)
        return
    values = _positional(frame, subject, cls, count)
    if values is None:
        stack.append(None)
        return
    found, seen = values
    for name in names:
        value = _attribute(frame, subject, cls, name, seen)
        if value is _ABSENT:
            stack.append(None)
            return
        found.append(value)
    stack.append(tuple(found))


def _is_instance(frame: Frame, subject: Any, cls: type) -> bool:
    return call_value(frame, isinstance, (subject, cls))


def _positional(frame: Frame, subject: Any, cls: type,
                count: int) -> tuple[list, set[str]] | None:
    seen: set[str] = set()
    if not count:
        return [], seen
    try:
        patterns = get_attribute(frame, cls, "__match_args__")
        match_self = False
    except AttributeError:
        patterns, match_self = (), bool(_flags_of(cls) & _MATCH_SELF)
    if not isinstance(patterns, tuple):
        raise TypeError(f"{cls.__name__}.__match_args__ must be a tuple (got "
                        f"{type(patterns).__name__})")
    allowed = 1 if match_self else len(patterns)
    if allowed < count:
        plural = "" if allowed == 1 else "s"
        raise TypeError(f"{cls.__name__}() accepts {allowed} positional sub-pattern{plural} "
                        f"({count} given)")
    if match_self:
        return [subject], seen
    values = []
    for name in patterns[:count]:
        if not isinstance(name, str):
            raise TypeError(f"__match_args__ elements must be strings (got "
                            f"{type(name).__name__})")
        value = _attribute(frame, subject, cls, name, seen)
        if value is _ABSENT:
            return None
        values.append(value)
    return values, seen


def _attribute(frame: Frame, subject: Any, cls: type, name: str, seen: set[str]) -> Any:
    if name in seen:
        raise TypeError(f"{cls.__name__}() got multiple sub-patterns for attribute {name!r}")
    seen.add(name)
    try:
        return get_attribute(frame, subject, name)
    except AttributeError:
        return _ABSENT
