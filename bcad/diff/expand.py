"""expand: replace the derivative nodes of a graph, those inside others first, by what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from bcad.ir import Builder, Graph, Node, Value, copy_node, live_part
from bcad.ops import BY_NAME, derivative, tangent_type

from .forward import jvp_graph
from .reverse import vjp_graph
from .tangents import differentiable, zeros


class NotDifferentiable(TypeError):
    """An input with respect to which there is no derivative: an integer, a bool, an object."""


def expand(graph: Graph) -> Graph:
    """`graph` without derivative nodes, also inside regions; itself if it has none."""
    if not any(node.op is derivative for node in graph.walk()):
        return graph
    with Builder(name=graph.name) as builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            builder.location = node.location
            _expand_node(builder, node, mapping)
        return live_part(builder.build([mapping[v] for v in graph.outputs]))


def _expand_node(builder: Builder, node: Node, mapping: dict[Value, Value]) -> None:
    if not node.regions:
        copy_node(builder, node, mapping)
        return
    regions = [expand(region) for region in node.regions]
    inputs = [mapping[v] for v in node.inputs]
    if node.op is derivative:
        results = _derivative(builder, node, regions[0], inputs)
    else:
        results = builder.emit(node.op, *inputs, regions=regions, location=node.location, **node.attrs)
    for old, new in zip(node.outputs, results, strict=True):
        mapping[old] = new
        new.named_after(old)


def _derivative(builder: Builder, node: Node, region: Graph, inputs: Sequence[Value]) -> list[Value]:
    """What a derivative node means; rules of one's own may bring further ones."""
    wrt = node.attrs["wrt"]
    arguments, seeds = inputs[: len(region.inputs)], inputs[len(region.inputs) :]
    outputs = outputs_with_derivative(region)
    if node.attrs["mode"] == "vjp":
        region = expand(region)
        outputs = [k for k in outputs if not _is_stopped(region.outputs[k])]
        pulled = expand(vjp_graph(region, _checked(region, wrt), outputs))
        return list(builder.inline(pulled, [*arguments, *(seeds[k] for k in outputs)]))
    results = iter(builder.inline(expand(jvp(region, wrt)), [*arguments, *seeds]))
    primal = [next(results) for _ in region.outputs]
    tangents = [next(results) if k in outputs else zeros(tangent_type(v.type)) for k, v in enumerate(region.outputs)]
    return [*primal, *tangents]


def _is_stopped(value: Value) -> bool:
    """Whether no cotangent passes an output, so that it need not have one."""
    return value.node is not None and value.node.op is BY_NAME["stop_gradient"]


def outputs_with_derivative(graph: Graph) -> list[int]:
    """The positions of the outputs that have cotangents and tangents."""
    return [k for k, v in enumerate(graph.outputs) if differentiable(v)]


def vjp(graph: Graph, wrt: Iterable[int]) -> Graph:
    """The graph that computes `graph` and pulls cotangents of its outputs back to inputs.

    Parameters
    ----------
    graph : Graph
    wrt : positions of inputs, floats or complex numbers

    Returns
    -------
    Graph
        Inputs: those of `graph`, then a cotangent for each differentiable output.  Outputs:
        those of `graph`, then a cotangent for each position in `wrt`, of its dtype and shape.
        A cotangent of a complex value acts bilinearly: for ``f = u + iv`` of ``z = x + iy`` and
        the cotangent 1 of u it is ``du/dx - i du/dy`` (autograd's convention).

    Raises
    ------
    NotDifferentiable
        If an input of `wrt` is an integer, a bool or an object.
    """
    graph, wrt = expand(graph), _checked(graph, wrt)
    return vjp_graph(graph, wrt, outputs_with_derivative(graph))


def jvp(graph: Graph, wrt: Iterable[int]) -> Graph:
    """The graph that computes `graph` and pushes tangents of its inputs forward.

    Inputs: those of `graph`, then a tangent for each position in `wrt`.  Outputs: those of
    `graph`, then a tangent for each differentiable output.  See `vjp`.
    """
    graph, wrt = expand(graph), _checked(graph, wrt)
    return jvp_graph(graph, wrt, outputs_with_derivative(graph))


def _checked(graph: Graph, wrt: Iterable[int]) -> tuple[int, ...]:
    positions = tuple(int(k) for k in wrt)
    for k in positions:
        if not differentiable(graph.inputs[k]):
            name = graph.inputs[k].name or f"input {k}"
            raise NotDifferentiable(f"{name} is {graph.inputs[k].type}: only floats and complex numbers have derivatives")
    if not np.all(np.diff(np.sort(positions)) > 0):
        raise ValueError(f"an input is named twice: {positions}")
    return positions
