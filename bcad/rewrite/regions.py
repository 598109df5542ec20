"""Graphs rebuilt with other regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bcad.ir import Builder, Graph, Node, Value, copy_node

Parts = tuple[Sequence[Value], Sequence[Graph], Mapping[str, Any], Sequence[Value]]  # operands, regions, attributes, results
Change = Callable[[list[Value], Node, dict[Value, Value]], Parts]


def rebuilt(graph: Graph, change: Change) -> Graph:
    """`graph` with the nodes that have regions made of what `change` gives for their operands; it may bind results itself."""
    if not any(node.regions for node in graph.nodes):
        return graph
    builder = Builder(name=graph.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            if not node.regions:
                copy_node(builder, node, mapping)
                continue
            builder.location = node.location
            inputs, regions, attrs, results = change([mapping[v] for v in node.inputs], node, mapping)
            made = builder.emit(node.op, *inputs, regions=tuple(regions), **attrs)
            for old, new in zip(results, made if isinstance(made, tuple) else (made,), strict=True):
                mapping[old] = new
                new.named_after(old)
        return builder.build([mapping[v] for v in graph.outputs])


def in_regions(graph: Graph, change: Callable[[Graph], Graph]) -> Graph:
    """`graph` with every region as `change` makes it."""
    return rebuilt(graph, lambda inputs, node, _: (inputs, [change(r) for r in node.regions], node.attrs, node.outputs))
