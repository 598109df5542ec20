"""The pieces of a function for numba: calls of kernels, and of Python functions in NumPy for what has no kernel form."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.backends import Listing
from bcad.ir import ArrayType, Dim, Value
from bcad.rewrite import gentle
from bcad.trace import STREAMS, begun_streams

_BLOCK = "with objmode("
_WORD = re.compile(r"[A-Za-z_]\w*")
_DECLARED = re.compile(r"(\w+)=('[^']*')")


class Values:
    """What the values of the graph that was cut are called in the function around the pieces."""

    def __init__(self, inputs: Sequence[Value], names: Sequence[str]) -> None:
        self.text: dict[Value, str] = dict(zip(inputs, names, strict=True))
        self.new: set[Value] = set()  # arrays that nobody else holds
        self.sizes: dict[str, str] = {}
        self._count = 0
        for value in inputs:
            self.bind(value)

    def fresh(self) -> str:
        self._count += 1
        return f"r{self._count}"

    def bind(self, value: Value) -> None:
        """Note the lengths that a value's shape tells."""
        for axis, size in enumerate(getattr(value.type, "shape", ())):
            if isinstance(size, Dim) and size.is_symbol():
                self.sizes.setdefault(str(size), f"{self.text[value]}.shape[{axis}]")

    def size(self, size: Any) -> str:
        """A size as an expression."""
        if not isinstance(size, Dim):
            return str(size)
        text = str(size)
        for symbol in sorted(size.symbols(), key=len, reverse=True):
            text = _replaced(text, symbol, self.sizes[symbol])
        return text


def _replaced(text: str, word: str, by: str) -> str:
    return re.sub(rf"(?<![\w.]){re.escape(word)}(?!\w)", by, text)


def kernel_lines(piece: Any, values: Values, flat: dict[Value, str], last: bool) -> list[str]:
    """The call of a kernel: arrays go in flat, with their lengths; complex numbers as two.

    `flat` are the arrays that the module has flat already.  Where it is the `last` piece, what it gives is written
    where it is used.
    """
    kernel, given, received = piece.kernel, [], []
    texts = [values.text[v] for v in piece.inputs] + [values.sizes[s] for s in piece.symbols]
    known: list[Value | None] = [*piece.inputs, *[None] * len(piece.symbols)]
    for value, text, made, passed in zip(known, texts, piece.graph.inputs, kernel.inputs, strict=True):
        if not passed.array:
            given += [f"{text}.real", f"{text}.imag"] if passed.complex else [text]
            continue
        array = flat.get(value) if value is not None else None
        if array is None:
            array = f"np.ascontiguousarray({text}).reshape(-1)"
            array += f".view(np.float{made.type.dtype.itemsize * 4})" if passed.complex else ""
        given += [array, *(f"{text}.shape[{axis}]" for axis in range(made.type.ndim))]
    lines, after = [], []
    for value, made, passed in zip([*piece.outputs, *piece.handed], piece.graph.outputs, kernel.outputs, strict=True):
        name = values.fresh()
        if not passed.array:
            received += [name, f"{name}_im"] if passed.complex else [name]
            text = f"complex({name}, {name}_im)" if passed.complex else name
        else:
            received += [name, *(f"{name}_{axis}" for axis in range(made.ndim))]
            text = name + (f".view(np.{made.dtype.name})" if passed.complex else "")
            text += f".reshape(({', '.join(f'{name}_{axis}' for axis in range(made.ndim))},))" if made.ndim != 1 else ""
            if not last and text != name:
                after.append(f"{name} = {text}")
                text = name
        if isinstance(value, str):
            values.sizes[value] = text
        else:
            values.text[value] = text
            values.new.update({value} if passed.fresh else ())
            if not last:
                values.bind(value)
    lines.append(f"{', '.join(['_', *received])} = {kernel.name}({', '.join([*given, *kernel.constants])})")
    return [*lines, *after]


