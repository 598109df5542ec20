"""Values in NumPy notation, with the parentheses that are needed and no others.

`Notation` writes single values; `definitions` cuts a graph into readable lines::

    z = x @ w
    f = np.sum(np.log(1 + np.exp(-y*z)))
"""

from __future__ import annotations

import builtins
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bcad.ir import Dim, Graph, Kind, Literal, Names, Node, Value, constant_op, dim_op

from .size_text import SizeText

# Python's own precedence: how tightly an operator binds.
LEVELS = {
    "or": 1, "and": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "|": 5, "^": 6, "&": 7,
    "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "//": 10, "%": 10, "@": 10, "**": 12,
}
CONDITIONAL, NOT, COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = 0, 3, 4, 9, 10, 11, 12, 14


def _is_plain_product(text: str) -> bool:
    """Whether a product multiplies and divides only: a sign in front of ``x // y * z`` would be floored."""
    if not any(symbol in text for symbol in ("@", "//", "%")):
        return True
    outside, inner = text, None
    while inner != outside:
        inner, outside = outside, re.sub(r"\([^()]*\)|\[[^][]*\]", "", outside)
    return not any(symbol in outside for symbol in ("@", "//", "%"))


_NAMED = {
    math.pi: ("pi", ATOM), 2 * math.pi: ("2*pi", PRODUCT), math.pi / 2: ("pi/2", PRODUCT),
    math.sqrt(2 * math.pi): ("sqrt(2*pi)", ATOM),
}


@dataclass(frozen=True)
class Text:
    """A piece of source and how tightly its outermost operator binds."""

    text: str
    level: int = ATOM
    symbol: str = ""  # the outermost operator, where a reader needs more parentheses than Python

    def at(self, level: int) -> str:
        """The text, in parentheses if something that binds at `level` is to hold it."""
        return self.text if self.level >= level else f"({self.text})"

    def __str__(self) -> str:
        return self.text


