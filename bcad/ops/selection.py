"""Choosing between elements: mask, where, maximum and minimum with shared ties, clip."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Value

from .convert import cast, number_of, operand, strong
from .elementwise_op import Elementwise, broadcast_like, elementwise, through_mask, to_cotangent, varies
from .logic import logical_not
from .op import BY_NAME, FUNCTIONS, Zero, implements, register
from .samples import Sample, booleans, complexes, integers, reals
from .shapes import broadcast, promote, result_kind
from .ufunc import numbers


class Mask(Elementwise):
    """``mask(c, g)`` is g where c, else a zero that was never computed (see `through_mask`)."""

    name = "mask"
    scalar = "{1} if {0} else 0"
    linear = (1,)
    samples = (Sample(booleans(3), reals(3)), Sample(booleans(2, 3), reals(2, 3)))

    def type_rule(self, *inputs: ArrayType) -> ArrayType:
        condition, g = inputs
        shape = broadcast(condition.shape, g.shape)
        return ArrayType(g.dtype, shape, result_kind([g], shape))

    def evaluate(self, *inputs: Any) -> Any:
        condition, g = inputs
        return np.where(condition, g, np.zeros((), np.asarray(g).dtype))

    def jvp(self, y: Value, *rest: Any) -> Any:
        condition, _, _, dg = rest
        return broadcast_like(self(condition, dg), y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        return None, to_cotangent(self(inputs[0], g), inputs[1])


mask = register(Mask())


class Where(Elementwise):
    """``where(c, a, b)``; the side not taken gets exactly zero, whatever its own derivative."""

    name = "where"
    numpy = np.where
    scalar = "{1} if {0} else {2}"
    samples = (
        Sample(booleans(3), reals(3), reals(3)),
        Sample(booleans(2, 1), reals(3), 0.5),
        Sample(booleans(3), complexes(3), reals(3)),
        Sample(integers(3), 1.0, reals(3)),
    )

    def type_rule(self, *inputs: ArrayType) -> ArrayType:
        condition, a, b = inputs
        shape = broadcast(condition.shape, a.shape, b.shape)
        return ArrayType(promote(a, b), shape)  # np.where gives an array also of no dimensions

    def loop_dtypes(self, *inputs: ArrayType) -> tuple[np.dtype[Any], ...]:
        dtype = promote(*inputs[1:])
        return np.dtype(bool), dtype, dtype

    def evaluate(self, *inputs: Any) -> Any:
        return np.where(*inputs)

    def jvp(self, y: Value, *rest: Any) -> Any:
        condition, _, _, _, da, db = rest
        if type(da) is Zero and type(db) is Zero:
            return Zero(y.type)
        if type(db) is Zero:
            return broadcast_like(mask(condition, da), y)
        if type(da) is Zero:
            return broadcast_like(mask(logical_not(condition), db), y)
        return broadcast_like(self(condition, da, db), y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        condition, a, b = inputs
        return None, self._side(g, condition, a), self._side(g, logical_not(condition) if varies(b) else None, b)

    @staticmethod
    def _side(g: Any, condition: Any, x: Value) -> Any:
        if not varies(x):
            return None
        return to_cotangent(through_mask(g, lambda h: mask(condition, h)), x)


where = register(Where())


@implements(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """``np.where``: with one argument it is ``nonzero``."""
    if x is None and y is None:
        return FUNCTIONS[np.nonzero](condition)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    return where(operand(condition), operand(x), operand(y))


class Extremum(Elementwise):
    """The larger or smaller of two numbers; at a tie each has half of the derivative.

    Hidden elements are masked, so ``sqrt(maximum(x, 0))`` has derivative 0 where x < 0.
    """

    _PAIRS = (
        Sample(reals(3), reals(3)),
        Sample(reals(2, 3), reals(3)),
        Sample(reals(3), 0.5),
        Sample(reals(), reals()),
        Sample(reals(3), integers(3, low=-1)),
    )
    wins: Any  # the op that says whether the first is taken or ties

    def share(self, g: Any, x: Value, other: Value) -> Any:
        """The part of `g` that goes to `x`."""
        halved = where(BY_NAME["equal"](x, other), 0.5 * g, g) if type(g) is not Zero else g
        return through_mask(halved, lambda h: mask(self.taken(x, other), h))

    def taken(self, x: Value, other: Value) -> Value:
        return self.wins(x, other)

    def jvp(self, y: Value, *rest: Any) -> Any:
        a, b, da, db = rest
        return broadcast_like(self.share(da, a, b) + self.share(db, b, a), y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        a, b = inputs
        return (
            to_cotangent(self.share(g, a, b), a) if varies(a) else None,
            to_cotangent(self.share(g, b, a), b) if varies(b) else None,
        )


class IgnoringNan(Extremum):
    """As `Extremum`; where one side is nan the other is taken."""

    def taken(self, x: Value, other: Value) -> Value:
        return self.wins(x, other) | BY_NAME["isnan"](other)


for _name, _numpy, _wins, _symbol, _base, _skip in (
    ("maximum", np.maximum, "greater_equal", ">=", Extremum, 0),
    ("minimum", np.minimum, "less_equal", "<=", Extremum, 0),
    ("fmax", np.fmax, "greater_equal", ">=", IgnoringNan, 1),
    ("fmin", np.fmin, "less_equal", "<=", IgnoringNan, 1),
):
    _op = elementwise(
        _name, _numpy, [], base=_base, samples=Extremum._PAIRS,
        scalar=f"{{0}} if {{0}} {_symbol} {{1}} or isnan({{{_skip}}}) else {{1}}",
    )
    _op.wins = BY_NAME[_wins]

maximum, minimum = BY_NAME["maximum"], BY_NAME["minimum"]


class Clip(Elementwise):
    """``clip(x, low, high)`` is ``minimum(maximum(x, low), high)``, also for its derivatives."""

    name = "clip"
    numpy = np.clip
    scalar = "min(max({0}, {1}), {2})"
    samples = (
        Sample(reals(5), -0.5, 0.75),
        Sample(reals(5), reals(5, low=-2, high=0), reals(5, low=0, high=2)),
        Sample(reals(2, 3), reals(3, low=-2, high=0), 0.5),
    )

    def result_dtype(self, *inputs: ArrayType) -> np.dtype[Any]:
        return promote(*inputs)

    def loop_dtypes(self, *inputs: ArrayType) -> tuple[np.dtype[Any], ...]:
        return (promote(*inputs),) * 3

    def jvp(self, y: Value, *rest: Any) -> Any:
        x, low, high, dx, dlow, dhigh = rest
        inner = maximum(x, low)
        dinner = maximum.share(dx, x, low) + maximum.share(dlow, low, x)
        return broadcast_like(minimum.share(dinner, inner, high) + minimum.share(dhigh, high, inner), y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        x, low, high = inputs
        inner = maximum(x, low)
        h = minimum.share(g, inner, high)
        return (
            to_cotangent(maximum.share(h, x, low), x) if varies(x) else None,
            to_cotangent(maximum.share(h, low, x), low) if varies(low) else None,
            to_cotangent(minimum.share(g, high, inner), high) if varies(high) else None,
        )


clip = register(Clip())


@implements(np.clip, method="clip")
def _clip(
    a: Any, a_min: Any = np._NoValue, a_max: Any = np._NoValue, out: Any = None, *, min: Any = np._NoValue,
    max: Any = np._NoValue, dtype: Any = None, **kwargs: Any,
) -> Value:
    """``np.clip``; a bound that is None or missing does not bind."""
    low = _given(a_min, min)
    high = _given(a_max, max)
    x = strong(operand(a))
    if low is None and high is None:
        (result,) = numbers((x,))
        result = result if result.ndim else BY_NAME["as_kind"](result, kind=Kind.SCALAR, dtype=result.dtype)
    elif high is None:
        result = maximum(*numbers((x, low)))
    elif low is None:
        result = minimum(*numbers((x, high)))
    else:
        result = clip(*numbers((x, low, high)))
    return result if dtype is None else cast(result, dtype)


def _given(old: Any, new: Any) -> Any:
    chosen = new if old is np._NoValue else old
    return None if chosen is np._NoValue else chosen


@implements(np.nan_to_num)
def _nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Value:
    """Replaced elements are constants: their derivative is zero."""
    if not copy:
        raise NotImplementedError("np.nan_to_num(x, copy=False), which writes to x, is not traced: write x[...] = np.nan_to_num(x)")
    (x,) = numbers((x,))
    x = number_of(x)
    if x.dtype.kind not in "fc":
        return x
    if x.type.is_complex:
        parts = (_nan_to_num(BY_NAME[p](x), True, nan, posinf, neginf) for p in ("real", "imag"))
        real, imag = parts
        return real + 1j * imag
    limits = np.finfo(x.dtype)
    high, low = limits.max if posinf is None else posinf, limits.min if neginf is None else neginf
    result = where(BY_NAME["equal"](x, -np.inf), x.dtype.type(low), x)
    result = where(BY_NAME["equal"](x, np.inf), x.dtype.type(high), result)
    return _like(where(BY_NAME["isnan"](x), x.dtype.type(nan), result), x)


def _like(result: Value, x: Value) -> Value:
    """A 0-d array result as a scalar if `x` was one."""
    if x.type.kind is Kind.SCALAR and not result.shape:
        return BY_NAME["as_kind"](result, kind=Kind.SCALAR, dtype=result.dtype)
    return result
