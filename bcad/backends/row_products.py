"""Small products as members of steps that are run a few rows at a time: of each row with a matrix, and sums over rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bcad.ir import Node, Value

from .kernel import Buffer, Expr, Product, Strided
from .lower_products import from_row, strided
from .small_products import sum_over_rows

Place = Callable[[Value], Buffer]


class RowProduct:
    """A product with the way of a nest: `prepare`, `go` over some rows at a time, `finish`."""

    sums_rows = False

    def __init__(self, scope: Any, node: Node) -> None:
        self.scope, self.e, self.node = scope, scope.e, node
        self.left, self.right = node.inputs
        self.out = node.output
        self.summed = sum_over_rows(node)

    def prepare(self, place: Place) -> None:
        """Make room for the result."""
        self.target = place(self.out)
        if self.summed:
            e = self.e
            with e.loop(e.int(0), e.product(self.target.shape)) as i:
                e.store(self.target, i, e.const(0.0, self.target.type))

    def go(self, rows: Any) -> None:
        """Emit it for some rows."""
        if self.summed:
            self._add(rows)
            return
        e, target = self.e, self.scope.at_rows(self.target, rows.first)
        a, b = strided(self.scope, self.left, (), left=True), strided(self.scope, self.right, (), left=False)
        columns = self.out.shape[1] if self.out.ndim > 1 else 1
        e.abreast(rows.first, rows.stop, lambda i, count: e.multiply(Product(
            target, e.mul(self._row(target, i), e.int(columns)), from_row(e, a, self._row(a.buffer, i)), b, count,
            self.left.shape[1], columns)))
        self.scope.bind(self.out, self.scope.rewritten(target))

    def _add(self, rows: Any) -> None:
        """Add what some rows give to the result."""
        e = self.e
        a, b = strided(self.scope, self.left, (), left=True), strided(self.scope, self.right, (), left=False)
        a = Strided(a.buffer, e.add(a.start, e.mul(self._row(a.buffer, rows.first), a.across)), a.down, a.across)
        b = Strided(b.buffer, e.add(b.start, e.mul(self._row(b.buffer, rows.first), b.down)), b.down, b.across)
        m, n = self.out.shape
        e.multiply(Product(self.target, e.int(0), a, b, m, e.sub(rows.stop, rows.first), n, more=True))

    def _row(self, buffer: Buffer, i: Expr) -> Expr:
        """Which row of a buffer is row `i` of the array."""
        return i if buffer.first is None else self.e.sub(i, buffer.first)

    def finish(self) -> None:
        """Complete a sum."""
        if self.summed:
            self.scope.bind(self.out, self.scope.rewritten(self.target))
        a, b = self.left, self.right
        self.scope.function.kernel.summary.append(f"product written out {a.type} @ {b.type}")
