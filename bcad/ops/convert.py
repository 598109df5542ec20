"""Kinds of numbers (the op `as_kind`), and nested lists made into arrays (the op `stack`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Dim, Kind, Literal, Value, constant_op, run_node

from .arguments import as_array, numeric
from .cotangents import cast, to_cotangent
from .op import BY_NAME, Op, define
from .samples import Sample, complexes, integers, reals
from .shapes import ShapeError, require_equal

_PYTHON: dict[str, type] = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


@define
class AsKind(Op):
    """``as_kind(x, kind, dtype)``: a number as a Python number, a NumPy scalar or a 0-d array.

    ``float(x)``, ``x.item()``, ``np.float32(x)`` and ``np.asarray(x)`` of one number.
    """

    linear = (0,)
    samples = (
        Sample(reals(), kind=Kind.PYTHON, dtype=np.dtype(float)),
        Sample(1.5, kind=Kind.SCALAR, dtype=np.dtype(float)),
        Sample(1.5, kind=Kind.ARRAY, dtype=np.dtype(np.float32)),
        Sample(reals(), kind=Kind.PYTHON, dtype=np.dtype(int)),
        Sample(complexes(), kind=Kind.PYTHON, dtype=np.dtype(complex)),
        Sample(integers(), kind=Kind.PYTHON, dtype=np.dtype(float)),
    )

    def type_rule(self, x: ArrayType, *, kind: Kind, dtype: np.dtype[Any]) -> ArrayType:
        if x.shape:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        if x.is_complex and dtype.kind in "fiu":
            raise TypeError(f"float() argument must be a string or a real number, not '{x.python_type.__name__}'")
        return ArrayType(dtype, (), kind)

    def evaluate(self, x: Any, *, kind: Kind, dtype: np.dtype[Any]) -> Any:
        if kind is Kind.PYTHON:
            return _PYTHON[dtype.kind](x)
        return np.asarray(x).astype(dtype)[()] if kind is Kind.SCALAR else np.asarray(x, dtype)

    def jvp(self, y: Value, x: Value, dx: Any, *, kind: Kind, dtype: np.dtype[Any]) -> Any:
        return cast(dx, dtype)

    def vjp(self, g: Any, y: Value, x: Value, *, kind: Kind, dtype: np.dtype[Any]) -> tuple[Any]:
        if not x.type.differentiable:
            return (None,)
        return (to_cotangent(g, x),)

    def fault(self, y: Value, x: Value) -> Any:
        """Where Python raises: ``int(inf)``."""
        if y.dtype.kind == "i" and x.type.differentiable:
            return BY_NAME["logical_not"](BY_NAME["isfinite"](x))
        return None


as_kind: Any = BY_NAME["as_kind"]


def strong(x: Any) -> Any:
    """A Python number as a NumPy scalar: then ``1 / 0`` is inf and promotion is by dtype."""
    if not isinstance(x, Value) or x.type.kind is not Kind.PYTHON:
        return x
    if is_constant(x):
        return Builder.current().constant(x.dtype.type(constant(x)))
    return as_kind(x, kind=Kind.SCALAR, dtype=x.dtype)


def array(x: Any) -> Value:
    """`x` as an array Value: what ``np.asarray`` of a number, list or array gives."""
    value = operand(x)
    if value.type.kind is Kind.ARRAY:
        return value
    if is_constant(value):
        return Builder.current().constant(np.asarray(constant(value), value.dtype))
    return as_kind(value, kind=Kind.ARRAY, dtype=value.dtype)


def number_of(x: Value) -> Value:
    """``x[()]``: a number, or an array of no dimensions, as a NumPy scalar; other arrays as they are."""
    if x.shape or x.type.kind is Kind.SCALAR:
        return x
    scalar: Value = as_kind(x, kind=Kind.SCALAR, dtype=x.dtype)
    return scalar


def held_by(x: Value, dtype: Any) -> Value:
    """`x`, a Python number that becomes one of `dtype`, refused where Python's own conversion refuses it."""
    dtype = np.dtype(dtype)
    if x.type.kind is Kind.PYTHON and x.type.is_complex and dtype.kind in "fiu":
        raise TypeError(f"{'float' if dtype.kind == 'f' else 'int'}() argument must be a string or a real number, not 'complex'")
    if dtype.kind in "iu" and x.type.kind is Kind.PYTHON and x.dtype.kind == "i":
        if is_constant(x):
            dtype.type(constant(x))
        elif not np.can_cast(x.dtype, dtype):
            _require_in_range(x, dtype)
    return x


