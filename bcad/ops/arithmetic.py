"""Arithmetic: sums, products, quotients and remainders, element by element."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from bcad.ir import Value, constant_op

from .elementwise_op import Elementwise, elementwise
from .mathkind import not_a_number
from .op import BY_NAME, FUNCTIONS, Zero
from .samples import Sample, complexes, integers, positives, reals
from .ufunc import numbers

_PAIRS = [
    Sample(reals(), reals()),
    Sample(reals(3), reals(3)),
    Sample(reals(2, 3), reals(3)),
    Sample(reals(2, 1), 2.5),
    Sample(complexes(3), reals(3)),
    Sample(reals(3), integers(3, low=1)),
    Sample(1.5, 0.25),
]
_QUOTIENTS = [
    Sample(reals(), positives()),
    Sample(reals(2, 3), positives(3)),
    Sample(reals(3), integers(3, low=1)),
    Sample(1.5, 0.4),
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

    def operands(self, y: Value, *inputs: Value) -> tuple[Value, ...]:
        return (y, *inputs)  # the partials are the inputs themselves: nothing can raise


class LinearInFirst(Elementwise):
    linear = (0,)


def by_zero(y: Value, x: Value, divisor: Value) -> Value:
    """Where Python raises ZeroDivisionError."""
    return BY_NAME["equal"](divisor, 0)


def _partial_by_divisor(z: Value, x: Value, y: Value) -> Value:
    """``-x / y**2``; that of a real reciprocal needs no division."""
    known = x.node is not None and x.node.op is constant_op and x.node.attrs["value"].value
    reciprocal = z.dtype.kind == "f" and not x.shape and known == 1
    return -z * z if reciprocal else -z / y


add = elementwise(
    "add", np.add, [1, 1], scalar="{0} + {1}", python=operator.add, infix="{0} + {1}",
    aliases=[operator.add, operator.iadd], samples=_PAIRS, base=Addition,
)
subtract = elementwise(
    "subtract", np.subtract, [1, -1], scalar="{0} - {1}", python=operator.sub, infix="{0} - {1}",
    aliases=[operator.sub, operator.isub], samples=_PAIRS, base=Subtraction,
)
multiply = elementwise(
    "multiply", np.multiply, [lambda z, x, y: y, lambda z, x, y: x],
    scalar="{0} * {1}", python=operator.mul, infix="{0}*{1}", aliases=[operator.mul, operator.imul],
    samples=_PAIRS, base=Bilinear,
)
divide = elementwise(
    "divide", np.true_divide, [lambda z, x, y: 1 / y, _partial_by_divisor],
    scalar="{0} / {1}", python=operator.truediv, raises=by_zero, infix="{0}/{1}",
    aliases=[operator.truediv, operator.itruediv],
    samples=[*_QUOTIENTS, Sample(complexes(2), complexes(2))], base=LinearInFirst,
)
negative = elementwise(
    "negative", np.negative, [-1], scalar="-{0}", python=operator.neg, infix="-{0}", aliases=[operator.neg],
    samples=[Sample(reals()), Sample(reals(2, 3)), Sample(complexes(2)), Sample(1.5)], base=LinearInFirst,
)
positive = elementwise(
    "positive", np.positive, [1], scalar="{0}", python=operator.pos, infix="+{0}", aliases=[operator.pos],
    samples=[Sample(reals(3)), Sample(complexes(2)), Sample(1.5)], base=LinearInFirst,
)
floor_divide = elementwise(
    "floor_divide", np.floor_divide, None, scalar="{0} // {1}", python=operator.floordiv, raises=by_zero,
    infix="{0}//{1}", aliases=[operator.floordiv, operator.ifloordiv], samples=_QUOTIENTS,
)
remainder = elementwise(
    "remainder", np.remainder, [1, lambda z, x, y: -floor_divide(x, y)],
    scalar="{0} % {1}", python=operator.mod, raises=by_zero, infix="{0} % {1}",
    aliases=[operator.mod, operator.imod], samples=_QUOTIENTS,
)
# x - z is a whole multiple of y, up to rounding; x / y itself may round up to the next integer
fmod = elementwise(
    "fmod", np.fmod, [1, lambda z, x, y: -BY_NAME["rint"]((x - z) / y)],
    scalar="fmod({0}, {1})", python=math.fmod, samples=_QUOTIENTS,
    raises=not_a_number,
)


def _divmod(x1: Any, x2: Any) -> tuple[Value, Value]:
    """``divmod(x, y)`` is ``(x // y, x % y)``."""
    return FUNCTIONS[operator.floordiv](x1, x2), FUNCTIONS[operator.mod](x1, x2)


def _numpy_divmod(x1: Any, x2: Any) -> tuple[Value, Value]:
    return _divmod(*numbers((x1, x2)))


FUNCTIONS[divmod] = _divmod
FUNCTIONS[np.divmod] = _numpy_divmod
