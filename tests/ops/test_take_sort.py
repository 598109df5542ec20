"""Positions and order: take, choose, select, writes by functions, sort, search, interp."""

from __future__ import annotations

import numpy as np
import pytest

import bcad
from bcad.ops import FUNCTIONS
from bcad.ops.mutate import MUTATES, MUTATING_METHODS

from .derivatives import check, of, run

RNG = np.random.default_rng(2)
A = RNG.standard_normal((4, 3))
V = RNG.standard_normal(6)
C = RNG.standard_normal(4) + 1j * RNG.standard_normal(4)
I = np.array([[0, 2], [-1, 2]])
ORDER = np.argsort(A, 0)

CASES = [
    lambda x: of(np.take)(x, I), lambda x: of(np.take)(x, I, 0), lambda x: of(np.take)(x, [5, -7], 1, mode="wrap"),
    lambda x: of(np.take)(x, [5, -7], 1, mode="clip"), lambda x: of(np.take)(x, 1, 1), lambda x: of(np.take)(x, [], 0),
    lambda x: of(np.take_along_axis)(x, ORDER, 0), lambda x: of(np.take_along_axis)(x, I[0], None),
    lambda x: of(np.compress)([0, 1, 1], x, 1), lambda x: of(np.compress)([False, True], x, 0),
    lambda x: of(np.extract)(A > 0, x), lambda x: of(np.choose)([[0, 1, 1]], [x, x * x]),
    lambda x: of(np.select)([x > 1, x > 0], [x, x * x], 0.5), lambda x: x[of(np.ix_)([0, 2], [1, 1])] if isinstance(x, np.ndarray) else x[np.ix_([0, 2], [1, 1])],
    lambda x: of(np.sort)(x), lambda x: of(np.sort)(x, 0), lambda x: of(np.sort)(x, None),
    lambda x: of(np.partition)(x, 2, 0), lambda x: of(np.unique)(x), lambda x: x[of(np.argsort)(x[:, 0])],
    lambda x: x[of(np.nonzero)(x > 0)], lambda x: x[of(np.lexsort)((x[:, 1], x[:, 0]))],
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[str(k) for k in range(len(CASES))])
def test_elements_by_position(case):
    check(case, A)


