"""Linear systems of a few unknowns: eliminated in registers, where a call of LAPACK would take longer than the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .kernel import BOOL, Buffer, Expr, Fail
from .scope import Scope

FEW = 4  # unknowns

Column = list[Expr]


def is_small(size: object) -> bool:
    """Whether systems with so many unknowns are eliminated here."""
    return isinstance(size, int) and 0 < size <= FEW


def elements(scope: Scope, buffer: Buffer, start: Expr, rows: int, columns: int, flipped: bool = False) -> list[Column]:
    """The rows of a matrix in memory; of its transpose if `flipped`, which has the given shape."""
    e = scope.e
    down, across = (1, rows) if flipped else (columns, 1)
    found: list[Any] = [
        [e.load(buffer, e.add(start, e.int(i * down + j * across))) for j in range(columns)] for i in range(rows)
    ]
    return found


class Elimination:
    """The factors of a small matrix by Gaussian elimination, the largest element of each column its pivot.

    Rows change places by selection, so nothing branches and all stays in registers.

    Attributes
    ----------
    upper : list of rows
        What is left of the matrix.
    odd : Expr, bool
        Whether rows have changed places an odd number of times.
    """

    def __init__(self, scope: Scope, rows: Sequence[Column]) -> None:
        self.scope, self.s = scope, scope.s
        self.upper = [list(row) for row in rows]
        self.n = len(rows)
        self.odd: Expr = scope.e.const(False, BOOL)
        self.steps: list[tuple[int, int, Expr, bool]] = []  # (row, row, swap or factor, whether they are swapped)
        for c in range(self.n):
            for r in range(c + 1, self.n):
                self._larger_first(c, r)
            for r in range(c + 1, self.n):
                self._eliminate(c, r)

    def _larger_first(self, c: int, r: int) -> None:
        top, other = self.upper[c], self.upper[r]
        larger = self.s.compare("gt", self._size(other[c]), self._size(top[c]))
        for k in range(c, self.n):
            top[k], other[k] = self._swapped(larger, top[k], other[k])
        self.odd = self.s.binary("xor", self.odd, larger)
        self.steps.append((c, r, larger, True))

    def _swapped(self, condition: Expr, a: Expr, b: Expr) -> tuple[Expr, Expr]:
        return self.s._select(condition, b, a), self.s._select(condition, a, b)

    def _size(self, x: Expr) -> Expr:
        return self.scope.e.emit("fabs", x, type=x.type)

    def _eliminate(self, c: int, r: int) -> None:
        """Below a pivot that is zero there are only zeros."""
        pivot, first = self.upper[c][c], self.upper[r][c]
        zero = self.s.like(pivot, 0)
        factor = self.s._select(self.s.compare("eq", pivot, zero), zero, self.s.binary("div", first, pivot))
        for k in range(c + 1, self.n):
            self.upper[r][k] = self._less(self.upper[r][k], factor, self.upper[c][k])
        self.steps.append((c, r, factor, False))

    def _less(self, a: Expr, factor: Expr, b: Expr) -> Expr:
        return self.s.binary("sub", a, self.s.binary("mul", factor, b))

    @property
    def diagonal(self) -> Column:
        return [self.upper[k][k] for k in range(self.n)]

    def refuse_singular(self, message: str) -> None:
        """Abandon the run where a pivot is zero."""
        refuse(self.scope, [self.s.compare("eq", d, self.s.like(d, 0)) for d in self.diagonal], message)

    def solve(self, column: Column) -> Column:
        """``x`` with ``matrix @ x == column``."""
        x = list(column)
        for c, r, what, swapped in self.steps:
            if swapped:
                x[c], x[r] = self._swapped(what, x[c], x[r])
            else:
                x[r] = self._less(x[r], what, x[c])
        for c in reversed(range(self.n)):
            for k in range(c + 1, self.n):
                x[c] = self._less(x[c], self.upper[c][k], x[k])
            x[c] = self.s.binary("div", x[c], self.upper[c][c])
        return x


def refuse(scope: Scope, conditions: Sequence[Expr], message: str) -> None:
    """Abandon the run, saying `message`, if one of the conditions holds."""
    bad = conditions[0]
    for condition in conditions[1:]:
        bad = scope.s.binary("or", bad, condition)
    scope.e.append(Fail(bad, scope.function.message(message)))


def cholesky(scope: Scope, rows: Sequence[Column], message: str) -> list[Column]:
    """The lower factor; only the lower half is read."""
    s, n = scope.s, len(rows)
    zero = s.like(rows[0][0], 0)
    lower = [[zero] * n for _ in range(n)]
    bad = []
    for j in range(n):
        for i in range(j, n):
            total = rows[i][j]
            for k in range(j):
                total = s.binary("sub", total, s.binary("mul", lower[i][k], lower[j][k]))
            if i == j:
                bad.append(scope.e.emit("not", s.compare("gt", total, zero), type=BOOL))
                lower[j][j] = scope.e.emit("sqrt", total, type=total.type)
            else:
                lower[i][j] = s.binary("div", total, lower[j][j])
    refuse(scope, bad, message)
    return lower


def substitute(scope: Scope, rows: Sequence[Column], column: Column, lower: bool, unit: bool) -> Column:
    """``x`` with ``rows @ x == column`` for a triangular matrix."""
    s, n, x = scope.s, len(rows), list(column)
    for c in range(n) if lower else reversed(range(n)):
        for k in range(c) if lower else range(c + 1, n):
            x[c] = s.binary("sub", x[c], s.binary("mul", rows[c][k], x[k]))
        if not unit:
            x[c] = s.binary("div", x[c], rows[c][c])
    return x
