"""scipy.special: SciPy's values, both modes, second order; limits, large arguments, unknown derivatives."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.special as sc

import bcad
from bcad.ops import BY_NAME, NotDeclared
from bcad.ops.special_op import Special
from tests.programs.reference import richardson

from .derivatives import build, check, evaluate, forward, of, reverse, run

RNG = np.random.default_rng(11)
P = RNG.uniform(0.3, 3, 4)
X = RNG.uniform(-2, 2, (2, 3))

REAL_ORDERS = ["jv", "yv", "iv", "kv", "ive", "kve"]


@pytest.mark.parametrize("name", REAL_ORDERS)
def test_bessel_functions_of_real_order(name):
    check(lambda x: of(getattr(sc, name))(1.3, x), P)


@pytest.mark.parametrize("name", ["jv", "kv"])
def test_parameters_that_are_not_asked_for_do_no_harm(name):
    function = of(getattr(sc, name))
    check(lambda x: function(2.5, x), P)
    graph = build(lambda a, x: function(a, x), [2.5, P])
    back = reverse(graph)
    assert any(node.op.name == "undefined_derivative" for node in back.nodes)
    with pytest.raises(NotDeclared, match="argument 0"):
        evaluate(back, [2.5, P, P])


ROWS = [op for op in BY_NAME.values() if isinstance(op, Special)]


def test_every_row_is_scipys_function():
    assert len(ROWS) > 75
    for op in ROWS:
        assert isinstance(op.numpy if getattr(op, "which", None) is None else op.whole, np.ufunc)


OTHERS = [
    lambda x: of(sc.logsumexp)(x), lambda x: of(sc.logsumexp)(x, 1), lambda x: of(sc.logsumexp)(x, (0, 1), keepdims=True),
    lambda x: of(sc.logsumexp)(x, 0, b=[[1.0, 2.0, 0.5], [3.0, -1.0, 0.0]]), lambda x: list(of(sc.logsumexp)(x, 0, b=-1.0, return_sign=True)),
    lambda x: of(sc.softmax)(x), lambda x: of(sc.softmax)(x, 1), lambda x: of(sc.log_softmax)(x, 0),
    lambda x: of(sc.polygamma)(0, x * x), lambda x: of(sc.polygamma)(2, x * x), lambda x: of(sc.zeta)(3.5, x * x),
    lambda x: of(sc.multigammaln)(x * x + 1.5, 3), lambda x: of(sc.lambertw)(x * x), lambda x: of(sc.lambertw)(x * x, -1),
    lambda x: of(sc.expm1)(x), lambda x: of(sc.cbrt)(x * x + 1), lambda x: of(sc.psi)(x * x), lambda x: of(sc.jn)(2, x),
    lambda x: of(sc.polygamma)([[0], [1]], x * x + 0.5), lambda x: of(sc.spherical_jn)(1, x * x),
]  # fmt: skip


@pytest.mark.parametrize("case", OTHERS, ids=[str(k) for k in range(len(OTHERS))])
def test_functions_that_are_not_ufuncs(case):
    check(case, X)


def test_logsumexp_at_its_limits():
    inf = np.inf
    for x in ([1000.0, 1000.0], [-inf, 0.0], [-inf, -inf], [inf, 1.0], [np.nan, 1.0], [-1e300, 1e300]):
        np.testing.assert_array_equal(run(of(sc.logsumexp), np.array(x)), sc.logsumexp(np.array(x)))
    x = np.array([-inf, 0.0, 1e3])
    np.testing.assert_allclose(evaluate(reverse(build(of(sc.logsumexp), [x])), [x, 1.0])[0], [0, 0, 1])
    x = np.array([-inf, -inf])
    np.testing.assert_array_equal(evaluate(reverse(build(of(sc.logsumexp), [x])), [x, 1.0])[0], 0)
    big = np.array([1e10, 1e10 + 1])
    np.testing.assert_allclose(run(of(sc.log_softmax), big), sc.log_softmax(big), rtol=1e-14)


@pytest.mark.parametrize("name", ["expit", "log_expit", "erf", "erfc", "ndtr", "log_ndtr", "gammaln"])
def test_derivatives_keep_their_digits_far_out(name):
    """Against 300 digits: no cancellation like ``y * (1 - y)``."""
    mpmath.mp.dps = 300
    exact = {
        "expit": lambda x: 1 / (1 + mpmath.exp(-x)), "log_expit": lambda x: -mpmath.log(1 + mpmath.exp(-x)),
        "erf": mpmath.erf, "erfc": mpmath.erfc, "ndtr": mpmath.ncdf, "log_ndtr": lambda x: mpmath.log(mpmath.ncdf(x)),
        "gammaln": mpmath.loggamma,
    }[name]  # fmt: skip
    points = [0.5, 3.0, 30.0] if name == "gammaln" else [-20.0, -3.0, 0.5, 3.0, 20.0]
    x = np.array(points)
    got = evaluate(forward(build(of(getattr(sc, name)), [x])), [x, np.ones_like(x)])[0]
    np.testing.assert_allclose(got, [float(mpmath.diff(exact, p)) for p in points], rtol=5e-14)


def test_limits_at_zero():
    for function, args, expected in (
        (sc.xlogy, (0.0, 0.0), 0.0), (sc.xlog1py, (0.0, -1.0), 0.0), (sc.ellipk, (0.0,), np.pi / 8),
        (sc.j1, (0.0,), 0.5), (sc.i1e, (0.0,), 0.5), (sc.lambertw, (0.0,), 1.0),
    ):  # fmt: skip
        *rest, last = args
        graph = build(lambda x: of(function)(*rest, x), [np.array(last)])
        assert evaluate(reverse(graph), [np.array(last), np.complex128(1) if function is sc.lambertw else 1.0])[0] == expected


def test_float32_and_complex():
    assert run(of(sc.expit), P.astype(np.float32)).dtype == np.float32
    z = P + 1j * P[::-1]
    for function in (sc.erf, sc.loggamma, sc.wofz, sc.exp1):
        check(of(function), z, order=1) if function is not sc.loggamma else None
    check(lambda z: of(sc.jv)(1, z), z, order=1)
    check(of(np.i0), X)


@pytest.mark.parametrize("a", [0.02, 0.7, 3.0, 300.0])
@pytest.mark.parametrize("x", [0.0, 1e-6, 0.3, 4.0, 310.0])
def test_the_incomplete_gamma_function_by_its_parameter(a, x):
    from bcad.ops.shape_derivatives import gammainc_by_a

    expected = richardson(lambda h: np.asarray(sc.gammainc(a + h, x)), 0.02 * a)
    assert not expected.disagreement(np.asarray(gammainc_by_a(a, x)), 1e-6, 1e-9)


@pytest.mark.parametrize("a", [0.2, 3.0, 80.0])
@pytest.mark.parametrize("b", [0.3, 4.0, 200.0])
@pytest.mark.parametrize("x", [0.0, 1e-5, 0.25, 0.6, 0.99999, 1.0])
def test_the_incomplete_beta_function_by_its_parameters(a, b, x):
    from bcad.ops.shape_derivatives import betainc_by_a, betainc_by_b

    by_a = richardson(lambda h: np.asarray(sc.betainc(a + h, b, x)), 0.02 * a)
    by_b = richardson(lambda h: np.asarray(sc.betainc(a, b + h, x)), 0.02 * b)
    assert not by_a.disagreement(np.asarray(betainc_by_a(a, b, x)), 1e-6, 1e-9)
    assert not by_b.disagreement(np.asarray(betainc_by_b(a, b, x)), 1e-6, 1e-9)


def test_the_shape_that_a_gamma_distribution_has_at_a_probability() -> None:
    """`gdtrib` gives a shape: its first derivatives are compared here, for it has no second ones."""
    at = np.array([1.5, 0.3, 2.0])
    given = bcad.grad(lambda v: sc.gdtrib(v[0], v[1], v[2]))(at)
    steps = 1e-5 * np.eye(3)
    expected = [(sc.gdtrib(*(at + d)) - sc.gdtrib(*(at - d))) / 2e-5 for d in steps]
    np.testing.assert_allclose(given, expected, rtol=1e-6)
