"""What NumPy raises where nothing reads the result, or where the program catches it: raised all the same, compiled too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad import Function, value_and_grad

X = np.arange(4.0)
EYE = np.eye(2)


def item(x, i):
    x[i]
    return x.sum()


def write(x, i):
    y = x * 2
    y[i] = 3.0
    return x.sum()


def taken(x, i):
    np.take(x, i)
    return x.sum()


def chosen(x, i):
    np.choose(i, [x, x])
    return x.sum()


def added(x, i):
    np.add.at(x * 1, i, 1.0)
    return x.sum()


def in_a_loop(x, i):
    for k in range(3):
        y = x[i + k]  # noqa: F841
    return x.sum()


def in_a_branch(x, i):
    if x[0] > 0:
        x[i]
    return x.sum()


def in_a_loop_that_nothing_reads(x, i):
    s = 0.0
    for k in range(len(x)):
        s += x[k] * x[i]
    return x.sum()


def overwritten(x, i):
    v = x[i]
    v = x[0]
    return v


def constant(x, i):
    x[3]
    return x.sum()


def extreme(x, i):
    x[:i].max()
    return x.sum()


def power(x, i):
    2**i
    return x.sum()


def repeated(x, i):
    np.repeat(x, i)
    return x.sum()


def made(x, i):
    np.zeros(i)
    return x.sum()


def unravelled(x, i):
    np.unravel_index(i, (2, 2))
    return x.sum()


def inverse(x, i):
    np.linalg.inv(x)
    return x.sum()


def factor(x, i):
    np.linalg.cholesky(x)
    return x.sum()


def caught(x, i):
    try:
        x[i]
    except IndexError as error:
        return x.sum() * 2 + len(str(error))
    return x.sum()


def caught_write(x, i):
    y = x * 2
    try:
        y[i] = 1.0
        y[i - 1] = 5.0
    except IndexError:
        y += 1
    return y.sum()


PROGRAMS: list[tuple[Any, list[tuple[Any, Any]]]] = [
    (item, [(X, 1), (X, 7), (X, -4), (X, -5), (X, [[0, 9]])]),
    (write, [(X, 1), (X, [1, 9]), (X, 7), (X, [0, 2]), (X, [0, -5])]),
    (taken, [(X, [1]), (X, [1, 9]), (X, [0, -5])]),
    (chosen, [(X, [0, 1, 1, 0]), (X, [0, 1, 2, 0]), (X, [1, 1, 1, 0])]),
    (added, [(X, [0, 1]), (X, [0, 7])]),
    (in_a_loop, [(X, 1), (X, 2), (X, 0), (X, -5)]),
    (in_a_branch, [(X, 9), (X + 1, 1), (X + 1, 9), (X, 9)]),
    (in_a_loop_that_nothing_reads, [(X, 1), (X, 9), (X[:2], 1), (X[:2], 2)]),
    (overwritten, [(X, 1), (X, 9)]),
    (constant, [(X, 1), (X[:2], 1), (X[:3], 1), (X, 1)]),
    (extreme, [(X, 1), (X, 0), (X, 2)]),
    (power, [(X, [1, 2]), (X, [1, -1])]),
    (repeated, [(X, 2), (X, -1)]),
    (made, [(X, 2), (X, -1)]),
    (unravelled, [(X, 1), (X, 9), (X, -1), (X, [1, 7])]),
    (inverse, [(EYE, 1), (np.zeros((2, 2)), 1), (EYE, 1)]),
    (factor, [(EYE, 1), (-EYE, 1), (EYE, 1)]),
    (caught, [(X, 1), (X, 9), (X, 0), (X, -5)]),
    (caught_write, [(X, 1), (X, 9), (X, 0), (X, -4)]),
]


def outcome(f: Any, x: Any, i: Any) -> Any:
    try:
        return float(f(x.copy(), np.array(i)))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(("f", "calls"), PROGRAMS, ids=lambda f: getattr(f, "__name__", ""))
def test_it_is_raised(f, calls, backend):
    compiled = Function(f, backend=backend)
    for x, i in calls:
        assert outcome(compiled, x, i) == outcome(f, x, i)


@pytest.mark.parametrize("f", [item, write, in_a_loop, overwritten], ids=lambda f: f.__name__)
def test_it_is_raised_by_gradients(f):
    g = value_and_grad(f)
    assert np.isfinite(g(X, 1)[1]).all()
    for i in (7, -5):
        with pytest.raises(IndexError):
            g(X, i)


def test_what_is_checked_once_is_not_checked_twice():
    def f(x, i):
        row = x[i]  # read through below, not here
        row[0] = 1.0
        for j, _ in enumerate(x):
            x[j, 0] += 1.0
        return x.sum()

    compiled = Function(f)
    for x in (np.ones((3, 2)), np.ones((4, 2))):
        assert compiled(x, np.int64(1)) == f(x.copy(), np.int64(1))
    assert "raises" not in str(compiled.graph)


def of_nothing(x, i):
    return np.median(x[:i]), np.median(x[:i, None], axis=1).sum()


def one_element(x, i):
    y = x * 2
    y[i] = x[:1]
    return y


def one_column(x, i):
    c = x[:, None] * 1
    np.cumsum(c, out=c)
    np.vecdot(x, x[: 4 - i])
    return c


def diagonal(x, i):
    y = x.reshape(2, 2) * 1 if i == 2 else x * 1
    np.fill_diagonal(y, 3.0)
    return y


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [of_nothing, one_element, one_column, diagonal], ids=lambda f: f.__name__)
def test_shapes_that_numpy_takes(f):
    compiled = Function(f, backend="numpy")
    for i in (2, 0, np.array(1), np.array([0]), 2):
        try:
            with np.errstate(all="ignore"):
                expected = f(X, i)
        except (ValueError, TypeError, IndexError):
            with pytest.raises((ValueError, TypeError, IndexError)):
                compiled(X, i)
        else:
            np.testing.assert_array_equal(compiled(X, i), expected)
