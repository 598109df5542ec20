"""Making arrays: zeros, ones, full, arange, linspace, eye, tri, np.array of nested lists; copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Dim, Kind, Size, Value, maximum, python_type

from .arguments import as_int, as_shape, as_size, known_size
from .convert import array, as_kind, folded, held_by, nested, operand, strong
from .cotangents import broadcast_like, cast, to_cotangent
from .op import BY_NAME, Op, Zero, define, implements
from .samples import Sample, complexes, reals
from .shapes import broadcast, promote

FLOAT = np.dtype(float)


# -- from what is there --------------------------------------------------------------------------
@implements(np.array)
def _array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: str = "K", subok: bool = False, ndmin: int = 0,
    ndmax: int = 0, like: Any = None,
) -> Value:
    """An array of a number, an array or nested lists; a traced array has no order in memory."""
    if isinstance(object, (list, tuple)):
        result = nested(object, dtype)
    else:
        result = array(object if dtype is None else held_by(operand(object), dtype))
    result = result if dtype is None else cast(result, np.dtype(dtype))
    if result.ndim < ndmin:
        result = BY_NAME["reshape"](result, shape=(*(1,) * (ndmin - result.ndim), *result.shape))
    return result


@implements(np.asarray, np.asanyarray)
def _asarray(a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None) -> Value:
    return _array(a, dtype)


@implements(np.ascontiguousarray, np.asfortranarray)
def _ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Value:
    return _array(a, dtype, ndmin=1)


@implements(np.asarray_chkfinite)
def _asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Value:
    """The check is a guard of the caller's; here the array passes."""
    return _array(a, dtype)


@implements(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Value:
    return array(a)


@implements(method="copy")
@implements(method="__copy__")
@implements(method="__deepcopy__")
def _copy_method(a: Any, order: Any = "C") -> Value:
    """A NumPy scalar's copy is a scalar."""
    return operand(a)


# -- filled --------------------------------------------------------------------------------------
def filled(shape: Any, fill: Any, dtype: Any) -> Value:
    """An array of one number, or of a `fill` that is broadcast."""
    dtype = np.dtype(dtype)
    value, sizes = operand(fill), as_shape(shape)
    if any(isinstance(size, int) and size < 0 for size in sizes):
        raise ValueError("negative dimensions are not allowed")
    if not value.shape:
        return BY_NAME["full"](value, shape=sizes, dtype=dtype)
    return BY_NAME["broadcast_to"](cast(value, dtype), shape=sizes)


@implements(np.zeros, np.empty)
def _zeros(shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None, like: Any = None) -> Value:
    """Zeros; ``empty`` too, whose elements may be anything."""
    return filled(shape, np.dtype(dtype).type(0), dtype)


@implements(np.ones)
def _ones(shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None, like: Any = None) -> Value:
    dtype = np.dtype(dtype)
    return filled(shape, dtype.type(1), dtype)


@implements(np.full)
def _full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None, like: Any = None) -> Value:
    return filled(shape, fill_value, operand(fill_value).dtype if dtype is None else dtype)


def _like(number: Any) -> Any:
    def function(
        a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None
    ) -> Value:
        a = operand(a)
        dtype = a.dtype if dtype is None else np.dtype(dtype)
        return filled(a.shape if shape is None else shape, dtype.type(number), dtype)

    return function


implements(np.zeros_like, np.empty_like)(_like(0))
implements(np.ones_like)(_like(1))


@implements(np.full_like)
def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
    device: Any = None,
) -> Value:
    a = operand(a)
    return filled(a.shape if shape is None else shape, fill_value, a.dtype if dtype is None else dtype)


# -- ranges --------------------------------------------------------------------------------------
@define
class Arange(Op):
    """``start + step * i`` for i < length; sizes, so nothing to differentiate."""

    differentiable = False
    samples = (
        Sample(start=0, step=1, length=4, dtype=np.dtype(int)),
        Sample(start=5, step=-2, length=3, dtype=np.dtype(float)),
    )

    def type_rule(self, *, start: Size, step: Size, length: Size, dtype: np.dtype[Any]) -> ArrayType:
        return ArrayType(dtype, (length,))

    def evaluate(self, *, start: int, step: int, length: int, dtype: np.dtype[Any]) -> Any:
        return np.arange(start, start + step * length, step, dtype=dtype)


@implements(np.arange)
def _arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None, **kwargs: Any) -> Value:
    """``arange``: the number of elements must not depend on data; where they start may."""
    first, last = (0, start) if stop is None else (start, stop)
    by = 1 if step is None else step
    sizes = [known_size(x) if _integral(x) else None for x in (first, last, by)]
    if None not in sizes:
        a, b, c = sizes
        dtype = np.dtype(int if dtype is None else dtype)
        return BY_NAME["arange"](start=a, step=c, length=_steps(a, b, c), dtype=dtype)
    values = [operand(x) for x in (first, last, by)]
    known = [folded(v) for v in values]
    if None not in known:
        return Builder.current().constant(np.arange(*known, dtype=dtype))
    a, b, c = (strong(v) for v in values)
    count = as_size(as_kind(BY_NAME["ceil"]((b - a) / c), kind=Kind.PYTHON, dtype=np.dtype(int)), "the length of an arange")
    whole = BY_NAME["arange"](start=0, step=1, length=maximum(count, 0), dtype=np.dtype(int))
    result: Value = a + whole * ((a + c) - a)  # as NumPy rounds
    return cast(result, dtype or promote(*(v.type for v in values)))


