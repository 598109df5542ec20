"""Arrays and objects that a region merges or carries may be such that others hold too: then neither may be written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..tracers import ArrayTracer
from .patterns import Choice, Listed, Nest, Pattern, option_for
from .states import Box, Frozen, Layout, Number, Picked, There, is_mutable

if TYPE_CHECKING:
    from ..session import Session

Thing = Any  # an array's tracer, or a container or instance that may be written to


def things_in(state: Frozen | None, pattern: Pattern | None = None) -> Iterator[Thing]:
    """The arrays and objects that are made anew where a frozen state is, each as often as it stands there.

    With a pattern, also those that were there before and of which the pattern wants copies.
    """
    if isinstance(pattern, Choice) and state is not None and not isinstance(state, Picked):
        pattern = option_for(state, pattern)
    if isinstance(state, Number):
        if isinstance(state.obj, ArrayTracer):
            yield state.obj
    elif isinstance(state, Picked):
        for child in state.children:
            yield from things_in(child, pattern)
    elif isinstance(state, Box):
        if isinstance(state, There) and not isinstance(pattern, Nest):
            return
        if is_mutable(state.obj):
            yield state.obj
        if type(state.extra) is Layout:  # its arrays are its own, or those of a list that holds it
            yield from state.extra.inner if state.extra.root is None else (state.extra.root, *state.extra.inner)
            return
        parts = pattern.children if isinstance(pattern, Nest) and not isinstance(pattern, Listed) else (None,) * len(state.children)
        for child, part in zip(state.children, parts, strict=True):
            yield from things_in(child, part)


def boxes_in(state: Frozen | None) -> Iterator[Any]:
    """The containers of a frozen state."""
    if isinstance(state, Box):
        yield state.obj
    if isinstance(state, (Box, Picked)):
        for child in state.children:
            yield from boxes_in(child)


class Holders:
    """Which of several states hold which arrays and objects, at the end of one run of a region's body.

    Parameters
    ----------
    states : iterable of (key, Frozen, Pattern or None)
        Everything that leaves the region, and the form that it takes.
    home : Builder
        Where that body was built: other arrays were there before.
    """

    def __init__(self, states: Iterable[tuple[Any, Frozen | None, Pattern | None]], home: Any) -> None:
        self.things: dict[int, Thing] = {}
        self.keys: dict[int, list[Any]] = {}
        self.home = home
        for key, state, pattern in states:
            for thing in things_in(state, pattern):
                root = thing._root() if isinstance(thing, ArrayTracer) else thing
                self.things[id(root)] = root
                self.keys.setdefault(id(root), []).append(key)

    def shared(self) -> Shared:
        """The states with something that another state, or something outside, may hold too."""
        return {
            (key, is_array(self.things[k])) for k, keys in self.keys.items() for key in keys
            if len(keys) > 1 or self._is_outer(k) or getattr(self.things[k], "_shared", None) is not None
        }

    def outer(self) -> list[ArrayTracer]:
        """The arrays among them that were there before."""
        return [thing for k, thing in self.things.items() if self._is_outer(k)]

    def _is_outer(self, k: int) -> bool:
        thing = self.things[k]
        return isinstance(thing, ArrayTracer) and thing._home is not self.home


Shared = set[tuple[Any, bool]]  # a state's key, and whether its arrays are shared, or its objects


def is_array(thing: Thing) -> bool:
    """Whether a thing is an array."""
    return isinstance(thing, ArrayTracer)


def forbid_shared(session: Session, shared: Shared, key: Any, things: Iterable[Thing], region: Any) -> None:
    """Forbid writes to those of the things made for a state that something else may hold too."""
    forbid_writes(session, (thing for thing in things if (key, is_array(thing)) in shared), region)


def forbid_writes(session: Session, things: Iterable[Thing], key: Any) -> None:
    """From now on a write to one of these gives up the region `key` and begins again without it."""
    for thing in things:
        if not isinstance(thing, ArrayTracer):
            session.twins.setdefault(id(thing), (thing, key))
            continue
        root = thing._root()
        if root._shared is None:  # for good: an arm's merged array is handed on when its journal is undone
            root._shared = key
