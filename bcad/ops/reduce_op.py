"""Reduction: the family of ops that fold axes away: sum, prod, max, min, mean, any, all, argmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Kind, Value, product

from .cotangents import cast, rearranged, through_mask, to_cotangent
from .op import BY_NAME, Op, Zero, register
from .samples import Sample, booleans, complexes, integers, reals

Axes = tuple[int, ...]


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

    def type_rule(self, x: ArrayType, *, axis: Axes, keepdims: bool) -> ArrayType:
        if self.identity is None and any(isinstance(x.shape[k], int) and x.shape[k] == 0 for k in axis):
            raise ValueError(f"zero-size array to reduction operation {self.name} which has no identity")
        shape = reduced_shape(x.shape, axis, keepdims)
        return ArrayType(self.result_dtype(x), shape, Kind.ARRAY if shape else Kind.SCALAR)

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return x.dtype

    def evaluate(self, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        return self.numpy(x, axis=axis, keepdims=keepdims)


def reduced_shape(shape: tuple[Any, ...], axis: Axes, keepdims: bool) -> tuple[Any, ...]:
    """The shape that is left; 1 in place of a folded axis if `keepdims`."""
    if keepdims:
        return tuple(1 if k in axis else size for k, size in enumerate(shape))
    return tuple(size for k, size in enumerate(shape) if k not in axis)


def expand_reduced(g: Any, x: Value, axis: Axes, keepdims: bool) -> Any:
    """What stands at the place of a result, stretched back over the folded axes."""

    def stretch(h: Any) -> Any:
        if not keepdims and axis and len(axis) < x.ndim:
            h = BY_NAME["reshape"](h, shape=reduced_shape(x.shape, axis, True))
        return BY_NAME["broadcast_to"](h, shape=x.shape)

    return rearranged(g, stretch) if x.shape else g


_SAMPLES = (
    Sample(reals(4), axis=(0,), keepdims=False),
    Sample(reals(2, 3), axis=(1,), keepdims=True),
    Sample(reals(2, 3, 2), axis=(0, 2), keepdims=False),
    Sample(integers(2, 3), axis=(0,), keepdims=False),
)


class Sum(Reduction):
    """``sum(x, axis)`` in NumPy's accumulator dtype."""

    name = "sum"
    numpy = np.sum
    combine = "{acc} + {x}"
    identity = 0.0
    linear = (0,)
    samples = (
        *_SAMPLES,
        Sample(complexes(3), axis=(0,), keepdims=False),
        Sample(reals(0, 3), axis=(0,), keepdims=False),
        Sample(booleans(3), axis=(0,), keepdims=False),
    )

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return accumulator(x.dtype)

    def jvp(self, y: Value, x: Value, dx: Any, **attrs: Any) -> Any:
        return self(dx, **attrs)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: Axes, keepdims: bool) -> tuple[Any]:
        return (to_cotangent(expand_reduced(g, x, axis, keepdims), x),)


def accumulator(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """NumPy sums and multiplies small integers in the platform's long."""
    return np.sum(np.zeros(1, dtype)).dtype if dtype.kind in "biu" else dtype


class Mean(Reduction):
    """``mean(x, axis)``; integers are averaged in float64."""

    name = "mean"
    numpy = np.mean
    identity = np.nan
    linear = (0,)
    samples = (*_SAMPLES, Sample(complexes(3), axis=(0,), keepdims=False))

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return np.dtype(float) if x.dtype.kind in "biu" else x.dtype

    def jvp(self, y: Value, x: Value, dx: Any, **attrs: Any) -> Any:
        return self(dx, **attrs)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: Axes, keepdims: bool) -> tuple[Any]:
        share = through_mask(g, lambda h: h / count(x, axis))
        return (to_cotangent(expand_reduced(share, x, axis, keepdims), x),)


def count(x: Value, axis: Axes) -> Value:
    """How many elements are folded into one, as a Python int."""
    return Builder.current().size(product(x.shape[k] for k in axis))


class Prod(Reduction):
    """``prod(x, axis)``; each derivative is the product of the others, never a quotient: zeros are fine."""

    name = "prod"
    numpy = np.prod
    combine = "{acc} * {x}"
    identity = 1.0
    samples = (
        *_SAMPLES,
        Sample(np.array([2.0, 0.0, 3.0]), axis=(0,), keepdims=False),
        Sample(np.array([2.0, 0.0, 0.0]), axis=(0,), keepdims=False),
        Sample(complexes(3), axis=(0,), keepdims=False),
        Sample(reals(0), axis=(0,), keepdims=False),
    )

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return accumulator(x.dtype)

    def jvp(self, y: Value, x: Value, dx: Any, *, axis: Axes, keepdims: bool) -> Any:
        return BY_NAME["sum"](dx * others(x, axis), axis=axis, keepdims=keepdims)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: Axes, keepdims: bool) -> tuple[Any]:
        stretched = expand_reduced(g, x, axis, keepdims)
        return (to_cotangent(through_mask(stretched, lambda h: h * others(x, axis)), x),)


