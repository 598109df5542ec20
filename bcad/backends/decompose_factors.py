"""Before lowering: systems of one dtype, and with triangles; pseudo-inverse and cofactors by singular values."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Value

from .decompose import cast, op, rule


def _swapped(x: Value) -> Value:
    """The transposes of matrices."""
    return op("transpose")(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def _as_columns(s: Value) -> Value:
    return op("reshape")(s, shape=(*s.shape, 1))


def _as_rows(s: Value) -> Value:
    return op("reshape")(s, shape=(*s.shape[:-1], 1, s.shape[-1]))


@rule("solve")
def _solve(a: Value, b: Value) -> Any:
    """With a Cholesky factor there is nothing left to factor."""
    dtype = np.result_type(a.dtype, b.dtype)
    if dtype.kind not in "fc":
        return None
    if a.dtype != b.dtype:
        return op("solve")(cast(a, dtype), cast(b, dtype))
    lower = _triangle(a)
    return None if lower is None or dtype.kind == "c" else op("solve_triangular")(a, b, lower=lower, unit=False)


def _triangle(a: Value) -> bool | None:
    """Whether a matrix has only its lower (or upper) triangle, as a Cholesky factor or the transpose of one; None if not known."""
    node, flipped = a.node, False
    while node is not None and node.op.name == "transpose" and tuple(node.attrs["axes"]) == (*range(a.ndim - 2), a.ndim - 1, a.ndim - 2):
        node, flipped = node.inputs[0].node, not flipped
    return not flipped if node is not None and node.op.name == "cholesky" else None


@rule("pinv")
def _pinv(a: Value, rcond: Value) -> Any:
    """NumPy's: singular values that are small beside the largest one count as none."""
    *_, m, n = a.shape
    if a.dtype.str[1:] not in ("f8", "c16") or rcond.ndim or 0 in (m, n):
        return None
    u, s, vh = op("svd")(op("conjugate")(a), full=False)
    largest = op("max")(s, axis=(s.ndim - 1,), keepdims=True)
    large = op("greater")(s, op("multiply")(rcond, largest))
    inverse = op("where")(large, op("divide")(np.float64(1), op("where")(large, s, np.float64(1))), np.float64(0))
    return op("matmul")(_swapped(vh), op("multiply")(cast(_as_columns(inverse), a.dtype), _swapped(u)))


@rule("cofactor")
def _cofactor(a: Value) -> Any:
    """``det(u) det(vh) conj(u @ diag(products of the other singular values) @ vh)``."""
    n = a.shape[-1]
    if a.dtype.str[1:] not in ("f8", "c16") or n == 0:
        return None
    u, s, vh = op("svd")(a, full=False)
    last = s.ndim - 1
    one = op("full")(np.float64(1), shape=(*s.shape[:-1], 1), dtype=s.dtype)
    inner = slice(None, -1), slice(1, None)
    before, behind = (op("getitem")(op("cumprod")(s, axis=last, reverse=r), index=(Ellipsis, part)) for r, part in zip((False, True), inner))
    others = op("multiply")(op("concatenate")(one, before, axis=last), op("concatenate")(behind, one, axis=last))
    phase = op("multiply")(op("det")(u), op("det")(vh))
    phase = op("reshape")(phase, shape=(*a.shape[:-2], 1, 1))
    product = op("matmul")(op("multiply")(u, cast(_as_rows(others), a.dtype)), vh)
    return op("multiply")(phase, op("conjugate")(product) if a.dtype.kind == "c" else product)
