"""``out=``: which argument of a call it is, which arrays NumPy takes for it, and what it holds afterwards.

Meanings give results; the arrays that these are written to are taken out of the arguments before (`take_out`, `storing`).
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any, NamedTuple

import numpy as np

from bcad.ir import Value, assumptions

from .convert import operand
from .cotangents import cast
from .op import BY_NAME
from .ufunc import UfuncCall, stored


class Rule(NamedTuple):
    """What a function does with ``out=``.

    Attributes
    ----------
    casting : str
        By which of NumPy's rules the result must fit; 'exact'; 'back': what `out` held must be cast safely to the result's dtype.
    larger : bool
        Whether the result is stretched to an `out` of a larger shape.
    folds : str
        'wrapping' or 'comparing' where results in between are rounded to the dtype of `out`, at intervals of NumPy's choice.
    widens : bool
        Whether the dtype of `out` takes part in that of the computation.
    """

    casting: str = "same_kind"
    larger: bool = False
    folds: str = ""
    widens: bool = False


def _accepts(call: Callable[[], Any]) -> bool:
    """Whether the NumPy in use does this: 2.5 takes other arrays for ``out=`` than 2.4."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except (TypeError, ValueError):
            return False
    return True


_SUM = Rule("unsafe", folds="wrapping", widens=True)
_EXTREME = Rule("unsafe", folds="comparing")
_MOMENT = Rule("unsafe", folds="rounding")
_BACK = Rule("back")
_UFUNC = Rule(larger=True)
_EXACT = Rule("exact")
_TAKEN = Rule("unsafe") if _accepts(lambda: np.take(np.ones(1), [0], out=np.zeros(1, complex))) else _BACK
_RULES: dict[Any, Rule] = {
    **dict.fromkeys((np.sum, np.prod, np.cumsum, np.cumprod, np.nansum, np.nanprod, np.nancumsum, np.nancumprod), _SUM),
    **dict.fromkeys((np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin, np.any, np.all), _EXTREME),
    **dict.fromkeys((np.mean, np.nanmean), Rule("unsafe", folds="rounding", widens=True)),
    **dict.fromkeys((np.var, np.nanvar, np.median, np.nanmedian, np.trace), _MOMENT),
    **dict.fromkeys((np.argmax, np.argmin, np.nanargmax, np.nanargmin), _BACK),
    **dict.fromkeys((np.take, np.compress), _TAKEN),
    **dict.fromkeys((np.clip, np.round, np.around, np.outer, np.percentile, np.quantile), _UFUNC),
    **dict.fromkeys((np.nanpercentile, np.nanquantile, np.choose), Rule("unsafe")),
    **dict.fromkeys((np.std, np.nanstd, np.concatenate, np.stack), Rule()),
    np.einsum: Rule("safe", widens=True),
    np.dot: _EXACT,
}
_SCANS = frozenset(  # a column may be written over by its own
    (np.cumsum, np.cumprod, np.nancumsum, np.nancumprod) if _accepts(lambda: np.cumsum(column := np.ones((2, 1)), out=column)) else ())
_MEANS = frozenset((np.mean, np.nanmean))
_INEXACT_ALIKE = frozenset((np.nanmean, np.nanvar, np.nanstd))
_FOLDS = {  # methods of ufuncs, and their arguments
    "reduce": ("array", "axis", "dtype", "out"), "accumulate": ("array", "axis", "dtype", "out"),
    "reduceat": ("array", "indices", "axis", "dtype", "out"),
}  # fmt: skip
_WRAPPING = frozenset((np.add, np.multiply))
_OF_ONE_SIZE = frozenset((np.round, np.around))  # whose `out` may have more axes, but not more elements
CONTIGUOUS = frozenset((np.dot,))  # whose `out` must lie in C order
NO_RULE = "out= of {} is not traced; assign the result instead"


# -- which argument it is ------------------------------------------------------------------------
@functools.lru_cache(maxsize=1024)
def place(function: Any, name: str = "out") -> int | None:
    """The position of an argument of a NumPy function; None if it has none of this name, or takes it by name alone."""
    if _fold_of(function) is not None:
        return _FOLDS[function.__name__].index(name)
    if not (getattr(function, "__module__", None) or "").startswith("numpy"):
        return None
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # C code that does not tell
        return None
    given = parameters.get(name)
    return list(parameters).index(name) if given is not None and given.kind is given.POSITIONAL_OR_KEYWORD else None


def take_out(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], bound: bool = False) -> tuple[Any, dict[str, Any], Any]:
    """The arguments without ``out``, and what it is: None, an array or a tuple of them; `bound`: of a method, whose owner is no argument."""
    rest = dict(kwargs)
    out = rest.pop("out", None)
    if isinstance(function, np.ufunc):
        if len(args) > function.nin:
            args, out = args[: function.nin], args[function.nin :]
    elif not (bound and function is np.choose) and (at := place(function)) is not None and len(args) > (at := at - bound):
        out, args = args[at], (*args[:at], None, *args[at + 1 :])
        args = args[:at] if len(args) == at + 1 else args
    if isinstance(out, tuple):
        if all(x is None for x in out):
            out = None
        elif len(out) == 1:
            (out,) = out
    return args, rest, out


