"""Eigenvalues, singular values, QR and pseudo-inverse as ops.

Rules: M. Giles 2008 (eigh, eig); J. Townsend, "Differentiating the singular value decomposition",
2016; Walter and Lehmann, arXiv:1009.6112 (QR); Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973)
(pseudo-inverse).  Vectors are differentiable up to their gauge (sign, phase): results that
depend on it have no derivative, others have the right one.  Equal eigen- or singular values
make derivatives of *vectors* infinite; those of the values alone stay right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Size, Value, minimum

from .arguments import astype, zeros
from .diagonal import diagonal_matrix, lower, upper
from .matrices import (
    H,
    MatrixOp,
    T,
    columns,
    conj,
    diagonal,
    differences_inverse,
    from_triangle,
    hermitian_part,
    imag,
    real,
    real_dtype,
    rows,
    square,
    to_triangle,
    total,
)  # fmt: skip
from .mutate import put_along_axis
from .op import BY_NAME, FUNCTIONS, Zero, define
from .samples import Sample, complexes, reals, well_conditioned
from .take import take_along_axis


def absent(x: Any) -> bool:
    return type(x) is Zero


@define
class Eigh(MatrixOp):
    """``(w, v)`` of Hermitian matrices given by one triangle: ``a @ v == v * w``."""

    multiple = True
    samples = (Sample(reals(3, 3), uplo="L"), Sample(reals(2, 2, 2), uplo="U"))

    def type_rule(self, a: ArrayType, *, uplo: str) -> tuple[ArrayType, ArrayType]:
        square(a)
        return ArrayType(real_dtype(a.dtype), a.shape[:-1]), a

    def evaluate(self, a: Any, *, uplo: str) -> Any:
        return tuple(np.linalg.eigh(a, uplo))  # type: ignore[call-overload]

    def jvp(self, y: Any, a: Value, da: Any, *, uplo: str) -> Any:
        w, v = y
        inner = H(v) @ from_triangle(da, uplo) @ v
        return real(diagonal(inner)), v @ (differences_inverse(w) * inner)

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        (w, v), (gw, gv) = y, G
        inner = total(
            None if absent(gw) else diagonal_matrix(astype(gw, v.dtype)),
            None if absent(gv) else differences_inverse(w) * (H(v) @ gv),
        )
        return (to_triangle(hermitian_part(v @ inner @ H(v)), attrs["uplo"]),)


@define
class Eig(MatrixOp):
    """``(w, v)`` of general matrices, always complex.

    LAPACK gives the columns of v length one and makes their largest elements real.
    """

    multiple = True
    samples = (Sample(complexes(2, 2)),)

    def type_rule(self, a: ArrayType) -> tuple[ArrayType, ArrayType]:
        square(a)
        dtype = np.result_type(a.dtype, np.complex64)
        return ArrayType(dtype, a.shape[:-1]), ArrayType(dtype, a.shape)

    def evaluate(self, a: Any) -> Any:
        dtype = np.result_type(a.dtype, np.complex64)
        return tuple(x.astype(dtype) for x in np.linalg.eig(a))  # signs of vectors as for the real matrix

    def jvp(self, y: Any, a: Value, da: Any) -> Any:
        w, v = y
        inner = BY_NAME["solve"](v, astype(da, v.dtype) @ v)
        dv = v @ (differences_inverse(w) * inner)
        along = BY_NAME["sum"](real(conj(v) * dv), axis=(v.ndim - 2,), keepdims=True)
        dv = dv - v * along  # the length stays one
        where = largest(v)
        turn = imag(take_along_axis(dv, where, -2) / take_along_axis(v, where, -2))
        return diagonal(inner), dv - v * (turn * v.dtype.type(1j))

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        (w, v), (gw, gv) = y, G
        inner = None if absent(gw) else diagonal_matrix(gw)
        if not absent(gv):
            where = largest(v)
            weight = BY_NAME["sum"](imag(conj(gv) * v), axis=(v.ndim - 2,), keepdims=True)
            turn = weight * v.dtype.type(1j) / conj(take_along_axis(v, where, -2))
            gv = gv + put_along_axis(zeros(v.shape, v.dtype), where, turn, -2)
            along = BY_NAME["sum"](real(conj(v) * gv), axis=(v.ndim - 2,), keepdims=True)
            inner = total(inner, conj(differences_inverse(w)) * (H(v) @ (gv - v * along)))
        return (BY_NAME["solve"](H(v), inner @ H(v)),)


def largest(v: Value) -> Value:
    """The position of the largest element of each column."""
    return FUNCTIONS[np.argmax](BY_NAME["absolute"](v), axis=v.ndim - 2, keepdims=True)


@define
class Svd(MatrixOp):
    """``(u, s, vh)`` with ``a == u @ diag(s) @ vh``; k = min(m, n) columns of u and rows of vh, or all.

    The extra vectors of `full_matrices` move so that they stay orthogonal to the others.
    """

    multiple = True
    samples = (
        Sample(reals(3, 2), full=False),
        Sample(reals(2, 3), full=False),
        Sample(reals(2, 2, 2), full=False),
    )

    def type_rule(self, a: ArrayType, *, full: bool) -> tuple[ArrayType, ArrayType, ArrayType]:
        *batch, m, n = a.shape
        k = minimum(m, n)
        return (
            ArrayType(a.dtype, (*batch, m, m if full else k)),
            ArrayType(real_dtype(a.dtype), (*batch, k)),
            ArrayType(a.dtype, (*batch, n if full else k, n)),
        )

    def evaluate(self, a: Any, *, full: bool) -> Any:
        return tuple(np.linalg.svd(a, full))

    def jvp(self, y: Any, a: Value, da: Any, *, full: bool) -> Any:
        u, s, v = self._thin(y, a, full)
        inner = H(u) @ da @ v
        F = differences_inverse(s, 2)
        right, left = inner * columns(s), rows(s) * inner
        du = u @ (F * (right + H(right)) + self._turn(inner, s))
        dv = v @ (F * (left + H(left)))
        du = du + outside(u, da @ v) / columns(s) if taller(a) else du
        dv = dv + outside(v, H(da) @ u) / columns(s) if wider(a) else dv
        if full:
            du, dv = (extended(x, d, whole) for x, d, whole in ((u, du, y[0]), (v, dv, H(y[2]))))
        return du, real(diagonal(inner)), H(dv)

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        a, full = inputs[0], attrs["full"]
        u, s, v = self._thin(y, a, full)
        gu, gs, gv = G[0], G[1], G[2] if absent(G[2]) else H(G[2])
        inner = None if absent(gs) else diagonal_matrix(astype(gs, a.dtype))
        outer = None
        if not absent(gu):
            gu = folded(u, gu, y[0]) if full else gu
            x = H(u) @ gu
            inner = total(inner, (differences_inverse(s, 2) * (x - H(x))) * columns(s), self._turn_back(x, s))
            if taller(a):
                outer = (outside(u, gu) / columns(s)) @ H(v)
        if not absent(gv):
            gv = folded(v, gv, H(y[2])) if full else gv
            x = H(v) @ gv
            inner = total(inner, rows(s) * (differences_inverse(s, 2) * (x - H(x))))
            if wider(a):
                outer = total(outer, u @ H(outside(v, gv) / columns(s)))
        return (total(u @ inner @ H(v), outer),)

    @staticmethod
    def _thin(y: Any, a: Value, full: bool) -> tuple[Value, Value, Value]:
        u, s, vh = y
        v = H(vh)
        if full and not (taller(a) or wider(a)):
            return u, s, v
        k = s.shape[-1]
        return (u[..., :k], s, v[..., :k]) if full else (u, s, v)

    @staticmethod
    def _turn(inner: Value, s: Value) -> Any:
        """A complex pair turns its phase; half of the freedom is put into u."""
        if inner.dtype.kind != "c":
            return Zero(inner.type)
        return diagonal_matrix(imag(diagonal(inner)) / s * inner.dtype.type(1j))

    @staticmethod
    def _turn_back(x: Value, s: Value) -> Any:
        if x.dtype.kind != "c":
            return None
        return diagonal_matrix(imag(diagonal(x)) / s * x.dtype.type(1j))


def taller(a: Value) -> bool:
    """Whether u may have a complement: not known to be absent."""
    m, n = a.shape[-2:]
    return m > n if isinstance(m, int) and isinstance(n, int) else m != n


def wider(a: Value) -> bool:
    m, n = a.shape[-2:]
    return n > m if isinstance(m, int) and isinstance(n, int) else m != n


def outside(q: Value, x: Value) -> Value:
    """The part of x that is orthogonal to the columns of q."""
    return x - q @ (H(q) @ x)


def extended(q: Value, dq: Value, whole: Value) -> Value:
    """The tangent of all columns of `whole`, whose first are q, that keeps them orthonormal."""
    rest = whole[..., q.shape[-1] :]
    return BY_NAME["concatenate"](dq, -(q @ (H(dq) @ rest)), axis=q.ndim - 1)


def folded(q: Value, g: Value, whole: Value) -> Value:
    """The adjoint of `extended`."""
    k = q.shape[-1]
    return g[..., :k] - whole[..., k:] @ (H(g[..., k:]) @ q)


@define
class Qr(MatrixOp):
    """``(q, r)`` of matrices with at least as many rows as columns; q is m x n, or m x m if `complete`."""

    multiple = True
    samples = (
        Sample(reals(3, 2), complete=False),
        Sample(well_conditioned(2, 2), complete=False),
        Sample(complexes(3, 2), complete=False),
    )

    def type_rule(self, a: ArrayType, *, complete: bool) -> tuple[ArrayType, ArrayType]:
        *batch, m, n = a.shape
        k: Size = m if complete else n
        return ArrayType(a.dtype, (*batch, m, k)), ArrayType(a.dtype, (*batch, k, n))

    def evaluate(self, a: Any, *, complete: bool) -> Any:
        return tuple(np.linalg.qr(a, "complete" if complete else "reduced"))

    def jvp(self, y: Any, a: Value, da: Any, *, complete: bool) -> Any:
        n = a.shape[-1]
        q, r = (y[0][..., :n], y[1][..., :n, :]) if complete else y
        scaled = over(da, r)
        inner = H(q) @ scaled
        kept = upper(inner, 1) + H(lower(inner, -1)) + real_diagonal(inner)
        dq, dr = scaled - q @ kept, kept @ r
        if complete:
            dq = extended(q, dq, y[0])
            dr = BY_NAME["set_item"](zeros(y[1].shape, r.dtype), dr, index=(..., slice(0, n), slice(None)))
        return dq, dr

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        a, (gq, gr) = inputs[0], G
        n = a.shape[-1]
        q, r = y
        if attrs["complete"]:
            q, r = q[..., :n], r[..., :n, :]
            gq = gq if absent(gq) else folded(q, gq, y[0])
            gr = gr if absent(gr) else gr[..., :n, :]
        w = total(None if absent(gr) else gr @ H(r), None if absent(gq) else -(H(q) @ gq))
        inner = upper(w, 1) + lower(H(w), -1) + real_diagonal(w)
        return (over(total(gq, q @ inner), H(r), lower=True),)


def real_diagonal(x: Value) -> Value:
    return diagonal_matrix(astype(real(diagonal(x)), x.dtype))


def over(x: Any, r: Any, lower: bool = False) -> Any:
    """``x @ inv(r)`` for a triangular r."""
    return T(BY_NAME["solve_triangular"](T(r), T(x), lower=not lower, unit=False))


@define
class Pinv(MatrixOp):
    """The pseudo-inverse of matrices of locally constant rank; `rcond` cuts small singular values."""

    samples = (Sample(reals(3, 2), 1e-15), Sample(reals(2, 3), 1e-15), Sample(complexes(3, 2), 1e-15))

    def type_rule(self, a: ArrayType, rcond: ArrayType) -> ArrayType:
        *batch, m, n = a.shape
        return ArrayType(a.dtype, (*batch, n, m))

    def evaluate(self, a: Any, rcond: Any) -> Any:
        return np.linalg.pinv(a, rcond)

    def jvp(self, y: Value, a: Value, rcond: Value, da: Any, drcond: Any) -> Any:
        if absent(da):
            return Zero(y.type)
        dah = H(da)
        rest = dah - (dah @ a) @ y
        return -(y @ da @ y) + y @ (H(y) @ rest) + (dah - y @ (a @ dah)) @ H(y) @ y

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any, None]:
        a, g = inputs[0], H(G)
        return (
            total(
                -(H(y) @ G @ H(y)),
                (g - a @ (y @ g)) @ y @ H(y),
                H(y) @ y @ (g - (g @ y) @ a),
            ),
            None,
        )


