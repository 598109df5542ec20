"""Jacobians and Hessians as one graph: the primal once, then a loop over basis vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import Builder, Graph, Node, Size, Value, live_part, python_type
from bcad.ops import BY_NAME, Part, loop, stack_length, tangent_type

from .expand import expand, jvp, outputs_with_derivative, vjp
from .extract import copy_nodes
from .tangents import conform, zeros

INDEX = python_type(int)


def gradient(graph: Graph, wrt: Sequence[int]) -> Graph:
    """The cotangents of `wrt` alone, for a graph whose one differentiable output is a number.

    Its inputs are those of `graph`; the cotangent of the output is one.
    """
    graph = expand(graph)
    (k,) = outputs_with_derivative(graph)
    whole = vjp(graph, wrt)
    with Builder(name=f"{graph.name}_gradient") as builder:
        inputs = [builder.input(v.type, v.name) for v in graph.inputs]
        one = conform(builder.constant(graph.outputs[k].dtype.type(1)), tangent_type(graph.outputs[k].type))
        return live_part(builder.build(builder.inline(whole, [*inputs, one])[len(graph.outputs) :]))


def jacobian(graph: Graph, wrt: Sequence[int], mode: str | None = None) -> Graph:
    """The derivative of every differentiable output by every input of `wrt`.

    Parameters
    ----------
    graph : Graph
    wrt : positions of inputs
    mode : "reverse", "forward" or None
        None takes the one with fewer passes: reverse unless there are fewer inputs than outputs.

    Returns
    -------
    Graph
        Inputs: those of `graph`.  Outputs: those of `graph`, then for each differentiable output
        a Jacobian for each input of `wrt`, of shape ``output.shape + input.shape``.
    """
    graph = expand(graph)
    outputs = outputs_with_derivative(graph)
    if mode is None:
        mode = _cheaper([graph.inputs[k] for k in wrt], [graph.outputs[k] for k in outputs])
    whole = vjp(graph, wrt) if mode == "reverse" else jvp(graph, wrt)
    with Builder(name=f"{graph.name}_jacobian") as builder:
        inputs = [builder.input(v.type, v.name) for v in graph.inputs]
        linear = _Linear(builder, whole, inputs, graph)
        rows = [linear.rows(k) for k in range(len(linear.seeds))]
        builder.location = None
        if mode == "forward":  # rows[input][output]: the basis vector's axes come first
            rows = [[_swap(rows[i][o], graph.inputs[k].ndim) for i, k in enumerate(wrt)] for o in range(len(outputs))]
        return live_part(builder.build([*linear.primal, *(block for row in rows for block in row)]))


def hessian(graph: Graph, wrt: Sequence[int]) -> Graph:
    """Second derivatives of a graph with one number as output, forward over reverse.

    Outputs: the gradients of `wrt`, then for each of them its Jacobian by each input of `wrt`.
    """
    return jacobian(gradient(graph, wrt), wrt, "forward")


def _cheaper(inputs: Sequence[Value], outputs: Sequence[Value]) -> str:
    n, m = (sum(v.type.size for v in values) for values in (inputs, outputs))
    if isinstance(n, int) != isinstance(m, int):
        return "forward" if isinstance(n, int) else "reverse"
    more = m - n  # known also where both are symbolic but differ by a number
    return "forward" if isinstance(more, int) and more > 0 else "reverse"


class _Linear:
    """The part of a vjp or jvp graph that is linear in its seeds, with the primal part emitted once."""

    def __init__(self, builder: Builder, whole: Graph, inputs: Sequence[Value], graph: Graph) -> None:
        self.builder = builder
        self.seeds = whole.inputs[len(inputs) :]
        primal, self.results = whole.outputs[: len(graph.outputs)], whole.outputs[len(graph.outputs) :]
        depends = set(self.seeds)
        self.nodes: list[Node] = []
        fixed: list[Node] = []
        for node in whole.nodes:
            moves = any(v in depends for v in node.inputs)
            (self.nodes if moves else fixed).append(node)
            depends.update(node.outputs if moves else ())
        self.mapping = dict(zip(whole.inputs, inputs))
        copy_nodes(builder, fixed, self.mapping)
        if all(v in self.mapping for v in primal):
            self.primal = [self.mapping[v] for v in primal]
        else:  # a loop carries values and tangents together
            self.primal = list(builder.inline(graph, inputs))

    def rows(self, k: int) -> list[Value]:
        """The results for every basis vector of seed `k`: its axes first, then those of the result."""
        shape = self.seeds[k].shape
        if not shape:
            one = conform(self.builder.constant(self.seeds[k].dtype.type(1)), self.seeds[k].type)
            return self._apply(self.builder, k, one, self.mapping)
        size: Size = self.seeds[k].type.size
        trip = self.builder.size(size)
        read = dict.fromkeys(v for node in self.nodes for v in node.inputs if v in self.mapping)
        read |= dict.fromkeys(v for v in self.results if v in self.mapping)
        with Builder(name="basis") as inner:
            index = inner.input(INDEX)
            mapping = {v: inner.input(self.mapping[v].type, v.name) for v in read}
            flat = zeros(self.seeds[k].type.with_shape((size,)))
            seed = BY_NAME["set_item"](flat, flat.dtype.type(1), index, index=(Part.ARRAY,))
            seed = BY_NAME["reshape"](seed, shape=shape) if len(shape) > 1 else seed
            body = live_part(inner.build(self._apply(inner, k, seed, mapping)))
        constants = [self.mapping[v] for v in read]
        stacks = loop(
            trip, *constants, regions=[body], carries=0, stacks=len(self.results), counted=True, length=stack_length(trip)
        )
        return [_reshaped(s, (*shape, *v.shape)) for s, v in zip(stacks, self.results)]

    def _apply(self, builder: Builder, k: int, seed: Value, known: dict[Value, Value]) -> list[Value]:
        mapping = dict(known)
        for j, v in enumerate(self.seeds):
            mapping[v] = seed if j == k else zeros(v.type)
        copy_nodes(builder, self.nodes, mapping)
        return [mapping[v] for v in self.results]


def _reshaped(x: Value, shape: tuple[Size, ...]) -> Any:
    return x if x.shape == shape else BY_NAME["reshape"](x, shape=shape)


def _swap(x: Value, first: int) -> Any:
    """The first axes of `x` moved behind the others."""
    axes = (*range(first, x.ndim), *range(first))
    return x if not first or first == x.ndim else BY_NAME["transpose"](x, axes=axes)
