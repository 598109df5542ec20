"""sin, cos, tan and their inverses."""

from __future__ import annotations

import math

from . import rare
from .builder import Builder, Value
from .exponentials import by_format
from .library import function, symbol_of

INF, NAN = math.inf, math.nan


def reduce(m: Builder, x: Value, n: Value, period: str, lost: bool = False) -> tuple[Value, Value]:
    """``x - n*period`` as r + low for |x| up to `limit(m)` (Cody and Waite with error-free products).

    The first difference is exact: both terms are multiples of the last bit of the leading part and it is
    small, except for `lost` (an odd multiple of pi/2 taken from a small x), whose rounding is recovered.
    """
    lead, middle, last = m.parts(period)
    first = m.fma(-n, lead, x)
    product, error = m.two_product(n, middle)
    r = first - product
    low = ((first - r) - product) - error
    if lost:
        low = low + (x - m.fma(n, lead, first))
    return r, m.muladd(-n, last, low)


def limit(m: Builder) -> float:
    """Beyond it the products above lose bits that matter; such lanes take the rare path."""
    return by_format(m, 2.0**45, 2.0**17)


def large(m: Builder, x: Value) -> Value:
    return m.abs(x) > limit(m)


def huge(m: Builder, name: str) -> str:
    """The symbol of the rare path of `name`."""
    return symbol_of(name + "_huge", m.fmt)


def sine(m: Builder, r: Value, low: Value, n: Value) -> Value:
    """``(-1)**n * sin(r + low)`` for |r| <= pi/2."""
    z = r * r
    value = m.polynomial("sin", z)
    if m.goal != "short":                        # the rounding of r and of z, each worth half an ulp near pi/2
        slope = m.muladd(z, m.muladd(z, 1 / 24, -0.5), 1)
        low = m.muladd(r * m.fma(r, r, -z), value, low * slope)
    tail = m.muladd(r * z, value, low)
    return m.from_bits(m.bits(r + tail) ^ (n << (m.fmt.width - 1)))


def tangent(m: Builder, r: Value, low: Value, n: Value) -> Value:
    """``tan(r + low + n*pi/2)`` for |r| <= pi/4: sin/cos or -cos/sin, each in two parts."""
    z = r * r
    s, s_low = m.fast_two_sum(r, m.muladd(r * z, m.polynomial("sin_quarter", z), low))
    half = z * 0.5
    w = 1 - half
    c_tail = ((1 - w) - half) + m.muladd(z * z, m.polynomial("cos_quarter", z), -(r * low))
    c, c_low = m.fast_two_sum(w, c_tail)
    odd = (n & 1).equals(1)
    above, above_low = m.select(odd, -c, s), m.select(odd, -c_low, s_low)
    quotient, correction = m.divide(above, above_low, m.select(odd, s, c), m.select(odd, s_low, c_low))
    return quotient + correction


@function("sin")
def sin(m: Builder, x: Value) -> Value:
    n, n_bits = m.nearest(x * (1 / math.pi))
    r, low = reduce(m, x, n, "pi")
    y = m.select(m.abs(x) < by_format(m, 2.0**-27, 2.0**-13), x, sine(m, r, low, n_bits))
    return m.rarely(large(m, x), huge(m, "sin"), x, y)


@function("cos")
def cos(m: Builder, x: Value) -> Value:
    k, k_bits = m.nearest(m.muladd(x, 1 / math.pi, -0.5))
    r, low = reduce(m, x, k + k + 1, "half_pi", lost=True)       # cos(x) = -(-1)**k * sin(x - (2k+1)*pi/2)
    return m.rarely(large(m, x), huge(m, "cos"), x, sine(m, r, low, k_bits + 1))


@function("tan")
def tan(m: Builder, x: Value) -> Value:
    n, n_bits = m.nearest(x * (2 / math.pi))
    r, low = reduce(m, x, n, "half_pi")
    y = m.select(m.abs(x) < by_format(m, 2.0**-27, 2.0**-13), x, tangent(m, r, low, n_bits))
    return m.rarely(large(m, x), huge(m, "tan"), x, y)


def finite_or_nan(m: Builder, x: Value, y: Value) -> Value:
    return m.select(m.abs(x) < INF, y, NAN)


@function("sin_huge", single="short", rare=True)
def sin_huge(m: Builder, x: Value) -> Value:
    y = sine(m, *rare.reduce(m, x))
    return finite_or_nan(m, x, m.from_bits(m.bits(y) ^ m.sign_bit(x)))


@function("cos_huge", single="short", rare=True)
def cos_huge(m: Builder, x: Value) -> Value:
    return finite_or_nan(m, x, sine(m, *rare.reduce(m, x, quarters=1)))