def test_sort_of_complex_numbers_and_ties():
    check(lambda x: of(np.sort)(x), C)
    check(lambda x: of(np.sort_complex)(x), C)
    x = np.array([2.0, 1.0, 2.0, 1.0, np.nan])
    np.testing.assert_array_equal(run(of(np.sort), x), np.sort(x))
    np.testing.assert_array_equal(run(lambda v: of(np.argsort)(v, kind="stable"), x), np.argsort(x, kind="stable"))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: of(np.searchsorted)([-1.0, 0.0, 1.0], x), lambda x: of(np.searchsorted)([0.0], x, "right"),
        lambda x: of(np.digitize)(x, [-1.0, 0.0, 1.0]), lambda x: of(np.digitize)(x, [1.0, 0.0, -1.0], True),
        lambda x: of(np.argwhere)(x > 0), lambda x: of(np.flatnonzero)(x > 0), lambda x: of(np.argsort)(x, 0),
        lambda x: list(of(np.unique)(x, True, True, True)), lambda x: list(of(np.unravel_index)([7, 3], (2, 4))),
    ],
)  # fmt: skip
def test_positions_have_no_derivative(function):
    y, expected = run(function, A), function(A)
    for a, b in zip(y if isinstance(y, list) else [y], expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("x", [RNG.uniform(-2, 5, 7), np.array([-9.0, 0.0, 0.3, 3.0, 4.0, 9.0, np.nan]), np.float64(0.7)])
def test_interp_equals_numpys(x):
    xp, fp = np.array([0.0, 1.0, 1.5, 4.0]), RNG.standard_normal(4)
    np.testing.assert_array_equal(run(of(np.interp), x, xp, fp), np.interp(x, xp, fp))
    np.testing.assert_array_equal(run(lambda x: of(np.interp)(x, xp, fp, -1.0, left=None, right=2.0) if 0 else of(np.interp)(x, xp, fp, -1.0, 2.0), x), np.interp(x, xp, fp, -1.0, 2.0))


def test_interp_has_derivatives_of_all_arguments():
    xp, fp = np.array([0.0, 1.0, 1.5, 4.0]), RNG.standard_normal(4)
    check(of(np.interp), np.array([-1.0, 0.2, 1.2, 2.0, 7.0]), xp, fp)
    check(lambda x, xp, fp: of(np.interp)(x, xp, fp, period=5.0), np.array([-0.7, 0.2, 1.2, 2.1, 7.7]), xp[1:], fp[1:])


def mutated(function, x, *args, **kwargs):
    """What `function` makes of its first argument."""
    if isinstance(x, np.ndarray):
        y = x.copy()
        (getattr(y, function) if isinstance(function, str) else lambda *a, **k: function(y, *a, **k))(*args, **kwargs)
        return y
    return (MUTATING_METHODS if isinstance(function, str) else MUTATES)[function](x, *args, **kwargs)


WRITES = [
    (np.put, A, [0, 5, 5], V[:3]), (np.put, A, [0, 5, 7], V[:2]), (np.put, A, [0, 99], V[:2], {"mode": "clip"}),
    (np.put_along_axis, A, ORDER[:2], A[:2] * 2, 0), (np.copyto, A, V[:3]), (np.place, A, A > 0, V[:2]),
    (np.place, A, A > 0, V[:1]), (np.putmask, A, A > 0, V[:2]), (np.putmask, A, A > 0, A * 3),
    (np.fill_diagonal, A, np.float64(2.0)), (np.fill_diagonal, A, V[:2]), ("fill", A, np.float64(3.0)), ("sort", A),
    ("put", A, [1], np.float64(4.0)), (np.add.at, V, [1, 1], V[:2]), (np.subtract.at, V, [1, 1], V[:2]),
]  # fmt: skip


@pytest.mark.parametrize("case", WRITES, ids=lambda c: getattr(c[0], "__name__", str(c[0])))
def test_functions_that_write(case):
    function, x, *args = case
    kwargs = args.pop() if args and isinstance(args[-1], dict) else {}
    floats = [a for a in args if getattr(a, "dtype", "") == "float64"]

    def call(x, *values):
        given = iter(values)
        return mutated(function, x, *(next(given) if getattr(a, "dtype", "") == "float64" else a for a in args), **kwargs)

    check(call, x, *floats)


def test_copyto_honours_where_and_casting():
    check(lambda x, v: mutated(np.copyto, x, v, where=A > 0), A, V[:3])
    with pytest.raises(TypeError):
        run(lambda x: mutated(np.copyto, x, np.ones(3)), np.arange(3))
    assert np.interp in FUNCTIONS


def trick(owner, *items):
    """``owner[items]`` of np.r_ or np.c_."""
    if any(isinstance(i, np.ndarray) for i in items):
        return owner[items]
    return FUNCTIONS[type(owner).__getitem__](owner, items)


def test_r_and_c():
    check(lambda x, y: trick(np.r_, x, 1.0, slice(0, 3), y), V, V[:2])
    check(lambda x, y: trick(np.r_, x, y), A, A)
    check(lambda x, y: trick(np.c_, x, y, y), V, V)
    check(lambda x, y: trick(np.c_, x, y), A, A[:, 0])
    check(lambda x: trick(np.r_, x, slice(0, 1, 5j)), V)


LABELS = np.array([0, 2, 2, 5])


def test_bincount_insert_delete_of_what_is_computed():
    """How many bins, elements or rows there are is held to; another number traces anew."""
    x = np.array([0.3, 0.8, 0.1, 0.6])
    for f in (
        lambda x: np.bincount(LABELS, x) @ np.arange(6.0),
        lambda x: np.bincount((x * 10).astype(int), x).sum(),
        lambda x: np.bincount((x > 0.5).astype(int), minlength=3) @ np.array([1.0, 2.0, 4.0]) * x[0],
        lambda x: np.delete(x, 1) @ np.arange(len(x) - 1.0),
        lambda x: np.insert(x, -1, 2 * x[0]) @ np.arange(len(x) + 1.0),
        lambda x: np.arange(x[0], 2.02, x[1]).sum(),
        lambda x: np.polymul(x, x[1:]).sum() + np.ndarray.sum(x),
    ):
        value, gradient = bcad.Function(f), bcad.grad(f)
        for at in (x, x[::-1].copy(), np.append(x, 0.45)[1:], x + 0.03):
            np.testing.assert_allclose(value(at), f(at), rtol=1e-12)
            numeric = [(f(at + 1e-6 * e) - f(at - 1e-6 * e)) / 2e-6 for e in np.eye(4)]
            np.testing.assert_allclose(gradient(at), numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.minimum])
@pytest.mark.parametrize("axis", [0, 1])
def test_reduceat_at_computed_places(ufunc, axis):
    from bcad import grad

    places = np.array([0])
    direction = np.array([0.3, -0.2, 0.5, 0.1, -0.7])

    def f(x):
        folded = ufunc.reduceat(np.stack([x, x**2], 1 - axis), places, axis=axis)
        return np.sum(folded * np.cos(np.arange(folded.size)).reshape(folded.shape)) + np.r_[0 : len(x), x] @ np.r_[x, 1 : len(x) + 1]

    g, x = grad(f), np.array([0.9, 1.7, 1.2, 0.4, 2.2])
    for places in (np.array([0, 2, 2, 4, 1]), np.array([3, 0]), np.array([1]), np.array([0, 1, 2, 3, 4])):
        slope = (f(x + 1e-6 * direction) - f(x - 1e-6 * direction)) / 2e-6
        np.testing.assert_allclose(g(x) @ direction, slope, rtol=1e-6)
    places = np.array([0, 5])
    with pytest.raises(IndexError):
        g(x)


def test_searchsorted_wants_one_axis() -> None:
    for a in (np.ones((2, 2)), np.ones(())):
        with pytest.raises(ValueError, match="object"):
            run(lambda x: FUNCTIONS[np.searchsorted](x, 0.5), a)


def test_no_counts_are_ints_too() -> None:
    def f(x, i):
        return np.repeat(x, i % 3, axis=0)

    for n in (0, 2):
        x, i = np.ones((n, 2)), np.arange(n) + 1
        np.testing.assert_array_equal(bcad.Function(f)(x, i), f(x, i))


def test_logaddexp_of_nothing() -> None:
    f = bcad.Function(lambda x: np.logaddexp.reduce(x, axis=0))
    for shape in ((2, 3), (0, 3), (2, 0)):
        np.testing.assert_array_equal(f(np.zeros(shape)), np.logaddexp.reduce(np.zeros(shape), axis=0))
