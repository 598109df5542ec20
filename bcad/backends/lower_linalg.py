"""Factors and linear systems in the kernel form, by LAPACK.

Memory is row-major and Fortran's column-major, so a routine sees every matrix transposed.
A transpose of the last two axes is never made: it is a flag of the routine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Node, Value

from .kernel import INT, Buffer, Expr, Fail, Library
from .lower_factors import cholesky_by_loop, determinant_by_loop, inverse_by_loop, solve_by_loop
from .lower_small_systems import Elimination, cholesky, elements, is_small
from .scalars import Unsupported, needs
from .scope import Scope
from .specials import special
from .stored_matrices import Matrix, each, matrix, operands

PREFIX = {"f8": "d", "f4": "s", "c16": "z", "c8": "c"}
SINGULAR, NOT_POSITIVE = "Singular matrix", "Matrix is not positive definite"


def routine(dtype: Any, name: str) -> str:
    letter = PREFIX.get(f"{dtype.kind}{dtype.itemsize}")
    if letter is None:
        raise Unsupported(f"{name} of dtype {dtype}")
    return letter + name


def at_least_one(scope: Scope, n: Expr) -> Expr:
    return scope.s._select(scope.s.compare("lt", n, scope.e.int(1)), scope.e.int(1), n)


def scalar_argument(value: Value, x: float) -> list[Any]:
    """A number of a matrix's dtype, for a routine."""
    return [("scalar", x, needs(value.dtype), value.dtype.kind == "c")]


# -- factors and systems -------------------------------------------------------------------------------
def _real_only(node: Node) -> None:
    for value in node.inputs:
        if value.dtype.kind != "f" or value.dtype != node.inputs[0].dtype:
            raise Unsupported(f"{node.op.name} of dtype {value.dtype}")


class Solver:
    """What the factorisations share: scratch copies and the status of LAPACK."""

    def __init__(self, scope: Scope, node: Node) -> None:
        _real_only(node)
        self.scope, self.node, self.e = scope, node, scope.e
        self.dtype = node.inputs[0].dtype
        self.n = scope.size(node.inputs[0].shape[-1])
        self.size = self.e.mul(self.n, self.n)
        self.lead = at_least_one(scope, self.n)

    def name(self, name: str) -> str:
        return routine(self.dtype, name)

    def scratch(self, *shape: Expr) -> Buffer:
        made = self.scope.allocate(self.dtype, shape)
        made.mutable = True
        return made

    def copy(self, target: Buffer, to: Expr, source: Buffer, start: Expr, count: Expr) -> None:
        with self.e.loop(self.e.int(0), count) as i:
            self.e.store(target, self.e.add(to, i), self.e.load(source, self.e.add(start, i)))

    def call(self, name: str, *arguments: Any, fails: str | None = None) -> Any:
        status = self.e.variable("status", INT)
        self.e.library(Library(self.name(name), arguments, status))
        found = self.e.get(status)
        if fails:
            self.refuse(found, fails)
        return found

    def refuse(self, status: Expr, message: str) -> None:
        bad = self.scope.s.compare("ne", status, self.e.int(0))
        self.e.append(Fail(bad, self.scope.function.message(message)))

    def lu(self, a: Matrix, batch: tuple[Expr, ...], fails: str | None = SINGULAR) -> tuple[Buffer, Buffer]:
        """The factors of the stored matrix, transposed, and the pivots; once for all that ask in the same place."""
        start = a.offset(self.scope, batch)
        known, key = self.scope.function.factors, (a.buffer, start)
        if key not in known or a.buffer.mutable or not self.e.block.inside(known[key][0]):
            factors = self.scratch(self.n, self.n)
            pivots = self.scope.allocate(np.dtype(np.int32), (self.n,))
            pivots.mutable = True
            self.copy(factors, self.e.int(0), a.buffer, start, self.size)
            status = self.call("getrf", ("int", self.n), ("int", self.n), ("buffer", factors, None), ("int", self.lead),
                               ("buffer", pivots, None))
            known[key] = (self.e.block, factors, pivots, status)
        _, factors, pivots, status = known[key]
        if fails:
            self.refuse(status, fails)
        return factors, pivots

    def small(self, a: Matrix, batch: tuple[Expr, ...], fails: str | None = SINGULAR) -> Elimination:
        """The factors of a small matrix, as it is read."""
        n = self.n.data
        made = Elimination(self.scope, elements(self.scope, a.buffer, a.offset(self.scope, batch), n, n, a.flipped))
        if fails:
            made.refuse_singular(fails)
        return made


