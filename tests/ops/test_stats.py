"""scipy.stats: SciPy's values inside, at and outside the support; derivatives of points and parameters."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats as st

from bcad.ops.lazy import METHODS_OF

from .derivatives import build, check, evaluate, of, reverse, run

RNG = np.random.default_rng(13)
SHAPES = {"t": (4.5,), "gamma": (2.5,), "chi2": (3.5,), "beta": (1.5, 2.5), "lognorm": (0.7,), "weibull_min": (1.7,),
          "pareto": (2.2,), "invgamma": (2.1,), "poisson": (2.3,), "binom": (6.0, 0.3), "bernoulli": (0.3,),
          "geom": (0.3,), "nbinom": (3.5, 0.4)}  # fmt: skip
DISCRETE = ("poisson", "binom", "bernoulli", "geom", "nbinom")
METHODS = sorted({(c.removesuffix("_gen"), m) for c, m in METHODS_OF if not c.startswith(("multi", "dirich"))})
CONTINUOUS = [(d, m) for d, m in METHODS if d not in DISCRETE]


def points(name):
    return np.array([1.6, 2.1]) if name == "pareto" else np.array([0.3, 0.7])


@pytest.mark.parametrize("method", METHODS, ids="-".join)
def test_values_are_scipys(method):
    name, m = method
    function = getattr(getattr(st, name), m)
    shapes = SHAPES.get(name, ())
    x = np.array([0.1, 0.5, 0.99]) if m in ("ppf", "isf") else np.array([-1.0, 0.0, 0.4, 1.0, 1.5, 2.0, 7.0, np.nan])
    if name in DISCRETE:
        x = x[:-1]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(run(lambda x: of(function)(x, *shapes), x), function(x, *shapes), rtol=1e-11, atol=1e-13)
        if name not in DISCRETE:
            for loc, scale in ((0.5, 2.0), (0.0, -1.0)):
                got = run(lambda x, s: of(function)(x, *shapes, loc=loc, scale=s), x, scale)
                np.testing.assert_allclose(got, function(x, *shapes, loc=loc, scale=scale), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("method", CONTINUOUS, ids="-".join)
def test_derivatives_of_points_location_and_scale(method):
    name, m = method
    function, shapes = of(getattr(getattr(st, name), m)), SHAPES.get(name, ())
    check(lambda x, loc, scale: function(x, *shapes, loc, scale), points(name), 0.1, 1.1)


@pytest.mark.parametrize("method", [m for m in METHODS if m[1] in ("pdf", "logpdf", "pmf", "logpmf") and m[0] in SHAPES], ids="-".join)
def test_derivatives_of_shape_parameters_of_densities(method):
    name, m = method
    function, shapes = of(getattr(getattr(st, name), m)), SHAPES[name]
    x = np.array([1.0, 1.0]) if name in DISCRETE else points(name)
    if name == "binom":
        check(lambda p: function(x, 6, p), 0.3)
    else:
        check(lambda *s: function(x, *s), *shapes)


def test_distribution_functions_of_discrete_parameters():
    check(lambda mu: of(st.poisson.cdf)(np.array([0.0, 2.0, 3.5]), mu), 2.3)
    check(lambda p: of(st.binom.cdf)(np.array([0.0, 2.0, 6.0]), 6, p), 0.3)


def test_tails_and_scalars():
    x = np.float64(-30.0)
    assert isinstance(run(of(st.norm.logpdf), x), np.float64)
    gradient = evaluate(reverse(build(of(st.norm.logcdf), [x])), [x, np.float64(1)])[0]
    np.testing.assert_allclose(gradient, 30.0332596674, rtol=1e-10)
    outside = np.array([-1.0, 0.5])
    np.testing.assert_array_equal(evaluate(reverse(build(of(st.expon.logpdf), [outside])), [outside, np.ones(2)])[0], [0, -1])


def test_multivariate_normal():
    a = RNG.standard_normal((3, 3))
    cov, mean = a @ a.T + np.eye(3), RNG.standard_normal(3)
    mvn = st.multivariate_normal
    for m in ("logpdf", "pdf"):
        function = getattr(mvn, m)
        for x in (RNG.standard_normal(3), RNG.standard_normal((4, 3)), RNG.standard_normal((2, 4, 3))):
            check(lambda x, mu, c: of(function)(x, mu, c), x, mean, cov)
    check(lambda x, v: of(mvn.logpdf)(x, np.zeros(3), v), RNG.standard_normal((4, 3)), np.array([1.0, 2.0, 3.0]))
    check(lambda x, v: of(mvn.logpdf)(x, 0.5, v), RNG.standard_normal(4), 2.0)
    check(lambda c: of(mvn.entropy)(mean, c), cov)


def test_dirichlet():
    x, alpha = np.array([0.2, 0.3, 0.5]), np.array([1.5, 2.0, 0.7])
    for m in ("logpdf", "pdf"):
        function = getattr(st.dirichlet, m)
        check(lambda alpha: of(function)(x, alpha), alpha)
        check(lambda x, alpha: of(function)(x[:2], alpha), x, alpha)


def test_a_frozen_distribution_is_the_same_class():
    frozen = st.norm(1.0, 2.0).dist
    check(lambda x: of(frozen.logpdf)(x, 1.0, 2.0), np.array([0.5]), order=1)
