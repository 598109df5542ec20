"""pow, cbrt and hypot."""

from __future__ import annotations

import math

from .builder import Builder, Value
from .exponentials import scale
from .library import function
from .logarithms import bits_of, series, split

INF, NAN = math.inf, math.nan


def log2_plain(m: Builder, x: Value) -> Value:
    """``log2(x)`` in double, enough for a float32 power."""
    k, _, v = split(m, x, subnormals=False)      # no float32 is subnormal in double
    f = v - 1
    h, t = series(m, f)
    return m.muladd(f - (h - t), m.parts("log2_e")[0], k)


def log2_in_two_parts(m: Builder, x: Value) -> tuple[Value, Value]:
    """``log2(x)`` of a positive finite x with a relative error near 2**-66.

    log(v) = 2*(s + s**3/3 + s**5*p(s*s)), s = (v - 1)/(v + 1); the leading terms in two parts (Dekker 1971).
    """
    k, _, v = split(m, x)
    f = v - 1
    s, s_low = m.fast_two_sum(*m.divide(f, None, *m.fast_two_sum(m.const(2.0), f)))
    z, z_error = m.two_product(s, s)
    z_low = m.muladd(s + s, s_low, z_error)
    third, third_low = m.parts("third")
    inner, inner_low = m.fast_two_sum(third, z * m.polynomial("log_pow", z))
    inner_low = inner_low + third_low
    cubic, cubic_error = m.two_product(z, inner)
    cubic_low = m.muladd(z, inner_low, m.muladd(z_low, inner, cubic_error))
    tail, tail_error = m.two_product(s, cubic)
    tail_low = m.muladd(s, cubic_low, m.muladd(s_low, cubic, tail_error))
    total, lost = m.fast_two_sum(s, tail)
    low = lost + (s_low + tail_low)
    factor, factor_low = m.parts("two_log2_e")
    product, error = m.two_product(total, factor)
    error = m.muladd(total, factor_low, m.muladd(low, factor, error))
    high, rest = m.fast_two_sum(k, product)
    return high, rest + error


def exp2_of_sum(m: Builder, high: Value, low: Value) -> Value:
    """``2**(high + low)``, 0 and inf beyond the range."""
    inside = m.abs(high) < 1100.0
    low = m.select(inside, low, 0.0)
    high = m.at_least(-1100.0, m.at_most(1100.0, high))
    n, n_bits = m.nearest(high)
    r = (high - n) + low
    return scale(m, m.muladd(r, m.polynomial("exp2", r), 1), n_bits)


def exp2_narrow(m: Builder, x: Value) -> Value:
    """``2**x`` as a double whose float32 is 0 or inf beyond the range."""
    x = m.at_least(-160.0, m.at_most(160.0, x))
    n, n_bits = m.nearest(x)
    r = x - n
    return m.muladd(r, m.polynomial("exp2", r), 1) * m.power_of_two(n_bits)


def signed_power(m: Builder, x: Value, y: Value, size: Value) -> Value:
    """The sign of ``x**y`` put on ``|x|**y``; nan for a negative finite x and a fraction y."""
    whole = m.floor(y).equals(y)
    half = y * 0.5
    odd = whole & m.compare('one', m.floor(half), half)
    negative = m.bits(x) < 0
    flip = negative & odd
    result = m.select(flip, -size, size)
    inside = (x < 0) & (x > -INF)
    complex_valued = inside & (-whole)
    return m.select(complex_valued, NAN, result)


@function("pow", arity=2, single="short")
def pow(m: Builder, x: Value, y: Value) -> Value:
    """C99 F.10.4.4, which NumPy follows."""
    a = m.abs(x)
    finite_y = m.abs(y) < INF
    bounded = m.at_least(-2.0**70, m.at_most(2.0**70, y))        # products below stay finite
    if m.exact:
        high, low = log2_in_two_parts(m, a)
        product, error = m.two_product(high, bounded)
        size = exp2_of_sum(m, product, m.muladd(low, bounded, error))
    else:
        size = exp2_narrow(m, log2_plain(m, a) * bounded)
    edge = a.equals(0.0) | a.equals(INF)
    up = (a > 1) ^ (y < 0)   # whether the limit is inf rather than 0
    size = m.select(edge, m.select(up, INF, 0.0), size)
    beyond = m.select(a.equals(1.0), 1.0, m.select(up, INF, 0.0))
    size = m.select(finite_y, size, beyond)
    size = m.select(finite_y, signed_power(m, x, y, size), size)
    size = m.select(m.unordered(x, y), NAN, size)
    unit = x.equals(1.0) | y.equals(0.0)
    return m.select(unit, 1.0, size)


@function("cbrt")
def cbrt(m: Builder, x: Value) -> Value:
    """Newton's iteration for ``v**(-1/3)``, then one step on the root itself."""
    a, p = m.abs(x), m.fmt.mantissa
    tiny = a < 2.0 ** (1 - m.fmt.bias)
    bits = m.bits(m.select(tiny, a * 2.0 ** (p + 2), a))
    v = m.from_bits((bits & ((1 << p) - 1)) | (m.fmt.bias << p))                     # [1, 2)
    k = m.from_bits((bits >> p) | bits_of(m, 2.0**p)) - (2.0**p + m.fmt.bias)
    k = k + m.select(tiny, -(p + 2.0), 0.0)
    third, third_bits = m.nearest(m.muladd(k, 1 / 3, -1 / 3))    # floor(k/3)
    left = k - 3 * third
    one, two = left.equals(1.0), left.equals(2.0)
    guess = m.polynomial("cbrt", v)
    guess = guess * m.select(two, 4 ** (-1 / 3), m.select(one, 2 ** (-1 / 3), 1.0))
    v = v * m.select(two, 4.0, m.select(one, 2.0, 1.0))
    for _ in range(2 if m.exact else 1):
        rest = m.muladd(-v * guess, guess * guess, 1)
        guess = m.muladd(guess * (1 / 3), rest, guess)
    root = v * guess * guess
    square, error = m.two_product(root, root)
    rest = m.muladd(-error, root, m.fma(-square, root, v))
    root = m.muladd(rest * (1 / 3), guess * guess, root)
    root = m.select(m.abs(x) < INF, root * m.power_of_two(third_bits), a)
    return m.copysign(m.select(a.equals(0.0), a, root), x)


@function("hypot", arity=2, single="short")
def hypot(m: Builder, x: Value, y: Value) -> Value:
    a, b = m.abs(x), m.abs(y)
    infinite = a.equals(INF) | b.equals(INF)
    if m.exact:
        larger = m.select(a > b, a, b)
        big, small = larger > 2.0**500, larger < 2.0**-450
        factor = m.select(big, 2.0**-600, m.select(small, 2.0**600, 1.0))
        back = m.select(big, 2.0**600, m.select(small, 2.0**-600, 1.0))
        a, b = a * factor, b * factor
    root = m.sqrt(m.muladd(a, a, b * b))
    return m.select(infinite, INF, root * back if m.exact else root)
