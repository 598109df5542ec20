"""Powers: power, float_power, square, square root, cube root, reciprocal; x**y at x = 0 and y = 0."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from bcad.ir import Value

from .convert import cast, constant, is_constant
from .elementwise_op import Elementwise, elementwise
from .mathkind import not_a_number, real_or_complex
from .op import BY_NAME, FUNCTIONS, implements, register
from .samples import Sample, complexes, integers, positives, reals

_SAMPLES = [
    Sample(positives(3), reals(3)),
    Sample(positives(2, 3), reals(3)),
    Sample(reals(3), 2),
    Sample(positives(3), 3.0),
    Sample(positives(3), -2.0),
    Sample(positives(), 0.5),
    Sample(reals(4), integers(4)),
    Sample(complexes(3), 3),
    Sample(complexes(2), complexes(2)),
    Sample(1.5, 2.5),
    Sample(1.5, 2),
    Sample(0.0, 2.0).at_kink(),
    Sample(np.zeros(4), np.array([0.0, 1.0, 2.0, 3.5])).at_kink(),
]


def by_base(z: Value, x: Value, y: Value) -> Any:
    """``y * x**(y - 1)``; 0 for y = 0, also at x = 0, where that formula is 0 * inf."""
    if not is_constant(y) or y.shape:
        return y * x ** BY_NAME["where"](BY_NAME["equal"](y, 0), 1, y - 1)
    exponent = constant(y)
    exponent = exponent.item() if isinstance(exponent, (np.generic, np.ndarray)) else exponent
    if exponent == 0:
        return 0
    if exponent == 1:
        return 1
    return 2 * x if exponent == 2 else exponent * x ** (exponent - 1)


def by_exponent(z: Value, x: Value, y: Value) -> Any:
    """``z * log(x)``, with 0 in place of log(0): z is 0 there for y > 0."""
    positive = BY_NAME["where"](BY_NAME["equal"](x, 0), 1, x)
    return z * BY_NAME["log"](cast(positive, z.dtype))


def raises(z: Value, x: Value, y: Value) -> Value:
    """Where ``x ** y`` of Python numbers raises, or gives a float for ints, a complex for floats."""
    if z.dtype.kind == "i":
        return BY_NAME["less"](y, 0)
    return not_a_number(z, x, y)


def _pow(x: Any, y: Any) -> Any:
    """``x ** y`` where it has the type that is usual for the types of x and y."""
    z = operator.pow(x, y)
    if type(z) is complex and type(x) is not complex and type(y) is not complex:
        raise ValueError(f"{x} ** {y} is complex")
    if type(z) is float and type(x) is not float and type(y) is not float:
        raise ValueError(f"{x} ** {y} is a float")
    return z


power = elementwise(
    "power", np.power, [by_base, by_exponent], scalar="{0} ** {1}", python=_pow, raises=raises,
    infix="{0}**{1}", aliases=[operator.pow, operator.ipow], samples=_SAMPLES,
)
float_power = elementwise(
    "float_power", np.float_power, [by_base, by_exponent], scalar="{0} ** {1}", python=math.pow, raises=not_a_number,
    samples=[Sample(positives(3), reals(3)), Sample(reals(3), 3), Sample(1.5, 2.5), Sample(integers(3, low=1), 2)],
)


square = elementwise(
    "square", np.square, [lambda y, x: 2 * x], scalar="{0} * {0}",
    samples=[Sample(reals(3)), Sample(reals()), Sample(complexes(2))],
)
reciprocal = elementwise(
    "reciprocal", np.reciprocal, [lambda y, x: -y * y], scalar="1 / {0}",
    samples=[Sample(positives(3)), Sample(complexes(2))],
)


sqrt = elementwise(
    "sqrt", np.sqrt, [lambda y, x: 0.5 / y], scalar="sqrt({0})", python=real_or_complex("sqrt"),
    raises=not_a_number, samples=[Sample(positives(3)), Sample(positives()), Sample(complexes(3)), Sample(1.5)],
)
def _slope_of_root(y: Value, x: Value) -> Any:
    moves = BY_NAME["not_equal"](x, 0)
    return BY_NAME["mask"](moves, 0.5 / BY_NAME["where"](moves, y, 1))


class Root(Elementwise):
    """``sqrt`` of a sum of squares: as of a norm, the derivative at 0 is 0."""

    name = "root"
    numpy = np.sqrt
    scalar = "sqrt({0})"
    partials = (_slope_of_root,)
    samples = (Sample(positives(3)), Sample(positives()), Sample(np.array([0.0, 2.0])).at_kink())


register(Root())
cbrt = elementwise(
    "cbrt", np.cbrt, [lambda y, x: 1 / (3 * (y * y))], scalar="cbrt({0})", python=getattr(math, "cbrt", None),
    raises=not_a_number, samples=[Sample(positives(3)), Sample(reals(3)), Sample(1.5)],
)


@implements(pow)
def _builtin_pow(base: Any, exp: Any, mod: Any = None) -> Value:
    """``pow(x, y)``, and of integers ``pow(x, y, m)``."""
    result = FUNCTIONS[operator.pow](base, exp)
    return result if mod is None else FUNCTIONS[operator.mod](result, mod)
