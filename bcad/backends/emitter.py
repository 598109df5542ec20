"""Builds the blocks of a kernel: each value once, in the outermost block where it can be computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .kernel import (
    INT,
    Block,
    Buffer,
    Copy,
    Expr,
    For,
    If,
    Library,
    Number,
    Pair,
    Product,
    Set,
    Store,
    Strided,
    Variable,
    While,
)

UNROLL = 8  # loops of a fixed length are written out if their bodies are not more than this together
ABREAST = 4  # rows done at once where each waits for its own last result
Count = int
BodyOfSeveral = Callable[[Expr, Count], None]


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
        index = self._in_memory(buffer, index)
        if buffer.is_complex:
            two = self.mul(index, self.int(2))
            return Pair(self._load(buffer, two), self._load(buffer, self.add(two, self.int(1))))
        return self._load(buffer, index)

    def _load(self, buffer: Buffer, index: Expr) -> Expr:
        if buffer.mutable:
            return self.fresh("load", index, type=buffer.type, data=buffer)
        return self.emit("load", index, type=buffer.type, data=buffer, floor=buffer.epoch)

    def store(self, buffer: Buffer, index: Expr, value: Number) -> None:
        index = self._in_memory(buffer, index)
        if isinstance(value, Pair):
            two = self.mul(index, self.int(2))
            self.block.statements.append(Store(buffer, two, value.re))
            self.block.statements.append(Store(buffer, self.add(two, self.int(1)), value.im))
        else:
            self.block.statements.append(Store(buffer, index, value))

    def _in_memory(self, buffer: Buffer, index: Expr) -> Expr:
        return index if buffer.offset is None else self.add(buffer.offset, index)

    def library(self, call: Library) -> None:
        """Call a routine; the places it is given are scalars behind the beginning of each buffer."""

        def placed(argument: tuple[Any, ...]) -> tuple[Any, ...]:
            if argument[0] != "buffer" or argument[1].offset is None:
                return argument
            _, buffer, place = argument
            return "buffer", buffer, self.add(self.mul(buffer.offset, self.int(1 + buffer.is_complex)), place or self.int(0))

        self.append(replace(call, arguments=tuple(map(placed, call.arguments))))

    def multiply(self, made: Product) -> None:
        """Compute a written-out product."""

        def placed(m: Strided) -> Strided:
            return replace(m, start=self._in_memory(m.buffer, m.start))

        place = self._in_memory(made.target, made.place)
        self.append(replace(made, place=place, a=placed(made.a), b=placed(made.b)))

    def copy(self, target: Buffer, source: Buffer, elements: Expr) -> None:
        """Copy elements from one buffer to another."""
        if target.offset is source.offset is None:
            self.append(Copy(target, source, elements))
            return
        with self.loop(self.int(0), elements, parallel=True) as i:
            self.store(target, i, self.load(source, i))

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
