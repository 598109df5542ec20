"""How far results lie from the mathematical value: references, samples and distances in ulp (needs mpmath)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import arity


def references() -> dict[str, Callable]:
    """The functions in multiple precision."""
    import mpmath as mp

    mp.mp.prec = 300
    named = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh",
             "arccosh": "acosh", "arctanh": "atanh", "pow": "power"}
    direct = "exp expm1 log log1p sin cos tan sinh cosh tanh hypot erf erfc".split()
    return {
        **{name: getattr(mp, name) for name in direct},
        **{name: getattr(mp, other) for name, other in named.items()},
        "exp2": lambda x: mp.power(2, x),
        "log2": lambda x: mp.log(x) / mp.ln(2),
        "log10": lambda x: mp.log(x) / mp.ln(10),
        "gammaln": lambda x: mp.re(mp.loggamma(x)),
        "digamma": mp.digamma,
        "cbrt": lambda x: mp.sign(x) * mp.root(abs(x), 3),
        "expit": lambda x: 1 / (1 + mp.exp(-x)),
    }


def ulps(got: Any, exact: Any, dtype: str) -> float:
    """``|got - exact|`` in units in the last place of the exact value; inf where only one is finite."""
    import mpmath as mp

    info = np.finfo(dtype)
    if isinstance(exact, mp.mpc) or mp.isnan(exact):
        return 0.0 if np.isnan(got) else np.inf
    if abs(exact) >= mp.mpf(2) ** info.maxexp * (1 - mp.mpf(2) ** (-info.nmant - 2)):      # rounds to inf
        return 0.0 if float(got) == float(mp.sign(exact)) * np.inf else np.inf
    if not np.isfinite(got):
        return np.inf
    if exact == 0:
        return 0.0 if got == 0 else np.inf
    exponent = max(mp.frexp(abs(exact))[1] - 1, int(info.minexp))
    return float(abs(mp.mpf(float(got)) - exact) / mp.mpf(2) ** (exponent - info.nmant))


def _ranges(name: str, double: bool) -> list[tuple]:
    """Where to sample: ("linear" | "log" | "signed" | "one", low, high); log ranges are exponents of 2."""
    low, high = (-1070, 1023) if double else (-148, 127)
    deep = -60 if double else -30
    exp_low, exp_high = (-745.0, 709.7) if double else (-103.0, 88.7)
    near_zero, wide = ("signed", deep, 0), ("signed", low, high)
    logarithm = [("log", low, high), ("linear", 0.5, 2), ("one", -50 if double else -23, -2)]
    circular = [("linear", -4, 4), ("linear", -1e4, 1e4), ("signed", 10, 46), wide]
    hyperbolic = [("linear", -3, 3), ("linear", -exp_high, exp_high), near_zero]
    arc = [("linear", -1, 1), near_zero]
    return {  # type: ignore[return-value]
        "exp": [("linear", exp_low, exp_high), ("linear", -1, 1)],
        "exp2": [("linear", low, high), ("linear", -1, 1)],
        "expm1": [("linear", -40, exp_high), ("linear", -2, 2), near_zero],
        "expit": [("linear", exp_low, 40), ("linear", -3, 3)],
        "log": logarithm, "log2": logarithm, "log10": logarithm,
        "log1p": [("linear", -0.999, 3), near_zero, ("log", -3, high)],
        "sin": circular, "cos": circular, "tan": circular,
        "sinh": hyperbolic, "cosh": hyperbolic, "tanh": [("linear", -3, 3), ("linear", -20, 20), near_zero],
        "arcsin": arc, "arccos": arc, "arctan": [("linear", -4, 4), wide],
        "arcsinh": [("linear", -4, 4), ("signed", deep, 40), wide],
        "arccosh": [("linear", 1, 5), ("log", 0, high)], "arctanh": [("linear", -1, 1), near_zero],
        "cbrt": [("linear", -8, 8), wide],
        "gammaln": [("linear", 0.1, 4), ("log", deep, 0), ("log", 0, high - 10), ("linear", 2, 100)],
        "digamma": [("linear", 0.1, 4), ("log", deep, 0), ("log", 0, high - 10), ("linear", 2, 100)],
        "erf": [("linear", -6, 6), ("linear", -1.5, 1.5), near_zero],
        "erfc": [("linear", -6, 27.2 if double else 10.2), ("linear", -1.5, 1.5), near_zero],
    }.get(name, [("linear", -2, 2), ("signed", -5, 5), wide])


def _draw(rng: np.random.Generator, kind: str, low: float, high: float, count: int) -> np.ndarray:
    u = rng.uniform(low, high, count)
    if kind == "linear":
        return u
    signs = rng.choice([-1.0, 1.0], count) if kind in ("signed", "one") else 1.0
    return (kind == "one") + signs * 2.0**u


def samples(name: str, dtype: str, count: int, seed: int = 0) -> list[np.ndarray]:
    """Arguments covering the domain of `name`, `count` for each of its ranges."""
    rng, double = np.random.default_rng(seed), dtype == "float64"
    if name == "pow":
        return _powers(rng, dtype, count)
    ranges = _ranges(name, double)
    return [np.concatenate([_draw(rng, *r, count) for r in ranges]).astype(dtype) for _ in range(arity(name))]  # type: ignore[call-arg]


def _powers(rng: np.random.Generator, dtype: str, count: int) -> list[np.ndarray]:
    """Bases everywhere, exponents such that the power spans the whole range of the dtype."""
    low, high = (-1074, 1023.9) if dtype == "float64" else (-149, 127.9)
    base = np.concatenate([2.0 ** rng.uniform(low / 1.01, high, count), rng.uniform(0.5, 2, count),
                           2.0 ** rng.uniform(-4, 4, count)]).astype(dtype)
    exponent = rng.uniform(low, high, base.size) / np.log2(base.astype("float64"))
    exponent[2 * count:] = np.round(exponent[2 * count:])
    return [base, np.clip(exponent, -1e30, 1e30).astype(dtype)]


def worst(name: str, dtype: str, arguments: list[np.ndarray], results: np.ndarray) -> tuple[float, tuple]:
    """The largest distance in ulp and the arguments where it is."""
    import mpmath as mp

    exact = references()[name]
    found: tuple[float, tuple] = (0.0, ())
    for row in zip(results, *arguments, strict=True):
        got, *point = (float(v) for v in row)
        distance = ulps(got, exact(*map(mp.mpf, point)), dtype)
        found = max(found, (distance, tuple(point)))
    return found
