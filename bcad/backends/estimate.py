"""How long a graph takes, roughly: run by NumPy on given values, and compiled; to choose which comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import ArrayType, Graph, Node, Value, bind_sizes, constant_op, dim_op, evaluate_size
from bcad.ops import operands_of

# Seconds, measured on the benchmark's programs.
NUMBER, ARRAY, ELEMENT = 0.4e-6, 1.5e-6, 2e-9  # an operation on a number; on an array, and for each of its elements
START, COMPILED_NUMBER, COMPILED_ARRAY = 0.04, 0.4e-3, 3.5e-3  # to compile: anything; each operation
UNKNOWN_TURNS = 1000  # of a loop whose count only the run tells


def compile_seconds(graph: Graph) -> float:
    """What compiling `graph` costs with nothing in the cache."""
    arrays = [bool(_shape(node)) for node in graph.walk()]
    return START + COMPILED_NUMBER * len(arrays) + COMPILED_ARRAY * sum(arrays)


def numpy_seconds(graph: Graph, values: Sequence[Any]) -> float:
    """What one run by the NumPy executor costs: every operation as often as the loops around it turn."""
    sizes: dict[str, int] = {}
    for value, x in zip(graph.inputs, values, strict=True):
        bind_sizes(value, x, sizes)
    counts = {v: x for v, x in zip(graph.inputs, values, strict=True) if type(x) is int}
    return _seconds(graph, counts, sizes)


def _seconds(graph: Graph, counts: dict[Value, int], sizes: dict[str, int]) -> float:
    """The cost of one run; `counts` are the integers that are known."""
    total = 0.0
    for node in graph.nodes:
        if node.op is constant_op:
            number = node.attrs["value"].value
            if type(number) is int:
                counts[node.output] = number
        elif node.op is dim_op:
            counts[node.output] = _size(node.attrs["size"], sizes, UNKNOWN_TURNS)
        elif node.op.name == "loop":
            total += _turns(node, counts) * sum(_region(node, region, counts, sizes) for region in node.regions)
        elif node.regions:
            total += max(_region(node, region, counts, sizes) for region in node.regions)
        else:
            total += _operation(node, sizes)
    return total


def _operation(node: Node, sizes: dict[str, int]) -> float:
    shape = _shape(node)
    if not shape:
        return NUMBER
    elements = 1
    for size in shape:
        elements *= _size(size, sizes, 1)
    return ARRAY + ELEMENT * elements


def _turns(node: Node, counts: dict[Value, int]) -> int:
    return counts.get(node.inputs[0], UNKNOWN_TURNS) if node.attrs.get("counted", True) else UNKNOWN_TURNS


def _region(node: Node, region: Graph, counts: dict[Value, int], sizes: dict[str, int]) -> float:
    """One run of a region; what the loop does not change it knows from outside."""
    inner: dict[Value, int] = {}
    if node.op.name in ("loop", "cond"):
        operands = operands_of(node)
        carried = node.attrs["carries"] if node.op.name == "loop" else 0
        first = len(region.inputs) - len(operands)  # a loop's index comes before its operands
        for value, operand in list(zip(region.inputs[first:], operands, strict=True))[carried:]:
            if operand in counts:
                inner[value] = counts[operand]
    return _seconds(region, inner, sizes)


def _shape(node: Node) -> Sequence[Any]:
    """The shape of a node's first result."""
    type_ = node.outputs[0].type if node.outputs else None
    return type_.shape if isinstance(type_, ArrayType) else ()


def _size(size: Any, sizes: dict[str, int], unknown: int) -> int:
    try:
        return evaluate_size(size, sizes)
    except KeyError:  # bound in the run
        return unknown
