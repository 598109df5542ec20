"""``numpy.linalg`` as users call it; vectors become matrices of one column, results keep their names."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Dim, Size, Value

from .arguments import as_array, as_inexact, as_int, astype
from .diagonal import identity_like
from .join import join
from .matrices import H, conj, from_triangle, real_dtype, square
from .op import BY_NAME, implements
from .shape import permute, to_shape
from .shapes import ShapeError

_EXAMPLE = np.eye(1)
SlogdetResult, EighResult, EigResult, QRResult, SVDResult = (
    type(f(_EXAMPLE))
    for f in (np.linalg.slogdet, np.linalg.eigh, np.linalg.eig, np.linalg.qr, np.linalg.svd)
)


def matrices(a: Any) -> Value:
    """`a` as floating-point matrices in the last two axes."""
    x = as_inexact(a)
    if x.ndim < 2:
        raise np.linalg.LinAlgError(f"{x.ndim}-dimensional array given. Array must be at least two-dimensional")
    return x


def squares(a: Any) -> Value:
    x = matrices(a)
    square(x.type)
    return x


def common(*arrays: Value) -> list[Value]:
    """The arrays in their common dtype."""
    dtype = np.result_type(*(x.dtype for x in arrays))
    return [astype(x, dtype) for x in arrays]


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Value:
    """`b` is a vector only if it has one dimension (NumPy 2)."""
    a, b = common(squares(a), as_inexact(b))
    if b.ndim == 1:
        return BY_NAME["solve"](a, to_shape(b, (*b.shape, 1)))[..., 0]
    return BY_NAME["solve"](a, b)


@implements(np.linalg.inv)
def inv(a: Any) -> Value:
    return BY_NAME["inv"](squares(a))


@implements(np.linalg.det)
def det(a: Any) -> Value:
    return BY_NAME["det"](squares(a))


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    return SlogdetResult(*BY_NAME["slogdet"](squares(a)))


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Value:
    x = squares(a)
    return H(BY_NAME["cholesky"](H(x))) if upper else BY_NAME["cholesky"](x)


# -- eigenvalues and singular values --------------------------------------------------------------
def _uplo(UPLO: str) -> str:
    if UPLO.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return UPLO.upper()


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    return EighResult(*BY_NAME["eigh"](squares(a), uplo=_uplo(UPLO)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Value:
    return eigh(a, UPLO)[0]


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    x = matrices(a)
    if hermitian:
        x = from_triangle(x, "L")
    if not compute_uv:
        return BY_NAME["svd"](x, full=False)[1]
    m, n = x.shape[-2:]
    return SVDResult(*BY_NAME["svd"](x, full=bool(full_matrices) and m != n))


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Value:
    return BY_NAME["svd"](matrices(x), full=False)[1]


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Wide matrices by their square part: ``q, r1 = qr(a[:, :m])`` and ``r = [r1, H(q) @ a[:, m:]]``."""
    x = matrices(a)
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"mode={mode!r} is not supported")
    m, n = x.shape[-2:]
    if isinstance(m, Dim) or isinstance(n, Dim):
        wide = m != n and not _known_tall(m, n)
    else:
        wide = n > m
    if wide:
        q, r = BY_NAME["qr"](x[..., :m], complete=False)
        r = join([r, H(q) @ x[..., m:]], x.ndim - 1)
    else:
        q, r = BY_NAME["qr"](x, complete=mode == "complete" and m != n)
    return r if mode == "r" else QRResult(q, r)  # type: ignore[call-arg]


def _known_tall(m: Size, n: Size) -> bool:
    from .index import is_less

    return not is_less(m, n)


# -- least squares --------------------------------------------------------------------------------
@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Value:
    x = matrices(a)
    if hermitian:
        x = from_triangle(x, "L")
    cut = rcond if rcond is not None else rtol if rtol is not None and _is_number(rtol) else 1e-15
    return BY_NAME["pinv"](x, as_array(cut))


