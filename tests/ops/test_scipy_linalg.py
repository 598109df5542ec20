"""scipy.linalg: SciPy's values, both modes, second order."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg as sl

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
    check(of(sl.sqrtm), definite(3, kind=kind))
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
        run(of(sl.sqrtm), np.diag([-1.0, 2.0]))


def test_importing_the_ops_does_not_import_scipy():
    code = "import sys, bcad.ops; assert not any(m.startswith('scipy') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
