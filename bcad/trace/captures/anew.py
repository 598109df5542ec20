"""Questions that are asked again at each call: the answer is an input, or guarded."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .outer import MIRRORS
from .questions import source_of
from .sources import Pinned, Result, Source

if TYPE_CHECKING:
    from ..session import Session


def ask_anew(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``fn(*args, **kwargs)``, lifted; an iterator as a list."""
    source = Result(Pinned(fn, getattr(fn, "__qualname__", repr(fn))), tuple(_source(session, a) for a in args),
                    tuple((k, _source(session, a)) for k, a in kwargs.items()))
    answer = fn(*map(_original, args), **{k: _original(a) for k, a in kwargs.items()})
    if isinstance(answer, Iterator):
        source = Result(Pinned(list, "list"), (source,), ())
        answer = list(answer)
    return session.captures.lift(answer, source)


def _original(x: Any) -> Any:
    """An argument without stand-ins."""
    kind = type(x)
    if kind in MIRRORS:
        return x._original
    return _PARTS[kind][1](*map(_original, _PARTS[kind][0](x))) if kind in _PARTS else x


def _source(session: Session, x: Any) -> Source:
    """Where an argument comes from; what was made while tracing is as it is now, but for what is from outside in it."""
    kind = type(x)
    if kind in MIRRORS:
        return x._source
    if kind in _PARTS:
        parts = _PARTS[kind][0](x)
        sources = tuple(_source(session, part) for part in parts)
        if not all(type(source) is Pinned for source in sources):
            return Result(Pinned(_PARTS[kind][1], kind.__name__), sources, ())
        return Pinned(_PARTS[kind][1](*parts), repr(x)[:40])
    if id(x) not in session.captures.outer and kind.__module__ != "builtins" and not callable(x):
        x = copy.copy(x)  # what an object that was made while tracing holds is undone
    return source_of(session, x)


_PARTS: dict[type, tuple[Callable[[Any], Sequence[Any]], Callable[..., Any]]] = {
    tuple: (lambda x: x, lambda *parts: parts),
    list: (lambda x: x, lambda *parts: [*parts]),
    set: (lambda x: [*x], lambda *parts: {*parts}),
    dict: (lambda x: [part for item in x.items() for part in item], lambda *parts: dict(zip(parts[::2], parts[1::2], strict=True))),
    slice: (lambda x: (x.start, x.stop, x.step), slice),
}