@function("tan_huge", single="short", rare=True)
def tan_huge(m: Builder, x: Value) -> Value:
    y = tangent(m, *rare.reduce(m, x, period="half_pi"))
    return finite_or_nan(m, x, m.from_bits(m.bits(y) ^ m.sign_bit(x)))


def arctangent(m: Builder, a: Value, a_low: Value | None, b: Value, b_low: Value | None,
               total: tuple[Value, Value], difference: tuple[Value, Value]) -> tuple[Value, Value]:
    """The angle in [0, pi/2] of (b, a), both >= 0, as high + low; total and difference are a + b and a - b.

    Three ranges: atan(a/b), pi/4 + atan((a - b)/(a + b)), pi/2 - atan(b/a).
    """
    steep, middle = a > b * math.tan(3 * math.pi / 8), a > b * math.tan(math.pi / 8)
    above = m.select(steep, -b, m.select(middle, difference[0], a))
    above_low = m.select(steep, 0.0, m.select(middle, difference[1], 0.0))
    below = m.select(steep, a, m.select(middle, total[0], b))
    below_low = m.select(steep, 0.0, m.select(middle, total[1], 0.0))
    t, correction = m.divide(above, above_low, below, below_low)
    z = t * t
    quarter, half = m.parts("quarter_pi"), m.parts("half_pi")
    base = m.select(steep, half[0], m.select(middle, quarter[0], 0.0))
    base_low = m.select(steep, half[1], m.select(middle, quarter[1], 0.0))
    high, low = m.fast_two_sum(base, t)
    return high, low + m.muladd(t * z, m.polynomial("atan", z), correction + base_low)


@function("arctan")
def arctan(m: Builder, x: Value) -> Value:
    a, one = m.at_most(by_format(m, 2.0**60, 2.0**30), m.abs(x)), m.const(1.0)
    high, low = arctangent(m, a, None, one, None, m.two_sum(a, one), m.two_sum(a, -one))
    return m.copysign(high + low, x)


@function("arctan2", arity=2)
def arctan2(m: Builder, y: Value, x: Value) -> Value:
    a, b = m.abs(y), m.abs(x)
    larger = m.select(a > b, a, b)
    infinite, zero = larger.equals(INF), larger.equals(0.0)
    scale = m.select(larger > by_format(m, 2.0**1000, 2.0**120), 2.0**-40,
                     m.select(larger < by_format(m, 2.0**-900, 2.0**-80), by_format(m, 2.0**100, 2.0**40), 1.0))
    a = m.select(infinite, m.select(a.equals(INF), 1.0, 0.0), a * scale)
    b = m.select(infinite, m.select(b.equals(INF), 1.0, 0.0), m.select(zero, 1.0, b * scale))
    high, low = arctangent(m, a, None, b, None, m.two_sum(a, b), m.two_sum(a, -b))
    pi, pi_low = m.parts("pi")[:2]
    left = m.bits(x) < 0
    far, lost = m.fast_two_sum(pi, -high)
    angle = m.select(left, far + (lost + (pi_low - low)), high + low)
    return m.select(m.unordered(x, y), NAN, m.copysign(angle, y))


def arcsine(m: Builder, a: Value) -> tuple[Value, Value, Value]:
    """For a in [0, 1]: s and p with asin(s) = s + p, and whether s = sqrt((1 - a)/2) (a > 1/2), else s = a."""
    outer = a > 0.5
    z = m.select(outer, m.muladd(a, -0.5, 0.5), a * a)           # exact for a > 1/2
    s = m.select(outer, m.sqrt(z), a)
    return s, s * z * m.polynomial("asin", z), outer


@function("arcsin")
def arcsin(m: Builder, x: Value) -> Value:
    s, p, outer = arcsine(m, m.abs(x))
    half, half_low = m.parts("half_pi")[:2]
    high, low = m.fast_two_sum(half, -(s + s))
    y = m.select(outer, high + (low - (p + p - half_low)), s + p)
    return m.copysign(y, x)


@function("arccos")
def arccos(m: Builder, x: Value) -> Value:
    s, p, outer = arcsine(m, m.abs(x))
    negative = x < 0
    pi, pi_low = m.parts("pi")[:2]
    half, half_low = m.parts("half_pi")[:2]
    twice, more = s + s, p + p
    high, low = m.fast_two_sum(pi, -twice)
    far = m.select(negative, high + (low - (more - pi_low)), twice + more)
    signed, signed_p = m.copysign(s, x), m.copysign(p, x)
    high, low = m.fast_two_sum(half, -signed)
    near = high + (low - (signed_p - half_low))
    return m.select(outer, far, near)
