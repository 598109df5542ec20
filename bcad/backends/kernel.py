"""The kernel form: structured code over scalars and flat buffers, between graphs and printers.

A Kernel is one function.  Its body is a tree of Blocks of statements: scalar expressions
(each computed once and then fixed), stores, counted loops, conditionals, library calls.
Buffers are flat and C-contiguous; an index is one integer expression.  Complex numbers are
pairs of real scalars at neighbouring places.  Nothing here knows NumPy or LLVM.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Union

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
    offset: Expr | None = None  # where in its memory it begins: it is a row of a stack

    @property
    def type(self) -> str:
        found = scalar_of(self.dtype)
        assert found is not None
        return found

    @property
    def is_complex(self) -> bool:
        return bool(self.dtype.kind == "c")

    def own_to(self, loop: For) -> bool:
        """Whether each turn of a loop has it for itself: it holds the one row that the turn makes."""
        return self.first is loop.index


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


@dataclass(eq=False)
class Row(For):
    """A `parallel` For of a few turns, as many as is known, that is printed as vectors: see `bcad.backends.numba_llvm_rows`."""


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
    """A call of a BLAS or LAPACK routine; see `bcad.backends.lower_linalg`.

    `c`: of a C function, which returns its status and takes numbers by value.
    """

    name: str
    arguments: tuple[Any, ...]
    status: Variable | None = None
    c: bool = False


@dataclass(eq=False)
class InnerLoop(Library):
    """A call of the loop of a NumPy ufunc: `arguments` are places in buffers, `steps` are bytes; see `bcad.backends.numpy_loops`."""

    dimensions: tuple[Expr, ...] = ()
    steps: tuple[Expr, ...] = ()
    op: str = ""  # which op it is part of


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


def inner_blocks(s: Any) -> tuple[Block, ...]:
    """The blocks of a statement."""
    if isinstance(s, (For, While)):
        return (s.body,)
    return (s.then, s.orelse) if isinstance(s, If) else ()


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
