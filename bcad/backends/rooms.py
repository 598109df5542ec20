"""Sizes as integer expressions, and memory for arrays: made, shared with an output, written in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Dim, Graph, Size, Value

from .kernel import BOOL, INT, Accumulate, Allocate, Buffer, Expr
from .plan import Plan
from .ranges import in_range
from .scalars import Unsupported, needs

if TYPE_CHECKING:
    from .lower import Lowering

LOCAL = 32  # buffers of at most so many elements, if their size is fixed, live on the stack


class Rooms:
    """What a scope knows of sizes and memory."""

    def __init__(self, function: Lowering, graph: Graph) -> None:
        self.function, self.graph = function, graph
        self.e, self.s = function.e, function.s
        self.env: dict[Value, Any] = {}  # Number, Buffer, or (scope, value) that it stands for
        self.want: dict[Value, Any] = {}  # where a value should be made: an output's position, or a Buffer
        self.plan: Plan = None  # type: ignore[assignment]

    # -- sizes -------------------------------------------------------------------------------------
    def size(self, size: Size) -> Expr:
        """A size as an integer expression."""
        if not isinstance(size, Dim):
            return self.e.int(size)
        key = ("size", size)
        known = self.function.e.top.known.get(key)
        if known is not None:
            return known
        total = self.e.int(0)
        for monomial, coefficient in size.terms:
            term = self.e.int(coefficient)
            for atom in monomial:
                term = self.e.mul(term, self._atom(atom))
            total = self.e.add(total, term)
        return total

    def _atom(self, atom: Any) -> Expr:
        if hasattr(atom, "name"):
            if atom.name not in self.function.symbols:
                raise Unsupported(f"the size {atom.name} is not known")
            return self.function.symbols[atom.name]
        a, b = map(self.size, atom.args)
        if atom.function in ("max", "min"):
            less = self.s.compare("lt", a, b)
            return self.s._select(less, *((b, a) if atom.function == "max" else (a, b)))
        return self.e.emit("floordiv" if atom.function == "//" else "mod", a, b, type=INT)

    def knows(self, symbol: str) -> bool:
        """Whether a symbol is bound by something that is computed around here."""
        bound = self.function.symbols.get(symbol)
        return bound is not None and self.e.block.inside(bound.block)

    def know(self, symbol: str, value: Expr) -> None:
        """Bind a symbol, unless the value it has holds here too."""
        if not self.knows(symbol):
            self.function.symbols[symbol] = value

    def sizes(self, shape: Sequence[Size]) -> tuple[Expr, ...]:
        return tuple(map(self.size, shape))

    def in_range(self, value: Expr, n: Size) -> bool:
        """Whether an index is known to be at least 0 and less than n."""
        return in_range(value, self.size(n))

    # -- memory --------------------------------------------------------------------------------------
    def bind(self, value: Value, found: Any) -> None:
        """Say where a value is from now on."""
        self.env[value] = found

    def allocate(self, dtype: Any, shape: tuple[Expr, ...], name: str = "") -> Buffer:
        """Memory for a temporary array."""
        needs(dtype)
        fixed = all(s.op == "const" for s in shape)
        count = int(np.prod([s.data for s in shape])) if fixed else 0
        kind = "local" if fixed and 0 < count <= LOCAL else "work"
        buffer = self.function.buffer(dtype, shape, kind, name)
        if kind == "work":
            self.e.append(Allocate(buffer, self.e.product(shape)))
        return buffer

    def room_for(self, value: Value) -> Buffer:
        """Memory for `value`: an output's if it is one."""
        wanted = self.want.get(value)
        if isinstance(wanted, Buffer) and (wanted.offset is None or wanted.shape == self.sizes(value.shape)):
            return self.rewritten(wanted)
        if isinstance(wanted, int):
            return self.output_buffer(value, wanted)
        return self.allocate(value.dtype, self.sizes(value.shape), value.name or "")

    def output_buffer(self, value: Value, position: int) -> Buffer:
        needs(value.dtype)
        buffer = self.function.buffer(value.dtype, self.sizes(value.shape), "output", value.name or "")
        buffer.position = position
        self.e.append(Allocate(buffer, self.e.product(buffer.shape)))
        return buffer

    def trouble(self, condition: Expr) -> None:
        """Abandon the run, at its end, if `condition` ever holds."""
        function = self.function
        if function.flag is None:
            function.flag = self.e.variable("trouble", BOOL)
        block = self.e.block
        while block is not condition.block and not block.barrier and block.parent is not None:
            block = block.parent  # what no turn of a loop changes is noted before the loop
        block.statements.append(Accumulate(function.flag, "or", condition))

    def owned(self, value: Value, step: int) -> Buffer | None:
        """The memory of `value` if nobody reads it after `step`: it may be written in place."""
        found = self.env.get(value)
        if not isinstance(found, Buffer) or found.kind in ("input", "constant") or value in self.graph.outputs:
            return None
        readers = self.plan.readers.get(value, set())
        return found if all(k <= step for k in readers) and not self._inlined_later(value, step) else None

    def _inlined_later(self, value: Value, step: int) -> bool:
        return any(k > step for k in self.plan.readers.get(value, ()))

    def at_rows(self, buffer: Buffer, first: Expr) -> Buffer:
        """A version of a buffer for the rows from `first` on: it holds them alone if it holds few."""
        version = self.rewritten(buffer)
        version.first = first if buffer.few else None
        return version

    def rewritten(self, buffer: Buffer) -> Buffer:
        """A new version of a buffer that has been written in place."""
        version = Buffer(buffer.dtype, buffer.shape, buffer.kind, buffer.storage, self.e.block, buffer.name,
                         buffer.position, few=buffer.few, first=buffer.first, offset=buffer.offset)
        self.function.kernel.buffers.append(version)
        return version
