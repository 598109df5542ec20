"""Modes: what is asked of a traced graph (value, gradient, vjp, ...), as nodes that `diff` expands.

A mode emits into any Builder, so the same code serves a compiled function and a derivative
asked for inside traced code, to any depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bcad import diff
from bcad.errors import NotScalar
from bcad.ir import ArrayType, Builder, Graph, Value, array_type, constant_op, evaluate_size
from bcad.ops import BY_NAME, tangent_type

derivative = BY_NAME["derivative"]


class Mode:
    """A derivative of a graph with `results` result outputs (what follows them are effects).

    Attributes
    ----------
    name : str
        As errors and reports call it.
    scalar : bool
        Whether the function must give one real number.
    seeded : bool
        Whether it takes further inputs (`seeds`).
    seeds_like_results : bool
        Whether these are shaped as the results are, and not as the chosen arguments.
    like_arguments : bool
        Whether what is derived has the shapes of the chosen arguments, one for each.
    """

    name = "value"
    scalar = False
    seeded = False
    seeds_like_results = False
    like_arguments = True

    def seeds(self, graph: Graph, wrt: Sequence[int], results: int) -> list[ArrayType]:
        """The types of further inputs: cotangents, tangents, vectors."""
        return []

    def at(self, graph: Graph, wrt: Sequence[int], results: int, sizes: Mapping[str, int]) -> Mode:
        """This mode with the choices that depend on the example's sizes made."""
        return self

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        """All outputs of `graph`, and the derived values, emitted into the current Builder."""
        return list(Builder.current().inline(graph, inputs)), []


class GradientMode(Mode):
    """The gradient of one real number, the first result if the function has auxiliary ones."""

    name = "gradient"
    scalar = True

    def __init__(self, has_aux: bool = False) -> None:
        self.has_aux = has_aux

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        ones = [_like(v.type, 1) if k == 0 else _nothing() for k, v in enumerate(graph.outputs)]
        return _split(graph, _vjp(_stopped(graph, 1), inputs, ones, wrt))


class ElementwiseMode(Mode):
    """The gradient of the sum of all results: for elementwise functions, each one's derivative."""

    name = "elementwise gradient"

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        for value in graph.outputs[:results]:
            if isinstance(value.type, ArrayType) and value.type.is_complex:
                raise NotScalar("elementwise_grad needs a real result; it is complex", hint="use holomorphic_grad()")
        ones = [_like(v.type, 1) if k < results else _nothing() for k, v in enumerate(graph.outputs)]
        return _split(graph, _vjp(_stopped(graph, results), inputs, ones, wrt))


class VjpMode(Mode):
    """Cotangents of the arguments for given cotangents of the results."""

    name = "vjp"
    seeded = True
    seeds_like_results = True

    def seeds(self, graph: Graph, wrt: Sequence[int], results: int) -> list[ArrayType]:
        return [tangent_type(v.type) for v in graph.outputs[:results]]

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        rest = [_nothing() for _ in graph.outputs[results:]]
        return _split(graph, _vjp(_stopped(graph, results), inputs, [*seeds, *rest], wrt))


class JvpMode(Mode):
    """Tangents of the results for given tangents of the arguments."""

    name = "jvp"
    seeded = True
    like_arguments = False

    def seeds(self, graph: Graph, wrt: Sequence[int], results: int) -> list[ArrayType]:
        return [tangent_type(graph.inputs[k].type) for k in wrt]

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        everything = derivative(*inputs, *seeds, regions=(graph,), mode="jvp", wrt=tuple(wrt))
        outputs, tangents = _split(graph, everything)
        return outputs, tangents[:results]


class HessianVectorMode(Mode):
    """The Hessian of one real number times vectors, forward over reverse."""

    name = "hessian-vector product"
    seeded = True
    scalar = True

    def seeds(self, graph: Graph, wrt: Sequence[int], results: int) -> list[ArrayType]:
        return [tangent_type(graph.inputs[k].type) for k in wrt]

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        gradient = as_graph(GradientMode(), graph, wrt, results)
        everything = derivative(*inputs, *seeds, regions=(gradient,), mode="jvp", wrt=tuple(wrt))
        total = len(gradient.outputs)
        outputs, tangents = everything[:total], everything[total:]
        return list(outputs[: len(graph.outputs)]), list(tangents[len(graph.outputs) :])


class JacobianMode(Mode):
    """The Jacobian of each result with respect to each argument: result shape + argument shape.

    Parameters
    ----------
    direction : 'reverse', 'forward' or None
        None takes the one with fewer sweeps.
    """

    name = "jacobian"
    like_arguments = False

    def __init__(self, direction: str | None = None) -> None:
        self.direction = direction

    def at(self, graph: Graph, wrt: Sequence[int], results: int, sizes: Mapping[str, int]) -> Mode:
        """Forward if there are fewer numbers to vary than results."""
        if self.direction is not None:
            return self
        try:
            inputs = sum(evaluate_size(_array(graph.inputs[k]).size, sizes) for k in wrt)
            outputs = sum(evaluate_size(_array(v).size, sizes) for v in graph.outputs[:results])
        except KeyError:  # a size that only a run can tell
            return self
        return JacobianMode("forward" if inputs < outputs else "reverse")

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        outputs = list(Builder.current().inline(graph, inputs))
        return outputs, _blocks(_part(graph, graph.outputs[:results]), inputs, wrt, self.direction)