class Notation:
    """Writes values as expressions.

    Parameters
    ----------
    prefix : str
        What stands before NumPy's names: ``"np."``, or ``""`` for display.
    names : Names, optional
        Names for values that are not written out.
    inline : callable, optional
        Whether a value is written out where it is used; all of them by default.
    exact : bool, optional
        Whether every number is to have the very dtype and class that its type says (then ops without a NumPy
        function are called as they are), or the text is for a reader; exact if there is a prefix, by default.
    """

    def __init__(
        self, prefix: str = "np.", names: Names | None = None, inline: Callable[[Value], bool] | None = None,
        exact: bool | None = None,
    ) -> None:
        self.prefix = prefix
        self.exact = bool(prefix) if exact is None else exact
        self.names = names or Names()
        self.inline = inline or (lambda value: True)
        self.given: dict[Value, Text] = {}  # values that are to be written in a certain way
        self.constants: dict[str, Any] = {}  # objects that have no literal, by the name they got
        self.unwritten: set[Value] = set()  # conversions of numbers that are not written
        self.sizes: SizeText | None = None  # how sizes are written for a reader
        self.objects: dict[str, Any] = {}  # functions and streams of random numbers that calls mention, by name
        self.helpers: dict[str, Any] = {}  # ops without a NumPy function, by the name of the function that is called

    def of(self, value: Value) -> Text:
        """`value` where it is used."""
        if value in self.given:
            return self.given[value]
        node = value.node
        if node is None:
            return Text(self.names.of(value))
        if node.op is constant_op:
            return self.constant(node.attrs["value"].value)
        if node.op is dim_op:
            return self.size(node.attrs["size"])
        if not node.regions and self.inline(value) and (len(node.outputs) == 1 or not self.exact):
            text = self.node(node)
            return text if len(node.outputs) == 1 else Text(f"{text}[{value.index}]")
        return Text(self.names.of(value))

    def node(self, node: Node) -> Text:
        """What `node` computes, from its operands."""
        from .notation import write  # the table of special cases stands on this class

        return write(self, node)

    # -- pieces ---------------------------------------------------------------------------
    def infix(self, pattern: str, operands: Sequence[Text]) -> Text:
        """Operands joined by an operator: ``{0} + {1}``, ``-{0}``."""
        symbol = pattern.replace("{0}", "").replace("{1}", "").strip()
        if len(operands) == 1:
            return self.unary(symbol, operands[0])
        level = LEVELS[symbol]
        left, right = (self._apart(x, symbol) for x in operands)
        if symbol == "**":  # binds tighter than a minus on its left, less tightly than one on its right
            return Text(f"{left.at(POWER + 1)}**{right.at(UNARY)}", level)
        strict = level == COMPARISON  # comparisons would chain
        right_text = right.at(level + 1)
        if right.text.startswith("-"):
            right_text = f"({right.text})"
        return Text(pattern.format(left.at(level + strict), right_text), level, symbol if level == PRODUCT else "")

    @staticmethod
    def _apart(operand: Text, symbol: str) -> Text:
        """Matrix products beside others in parentheses: ``(x @ y)*z`` reads better than ``x @ y*z``."""
        mixed = LEVELS[symbol] == PRODUCT and operand.symbol and (operand.symbol == "@") != (symbol == "@")
        return Text(f"({operand})") if mixed else operand

    @staticmethod
    def unary(symbol: str, operand: Text) -> Text:
        if symbol == "-" and operand.level == PRODUCT and not _is_plain_product(operand.text):
            return Text(f"-({operand})", PRODUCT)
        if symbol == "-" and operand.level == PRODUCT and operand.text[0] not in "-~":
            return Text(f"-{operand.text}", PRODUCT)  # (-x)*y and -(x*y) are the same number
        return Text(f"{symbol}{operand.at(UNARY + 1)}", UNARY)

    def call(self, function: str, /, *args: Any, **keywords: Any) -> Text:
        """``function(args, keyword=...)``; arguments are Texts, Values or attributes."""
        parts = [self.argument(a) for a in args]
        parts += [f"{name}={self.argument(a)}" for name, a in keywords.items()]
        return Text(f"{function}({', '.join(parts)})")

    def argument(self, x: Any) -> str:
        if isinstance(x, Text):
            return x.text
        return self.of(x).text if isinstance(x, Value) else self.attribute(x)

    def attribute(self, x: Any) -> str:
        """A static attribute as source."""
        if isinstance(x, Literal):
            return self.constant(x.value).text
        if isinstance(x, Dim):
            return self.size(x).text
        if isinstance(x, tuple) and not hasattr(x, "_fields"):
            return f"({', '.join(map(self.attribute, x))}{',' if len(x) == 1 else ''})"
        if isinstance(x, tuple) and any(isinstance(part, Dim) for part in x):  # with sizes of this run
            return f"{self.named_constant(type(x)).text}({', '.join(map(self.attribute, x))})"
        if isinstance(x, slice):
            return f"slice({', '.join(map(self.attribute, (x.start, x.stop, x.step)))})"
        if isinstance(x, np.dtype):
            return self.dtype(x)
        if x is None or isinstance(x, (bool, int, str, float, complex, np.generic)):
            return self.constant(x).text
        return self.named_constant(x).text

    def dtype(self, dtype: np.dtype[Any]) -> str:
        if dtype.isbuiltin != 1 or dtype.kind not in "biufc" or not hasattr(np, dtype.name):
            return f"{self.prefix}dtype({dtype.str!r})"
        return {"bool": "bool", "float64": "float", "complex128": "complex"}.get(
            dtype.name, f"{self.prefix}{dtype.name}"
        )

    def size(self, size: Any) -> Text:
        if self.sizes is not None:
            return Text(*self.sizes.of(size))
        text = str(size)
        if text.lstrip("-").replace("_", "").isalnum():
            return Text(text, UNARY if text.startswith("-") else ATOM)
        bare = isinstance(size, Dim) and len(size.terms) == 1 and text.endswith(")")
        return Text(text, ATOM if bare and text.startswith(("max", "min", "(")) else SUM)

    def shape(self, shape: Sequence[Any]) -> str:
        if self.sizes is not None:
            return self.sizes.shape(shape)
        return self.attribute(shape[0] if len(shape) == 1 else tuple(shape))

    # -- constants ------------------------------------------------------------------------
    def constant(self, value: Any) -> Text:
        """A literal, or the name of a constant if it has no short one."""
        if isinstance(value, np.ndarray):
            return self.array_constant(value)
        if isinstance(value, np.generic) and value.dtype.kind in "bifuc" and value.dtype.itemsize <= 16:
            text = self.number(value.item())
            if not self.exact or isinstance(value, np.bool_):
                return text if not self.exact else Text(f"{self.prefix}{value!s}_")
            return Text(f"{self.prefix}{value.dtype.name}({text})")
        if value is None or isinstance(value, (bool, str)):
            return Text(repr(value))
        if isinstance(value, (int, float, complex)):
            return self.number(value)
        return self.named_constant(value)

    def number(self, value: Any) -> Text:
        if isinstance(value, (bool, int)):
            return Text(repr(value), ATOM if value >= 0 else UNARY)
        if isinstance(value, complex):
            safe = all(map(math.isfinite, (value.real, value.imag))) and complex(repr(value)) == value
            positive = math.copysign(1, value.real) > 0 and math.copysign(1, value.imag) > 0
            if safe and positive:
                return Text(repr(value))
            return Text(f"complex({self.number(value.real)}, {self.number(value.imag)})")
        if math.isnan(value):
            return Text(f"{self.prefix}nan")
        if math.isinf(value):
            return Text(f"{self.prefix}inf") if value > 0 else Text(f"-{self.prefix}inf", UNARY)
        if not self.exact and abs(value) in _NAMED:
            name, level = _NAMED[abs(value)]
            text = re.sub(r"(pi|sqrt)", rf"{self.prefix}\1", name)
            return Text(text, level) if value > 0 else Text(f"-{text}", PRODUCT)
        if not self.prefix and value == int(value) and abs(value) < 1e15 and str(value) != "-0.0":
            return self.number(int(value))
        return Text(repr(value), UNARY if repr(value).startswith("-") else ATOM)

    def array_constant(self, value: np.ndarray[Any, Any]) -> Text:
        if value.size > 6 or value.dtype.kind not in "bifc" or not np.all(np.isfinite(value)):
            return self.named_constant(value)
        items = np.array2string(value, separator=", ", formatter={"all": lambda x: self.number(x.item()).text})  # type: ignore[arg-type]
        items = " ".join(items.split())
        if not self.exact:
            if value.dtype.kind == "f" and value.size and np.all(value == np.round(value)):
                items = re.sub(r"(?<![\d.])(\d+)(?=[,\]])", r"\1.", items)  # an array of floats, as NumPy shows them
            return Text(f"{self.prefix}array({items})")
        if value.size == 0:
            return Text(f"{self.prefix}zeros({value.shape}, {self.dtype(value.dtype)})")
        return Text(f"{self.prefix}array({items}, {self.dtype(value.dtype)})")

    def object(self, obj: Any) -> str:
        """What the text calls something that a call of CPython's mentions."""
        if isinstance(obj, (np.ndarray, np.generic, float, complex)):
            return self.constant(obj).text
        for name, known in self.objects.items():
            if known is obj:
                return name
        public = public_name(obj, self.prefix)
        if public is not None:
            return public
        name = self.names._unique(_called(obj))
        self.objects[name] = obj
        return name

    def named_constant(self, value: Any, base: str = "c") -> Text:
        for name, known in self.constants.items():
            if known is value:
                return Text(name)
        name = self.names._unique(f"{base}{len(self.constants) + 1}")
        self.constants[name] = value
        return Text(name)


