"""Elementwise ops as rows: one partial an argument gives jvp, vjp, broadcasting and complex forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Value

from .op import BY_NAME, FUNCTIONS, Op, Zero, register
from .samples import Sample
from .shapes import broadcast, result_kind, ufunc_dtypes, weak

Partial = Callable[..., Any] | float | None


class Elementwise(Op):
    """A function of numbers, applied to arrays element by element.

    Attributes
    ----------
    partials : sequence
        For each argument the partial derivative as a function ``(y, *x)`` of the result and
        the arguments, a number if it is constant, or None where it is zero.
    scalar : str
        The function on scalars as a Python expression of ``{0}``, ``{1}``, ...: what both
        numba printers emit inside a loop.  Names are those of ``math``, or of `bcad`'s vector
        math.
    python : callable or None
        The meaning on Python numbers, if Python has its own (``operator.add``, ``math.sin``).
    infix : str or None
        How it is written between or before operands, for printing (``"{0} + {1}"``).
    """

    partials: Sequence[Partial] = ()
    scalar: str | None = None
    python: Callable[..., Any] | None = None
    infix: str | None = None

    def type_rule(self, *inputs: ArrayType) -> ArrayType:
        shape = broadcast(*(t.shape for t in inputs))
        return ArrayType(self.result_dtype(*inputs), shape, result_kind(inputs, shape))

    def result_dtype(self, *inputs: ArrayType) -> np.dtype[Any]:
        return ufunc_dtypes(self.numpy, tuple(map(weak, inputs)))[0]

    def evaluate(self, *inputs: Any) -> Any:
        if self.python is not None and all(type(x) in (bool, int, float, complex) for x in inputs):
            return self.python(*inputs)
        return self.numpy(*inputs)

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
            None if not x.type.differentiable else to_cotangent(self._scaled(k, g, y, inputs), x)
            for k, x in enumerate(inputs)
        )

    def _scaled(self, k: int, g: Any, y: Value, inputs: Sequence[Value]) -> Any:
        """``g`` times the k-th partial; a mask stays outside, so that what it hides is never used."""
        partial = self.partials[k]
        if partial is None:
            return Zero(y.type)
        if not callable(partial):
            return g if partial == 1 else -g if partial == -1 else g * partial
        return through_mask(g, lambda h: h * partial(y, *inputs))


def elementwise(
    name: str,
    numpy: Any,
    partials: Sequence[Partial] | None = None,
    *,
    scalar: str | None = None,
    python: Callable[..., Any] | None = None,
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
        Other functions with the same meaning (``operator.add``, ``np.true_divide``).
    """
    op = type(name.title().replace("_", ""), (base,), {})()
    op.name, op.numpy = name, numpy
    op.scalar, op.python, op.infix, op.samples = scalar, python, infix, tuple(samples)
    op.differentiable = partials is not None
    op.partials = tuple(partials or ())
    for function in (numpy, *aliases):
        FUNCTIONS[function] = op
    return register(op)


# -- what every derivative of an elementwise op needs ------------------------------------------
def add(a: Any, b: Any) -> Any:
    """``a + b`` where either may be Zero."""
    return BY_NAME["add"](a, b)


def through_mask(g: Any, rule: Callable[[Any], Any]) -> Any:
    """Apply a linear elementwise `rule` under the mask of `g`, if it has one.

    ``where(c, sqrt(x), 0)`` sends back ``mask(c, g)``; multiplied by ``inf`` where c is false
    it would be nan.  Keeping the mask outside makes the hidden elements exactly zero.
    """
    node = g.node if isinstance(g, Value) else None
    if node is not None and node.op is BY_NAME["mask"]:
        condition, inner = node.inputs
        return BY_NAME["mask"](condition, rule(inner))
    return rule(g)


def accumulate(a: Any, b: Any) -> Any:
    """The sum of two cotangents; what both masks hide stays hidden."""
    mask = BY_NAME["mask"]
    nodes = [x.node if isinstance(x, Value) else None for x in (a, b)]
    if all(n is not None and n.op is mask for n in nodes):
        (c, _), (d, _) = nodes[0].inputs, nodes[1].inputs  # type: ignore[union-attr]
        return mask(BY_NAME["logical_or"](c, d), add(a, b))
    return add(a, b)


def to_cotangent(g: Any, x: Value | Zero) -> Any:
    """A cotangent for `x` from one of a broadcast, promoted result: summed, real if x is, cast."""
    if type(g) is Zero:
        return Zero(x.type)
    g = unbroadcast(g, x.shape)
    if g.type.is_complex and not x.type.is_complex:
        g = BY_NAME["real"](g)
    if g.dtype != x.dtype:
        g = BY_NAME["astype"](g, dtype=x.dtype)
    return g


def unbroadcast(g: Any, shape: Sequence[Any]) -> Any:
    """Sum over the axes that broadcasting added or stretched."""
    if tuple(g.shape) == tuple(shape):
        return g
    extra = g.ndim - len(shape)
    stretched = [
        extra + k for k, size in enumerate(shape) if size == 1 and g.shape[extra + k] != 1
    ]
    axes = (*range(extra), *stretched)
    if axes:
        g = BY_NAME["sum"](g, axis=axes, keepdims=False)
    if len(g.shape) != len(shape):
        g = BY_NAME["reshape"](g, shape=tuple(shape))
    return g


def broadcast_like(x: Any, y: Value) -> Any:
    """`x`, stretched to the shape of `y` and cast to its dtype (a tangent of `y`)."""
    if type(x) is Zero:
        return Zero(y.type)
    if tuple(x.shape) != tuple(y.shape):
        x = BY_NAME["broadcast_to"](x, shape=y.shape)
    if x.dtype != y.dtype:
        x = BY_NAME["astype"](x, dtype=y.dtype)
    return x
