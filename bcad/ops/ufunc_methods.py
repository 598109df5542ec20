"""The methods of ufuncs: reduce, accumulate, reduceat, outer."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from bcad.ir import Value

from .arguments import as_axes, as_int, concrete
from .convert import operand, strong
from .join import stack
from .op import BY_NAME, FUNCTIONS
from .reduce import NOT_GIVEN, fold, number, scan
from .selection import where as where_op
from .shapes import normalize_axis, reduced_axes


def _ufunc_reduce(name: str, join: str) -> Any:
    op = BY_NAME[name]

    def function(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
        initial: Any = NOT_GIVEN, where: Any = True,
    ) -> Value:
        return fold(op, array, axis, dtype, keepdims, initial, where, join)

    return function


def _ufunc_accumulate(name: str) -> Any:
    def function(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Value:
        x = number(array)
        if not x.ndim:
            if axis not in (0, -1):
                raise np.exceptions.AxisError(axis, 0)
            raise TypeError("cannot accumulate on a scalar")
        return scan(name, x, axis, dtype)

    return function


def _logaddexp_reduce(
    array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Value:
    """``max + log(sum(exp(x - max)))``; the maximum itself where it is infinite."""
    x = number(array)
    x = x if where is True else where_op(operand(where), x, -np.inf)
    if any(x.shape[k] == 0 for k in reduced_axes(as_axes(axis), x.ndim)):
        none = fold(BY_NAME["sum"], x, axis, dtype, keepdims) - np.inf
        return none if initial is NOT_GIVEN else BY_NAME["logaddexp"](none, operand(initial))
    top = fold(BY_NAME["max"], x, axis, dtype, True)
    shift = where_op(BY_NAME["isfinite"](top), top, 0.0)
    total = fold(BY_NAME["sum"], BY_NAME["exp"](x - shift), axis, dtype, keepdims)
    if not keepdims:
        shift = BY_NAME["reshape"](shift, shape=total.shape)
    result = BY_NAME["log"](total) + shift
    return result if initial is NOT_GIVEN else BY_NAME["logaddexp"](result, operand(initial))


def _ufunc_reduceat(name: str) -> Any:
    op = BY_NAME[name]

    def function(array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Value:
        """The folds from each index to the next one, or of one element where the next lies no further on."""
        x = number(array)
        if not x.ndim:
            raise TypeError("cannot reduceat on a scalar")
        starts = concrete(indices)
        if starts is None:
            return NotImplemented  # as `reduceat.py` says
        places = [as_int(k) for k in np.asarray(starts).tolist()]
        if not places:
            raise NotImplementedError("ufunc.reduceat without indices is not traced")
        k = normalize_axis(as_int(axis, "axis"), x.ndim)
        before = (slice(None),) * k
        parts = []
        for start, stop in itertools.zip_longest(places, places[1:]):
            if start < 0:
                raise IndexError(f"index {start} out-of-bounds in reduceat")
            one = x[(*before, start)]  # it must be there
            longer = stop is None or stop > start
            parts.append(fold(op, x[(*before, slice(start, stop))], k, dtype) if longer else fold(op, one, (), dtype))
        return stack(parts, k)

    return function


def _outer(call: Any) -> Any:
    def function(a: Any, b: Any, /, **kwargs: Any) -> Value:
        a, b = strong(operand(a)), strong(operand(b))
        column = BY_NAME["reshape"](a, shape=(*a.shape, *(1,) * b.ndim)) if b.ndim and a.ndim else a
        return call(column, b, **kwargs)

    return function


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
    FUNCTIONS[_ufunc.reduceat] = _ufunc_reduceat(_fold_name)
for _ufunc, _scan_name in ((np.add, "cumsum"), (np.multiply, "cumprod"), (np.maximum, "cummax"), (np.minimum, "cummin")):
    FUNCTIONS[_ufunc.accumulate] = _ufunc_accumulate(_scan_name)
FUNCTIONS[np.logaddexp.reduce] = _logaddexp_reduce
for _function, _call in list(FUNCTIONS.items()):
    if isinstance(_function, np.ufunc) and _function.nin == 2 and _function.signature is None:
        FUNCTIONS[_function.outer] = _outer(_call)
