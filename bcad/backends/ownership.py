"""Which outputs of a graph may be, or look into, memory of somebody else's: they are copied before they are given out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Graph, Kind, Node, Value, constant_op

_VIEWS = frozenset(
    "as_kind broadcast_to diagonal getitem imag real reshape squeeze stop_gradient swapaxes transpose".split())


def borrowed(graph: Graph) -> list[int]:
    """The outputs whose memory, where NumPy runs the graph, may be an input's, a constant's or an earlier output's."""
    taken: set[Value] = set()
    found = []
    for position, value in enumerate(graph.outputs):
        roots = _roots(value)
        if any(_is_foreign(root) for root in roots) or not taken.isdisjoint(roots):
            found.append(position)
        taken |= roots
    return found


def repeated(graph: Graph) -> list[int]:
    """The outputs that are an earlier one once more: where all others are new arrays, these are not."""
    return [k for k, value in enumerate(graph.outputs) if _is_array(value) and value in graph.outputs[:k]]


Run = Callable[..., list[Any]]


def owning(run: Run, positions: Sequence[int]) -> Run:
    """`run` with copies of the outputs at some positions."""
    if not positions:
        return run

    def own(*values: Any) -> list[Any]:
        outputs = run(*values)
        for k in positions:
            outputs[k] = np.array(outputs[k])
        return outputs

    return own


def _is_foreign(value: Value) -> bool:
    """Whether an array is somebody else's, or one number seen many times, which nobody can write to."""
    return value.node is None or value.node.op is constant_op or value.node.op.name == "broadcast_to"


def _roots(value: Value) -> set[Value]:
    """The arrays whose memory `value` may be."""
    found: set[Value] = set()
    todo, seen = [value], set()
    while todo:
        current = todo.pop()
        if current in seen or not _is_array(current):
            continue
        seen.add(current)
        node = current.node
        looked_into = [v for v in node.inputs if _is_array(v)] if node and _looks_into(node) else []
        todo += looked_into
        if node is None or node.regions or not looked_into:
            found.add(current)
    return found


def _looks_into(node: Node) -> bool:
    return bool(node.regions) or node.op.name in _VIEWS


def _is_array(value: Value) -> bool:
    return isinstance(value.type, ArrayType) and value.type.kind is Kind.ARRAY
