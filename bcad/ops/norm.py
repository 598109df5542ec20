"""Norms: the Euclidean one as an op whose derivative at zero is zero; the others in terms of sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Value, assumptions

from .arguments import as_array, as_axes, as_inexact
from .cotangents import to_cotangent
from .matrices import conj, real, real_dtype
from .op import BY_NAME, FUNCTIONS, Op, Zero, define, implements
from .reduce_op import expand_reduced, reduced_shape
from .samples import Sample, complexes, reals
from .shape import to_shape
from .shapes import normalize_axes, normalize_axis


@define
class Norm(Op):
    """``sqrt(sum(abs(x)**2, axis))``; the derivative at 0 is 0, the smallest of its subgradients."""

    samples = (
        Sample(reals(3), axis=(0,), keepdims=False),
        Sample(reals(2, 3), axis=(1,), keepdims=True),
        Sample(complexes(2, 2), axis=(0, 1), keepdims=False),
    )

    def type_rule(self, x: ArrayType, *, axis: tuple[int, ...], keepdims: bool) -> ArrayType:
        shape = reduced_shape(x.shape, axis, keepdims)
        return ArrayType(real_dtype(x.dtype), shape, Kind.ARRAY if shape else Kind.SCALAR)

    def evaluate(self, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        squares = x.real**2 + x.imag**2 if np.iscomplexobj(x) else x * x
        return np.sqrt(np.sum(squares, axis, keepdims=keepdims))

    def decompose(self, x: Value, *, axis: tuple[int, ...], keepdims: bool) -> Value:
        """The same in terms of elementwise ops and a sum, for backends that fuse those."""
        squares = real(conj(x) * x) if x.dtype.kind == "c" else x * x
        return BY_NAME["sqrt"](BY_NAME["sum"](squares, axis=axis, keepdims=keepdims))

    def unit(self, x: Value, y: Value, axis: tuple[int, ...], keepdims: bool) -> Value:
        """``conj(x) / y``, and zero where y is."""
        length = expand_reduced(y, x, axis, keepdims)
        some = BY_NAME["not_equal"](length, 0)
        return BY_NAME["mask"](some, conj(x) / BY_NAME["where"](some, length, length.dtype.type(1)))

    def jvp(self, y: Value, x: Value, dx: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        if type(dx) is Zero:
            return Zero(y.type)
        return BY_NAME["sum"](real(self.unit(x, y, axis, keepdims) * dx), axis=axis, keepdims=keepdims)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: tuple[int, ...], keepdims: bool) -> tuple[Any]:
        if type(g) is Zero:
            return (Zero(x.type),)
        return (to_cotangent(expand_reduced(g, x, axis, keepdims) * self.unit(x, y, axis, keepdims), x),)


def _abs(x: Value) -> Value:
    return BY_NAME["absolute"](x)


def _reduce(name: str, x: Value, axis: Any, keepdims: bool) -> Value:
    return FUNCTIONS[getattr(np, name)](x, axis=axis, keepdims=keepdims)


def _extreme(ord: Any, sizes: Value, axes: tuple[int, ...], keepdims: bool) -> Value:
    """The largest, or for a negative order the smallest; the largest of none is 0."""
    if ord > 0 and any(assumptions().equal(sizes.shape[k], 0) for k in axes):
        return _reduce("sum", sizes, axes, keepdims)
    return _reduce("max" if ord > 0 else "min", sizes, axes, keepdims)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Value:
    """Every norm that NumPy has: of vectors along an axis, or of matrices in two axes."""
    x, axis = as_inexact(x), as_axes(axis)
    if axis is None and (ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1)):
        return BY_NAME["norm"](x, axis=tuple(range(x.ndim)), keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(normalize_axis(a, x.ndim) for a in axes)
    if len(axes) == 1:
        return _vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, "fro" if ord is None else ord, axes, keepdims)
    raise ValueError("Improper number of dimensions to norm.")


def _vector_norm(x: Value, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Value:
    if ord in ("fro", "f", "nuc") or isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    if not isinstance(ord, Value):
        if ord == 2:
            return BY_NAME["norm"](x, axis=tuple(sorted(axes)), keepdims=keepdims)
        if abs(ord) == np.inf:
            return _extreme(ord, _abs(x), axes, keepdims)
        if ord == 0:
            counted = BY_NAME["astype"](BY_NAME["not_equal"](x, 0), dtype=real_dtype(x.dtype))
            return _reduce("sum", counted, axes, keepdims)
        if ord == 1:
            return _reduce("sum", _abs(x), axes, keepdims)
    total = _reduce("sum", BY_NAME["power"](_abs(x), ord), axes, keepdims)
    root = BY_NAME["power"](total, 1 / as_array(ord))
    return BY_NAME["where"](BY_NAME["equal"](total, 0), total, root) if total.ndim else root


def _matrix_norm(x: Value, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Value:
    row, column = axes
    if row == column:
        raise ValueError("Duplicate axes given.")
    if ord in ("fro", "f"):
        return BY_NAME["norm"](x, axis=tuple(sorted(axes)), keepdims=keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        inner, outer = (row, column) if abs(ord) == 1 else (column, row)
        sums = _reduce("sum", _abs(x), (inner,), True)
        return _extreme(ord, sums, axes, keepdims)
    if ord not in (2, -2, "nuc"):
        raise ValueError("Invalid norm order for matrices.")
    from .linalg import svdvals
    from .shape import permute

    s = svdvals(permute(x, [k for k in range(x.ndim) if k not in axes] + [row, column]))
    y = _reduce("sum" if ord == "nuc" else "max" if ord == 2 else "min", s, (s.ndim - 1,), False)
    return to_shape(y, reduced_shape(x.shape, axes, True)) if keepdims else y


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Value:
    x = as_inexact(x)
    axes = normalize_axes(as_axes(axis), x.ndim)
    if len(axes) == 1 or ord == 2:
        return norm(x, ord, axes[0], keepdims) if len(axes) == 1 else BY_NAME["norm"](x, axis=axes, keepdims=keepdims)
    rest = [k for k in range(x.ndim) if k not in axes]
    from .shape import permute

    moved = permute(x, rest + list(axes))
    y = norm(to_shape(moved, [x.shape[k] for k in rest] + [_size(x, axes)]), ord, -1)
    return to_shape(y, reduced_shape(x.shape, axes, True)) if keepdims else y


def _size(x: Value, axes: tuple[int, ...]) -> Any:
    from bcad.ir import product

    return product(x.shape[k] for k in axes)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Value:
    return norm(x, ord, (-2, -1), keepdims)


FUNCTIONS[np.linalg.vector_norm] = vector_norm
FUNCTIONS[np.linalg.matrix_norm] = matrix_norm
