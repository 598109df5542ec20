"""log, log2, log10, log1p and the inverse hyperbolic functions."""

from __future__ import annotations

import math
import struct

from .builder import DOUBLE, Builder, Value
from .exponentials import by_format
from .library import function

INF, NAN = math.inf, math.nan


def bits_of(m: Builder, number: float) -> int:
    code = "<d", "<q"
    if m.fmt is not DOUBLE:
        code = "<f", "<i"
    return struct.unpack(code[1], struct.pack(code[0], number))[0]


def split(m: Builder, x: Value, subnormals: bool = True) -> tuple[Value, Value, Value]:
    """``x = 2**k * v`` with v in [sqrt(1/2), sqrt(2)): k, its biased integer, v. x > 0, finite."""
    p = m.fmt.mantissa
    shift = m.const(0.0)
    if subnormals:
        tiny = x < 2.0 ** (1 - m.fmt.bias)
        x = m.select(tiny, x * 2.0 ** (p + 2), x)
        shift = m.select(tiny, -(p + 2.0), 0.0)
    root = bits_of(m, math.sqrt(0.5))
    moved = m.bits(x) + (bits_of(m, 1.0) - root)
    biased = moved >> p
    v = m.from_bits((moved & ((1 << p) - 1)) + root)
    k = m.from_bits(biased | bits_of(m, 2.0**p)) - (2.0**p + m.fmt.bias)     # integer to float without a conversion
    return (k + shift if subnormals else k), biased, v


def series(m: Builder, f: Value) -> tuple[Value, Value]:
    """h and t with ``log(1 + f) = f - h + t``: h = f*f/2 and, with s = f/(2 + f), t = s*(h + 2*atanh(s)/s - 2)."""
    s = f / (2 + f)
    z = s * s
    h = f * f * 0.5
    return h, s * m.muladd(z, m.polynomial("log", z), h)


def finish(m: Builder, k: Value, f: Value, h: Value, t: Value) -> Value:
    """``k*ln2 + f - h + t``, smallest terms first."""
    high, low = m.parts("ln2")
    return m.muladd(k, high, f - (h - m.muladd(k, low, t)))      # k*high is exact


def special(m: Builder, x: Value, pole: float, y: Value) -> Value:
    """y for finite x > pole; -inf at the pole, nan below it, inf and nan as they are."""
    y = m.select(x < INF, y, x)
    y = m.select(x.equals(pole), -INF, y)
    return m.select(x < pole, NAN, y)


@function("log")
def log(m: Builder, x: Value) -> Value:
    k, _, v = split(m, x)
    f = v - 1
    return special(m, x, 0.0, finish(m, k, f, *series(m, f)))


def with_parts(m: Builder, x: Value) -> tuple[Value, Value, Value]:
    """``log(x) = k*ln2 + high + low``."""
    k, _, v = split(m, x)
    f = v - 1
    h, t = series(m, f)
    high = f - h
    return k, high, ((f - high) - h) + t


@function("log2")
def log2(m: Builder, x: Value) -> Value:
    k, high, low = with_parts(m, x)
    factor, rest = m.parts("log2_e")
    product, error = m.two_product(high, factor)
    error = m.muladd(high, rest, m.muladd(low, factor, error))
    total, lost = m.fast_two_sum(k, product)
    return special(m, x, 0.0, total + (lost + error))


@function("log10")
def log10(m: Builder, x: Value) -> Value:
    k, high, low = with_parts(m, x)
    factor, rest = m.parts("log10_e")
    product, error = m.two_product(high, factor)
    error = m.muladd(high, rest, m.muladd(low, factor, error))
    lead, tail = m.parts("log10_2")
    total, lost = m.fast_two_sum(k * lead, product)              # k*lead is exact
    return special(m, x, 0.0, total + (lost + m.muladd(k, tail, error)))


def of_sum(m: Builder, u: Value, c: Value, more: Value | None = None) -> Value:
    """``log(u + c) + more*ln2`` for a normal u > 0 and |c| <= ulp(u), relative accuracy kept at u == 1."""
    k, biased, v = split(m, u, subnormals=False)
    shrink = m.from_bits((2 * m.fmt.bias - biased) << m.fmt.mantissa)
    c = c * m.select(k > by_format(m, 100.0, 60.0), 0.0, shrink)            # 2**-k, while c matters
    f = v - 1
    h, t = series(m, f)
    t = m.muladd(c, m.muladd(f, f - 1, 1), t)                    # c/(1 + f)
    return finish(m, k if more is None else k + more, f, h, t)


@function("log1p")
def log1p(m: Builder, x: Value) -> Value:
    y = of_sum(m, *m.two_sum(m.const(1.0), x))
    y = m.select(m.abs(x) < by_format(m, 2.0**-54, 2.0**-25), x, y)
    return special(m, x, -1.0, y)


def root_of(m: Builder, y: Value, y_low: Value) -> tuple[Value, Value]:
    """The square root of y + y_low and its correction; 0, 0 at zero."""
    s = m.sqrt(y)
    rest = m.fma(-s, s, y) + y_low
    return s, m.select(s > 0, rest * (0.5 / s), 0.0)


def of_root(m: Builder, a: Value, one: float) -> tuple[Value, Value]:
    """``a + sqrt(a*a + one)`` in two parts for a >= 0."""
    square, error = m.two_product(a, a)
    y, y_low = m.two_sum(square, m.const(one))
    s, s_low = root_of(m, y, y_low + error)
    u, lost = m.two_sum(a, s)
    return u, lost + s_low


def log_of_root(m: Builder, a: Value, one: float) -> Value:
    """``log(a + sqrt(a*a + one))``; 2*a stands for the sum where a*a drowns `one`."""
    big = a > by_format(m, 2.0**30, 2.0**14)
    u, c = of_root(m, m.select(big, 1.0, a), one)
    return of_sum(m, m.select(big, a, u), m.select(big, 0.0, c), m.select(big, 1.0, 0.0))


@function("arcsinh")
def arcsinh(m: Builder, x: Value) -> Value:
    a = m.abs(x)
    y = m.select(a < INF, log_of_root(m, a, 1.0), a)
    return m.copysign(m.select(a < by_format(m, 2.0**-27, 2.0**-13), a, y), x)


@function("arccosh")
def arccosh(m: Builder, x: Value) -> Value:
    y = m.select(x < INF, log_of_root(m, m.at_least(1.0, x), -1.0), x)
    return m.select(x < 1, NAN, y)


@function("arctanh")
def arctanh(m: Builder, x: Value) -> Value:
    a = m.abs(x)
    inside = m.select(a < 1, a, 0.5)                             # the quotient below stays finite
    one = m.const(1.0)
    q, q_low = m.divide(*m.fast_two_sum(one, inside), *m.fast_two_sum(one, -inside))
    u, c = m.fast_two_sum(q, q_low)
    y = m.select(a < by_format(m, 2.0**-27, 2.0**-13), a, of_sum(m, u, c) * 0.5)
    y = m.select(a < 1, y, m.select(a.equals(1.0), INF, NAN))
    return m.copysign(y, x)