def _integral(x: Any) -> bool:
    return isinstance(x, (int, np.integer, Dim)) or (isinstance(x, Value) and x.dtype.kind in "iu")


def _steps(start: Any, stop: Any, step: Any) -> Size:
    """How many steps there are from start to stop."""
    if isinstance(step, int) and step < 0:
        start, stop, step = -start, -stop, -step
    return maximum((stop - start + step - 1) // step, 0)


@define
class Linspace(Op):
    """``linspace(start, stop)``: `num` equally spaced points along a new first axis; linear in both ends."""

    samples = (
        Sample(reals(), reals(), num=5, endpoint=True),
        Sample(reals(2), reals(2), num=3, endpoint=False),
        Sample(complexes(), complexes(), num=4, endpoint=True),
        Sample(reals(), reals(), num=1, endpoint=True),
    )

    def type_rule(self, start: ArrayType, stop: ArrayType, *, num: Size, endpoint: bool) -> ArrayType:
        if start.dtype.kind in "fc" or stop.dtype.kind in "fc":
            dtype = promote(start, stop, python_type(float))
        else:
            dtype = FLOAT
        return ArrayType(dtype, (num, *broadcast(start.shape, stop.shape)))

    def evaluate(self, start: Any, stop: Any, *, num: int, endpoint: bool) -> Any:
        return np.linspace(start, stop, num, endpoint=endpoint)

    def jvp(self, y: Value, start: Value, stop: Value, dstart: Any, dstop: Any, **attrs: Any) -> Any:
        ends = [BY_NAME["full"](np.float64(0), shape=(), dtype=y.dtype) if type(d) is Zero else d for d in (dstart, dstop)]
        return broadcast_like(self(*ends, **attrs), y)

    def vjp(self, g: Any, y: Value, start: Value, stop: Value, *, num: Size, endpoint: bool) -> tuple[Any, Any]:
        t = cast(self(0.0, 1.0, num=num, endpoint=endpoint), y.dtype)
        t = BY_NAME["reshape"](t, shape=(num, *(1,) * (g.ndim - 1)))
        total = BY_NAME["sum"]
        return (
            to_cotangent(total(g * (1 - t), axis=(0,), keepdims=False), start) if start.type.differentiable else None,
            to_cotangent(total(g * t, axis=(0,), keepdims=False), stop) if stop.type.differentiable else None,
        )


@implements(np.linspace)
def _linspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: Any = None,
) -> Any:
    start, stop, size = operand(start), operand(stop), as_size(num, "num")
    points = BY_NAME["linspace"](start, stop, num=size, endpoint=bool(endpoint))
    result = points
    if dtype is not None:
        whole = np.dtype(dtype).kind in "iu"  # integers are rounded down
        result = cast(BY_NAME["floor"](points) if whole else points, np.dtype(dtype))
    if axis not in (0, -points.ndim):
        order = list(range(1, points.ndim))
        order.insert(as_int(axis) % points.ndim, 0)
        result = BY_NAME["transpose"](result, axes=tuple(order))
    if not retstep:
        return result
    return result, (stop - start) / operand(size - 1 if endpoint else size)


@implements(np.logspace)
def _logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Value:
    exponents = _linspace(start, stop, num, endpoint, axis=axis)
    result = BY_NAME["power"](operand(base), exponents)
    return result if dtype is None else cast(result, np.dtype(dtype))


# -- the identity --------------------------------------------------------------------------------
@define
class Eye(Op):
    """``eye(n, m, k)``: ones on the k-th diagonal."""

    differentiable = False
    samples = (
        Sample(n=3, m=3, k=0, dtype=FLOAT),
        Sample(n=2, m=4, k=1, dtype=FLOAT),
        Sample(n=4, m=2, k=-1, dtype=np.dtype(int)),
    )

    def type_rule(self, *, n: Size, m: Size, k: Size, dtype: np.dtype[Any]) -> ArrayType:
        return ArrayType(dtype, (n, m))

    def evaluate(self, *, n: int, m: int, k: int, dtype: np.dtype[Any]) -> Any:
        return np.eye(n, m, k, dtype)


@implements(np.eye)
def _eye(N: Any, M: Any = None, k: Any = 0, dtype: Any = float, order: str = "C", **kwargs: Any) -> Value:
    n = as_size(N)
    return BY_NAME["eye"](n=n, m=n if M is None else as_size(M), k=as_size(k), dtype=np.dtype(dtype))


@implements(np.identity)
def _identity(n: Any, dtype: Any = None, *, like: Any = None) -> Value:
    size = as_size(n)
    return BY_NAME["eye"](n=size, m=size, k=0, dtype=np.dtype(dtype))
