"""Coordinate grids: meshgrid, indices; np.broadcast; and `_array_converter`, which NumPy's Python code leans on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from bcad.ir import Size, Value

from . import create  # noqa: F401  (arange, used by name)
from .arguments import as_shape
from .convert import operand
from .op import BY_NAME, FUNCTIONS, derived, implements
from .shapes import broadcast as broadcast_of
from .shapes import weak


@implements(np.meshgrid)
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Value, ...]:
    """Each vector along its own axis, stretched over the others unless `sparse`."""
    if not copy:
        raise NotImplementedError("meshgrid(copy=False), whose results share memory, is not traced: leave copy away")
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n = len(xi)
    axes = list(range(n))
    if indexing == "xy" and n > 1:
        axes[:2] = [1, 0]
    grids = [_along(operand(x), axis, n) for x, axis in zip(xi, axes, strict=True)]
    if sparse:
        return tuple(grids)
    shape = broadcast_of(*(g.shape for g in grids))
    return tuple(BY_NAME["broadcast_to"](g, shape=shape) for g in grids)


def _along(x: Value, axis: int, ndim: int) -> Value:
    return BY_NAME["reshape"](x, shape=tuple(x.type.size if k == axis else 1 for k in range(ndim)))


@implements(np.indices)
def _indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    """The index of every element along each axis."""
    sizes = as_shape(dimensions)
    grids = [_along(FUNCTIONS[np.arange](n, dtype=dtype), k, len(sizes)) for k, n in enumerate(sizes)]
    if sparse:
        return tuple(grids)
    stretched = [BY_NAME["broadcast_to"](g, shape=sizes) for g in grids]
    if not stretched:
        return FUNCTIONS[np.zeros]((0,), dtype)
    return BY_NAME["stack"](*stretched, axis=0, dtype=np.dtype(dtype))


@implements(np.broadcast_shapes)
def _broadcast_shapes(*shapes: Any) -> tuple[Size, ...]:
    return broadcast_of(*map(as_shape, shapes))


@implements(np.result_type)
def _result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """Python numbers are weak, as in `np.result_type` itself."""
    parts = [weak(x.type) if isinstance(x, Value) else x for x in arrays_and_dtypes]
    return np.result_type(*(p(0) if p in (int, float, complex) else p for p in parts))


_array_converter: Any = np.linspace.__wrapped__.__globals__.get("_array_converter")  # type: ignore[attr-defined]


class Converter:
    """What ``numpy._core._multiarray_umath._array_converter`` does for plain arrays; interpreted.

    No comprehensions: those are functions of their own, which would be run instead.
    """

    def __init__(self, *arrays: Any) -> None:
        self.arrays: list[Any] = []
        self.scalar_input: list[bool] = []
        for a in arrays:
            self.arrays.append(np.asarray(a))
            self.scalar_input.append(not isinstance(a, np.ndarray))

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, k: int) -> Any:
        return self.arrays[k]

    def as_arrays(self, *, subok: bool = True, pyscalars: str = "convert_if_no_array") -> tuple[Any, ...]:
        return tuple(self.arrays)

    def result_type(self, extra_dtype: Any = None, ensure_inexact: bool = False) -> Any:
        dtypes: list[Any] = []
        for a in self.arrays:
            dtypes.append(a.dtype)
        if extra_dtype is not None:
            dtypes.append(extra_dtype)
        if ensure_inexact:
            dtypes.append(1.0)
        return np.result_type(*dtypes)

    def wrap(self, arr: Any, /, to_scalar: Any = None) -> Any:
        if to_scalar is None:
            to_scalar = all(self.scalar_input)
        return arr[()] if to_scalar and arr.ndim == 0 else arr


if _array_converter is not None:

    @derived(_array_converter)
    def _converter(*arrays: Any) -> Any:
        return Converter(*arrays)

    for _name, _method in vars(Converter).items():
        if callable(_method):  # plain code too: stepped into, not run
            derived(f"_array_converter.{_name}")(_method)


@derived(np.broadcast)
def broadcast(*args: Any) -> Any:
    """What ``np.broadcast(...)`` tells of arrays; their elements it does not go through."""
    shape = np.broadcast_shapes(*[np.shape(x) for x in args])
    return Broadcast(shape, len(shape), len(shape), math.prod(shape), len(args))


@dataclass(eq=False)
class Broadcast:
    """The attributes of an ``np.broadcast``."""

    shape: Any
    ndim: int
    nd: int
    size: Any
    numiter: int
