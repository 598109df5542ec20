"""Routine: a call of SciPy with closures as a ``host`` node, that is its own derivative rule."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Graph, Kind, Literal, Node, Type, Value
from bcad.ops import BY_NAME, host, tangent_type
from bcad.trace import flatten, is_traced, value_of

from .closure import Bound, Closure

Values = Sequence[Value]


class Settings:
    """What else a routine is given, such as tolerances: traced numbers among it are inputs without derivative."""

    def __init__(self, **settings: Any) -> None:
        leaves, self._tree = flatten(settings)
        self._places = [k for k, x in enumerate(leaves) if is_traced(x)]
        self._leaves = [None if is_traced(x) else x for x in leaves]
        self.values = [value_of(leaves[k]) for k in self._places]

    def filled(self, numbers: Sequence[Any]) -> dict[str, Any]:
        """The settings of a call."""
        leaves = list(self._leaves)
        for place, x in zip(self._places, numbers, strict=True):
            leaves[place] = x
        settings: dict[str, Any] = self._tree.unflatten(leaves)
        return settings


class Routine:
    """What SciPy is called for; ``run`` calls it, ``pull`` and ``push`` differentiate its results.

    Attributes
    ----------
    closure : Closure
        The function that is called back.
    settings : Settings
    numbers : int
        The node's inputs are so many numbers, those of the settings, then the constants of the closure.
    """

    numbers = 0

    def __init__(self, closure: Closure, settings: Settings) -> None:
        self.closure, self.settings = closure, settings

    @property
    def before(self) -> int:
        """How many inputs come before the constants."""
        return self.numbers + len(self.settings.values)

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        """The results for numbers, `function` being the closure with its constants."""
        raise NotImplementedError

    def pull(self, seeds: Values, outputs: Values, inputs: Values, wrt: Sequence[int]) -> list[Any]:
        """Cotangents of the inputs `wrt`; None for zero."""
        raise NotImplementedError

    def push(self, tangents: dict[int, Value], outputs: Values, inputs: Values) -> list[Any]:
        """Tangents of the differentiable outputs, from those of inputs; None for zero."""
        raise NotImplementedError

    # -- the node ------------------------------------------------------------------------------------
    def emit(self, inputs: Sequence[Any], types: Sequence[Type]) -> tuple[Value, ...]:
        """The node in the current Builder; its results."""
        results: tuple[Value, ...] = host(*inputs, fn=Literal(self), types=tuple(types), rule=Literal(self))
        return results

    def __call__(self, *inputs: Any) -> Any:
        numbers, settings = inputs[: self.numbers], self.settings.filled(inputs[self.numbers : self.before])
        results = self.run(self.closure.bound(inputs[self.before :]), settings, *numbers)
        return results[0] if len(results) == 1 else tuple(results)

    def mapped(self, function: Callable[[Graph], Graph]) -> Routine:
        """This routine with `function` applied to its graphs."""
        other = copy.copy(self)
        other.closure = self.closure.mapped(function)
        return other

    # -- the rule, see bcad.ops.host -----------------------------------------------------------------
    def vjp_graph(self, node: Node, wrt: Sequence[int]) -> Graph:
        with Builder(name="vjp") as builder:
            inputs, outputs = _borders(builder, node)
            seeds = [builder.input(tangent_type(v.type), "g") for v in node.outputs if v.type.differentiable]
            found = self.pull(seeds, outputs, inputs, wrt)
            return builder.build([_fitted(g, inputs[k]) for g, k in zip(found, wrt, strict=True)])

    def jvp_graph(self, node: Node) -> Graph:
        with Builder(name="jvp") as builder:
            inputs, outputs = _borders(builder, node)
            tangents = {k: builder.input(tangent_type(v.type), "t") for k, v in enumerate(inputs) if v.type.differentiable}
            moved = [v for v in outputs if v.type.differentiable]
            found = self.push(tangents, outputs, inputs)
            return builder.build([_fitted(t, v) for t, v in zip(found, moved, strict=True)])


def _borders(builder: Builder, node: Node) -> tuple[list[Value], list[Value]]:
    return ([builder.input(v.type, v.name) for v in node.inputs], [builder.input(v.type, v.name) for v in node.outputs])


def _fitted(g: Any, primal: Value) -> Value:
    """`g` as a tangent or cotangent of `primal`."""
    type_ = tangent_type(primal.type)
    if g is None:
        return zeros(type_)
    if g.dtype != type_.dtype:
        g = BY_NAME["real"](g) if g.type.is_complex and not type_.is_complex else g
        g = BY_NAME["astype"](g, dtype=type_.dtype) if g.ndim else g
    return as_number(g, type_) if not type_.shape else g


def as_number(x: Value, type_: ArrayType) -> Value:
    """A number as one of another kind and dtype."""
    if x.type.kind is type_.kind and x.dtype == type_.dtype:
        return x
    result: Value = BY_NAME["as_kind"](x, kind=type_.kind, dtype=type_.dtype)
    return result


def zeros(type_: ArrayType) -> Value:
    """Zeros of a type."""
    number = type_.dtype.type(0)
    if type_.shape:
        array: Value = BY_NAME["full"](number, shape=type_.shape, dtype=type_.dtype)
        return array
    return Builder.current().constant(np.asarray(number) if type_.kind is Kind.ARRAY else number)
