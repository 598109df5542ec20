"""Loops with long bodies in parts: over strips of their turns, in each strip one short loop after another.

LLVM's time to vectorise a loop grows faster than the loop's body, and functions of numbers are long.  What a later part reads is kept for the
turns of one strip: a few numbers for each value, in the nearest caches.  So is what a turn writes to memory of its own, which holds one row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from . import kernel as k
from .kernel import BOOL, INT, Block, Buffer, Expr, For, Kernel, Lanes, inner_blocks
from .numba_llvm_lanes import LANES, Turns

CROWD = 64  # functions of numbers in one body from which they are called, vector by vector, and not copied into it
LONG = 200  # statements of a body from which it is divided
PART = 300  # statements in a part, about
MANY = 120  # loops in a kernel from which all that can be are printed as vectors
STRIP = 8 * LANES  # turns

_DTYPES = {"f64": "float64", "f32": "float32", BOOL: "bool", **{f"i{n}": f"int{n}" for n in (8, 16, 32, 64)},
           **{f"u{n}": f"uint{n}" for n in (8, 16, 32, 64)}}
_INDEX = ("iadd", "isub", "imul", "const")


def in_strips(kernel: Kernel) -> Kernel:
    """`kernel`, its loops with long bodies divided."""
    kept = _Kept(kernel)
    _divide_loops(kernel.body, kept)
    if _count_loops(kernel.body) > MANY:
        _as_lanes(kernel.body)
    kernel.body.statements[:0] = kept.allocations()
    return kernel


def _divide_loops(block: Block, kept: _Kept) -> None:
    for s in block.statements:
        for inner in inner_blocks(s):
            _divide_loops(inner, kept)
        if isinstance(s, For) and s.parallel:
            _call_functions(s.body)
    if any(isinstance(s, For) and _divisible(s) for s in block.statements):
        block.statements[:] = [
            made for s in block.statements
            for made in (_Division(s, block, kept).statements() if isinstance(s, For) and _divisible(s) else (s,))
        ]


def _count_loops(block: Block) -> int:
    return sum(_count_loops(inner) + isinstance(s, For) for s in block.statements for inner in inner_blocks(s))


def _as_lanes(block: Block) -> None:
    """Print the innermost loops as vectors where that is possible."""
    for n, s in enumerate(block.statements):
        for inner in inner_blocks(s):
            _as_lanes(inner)
        if type(s) is For and s.parallel and Turns(s).fits:
            block.statements[n] = _lanes(s)


def _lanes(loop: For) -> Lanes:
    return Lanes(loop.index, loop.start, loop.stop, loop.body, loop.parallel)


def _call_functions(body: Block) -> None:
    """Have a body with many functions of numbers call them; LLVM would copy each to where it stands."""
    functions = [s for s in body.statements if isinstance(s, Expr) and s.op == "call"]
    if len(functions) > CROWD:
        for x in functions:
            x.op = "called"


def _divisible(loop: For) -> bool:
    """Whether its body is long, and one part of it for all turns of a strip may come before the next part."""
    statements = loop.body.statements
    if len(statements) < LONG or not loop.parallel:
        return False
    if not all(isinstance(s, (Expr, k.Store, k.Accumulate)) for s in statements):
        return False
    summed = {s.variable for s in statements if isinstance(s, k.Accumulate)}
    if any(isinstance(s, Expr) and s.op == "get" and s.data in summed for s in statements):
        return False
    return _stored_before(loop) is not None


def _stored_before(loop: For) -> dict[Expr, Expr] | None:
    """For each load from the row that a turn has for itself what it has stored there; None if that is not known."""
    held: dict[tuple[int, int], Expr] = {}
    found: dict[Expr, Expr] = {}
    for s in loop.body.statements:
        if isinstance(s, k.Store) and s.buffer.own_to(loop):
            if s.index.op != "const":
                return None
            held[s.buffer.storage, s.index.data] = found.get(s.value, s.value)
        elif isinstance(s, Expr) and s.op == "load" and s.data.own_to(loop):
            value = held.get((s.data.storage, s.args[0].data)) if s.args[0].op == "const" else None
            if value is None or value.type != s.type:
                return None
            found[s] = value
    return found


def _in_values(loop: For) -> list[Any]:
    """The body's statements, with values in place of what each turn stores in its own row."""
    stored = _stored_before(loop)
    assert stored is not None
    made: list[Any] = []
    for s in loop.body.statements:
        if isinstance(s, k.Store):
            if not s.buffer.own_to(loop):
                made.append(replace(s, index=stored.get(s.index, s.index), value=stored.get(s.value, s.value)))
        elif isinstance(s, k.Accumulate):
            made.append(replace(s, value=stored.get(s.value, s.value)))
        elif s not in stored:
            s.args = tuple(stored.get(a, a) for a in s.args)
            made.append(s)
    return made


