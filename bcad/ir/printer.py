"""Graph -> typed SSA text with the user's names and source lines.

::

    f(x: float64[n]) {
      a: float64[n] = add x, 1                      # model.py:3
      b: float64 = sum a {axis=None}
      return b
    }
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .graph import Graph, Node, Value
from .structural import Literal, constant_op


def text(graph: Graph) -> str:
    """The SSA text of `graph`."""
    return "\n".join(_Printer().graph(graph, ""))


class Names:
    """A readable, unique name for every value: the user's if there is one, else a letter."""

    def __init__(self) -> None:
        self._given: dict[Value, str] = {}
        self._taken: set[str] = set()
        self._count = 0

    def of(self, value: Value) -> str:
        if value not in self._given:
            self._given[value] = self._unique(value.name) if value.name else self._fresh()
        return self._given[value]

    def _unique(self, base: str) -> str:
        name, k = base, 1
        while name in self._taken:
            k += 1
            name = f"{base}_{k}"
        self._taken.add(name)
        return name

    def _fresh(self) -> str:
        while True:
            self._count += 1
            name = f"v{self._count}"
            if name not in self._taken:
                self._taken.add(name)
                return name


class _Printer:
    def __init__(self) -> None:
        self.names = Names()

    def graph(self, graph: Graph, indent: str) -> Iterator[str]:
        inputs = ", ".join(f"{self.names.of(v)}: {v.type}" for v in graph.inputs)
        yield f"{indent}{graph.name}({inputs}) {{"
        inner = indent + "  "
        for node in graph.nodes:
            if node.op is not constant_op or self._long(node):
                yield from self.node(node, inner)
        yield f"{inner}return {', '.join(map(self.operand, graph.outputs))}"
        yield f"{indent}}}"

    def node(self, node: Node, indent: str) -> Iterator[str]:
        results = ", ".join(f"{self.names.of(v)}: {v.type}" for v in node.outputs)
        operands = ", ".join(map(self.operand, node.inputs))
        attrs = ", ".join(f"{k}={show(v)}" for k, v in node.attrs.items())
        line = f"{indent}{results} = {node.op.name} {operands}".rstrip()
        line += f" {{{attrs}}}" if attrs else ""
        if node.location is not None:
            line = f"{line:<60}# {node.location.file.rsplit('/', 1)[-1]}:{node.location.line}"
        yield line
        for region in node.regions:
            yield from self.graph(region, indent + "  ")

    def operand(self, value: Value) -> str:
        node = value.node
        if node is not None and node.op is constant_op and not self._long(node):
            return show(node.attrs["value"])
        return self.names.of(value)

    @staticmethod
    def _long(node: Node) -> bool:
        return len(show(node.attrs["value"])) > 20


def show(attr: Any) -> str:
    """An attribute as text."""
    if isinstance(attr, Literal):
        return " ".join(repr(attr.value).split())
    if isinstance(attr, slice):
        parts = ["" if p is None else str(p) for p in (attr.start, attr.stop, attr.step)]
        return ":".join(parts[:2] if not parts[2] else parts)
    if isinstance(attr, tuple):
        return f"({', '.join(map(show, attr))})"
    return str(attr)
