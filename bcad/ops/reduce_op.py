"""Reduction: the family of ops that fold axes away; sum, which derivatives themselves need."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Value

from .elementwise_op import to_cotangent
from .op import BY_NAME, Op, register
from .samples import Sample, complexes, reals


class Reduction(Op):
    """Fold `axis` (a sorted tuple of non-negative axes) with an associative operation.

    Attributes
    ----------
    combine : str
        The fold on scalars, of ``{acc}`` and ``{x}``; what both numba printers emit.
    identity : float or None
        What an empty fold gives; None if NumPy refuses one.
    """

    combine: str = ""
    identity: float | None = None

    def type_rule(self, x: ArrayType, *, axis: tuple[int, ...], keepdims: bool) -> ArrayType:
        shape = reduced_shape(x.shape, axis, keepdims)
        return ArrayType(self.result_dtype(x), shape, Kind.ARRAY if shape else Kind.SCALAR)

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return x.dtype

    def evaluate(self, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return self.numpy(x, axis=axis, keepdims=keepdims)


def reduced_shape(shape: tuple[Any, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[Any, ...]:
    """The shape that is left; 1 in place of a folded axis if `keepdims`."""
    if keepdims:
        return tuple(1 if k in axis else size for k, size in enumerate(shape))
    return tuple(size for k, size in enumerate(shape) if k not in axis)


def expand_reduced(g: Any, x: Value, axis: tuple[int, ...], keepdims: bool) -> Any:
    """A cotangent of the result, stretched back over the folded axes."""
    if not keepdims and axis and len(axis) < x.ndim:
        g = BY_NAME["reshape"](g, shape=reduced_shape(x.shape, axis, True))
    return BY_NAME["broadcast_to"](g, shape=x.shape)


class Sum(Reduction):
    """``sum(x, axis)`` in NumPy's accumulator dtype."""

    name = "sum"
    numpy = np.sum
    combine = "{acc} + {x}"
    identity = 0.0
    linear = (0,)
    samples = (
        Sample(reals(4), axis=(0,), keepdims=False),
        Sample(reals(2, 3), axis=(1,), keepdims=True),
        Sample(reals(2, 3, 2), axis=(0, 2), keepdims=False),
        Sample(complexes(3), axis=(0,), keepdims=False),
        Sample(reals(0, 3), axis=(0,), keepdims=False),
    )

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        if x.dtype.kind in "biu":  # NumPy sums small integers in the platform's long
            return np.sum(np.zeros(1, x.dtype)).dtype
        return x.dtype

    def jvp(self, y: Value, x: Value, dx: Any, **attrs: Any) -> Any:
        return self(dx, **attrs)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: tuple[int, ...], keepdims: bool) -> tuple[Any]:
        return (to_cotangent(expand_reduced(g, x, axis, keepdims), x),)


sum_ = register(Sum())
