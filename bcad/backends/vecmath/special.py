"""erf and erfc."""

from __future__ import annotations

from .builder import Builder, Value
from .exponentials import by_format, exp_minus_one, reduce, scale
from .library import function

#: fit.py: erfc(x) = exp(-x*x) * p((x - CENTRE)/(x + CENTRE)) / (1 + 2*x) for x >= 0
CENTRE = 4.0
INNER = 0.7


def scaled_argument(m: Builder, a: Value) -> tuple[Value, Value]:
    """``t = (a - c)/(a + c)`` and ``1/(1 + 2*a)`` for one division."""
    slope, total = m.muladd(a, 2.0, 1), a + CENTRE
    inverse = 1 / (slope * total)
    return (a - CENTRE) * (slope * inverse), total * inverse


@function("erf")
def erf(m: Builder, x: Value) -> Value:
    a = m.abs(x)
    inner = m.muladd(a, m.polynomial("erf", a * a), a)
    b = m.at_most(6.5, a)
    t, inverse = scaled_argument(m, b)
    _, n_bits, r, _ = reduce(m, -(b * b))
    e = (1 + exp_minus_one(m, r)) * m.power_of_two(n_bits)
    outer = m.muladd(-e * m.polynomial("erf_tail", t), inverse, 1)
    return m.copysign(m.select(a < 1, inner, outer), x)


@function("erfc")
def erfc(m: Builder, x: Value) -> Value:
    one, inner = m.two_sum(m.const(1.0), -x)                     # for |x| < INNER: 1 - x - (erf(x) - x)
    inner = one + (inner - x * m.polynomial("erf", x * x))
    a = m.at_most(by_format(m, 28.0, 11.0), m.abs(x))
    p, p_low = m.two_part_polynomial("erfc", (a - CENTRE) / (a + CENTRE))
    square, square_low = m.two_product(a, a)
    _, n_bits, r, r_low = reduce(m, -square)
    e, e_low = m.fast_two_sum(m.const(1.0), exp_minus_one(m, r))
    e_low = m.muladd(e, r_low - square_low, e_low)
    product, error = m.two_product(p, e)
    error = m.muladd(p, e_low, m.muladd(p_low, e, error))
    slope, slope_low = m.two_sum(m.const(1.0), a + a)
    y, correction = m.divide(product, error, slope, slope_low)
    shrunk = scale(m, y + correction, n_bits)
    return m.select(m.abs(x) < INNER, inner, m.select(x < 0, 2 - shrunk, shrunk))
