"""Closure: a callback as a closed graph of its arguments and of the numbers that it captures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad import diff, rewrite
from bcad.entry import Entry
from bcad.ir import ArrayType, Builder, Dim, Graph, Kind, Value, live_part, python_type, symbols_of, type_symbols
from bcad.ops import BY_NAME
from bcad.options import options
from bcad.rules import widened
from bcad.trace import trace_callback

Fn = Callable[..., Any]


class Closure:
    """A graph of arguments that a routine chooses, and of constants that stay the same during a call of it.

    Attributes
    ----------
    graph : Graph
        Inputs: the arguments, then the constants.
    arguments : int
        How many arguments there are.
    """

    def __init__(self, graph: Graph, arguments: int) -> None:
        self.graph = graph
        self.arguments = arguments
        self._entry: Entry | None = None
        self._derived: dict[Any, Closure] = {}

    @property
    def constants(self) -> tuple[Value, ...]:
        """The inputs that stand for constants."""
        return self.graph.inputs[self.arguments :]

    @property
    def outputs(self) -> tuple[Value, ...]:
        return self.graph.outputs

    def bound(self, constants: Sequence[Any]) -> Bound:
        """The function of the arguments alone."""
        if self._entry is None:
            self._entry = Entry(rewrite.simplify(diff.expand(self.graph)), options.backend, {})
        return Bound(self, self._entry, tuple(constants))

    def at(self, *inputs: Any) -> tuple[Value, ...]:
        """The outputs as Values of the current Builder."""
        return Builder.current().inline(self.graph, inputs)

    def mapped(self, function: Callable[[Graph], Graph]) -> Closure:
        return Closure(function(self.graph), self.arguments)

    def output(self, k: int) -> Closure:
        """The same with one output alone."""
        return self._kept(("output", k), lambda: live_part(Graph(self.graph.inputs, self.graph.nodes, [self.outputs[k]], self.graph.name)))

    # -- derivatives, as closures ------------------------------------------------------------------
    def gradient(self, wrt: Sequence[int]) -> Closure:
        """The derivative of the one number that I give, by inputs of the graph."""
        return self._kept(("gradient", *wrt), lambda: diff.gradient(self.graph, wrt))

    def pulled(self, wrt: Sequence[int]) -> Closure:
        """Cotangents of inputs; those of the outputs are further constants."""
        return Closure(self._results(diff.vjp(self.graph, wrt)), self.arguments)

    def pushed(self, wrt: Sequence[int]) -> Closure:
        """Tangents of the outputs; those of inputs are further constants."""
        return Closure(self._results(diff.jvp(self.graph, wrt)), self.arguments)

    def jacobian(self, wrt: Sequence[int]) -> Closure:
        """For each output the Jacobian by each input."""
        return self._kept(("jacobian", *wrt), lambda: self._results(diff.jacobian(self.graph, wrt)))

    def _kept(self, key: Any, make: Callable[[], Graph]) -> Closure:
        if key not in self._derived:
            self._derived[key] = Closure(make(), self.arguments)
        return self._derived[key]

    def _results(self, graph: Graph) -> Graph:
        """The derived outputs alone."""
        derived = graph.outputs[len(self.graph.outputs) :]
        return live_part(Graph(graph.inputs, graph.nodes, derived, graph.name))


class Bound:
    """A closure with its constants: a function of plain numbers that gives a list of outputs."""

    def __init__(self, closure: Closure, run: Entry, constants: tuple[Any, ...]) -> None:
        self.closure, self._run, self.constants = closure, run, constants

    def __call__(self, *arguments: Any) -> list[Any]:
        return self._run(*arguments, *self.constants)

    def value(self, *arguments: Any) -> Any:
        """The first output."""
        return self._run(*arguments, *self.constants)[0]

    @property
    def gradient(self) -> Callable[..., Any]:
        """Of the one number that I give, by the first argument."""
        return self.closure.gradient((0,)).bound(self.constants).value

    @property
    def hessian(self) -> Callable[..., Any]:
        """Of the one number that I give, by the first argument."""
        return self.closure.gradient((0,)).jacobian((0,)).bound(self.constants).value

    def output(self, k: int) -> Bound:
        """The same with one output alone."""
        return self.closure.output(k).bound(self.constants)

    @property
    def jacobian(self) -> Callable[..., Any]:
        """Of the first output by the first argument."""
        return self.closure.jacobian((0,)).bound(self.constants).value


def traced(fn: Fn, args: Sequence[Any], routine: str) -> tuple[Closure, list[Value], Any]:
    """`fn`, called by `routine` with arguments like `args`: the closure, its constants, and how its result is nested."""
    program = trace_callback(fn, args, routine)
    count, whole = len(program.arguments), program.graph
    graph = live_part(Graph(whole.inputs, whole.nodes, whole.outputs[: program.result_count], whole.name))
    extra = [_binding(name) for name in sorted(_unbound(graph))]
    return Closure(widened(graph, extra) if extra else graph, count), [*program.inputs[count:], *extra], program


def _unbound(graph: Graph) -> set[str]:
    """Sizes that the graph mentions and no input of it shows."""
    bare = {str(s) for v in graph.inputs if isinstance(v.type, ArrayType)
            for s in v.type.shape if isinstance(s, Dim) and s.is_symbol()}
    named: set[str] = set().union(*map(type_symbols, graph.inputs), *map(symbols_of, graph.nodes))
    return {name for name in named - bare if "_" not in name}  # the others are bound where they are made


def _binding(name: str) -> Value:
    """An array that shows a size."""
    array: Value = BY_NAME["full"](np.False_, shape=(Dim.symbol(name),), dtype=np.dtype(bool))
    return array


FLOAT = python_type(float)


def moving(values: Sequence[Value]) -> list[int]:
    """The positions of values that have tangents."""
    return [k for k, v in enumerate(values) if v.type.differentiable]


def typed(x: Any, type_: ArrayType) -> Any:
    """`x` as an instance of the class that `type_` says."""
    if type_.kind is Kind.PYTHON:
        return type_.python_type(x)
    return type_.dtype.type(x) if type_.kind is Kind.SCALAR else np.ascontiguousarray(x, type_.dtype)