def others(x: Value, axis: Axes) -> Any:
    """For each element the product of the others that are folded with it."""
    order = (*(k for k in range(x.ndim) if k not in axis), *axis)
    kept = tuple(x.shape[k] for k in order[: x.ndim - len(axis)])
    moved = BY_NAME["transpose"](x, axes=order)
    rows = BY_NAME["reshape"](moved, shape=(*kept, product(x.shape[k] for k in axis)))
    last = len(kept)
    before, after = (BY_NAME["cumprod"](rows, axis=last, reverse=r) for r in (False, True))
    shift = BY_NAME["shift"]
    result = shift(before, axis=last, by=1, fill=1) * shift(after, axis=last, by=-1, fill=1)
    result = BY_NAME["reshape"](result, shape=moved.shape)
    return BY_NAME["transpose"](result, axes=tuple(int(k) for k in np.argsort(order)))


class Extreme(Reduction):
    """The largest or smallest element; equal ones share the derivative equally."""

    samples = (*_SAMPLES, Sample(np.array([1.0, 2.0, 2.0]), axis=(0,), keepdims=False).at_kink())

    def shares(self, y: Value, x: Value, axis: Axes, keepdims: bool) -> tuple[Any, Any]:
        """Which elements are extreme, and how many of them there are."""
        taken = BY_NAME["equal"](x, expand_reduced(y, x, axis, keepdims))
        ones = taken if not x.shape else BY_NAME["astype"](taken, dtype=x.dtype)
        return taken, BY_NAME["sum"](ones, axis=axis, keepdims=keepdims)

    def jvp(self, y: Value, x: Value, dx: Any, *, axis: Axes, keepdims: bool) -> Any:
        if type(dx) is Zero:
            return Zero(y.type)
        taken, number = self.shares(y, x, axis, keepdims)
        total = BY_NAME["sum"](BY_NAME["mask"](taken, dx), axis=axis, keepdims=keepdims)
        return cast(total / number, y.dtype)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: Axes, keepdims: bool) -> tuple[Any]:
        taken, number = self.shares(y, x, axis, keepdims)
        share = expand_reduced(through_mask(g, lambda h: h / number), x, axis, keepdims)
        return (to_cotangent(through_mask(share, lambda h: BY_NAME["mask"](taken, h)), x),)


class Max(Extreme):
    name = "max"
    numpy = np.max
    combine = "{acc} if {acc} >= {x} or isnan({acc}) else {x}"


class Min(Extreme):
    name = "min"
    numpy = np.min
    combine = "{acc} if {acc} <= {x} or isnan({acc}) else {x}"


class NanMax(Extreme):
    """The largest element that is not nan."""

    name = "nanmax"
    numpy = np.fmax.reduce
    combine = "{acc} if {acc} >= {x} or isnan({x}) else {x}"


class NanMin(Extreme):
    """The smallest element that is not nan."""

    name = "nanmin"
    numpy = np.fmin.reduce
    combine = "{acc} if {acc} <= {x} or isnan({x}) else {x}"


class Truth(Reduction):
    """any and all: of numbers too."""

    differentiable = False
    samples = (
        Sample(booleans(4), axis=(0,), keepdims=False),
        Sample(booleans(2, 3), axis=(1,), keepdims=True),
        Sample(reals(2, 3), axis=(0, 1), keepdims=False),
        Sample(booleans(0, 2), axis=(0,), keepdims=False),
    )

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return np.dtype(bool)


class Any_(Truth):
    name = "any"
    numpy = np.any
    combine = "{acc} or {x} != 0"
    identity = False


class All(Truth):
    name = "all"
    numpy = np.all
    combine = "{acc} and {x} != 0"
    identity = True


class ArgExtreme(Op):
    """The index of the first extreme element along `axis`, or in the flat array if it is None."""

    differentiable = False
    samples = (
        Sample(reals(5), axis=None, keepdims=False),
        Sample(reals(2, 3), axis=1, keepdims=False),
        Sample(reals(2, 3), axis=0, keepdims=True),
        Sample(np.array([1.0, np.nan, 3.0]), axis=0, keepdims=False),
    )

    def type_rule(self, x: ArrayType, *, axis: int | None, keepdims: bool) -> ArrayType:
        axes = tuple(range(x.ndim)) if axis is None else (axis,)
        if any(isinstance(x.shape[k], int) and x.shape[k] == 0 for k in axes):
            raise ValueError(f"attempt to get {self.name} of an empty sequence")
        shape = reduced_shape(x.shape, axes, keepdims)
        return ArrayType(np.dtype(np.intp), shape, Kind.ARRAY if shape else Kind.SCALAR)

    def evaluate(self, x: Any, *, axis: int | None, keepdims: bool) -> Any:
        return self.numpy(x, axis=axis, keepdims=keepdims)


class ArgMax(ArgExtreme):
    name = "argmax"
    numpy = np.argmax


class ArgMin(ArgExtreme):
    name = "argmin"
    numpy = np.argmin


sum_ = register(Sum())
for _cls in (Mean, Prod, Max, Min, NanMax, NanMin, Any_, All, ArgMax, ArgMin):
    register(_cls())
