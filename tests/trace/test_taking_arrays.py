"""What gives an array as it is, and what copies it: writes to the result are NumPy's, so is what C code writes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from bcad import Function, jacobian, options

TAKERS = {
    "array copy=None": lambda b: np.array(b, copy=None),
    "array copy=False": lambda b: np.array(b.T, copy=False),
    "array if needed": lambda b: np.array(b, copy=np._CopyMode.IF_NEEDED),
    "array always": lambda b: np.array(b, copy=np._CopyMode.ALWAYS),
    "array": lambda b: np.array(b),
    "array dtype": lambda b: np.array(b, dtype=float, copy=None),
    "array other dtype": lambda b: np.array(b, dtype="f4", copy=None),
    "array ndmin": lambda b: np.array(b, copy=None, ndmin=3)[0],
    "array F": lambda b: np.array(b, copy=None, order="F"),
    "array F of transposed": lambda b: np.array(b.T, copy=None, order="F"),
    "array C of transposed": lambda b: np.array(b.T, copy=None, order="C"),
    "asarray copy=True": lambda b: np.asarray(b, copy=True),
    "asarray F": lambda b: np.asarray(b, None, "F"),
    "asfortranarray": np.asfortranarray,
    "asfortranarray of transposed": lambda b: np.asfortranarray(b.T),
    "asfortranarray of columns": lambda b: np.asfortranarray(b[:, :2]),
    "ascontiguousarray": np.ascontiguousarray,
    "ascontiguousarray of transposed": lambda b: np.ascontiguousarray(b.T),
    "ascontiguousarray of columns": lambda b: np.ascontiguousarray(b[:, ::2]),
    "ascontiguousarray of rows": lambda b: np.ascontiguousarray(b[1:]),
    "asarray_chkfinite": np.asarray_chkfinite,
    "astype": lambda b: b.astype(float, copy=False),
    "astype F": lambda b: b.astype(float, order="F", copy=False),
    "astype K of transposed": lambda b: b.T.astype(float, copy=False),
}


@pytest.fixture(autouse=True)
def uncompiled():
    with options.set(backend="numpy"):
        yield


@pytest.mark.parametrize("name", TAKERS)
def test_a_write_to_what_was_taken(name: str) -> None:
    def f(x):
        b = x * 1.0
        TAKERS[name](b)[0] = 5.0
        return b

    for x in (np.arange(9.0).reshape(3, 3), np.arange(20.0).reshape(4, 5)):
        assert_array_equal(Function(f)(x), f(x))


def test_the_array_of_the_caller_in_another_order() -> None:
    def f(x):
        np.ascontiguousarray(x)[0] = 7.0
        return x.sum()

    traced = Function(f)
    for x in (np.ones((3, 3)), np.ones((3, 3), order="F"), np.ones((3, 3))):
        assert traced(x.copy(order="K")) == f(x.copy(order="K"))


def test_what_c_code_writes_to_arrays() -> None:
    """scipy.sparse sorts indices in place."""
    def f(p):
        m = sp.csr_matrix((np.array([1.0, 2.0, 3.0]), np.array([1, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
        m.sort_indices()
        return m.data * p + m.indices

    assert_array_equal(Function(f)(2.0), f(2.0))
    assert_array_equal(jacobian(f)(2.0), [2.0, 1.0, 3.0])


def test_c_code_that_writes_in_some_calls_only() -> None:
    def f(p, indices):
        data = np.array([1.0, 2.0, 3.0])
        m = sp.csr_matrix((data, indices, np.array([0, 2, 3])), shape=(2, 2))
        m.sort_indices()
        return data * p + m.indices

    traced = Function(f)
    for indices in ([0, 1, 1], [1, 0, 0], [0, 1, 1]):
        assert_array_equal(traced(2.0, np.array(indices)), f(2.0, np.array(indices)))


def test_sparse_matrices_made_dense() -> None:
    rows, columns = np.array([0, 2, 1, 1]), np.array([1, 0, 1, 1])

    def f(p):
        d = np.array([1.0, 2.0, 3.0, 4.0]) * p
        csr = sp.csr_matrix((d, columns, np.array([0, 2, 2, 4])), shape=(3, 2))
        csc = sp.csc_matrix((d, rows[[0, 1, 3, 2]], np.array([0, 2, 4])), shape=(3, 2))
        return (csr.toarray() ** 2).sum() + csc.toarray()[1, 1] + (csr @ np.array([p, 1.0])).sum()

    assert_allclose(Function(f)(1.1), f(1.1))
    assert_allclose(jacobian(f)(1.1), (f(1.1 + 1e-6) - f(1.1 - 1e-6)) / 2e-6, rtol=1e-6)
