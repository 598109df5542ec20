"""Taking numbers apart and together: modf, frexp, ldexp; and sinc, which is smooth at 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Value

from .cotangents import broadcast_like, cast, to_cotangent
from .elementwise_op import Elementwise, elementwise
from .op import BY_NAME, Op, Zero, define, implements
from .samples import Sample, integers, reals
from .shapes import ufunc_dtypes, weak
from .ufunc import numbers


class FirstOf(Elementwise):
    """One of the two results of a ufunc."""

    whole: np.ufunc
    which: int

    def result_dtype(self, *inputs: ArrayType) -> np.dtype[Any]:
        if all(t.kind is Kind.PYTHON for t in inputs):
            return np.dtype(float if self.whole is np.modf or self.which == 0 else int)
        return ufunc_dtypes(self.whole, tuple(map(weak, inputs)))[self.which]


def _part(name: str, whole: np.ufunc, which: int, partials: Any, scalar: str, python: Any) -> Any:
    numpy = lambda x: whole(x)[which]
    op = elementwise(
        name, numpy, partials, scalar=scalar, python=lambda x: python(x)[which], base=FirstOf,
        samples=[Sample(reals(5, low=-3.0, high=3.0)), Sample(2.75)],
    )
    op.whole, op.which = whole, which
    return op


fraction = _part("modf_fraction", np.modf, 0, [1], "copysign({0} - trunc({0}), {0})", math.modf)
whole = _part("modf_whole", np.modf, 1, None, "trunc({0})", math.modf)
mantissa = _part(
    "frexp_mantissa", np.frexp, 0, [lambda y, x: BY_NAME["ldexp"](cast(BY_NAME["equal"](x, x), y.dtype), -BY_NAME["frexp_exponent"](x))],
    "frexp({0})[0]", math.frexp,
)
exponent = _part("frexp_exponent", np.frexp, 1, None, "frexp({0})[1]", math.frexp)


class Ldexp(Elementwise):
    """``x * 2**n``: linear in x."""

    linear = (0,)

    def jvp(self, y: Value, *rest: Any) -> Any:
        return broadcast_like(self(rest[2], rest[1]), y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        return to_cotangent(self(g, inputs[1]), inputs[0]), None


ldexp = elementwise(
    "ldexp", np.ldexp, [1, None], scalar="ldexp({0}, {1})", python=math.ldexp, base=Ldexp,
    samples=[Sample(reals(3), integers(3)), Sample(reals(3), 2), Sample(1.5, 3)],
)


@implements(np.modf)
def _modf(x: Any) -> tuple[Value, Value]:
    (x,) = numbers((x,))
    return fraction(x), whole(x)


@implements(np.frexp)
def _frexp(x: Any) -> tuple[Value, Value]:
    (x,) = numbers((x,))
    return mantissa(x), exponent(x)


# -- sinc ----------------------------------------------------------------------------------------
def sinc_derivative(x: Any, order: int) -> Any:
    """The n-th derivative f_n of ``sin(pi x) / (pi x)``.

    ``x f_n + n f_(n-1) = pi**(n-1) sin(pi x + n pi/2)`` loses digits near 0, where the Taylor
    series ``sum (-1)**k pi**2k x**2k / (2k+1)!`` is differentiated term by term instead.
    """
    x = np.asarray(x)
    x = x.astype(np.result_type(x, np.float16) if x.dtype.kind in "fc" else float)
    near = np.abs(x) < 0.5 + 0.5 * order
    far = np.where(near, 1, x)
    f = np.sin(np.pi * far) / (np.pi * far)
    for n in range(1, order + 1):
        f = (np.pi ** (n - 1) * np.sin(np.pi * far + n * np.pi / 2) - n * f) / far
    return np.where(near, _sinc_series(np.where(near, x, 0), order), f).astype(x.dtype)


def _sinc_series(x: Any, order: int) -> Any:
    total: Any = 0.0 * x
    for k in range((order + 1) // 2, 24 + 6 * order):
        coefficient = (-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k + 1) * math.perm(2 * k, order)
        total = total + coefficient * x ** (2 * k - order)
    return total


@define
class Sinc(Op):
    """``sinc(x)`` or its derivative of some order; smooth everywhere."""

    samples = (
        Sample(reals(3), order=0),
        Sample(reals(), order=0),
        Sample(np.array([0.0, 1e-9, 1e-3]), order=0),
        Sample(np.array([0.0, 0.4, 2.0]), order=1),
    )

    def type_rule(self, x: ArrayType, *, order: int) -> ArrayType:
        dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(float)
        return ArrayType(dtype, x.shape, Kind.ARRAY if x.shape else Kind.SCALAR)

    def evaluate(self, x: Any, *, order: int) -> Any:
        return sinc_derivative(x, order) if order else np.sinc(x)

    def jvp(self, y: Value, x: Value, dx: Any, *, order: int) -> Any:
        return Zero(y.type) if type(dx) is Zero else self(x, order=order + 1) * dx

    def vjp(self, g: Any, y: Value, x: Value, *, order: int) -> tuple[Any]:
        return (to_cotangent(g * self(x, order=order + 1), x),)


@implements(np.sinc)
def _sinc(x: Any) -> Value:
    (x,) = numbers((x,))
    return BY_NAME["sinc"](x, order=0)

