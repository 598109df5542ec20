"""Graph -> readable stand-alone NumPy source; run, it is tier 0, the executor of first calls."""

from __future__ import annotations

import builtins
import itertools
import keyword
import linecache
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Dim, Graph, Names, Node, Value, constant_op, dim_op, live_part, run_node
from bcad.ops import BY_NAME, operands_of

from .backend import Compiled, Report
from .expression import Notation, Text, suggest_name
from .notation import exact_attributes, to_kind
from .ownership import borrowed, owning

WIDTH = 64  # a value used once is written where it is used unless the line gets longer than this
SHORT = 16  # what is said to hold something has a line of its own unless it is no longer than this
RESERVED = {"np", "math", "max", "min", *keyword.kwlist, *dir(builtins)}
_numbers = itertools.count(1)


class NumpyBackend:
    """Runs graphs as NumPy source."""

    name = "numpy"

    def compile(self, graph: Graph) -> Compiled:
        start = time.perf_counter()
        source, constants = print_graph(graph)
        printed = time.perf_counter()
        run = owning(quietly(load(source, graph.name, constants)), borrowed(graph))
        seconds = {"print": printed - start, "compile": time.perf_counter() - printed}
        return Compiled(run, source, Report("numpy", seconds=seconds))


def quietly(run: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """`run` without NumPy's warnings: what a mask hides, and derivatives at poles, are no news to the user."""

    def quiet(*values: Any) -> list[Any]:
        with np.errstate(all="ignore"):
            return run(*values)

    return quiet


def load(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """The function `name` that `source` defines; tracebacks through it show its lines."""
    filename = f"<bcad {name} {next(_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope = {"np": np, "math": math, **namespace}
    exec(compile(source, filename, "exec"), scope)
    return scope[function_name(name)]


def function_name(name: str) -> str:
    return name if name.isidentifier() and name not in RESERVED else "f"


def print_graph(graph: Graph) -> tuple[str, dict[str, Any]]:
    """The source of a function of the graph's inputs, and what its free names are bound to."""
    printer = SourcePrinter()
    return printer.function(graph), printer.notation.constants


def source(graph: Graph) -> str:
    """The NumPy source of `graph`."""
    return print_graph(graph)[0]


class SourcePrinter:
    """Prints one graph, regions included, as the body of a Python function."""

    def __init__(self) -> None:
        names = Names()
        names._taken.update(RESERVED)
        self.notation = Notation("np.", names, inline=lambda value: False)
        self.lines: list[str] = []
        self.indent = 1
        self.bound: set[str] = set()  # size symbols that have a value already
        self.needed: set[str] = set()

    # -- the function ----------------------------------------------------------------------
    def function(self, graph: Graph) -> str:
        self.needed = symbols_used(graph)
        self.notation.names._taken.update(self.needed, {function_name(graph.name)})  # constants are its globals
        inputs = ", ".join(self.name(v) for v in graph.inputs)
        for value in graph.inputs:
            self.bind_sizes(value)
        self.body(graph)
        self.add(f"return [{', '.join(self.notation.of(v).text for v in graph.outputs)}]")
        return "\n".join([f"def {function_name(graph.name)}({inputs}):", *self.lines]) + "\n"

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def name(self, value: Value) -> str:
        names = self.notation.names
        if value not in names._given:
            if value.name and not value.name.isidentifier():
                names._given[value] = names._unique("".join(c if c.isalnum() else "_" for c in value.name))
            elif not value.name and value.hint is not None:
                names._given[value] = names._unique(value.hint if value.hint.isidentifier() else "d_value")
            elif not value.name and value.node is not None and len(value.node.outputs) == 1:
                names._given[value] = names._unique(suggest_name(value, names))
        return names.of(value)

    def bind_sizes(self, value: Value) -> None:
        """``n = x.shape[0]`` for the symbols that `value`'s shape binds."""
        if not isinstance(value.type, ArrayType):
            return
        for axis, size in enumerate(value.type.shape):
            if isinstance(size, Dim) and size.is_symbol() and str(size) in self.needed - self.bound:
                self.bound.add(str(size))
                self.add(f"{size} = {self.name(value)}.shape[{axis}]")

    # -- nodes -------------------------------------------------------------------------------
    def body(self, graph: Graph) -> None:
        live = live_part(graph)
        uses = live.uses()
        for node in live.nodes:
            if node.op in (constant_op, dim_op):
                continue
            if node.op is BY_NAME["cond"]:
                self.cond(node)
            elif node.op is BY_NAME["loop"]:
                self.loop(node)
            elif node.op.name in ("custom", "checkpoint"):
                self.run_region(node)
            elif node.regions:
                self.region_call(node)
            elif node.op.name in ("host", "host_effect"):
                self.host_call(node)
            elif getattr(node.op, "multiple", False) or len(node.outputs) != 1:
                self.several(node)
            else:
                self.simple(node, uses)

    def simple(self, node: Node, uses: dict[Value, int]) -> None:
        value = node.output
        text = self.notation.node(node)
        told = value.hint is not None and len(text.text) > SHORT
        once = uses.get(value) == 1 and value.name is None and not told and not node.op.effect
        if once and len(text.text) <= WIDTH and value not in self.shape_givers(value):
            self.notation.given[value] = text
            return
        self.assign(self.name(value), text.text, node)
        self.bind_sizes(value)

    def shape_givers(self, value: Value) -> Sequence[Value]:
        """`value` itself if its shape binds a symbol that is still needed."""
        if not isinstance(value.type, ArrayType):
            return ()
        new = [s for s in value.type.shape if isinstance(s, Dim) and s.is_symbol()]
        return (value,) if any(str(s) in self.needed - self.bound for s in new) else ()

    def assign(self, target: str, text: str, node: Node) -> None:
        line = f"{target} = {text}" if target else text
        if node.location is not None:
            where = f"{node.location.file.rsplit('/', 1)[-1]}:{node.location.line}"
            line = f"{line:<60}  # {where}"
        self.add(line)

    def several(self, node: Node) -> None:
        """A node with several results, or none."""
        name = self.notation.named_constant(node.op, f"{node.op.name}_op").text
        call = self.notation.call(f"{name}.evaluate", *node.inputs, **exact_attributes(self.notation, node.attrs)).text
        targets = "".join(f"{self.name(v)}, " for v in node.outputs)
        self.results(node, targets.rstrip(), call)

    def results(self, node: Node, targets: str, call: str) -> None:
        """The line of a call, and what makes its results of the kinds that their types say."""
        self.assign(targets, call, node)
        for value in node.outputs:
            self.convert(value)
            self.bind_sizes(value)

    def host_call(self, node: Node) -> None:
        """A call of the user's, or of a stream of random numbers."""
        call = node.attrs["fn"].value
        name = re.sub(r"\W+", "_", getattr(getattr(call, "fn", None), "__name__", "call").strip("<>"))
        text = self.notation.call(self.notation.named_constant(call, f"{name}_").text, *node.inputs).text
        self.results(node, ", ".join(map(self.name, node.outputs)), text)

    def run_region(self, node: Node) -> None:
        """The lines of a region that is simply run."""
        texts = self.region(node.regions[0], [self.notation.of(v) for v in node.inputs])
        for value, text in zip(node.outputs, texts, strict=True):
            if text.isidentifier():
                self.notation.given[value] = Text(text)
            else:
                self.add(f"{self.name(value)} = {text}")
            self.bind_sizes(value)

    def convert(self, value: Value) -> None:
        if isinstance(value.type, ArrayType) and not value.type.shape:
            name = self.name(value)
            self.add(f"{name} = {to_kind(self.notation, Text(name), value.type)}")

    def region_call(self, node: Node) -> None:
        """A node whose regions are run by its own `execute`."""
        name = self.notation.named_constant(_Runner(node), f"{node.op.name}_").text
        symbols = ", ".join(f"{s!r}: {s}" for s in sorted(symbols_of_node(node) & self.bound))
        inputs = ", ".join(self.notation.of(v).text for v in node.inputs)
        targets = "".join(f"{self.name(v)}, " for v in node.outputs).rstrip()
        self.assign(targets, f"{name}([{inputs}], {{{symbols}}})", node)
        for value in node.outputs:
            self.bind_sizes(value)

    # -- regions -----------------------------------------------------------------------------
    def region(self, graph: Graph, arguments: Sequence[Text]) -> list[str]:
        """Print the nodes of `graph` with `arguments` for its inputs; the texts of its outputs."""
        for value, argument in zip(graph.inputs, arguments, strict=True):
            self.notation.given[value] = argument
            if argument.text.isidentifier():
                self.notation.names._given.setdefault(value, argument.text)
        for value in graph.inputs:
            if isinstance(value.type, ArrayType) and value.type.shape and self.shape_givers(value):
                for axis, size in enumerate(value.type.shape):
                    if isinstance(size, Dim) and size.is_symbol() and str(size) in self.needed - self.bound:
                        self.bound.add(str(size))
                        self.add(f"{size} = {self.notation.given[value].at(14)}.shape[{axis}]")
        self.body(graph)
        return [self.notation.of(v).text for v in graph.outputs]

    def cond(self, node: Node) -> None:
        arguments = [self.notation.of(v) for v in operands_of(node)]
        for k, value in enumerate(node.outputs):
            names = {arm.outputs[k].name or arm.outputs[k].hint for arm in node.regions}
            value.hint = value.hint or (names.pop() if len(names) == 1 else None)
        targets = [self.name(v) for v in node.outputs]
        predicate = self.notation.of(node.inputs[0]).text
        for header, arm in zip((f"if {predicate}:", "else:"), node.regions, strict=True):
            self.assign("", header, node) if header[0] == "i" else self.add(header)
            self.indent += 1
            before, bound = len(self.lines), set(self.bound)
            results = self.region(arm, arguments)
            moves = [(t, r) for t, r in zip(targets, results, strict=True) if t != r]
            if moves:
                self.add(", ".join(t for t, _ in moves) + " = " + ", ".join(r for _, r in moves))
            if len(self.lines) == before:
                self.add("pass")
            self.bound = bound
            self.indent -= 1
        for value in node.outputs:
            self.bind_sizes(value)

    def loop(self, node: Node) -> None:
        frame = _LoopFrame(self, node)
        frame.prologue()
        self.assign("", frame.header(), node)
        self.indent += 1
        bound, before = set(self.bound), len(self.lines)
        frame.print_body()
        if len(self.lines) == before:
            self.add("pass")
        self.bound = bound
        self.indent -= 1
        frame.epilogue()
        for value in node.outputs:
            self.bind_sizes(value)


class _LoopFrame:
    """The names and pieces of one loop while it is printed."""

    def __init__(self, printer: SourcePrinter, node: Node) -> None:
        self.p, self.node = printer, node
        self.body = node.regions[0]
        self.condition = node.regions[1] if len(node.regions) > 1 else None
        self.carries = node.attrs["carries"]
        self.counted = node.attrs.get("counted", True)
        self.operands = operands_of(node)
        self.ragged = dict(node.attrs.get("ragged", ()))
        self.used = {v for v in self.body.inputs for n in self.body.nodes if v in n.inputs}
        for value, element in zip(node.outputs[self.carries : -1], self.body.outputs[self.carries :], strict=True):
            value.hint = value.hint or f"{element.name or 'saved'}s".replace("saveds", "saved")
        self.stacks = [printer.name(v) for v in node.outputs[self.carries : -1]]

    def prologue(self) -> None:
        names, p = self.p.notation.names, self.p
        self.index = names._unique("i")
        self.state = []
        for value, inner in zip(self.node.outputs[: self.carries], self.body.inputs[1:], strict=False):
            value.name = value.name or inner.name
            self.state.append(p.name(value))
        for name, start in zip(self.state, self.operands, strict=False):
            text = p.notation.of(start).text
            if text != name:
                p.add(f"{name} = {text}")
        for name in self.stacks:
            p.add(f"{name} = []")
        self.node.outputs[-1].hint = self.node.outputs[-1].hint or "count"
        self.count = p.name(self.node.outputs[-1])
        self.arguments = [
            Text(self.index), *map(Text, self.state), *(self._constant(v) for v in self.operands[self.carries :])
        ]
        p.add(f"{self.count} = 0")

    def _constant(self, value: Value) -> Text:
        """A loop-invariant operand: computed once, before the loop."""
        text = self.p.notation.of(value)
        if "(" in text.text or " " in text.text:
            name = self.p.notation.names._unique("invariant")
            self.p.add(f"{name} = {text}")
            return Text(name)
        return text

    def header(self) -> str:
        if self.counted:
            return f"for {self.index} in range({self.p.notation.of(self.node.inputs[0])}):"
        self.p.add(f"{self.index} = -1")
        return "while True:"

    def print_body(self) -> None:
        p = self.p
        if not self.counted:
            p.add(f"{self.index} += 1")
        if self.condition is not None:
            (test,) = p.region(self.condition, self.arguments)
            p.add(f"if not {Text(test, 0).at(4) if ' ' in test else test}:")
            p.add("    break")
        results = p.region(self.body, self.arguments)
        for name, result in zip(self.stacks, results[self.carries :], strict=True):
            p.add(f"{name}.append({result})")
        moves = [(s, r) for s, r in zip(self.state, results, strict=False) if s != r]
        if moves:
            p.add(", ".join(s for s, _ in moves) + " = " + ", ".join(r for _, r in moves))
        p.add(f"{self.count} = {self.index} + 1")

    def epilogue(self) -> None:
        n = self.p.notation
        for k, name in enumerate(self.stacks):
            element = self.body.outputs[self.carries + k].type
            assert isinstance(element, ArrayType)
            shape = element.shape[1:] if k in self.ragged else element.shape
            empty = f"np.zeros((0, {', '.join(map(str, shape))}), {n.dtype(element.dtype)})".replace(", ),", ",),")
            if not shape:
                empty = f"np.zeros(0, {n.dtype(element.dtype)})"
            join = "np.concatenate" if k in self.ragged else "np.stack"
            self.p.add(f"{name} = {join}({name}) if {name} else {empty}")


class _Runner:
    """Runs a node with regions by its reference meaning."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def __call__(self, inputs: list[Any], sizes: dict[str, int]) -> list[Any]:
        return run_node(self.node, inputs, sizes)


def symbols_used(graph: Graph) -> set[str]:
    """The size symbols that running `graph` needs."""
    found: set[str] = set()
    for node in graph.walk():
        found |= symbols_of_node(node)
    return found


def symbols_of_node(node: Node) -> set[str]:
    """The symbols in a node's attributes, and in all types of its regions."""
    found = set(_symbols_in(tuple(node.attrs.values())))
    for region in node.regions:
        for inner in region.walk():
            found |= symbols_of_node(inner)
        for value in (*region.inputs, *region.outputs):
            found |= set(_symbols_in(getattr(value.type, "shape", ())))
    return found


def _symbols_in(x: Any) -> Iterator[str]:
    if isinstance(x, Dim):
        yield from x.symbols()
    elif isinstance(x, (tuple, list)):
        for item in x:
            yield from _symbols_in(item)
    elif isinstance(x, slice):
        yield from _symbols_in((x.start, x.stop, x.step))
    elif isinstance(x, ArrayType):
        yield from _symbols_in(x.shape)

