"""Sparse Jacobians and Hessians: equal to the dense ones, patterns that are large enough everywhere and tight where it counts."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from numpy.testing import assert_allclose

from bcad import StructureError, hessian, insert_grad_of, jacobian, least_squares, sparse_hessian, sparse_jacobian

X = np.array([0.7, -1.2, 2.0, 0.3, 1.1, -0.4])
WEIGHTS = np.array([1.0, 0.0, 2.0])


def in_place(x):
    y = np.zeros_like(x)
    y[0] = x[0] ** 2
    for i in range(1, len(x)):
        y[i] = np.sin(x[i]) * x[i - 1]
    y[-1] += x[0]
    return y


def diffusion(u):
    u = np.concatenate([u[-1:], u, u[:1]])
    return u[2:] - 2 * u[1:-1] + u[:-2] + u[1:-1] ** 3


def convolved(x):
    return np.stack([x[k : k + 3] @ WEIGHTS for k in range(4)])


def branching(x):
    return np.where(x > 0, x**2, -x) if x[0] > 0 else np.cumsum(x)


def by_rows(x):
    a = x.reshape(2, 3)
    return (a.max(axis=1) * a.sum(axis=1))[::-1]


def scattered(x):
    y = np.zeros(4)
    np.add.at(y, np.array([0, 1, 1, 3, 3, 3]), x**2)
    return y


def sorted_(x):
    return np.sort(x)[:2]


def conditional_loop(x):
    y, k = x.copy(), 0
    while k < 3 and y[0] < 50:
        y = y * np.roll(y, 1)
        k += 1
    return y


def gathered(x):
    order = np.argsort(x)
    return x[order][:3] ** 2


def matrices(x):
    a, b = x.reshape(2, 3), np.arange(6.0).reshape(3, 2)
    return np.diag(a @ b) * np.linalg.norm(a, axis=1)


def scans(x):
    return np.cumprod(x[:3]) + np.maximum.accumulate(x[3:])


def custom(x):
    y = x * 2
    with insert_grad_of(y) as g:
        g = g * 1.0
    return y**2


def number(x):
    return x[1] * x[4]


FUNCTIONS = [in_place, diffusion, convolved, branching, by_rows, scattered, sorted_, conditional_loop, gathered, matrices,
             scans, custom, number]


@pytest.mark.parametrize("fn", FUNCTIONS, ids=lambda fn: fn.__name__)
def test_sparse_jacobian_is_the_jacobian(fn) -> None:
    sparse, dense = sparse_jacobian(fn), jacobian(fn)
    for x in (X, -X, X + 3, np.sort(X)):
        found = sparse(x)
        assert isinstance(found, scipy.sparse.csr_array)
        assert_allclose(found.toarray(), np.atleast_2d(dense(x)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("fn", "entries", "colors"),
    [(in_place, 12, 3), (diffusion, 18, 3), (convolved, 12, 3), (scattered, 6, 1), (by_rows, 6, 1), (number, 2, 1)],
    ids=lambda x: getattr(x, "__name__", None),
)
def test_patterns_are_tight(fn, entries, colors) -> None:
    found = sparse_jacobian(fn)
    assert found.pattern(X).nnz == entries
    assert found.pattern(X).dtype == bool
    assert found.colors(X) == colors


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def chain(x):
    energy = 0.0
    for i in range(len(x) - 1):
        energy = energy + np.cos(x[i + 1] - x[i]) + x[i] ** 4
    return energy


def partly_linear(x):
    return x[0] ** 2 + 3 * np.sum(x) + x[1] * x[2]


@pytest.mark.parametrize(("fn", "entries"), [(rosenbrock, 16), (chain, 16), (partly_linear, 3), (np.sum, 0), (np.linalg.norm, 36)],
                         ids=lambda x: getattr(x, "__name__", None))
def test_sparse_hessian_is_the_hessian(fn, entries) -> None:
    sparse = sparse_hessian(fn)
    for x in (X, -2 * X):
        assert_allclose(sparse(x).toarray(), hessian(fn)(x), rtol=1e-12, atol=1e-12)
    assert sparse.pattern(X).nnz <= entries


def test_other_sizes_and_numbers_and_nothing() -> None:
    jac = sparse_jacobian(diffusion)
    for n in (3, 7, 3, 40):
        x = np.cos(np.arange(n))
        assert_allclose(jac(x).toarray(), jacobian(diffusion)(x), atol=1e-14)
    assert jac.colors(np.ones(40)) <= 5
    assert sparse_jacobian(lambda x: x**2)(3.0).toarray().tolist() == [[6.0]]
    assert sparse_jacobian(lambda x: x * np.ones(2))(3.0).toarray().tolist() == [[1.0], [1.0]]
    assert sparse_jacobian(lambda x: x**2)(np.zeros(0)).shape == (0, 0)
    with pytest.warns(UserWarning, match="independent"):
        assert sparse_jacobian(lambda x: np.ones(2))(X).nnz == 0
    assert sparse_jacobian(np.outer)(X[:2], X).shape == (12, 2)
    assert sparse_jacobian(np.outer, 1)(X[:2], X).shape == (12, 6)


def test_captured_arrays_may_change() -> None:
    scale = {"s": np.zeros(3)}
    jac = sparse_jacobian(lambda x: x * scale["s"])
    assert_allclose(jac(X[:3]).toarray(), np.zeros((3, 3)))
    scale["s"] = np.arange(3.0)
    assert_allclose(jac(X[:3]).toarray(), np.diag(np.arange(3.0)))


def test_dtype_and_matrix_arguments() -> None:
    found = sparse_jacobian(lambda a: a.T * 2)(np.ones((2, 3), np.float32))
    assert found.dtype == np.float32 and found.shape == (6, 6) and found.nnz == 6
    assert sparse_jacobian(lambda z: z**2)(np.array([1j, 2.0])).toarray()[0, 0] == 2j


@pytest.mark.parametrize("wrong", [lambda x: (x, x), lambda x: {"a": x[0], "b": x}])
def test_several_results_are_refused(wrong) -> None:
    with pytest.raises(StructureError, match="one result"):
        sparse_jacobian(wrong)(X)


def test_nested_arguments_are_refused() -> None:
    with pytest.raises(StructureError, match="one number or array"):
        sparse_jacobian(lambda p: p["a"] * p["b"])({"a": X, "b": X})
    with pytest.raises(TypeError, match="one argument"):
        sparse_jacobian(np.add, (0, 1))


def test_in_least_squares_and_as_a_pattern() -> None:
    target = np.sin(np.arange(30.0))

    def residuals(u):
        return 9 * u - diffusion(u) - target

    jac = sparse_jacobian(residuals)
    found = least_squares(residuals, np.zeros(30), jac=jac, tr_solver="lsmr")
    assert_allclose(residuals(found.x), 0, atol=1e-6)
    scipy.optimize.least_squares(residuals, np.zeros(30), jac_sparsity=jac.pattern(np.zeros(30)))


def test_few_products_whatever_the_size() -> None:
    hess = sparse_hessian(rosenbrock)
    assert hess.colors(np.ones(500)) == 3
    assert hess(np.ones(500)).nnz == 1498
    rows = sparse_jacobian(lambda x: np.array([np.sum(x**2), np.prod(x)]))  # reverse: two products, not 50
    assert rows.colors(np.ones(50)) == 2
    assert rows(np.ones(50)).shape == (2, 50)
