"""Which axis of its operands an elementwise node or view reads along with one axis of its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bcad.ir import Node, Value
from bcad.ops import Elementwise

from .columns import column_axes
from .elements import expand, is_array_part, is_span, layout, reshape_groups

Axes = list[tuple[Value, "int | None"]]  # for each operand the axis; None where it is read at other places too


def row_axes(node: Node, axis: int) -> Axes:
    """For each operand the axis along which it is read at the very index that `axis` of the result is at."""
    rule: Callable[[Node, int], Axes] | None = _RULES.get(node.op.name)
    if isinstance(node.op, Elementwise):
        rule = _broadcast
    return rule(node, axis) if rule is not None else [(x, None) for x in node.inputs]


def _broadcast(node: Node, axis: int) -> Axes:
    out = node.output.shape
    found: Axes = []
    for x in node.inputs:
        own = axis - (len(out) - len(x.shape))
        found.append((x, own if own >= 0 and x.shape[own] == out[axis] else None))
    return found


def _transpose(node: Node, axis: int) -> Axes:
    return [(node.inputs[0], node.attrs["axes"][axis])]


def _reshape(node: Node, axis: int) -> Axes:
    (x,) = node.inputs
    for outs, ins in reshape_groups(tuple(node.output.shape), tuple(x.shape)):
        if axis in outs:
            others = [k for k in outs if node.output.shape[k] != 1]
            sources = [k for k in ins if x.shape[k] != 1]
            return [(x, sources[0] if others == [axis] and len(sources) == 1 else None)]
    return [(x, None)]


def _item(node: Node, axis: int) -> Axes:
    x, *arrays = node.inputs
    parts = expand(node.attrs["index"], x.ndim)
    places = layout(parts, arrays)
    found: dict[Value, int | None] = {}
    own, waiting = 0, list(arrays)
    for part, place in zip(parts, places, strict=True):
        if part is None or part is Ellipsis:
            continue
        if is_span(part):
            for bound in (part.start, part.stop):
                if is_array_part(bound):
                    waiting.pop(0)
        elif is_array_part(part):
            array = waiting.pop(0)
            among = None if place is None else axis - place  # index arrays broadcast together, from `place` on
            rank = max(a.ndim for a in arrays)
            inner = None if among is None or not 0 <= among < rank else among - (rank - array.ndim)
            if inner is not None and inner >= 0 and array.shape[inner] == node.output.shape[axis]:
                found[array] = inner
        elif isinstance(part, slice) and place == axis and part == slice(None):
            found[x] = own
        own += 1
    return [(v, found.get(v)) for v in node.inputs]


def _joined(node: Node, axis: int) -> Axes:
    return [(x, None if axis == node.attrs["axis"] else axis) for x in node.inputs]


def _stacked(node: Node, axis: int) -> Axes:
    new = node.attrs.get("axis", 0)
    return [(x, None if axis == new else axis - (axis > new)) for x in node.inputs]


_RULES: dict[str, Callable[[Node, int], Any]] = {
    "broadcast_to": _broadcast, "astype": _broadcast, "as_kind": _broadcast, "transpose": _transpose,
    "reshape": _reshape, "getitem": _item, "gather": _item, "stack": _stacked, "concatenate": _joined, "shift": _joined,
    "set_item": column_axes, "index_add": column_axes,
}
