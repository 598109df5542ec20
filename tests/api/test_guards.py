"""Guards: what a miss does, what explain() tells, how many specialisations there are, which sizes and ints stay one."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from bcad import Function, Gradient, explain, grad, options
from bcad.trace import quick_call


def test_explain_names_guards_and_why_one_failed():
    mode = "sine"
    gradient = Gradient(lambda x: np.sin(x).sum() if mode == "sine" else (x * x).sum())
    gradient(np.ones(3))
    assert "guard mode == 'sine'" in gradient.explain()
    assert "traced again" not in gradient.explain()
    mode = "square"
    gradient(np.ones(3))
    text = gradient.explain()
    assert "not mode == 'sine': now 'square'" in text
    assert "test_guards.py:" in text


def test_explain_names_dtype_and_rank():
    g = grad(lambda x: (x * x).sum())
    g(np.ones(3))
    g(np.ones((2, 2), np.float32))
    assert "now float32[2, 2]" in explain(g)


def test_siblings_are_kept_and_chosen():
    mode = 0
    traced = Function(lambda x: (x.sum(), (x * x).sum(), np.sin(x).sum())[mode] * 1.0)
    for mode in (0, 1, 0, 1, 0, 1):
        traced(np.ones(2))
    assert traced.traces == 2


def test_an_int_that_changes_twice_is_an_input():
    n = 1
    traced = Function(lambda x: (x * x).sum() * n + x[0] / (1 + n))
    for n in range(1, 12):
        x = np.arange(3.0) + n
        assert traced(x) == (x * x).sum() * n + x[0] / (1 + n)
    assert traced.traces == 3


def test_an_int_argument_that_changes_twice_is_an_input():
    gradient = Gradient(lambda x, n: (x * n).sum() + n, wrt=0)
    for n in range(10):
        np.testing.assert_array_equal(gradient(np.ones(3), n), np.full(3, float(n)))
    assert gradient.traces <= 3


def test_an_int_that_decides_a_shape_keeps_specialisations_of_its_own():
    n = 2
    traced = Function(lambda x: np.zeros((n, 2)).size * x.sum() + np.ones(n).sum())
    for n in (2, 3, 4, 5, 3, 2):
        assert traced(np.ones(2)) == 4.0 * n + n


def test_too_many_specialisations_are_reported_once():
    text = ""
    traced = Function(lambda x: x.sum() * len(text))
    with options.set(specialisations=3), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for k in range(8):
            text = "a" * k
            assert traced(np.ones(2)) == 2.0 * k
    assert len(traced.core.specialisations) == 3
    (warning,) = [w for w in caught if w.category is RuntimeWarning]
    assert "not text == 'aa': now 'aaa'" in str(warning.message)
    assert warning.filename == __file__


def shapes(x):
    n = x.shape[0]
    total = 0.0
    for k in range(n - 1):
        total = total + x[k] * x[k + 1]
    table = np.zeros(x.shape) + np.arange(len(x)) * x.reshape(-1, 1)[:, 0]
    return total + table.sum() / x.size + (x.ndim == 1)


def test_another_batch_size_neither_traces_nor_compiles():
    gradient = Gradient(shapes)
    gradient(np.arange(5.0))
    gradient.compile()
    compiled = gradient.core.specialisations[0].entry.compiled
    for n in (2, 3, 7, 50, 4):
        x = np.linspace(0.5, 1.5, n)
        found = gradient(x)
        step = 1e-6
        expected = [(shapes(x + step * e) - shapes(x - step * e)) / (2 * step) for e in np.eye(n)]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert gradient.traces == 1
    assert gradient.core.specialisations[0].entry.compiled is compiled


@pytest.mark.parametrize("n", [0, 1])
def test_sizes_zero_and_one_are_traced_on_their_own(n):
    traced = Function(lambda x: (x * np.ones(3)[: max(len(x), 1)]).sum() if len(x) != 3 else x.prod())
    assert traced(np.arange(3.0)) == 0.0
    assert traced(np.arange(float(n))) == 0.0
    assert traced.traces == 2


def test_broadcasting_that_changes_is_traced_again():
    traced = Function(lambda x, y: (x * y).sum())
    for shapes in (((3,), (3,)), ((3,), (1,)), ((1,), (3,)), ((2, 3), (3,)), ((3,), (2, 1)), ((4,), (4,))):
        x, y = np.ones(shapes[0]), np.full(shapes[1], 2.0)
        assert traced(x, y) == (x * y).sum()
    assert traced.traces == 5


def test_what_guards_check_is_what_runs():
    """Each captured value is read once: nobody can change it between the check and the run."""
    w = np.ones(3)
    traced = Function(lambda x: (x * w).sum())
    traced(np.ones(3))
    text = quick_call(traced.core.specialisations[0].program, "({values},)", {}).__doc__
    assert text is not None
    assert text.count("cell_contents") == 1
