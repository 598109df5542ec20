"""The passes in their order: what every graph goes through before it is shown or run."""

from __future__ import annotations

from bcad.ir import Graph

from . import laws_arithmetic, laws_readable, laws_shape
from .dce import dce
from .driver import rewrite
from .fold import constant_folding
from .rule import RuleSet

EXACT = RuleSet(constant_folding) + laws_shape.EXACT + laws_arithmetic.EXACT
READABLE = EXACT + laws_readable.READABLE


def simplify(graph: Graph) -> Graph:
    """`graph` in simplest form by exact rules only: the same bits for every input."""
    return dce(rewrite(dce(graph), EXACT))


def readable(graph: Graph) -> Graph:
    """`graph` as a person would write it, equal to rounding: for printing, never run."""
    return dce(rewrite(rewrite(dce(graph), READABLE), READABLE))