# -- what it holds afterwards --------------------------------------------------------------------
def storing(function: Any, meaning: Callable[..., Any]) -> Callable[..., Any]:
    """The meaning of a call with ``out=``: a function of what that held before, then of the call's arguments.

    Several outputs are given, and their new contents returned, as a tuple; one that is None gives the result itself.
    """
    if isinstance(meaning, UfuncCall):
        return lambda out, *args, **kwargs: meaning(*args, out=out, **kwargs)
    if isinstance(function, np.ufunc):
        return functools.partial(_of_ufunc, function, meaning)
    rule = _rule(function)
    if rule is None:
        raise NotImplementedError(NO_RULE.format(getattr(function, "__name__", function)))
    return functools.partial(_of_function, function, meaning, rule)


def _of_ufunc(function: np.ufunc, meaning: Callable[..., Any], out: Any, *args: Any, casting: Any = "same_kind", **kwargs: Any) -> Any:
    if kwargs:
        raise NotImplementedError(f"{function.__name__} with out= and {', '.join(kwargs)}= is not traced")
    results = meaning(*args)
    if function.nout == 1:
        return stored(results, out, True, casting)
    return tuple(r if o is None else stored(r, o, True, casting) for r, o in zip(results, out, strict=True))


def _of_function(function: Any, meaning: Callable[..., Any], rule: Rule, out: Value, *args: Any, **kwargs: Any) -> Value:
    if rule.widens:
        args, kwargs = _computed_in(function, args, kwargs, out)
    result = operand(meaning(*args, **kwargs))
    if function in _INEXACT_ALIKE and operand(args[0]).dtype.kind in "fc" and out.dtype.kind not in "fc":
        raise TypeError("If a is inexact, then out must be inexact")
    _require_fits(function, rule, kwargs.get("casting", rule.casting), result.dtype, out.dtype)
    alike = assumptions().agree
    if function in _OF_ONE_SIZE and not alike(out.type.size, result.type.size):
        raise ValueError("invalid output shape")
    if rule.larger:
        return stored(result, out, True, "unsafe")
    if function in _SCANS and operand(args[0]) is out and out.shape[1:] == (1,) * (out.ndim - 1) and result.ndim == 1:
        result = BY_NAME["reshape"](result, shape=(result.shape[0], *out.shape[1:]))  # of one column, which is left as it is
    if len(result.shape) != len(out.shape) or not all(alike(a, b) for a, b in zip(result.shape, out.shape, strict=True)):
        raise ValueError(f"out= has another shape than the result: {_text(out)} instead of {_text(result)}")
    return cast(result, out.dtype)


def _text(x: Value) -> str:
    return f"({', '.join(map(str, x.shape))})"


def _computed_in(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Value) -> tuple[Any, dict[str, Any]]:
    """The arguments with the dtype that a sum or product is computed in where none is asked for."""
    at = place(function, "dtype")
    given = args[at] if at is not None and len(args) > at else kwargs.get("dtype")
    terms = args[:1] if function is not np.einsum else args[1:] if isinstance(args[0], str) else args[: len(args) // 2 * 2 : 2]
    dtypes = [operand(x).dtype for x in terms]
    if given is not None or function in _MEANS and dtypes[0].kind in "biu":
        return args, kwargs
    dtype = np.result_type(out.dtype, *dtypes)
    if at is None or len(args) <= at:
        return args, {**kwargs, "dtype": dtype}
    return (*args[:at], dtype, *args[at + 1 :]), kwargs


def _require_fits(function: Any, rule: Rule, casting: Any, found: Any, wanted: Any) -> None:
    """Raise what NumPy does for an output of another dtype, or refuse it where results in between are rounded."""
    name = getattr(function, "__name__", str(function))
    if casting == "exact":
        if found != wanted:
            raise ValueError("output array is not acceptable (must have the right datatype, number of dimensions, and be a C-Array)")
    elif casting == "back":
        if not np.can_cast(wanted, found, "safe"):
            raise TypeError(f"Cannot cast array data from {wanted!r} to {found!r} according to the rule 'safe'")
    elif not np.can_cast(found, wanted, casting):
        raise TypeError(f"Cannot cast {name} output from {found!r} to {wanted!r} with casting rule {casting!r}")
    if rule.folds and not _keeps(rule.folds, found, wanted):
        raise NotImplementedError(f"{name} keeps results in between in out=, as {wanted}, at intervals of its own; assign the result instead")


def _keeps(folds: str, found: Any, wanted: Any) -> bool:
    """Whether it does not matter how often the results in between were cast."""
    if found.kind in "iu" and wanted.kind in "iu":
        return folds == "wrapping" or np.can_cast(found, wanted, "safe")
    return np.can_cast(found, wanted, "same_kind")


def _rule(function: Any) -> Rule | None:
    found = _RULES.get(function)
    if found is None and (ufunc := _fold_of(function)) is not None:
        found = _SUM if ufunc in _WRAPPING else _EXTREME
    elif found is None and _method_of_ufunc(function, "outer") is not None:
        found = _UFUNC
    elif found is None and getattr(function, "__module__", "") == "numpy.fft":
        found = Rule()
    return found


def _fold_of(function: Any) -> np.ufunc | None:
    return next((u for name in _FOLDS if (u := _method_of_ufunc(function, name)) is not None), None)


def _method_of_ufunc(function: Any, name: str) -> np.ufunc | None:
    """The ufunc whose method of this name it is."""
    owner = getattr(function, "__self__", None)
    return owner if type(function) is BuiltinFunctionType and isinstance(owner, np.ufunc) and function.__name__ == name else None


__all__ = ["CONTIGUOUS", "place", "storing", "take_out"]
