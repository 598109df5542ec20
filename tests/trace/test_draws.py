"""Random draws whose parameters, sizes and sources change from call to call: the numbers of NumPy's own stream."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import Function, Unsupported, grad, options, stop_gradient

RATE, ODDS, LABELS = 2.0, np.array([0.2, 0.3, 0.5]), np.array([3.0, 1.0, 4.0])

DRAWS = {  # of a stream and x; True: also of RandomState
    "one place": (lambda r, x: x[r.choice(len(x))], True),
    "places": (lambda r, x: x[r.choice(len(x), size=3)], True),
    "places, none twice": (lambda r, x: x[r.choice(len(x), 3, replace=False)], True),
    "as many places": (lambda r, x: x[r.choice(len(x), len(x))], True),
    "items": (lambda r, x: r.choice(x, 3) @ np.arange(3), True),
    "one item": (lambda r, x: r.choice(x), True),
    "rows": (lambda r, x: r.choice(np.stack([x, x**2], 1), 3)[:, 1], False),
    "permutation": (lambda r, x: x[r.permutation(len(x))] @ np.arange(len(x)), True),
    "permuted": (lambda r, x: r.permutation(x) @ np.arange(len(x)), True),
    "columns": (lambda r, x: r.permutation(np.stack([x, x**2]), axis=1)[1] @ np.arange(len(x)), False),
    "count": (lambda r, x: r.binomial(len(x), 0.3, 3) * x[0], True),
    "counts": (lambda r, x: r.multinomial(len(x), [0.2, 0.3, 0.5]) * x[0], True),
    "mean": (lambda r, x: r.poisson(len(x)) * x[0], True),
    "shape": (lambda r, x: r.gamma(len(x), 1.0, 2) * x[0], True),
    "size": (lambda r, x: r.exponential(2.0, len(x)) * x, True),
    "size of two": (lambda r, x: r.standard_t(5, (2, len(x))) * x, True),
    "rows of a known width": (lambda r, x: r.dirichlet([1.0, 2.0], len(x)).T * x, True),
    "around a count": (lambda r, x: r.normal(len(x), 1.0, 3) * x[0], True),
    "a rate from outside": (lambda r, x: r.exponential(RATE, 2) * x[0] + r.poisson(RATE), True),
    "odds from outside": (lambda r, x: r.choice(3, 4, p=ODDS / ODDS.sum()) * x[0], True),
    "labels from outside": (lambda r, x: r.choice(LABELS, 4) * x[0], True),
    "rates from outside": (lambda r, x: r.poisson(LABELS).sum() * x, True),
}


def generator(seed):
    return np.random.default_rng(seed)


def legacy(seed):
    return np.random.RandomState(seed)


GENERATORS = [(name, generator) for name in DRAWS] + [
    (name, legacy) for name, (_, old) in DRAWS.items() if old]


@pytest.mark.parametrize(("name", "stream"), GENERATORS)
def test_sizes_and_parameters_are_those_of_the_call(name, stream, monkeypatch):
    made = DRAWS[name][0]

    def f(x):
        r = stream(5)
        first = np.sum(made(r, x) * 1.0)
        return first + r.normal() + np.sum(made(r, x) * 1.0)

    value, gradient = Function(f), grad(f)
    with options.set(backend="numpy"):
        for n in (5, 9, 4, 5):
            x = np.arange(1.0, n + 1) ** 2
            monkeypatch.setitem(globals(), "RATE", 0.5 * n)
            monkeypatch.setitem(globals(), "ODDS", np.array([n, 1.0, 2.0]))
            monkeypatch.setitem(globals(), "LABELS", np.arange(float(n)))
            assert value(x) == pytest.approx(f(x), rel=1e-13)
            h, g = 1e-6, gradient(x)
            differences = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(n)]
            np.testing.assert_allclose(g, differences, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("stream", [generator, legacy])
def test_shuffling_writes_to_the_array(stream):
    def f(x):
        y, r = np.stack([x, 2 * x], 1), stream(3)
        r.shuffle(y)
        r.shuffle(x)
        return np.arange(len(x)) @ y[:, 1] + x[0] * 3 + r.normal()

    value, gradient = Function(f), grad(f)
    for n in (4, 7, 1, 4):
        x = np.arange(1.0, n + 1) ** 2
        assert value(x.copy()) == pytest.approx(f(x.copy()))
        expected = [f(x + e) - f(x.copy()) for e in np.eye(n)]  # it is linear
        np.testing.assert_allclose(gradient(x.copy()), expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["exponential", "rayleigh", "laplace", "logistic", "gumbel", "lognormal", "normal", "uniform"])
@pytest.mark.parametrize("stream", [generator, legacy])
def test_families_are_moved_and_stretched(name, stream):
    """Their parameters have derivatives: the draws of a seed are smooth in them."""
    two = name not in ("exponential", "rayleigh")

    def f(p):
        draw = getattr(stream(7), name)
        shaped = draw(*p, 3) if two else draw(p[1], 3)
        return np.sum(shaped * np.arange(1, 4)) + (draw(*p) if two else draw(scale=p[1])) + np.sum(draw(p[0] * np.ones(2)) if two else 0.0)

    p, h = np.array([0.4, 1.3]), 1e-6
    assert Function(f)(p) == pytest.approx(f(p), rel=1e-13)
    differences = [(f(p + h * e) - f(p - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(grad(f)(p), differences, rtol=1e-6, atol=1e-7)


def test_other_parameters_that_carry_a_derivative_are_refused():
    with pytest.raises(Unsupported, match="poisson with a traced parameter"):
        grad(lambda x: np.random.default_rng(0).poisson(x) * x)(2.0)
    assert grad(lambda x: np.random.default_rng(0).poisson(stop_gradient(x)) * x)(2.0) == np.random.default_rng(0).poisson(2.0)


def test_minibatches():
    data = np.arange(12.0)

    def loss(w):
        r, total = np.random.default_rng(1), 0.0
        for _ in range(8):
            batch = data[r.choice(len(data), size=3, replace=False)]
            total += np.sum((batch - w) ** 2)
        return total

    g = grad(loss)
    for n in (12, 5, 9):
        data = np.arange(float(n)) ** 1.5
        assert g(2.0) == pytest.approx((loss(2.001) - loss(1.999)) / 0.002, rel=1e-8)


def test_what_makes_streams_may_stand_in_a_closure():
    make = np.random.default_rng

    def f(x):
        return x * make(3).normal()

    g = grad(f)
    assert g(2.0) == f(1.0)
    make = np.random.RandomState
    assert g(2.0) == f(1.0)
