"""host: a call of a Python callable with concrete values, at every run of the graph.

Its derivative is what its `rule` gives, an object with two methods that make closed graphs:

``rule.vjp_graph(node, wrt)``
    inputs ``(*node inputs, *node outputs, *cotangents of the differentiable outputs)``, outputs
    a cotangent for each input position in `wrt`.
``rule.jvp_graph(node)``
    inputs ``(*node inputs, *node outputs, *tangents of the differentiable inputs)``, outputs
    a tangent for each differentiable output.

Either may give None: not declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import Graph, Literal, Node, Type

from .control import RegionOp, Run, require_same
from .op import Op, define


class HostCall(Op):
    """A call of `fn` (a Literal) that CPython makes; `types` says what comes back.

    One result is given back bare, several as a tuple.
    """

    multiple = True

    def type_rule(
        self, *inputs: Type, fn: Literal, types: tuple[Type, ...], rule: Literal | None = None
    ) -> tuple[Type, ...]:
        return tuple(types)

    def evaluate(self, *inputs: Any, fn: Literal, types: tuple[Type, ...], rule: Any = None) -> tuple[Any, ...]:
        result = (fn.value if isinstance(fn, Literal) else fn)(*inputs)
        if len(types) < 2:
            return (result,)[: len(types)]
        return tuple(result)


@define
class Host(HostCall):
    """A call whose only outcome is its result: it may be dropped, or made once for twice."""

    name = "host"


@define
class HostEffect(HostCall):
    """A call made exactly once and in program order (it prints, draws, writes)."""

    name = "host_effect"
    effect = True


@define
class Custom(RegionOp):
    """The region's results, differentiated by `rule` (a Literal) instead of by its nodes."""

    name = "custom"

    def type_rule(self, *inputs: Type, regions: Sequence[Graph], rule: Literal) -> tuple[Type, ...]:
        (graph,) = regions
        require_same([v.type for v in graph.inputs], inputs, "arguments and inputs")
        return tuple(v.type for v in graph.outputs)

    def execute(self, node: Node, inputs: Sequence[Any], sizes: dict[str, int], run: Run) -> list[Any]:
        return run(node.regions[0], inputs, sizes)


host: Any = Host
host_effect: Any = HostEffect
custom: Any = Custom