@special("solve", operands=operands)
def _solve(scope: Scope, node: Node, step: int) -> None:
    if node.output.dtype.kind == "c":
        solve_by_loop(scope, node)
        return
    s = Solver(scope, node)
    a, b = node.inputs
    out, e = node.output, scope.e
    A, B = matrix(scope, a), matrix(scope, b)
    target, r = scope.room_for(out), scope.size(b.shape[-1])
    if is_small(a.shape[-1]):
        _solve_small(s, A, B, target, r)
        return
    right = s.scratch(r, s.n)

    def one(batch: tuple[Expr, ...]) -> None:
        factors, pivots = s.lu(A, batch)
        start, end = B.offset(scope, batch), Matrix(target, s.n, r, False, tuple(out.shape)).offset(scope, batch)
        transposed(scope, right, e.int(0), B.buffer, start, s.n, r, straight=B.flipped)
        s.call("getrs", ("char", "N" if A.flipped else "T"), ("int", s.n), ("int", r), ("buffer", factors, None),
               ("int", s.lead), ("buffer", pivots, None), ("buffer", right, None), ("int", s.lead))
        transposed(scope, target, end, right, e.int(0), r, s.n)

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{s.name('getrf')}, {s.name('getrs')} {a.type}")


def _solve_small(s: Solver, A: Matrix, B: Matrix, target: Buffer, r: Expr) -> None:
    scope, e, n, out = s.scope, s.e, s.n.data, s.node.output
    down, across = (e.int(1), s.n) if B.flipped else (r, e.int(1))

    def one(batch: tuple[Expr, ...]) -> None:
        system = s.small(A, batch)
        start, end = B.offset(scope, batch), Matrix(target, s.n, r, False, tuple(out.shape)).offset(scope, batch)

        def column(j: Expr) -> None:
            first = e.add(start, e.mul(j, across))
            x = system.solve([e.load(B.buffer, e.add(first, e.mul(e.int(i), down))) for i in range(n)])  # type: ignore[misc]
            for i in range(n):
                e.store(target, e.add(end, e.add(e.mul(e.int(i), r), j)), x[i])

        e.each(e.int(0), r, column)

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"system of {n} unknowns written out")


def transposed(
    scope: Scope, target: Buffer, to: Expr, source: Buffer, start: Expr, rows: Expr, columns: Expr, straight: bool = False
) -> None:
    """``target[j, i] = source[i, j]``; a plain copy if `straight`."""
    e = scope.e
    with e.loop(e.int(0), rows) as i, e.loop(e.int(0), columns) as j:
        there, back = e.add(e.mul(i, columns), j), e.add(e.mul(j, rows), i)
        e.store(target, e.add(to, back), e.load(source, e.add(start, back if straight else there)))


@special("cholesky", operands=operands)
def _cholesky(scope: Scope, node: Node, step: int) -> None:
    if node.output.dtype.kind == "c":
        cholesky_by_loop(scope, node)
        return
    s = Solver(scope, node)
    (a,), e, out = node.inputs, scope.e, node.output
    A, target = matrix(scope, a), scope.room_for(out)
    target.mutable = True
    if A.flipped:
        raise Unsupported("cholesky of a transpose")

    small, n = is_small(a.shape[-1]), s.n.data

    def one(batch: tuple[Expr, ...]) -> None:
        start = A.offset(scope, batch)
        if small:
            for i, row in enumerate(cholesky(scope, elements(scope, A.buffer, start, n, n), NOT_POSITIVE)):
                for j, x in enumerate(row):
                    e.store(target, e.add(start, e.int(i * n + j)), x)
            return
        s.copy(target, start, A.buffer, start, s.size)
        s.call("potrf", ("char", "U"), ("int", s.n), ("buffer", target, start), ("int", s.lead),
               fails=NOT_POSITIVE)
        with e.loop(e.int(0), s.n) as i, e.loop(e.add(i, e.int(1)), s.n) as j:
            e.store(target, e.add(start, e.add(e.mul(i, s.n), j)), e.const(0.0, target.type))

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{'cholesky written out' if small else s.name('potrf')} {a.type}")


@special("lu_factor", operands=operands)
def _lu_factor(scope: Scope, node: Node, step: int) -> None:
    """SciPy's: both factors in one matrix, and with which row each one has changed places; it warns of singular matrices itself."""
    s = Solver(scope, node)
    (a,), (packed, order), e = node.inputs, node.outputs, scope.e
    A, target, pivots = matrix(scope, a), scope.room_for(packed), scope.room_for(order)
    target.mutable = pivots.mutable = True
    columns = s.scratch(s.n, s.n)

    def one(batch: tuple[Expr, ...]) -> None:
        place = Matrix(target, s.n, s.n, False, tuple(packed.shape)).offset(scope, batch)
        first = e.int(0)
        for i, size in zip(batch, order.shape, strict=False):
            first = e.add(e.mul(first, scope.size(size)), i)
        first = e.mul(first, s.n)
        transposed(scope, columns, e.int(0), A.buffer, A.offset(scope, batch), s.n, s.n, straight=A.flipped)
        s.call("getrf", ("int", s.n), ("int", s.n), ("buffer", columns, None), ("int", s.lead), ("buffer", pivots, first), fails=SINGULAR)
        with e.loop(e.int(0), s.n) as i:
            at = e.add(first, i)
            row = scope.s.convert(e.load(pivots, at), INT)  # type: ignore[arg-type]
            e.store(pivots, at, scope.s.convert(e.sub(row, e.int(1)), pivots.type))
        transposed(scope, target, place, columns, e.int(0), s.n, s.n)

    each(scope, tuple(packed.shape[:-2]), one)
    for value, made in ((packed, target), (order, pivots)):
        scope.bind(value, scope.rewritten(made))
    scope.function.kernel.summary.append(f"{s.name('getrf')} {a.type}")


