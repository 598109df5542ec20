"""What derivative rules share: sums under masks, undoing broadcasting and promotion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bcad.ir import Kind, Value

from .arguments import numeric
from .op import BY_NAME, Zero


def add(a: Any, b: Any) -> Any:
    """``a + b`` where either may be Zero."""
    return BY_NAME["add"](a, b)


def through_mask(g: Any, rule: Callable[[Any], Any]) -> Any:
    """Apply a linear elementwise `rule` under the mask of `g`, if it has one.

    ``where(c, sqrt(x), 0)`` sends back ``mask(c, g)``; multiplied by ``inf`` where c is false
    it would be nan.  Keeping the mask outside makes the hidden elements exactly zero.
    """
    node = g.node if isinstance(g, Value) else None
    if node is not None and node.op is BY_NAME["mask"]:
        condition, inner = node.inputs
        return BY_NAME["mask"](condition, rule(inner))  # type: ignore[operator]
    return rule(g)


def masked(g: Any) -> tuple[Value, Value] | None:
    """The condition and the elements of a ``mask(condition, elements)``, both of its shape."""
    node = g.node if isinstance(g, Value) else None
    if node is None or node.op is not BY_NAME["mask"]:
        return None
    stretch = BY_NAME["broadcast_to"]
    condition, inner = (x if tuple(x.shape) == tuple(g.shape) else stretch(x, shape=g.shape) for x in node.inputs)
    return condition, inner


def rearranged(g: Any, move: Callable[[Any], Any]) -> Any:
    """Apply a rearrangement to a cotangent; what a mask hides moves with it and stays hidden.

    So ``where(c, sqrt(x).sum(), 0)`` hides all of the derivative of ``sqrt`` if c is false.
    """
    split = masked(g)
    if split is None:
        return move(g)
    condition, inner = split
    return BY_NAME["mask"](move(condition), move(inner))


def accumulate(a: Any, b: Any) -> Any:
    """The sum of two cotangents; what both masks hide stays hidden."""
    mask = BY_NAME["mask"]
    nodes = [x.node if isinstance(x, Value) else None for x in (a, b)]
    if all(n is not None and n.op is mask for n in nodes):
        (c, _), (d, _) = nodes[0].inputs, nodes[1].inputs  # type: ignore[union-attr]
        return mask(BY_NAME["logical_or"](c, d), add(a, b))
    return add(a, b)


def to_cotangent(g: Any, x: Value | Zero) -> Any:
    """A cotangent for `x` from one of a broadcast, promoted result: summed, real if x is, cast."""
    if type(g) is Zero:
        return Zero(x.type)
    g = unbroadcast(g, x.shape)
    if g.type.is_complex and not x.type.is_complex:
        g = through_mask(g, BY_NAME["real"])
    return g if g.dtype == x.dtype else through_mask(g, lambda h: cast(h, x.dtype))


def unbroadcast(g: Any, shape: Sequence[Any]) -> Any:
    """Sum over the axes that broadcasting added or stretched."""
    if tuple(g.shape) == tuple(shape):
        return g
    extra = g.ndim - len(shape)
    stretched = [
        extra + k for k, size in enumerate(shape) if size == 1 and g.shape[extra + k] != 1
    ]
    axes = (*range(extra), *stretched)
    split = masked(g)
    if split is None:
        return _folded("sum", g, axes, tuple(shape))
    seen = _folded("any", split[0], axes, tuple(shape))  # hidden where all of the terms are
    return BY_NAME["mask"](seen, _folded("sum", g, axes, tuple(shape)))


def _folded(name: str, x: Any, axes: tuple[int, ...], shape: tuple[Any, ...]) -> Any:
    if axes:
        x = BY_NAME[name](x, axis=axes, keepdims=False)
    if tuple(x.shape) != shape:  # also sizes that are equal but written differently
        x = BY_NAME["reshape"](x, shape=shape)
    return x


def broadcast_like(x: Any, y: Value) -> Any:
    """`x`, stretched to the shape of `y` and cast to its dtype (a tangent of `y`)."""
    if type(x) is Zero:
        return Zero(y.type)
    if tuple(x.shape) != tuple(y.shape):
        x = BY_NAME["broadcast_to"](x, shape=y.shape)
    return cast(x, y.dtype)


def cast(x: Any, dtype: Any) -> Any:
    """`x` with another dtype, unless it has it; a Python number becomes a NumPy scalar."""
    if x.dtype == dtype:
        return x
    if type(x) is not Zero and x.type.kind is Kind.PYTHON:
        return BY_NAME["as_kind"](x, kind=Kind.SCALAR, dtype=numeric(dtype))
    return BY_NAME["astype"](x, dtype=numeric(dtype))
