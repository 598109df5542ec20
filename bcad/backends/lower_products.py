"""Products of matrices in the kernel form: written out where they are small, BLAS, loops for what no BLAS knows."""

from __future__ import annotations

from collections.abc import Callable

from bcad.ir import Node, Value

from .emitter import Emitter
from .kernel import BOOL, Accumulate, Buffer, Expr, Library, Pair, Product, Strided
from .lower_linalg import PREFIX, at_least_one, routine, scalar_argument
from .plan import is_array
from .scalars import Unsupported, is_float, needs
from .scope import Scope
from .small_products import SUMS, few
from .specials import special
from .stored_matrices import Matrix, each, matrix, operands, stored

ROWS = 64  # numbers of the left operand in one piece of code; from more rows a loop is made


@special("matmul", operands=operands)
def _matmul(scope: Scope, node: Node, step: int) -> None:
    a, b = node.inputs
    out = node.output
    if a.dtype != out.dtype or b.dtype != out.dtype:
        raise Unsupported(f"a product of {a.dtype} and {b.dtype}")
    if not is_array(out):
        raise Unsupported("a product of vectors")  # decomposed before
    target = scope.room_for(out)
    if f"{out.dtype.kind}{out.dtype.itemsize}" not in PREFIX:
        _in_loops(scope, a, b, target, out)
    elif not _written_out(scope, a, b, target, out):
        (_gemv if a.ndim == 1 or b.ndim == 1 else _gemm)(scope, a, b, target, out)
    scope.bind(out, scope.rewritten(target))


# -- few numbers ---------------------------------------------------------------------------------------
def _written_out(scope: Scope, a: Value, b: Value, target: Buffer, out: Value) -> bool:
    """Emit a product in registers; False if it is too large for that."""
    m, depth = (a.shape[-2] if a.ndim > 1 else 1), a.shape[-1]
    n = b.shape[-1] if b.ndim > 1 else 1
    if out.dtype.kind != "f" or not few(n):
        return False
    few_rows, e = few(m), scope.e
    if not few(depth) and not (few_rows and 1 < m and 1 < n and m * n <= SUMS):
        return False

    def product(batch: tuple[Expr, ...]) -> None:
        left, right = strided(scope, a, batch, left=True), strided(scope, b, batch, left=False)
        start = e.int(0)
        for i, size in zip(batch, out.shape, strict=False):
            start = e.add(e.mul(start, scope.size(size)), i)
        start = e.mul(start, e.mul(scope.size(m), e.int(n)))
        if few_rows and few(depth) and m * depth <= ROWS:
            e.multiply(Product(target, start, left, right, m, depth, n))
        elif not few(depth):
            e.multiply(Product(target, start, left, right, m, scope.size(depth), n))
        else:
            e.abreast(e.int(0), scope.size(m), lambda i, rows: e.multiply(Product(
                target, e.add(start, e.mul(i, e.int(n))), from_row(e, left, i), right, rows, depth, n)))

    each(scope, tuple(out.shape[: max(a.ndim, b.ndim) - 2]), product)
    scope.function.kernel.summary.append(f"product written out {a.type} @ {b.type}")
    return True


def from_row(e: Emitter, m: Strided, row: Expr) -> Strided:
    """A matrix without the rows above one."""
    return Strided(m.buffer, e.add(m.start, e.mul(row, m.down)), m.down, m.across)


def strided(scope: Scope, value: Value, batch: tuple[Expr, ...], left: bool) -> Strided:
    """An operand as a matrix: a vector is a row on the left, a column on the right."""
    zero, one = scope.e.int(0), scope.e.int(1)
    if value.ndim == 1:
        return Strided(scope.memory(value), zero, *((zero, one) if left else (one, zero)))
    m = matrix(scope, value)
    strides = (one, m.columns) if m.flipped else (m.columns, one)
    return Strided(m.buffer, m.offset(scope, batch), *strides)


# -- BLAS ------------------------------------------------------------------------------------------------
def _gemm(scope: Scope, a: Value, b: Value, target: Buffer, out: Value) -> None:
    A, B = matrix(scope, a), matrix(scope, b)
    m, n, k = (scope.size(s) for s in (a.shape[-2], b.shape[-1], a.shape[-1]))
    name, one = routine(out.dtype, "gemm"), at_least_one

    def product(batch: tuple[Expr, ...]) -> None:
        C = Matrix(target, m, n, False, tuple(out.shape))
        arguments = (
            ("char", "T" if B.flipped else "N"), ("char", "T" if A.flipped else "N"), ("int", n), ("int", m), ("int", k),
            *scalar_argument(out, 1.0), ("buffer", B.buffer, _at(scope, B, batch)), ("int", one(scope, B.columns)),
            ("buffer", A.buffer, _at(scope, A, batch)), ("int", one(scope, A.columns)), *scalar_argument(out, 0.0),
            ("buffer", target, _at(scope, C, batch)), ("int", one(scope, n)),
        )
        scope.e.library(Library(name, arguments))

    each(scope, tuple(out.shape[:-2]), product)
    scope.function.kernel.summary.append(f"{name} {a.type} @ {b.type}")


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
            ("char", "N" if over_rows else "T"), ("int", M.columns), ("int", M.rows), *scalar_argument(out, 1.0),
            ("buffer", M.buffer, _at(scope, M, batch)), ("int", at_least_one(scope, M.columns)),
            ("buffer", x, e.int(0)), ("int", e.int(1)), *scalar_argument(out, 0.0), ("buffer", target, place), ("int", e.int(1)),
        )
        e.library(Library(name, arguments))

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


def _in_loops(scope: Scope, a: Value, b: Value, target: Buffer, out: Value) -> None:
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
        zero = e.const(0.0 if is_float(t) else t == BOOL and False or 0, t)
        total = e.variable("dot", t, zero)

        def term(k: Expr) -> None:
            product = scope.s.binary("and" if t == BOOL else "mul", A(batch, row, k), B(batch, k, column))
            e.append(Accumulate(total, "or" if t == BOOL else "add", product))

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