@special("inv", operands=operands)
def _inv(scope: Scope, node: Node, step: int) -> None:
    if node.output.dtype.kind == "c":
        inverse_by_loop(scope, node)
        return
    s = Solver(scope, node)
    (a,), out, e = node.inputs, node.output, scope.e
    A, target = matrix(scope, a), scope.room_for(out)
    target.mutable = True
    if is_small(a.shape[-1]):
        _inv_small(s, A, target)
        return
    work_size = e.mul(s.lead, e.int(32))
    work, inverse = s.scratch(work_size), s.scratch(s.n, s.n)

    def one(batch: tuple[Expr, ...]) -> None:
        factors, pivots = s.lu(A, batch)
        s.copy(inverse, e.int(0), factors, e.int(0), s.size)  # the factors may be wanted again
        s.call("getri", ("int", s.n), ("buffer", inverse, None), ("int", s.lead), ("buffer", pivots, None),
               ("buffer", work, None), ("int", work_size), fails=SINGULAR)
        place = Matrix(target, s.n, s.n, False, tuple(out.shape)).offset(scope, batch)
        if A.flipped:
            transposed(scope, target, place, inverse, e.int(0), s.n, s.n)
        else:
            s.copy(target, place, inverse, e.int(0), s.size)

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{s.name('getrf')}, {s.name('getri')} {a.type}")


def _inv_small(s: Solver, A: Matrix, target: Buffer) -> None:
    scope, e, n, out = s.scope, s.e, s.n.data, s.node.output
    zero, one_ = (e.const(x, target.type) for x in (0.0, 1.0))

    def one(batch: tuple[Expr, ...]) -> None:
        system = s.small(A, batch)
        place = Matrix(target, s.n, s.n, False, tuple(out.shape)).offset(scope, batch)
        for j in range(n):
            for i, x in enumerate(system.solve([one_ if k == j else zero for k in range(n)])):
                e.store(target, e.add(place, e.int(i * n + j)), x)

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"inverse of {n} x {n} written out")


@special("det", "slogdet", operands=operands)
def _det(scope: Scope, node: Node, step: int) -> None:
    (a,), log = node.inputs, node.op.name == "slogdet"
    if a.ndim != 2 or a.dtype.kind == "c":
        determinant_by_loop(scope, node)
        return
    s = Solver(scope, node)
    A = matrix(scope, a)
    results = (_det_small if is_small(a.shape[-1]) else _det_of_factors)(s, A, log)
    for value, result in zip(node.outputs, results, strict=False):
        scope.bind(value, result)


def _det_small(s: Solver, a: Matrix, log: bool) -> tuple[Expr, Expr]:
    S, made = s.scope.s, s.small(a, (), fails=None)  # a singular matrix has a determinant
    diagonal: list[Any] = made.diagonal
    sign: Any = S.call("sign", diagonal[0]) if log else diagonal[0]
    total: Any = S.call("log", S.call("absolute", diagonal[0])) if log else sign
    for d in diagonal[1:]:
        sign = S.binary("mul", sign, S.call("sign", d) if log else d)  # type: ignore[arg-type]
        total = S.binary("add", total, S.call("log", S.call("absolute", d))) if log else total  # type: ignore[arg-type]
    s.scope.function.kernel.summary.append(f"determinant of {s.n.data} x {s.n.data} written out")
    return S._select(made.odd, S.unary("neg", sign), sign), total  # type: ignore[arg-type]


def _det_of_factors(s: Solver, a: Matrix, log: bool) -> tuple[Expr, Expr]:
    S, e, t = s.scope.s, s.e, needs(s.dtype)
    factors, pivots = s.lu(a, (), fails=None)
    sign = e.variable("sign", t, e.const(1.0, t))
    total = e.variable("log", t, e.const(0.0, t))
    with e.loop(e.int(0), s.n) as i:
        pivot = e.load(pivots, i)
        d = e.load(factors, e.mul(i, e.add(s.n, e.int(1))))
        assert isinstance(pivot, Expr) and isinstance(d, Expr)
        moved = S.compare("ne", S.convert(pivot, INT), e.add(i, e.int(1)))
        factor = S.call("sign", d) if log else d
        signed = S._select(moved, S.unary("neg", factor), factor)  # type: ignore[arg-type]
        e.set(sign, S.binary("mul", e.get(sign), signed))
        if log:
            size = S.call("log", S.call("absolute", d))
            assert isinstance(size, Expr)
            e.set(total, e.fresh("add", e.get(total), size, type=t))
    s.scope.function.kernel.summary.append(f"{s.name('getrf')} of {s.dtype}")
    return e.get(sign), e.get(total)
