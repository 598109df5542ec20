"""What users pass where NumPy wants an array, a size, a shape or an axis; each made definite here."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Dim, Kind, Size, Value, assumptions, constant_op, dim_op, maximum, minimum

from .op import BY_NAME

_COUNT = itertools.count(1)


class NotConcrete(TypeError):
    """An integer that decides a shape is computed from the inputs; `value` says which.

    The tracer may guard on the integer's value and ask again.
    """

    def __init__(self, value: Value, what: str) -> None:
        super().__init__(f"{what} must be known when the function is traced; here it is computed")
        self.value = value


class Uncomputable(TypeError):
    """Strings, objects or records stand where numbers must."""


def fresh(prefix: str) -> str:
    """A new symbol's name.  A node whose result has the symbol bare in its shape binds it when run."""
    return f"{prefix}_{next(_COUNT)}"


def numeric(dtype: Any) -> Any:
    """`dtype` where it is one of numbers: as objects, text or dates they would be lost to the graph."""
    found = np.dtype(dtype)
    if found.kind not in "biufc":
        raise Uncomputable(f"numbers that are made an array of {found} cannot be computed with")
    return found


# -- arrays -------------------------------------------------------------------------------------
def as_array(x: Any) -> Value:
    """`x` as a Value: a Value, a number, an array, or a nested list with Values in it."""
    if isinstance(x, Value):
        return x
    if isinstance(x, np.ndarray) and x.dtype.kind == "O":
        x = x.tolist()
    if isinstance(x, (list, tuple)) and has_values(x):
        from .convert import nested

        return nested(x)
    if not isinstance(x, (Dim, bool, int, float, complex, np.generic)):
        x = np.asarray(x)
        if x.dtype.kind not in "biufc":
            raise Uncomputable(f"an array of {x.dtype} cannot be computed with")
    return Builder.current().as_value(x)


def has_values(x: Any) -> bool:
    """Whether a Value or a symbolic size stands somewhere in a nest of lists."""
    if isinstance(x, (list, tuple)):
        return any(map(has_values, x))
    if isinstance(x, np.ndarray) and x.dtype.kind == "O":
        return has_values(x.tolist())
    return isinstance(x, (Value, Dim))


def type_of_argument(x: Any) -> ArrayType:
    """The type that `as_array` would give; emits a constant at most."""
    type_ = as_array(x).type
    assert isinstance(type_, ArrayType)
    return type_


def as_inexact(x: Any) -> Value:
    """`x` as an array (or NumPy scalar) of floats or complex numbers: integers become float64."""
    from .convert import strong

    x = strong(as_array(x))
    return x if x.dtype.kind in "fc" else BY_NAME["astype"](x, dtype=np.dtype(float))


def astype(x: Value, dtype: Any) -> Value:
    """`x` with elements of `dtype`."""
    dtype = np.dtype(dtype)
    return x if x.dtype == dtype else BY_NAME["astype"](x, dtype=dtype)


def concrete(x: Any) -> Any:
    """The concrete value of `x`, or None if it is computed when the graph runs."""
    if isinstance(x, Value):
        node = x.node
        return node.attrs["value"].value if node is not None and node.op is constant_op else None
    return None if has_values(x) else x


def zeros(shape: Sequence[Size], dtype: Any) -> Value:
    """An array of zeros."""
    return full(0, shape, dtype)


def full(fill: Any, shape: Sequence[Size], dtype: Any) -> Value:
    """An array of one number."""
    dtype = np.dtype(dtype)
    return BY_NAME["full"](dtype.type(fill), shape=tuple(shape), dtype=dtype)


def counting(size: Size) -> Value:
    """The integers 0, 1, ... `size` - 1."""
    return BY_NAME["arange"](start=0, step=1, length=size, dtype=np.dtype(np.intp))


# -- sizes, shapes, axes ------------------------------------------------------------------------
_SIZE_OPS: dict[str, Callable[..., Size]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "negative": operator.neg,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "maximum": maximum,
    "minimum": minimum,
}


def as_size(x: Any, what: str = "a size") -> Size:
    """An int or Dim: also of a Value that is arithmetic of constants and sizes."""
    if isinstance(x, Dim):
        return x
    if not isinstance(x, Value):
        return operator.index(x)
    size = known_size(x)
    if size is None:
        if x.type.kind is not Kind.ARRAY and x.dtype.kind not in "iu":
            raise TypeError(f"{what}: {x.type} cannot be interpreted as an integer")
        raise NotConcrete(x, what)
    return size


def known_size(x: Any) -> Size | None:
    """The size that `x` is, or None if it depends on more than sizes."""
    if not isinstance(x, Value):
        return x if isinstance(x, Dim) else operator.index(x)
    if x.ndim or x.dtype.kind not in "iu":
        return None
    measured = _measured(x)
    node = x.node
    if measured is not None or node is None:
        return measured
    if node.op is dim_op:
        return node.attrs["size"]
    if node.op is constant_op:
        return operator.index(node.attrs["value"].value)
    function = _SIZE_OPS.get(node.op.name)
    parts = [known_size(v) for v in node.inputs] if function else [None]
    return assumptions().number(x) if None in parts else function(*parts)  # type: ignore[misc]


def _measured(x: Value) -> Size | None:
    """The symbol that `extent` has given to an int."""
    builder: Builder | None = Builder.current()
    while builder is not None:
        name = builder.lengths.get(builder.captured.get(x, x))
        if name is not None:
            return Dim.symbol(name)
        builder = builder.parent
    return None


def size_leaves(x: Value) -> list[Value]:
    """The ints that are no sizes, of the arithmetic that `x` is."""
    if known_size(x) is not None:
        return []
    if x.node is None or x.node.op.name not in _SIZE_OPS:
        return [x]
    return list(dict.fromkeys(leaf for v in x.node.inputs for leaf in size_leaves(v)))


def as_shape(x: Any, what: str = "a shape") -> tuple[Size, ...]:
    """A tuple of sizes from a size or a sequence of sizes."""
    if isinstance(x, np.ndarray):
        x = x.tolist()
    if isinstance(x, (list, tuple)):
        return tuple(as_size(s, what) for s in x)
    return (as_size(x, what),)


def as_int(x: Any, what: str = "an integer") -> int:
    """A Python int: an axis or an offset is never symbolic, a size in its place is held to what it is."""
    size = as_size(x, what)
    return assumptions().known(size) if isinstance(size, Dim) else size


def as_axes(axis: Any) -> Any:
    """None, an int or a tuple of ints."""
    if axis is None:
        return None
    if isinstance(axis, (list, tuple, np.ndarray)):
        return tuple(as_int(a, "an axis") for a in axis)
    return as_int(axis, "an axis")
