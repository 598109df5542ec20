"""What regions need not be told: carries that a loop never changes, and numbers that are known outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import ArrayType, Builder, Graph, Node, Value, constant_op, copy_node
from bcad.ops import BY_NAME

from .regions import Parts, rebuilt


def settle_regions(graph: Graph) -> Graph:
    """`graph` with stationary carries among the constants of their loops, and known numbers inside regions."""
    if any(map(_has_stationary, graph.walk())):
        graph = _without_stationary(graph)
    return _with_numbers_inside(graph) if any(map(_has_numbers, graph.walk())) else graph


def _has_stationary(node: Node) -> bool:
    carries = node.attrs["carries"] if node.op is BY_NAME["loop"] else 0
    return any(node.regions[0].outputs[k] is node.regions[0].inputs[1 + k] for k in range(carries))


def _has_numbers(node: Node) -> bool:
    start = _first_constant(node)
    return start is not None and any(map(_is_number, node.inputs[start:]))


def _first_constant(node: Node) -> int | None:
    """From which operand on the regions of a loop or a conditional may be told numbers."""
    if node.op is BY_NAME["cond"]:
        return 1
    return int(node.attrs.get("counted", True)) + node.attrs["carries"] if node.op is BY_NAME["loop"] else None


def _without_stationary(graph: Graph) -> Graph:
    """Carries that no turn changes are constants; from the inside out, for what an inner loop leaves an outer one may too."""

    def settled(inputs: list[Value], node: Node, mapping: dict[Value, Value]) -> Parts:
        regions = [_without_stationary(region) for region in node.regions]
        if node.op is not BY_NAME["loop"]:
            return inputs, regions, node.attrs, node.outputs
        first, carries = int(node.attrs.get("counted", True)), node.attrs["carries"]
        still = [k for k in range(carries) if _is_stationary(regions[0], k, inputs[first + k])]
        mapping.update({node.outputs[k]: inputs[first + k] for k in still})
        moving = [k for k in range(carries) if k not in still]
        order = [*moving, *range(carries, len(inputs) - first), *still]
        regions = [_reordered(r, [0, *(1 + k for k in order)]) for r in regions]
        regions[0] = _with_outputs(regions[0], [v for k, v in enumerate(regions[0].outputs) if k not in still])
        results = [v for k, v in enumerate(node.outputs) if k not in still]
        return [*inputs[:first], *(inputs[first + k] for k in order)], regions, {**node.attrs, "carries": len(moving)}, results

    return rebuilt(graph, settled)


def _with_numbers_inside(graph: Graph) -> Graph:
    """Operands that are known numbers are constants of the regions, from the outside in."""

    def told(inputs: list[Value], node: Node, mapping: dict[Value, Value]) -> Parts:
        regions, start = list(node.regions), _first_constant(node)
        if start is not None:
            ahead = len(inputs) - len(regions[0].inputs)  # a loop's body has an index, and no count
            inputs, regions = _told(inputs, regions, start, -ahead)
        return inputs, [_with_numbers_inside(region) for region in regions], node.attrs, node.outputs

    return rebuilt(graph, told)


def _is_stationary(body: Graph, k: int, start: Value) -> bool:
    """Whether every turn hands on what it was given; then that is what the loop gives."""
    return body.outputs[k] is body.inputs[1 + k] and body.inputs[1 + k].type == start.type


def _reordered(region: Graph, positions: Sequence[int]) -> Graph:
    return Graph([region.inputs[p] for p in positions], region.nodes, region.outputs, region.name)


def _with_outputs(region: Graph, outputs: Sequence[Value]) -> Graph:
    return Graph(region.inputs, region.nodes, outputs, region.name)


def _told(inputs: list[Value], regions: list[Graph], start: int, shift: int) -> tuple[list[Value], list[Graph]]:
    """Operands from `start` on that are known numbers become constants of the regions; an operand's input is `shift` behind it."""
    known = [k for k in range(start, len(inputs)) if _is_number(inputs[k])]
    if not known:
        return inputs, regions
    numbers = {k + shift: inputs[k].node.attrs["value"] for k in known}  # type: ignore[union-attr]
    return [v for k, v in enumerate(inputs) if k not in known], [_knowing(r, numbers) for r in regions]


def _is_number(value: Value) -> bool:
    known = value.node is not None and value.node.op is constant_op
    return known and isinstance(value.type, ArrayType) and not value.type.shape


def _knowing(region: Graph, numbers: dict[int, Any]) -> Graph:
    """`region` without some inputs: their numbers, by position, are constants in it."""
    builder = Builder(name=region.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for k, v in enumerate(region.inputs) if k not in numbers}
        mapping.update({region.inputs[k]: builder.emit(constant_op, value=number) for k, number in numbers.items()})
        for node in region.nodes:
            copy_node(builder, node, mapping)
        return builder.build([mapping[v] for v in region.outputs])
