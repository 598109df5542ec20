"""``scipy.stats``: densities, distribution functions and their logarithms, by distribution.

A distribution is a row of formulas in ``z = (x - loc) / scale``; `Continuous` and `Discrete`
make SciPy's methods of it: invalid parameters give nan, points outside the support 0 or -inf.
SciPy's own code is not stepped into: it checks arguments with masked in-place writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import Value

from .arguments import as_inexact, concrete
from .lazy import METHODS_OF
from .special_op import SQRT_2PI, S

Formula = Callable[..., Any]
LOG_SQRT_2PI = math.log(SQRT_2PI)
INF = math.inf


class Distribution:
    """What is common to SciPy's continuous and discrete distributions.

    Parameters
    ----------
    name : str
        SciPy's name.
    shapes : str
        The names of the shape parameters, which must be positive unless `valid` says otherwise.
    support : tuple
        The ends of the support of z; None where it has no end.
    log : callable, ``(z, *shapes)``
        The logarithm of the density or mass.
    cdf, sf, logcdf, logsf, ppf : callables, optional
        Methods are made of what is given.
    """

    def __init__(
        self, name: str, shapes: str, support: tuple[Any, Any], log: Formula, *, valid: Formula | None = None,
        **formulas: Formula | None,
    ) -> None:  # fmt: skip
        self.shapes, self.support, self.log = shapes.split(), support, log
        self.valid, self.formulas = valid, {k: f for k, f in formulas.items() if f}
        self._complete()
        for method in self.methods():
            METHODS_OF[f"{name}_gen", method] = self._method(method)

    def _complete(self) -> None:
        """Derive one distribution function from another."""
        f = self.formulas
        if "cdf" in f and "sf" not in f:
            f["sf"] = lambda z, *s: 1 - f["cdf"](z, *s)
        for direct in ("cdf", "sf"):
            if direct in f and f"log{direct}" not in f:
                f[f"log{direct}"] = lambda z, *s, g=f[direct]: S.log(g(z, *s))

    def methods(self) -> list[str]:
        raise NotImplementedError

    def _method(self, method: str) -> Callable[..., Value]:
        raise NotImplementedError

    # -- parameters ----------------------------------------------------------------------------------
    def parameters(self, args: tuple[Any, ...], kwargs: dict[str, Any], names: list[str]) -> list[Value]:
        """The shape parameters, loc and scale, as SciPy's signature has them."""
        defaults = {"loc": 0.0, "scale": 1.0}
        given = dict(zip(names, args)) | kwargs
        if unexpected := set(given) - set(names) or len(args) > len(names):
            raise TypeError(f"unexpected arguments: {unexpected}")
        if missing := [n for n in names if n not in given and n not in defaults]:
            raise TypeError(f"missing arguments: {missing}")
        return [as_inexact(given.get(n, defaults.get(n))) for n in names]

    def accepted(self, shapes: list[Value], scale: Value | None) -> Value | None:
        """Whether the parameters are valid; None if that is known."""
        conditions = [self.valid(*shapes)] if self.valid else [s > 0 for s in shapes if not _known_positive(s)]
        if scale is not None and not _known_positive(scale):
            conditions.append(scale > 0)
        return _all(conditions)

    def inside(self, z: Value, ends: tuple[Any, Any]) -> Value | None:
        low, high = ends
        outside = [c for c in (None if low is None else z < low, None if high is None else z > high) if c is not None]
        return _all([S.logical_not(c) for c in outside])  # nan is not outside


def _known_positive(x: Value) -> bool:
    value = concrete(x)
    return value is not None and bool(np.all(value > 0))


def _all(conditions: list[Any]) -> Any:
    result = None
    for c in conditions:
        result = c if result is None else S.logical_and(result, c)
    return result


def choose(condition: Any, value: Any, other: float) -> Any:
    """`value` where the condition, if there is one, holds."""
    return value if condition is None else S.where(condition, value, other)


