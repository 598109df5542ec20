"""Graphs as lines for a reader: ``name = expression`` where it helps, loops and branches as such."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from bcad.ir import Dim, Graph, Names, Node, Value, constant_op, dim_op, symbols
from bcad.ops import LONGEST, Span

from . import call_text as _call_text  # declares how calls are written
from .expression import ATOM, Notation
from .item_text import index_text
from .naming import reading_name
from .number_text import unwritten_kinds
from .phrases import assignment, truth
from .size_text import SizeText

WIDTH = 92
SHORT, BRIEF = 8, 24  # repeated text up to this length is written again: of costly values, of cheap ones
__all__ = ["Listing", "_call_text"]
VIEWS = frozenset("getitem reshape transpose broadcast_to diagonal real imag".split())
WRITES = ("set_item", "index_add")
_CALLED = ("zeros", "ones", "full", "array", "abs", "add", "diag", "eye", "append", "arange", "linalg", "fft", "pi")
_READ_BEFORE = 4  # so many expressions get a line so that an array can be written to; for more it is copied
COSTLY = frozenset("matmul solve inv det slogdet eigh cholesky svd qr lstsq einsum pinv linear_scan loop".split())


class Listing:
    """Writes the outputs of a graph in sections, each with the lines that it needs first.

    Parameters
    ----------
    graph : Graph
        In the form for reading; values that the user has named are called so.
    """

    def __init__(self, graph: Graph, width: int = WIDTH, prefix: str = "", taken: Iterable[str] = (),
                 comments: bool = False) -> None:
        self.graph = graph
        self.comments = comments  # whether lines say which line of the user's they belong to
        self.width = width
        self.names = Names()
        self.names._taken.update(taken)
        self.chosen: set[Value] = set()
        self.notation = Notation(prefix, self.names, inline=lambda v: v not in self.chosen, exact=False)
        if prefix:
            self.notation.unwritten.update(*map(unwritten_kinds, graphs_of(graph)))
        for value in graph.inputs:
            self.names.of(value)
        if not prefix:  # a variable must not hide a function that the text calls
            self.names._taken.update(node.op.name for node in graph.walk())
            self.names._taken.update(_CALLED)
        self.sizes = self.notation.sizes = SizeText(graph.inputs, self.names, prefix)
        for symbol, text in _lengths(self.notation, graph):
            self.sizes.computed.setdefault(symbol, text)
        self._mentioned = frozenset(name for node in graph.walk() for attr in node.attrs.values() for name in mentioned(attr))
        self.total = graph.uses()
        self.lines: list[str] = []
        self.indent = 0
        self.hints: dict[Value, str] = {}  # names for arrays that are written step by step
        self.entries: list[Any] = []  # what has a line, in order: values that got a name, pairs of label and value
        self.always: set[Value] = set()  # values that get a line whatever they are
        self.refusal = "ValueError"  # what is raised where a call goes another way than the one that was traced
        self._written: set[Node] = set()
        self._users = users_of(graph)
        self._results: Sequence[Value] = graph.outputs
        self._owned: set[Value] = set()  # arrays of the text's own: it may write to them

    def section(self, outputs: Sequence[Value], labels: Sequence[str]) -> None:
        """Lines ``label = output``, after the lines they need; without labels those alone."""
        for label, value in zip(labels, outputs, strict=False):
            if "/" in label and value.node is not None and value.node.op.name in WRITES:
                self.hints.setdefault(value, f"d{label.rsplit('/d', 1)[-1]}")
        self.body(self.needed(self.graph, outputs), outputs)
        for label, value in zip(labels, outputs, strict=False):
            self.add(f"{label} = {self.notation.of(value)}")
            self.entries.append((label, value))

    def text(self) -> str:
        """All lines, after those that say what constants without a short literal are."""
        return "\n".join([*map(self._constant, self.notation.constants), *self.lines])

    def _constant(self, name: str) -> str:
        value = self.notation.constants[name]
        if isinstance(value, np.ndarray) and value.size <= 64 and np.all(np.isfinite(value)):
            return f"{name} = {' '.join(repr(value).split())}"
        what = f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) else repr(value)
        return f"# {name} is the constant {what}"

    def starts(self, *names: str) -> tuple[str, ...]:
        """What the text of a call of NumPy's functions begins with."""
        return tuple(f"{self.notation.prefix}{name}" for name in names)

    def add(self, line: str, node: Node | None = None) -> None:
        line = "    " * self.indent + line
        if self.comments and node is not None and node.location is not None:
            line = f"{line:<60}  # {node.location.file.rsplit('/', 1)[-1]}:{node.location.line}"
        self.lines.append(line)

    def needed(self, graph: Graph, outputs: Iterable[Value]) -> list[Node]:
        """The nodes behind `outputs` that are not written yet, in order; to a reader, checks are none."""
        live, found = set(outputs), []
        for node in reversed(graph.nodes):
            effect = node.op.effect and (node.op.name != "check" or self.notation.prefix)
            if node not in self._written and (effect or any(v in live for v in node.outputs)):
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
            if node.op.name == "check":
                self._check(node)
                continue
            if node.regions:
                self._regions(node, uses)
            elif len(node.outputs) != 1:
                self._several(node, uses)
            elif node.op.effect:  # where it stands, once: a draw, a look at the clock
                self.define(node.output, self.notation.node(node).text)
            elif node.op.name in WRITES:
                self._write(node)
            else:
                self._one(node.output, uses.get(node.output, 0))

    def _check(self, node: Node) -> None:
        """Where the function would raise."""
        self.add(f"if {truth(self.notation.of(node.inputs[0]))}:")
        message = getattr(node.attrs.get("message"), "value", None) or "the function raises here"
        error: Any = getattr(node.attrs.get("error"), "value", None)
        known = error is not None and getattr(builtins, error.__name__, None) is error
        if not known:
            message = f"this call goes another way than the one that was traced: {message}"
        if node.location is not None:
            message = f"{message} ({node.location.file.rsplit('/', 1)[-1]}:{node.location.line})"
        self.add(f"    raise {error.__name__ if known else self.refusal}({str(message)!r})")

    def _one(self, value: Value, uses: int) -> None:
        if value in self.notation.given:
            return
        text = self.notation.node(value.node).text  # type: ignore[arg-type]
        if len(text) > self.width:
            text = self._shortened(value)
        if self._deserves(value, text, uses):
            self.define(value, text)

    def _shortened(self, value: Value) -> str:
        """The text of a value after enough of its parts got lines of their own."""
        while len(text := self.notation.node(value.node).text) > self.width:  # type: ignore[arg-type]
            parts = [(len(t), v) for v, t in self._parts(value) if 12 < len(t) <= 0.75 * self.width]
            if not parts:
                break
            _, part = max(parts, key=lambda pair: pair[0])
            self.define(part, self.notation.node(part.node).text)  # type: ignore[arg-type]
        return text

    def _parts(self, value: Value) -> list[tuple[Value, str]]:
        """What is written out inside the text of a value."""
        found: dict[Value, str] = {}
        todo = list(value.node.inputs)  # type: ignore[union-attr]
        while todo:
            part = todo.pop()
            node = part.node
            named = part in self.chosen or part in self.notation.given or part in found
            if named or node is None or node.op in (constant_op, dim_op) or node.regions or len(node.outputs) != 1:
                continue
            found[part] = self.notation.of(part).text
            todo += node.inputs
        return list(found.items())

    def _deserves(self, value: Value, text: str, uses: int) -> bool:
        """Whether a value gets a line of its own."""
        if value in self.always or self._binds(value):
            return True
        if text.isidentifier() or uses == 0 or text.startswith(self.starts("zeros(", "ones(")):
            return False
        if value.name is not None and self.total.get(value, 0) > 1:
            return True
        if value.hint is not None and self.notation.prefix and len(text) > BRIEF:
            return True
        if uses > 1:
            if value.node is not None and value.node.op.name == "host":
                return True
            items = any(n.op.name in ("getitem", "gather") and n.inputs[0] is value for n in self._users.get(value, ()))
            if items and value.node is not None and value.node.op.name not in VIEWS:
                return len(text) > 2
            return len(text) > (SHORT if uses > 2 or _costly(value, self.chosen) else BRIEF)
        return len(text) > self.width and value not in self.graph.outputs

    def _binds(self, value: Value) -> bool:
        """Whether a size that the text mentions can only be told by this value."""
        shape = getattr(value.type, "shape", ())
        fresh = [s for s in shape if isinstance(s, Dim) and s.is_symbol() and str(s) in self._mentioned]
        return any(not any(s in v.type.shape for v in self.sizes.values) for s in fresh)

    # -- arrays that are written to --------------------------------------------------------------
    def _write(self, node: Node) -> None:
        """``name[index] = value`` or ``+=``, on the text's own array."""
        base, item, *arrays = node.inputs
        index = index_text(self.notation, node.attrs["index"], arrays)
        text = self.notation.of(item).text
        name = self._target(node, base)
        if node.op.name == "set_item":
            self.add(assignment(f"{name}[{index}]", text))
        elif any(getattr(v.type, "shape", ()) for v in arrays):
            index = f"{self.notation.prefix}s_[{index}]" if ":" in index else f"({index})" if "," in index else index
            self.add(f"{self.notation.prefix}add.at({name}, {index}, {text})")
        else:
            self.add(f"{name}[{index}] += {text}")
        self._written.add(node)

    def _target(self, node: Node, base: Value) -> str:
        """The name of the array that `node` writes to: its base itself if nothing reads that any more."""
        value = node.output
        if base in self._owned and self._is_read(base, node):
            name = self.names.of(base)
            self.names._given[value] = name
            self.chosen.add(value)
            self.sizes.add(value)
        else:
            text = self._fresh(base)
            self.hints.setdefault(value, self._hint(value))
            name = self.choose(value)
            self.add(f"{name} = {text}")
        self._owned.add(value)
        return name

    def _is_read(self, base: Value, write: Node) -> bool:
        """Whether all that reads `base` is written; what is not gets its line before the one of `write`, if it can."""
        if self._is_done(base, write):
            return True
        if base in self._results:
            return False
        left = [n for n in self._users.get(base, ()) if n is not write and n not in self._written]
        left = [n for n in left if not (self._is_plain(n) and self._is_done(n.output, write))]
        if len(left) > _READ_BEFORE or not all(map(self._is_plain, left)) or not all(map(self._is_ready, left)):
            return False
        for node in left:
            text = self.notation.node(node)
            view = node.op.name in VIEWS and bool(getattr(node.output.type, "shape", ()))
            self.define(node.output, f"{text.at(ATOM)}.copy()" if view else text.text)
        return self._is_done(base, write)

    def _is_plain(self, node: Node) -> bool:
        """Whether a node that has no line yet is an expression."""
        known = len(node.outputs) == 1 and node.outputs[0] not in self.chosen
        return known and not node.regions and not node.op.effect and node.op.name not in WRITES

    def _is_ready(self, node: Node) -> bool:
        """Whether what an expression reads is there already."""
        todo, seen = list(node.inputs), set()
        while todo:
            value = todo.pop()
            inner = value.node
            if inner is None or inner in self._written or inner in seen or value in self.chosen or value in self.notation.given:
                continue
            if not self._is_plain(inner):
                return False
            seen.add(inner)
            todo += inner.inputs
        return True

    def _hint(self, value: Value) -> str:
        """The name that the last of a chain of writes is to have."""
        while True:
            users = self._users.get(value, ())
            onward = [n.output for n in users if n.op.name in WRITES and n.inputs[0] is value]
            if value in self.hints or len(onward) != 1:
                return self.hints.get(value, "")
            (value,) = onward

    def _fresh(self, base: Value) -> str:
        """`base` as an array that may be written to."""
        text, node = self.notation.of(base), base.node
        made = text.text.startswith(self.starts("zeros", "ones", "full"))
        if node is None or base in self.chosen or node.op.name in VIEWS and not made:
            return f"{text.at(ATOM)}.copy()"
        if node.op.name == "astype":
            return f"{text.at(ATOM)}.astype({self.notation.dtype(node.attrs['dtype'])})"
        return text.text

    def _is_done(self, value: Value, write: Node) -> bool:
        """Whether all that reads `value` is written already, or is written in the line of `write`."""
        if value in self._results:
            return False
        for node in self._users.get(value, ()):
            if node is write:
                continue
            if node in self._written:
                if node.op.name in VIEWS and node.output.shape and not self._is_done(node.output, write):
                    return False  # a view that has a name shows what is written
                continue
            pending = len(node.outputs) == 1 and not node.regions and node.outputs[0] not in self.chosen
            if not pending or not self._is_done(node.output, write):
                return False
        return True

    def define(self, value: Value, text: str) -> str:
        """A line ``name = text``; the name."""
        name = self.choose(value)
        self.entries.append(value)
        self.add(f"{name} = {text}", value.node)
        self._written.add(value.node)  # type: ignore[arg-type]
        return name

    def choose(self, value: Value, sized: bool = True) -> str:
        """The name of a value from now on; `sized`: its shape may be mentioned already."""
        self.chosen.add(value)
        self.names._given[value] = name = reading_name(value, self.names, self._called(value))
        if sized:
            self.sizes.add(value)
        return name

    def _called(self, value: Value) -> str:
        """What is known of the name of a value; code, unlike formulas, is told what is the cotangent of what."""
        return self.hints.get(value, "") or value.name or (self.notation.prefix and value.hint) or ""

    def _several(self, node: Node, uses: dict[Value, int]) -> None:
        """A node with several results: one line that names them, unless only one is used once."""
        used = [v for v in node.outputs if uses.get(v)]
        text = self.notation.node(node).text
        if len(used) == 1 and uses[used[0]] == 1 and len(text) <= self.width // 2 and not self._binds(used[0]):
            return
        names = [self.choose(v) if v in used else "_" for v in node.outputs]
        self.add(f"{', '.join(names)} = {text}" if names else text)
        self._written.add(node)

    def _regions(self, node: Node, uses: dict[Value, int]) -> None:
        from .listing_regions import write_regions  # stands on this module

        write_regions(self, node, uses)
        self._written.add(node)


