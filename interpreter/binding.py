"""Argument binding: from the arguments of a call to the slots of a new frame."""
from __future__ import annotations

from types import FunctionType
from typing import Any

from .code import UNBOUND, Code

VARARGS, VARKEYWORDS = 4, 8


def bind(fn: FunctionType, code: Code, args: tuple | list, kwargs: dict[str, Any] | None,
         loaded: Any = None) -> list | None:
    """The slots for ``fn(*args, **kwargs)``; None if the arguments do not fit.

    `loaded`, where given, is asked for every default that is used.
    """
    if not kwargs and len(args) == code.simple_count:
        slots = [*args]
    else:
        bound = _bind_slowly(fn, code, args, kwargs or {}, loaded)
        if bound is None:
            return None
        slots = bound
    slots += [UNBOUND] * (code.slot_count - len(slots))
    return slots


def _bind_slowly(fn: FunctionType, code: Code, args: tuple | list, kwargs: dict[str, Any],
                 loaded: Any) -> list | None:
    raw, count = code.raw, code.argcount
    total = count + raw.co_kwonlyargcount
    slots = [*args[:count], *[UNBOUND] * (total - min(len(args), count))]
    extra = _bind_keywords(code, slots, kwargs)
    if extra is None or extra and not code.flags & VARKEYWORDS:
        return None
    if len(args) > count and not code.flags & VARARGS:
        return None
    if not _fill_defaults(fn, code, slots, loaded):
        return None
    if code.flags & VARARGS:
        slots.append(tuple(args[count:]))
    if code.flags & VARKEYWORDS:
        slots.append(extra)
    return slots


def _bind_keywords(code: Code, slots: list, kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Put keywords into their slots; the others come back; None if one is given twice."""
    extra = {}
    first, names = code.raw.co_posonlyargcount, code.raw.co_varnames
    total = len(slots)
    for name, value in kwargs.items():
        if not isinstance(name, str):
            return None
        try:
            index = names.index(name, first, total)
        except ValueError:
            extra[name] = value
            continue
        if slots[index] is not UNBOUND:
            return None
        slots[index] = value
    return extra


def _fill_defaults(fn: FunctionType, code: Code, slots: list, loaded: Any) -> bool:
    missing = [index for index, value in enumerate(slots) if value is UNBOUND]
    if not missing:
        return True
    count, names = code.argcount, code.raw.co_varnames
    defaults, keyword_defaults = fn.__defaults__ or (), fn.__kwdefaults__ or {}
    offset = count - len(defaults)
    for index in missing:
        if offset <= index < count:
            value = defaults[index - offset]
        elif index >= count and names[index] in keyword_defaults:
            value = keyword_defaults[names[index]]
        else:
            return False
        slots[index] = value if loaded is None else loaded(fn, names[index], value)
    return True
