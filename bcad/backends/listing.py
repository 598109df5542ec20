"""Graphs as lines for a reader: ``name = expression`` where it helps, loops and branches as such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bcad.ir import Graph, Names, Node, Value, constant_op, dim_op

from .expression import Notation
from .naming import reading_name
from .size_text import SizeText

WIDTH = 92
SHORT, BRIEF = 8, 24  # repeated text up to this length is written again: of costly values, of cheap ones
COSTLY = frozenset("matmul solve inv det slogdet eigh cholesky svd qr lstsq einsum pinv linear_scan loop".split())


class Listing:
    """Writes the outputs of a graph in sections, each with the lines that it needs first.

    Parameters
    ----------
    graph : Graph
        In the form for reading; values that the user has named are called so.
    """

    def __init__(self, graph: Graph, width: int = WIDTH) -> None:
        self.graph = graph
        self.width = width
        self.names = Names()
        self.chosen: set[Value] = set()
        self.notation = Notation("", self.names, inline=lambda v: v not in self.chosen)
        for value in graph.inputs:
            self.names.of(value)
        self.sizes = self.notation.sizes = SizeText(graph.inputs, self.names)
        self.total = graph.uses()
        self.lines: list[str] = []
        self.indent = 0
        self._written: set[Node] = set()

    def section(self, outputs: Sequence[Value], labels: Sequence[str]) -> None:
        """Lines ``label = output``, after the lines they need."""
        self.body(self._needed(outputs), outputs)
        for label, value in zip(labels, outputs, strict=True):
            self.add(f"{label} = {self.notation.of(value)}")

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def _needed(self, outputs: Iterable[Value]) -> list[Node]:
        """The nodes behind `outputs` that are not written yet, in order."""
        live, found = set(outputs), []
        for node in reversed(self.graph.nodes):
            if node not in self._written and (node.op.effect or any(v in live for v in node.outputs)):
                live.update(node.inputs)
                found.append(node)
        return found[::-1]

    # -- straight lines ------------------------------------------------------------------------
    def body(self, nodes: Sequence[Node], outputs: Sequence[Value]) -> None:
        """Lines for those of `nodes` that get a name."""
        uses = _uses(nodes, outputs)
        for node in nodes:
            if node.op in (constant_op, dim_op):
                continue
            if node.regions:
                self._regions(node, uses)
            elif len(node.outputs) != 1:
                self._several(node, uses)
            else:
                self._one(node.output, uses.get(node.output, 0))

    def _one(self, value: Value, uses: int) -> None:
        text = self.notation.node(value.node).text  # type: ignore[arg-type]
        if self._deserves(value, text, uses):
            self.define(value, text)

    def _deserves(self, value: Value, text: str, uses: int) -> bool:
        """Whether a value gets a line of its own."""
        if text.isidentifier() or uses == 0:
            return False
        if value.name is not None and self.total.get(value, 0) > 1:
            return True
        if uses > 1:
            return len(text) > (SHORT if _costly(value, self.chosen) else BRIEF)
        return len(text) > self.width and value not in self.graph.outputs

    def define(self, value: Value, text: str) -> str:
        """A line ``name = text``; the name."""
        name = self.choose(value)
        self.add(f"{name} = {text}")
        self._written.add(value.node)  # type: ignore[arg-type]
        return name

    def choose(self, value: Value) -> str:
        """The name of a value from now on."""
        self.chosen.add(value)
        self.names._given[value] = name = reading_name(value, self.names)
        self.sizes.add(value)
        return name

    def _several(self, node: Node, uses: dict[Value, int]) -> None:
        """A node with several results: one line that names them, unless only one is used once."""
        used = [v for v in node.outputs if uses.get(v)]
        text = self.notation.node(node).text
        if len(used) == 1 and uses[used[0]] == 1 and len(text) <= self.width // 2:
            return
        names = [self.choose(v) if v in used else "_" for v in node.outputs]
        self.add(f"{', '.join(names)} = {text}")
        self._written.add(node)

    def _regions(self, node: Node, uses: dict[Value, int]) -> None:
        from .listing_regions import write_regions  # stands on this module

        write_regions(self, node, uses)
        self._written.add(node)


def _uses(nodes: Sequence[Node], outputs: Sequence[Value]) -> dict[Value, int]:
    counts: dict[Value, int] = {}
    for node in nodes:
        for value in node.inputs:
            counts[value] = counts.get(value, 0) + 1
    for value in outputs:
        counts[value] = counts.get(value, 0) + 1
    return counts


def _costly(value: Value, chosen: set[Value]) -> bool:
    """Whether writing a value again repeats a computation worth naming."""
    todo: list[Any] = [value]
    while todo:
        node = todo.pop().node
        if node is None or any(v in chosen for v in node.outputs):
            continue
        if node.op.name in COSTLY:
            return True
        todo += node.inputs
    return False
