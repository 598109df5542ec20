"""Indices of every kind: the same elements as NumPy, and derivatives of reads and writes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bcad
from bcad.ir import Dim, evaluate_size
from bcad.ops.index import add_at, getitem, setitem
from bcad.ops.index_template import slice_length

from .derivatives import check, run

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 3, 5))
I = np.array([0, 2, 2, -1])
M = X[:, :, 0] > 0

READS = [
    0, -1, (1, 2), (1, 2, 3), (), ..., (..., 0), (..., 0, 0, 0), None, (None, 1, ..., None), slice(1, 3),
    slice(None, None, -1), slice(-2, None), slice(10, 2, -3), slice(2, 2), (slice(None), slice(None, None, 2)),
    [0, 2], I, (I, 0), (0, ..., I % 3), (I, slice(None), I), (slice(None), I % 3, I), (I[:, None], [0, 1]),
    (None, I), (I, None, [1, 1, 0, 2]), (0, slice(None), I), (slice(None), 0, [1, 1]), M, (M, 0), (slice(1), M[0]),
    (..., [True, False, True, True, False]), [], (I.reshape(2, 2), I.reshape(2, 2) % 3), np.zeros((2, 0), int),
    (0, ..., [1, 2], 0), ([1, 2], ..., 0), True, False, (np.int64(1), np.array(2)),
]  # fmt: skip


@pytest.mark.parametrize("index", READS, ids=str)
def test_reading_selects_what_numpy_selects(index):
    y = run(lambda x: getitem(x, index), X)
    np.testing.assert_array_equal(y, X[index])
    assert type(y) is type(X[index])


@pytest.mark.parametrize("index", READS, ids=str)
def test_reading_and_writing_have_derivatives(index):
    check(lambda x: x[index], X)
    value = np.asarray(RNG.standard_normal(np.shape(X[index])))

    def write(x, v):
        if isinstance(x, np.ndarray):
            y = x.copy()
            y[index] = v
            return y
        return setitem(x, index, v)

    check(write, X, value)
    if value.ndim:
        check(write, X, np.array([2.5]))


@pytest.mark.parametrize("index", [I, (I, 0), (I, slice(None), I), slice(1, 3), (0, 0, 0), M], ids=str)
def test_add_at_accumulates(index):
    def add(x, v):
        if isinstance(x, np.ndarray):
            y = x.copy()
            np.add.at(y, index, v)
            return y
        return add_at(x, index, v)

    check(add, X, RNG.standard_normal(np.shape(X[index])))
    check(add, X, np.array(1.5))


def test_last_of_repeated_writes_gets_the_cotangent():
    from .derivatives import build, evaluate, reverse

    x, v, i = np.zeros(3), np.array([1.0, 2.0, 3.0]), np.array([1, 1, 0])
    graph = build(lambda x, v, i: setitem(x, i, v), [x, v, i])
    np.testing.assert_array_equal(evaluate(graph, [x, v, i])[0], [3, 2, 0])
    gx, gv, _ = evaluate(reverse(graph), [x, v, i, np.array([10.0, 20.0, 30.0])])
    np.testing.assert_array_equal(gx, [0, 0, 30])
    np.testing.assert_array_equal(gv, [0, 20, 10])


def test_traced_integers_masks_and_bounds():
    for i in (0, 2, -1):
        check(lambda x, i: getitem(x, (i, slice(None), 1)), X, np.int64(i), numpy=lambda x, i: x[i, :, 1])
        check(lambda x, i: setitem(x, (i, 0), x[1, 1] * 2.0), X, np.int64(i), numpy=lambda x, i: _set(x, (i, 0), x[1, 1] * 2.0))
    check(lambda x, m: x[m], X, M)
    check(lambda x, m: setitem(x, m, x[m] * 3.0), X, M, numpy=lambda x, m: _set(x, m, x[m] * 3.0))
    check(lambda x, m: setitem(x, m, 7.0), X, M, numpy=lambda x, m: _set(x, m, 7.0))
    check(lambda x, i: x[i:, :i], X, np.int64(2))
    check(lambda x, i: x[i::-1], X, np.int64(2))
    check(lambda x, i, v: setitem(x, (slice(None), slice(0, i)), v), X, np.int64(2), np.ones((2, 5)),
          numpy=lambda x, i, v: _set(x, (slice(None), slice(0, i)), v))


def _set(x, index, value):
    y = np.array(x)
    y[index] = value
    return y


def test_writes_cast_to_the_dtype_of_the_array():
    x32 = np.ones(3, np.float32)
    y = run(lambda x, v: setitem(x, slice(1, None), v), x32, np.array([0.1, 0.2]))
    assert y.dtype == np.float32
    ints = run(lambda x, v: setitem(x, 1, v), np.arange(3), np.float64(2.7))
    np.testing.assert_array_equal(ints, [0, 2, 2])
    check(lambda x, v: setitem(x, slice(0, 2), v), np.ones(3) + 1j, np.array([0.5, 0.25]),
          numpy=lambda x, v: _set(x, slice(0, 2), v))
    with pytest.raises(TypeError):
        run(lambda x: setitem(x, 0, 1j), np.ones(3))


@pytest.mark.parametrize("index", [4, (0, 3), (0, 0, 0, 0), -5, 1.5, "a", (..., ...)], ids=str)
def test_what_numpy_refuses_is_refused(index):
    with pytest.raises((IndexError, TypeError)):
        run(lambda x: getitem(x, index), X)


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="could not broadcast"):
        run(lambda x: setitem(x, slice(0, 2), np.ones((3, 3, 5))), X)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_basic_or_advanced_index(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape) * 1.0
    parts = []
    for n in shape[: data.draw(st.integers(0, len(shape)))]:
        options = [st.slices(n)]
        if n:
            options += [st.integers(-n, n - 1), hnp.arrays(int, (2,), elements=st.integers(-n, n - 1))]
            options += [hnp.arrays(bool, (n,)) if n < 2 else st.integers(0, n - 1)]
        parts.append(data.draw(st.one_of(options)))
    if data.draw(st.booleans()):
        parts.insert(data.draw(st.integers(0, len(parts))), data.draw(st.sampled_from([None, ...])))
    index = tuple(parts)
    try:
        expected = x[index]
    except IndexError:
        return
    np.testing.assert_array_equal(run(lambda v: getitem(v, index), x), expected)


BOUNDS = (None, *range(-4, 5))


@pytest.mark.parametrize("step", [None, 1, 2, 3, -1, -2, -3])
def test_length_of_every_slice_of_a_symbolic_length(step):
    n = Dim.symbol("n")
    for start, stop in itertools.product(BOUNDS, BOUNDS):
        length = slice_length(slice(start, stop, step), n)
        for size in range(10):
            assert evaluate_size(length, {"n": size}) == len(range(*slice(start, stop, step).indices(size)))


@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_every_kind_of_slice_reads_what_numpy_reads(backend):
    slices = [slice(a, b, s) for a in (None, 0, 1, -1, -3, 5) for b in (None, 0, 2, -1, -2) for s in (None, 2, -1, -2)]

    def f(x):
        return [np.sum(x[s] * 1.5) for s in slices]

    compiled = bcad.Function(f, [np.arange(1.0, 6.0)], backend=backend)
    if backend == "auto":
        compiled.compile()
    for size in (5, 2, 3, 8):
        x = np.arange(1.0, size + 1.0)
        np.testing.assert_array_equal(compiled(x), f(x))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_slices_from_a_computed_place_to_the_end_are_differentiated(backend):
    """One bound is a number of the run, the other a size: the source of the reverse part names both."""
    from bcad import grad, hessian, options

    def tail(x):
        k = np.argmax(x)
        return np.sum(x[k : len(x)] ** 2) + np.sum(x[len(x) - 3 : k + 1]) + x[k : len(x) - 1 : 2].sum()

    g, h = grad(tail), hessian(tail)
    with options.set(backend=backend):
        for x in (np.array([1.0, 2.0, 5.0, 4.0, 3.0]), np.array([7.0, 2.0, 5.0, 4.0]), np.array([1.0, 2.0, 5.0, 4.0, 3.0, 8.0, 1.0])):
            differences = [(tail(x + 1e-6 * e) - tail(x - 1e-6 * e)) / 2e-6 for e in np.eye(len(x))]
            np.testing.assert_allclose(g(x), differences, rtol=1e-7)
            np.testing.assert_allclose(h(x), np.diag(2.0 * (np.arange(len(x)) >= np.argmax(x))))
