"""Diagonals and triangles: diagonal, diag, diagflat, trace, tril, triu, tri."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Size, Value, maximum, minimum

from .arguments import as_array, as_int, as_size, full
from .cotangents import rearranged, to_cotangent
from .index_template import non_negative
from .layout import LinearMap
from .op import BY_NAME, Op, Zero, define, implements
from .samples import Sample, complexes, reals
from .shape import permute, ravel, stretch
from .shapes import normalize_axis


def diagonal_length(rows: Size, columns: Size, offset: int) -> Size:
    """How many elements the diagonal `offset` steps to the right of the main one has."""
    rows, columns = (rows, columns - offset) if offset >= 0 else (rows + offset, columns)
    length = minimum(rows, columns)
    return length if non_negative(length) else maximum(length, 0)


@define
class Diagonal(LinearMap):
    """The diagonals of matrices in the last two axes: ``diagonal(x, offset, -2, -1)``."""

    samples = (
        Sample(reals(3, 3), offset=0),
        Sample(reals(2, 4), offset=1),
        Sample(reals(2, 4, 3), offset=-1),
        Sample(complexes(3, 3), offset=0),
        Sample(reals(2, 2), offset=5),
    )

    def type_rule(self, x: ArrayType, *, offset: int) -> ArrayType:
        *batch, rows, columns = x.shape
        return ArrayType(x.dtype, (*batch, diagonal_length(rows, columns, offset)))

    def evaluate(self, x: Any, *, offset: int) -> Any:
        return np.diagonal(x, offset, -2, -1)

    def vjp(self, g: Any, y: Value, x: Value, *, offset: int) -> tuple[Any]:
        sizes = {"rows": x.shape[-2], "columns": x.shape[-1]}
        return (to_cotangent(rearranged(g, lambda h: make_diagonal(h, offset=offset, **sizes)), x),)


@define
class MakeDiagonal(LinearMap):
    """Matrices of zeros with a given diagonal: the transpose of `Diagonal`."""

    samples = (
        Sample(reals(3), offset=0, rows=3, columns=3),
        Sample(reals(2, 2), offset=1, rows=2, columns=4),
        Sample(reals(3), offset=-1, rows=4, columns=3),
        Sample(complexes(2), offset=0, rows=2, columns=2),
    )

    def type_rule(self, d: ArrayType, *, offset: int, rows: Size, columns: Size) -> ArrayType:
        return ArrayType(d.dtype, (*d.shape[:-1], rows, columns))

    def evaluate(self, d: Any, *, offset: int, rows: int, columns: int) -> Any:
        y = np.zeros((*d.shape[:-1], rows, columns), d.dtype)
        k = np.arange(d.shape[-1])
        y[..., k - min(offset, 0), k + max(offset, 0)] = d
        return y

    def vjp(self, g: Any, y: Value, d: Value, *, offset: int, **sizes: Size) -> tuple[Any]:
        return (diagonal_op(g, offset=offset),)


diagonal_op, make_diagonal = BY_NAME["diagonal"], BY_NAME["make_diagonal"]


def diagonal_matrix(d: Any) -> Any:
    """Square matrices with `d` on the main diagonal."""
    return make_diagonal(d, offset=0, rows=d.shape[-1], columns=d.shape[-1])


def _last_two(a: Any, axis1: Any, axis2: Any) -> Value:
    x = as_array(a)
    if x.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    i, j = (normalize_axis(as_int(k), x.ndim) for k in (axis1, axis2))
    if i == j:
        raise ValueError("axis1 and axis2 cannot be the same")
    return permute(x, [k for k in range(x.ndim) if k not in (i, j)] + [i, j])


@implements(np.diagonal, method="diagonal")
def diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Value:
    return diagonal_op(_last_two(a, axis1, axis2), offset=as_int(offset))


@implements(np.linalg.diagonal)
def matrix_diagonal(x: Any, /, *, offset: Any = 0) -> Value:
    return diagonal(x, offset, -2, -1)


@implements(np.trace, method="trace")
def trace(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None) -> Value:
    d = diagonal(a, offset, axis1, axis2)
    if dtype is not None:
        d = BY_NAME["astype"](d, dtype=np.dtype(dtype))
    return BY_NAME["sum"](d, axis=(d.ndim - 1,), keepdims=False)


@implements(np.linalg.trace)
def matrix_trace(x: Any, /, *, offset: Any = 0, dtype: Any = None) -> Value:
    return trace(x, offset, -2, -1, dtype)


@implements(np.diag)
def diag(v: Any, k: Any = 0) -> Value:
    """A matrix's diagonal, or the matrix with a given diagonal."""
    x, offset = as_array(v), as_int(k)
    if x.ndim == 2:
        return diagonal_op(x, offset=offset)
    if x.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = x.shape[0] + abs(offset)
    return make_diagonal(x, offset=offset, rows=n, columns=n)


@implements(np.diagflat)
def diagflat(v: Any, k: Any = 0) -> Value:
    return diag(ravel(v), k)


# -- triangles ------------------------------------------------------------------------------------
@define
class Tri(Op):
    """``tri(rows, columns, offset)``: True at and below a diagonal."""

    differentiable = False
    samples = (Sample(rows=3, columns=3, offset=0), Sample(rows=2, columns=4, offset=1))

    def type_rule(self, *, rows: Size, columns: Size, offset: int) -> ArrayType:
        return ArrayType(np.dtype(bool), (rows, columns))

    def evaluate(self, *, rows: int, columns: int, offset: int) -> Any:
        return np.tri(rows, columns, offset, bool)


def lower(x: Any, offset: int = 0) -> Any:
    """``tril`` of matrices in the last two axes, also of a Zero; what is cut off is exactly zero."""
    return x if type(x) is Zero else BY_NAME["where"](_below(x, offset), x, x.dtype.type(0))


def upper(x: Any, offset: int = 0) -> Any:
    """``triu`` of matrices in the last two axes, also of a Zero."""
    return x if type(x) is Zero else BY_NAME["where"](_below(x, offset - 1), x.dtype.type(0), x)


def _below(x: Value, offset: int) -> Value:
    rows, columns = x.shape[-2:]
    return BY_NAME["tri"](rows=rows, columns=columns, offset=offset)


def _matrix(m: Any) -> Value:
    x = as_array(m)
    return stretch(x, (*x.shape, *x.shape)) if x.ndim == 1 else x  # NumPy stretches a vector


@implements(np.tril)
def tril(m: Any, k: Any = 0) -> Value:
    return lower(_matrix(m), as_int(k))


@implements(np.triu)
def triu(m: Any, k: Any = 0) -> Value:
    return upper(_matrix(m), as_int(k))


@implements(np.tri)
def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = float, *, like: Any = None) -> Value:
    rows = as_size(N)
    columns = rows if M is None else as_size(M)
    below = BY_NAME["tri"](rows=rows, columns=columns, offset=as_int(k))
    return BY_NAME["astype"](below, dtype=np.dtype(dtype))


def identity_like(x: Value) -> Value:
    """Identity matrices of the shape and dtype of a stack of square matrices."""
    n = x.shape[-1]
    return stretch(diagonal_matrix(full(1, (n,), x.dtype)), x.shape)


