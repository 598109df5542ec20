"""scipy.linalg: SciPy's values, both modes, second order."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg as sl

import bcad
from bcad.ops.by_value import matrix_sqrt

from .derivatives import check, of, run
from .test_linalg import KINDS, c, definite, good, r


@KINDS
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("trans", [0, 1, "C"])
def test_triangular_systems(kind, lower, trans):
    check(lambda a, b: of(sl.solve_triangular)(a, b, trans, lower), good(3, kind=kind), kind(3, 2))
    check(lambda a, b: of(sl.solve_triangular)(a, b, trans, lower, unit_diagonal=True), good(3, kind=kind), kind(3))


@KINDS
@pytest.mark.parametrize("lower", [False, True])
def test_cholesky_solver(kind, lower):
    check(lambda a: of(sl.cholesky)(a, lower), definite(3, kind=kind))

    def solve(a, b):
        return of(sl.cho_solve)(of(sl.cho_factor)(a, lower), b)

    check(solve, definite(3, kind=kind), kind(3))
    check(lambda a, b: of(sl.solve)(a, b, lower=lower, assume_a="pos"), definite(3, kind=kind), kind(3))


@KINDS
@pytest.mark.parametrize("trans", [0, 1, 2])
def test_lu(kind, trans):
    check(lambda a, b: of(sl.lu_solve)(of(sl.lu_factor)(a), b, trans), kind(3, 3), kind(3))
    check(lambda a: list(of(sl.lu_factor)(a)), kind(3, 3), order=1)
    check(lambda a: list(of(sl.lu)(a)), kind(3, 3), order=1)
    check(lambda a: list(of(sl.lu)(a, permute_l=True)), kind(3, 3), order=1)


@KINDS
def test_matrix_functions(kind):
    check(of(sl.expm), kind(3, 3))
    check(of(sl.expm), kind(2, 2, 2), order=1)
    check(lambda a: of(matrix_sqrt)(a, a.dtype), definite(3, kind=kind))
    check(of(sl.logm), definite(3, kind=kind), tol=1e-5)
    check(of(sl.solve_sylvester), good(2, kind=kind), good(3, kind=kind), kind(2, 3))
    check(of(sl.solve_continuous_lyapunov), good(3, kind=kind), kind(3, 3))


@KINDS
def test_banded(kind):
    ab = kind(4, 5) + np.array([[0], [6], [0], [0]])
    check(lambda ab, b: of(sl.solve_banded)((2, 1), ab, b), ab, kind(5))
    check(lambda ab, b: of(sl.solve_banded)((2, 1), ab, b), ab, kind(5, 2))
    half = kind(2, 4) * 0.5
    half[1] = 5.0
    check(lambda ab, b: of(sl.solveh_banded)(ab, b), half, kind(4), order=1) if kind is r else None
    check(lambda ab, b: of(sl.solveh_banded)(ab, b, lower=True), half[::-1].copy(), kind(4), order=1) if kind is r else None


@KINDS
def test_generalized_eigenvalues(kind):
    check(lambda a, b: of(sl.eigvalsh)(a, b), definite(3, kind=kind), definite(3, kind=kind))
    check(lambda a: of(sl.eigvalsh)(a, lower=False), definite(3, kind=kind))

    def projector(a, b):
        w, v = of(sl.eigh)(a, b)
        return v @ of(np.conjugate)(of(np.swapaxes)(v, 0, 1))

    check(projector, definite(3, kind=kind), definite(3, kind=kind), order=1)


def test_other_names():
    a = good(3)
    for call in (lambda a: of(sl.inv)(a), lambda a: of(sl.det)(a), lambda a: of(sl.svdvals)(a), lambda a: of(sl.pinv)(a),
                 lambda a: of(sl.norm)(a), lambda a: of(sl.qr)(a)[1], lambda a: of(sl.block_diag)(a, a[:1], a[0]),
                 lambda a: of(sl.toeplitz)(a[0]), lambda a: of(sl.toeplitz)(a[0], a[1]), lambda a: of(sl.circulant)(a[0]),
                 lambda a: of(sl.solve)(a, a[0], transposed=True), lambda a: of(sl.lstsq)(a, a[0])[0]):  # fmt: skip
        check(call, a)
    check(of(sl.toeplitz), c(3), order=1)
    with pytest.raises(ValueError, match="complex"):
        run(lambda a: of(matrix_sqrt)(a, a.dtype), np.diag([-1.0, 2.0]))


def test_importing_the_ops_does_not_import_scipy():
    code = "import sys, bcad.ops; assert not any(m.startswith('scipy') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


NEGATIVE = np.array([[-0.97, 2.31, 0.12], [-1.57, -1.46, 0.25], [0.16, 0.37, -1.12]])  # one real eigenvalue, negative
POSITIVE = NEGATIVE + 4 * np.eye(3)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: sl.sqrtm(a), lambda a: sl.logm(a @ a.T), lambda a: sl.fractional_matrix_power(a @ a.T, 0.3), lambda a: np.linalg.eigvals(a),
        lambda a: np.linalg.eig(a)[1], lambda a: sl.eig(a)[1], lambda a: sl.eigvals(a), lambda a: sl.eig(a, right=False),
        lambda a: np.linalg.eig(a @ a.T)[1], lambda a: sl.toeplitz(a[0], a[1]), lambda a: sl.hankel(a[0], a[1]),
        lambda a: sl.matmul_toeplitz((a[0], a[1]), a[2]), lambda a: sl.companion(a[0]),
    ],
)  # fmt: skip
def test_real_or_complex_as_the_values_decide(f):
    """The values, signs of vectors included, are SciPy's; so is the derivative, on both sides of the cut."""
    value = bcad.Function(f)
    measure = lambda a: np.sum(np.abs(f(a) + 0.3) ** 2)
    gradient = bcad.grad(measure)
    for a in (POSITIVE, NEGATIVE, POSITIVE):
        np.testing.assert_allclose(value(a), f(a), rtol=1e-11, atol=1e-12)
        h = 1e-6
        numeric = [[(measure(a + h * np.outer(e, d)) - measure(a - h * np.outer(e, d))) / (2 * h) for d in np.eye(3)] for e in np.eye(3)]
        np.testing.assert_allclose(gradient(a), numeric, rtol=1e-5, atol=1e-6)
