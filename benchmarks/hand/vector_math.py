"""exp, tanh and the normal distribution as straight-line arithmetic, which LLVM vectorises inside a caller's loop.

numba calls the C library for each element; a programmer who wants speed writes these. Accurate to a few units in the last
place on the arguments that the benchmarks use; not meant for all of the special values.
"""

from __future__ import annotations

import math

import numba as nb
from numba.core import types
from numba.extending import intrinsic

# contraction only: reassociation would undo the two-part constants
polynomial = nb.njit(fastmath={"contract"}, inline="always")

LOG2_E = 1 / math.log(2)
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it leaves the nearest integer in the low bits


@intrinsic
def bits(typing_context, x):
    """The 64 bits of a float as an integer."""
    return types.int64(types.float64), lambda context, builder, signature, args: builder.bitcast(
        args[0], context.get_value_type(types.int64)
    )


@intrinsic
def from_bits(typing_context, i):
    return types.float64(types.int64), lambda context, builder, signature, args: builder.bitcast(
        args[0], context.get_value_type(types.float64)
    )


@polynomial
def exp(x):
    """exp for |x| <= 708, clamped outside."""
    x = min(max(x, -708.0), 708.0)
    shifted = x * LOG2_E + ROUND
    n = shifted - ROUND
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r * r + r + 1.0
    return from_bits(bits(p) + (bits(shifted) << 52))


@polynomial
def tanh(x):
    """tanh by exp away from zero, by its own quotient near zero."""
    a = abs(x)
    e = exp(2.0 * min(a, 20.0))
    large = 1.0 - 2.0 / (e + 1.0)
    s = a * a
    # Lambert's continued fraction, good to rounding for a < 0.5
    p = a * (2027025.0 + s * (270270.0 + s * (6930.0 + s * 36.0)))
    q = 2027025.0 + s * (945945.0 + s * (51975.0 + s * (630.0 + s)))
    size = p / q if a < 0.5 else large
    return math.copysign(size, x)


@polynomial
def log(x):
    """log of positive, normal numbers."""
    i = bits(x)
    e = ((i - 0x3FE6A09E667F3BCD) >> 52) * 1.0
    m = from_bits(i - (((i - 0x3FE6A09E667F3BCD) >> 52) << 52))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 1.0 / 21.0
    p = p * z + 1.0 / 19.0
    p = p * z + 1.0 / 17.0
    p = p * z + 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z + 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z + 1.0 / 3.0
    return e * LN2_HIGH + (2.0 * s + (2.0 * s * z * p + e * LN2_LOW))


@polynomial
def normal_cdf(x):
    """The standard normal distribution function (Hart's rational function, as given by West 2005) to 1e-15 absolute."""
    a = min(abs(x), 7.07)
    e = exp(-0.5 * a * a)
    p = 3.52624965998911e-02 * a + 0.700383064443688
    p = p * a + 6.37396220353165
    p = p * a + 33.912866078383
    p = p * a + 112.079291497871
    p = p * a + 221.213596169931
    p = p * a + 220.206867912376
    q = 8.83883476483184e-02 * a + 1.75566716318264
    q = q * a + 16.064177579207
    q = q * a + 86.7807322029461
    q = q * a + 296.564248779674
    q = q * a + 637.333633378831
    q = q * a + 793.826512519948
    q = q * a + 440.413735824752
    tail = e * p / q
    return tail if x < 0 else 1.0 - tail
