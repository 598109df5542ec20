"""One division where several numbers are divided by the same root.

``c / sqrt(x)`` and ``c * (1 / sqrt(x))`` have the same bits if c is a moderate power of two: the reciprocal of a
root is zero, infinite or a number in the middle of the range (2**-512 to 2**537 in double precision, 2**-64 to
2**75 in single), so that the product is exact.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from bcad.ir import ArrayType, Builder, Graph, Node, Value, as_kind, constant_op, copy_node

from .regions import in_regions

LARGEST = 2.0**40


def share_reciprocals(graph: Graph) -> Graph:
    """`graph` with one reciprocal for each root by which several powers of two are divided, regions included."""
    graph = in_regions(graph, share_reciprocals)
    quotients = [node for node in graph.nodes if _is_quotient(node)]
    roots = {v for v, count in Counter(node.inputs[1] for node in quotients).items() if count > 1}
    if not roots:
        return graph
    builder = Builder(name=graph.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            if node not in quotients or node.inputs[1] not in roots:
                copy_node(builder, node, mapping)
                continue
            builder.location = node.location
            numerator, root = (mapping[v] for v in node.inputs)
            one = builder.constant(as_kind(np.ones((), numerator.dtype)[()], numerator.type))
            mapping[node.output] = made = numerator * (one / root) if _power_of_two(node.inputs[0]) != 1 else one / root
            made.named_after(node.output)
        return builder.build([mapping[v] for v in graph.outputs])


def _is_quotient(node: Node) -> bool:
    if node.op.name != "divide" or not isinstance(node.output.type, ArrayType):
        return False
    root = node.inputs[1].node
    same = node.output.dtype == node.inputs[1].dtype and node.output.dtype in ("float64", "float32")
    return same and root is not None and root.op.name == "sqrt" and _power_of_two(node.inputs[0]) is not None


def _power_of_two(value: Value) -> float | None:
    """The moderate power of two that a value is known to be, if it is one."""
    node = value.node
    if node is None or node.op is not constant_op or not isinstance(value.type, ArrayType) or value.type.shape:
        return None
    if value.dtype.kind not in "iuf":
        return None
    found = float(node.attrs["value"].value)
    moderate = 1 / LARGEST <= abs(found) <= LARGEST
    return found if moderate and abs(math.frexp(found)[0]) == 0.5 else None
