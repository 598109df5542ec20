"""Where a text that is run must say that a number is Python's or NumPy's: where dividing by zero tells them apart."""

from __future__ import annotations

from bcad.ir import Graph, Kind, Node, Value

RAISING = frozenset("divide floor_divide remainder power float_power".split())  # Python raises where NumPy gives inf
_ALIKE = frozenset("add subtract multiply negative positive as_kind".split())  # the same bits, and nothing is raised


def unwritten_kinds(graph: Graph) -> set[Value]:
    """Results of ``as_kind`` that may be written as what they were made of."""
    matters: set[Value] = set()
    for node in reversed(graph.nodes):
        if node.regions or (node.op.name in RAISING and not _has_array(node)):
            matters.update(node.inputs)
        elif node.op.name in _ALIKE and not _has_array(node) and not matters.isdisjoint(node.outputs):
            matters.update(node.inputs)
    return {n.output for n in graph.nodes if n.op.name == "as_kind" and n.output not in matters and _is_float_twice(n)}


def _has_array(node: Node) -> bool:
    return any(getattr(v.type, "kind", None) is Kind.ARRAY and v.shape for v in node.inputs)


def _is_float_twice(node: Node) -> bool:
    """Whether a conversion is from one kind of float64 to another."""
    (x,) = node.inputs
    return x.dtype.kind in "fc" and x.dtype == node.output.dtype and not x.shape
