"""Restart: tracing begins again with what an attempt has taught."""

from __future__ import annotations

from typing import Any, NamedTuple

from interpreter import Passing

from .captures.sources import Source


class Lessons(NamedTuple):
    """What earlier attempts have taught.

    Attributes
    ----------
    symbolic : frozenset of Source
        Captured ints that are inputs instead of being guarded by value.
    avoid : frozenset
        Branches and loops that are not to be kept as regions.
    steering : frozenset of Source
        Ints that decide how often loops go round: inputs, unless they have to be known.
    fixed : frozenset of Source
        Those that had to be known.
    buffers : frozenset of Buffer
        Lists that are kept in arrays while a loop is made.
    keyed : frozenset of (key, path)
        Dicts and sets whose keys and values stand in lists while a loop is made.
    filled : frozenset of Source
        Lists and dicts from outside that regions look at as a whole: they are filled when they are met.
    reasons : frozenset of (key, str)
        Why some of those in `avoid` are.
    """

    symbolic: frozenset[Source] = frozenset()
    avoid: frozenset[Any] = frozenset()
    steering: frozenset[Source] = frozenset()
    fixed: frozenset[Source] = frozenset()
    buffers: frozenset[Any] = frozenset()
    keyed: frozenset[Any] = frozenset()
    filled: frozenset[Source] = frozenset()
    reasons: frozenset[tuple[Any, str]] = frozenset()


class Restart(Passing):
    """Tracing must begin again, with what was learnt."""

    def __init__(
        self, symbolic: frozenset[Source] = frozenset(), avoid: frozenset[Any] = frozenset(),
        steering: frozenset[Source] = frozenset(), fixed: frozenset[Source] = frozenset(),
        buffers: frozenset[Any] = frozenset(), keyed: frozenset[Any] = frozenset(),
        filled: frozenset[Source] = frozenset(), reason: str = "",
    ) -> None:
        self.symbolic = symbolic
        self.avoid = avoid
        self.steering = steering
        self.fixed = fixed
        self.buffers = buffers
        self.keyed = keyed
        self.filled = filled
        self.reason = reason

    def learn(self, known: Lessons) -> Lessons:
        """What is known now."""
        return Lessons(
            known.symbolic | self.symbolic, known.avoid | self.avoid, known.steering | self.steering,
            known.fixed | self.fixed, known.buffers | self.buffers, known.keyed | self.keyed, known.filled | self.filled,
            known.reasons | {(key, self.reason) for key in self.avoid if self.reason},
        )
