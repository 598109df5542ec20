"""The passes in their order: what every graph goes through before it is shown or run."""

from __future__ import annotations

from collections.abc import Sequence

from bcad.ir import Graph

from . import laws_arithmetic, laws_readable, laws_shape
from .dce import dce
from .driver import rewrite
from .fold import constant_folding
from .joining import Joiner
from .laws_linalg import LINALG, NOTATION
from .laws_reduce import REDUCE
from .readable import prepared, read_form
from .reciprocals import share_reciprocals
from .rule import RuleSet
from .stationary import settle_regions

EXACT = RuleSet(constant_folding) + laws_shape.EXACT + laws_arithmetic.EXACT
GENTLE = EXACT + RuleSet(laws_readable.kinds_alone_unwritten, laws_readable.python_numbers) + NOTATION
OWN = EXACT + laws_readable.OWN + NOTATION
DERIVED = RuleSet(constant_folding) + laws_shape.EXACT + laws_readable.DERIVED + NOTATION + REDUCE + LINALG


def simplify(graph: Graph) -> Graph:
    """`graph` in simplest form by exact rules only: the same bits for every input."""
    return dce(rewrite(settle_regions(dce(graph)), EXACT))


def prepare(graph: Graph) -> Graph:
    """`graph` for being compiled: loops that share their work run together, which changes the order of what they add up."""
    return share_reciprocals(Joiner(simplify).join(graph))


def readable(graph: Graph, results: int = 0, wrt: Sequence[int] = ()) -> Graph:
    """`graph` as a person would write it, equal to rounding: for printing, never run.

    Parameters
    ----------
    graph : Graph
    results : int
        How many of its outputs, the first ones, are what the user wrote: their order and form stay.
        The others were derived from them.
    wrt : sequence of int
        For each derived output the input by which it is the derivative, if it is one.
    """
    return read_form(prepared(graph), OWN, DERIVED, results, wrt)


def gentle(graph: Graph) -> Graph:
    """`graph` with the same bits in every number, but for the kinds of numbers: for text that is run elsewhere."""
    return read_form(prepared(graph), GENTLE, GENTLE, len(graph.outputs))
