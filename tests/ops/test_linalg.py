"""Linear algebra: NumPy's values, jvp, vjp, second order; batched, complex, and the delicate cases."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.ops.by_value import complex_eig

from .derivatives import build, check, evaluate, of, reverse, run

RNG = np.random.default_rng(5)


def r(*shape):
    return RNG.standard_normal(shape)


def c(*shape):
    return r(*shape) + 1j * r(*shape)


def good(n, *batch, kind=r):
    return kind(*batch, n, n) + 3 * np.eye(n)


def definite(n, *batch, kind=r):
    a = kind(*batch, n, n)
    return a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(n)


L = np.linalg
KINDS = pytest.mark.parametrize("kind", [r, c], ids=["real", "complex"])
BATCH = pytest.mark.parametrize("batch", [(), (2,)], ids=["one", "stack"])


@KINDS
@BATCH
@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "pinv", "matrix_norm"])
def test_function_of_square_matrices(name, kind, batch):
    function = of(getattr(L, name))
    check(lambda a: list(results) if isinstance(results := function(a), tuple) else results, good(3, *batch, kind=kind))


@KINDS
def test_solve(kind):
    check(of(L.solve), good(3, kind=kind), kind(3))
    check(of(L.solve), good(3, kind=kind), kind(3, 2))
    check(of(L.solve), good(2, 3, kind=kind), kind(2, 1), order=1)
    check(of(L.solve), good(2, kind=kind), r(4, 2, 2), order=1)
    check(of(L.solve), good(2), kind(2), order=1)


@KINDS
@BATCH
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_reads_one_triangle(kind, batch, upper):
    check(lambda a: of(L.cholesky)(a, upper=upper), definite(3, *batch, kind=kind))


@KINDS
@BATCH
@pytest.mark.parametrize("uplo", ["L", "U"])
def test_eigh(kind, batch, uplo):
    a = definite(3, *batch, kind=kind)
    check(lambda a: of(L.eigvalsh)(a, uplo), a)

    def projectors(a):  # does not depend on the gauge
        w, v = of(L.eigh)(a, uplo)
        weighted = of(np.conjugate)(of(np.swapaxes)(v, -1, -2)) * WEIGHT
        return (v * of(np.expand_dims)(of(np.exp)(w), -2)) @ weighted

    check(projectors, a)


WEIGHT = np.array([[1.0], [2.0], [-1.0]])


@KINDS
def test_eig(kind):
    a = 0.3 * kind(3, 3) + np.diag([1.0, 4.0, 8.0])
    check(lambda a: of(np.sort_complex)(of(complex_eig)(a)[0]), a + 0j, order=1)

    def gauge_free(a):
        w, v = of(complex_eig)(a)
        return of(np.absolute)(v)

    check(gauge_free, a + 0j, order=1)


@KINDS
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("full", [False, True])
def test_svd(kind, shape, full):
    a = kind(*shape)
    check(lambda a: of(L.svd)(a, compute_uv=False), a)
    k = min(shape[-2:])

    def rebuilt(a):  # does not depend on the gauge
        u, s, vh = of(L.svd)(a, full)
        scaled = u[..., :k] * of(np.expand_dims)(of(np.sin)(s), -2)
        h = lambda x: of(np.conjugate)(of(np.swapaxes)(x, -1, -2))
        return [scaled @ vh[..., :k, :], u[..., :1] @ h(u[..., :1]), u[..., k:] @ h(u[..., k:]), h(vh[..., k:, :]) @ vh[..., k:, :]]

    check(rebuilt, a, order=2 if kind is r else 1)


@KINDS
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
def test_qr(kind, shape, mode):
    def factors(a):
        y = of(L.qr)(a, mode)
        if mode != "complete":
            return y if mode == "r" else list(y)
        q, n = y[0], shape[-1]
        return [q[..., :n], y[1], q[..., n:] @ of(np.conjugate)(of(np.swapaxes)(q[..., n:], -1, -2))]

    check(factors, kind(*shape), order=2 if kind is r else 1)


@KINDS
def test_least_squares(kind):
    check(lambda a, b: of(L.lstsq)(a, b, None)[0], kind(4, 2), kind(4))
    check(lambda a, b: list(of(L.lstsq)(a, b, None)[:2]), kind(4, 2), kind(4, 3), order=1)
    check(lambda a, b: of(L.lstsq)(a, b, None)[0], kind(2, 3), kind(2), order=1)
    check(of(L.pinv), kind(4, 2), order=1)
    check(of(L.pinv), kind(2, 2, 3), order=1)
    assert run(lambda a, b: of(L.lstsq)(a, b)[2], r(4, 2), r(4)) == 2


def test_determinant_of_singular_matrices_has_a_gradient():
    for a in (np.array([[1.0, 2.0], [2.0, 4.0]]), np.zeros((2, 2)), np.diag([1.0, 2.0, 0.0])):
        check(of(L.det), a, order=1)


@pytest.mark.parametrize("p", [None, 1, 2, 3, 1.5, 0, -1, np.inf, -np.inf])
def test_vector_norms(p):
    check(lambda x: of(L.norm)(x, p), r(4))
    check(lambda x: of(L.norm)(x, p, axis=1, keepdims=True), r(3, 4))
    check(lambda x: of(L.norm)(x, p, axis=0), c(3, 2), order=1)
    if hasattr(L, "vector_norm"):
        check(lambda x: of(L.vector_norm)(x, ord=2 if p is None else p, axis=(0, 2)), r(2, 3, 2))


@pytest.mark.parametrize("p", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_matrix_norms(p):
    a = np.array([[1.0, 2.5, -0.5, 4.0], [2.0, -3.5, 1.5, 7.0], [0.5, 0.2, -0.3, 0.4]])  # no sum near another
    check(lambda x: of(L.norm)(x, p), a)
    check(lambda x: of(L.norm)(x, p, axis=(2, 0), keepdims=True), np.stack([a, a * a], 1), order=1)


def test_derivative_of_the_norm_at_zero_is_zero():
    x = np.zeros(3)
    for order in (None, 2):
        np.testing.assert_array_equal(evaluate(reverse(build(lambda x: of(L.norm)(x, order), [x])), [x, 1.0])[0], 0)


def test_powers_chains_and_tensors():
    a = good(3)
    for n in (0, 1, 2, 5, -2):
        check(lambda a: of(L.matrix_power)(a, n), a)
    check(lambda a, b, d: of(L.multi_dot)([a, b, d]), r(2, 5), r(5, 3), r(3, 4))
    check(lambda a, b, d: of(L.multi_dot)([a, b, d]), r(5), r(5, 3), r(3))
    check(of(L.tensorsolve), good(6).reshape(2, 3, 6), r(2, 3))
    check(of(L.tensorinv), good(6).reshape(2, 3, 6))
    check(of(L.cond), a)
    check(lambda a: of(L.cond)(a, 1), a)
    assert run(of(L.matrix_rank), np.diag([1.0, 0.0, 2.0])) == 2


def test_dtypes_and_names():
    a = good(2).astype(np.float32)
    assert run(of(L.inv), a).dtype == np.float32
    assert run(lambda a: of(L.solve)(a, np.ones(2)), a).dtype == np.float64
    np.testing.assert_allclose(run(of(L.inv), np.array([[2, 0], [0, 4]])), [[0.5, 0], [0, 0.25]])
    check(lambda a: of(L.slogdet)(a).logabsdet, good(2))
    check(lambda a: of(L.svd)(a).S, good(2))


def test_what_numpy_refuses_is_refused():
    for call, x in ((of(L.inv), r(2, 3)), (of(L.det), r(3)), (of(L.cholesky), r(2, 3)), (of(L.solve), r(2))):
        with pytest.raises((np.linalg.LinAlgError, ValueError)):
            run(call if call is not of(L.solve) else call, *([x, x] if x.shape == (2,) else [x]))
