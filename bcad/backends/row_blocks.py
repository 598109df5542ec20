"""Steps over the same rows, emitted together: each is run on a few rows before the next rows are taken.

What only the steps themselves read has memory for these few rows.  Where a row is a fixed and small number of elements
one row is taken at a time, and such values are registers.
"""

from __future__ import annotations

from typing import Any

from bcad.ir import Value

from .emitter import ABREAST
from .kernel import INT, Buffer, Expr
from .nests import Nest, Rows, in_runs
from .plan import Step, is_array
from .rooms import LOCAL
from .row_products import RowProduct
from .rows import made_by_row
from .scans import Scan

ELEMENTS = 1024  # of an array that are gone over before the next step has its turn
STATEMENTS = 600  # elements computed for one row, up to which that is straight-line code


def lower_rows(scope: Any, step: Step, position: int) -> None:
    """Emit the members of `step` and bind what they make."""
    _Together(scope, step, position).run()


class _Together:
    def __init__(self, scope: Any, step: Step, position: int) -> None:
        self.scope, self.e, self.s, self.step = scope, scope.e, scope.s, step
        self.single = in_registers(step)
        self.count = scope.size(step.rows)
        self.length = self.e.int(1) if self.single else self._block_length()
        self.members = [self._member(m) for m in step.members]
        self.full: dict[Value, Buffer] = {}

    def _member(self, step: Step) -> Any:
        if step.node is None:
            return Nest(self.scope, step, self.single)
        return (RowProduct if step.node.op.name == "matmul" else Scan)(self.scope, step.node)

    def run(self) -> None:
        for member in self.members:
            member.prepare(self._place)
        if self.single:
            self._by_row()
        else:
            with in_runs(self.scope, self.e.int(0), self.count, self.length) as (first, stop):
                self._go(Rows(first, stop))
        for member in self.members:
            member.finish()
        for value, buffer in self.full.items():
            self.scope.bind(value, self.scope.rewritten(buffer))

    def _by_row(self) -> None:
        summing = [m for m in self.members if m.sums_rows]

        def rows(start: Expr, stop: Expr) -> None:
            with self.e.writing_out(LOCAL), self.e.loop(start, stop, parallel=True) as i:
                self._go(Rows(i, self.e.add(i, self.e.int(1)), single=True))

        if not summing:
            rows(self.e.int(0), self.count)
            return
        with in_runs(self.scope, self.e.int(0), self.count) as ends:
            for member in summing:
                member.open_runs()
            rows(*ends)
            for member in summing:
                member.close_runs()

    def _go(self, rows: Rows) -> None:
        for member in self.members:
            member.go(rows)

    # -- memory -----------------------------------------------------------------------------------
    def _place(self, value: Value) -> Buffer:
        """Room for a result: for few rows of what nobody else reads."""
        if value not in self.step.kept:
            found: Buffer = self.scope.room_for(value)
            if made_by_row(value, self.step.rows):
                self.full[value] = found
            return found
        buffer: Buffer = self.scope.allocate(value.dtype, (self.length, *self.scope.sizes(value.shape[1:])), value.name or "")
        buffer.few = True
        return buffer

    def _block_length(self) -> Expr:
        """So many rows that the longest ones are `ELEMENTS` elements together."""
        e, longest = self.e, self.e.int(1)
        for value in self.step.kept:
            row = e.product(self.scope.sizes(value.shape[1:]))
            if row.op == longest.op == "const":
                longest = e.int(max(row.data, longest.data))
            elif row is not longest:
                longest = self.s._select(self.s.compare("lt", longest, row), row, longest)
        if longest.op == "const":
            count = ELEMENTS // max(longest.data, 1)
            return e.int(max(count - count % ABREAST if count > ABREAST else count, 1))
        few = e.emit("udiv", e.int(ELEMENTS), longest, type=INT)
        return self.s._select(self.s.compare("lt", few, e.int(1)), e.int(1), few)


def in_registers(step: Step) -> bool:
    """Whether a row is so few elements that all of it is straight-line code."""
    if any(m.node is not None and m.node.op.name == "matmul" for m in step.members):
        return False  # those are vectors along a row
    total = 0
    for value in step.roots:
        row = _row_elements(value)
        if value in step.kept and (row is None or row > LOCAL):
            return False
    for member in step.members:
        shape = member.domain if member.domain is not None else member.roots[0].shape
        count = _product(shape[1:])
        if count is None:
            return False
        total += count * len(member.roots)
    return any(_row_elements(v) not in (1, None) for v in step.kept) and total <= STATEMENTS


def _row_elements(value: Value) -> int | None:
    return _product(value.shape[1:]) if is_array(value) else 0


def _product(sizes: Any) -> int | None:
    total = 1
    for size in sizes:
        if not isinstance(size, int):
            return None
        total *= size
    return total

