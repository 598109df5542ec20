"""Functions and gradients as jitted functions and modules for numba, called from jitted code."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from bcad import Function, Gradient, export_module, to_numba
from tests.api.test_export import judged
from tests.programs.record import programs

numba = pytest.importorskip("numba")

WEIGHTS = np.linspace(0.5, 2.0, 12).reshape(3, 4)


def energy(x, k, n):
    """A loop, a branch, a matrix product with a captured array, a number, an int that is guarded."""
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            total += k * x[i] ** n
        else:
            total -= np.sin(x[i])
    return total + np.sum((WEIGHTS @ np.tanh(x)) ** 2)


ARGS = (np.array([0.3, -0.2, 0.5, 1.0]), 1.5, 3)


@pytest.fixture(scope="module")
def jitted():
    return to_numba(Gradient(energy, list(ARGS), wrt=(0, 1)), with_value=True)


def test_a_gradient_is_called_from_jitted_code(jitted):
    @numba.njit
    def descend(x, k, steps):
        for _ in range(steps):
            _, (dx, dk) = jitted(x, k, 3)
            x = x - 0.01 * dx
            k -= 0.01 * dk
        return x, k

    gradient = Gradient(energy, list(ARGS), wrt=(0, 1))
    x, k = ARGS[0].copy(), ARGS[1]
    for _ in range(5):
        dx, dk = gradient(x, k, 3)
        x, k = x - 0.01 * dx, k - 0.01 * dk
    found_x, found_k = descend(*ARGS[:2], 5)
    np.testing.assert_allclose(found_x, x, rtol=1e-12)
    np.testing.assert_allclose(found_k, k, rtol=1e-12)


def test_other_branches_other_sizes_and_the_arguments_stay(jitted):
    gradient = Gradient(energy, list(ARGS), wrt=(0, 1))
    x = -ARGS[0]
    value, (dx, dk) = jitted(x, 0.7, 3)
    np.testing.assert_allclose(value, energy(x, 0.7, 3), rtol=1e-12)
    for found, expected in zip((dx, dk), gradient(x, 0.7, 3), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    assert np.array_equal(x, -ARGS[0])
    strided = np.repeat(x, 2)[::2]
    np.testing.assert_array_equal(jitted(strided, 0.7, 3)[1][0], dx)


@pytest.mark.parametrize("wrong", [
    (np.ones(3), 1.0, 3), (np.ones(4), 1.0, 2), (np.ones((4, 1)), 1.0, 3), (np.ones(4, complex), 1.0, 3), (1.0, 1.0, 3),
    (np.ones(4), np.ones(2), 3),
])  # fmt: skip
def test_what_it_was_not_made_for_is_refused(jitted, wrong):
    with pytest.raises((ValueError, TypeError, numba.core.errors.TypingError)):
        jitted(*wrong)


def test_complex_arrays_and_several_results():
    def parts(z):
        return z * 2, abs(z[0]), z

    z = np.array([1 + 2j, -0.5j, 3.0])
    found = to_numba(Function(parts, [z]))(z)
    for a, b in zip(found, parts(z), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)
    assert not np.shares_memory(found[2], z)


def test_containers_are_tuples_in_the_order_of_their_keys():
    def loss(p):
        return np.sum(p["w"] * p["b"][1]), {"of": [p["w"] * 2, 3.0]}

    p = {"w": np.arange(3.0), "b": [1.0, 2.0]}
    value, nested = to_numba(Function(loss, [p]))((p["w"], (1.0, 2.0)))
    assert value == 6.0 and nested[0][0].tolist() == [0.0, 2.0, 4.0] and nested[0][1] == 3.0
    found = to_numba(Gradient(lambda p: loss(p)[0], [p]))((p["w"], (1.0, 2.0)))
    assert found[0].tolist() == [2.0] * 3 and found[1] == (0.0, 3.0)


def test_what_has_no_kernel_form_runs_in_python_between_kernels():
    def spectrum(x, k):
        y = np.tanh(k * x)
        z = np.fft.rfft(y[y > 0])
        return np.sum(np.abs(z) ** 2) + np.sum(np.linspace(0.0, k, 3)) + np.sum(y)

    x, traced = np.array([0.3, -0.2, 0.5, 1.0]), Gradient(spectrum, [np.ones(4), 2.0])
    value_and_gradient = to_numba(traced, with_value=True)

    @numba.njit
    def several(x, k):
        total = 0.0
        for shift in range(3):
            value, (dx, dk) = value_and_gradient(x + shift, k)
            total += value + dx[0] + dk
        return total

    expected = 0.0
    for shift in range(3):
        dx, dk = traced(x + shift, 0.7)
        expected += spectrum(x + shift, 0.7) + dx[0] + dk
    np.testing.assert_allclose(several(x, 0.7), expected, rtol=1e-12)


def sums(x, power=2):
    """Another program for one element, for each int, for each rank and dtype."""
    if x.ndim == 2:
        return np.sum(x @ WEIGHTS[0, : x.shape[1]])
    return np.sum(x**power) if len(x) > 1 else 5 * np.sum(x)


def test_a_case_for_each_type_length_and_int():
    traced = Gradient(sums, wrt=0)
    calls = [(np.arange(3.0), 2), (np.arange(3.0), 3), (np.ones(1), 2), (np.ones(0), 2), (np.ones((2, 3)), 2), (np.ones(3, np.float32), 2)]
    expected = [traced(*args) for args in calls]
    value_and_gradient = to_numba(traced, with_value=True)

    @numba.njit
    def of_both(x, y):
        return value_and_gradient(x, 2)[0] + value_and_gradient(y, 2)[0]

    for args, gradient in zip(calls, expected, strict=True):
        value, found = value_and_gradient(*args)
        np.testing.assert_allclose(value, sums(*args), rtol=1e-12)
        np.testing.assert_allclose(found, gradient, rtol=1e-12)
        assert found.dtype == args[0].dtype and found.shape == args[0].shape
    np.testing.assert_allclose(of_both(calls[0][0], calls[4][0]), sums(*calls[0]) + sums(*calls[4]))
    with pytest.raises(ValueError, match="no case was traced for these arguments; case "):
        value_and_gradient(np.arange(3.0), 7)
    with pytest.raises(numba.core.errors.TypingError, match="_taken"):
        value_and_gradient(np.ones((2, 2, 2)), 2)


def test_a_branch_that_only_a_run_can_tell_is_a_case():
    def f(x):
        return {True: np.sin, False: np.cos}[bool(x.sum() > 0)](x).sum()

    traced, x = Gradient(f), np.array([0.5, 1.0])
    for given in (x, -x):
        traced(given)
    slope = to_numba(traced)
    np.testing.assert_allclose(slope(x), np.cos(x))
    np.testing.assert_allclose(slope(-x), np.sin(x))


def test_cases_that_give_other_types_are_left_out():
    """Compiled code has one type of result for arguments of the same types."""
    traced = Function(lambda x, n: x.sum() if n else x)
    for n in (1, 0):
        traced(np.ones(2), n)
    jitted = to_numba(traced)
    assert jitted(np.ones(2), 0).tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="this holds for"):
        jitted(np.ones(2), 1)


X = np.array([2.0, 3.0])


def times_x(y):
    return X * y


def test_a_global_array_may_be_called_like_a_parameter():
    jitted = to_numba(Gradient(lambda X: np.sum(times_x(X)), [np.ones(2)]))
    assert jitted(np.ones(2)).tolist() == [2.0, 3.0]


def test_a_loop_over_one_element():
    def total(x):
        s = 0.0
        for i in range(len(x)):
            s += x[i] ** 2
        return s

    def steps(x):
        for i in range(1, len(x)):
            last = x[i] ** 2
        return last

    assert to_numba(Gradient(total, [np.ones(3)]))(np.array([3.0])).tolist() == [6.0]
    with pytest.raises(ValueError, match="x.size"):  # Python has no `last` there
        to_numba(Gradient(steps, [np.ones(3)]))(np.array([3.0]))


def test_an_unknown_flavour_is_refused():
    with pytest.raises(ValueError, match="flavour"):
        export_module(Gradient(lambda x: x * x, [1.0]), flavour="fortran")


def test_the_module_needs_neither_bcad_nor_this_process(tmp_path):
    judged([p for p in programs() if p.name == "rosenbrock_slices"], tmp_path, "numba")


@pytest.mark.slow
def test_every_program_is_a_module_for_numba(tmp_path):
    judged(programs(), tmp_path, "numba")


def test_functions_that_numba_lacks_are_left_to_python_alone():
    def f(x):
        y = np.sin(x) * x + 1.0
        z = np.exp(1j * y)
        return (np.abs(z * np.log10(z + 2)) ** 2 + special.i0(y)).sum()

    x = np.linspace(0.1, 1.0, 5)
    jitted = to_numba(Function(f, [x]))
    assert jitted(x) == pytest.approx(f(x), rel=1e-12)
    source = jitted.source if hasattr(jitted, "source") else export_module(Function(f, [x]), flavour="numba")
    assert "math.sin(" in source and "np.exp(" in source and "i0(" in source


def test_tables_are_searched_by_numba_and_sorted_by_numpy():
    knots = np.linspace(0.0, 1.0, 7)

    def f(x):
        return np.sum(np.interp(x, knots, knots**2) * np.sort(x) + np.searchsorted(knots, x))

    x = np.array([0.31, 0.9, -0.2, 1.4, 0.5])
    assert to_numba(Function(f, [x]))(x) == pytest.approx(f(x), rel=1e-12)
