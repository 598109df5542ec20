"""Long straight code in functions of its own: LLVM's time grows faster than the length of a function.

The functions share a frame on the caller's stack: what one computes and others read has a place there.  Those
without loops, but for such as are printed as vectors, stand in a module of their own: there is little in them for LLVM to improve.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

from . import kernel as k
from .kernel import INT, Block, Buffer, Expr, Kernel
from .numba_called import Called
from .numba_llvm_types import literal, llvm_type

LONG = 1500  # statements of a block, those of its loops included, from which it is printed in parts
PART = 500  # statements in a function, about
_OF_THE_CALLER = {"input", "length", "special", "complex", "loop", "result"}  # operations on what only the main function has


class Parts:
    """Prints the long blocks of one kernel."""

    def __init__(self, body: Any, kernel: Kernel) -> None:
        self.body, self.kernel = body, kernel
        self.functions: list[str] = []
        self._straight: list[str] = []  # functions of the other module
        self._called = Called()  # there
        self.places: dict[Any, int] = {}  # in the frame: of values, of variables, and of pointers by their names
        self._readers: dict[Expr, set[Any]] | None = None
        self._uses: dict[k.Variable, set[Any]] | None = None

    def block(self, block: Block) -> None:
        """The statements of a long block: arithmetic and loops in functions, the rest as ever."""
        for part, movable in _runs(block.statements):
            if movable and (_weight(part) >= PART // 2 or any(isinstance(s, k.For) for s in part)):
                self._function(part)
            else:
                self.body.statements(part)

    def place(self, x: Expr) -> str | None:
        """Where the main function finds what a part has computed."""
        return self._address(x) if x in self.places else None

    def frame(self) -> list[str]:
        """The stack slot of the frame."""
        return [f"  %kept = alloca [{len(self.places)} x i64], align 16"] if self.functions else []

    def straight(self) -> str:
        """The text of the module of functions without loops; empty if there are none."""
        if not self._straight:
            return ""
        return "\n".join([self._called.text(), *self._straight, *self.body.metadata]) + "\n"

    def _address(self, what: Any) -> str:
        place = self.places.setdefault(what, len(self.places))
        return str(self.body.value(f"getelementptr i64, ptr %kept, i64 {place}"))

    # -- one part ------------------------------------------------------------------------------------
    def _function(self, part: list[Any]) -> None:
        """Print the function of a part, and the call of it."""
        body, touched = self.body, _Touched(part)
        for s in part:
            if isinstance(s, k.For):
                body.gil.before_loop(s)
        for x in touched.given:
            if x.name is not None:  # else a part has put it there
                body.add(f"store {llvm_type(x.type)} {x.name}, ptr {self._address(x)}")
        pointers = {self._hand_over(b): b for b in touched.buffers.values()}
        shared = [v for v in touched.variables if not self._users(v) <= touched.statements]
        for v in shared:
            self._move(v.type, f"%{v.name}", self._address(v))
        number = len(self.functions)
        self.functions.append(f"declare void @bcad_part{number}(ptr noalias) nounwind")
        if any(type(s) is k.For for s in touched.statements):
            self.functions[number] = "define internal " + self._text(number, part, touched, pointers, shared)
        else:
            outside, body.called = body.called, self._called
            self._straight.append("define hidden " + self._text(number, part, touched, pointers, shared))
            body.called = outside
        body.add(f"call void @bcad_part{number}(ptr %kept)")
        for v in shared:
            self._move(v.type, self._address(v), f"%{v.name}")

    def _move(self, t: str, source: str, target: str) -> None:
        """Copy a number from one place in memory to another."""
        self.body.add(f"store {llvm_type(t)} {self.body.value(f'load {llvm_type(t)}, ptr {source}')}, ptr {target}")

    def _hand_over(self, buffer: Buffer) -> str:
        """Put the address of a buffer into the frame, as it is now; the name under which it is found."""
        made = buffer.kind in ("work", "output")
        name = f"%p{buffer.storage}" if made else str(self.body.pointer(buffer))
        value = self.body.value(f"load ptr, ptr {name}") if made else name
        self.body.add(f"store ptr {value}, ptr {self._address(name)}")
        return name

    def _text(
        self, number: int, part: list[Any], touched: _Touched, pointers: dict[str, Buffer], shared: list[k.Variable],
    ) -> str:
        body = self.body
        before = body.lines, body.entry, body.loops, {x: x.name for x in touched.given}
        body.lines, body.entry, body.loops = [], [], 0
        body.gil.depth += 1  # the lock has been seen to
        for name, buffer in pointers.items():
            address = self._address(name)
            if buffer.kind in ("work", "output"):
                body.add(f"{name} = alloca ptr")
                body.add(f"store ptr {body.value(f'load ptr, ptr {address}')}, ptr {name}")
            else:
                body.add(f"{name} = load ptr, ptr {address}")
        for v in touched.variables:
            body.add(f"%{v.name} = alloca {llvm_type(v.type)}")
            if v in shared:
                self._move(v.type, self._address(v), f"%{v.name}")
            else:
                body.add(f"store {llvm_type(v.type)} {literal(0, v.type)}, ptr %{v.name}")
        for x in touched.given:
            x.name = body.value(f"load {llvm_type(x.type)}, ptr {self._address(x)}")
        body.statements(part)
        own = [x for x in part if isinstance(x, Expr)]
        for x in own:
            if x.type == INT or any(reader not in touched.statements for reader in self.readers(x)):
                body.add(f"store {llvm_type(x.type)} {x.name}, ptr {self._address(x)}")
        for v in shared:
            self._move(v.type, f"%{v.name}", self._address(v))
        text = [f"void @bcad_part{number}(ptr noalias %kept) noinline nounwind {{", *body.entry, *body.lines,
                "  ret void", "}"]
        body.gil.depth -= 1
        body.lines, body.entry, body.loops, names = before
        for x in touched.given:
            x.name = names[x]
        for x in own:
            x.name = None
        return "\n".join(text)

    # -- who reads what ------------------------------------------------------------------------------
    def readers(self, x: Expr) -> set[Any]:
        """What reads a value, anywhere in the kernel."""
        if self._readers is None:
            self._readers = {}
            for s in _statements(self.kernel.body):
                for read in _mentioned(s):
                    self._readers.setdefault(read, set()).add(s)
            rest = [self.kernel.inputs, self.kernel.outputs, list(self.kernel.symbols.values()), [b.shape for b in self.kernel.buffers]]
            for read in _mentioned(rest):
                self._readers.setdefault(read, set()).add(None)
        return self._readers.get(x, set())

    def _users(self, v: k.Variable) -> set[Any]:
        """The statements that set or read a variable."""
        if self._uses is None:
            self._uses = {}
            for s in _statements(self.kernel.body):
                used = [_variable_of(s)] + ([s.status] if isinstance(s, k.Library) else [])
                for variable in used:
                    if variable is not None:
                        self._uses.setdefault(variable, set()).add(s)
        return self._uses.get(v, set())


class _Touched:
    """What the statements of a part read and write.

    Attributes
    ----------
    statements : set
        All of them, those of loops included.
    given : list of Expr
        Values that are computed before.
    buffers : dict of int to Buffer
        One for each storage.
    variables : list of Variable
    """

    def __init__(self, part: list[Any]) -> None:
        whole = Block()
        whole.statements = part
        everything = list(_statements(whole))
        self.statements = set(everything)
        own = self.statements | {s.index for s in everything if isinstance(s, k.For)}
        read = [x for s in everything for x in _mentioned(s)]
        self.given = list(dict.fromkeys(x for x in read if x not in own and x.op != "const"))
        self.buffers: dict[int, Buffer] = {}
        for s in everything:
            buffer = s.data if isinstance(s, Expr) and s.op == "load" else s.buffer if isinstance(s, k.Store) else None
            if buffer is not None:
                self.buffers.setdefault(buffer.storage, buffer)
        self.variables = list(dict.fromkeys(v for v in map(_variable_of, everything) if v is not None))


def is_long(block: Block) -> bool:
    """Whether a block is to be printed in parts."""
    return len(block.statements) > LONG or _weight(block.statements) > LONG


def _weight(statements: list[Any]) -> int:
    whole = Block()
    whole.statements = statements
    return sum(1 for _ in _statements(whole))


def _movable(s: Any) -> bool:
    """Whether a statement can stand in a function of its own."""
    if isinstance(s, Expr):
        return s.op not in _OF_THE_CALLER
    if isinstance(s, k.For):
        return all(map(_movable, s.body.statements))
    return isinstance(s, (k.Store, k.Set, k.Accumulate))


def _runs(statements: list[Any]) -> Iterator[tuple[list[Any], bool]]:
    """The statements in order: runs that can stand in a function and are at most about its length, and others.

    The ends of loops stay outside: the caller judges by them whether to give up the interpreter's lock.
    """
    run: list[Any] = []
    weight, movable = 0, True
    ends = {x for s in statements if isinstance(s, k.For) for x in _ends_of(s)}
    for s in statements:
        fits = _movable(s) and s not in ends
        if run and (fits != movable or (fits and weight >= PART)):
            yield run, movable
            run, weight = [], 0
        movable = fits
        run.append(s)
        weight += _weight([s])
    if run:
        yield run, movable


def _ends_of(loop: k.For) -> Iterator[Expr]:
    """What the ends of a loop are, and those inside it."""
    yield from (x for x in (loop.start, loop.stop) if x.op != "const")
    for s in loop.body.statements:
        if isinstance(s, k.For):
            yield from _ends_of(s)


def _variable_of(s: Any) -> k.Variable | None:
    if isinstance(s, (k.Set, k.Accumulate)):
        return s.variable
    return s.data if isinstance(s, Expr) and s.op == "get" else None


def _statements(block: Block) -> Iterator[Any]:
    for s in block.statements:
        yield s
        for inner in ("body", "then", "orelse"):
            if isinstance(getattr(s, inner, None), Block):
                yield from _statements(getattr(s, inner))


def _mentioned(x: Any) -> Iterator[Expr]:
    """The values that a statement names, wherever it keeps them."""
    if isinstance(x, Expr):
        yield from x.args
        if x.op == "index":
            yield from _values(x.data)
    elif isinstance(x, (list, tuple)):
        yield from _values(x)
    else:
        for name in _fields(x.__class__):
            yield from _values(getattr(x, name))


@functools.cache
def _fields(of: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(of))


def _values(x: Any) -> Iterator[Expr]:
    if isinstance(x, Expr):
        yield x
    elif isinstance(x, (list, tuple)):
        for item in x:
            yield from _values(item)
    elif isinstance(x, Buffer):
        yield from _values(x.shape)
    elif dataclasses.is_dataclass(x) and not isinstance(x, (type, k.Variable)):
        for name in _fields(x.__class__):
            yield from _values(getattr(x, name))
