"""What calling a ufunc or an operator on Values means: operands, kinds, dtype=, where= and out=."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Kind, Value

from .convert import cast, operand, strong
from .op import BY_NAME, Op, Zero
from .shapes import broadcast, weak


class OperatorCall:
    """``operator.add(a, b)``: Python numbers give a Python number."""

    def __init__(self, op: Op) -> None:
        self.op = op

    def __call__(self, *args: Any) -> Any:
        return self.op(*(x if type(x) is Zero else operand(x) for x in args))

    def __repr__(self) -> str:
        return f"<operator {self.op.name}>"


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
        casting: str = "same_kind",
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
            values = self.cast(values, dtype)
        return stored(self.op(*values), out, where, casting)

    def cast(self, values: list[Value], dtype: Any) -> list[Value]:
        """The inputs in the dtypes of the loop that computes in `dtype`."""
        ufunc = self.op.numpy
        signature = (*(None,) * ufunc.nin, *(np.dtype(dtype),) * ufunc.nout)
        slots = (*(weak(v.type) for v in values), *(None,) * ufunc.nout)
        found = ufunc.resolve_dtypes(slots, signature=signature)
        return [cast(v, d) for v, d in zip(values, found)]

    def __repr__(self) -> str:
        return f"<ufunc {self.op.name}>"


def numbers(args: Any) -> list[Value]:
    """Operands of a NumPy function; Python numbers alone count as NumPy scalars."""
    values = [operand(x) for x in args]
    return [strong(v) for v in values] if all(v.type.kind is Kind.PYTHON for v in values) else values


def stored(result: Value, out: Any, where: Any = True, casting: str = "same_kind") -> Value:
    """What `out` holds after `result` is written to it where `where` is true; `result` without out."""
    out = out[0] if isinstance(out, tuple) else out
    if out is None:
        if where is not True:
            raise NotImplementedError("where= without out= leaves elements uninitialised")
        return result
    if not np.can_cast(result.dtype, out.dtype, casting):
        raise TypeError(f"Cannot cast output from {result.dtype} to {out.dtype} with casting rule {casting!r}")
    if broadcast(result.shape, out.shape) != tuple(out.shape):
        raise ValueError(f"non-broadcastable output operand with shape {tuple(out.shape)}")
    result = cast(result, out.dtype)
    if where is not True:
        return BY_NAME["where"](operand(where), result, out)
    if tuple(result.shape) != tuple(out.shape):
        result = BY_NAME["broadcast_to"](result, shape=out.shape)
    return result