def public_name(obj: Any, prefix: str) -> str | None:
    """``np.random.default_rng``, ``np.random`` (its own stream), ``round``; None for what has no public name."""
    if obj is np.random.mtrand._rand:
        return f"{prefix}random"
    name = getattr(obj, "__name__", "")
    for path, module in (("", np), ("linalg.", np.linalg), ("fft.", np.fft), ("random.", np.random)):
        if name and getattr(module, name, None) is obj:
            return f"{prefix}{path if prefix else ''}{name}"
    return name if name and getattr(builtins, name, None) is obj else None


def _called(obj: Any) -> str:
    """A name for an object: a function's own, ``rng`` for a stream of random numbers."""
    if isinstance(obj, (np.random.Generator, np.random.RandomState, random.Random)):
        return "rng"
    name = getattr(obj, "__name__", "").strip("<>") or type(obj).__name__.lower()
    return name if name.isidentifier() and name != "lambda" else "function"


def expression(value: Value, prefix: str = "", given: Mapping[Value, str] | None = None) -> str:
    """`value` written out in full, in terms of its graph's inputs."""
    notation = Notation(prefix)
    for known, name in (given or {}).items():
        notation.given[known] = Text(name)
    return notation.of(value).text


@dataclass(frozen=True)
class Definition:
    """One line ``name = text``; `value` is what it defines."""

    name: str
    text: str
    value: Value


