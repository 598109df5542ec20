"""Joins of all slices of one array along its first axis: what concatenate and its kin make of a list of unknown length."""

from __future__ import annotations

from typing import Any

from bcad.ir import Value, assumptions

from .arguments import as_int
from .shape import moveaxis, ravel, to_shape
from .shapes import normalize_axis


def _require_some(x: Value) -> None:
    """NumPy's refusal to join nothing."""
    if assumptions().less(x.shape[0], 1):
        raise ValueError("need at least one array to concatenate")


def stack_rows(x: Value, axis: Any = 0) -> Value:
    """``np.stack([*x], axis)``."""
    _require_some(x)
    where = normalize_axis(as_int(axis), x.ndim)
    return x if where == 0 else moveaxis(x, 0, where)


def concatenate_rows(x: Value, axis: Any = 0) -> Value:
    """``np.concatenate([*x], axis)``."""
    _require_some(x)
    if axis is None:
        return ravel(x)
    if x.ndim < 2:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    k = normalize_axis(as_int(axis), x.ndim - 1)
    y = x if k == 0 else moveaxis(x, 0, k)
    return to_shape(y, (*y.shape[:k], y.shape[k] * y.shape[k + 1], *y.shape[k + 2 :]))


def vstack_rows(x: Value) -> Value:
    """``np.vstack([*x])``."""
    _require_some(x)
    if x.ndim == 1:
        return to_shape(x, (*x.shape, 1))
    return x if x.ndim == 2 else concatenate_rows(x)


def hstack_rows(x: Value) -> Value:
    """``np.hstack([*x])``."""
    _require_some(x)
    return x if x.ndim == 1 else concatenate_rows(x, 0 if x.ndim == 2 else 1)


def dstack_rows(x: Value) -> Value:
    """``np.dstack([*x])``."""
    _require_some(x)
    if x.ndim > 3:
        return concatenate_rows(x, 2)
    y = moveaxis(x, 0, -1)
    return to_shape(y, (*(1,) * (3 - y.ndim), *y.shape))


def column_stack_rows(x: Value) -> Value:
    """``np.column_stack([*x])``."""
    _require_some(x)
    if x.ndim == 1:
        return to_shape(x, (1, *x.shape))
    return moveaxis(x, 0, 1) if x.ndim == 2 else concatenate_rows(x, 1)
