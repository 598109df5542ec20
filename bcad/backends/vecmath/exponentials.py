"""exp, exp2, expm1, the hyperbolic functions and the logistic function."""

from __future__ import annotations

from .builder import DOUBLE, Builder, Value
from .library import function


def by_format(m: Builder, double: float, single: float) -> float:
    return double if m.fmt is DOUBLE else single


def reduce(m: Builder, x: Value) -> tuple[Value, Value, Value, Value]:
    """``x = n*ln2 + r + low`` with |r| <= ln2/2: n, its bits, r, low (Cody and Waite 1980)."""
    log2_e = m.parts("log2_e")[0]
    n, n_bits = m.nearest(x * log2_e)
    high, low = m.parts("ln2")
    t = m.muladd(-n, high, x)                    # exact: `high` has trailing zeros for every n
    r = m.muladd(-n, low, t)
    return n, n_bits, r, m.muladd(-n, low, t - r)


def scale(m: Builder, p: Value, n_bits: Value) -> Value:
    """``p * 2**n`` in two steps, so that overflow and the one rounding of subnormals come out right."""
    half = n_bits >> 1                           # the magic bits above make the logical shift a floor
    return p * m.power_of_two(half) * m.power_of_two(n_bits - half)


def exp_minus_one(m: Builder, r: Value) -> Value:
    """``exp(r) - 1`` for a reduced r."""
    return m.muladd(r * r, m.polynomial("exp", r), r)


@function("exp")
def exp(m: Builder, x: Value) -> Value:
    x = m.at_least(by_format(m, -746.0, -104.5), m.at_most(by_format(m, 710.0, 89.0), x))
    _, n_bits, r, _ = reduce(m, x)
    return scale(m, 1 + exp_minus_one(m, r), n_bits)


@function("exp2")
def exp2(m: Builder, x: Value) -> Value:
    x = m.at_least(by_format(m, -1080.0, -152.0), m.at_most(by_format(m, 1025.0, 129.0), x))
    n, n_bits = m.nearest(x)
    r = x - n                                    # exact
    return scale(m, m.muladd(r, m.polynomial("exp2", r), 1), n_bits)


@function("expm1")
def expm1(m: Builder, x: Value) -> Value:
    small = m.abs(x) < by_format(m, 2.0**-54, 2.0**-25)
    clamped = m.at_least(by_format(m, -40.0, -20.0), m.at_most(by_format(m, 710.0, 89.0), x))
    _, n_bits, r, r_low = reduce(m, clamped)
    half = m.power_of_two(n_bits - 1)            # 2**(n-1): n reaches 1024
    high, low = m.fast_two_sum(half - 0.5, half * r)
    y = high + m.muladd(half, m.muladd(r * r, m.polynomial("exp", r), r_low), low)
    return m.select(small, x, y + y)             # keeps -0.0 and subnormals


def series(m: Builder, r: Value, low: Value) -> tuple[Value, Value]:
    """``sinh(r) - r`` and ``cosh(r) - 1`` for a reduced r + low."""
    z = r * r
    return m.muladd(r * z, m.polynomial("sinh", z), low), z * m.polynomial("cosh", z)


def mix(m: Builder, lead: Value, other: Value, r: Value, s: Value, c: Value) -> tuple[Value, Value]:
    """``lead*(1 + c) + other*(r + s)`` as a sum of two parts, |lead| >= |other*r| or lead == 0."""
    product, error = m.two_product(other, r)
    high, low = m.fast_two_sum(lead, product)
    return high, m.muladd(c, lead, m.muladd(s, other, low + error))


def halves(m: Builder, a: Value) -> tuple[Value, ...]:
    """For a >= 0: r, sinh(r) - r, cosh(r) - 1, and 2**(n-2) + 2**(-n-2) and 2**(n-2) - 2**(-n-2), each in two parts."""
    n, n_bits, r, low = reduce(m, m.at_most(by_format(m, 710.6, 89.5), a))
    up = m.power_of_two(n_bits - 2)
    down = m.select(n > by_format(m, 500.0, 100.0), 0.0, m.power_of_two(-2 - n_bits))
    return (r, *series(m, r, low), *m.fast_two_sum(up, down), *m.fast_two_sum(up, -down))


@function("sinh")
def sinh(m: Builder, x: Value) -> Value:
    a = m.abs(x)
    r, s, c, total, _, difference, lost = halves(m, a)
    high, low = mix(m, difference, total, r, s, c)
    y = high + (low + lost)
    y = m.select(a < by_format(m, 2.0**-28, 2.0**-13), a, y + y)
    return m.copysign(y, x)


@function("cosh")
def cosh(m: Builder, x: Value) -> Value:
    r, s, c, total, lost, difference, _ = halves(m, m.abs(x))
    high, low = mix(m, total, difference, r, s, c)
    y = high + (low + lost)
    return y + y


@function("tanh")
def tanh(m: Builder, x: Value) -> Value:
    a = m.at_most(by_format(m, 20.0, 10.0), m.abs(x))          # tanh(20) rounds to 1
    _, n_bits, r, low = reduce(m, a)
    u = m.power_of_two(-n_bits - n_bits)
    s, c = series(m, r, low)
    less, less_low = m.fast_two_sum(m.const(1.0), -u)
    more, more_low = m.fast_two_sum(m.const(1.0), u)
    high, low = mix(m, less, more, r, s, c)
    numerator = m.fast_two_sum(high, low + less_low)
    high, low = mix(m, more, less, r, s, c)
    denominator = m.fast_two_sum(high, low + more_low)
    quotient, correction = m.divide(*numerator, *denominator)
    return m.copysign(quotient + correction, x)


@function("expit")
def expit(m: Builder, x: Value) -> Value:
    """``1/(1 + exp(-x))``, without overflow for x << 0."""
    e = exp(m, -m.abs(x))
    quotient, correction = m.divide(m.select(x >= 0, 1.0, e), None, *m.fast_two_sum(m.const(1.0), e))
    return quotient + correction