class _Kept:
    """The memory for the values of a strip: a buffer for each type, a row of it for each value that is wanted later."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.buffers: dict[str, Buffer] = {}
        self.rows: dict[str, int] = {}

    def buffer(self, t: str) -> Buffer:
        if t not in self.buffers:
            storage = 1 + max((b.storage for b in self.kernel.buffers), default=0)
            made = Buffer(np.dtype(_DTYPES[t]), (), "work", storage, self.kernel.body, "strip", mutable=True, padded=True)
            self.buffers[t] = made
            self.kernel.buffers.append(made)
        return self.buffers[t]

    def allocations(self) -> Iterator[k.Allocate]:
        for t, buffer in self.buffers.items():
            yield k.Allocate(buffer, self.constant(STRIP * self.rows[t]))

    def constant(self, value: int) -> Expr:
        return Expr("const", (), INT, value, self.kernel.body)


class _Division:
    """One loop, divided."""

    def __init__(self, loop: For, around: Block, kept: _Kept) -> None:
        self.loop, self.around, self.kept = loop, around, kept
        self.parts = _cut(_in_values(loop))
        self.made_in = {s: n for n, part in enumerate(self.parts) for s in part if isinstance(s, Expr)}
        self.last_read = self._last_reads()
        self.ends: dict[int, list[Expr]] = {}
        for x, last in self.last_read.items():
            self.ends.setdefault(last, []).append(x)
        self.row: dict[Expr, int] = {}
        self.free: dict[str, list[int]] = {}
        self.used: dict[str, int] = {}

    def _last_reads(self) -> dict[Expr, int]:
        """For each value of the body the last part that reads it, through what is computed again too."""
        found: dict[Expr, int] = {}
        for n, part in enumerate(self.parts):
            stack = [x for s in part for x in _read_by(s)]
            while stack:
                x = stack.pop()
                if x in self.made_in and found.get(x, -1) < n:
                    found[x] = n
                    if self._again(x):
                        stack += x.args
        return found

    def _again(self, x: Expr) -> bool:
        """Whether a part had better compute a value of an earlier one again: an index, or a number read from an array."""
        if x.op == "load":
            return not x.data.mutable and (x.args[0] not in self.made_in or self._again(x.args[0]))
        return x.op in _INDEX and x.type == INT and all(a not in self.made_in or self._again(a) for a in x.args)

    def statements(self) -> list[Any]:
        """What takes the loop's place."""
        start, stop, around = self.loop.start, self.loop.stop, self.around
        over = Expr("iadd", (Expr("isub", (stop, start), INT, None, around), self.kept.constant(STRIP - 1)), INT, None, around)
        count = Expr("udiv", (over, self.kept.constant(STRIP)), INT, None, around)
        body = Block(around)
        index = Expr("index", (), INT, (self.kept.constant(0), count), body)
        first = self._add(body, "iadd", start, self._add(body, "imul", index, self.kept.constant(STRIP)))
        left = self._add(body, "isub", stop, first)
        short = Expr("lt", (left, self.kept.constant(STRIP)), BOOL, None, body)
        length = Expr("select", (short, left, self.kept.constant(STRIP)), INT, None, body)
        body.statements += [short, length]
        for n in range(len(self.parts)):
            body.statements.append(self._part(n, body, first, length))
        self._note_rows()
        return [over.args[0], over, count, For(index, self.kept.constant(0), count, body)]

    def _add(self, block: Block, op: str, *args: Expr) -> Expr:
        made = Expr(op, args, INT, None, block)
        block.statements.append(made)
        return made

    def _part(self, n: int, around: Block, first: Expr, length: Expr) -> For:
        """The loop of the part `n` over the turns of one strip."""
        body = Block(around)
        turn = Expr("index", (), INT, (self.kept.constant(0), length), body)
        known = {self.loop.index: self._add(body, "iadd", first, turn)}

        def here(x: Expr) -> Expr:
            if x in known or x not in self.made_in:
                return known.get(x, x)
            if self._again(x):
                made = Expr(x.op, tuple(map(here, x.args)), x.type, x.data, body)
            else:
                made = Expr("load", (self._place(body, x, turn),), x.type, self.kept.buffer(x.type), body)
            body.statements.append(made)
            known[x] = made
            return made

        for s in self.parts[n]:
            if isinstance(s, Expr):
                known[s] = made = Expr(s.op, tuple(map(here, s.args)), s.type, s.data, body)
                body.statements.append(made)
            elif isinstance(s, k.Store):
                body.statements.append(k.Store(s.buffer, here(s.index), here(s.value)))
            else:
                body.statements.append(k.Accumulate(s.variable, s.op, here(s.value), s.free))
        for x in self.parts[n]:
            if isinstance(x, Expr) and self.last_read.get(x, n) > n and not self._again(x):
                self.row[x] = self._take_row(x.type)
                body.statements.append(k.Store(self.kept.buffer(x.type), self._place(body, x, turn), known[x]))
        for x in self.ends.get(n, ()):
            if x in self.row:
                self.free.setdefault(x.type, []).append(self.row[x])
        part = For(turn, self.kept.constant(0), length, body, parallel=True)
        return _lanes(part) if Turns(part).fits else part

    def _place(self, body: Block, x: Expr, turn: Expr) -> Expr:
        return self._add(body, "iadd", turn, self.kept.constant(STRIP * self.row[x]))

    def _take_row(self, t: str) -> int:
        if self.free.get(t):
            return self.free[t].pop()
        self.used[t] = self.used.get(t, 0) + 1
        return self.used[t] - 1

    def _note_rows(self) -> None:
        for t, count in self.used.items():
            self.kept.rows[t] = max(self.kept.rows.get(t, 0), count)


def _cut(statements: list[Any]) -> list[list[Any]]:
    """The statements in parts of about the same length, cut where few values are read later."""
    position = {s: n for n, s in enumerate(statements) if isinstance(s, Expr)}
    change = [0] * (len(statements) + 1)
    last: dict[Expr, int] = {}
    for n, s in enumerate(statements):
        for x in _read_by(s):
            if x in position:
                last[x] = n
    for x, n in last.items():
        change[position[x] + 1] += 1
        change[n + 1 if n + 1 < len(change) else n] -= 1
    alive, total = [], 0
    for step in change:
        total += step
        alive.append(total)
    parts, begin = [], 0
    while len(statements) - begin > PART + PART // 4:
        around = range(begin + PART - PART // 4, begin + PART + PART // 4)
        end = min(around, key=alive.__getitem__)
        parts.append(statements[begin:end])
        begin = end
    return [*parts, statements[begin:]]


def _read_by(s: Any) -> tuple[Expr, ...]:
    if isinstance(s, Expr):
        return s.args
    return (s.index, s.value) if isinstance(s, k.Store) else (s.value,)