def _require_in_range(x: Value, dtype: Any) -> None:
    """NumPy's OverflowError for a Python int that a run finds too large or negative."""
    limits = np.iinfo(dtype)
    outside = BY_NAME["less"](x, max(int(limits.min), -(2**63)))
    if limits.max < 2**63 - 1:
        outside = BY_NAME["logical_or"](outside, BY_NAME["greater"](x, int(limits.max)))
    flag = as_kind(outside, kind=Kind.PYTHON, dtype=np.dtype(bool))
    BY_NAME["check"](flag, message=Literal(f"a Python integer out of bounds for {dtype}"), error=Literal(OverflowError))


def operand(x: Any) -> Any:
    """`x` as a Value; lists and tuples become arrays."""
    if isinstance(x, Value):
        return x
    return nested(x) if isinstance(x, (list, tuple)) else as_array(x)


# -- nested lists ------------------------------------------------------------------------------
@define
class Stack(Op):
    """``stack(*xs, axis, dtype)``: numbers or arrays of one shape along a new axis."""

    samples = (
        Sample(reals(), reals(), 2.0, axis=0, dtype=np.dtype(float)),
        Sample(reals(2), reals(2), axis=0, dtype=np.dtype(np.float32)),
        Sample(reals(2), reals(2), reals(2), axis=1),
        Sample(complexes(), reals(), integers(), axis=0),
    )

    def type_rule(self, *xs: ArrayType, axis: int = 0, dtype: Any = None) -> ArrayType:
        shape = xs[0].shape
        for x in xs[1:]:
            if len(x.shape) != len(shape):
                raise ShapeError("all input arrays must have the same shape")
            for a, b in zip(shape, x.shape, strict=True):
                require_equal("a length of the first array", a, "that of another", b)
        dtype = np.result_type(*(x.dtype for x in xs)) if dtype is None else np.dtype(dtype)
        return ArrayType(dtype, (*shape[:axis], len(xs), *shape[axis:]))

    def evaluate(self, *xs: Any, axis: int = 0, dtype: Any = None) -> Any:
        dtype = dtype or np.result_type(*(np.asarray(x).dtype for x in xs))
        return np.stack([np.asarray(x).astype(dtype) for x in xs], axis)

    def jvp(self, y: Value, *rest: Any, axis: int = 0, dtype: Any = None) -> Any:
        tangents = rest[len(rest) // 2 :]
        return self(*tangents, axis=axis, dtype=y.dtype) if y.type.differentiable else None

    def vjp(self, g: Any, y: Value, *xs: Value, axis: int = 0, dtype: Any = None) -> tuple[Any, ...]:
        before = (slice(None),) * axis
        return tuple(
            to_cotangent(g[(*before, k)], x) if x.type.differentiable else None for k, x in enumerate(xs)
        )


def nested(items: Sequence[Any], dtype: Any = None) -> Value:
    """The array that ``np.array(items, dtype)`` makes of lists whose leaves may be Values."""
    leaves = list(_leaves(items))
    if not any(isinstance(x, (Value, Dim)) for x in leaves):
        return Builder.current().constant(np.array(items, dtype))
    values = [as_array(x) if dtype is None else held_by(as_array(x), numeric(dtype)) for x in leaves]
    if any(v.shape for v in values):  # rows may be lists or arrays
        values = [nested(x) if isinstance(x, (list, tuple)) else as_array(x) for x in items]
    target = numeric(dtype) if dtype is not None else np.result_type(*(v.dtype for v in values))
    packed = BY_NAME["stack"](*values, axis=0, dtype=target)
    shape = packed.shape if packed.ndim > 1 else _list_shape(items)
    return packed if len(shape) == packed.ndim else BY_NAME["reshape"](packed, shape=shape)


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def _list_shape(x: Any) -> tuple[int, ...]:
    if not isinstance(x, (list, tuple)):
        return ()
    shapes = {_list_shape(item) for item in x}
    if len(shapes) > 1:
        raise ShapeError("setting an array element with a sequence: the lists differ in length")
    return (len(x), *(shapes.pop() if shapes else ()))


# -- what is known while tracing ---------------------------------------------------------------
def is_constant(x: Any) -> bool:
    """Whether a Value is a number or array known when the graph was made."""
    return isinstance(x, Value) and x.node is not None and x.node.op is constant_op


def constant(x: Value) -> Any:
    """The value of a constant."""
    assert x.node is not None
    return x.node.attrs["value"].value


def folded(x: Value) -> Any:
    """What `x` is if it is computed from constants alone; None otherwise."""
    node = x.node
    if node is None or node.regions or node.op.effect or len(node.outputs) != 1:
        return None
    inputs = [folded(v) for v in node.inputs]
    if any(v is None for v in inputs):
        return None
    try:
        return run_node(node, inputs, {})[0]
    except KeyError:  # a size that is not known
        return None