def scalar_if_single(y: Value) -> Value:
    return y[()] if y.ndim == 0 else y


class Continuous(Distribution):
    def methods(self) -> list[str]:
        return ["logpdf", "pdf", *self.formulas]

    def _method(self, method: str) -> Callable[..., Value]:
        names = [*self.shapes, "loc", "scale"]

        def call(x: Any, *args: Any, **kwargs: Any) -> Value:
            *shapes, loc, scale = self.parameters(args, kwargs, names)
            x = as_inexact(x)
            accepted = self.accepted(shapes, scale)
            if method in ("ppf", "isf"):
                return scalar_if_single(choose(accepted, self.formulas[method](x, *shapes) * scale + loc, math.nan))
            z = (x - loc) / scale
            y = self.density(method, z, shapes, scale) if "pdf" in method else self.function(method, z, shapes)
            return scalar_if_single(choose(accepted, y, math.nan))

        call.__name__ = method
        return call

    def density(self, method: str, z: Value, shapes: list[Value], scale: Value) -> Value:
        inside = self.inside(z, self.support)
        log = self.log(_sheltered(inside, z, self.support), *shapes) - S.log(scale)
        return choose(inside, log, -INF) if method == "logpdf" else choose(inside, S.exp(log), 0.0)

    def function(self, method: str, z: Value, shapes: list[Value]) -> Value:
        low, high = self.support
        inside = self.inside(z, self.support)
        y = self.formulas[method](_sheltered(inside, z, self.support), *shapes)
        below, above = {"cdf": (0.0, 1.0), "sf": (1.0, 0.0), "logcdf": (-INF, 0.0), "logsf": (0.0, -INF)}[method]
        if high is not None:
            y = S.where(z > high, above, y)
        return y if low is None else S.where(z < low, below, y)


def _sheltered(inside: Any, z: Value, support: tuple[Any, Any]) -> Value:
    """`z`, and a point of the support where it is outside: the formula is never used there."""
    if inside is None:
        return z
    low, high = support
    middle = (low + high) / 2 if low is not None and high is not None else low + 1.0 if low is not None else high - 1.0
    return S.where(inside, z, middle)


class Discrete(Distribution):
    def methods(self) -> list[str]:
        return ["logpmf", "pmf", *self.formulas]

    def _method(self, method: str) -> Callable[..., Value]:
        names = [*self.shapes, "loc"]

        def call(k: Any, *args: Any, **kwargs: Any) -> Value:
            *shapes, loc = self.parameters(args, kwargs, names)
            k = as_inexact(k) - loc
            accepted = self.accepted(shapes, None)
            y = self.mass(method, k, shapes) if "pmf" in method else self.function(method, k, shapes)
            return scalar_if_single(choose(accepted, y, math.nan))

        call.__name__ = method
        return call

    def ends(self, shapes: list[Value]) -> tuple[Any, Any]:
        low, high = self.support
        return low, high(*shapes) if callable(high) else high

    def mass(self, method: str, k: Value, shapes: list[Value]) -> Value:
        low, high = self.ends(shapes)
        inside = S.logical_and(S.equal(k, S.floor(k)), self.inside(k, (low, high)))
        log = self.log(S.where(inside, k, low), *shapes)
        return S.where(inside, log, -INF) if method == "logpmf" else S.where(inside, S.exp(log), 0.0)

    def function(self, method: str, k: Value, shapes: list[Value]) -> Value:
        low, high = self.ends(shapes)
        k = S.floor(k)
        below, above = {"cdf": (0.0, 1.0), "sf": (1.0, 0.0), "logcdf": (-INF, 0.0), "logsf": (0.0, -INF)}[method]
        used = S.where(k >= low, k, low)
        if high is not None:
            used = S.where(k < high, used, low)
        y = self.formulas[method](used, *shapes)
        y = y if high is None else S.where(k >= high, above, y)
        return S.where(k < low, below, y)


