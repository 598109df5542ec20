"""Matrix products and solvers in the kernel form: BLAS and LAPACK, loops for the smallest.

Memory is row-major and Fortran's column-major, so a routine sees every matrix transposed.
A transpose of the last two axes is never made: it is a flag of the routine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bcad.ir import Node, Value

from .fuse import is_array
from .kernel import INT, Accumulate, Buffer, Expr, Fail, Library, Pair
from .lower import Scope, special
from .scalars import Unsupported, is_float, needs

SMALL = 4  # products of matrices no larger than this are loops, which LLVM unrolls
PREFIX = {"f8": "d", "f4": "s", "c16": "z", "c8": "c"}
SINGULAR = "Singular matrix"


@dataclass
class Matrix:
    """Matrices in memory: rows and columns as stored, read transposed if `flipped`."""

    buffer: Buffer
    rows: Expr
    columns: Expr
    flipped: bool
    shape: tuple[Any, ...]  # the sizes of the value, batch axes first

    def offset(self, scope: Scope, batch: tuple[Expr, ...]) -> Expr:
        """Where the matrix for a batch index starts."""
        own = self.shape[:-2]
        flat = scope.e.int(0)
        for i, size in zip(batch[len(batch) - len(own) :], own, strict=True):
            flat = scope.e.add(scope.e.mul(flat, scope.size(size)), scope.e.int(0) if size == 1 else i)
        return scope.e.mul(flat, scope.e.mul(self.rows, self.columns))


def stored(value: Value) -> tuple[Value, bool]:
    """What is in memory for a matrix: the value, or what it is the transpose of."""
    node = value.node
    if node is not None and node.op.name == "transpose":
        n = value.ndim
        if n >= 2 and tuple(node.attrs["axes"]) == (*range(n - 2), n - 1, n - 2):
            source, flipped = stored(node.inputs[0])
            return source, not flipped
    return value, False


def _operands(node: Node) -> list[Value]:
    return [stored(v)[0] for v in node.inputs]


def matrix(scope: Scope, value: Value) -> Matrix:
    source, flipped = stored(value)
    buffer = scope.memory(source)
    rows, columns = (scope.size(s) for s in source.shape[-2:])
    return Matrix(buffer, rows, columns, flipped, tuple(source.shape))


def routine(dtype: Any, name: str) -> str:
    letter = PREFIX.get(f"{dtype.kind}{dtype.itemsize}")
    if letter is None:
        raise Unsupported(f"{name} of dtype {dtype}")
    return letter + name


def each(scope: Scope, batch: tuple[Any, ...], body: Callable[[tuple[Expr, ...]], None]) -> None:
    """Run `body` for every index of the batch axes."""

    def level(index: tuple[Expr, ...]) -> None:
        if len(index) == len(batch):
            body(index)
            return
        scope.e.each(scope.e.int(0), scope.size(batch[len(index)]), lambda i: level((*index, i)))

    level(())


def at_least_one(scope: Scope, n: Expr) -> Expr:
    return scope.s._select(scope.s.compare("lt", n, scope.e.int(1)), scope.e.int(1), n)


# -- products ----------------------------------------------------------------------------------------
@special("matmul", operands=_operands)
def _matmul(scope: Scope, node: Node, step: int) -> None:
    a, b = node.inputs
    out = node.output
    if a.dtype != out.dtype or b.dtype != out.dtype:
        raise Unsupported(f"a product of {a.dtype} and {b.dtype}")
    if not is_array(out):
        raise Unsupported("a product of vectors")  # decomposed before
    target = scope.room_for(out)
    sizes = [s for v in (a, b) for s in v.shape[-2:]]
    small = all(isinstance(s, int) and s <= SMALL for s in sizes)
    if small or f"{out.dtype.kind}{out.dtype.itemsize}" not in PREFIX:
        _loops(scope, a, b, target, out)
    elif a.ndim == 1 or b.ndim == 1:
        _gemv(scope, a, b, target, out)
    else:
        _gemm(scope, a, b, target, out)
    scope.bind(out, scope.rewritten(target))


def _gemm(scope: Scope, a: Value, b: Value, target: Buffer, out: Value) -> None:
    A, B = matrix(scope, a), matrix(scope, b)
    m, n, k = (scope.size(s) for s in (a.shape[-2], b.shape[-1], a.shape[-1]))
    name, one = routine(out.dtype, "gemm"), at_least_one

    def product(batch: tuple[Expr, ...]) -> None:
        C = Matrix(target, m, n, False, tuple(out.shape))
        arguments = (
            ("char", "T" if B.flipped else "N"), ("char", "T" if A.flipped else "N"), ("int", n), ("int", m), ("int", k),
            *_number(out, 1.0), ("buffer", B.buffer, _at(scope, B, batch)), ("int", one(scope, B.columns)),
            ("buffer", A.buffer, _at(scope, A, batch)), ("int", one(scope, A.columns)), *_number(out, 0.0),
            ("buffer", target, _at(scope, C, batch)), ("int", one(scope, n)),
        )
        scope.e.append(Library(name, arguments))

    each(scope, tuple(out.shape[:-2]), product)
    scope.function.kernel.summary.append(f"{name} {a.type} @ {b.type}")


def _number(value: Value, x: float) -> list[Any]:
    return [("scalar", x, needs(value.dtype), value.dtype.kind == "c")]


def _at(scope: Scope, m: Matrix, batch: tuple[Expr, ...]) -> Expr:
    """The offset of a matrix in scalars: a complex number is two."""
    offset = m.offset(scope, batch)
    return scope.e.mul(offset, scope.e.int(2)) if m.buffer.is_complex else offset


def _gemv(scope: Scope, a: Value, b: Value, target: Buffer, out: Value) -> None:
    vector, other = (a, b) if a.ndim == 1 else (b, a)
    M, x = matrix(scope, other), scope.memory(vector)
    name, e = routine(out.dtype, "gemv"), scope.e
    # Column-major, the routine sees the stored matrix transposed: "N" sums over its rows as stored.
    over_rows = M.flipped if vector is b else not M.flipped
    count = scope.size(out.shape[-1])
    contracted = scope.size(vector.shape[0])

    def product(batch: tuple[Expr, ...]) -> None:
        start = e.int(0)
        for i, size in zip(batch, out.shape[:-1], strict=True):
            start = e.add(e.mul(start, scope.size(size)), i)
        place = e.mul(e.mul(start, count), e.int(1 + target.is_complex))
        if contracted.op != "const" or contracted.data == 0:
            _zeros_if_empty(scope, contracted, target, e.mul(start, count), count)
        arguments = (
            ("char", "N" if over_rows else "T"), ("int", M.columns), ("int", M.rows), *_number(out, 1.0),
            ("buffer", M.buffer, _at(scope, M, batch)), ("int", at_least_one(scope, M.columns)),
            ("buffer", x, e.int(0)), ("int", e.int(1)), *_number(out, 0.0), ("buffer", target, place), ("int", e.int(1)),
        )
        e.append(Library(name, arguments))

    each(scope, tuple(out.shape[:-1]), product)
    scope.function.kernel.summary.append(f"{name} {a.type} @ {b.type}")


def _zeros_if_empty(scope: Scope, contracted: Expr, target: Buffer, start: Expr, count: Expr) -> None:
    """BLAS leaves the result alone when there is nothing to add up."""
    e = scope.e
    empty, rest = e.arms(scope.s.compare("eq", contracted, e.int(0)))
    with empty, e.loop(e.int(0), count) as i:
        zero = e.const(0.0, target.type)
        e.store(target, e.add(start, i), Pair(zero, zero) if target.is_complex else zero)
    with rest:
        pass


def _loops(scope: Scope, a: Value, b: Value, target: Buffer, out: Value) -> None:
    """A product written out; also for dtypes that no BLAS knows."""
    e, t = scope.e, needs(out.dtype)
    if out.dtype.kind == "c":
        raise Unsupported("a small product of complex matrices")
    depth = scope.size(a.shape[-1])
    A, B = _reader(scope, a, left=True), _reader(scope, b, left=False)
    columns = 1 if b.ndim > 1 else 0

    def element(index: tuple[Expr, ...]) -> None:
        column = index[-1] if columns else None
        rows = index[: len(index) - columns]
        row = rows[-1] if a.ndim > 1 else None
        batch = rows[:-1] if a.ndim > 1 else rows
        zero = e.const(0.0 if is_float(t) else t == "b1" and False or 0, t)
        total = e.variable("dot", t, zero)

        def term(k: Expr) -> None:
            product = scope.s.binary("and" if t == "b1" else "mul", A(batch, row, k), B(batch, k, column))
            e.append(Accumulate(total, "or" if t == "b1" else "add", product))

        e.each(e.int(0), depth, term)
        e.store(target, scope.flat(target, index), e.get(total))

    each(scope, tuple(out.shape), element)
    scope.function.kernel.summary.append(f"product in loops {a.type} @ {b.type}")


def _reader(scope: Scope, value: Value, left: bool) -> Callable[..., Expr]:
    buffer_value, flipped = stored(value)
    buffer = scope.memory(buffer_value)

    def read(batch: tuple[Expr, ...], row: Expr | None, column: Expr | None) -> Expr:
        own = value.shape[:-2]
        lead = [scope.e.int(0) if s == 1 else i for i, s in zip(batch[len(batch) - len(own) :], own, strict=True)]
        if value.ndim == 1:
            index = [column if left else row]
        else:
            index = [*lead, column, row] if flipped else [*lead, row, column]
        found = scope.e.load(buffer, scope.flat(buffer, tuple(index)))  # type: ignore[arg-type]
        assert isinstance(found, Expr)
        return found

    return read


# -- factors and systems -------------------------------------------------------------------------------
def _real_only(node: Node) -> None:
    for value in node.inputs:
        if value.dtype.kind != "f" or value.dtype != node.inputs[0].dtype:
            raise Unsupported(f"{node.op.name} of dtype {value.dtype}")


class _Solver:
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
        self.e.append(Library(self.name(name), arguments, status))
        found = self.e.get(status)
        if fails:
            bad = self.scope.s.compare("ne", found, self.e.int(0))
            self.e.append(Fail(bad, self.scope.function.message(fails)))
        return found

    def lu(self, a: Matrix, batch: tuple[Expr, ...], fails: str | None = SINGULAR) -> tuple[Buffer, Buffer]:
        """The factors of the stored matrix, transposed; and the pivots."""
        factors = self.scratch(self.n, self.n)
        pivots = self.scope.allocate(np.dtype(np.int32), (self.n,))
        pivots.mutable = True
        self.copy(factors, self.e.int(0), a.buffer, a.offset(self.scope, batch), self.size)
        self.call("getrf", ("int", self.n), ("int", self.n), ("buffer", factors, None), ("int", self.lead),
                  ("buffer", pivots, None), fails=fails)
        return factors, pivots


@special("solve", operands=_operands)
def _solve(scope: Scope, node: Node, step: int) -> None:
    s = _Solver(scope, node)
    a, b = node.inputs
    out, e = node.output, scope.e
    A, B = matrix(scope, a), matrix(scope, b)
    target, r = scope.room_for(out), scope.size(b.shape[-1])
    right = s.scratch(r, s.n)

    def one(batch: tuple[Expr, ...]) -> None:
        factors, pivots = s.lu(A, batch)
        start, end = B.offset(scope, batch), Matrix(target, s.n, r, False, tuple(out.shape)).offset(scope, batch)
        _transposed(scope, right, e.int(0), B.buffer, start, s.n, r, straight=B.flipped)
        s.call("getrs", ("char", "N" if A.flipped else "T"), ("int", s.n), ("int", r), ("buffer", factors, None),
               ("int", s.lead), ("buffer", pivots, None), ("buffer", right, None), ("int", s.lead))
        _transposed(scope, target, end, right, e.int(0), r, s.n)

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{s.name('getrf')}, {s.name('getrs')} {a.type}")


def _transposed(
    scope: Scope, target: Buffer, to: Expr, source: Buffer, start: Expr, rows: Expr, columns: Expr, straight: bool = False
) -> None:
    """``target[j, i] = source[i, j]``; a plain copy if `straight`."""
    e = scope.e
    with e.loop(e.int(0), rows) as i, e.loop(e.int(0), columns) as j:
        there, back = e.add(e.mul(i, columns), j), e.add(e.mul(j, rows), i)
        e.store(target, e.add(to, back), e.load(source, e.add(start, back if straight else there)))


@special("solve_triangular", operands=_operands)
def _solve_triangular(scope: Scope, node: Node, step: int) -> None:
    s = _Solver(scope, node)
    a, b = node.inputs
    out, e = node.output, scope.e
    A, B, r = matrix(scope, a), scope.memory(b) if stored(b)[0] is b else None, scope.size(b.shape[-1])
    lower, unit = node.attrs["lower"], node.attrs["unit"]
    target = scope.room_for(out)
    target.mutable = True
    source = matrix(scope, b)

    def one(batch: tuple[Expr, ...]) -> None:
        place = Matrix(target, s.n, r, False, tuple(out.shape)).offset(scope, batch)
        start, matrix_at = source.offset(scope, batch), A.offset(scope, batch)
        if B is not None:
            s.copy(target, place, B, start, e.mul(s.n, r))
        else:
            _transposed(scope, target, place, source.buffer, start, r, s.n)
        if not unit:
            _refuse_zero_pivot(s, A, matrix_at)
        arguments = (
            ("char", "R"), ("char", "L" if lower == A.flipped else "U"), ("char", "T" if A.flipped else "N"),
            ("char", "U" if unit else "N"), ("int", r), ("int", s.n), *_number(out, 1.0), ("buffer", A.buffer, matrix_at),
            ("int", s.lead), ("buffer", target, place), ("int", at_least_one(scope, r)),
        )
        e.append(Library(s.name("trsm"), arguments))

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{s.name('trsm')} {a.type}")


def _refuse_zero_pivot(s: _Solver, a: Matrix, start: Expr) -> None:
    e = s.e
    with e.loop(e.int(0), s.n) as i:
        pivot = e.load(a.buffer, e.add(start, e.mul(i, e.add(s.n, e.int(1)))))
        assert isinstance(pivot, Expr)
        s.scope.trouble(s.scope.s.compare("eq", pivot, e.const(0.0, pivot.type)))


@special("cholesky", operands=_operands)
def _cholesky(scope: Scope, node: Node, step: int) -> None:
    s = _Solver(scope, node)
    (a,), e, out = node.inputs, scope.e, node.output
    A, target = matrix(scope, a), scope.room_for(out)
    target.mutable = True
    if A.flipped:
        raise Unsupported("cholesky of a transpose")

    def one(batch: tuple[Expr, ...]) -> None:
        start = A.offset(scope, batch)
        s.copy(target, start, A.buffer, start, s.size)
        s.call("potrf", ("char", "U"), ("int", s.n), ("buffer", target, start), ("int", s.lead),
               fails="Matrix is not positive definite")
        with e.loop(e.int(0), s.n) as i, e.loop(e.add(i, e.int(1)), s.n) as j:
            e.store(target, e.add(start, e.add(e.mul(i, s.n), j)), e.const(0.0, target.type))

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{s.name('potrf')} {a.type}")


@special("inv", operands=_operands)
def _inv(scope: Scope, node: Node, step: int) -> None:
    s = _Solver(scope, node)
    (a,), out, e = node.inputs, node.output, scope.e
    A, target = matrix(scope, a), scope.room_for(out)
    target.mutable = True
    work_size = e.mul(s.lead, e.int(32))
    work = s.scratch(work_size)

    def one(batch: tuple[Expr, ...]) -> None:
        factors, pivots = s.lu(A, batch)
        s.call("getri", ("int", s.n), ("buffer", factors, None), ("int", s.lead), ("buffer", pivots, None),
               ("buffer", work, None), ("int", work_size), fails=SINGULAR)
        place = Matrix(target, s.n, s.n, False, tuple(out.shape)).offset(scope, batch)
        if A.flipped:
            _transposed(scope, target, place, factors, e.int(0), s.n, s.n)
        else:
            s.copy(target, place, factors, e.int(0), s.size)

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{s.name('getrf')}, {s.name('getri')} {a.type}")


@special("det", "slogdet", operands=_operands)
def _det(scope: Scope, node: Node, step: int) -> None:
    s = _Solver(scope, node)
    (a,), e = node.inputs, scope.e
    if a.ndim != 2:
        raise Unsupported(f"{node.op.name} of stacks of matrices")
    factors, pivots = s.lu(matrix(scope, a), (), fails=None)  # a singular matrix has a determinant
    t, log = needs(s.dtype), node.op.name == "slogdet"
    sign = e.variable("sign", t, e.const(1.0, t))
    total = e.variable("log", t, e.const(0.0, t))
    S = scope.s
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
    for value, variable in zip(node.outputs, (sign, total), strict=False):
        scope.bind(value, e.get(variable))
    scope.function.kernel.summary.append(f"{s.name('getrf')} {a.type}")
