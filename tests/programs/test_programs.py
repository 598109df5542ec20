"""The library of programs itself: repeatable, harmless to its arguments, with a reference gradient worth comparing to."""

from __future__ import annotations

import copy
import inspect

import numpy as np
import pytest

from . import programs, reference
from .textbook import TEXTBOOK, Textbook, read

ALL = programs()


def test_names_are_unique() -> None:
    assert len({p.name for p in ALL}) == len(ALL) >= 60


@pytest.mark.parametrize("program", ALL, ids=str)
def test_program_is_repeatable_and_leaves_its_arguments(program) -> None:
    for args in program.samples():
        before = copy.deepcopy(args)
        first, second = program.fn(*args), program.fn(*args)
        np.testing.assert_array_equal(first, second)
        assert np.isfinite(first).all()
        for old, new in zip(before, args, strict=True):
            np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("program", ALL, ids=str)
def test_program_has_a_trustworthy_reference_gradient(program) -> None:
    for estimate in reference.gradients(program.fn, program.args(), program.argnums):
        scale = np.max(np.abs(estimate.value), initial=0.0)
        assert np.max(estimate.error, initial=0.0) <= 1e-6 * scale + 1e-9


# these compare their entries, factorise by conjugate transposes, or have integer arguments
NOT_ANALYTIC = ("softmax_regression", "attention", "gaussian_process_nll")
ANALYTIC = [p for p in programs("vector", without=["kink", "scipy", "complex"]) if p.name not in NOT_ANALYTIC]


@pytest.mark.parametrize("program", ANALYTIC, ids=str)
def test_differences_agree_with_complex_step(program) -> None:
    args = program.args()
    for argnum in program.argnums:
        estimate = reference.jacobian(program.fn, args, argnum)
        assert estimate.agrees(reference.complex_step(program.fn, args, argnum), rtol=1e-8)


def test_an_estimate_tells_a_wrong_gradient_from_a_right_one() -> None:
    estimate = reference.jacobian(lambda x: np.sum(np.exp(x)), (np.arange(3.0),))
    assert estimate.agrees(np.exp(np.arange(3.0)))
    assert "1 of 3 entries differ; at (1,)" in estimate.disagreement(np.exp(np.arange(3.0)) * [1, 1 + 1e-5, 1])
    assert estimate.disagreement(np.ones(2)) == "shape (2,) instead of (3,)"
    assert not estimate.agrees(np.full(3, np.nan))


def test_directional_derivative_equals_gradient_times_direction() -> None:
    x, v = np.linspace(-1, 1, 7), np.linspace(2, 3, 7)
    estimate = reference.derivative(lambda x: np.sum(x**3), (x,), (v,))
    assert estimate.agrees(3 * x**2 @ v)


@pytest.mark.parametrize("case", TEXTBOOK, ids=str)
def test_golden_text_states_the_true_gradient(case: Textbook) -> None:
    value, gradients = read(case.text, list(inspect.signature(case.fn).parameters), case.args)
    np.testing.assert_allclose(value, case.fn(*case.args), rtol=1e-13)
    estimates = reference.gradients(case.fn, case.args, range(len(case.args)))
    assert len(estimates) == len(gradients) == len(case.args)
    for estimate, gradient in zip(estimates, gradients, strict=True):
        assert not estimate.disagreement(gradient, rtol=1e-8)
