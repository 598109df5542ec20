"""Random numbers: NumPy's own stream, fresh at every call, the same draws in value and derivative."""

from __future__ import annotations

import random

import numpy as np
import pytest

from bcad import Function, grad, make_vjp, options, value_and_grad


@pytest.fixture(params=["numpy", "numba"])
def backend(request):
    with options.set(backend=request.param):
        yield


def seeded(x, seed):
    rng = np.random.default_rng(seed)
    return sum(x * rng.standard_normal() for _ in range(3))


def legacy(x):
    rng = np.random.RandomState(4)
    return x * rng.rand() + x * rng.normal()


def reseeded(x):
    np.random.seed(7)
    return x * np.random.rand()


def of_the_standard_library(x):
    rng = random.Random(3)
    return x * rng.random()


def until_hit(x):
    rng = np.random.default_rng(5)
    total = 0.0
    for _ in range(4):
        level = x
        for _ in range(6):
            level = level * np.exp(0.3 * rng.standard_normal())
            if level < 0.8:
                break
        total += level
    return total


@pytest.mark.parametrize("fn, args", [(seeded, (1.5, 2)), (seeded, (1.5, 9)), (legacy, (2.0,)), (reseeded, (2.0,)),
                                      (of_the_standard_library, (2.0,)), (until_hit, (1.0,))])
def test_a_stream_made_inside_begins_anew_at_every_call(fn, args, backend):
    traced, derived = Function(fn), value_and_grad(fn)
    for _ in range(4):
        assert traced(*args) == pytest.approx(fn(*args), rel=1e-14)
        value, gradient = derived(*args)
        assert value == pytest.approx(fn(*args), rel=1e-14)
        h = 1e-6
        difference = (fn(args[0] + h, *args[1:]) - fn(args[0] - h, *args[1:])) / (2 * h)
        assert gradient == pytest.approx(difference, rel=1e-6)


def test_a_captured_stream_goes_on_as_numpys_does(backend):
    rng, twin = np.random.default_rng(1), np.random.default_rng(1)
    f = Function(lambda x: x * rng.standard_normal())
    assert [f(2.0) for _ in range(5)] == [2.0 * twin.standard_normal() for _ in range(5)]


def test_an_unseeded_stream_is_new_at_every_call(backend):
    f = Function(lambda x: x * np.random.default_rng().random())
    assert len({float(f(1.0)) for _ in range(5)}) == 5


def test_value_and_vjp_see_the_same_draws(backend):
    rng = np.random.default_rng(0)
    pull, value = make_vjp(lambda x: x * rng.standard_normal())(2.0)
    after = rng.bit_generator.state
    assert pull(1.0) == pytest.approx(value / 2.0)
    assert pull(1.0) == pytest.approx(value / 2.0)
    assert rng.bit_generator.state == after
    assert grad(lambda x: x * 1.0)(2.0) == 1.0
