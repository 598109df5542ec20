"""The kernel form: structured code over scalars and flat buffers, between graphs and printers.

A Kernel is one function.  Its body is a tree of Blocks of statements: scalar expressions
(each computed once and then fixed), stores, counted loops, conditionals, library calls.
Buffers are flat and C-contiguous; an index is one integer expression.  Complex numbers are
pairs of real scalars at neighbouring places.  Nothing here knows NumPy or LLVM.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Union

UNROLL = 8  # loops of a fixed length are written out if their bodies are not more than this together
ABREAST = 4  # rows done at once where each waits for its own last result

# Scalar types: a letter for the kind and the number of bits.
BOOL, INT, F64, F32 = "b1", "i64", "f64", "f32"
_SCALARS = {
    "float64": F64, "float32": F32, "int64": INT, "int32": "i32", "int16": "i16", "int8": "i8", "bool": BOOL,
    "uint64": "u64", "uint32": "u32", "uint16": "u16", "uint8": "u8", "complex128": F64, "complex64": F32,
}


@functools.cache
def scalar_of(dtype: Any) -> str | None:
    """The scalar type of a dtype (of the parts, if complex); None if kernels cannot hold it."""
    if not dtype.isnative:
        return None
    name = {"q": "int64", "Q": "uint64"}.get(dtype.char, dtype.name)
    return _SCALARS.get(name)


def item_bytes(dtype: Any) -> int:
    """The size in memory of an element."""
    return int(dtype.itemsize)


class Expr:
    """A scalar: an operation on other scalars, in the block that computes it.

    ``op`` is ``const``, ``index`` (of a For, whose ends are its data), ``load``, ``get`` (of a Variable), ``size`` (a
    symbol), ``input``, or an operation of the table of a printer.
    """

    __slots__ = ("op", "args", "type", "data", "block", "name")

    def __init__(self, op: str, args: tuple[Any, ...], type_: str, data: Any, block: Block) -> None:
        self.op, self.args, self.type, self.data, self.block = op, args, type_, data, block
        self.name: str | None = None

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(repr, self.args))}{f', {self.data}' if self.data is not None else ''})"


@dataclass(frozen=True)
class Pair:
    """A complex scalar."""

    re: Expr
    im: Expr


Number = Union[Expr, Pair]
Count = int
BodyOfSeveral = Callable[[Expr, Count], None]


@dataclass(eq=False)
class Buffer:
    """A flat array in memory.

    Attributes
    ----------
    kind : str
        ``input``, ``constant``, ``output`` (made by the caller's runtime), ``work`` (kept
        between calls) or ``local`` (small, of fixed size: registers if all goes well).
    storage : int
        Which memory; versions of a buffer that is written in place share it.
    epoch : Block
        Where its present contents became fixed; loads are not moved out of it.
    """

    dtype: Any
    shape: tuple[Expr, ...]
    kind: str
    storage: int
    epoch: Block
    name: str = ""
    position: int = -1  # of an input or output
    mutable: bool = False  # contents change while it is being read
    tape: bool = False  # keeps what the turns of a loop leave for later
    few: bool = False  # holds few rows of an array at a time
    first: Expr | None = None  # of these rows the first
    padded: bool = False  # has room behind its rows for whole vectors

    @property
    def type(self) -> str:
        found = scalar_of(self.dtype)
        assert found is not None
        return found

    @property
    def is_complex(self) -> bool:
        return bool(self.dtype.kind == "c")


@dataclass(eq=False)
class Variable:
    """A scalar that is set more than once."""

    name: str
    type: str


# -- statements ----------------------------------------------------------------------------------
@dataclass(eq=False)
class Store:
    buffer: Buffer
    index: Expr
    value: Expr


@dataclass(eq=False)
class Set:
    variable: Variable
    value: Expr


@dataclass(eq=False)
class Accumulate:
    """``variable = variable op value``; the order of the terms is free if `free`."""

    variable: Variable
    op: str
    value: Expr
    free: bool = True


@dataclass(eq=False)
class For:
    """``for index in range(start, stop)``; `parallel` if no iteration reads or writes what another one writes."""

    index: Expr
    start: Expr
    stop: Expr
    body: Block
    parallel: bool = False


@dataclass(eq=False)
class Lanes(For):
    """A `parallel` For of which several turns are printed as one: see `bcad.backends.numba_llvm_lanes`."""


def run_length(loop: For) -> Expr | None:
    """``K`` where a loop goes over one run of an axis of n: ``range(i*K, min(i*K + K, n))``."""
    start, end = loop.start, smaller(loop.stop)
    if end is None or end.op != "iadd" or start.op != "imul" or end.args[0] is not start:
        return None
    size, same = start.args[1], end.args[1]
    return size if size is same or size.op == same.op == "const" and size.data == same.data else None


def smaller(x: Expr) -> Expr | None:
    """``a`` where x is the smaller one of a and b, written as a selection."""
    if x.op == "select" and x.args[0].op == "lt" and x.args[0].args == x.args[1:]:
        return x.args[1]
    return None


@dataclass(eq=False)
class While:
    """Repeat `body` until an Exit in it."""

    body: Block


@dataclass(eq=False)
class Exit:
    """Leave the While around when `condition` holds."""

    condition: Expr


@dataclass(eq=False)
class If:
    condition: Expr
    then: Block
    orelse: Block


@dataclass(eq=False)
class Fail:
    """Leave the function with `status` when `condition` holds."""

    condition: Expr
    status: int


@dataclass(eq=False)
class Allocate:
    """Make room for `buffer`; contents are kept if it grows and `keep`."""

    buffer: Buffer
    elements: Expr
    keep: bool = False


@dataclass(eq=False)
class Copy:
    """Copy `elements` from one buffer to another."""

    target: Buffer
    source: Buffer
    elements: Expr


@dataclass(eq=False)
class Library:
    """A call of a BLAS or LAPACK routine; see `bcad.backends.lower_linalg`."""

    name: str
    arguments: tuple[Any, ...]
    status: Variable | None = None


@dataclass(frozen=True)
class Strided:
    """A matrix in a real buffer: the element at (i, j) stands at ``start + i*down + j*across``."""

    buffer: Buffer
    start: Expr
    down: Expr
    across: Expr


@dataclass(eq=False)
class Product:
    """``target = a @ b`` of so few numbers that it is written out, or added up in registers if its depth is not fixed.

    A row of the result is one vector; `target` holds the rows one after the other from `place` on.
    """

    target: Buffer
    place: Expr
    a: Strided
    b: Strided
    rows: int
    depth: int | Expr
    columns: int
    more: bool = False  # it is added to what the target holds


class Block:
    """A list of statements; what a loop or an arm of a conditional holds.

    `barrier` blocks are not computed out of: an arm of a conditional.
    """

    __slots__ = ("statements", "parent", "depth", "barrier", "known")

    def __init__(self, parent: Block | None = None, barrier: bool = False) -> None:
        self.statements: list[Any] = []
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self.barrier = barrier
        self.known: dict[Any, Expr] = {}

    def inside(self, other: Block) -> bool:
        """Whether this is `other` or within it."""
        block: Block | None = self
        while block is not None and block.depth >= other.depth:
            if block is other:
                return True
            block = block.parent
        return False


@dataclass
class Kernel:
    """One function: what it reads, what it gives, how."""

    name: str
    inputs: list[Any]  # for each graph input: Buffer, or Expr (op "input")
    outputs: list[Any]  # for each graph output: Buffer, or Number
    body: Block
    symbols: dict[str, Expr]
    variables: list[Variable] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)  # arrays, by the position of constant buffers
    summary: list[str] = field(default_factory=list)
    compensated: list[tuple[Variable, Variable]] = field(default_factory=list)  # totals and their rounding errors
    stored: list[str] = field(default_factory=list)  # what is kept in memory between loops, and why
    messages: list[str] = field(default_factory=list)  # status k + 1 means messages[k]


class Emitter:
    """Builds a Kernel's blocks: value numbering, and loop-invariant work moved out as it is made."""

    def __init__(self) -> None:
        self.top = Block()
        self.block = self.top
        self.variables: list[Variable] = []
        self.unroll = self.room = UNROLL  # the longest loop written out; how many times what is emitted next still may be

    # -- expressions -------------------------------------------------------------------------
    def emit(self, op: str, *args: Expr, type: str, data: Any = None, floor: Block | None = None) -> Expr:
        """The value of a pure operation, in the outermost block where it can be computed."""
        key = (op, type, data, *map(id, args))
        block: Block | None = self.block
        while block is not None:
            if key in block.known:
                return block.known[key]
            block = block.parent
        deepest = max((a.block for a in args), key=lambda b: b.depth, default=self.top)
        if floor is not None and floor.depth > deepest.depth:
            deepest = floor
        home = self.block
        while home is not deepest and not home.barrier and home.parent is not None and home.depth > deepest.depth:
            home = home.parent
        expr = Expr(op, args, type, data, home)
        home.statements.append(expr)
        home.known[key] = expr
        return expr

    def fresh(self, op: str, *args: Expr, type: str, data: Any = None) -> Expr:
        """A value computed here and now, equal to no other."""
        expr = Expr(op, args, type, data, self.block)
        self.block.statements.append(expr)
        return expr

    def const(self, value: Any, type: str) -> Expr:
        key = ("const", type, repr(value))
        known = self.top.known.get(key)
        if known is None:
            known = self.top.known[key] = Expr("const", (), type, value, self.top)
        return known

    def int(self, value: int) -> Expr:
        return self.const(int(value), INT)

    def add(self, a: Expr, b: Expr) -> Expr:
        if a.op == b.op == "const":
            return self.int(a.data + b.data)
        if a.op == "const" and a.data == 0:
            return b
        return a if b.op == "const" and b.data == 0 else self.emit("iadd", a, b, type=INT)

    def sub(self, a: Expr, b: Expr) -> Expr:
        if a is b or a.op == b.op == "const":
            return self.int(a.data - b.data if a is not b else 0)
        if a.op == "iadd" and a.args[0] is b:
            return a.args[1]
        return a if b.op == "const" and b.data == 0 else self.emit("isub", a, b, type=INT)

    def mul(self, a: Expr, b: Expr) -> Expr:
        for x, y in ((a, b), (b, a)):
            if x.op == "const":
                if y.op == "const":
                    return self.int(x.data * y.data)
                if x.data in (0, 1):
                    return y if x.data == 1 else x
        return self.emit("imul", a, b, type=INT)

    def floordiv(self, a: Expr, b: Expr) -> Expr:
        """For non-negative numbers: an index or a size."""
        if b.op == "const" and b.data == 1:
            return a
        return self.emit("udiv", a, b, type=INT)

    def mod(self, a: Expr, b: Expr) -> Expr:
        if b.op == "const" and b.data == 1:
            return self.int(0)
        return self.emit("urem", a, b, type=INT)

    def product(self, sizes: Sequence[Expr]) -> Expr:
        total = self.int(1)
        for size in sizes:
            total = self.mul(total, size)
        return total

    # -- memory ------------------------------------------------------------------------------
    def load(self, buffer: Buffer, index: Expr) -> Number:
        """The element at a flat index."""
        if buffer.is_complex:
            two = self.mul(index, self.int(2))
            return Pair(self._load(buffer, two), self._load(buffer, self.add(two, self.int(1))))
        return self._load(buffer, index)

    def _load(self, buffer: Buffer, index: Expr) -> Expr:
        if buffer.mutable:
            return self.fresh("load", index, type=buffer.type, data=buffer)
        return self.emit("load", index, type=buffer.type, data=buffer, floor=buffer.epoch)

    def store(self, buffer: Buffer, index: Expr, value: Number) -> None:
        if isinstance(value, Pair):
            two = self.mul(index, self.int(2))
            self.block.statements.append(Store(buffer, two, value.re))
            self.block.statements.append(Store(buffer, self.add(two, self.int(1)), value.im))
        else:
            self.block.statements.append(Store(buffer, index, value))

    def variable(self, name: str, type: str, start: Expr | None = None) -> Variable:
        made = Variable(f"{name}{len(self.variables)}", type)
        self.variables.append(made)
        if start is not None:
            self.set(made, start)
        return made

    def set(self, variable: Variable, value: Expr) -> None:
        self.block.statements.append(Set(variable, value))

    def get(self, variable: Variable) -> Expr:
        """What the variable holds now."""
        return self.fresh("get", type=variable.type, data=variable)

    # -- structure ---------------------------------------------------------------------------
    def loop(self, start: Expr, stop: Expr, parallel: bool = False) -> _Scope:
        """``with emitter.loop(a, b) as i:``"""
        body = Block(self.block)
        index = Expr("index", (), INT, (start, stop), body)
        return _Scope(self, body, For(index, start, stop, body, parallel), index)

    def each(self, start: Expr, stop: Expr, body: Callable[[Expr], None], parallel: bool = False) -> None:
        """`body` for each index; written out if there are few, so that small arrays become registers."""
        if start.op == stop.op == "const" and 0 <= stop.data - start.data <= self.unroll and self.room >= stop.data - start.data:
            before, count = self.room, max(stop.data - start.data, 1)
            self.room //= count
            for i in range(start.data, stop.data):
                body(self.int(i))
            self.room = before
            return
        with self.loop(start, stop, parallel) as i:
            body(i)

    @contextmanager
    def writing_out(self, length: Count) -> Iterator[None]:
        """Within it loops of up to so many turns are written out."""
        before = self.unroll, self.room
        self.unroll = self.room = max(length, self.room)
        yield
        self.unroll, self.room = before

    def abreast(self, start: Expr, stop: Expr, body: BodyOfSeveral) -> None:
        """`body` for each index, with how many it does at once: several while there are so many, then one."""
        several = self.floordiv(self.sub(stop, start), self.int(ABREAST))
        with self.loop(self.int(0), several) as j:
            body(self.add(start, self.mul(j, self.int(ABREAST))), ABREAST)
        with self.loop(self.add(start, self.mul(several, self.int(ABREAST))), stop) as i:
            body(i, 1)

    def forever(self) -> _Scope:
        body = Block(self.block)
        return _Scope(self, body, While(body), None)

    def arms(self, condition: Expr) -> tuple[_Scope, _Scope]:
        """The two arms of a conditional; enter the first, then the second."""
        then, other = Block(self.block, barrier=True), Block(self.block, barrier=True)
        return _Scope(self, then, None, None), _Scope(self, other, If(condition, then, other), None)

    def append(self, statement: Any) -> None:
        self.block.statements.append(statement)


class _Scope:
    """Makes a block the current one; its statement is appended when it is left.

    So what is moved out of a block while it is filled stands before it.
    """

    def __init__(self, emitter: Emitter, body: Block, statement: Any, result: Expr | None) -> None:
        self.emitter, self.body, self.statement, self.result = emitter, body, statement, result

    def __enter__(self) -> Any:
        self.before = self.emitter.block
        self.emitter.block = self.body
        return self.result

    def __exit__(self, *error: object) -> None:
        self.emitter.block = self.before
        if self.statement is not None:
            self.before.statements.append(self.statement)
