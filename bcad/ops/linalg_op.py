"""Solving, inverting and triangular factors as ops: solve, inv, det, slogdet, cholesky, solve_triangular, lu.

Rules: M. Giles, "Collected matrix derivative results", 2008; for the Cholesky factor
I. Murray, arXiv:1602.07527; for LU de Hoog, Anderssen, Lukas, J. Comput. Appl. Math. 235 (2011).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Size, Value

from .arguments import astype
from .diagonal import lower, upper
from .index_template import Part
from .matrices import (
    H,
    MatrixOp,
    T,
    batched,
    conj,
    diagonal,
    eye,
    from_triangle,
    hermitian_part,
    imag,
    number_or_array,
    real,
    real_dtype,
    square,
    to_triangle,
)  # fmt: skip
from .op import BY_NAME, Op, Zero, define
from .samples import Sample, complexes, positive_definite, reals, well_conditioned
from .shapes import broadcast, promote, require_equal


def plus(*terms: Any) -> Any:
    """The sum; a Zero leaves the others."""
    result, *rest = terms
    for term in rest:
        result = BY_NAME["add"](result, term)
    return result


@define
class Solve(MatrixOp):
    """``x = solve(a, b)`` with ``a @ x == b``; both stacks of matrices (Giles, 2.3.1)."""

    numpy = np.linalg.solve
    linear = (1,)
    samples = (
        Sample(well_conditioned(3), reals(3, 2)),
        Sample(well_conditioned(2, 2), reals(3, 2, 2, 1)),
        Sample(well_conditioned(2), complexes(2, 2)),
        Sample(well_conditioned(1), reals(1, 0)),
    )

    def type_rule(self, a: ArrayType, b: ArrayType) -> ArrayType:
        require_equal("the order of a", square(a), "the rows of b", b.shape[-2])
        return ArrayType(promote(a, b), (*broadcast(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]))

    def jvp(self, x: Value, a: Value, b: Value, da: Any, db: Any) -> Any:
        right = db if type(da) is Zero else plus(db, -(da @ x))
        return astype(self(a, right), x.dtype) if type(right) is not Zero else right

    def pull(self, G: Any, x: Any, *inputs: Value, **attrs: Any) -> tuple[Any, Any]:
        w = self(H(inputs[0]), G)
        return -(w @ H(x)), w


@define
class Inv(MatrixOp):
    """``inv(a)`` (Giles, 2.2.3)."""

    numpy = np.linalg.inv
    samples = (Sample(well_conditioned(3)), Sample(well_conditioned(2, 3)), Sample(complexes(2, 2)))

    def type_rule(self, a: ArrayType) -> ArrayType:
        square(a)
        return a

    def jvp(self, y: Value, a: Value, da: Any) -> Any:
        return -(y @ da @ y)

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        return (-(H(y) @ G @ H(y)),)


@define
class Det(MatrixOp):
    """``det(a)``; its derivative is the cofactor matrix, which singular matrices have too."""

    numpy = np.linalg.det
    samples = (Sample(well_conditioned(3)), Sample(reals(2, 2, 2)), Sample(complexes(2, 2)))

    def type_rule(self, a: ArrayType) -> ArrayType:
        square(a)
        return number_or_array(a.dtype, a.shape[:-2])

    def jvp(self, y: Value, a: Value, da: Any) -> Any:
        product = BY_NAME["cofactor"](a) * da
        return BY_NAME["sum"](product, axis=(a.ndim - 2, a.ndim - 1), keepdims=False)

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        a = inputs[0]
        return (BY_NAME["reshape"](G, shape=(*a.shape[:-2], 1, 1)) * conj(BY_NAME["cofactor"](a)),)


@define
class Cofactor(MatrixOp):
    """The cofactor matrix: ``det(a) * inv(a).T``, and its limit where a is singular.

    From the singular values: with ``a = u @ diag(s) @ vh`` it is the conjugate of
    ``det(u) det(vh) u @ diag(prod of the other s) @ vh`` up to the phases of the determinants.
    Its own derivative needs the inverse.
    """

    samples = (Sample(well_conditioned(3)), Sample(well_conditioned(2, 2)), Sample(complexes(2, 2)))

    def type_rule(self, a: ArrayType) -> ArrayType:
        square(a)
        return a

    def evaluate(self, a: Any) -> Any:
        u, s, vh = np.linalg.svd(a)
        others = np.stack([np.prod(np.delete(s, k, -1), -1) for k in range(s.shape[-1])], -1)
        phase = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
        return (phase * ((u * others[..., None, :]) @ vh).conj()).astype(a.dtype)

    def jvp(self, y: Value, a: Value, da: Any) -> Any:
        back = T(BY_NAME["inv"](a))
        trace = BY_NAME["sum"](back * da, axis=(a.ndim - 2, a.ndim - 1), keepdims=True)
        return trace * y - back @ T(da) @ y

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        a = inputs[0]
        back = H(BY_NAME["inv"](a))
        weight = BY_NAME["sum"](G * conj(y), axis=(a.ndim - 2, a.ndim - 1), keepdims=True)
        return (weight * back - T(T(back) @ G @ H(y)),)


@define
class Slogdet(MatrixOp):
    """``(sign, logabsdet)``: ``d log det(a) = trace(inv(a) @ da)``; the sign turns with its imaginary part."""

    multiple = True
    samples = (Sample(well_conditioned(3)), Sample(well_conditioned(2, 3)), Sample(complexes(2, 2)))

    def type_rule(self, a: ArrayType) -> tuple[ArrayType, ArrayType]:
        square(a)
        return number_or_array(a.dtype, a.shape[:-2]), number_or_array(real_dtype(a.dtype), a.shape[:-2])

    def evaluate(self, a: Any) -> Any:
        return tuple(np.linalg.slogdet(a))

    def jvp(self, y: Any, a: Value, da: Any) -> Any:
        d = diagonal(BY_NAME["solve"](a, da))
        trace = BY_NAME["sum"](d, axis=(d.ndim - 1,), keepdims=False)
        sign = y[0]
        dsign = imag(trace) * a.dtype.type(1j) * sign if a.dtype.kind == "c" else Zero(sign.type)
        return dsign, real(trace)

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        a, (g_sign, g_log) = inputs[0], G
        weight = None if type(g_log) is Zero else g_log
        if a.dtype.kind == "c" and type(g_sign) is not Zero:
            turn = imag(conj(y[0]) * g_sign) * a.dtype.type(1j)
            weight = turn if weight is None else turn + weight
        if weight is None:
            return (None,)
        return (BY_NAME["reshape"](weight, shape=(*a.shape[:-2], 1, 1)) * H(BY_NAME["inv"](a)),)


def half_lower(x: Value) -> Value:
    """The lower triangle with half the diagonal (Murray's Phi)."""
    return (lower(x) + lower(x, -1)) * x.dtype.type(0.5)


@define
class Cholesky(MatrixOp):
    """``cholesky(a)``, the lower factor, from the lower triangle of a alone, as LAPACK reads it."""

    numpy = np.linalg.cholesky
    samples = (Sample(positive_definite(3)), Sample(positive_definite(2, 2)), Sample(positive_definite(1)))

    def type_rule(self, a: ArrayType) -> ArrayType:
        square(a)
        return a

    def jvp(self, y: Value, a: Value, da: Any) -> Any:
        inner = solve_lower(y, H(solve_lower(y, from_triangle(da, "L"))))
        return y @ half_lower(H(inner))

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        diagonal = diagonal_of(G)
        if diagonal is None:
            left = solve_upper(H(y), hermitian_part(half_lower_adjoint(H(y) @ G)))
            return (to_triangle(hermitian_part(H(solve_upper(H(y), H(left)))), "L"),)
        middle = real(conj(BY_NAME["diagonal"](y, offset=0)) * diagonal)
        column = BY_NAME["reshape"](middle * middle.dtype.type(0.5), shape=(*middle.shape, 1))
        n = y.shape[-1]
        inverse = solve_lower(y, BY_NAME["eye"](n=n, m=n, k=0, dtype=y.dtype))
        return (to_triangle(solve_upper(H(y), column * inverse), "L"),)


def diagonal_of(G: Any) -> Value | None:
    """The diagonal of a matrix that is made of one, as the cotangent is of a factor for a determinant."""
    node = getattr(G, "node", None)
    return node.inputs[0] if node is not None and node.op.name == "make_diagonal" and node.attrs["offset"] == 0 else None


def half_lower_adjoint(x: Value) -> Value:
    """The adjoint of `half_lower` (where the tangent's diagonal is real)."""
    x = half_lower(x)
    if x.dtype.kind != "c":
        return x
    return lower(x, -1) + BY_NAME["where"](eye_mask(x), astype(real(x), x.dtype), x.dtype.type(0))


def eye_mask(x: Value) -> Value:
    return BY_NAME["equal"](eye(x.shape[-1], np.float64), 1)


# -- triangular systems ---------------------------------------------------------------------------
@define
class SolveTriangular(MatrixOp):
    """``a @ x == b`` reading one triangle of a (its diagonal as ones if `unit`)."""

    linear = (1,)
    samples = (
        Sample(well_conditioned(3), reals(3, 2), lower=True, unit=False),
        Sample(well_conditioned(3), reals(3, 2), lower=False, unit=True),
        Sample(well_conditioned(2, 3), reals(2, 1), lower=False, unit=False),
    )

    def type_rule(self, a: ArrayType, b: ArrayType, *, lower: bool, unit: bool) -> ArrayType:
        require_equal("the order of a", square(a), "the rows of b", b.shape[-2])
        return ArrayType(promote(a, b), (*broadcast(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]))

    def evaluate(self, a: Any, b: Any, *, lower: bool, unit: bool) -> Any:
        from scipy.linalg import solve_triangular

        if b.size == 0:
            return np.zeros((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), np.result_type(a, b))
        return batched(lambda m, r: solve_triangular(m, r, lower=lower, unit_diagonal=unit, check_finite=False), a, b)

    def jvp(self, x: Value, a: Value, b: Value, da: Any, db: Any, **attrs: bool) -> Any:
        right = db if type(da) is Zero else plus(db, -(triangle(da, **attrs) @ x))
        return right if type(right) is Zero else astype(self(a, right, **attrs), x.dtype)

    def pull(self, G: Any, x: Any, *inputs: Value, **attrs: Any) -> tuple[Any, Any]:
        w = self(H(inputs[0]), G, lower=not attrs["lower"], unit=attrs["unit"])
        return -triangle(w @ H(x), **attrs), w


def triangle(x: Any, lower: bool, unit: bool) -> Any:
    """The part of a triangular matrix that is read."""
    from . import diagonal as d

    return d.lower(x, -1 if unit else 0) if lower else d.upper(x, 1 if unit else 0)


solve_triangular_op = BY_NAME["solve_triangular"]


def solve_lower(a: Any, b: Any) -> Any:
    return solve_triangular_op(a, b, lower=True, unit=False)


def solve_upper(a: Any, b: Any) -> Any:
    return solve_triangular_op(a, b, lower=False, unit=False)


@define
class LuFactor(MatrixOp):
    """``(lu, pivots)``: L below and U on and above the diagonal of ``a[row_order(pivots)]``."""

    multiple = True
    samples = (Sample(well_conditioned(3)), Sample(reals(3, 3)), Sample(complexes(2, 2)))

    def type_rule(self, a: ArrayType) -> tuple[ArrayType, ArrayType]:
        n: Size = square(a)
        return a, ArrayType(np.dtype(np.int32), (*a.shape[:-2], n))

    def evaluate(self, a: Any) -> Any:
        from scipy.linalg import lu_factor

        return batched(lambda m: lu_factor(m, check_finite=False), a)

    def jvp(self, y: Any, a: Value, da: Any) -> Any:
        lu, pivots = y
        order = row_order(pivots)
        inner = solve_triangular_op(lu, take_rows(da, order), lower=True, unit=True)
        inner = T(solve_triangular_op(T(lu), T(inner), lower=True, unit=False))  # times the inverse of U
        unit_l = lower(lu, -1) + eye(a.shape[-1], a.dtype)
        return unit_l @ lower(inner, -1) + upper(inner) @ upper(lu), Zero(pivots.type)

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        (lu, pivots), a, g = y, inputs[0], G[0]
        unit_l = lower(lu, -1) + eye(a.shape[-1], a.dtype)
        inner = lower(H(unit_l) @ lower(g, -1), -1) + upper(upper(g) @ H(upper(lu)))
        inner = solve_triangular_op(H(lu), inner, lower=False, unit=True)
        inner = H(solve_upper(upper(lu), H(inner)))
        return (put_rows(inner, row_order(pivots)),)


@define
class RowOrder(Op):
    """The order of the rows after LAPACK's interchanges: row k with row ``pivots[k]``, one by one."""

    differentiable = False
    samples = (Sample(np.array([2, 2, 2], np.int32)),)

    def type_rule(self, pivots: ArrayType) -> ArrayType:
        return ArrayType(np.dtype(np.intp), pivots.shape)

    def evaluate(self, pivots: Any) -> Any:
        order = np.broadcast_to(np.arange(pivots.shape[-1]), pivots.shape).copy()
        for k in range(pivots.shape[-1]):
            p = pivots[..., k, None].astype(np.intp)
            other = np.take_along_axis(order, p, -1)
            np.put_along_axis(order, p, order[..., k, None], -1)
            order[..., k] = other[..., 0]
        return order


row_order = BY_NAME["row_order"]


def take_rows(x: Any, order: Value) -> Value:
    """The rows of x in another order, each matrix of a stack by its own."""
    from .take import take_along_axis

    return take_along_axis(x, BY_NAME["reshape"](order, shape=(*order.shape, 1)), -2) if x.ndim > 2 else x[order]


def put_rows(x: Value, order: Value) -> Value:
    """The inverse of `take_rows`."""
    if x.ndim == 2:
        return BY_NAME["set_item"](x, x, order, index=(Part.ARRAY,))
    return take_rows(x, BY_NAME["argsort"](order, axis=order.ndim - 1, kind="stable"))
