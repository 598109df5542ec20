"""Before lowering: systems of one dtype, with triangles and with known factors; pseudo-inverse and cofactors by singular values."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Builder, Graph, Value

from .decompose import cast, op, rule
from .lower_small_systems import is_small


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
    if dtype.kind == "c":
        return None
    lower = _triangle(a)
    return _by_known_factor(a, b) if lower is None else op("solve_triangular")(a, b, lower=lower, unit=False)


def _triangle(a: Value) -> bool | None:
    """Whether a matrix has only its lower (or upper) triangle, as a Cholesky factor or the transpose of one; None if not known."""
    source, flipped = _untransposed(a)
    return not flipped if source.node is not None and source.node.op.name == "cholesky" else None


def _untransposed(a: Value) -> tuple[Value, bool]:
    """What a matrix is, or is the transpose of."""
    node, flipped = a.node, False
    while node is not None and node.op.name == "transpose" and tuple(node.attrs["axes"]) == (*range(a.ndim - 2), a.ndim - 1, a.ndim - 2):
        a, flipped = node.inputs[0], not flipped
        node = a.node
    return a, flipped


def _by_known_factor(a: Value, b: Value) -> Value | None:
    """With the matrix's Cholesky factor, if the graph has it already and the matrix turns out to be symmetric: it was made of one triangle."""
    source, flipped = _untransposed(a)
    factors = (n.output for n in Builder.current().nodes if n.op.name == "cholesky" and n.inputs[0] is source)
    factor = next(factors, None)
    if factor is None or is_small(a.shape[-1]):
        return None
    same = op("equal")(source, _swapped(source))
    symmetric = op("all")(same, axis=tuple(range(same.ndim)), keepdims=False)

    def arm(name: str, by_factor: bool) -> Graph:
        with Builder(name=name) as inside:
            full, low, right = (inside.input(v.type, v.name) for v in (source, factor, b))
            if by_factor:
                half = op("solve_triangular")(low, right, lower=True, unit=False)
                return inside.build([op("solve_triangular")(_swapped(low), half, lower=False, unit=False)])
            return inside.build([op("solve")(_swapped(full) if flipped else full, right)])

    regions = arm("symmetric", True), arm("general", False)
    (made,) = Builder.current().emit(op("cond"), symmetric, source, factor, b, regions=regions)
    return made


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
