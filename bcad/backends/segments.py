"""Graphs of which a part cannot be compiled: compiled segments around steps that NumPy executes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bcad.ir import (
    Builder,
    Dim,
    Graph,
    Node,
    Value,
    bind_sizes,
    constant_op,
    copy_node,
    dim_op,
    natural,
    python_type,
    symbols_of,
    type_symbols,
)
from bcad.ir import evaluate as run_graph
from bcad.ops import has_effect

from .backend import Compiled, Report
from .numpy_source import symbols_used


@dataclass
class Segment:
    """A run of nodes executed together; `compiled` or by NumPy."""

    compiled: bool
    level: int
    nodes: list[Node]
    inputs: list[Value]
    outputs: list[Value]


def cut(graph: Graph, excluded: set[Node]) -> list[Segment]:
    """The segments of `graph` in order; nodes in `excluded` are for NumPy."""
    level: dict[Value, tuple[int, bool]] = {v: (0, True) for v in graph.inputs}
    groups: dict[tuple[int, bool], list[Node]] = {}
    effects = (0, True)
    inner = _bound(graph.nodes) - {str(s) for v in graph.inputs for s in getattr(v.type, "shape", ()) if is_symbol(s)}
    learnt: dict[str, tuple[int, bool]] = {}  # where the sizes become known that a run binds
    for node in graph.nodes:
        if node.op in (constant_op, dim_op):
            continue
        host = node in excluded
        found = 0
        sources = [level[v] for v in node.inputs if v in level] + ([effects] if has_effect(node) else [])
        if inner:
            sources += [learnt[s] for s in _sizes_read(node) & learnt.keys()]
        for depth, compiled in sources:
            found = max(found, depth + (not host and not compiled))
        if has_effect(node):
            effects = (found, not host)
        for value in node.outputs:
            level[value] = (found, not host)
        for symbol in _bound([node]) & inner if inner else ():
            learnt.setdefault(symbol, (found, not host))
        groups.setdefault((found, not host), []).append(node)
    order = sorted(groups, key=lambda key: (key[0], not key[1]))  # compiled first at each level
    return [_segment(graph, groups[key], *key) for key in order]


def _sizes_read(node: Node) -> set[str]:
    """The symbols that running `node` needs, the lengths among its inputs included."""
    return symbols_of(node).union(*(symbols_of(v.node) for v in node.inputs if v.node is not None and v.node.op is dim_op))


def _segment(graph: Graph, nodes: list[Node], level: int, compiled: bool) -> Segment:
    inside = {v for node in nodes for v in node.outputs}
    needed = dict.fromkeys(v for node in nodes for v in node.inputs if v not in inside and not _structural(v))
    own = set(nodes)
    read = {v for node in graph.nodes if node not in own for v in node.inputs} | set(graph.outputs)
    outputs = [v for node in nodes for v in node.outputs if v in read]
    return Segment(compiled, level, nodes, list(needed), outputs)


def _structural(value: Value) -> bool:
    return value.node is not None and value.node.op in (constant_op, dim_op)


def extract(graph: Graph, segment: Segment, known: set[str]) -> tuple[Graph, list[str], list[str]]:
    """The segment as a graph, the sizes that are its last inputs, and those that are its last outputs.

    `known` are the symbols that are bound before; what the segment binds for others is handed out.
    """
    with Builder(name=f"{graph.name}_{segment.level}") as b:
        mapping: dict[Value, Value] = {v: b.input(v.type, v.name) for v in segment.inputs}
        wanted = set(segment.nodes) | {
            v.node for n in segment.nodes for v in n.inputs if v.node is not None and _structural(v)
        }
        for node in graph.nodes:
            if node in wanted:
                copy_node(b, node, mapping)
        shown = {str(s) for v in segment.inputs for s in getattr(v.type, "shape", ()) if not isinstance(s, int)}
        new = _bound(segment.nodes) - known
        handed = sorted(new & _wanted_elsewhere(graph, segment), key=natural) if new else []
        outputs = [mapping[v] for v in segment.outputs] + [b.size(Dim.symbol(s)) for s in handed]
        missing = sorted(((symbols_used(b.build(outputs)) | _shape_symbols(segment)) - shown) & known, key=natural)
        for symbol in missing:
            b.input(python_type(int), f"size_{symbol}")
        return b.build(outputs), missing, handed


def _bound(nodes: Iterable[Node]) -> set[str]:
    """The symbols that are bare in a result of one of the nodes."""
    return {str(s) for n in nodes for v in n.outputs for s in getattr(v.type, "shape", ()) if is_symbol(s)}


def is_symbol(size: Any) -> bool:
    return isinstance(size, Dim) and size.is_symbol()


def _wanted_elsewhere(graph: Graph, segment: Segment) -> set[str]:
    own = set(segment.nodes)
    return set().union(*(symbols_of(n) for n in graph.nodes if n not in own), *map(type_symbols, graph.outputs))


def _shape_symbols(segment: Segment) -> set[str]:
    found: set[str] = set()
    for node in segment.nodes:
        for value in node.outputs:
            for size in getattr(value.type, "shape", ()):
                if not isinstance(size, int):
                    found |= size.symbols()
    return found


Compile = Callable[[Graph, Sequence[str]], Compiled]


class Schedule:
    """Runs segments in order, handing values and sizes from one to the next."""

    def __init__(self, graph: Graph, segments: Sequence[Segment], compile: Compile) -> None:
        self.graph = graph
        self.report = Report()
        self.sources: list[str] = []
        self._keepers: list[Callable[[], tuple[int, int]]] = []
        self.report.kept = self._kept
        known = {str(s) for v in graph.inputs for s in getattr(v.type, "shape", ()) if is_symbol(s)}
        self.steps = []
        for segment in segments:
            self.steps.append(self._step(segment, compile, known))
            known |= _bound(segment.nodes)
        self.structural = [n for n in graph.nodes if n.op in (constant_op, dim_op) and n.output in graph.outputs]

    def _step(self, segment: Segment, compile: Compile, known: set[str]) -> Any:
        part, symbols, handed = extract(self.graph, segment, known)
        if segment.compiled:
            made = compile(part, symbols)
            self.sources.append(made.source)
            self.report.kernels += made.report.kernels
            self.report.stored += made.report.stored
            self.report.notes += made.report.notes
            if made.report.kept is not None:
                self._keepers.append(made.report.kept)
            for phase, seconds in made.report.seconds.items():
                self.report.seconds[phase] = self.report.seconds.get(phase, 0.0) + seconds
            return made.run, symbols, segment, handed, None
        self.sources.append(str(part))
        return None, symbols, segment, handed, part

    def _kept(self) -> tuple[int, int]:
        """The bytes of tapes and of other temporary arrays that all segments keep."""
        parts = [kept() for kept in self._keepers]
        return sum(tapes for tapes, _ in parts), sum(rest for _, rest in parts)

    def run(self, *args: Any) -> list[Any]:
        sizes: dict[str, int] = {}
        values: dict[Value, Any] = {}
        for value, arg in zip(self.graph.inputs, args, strict=True):
            bind_sizes(value, arg, sizes)
            values[value] = arg
        for run, symbols, segment, handed, part in self.steps:
            inputs = [values[v] for v in segment.inputs] + [sizes[s] for s in symbols]
            results = run(*inputs) if run is not None else run_graph(part, inputs, sizes)
            sizes.update(zip(handed, results[len(segment.outputs) :], strict=True))
            for value, result in zip(segment.outputs, results, strict=False):
                bind_sizes(value, result, sizes)
                values[value] = result
        for node in self.structural:
            attrs = {k: v.evaluate(sizes) if hasattr(v, "evaluate") else v for k, v in node.attrs.items()}
            values[node.output] = node.op.evaluate(**attrs)
        return [values[v] for v in self.graph.outputs]
