"""Arrays that a region merges or carries may be arrays that others hold too: then neither may be written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .choices import options_of
from .states import Box, Frozen, Number, Picked
from .tracers import ArrayTracer, ChoiceTracer, Tracer
from .tree import children_of

if TYPE_CHECKING:
    from .session import Session


def arrays_in(state: Frozen | None) -> Iterator[ArrayTracer]:
    """The arrays of a frozen state, each as often as it stands there."""
    if isinstance(state, Number) and isinstance(state.obj, ArrayTracer):
        yield state.obj
    elif isinstance(state, (Box, Picked)):
        for child in state.children:
            yield from arrays_in(child)


def boxes_in(state: Frozen | None) -> Iterator[Any]:
    """The containers of a frozen state."""
    if isinstance(state, (Box, Picked)):
        yield state.obj
        for child in state.children:
            yield from boxes_in(child)


class Holders:
    """Which of several states hold which arrays, at the end of one run of a region's body.

    Parameters
    ----------
    states : iterable of (key, Frozen)
        Everything that leaves the region.
    home : Builder
        Where that body was built: other arrays were there before.
    """

    def __init__(self, states: Iterable[tuple[Any, Frozen | None]], home: Any) -> None:
        self.roots: dict[int, ArrayTracer] = {}
        self.keys: dict[int, list[Any]] = {}
        self.boxes: dict[int, int] = {}
        self.home = home
        for key, state in states:
            for cell in arrays_in(state):
                root = cell._root()
                self.roots[id(root)] = root
                self.keys.setdefault(id(root), []).append(key)
            for box in boxes_in(state):
                self.boxes[id(box)] = self.boxes.get(id(box), 0) + 1

    def shared(self) -> set[Any]:
        """The keys of states with an array that another state, or something outside, may hold too."""
        return {
            key for k, keys in self.keys.items() for key in keys
            if len(keys) > 1 or self._is_outer(k) or self.roots[k]._shared is not None
        }

    def outer(self) -> list[ArrayTracer]:
        """The arrays among them that were there before."""
        return [root for k, root in self.roots.items() if self._is_outer(k)]

    def one_box_twice(self) -> bool:
        """Whether a container is reached in two ways, which rebuilding would make two containers."""
        return any(n > 1 for n in self.boxes.values())

    def _is_outer(self, k: int) -> bool:
        return self.roots[k]._home is not self.home


def forbid_writes(session: Session, arrays: Iterable[ArrayTracer], key: Any) -> None:
    """From now on a write to one of these gives up the region `key` and begins again without it."""
    for cell in arrays:
        root = cell._root()
        if root._shared is None:  # for good: an arm's merged array is handed on when its journal is undone
            root._shared = key


def arrays_made(made: Any) -> Iterator[ArrayTracer]:
    """The arrays in what a region has left."""
    if type(made) is ChoiceTracer:
        for option in options_of(made):
            yield from arrays_made(option)
    elif isinstance(made, Tracer):
        if isinstance(made, ArrayTracer):
            yield made
    else:
        for child in _children(made):
            yield from arrays_made(child)


def _children(made: Any) -> Iterable[Any]:
    found = children_of(made)
    if found is not None:
        return found[1]
    namespace = getattr(made, "__dict__", None)
    return list(namespace.values()) if type(namespace) is dict and not callable(made) else []
