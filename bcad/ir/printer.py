"""Graph -> typed SSA text with the user's names and source lines; `parser` reads it back.

::

    f(x: float64[n]) {
      a: float64[n] = add x, 1                      # model.py:3
      b: float64 = sum a {axis=(0,), keepdims=False}
      return b
    }

An attribute is written as a Python expression.  What has none (a function, a large array) is
written ``ref(0, 'its name')``; `objects_of` gives the objects by these numbers.
"""

from __future__ import annotations

import builtins
import enum
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .dim import Dim
from .graph import Graph, Node, Value
from .structural import Literal, constant_op
from .types import ArrayType, Kind, ObjectType

LARGEST = 64  # elements of an array that is written out
_LONGEST = 20  # characters of a constant that is written where it is used
ATTRIBUTE_CLASSES: dict[str, type] = {"Kind": Kind}  # enums and named tuples that attributes may hold, by name


def attribute_class(cls: type) -> type:
    """Let attributes hold members of the enum, or instances of the named tuple, `cls`."""
    ATTRIBUTE_CLASSES[cls.__name__] = cls
    return cls


def text(graph: Graph) -> str:
    """The SSA text of `graph`."""
    return "\n".join(_Printer().graph(graph, ""))


def objects_of(graph: Graph) -> list[Any]:
    """What the text of `graph` calls ``ref(0)``, ``ref(1)``..."""
    printer = _Printer()
    for _ in printer.graph(graph, ""):
        pass
    return printer.objects


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
        self.objects: list[Any] = []

    def graph(self, graph: Graph, indent: str) -> Iterator[str]:
        inputs = ", ".join(map(self._typed, graph.inputs))
        yield f"{indent}{graph.name}({inputs}) {{"
        inner = indent + "  "
        for node in graph.nodes:
            if node.op is not constant_op or self._long(node):
                yield from self.node(node, inner)
        yield f"{inner}return {', '.join(map(self.operand, graph.outputs))}".rstrip()
        yield f"{indent}}}"

    def node(self, node: Node, indent: str) -> Iterator[str]:
        results = ", ".join(map(self._typed, node.outputs))
        operands = ", ".join(map(self.operand, node.inputs))
        constant = node.op is constant_op  # whose value is a literal anyway
        attrs = ", ".join(f"{k}={self.attribute(v.value if constant else v)}" for k, v in node.attrs.items())
        line = f"{indent}{results} = " if results else indent
        line = f"{line}{node.op.name} {operands}".rstrip()
        line += f" {{{attrs}}}" if attrs else ""
        if node.location is not None:
            line = f"{line:<60}  # {node.location.file.rsplit('/', 1)[-1]}:{node.location.line}"
        yield line
        for region in node.regions:
            yield from self.graph(region, indent + "  ")

    def _typed(self, value: Value) -> str:
        return f"{self.name(value)}: {value.type}"

    def name(self, value: Value) -> str:
        return re.sub(r"\W", "_", self.names.of(value))

    def operand(self, value: Value) -> str:
        node = value.node
        if node is not None and node.op is constant_op and not self._long(node):
            return literal_text(node.attrs["value"].value)
        return self.name(value)

    @staticmethod
    def _long(node: Node) -> bool:
        value = node.attrs["value"].value
        return not is_literal(value) or len(literal_text(value)) > _LONGEST

    # -- attributes --------------------------------------------------------------------------
    def attribute(self, x: Any) -> str:
        """A static attribute as a Python expression."""
        if isinstance(x, Literal):
            return f"literal({self.attribute(x.value)})"
        if isinstance(x, slice):
            bounds = ["" if p is None else self.attribute(p) for p in (x.start, x.stop, x.step)]
            return ":".join(bounds[:2] if x.step is None else bounds)
        if isinstance(x, tuple) and type(x).__name__ in ATTRIBUTE_CLASSES:
            return f"{type(x).__name__}({', '.join(map(self.attribute, x))})"
        if isinstance(x, tuple):
            inner = ", ".join(map(self.attribute, x))
            if any(isinstance(item, slice) for item in x):
                return f"at[{inner}]"
            return f"({inner}{',' if len(x) == 1 else ''})"
        if isinstance(x, enum.Enum) and type(x).__name__ in ATTRIBUTE_CLASSES:
            return f"{type(x).__name__}.{x.name}"
        if isinstance(x, (ArrayType, ObjectType)):
            return f"type({str(x)!r})"
        if isinstance(x, np.dtype) and x.isbuiltin == 1:
            return x.name
        if isinstance(x, np.dtype):
            return f"dtype({x.str!r})"
        if isinstance(x, Dim):
            return str(x)
        if x is Ellipsis:
            return "..."
        name: str = getattr(x, "__name__", "")
        if isinstance(x, type) and issubclass(x, Exception) and vars(builtins).get(name) is x:
            return name
        return literal_text(x) if is_literal(x) else self._reference(x)

    def _reference(self, x: Any) -> str:
        self.objects.append(x)
        shown: str = f"{x.dtype}{list(x.shape)}" if isinstance(x, np.ndarray) else getattr(x, "__name__", "") or repr(x)
        return f"ref({len(self.objects) - 1}, {re.sub(' at 0x[0-9a-f]+', '', ' '.join(shown.split()))!r})"


def is_literal(x: Any) -> bool:
    """Whether a value can be written as an expression that gives back every bit."""
    if isinstance(x, np.ndarray):
        return x.size <= LARGEST and type(x) is np.ndarray and x.dtype.kind in "biufc" and x.dtype.isbuiltin == 1
    if isinstance(x, np.generic):
        return x.dtype.kind in "biufc"
    return x is None or type(x) in (bool, int, float, complex, str, bytes)


def literal_text(x: Any) -> str:
    """A number, text or array as an expression."""
    if isinstance(x, np.ndarray):
        shape = f", {x.shape}" if x.size == 0 else ""
        return f"array({_nested(x)}, {x.dtype.name}{shape})"
    if isinstance(x, np.bool_):
        return f"np.bool_({bool(x)})"
    if isinstance(x, np.generic):
        number = repr(str(x)) if x.dtype.char in "gG" else _number(x.item())
        return f"np.{x.dtype.name}({number})"
    return _number(x) if type(x) in (float, complex) else repr(x)


def _nested(x: Any) -> str:
    if isinstance(x, np.ndarray) and x.shape:
        return f"[{', '.join(map(_nested, x))}]"
    value = x[()] if isinstance(x, np.ndarray) else x
    return repr(str(value)) if value.dtype.char in "gG" else _number(value.item())


def _number(x: Any) -> str:
    if isinstance(x, complex):
        return f"complex({_number(x.real)}, {_number(x.imag)})"
    if isinstance(x, float) and not math.isfinite(x):
        return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
    return repr(x)