# -- continuous distributions -----------------------------------------------------------------------------
LINE, HALF, UNIT = (None, None), (0.0, None), (0.0, 1.0)
ABOVE_ZERO = (5e-324, None)

Continuous("norm", "", LINE, lambda z: -0.5 * (z * z) - LOG_SQRT_2PI, cdf=lambda z: S.ndtr(z), sf=lambda z: S.ndtr(-z),
           logcdf=lambda z: S.log_ndtr(z), logsf=lambda z: S.log_ndtr(-z), ppf=lambda p: S.ndtri(p), isf=lambda p: -S.ndtri(p))
Continuous("t", "df", LINE,
           lambda z, n: (S.gammaln(0.5 * (n + 1)) - S.gammaln(0.5 * n) - 0.5 * S.log(n * math.pi)
                         - 0.5 * (n + 1) * S.log1p(z * z / n)),
           cdf=lambda z, n: S.stdtr(n, z), sf=lambda z, n: S.stdtr(n, -z))  # fmt: skip
Continuous("gamma", "a", HALF, lambda z, a: S.xlogy(a - 1, z) - z - S.gammaln(a), cdf=lambda z, a: S.gammainc(a, z),
           sf=lambda z, a: S.gammaincc(a, z), ppf=lambda p, a: S.gammaincinv(a, p))
Continuous("chi2", "df", HALF,
           lambda z, n: S.xlogy(0.5 * n - 1, z) - 0.5 * z - S.gammaln(0.5 * n) - (math.log(2) / 2) * n,
           cdf=lambda z, n: S.gammainc(0.5 * n, 0.5 * z), sf=lambda z, n: S.gammaincc(0.5 * n, 0.5 * z),
           ppf=lambda p, n: 2 * S.gammaincinv(0.5 * n, p))  # fmt: skip
Continuous("beta", "a b", UNIT, lambda z, a, b: S.xlog1py(b - 1, -z) + S.xlogy(a - 1, z) - S.betaln(a, b),
           cdf=lambda z, a, b: S.betainc(a, b, z), sf=lambda z, a, b: S.betaincc(a, b, z),
           ppf=lambda p, a, b: S.betaincinv(a, b, p))
Continuous("expon", "", HALF, lambda z: -z, cdf=lambda z: -S.expm1(-z), sf=lambda z: S.exp(-z), logsf=lambda z: -z,
           ppf=lambda p: -S.log1p(-p))
Continuous("uniform", "", UNIT, lambda z: 0.0 * z, cdf=lambda z: z, ppf=lambda p: p)
Continuous("lognorm", "s", ABOVE_ZERO,
           lambda z, s: -S.square(S.log(z) / s) * 0.5 - S.log(s * z) - LOG_SQRT_2PI,
           cdf=lambda z, s: S.ndtr(S.log(z) / s), sf=lambda z, s: S.ndtr(-S.log(z) / s),
           logcdf=lambda z, s: S.log_ndtr(S.log(z) / s), logsf=lambda z, s: S.log_ndtr(-S.log(z) / s))  # fmt: skip
Continuous("laplace", "", LINE, lambda z: -S.absolute(z) - math.log(2),
           cdf=lambda z: S.where(z > 0, 1 - 0.5 * S.exp(-S.absolute(z)), 0.5 * S.exp(-S.absolute(z))),
           sf=lambda z: S.where(z > 0, 0.5 * S.exp(-S.absolute(z)), 1 - 0.5 * S.exp(-S.absolute(z))))
Continuous("logistic", "", LINE, lambda z: -S.absolute(z) - 2 * S.log1p(S.exp(-S.absolute(z))),
           cdf=lambda z: S.expit(z), sf=lambda z: S.expit(-z), logcdf=lambda z: S.log_expit(z),
           logsf=lambda z: S.log_expit(-z), ppf=lambda p: S.logit(p))