class PythonPart:
    """A piece that Python runs: its function, and the block of the jitted function that calls it.

    Parameters
    ----------
    name : str
    piece : Piece
    shared : Listing or None
        That of the part before: functions and constants keep their names.
    """

    def __init__(self, name: str, piece: Any, shared: Listing | None, taken: Sequence[str]) -> None:
        self.name, self.piece = name, piece
        graph = gentle(piece.graph)
        self.begun = {id(stream) for stream in begun_streams(graph)}
        known = {} if shared is None else {**shared.notation.objects, **shared.notation.constants}
        self.listing = listing = Listing(graph, prefix="np.", taken=[*taken, *known])
        if shared is not None:
            listing.notation.objects, listing.notation.helpers = shared.notation.objects, shared.notation.helpers
            listing.notation.constants = shared.notation.constants
        self.inputs = [listing.names.of(v) for v in graph.inputs]
        for symbol, text in zip(piece.symbols, self.inputs[len(piece.inputs) :], strict=True):
            listing.sizes.computed[symbol] = _constantly(text)
        listing.section(graph.outputs, [])
        self.results = [_as_typed(v, listing.notation.of(v).text) for v in graph.outputs]

    def streams(self) -> dict[str, Any]:
        """The streams that all parts so far draw from, by name."""
        return {n: obj for n, obj in self.listing.notation.objects.items() if isinstance(obj, STREAMS)}

    def function(self, own: Sequence[str]) -> str:
        """``def name(...)``; streams that the module makes are global, for other parts draw from them too."""
        lines = [f"global {', '.join(own)}"] if own else []
        lines += [*self.listing.lines, f"return {', '.join(self.results)}" if self.results else "return"]
        head = f"def {self.name}({', '.join(self.inputs)}):"
        return "\n".join([head, *(f"    {line}" for line in lines)])

    def lines(self, values: Values) -> list[str]:
        """The block that calls it."""
        piece, targets = self.piece, []
        given = [values.text[v] for v in piece.inputs] + [values.sizes[s] for s in piece.symbols]
        for value, made in zip([*piece.outputs, *piece.handed], piece.graph.outputs, strict=True):
            name = values.fresh()
            targets.append((name, _declared(made.type)))
            if isinstance(value, str):
                values.sizes[value] = name
            else:
                values.text[value] = name
                values.bind(value)
        declared = ", ".join(f"{name}={type_!r}" for name, type_ in targets)
        call = f"{self.name}({', '.join(given)})"
        names = ", ".join(name for name, _ in targets)
        return [f"{_BLOCK}{declared}):", f"    {names} = {call}" if names else f"    {call}"]


def declared_where_read(lines: Sequence[str], results: Sequence[str]) -> list[str]:
    """The lines with blocks of Python that declare only what is read behind them, as numba wants it."""
    found: list[str] = []
    read = set(_WORD.findall(" ".join(results)))
    for line in reversed(lines):
        if line.startswith(_BLOCK):
            declared = [d for d in _DECLARED.findall(line) if d[0] in read]
            line = f"{_BLOCK}{', '.join(f'{name}={type_}' for name, type_ in declared)}):"
        else:
            read.update(_WORD.findall(line.partition(" = ")[2] or line))
        found.append(line)
    return found[::-1]


def _constantly(text: str) -> Callable[[], str]:
    return lambda: text


def _declared(type_: Any) -> str:
    """A type as numba's blocks of Python declare it."""
    assert isinstance(type_, ArrayType)
    name = {"bool": "boolean"}.get(type_.dtype.name, type_.dtype.name)
    return f"{name}[{', '.join([':'] * (type_.ndim - 1) + ['::1'])}]" if type_.ndim else name


def _as_typed(value: Value, text: str) -> str:
    """A result of exactly the class and layout that is declared for it."""
    type_ = value.type
    assert isinstance(type_, ArrayType)
    if type_.ndim:
        return f"np.ascontiguousarray({text}, {_dtype(type_.dtype)})"
    plain = {"b": "bool", "f": "float", "c": "complex"}.get(type_.dtype.kind, "int")
    return f"{plain}({text})" if type_.dtype.itemsize in (1, 8, 16) else f"np.{type_.dtype.name}({text})"


def _dtype(dtype: np.dtype[Any]) -> str:
    return "bool" if dtype.kind == "b" else f"np.{dtype.name}"
