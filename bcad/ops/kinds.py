"""Changing the kind or dtype of numbers: float(x), int(x), np.float32(x), x.item(), x.astype(); rounding."""

from __future__ import annotations

import builtins
import warnings
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Kind, Value, assumptions

from .arguments import as_int
from .convert import _PYTHON, as_kind, constant, is_constant, operand
from .cotangents import cast
from .op import BY_NAME, FUNCTIONS, METHODS, Op, define, implements
from .samples import Sample, integers, reals
from .ufunc import numbers


def _converts_one_element() -> bool:
    """Whether ``float(np.ones(1))`` is a number: to NumPy 2.3 it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(np.ones(1)) == 1.0
        except TypeError:
            return False


CONVERTS_ONE_ELEMENT = _converts_one_element()


def one_number(value: Value, cls: type) -> Value:
    """A number as it is; the element of an array with one, if NumPy makes a `cls` of such an array."""
    if not value.ndim:
        return value
    if not assumptions().equal(value.type.size, 1) or not (cls is bool or CONVERTS_ONE_ELEMENT):
        raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
    return BY_NAME["reshape"](value, shape=())


def python_number(x: Any, cls: type) -> Value:
    """`x` as a Python bool, int, float or complex; an array must have one element."""
    value = operand(x)
    if value.type.kind is Kind.PYTHON and value.type.python_type is cls:
        return value
    if is_constant(value) and not value.shape:
        return Builder.current().constant(cls(constant(value)))
    return as_kind(one_number(value, cls), kind=Kind.PYTHON, dtype=np.dtype(cls))


@implements(float)
def _float(x: Any = 0.0, /) -> Value:
    return python_number(x, float)


@implements(int)
def _int(x: Any = 0, /) -> Value:
    """Towards zero; not differentiable."""
    return python_number(x, int)


@implements(bool)
def _bool(x: Any = False, /) -> Value:
    return python_number(x, bool)


@implements(complex)
def _complex(real: Any = 0, imag: Any = 0) -> Value:
    result = python_number(real, complex)
    if isinstance(imag, (int, float)) and imag == 0:
        return result
    turned = BY_NAME["multiply"](1j, python_number(imag, complex))
    return python_number(BY_NAME["add"](result, turned), complex)


def numpy_number(dtype: Any) -> Any:
    """``np.float32(x)``: a NumPy scalar, or an array if x is one."""
    dtype = np.dtype(dtype)

    def function(x: Any = 0, /) -> Value:
        value = operand(x)
        if value.shape:
            return cast(value, dtype)
        if value.type.kind is Kind.SCALAR and value.dtype == dtype:
            return value
        return as_kind(value, kind=Kind.SCALAR, dtype=dtype)

    return function


for _name in "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split():
    _scalar_type = np.dtype(_name).type
    FUNCTIONS[_scalar_type] = numpy_number(_scalar_type)
for _scalar_type in (np.longdouble, np.clongdouble):
    FUNCTIONS[_scalar_type] = numpy_number(_scalar_type)


@implements(method="item")
def _item(a: Any, *args: Any) -> Value:
    """The element as a Python number; of a larger array the one at an index."""
    value = operand(a)
    if len(args) == 1 and not isinstance(args[0], tuple):
        value = BY_NAME["reshape"](value, shape=(value.type.size,))[args[0]]
    elif args:
        value = value[args[0] if isinstance(args[0], tuple) else args]
    return python_number(value, _PYTHON[value.dtype.kind])


@implements(method="tolist")
def _tolist(a: Any) -> Any:
    """Nested lists of Python numbers; the lengths must be known."""
    value = operand(a)
    if not value.shape:
        return _item(value)
    return [_tolist(value[k]) for k in range(as_int(value.shape[0], "the length of a list"))]


@implements(method="astype")
def _astype(
    a: Any, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
) -> Value:
    value, dtype = operand(a), np.dtype(dtype)
    if not np.can_cast(value.dtype, dtype, casting):
        raise TypeError(f"Cannot cast array data from {value.dtype!r} to {dtype!r} according to the rule {casting!r}")
    return cast(value, dtype)


@implements(np.astype)
def _astype_function(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Value:
    if not copy and operand(x).dtype == dtype:
        raise NotImplementedError("np.astype(x, copy=False) of an array that has this dtype, which gives x itself, is not traced: use x.astype")
    return _astype(x, dtype)


# -- rounding ------------------------------------------------------------------------------------
@define
class Round(Op):
    """``round(x, decimals)``, half to even."""

    numpy = np.round
    differentiable = False
    samples = (Sample(reals(5), decimals=1), Sample(reals(3), decimals=0), Sample(integers(3), decimals=-1), Sample(1.27, decimals=1))

    def type_rule(self, x: ArrayType, *, decimals: int) -> ArrayType:
        return x if x.shape or x.kind is not Kind.ARRAY else ArrayType(x.dtype, (), Kind.SCALAR)

    def evaluate(self, x: Any, *, decimals: int) -> Any:
        return builtins.round(x, decimals) if type(x) in (int, float) else np.round(x, decimals)


@implements(np.round, np.around, method="round")
def _numpy_round(a: Any, decimals: Any = 0, out: Any = None) -> Value:
    (value,) = numbers((a,))
    if value.dtype.kind == "b":  # rint has no loop for it but the one of float16
        if as_int(decimals):
            raise TypeError("Cannot cast ufunc 'multiply' output from dtype('float64') to dtype('bool') with casting rule 'same_kind'")
        value = BY_NAME["rint"](value)
    return BY_NAME["round"](value, decimals=as_int(decimals))


@implements(builtins.round)
def _round(number: Any, ndigits: Any = None) -> Value:
    """An int without `ndigits`."""
    value = operand(number)
    kind = value.type.kind
    if kind is Kind.ARRAY or value.type.is_complex or kind is Kind.SCALAR and value.dtype.kind == "b":
        raise TypeError(f"type {value.type.python_type.__name__} doesn't define __round__ method")
    if kind is Kind.PYTHON and value.dtype.kind == "b":
        value = python_number(value, int)
    if ndigits is not None:
        return BY_NAME["round"](value, decimals=as_int(ndigits))
    return python_number(value if value.dtype.kind in "iu" else BY_NAME["rint"](value), int)


METHODS["__float__"], METHODS["__int__"], METHODS["__complex__"] = _float, _int, _complex
METHODS["__round__"] = _round
