"""Graph -> kernel form: the whole function, its inputs, outputs and symbols."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from bcad.ir import ArrayType, Dim, Graph, Value

from .emitter import Emitter
from .kernel import INT, Buffer, Expr, Fail, Kernel, Pair
from .lifetimes import share_memory
from .plan import is_array
from .scalars import Scalars, Unsupported, needs
from .scope import Scope
from .specials import declare

OUT_OF_RANGE = "an index is out of bounds"


def lower(graph: Graph, sizes: Sequence[str] = (), by_rows: bool = True) -> Kernel:
    """The kernel form of `graph`; its last inputs are the values of the symbols in `sizes`.

    `by_rows` if loops may be run together, a few rows at a time; threads that share loops want each by itself.

    Raises
    ------
    Unsupported
        If an op or a dtype in it cannot be compiled; the message says which.
    """
    declare()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 50_000))
    try:
        return Lowering(graph, sizes, by_rows).kernel
    finally:
        sys.setrecursionlimit(limit)


class Lowering:
    """The whole kernel: inputs, symbols, and the scope of the outermost graph."""

    def __init__(self, graph: Graph, sizes: Sequence[str], by_rows: bool) -> None:
        self.graph, self.by_rows = graph, by_rows
        self.e = Emitter()
        self.s = Scalars(self.e)
        self.symbols: dict[str, Expr] = {}
        self.kernel = Kernel(graph.name, [], [], self.e.top, self.symbols)
        self.storages = 0
        self.flag: Any = None
        self.factors: dict[Any, Any] = {}  # of matrices in memory, for all that solve with them
        self.scope = Scope(self, graph, None)
        for position, value in enumerate(graph.inputs):
            self.input(value, position)
        for symbol, value in zip(sizes, graph.inputs[len(graph.inputs) - len(sizes) :], strict=True):
            self.symbols[symbol] = self.scope.env[value]
        self.scope.run(want={v: k for k, v in reversed(list(enumerate(graph.outputs)))})
        self.kernel.outputs = [self.output(v) for v in graph.outputs]
        if self.flag is not None:
            self.e.append(Fail(self.e.get(self.flag), self.message(OUT_OF_RANGE)))
        self.kernel.variables = self.e.variables
        share_memory(self.kernel)

    def input(self, value: Value, position: int) -> None:
        if not isinstance(value.type, ArrayType):
            raise Unsupported(f"an input of type {value.type}")
        t = needs(value.dtype)
        if not value.shape:
            data = (position, value.dtype, value.type.kind)
            parts = [self.e.emit("input", type=t, data=(*data, k)) for k in range(1 + (value.dtype.kind == "c"))]
            number = Pair(*parts) if len(parts) == 2 else parts[0]
            self.kernel.inputs.append(number)
            self.scope.env[value] = number
            return
        sizes = []
        for axis, size in enumerate(value.shape):
            given = self.e.emit("length", type=INT, data=(position, axis))
            if isinstance(size, Dim) and size.is_symbol():
                self.symbols.setdefault(str(size), given)
            sizes.append(given)
        buffer = self.buffer(value.dtype, tuple(sizes), "input", value.name or f"x{position}")
        buffer.position = position
        self.kernel.inputs.append(buffer)
        self.scope.env[value] = buffer

    def output(self, value: Value) -> Any:
        found = self.scope.env.get(value)
        if isinstance(found, Buffer) or not is_array(value):
            return found if found is not None else self.scope.element(value, ())
        raise AssertionError(f"output {value!r} was not made")

    def buffer(self, dtype: Any, shape: tuple[Expr, ...], kind: str, name: str = "") -> Buffer:
        self.storages += 1
        made = Buffer(dtype, shape, kind, self.storages, self.e.block, name or f"t{self.storages}")
        self.kernel.buffers.append(made)
        return made

    def message(self, text: str) -> int:
        """The status that says `text`."""
        if text not in self.kernel.messages:
            self.kernel.messages.append(text)
        return self.kernel.messages.index(text) + 1