class HessianMode(Mode):
    """Second derivatives of each result: the Jacobian of its gradient or Jacobian."""

    name = "hessian"
    like_arguments = False

    def emit(
        self, graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], results: int,
        seeds: Sequence[Value],
    ) -> tuple[list[Value], list[Value]]:
        outputs = list(Builder.current().inline(graph, inputs))
        direction = "forward" if results == 1 and _array(graph.outputs[0]).shape == () else None
        first: Mode = GradientMode() if direction else JacobianMode()
        whole = as_graph(first, graph, wrt, results)
        slopes = _part(whole, whole.outputs[len(graph.outputs) :])
        return outputs, _blocks(slopes, inputs, wrt, direction)


def _part(graph: Graph, outputs: Sequence[Value]) -> Graph:
    return Graph(graph.inputs, graph.nodes, outputs, graph.name)


def _blocks(graph: Graph, inputs: Sequence[Value], wrt: Sequence[int], direction: str | None) -> list[Value]:
    """For each output of `graph` its Jacobian by each input of `wrt`; zeros where it has none."""
    builder = Builder.current()
    found = iter(builder.inline(diff.jacobian(graph, wrt, direction), inputs)[len(graph.outputs) :])
    blocks = []
    for value in graph.outputs:
        for k in wrt:
            shape = (*_array(value).shape, *_array(graph.inputs[k]).shape)
            blocks.append(next(found) if value.type.differentiable else _like(array_type(float, shape), 0))
    return blocks


def as_graph(mode: Mode, graph: Graph, wrt: Sequence[int], results: int) -> Graph:
    """`mode` of `graph` as a graph: its inputs, then seeds; its outputs, then derived values."""
    builder = Builder(name=graph.name)
    with builder:
        inputs = [builder.input(v.type, v.name) for v in graph.inputs]
        seeds = [builder.input(t) for t in mode.seeds(graph, wrt, results)]
        outputs, derived = mode.emit(graph, inputs, wrt, results, seeds)
        return builder.build([*outputs, *derived])


def check_scalar(graph: Graph, results: int, mode: Mode) -> None:
    """Raise NotScalar unless the one result is a real number, or an array of one element."""
    what = mode.name
    if results == 1 or (results and getattr(mode, "has_aux", False)):
        type_ = graph.outputs[0].type
        known = graph.outputs[0].node is not None and graph.outputs[0].node.op is constant_op
        kinds = "fiu" if known else "f"  # ``return 0`` is as good as ``return 0.0``
        if isinstance(type_, ArrayType) and type_.dtype.kind in kinds and type_.size == 1:
            return
        found = f"its result is {type_}"
        node = graph.outputs[0].node
    else:
        found, node = f"it has {results} results", None
    if not results:
        raise NotScalar(
            f"a {what} needs a function whose result is one real number; it returns none",
            why="None, text and objects have no derivative", hint="return the number that is to be differentiated",
        )
    kind = graph.outputs[0].type.dtype.kind if results == 1 and isinstance(graph.outputs[0].type, ArrayType) else "f"
    why, hint = _NO_GRADIENT.get(kind, _NO_GRADIENT["f"])
    raise NotScalar(
        f"a {what} needs a function whose result is one real number; {found}",
        location=node.location if node is not None else None, why=why, hint=hint,
    )


_INTEGER = "it moves in steps: its derivative is zero or does not exist", "return a float"
_NO_GRADIENT = {  # by the kind of the result's dtype: why there is no gradient, and what to try
    "f": ("the gradient of an array-valued function is a Jacobian",
          "reduce the result (.sum()), or use jacobian() or elementwise_grad()"),
    "c": ("a complex result has two real parts, each with a gradient",
          "return its .real, .imag or abs(), or use holomorphic_grad()"),
    "b": ("a truth value has no derivative", "return the number that was compared"), "i": _INTEGER, "u": _INTEGER,
}


def _stopped(graph: Graph, results: int) -> Graph:
    """`graph` with no derivative from what follows its first outputs, so that they need no cotangents."""
    if not any(v.type.differentiable for v in graph.outputs[results:] if isinstance(v.type, ArrayType)):
        return graph
    with Builder(name=graph.name) as builder:
        outputs = list(builder.inline(graph, [builder.input(v.type, v.name) for v in graph.inputs]))
        stop = BY_NAME["stop_gradient"]
        rest = [stop(v) if isinstance(v.type, ArrayType) and v.type.differentiable else v for v in outputs[results:]]
        return builder.build([*outputs[:results], *rest])


def _vjp(graph: Graph, inputs: Sequence[Value], seeds: Sequence[Any], wrt: Sequence[int]) -> Any:
    return derivative(*inputs, *seeds, regions=(graph,), mode="vjp", wrt=tuple(wrt))


def _split(graph: Graph, values: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    n = len(graph.outputs)
    return list(values[:n]), list(values[n:])


def _like(type_: Any, number: int) -> Any:
    """A constant cotangent for an output."""
    builder = Builder.current()
    if not isinstance(type_, ArrayType) or not type_.differentiable:
        return _nothing()
    fill = builder.constant(type_.dtype.type(number))
    return BY_NAME["full"](fill, shape=type_.shape, dtype=type_.dtype) if type_.shape else fill


def _nothing() -> Any:
    """In place of a cotangent for an output that has none."""
    return Builder.current().constant(np.float64(0))


def _array(value: Value) -> ArrayType:
    assert isinstance(value.type, ArrayType)
    return value.type