Continuous("cauchy", "", LINE, lambda z: -math.log(math.pi) - S.log1p(z * z),
           cdf=lambda z: 0.5 + S.arctan(z) / math.pi, sf=lambda z: 0.5 - S.arctan(z) / math.pi)
Continuous("gumbel_r", "", LINE, lambda z: -z - S.exp(-z), cdf=lambda z: S.exp(-S.exp(-z)),
           sf=lambda z: -S.expm1(-S.exp(-z)), logcdf=lambda z: -S.exp(-z))
Continuous("weibull_min", "c", HALF, lambda z, c: S.log(c) + S.xlogy(c - 1, z) - S.power(z, c),
           cdf=lambda z, c: -S.expm1(-S.power(z, c)), sf=lambda z, c: S.exp(-S.power(z, c)),
           logsf=lambda z, c: -S.power(z, c))
Continuous("pareto", "b", (1.0, None), lambda z, b: S.log(b) - (b + 1) * S.log(z),
           cdf=lambda z, b: 1 - S.power(z, -b), sf=lambda z, b: S.power(z, -b))
Continuous("halfnorm", "", HALF, lambda z: -0.5 * (z * z) + 0.5 * math.log(2 / math.pi),
           cdf=lambda z: S.erf(z * math.sqrt(0.5)), sf=lambda z: S.erfc(z * math.sqrt(0.5)))
Continuous("invgamma", "a", ABOVE_ZERO, lambda z, a: -(a + 1) * S.log(z) - S.gammaln(a) - 1 / z,
           cdf=lambda z, a: S.gammaincc(a, 1 / z), sf=lambda z, a: S.gammainc(a, 1 / z))


# -- discrete distributions -------------------------------------------------------------------------------
def log_choices(n: Any, k: Any) -> Any:
    """The logarithm of the binomial coefficient."""
    return S.gammaln(n + 1) - S.gammaln(k + 1) - S.gammaln(n - k + 1)


def is_probability(p: Value) -> Value:
    return S.logical_and(p >= 0, p <= 1)


Discrete("poisson", "mu", (0.0, None), lambda k, mu: S.xlogy(k, mu) - S.gammaln(k + 1) - mu, valid=lambda mu: mu >= 0,
         cdf=lambda k, mu: S.gammaincc(k + 1, mu), sf=lambda k, mu: S.gammainc(k + 1, mu))
Discrete("binom", "n p", (0.0, lambda n, p: n),
         lambda k, n, p: log_choices(n, k) + S.xlogy(k, p) + S.xlog1py(n - k, -p),
         valid=lambda n, p: S.logical_and(n >= 0, is_probability(p)),
         cdf=lambda k, n, p: S.betaincc(k + 1, n - k, p), sf=lambda k, n, p: S.betainc(k + 1, n - k, p))  # fmt: skip
Discrete("bernoulli", "p", (0.0, lambda p: 1.0), lambda k, p: S.xlogy(k, p) + S.xlog1py(1 - k, -p),
         valid=is_probability, cdf=lambda k, p: 1 - p, sf=lambda k, p: p)
Discrete("geom", "p", (1.0, None), lambda k, p: S.xlog1py(k - 1, -p) + S.log(p),
         valid=lambda p: S.logical_and(p > 0, p <= 1),
         cdf=lambda k, p: -S.expm1(S.log1p(-p) * k), sf=lambda k, p: S.exp(k * S.log1p(-p)))  # fmt: skip
Discrete("nbinom", "n p", (0.0, None),
         lambda k, n, p: S.gammaln(n + k) - S.gammaln(k + 1) - S.gammaln(n) + n * S.log(p) + S.xlog1py(k, -p),
         valid=lambda n, p: S.logical_and(n > 0, S.logical_and(p > 0, p <= 1)),
         cdf=lambda k, n, p: S.betainc(n, k + 1, p), sf=lambda k, n, p: S.betaincc(n, k + 1, p))  # fmt: skip

