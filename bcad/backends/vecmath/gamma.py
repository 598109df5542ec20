"""gammaln and digamma; at most 2 ulp for x > 0, for x < 0 by reflection with an absolute error near their zeros."""

from __future__ import annotations

import math

from .builder import Builder, Value
from .library import function
from .logarithms import log, with_parts
from .trigonometry import sine

INF, NAN = math.inf, math.nan
#: fit.py: from here on Stirling's form, below it polynomials around the zeros at 1 and 2, or at 1.4616...
STIRLING = 2.5


def log_in_two_parts(m: Builder, x: Value) -> tuple[Value, Value]:
    """``log(x)`` of a positive x."""
    k, high, low = with_parts(m, x)
    lead, rest = m.parts("ln2")
    total, lost = m.fast_two_sum(k * lead, high)
    return m.fast_two_sum(total, lost + m.muladd(k, rest, low))


def sine_of_turns(m: Builder, r: Value) -> Value:
    """``sin(pi*r)`` for |r| <= 1/2."""
    pi, pi_low = m.parts("pi")[:2]
    high, low = m.two_product(r, pi)
    return sine(m, high, m.muladd(r, pi_low, low), m.int(0))


def fraction(m: Builder, a: Value) -> Value:
    """``a - n`` for the nearest integer n."""
    part = a - m.floor(a)
    return m.select(part > 0.5, part - 1, part)


def stirling(m: Builder, x: Value, log_x: Value, log_low: Value) -> Value:
    """lgamma for x >= STIRLING (DLMF 5.11.1, its series replaced by a fit)."""
    factor = x - 0.5
    slope, slope_low = m.two_sum(log_x, m.const(-1.0))
    product, error = m.two_product(factor, slope)
    error = m.muladd(factor, slope_low + log_low, error)
    constant, constant_low = m.parts("lgamma_constant")
    high, low = m.two_sum(product, constant)
    inverse = 1 / x
    rest = m.muladd(m.polynomial("gammaln", inverse * inverse), inverse, constant_low)
    exact = high + (low + (error + rest))
    return m.select(x > 2.0**900, x * slope, exact)              # the error terms overflow before the product


def positive_lgamma(m: Builder, x: Value) -> Value:
    log_x, log_low = log_in_two_parts(m, x)
    small = x < 0.75                                             # lgamma(x) = lgamma(x + 1) - log(x)
    less_one = m.select(small, x, x - 1)
    less_two, lost = m.two_sum(x, m.select(small, -1.0, -2.0))
    product, error = m.two_product(less_one, less_two)
    error = m.muladd(less_one, lost, error)
    value = m.polynomial("gammaln_low", less_two)
    high, low = m.two_product(product, value)
    low = m.muladd(error, value, low)
    total, lost = m.two_sum(-log_x, high)
    shifted = total + (lost + (low - log_low))
    return m.select(x < STIRLING, m.select(small, shifted, high + low), stirling(m, x, log_x, log_low))


@function("gammaln", single="double")
def gammaln(m: Builder, x: Value) -> Value:
    a = m.abs(x)
    y = m.select(a < INF, positive_lgamma(m, a), a)
    s = m.abs(sine_of_turns(m, fraction(m, a)))
    reflected = -log(m, a * s * (1 / math.pi)) - y      # DLMF 5.5.3
    integer = s.equals(0.0) & (a < INF)
    reflected = m.select(integer, INF, m.select(a.equals(INF), -INF, reflected))      # SciPy: -inf at -inf
    y = m.select(x < 0, reflected, y)
    return m.select(a < 2.0**-100, -log(m, a), y)                # zeros and the products above that underflow


def positive_digamma(m: Builder, x: Value) -> Value:
    small = x < 1                                                # digamma(x) = digamma(x + 1) - 1/x
    moved, moved_low = m.two_sum(x, m.select(small, 1.0, 0.0))
    root, root_low = m.parts("digamma_root")
    w = m.select(x < STIRLING, moved, root) - root
    d, d_low = m.fast_two_sum(w, moved_low - root_low)
    value, value_low = m.two_part_polynomial("digamma_low", d)
    value = value + value_low
    high, low = m.two_product(d, value)
    low = m.muladd(d_low, value, low)
    inverse = 1 / x
    log_x, log_low = log_in_two_parts(m, x)
    z = inverse * inverse
    large = log_x + (m.muladd(inverse, -0.5, log_low) - z * m.polynomial("digamma", z))
    total, lost = m.two_sum(high, -inverse)
    near = m.select(small, total + (lost + low), high + low)
    return m.select(x < STIRLING, near, large)


@function("digamma", single="double")
def digamma(m: Builder, x: Value) -> Value:
    a = m.abs(x)
    y = m.select(a < INF, positive_digamma(m, m.at_least(2.0**-1000, a)), a)
    r = fraction(m, a)
    size = m.abs(r)
    cotangent = m.copysign(sine_of_turns(m, 0.5 - size) / sine_of_turns(m, size), r)
    reflected = y + (1 / a + cotangent * math.pi)                # DLMF 5.5.2 and 5.5.4
    reflected = m.select(r.equals(0.0), NAN, reflected)
    y = m.select(x < 0, reflected, y)
    return m.select(a < 2.0**-60, -1 / x, y)
