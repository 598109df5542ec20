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


def hard(name: str, dtype: str, count: int = 200, seed: int = 0) -> list[np.ndarray]:
    """Arguments where functions of this kind go wrong first: next to zeros, poles, the ends of the range, where reduction steps."""
    import mpmath as mp

    rng, double = np.random.default_rng(seed), dtype == "float64"
    mp.mp.prec = 1200 if double else 300
    near: list[Any] = []
    if name in ("sin", "cos", "tan"):  # multiples of pi/2, of all sizes; the double nearest to one of them
        turns = [int(2.0**e) for e in rng.uniform(0, 1000 if double else 125, count)]
        near = [float(mp.mpf(k) * mp.pi / 2) for k in turns] + ([6381956970095103 * 2.0**797] if double else [16367173 * 2.0**72])
    elif name in ("exp", "expm1", "exp2", "expit", "sinh", "cosh", "tanh"):  # where the exponent changes
        step = 1.0 if name == "exp2" else float(mp.ln(2))
        ends = (-1074, 1023) if double else (-149, 127)
        near = [(k + half) * step for k in rng.integers(*ends, count) for half in (0.0, 0.5)]
        near += [e * step for e in (*ends, ends[1] + 1, ends[0] + 52)]
    elif name in ("log", "log2", "log10", "arccosh"):
        near = [1.0, 2.0**0.5, 2.0**-0.5, 2.0, 10.0, 1e22 if double else 1e10, *(2.0**k for k in rng.integers(1, 100, 20))]
    elif name in ("gammaln", "digamma"):
        near = [1.0, 2.0, 1.4616321449683623, 3.0, 8.0, 12.5]
    elif name == "pow":
        return _hard_powers(rng, dtype, count)
    elif arity(name) == 2:
        tiny, huge = (1e-300, 1e300) if double else (1e-37, 1e37)
        return [a.astype(dtype) for a in np.meshgrid([tiny, 1.0, huge, -1e-5, 3.0, -4.0], [tiny, 1.0, huge, 4.0])]
    else:
        near = [0.0, 0.5, -0.5, 1.0, -1.0, 0.46875, 2.4142135623730950, 0.4142135623730950, 4.0, 6.0]
    around = np.array(near).astype(dtype)
    up, down = np.nextafter(around, np.array(np.inf, dtype)), np.nextafter(around, np.array(-np.inf, dtype))
    found = np.concatenate([around, up, down])
    low, high = _DOMAINS.get(name, (-np.inf, np.inf))
    return [found[np.isfinite(found) & (found >= low) & (found <= high)]]


_DOMAINS = {"log": (0, np.inf), "log2": (0, np.inf), "log10": (0, np.inf), "arccosh": (1, np.inf), "arcsin": (-1, 1),
            "arccos": (-1, 1), "arctanh": (-1, 1), "log1p": (-1, np.inf), "gammaln": (0, np.inf), "digamma": (0, np.inf)}


def _hard_powers(rng: np.random.Generator, dtype: str, count: int) -> list[np.ndarray]:
    """Bases next to 1 with large exponents, and powers next to the ends of the range."""
    eps, (low, high) = float(np.finfo(dtype).eps), (-1073.9, 1023.99) if dtype == "float64" else (-148.9, 127.99)
    base = np.concatenate([1 + eps * rng.integers(-1000, 1000, count), 2.0 ** rng.uniform(-3, 3, count)]).astype(dtype)
    base[base == 1] = 1.5
    logs = np.log2(base.astype("float64"))
    exponent = rng.choice([low, high, 0.5, -0.5], base.size) / logs
    return [base, np.clip(exponent, -1e37, 1e37).astype(dtype)]


def worst(name: str, dtype: str, arguments: list[np.ndarray], results: np.ndarray) -> tuple[float, tuple]:
    """The largest distance in ulp and the arguments where it is."""
    import mpmath as mp

    exact = references()[name]
    found: tuple[float, tuple] = (0.0, ())
    for row in zip(results.ravel(), *(a.ravel() for a in arguments), strict=True):
        got, *point = (float(v) for v in row)
        distance = ulps(got, exact(*map(mp.mpf, point)), dtype)
        found = max(found, (distance, tuple(point)))
    return found
