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
    functions: dict[str, str]
    marks: Any

    def do_Product(self, s: Product) -> None:
        parts = pieces(s.columns)
        if not isinstance(s.depth, int):
            self._added_up(s, s.depth)
            return
        for (i, (first, width)), total in self._written_out(s, parts, s.depth).items():
            # all are computed by now: the target may be an operand
            address = self._address(s.target, self._place(s.place, i * s.columns + first))
            self.add(f"store {self._type(s.target, width)} {total}, ptr {address}, "
                     f"align {item_size(s.target)}{self.marks(s.target)}")

    def _written_out(self, s: Product, parts: list[Piece], depth: int) -> dict[tuple[int, Piece], Any]:
        totals: dict[tuple[int, Piece], Any] = {(i, part): None for i in range(s.rows) for part in parts}
        for k in range(depth):  # the sums grow together: each addition waits for the one before
            right = {part: self._row(s.b, k, part) for part in parts}
            for i, part in totals:
                totals[i, part] = self._plus(s, totals[i, part], self._spread(s.a, i, k, part[1]), right[part], part[1])
        return totals

    def _added_up(self, s: Product, depth: Expr) -> None:
        """A product of few rows and columns, however long these are: a function, so that its sums have all registers."""
        close = s.b.across.op == "const" and s.b.across.data == 1
        name = f"bcad_sum_{s.target.type}_{s.rows}x{s.columns}{'_rows' if close else ''}{'_more' if s.more else ''}"
        self.functions.setdefault(name, sum_function(name, llvm_type(s.target.type), s.rows, s.columns, close, s.more))
        where = [self._address(m, self._place(start, 0)) for m, start in
                 ((s.target, s.place), (s.a.buffer, s.a.start), (s.b.buffer, s.b.start))]
        strides = [self.ref(x) for x in (s.a.down, s.a.across, s.b.down, s.b.across, depth)]
        arguments = [*(f"ptr {x}" for x in where), *(f"i64 {x}" for x in strides)]
        self.add(f"call void @{name}({', '.join(arguments)})")

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


def sum_function(name: str, t: str, rows: int, columns: int, close: bool, more: bool) -> str:
    """The text of ``target (+)= sum over k of a[:, k] * b[k, :]``; `close` if the rows of b are contiguous."""
    parts = pieces(columns)
    lines = [f"define internal void @{name}(ptr %c, ptr %a, ptr %b, i64 %down, i64 %along, i64 %row, i64 %column, i64 %depth)"
             " noinline nounwind {", "entry:"]
    sums = {(i, part): f"%s{i}_{part[0]}" for i in range(rows) for part in parts}
    types = {part: t if part[1] == 1 else f"<{part[1]} x {t}>" for part in parts}
    align = 8 if t == "double" else 4
    for (i, part), total in sums.items():
        if more:
            lines += [f"  {total}.at = getelementptr {t}, ptr %c, i64 {i * columns + part[0]}",
                      f"  {total}.start = load {types[part]}, ptr {total}.at, align {align}"]
    lines += ["  br label %head", "head:", "  %k = phi i64 [ 0, %entry ], [ %k1, %body ]"]
    for (_, part), total in sums.items():
        start = f"{total}.start" if more else "zeroinitializer"
        lines.append(f"  {total} = phi {types[part]} [ {start}, %entry ], [ {total}.next, %body ]")
    lines += ["  %go = icmp slt i64 %k, %depth", "  br i1 %go, label %body, label %end", "body:",
              "  %k1 = add nsw i64 %k, 1", "  %b.k = mul nsw i64 %k, %row", "  %b.row = getelementptr " + t + ", ptr %b, i64 %b.k",
              "  %a.k = mul nsw i64 %k, %along", "  %a.row = getelementptr " + t + ", ptr %a, i64 %a.k"]
    for part in parts:
        lines += _piece(f"%b{part[0]}", t, part, close, align)
    for i in range(rows):
        lines += [f"  %a{i}.far = mul nsw i64 %down, {i}", f"  %a{i}.at = getelementptr {t}, ptr %a.row, i64 %a{i}.far",
                  f"  %a{i} = load {t}, ptr %a{i}.at, align {align}"]
        for part in parts:
            total, vector = sums[i, part], types[part]
            factor = f"%a{i}"
            if part[1] > 1:
                factor = f"{total}.f"
                lines += [f"  {total}.o = insertelement {vector} poison, {t} %a{i}, i64 0",
                          f"  {factor} = shufflevector {vector} {total}.o, {vector} poison, <{part[1]} x i32> zeroinitializer"]
            lines += [f"  {total}.t = fmul contract {vector} {factor}, %b{part[0]}",
                      f"  {total}.next = fadd contract {vector} {total}, {total}.t"]
    lines += ["  br label %head", "end:"]
    for (i, part), total in sums.items():
        lines += [f"  {total}.to = getelementptr {t}, ptr %c, i64 {i * columns + part[0]}",
                  f"  store {types[part]} {total}, ptr {total}.to, align {align}"]
    return "\n".join([*lines, "  ret void", "}"])


def _piece(name: str, t: str, part: Piece, close: bool, align: int) -> list[str]:
    """The lines that load a piece of the row at %b.row."""
    first, width = part
    if close or width == 1:
        place = f"{first}" if close else f"{name}.far"
        lines = [] if close else [f"  {name}.far = mul nsw i64 %column, {first}"]
        vector = t if width == 1 else f"<{width} x {t}>"
        return [*lines, f"  {name}.at = getelementptr {t}, ptr %b.row, i64 {place}",
                f"  {name} = load {vector}, ptr {name}.at, align {align}"]
    lines, before = [], "poison"
    for k in range(width):
        after = name if k == width - 1 else f"{name}.{k}"
        lines += [f"  {name}.far{k} = mul nsw i64 %column, {first + k}",
                  f"  {name}.at{k} = getelementptr {t}, ptr %b.row, i64 {name}.far{k}",
                  f"  {name}.item{k} = load {t}, ptr {name}.at{k}, align {align}",
                  f"  {after} = insertelement <{width} x {t}> {before}, {t} {name}.item{k}, i64 {k}"]
        before = after
    return lines
