"""Notation of linear-algebra rules: H(x), triangles, and the way between cotangents and gradients.

The sources state reverse rules for the inner product ``Re tr(G^H dX)``.  A cotangent here acts
bilinearly, ``Re sum(g * dX)``, so ``G = conj(g)``: a rule conjugates what comes in and what it
gives back (`adjoint_rule`).  For real matrices nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Size, Value

from .arguments import full
from .cotangents import to_cotangent
from .diagonal import diagonal_matrix, diagonal_op, lower, upper
from .op import BY_NAME, Op, Zero
from .shape import swap_last
from .shapes import ShapeError, require_equal


def conj(x: Any) -> Any:
    """The complex conjugate; a real array or a Zero as it is."""
    return x if type(x) is Zero or x.dtype.kind != "c" else BY_NAME["conjugate"](x)


def H(x: Any) -> Any:
    """The conjugate transposed matrices."""
    return conj(swap_last(x))


T = swap_last


def real(x: Any) -> Any:
    return BY_NAME["real"](x) if x.dtype.kind == "c" else x


def imag(x: Value) -> Value:
    return BY_NAME["imag"](x)


def diagonal(x: Any) -> Any:
    return diagonal_op(x, offset=0)


def hermitian_part(x: Value) -> Value:
    """``(x + H(x)) / 2``"""
    return (x + H(x)) * x.dtype.type(0.5)


def columns(s: Any) -> Any:
    """A vector that scales columns: ``x * columns(s)`` is ``x @ diag(s)``."""
    return BY_NAME["reshape"](s, shape=(*s.shape[:-1], 1, s.shape[-1]))


def rows(s: Any) -> Any:
    """A vector that scales rows: ``rows(s) * x`` is ``diag(s) @ x``."""
    return BY_NAME["reshape"](s, shape=(*s.shape, 1))


def eye(n: Size, dtype: Any) -> Value:
    return diagonal_matrix(full(1, (n,), dtype))


def differences_inverse(s: Value, power: int = 1) -> Value:
    """``F[i, j] = 1 / (s[j]**power - s[i]**power)`` and zero on the diagonal.

    Equal values off the diagonal give inf: the vectors are not differentiable there.
    """
    a, b = columns(s), rows(s)
    gaps = a - b if power == 1 else (a - b) * (a + b)
    n = s.shape[-1]
    one = eye(n, s.dtype)
    return lower(1 / (gaps + one), -1) + upper(1 / (gaps + one), 1)


def from_triangle(x: Value, uplo: str) -> Value:
    """The Hermitian matrix of which LAPACK reads one triangle (and the real part of the diagonal)."""
    triangle = lower(x, -1) if uplo == "L" else upper(x, 1)
    d = diagonal(x)
    d = BY_NAME["astype"](real(d), dtype=x.dtype) if x.dtype.kind == "c" else d
    return triangle + H(triangle) + diagonal_matrix(d)


def to_triangle(gradient: Value, uplo: str) -> Value:
    """The adjoint of `from_triangle`, of a Hermitian gradient: twice one triangle, the diagonal once."""
    two = gradient.dtype.type(2)
    triangle = lower(gradient, -1) if uplo == "L" else upper(gradient, 1)
    return triangle * two + diagonal_matrix(diagonal(gradient))


def square(x: ArrayType) -> Size:
    """The order of (stacked) square matrices."""
    if x.ndim < 2:
        raise np.linalg.LinAlgError(f"{x.ndim}-dimensional array given. Array must be at least two-dimensional")
    try:
        require_equal("the number of rows", x.shape[-2], "the number of columns", x.shape[-1])
    except ShapeError as error:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square") from error
    return x.shape[-1]


def number_or_array(dtype: Any, shape: Sequence[Size]) -> ArrayType:
    """What a NumPy function gives: a NumPy scalar in place of an array of no dimensions."""
    return ArrayType(np.dtype(dtype), tuple(shape), Kind.ARRAY if shape else Kind.SCALAR)


def real_dtype(dtype: Any) -> np.dtype[Any]:
    """The dtype of the real and imaginary part."""
    return np.zeros((), dtype).real.dtype


class MatrixOp(Op):
    """An op whose reverse rule is written for gradients (`pull`), as in the literature."""

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> Sequence[Any]:
        """Gradients of the inputs from gradients of the results, for ``Re tr(G^H dX)``."""
        raise NotImplementedError

    def vjp(self, g: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any, ...]:
        if all(type(x) is Zero for x in (g if self.multiple else (g,))):
            return tuple(None for _ in inputs)
        gradient = tuple(map(conj, g)) if self.multiple else conj(g)
        back = self.pull(gradient, y, *inputs, **attrs)
        return tuple(
            None if b is None or not x.type.differentiable else to_cotangent(conj(b), x)
            for b, x in zip(back, inputs, strict=True)
        )


def batched(function: Callable[..., Any], *arrays: Any) -> Any:
    """`function` of matrices applied to stacks of them, one after the other."""
    batch = np.broadcast_shapes(*(a.shape[:-2] for a in arrays))
    if not batch:
        return function(*arrays)
    stacks = [np.broadcast_to(a, batch + a.shape[-2:]).reshape(-1, *a.shape[-2:]) for a in arrays]
    results = [function(*matrices) for matrices in zip(*stacks, strict=True)]
    if not results:
        raise np.linalg.LinAlgError("a stack of no matrices is not supported here")
    if isinstance(results[0], tuple):
        return tuple(np.stack(r).reshape(*batch, *r[0].shape) for r in zip(*results, strict=True))
    return np.stack(results).reshape(*batch, *results[0].shape)


def total(*terms: Any) -> Any:
    """The sum of those that are not None and not Zero; None if there is none."""
    result: Any = None
    for term in terms:
        if term is not None and type(term) is not Zero:
            result = term if result is None else result + term
    return result


