"""From which length of an axis on a module's text holds, and what it must ask where lengths are so short.

Tracing takes the lengths of arguments to be 2 or more: arrays of one element are stretched, empty ones run no loop.
What it made of that is known (`Program.relied`), so that a text that asks for it may take shorter arrays too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bcad.ir import Builder, Dim, Size, bounds
from bcad.ops import known_size
from bcad.trace import SizeRelation

ASSUMED = 2


class Shortest(NamedTuple):
    """The least length of an axis that is a symbol, and the relations of sizes to ask for with it."""

    length: int
    relied: tuple[SizeRelation, ...]


def shortest(program: Any) -> Shortest:
    """From which length on the text of `program` and of its derivatives holds."""
    relied = dict.fromkeys([*program.relied, *_trips(program.graph)])
    return Shortest(1, tuple(relied))


def _trips(graph: Any) -> list[SizeRelation]:
    """That the loops whose length is a size run at all: derivatives rely on it where it always holds."""
    with Builder():
        trips = [known_size(node.inputs[0]) for node in graph.walk() if node.op.name == "loop" and node.attrs["counted"]]
    return [SizeRelation(trip, ">=", 1) for trip in trips if isinstance(trip, Dim) and _runs(trip, ASSUMED) and not _runs(trip, 1)]


def _runs(trip: Size, least: int) -> bool:
    low, _ = bounds(trip, least)
    return low is not None and low > 0
