"""Exceptions as states: their class, arguments and attributes, and where they were raised."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

_ATTRIBUTES: Any = BaseException.__dict__  # a class of the user's may have others of these names
_HEAP_TYPE = 1 << 9
CHAINED = ("__cause__", "__context__")


def is_exception(obj: Any) -> bool:
    """Whether `obj` is an exception that can be taken apart and made again."""
    cls: Any = type(obj)
    return issubclass(cls, BaseException) and _is_plain(cls)


@cache
def _is_plain(cls: Any) -> bool:
    """Whether the exceptions of a class hold nothing in C but what all have."""
    base = next(base for base in cls.__mro__ if not base.__flags__ & _HEAP_TYPE)
    return base.__basicsize__ == BaseException.__basicsize__


def parts(error: BaseException, attributes: dict[str, Any]) -> tuple[tuple[str, ...], list[Any], Any]:
    """Keys, children, and what is no child: who reads a traceback is told where *this* one was raised."""
    cause, context = _get(error, "__cause__"), _get(error, "__context__")
    found = {"args": _get(error, "args"), "__cause__": cause}
    if context is not cause:
        found["__context__"] = context
    return (*found, *attributes), [*found.values(), *attributes.values()], (_get(error, "__suppress_context__"), site_of(error))


def site_of(error: BaseException) -> tuple[Any, ...]:
    """Where an exception was raised: the code and the place in it of each entry of its traceback."""
    found, entry = [], _get(error, "__traceback__")
    while entry is not None:
        found.append((entry.tb_frame.f_code, entry.tb_lasti))
        entry = entry.tb_next
    return tuple(found)


def make(like: BaseException, keys: Sequence[str], children: Sequence[Any]) -> BaseException:
    """An exception like another one, with these parts."""
    named = dict(zip(keys, children, strict=True))
    made: BaseException = BaseException.__new__(type(like))
    for name in ("args", "__cause__", "__context__"):
        value = named.pop(name, None)
        _ATTRIBUTES[name].__set__(made, _get(made, "__cause__") if name == "__context__" and name not in keys else value)
    for name in ("__suppress_context__", "__traceback__"):
        _ATTRIBUTES[name].__set__(made, _get(like, name))
    for name, value in named.items():
        object.__setattr__(made, name, value)
    return made


def _get(error: BaseException, name: str) -> Any:
    return _ATTRIBUTES[name].__get__(error)
