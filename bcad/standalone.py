"""A specialisation as the text of a Python module that needs NumPy alone."""

from __future__ import annotations

import builtins
import keyword
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bcad.argument_text import RESERVED, Arguments, outdated
from bcad.backends import Listing, Notation
from bcad.errors import Unsupported
from bcad.helper_text import Luggage
from bcad.ir import Graph, Value, constant_op
from bcad.literal_text import literal
from bcad.nest_text import derivative_text, result_text
from bcad.rewrite import gentle
from bcad.trace import PYTHONS_OWN, STREAMS, begun_streams

PREFIX = "np."
FRESH = ("zeros(", "ones(", "full(")  # calls that make new arrays
VIEWS = frozenset("getitem reshape transpose broadcast_to diagonal real imag astype as_kind stop_gradient".split())


class Module:
    """The text of one module: imports, captured arrays, helpers, functions.

    Parameters
    ----------
    special : Specialisation
        What is written: its graph, checks of what its trace relied on, its captures.
    fn : callable
        The user's function, for its parameters.
    taken : sequence of str
        Names that the text must not use.
    seeds : sequence of str
        The names of the cotangents that are given.
    comments : bool
        Whether lines say which of the user's lines they belong to.
    """

    def __init__(
        self, special: Any, fn: Any, taken: Sequence[str] = (), seeds: Sequence[str] = (), comments: bool = True
    ) -> None:
        refuse(special)
        self.special, self.fn = special, fn
        self.results_text: list[str] = []
        self.derived_text: list[str] = []
        program = special.program
        whole, total = special.graph, len(program.graph.outputs)
        outputs = [*whole.outputs[: special.results], *whole.outputs[total:]]
        self.graph = gentle(Graph(whole.inputs, whole.nodes, outputs, whole.name))
        for value, seed in zip(self.graph.inputs[len(program.graph.inputs) :], seeds, strict=False):
            value.name = seed
        reserved = {*RESERVED, *keyword.kwlist, *dir(builtins), *taken}
        self.listing = Listing(self.graph, prefix=PREFIX, taken=reserved, comments=comments)
        names = [self.listing.names.of(v) for v in self.graph.inputs]
        self.arguments = Arguments(program, fn, names)
        self.results = self.graph.outputs[: special.results]
        self.derived = self.graph.outputs[special.results :]

    def body(self, names: Sequence[str] = ()) -> list[str]:
        """The lines that compute results and derivatives; `names`: what the results are called."""
        listing = self.listing
        for value, name in zip(self.results, names, strict=False):
            if value not in self.graph.inputs:
                listing.hints[value] = name
                listing.always.add(value)
        listing.section([*self.results, *self.derived], [])
        self.results_text = [listing.notation.of(v).text for v in self.results]
        self.derived_text = [listing.notation.of(v).text for v in self.derived]
        return listing.lines

    def preamble(self, known: Sequence[str] = ()) -> list[str]:
        """What statements without a function need first: captures and helpers, but for those that are `known`."""
        luggage = self._carried()
        lines = [line for text in luggage.functions() if text not in known for line in text.splitlines()]
        return [*luggage.imports(), *self._captures(), *lines]

    def helpers(self) -> list[str]:
        """The texts of the functions that the text needs."""
        return self._carried().functions()

    def _carried(self) -> Luggage:
        return carried(self.listing.notation, self.arguments.helpers)

    # -- inputs ------------------------------------------------------------------------------
    def name(self, value: Value) -> str:
        """The name of an input."""
        return self.listing.names.of(value)

    def lines(self, names: Sequence[str] = ()) -> list[str]:
        """The body of the function: arguments taken apart, those for which it does not hold refused, then `body`."""
        body = self.body(names)
        self.find_streams()
        return [*self.arguments.lines(), *body]

    def find_streams(self) -> None:
        """Let the arguments know the streams of random numbers that the text draws from and did not begin."""
        begun = {id(stream) for stream in begun_streams(self.graph)}
        self.arguments.streams = {
            name: obj for name, obj in self.listing.notation.objects.items()
            if isinstance(obj, STREAMS) and id(obj) not in begun
        }

    def result(self) -> str:
        """What the function returns, nested as it does."""
        return result_text(self.special.program, self._fresh(self.results, self.results_text))

    def gradient(self) -> str:
        """The derivatives, nested as the arguments are."""
        return derivative_text(self.special.trees, self._fresh(self.derived, self.derived_text))

    def _fresh(self, values: Sequence[Value], texts: Sequence[str]) -> list[str]:
        """The texts of what is returned: never an array that the caller, the module or another result holds."""
        found = []
        for value, text in zip(values, texts, strict=True):
            array = bool(getattr(value.type, "shape", ())) and not text.startswith(self.listing.starts(*FRESH))
            shared = array and (_is_view(value) or text in found)
            found.append(f"{text}.copy()" if shared and text.isidentifier() else f"({text}).copy()" if shared else text)
        return found

    # -- the module ----------------------------------------------------------------------------
    def text(self, doc: str, functions: Sequence[str]) -> str:
        """The module with these functions."""
        luggage = self._carried()
        head = [f'"""{doc}"""', "\n".join(["import numpy as np", *luggage.imports()])]
        captures = "\n".join(self._captures())
        return "\n\n\n".join(filter(None, ["\n\n".join(filter(None, [*head, captures])), *functions, *luggage.functions()])) + "\n"

    def _captures(self) -> list[str]:
        """What the function read from outside, with the values of now."""
        program = self.special.program
        arguments = set(program.arguments.values())
        lines = []
        for k, source in enumerate(program.sources):
            value = self.graph.inputs[k]
            if k not in arguments and value in _used(self.graph):
                lines.append(f"{self.name(value)} = {literal(source.read(()))}")
        for name, constant in self.listing.notation.constants.items():
            lines.append(f"{name} = {literal(constant)}")
        return lines


