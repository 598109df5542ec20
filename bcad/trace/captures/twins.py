"""Iterators of C code that are looked at without being advanced: another one is made that stands where one stands."""

from __future__ import annotations

import ast
import gc
import itertools
import warnings
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

_NATIVE: tuple[Any, ...] = (
    iter([]), iter(()), iter(range(0)), iter(range(1 << 70)), iter(""), iter("é"), iter(b""), iter(bytearray()), iter(set()),
    iter({}), iter({}.values()), iter({}.items()), reversed([]), reversed(()), reversed({}), reversed({}.values()),
    reversed({}.items()), iter(deque()), reversed(deque()), iter(np.empty(0)),
)
_COPIED = frozenset(map(type, _NATIVE))
_JOINED = (enumerate, zip)
END = object()


def twin(iterator: Any) -> Iterator[Any] | None:
    """Another iterator that gives what this one will give, which stays where it is; None if there is none."""
    kind = type(iterator)
    if kind in _COPIED:
        make, args, *state = iterator.__reduce__()
        made = make(*args)
        if state:
            made.__setstate__(*state)
        return made
    if kind is itertools.count:
        counted = counted_from(iterator)
        return None if counted is None else itertools.count(*counted)
    if kind is itertools.repeat:
        return itertools.repeat(gc.get_referents(iterator)[-1], *_times(iterator))  # before it, its class may stand
    if kind is itertools.cycle:
        return _cycling(iterator)
    if kind in _JOINED:
        return _joined(iterator)
    return None


def counted_from(iterator: Any) -> tuple[Any, Any] | None:
    """The next number of an ``itertools.count`` and its step; None if they cannot be told."""
    try:
        start, step = (*ast.literal_eval(f"({repr(iterator)[6:-1]},)"), 1)[:2]
    except (SyntaxError, ValueError):  # from a Decimal on; from inf
        return None
    return start, step


def _times(iterator: Any) -> tuple[int, ...]:
    try:
        return (iterator.__length_hint__(),)
    except TypeError:  # for ever
        return ()


def _cycling(iterator: Any) -> Iterator[Any] | None:
    if not hasattr(itertools.cycle, "__setstate__"):  # Python 3.14 does not tell where one stands
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        _, (inner,), (saved, is_again) = iterator.__reduce__()
    rest = twin(inner)
    return None if rest is None else _round(rest, saved, is_again)


def _round(rest: Iterator[Any], saved: list[Any], is_again: bool) -> Iterator[Any]:
    """The rest of a round, then one round after the other."""
    met = list(rest)
    yield from met
    whole = list(saved) if is_again else [*saved, *met]
    yield from itertools.cycle(whole)


def _joined(iterator: Any) -> Iterator[Any] | None:
    make, args, *state = iterator.__reduce__()
    parts = {id(arg): twin(arg) for arg in args if hasattr(type(arg), "__next__")}  # one may stand at two places
    if None in parts.values():
        return None
    made = make(*(parts.get(id(arg), arg) for arg in args))
    if state:
        made.__setstate__(*state)
    return made


def underlying(iterator: Any) -> Iterator[Any]:
    """What an iterator goes through."""
    for part in gc.get_referents(iterator):
        yield part
        if hasattr(type(part), "__next__"):
            yield from underlying(part)


def upcoming(iterator: Any, k: int) -> Any:
    """The item that comes after k others, or `END`."""
    other = twin(iterator)
    return END if other is None else next(itertools.islice(other, k, None), END)


def has_item(iterator: Any, k: int) -> bool:
    """Whether an iterator has an item after k others."""
    return upcoming(iterator, k) is not END
