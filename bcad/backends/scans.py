"""Running totals along an axis, of all rows or of some: several rows at once, for each waits for its last sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bcad.ir import Node, Value

from .kernel import Buffer, Expr, Number, Pair, Variable
from .scalars import Unsupported

SCANS = {"cumsum": ("add", 0), "cumprod": ("mul", 1), "cummax": ("maximum", None), "cummin": ("minimum", None)}


class Scan:
    """``cumsum`` and its like; the way of a nest: `prepare`, `go` over some rows at a time, `finish`."""

    sums_rows = False

    def __init__(self, scope: Any, node: Node) -> None:
        self.scope, self.e, self.s, self.node = scope, scope.e, scope.s, node
        (self.x,), self.result = node.inputs, node.output
        self.axis: int = node.attrs["axis"]
        self.reverse: bool = node.attrs.get("reverse", False)
        if set(node.attrs) - {"axis", "reverse"} or self.result.dtype.kind == "c" and SCANS[node.op.name][1] is None:
            raise Unsupported(f"{node.op.name} of {self.result.dtype} with {node.attrs}")
        self.op, self.start = SCANS[node.op.name]
        self.length = scope.size(self.x.shape[self.axis])
        self.others = [k for k in range(self.x.ndim) if k != self.axis]

    def prepare(self, place: Callable[[Value], Buffer]) -> None:
        """Make room for the result."""
        self.target = place(self.result)

    def go(self, rows: Any) -> None:
        """Emit the loops, over some rows or all of them."""
        target = self.target if rows is None else self.scope.at_rows(self.target, rows.first)
        self._level(target, rows, {})
        self.scope.bind(self.result, self.scope.rewritten(target))

    def finish(self) -> None:
        """Say what was emitted."""
        self.scope.function.kernel.summary.append(f"{self.node.op.name} along axis {self.axis} of {self.x.type}")

    # -- the loops -----------------------------------------------------------------------------------
    def _level(self, target: Buffer, rows: Any, index: dict[int, Expr]) -> None:
        if len(index) == len(self.others):
            self._run(target, [index])
            return
        axis = self.others[len(index)]
        if axis == 0 and rows is not None and rows.single:
            self._level(target, rows, {0: rows.first})
            return
        first, stop = (rows.first, rows.stop) if axis == 0 and rows is not None else (self.e.int(0), self.scope.size(self.x.shape[axis]))
        if len(index) < len(self.others) - 1:
            with self.e.loop(first, stop) as i:
                self._level(target, rows, {**index, axis: i})
            return
        self.e.abreast(first, stop, lambda i, count: self._run(
            target, [{**index, axis: self.e.add(i, self.e.int(k))} for k in range(count)]))

    def _run(self, target: Buffer, rows: list[dict[int, Expr]]) -> None:
        """Go along the axis, in these rows at once."""
        s, e = self.s, self.e
        zero = s.literal(self.start or 0, self.result.dtype)
        starts = (zero.re, zero.im) if isinstance(zero, Pair) else (zero,)
        totals = [[e.variable("total", x.type, x) for x in starts] for _ in rows]
        with e.loop(e.int(0), self.length) as k:
            for index, total in zip(rows, totals, strict=True):
                self._term(target, index, k, total)

    def _term(self, target: Buffer, index: dict[int, Expr], k: Expr, total: list[Variable]) -> None:
        s, e = self.s, self.e
        i = e.sub(e.sub(self.length, e.int(1)), k) if self.reverse else k
        at = tuple({**index, self.axis: i}[j] for j in range(self.x.ndim))
        new = s.cast(self.scope.element(self.x, at), self.x.dtype, self.result.dtype)
        joined = self._joined([e.get(v) for v in total], new)
        if self.start is None:
            joined = s._select(s.compare("eq", k, e.int(0)), new, joined)
        for variable, part in zip(total, (joined.re, joined.im) if isinstance(joined, Pair) else (joined,), strict=True):
            e.set(variable, part)
        e.store(target, self.scope.flat(target, at), joined)

    def _joined(self, before: list[Expr], new: Number) -> Number:
        if isinstance(new, Pair):
            return self.s.complex_binary(self.op, Pair(*before), new)
        return self.e.fresh(self.op, before[0], new, type=new.type)
