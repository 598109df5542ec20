"""Activity: which values depend on the inputs of interest, and on which the outputs of interest depend.

Only what is both needs a cotangent; only the first, a tangent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bcad.ir import Graph, Node, Value
from bcad.ops import check, checkpoint, cond, loop

from .tangents import differentiable

Positions = set[int]


def varied(graph: Graph, inputs: Iterable[int]) -> set[Value]:
    """The values that depend differentiably on the inputs at these positions."""
    found = {graph.inputs[k] for k in inputs if differentiable(graph.inputs[k])}
    for node in graph.nodes:
        positions = {k for k, v in enumerate(node.inputs) if v in found}
        if positions:
            hit = reached(node, positions)
            found.update(v for k, v in enumerate(node.outputs) if k in hit and differentiable(v))
    return found


def varied_outputs(graph: Graph, inputs: Iterable[int]) -> Positions:
    """The output positions of `graph` that depend differentiably on its inputs at `inputs`."""
    found = varied(graph, inputs)
    return {k for k, v in enumerate(graph.outputs) if v in found}


def useful(graph: Graph, outputs: Iterable[int]) -> set[Value]:
    """The values on which the outputs at these positions depend differentiably."""
    found = {graph.outputs[k] for k in outputs if differentiable(graph.outputs[k])}
    for node in reversed(graph.nodes):
        positions = {k for k, v in enumerate(node.outputs) if v in found}
        if positions:
            hit = reaching(node, positions)
            found.update(v for k, v in enumerate(node.inputs) if k in hit and differentiable(v))
    return found


def reached(node: Node, inputs: Positions) -> Positions:
    """The output positions of `node` that depend on its inputs at `inputs`."""
    if node.op is loop:
        carries, body = varied_in_loop(node, inputs)
        k = node.attrs["carries"]
        return carries | {p for p, v in enumerate(node.regions[0].outputs) if p >= k and v in body}
    if node.op in (cond, checkpoint):
        first = 1 if node.op is cond else 0
        regions = [(r, varied(r, {p - first for p in inputs if p >= first})) for r in node.regions]
        return {p for r, found in regions for p, v in enumerate(r.outputs) if v in found}
    return set(range(len(node.outputs))) if _has_derivative(node) else set()


def reaching(node: Node, outputs: Positions) -> Positions:
    """The input positions of `node` on which its outputs at `outputs` depend."""
    if node.op is loop:
        carries, body = useful_in_loop(node, outputs)
        first = loop_start(node)
        inside = {first + p - 1 for p, v in enumerate(node.regions[0].inputs) if v in body}
        return {first + j for j in carries} | inside
    if node.op in (cond, checkpoint):
        first = 1 if node.op is cond else 0
        regions = [(r, useful(r, outputs)) for r in node.regions]
        return {first + p for r, found in regions for p, v in enumerate(r.inputs) if v in found}
    return set(range(len(node.inputs))) if _has_derivative(node) else set()


def _has_derivative(node: Node) -> bool:
    op: Any = node.op
    return op is not check and getattr(op, "differentiable", False)


# -- loops: what goes around is carried until nothing new comes ------------------------------------
def loop_start(node: Node) -> int:
    """The position of a loop's first carry among its inputs."""
    return int(node.attrs.get("counted", True))


def varied_in_loop(node: Node, inputs: Positions) -> tuple[Positions, set[Value]]:
    """The carries that depend on the loop's inputs at `inputs`, and the values of the body that do."""
    body, k, first = node.regions[0], node.attrs["carries"], loop_start(node)
    active = {p - first + 1 for p in inputs if p >= first}
    while True:
        found = varied(body, active)
        grown = active | {1 + j for j in range(k) if body.outputs[j] in found}
        if grown == active:
            return {p - 1 for p in active if p <= k}, found
        active = grown


def useful_in_loop(node: Node, outputs: Positions) -> tuple[Positions, set[Value]]:
    """The carries, and the values of the body, on which the loop's outputs at `outputs` depend."""
    body, k = node.regions[0], node.attrs["carries"]
    wanted = {p for p in outputs if p < len(body.outputs)}
    while True:
        found = useful(body, wanted)
        grown = wanted | {j for j in range(k) if body.inputs[1 + j] in found}
        if grown == wanted:
            return {p for p in wanted if p < k}, found
        wanted = grown
