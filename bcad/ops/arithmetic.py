"""Arithmetic, comparisons, logic and selection, element by element."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Value

from .elementwise_op import Elementwise, broadcast_like, elementwise, through_mask, to_cotangent
from .op import BY_NAME, Zero, register
from .samples import Sample, booleans, complexes, positives, reals
from .shapes import broadcast, promote, result_kind

_PAIRS = [
    Sample(reals(), reals()),
    Sample(reals(3), reals(3)),
    Sample(reals(2, 3), reals(3)),
    Sample(reals(2, 1), 2.5),
    Sample(complexes(3), reals(3)),
]


class Addition(Elementwise):
    """``a + b``: jointly linear, so a Zero side leaves the other."""

    def with_zeros(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        a, b = inputs
        if type(a) is Zero and type(b) is Zero:
            return self._zero_result(inputs, attrs)
        return b if type(a) is Zero else a


class Subtraction(Elementwise):
    """``a - b``: jointly linear, so a Zero side leaves the other, or its negative."""

    def with_zeros(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        a, b = inputs
        if type(a) is Zero and type(b) is Zero:
            return self._zero_result(inputs, attrs)
        return negative(b) if type(a) is Zero else a


class Bilinear(Elementwise):
    """Linear in each argument: zero if one side is structurally zero."""

    linear = (0, 1)


class LinearInFirst(Elementwise):
    linear = (0,)


add = elementwise(
    "add", np.add, [1, 1], scalar="{0} + {1}", python=operator.add, infix="{0} + {1}",
    aliases=[operator.add], samples=_PAIRS, base=Addition,
)
subtract = elementwise(
    "subtract", np.subtract, [1, -1], scalar="{0} - {1}", python=operator.sub, infix="{0} - {1}",
    aliases=[operator.sub], samples=_PAIRS, base=Subtraction,
)
multiply = elementwise(
    "multiply", np.multiply, [lambda z, x, y: y, lambda z, x, y: x],
    scalar="{0} * {1}", python=operator.mul, infix="{0}*{1}", aliases=[operator.mul],
    samples=_PAIRS, base=Bilinear,
)
divide = elementwise(
    "divide", np.true_divide, [lambda z, x, y: 1 / y, lambda z, x, y: -z / y],
    scalar="{0} / {1}", python=operator.truediv, infix="{0}/{1}", aliases=[operator.truediv],
    samples=[Sample(reals(), positives()), Sample(reals(2, 3), positives(3)), Sample(complexes(2), complexes(2))],
    base=LinearInFirst,
)
negative = elementwise(
    "negative", np.negative, [-1], scalar="-{0}", python=operator.neg, infix="-{0}",
    aliases=[operator.neg], samples=[Sample(reals()), Sample(reals(2, 3)), Sample(complexes(2))],
    base=LinearInFirst,
)

for _name, _function, _symbol, _python in (
    ("less", np.less, "<", operator.lt),
    ("less_equal", np.less_equal, "<=", operator.le),
    ("greater", np.greater, ">", operator.gt),
    ("greater_equal", np.greater_equal, ">=", operator.ge),
    ("equal", np.equal, "==", operator.eq),
    ("not_equal", np.not_equal, "!=", operator.ne),
):
    elementwise(
        _name, _function, None, scalar=f"{{0}} {_symbol} {{1}}", python=_python,
        infix=f"{{0}} {_symbol} {{1}}", aliases=[_python], samples=_PAIRS,
    )

logical_or = elementwise(
    "logical_or", np.logical_or, None, scalar="{0} or {1}",
    samples=[Sample(booleans(3), booleans(3)), Sample(reals(3), booleans(2, 3))],
)


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
    )

    def type_rule(self, *inputs: ArrayType) -> ArrayType:
        condition, a, b = inputs
        shape = broadcast(condition.shape, a.shape, b.shape)
        return ArrayType(promote(a, b), shape)  # np.where gives an array also of no dimensions

    def evaluate(self, *inputs: Any) -> Any:
        return np.where(*inputs)

    def jvp(self, y: Value, *rest: Any) -> Any:
        condition, _, _, da, db = rest
        if type(da) is Zero and type(db) is Zero:
            return Zero(y.type)
        if type(db) is Zero:
            return broadcast_like(mask(condition, da), y)
        if type(da) is Zero:
            return broadcast_like(mask(BY_NAME["logical_not"](condition), db), y)
        return broadcast_like(self(condition, da, db), y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        condition, a, b = inputs
        other = BY_NAME["logical_not"](condition)
        return None, self._side(g, condition, a), self._side(g, other, b)

    @staticmethod
    def _side(g: Any, condition: Value, x: Value) -> Any:
        if not x.type.differentiable:
            return None
        return to_cotangent(through_mask(g, lambda h: mask(condition, h)), x)


where = register(Where())

Value.operators.update(
    __add__=add, __radd__=lambda a, b: add(b, a),
    __sub__=subtract, __rsub__=lambda a, b: subtract(b, a),
    __mul__=multiply, __rmul__=lambda a, b: multiply(b, a),
    __truediv__=divide, __rtruediv__=lambda a, b: divide(b, a),
    __neg__=negative,
    __lt__=BY_NAME["less"], __le__=BY_NAME["less_equal"],
    __gt__=BY_NAME["greater"], __ge__=BY_NAME["greater_equal"],
)
