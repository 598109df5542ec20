"""Tangents and cotangents as values: zeros, kinds at the border of a region, masks, sums in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Kind, Type, Value, constant_op
from bcad.ops import BY_NAME, Zero, accumulate, tangent_type, unbroadcast

BOOL = ArrayType(np.dtype(bool), (), Kind.SCALAR)


def differentiable(value: Value) -> bool:
    """Whether a value may have a derivative at all."""
    return isinstance(value.type, ArrayType) and value.type.differentiable


def zero_like(value: Value) -> Zero:
    """The structural zero of a value's tangent; None where there is none (an object)."""
    return Zero(value.type) if isinstance(value.type, ArrayType) else None  # type: ignore[return-value]


def zeros(type_: ArrayType) -> Value:
    """Zeros of a type: a constant if it is a number."""
    builder = Builder.current()
    number = type_.dtype.type(0)
    if type_.shape:
        full: Value = BY_NAME["full"](number, shape=type_.shape, dtype=type_.dtype)
        return full
    return builder.constant(np.asarray(number) if type_.kind is Kind.ARRAY else number)


def conform(g: Any, type_: Type) -> Value:
    """`g` as a Value of exactly this dtype, rank and kind, as the border of a region asks."""
    assert isinstance(type_, ArrayType)
    if g is None or type(g) is Zero:
        return zeros(type_)
    g = fit(g, type_)
    if not type_.shape and g.type.kind is not type_.kind:
        g = BY_NAME["as_kind"](g, kind=type_.kind, dtype=type_.dtype)
    return g


def fit(g: Any, type_: ArrayType) -> Any:
    """`g` with the dtype and shape of `type_`; real if that is (the rules of ops see to most)."""
    if type(g) is Zero:
        return g
    if g.ndim != type_.ndim:
        g = unbroadcast(g, type_.shape) if g.ndim > type_.ndim else BY_NAME["broadcast_to"](g, shape=type_.shape)
    if g.type.is_complex and not type_.is_complex:
        g = BY_NAME["real"](g)
    if g.dtype != type_.dtype:
        g = BY_NAME["astype"](g, dtype=type_.dtype)
    return g


def match(tangent: Any, value: Value) -> Any:
    """A tangent for `value`, with its dtype and shape; Zero stays Zero."""
    if tangent is None or type(tangent) is Zero:
        return zero_like(value)
    return fit(tangent, tangent_type(value.type))


# -- masks ----------------------------------------------------------------------------------------
def unmask(g: Any) -> tuple[Value | None, Any]:
    """``(condition, inner)`` of a masked value, ``(None, g)`` of any other."""
    node = g.node if isinstance(g, Value) else None
    if node is not None and node.op is BY_NAME["mask"]:
        condition, inner = node.inputs
        return condition, inner
    return None, g


def masked(condition: Value | None, g: Any) -> Any:
    """`g` where `condition` holds, exactly zero elsewhere."""
    if condition is None or g is None or type(g) is Zero:
        return g
    return BY_NAME["mask"](condition, g)


def flat(g: Any) -> Any:
    """One mask in place of several, so that a rule that looks under the mask sees what is computed."""
    outer, inner = unmask(g)
    condition, value = unmask(inner)
    if outer is None or condition is None:
        return g
    return flat(BY_NAME["mask"](BY_NAME["logical_and"](outer, condition), value))


def common_mask(cotangents: Sequence[Any]) -> tuple[Value | None, list[Any]]:
    """One number that says whether any of several cotangents is seen, and the cotangents without it.

    A pullback is linear: ``pull(mask(c, g))`` is ``mask(c, pull(g))``, and with the mask outside
    what an untaken branch computed (inf, nan) never meets the zero it would turn into nan.
    """
    conditions, inner = [], []
    for g in cotangents:
        condition, h = (None, g) if type(g) is Zero else unmask(g)
        if condition is not None and condition.ndim:
            condition, h = None, g
        if type(g) is not Zero:
            conditions.append(condition)
        inner.append(h)
    if not conditions or any(c is None for c in conditions):
        return None, list(cotangents)
    first = conditions[0]
    if all(c is first for c in conditions):
        return first, inner
    either = first
    for c in conditions[1:]:
        either = BY_NAME["logical_or"](either, c)
    return either, list(cotangents)


# -- sums -----------------------------------------------------------------------------------------
def total(a: Any, b: Any) -> Any:
    """``a + b``; a sum with zeros that were written at one place is written into the other.

    Reading ``x[i]`` gives x a cotangent that is zero but at i: adding arrays would cost O(n)
    for each element read, `index_add` into what is there costs O(1) once it is in place.
    """
    if a is None or type(a) is Zero:
        return b
    if b is None or type(b) is Zero:
        return a
    for dense, sparse in ((a, b), (b, a)):
        node = sparse.node
        if node is not None and node.op is BY_NAME.get("index_add") and _is_zeros(node.inputs[0]):
            if unmask(dense)[0] is None:
                return BY_NAME["index_add"](dense, *node.inputs[1:], **node.attrs)
    (c, g), (d, h) = unmask(a), unmask(b)
    return masked(c, BY_NAME["add"](g, h)) if c is not None and c is d else accumulate(a, b)


def _is_zeros(value: Value) -> bool:
    node = value.node
    if node is None or node.op is not BY_NAME["full"]:
        return False
    fill = node.inputs[0].node
    return fill is not None and fill.op is constant_op and not fill.attrs["value"].value
