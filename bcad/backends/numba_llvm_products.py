"""Small products of matrices in LLVM IR: written out, each row of the result one vector."""

from __future__ import annotations

from typing import Any

from .kernel import Buffer, Expr, Product, Strided
from .numba_llvm_types import item_size, llvm_type


class Products:
    """The part of a printer that prints `Product` statements."""

    add: Any
    value: Any
    ref: Any
    pointer: Any
    marks: Any

    def do_Product(self, s: Product) -> None:
        width = s.columns
        right = [self._row(s.b, depth, width) for depth in range(s.depth)]
        results = []
        for i in range(s.rows):  # all of them before the first is stored: the target may be an operand
            total = self._load(s.target, self._place(s.place, i * width), width) if s.add else None
            for depth, row in enumerate(right):
                term = self.value(f"fmul contract {self._type(s.target, width)} {self._spread(s.a, i, depth, width)}, {row}")
                total = term if total is None else self.value(
                    f"fadd contract {self._type(s.target, width)} {total}, {term}")
            results.append(total)
        for i, total in enumerate(results):
            address = self._address(s.target, self._place(s.place, i * width))
            self.add(f"store {self._type(s.target, width)} {total}, ptr {address}, "
                     f"align {item_size(s.target)}{self.marks(s.target)}")

    def _type(self, buffer: Buffer, width: int) -> str:
        t = llvm_type(buffer.type)
        return t if width == 1 else f"<{width} x {t}>"

    def _row(self, m: Strided, row: int, width: int) -> str:
        """The first elements of a row, as a vector."""
        start = self._place(m.start, 0, (row, m.down))
        if width == 1 or m.across.op == "const" and m.across.data == 1:
            return self._load(m.buffer, start, width)
        items = [self._load(m.buffer, self._place(m.start, 0, (row, m.down), (k, m.across)), 1) for k in range(width)]
        vector, t = "poison", llvm_type(m.buffer.type)
        for k, item in enumerate(items):
            vector = self.value(f"insertelement {self._type(m.buffer, width)} {vector}, {t} {item}, i64 {k}")
        return vector

    def _spread(self, m: Strided, row: int, column: int, width: int) -> str:
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

    def _place(self, start: Expr, more: int, *steps: tuple[int, Expr]) -> str:
        """``start + more + sum of count * stride``."""
        fixed, parts = more, []
        for count, stride in ((1, start), *steps):
            if stride.op == "const":
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