def carried(notation: Notation, helpers: Mapping[str, str]) -> Luggage:
    """Functions and imports that a text needs, each once; `helpers`: some of them, by name."""
    luggage = Luggage()
    for name, helper in {**helpers, **notation.helpers}.items():
        if isinstance(helper, str):
            luggage.add(name, helper)
        else:
            luggage.op(name, helper)
    for name, obj in notation.objects.items():
        if not isinstance(obj, (*STREAMS, random.Random)):
            luggage.callable(name, obj)
        elif obj is PYTHONS_OWN:
            luggage.add(name, f"import random as {name}")
    return luggage


def indented(lines: Iterable[str]) -> list[str]:
    """The lines of a function's body."""
    return [f"    {line}" for line in lines]


def _is_view(value: Value) -> bool:
    """Whether a value is an input, or shares the memory of one."""
    while value.node is not None and value.node.op.name in VIEWS:
        value = value.node.inputs[0]
    return value.node is None or value.node.op is constant_op


def _used(graph: Graph) -> set[Value]:
    return {v for node in graph.nodes for v in node.inputs} | set(graph.outputs)


def refuse(special: Any) -> None:
    """Raise Unsupported for what plain NumPy text cannot do."""
    if special.program.effects:
        raise Unsupported("a function with effects cannot be exported", why=str(special.program.effects[0]))
    changed = outdated(special.program)
    if changed is not None:
        raise Unsupported("the function was traced when something else held", why=f"then {changed}", hint="call it once more")
    for node in special.graph.walk():
        if getattr(node.op, "by_parameter", False):
            raise Unsupported(f"{node.op.of} differentiated by its parameters cannot be exported", location=node.location,
                              why="SciPy has no function for that derivative: bcad sums its series")
        if node.op.name in ("host", "host_effect") and not hasattr(node.attrs["fn"].value, "text"):
            raise Unsupported("a function with effects cannot be exported", location=node.location)
