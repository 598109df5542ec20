"""Is this Graph legal?  Run after every pass in tests."""

from __future__ import annotations

from .graph import Graph, Node, Value


class IllegalGraph(AssertionError):
    """A pass has made a graph that breaks a rule of the form: a bug in bcad."""


def verify(graph: Graph) -> Graph:
    """`graph` itself if it is legal.

    Raises
    ------
    IllegalGraph
        If a value is used before it is defined or comes from another graph, is defined
        twice, or a node's output types are not what its op's type rule says.
    """
    defined: set[Value] = set()
    for value in graph.inputs:
        _define(defined, value, "an input")
    for node in graph.nodes:
        for value in node.inputs:
            if value not in defined:
                raise IllegalGraph(f"{node.op.name} reads {value!r} before it is defined\n{graph}")
        for region in node.regions:
            verify(region)
        _check_types(node, graph)
        for value in node.outputs:
            _define(defined, value, f"an output of {node.op.name}")
    for value in graph.outputs:
        if value not in defined:
            raise IllegalGraph(f"output {value!r} is not defined in this graph\n{graph}")
    return graph


def _define(defined: set[Value], value: Value, what: str) -> None:
    if value in defined:
        raise IllegalGraph(f"{value!r}, {what}, is defined twice")
    defined.add(value)


def _check_types(node: Node, graph: Graph) -> None:
    types = [v.type for v in node.inputs]
    if getattr(node.op, "regional", False):
        expected = node.op.type_rule(*types, regions=node.regions, **node.attrs)
    else:
        expected = node.op.type_rule(*types, **node.attrs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    found = tuple(v.type for v in node.outputs)
    if tuple(map(str, expected)) != tuple(map(str, found)):
        raise IllegalGraph(f"{node.op.name} should give {expected}, not {found}\n{graph}")
