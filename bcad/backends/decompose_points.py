"""Before lowering: rounding, equally spaced points and sinc as the arithmetic that NumPy does for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bcad.ir import Builder, Kind, Size, Value

from .decompose import cast, op, rule

TERMS = 24  # of a series near 0, and six more for each order


def number(x: float) -> Value:
    """A constant that takes the dtype of what it meets."""
    return Builder.current().constant(x)


@rule("round")
def _round(x: Value, *, decimals: int) -> Any:
    """NumPy scales by a power of ten, rounds, and scales back; Python's own numbers are rounded otherwise."""
    if x.type.kind is Kind.PYTHON or x.dtype.kind not in "fiu":
        return None
    if x.dtype.kind != "f":
        return op("positive")(x) if decimals >= 0 else None
    if decimals == 0:
        return op("rint")(x)
    if abs(decimals) > 22:  # powers of ten that are no longer exact
        return None
    scale = number(10.0 ** abs(decimals))
    there, back = ("multiply", "divide") if decimals > 0 else ("divide", "multiply")
    return op(back)(op("rint")(op(there)(x, scale)), scale)


@rule("linspace")
def _linspace(start: Value, stop: Value, *, num: Size, endpoint: bool) -> Any:
    """The k-th point is ``k * step + start``, the last one `stop` itself."""
    dtype = np.result_type(start.dtype, stop.dtype, np.float64)
    if start.dtype.itemsize < 4 or dtype.kind not in "fc":
        return None
    first, last = (cast(v, dtype) for v in (start, stop))
    rank = max(first.ndim, last.ndim)
    places = op("reshape")(op("arange")(start=0, step=1, length=num, dtype=np.dtype(np.int64)), shape=(num, *(1,) * rank))
    k = cast(places, np.dtype(float))
    parts = num - 1 if endpoint else num
    divisor = number(float(max(parts, 1))) if isinstance(parts, int) else cast(
        op("maximum")(Builder.current().size(parts), number(1)), np.dtype(float))
    distance = op("subtract")(last, first)
    step = op("divide")(distance, divisor)
    even = op("multiply")(k, step)
    if isinstance(num, int) and endpoint and num == 1:  # there is no step
        even = op("multiply")(k, distance)
    else:  # the step may be too small for a number
        even = op("where")(op("equal")(step, number(0.0)), op("multiply")(op("divide")(k, divisor), distance), even)
    points = op("add")(even, first)
    if endpoint:
        is_last = op("logical_and")(op("equal")(places, Builder.current().size(num - 1)), op("greater")(places, number(0)))
        points = op("where")(is_last, last, points)
    return points


@rule("sinc")
def _sinc(x: Value, *, order: int) -> Any:
    """As `bcad.ops` computes it: a quotient, and for derivatives near 0 a series."""
    if x.dtype.kind not in "fc" or x.dtype.itemsize < 4:
        return None
    where, multiply, divide = op("where"), op("multiply"), op("divide")
    if order == 0:
        angle = multiply(number(math.pi), x)
        zero = op("equal")(x, number(0.0))
        safe = where(zero, number(1.0), angle)
        return where(zero, number(1.0), divide(op("sin")(safe), safe))
    near = op("less")(op("absolute")(x), number(0.5 + 0.5 * order))
    far = where(near, number(1.0), x)
    angle = multiply(number(math.pi), far)
    f = divide(op("sin")(angle), angle)
    for n in range(1, order + 1):
        sine = multiply(number(math.pi ** (n - 1)), op("sin")(op("add")(angle, number(n * math.pi / 2))))
        f = divide(op("subtract")(sine, multiply(number(float(n)), f)), far)
    return where(near, _series(where(near, x, number(0.0)), order), f)


def _series(x: Value, order: int) -> Value:
    """The Taylor series of sinc, differentiated term by term, by Horner's rule in ``x**2``."""
    multiply, add = op("multiply"), op("add")
    first, count = (order + 1) // 2, TERMS + 6 * order
    coefficients = [
        (-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k + 1) * math.perm(2 * k, order) for k in range(first, count)
    ]
    square = multiply(x, x)
    total = multiply(number(0.0), x)
    for c in reversed(coefficients):
        total = add(multiply(total, square), number(c))
    return multiply(total, x) if 2 * first - order else total
