"""The derivative graphs of a ``custom`` node: rules traced beforehand, put together on request."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import Builder, Graph, Node, Value
from bcad.ops import BY_NAME, tangent_type
from bcad.trace import InnerProgram


class Rules:
    """The rule object of a ``custom`` node (see ``bcad.ops.host``): graphs traced beforehand."""

    def __init__(self) -> None:
        self.vjps: dict[int, InnerProgram] = {}
        self.jvps: dict[int, InnerProgram] = {}

    def finish(self, primal: InnerProgram, outer: Sequence[Value], count: int) -> None:
        """Learn the inputs of the node: arguments, what the primal captured, what rules captured."""
        self.positions = [path[1] for path in primal.arguments if path[0] == 0]
        self.outer = list(outer)
        self.count = count

    def vjp_graph(self, node: Node, wrt: Sequence[int]) -> Graph | None:
        if any(k < self.count and self.positions[k] not in self.vjps for k in wrt):
            return None
        with Builder(name="vjp") as builder:
            inputs, outputs, seeds = self._inputs(builder, node, [v for v in node.outputs if v.type.differentiable])
            results = []
            for k in wrt:
                program = self.vjps.get(self.positions[k]) if k < self.count else None
                results.append(self._apply(builder, program, inputs, outputs, seeds, node.inputs[k]))
            return builder.build(results)

    def jvp_graph(self, node: Node) -> Graph | None:
        active = [k for k, v in enumerate(node.inputs) if v.type.differentiable]
        if not any(k < self.count and self.positions[k] in self.jvps for k in active):
            return None
        with Builder(name="jvp") as builder:
            inputs, outputs, seeds = self._inputs(builder, node, [node.inputs[k] for k in active])
            moving = [v for v in node.outputs if v.type.differentiable]
            totals: list[Any] = [None] * len(moving)  # what the primal writes besides its result has none
            for seed, k in zip(seeds, active, strict=True):
                program = self.jvps.get(self.positions[k]) if k < self.count else None
                if program is not None:
                    parts = self._results(builder, program, inputs, outputs, [seed])
                    totals = [t if p is None else p if t is None else t + p
                              for t, p in itertools.zip_longest(totals, parts)]
            return builder.build([_zeros_like(v) if t is None else t for v, t in zip(moving, totals, strict=True)])

    def mapped(self, function: Callable[[Graph], Graph]) -> Rules:
        """These rules with `function` applied to their graphs."""
        rules = copy.copy(self)
        rules.vjps = {k: program.mapped(function) for k, program in self.vjps.items()}
        rules.jvps = {k: program.mapped(function) for k, program in self.jvps.items()}
        return rules

    def _inputs(
        self, builder: Builder, node: Node, seeded: Sequence[Value]
    ) -> tuple[list[Value], list[Value], list[Value]]:
        inputs = [builder.input(v.type, v.name) for v in node.inputs]
        outputs = [builder.input(v.type, v.name) for v in node.outputs]
        return inputs, outputs, [builder.input(tangent_type(v.type), "g") for v in seeded]

    def _apply(
        self, builder: Builder, program: InnerProgram | None, inputs: Sequence[Value],
        outputs: Sequence[Value], seeds: Sequence[Value], like: Value,
    ) -> Any:
        """What a rule gives for one argument; zeros where it gives None."""
        if program is None or not program.result_count:
            return _zeros_like(like)
        return self._results(builder, program, inputs, outputs, seeds)[0]

    def _results(
        self, builder: Builder, program: InnerProgram, inputs: Sequence[Value], outputs: Sequence[Value],
        seeds: Sequence[Value],
    ) -> Sequence[Value]:
        """Inline a rule's graph: seed, answer and arguments for its own inputs, then captures."""
        known = dict(zip(self.outer, inputs, strict=True))
        n = len(program.arguments)
        given = [_place(path, seeds, outputs, inputs, self.positions) for path in program.arguments]
        captured = [known[v] for v in program.inputs[n:]]
        return builder.inline(program.graph, [*given, *captured])[: program.result_count]  # what follows are writes


def _place(path: Any, seeds: Any, outputs: Any, inputs: Any, positions: list[int]) -> Value:
    """What a rule's argument leaf is: the seed, (a part of) the answer, or an argument."""
    where = path[1]
    if where == 0:
        return seeds[0] if len(path) == 2 else seeds[path[2]]
    if where == 1:
        return outputs[0] if len(path) == 2 else outputs[path[2]]
    return inputs[positions.index(where - 2)]


def captured_by(rules: Rules) -> list[Value]:
    """The outer Values that rules use besides their arguments."""
    extras: dict[Value, None] = {}
    for program in (*rules.vjps.values(), *rules.jvps.values()):
        extras.update(dict.fromkeys(program.inputs[len(program.arguments) :]))
    return list(extras)


def widened(graph: Graph, extras: Sequence[Value]) -> Graph:
    """`graph` with further inputs that it does not use."""
    with Builder(name=graph.name) as builder:
        inputs = [builder.input(v.type, v.name) for v in graph.inputs]
        for value in extras:
            builder.input(value.type, value.name)
        return builder.build(builder.inline(graph, inputs))


def _zeros_like(value: Value) -> Any:
    type_: Any = value.type
    zero = Builder.current().constant(type_.dtype.type(0) if type_.differentiable else np.float64(0))
    return BY_NAME["full"](zero, shape=type_.shape, dtype=zero.dtype) if type_.shape else zero
