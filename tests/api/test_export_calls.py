"""Modules of functions that draw random numbers, call primitives, have rules of their own, or call things outside."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest

from bcad import (
    Gradient,
    Unsupported,
    checkpoint,
    custom_vjp,
    defvjp,
    escaped_call,
    export_module,
    insert_grad_of,
    primitive,
    to_numba,
)
from tests.api.test_export import run_alone

SCALE = np.array([1.0, 2.0, 3.0])
stream = np.random.default_rng(0)


def loaded(traced, flavour="numpy"):
    scope = {"__name__": "loaded"}
    exec(export_module(traced, flavour=flavour), scope)
    return scope


def helped(x):
    return np.asarray(x) * SCALE + math.sin(0.0)


@primitive
def scaled(x, power=2):
    """Not looked into: its source goes along, with the functions and arrays that it reads."""
    return helped(x) ** power


defvjp(scaled, lambda ans, x, power=2: lambda g: 2 * g * x * SCALE**2)


def seeded(x, seed):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(len(x)) + rng.normal(size=x.shape)
    return np.sum(x * z * rng.uniform())


def drawn_in_a_loop(x, seed):
    rng, total = np.random.RandomState(seed), 0.0
    for k in range(len(x)):
        total = total + x[k] * rng.standard_normal()
    return total


@pytest.mark.parametrize("flavour", ["numpy", "numba"])
@pytest.mark.parametrize("fn", [seeded, drawn_in_a_loop])
def test_streams_that_the_function_makes(fn, flavour, tmp_path):
    x, gradient = np.arange(1.0, 4.0), Gradient(fn, [np.ones(3), 7], wrt=0)
    text = export_module(gradient, flavour=flavour)
    calls = [("m", f"{fn.__name__}_and_gradient", (x, 7)), ("m", "gradient", (x, 7)), ("m", "gradient", (x, 8))]
    (value, found), again, refused = run_alone({"m": text}, calls, tmp_path)
    assert value == pytest.approx(fn(x, 7))
    np.testing.assert_allclose(found, gradient(x, 7))
    np.testing.assert_array_equal(again, found)
    assert isinstance(refused, ValueError)  # the seed is an int that decides


def test_a_stream_from_outside_is_a_parameter():
    scope = loaded(Gradient(lambda x: np.sum(x * stream.normal(size=x.shape)), [np.ones(3)]))
    found = scope["gradient"](np.ones(4), rng=np.random.default_rng(3))
    np.testing.assert_array_equal(found, np.random.default_rng(3).normal(size=4))
    with pytest.raises(TypeError, match="rng"):
        scope["gradient"](np.ones(4))


def test_a_stream_as_an_argument_stays_one():
    traced = Gradient(lambda x, r: np.sum(x * r.random(len(x))), [np.ones(3), np.random.default_rng(0)], wrt=0)
    gradient = loaded(traced)["gradient"]
    for seed in (1, 2):
        expected = np.random.default_rng(seed).random(3)
        np.testing.assert_array_equal(gradient(np.ones(3), np.random.default_rng(seed)), expected)
        np.testing.assert_array_equal(traced(np.ones(3), np.random.default_rng(seed)), expected)  # nor is it frozen
    with pytest.raises(ValueError, match="Generator"):
        gradient(np.ones(3), np.random.RandomState(0))


def test_the_streams_that_numpy_and_python_have_themselves():
    def f(x):
        return np.sum(x * np.random.rand(3)) * random.random()

    gradient = loaded(Gradient(f, [np.ones(3)]))["gradient"]
    np.random.seed(1)
    random.seed(2)
    found = gradient(np.ones(3))
    np.random.seed(1)
    random.seed(2)
    np.testing.assert_allclose(found, np.random.rand(3) * random.random())


def test_a_stream_that_cannot_be_made_anew_is_refused():
    def f(x):
        return np.sum(x * np.random.Generator(np.random.PCG64(4)).normal(size=3))

    with pytest.raises(Unsupported, match="PCG64"):
        export_module(Gradient(f, [np.ones(3)]))
    with pytest.raises(Unsupported, match="stream"):
        to_numba(Gradient(lambda x: np.sum(x * stream.normal(size=3)), [np.ones(3)]))


@pytest.mark.parametrize("flavour", ["numpy", "numba"])
def test_primitives_bring_their_source_along(flavour, tmp_path):
    def loss(x):
        return np.sum(scaled(np.sin(x)))

    gradient, x = Gradient(loss, [np.ones(3)]), np.array([0.1, 0.2, 0.3])
    calls = [("m", "loss_and_gradient", (x,))]
    ((value, found),) = run_alone({"m": export_module(gradient, flavour=flavour)}, calls, tmp_path)
    assert value == pytest.approx(loss(x))
    np.testing.assert_allclose(found, gradient(x))
    assert "def scaled" in export_module(gradient, flavour=flavour)


def test_a_primitive_without_source_is_refused():
    quiet = primitive(lambda x: x * 2)
    defvjp(quiet, lambda ans, x: lambda g: 2 * g)
    with pytest.raises(Unsupported, match="no def statement"):
        export_module(Gradient(lambda x: quiet(x) ** 2, [1.0]))

    @primitive
    def counting(x):
        global stream
        stream = stream
        return x * 2

    defvjp(counting, lambda ans, x: lambda g: 2 * g)
    with pytest.raises(Unsupported, match="counting"):
        export_module(Gradient(lambda x: counting(x) ** 2, [1.0]))


def test_rules_of_ones_own_are_written_as_what_they_compute():
    @custom_vjp
    def clipped(x):
        return x * 1.0

    clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1.0, 1.0),))

    def surgery(x):
        y = x * x
        with insert_grad_of(y) as gy:
            gy = np.clip(gy, -1.0, 1.0)
        return np.sum(checkpoint(np.sin)(clipped(y) * 3.0))

    gradient, x = Gradient(surgery, [np.ones(3)]), np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(loaded(gradient)["gradient"](x), gradient(x))


def test_calls_made_at_every_run():
    def f(x):
        return np.sum(x) * escaped_call(time.perf_counter) + escaped_call(len, x)

    gradient = Gradient(f, [np.ones(3)])
    assert not np.array_equal(gradient(np.ones(3)), gradient(np.ones(3)))
    found = loaded(gradient)["gradient"]
    assert found(np.ones(3))[0] < found(np.ones(3))[0]


def test_draws_and_calls_are_printed_as_they_are_written():
    text = str(Gradient(lambda x: np.sum(scaled(x)) * stream.normal() * np.random.default_rng(5).random(), [np.ones(3)]))
    assert "= rng.normal()" in text and "rng_2 = default_rng(5)" in text and "sum(scaled(x))" in text
