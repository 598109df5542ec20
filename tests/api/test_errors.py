"""What errors say: the user's line once, who called it, what is wrong; and the search for the first NaN."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bcad import Function, grad, options, value_and_grad
from bcad.errors import NotFinite, ShapeError, TraceLimit, Unsupported


def dumped(x):
    return len(json.dumps({"x": x}, default=float))


def test_library_frames_are_left_out_and_no_line_is_said_twice():
    def loss(x):
        return dumped(x) * x.sum()

    with pytest.raises(Unsupported) as caught:
        grad(loss)(np.ones(3))
    error = caught.value
    assert error.location.function == "dumped"
    assert [c.function for c in error.calls] == ["loss"]
    assert str(error).count("test_errors.py") == 2
    assert "encoder.py" not in str(error)


@pytest.mark.parametrize("thing", ["text", object(), None])
def test_arrays_of_other_things_are_refused_with_the_line(thing):
    with pytest.raises(Unsupported, match="cannot be computed with") as caught:
        grad(lambda x: np.array([x, thing])[0])(1.0)
    assert caught.value.location is not None


def test_ragged_lists_say_so_alone():
    with pytest.raises(ShapeError) as caught:
        grad(lambda x: np.array([[x, x], [x]]).sum())(1.0)
    assert str(caught.value).startswith("setting an array element with a sequence")


def test_the_bound_of_unrolling_is_an_option():
    def nested(x):
        found = []
        for k in range(500):
            found = [found, x * k]
        return x

    with options.set(trace_limit=100), pytest.raises(TraceLimit, match="nested is unrolled"):
        grad(nested)(1.0)
    assert grad(nested)(1.0) == 1.0


def roots(x):
    total = 0.0
    for k in range(len(x)):
        total = total + np.sqrt(x[k] - 1.0)
    return total


@pytest.mark.parametrize("backend", ["numpy", "numba", "auto"])
def test_the_first_nan_names_its_line(backend):
    traced = Function(roots, backend=backend)
    assert np.isnan(traced(np.array([2.0, 0.5])))
    with options.set(check_finite=True):
        assert traced(np.array([2.0, 2.0])) == 2.0
        with pytest.raises(NotFinite, match="sqrt.*nan") as caught:
            traced(np.array([2.0, 0.5]))
    assert "np.sqrt(x[k] - 1.0)" in str(caught.value)
    assert np.isnan(traced(np.array([2.0, 0.5])))


def test_an_infinite_derivative_of_a_finite_value_is_found():
    with options.set(check_finite=True):
        with pytest.raises(NotFinite, match="inf"):
            value_and_grad(lambda x: np.sqrt(x).sum())(np.array([1.0, 0.0]))
        value_and_grad(lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0).sum())(np.array([1.0, 0.0]))


def test_infinities_that_are_meant_are_no_error():
    def least(x):
        best = np.inf
        for k in range(len(x)):
            best = min(best, x[k])
        return best

    with options.set(check_finite=True):
        assert Function(least)(np.array([2.0, 1.0])) == 1.0


ZERO_DIVISIONS = {
    "divide": lambda x: 1.0 / x,
    "floor": lambda x: 1.0 // x,
    "modulo": lambda x: 5 % x,
    "power": lambda x: x**-1.0,
    "divmod": lambda x: divmod(1.0, x)[0],
    "loop": lambda x: sum(1.0 / (x - k) for k in (1.0, 0.0)),
    "complex": lambda x: (1j / x).real,
}


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("name", ZERO_DIVISIONS)
def test_pythons_division_by_zero_is_pythons(name, backend):
    f = ZERO_DIVISIONS[name]
    traced = Function(f, backend=backend)
    assert traced(2.0) == f(2.0)
    with pytest.raises(ZeroDivisionError) as caught:
        traced(0.0)
    assert "test_errors.py" in str(caught.traceback[-1].path)
    assert traced(4.0) == f(4.0)


def test_what_was_done_before_an_exception_stays_done():
    seen = []

    def f(x):
        seen.append(x)
        return 1.0 / x

    traced = Function(f)
    traced(2.0)
    with pytest.raises(ZeroDivisionError):
        traced(0.0)
    traced(4.0)
    assert seen == [2.0, 0.0, 4.0]
    seen.clear()
    with pytest.raises(ZeroDivisionError):
        Function(f)(0.0)
    assert seen == [0.0]


def test_numpys_division_by_zero_is_numpys():
    traced = Function(lambda x: x[0] / x[1])
    assert traced(np.array([1.0, 0.0])) == np.inf
    assert np.isnan(traced(np.zeros(2)))


def test_check_finite_is_a_floating_point_error_too():
    with np.errstate(divide="raise"), options.set(check_finite=True), pytest.raises(FloatingPointError):
        grad(lambda x: np.log(x))(0.0)


def test_a_list_with_nan_is_not_sorted():
    f = Function(lambda x: sorted(x)[0])
    for x in ([1.0, 2.0], [np.nan, 1.0], [3.0, 2.0]):
        if np.isnan(x).any():
            with pytest.raises(Unsupported, match="NaN"):
                f(np.array(x))
        else:
            assert f(np.array(x)) == min(x)


def test_a_text_is_no_index_of_an_array():
    with pytest.raises(IndexError, match="only integers, slices"):
        grad(lambda x: x["a"])(np.ones(3))


def test_masked_arrays_of_traced_numbers_are_named():
    with pytest.raises(Unsupported, match="a MaskedArray of traced numbers"):
        grad(lambda x: np.ma.masked_array(x, x > 1).sum())(np.ones(3))
