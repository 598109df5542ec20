"""Small products of matrices in LLVM IR: written out, each row of the result one vector."""

from __future__ import annotations

from typing import Any

from .kernel import Buffer, Expr, Product, Strided
from .numba_llvm_types import item_size, llvm_type

Piece = tuple[int, int]  # of a row: its first element and how many there are
WIDEST = 8


def pieces(columns: int) -> list[Piece]:
    """A row in vectors whose lengths are powers of two: others fall to pieces where loops meet."""
    found, first = [], 0
    while first < columns:
        width = min(WIDEST, 1 << ((columns - first).bit_length() - 1))
        found.append((first, width))
        first += width
    return found


class Products:
    """The part of a printer that prints `Product` statements."""

    add: Any
    value: Any
    ref: Any
    pointer: Any
    label: Any
    start: Any
    entry: list[str]
    marks: Any

    def do_Product(self, s: Product) -> None:
        parts = pieces(s.columns)
        totals = self._written_out(s, parts, s.depth) if isinstance(s.depth, int) else self._added_up(s, parts, s.depth)
        for (i, (first, width)), total in totals.items():  # all are computed by now: the target may be an operand
            address = self._address(s.target, self._place(s.place, i * s.columns + first))
            self.add(f"store {self._type(s.target, width)} {total}, ptr {address}, "
                     f"align {item_size(s.target)}{self.marks(s.target)}")

    def _written_out(self, s: Product, parts: list[Piece], depth: int) -> dict[tuple[int, Piece], Any]:
        right = {(k, part): self._row(s.b, k, part) for k in range(depth) for part in parts}
        totals: dict[tuple[int, Piece], Any] = {(i, part): None for i in range(s.rows) for part in parts}
        for i, part in totals:
            for k in range(depth):
                factor = self._spread(s.a, i, k, part[1])
                totals[i, part] = self._plus(s, totals[i, part], factor, right[k, part], part[1])
        return totals

    def _added_up(self, s: Product, parts: list[Piece], depth: Expr) -> dict[tuple[int, Piece], Any]:
        """A product of few rows and columns, however long these are: a sum in registers."""
        head, body, end = map(self.label, ("sum", "term", "total"))
        slots = {(i, part): f"%{head}_{i}_{part[0]}" for i in range(s.rows) for part in parts}
        self.entry.append(f"  %{head}_k = alloca i64")
        self.add(f"store i64 0, ptr %{head}_k")
        for (_, (_, width)), slot in slots.items():
            self.entry.append(f"  {slot} = alloca {self._type(s.target, width)}")
            self.add(f"store {self._type(s.target, width)} {'zeroinitializer' if width > 1 else '0.0'}, ptr {slot}")
        self.add(f"br label %{head}")
        self.start(head)
        k = self.value(f"load i64, ptr %{head}_k")
        self.add(f"br i1 {self.value(f'icmp slt i64 {k}, {self.ref(depth)}')}, label %{body}, label %{end}")
        self.start(body)
        rows = {part: self._row(s.b, k, part) for part in parts}
        for (i, part), slot in slots.items():
            vector = self._type(s.target, part[1])
            before = self.value(f"load {vector}, ptr {slot}")
            after = self._plus(s, before, self._spread(s.a, i, k, part[1]), rows[part], part[1])
            self.add(f"store {vector} {after}, ptr {slot}")
        following = self.value(f"add nsw i64 {k}, 1")
        self.add(f"store i64 {following}, ptr %{head}_k")
        self.add(f"br label %{head}")
        self.start(end)
        return {key: self.value(f"load {self._type(s.target, key[1][1])}, ptr {slot}") for key, slot in slots.items()}

    def _plus(self, s: Product, total: str | None, factor: str, row: str, width: int) -> str:
        """``total + factor * row``."""
        vector = self._type(s.target, width)
        term: str = self.value(f"fmul contract {vector} {factor}, {row}")
        return term if total is None else self.value(f"fadd contract {vector} {total}, {term}")

    def _type(self, buffer: Buffer, width: int) -> str:
        t = llvm_type(buffer.type)
        return t if width == 1 else f"<{width} x {t}>"

    def _row(self, m: Strided, row: int | str, part: Piece) -> str:
        """A piece of a row, as a vector."""
        first, width = part
        if width == 1 or m.across.op == "const" and m.across.data == 1:
            return self._load(m.buffer, self._place(m.start, 0, (row, m.down), (first, m.across)), width)
        items = [
            self._load(m.buffer, self._place(m.start, 0, (row, m.down), (first + k, m.across)), 1) for k in range(width)
        ]
        vector, t = "poison", llvm_type(m.buffer.type)
        for k, item in enumerate(items):
            vector = self.value(f"insertelement {self._type(m.buffer, width)} {vector}, {t} {item}, i64 {k}")
        return vector

    def _spread(self, m: Strided, row: int, column: int | str, width: int) -> str:
        """An element, in every place of a vector."""
        item = self._load(m.buffer, self._place(m.start, 0, (row, m.down), (column, m.across)), 1)
        if width == 1:
            return item
        full = self._type(m.buffer, width)
        first = self.value(f"insertelement {full} poison, {llvm_type(m.buffer.type)} {item}, i64 0")
        result: str = self.value(f"shufflevector {full} {first}, {full} poison, <{width} x i32> zeroinitializer")
        return result

    def _load(self, buffer: Buffer, place: str, width: int) -> str:
        found: str = self.value(f"load {self._type(buffer, width)}, ptr {self._address(buffer, place)}, "
                                f"align {item_size(buffer)}{self.marks(buffer)}")
        return found

    def _address(self, buffer: Buffer, place: str) -> str:
        base: str = self.pointer(buffer)
        return base if place == "0" else self.value(
            f"getelementptr inbounds {llvm_type(buffer.type)}, ptr {base}, i64 {place}")

    def _place(self, start: Expr, more: int, *steps: tuple[int | str, Expr]) -> str:
        """``start + more + sum of count * stride``; a count is a number, or the name of one."""
        fixed, parts = more, []
        for count, stride in ((1, start), *steps):
            if isinstance(count, str):
                parts.append(self.value(f"mul nsw i64 {self.ref(stride)}, {count}"))
            elif stride.op == "const":
                fixed += count * stride.data
            elif count == 1:
                parts.append(self.ref(stride))
            elif count:
                parts.append(self.value(f"mul nsw i64 {self.ref(stride)}, {count}"))
        if fixed or not parts:
            parts.append(str(fixed))
        total: str = parts[0]
        for part in parts[1:]:
            total = self.value(f"add nsw i64 {total}, {part}")
        return total