def definitions(
    graph: Graph, prefix: str = "", width: int = 72, keep: Sequence[Value] = ()
) -> tuple[list[Definition], list[str]]:
    """Lines that define what `graph` names, and its outputs in terms of them.

    A value is named if it is used more than once and is more than a number or a name, or if
    writing it out would make a line longer than `width`; values in `keep` are written out.
    """
    uses, named = graph.uses(), _Named(graph)
    notation = Notation(prefix, named.names, inline=lambda v: v not in named.chosen)
    lines: list[Definition] = []
    for node in graph.nodes:
        if node.op in (constant_op, dim_op) or len(node.outputs) != 1 or node.regions:
            continue
        value = node.output
        text = notation.node(node)
        repeated = uses.get(value, 0) > 1 and len(text.text) >= 8
        if value not in keep and uses.get(value) and (repeated or len(text.text) > width):
            lines.append(Definition(named.choose(value), text.text, value))
    return lines, [notation.of(v).text for v in graph.outputs]


class _Named:
    """Chooses names that say what a value holds: the user's, else after its op and operand."""

    def __init__(self, graph: Graph) -> None:
        self.names = Names()
        self.chosen: set[Value] = set()
        for value in graph.inputs:
            self.names.of(value)

    def choose(self, value: Value) -> str:
        self.chosen.add(value)
        if value.name is None:
            base = suggest_name(value, self.names)
            if "_" not in base:  # the bare name is the function's
                base += "_1"
            self.names._given[value] = self.names._unique(base)
        return self.names.of(value)


_SPOKEN = {
    "add": "plus", "subtract": "minus", "multiply": "times", "divide": "over", "power": "to_the", "matmul": "at",
    "less": "below", "greater": "above",
}
_NOUNS = {
    "add": "total", "subtract": "difference", "multiply": "product", "divide": "quotient", "power": "power",
    "matmul": "product", "negative": "negated", "as_kind": "number", "astype": "converted", "getitem": "item",
    "gather": "items", "stack": "stacked", "where": "chosen", "mask": "masked", "reshape": "reshaped",
}
_LONGEST_NAME = 20


def suggest_name(value: Value, names: Names) -> str:
    """``exp_x`` for ``exp(x)``, ``x_minus_y``; else a word for what the op gives."""
    node = value.node
    assert node is not None
    operands = [_word(v, names) for v in node.inputs]
    base, spoken = "", _SPOKEN.get(node.op.name)
    if len(operands) == 1 and operands[0]:  # the same number as another class of number keeps its name
        base = operands[0] if node.op.name == "as_kind" else f"{node.op.name}_{operands[0]}"
    elif spoken and len(operands) == 2 and all(operands):
        base = f"{operands[0]}_{spoken}_{operands[1]}"
    base = "".join(c if c.isalnum() or c == "_" else "_" for c in base)
    short = base.isidentifier() and len(base) <= _LONGEST_NAME
    return base if short else _NOUNS.get(node.op.name, node.op.name)


def _word(value: Value, names: Names) -> str:
    """How an operand is called in a name; empty if it has none."""
    node = value.node
    if node is not None and node.op is constant_op:
        number = node.attrs["value"].value
        return {1: "one", 2: "two", 0.5: "half"}.get(number, "") if isinstance(number, (int, float)) else ""
    known = node is None or value in names._given
    return names.of(value) if known else ""


def is_number(value: Value) -> bool:
    """Whether `value` is a Python number, whose arithmetic is Python's."""
    return getattr(value.type, "kind", None) is Kind.PYTHON


def walk_lines(lines: Sequence[Definition]) -> Iterator[str]:
    """The definitions as text."""
    return (f"{line.name} = {line.text}" for line in lines)
