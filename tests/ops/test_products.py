"""Products of every rank: NumPy's values, both modes, second order, real and complex."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest

import bcad
from bcad.ops import METHODS

from .derivatives import check, of, run

RNG = np.random.default_rng(3)


def r(*shape):
    return RNG.standard_normal(shape)


def c(*shape):
    return r(*shape) + 1j * r(*shape)


RANKS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((3,), (5, 3, 2)),
         ((5, 2, 3), (3,)), ((4, 1, 2, 3), (5, 3, 2)), ((2, 0), (0, 3)), ((1, 3), (3, 1))]  # fmt: skip


@pytest.mark.parametrize("shapes", RANKS, ids=str)
@pytest.mark.parametrize("function", [np.matmul, operator.matmul, np.dot], ids=["matmul", "@", "dot"])
def test_matrix_products(function, shapes):
    a, b = (r(*s) for s in shapes)
    check(of(function), a, b)
    if len(shapes[0]) < 3:
        check(of(function), a + 1j * r(*shapes[0]), b)


DOTS = [((), (3,)), ((2, 3), ()), ((2, 3), (4, 3, 2)), ((2, 2, 3), (2, 3, 2)), ((), ())]


@pytest.mark.parametrize("shapes", DOTS, ids=str)
def test_dot_of_other_ranks(shapes):
    a, b = (np.float64(r()) if s == () else r(*s) for s in shapes)
    check(of(np.dot), a, b)


CASES = [
    lambda a, b: of(np.inner)(a, b), lambda a, b: of(np.outer)(a, b), lambda a, b: of(np.vdot)(a, b),
    lambda a, b: of(np.tensordot)(a, b), lambda a, b: of(np.tensordot)(a, b, 0), lambda a, b: of(np.tensordot)(a, b, ([0], [0])),
    lambda a, b: of(np.tensordot)(a, b, (1, -1)), lambda a, b: of(np.kron)(a, b), lambda a, b: of(np.kron)(a[0], b),
    lambda a, b: of(np.cross)(a, b), lambda a, b: of(np.cross)(a, b, axis=1),
    lambda a, b: of(np.linalg.vecdot)(a, b), lambda a, b: of(np.linalg.tensordot)(a, b, axes=2),
    *[lambda a, b, m=m: of(np.convolve)(a[0], b[:, 1], m) for m in ("full", "same", "valid")],
    *[lambda a, b, m=m: of(np.correlate)(a[0], b[0, :2], m) for m in ("full", "same", "valid")],
    *[lambda a, b, m=m: of(np.correlate)(a[0, :2], b[0], m) for m in ("full", "valid", "same")],
    lambda a, b: of(np.einsum)("ij,ij", a, b), lambda a, b: of(np.einsum)("ij,kj->ik", a, b),
    lambda a, b: of(np.einsum)("ii->i", a), lambda a, b: of(np.einsum)("ii", a), lambda a, b: of(np.einsum)("iij,ji->j", a[:, :, None] * b, b),
    lambda a, b: of(np.einsum)("ij->", a), lambda a, b: of(np.einsum)("ba", a), lambda a, b: of(np.einsum)("i...,...", a, b[0]),
    lambda a, b: of(np.einsum)("...j,j...->...", a, b), lambda a, b: of(np.einsum)(a, [0, 1], b, [1, 2], [2, 0]),
    lambda a, b: of(np.einsum)(a, [0, 1], b, [1, 2]), lambda a, b: of(np.einsum)(a, [..., 1], b, [1, ...]),
    lambda a, b: of(np.einsum)("ij,k->i", a, b[0]), lambda a, b: of(np.einsum)("ij,jk,kl->il", a, b, a),
    lambda a, b: of(np.einsum)("ii,jj->ij", a, b), lambda a, b: of(np.einsum)("ij,ij->ij", a[:1], b),
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(CASES)))
@pytest.mark.parametrize("kind", ["real", "complex", "mixed"])
def test_products_of_squares(k, kind):
    a, b = (r(3, 3), r(3, 3)) if kind == "real" else (c(3, 3), c(3, 3)) if kind == "complex" else (c(3, 3), r(3, 3))
    check(CASES[k], a, b, order=2 if kind == "real" else 1)


if hasattr(np, "matvec"):

    def test_products_of_vectors_in_stacks():
        check(of(np.matvec), r(4, 2, 3), r(3))
        check(of(np.vecmat), c(2), c(4, 2, 3))
        check(of(np.vecdot), c(4, 3), c(3), order=1)


def test_methods_and_dtypes():
    check(lambda a, b: METHODS["dot"](a, b), r(2, 3), r(3), numpy=lambda a, b: a.dot(b))
    a = r(2, 2).astype(np.float32)
    assert run(of(np.dot), a, a).dtype == np.float32
    assert run(lambda a: of(np.matmul)(a, [[1, 2], [3, 4]]), a).dtype == np.float64
    np.testing.assert_array_equal(run(of(np.matmul), np.arange(4).reshape(2, 2), np.arange(2)), [1, 3])


@pytest.mark.parametrize("shapes", [((3,), (4,)), ((2, 3), (2, 3)), ((), (3,)), ((2, 2, 3), (3, 3, 2))], ids=str)
def test_shapes_that_do_not_align_are_refused(shapes):
    with pytest.raises(ValueError):
        run(of(np.matmul), *(np.zeros(s) for s in shapes))


def test_wrong_subscripts_are_refused():
    for subscripts in ("ij,j", "ijk", "ij->ijj", "ij->k", "ab,cd"):
        with pytest.raises(ValueError):
            run(lambda a: of(np.einsum)(subscripts, a), r(2, 2))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("fn", [np.correlate, np.convolve])
def test_the_shorter_of_two_signals_may_come_first(fn, mode):
    f = bcad.Function(lambda a, v: fn(a, v, mode), backend="numpy")
    for n, m in itertools.product(range(1, 6), repeat=2):
        a, v = np.arange(1.0, n + 1) ** 2, np.cos(np.arange(m) + 0.5)
        np.testing.assert_allclose(f(a, v), fn(a, v, mode), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("shapes", [((3, 3), (1,)), ((3, 1), (3,)), ((1, 3), (1,))], ids=str)
def test_vecdot_does_not_stretch_what_it_adds_up(shapes):
    import bcad

    a, b = map(np.ones, shapes)
    with pytest.raises(ValueError):
        np.linalg.vecdot(a, b)
    with pytest.raises(bcad.BcadError):
        bcad.Function(np.linalg.vecdot)(a, b)
