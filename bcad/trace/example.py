"""The example: what values of the graph being built are for the call that is traced, when asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad import ops
from bcad.ir import Builder, Dim, Graph, Node, Value, bind_sizes, constant_op, dim_op, run_node, symbols, symbols_of
from bcad.ir import evaluate as evaluate_graph

_STATIC_SOURCES = (constant_op,)


class NoExample(Exception):
    """A value inside a region stands for many."""


class Example:
    """Computes values at the example inputs, lazily, each once.

    Attributes
    ----------
    values : dict of Value to object
        The example inputs, and what was computed.
    sizes : dict of str to int
    """

    def __init__(self, sizes: dict[str, int], expand: Callable[[Graph], Graph] | None) -> None:
        self.values: dict[Value, Any] = {}
        self.arguments: set[Value] = set()
        self.sizes = sizes
        self._expand = expand
        self._static: dict[Value, bool] = {}

    def known(self, value: Value) -> bool:
        """Whether `value` has an example: it does not depend on a loop's index or carries."""
        try:
            self.of(value)
        except (NoExample, ArithmeticError, ValueError, IndexError):
            return False
        return True

    def of(self, value: Value) -> Any:
        """What `value` is.

        Raises
        ------
        NoExample
            If it depends on a loop's index or carries.
        """
        stack = [value]
        while stack:
            current = stack[-1]
            if current in self.values:
                stack.pop()
                continue
            wanted = self._wanted(current)
            if wanted:
                stack += wanted
            else:
                self._compute(current)
        return self.values[value]

    def _wanted(self, value: Value) -> list[Value]:
        """What is to be computed before `value`: what its node is given, then what binds the sizes that it, or a region of it, mentions."""
        node = value.node
        given = [v for v in ((outside(value),) if node is None else node.inputs) if v not in self.values]
        if given or node is None:
            return given
        binders = [self._find_binder(name, value.scope) for name in symbols_of(node) if name not in self.sizes]
        return [v for v in binders if v is not None and v.node is not node and v not in self.values]

    def _compute(self, value: Value) -> None:
        node = value.node
        if node is None:
            self.values[value] = self.values[outside(value)]
            return
        if node.op.effect:
            self._run_effects_before(node, value.scope)
        if value in self.values:
            return
        inputs = [self.values[v] for v in node.inputs]
        with np.errstate(all="ignore"):
            results = self._expanded(node, inputs) if node.op is ops.derivative else run_node(node, inputs, self.sizes)
        for output, result in zip(node.outputs, results, strict=True):
            bind_sizes(output, result, self.sizes)
            self.values[output] = result

    def _run_effects_before(self, node: Node, scope: Any) -> None:
        """Draws of random numbers come in program order."""
        for other in scope.nodes:
            if other is node:
                return
            if other.op.effect and other.outputs and other.outputs[0] not in self.values:
                self.of(other.outputs[0])

    def _expanded(self, node: Node, inputs: list[Any]) -> list[Any]:
        if self._expand is None:
            raise NoExample
        builder = Builder()
        arguments = [builder.input(v.type, v.name) for v in node.inputs]
        with builder:
            results = builder.emit(node.op, *arguments, regions=node.regions, **node.attrs)
        return evaluate_graph(self._expand(builder.build(results)), inputs, self.sizes)

    def bind(self, name: str) -> None:
        """Learn a size that an op made, by computing the value whose shape has it bare."""
        self.of(self._binder(name, Builder.current()))

    def _find_binder(self, name: str, builder: Any) -> Value | None:
        try:
            return self._binder(name, builder)
        except NoExample:  # the count of a loop whose stacks are all ragged
            return None

    def _binder(self, name: str, builder: Any) -> Value:
        """The value that gave a symbol its meaning: the first with it bare in its shape, from the outermost builder on."""
        symbol = Dim.symbol(name)
        chain = []
        while builder is not None:
            chain.append(builder)
            builder = builder.parent
        for outer in reversed(chain):
            for node in outer.nodes:
                for output in node.outputs:
                    if symbol in getattr(output.type, "shape", ()):
                        return output
        raise NoExample

    # -- what never changes ---------------------------------------------------------------
    def is_static(self, value: Value) -> bool:
        """Whether `value` depends on constants alone: the same at every call."""
        stack = [value]
        while stack:
            current = stack[-1]
            if current in self._static:
                stack.pop()
                continue
            known = self._static_now(current)
            if known is None:
                stack += [v for v in current.node.inputs if v not in self._static]  # type: ignore[union-attr]
            else:
                self._static[current] = known
        return self._static[value]

    def _static_now(self, value: Value) -> bool | None:
        node = value.node
        if node is None:
            return False
        if node.op in _STATIC_SOURCES:
            return True
        if node.op is dim_op or node.op.effect or node.regions or any(map(symbols, _dims(node))):
            return False
        if any(self._static.get(v) is False for v in node.inputs):
            return False
        return True if all(v in self._static for v in node.inputs) else None


    def is_active(self, value: Value) -> bool:
        """Whether `value` may carry a derivative: it depends, by floats, on an argument."""
        seen, stack = set(), [value]
        while stack:
            current = stack.pop()
            if current in seen or not getattr(current.type, "differentiable", False):
                continue
            seen.add(current)
            if current.node is not None:
                if getattr(current.node.op, "differentiable", True):
                    stack += current.node.inputs
            elif current in self.arguments:
                return True
            elif current not in self.values:
                stack.append(outside(current))
        return False


def outside(value: Value) -> Value:
    """The value of the enclosing builder that an input of a region stands for."""
    builder = value.scope
    for outer, inner in getattr(builder, "captured", {}).items():
        if inner is value:
            return outer
    stands_for: dict[Value, Value] = getattr(builder, "stands_for", {})
    if value in stands_for:
        return stands_for[value]
    raise NoExample


def _dims(node: Node) -> list[Any]:
    return [d for attr in node.attrs.values() for d in _dims_in(attr)]


def _dims_in(attr: Any) -> list[Any]:
    if isinstance(attr, Dim):
        return [attr]
    if isinstance(attr, (tuple, list)):
        return [d for item in attr for d in _dims_in(item)]
    if isinstance(attr, slice):
        return [d for item in (attr.start, attr.stop, attr.step) for d in _dims_in(item)]
    return []
