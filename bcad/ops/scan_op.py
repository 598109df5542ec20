"""Running sums, products and extremes; the linear recurrence that their derivatives are.

``cumprod`` is ``y[i] = x[i] * y[i-1]``.  Differentiated, that is a linear recurrence for the
tangents, and backwards another one for the cotangents: no division, so zeros are exact, and
nothing but scans and shifts however often one differentiates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Value

from .cotangents import cast, to_cotangent
from .op import BY_NAME, Op, Zero, define, register
from .reduce_op import accumulator
from .samples import Sample, complexes, integers, reals
from .shapes import promote, require_equal

_SAMPLES = (
    Sample(reals(4), axis=0, reverse=False),
    Sample(reals(2, 3), axis=1, reverse=True),
    Sample(reals(2, 3, 2), axis=1, reverse=False),
    Sample(integers(4), axis=0, reverse=False),
)


class Scan(Op):
    """A fold along `axis` of which every step is kept; from the end if `reverse`."""

    def type_rule(self, x: ArrayType, *, axis: int, reverse: bool) -> ArrayType:
        return ArrayType(self.result_dtype(x), x.shape)

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return x.dtype

    def evaluate(self, x: Any, *, axis: int, reverse: bool) -> Any:
        if not reverse:
            return self.numpy(x, axis=axis)
        return np.flip(self.numpy(np.flip(x, axis), axis=axis), axis)


class CumSum(Scan):
    """``cumsum(x, axis)``: linear; its transpose sums from the other end."""

    name = "cumsum"
    numpy = np.cumsum
    linear = (0,)
    samples = (*_SAMPLES, Sample(complexes(3), axis=0, reverse=False))

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return accumulator(x.dtype)

    def jvp(self, y: Value, x: Value, dx: Any, **attrs: Any) -> Any:
        return self(dx, **attrs)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: int, reverse: bool) -> tuple[Any]:
        return (to_cotangent(self(g, axis=axis, reverse=not reverse), x),)


class CumProd(Scan):
    """``cumprod(x, axis)``."""

    name = "cumprod"
    numpy = np.cumprod
    samples = (
        *_SAMPLES,
        Sample(np.array([2.0, 0.0, 3.0, 0.0, 5.0]), axis=0, reverse=False),
        Sample(complexes(3), axis=0, reverse=False),
    )

    def result_dtype(self, x: ArrayType) -> np.dtype[Any]:
        return accumulator(x.dtype)

    def jvp(self, y: Value, x: Value, dx: Any, *, axis: int, reverse: bool) -> Any:
        step = -1 if reverse else 1
        before = shift(y, axis=axis, by=step, fill=1)
        return linear_scan(x, dx * before, axis=axis, reverse=reverse)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: int, reverse: bool) -> tuple[Any]:
        step = -1 if reverse else 1
        w = linear_scan(shift(x, axis=axis, by=-step, fill=0), g, axis=axis, reverse=not reverse)
        return (to_cotangent(w * shift(y, axis=axis, by=step, fill=1), x),)


class CumExtreme(Scan):
    """``maximum.accumulate``: each step keeps the record or takes the new element; ties halve."""

    samples = _SAMPLES
    beats: str
    lowest: float

    def taken(self, y: Value, x: Value, axis: int, reverse: bool) -> Any:
        """How much of each step is the new element: 1, 1/2 or 0."""
        record = shift(y, axis=axis, by=-1 if reverse else 1, fill=self.lowest)
        wins = cast(BY_NAME[self.beats](x, record), y.dtype)
        return wins + 0.5 * cast(BY_NAME["equal"](x, record), y.dtype)

    def jvp(self, y: Value, x: Value, dx: Any, *, axis: int, reverse: bool) -> Any:
        if type(dx) is Zero:
            return Zero(y.type)
        w = self.taken(y, x, axis, reverse)
        return linear_scan(1 - w, w * dx, axis=axis, reverse=reverse)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: int, reverse: bool) -> tuple[Any]:
        w = self.taken(y, x, axis, reverse)
        kept = shift(1 - w, axis=axis, by=1 if reverse else -1, fill=0)
        return (to_cotangent(w * linear_scan(kept, g, axis=axis, reverse=not reverse), x),)


class CumMax(CumExtreme):
    name = "cummax"
    numpy = np.maximum.accumulate
    beats, lowest = "greater", -np.inf


class CumMin(CumExtreme):
    name = "cummin"
    numpy = np.minimum.accumulate
    beats, lowest = "less", np.inf


@define
class Shift(Op):
    """``shift(x, axis, by)``: ``y[i] = x[i - by]``, `fill` where there is no such element; by is 1 or -1."""

    linear = (0,)
    samples = (
        Sample(reals(4), axis=0, by=1, fill=1),
        Sample(reals(2, 3), axis=1, by=-1, fill=0),
        Sample(reals(1), axis=0, by=1, fill=1),
        Sample(reals(0), axis=0, by=1, fill=1),
    )

    def type_rule(self, x: ArrayType, *, axis: int, by: int, fill: float) -> ArrayType:
        return x

    def evaluate(self, x: Any, *, axis: int, by: int, fill: float) -> Any:
        x = np.moveaxis(x, axis, 0)
        y = np.full(x.shape, fill, x.dtype)
        if by == 1:
            y[1:] = x[:-1]
        else:
            y[:-1] = x[1:]
        return np.moveaxis(y, 0, axis)

    def jvp(self, y: Value, x: Value, dx: Any, *, axis: int, by: int, fill: float) -> Any:
        return self(dx, axis=axis, by=by, fill=0)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: int, by: int, fill: float) -> tuple[Any]:
        return (self(g, axis=axis, by=-by, fill=0),)


@define
class LinearScan(Op):
    """``y[i] = a[i] * y[i-1] + b[i]`` along `axis`, from 0; from the end if `reverse`."""

    linear = (1,)
    samples = (
        Sample(reals(4), reals(4), axis=0, reverse=False),
        Sample(reals(2, 3), reals(2, 3), axis=1, reverse=True),
        Sample(complexes(3), complexes(3), axis=0, reverse=False),
    )

    def type_rule(self, a: ArrayType, b: ArrayType, *, axis: int, reverse: bool) -> ArrayType:
        for m, n in zip(a.shape, b.shape, strict=True):
            require_equal("a length of a", m, "that of b", n)
        return ArrayType(promote(a, b), b.shape)

    def evaluate(self, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
        a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
        y = np.empty(b.shape, np.result_type(a, b))
        state = np.zeros(b.shape[1:], y.dtype)
        for i in reversed(range(len(b))) if reverse else range(len(b)):
            y[i] = state = a[i] * state + b[i]
        return np.moveaxis(y, 0, axis)

    def jvp(self, y: Value, a: Value, b: Value, da: Any, db: Any, *, axis: int, reverse: bool) -> Any:
        source = da * shift(y, axis=axis, by=-1 if reverse else 1, fill=0) + db
        return self(a, source, axis=axis, reverse=reverse)

    def vjp(self, g: Any, y: Value, a: Value, b: Value, *, axis: int, reverse: bool) -> tuple[Any, Any]:
        step = -1 if reverse else 1
        w = self(shift(a, axis=axis, by=-step, fill=0), g, axis=axis, reverse=not reverse)
        return to_cotangent(w * shift(y, axis=axis, by=step, fill=0), a), to_cotangent(w, b)


shift: Callable[..., Any] = BY_NAME["shift"]
linear_scan: Callable[..., Any] = BY_NAME["linear_scan"]
for _cls in (CumSum, CumProd, CumMax, CumMin):
    register(_cls())