def mentioned(attr: Any) -> frozenset[str]:
    """The size symbols in an attribute."""
    if isinstance(attr, tuple):
        return frozenset().union(*map(mentioned, attr))
    if isinstance(attr, slice):
        return mentioned((attr.start, attr.stop, attr.step))
    return symbols(attr) if isinstance(attr, Dim) else frozenset()


def graphs_of(graph: Graph) -> Iterator[Graph]:
    """A graph and all regions in it."""
    yield graph
    for node in graph.walk():
        yield from node.regions


def _lengths(notation: Notation, graph: Graph) -> Iterator[tuple[str, Callable[[], str]]]:
    """How the lengths of slices with computed bounds are written where no named array has them."""
    for node in graph.walk():
        if node.op.name == "getitem" and any(isinstance(part, Span) for part in node.attrs["index"]):
            for axis, size in enumerate(node.output.type.shape):
                if isinstance(size, Dim) and size.is_symbol():
                    yield str(size), functools.partial(_length, notation, node, axis)


def _length(notation: Notation, node: Node, axis: int) -> str:
    (number, *_), base = node.inputs[1:], node.inputs[0]
    if base.node is not None and base.node.op.name == "broadcast_to" and base.type.shape == (LONGEST,):
        return notation.of(number).at(ATOM)
    shape = node.output.type.shape
    return f"{notation.node(node).at(ATOM)}.{'size' if len(shape) == 1 else f'shape[{axis}]'}"


def users_of(graph: Graph) -> dict[Value, list[Node]]:
    """The nodes of a graph that read each value."""
    found: dict[Value, list[Node]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            found.setdefault(value, []).append(node)
    return found


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
