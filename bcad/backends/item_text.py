"""Reading and writing items, and arrays put together from others, in NumPy's own syntax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Dim, Kind, Node, Value
from bcad.ops import Part, Span

from .expression import ATOM, Notation, Text
from .notation import bound_call, writes


def index_text(n: Notation, index: Sequence[Any], arrays: Sequence[Value]) -> str:
    """``1:, i, ...``: what stands in the brackets."""
    inputs = iter(arrays)
    parts = [_part(n, part, inputs) for part in index]
    return ", ".join(parts) if parts else "()"


def _part(n: Notation, part: Any, inputs: Iterator[Value]) -> str:
    if part is Part.ARRAY:
        return n.of(next(inputs)).text
    if part is Ellipsis:
        return "..."
    if isinstance(part, Span):
        start, stop = (_bound(n, next(inputs) if b is Part.ARRAY else b) for b in (part.start, part.stop))
        return f"{start}:{stop}" + ("" if part.step is None else f":{_bound(n, part.step)}")
    if isinstance(part, slice):
        text = f"{_bound(n, part.start)}:{_bound(n, part.stop)}"
        return text if part.step is None else f"{text}:{_bound(n, part.step)}"
    return n.argument(part)


def _bound(n: Notation, bound: Any) -> str:
    if bound is None:
        return ""
    if isinstance(bound, Value):
        return n.of(bound).text
    return n.size(bound).text if isinstance(bound, Dim) else n.attribute(bound)


def is_array(value: Value) -> bool:
    """Whether a value is an ndarray when it is run."""
    return isinstance(value.type, ArrayType) and value.type.kind is Kind.ARRAY


@writes("getitem", "gather")
def _item(n: Notation, node: Node) -> Text:
    x, *arrays = node.inputs
    if n.exact and not is_array(x):
        return bound_call(n, node)
    return Text(f"{n.of(x).at(ATOM)}[{index_text(n, node.attrs['index'], arrays)}]")


@writes("stack")
def _stack(n: Notation, node: Node) -> Text:
    if n.exact:
        return bound_call(n, node)
    items = ", ".join(n.of(v).text for v in node.inputs)
    if all(not getattr(v.type, "shape", ()) for v in node.inputs):
        if n.prefix:
            return Text(f"{n.prefix}array([{items}], {n.dtype(node.outputs[0].type.dtype)})")
        whole = items.replace(", ", "").replace("-", "").isdigit() and node.outputs[0].type.differentiable
        return Text(f"array([{items}{'.' * whole}])")
    axis, dtype = node.attrs.get("axis", 0), node.outputs[0].type.dtype
    text = f"{n.prefix}stack([{items}]" + (")" if axis == 0 else f", axis={axis})")
    implied = dtype == np.result_type(*(v.type.dtype for v in node.inputs))
    return Text(text if implied or not n.prefix else f"{text}.astype({n.dtype(dtype)})")


@writes("concatenate")
def _concatenate(n: Notation, node: Node) -> Text:
    if n.exact:
        return bound_call(n, node)
    items = ", ".join(n.of(v).text for v in node.inputs)
    axis = node.attrs.get("axis", 0)
    return Text(f"{n.prefix}concatenate([{items}]" + (")" if axis == 0 else f", axis={axis})"))


@writes("nonzero")
def _nonzero(n: Notation, node: Node) -> Text:
    if n.exact:
        return bound_call(n, node)
    text = n.call(f"{n.prefix}nonzero", *node.inputs)
    return Text(f"{text}[0]") if len(node.outputs) == 1 else text


@writes("check")
def _check(n: Notation, node: Node) -> Text:
    return bound_call(n, node) if n.exact else Text(f"assert not {n.of(node.inputs[0]).at(5)}")
