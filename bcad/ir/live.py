"""What a graph needs: the nodes its outputs and effects depend on, those that bind sizes included."""

from __future__ import annotations

from typing import Any

from .dim import Dim
from .graph import Graph, Node, Value
from .types import ArrayType


def live_part(graph: Graph) -> Graph:
    """`graph` without the nodes that nothing reads; inputs, outputs and effects stay.

    A node is also needed for a size: ``len(x[x > 0])`` reads no element, but the symbol of the
    length is bound by the node that selects.
    """
    needed: set[Any] = set(graph.outputs)
    binds = _binders(graph)  # mostly none: inputs bind all symbols
    if binds:
        needed.update(*map(type_symbols, graph.outputs))
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if has_effect(node) or not needed.isdisjoint(node.outputs) or not needed.isdisjoint(binds.get(node, ())):
            needed.update(node.inputs)
            if binds:
                needed |= symbols_of(node)
            kept.append(node)
    return Graph(graph.inputs, kept[::-1], graph.outputs, graph.name)


def has_effect(node: Node) -> bool:
    """Whether `node` must run, once and in order, even if nothing reads its results."""
    if not node.regions:
        return node.op.effect
    return node.op.effect or any(has_effect(inner) for graph in node.regions for inner in graph.nodes)


def symbols_of(node: Node) -> set[str]:
    """The symbols of sizes that a node mentions, its regions included."""
    found = _symbols_in(tuple(node.attrs.values()))
    for value in (*node.inputs, *node.outputs):
        found |= type_symbols(value)
    for region in node.regions:
        for inner in region.nodes:
            found |= symbols_of(inner)
    return found


def type_symbols(value: Value) -> set[str]:
    """The symbols of sizes in a value's shape."""
    return _symbols_in(value.type.shape) if isinstance(value.type, ArrayType) else set()


def _binders(graph: Graph) -> dict[Node, set[str]]:
    """For each node the symbols that its results bind: those that are bare there for the first time."""
    known = {name for value in graph.inputs for name in _bare(value)}
    found = {}
    for node in graph.nodes:
        new = {name for value in node.outputs if getattr(value.type, "shape", ()) for name in _bare(value)} - known
        if new:
            found[node] = new
            known |= new
    return found


def _bare(value: Value) -> set[str]:
    if not isinstance(value.type, ArrayType):
        return set()
    return {str(s) for s in value.type.shape if isinstance(s, Dim) and s.is_symbol()}


def _symbols_in(attr: Any) -> set[str]:
    if isinstance(attr, Dim):
        return set(attr.symbols())
    if isinstance(attr, slice):
        return _symbols_in((attr.start, attr.stop, attr.step))
    if isinstance(attr, (tuple, list)):
        return set().union(*map(_symbols_in, attr))
    return set(attr.shape and _symbols_in(attr.shape)) if isinstance(attr, ArrayType) else set()  # type: ignore[arg-type]
