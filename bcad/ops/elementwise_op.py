"""Elementwise ops as rows: one partial an argument gives jvp, vjp, broadcasting and complex forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Value

from .convert import cast, constant, is_constant, strong
from .cotangents import accumulate, add, broadcast_like, through_mask, to_cotangent, unbroadcast
from .op import BY_NAME, FUNCTIONS, Op, Zero, register
from .samples import Sample
from .shapes import broadcast, loop_dtypes, python_dtype, result_kind, ufunc_dtypes, weak
from .ufunc import OperatorCall, UfuncCall

__all__ = [
    "Elementwise", "accumulate", "broadcast_like", "elementwise", "through_mask", "to_cotangent", "unbroadcast",
    "varies",
]

Partial = Callable[..., Any] | float | None


_KNOWN_TYPES = 1024  # for one op


class Elementwise(Op):
    """A function of numbers, applied to arrays element by element.

    Attributes
    ----------
    partials : sequence
        For each argument the partial derivative as a function ``(y, *x)`` of the result and
        the arguments, a number if it is constant, or None where it is zero.
    scalar : str
        The function on scalars as a Python expression of ``{0}``, ``{1}``, ...: what both
        numba printers emit inside a loop, on inputs cast to `loop_dtypes`.  Names are NumPy's.
    python : callable or None
        The meaning on Python numbers, if Python has its own (``operator.add``, ``math.sin``).
    raises : callable or None
        ``(y, *x)`` -> a flag: where `python` raises instead of giving a number of the result's type.
    infix : str or None
        How it is written between or before operands, for printing (``"{0} + {1}"``).
    """

    partials: Sequence[Partial] = ()
    scalar: str | None = None
    python: Callable[..., Any] | None = None
    raises: Callable[..., Any] | None = None
    infix: str | None = None

    def __init__(self) -> None:
        self._types: dict[tuple[ArrayType, ...], ArrayType] = {}  # of results, by those of the inputs

    def type_rule(self, *inputs: ArrayType) -> ArrayType:
        known = self._types.get(inputs)
        if known is not None:
            return known
        shape = broadcast(*(t.shape for t in inputs))
        found = ArrayType(self.result_dtype(*inputs), shape, result_kind(inputs, shape))
        if all(t.shape in (shape, ()) for t in inputs):  # else sizes are compared, which the tracer guards
            if len(self._types) >= _KNOWN_TYPES:
                self._types.clear()
            self._types[inputs] = found
        return found

    def result_dtype(self, *inputs: ArrayType) -> np.dtype[Any]:
        if self.python is not None and all(t.kind is Kind.PYTHON for t in inputs):
            dtype = python_dtype(self.python, tuple(t.python_type for t in inputs))
            if dtype is not None:
                return dtype
        return ufunc_dtypes(self.numpy, tuple(map(weak, inputs)))[0]

    def loop_dtypes(self, *inputs: ArrayType) -> tuple[np.dtype[Any], ...]:
        """The dtypes that NumPy casts the inputs to before it computes."""
        if not isinstance(self.numpy, np.ufunc):
            return tuple(t.dtype for t in inputs)
        return loop_dtypes(self.numpy, tuple(map(weak, inputs)))

    def expression(self, *inputs: ArrayType) -> str | None:
        """`scalar` for inputs of these types."""
        return self.scalar

    def evaluate(self, *inputs: Any) -> Any:
        if self.python is not None and all(type(x) in (bool, int, float, complex) for x in inputs):
            return self.python(*inputs)
        return self.numpy(*inputs)

    def fault(self, y: Value, *inputs: Value) -> Any:
        """A flag that is set where Python raises, or None; only results of kind PYTHON raise."""
        if self.raises is None or y.type.kind is not Kind.PYTHON:
            return None
        return self.raises(y, *inputs)

    def jvp(self, y: Value, *inputs_and_tangents: Any) -> Any:
        n = len(inputs_and_tangents) // 2
        inputs, tangents = inputs_and_tangents[:n], inputs_and_tangents[n:]
        total: Any = Zero(y.type)
        for k, tangent in enumerate(tangents):
            if type(tangent) is not Zero:
                total = add(total, self._scaled(k, tangent, y, inputs))
        return broadcast_like(total, y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        return tuple(
            to_cotangent(self._scaled(k, g, y, inputs), x) if varies(x) else None for k, x in enumerate(inputs)
        )

    def _scaled(self, k: int, g: Any, y: Value, inputs: Sequence[Value]) -> Any:
        """``g`` times the k-th partial; a mask stays outside, so that what it hides is never used."""
        partial = self.partials[k] if self.differentiable else None
        if partial is None:
            return Zero(y.type)
        if not callable(partial):
            return g if partial == 1 else -g if partial == -1 else g * partial
        operands = self.operands(y, *inputs)
        return through_mask(g, lambda h: h * partial(*operands))

    def operands(self, y: Value, *inputs: Value) -> tuple[Value, ...]:
        """What partials are computed from: numbers that never raise, even if they are Python's."""
        if y.type.kind is not Kind.PYTHON:
            return (y, *(_calm(x, y) for x in inputs))
        return (strong(y), *map(strong, inputs))


def _calm(x: Value, y: Value) -> Value:
    """A Python number next to NumPy's, which decide about the result `y`, as one of theirs: ``1 / x`` may be inf.

    Bools have no ``-x``, and that of unsigned or small integers wraps: next to floats they are floats.
    """
    if x.type.kind is not Kind.PYTHON and y.dtype.kind in "fc" and (x.dtype.kind in "bu" or x.dtype.kind == "i" and x.dtype.itemsize < 8):
        return cast(x, y.dtype)
    if x.type.kind is not Kind.PYTHON or is_constant(x) and constant(x) != 0:
        return x
    dtype = y.dtype if y.dtype.kind in "fc" and (x.dtype.kind != "c" or y.dtype.kind == "c") else x.dtype
    return BY_NAME["as_kind"](x, kind=Kind.SCALAR, dtype=dtype)


def varies(x: Value) -> bool:
    """Whether a cotangent for an input is of any use."""
    return x.type.differentiable and not is_constant(x)


def elementwise(
    name: str,
    numpy: Any,
    partials: Sequence[Partial] | None = None,
    *,
    scalar: str | None = None,
    python: Callable[..., Any] | None = None,
    raises: Callable[..., Any] | None = None,
    infix: str | None = None,
    aliases: Sequence[Any] = (),
    samples: Sequence[Sample] = (),
    base: type[Elementwise] = Elementwise,
) -> Any:
    """Declare an elementwise op by a row.

    Parameters
    ----------
    name : str
        NumPy's name.
    numpy : ufunc
        The function it stands for.
    partials : sequence, optional
        See `Elementwise`; None declares it non-differentiable (its derivative is zero).
    aliases : sequence of callables
        Other functions with the same meaning (``operator.add``).
    """
    op = type(name.title().replace("_", ""), (base,), {})()
    op.name, op.numpy = name, numpy
    op.scalar, op.python, op.infix, op.samples = scalar, python, infix, tuple(samples)
    op.raises = raises
    op.differentiable = partials is not None
    op.partials = tuple(partials or ())
    for function in (numpy, *aliases):
        FUNCTIONS[function] = UfuncCall(op) if isinstance(function, np.ufunc) else OperatorCall(op)
    return register(op)
