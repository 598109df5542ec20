"""What calling a ufunc or an operator on Values means: operands, kinds, dtype=, where= and out=."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Kind, Value

from .convert import constant, is_constant, operand, strong
from .cotangents import cast
from .op import BY_NAME, Op, Zero
from .shapes import broadcasts_to, weak


class OperatorCall:
    """``operator.add(a, b)``: Python numbers give a Python number."""

    def __init__(self, op: Op) -> None:
        self.op = op

    def __call__(self, *args: Any) -> Any:
        values = [x if type(x) is Zero else operand(x) for x in args]
        if len(values) == 2 and Zero not in map(type, values):
            return self.of_two(*values)
        return self.op(*values)

    def of_two(self, a: Any, b: Any) -> Any:
        """As NumPy and Python do where a ufunc would give something else."""
        if self.op.name == "power" and a.type.kind is Kind.ARRAY and is_constant(b) and b.type.kind is Kind.PYTHON:
            if constant(b) == 0.5 and a.type.differentiable:  # pow(-inf, 0.5) is inf, sqrt(-inf) is nan
                return BY_NAME["sqrt"](a)
            if constant(b) == 2 and a.dtype.kind == "b":
                return BY_NAME["square"](a)
        if self.op.name in _ARITHMETIC and is_python_complex(a) and type_of_number(b) is np.float64:
            b = BY_NAME["as_kind"](b, kind=Kind.PYTHON, dtype=np.dtype(float))
        return self.op(a, b)

    def __repr__(self) -> str:
        return f"<operator {self.op.name}>"


_ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "equal", "not_equal")


def type_of_number(x: Any) -> Any:
    """The class of a NumPy scalar; None for anything else."""
    return x.dtype.type if isinstance(x, Value) and x.type.kind is Kind.SCALAR else None


def is_python_complex(x: Any) -> bool:
    """Whether `complex.__add__` is asked first, to which a np.float64 is a float like another."""
    return isinstance(x, Value) and x.type.kind is Kind.PYTHON and x.type.is_complex


class UfuncCall:
    """``np.add(a, b, dtype=..., where=..., out=...)``: the result is never a Python number.

    With `out` (a Value: what the output holds before) the result is what it holds afterwards.
    """

    def __init__(self, op: Op) -> None:
        self.op = op

    def __call__(
        self,
        *args: Any,
        out: Any = None,
        where: Any = True,
        dtype: Any = None,
        casting: Any = "same_kind",
        order: str = "K",
        subok: bool = True,
        signature: Any = None,
    ) -> Any:
        ufunc = self.op.numpy
        if len(args) > ufunc.nin:
            args, out = args[: ufunc.nin], args[ufunc.nin]
        if signature is not None:
            raise NotImplementedError(f"{ufunc.__name__} with signature= is not traced; use dtype=")
        values = numbers(args)
        if dtype is not None:
            values = self.cast(values, dtype, casting)
        return stored(self.op(*values), out, where, casting)

    def cast(self, values: list[Value], dtype: Any, casting: Any) -> list[Value]:
        """The inputs in the dtypes of the loop that computes in `dtype`."""
        ufunc = self.op.numpy
        if isinstance(dtype, type) and issubclass(dtype, np.dtype):
            dtype = dtype()  # type: ignore[call-overload]  # a class such as np.dtypes.Float64DType, which np.dtype() takes for an object
        signature = (*(None,) * ufunc.nin, *(np.dtype(dtype),) * ufunc.nout)
        slots = (*(weak(v.type) for v in values), *(None,) * ufunc.nout)
        found = ufunc.resolve_dtypes(slots, signature=signature, casting=casting)
        return [cast(v, d) for v, d in zip(values, found)]

    def __repr__(self) -> str:
        return f"<ufunc {self.op.name}>"


def numbers(args: Any) -> list[Value]:
    """Operands of a NumPy function; Python numbers alone count as NumPy scalars."""
    values = [operand(x) for x in args]
    return [strong(v) for v in values] if all(v.type.kind is Kind.PYTHON for v in values) else values


def stored(result: Value, out: Any, where: Any = True, casting: Any = "same_kind") -> Value:
    """What `out` holds after `result` is written to it where `where` is true; `result` without out."""
    out = out[0] if isinstance(out, tuple) else out
    if out is None:
        if where is not True:
            raise NotImplementedError("where= without out= leaves elements uninitialised")
        return result
    if not np.can_cast(result.dtype, out.dtype, casting):
        raise TypeError(f"Cannot cast output from {result.dtype} to {out.dtype} with casting rule {casting!r}")
    mask = None if where is True else operand(where)
    if not all(broadcasts_to(x.shape, out.shape) for x in (result, mask) if x is not None):
        raise ValueError(f"non-broadcastable output operand with shape {tuple(out.shape)}")
    result = cast(result, out.dtype)
    if mask is not None:
        return BY_NAME["where"](mask, result, out)
    if tuple(result.shape) != tuple(out.shape):
        result = BY_NAME["broadcast_to"](result, shape=out.shape)
    return result
