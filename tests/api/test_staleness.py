"""What changes outside between two calls is seen by the next: value and gradient are those of now, or an error says why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bcad import Gradient, options, value_and_grad
from interpreter import LocatedError
from tests.api.staleness import CASES, Loss
from tests.programs.reference import jacobian

REFUSED = {  # each class of refusals is explained in docs/captured_state.md
    "order_of_a_captured_array": "layout",
    "captured_masked_array": "subclass of ndarray",
    "ndarray_subclass": "subclass of ndarray",
    "print_options": "text that steers",
    "string_formatting_of_captured_numbers": "text that steers",
    "random_stream_state": "C code that changes",
}


def check(f: Loss, found: Callable[[np.ndarray], tuple[float, np.ndarray]], x: np.ndarray) -> None:
    expected = f(x.copy())
    value, gradient = found(x)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert np.asarray(value).dtype == np.asarray(expected).dtype
    problem = jacobian(f, (x,)).disagreement(gradient, rtol=1e-4 if np.asarray(expected).dtype == np.float32 else 1e-7)
    assert not problem, problem


def run(name: str) -> None:
    known: dict[int, Callable] = {}
    x = np.array([0.5, -1.25, 2.0])
    with options.set(backend="numpy"):
        for f in CASES[name]():
            found = known.setdefault(id(f), value_and_grad(f))
            for at in (x, x + 0.25):
                check(f, found, at)


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
@pytest.mark.filterwarnings("ignore:Output seems independent")
def test_a_change_outside_is_honoured(name):
    run(name)


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_outside_is_refused_at_the_users_line(name):
    with pytest.raises(LocatedError) as caught:
        run(name)
    assert caught.value.location is not None
    assert "staleness" in caught.value.location.file


def test_the_table_is_long_and_nearly_all_is_honoured():
    assert len(CASES) - len(REFUSED) >= 120
    assert len(REFUSED) <= 8


def test_floats_and_arrays_that_change_are_never_traced_again():
    state = {"rate": 1.0, "w": np.ones(3)}
    offset = 0.5
    gradient = Gradient(lambda x: (state["rate"] * state["w"] * x * x + offset * x).sum())
    for k in range(20):
        state["rate"], offset = 1.0 + k, 0.1 * k
        state["w"] = np.full(3 + k % 2, float(k))
        x = np.arange(3.0 + k % 2)
        np.testing.assert_allclose(gradient(x), 2 * state["rate"] * state["w"] * x + offset)
    assert gradient.traces == 1


def test_the_argument_is_the_captured_array_itself():
    w = np.arange(1.0, 4.0)
    gradient = Gradient(lambda x: (x * w).sum() if x is w else (x * x * w).sum())
    np.testing.assert_allclose(gradient(w), w)
    np.testing.assert_allclose(gradient(w.copy()), 2 * w * w)
    np.testing.assert_allclose(gradient(w), w)
