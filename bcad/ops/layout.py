"""The layout ops that derivatives themselves need: reshape, broadcast_to, transpose, astype, full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Size, Value, product

from .cotangents import rearranged, to_cotangent, unbroadcast
from .op import Op, define
from .samples import Sample, complexes, reals
from .shapes import broadcast, require_equal

Shape = tuple[Size, ...]


class LinearMap(Op):
    """A linear function of its one array: its jvp is itself."""

    linear = (0,)

    def jvp(self, y: Value, x: Value, dx: Any, **attrs: Any) -> Any:
        return self(dx, **attrs)


class View(LinearMap):
    """A rearrangement of elements: its result is a view of its input, and writes go through."""

    is_view = True

    def view_write(self, base: Value, new: Value, *rest: Value, **attrs: Any) -> Value:
        """What `base` becomes when its view, ``self(base, *rest, **attrs)``, becomes `new`."""
        raise NotImplementedError


@define
class Reshape(View):
    """``reshape(x, shape)``, C order, no -1."""

    numpy = np.reshape
    samples = (Sample(reals(2, 3), shape=(3, 2)), Sample(reals(6), shape=(2, 3)), Sample(reals(1), shape=()))

    def type_rule(self, x: ArrayType, *, shape: Shape) -> ArrayType:
        require_equal("the number of elements", x.size, "that of the new shape", product(shape))
        return ArrayType(x.dtype, tuple(shape))

    def evaluate(self, x: Any, *, shape: tuple[int, ...]) -> Any:
        return np.reshape(x, shape)

    def vjp(self, g: Any, y: Value, x: Value, *, shape: Shape) -> tuple[Any]:
        return (rearranged(g, lambda h: self(h, shape=x.shape)),)

    def view_write(self, base: Value, new: Value, *rest: Value, **attrs: Any) -> Value:
        return self(new, shape=base.shape)


@define
class BroadcastTo(LinearMap):
    """``broadcast_to(x, shape)``."""

    numpy = np.broadcast_to
    samples = (Sample(reals(3), shape=(2, 3)), Sample(reals(2, 1), shape=(2, 3)), Sample(reals(), shape=(2,)))

    def type_rule(self, x: ArrayType, *, shape: Shape) -> ArrayType:
        return ArrayType(x.dtype, broadcast(x.shape, shape))

    def vjp(self, g: Any, y: Value, x: Value, *, shape: Shape) -> tuple[Any]:
        return (unbroadcast(g, x.shape),)


@define
class Transpose(View):
    """``transpose(x, axes)``: axis j of the result is axis ``axes[j]`` of x."""

    numpy = np.transpose
    samples = (Sample(reals(2, 3), axes=(1, 0)), Sample(reals(2, 3, 4), axes=(2, 0, 1)))

    def type_rule(self, x: ArrayType, *, axes: tuple[int, ...]) -> ArrayType:
        return ArrayType(x.dtype, tuple(x.shape[a] for a in axes))

    def vjp(self, g: Any, y: Value, x: Value, *, axes: tuple[int, ...]) -> tuple[Any]:
        return (rearranged(g, lambda h: self(h, axes=inverse_permutation(axes))),)

    def view_write(self, base: Value, new: Value, *rest: Value, **attrs: Any) -> Value:
        return self(new, axes=inverse_permutation(attrs["axes"]))


def inverse_permutation(axes: Sequence[int]) -> tuple[int, ...]:
    """The axes that undo a transpose."""
    return tuple(int(a) for a in np.argsort(axes))


@define
class Astype(LinearMap):
    """``astype(x, dtype)``; a complex x loses its imaginary part when dtype is real."""

    samples = (Sample(reals(3), dtype=np.dtype(np.float32)), Sample(reals(3), dtype=np.dtype(complex)),
               Sample(complexes(2), dtype=np.dtype(float)))

    def type_rule(self, x: ArrayType, *, dtype: np.dtype[Any]) -> ArrayType:
        return ArrayType(np.dtype(dtype), x.shape, Kind.SCALAR if x.kind is Kind.PYTHON else x.kind)

    def evaluate(self, x: Any, *, dtype: np.dtype[Any]) -> Any:
        x = np.asarray(x)
        return (x.real if x.dtype.kind == "c" and dtype.kind in "fiu" else x).astype(dtype)

    def jvp(self, y: Value, x: Value, dx: Any, *, dtype: np.dtype[Any]) -> Any:
        return self(dx, dtype=dtype) if y.type.differentiable else None

    def vjp(self, g: Any, y: Value, x: Value, *, dtype: np.dtype[Any]) -> tuple[Any]:
        return (to_cotangent(g, x) if x.type.differentiable else None,)


@define
class Full(Op):
    """``full(shape, fill)``: every element is the number `fill`."""

    samples = (Sample(reals(), shape=(2, 3), dtype=np.dtype(float)),)
    linear = (0,)

    def type_rule(self, fill: ArrayType, *, shape: Shape, dtype: np.dtype[Any]) -> ArrayType:
        return ArrayType(np.dtype(dtype), tuple(shape))

    def evaluate(self, fill: Any, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        return np.full(shape, fill, dtype)

    def jvp(self, y: Value, fill: Value, dfill: Any, **attrs: Any) -> Any:
        return self(dfill, **attrs)

    def vjp(self, g: Any, y: Value, fill: Value, **attrs: Any) -> tuple[Any]:
        return (to_cotangent(g, fill) if fill.type.differentiable else None,)
