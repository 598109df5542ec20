"""Computes coefficients.py from the mathematical definitions alone: ``python fit.py > coefficients.py``.

Recipe, in 160-digit arithmetic. Each polynomial is the weighted least-squares fit of its function on Chebyshev nodes
(close to minimax). From the lowest power up a coefficient is rounded to the working format and the
others are refitted to what is left, so that they absorb its rounding. The degree is the smallest one whose largest
weighted error is below ``2**-bits``. A constant is split into parts, each the rounding of what is left.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import mpmath as mp
from mpmath import mpf

mp.mp.dps = 160

#: goal: (bits of the working format, wanted bits of a polynomial)
GOALS = {"double": (53, 58), "short": (53, 34), "single": (24, 28)}
LN2 = mp.ln(2)
HALF = LN2 / 2
Z_HALF = HALF**2
#: largest atanh argument of the logarithms: m in [sqrt(1/2), sqrt(2)), s = (m - 1)/(m + 1)
Z_LOG = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mpf("1.0001")
Z_ATAN = mp.tan(mp.pi / 8) ** 2 * mpf("1.0001")
#: erfc(x) = exp(-x*x) * p(t) / (1 + 2*x) with t = (x - ERFC_CENTRE)/(x + ERFC_CENTRE)
ERFC_CENTRE = 4
#: below it erfc is 1 - erf
INNER = mpf("0.7")
#: from here on the gamma functions use Stirling's form, whose remainder is a function of 1/x**2
STIRLING = mpf("2.5")
#: lgamma(x) = (x - 1/2)*(log(x) - 1) + LGAMMA_CONSTANT + p(1/x**2)/x
LGAMMA_CONSTANT = mp.ln(2 * mp.pi) / 2 - mpf(1) / 2
DIGAMMA_ROOT = mp.findroot(mp.digamma, 1.46)
STIRLING_Z = (mpf(10) ** -8, 1 / STIRLING**2)


def root(f: Callable) -> Callable:
    """f of ``sqrt(z)``: odd and even functions become polynomials in z."""
    return lambda z: f(mp.sqrt(z))


def erfc_scaled(t):
    x = ERFC_CENTRE * (1 + t) / (1 - t)
    if x > 1e3:                                    # asymptotic series, DLMF 7.12.1
        series = mp.nsum(lambda k: (-1) ** int(k) * mp.fac2(2 * k - 1) / (2 * x * x) ** k, [0, 8])
        return (1 + 2 * x) * series / (x * mp.sqrt(mp.pi))
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def erf_weight(t):
    """What an error of the scaled erfc means for erf = 1 - erfc."""
    x = ERFC_CENTRE * (1 + t) / (1 - t)
    return mp.exp(-x * x) / (1 + 2 * x)


def stirling_rest(z):
    x = 1 / mp.sqrt(z)
    return x * (mp.loggamma(x) - (x - mpf(1) / 2) * (mp.ln(x) - 1) - LGAMMA_CONSTANT)


def digamma_rest(z):
    x = 1 / mp.sqrt(z)
    return (mp.ln(x) - 1 / (2 * x) - mp.digamma(x)) * x * x


def lower(x):
    return (mpf(x) - ERFC_CENTRE) / (mpf(x) + ERFC_CENTRE)


#: name: (function, interval, weight of an error, extra bits wanted by goal)
POLYNOMIALS = {
    "exp": (lambda r: (mp.exp(r) - 1 - r) / r**2, (-HALF, HALF), lambda r: r**2 / mp.exp(r), {"double": -1}),
    "exp2": (lambda r: (mp.power(2, r) - 1) / r, (-0.5, 0.5), lambda r: abs(r) / mp.power(2, r), {}),
    "sinh": (root(lambda r: (mp.sinh(r) - r) / r**3), (0, Z_HALF), lambda z: z, {}),
    "cosh": (root(lambda r: (mp.cosh(r) - 1) / r**2), (0, Z_HALF), lambda z: z, {}),
    "log": (root(lambda s: (2 * mp.atanh(s) / s - 2) / s**2), (0, Z_LOG), lambda z: z / 2, {}),
    "log_pow": (root(lambda s: (mp.atanh(s) / s - 1 - s**2 / 3) / s**4), (0, Z_LOG), lambda z: z**2,
                {"double": 10, "short": 8, "single": 0}),
    "sin": (root(lambda r: (mp.sin(r) / r - 1) / r**2), (0, (mp.pi / 2) ** 2), lambda z: z / root(mp.sinc)(z), {}),
    "sin_quarter": (root(lambda r: (mp.sin(r) / r - 1) / r**2), (0, (mp.pi / 4) ** 2), lambda z: z, {}),
    "cos_quarter": (root(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4), (0, (mp.pi / 4) ** 2), lambda z: z**2, {}),
    "atan": (root(lambda t: (mp.atan(t) / t - 1) / t**2), (0, Z_ATAN), lambda z: z, {}),
    "asin": (root(lambda s: (mp.asin(s) / s - 1) / s**2), (0, mpf("0.25")), lambda z: z, {}),
    "erf": (root(lambda x: mp.erf(x) / x - 1), (0, 1), lambda z: mpf(1), {}),
    "erfc": (erfc_scaled, (lower(INNER), lower(28)), lambda t: mpf(1), {}),
    "erf_tail": (erfc_scaled, (lower(1), lower(6.5)), erf_weight, {}),
    "gammaln_low": (lambda w: mp.loggamma(2 + w) / (w * (w + 1)), (mpf("-1.25"), STIRLING - 2), lambda w: mpf(1), {}),
    "gammaln": (stirling_rest, STIRLING_Z, lambda z: mp.sqrt(z) / mp.loggamma(1 / mp.sqrt(z)), {}),
    "digamma_low": (lambda w: mp.digamma(w + DIGAMMA_ROOT) / w, (1 - DIGAMMA_ROOT, STIRLING - DIGAMMA_ROOT),
                    lambda w: mpf(1), {}),
    "digamma": (digamma_rest, STIRLING_Z, lambda z: z / mp.digamma(1 / mp.sqrt(z)), {}),
    "cbrt": (lambda m: mp.power(m, -mpf(1) / 3), (1, 2), lambda m: mpf(1), {"double": -43, "short": -18, "single": -13}),
}

#: polynomials whose rounded first coefficient alone would cost half an ulp
TWO_PART = {"erfc", "digamma_low"}

#: name: (value, number of parts, low bits of the first part left zero by goal)
CONSTANTS = {
    "ln2": (LN2, 2, {"double": 12, "short": 12, "single": 9}),
    "log2_e": (1 / LN2, 2, {}),
    "log10_e": (1 / mp.ln(10), 2, {}),
    "log10_2": (LN2 / mp.ln(10), 2, {"double": 12, "short": 12, "single": 9}),
    "pi": (mp.pi, 3, {}),
    "half_pi": (mp.pi / 2, 3, {}),
    "quarter_pi": (mp.pi / 4, 2, {}),
    "third": (mpf(1) / 3, 2, {}),
    "lgamma_constant": (LGAMMA_CONSTANT, 2, {}),
    "digamma_root": (DIGAMMA_ROOT, 2, {}),
    "two_log2_e": (2 / LN2, 2, {}),
}


def rounded(x, bits: int):
    """x to the nearest number of so many significant bits."""
    if x == 0:
        return mpf(0)
    scale = mpf(2) ** (bits - 1 - int(mp.floor(mp.log(abs(x), 2))))
    return mp.nint(x * scale) / scale


def nodes(interval: tuple, count: int) -> list:
    low, high = map(mpf, interval)
    found = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    return [x for x in found if abs(x) > mpf(10) ** -15]               # the functions divide by x


def solve(points: list, weights: list, values: list, first: int, degree: int) -> list:
    """Coefficients of ``x**first .. x**degree`` with the least weighted squares (normal equations)."""
    moments = [sum(w * w * x**p for x, w in zip(points, weights)) for p in range(2 * first, 2 * degree + 1)]
    right = [sum(w * w * x**p * v for x, w, v in zip(points, weights, values)) for p in range(first, degree + 1)]
    count = degree - first + 1
    matrix = mp.matrix(count, count)
    for i in range(count):
        for j in range(count):
            matrix[i, j] = moments[i + j]
    return list(mp.lu_solve(matrix, mp.matrix(right)))


def fit(f: Callable, interval: tuple, weight: Callable, degree: int, bits: int, extra_part: bool) -> list:
    """Rounded coefficients by the recipe above; the first in two parts if wanted."""
    points = nodes(interval, 3 * degree + 8)
    weights, rest = [weight(x) for x in points], [f(x) for x in points]
    found: list = []
    for power in range(degree + 1):
        wanted = solve(points, weights, rest, power, degree)[0]
        taken = split(wanted, 2 if extra_part and not power else 1, bits, 0)
        found += taken
        rest = [r - sum(taken) * x**power for r, x in zip(rest, points)]
    return found


def worst(f: Callable, interval: tuple, weight: Callable, coefficients: list, count: int = 300):
    return max(abs(weight(x) * (mp.polyval(coefficients[::-1], x) - f(x))) for x in nodes(interval, count))


def cached(f: Callable) -> Callable:
    memory: dict = {}

    def call(x):
        if x not in memory:
            memory[x] = f(x)
        return memory[x]
    return call


def polynomial(name: str, goal: str) -> list:
    """The shortest polynomial that meets the goal."""
    f, interval, weight, extra = POLYNOMIALS[name]
    bits, wanted = GOALS[goal]
    limit = mpf(2) ** -(wanted + extra.get(goal, 0))
    f, extra_part = cached(f), name in TWO_PART
    for degree in range(2, 40):
        points = nodes(interval, 3 * degree + 8)
        ideal = solve(points, [weight(x) for x in points], [f(x) for x in points], 0, degree)
        if worst(f, interval, weight, ideal, 60) < limit:
            found = fit(f, interval, weight, degree, bits, extra_part)
            plain = [found[0] + found[1]] + found[2:] if extra_part else found
            error = float(mp.log(worst(f, interval, weight, plain), 2))
            print(f"{name}/{goal}: degree {degree}, error 2**{error:.1f}", file=sys.stderr)
            return found
    raise ArithmeticError(f"no polynomial for {name}/{goal}")


def split(value, count: int, bits: int, zeros: int) -> list:
    parts = [rounded(value, bits - zeros)]
    while len(parts) < count:
        parts.append(rounded(value - sum(parts), bits))
    return parts


def inverse_pi_bytes(count: int = 176) -> str:
    """The first ``8*count`` bits of 1/pi after the binary point, as hex."""
    with mp.workprec(8 * count + 64):
        return f"{int(mp.floor(mp.ldexp(1 / mp.pi, 8 * count))):0{2 * count}x}"


def tables() -> Iterator[tuple[str, list]]:
    for goal, (bits, _) in GOALS.items():
        for name in POLYNOMIALS:
            yield f"{name}/{goal}", polynomial(name, goal)
        for name, (value, count, zeros) in CONSTANTS.items():
            yield f"{name}/{goal}", split(value, count, bits, zeros.get(goal, 0))


def main() -> None:
    print('"""Coefficients and constants of the vector math; written by fit.py, which states the recipe."""\n')
    print("# lowest power (or leading part) first; name/goal as in fit.py")
    print("TABLES: dict[str, list[str]] = {")
    for name, values in tables():
        print(f'    "{name}": [')
        row = [f'"{float(v).hex()}"' for v in values]
        for k in range(0, len(row), 4):
            print(f"        {', '.join(row[k:k + 4])},")
        print("    ],")
    print("}\n")
    print("#: the bits of 1/pi after the binary point, for arguments of any size")
    digits = inverse_pi_bytes()
    print("INVERSE_PI = (")
    for k in range(0, len(digits), 96):
        print(f'    "{digits[k:k + 96]}"')
    print(")")


if __name__ == "__main__":
    main()