def _is_number(x: Any) -> bool:
    return isinstance(x, (Value, np.ndarray, np.generic, int, float))


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Value, Value, Value, Value]:
    """``pinv(a) @ b``; the sums of squared residuals are nan where the rank is deficient (NumPy: no array)."""
    a, b = common(matrices(a), as_inexact(b))
    m, n = a.shape
    eps = np.finfo(a.dtype).eps
    largest: Any = max(m, n) if isinstance(m, int) and isinstance(n, int) else BY_NAME["maximum"](m, n)
    cut = eps * largest if rcond is None else eps if rcond == -1 else rcond
    x = BY_NAME["pinv"](a, as_array(cut)) @ b
    s = svdvals(a)
    rank = BY_NAME["sum"](s > s[0] * as_array(cut), axis=(0,), keepdims=False)
    rest = b - a @ x
    squared = BY_NAME["sum"](_abs2(rest), axis=(0,), keepdims=False)
    squared = to_shape(squared, b.shape[1:] or (1,))
    full_rank = BY_NAME["equal"](rank, n)
    residuals = BY_NAME["where"](full_rank, squared, np.nan) if _more_rows(m, n) else squared[:0]
    return x, astype(residuals, real_dtype(a.dtype)), rank, s


def _more_rows(m: Size, n: Size) -> bool:
    from .index import is_less

    return is_less(n, m)


def _abs2(x: Value) -> Value:
    return BY_NAME["real"](conj(x) * x) if x.dtype.kind == "c" else x * x


# -- powers, chains, tensors ----------------------------------------------------------------------
@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Value:
    """By repeated squaring, as NumPy."""
    x = as_array(a)
    square(x.type)
    power = as_int(n, "the exponent of matrix_power")
    if power == 0:
        return identity_like(x)
    if power < 0:
        x, power = inv(x), -power
    result = None
    while power:
        result = (x if result is None else result @ x) if power & 1 else result
        power >>= 1
        x = x @ x if power else x
    return result  # type: ignore[return-value]


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any) -> Value:
    """The chain in the order with the fewest multiplications; sizes unknown: from left to right."""
    xs = [as_array(a) for a in arrays]
    if len(xs) < 2:
        raise ValueError("Expecting at least two arrays.")
    first = to_shape(xs[0], (1, *xs[0].shape)) if xs[0].ndim == 1 else xs[0]
    last = to_shape(xs[-1], (*xs[-1].shape, 1)) if xs[-1].ndim == 1 else xs[-1]
    chain = [first, *xs[1:-1], last]
    sizes = [x.shape[0] for x in chain] + [last.shape[1]]
    if any(isinstance(s, Dim) for s in sizes):
        y = chain[0]
        for x in chain[1:]:
            y = y @ x
    else:
        y = _in_best_order(chain, sizes, 0, len(chain))
    if xs[0].ndim == 1:
        y = y[0]
    return y[..., 0] if xs[-1].ndim == 1 else y


def _in_best_order(chain: list[Value], sizes: list[Any], i: int, j: int) -> Value:
    if j - i == 1:
        return chain[i]
    split = min(range(i + 1, j), key=lambda k: _cost(sizes, i, k) + _cost(sizes, k, j) + sizes[i] * sizes[k] * sizes[j])
    return _in_best_order(chain, sizes, i, split) @ _in_best_order(chain, sizes, split, j)


def _cost(sizes: list[Any], i: int, j: int) -> int:
    """The fewest multiplications for the product of matrices i to j."""
    if j - i == 1:
        return 0
    return min(_cost(sizes, i, k) + _cost(sizes, k, j) + sizes[i] * sizes[k] * sizes[j] for k in range(i + 1, j))


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Value:
    a, b = as_inexact(a), as_inexact(b)
    if axes is not None:
        order = [k for k in range(a.ndim) if k not in axes] + list(axes)
        a = permute(a, order)
    shape = a.shape[b.ndim :]
    return to_shape(solve(to_shape(a, (b.type.size, b.type.size)), to_shape(b, (b.type.size,))), shape)


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: Any = 2) -> Value:
    x, ind = as_inexact(a), as_int(ind)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    inverse = x.shape[ind:] + x.shape[:ind]
    size: Size = 1
    for s in x.shape[ind:]:
        size = size * s
    return to_shape(inv(to_shape(x, (size, size))), inverse)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Value:
    from .norm import norm

    a = matrices(x)
    if p in (None, 2, -2):
        s = svdvals(a)
        return s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
    return norm(a, p, (-2, -1)) * norm(inv(a), p, (-2, -1))


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Value:
    x = as_inexact(A)
    if x.ndim < 2 or tol is not None or rtol is not None:
        raise ShapeError("matrix_rank of a traced array: a matrix, and the default tolerance")
    s = svdvals(x)
    m, n = x.shape[-2:]
    cut = s[..., :1] * (BY_NAME["maximum"](m, n) * np.finfo(x.dtype).eps)
    return BY_NAME["sum"](s > cut, axis=(s.ndim - 1,), keepdims=False)


