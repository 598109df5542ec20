"""NumPy's reductions with their keywords: axis, dtype, keepdims, initial, where, ddof; nan versions.

What is given as `out` is taken out of the arguments before (see `outputs`): here it is None.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Builder, Kind, Value, product

from . import elementwise, operators, scan_op  # noqa: F401  (ops used by name)
from .arguments import as_axes, as_int
from .convert import cast, held_by, operand
from .op import BY_NAME, FUNCTIONS, implements
from .reduce_op import Axes, Reduction
from .selection import where as where_op
from .shape import along
from .shapes import broadcasts_to, normalize_axes, reduced_axes
from .ufunc import numbers

NOT_GIVEN: Any = np._NoValue


def given(x: Any, default: Any) -> Any:
    """`x`, or `default` where NumPy has its ``<no value>``."""
    return default if x is NOT_GIVEN else x


def fold(
    op: Reduction, a: Any, axis: Any, dtype: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
    where: Any = True, join: str | None = None,
) -> Value:
    """Fold `a` with `op`; `join` names the elementwise op that takes in an `initial` value."""
    x = number(a)
    x = x if dtype is None else cast(x, np.dtype(dtype))
    mask = given(where, True)
    if mask is not True:
        x = where_op(fitting(mask, x), x, _filler(op, x, initial))
    axes = reduced_axes(as_axes(axis), x.ndim)
    if x.shape and not axes:
        result = cast(x, op.result_dtype(x.type))
    else:
        result = op(x, axis=axes, keepdims=bool(given(keepdims, False)))
    result = result if dtype is None else cast(result, np.dtype(dtype))  # small integers are folded in large ones
    start = given(initial, None)
    if start is None or join is None:
        return result
    return BY_NAME[join](result, _initial(start, result.dtype))


def _initial(start: Any, dtype: Any) -> Value:
    """A number that a fold begins with."""
    value = operand(start)
    if value.ndim:
        raise ValueError("setting an array element with a sequence.")
    return cast(held_by(value, dtype), dtype)


def fitting(mask: Any, x: Value) -> Value:
    """A mask for the elements of `x`, which it does not stretch."""
    flags = operand(mask)
    if flags.dtype.kind != "b":
        if flags.type.kind is Kind.ARRAY:
            raise TypeError(f"Cannot cast array data from {flags.dtype!r} to dtype('bool') according to the rule 'safe'")
        flags = BY_NAME["not_equal"](flags, 0)
    if len(flags.shape) > x.ndim:
        raise ValueError("input operand has more dimensions than allowed by the axis remapping")
    if not broadcasts_to(flags.shape, x.shape):
        raise ValueError(f"non-broadcastable operand with shape {tuple(x.shape)} doesn't match the mask's {tuple(flags.shape)}")
    return flags


def _filler(op: Reduction, x: Value, initial: Any) -> Any:
    """What stands in place of elements that `where` leaves out."""
    if op.identity is not None:
        return x.dtype.type(op.identity)
    if given(initial, None) is None:
        raise ValueError(
            f"reduction operation {op.name!r} does not have an identity, so to use a where mask one has to specify 'initial'"
        )
    return _initial(initial, x.dtype)


def number(a: Any) -> Value:
    """The one operand of a reduction; a Python number counts as a NumPy scalar."""
    (x,) = numbers((a,))
    return x


# -- sums and products ---------------------------------------------------------------------------
def _folding(name: str, join: str) -> Any:
    op = BY_NAME[name]

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN,
        initial: Any = NOT_GIVEN, where: Any = NOT_GIVEN,
    ) -> Value:
        return fold(op, a, axis, dtype, keepdims, initial, where, join)

    return function


def _extreme(name: str, join: str) -> Any:
    op = BY_NAME[name]

    def function(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
    ) -> Value:
        return fold(op, a, axis, None, keepdims, initial, where, join)

    return function


implements(np.sum, method="sum")(_folding("sum", "add"))
implements(np.prod, method="prod")(_folding("prod", "multiply"))
implements(np.max, np.amax, method="max")(_extreme("max", "maximum"))
implements(np.min, np.amin, method="min")(_extreme("min", "minimum"))
implements(np.nanmax)(_extreme("nanmax", "fmax"))
implements(np.nanmin)(_extreme("nanmin", "fmin"))


@implements(np.any, method="any")
def _any(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN) -> Value:
    return fold(BY_NAME["any"], a, axis, None, keepdims, where=where)


@implements(np.all, method="all")
def _all(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN) -> Value:
    return fold(BY_NAME["all"], a, axis, None, keepdims, where=where)


# -- means and moments ---------------------------------------------------------------------------
@implements(np.mean, method="mean")
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN
) -> Value:
    x = number(a)
    axes = normalize_axes(as_axes(axis), x.ndim)
    return _averaged(x, axes, dtype, bool(given(keepdims, False)), given(where, True))


def _averaged(x: Value, axes: Axes, dtype: Any, keepdims: bool, mask: Any) -> Value:
    """The mean over `axes`, as NumPy computes it: a sum in `dtype`, and what it is divided to is of that too."""
    wide = dtype is None or np.dtype(dtype).kind in "fc" and np.dtype(dtype) != np.float16  # asked for halves, it adds up halves
    if mask is True and wide:
        return fold(BY_NAME["mean"], x, axes, dtype, keepdims)
    return _divided_sum(x, axes, dtype, keepdims, mask)


def _divided_sum(x: Value, axes: Axes, dtype: Any, keepdims: bool, mask: Any) -> Value:
    if dtype is None and x.dtype.kind in "biu":
        dtype = float
    total = fold(BY_NAME["sum"], x, axes, dtype, keepdims, where=mask)
    return cast(total / _number_of(x, axes, mask, keepdims), total.dtype)


def _number_of(x: Value, axes: Axes, mask: Any, keepdims: bool) -> Value:
    """How many elements are folded into one."""
    if mask is True:
        return Builder.current().size(product(x.shape[k] for k in axes))
    flags = BY_NAME["broadcast_to"](fitting(mask, x), shape=x.shape)
    return BY_NAME["sum"](flags, axis=axes, keepdims=keepdims)


@implements(np.var, method="var")
def _var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = NOT_GIVEN, *,
    where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Value:
    x = number(a)
    axes = normalize_axes(as_axes(axis), x.ndim)
    return _spread(x, axes, dtype, given(correction, ddof), keepdims, given(where, True), mean)


def _spread(x: Value, axes: Axes, dtype: Any, ddof: Any, keepdims: Any, mask: Any, mean: Any) -> Value:
    """The mean of squared distances from the mean, as NumPy computes it."""
    keep = bool(given(keepdims, False))
    half = (x.dtype if dtype is None else np.dtype(dtype)) == np.float16  # of which np.mean adds up singles, np.var not
    averaged = _divided_sum if half else _averaged
    center = averaged(x, axes, dtype, True, mask) if mean is NOT_GIVEN else operand(mean)
    deviation = x - center
    if deviation.type.is_complex:
        squares = BY_NAME["real"](deviation * BY_NAME["conjugate"](deviation))
    else:
        squares = deviation * deviation
    if mask is True and isinstance(ddof, (int, float)) and ddof == 0:
        return averaged(squares, axes, dtype, keep, True)
    total = fold(BY_NAME["sum"], squares, axes, dtype, keep, where=mask)
    freedom = _number_of(squares, axes, mask, keep) - ddof
    return cast(total / BY_NAME["maximum"](freedom, 0), total.dtype)


@implements(np.std, method="std")
def _std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = NOT_GIVEN, *,
    where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Value:
    variance = _var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    return _deviation(variance)


def _deviation(variance: Value) -> Value:
    """The root of a variance, in its dtype."""
    return cast(BY_NAME["root"](variance), variance.dtype)


# -- positions and counts ------------------------------------------------------------------------
def _position(name: str) -> Any:
    op = BY_NAME[name]

    def function(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NOT_GIVEN) -> Value:
        x = operand(a)
        axes = () if axis is None else reduced_axes(as_int(axis, "axis"), x.ndim)
        if not x.shape:
            return op(along(x, None)[0], axis=0, keepdims=False)
        return op(x, axis=axes[0] if axes else None, keepdims=bool(given(keepdims, False)))

    return function


implements(np.argmax, method="argmax")(_position("argmax"))
implements(np.argmin, method="argmin")(_position("argmin"))


@implements(np.count_nonzero)
def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Value:
    result = fold(BY_NAME["sum"], BY_NAME["not_equal"](number(a), 0), axis, np.intp, keepdims)
    if axis is None and not keepdims and not isinstance(np.count_nonzero(np.ones(1)), np.generic):  # NumPy before 2.3
        return BY_NAME["as_kind"](result, kind=Kind.PYTHON, dtype=np.dtype(int))
    return result


# -- without nans --------------------------------------------------------------------------------
def _present(a: Any) -> tuple[Value, Any]:
    """`a` and where it is a number; True if it cannot be nan."""
    x = number(a)
    return x, BY_NAME["logical_not"](BY_NAME["isnan"](x)) if x.type.differentiable else True


def _both(present: Any, where: Any) -> Any:
    where = given(where, True)
    if where is True or present is True:
        return present if where is True else where
    return BY_NAME["logical_and"](present, operand(where))


def _nan_folding(name: str, join: str) -> Any:
    op = BY_NAME[name]

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN,
        initial: Any = NOT_GIVEN, where: Any = NOT_GIVEN,
    ) -> Value:
        x, present = _present(a)
        return fold(op, x, axis, dtype, keepdims, initial, _both(present, where), join)

    return function


implements(np.nansum)(_nan_folding("sum", "add"))
implements(np.nanprod)(_nan_folding("prod", "multiply"))


@implements(np.nanmean)
def _nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN
) -> Value:
    x, present = _present(a)
    if present is True:
        return _mean(x, axis, dtype, None, keepdims, where=where)
    axes = reduced_axes(as_axes(axis), x.ndim)
    return _averaged(x, axes, dtype, bool(given(keepdims, False)), _both(present, where))


@implements(np.nanvar)
def _nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = NOT_GIVEN, *,
    where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Value:
    x, present = _present(a)
    if present is True:
        return _var(x, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    axes = reduced_axes(as_axes(axis), x.ndim)
    return _spread(x, axes, dtype, given(correction, ddof), keepdims, _both(present, where), mean)


@implements(np.nanstd)
def _nanstd(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = NOT_GIVEN, **more: Any) -> Value:
    return _deviation(_nanvar(a, axis, dtype, None, ddof, keepdims, **more))


def _nan_position(name: str, filler: float) -> Any:
    position = FUNCTIONS[getattr(np, name)]

    def function(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NOT_GIVEN) -> Value:
        x, present = _present(a)
        x = x if present is True else where_op(present, x, filler)
        return position(x, axis, None, keepdims=keepdims)

    return function


implements(np.nanargmax)(_nan_position("argmax", -np.inf))
implements(np.nanargmin)(_nan_position("argmin", np.inf))


# -- running folds -------------------------------------------------------------------------------
def scan(name: str, a: Any, axis: Any, dtype: Any = None) -> Value:
    """A running fold along `axis`, of the flat array for None."""
    x = number(a)
    x = x if dtype is None else cast(x, np.dtype(dtype))
    x, axis = along(x, axis)
    result = BY_NAME[name](x, axis=axis, reverse=False)
    return result if dtype is None else cast(result, np.dtype(dtype))


@implements(np.cumsum, method="cumsum")
def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Value:
    return scan("cumsum", a, axis, dtype)


@implements(np.cumprod, method="cumprod")
def _cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Value:
    return scan("cumprod", a, axis, dtype)


def _nan_scan(name: str, filler: int) -> Any:
    def function(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Value:
        x, present = _present(a)
        return scan(name, x if present is True else where_op(present, x, filler), axis, dtype)

    return function


implements(np.nancumsum)(_nan_scan("cumsum", 0))
implements(np.nancumprod)(_nan_scan("cumprod", 1))
