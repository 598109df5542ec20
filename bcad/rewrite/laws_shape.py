"""Exact laws of layout: reshapes, transposes, broadcasts and casts that cancel or combine."""

from __future__ import annotations

from typing import Any

from bcad.ir import Kind, Value
from bcad.ops import BY_NAME

from .pattern import Attr, op, x
from .rule import RuleSet, node_rule, rule

p, q = Attr("p"), Attr("q")


@node_rule(exact=True)
def identity_layout(value: Value) -> Any:
    """A reshape, broadcast or cast to what the array is already."""
    node = value.node
    assert node is not None
    if node.op.name not in ("reshape", "broadcast_to", "astype", "as_kind"):
        return None
    return node.inputs[0]  # applies only where the types agree


@rule(op.reshape(op.reshape(x, shape=p), shape=q), exact=True)
def reshape_twice(x: Value, q: Any) -> Any:
    if not x.shape and not tuple(q):  # of a NumPy scalar np.reshape makes no array
        return BY_NAME["as_kind"](x, kind=Kind.ARRAY, dtype=x.dtype)
    return BY_NAME["reshape"](x, shape=q)


@rule(op.broadcast_to(op.broadcast_to(x, shape=p), shape=q), exact=True)
def broadcast_twice(x: Value, q: Any) -> Any:
    return BY_NAME["broadcast_to"](x, shape=q)


@rule(op.transpose(op.transpose(x, axes=p), axes=q), exact=True)
def transpose_twice(x: Value, p: Any, q: Any) -> Any:
    axes = tuple(p[i] for i in q)  # axis j of the result is axis p[q[j]] of x
    return x if axes == tuple(range(len(axes))) else BY_NAME["transpose"](x, axes=axes)


@rule(op.transpose(x, axes=p), exact=True)
def transpose_of_nothing(x: Value, p: Any) -> Any:
    return x if p == tuple(range(len(p))) else None


@rule(op.sum(x, axis=()), exact=True)
def sum_over_no_axes(x: Value) -> Any:
    return x


@node_rule(exact=True, op="set_item")
def write_back(value: Value) -> Any:
    """``x[i] = x[i]`` changes nothing."""
    node = value.node
    assert node is not None
    base, item, *arrays = node.inputs
    read = item.node
    if read is None or read.op.name not in ("getitem", "gather") or read.attrs["index"] != node.attrs["index"]:
        return None
    return base if read.inputs == (base, *arrays) else None


EXACT = RuleSet(
    identity_layout, reshape_twice, broadcast_twice, transpose_twice, transpose_of_nothing,
    sum_over_no_axes, write_back,
)
