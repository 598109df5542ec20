"""Forward mode over a graph: each node is followed by the tangent of its results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bcad.ir import Builder, Graph, Node, Value, copy_node, live_part
from bcad.ops import NotDeclared, Zero, checkpoint, cond, custom, host, host_effect, loop, tangent_type

from .activity import loop_start, varied, varied_in_loop
from .extract import emit_cond, name_of
from .tangents import conform, differentiable, match, zero_like


class Forward:
    """One graph being differentiated: nodes and tangents are emitted into the current builder."""

    def __init__(self, graph: Graph, inputs: Sequence[Value], tangents: dict[int, Value]) -> None:
        self.value = dict(zip(graph.inputs, inputs, strict=True))
        self.tangents: dict[Value, Any] = {graph.inputs[k]: t for k, t in tangents.items()}
        for node in graph.nodes:
            self._node(node)

    def tangent(self, value: Value) -> Any:
        """The tangent of a value of the graph; a Zero if it has none."""
        found = self.tangents.get(value)
        return zero_like(value) if found is None else found

    def active(self, value: Value) -> bool:
        """Whether a value has a tangent that is not structurally zero."""
        return value in self.tangents

    def _node(self, node: Node) -> None:
        Builder.current().location = node.location
        if not any(map(self.active, node.inputs)):
            copy_node(Builder.current(), node, self.value)
            return
        tangents = RULES.get(node.op, _op)(self, node)
        for v, t in zip(node.outputs, tangents, strict=True):
            if differentiable(v) and t is not None and type(t) is not Zero:
                self.tangents[v] = match(t, v)


def _op(sweep: Forward, node: Node) -> Sequence[Any]:
    op: Any = node.op
    copy_node(Builder.current(), node, sweep.value)
    if not op.differentiable or not any(map(differentiable, node.outputs)):
        return [None] * len(node.outputs)
    outputs = tuple(sweep.value[v] for v in node.outputs)
    inputs = [sweep.value[v] for v in node.inputs]
    tangents = [sweep.tangent(v) for v in node.inputs]
    if op.multiple:
        return op.jvp(outputs, *inputs, *tangents, **node.attrs)
    return [op.jvp(outputs[0], *inputs, *tangents, **node.attrs)]


def _finish(sweep: Forward, node: Node, results: Sequence[Value], moving: Iterable[int]) -> list[Any]:
    """Take the primal results of a region op; the tangents follow for the outputs in `moving`."""
    n = len(node.outputs)
    for old, new in zip(node.outputs, results):
        sweep.value[old] = new
        new.named_after(old)
    tangents = dict(zip(moving, results[n:], strict=True))
    return [tangents.get(k) for k in range(n)]


def _cond(sweep: Forward, node: Node) -> list[Any]:
    operands = node.inputs[1:]
    wrt = [q for q, v in enumerate(operands) if sweep.active(v)]
    moving = sorted({k for r in node.regions for k, v in enumerate(r.outputs) if v in varied(r, wrt)})
    regions = [jvp_graph(r, wrt, moving) for r in node.regions]
    types = [v.type for v in node.outputs]
    types += [tangent_type(types[k]) for k in moving]
    predicate, *inputs = (sweep.value[v] for v in node.inputs)
    inputs += _seeds(sweep, operands, wrt)
    return _finish(sweep, node, emit_cond(predicate, inputs, regions, types), moving)


def _checkpoint(sweep: Forward, node: Node) -> list[Any]:
    wrt = [k for k, v in enumerate(node.inputs) if sweep.active(v)]
    (region,) = node.regions
    moving = [k for k, v in enumerate(region.outputs) if v in varied(region, wrt)]
    inputs = [*(sweep.value[v] for v in node.inputs), *_seeds(sweep, node.inputs, wrt)]
    return _finish(sweep, node, checkpoint(*inputs, regions=[jvp_graph(region, wrt, moving)], **node.attrs), moving)


def _seeds(sweep: Forward, values: Sequence[Value], positions: Iterable[int]) -> list[Value]:
    return [conform(sweep.tangent(values[k]), tangent_type(values[k].type)) for k in positions]


def _ruled(sweep: Forward, node: Node) -> Sequence[Any]:
    """A call or region with a rule of its own: see ``bcad.ops.host``."""
    copy_node(Builder.current(), node, sweep.value)
    if not any(map(differentiable, node.outputs)):
        return [None] * len(node.outputs)
    rule = node.attrs.get("rule")
    graph = rule.value.jvp_graph(node) if rule is not None else None
    if graph is None:
        raise NotDeclared(name_of(node), "jvp rule", node.location)
    seeds = _seeds(sweep, node.inputs, [k for k, v in enumerate(node.inputs) if differentiable(v)])
    primal = [sweep.value[v] for v in (*node.inputs, *node.outputs)]
    tangents = iter(Builder.current().inline(graph, [*primal, *seeds]))
    return [next(tangents) if differentiable(v) else None for v in node.outputs]


# -- loops -----------------------------------------------------------------------------------------------
def _loop(sweep: Forward, node: Node) -> list[Any]:
    """The loop with a tangent carried beside each carry that moves; stacks of tangents beside stacks."""
    first, k, s = loop_start(node), node.attrs["carries"], node.attrs.get("stacks", 0)
    carries, inside = varied_in_loop(node, {p for p, v in enumerate(node.inputs) if sweep.active(v)})
    body, K = node.regions[0], sorted(carries)
    S = [j for j in range(s) if body.outputs[k + j] in inside]
    constants = node.inputs[first + k :]
    P = [p for p, v in enumerate(constants) if sweep.active(v)]
    layout = _Layout(k, s, K, S, P)
    regions = [layout.body(body), *(layout.condition(c, body) for c in node.regions[1:])]
    inputs = [sweep.value[v] for v in node.inputs]
    carried = _seeds(sweep, node.inputs, [first + j for j in K])
    fixed = _seeds(sweep, constants, P)
    attrs = {**node.attrs, "carries": k + len(K), "stacks": s + len(S)}
    if totals := dict(attrs.get("ragged", ())):
        attrs["ragged"] = (*totals.items(), *((s + n, totals[j]) for n, j in enumerate(S) if j in totals))
    results = loop(*inputs[: first + k], *carried, *inputs[first + k :], *fixed, regions=regions, **attrs)
    finals, tangents = results[:k], results[k : k + len(K)]
    stacks, moved = results[k + len(K) :][:s], results[k + len(K) + s : -1]
    return _finish(sweep, node, [*finals, *stacks, results[-1], *tangents, *moved], [*K, *(k + j for j in S)])


class _Layout:
    """Where values and tangents stand among a loop's inputs: (index, carries, dcarries, constants, dconstants)."""

    def __init__(self, k: int, s: int, K: list[int], S: list[int], P: list[int]) -> None:
        self.k, self.s, self.K, self.S, self.P = k, s, K, S, P

    def _inputs(self, builder: Builder, body: Graph) -> tuple[list[Value], dict[int, Value]]:
        k = self.k
        primal = [builder.input(v.type, v.name) for v in body.inputs[: 1 + k]]
        moving = {1 + j: builder.input(tangent_type(body.inputs[1 + j].type)) for j in self.K}
        primal += [builder.input(v.type, v.name) for v in body.inputs[1 + k :]]
        for p in self.P:
            moving[1 + k + p] = builder.input(tangent_type(body.inputs[1 + k + p].type))
        return primal, moving

    def body(self, body: Graph) -> Graph:
        """The body with tangents."""
        k = self.k
        with Builder(name=f"{body.name}_jvp") as builder:
            primal, moving = self._inputs(builder, body)
            sweep = Forward(body, primal, moving)
            builder.location = None
            values = [sweep.value[v] for v in body.outputs]
            positions = [*self.K, *(k + j for j in self.S)]
            types = [tangent_type((body.inputs[1 + p] if p < k else body.outputs[p]).type) for p in positions]
            tangents = [conform(sweep.tangent(body.outputs[p]), t) for p, t in zip(positions, types)]
            carried, stacked = tangents[: len(self.K)], tangents[len(self.K) :]
            return live_part(builder.build([*values[:k], *carried, *values[k:], *stacked]))

    def condition(self, condition: Graph, body: Graph) -> Graph:
        """The condition, which takes the tangents too and reads none."""
        with Builder(name=condition.name) as builder:
            primal, _ = self._inputs(builder, body)
            return builder.build(builder.inline(condition, primal))


RULES: dict[Any, Callable[[Forward, Node], Sequence[Any]]] = {
    cond: _cond,
    loop: _loop,
    checkpoint: _checkpoint,
    custom: _ruled,
    host: _ruled,
    host_effect: _ruled,
}


def jvp_graph(graph: Graph, wrt: Sequence[int], moving: Sequence[int]) -> Graph:
    """Inputs: those of `graph`, a tangent for each in `wrt`; outputs: its own, a tangent for each in `moving`."""
    graph = live_part(graph)  # a dead call without a rule does not matter
    with Builder(name=f"{graph.name}_jvp") as builder:
        inputs = [builder.input(v.type, v.name) for v in graph.inputs]
        tangents = {
            k: builder.input(tangent_type(graph.inputs[k].type), f"d_{inputs[k].name}" if inputs[k].name else None)
            for k in wrt
        }
        sweep = Forward(graph, inputs, tangents)
        builder.location = None
        primal = [sweep.value[v] for v in graph.outputs]
        results = [conform(sweep.tangent(graph.outputs[k]), tangent_type(graph.outputs[k].type)) for k in moving]
        return live_part(builder.build([*primal, *results]))
