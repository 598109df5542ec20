"""NumPy's reductions with their keywords: axis, dtype, keepdims, initial, where, ddof; nan versions."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Builder, Kind, Value, product

from . import elementwise, operators, scan_op  # noqa: F401  (ops used by name)
from .arguments import as_axes, as_int
from .convert import cast, operand
from .op import BY_NAME, FUNCTIONS, implements
from .reduce_op import Reduction
from .selection import where as where_op
from .shapes import normalize_axes, normalize_axis
from .ufunc import numbers, stored

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
        x = where_op(operand(mask), x, _filler(op, x, initial))
    axes = normalize_axes(as_axes(axis), x.ndim)
    result = op(x, axis=axes, keepdims=bool(given(keepdims, False)))
    start = given(initial, None)
    if start is None or join is None:
        return result
    return BY_NAME[join](result, cast(operand(start), result.dtype))


def _filler(op: Reduction, x: Value, initial: Any) -> Any:
    """What stands in place of elements that `where` leaves out."""
    if op.identity is not None:
        return x.dtype.type(op.identity)
    if given(initial, None) is None:
        raise ValueError(
            f"reduction operation {op.name!r} does not have an identity, so to use a where mask one has to specify 'initial'"
        )
    return cast(operand(initial), x.dtype)


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
        return stored(fold(op, a, axis, dtype, keepdims, initial, where, join), out)

    return function


def _extreme(name: str, join: str) -> Any:
    op = BY_NAME[name]

    def function(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
    ) -> Value:
        return stored(fold(op, a, axis, None, keepdims, initial, where, join), out)

    return function


implements(np.sum, method="sum")(_folding("sum", "add"))
implements(np.prod, method="prod")(_folding("prod", "multiply"))
implements(np.max, np.amax, method="max")(_extreme("max", "maximum"))
implements(np.min, np.amin, method="min")(_extreme("min", "minimum"))
implements(np.nanmax)(_extreme("nanmax", "fmax"))
implements(np.nanmin)(_extreme("nanmin", "fmin"))


@implements(np.any, method="any")
def _any(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN) -> Value:
    return stored(fold(BY_NAME["any"], a, axis, None, keepdims, where=where), out)


@implements(np.all, method="all")
def _all(a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN) -> Value:
    return stored(fold(BY_NAME["all"], a, axis, None, keepdims, where=where), out)


# -- means and moments ---------------------------------------------------------------------------
@implements(np.mean, method="mean")
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN
) -> Value:
    keep, mask = bool(given(keepdims, False)), given(where, True)
    if mask is True:
        return stored(fold(BY_NAME["mean"], a, axis, dtype, keep), out)
    x = number(a)
    dtype = np.float64 if dtype is None and x.dtype.kind in "biu" else dtype
    total = fold(BY_NAME["sum"], x, axis, dtype, keep, where=mask)
    return stored(total / _number_of(x, axis, mask, keep), out)


def _number_of(x: Value, axis: Any, mask: Any, keepdims: bool) -> Value:
    """How many elements are folded into one."""
    axes = normalize_axes(as_axes(axis), x.ndim)
    if mask is True:
        return Builder.current().size(product(x.shape[k] for k in axes))
    flags = BY_NAME["broadcast_to"](operand(mask), shape=x.shape)
    return BY_NAME["sum"](flags, axis=axes, keepdims=keepdims)


@implements(np.var, method="var")
def _var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = NOT_GIVEN, *,
    where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Value:
    """The mean of squared distances from the mean, as NumPy computes it."""
    x, mask = number(a), given(where, True)
    x = x if dtype is None else cast(x, np.dtype(dtype))
    center = _mean(x, axis, None, None, True, where=mask) if mean is NOT_GIVEN else operand(mean)
    deviation = x - center
    if deviation.type.is_complex:
        squares = BY_NAME["real"](deviation * BY_NAME["conjugate"](deviation))
    else:
        squares = deviation * deviation
    return stored(_averaged(squares, axis, given(correction, ddof), bool(given(keepdims, False)), mask), out)


def _averaged(squares: Value, axis: Any, ddof: Any, keepdims: bool, mask: Any) -> Value:
    """The sum over the number of degrees of freedom; no less than zero of those."""
    if mask is True and isinstance(ddof, (int, float)) and ddof == 0:
        return fold(BY_NAME["mean"], squares, axis, None, keepdims)
    total = fold(BY_NAME["sum"], squares, axis, None, keepdims, where=mask)
    freedom = _number_of(squares, axis, mask, keepdims) - ddof
    return total / BY_NAME["maximum"](freedom, 0)


@implements(np.std, method="std")
def _std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = NOT_GIVEN, *,
    where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Value:
    variance = _var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    return stored(BY_NAME["root"](variance), out)


# -- positions and counts ------------------------------------------------------------------------
def _position(name: str) -> Any:
    op = BY_NAME[name]

    def function(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NOT_GIVEN) -> Value:
        x = operand(a)
        axis = None if axis is None else normalize_axis(as_int(axis, "axis"), x.ndim)
        return stored(op(x, axis=axis, keepdims=bool(given(keepdims, False))), out)

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
        return stored(fold(op, x, axis, dtype, keepdims, initial, _both(present, where), join), out)

    return function


implements(np.nansum)(_nan_folding("sum", "add"))
implements(np.nanprod)(_nan_folding("prod", "multiply"))


@implements(np.nanmean)
def _nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN
) -> Value:
    x, present = _present(a)
    return _mean(x, axis, dtype, out, keepdims, where=_both(present, where))


def _nan_moment(moment: Any) -> Any:
    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = NOT_GIVEN, *,
        where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
    ) -> Value:
        x, present = _present(a)
        mask = _both(present, where)
        return moment(x, axis, dtype, out, ddof, keepdims, where=mask, mean=mean, correction=correction)

    return function


implements(np.nanvar)(_nan_moment(_var))
implements(np.nanstd)(_nan_moment(_std))


def _nan_position(name: str, filler: float) -> Any:
    position = FUNCTIONS[getattr(np, name)]

    def function(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NOT_GIVEN) -> Value:
        x, present = _present(a)
        x = x if present is True else where_op(present, x, filler)
        return position(x, axis, out, keepdims=keepdims)

    return function


implements(np.nanargmax)(_nan_position("argmax", -np.inf))
implements(np.nanargmin)(_nan_position("argmin", np.inf))


# -- running folds -------------------------------------------------------------------------------
def scan(name: str, a: Any, axis: Any, dtype: Any = None, out: Any = None) -> Value:
    """A running fold along `axis`, of the flat array for None."""
    x = number(a)
    x = x if dtype is None else cast(x, np.dtype(dtype))
    if axis is None or not x.ndim:
        x = x if x.ndim == 1 else BY_NAME["reshape"](x, shape=(x.type.size,))
        axis = 0
    axis = normalize_axis(as_int(axis, "axis"), x.ndim)
    return stored(BY_NAME[name](x, axis=axis, reverse=False), out)


@implements(np.cumsum, method="cumsum")
def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Value:
    return scan("cumsum", a, axis, dtype, out)


@implements(np.cumprod, method="cumprod")
def _cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Value:
    return scan("cumprod", a, axis, dtype, out)


def _nan_scan(name: str, filler: int) -> Any:
    def function(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Value:
        x, present = _present(a)
        return scan(name, x if present is True else where_op(present, x, filler), axis, dtype, out)

    return function


implements(np.nancumsum)(_nan_scan("cumsum", 0))
implements(np.nancumprod)(_nan_scan("cumprod", 1))


# -- methods of ufuncs ---------------------------------------------------------------------------
def _ufunc_reduce(name: str, join: str) -> Any:
    op = BY_NAME[name]

    def function(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
        initial: Any = NOT_GIVEN, where: Any = True,
    ) -> Value:
        return stored(fold(op, array, axis, dtype, keepdims, initial, where, join), out)

    return function


def _ufunc_accumulate(name: str) -> Any:
    return lambda array, axis=0, dtype=None, out=None: scan(name, array, axis, dtype, out)


for _ufunc, _fold_name, _join in (
    (np.add, "sum", "add"),
    (np.multiply, "prod", "multiply"),
    (np.maximum, "max", "maximum"),
    (np.minimum, "min", "minimum"),
    (np.fmax, "nanmax", "fmax"),
    (np.fmin, "nanmin", "fmin"),
    (np.logical_or, "any", "logical_or"),
    (np.logical_and, "all", "logical_and"),
):
    FUNCTIONS[_ufunc.reduce] = _ufunc_reduce(_fold_name, _join)
for _ufunc, _scan_name in ((np.add, "cumsum"), (np.multiply, "cumprod"), (np.maximum, "cummax"), (np.minimum, "cummin")):
    FUNCTIONS[_ufunc.accumulate] = _ufunc_accumulate(_scan_name)


def _logaddexp_reduce(
    array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Value:
    """``max + log(sum(exp(x - max)))``; the maximum itself where it is infinite."""
    x = number(array)
    x = x if where is True else where_op(operand(where), x, -np.inf)
    top = fold(BY_NAME["max"], x, axis, dtype, True)
    shift = where_op(BY_NAME["isfinite"](top), top, 0.0)
    total = fold(BY_NAME["sum"], BY_NAME["exp"](x - shift), axis, dtype, keepdims)
    if not keepdims:
        shift = BY_NAME["reshape"](shift, shape=total.shape)
    result = BY_NAME["log"](total) + shift
    return stored(result if initial is NOT_GIVEN else BY_NAME["logaddexp"](result, operand(initial)), out)


FUNCTIONS[np.logaddexp.reduce] = _logaddexp_reduce


def _outer(call: Any) -> Any:
    def function(a: Any, b: Any, /, **kwargs: Any) -> Value:
        a, b = operand(a), operand(b)
        column = BY_NAME["reshape"](a, shape=(*a.shape, *(1,) * b.ndim)) if b.ndim and a.ndim else a
        return call(column, b, **kwargs)

    return function


for _function, _call in list(FUNCTIONS.items()):
    if isinstance(_function, np.ufunc) and _function.nin == 2 and _function.signature is None:
        FUNCTIONS[_function.outer] = _outer(_call)
