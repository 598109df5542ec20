"""Functions that rearrange axes: reshape, transpose, squeeze, broadcast, flip and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import Kind, Size, Value, assumptions, product

from .arguments import as_array, as_axes, as_int, as_shape
from .convert import number_of
from .layout import inverse_permutation
from .op import BY_NAME, FUNCTIONS, implements
from .shapes import ShapeError, broadcast, normalize_axes, normalize_axis

_reshape, _transpose, _broadcast_to = BY_NAME["reshape"], BY_NAME["transpose"], BY_NAME["broadcast_to"]
FULL = slice(None)


# -- reshape ------------------------------------------------------------------------------------
def to_shape(x: Value, shape: Sequence[Size]) -> Value:
    """`x` in another shape, in C order; `x` itself if it has that shape."""
    if x.shape == tuple(shape):
        return x if x.type.as_array() == x.type else BY_NAME["as_kind"](x, kind=Kind.ARRAY, dtype=x.dtype)
    return _reshape(x, shape=tuple(shape))


def permute(x: Value, axes: Sequence[int]) -> Value:
    """`x` with its axes in another order."""
    return x if tuple(axes) == tuple(range(x.ndim)) else _transpose(x, axes=tuple(axes))


def swap_last(x: Any) -> Any:
    """The transposed matrices of a stack (also of a Zero)."""
    n = x.ndim
    return _transpose(x, axes=(*range(n - 2), n - 1, n - 2))


def complete(shape: tuple[Size, ...], size: Size) -> tuple[Size, ...]:
    """`shape` with a -1 in it replaced by what is left of `size`."""
    unknown = [k for k, s in enumerate(shape) if isinstance(s, int) and s == -1]
    if any(isinstance(s, int) and s < -1 for s in shape) or len(unknown) > 1:
        raise ShapeError("can only specify one unknown dimension")
    if not unknown:
        return shape
    rest = product(s for k, s in enumerate(shape) if k != unknown[0])
    if rest == 0 or (isinstance(rest, int) and isinstance(size, int) and size % rest):
        raise ShapeError(f"cannot reshape array of size {size} into shape {shape}")
    return (*shape[: unknown[0]], size // rest, *shape[unknown[0] + 1 :])


def _check_order(order: str, ndim: int) -> str:
    if order in ("C", "F"):
        return order
    if ndim <= 1 and order in ("A", "K"):
        return "C"  # one axis has one order
    raise ShapeError(f"order={order!r} asks for the layout in memory, which a traced array does not have")


@implements(np.reshape)
def reshape(a: Any, /, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None) -> Value:
    """Other axes, the same elements; ``order='F'`` reads and writes with the first axis fastest."""
    x = as_array(a)
    target = complete(as_shape(newshape if shape is None else shape), x.type.size)
    if _check_order(order, x.ndim) == "C" or max(x.ndim, len(target)) <= 1:
        return as_given(to_shape(x, target), a)
    backwards = to_shape(permute(x, range(x.ndim)[::-1]), target[::-1])
    return permute(backwards, range(len(target))[::-1])


@implements(method="reshape")
def reshape_method(a: Value, *shape: Any, order: str = "C", copy: Any = None) -> Value:
    return reshape(a, shape[0] if len(shape) == 1 else shape, order)


@implements(np.ravel, method="ravel")
def ravel(a: Any, order: str = "C") -> Value:
    return reshape(a, -1 if as_array(a).ndim != 1 else as_array(a).shape, order)


@implements(method="flatten")
def flatten(a: Value, order: str = "C") -> Value:
    return ravel(a, order)


def along(a: Any, axis: Any) -> tuple[Value, int]:
    """`a` and its axis as take, repeat, argsort and cumsum have it: for None the flat array, a number is one of one element."""
    x = as_array(a)
    if axis is None or not x.ndim:
        x = ravel(x)
    return x, 0 if axis is None else normalize_axis(as_int(axis, "axis"), x.ndim)


def as_given(result: Value, a: Any) -> Value:
    """What the method of a NumPy scalar `a` gives, where an array would give one of no dimensions: a scalar too."""
    if isinstance(a, Value) and a.type.kind is Kind.SCALAR and not result.shape:
        return number_of(result)
    return result


# -- order of the axes ----------------------------------------------------------------------------
@implements(np.transpose)
def transpose(a: Any, axes: Any = None) -> Value:
    """Axis j of the result is axis ``axes[j]`` of `a`; all reversed by default."""
    x = as_array(a)
    order = range(x.ndim)[::-1] if axes is None else [normalize_axis(k, x.ndim) for k in np.atleast_1d(as_axes(axes)).tolist()]
    if sorted(order) != list(range(x.ndim)):
        raise ValueError("axes don't match array")
    return permute(x, order)


@implements(method="transpose")
def transpose_method(a: Value, *axes: Any) -> Value:
    return transpose(a, None if not axes else axes[0] if len(axes) == 1 else axes)


@implements(attribute="T")
def transposed(a: Value) -> Value:
    return transpose(a)


@implements(np.matrix_transpose, np.linalg.matrix_transpose, attribute="mT")
def matrix_transpose(x: Any, /) -> Value:
    x = as_array(x)
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return swap_last(x)


@implements(np.swapaxes, method="swapaxes")
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Value:
    x = as_array(a)
    i, j = (normalize_axis(as_int(k), x.ndim) for k in (axis1, axis2))
    order = list(range(x.ndim))
    order[i], order[j] = j, i
    return permute(x, order)


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Value:
    x = as_array(a)
    sources, targets = (
        [normalize_axis(as_int(k), x.ndim) for k in (s if isinstance(s, (tuple, list)) else [s])]
        for s in (source, destination)
    )
    if len(sources) != len(targets) or len(set(sources)) < len(sources) or len(set(targets)) < len(targets):
        raise ValueError("`source` and `destination` arguments must have the same number of distinct elements")
    order = [k for k in range(x.ndim) if k not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return permute(x, order)


@implements(np.rollaxis)
def rollaxis(a: Any, axis: Any, start: Any = 0) -> Value:
    x = as_array(a)
    origin, start = normalize_axis(as_int(axis), x.ndim), as_int(start)
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, origin, start - 1 if origin < start else start)


# -- axes of length one ---------------------------------------------------------------------------
@implements(np.squeeze, method="squeeze")
def squeeze(a: Any, axis: Any = None) -> Value:
    """Without the axes of length one (all, or those named)."""
    x = as_array(a)
    if axis is None:
        gone = tuple(k for k, s in enumerate(x.shape) if assumptions().equal(s, 1))
    elif x.ndim == 0 and as_axes(axis) in (0, -1, (0,), (-1,)):  # which NumPy lets pass
        gone = ()
    else:
        gone = normalize_axes(as_axes(axis), x.ndim)
        if not all(assumptions().equal(x.shape[k], 1) for k in gone):
            raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return as_given(to_shape(x, [s for k, s in enumerate(x.shape) if k not in gone]), a)


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Value:
    x = as_array(a)
    axes = as_axes(axis)
    count = x.ndim + (len(axes) if isinstance(axes, tuple) else 1)
    new = normalize_axes(axes, count)
    sizes = iter(x.shape)
    return to_shape(x, [1 if k in new else next(sizes) for k in range(count)])


def _at_least(arrays: tuple[Any, ...], ndim: int) -> Any:
    results = tuple(_pad_axes(as_array(a), ndim) for a in arrays)
    return results[0] if len(results) == 1 else results


def _pad_axes(x: Value, ndim: int) -> Value:
    if x.ndim >= ndim:
        return x
    if ndim == 3 and x.ndim >= 1:  # NumPy: (M,) -> (1, M, 1) and (M, N) -> (M, N, 1)
        return to_shape(x, (1, *x.shape, 1) if x.ndim == 1 else (*x.shape, 1))
    return to_shape(x, (1,) * (ndim - x.ndim) + tuple(x.shape))


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    return _at_least(arys, 1)


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    return _at_least(arys, 2)


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    return _at_least(arys, 3)


# -- broadcasting ---------------------------------------------------------------------------------
def stretch(x: Value, shape: Sequence[Size]) -> Value:
    """`x` broadcast to `shape`; `x` itself if it has that shape."""
    return x if x.shape == tuple(shape) else _broadcast_to(x, shape=tuple(shape))


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Value:
    x, target = _no_number(array), as_shape(shape)
    common = broadcast(x.shape, target)
    if len(common) > len(target) or any(s != 1 and t == 1 for s, t in zip(common, target, strict=True)):
        raise ShapeError(f"shape {x.shape} does not broadcast to {target}")
    return stretch(x, target)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Value, ...]:
    arrays = [_no_number(a) for a in args]
    shape = broadcast(*(x.shape for x in arrays))
    return tuple(stretch(x, shape) for x in arrays)


def _no_number(x: Any) -> Value:
    """`x` as an array, also of no dimensions."""
    value = as_array(x)
    if value.type.kind is Kind.ARRAY:
        return value
    array: Value = BY_NAME["as_kind"](value, kind=Kind.ARRAY, dtype=value.dtype)
    return array


# -- reversing ------------------------------------------------------------------------------------
@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Value:
    x = as_array(m)
    axes = normalize_axes(as_axes(axis), x.ndim)
    index = tuple(slice(None, None, -1) if k in axes else FULL for k in range(x.ndim))
    return BY_NAME["getitem"](x, index=index) if axes else number_of(x)


@implements(np.flipud)
def flipud(m: Any) -> Value:
    return flip(m, 0)


@implements(np.fliplr)
def fliplr(m: Any) -> Value:
    return flip(m, 1)


@implements(np.rot90)
def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Value:
    """Turn the plane of `axes` by `k` quarters, from the first axis towards the second."""
    x, turns = as_array(m), as_int(k) % 4
    i, j = (normalize_axis(as_int(a), x.ndim) for a in axes)
    if i == j:
        raise ValueError("Axes must be different.")
    if turns == 0:
        return x
    if turns == 2:
        return flip(flip(x, i), j)
    return swapaxes(flip(x, j), i, j) if turns == 1 else flip(swapaxes(x, i, j), j)


FUNCTIONS[np.permute_dims] = transpose
__all__ = ["inverse_permutation", "permute", "stretch", "swap_last", "to_shape"]
