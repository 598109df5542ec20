"""Checkpoints in reverse: nothing is kept but inputs, or of a loop its carries at about sqrt(count) points."""

from __future__ import annotations

from typing import Any

from bcad.ir import Builder, Graph, Kind, Node, Value, copy_node, python_type
from bcad.ops import BY_NAME, Zero, checkpoint, fresh_size, loop, tangent_type

from .activity import loop_start
from .reverse import RECORDERS, Pullback, Reverse, pullback_graph
from .tangents import common_mask, conform, masked

INDEX = python_type(int)


def record_checkpoint(sweep: Reverse, node: Node) -> Pullback:
    """Keep nothing but the inputs; with `segments`, what is between them inside a loop."""
    if node.attrs.get("segments") and any(_is_counted(n) for n in node.regions[0].nodes):
        return _record_inline(sweep, node, segmented(node.regions[0]))
    copy_node(Builder.current(), node, sweep.value)

    def pull(cotangents: list[Any]) -> None:
        condition, cotangents = common_mask(cotangents)
        wrt = [k for k, v in enumerate(node.inputs) if v in sweep.needed]
        seeded = [k for k, g in enumerate(cotangents) if g is not None and type(g) is not Zero]
        region = pullback_graph(node.regions[0], wrt, seeded)
        seeds = [conform(cotangents[k], tangent_type(node.outputs[k].type)) for k in seeded]
        # a region of its own: outside it the recomputation would be found to be known already
        results = checkpoint(*(sweep.value[v] for v in node.inputs), *seeds, regions=[region])
        for k, g in zip(wrt, results, strict=True):
            sweep.add(node.inputs[k], masked(condition, g))

    return pull


def _record_inline(sweep: Reverse, node: Node, region: Graph) -> Pullback:
    """Differentiate `region` in place of the node."""
    inputs = [sweep.value[v] for v in node.inputs]
    wrt = [k for k, v in enumerate(node.inputs) if v in sweep.varied]
    seeded = [k for k, v in enumerate(node.outputs) if v in sweep.needed]
    inner = Reverse(region, inputs, wrt, seeded, sweep.free, sweep.scope)
    for old, new in zip(node.outputs, region.outputs):
        sweep.value[old] = inner.value[new]

    def pull(cotangents: list[Any]) -> None:
        for k in seeded:
            inner.add(region.outputs[k], cotangents[k])
        inner.pull()
        for k in wrt:
            sweep.add(node.inputs[k], inner.cotangent.pop(region.inputs[k], None))

    return pull


def _is_counted(node: Node) -> bool:
    return node.op is loop and loop_start(node) == 1 and len(node.regions) == 1


def segmented(graph: Graph) -> Graph:
    """`graph` with every counted loop cut into about sqrt(count) checkpointed runs (Griewank 1992)."""
    with Builder(name=graph.name) as builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            builder.location = node.location
            if _is_counted(node):
                mapping.update(zip(node.outputs, _segments(node, [mapping[v] for v in node.inputs])))
            else:
                copy_node(builder, node, mapping)
        return builder.build([mapping[v] for v in graph.outputs])


def _segments(node: Node, inputs: list[Value]) -> list[Value]:
    """The loop as a loop over runs of `size` iterations, the last one shorter."""
    k, s = node.attrs["carries"], node.attrs.get("stacks", 0)
    trip = _int(BY_NAME["maximum"](inputs[0], 0))
    root = BY_NAME["sqrt"](BY_NAME["as_kind"](trip, kind=Kind.SCALAR, dtype=float_()))
    size = _int(root) + 1
    runs = _int(BY_NAME["floor_divide"](trip + size - 1, size))
    carries, constants = inputs[1 : 1 + k], inputs[1 + k :]
    body = _outer_body(node, k, s)
    length = fresh_size()
    totals = dict(node.attrs.get("ragged", ()))
    ragged = tuple((j, totals.get(j, node.attrs.get("length"))) for j in range(s))
    attrs: dict[str, Any] = {"ragged": ragged} if s else {}
    results = loop(
        runs, *carries, trip, size, *constants,
        regions=[body], carries=k, stacks=s, counted=True, length=length if s else None, **attrs,
    )  # fmt: skip
    return [*results[: k + s], trip]


def float_() -> Any:
    """float64's dtype."""
    return python_type(float).dtype


def _int(value: Any) -> Any:
    """`value` as a Python int, rounded down."""
    if value.type == INDEX:
        return value
    return BY_NAME["as_kind"](value, kind=Kind.PYTHON, dtype=INDEX.dtype)


def _outer_body(node: Node, k: int, s: int) -> Graph:
    """One run: a checkpoint around its iterations."""
    body = node.regions[0]
    with Builder(name=f"{body.name}_run") as builder:
        run: Any = builder.input(INDEX)
        carries = [builder.input(v.type, v.name) for v in body.inputs[1 : 1 + k]]
        trip, size = builder.input(INDEX), builder.input(INDEX)
        constants = [builder.input(v.type, v.name) for v in body.inputs[1 + k :]]
        start = run * size
        count = _int(BY_NAME["minimum"](size, trip - start))
        results = checkpoint(count, start, *carries, *constants, regions=[_run(node, k, s)])
        return builder.build(results)


def _run(node: Node, k: int, s: int) -> Graph:
    """The iterations ``start, ..., start + count - 1``."""
    body = node.regions[0]
    with Builder(name=body.name) as builder:
        count, start = builder.input(INDEX), builder.input(INDEX)
        rest = [builder.input(v.type, v.name) for v in body.inputs[1:]]
        attrs = {**node.attrs, "length": fresh_size() if s else None}
        if "ragged" in attrs:
            attrs["ragged"] = tuple((j, fresh_size()) for j, _ in attrs["ragged"])
        results = loop(count, *rest, start, regions=[_shifted(body)], **attrs)
        return builder.build(results[: k + s])


def _shifted(body: Graph) -> Graph:
    """The body with one more constant, which is added to the index."""
    with Builder(name=body.name) as builder:
        index = builder.input(INDEX)
        rest = [builder.input(v.type, v.name) for v in body.inputs[1:]]
        start: Any = builder.input(INDEX)
        return builder.build(builder.inline(body, [start + index, *rest]))


RECORDERS[checkpoint] = record_checkpoint
