"""``scipy.linalg`` as users call it; entered by name, because scipy is not imported here."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Value

from .arguments import as_array, as_inexact, as_int, counting, zeros
from .diagonal import lower as tril
from .diagonal import upper as triu
from .lazy import implements_named
from .linalg import common, matrices, squares
from .linalg_op import put_rows, take_rows
from .matrices import H, T, batched, conj, eye, from_triangle, real_dtype
from .matrix_functions import lapack
from .norm import norm as numpy_norm
from .op import BY_NAME, FUNCTIONS, define
from .shape import ravel, stretch, to_shape

named = implements_named("scipy.linalg")


def with_columns(solve: Any, b: Value) -> Value:
    """`solve` of a right side that may be a vector."""
    return solve(to_shape(b, (*b.shape, 1)))[..., 0] if b.ndim == 1 else solve(b)


# -- systems --------------------------------------------------------------------------------------
@named("solve")
def solve(
    a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, assume_a: Any = None, transposed: bool = False,
) -> Value:  # fmt: skip
    a, b = common(squares(a), as_inexact(b))
    if assume_a in ("pos", "positive definite", "sym", "symmetric", "her", "hermitian"):
        a = _both_triangles(a, lower, assume_a[:3] == "sym")
    elif assume_a in ("lower triangular", "upper triangular"):
        a = tril(a) if assume_a[0] == "l" else triu(a)
    a = T(a) if transposed else a
    return with_columns(lambda r: BY_NAME["solve"](a, r), b)


def _both_triangles(a: Value, lower: bool, symmetric: bool) -> Value:
    """The symmetric or Hermitian matrix of which one triangle is read."""
    if not symmetric:
        return from_triangle(a, "L" if lower else "U")
    half = tril(a, -1) if lower else triu(a, 1)
    return half + T(half) + triu(tril(a))


@named("solve_triangular")
def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False,
    overwrite_b: bool = False, check_finite: bool = True,
) -> Value:  # fmt: skip
    a, b = common(squares(a), as_inexact(b))
    if trans in (1, "T", 2, "C"):
        a, lower = (T(a) if trans in (1, "T") else H(a)), not lower
    op = BY_NAME["solve_triangular"]
    return with_columns(lambda r: op(a, r, lower=bool(lower), unit=bool(unit_diagonal)), b)


@named("inv")
def inv(a: Any, overwrite_a: bool = False, check_finite: bool = True, **kwargs: Any) -> Value:
    return BY_NAME["inv"](squares(a))


@named("det")
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Value:
    return BY_NAME["det"](squares(a))


@named("cholesky")
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Value:
    x = squares(a)
    return BY_NAME["cholesky"](x) if lower else H(BY_NAME["cholesky"](H(x)))


@named("cho_factor")
def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Value, bool]:
    """The factor; the other triangle, undefined in SciPy, holds that of `a`."""
    x = squares(a)
    factor = cholesky(x, lower)
    return factor + (triu(x, 1) if lower else tril(x, -1)), lower


@named("cho_solve")
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Value:
    c, lower = c_and_lower
    c, b = common(squares(c), as_inexact(b))
    op = BY_NAME["solve_triangular"]
    first = c if lower else H(c)

    def both(right: Value) -> Value:
        return op(H(first), op(first, right, lower=True, unit=False), lower=False, unit=False)

    return with_columns(both, b)


@named("lu_factor")
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Value, Value]:
    return BY_NAME["lu_factor"](squares(a))


@named("lu_solve")
def lu_solve(
    lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Value:
    lu, b = common(as_inexact(lu_and_piv[0]), as_inexact(b))
    order = BY_NAME["row_order"](as_array(lu_and_piv[1]))
    op = BY_NAME["solve_triangular"]

    def forward(r: Value) -> Value:
        inner = op(lu, take_rows(r, order), lower=True, unit=True)
        return op(lu, inner, lower=False, unit=False)

    def backward(r: Value) -> Value:
        back = T(lu) if trans in (1, "T") else H(lu)
        inner = op(back, op(back, r, lower=True, unit=False), lower=False, unit=True)
        return put_rows(inner, order)

    return with_columns(backward if trans else forward, b)


@named("lu")
def lu(a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False) -> Any:
    x = squares(a)
    packed, pivots = BY_NAME["lu_factor"](x)
    order = BY_NAME["row_order"](pivots)
    left, right = tril(packed, -1) + eye(x.shape[-1], x.dtype), triu(packed)
    if permute_l:
        return put_rows(left, order), right
    back = BY_NAME["argsort"](order, axis=order.ndim - 1, kind="stable")
    if p_indices:
        return back, left, right
    identity = stretch(eye(x.shape[-1], real_dtype(x.dtype)), x.shape)
    return put_rows(identity, order), left, right


@named("solve_banded")
def solve_banded(
    l_and_u: Any, ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, check_finite: bool = True
) -> Value:
    below, above = (as_int(k) for k in l_and_u)
    ab, b = common(as_inexact(ab), as_inexact(b))
    return with_columns(lambda r: BY_NAME["solve_banded"](ab, r, below=below, above=above), b)


@named("solveh_banded")
def solveh_banded(
    ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, lower: bool = False, check_finite: bool = True
) -> Value:
    """The other half of the band is made from the given one."""
    ab, b = common(as_inexact(ab), as_inexact(b))
    width = as_array(ab).shape[0] - 1
    upper = BY_NAME["band_transpose"](ab, below=width, above=0) if lower else ab
    lower_rows = BY_NAME["band_transpose"](upper, below=0, above=width)
    full = BY_NAME["concatenate"](upper, conj(lower_rows[1:]), axis=0)
    return with_columns(lambda r: BY_NAME["solve_banded"](full, r, below=width, above=width), b)


# -- spectra --------------------------------------------------------------------------------------
@define
class EighEvr(type(BY_NAME["eigh"])):  # type: ignore[misc]
    """As ``eigh``; SciPy's driver gives vectors other signs than NumPy's."""

    name = "eigh_evr"
    samples = ()  # its signs jump, so differences cannot judge it

    def evaluate(self, a: Any, *, uplo: str) -> Any:
        w, v = batched(lambda m: lapack("eigh")(m, lower=uplo == "L"), a)
        return w.astype(real_dtype(a.dtype)), v.astype(a.dtype)


@named("eigh")
def eigh(a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, **kwargs: Any) -> Any:
    """The generalized problem by the Cholesky factor of `b`: ``inv(L) @ a @ inv(H(L))``."""
    if any(v not in (None, False, True, 1) for v in kwargs.values()):
        return NotImplemented  # a subset, or another type of problem
    x, uplo = squares(a), "L" if lower else "U"
    if b is None:
        return BY_NAME["eigh"](x, uplo=uplo)[0] if eigvals_only else BY_NAME["eigh_evr"](x, uplo=uplo)
    op = BY_NAME["solve_triangular"]
    m = squares(b)
    factor = BY_NAME["cholesky"](m if lower else H(m))
    full = _both_triangles(x, lower, False)
    inner = op(factor, H(op(factor, full, lower=True, unit=False)), lower=True, unit=False)
    w, v = BY_NAME["eigh"](inner, uplo="L")
    return w if eigvals_only else (w, op(H(factor), v, lower=False, unit=False))


@named("eigvalsh")
def eigvalsh(a: Any, b: Any = None, *, lower: bool = True, **kwargs: Any) -> Any:
    return eigh(a, b, lower=lower, eigvals_only=True, **kwargs)


@named("svd")
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, overwrite_a: bool = False,
    check_finite: bool = True, lapack_driver: str = "gesdd",
) -> Any:  # fmt: skip
    result = FUNCTIONS[np.linalg.svd](a, full_matrices, compute_uv)
    return tuple(result) if compute_uv else result


@named("svdvals")
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Value:
    return BY_NAME["svd"](matrices(a), full=False)[1]


@named("qr")
def qr(
    a: Any, overwrite_a: bool = False, lwork: Any = None, mode: str = "full", pivoting: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    if pivoting or mode not in ("full", "r", "economic"):
        return NotImplemented
    result = FUNCTIONS[np.linalg.qr](a, "reduced" if mode == "economic" else "complete")
    return (result[1],) if mode == "r" else tuple(result)


@named("pinv")
def pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    if atol is not None or return_rank:
        return NotImplemented
    x = matrices(a)
    m, n = x.shape[-2:]
    larger = max(m, n) if isinstance(m, int) and isinstance(n, int) else BY_NAME["maximum"](m, n)
    return BY_NAME["pinv"](x, as_array(larger * np.finfo(x.dtype).eps if rtol is None else rtol))


@named("lstsq")
def lstsq(a: Any, b: Any, cond: Any = None, **kwargs: Any) -> Any:
    x, residuals, rank, s = FUNCTIONS[np.linalg.lstsq](a, b, -1 if cond is None else cond)
    return x, residuals, rank, s


# -- functions of matrices --------------------------------------------------------------------------
@named("expm")
def expm(A: Any) -> Value:
    return BY_NAME["expm"](squares(A))


@named("logm")
def logm(A: Any, disp: Any = None) -> Value:
    return BY_NAME["logm"](squares(A))


@named("solve_sylvester")
def solve_sylvester(a: Any, b: Any, q: Any) -> Value:
    return BY_NAME["solve_sylvester"](*common(squares(a), squares(b), matrices(q)))


@named("solve_continuous_lyapunov", "solve_lyapunov")
def solve_continuous_lyapunov(a: Any, q: Any) -> Value:
    """``a @ x + x @ H(a) == q``."""
    a, q = common(squares(a), squares(q))
    return BY_NAME["solve_sylvester"](a, H(a), q)


@named("norm")
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Value:
    return numpy_norm(a, ord, axis, keepdims)


# -- special matrices -----------------------------------------------------------------------------
@named("block_diag")
def block_diag(*arrs: Any) -> Value:
    blocks = [x if x.ndim == 2 else to_shape(x, (1, x.type.size)) for x in map(as_array, arrs)]
    dtype = np.result_type(*(b.dtype for b in blocks))
    rows, columns = ([b.shape[k] for b in blocks] for k in (0, 1))
    y, i, j = zeros((sum(rows, 0), sum(columns, 0)), dtype), 0, 0
    for block in blocks:
        m, n = block.shape
        y = BY_NAME["set_item"](y, block, index=(slice(i, i + m), slice(j, j + n)))
        i, j = i + m, j + n
    return y


@named("toeplitz")
def toeplitz(c: Any, r: Any = None) -> Value:
    """``c[i - j]`` on and below the diagonal, ``r[j - i]`` above it."""
    c = as_array(c)
    r = conj(c) if r is None else as_array(r)
    i, j = to_shape(counting(c.shape[0]), (c.shape[0], 1)), counting(r.shape[0])
    values = BY_NAME["concatenate"](c, r[1:], axis=0)
    d = BY_NAME["subtract"](i, j)
    above = BY_NAME["subtract"](c.shape[0] - 1, d)
    return values[BY_NAME["where"](d < 0, above, d)]


@named("hankel")
def hankel(c: Any, r: Any = None) -> Value:
    """``c[i + j]``, and behind the end of c the elements of r from its second on."""
    c = ravel(as_array(c))
    r = BY_NAME["full"](c.dtype.type(0), shape=c.shape, dtype=c.dtype) if r is None else ravel(as_array(r))
    i, j = to_shape(counting(c.shape[0]), (c.shape[0], 1)), counting(r.shape[0])
    return BY_NAME["concatenate"](c, r[1:], axis=0)[BY_NAME["add"](i, j)]


@named("circulant")
def circulant(c: Any) -> Value:
    """``c[(i - j) % n]``."""
    c = as_array(c)
    n = c.shape[0]
    d = BY_NAME["subtract"](to_shape(counting(n), (n, 1)), counting(n))
    return c[BY_NAME["remainder"](d, n)]
