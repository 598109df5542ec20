"""Lists and dicts among the arguments are copies in the call: one that is two of them, or stands outside, too, must not be written to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interpreter import Journal

from ..tree import children_of
from .guards import Guard
from .outer import MIRRORS
from .sources import Source, read

if TYPE_CHECKING:
    from ..session import Session


def mutable_parts(nest: Any) -> Iterator[Any]:
    """The containers in a nest that may be written to."""
    found = children_of(nest)
    if found is None:
        return
    parameters = getattr(type(nest), "__dataclass_params__", None)
    if not isinstance(nest, tuple) and (parameters is None or not dataclasses.is_dataclass(nest) or not parameters.frozen):
        yield nest
    for child in found[1]:
        yield from mutable_parts(child)


@dataclass(frozen=True, slots=True)
class OwnContainers(Guard):
    """No container among the arguments stands there twice, or at one of the places."""

    places: tuple[Source, ...]

    def holds_for(self, args: Sequence[Any], kwargs: dict[str, Any], leaves: Sequence[Any]) -> bool:
        """Whether a call's arguments are of this kind."""
        found = [id(x) for nest in (*args, *kwargs.values()) for x in mutable_parts(nest)]
        found += {id(read(place, leaves)) for place in self.places}
        return len(set(found)) == len(found)

    def __str__(self) -> str:
        return f"no two containers are one object of the arguments{', '.join(('', *map(str, self.places)))}"


class Copies:
    """The copies that a call works on in place of containers among its arguments.

    Attributes
    ----------
    are_compared : bool
        Whether the program has asked if one of them `is` something else.
    """

    def __init__(self, nest: Any) -> None:
        self._copies = {id(x): x for x in mutable_parts(nest)}
        self._kinds = {*map(type, self._copies.values()), *MIRRORS}
        self.are_compared = False

    def compare(self, left: Any, right: Any) -> None:
        """The program asks whether two objects are one."""
        if self._copies and left is not right and type(left) in self._kinds and type(right) in self._kinds:
            self.are_compared |= id(left) in self._copies or id(right) in self._copies

    def guard(
        self, session: Session, journal: Journal, args: Sequence[Any], kwargs: dict[str, Any], leaves: Sequence[Any],
    ) -> OwnContainers | None:
        """What later calls are held to where it matters that they are copies.

        Raises
        ------
        Unsupported
            If it matters in this call.
        """
        outer = [(obj, source) for obj, source in session.captures.outer.values() if type(obj) in self._kinds]
        if not self._copies or not (self.are_compared or self._are_written(session, journal, {id(obj) for obj, _ in outer})):
            return None
        guard = OwnContainers(tuple(source for _, source in outer))
        if not guard.holds_for(args, kwargs, leaves):
            raise session.error(
                f"a list or dict that is an argument and stands at another place, too, is {'compared' if self.are_compared else 'written to'}",
                why="in the call an argument is a copy, so that the caller's stays as it is: what is done to it is not seen through the other name",
                hint="pass a copy of it",
            )
        return guard

    def _are_written(self, session: Session, journal: Journal, outer: set[int]) -> bool:
        """Whether the call has written to one of them, or to what one of them might be a copy of."""
        for obj, _ in journal.written():
            if type(obj) in MIRRORS:
                if id(obj._original) in outer and _is_changed(session, obj):
                    return True
            elif id(obj) in self._copies or id(obj) in outer:
                return True
        return False


def _is_changed(session: Session, mirror: Any) -> bool:
    """Whether a list or dict from outside holds something else than it did: to be filled is no change."""
    if id(mirror) in session.virtual or session.captures.has_written_to(mirror._original):
        return True
    before, now = (list(x.items()) if isinstance(x, dict) else [*enumerate(x)] for x in (mirror._lifted, mirror))
    return len(before) != len(now) or any(k is not j and k != j or x is not y for (k, x), (j, y) in zip(before, now, strict=True))
