"""Rebuild a graph with every node in its simplest form: rules fire as nodes are emitted."""

from __future__ import annotations

from typing import Any

from bcad.ir import Builder, Graph, Node, Value

from .rule import RuleSet, fired

UNFINISHED = "(unfinished)"  # counted in `fired` where the limit was reached
_LIMIT = 50  # rewrites of one value before we call it a loop among the rules


class RewritingBuilder(Builder):
    """A Builder whose nodes are replaced by what the rules make of them.

    Rules make a value simpler or bring it nearer to a normal form, so they come to an end; the limit is there
    for the mistake of a rule's author, and a value that reaches it is as right as any other form of it.
    """

    def __init__(self, rules: RuleSet, name: str = "f") -> None:
        super().__init__(name=name)
        self.rules = rules
        self._settled: dict[Value, Value] = {}

    def emit(self, op: Any, *inputs: Any, **keywords: Any) -> Any:
        """Emit, then rewrite what was emitted until no rule applies."""
        result = super().emit(op, *inputs, **keywords)
        return result if isinstance(result, tuple) else self._settle(result)

    def _settle(self, value: Value) -> Value:
        if value not in self._settled:
            current = self._settled[value] = value  # a rule that comes back here finds no new form
            for _ in range(_LIMIT):
                replacement = self._rewrite(current)
                if replacement is None:
                    break
                current = replacement
                if self._is_final(current):
                    break
            else:
                fired[UNFINISHED] += 1
            if current.node is not None:
                current.named_after(value)
            self._settled[value] = current
        return self._settled[value]

    def _is_final(self, value: Value) -> bool:
        """Whether a value has its form already."""
        return False

    def _rewrite(self, value: Value) -> Value | None:
        if value.node is None:  # an input
            return None
        for rule in self.rules.of(value.node.op.name):
            result = rule.apply(value)
            if result is not None:
                return result
        return None


def rewrite(graph: Graph, rules: RuleSet) -> Graph:
    """`graph` with `rules` applied everywhere, regions included."""
    builder = RewritingBuilder(rules, graph.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            _rebuild(builder, node, mapping, rules)
        return builder.build([mapping[v] for v in graph.outputs])


def _rebuild(
    builder: RewritingBuilder, node: Node, mapping: dict[Value, Value], rules: RuleSet
) -> None:
    builder.location = node.location
    result = builder.emit(
        node.op,
        *(mapping[v] for v in node.inputs),
        regions=tuple(rewrite(r, rules) for r in node.regions),
        **node.attrs,
    )
    outputs = result if isinstance(result, tuple) else (result,)
    for old, new in zip(node.outputs, outputs, strict=True):
        mapping[old] = new
        if new.node is not None:
            new.named_after(old)
