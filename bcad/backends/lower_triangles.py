"""Triangular systems in the kernel form: BLAS, LAPACK's inverse where the right side is the identity, written out where they are small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bcad.ir import Node, Value

from .kernel import Buffer, Expr, Library
from .lower_linalg import SINGULAR, Solver, at_least_one, scalar_argument, transposed
from .lower_small_systems import elements, is_small, substitute
from .scope import Scope
from .specials import special
from .stored_matrices import Matrix, each, matrix, operands, stored


def _triangular_operands(node: Node) -> list[Value]:
    return operands(node)[: 1 if _inverts(node) else 2]


def _inverts(node: Node) -> bool:
    """Whether the right side of a triangular system is the identity matrix."""
    a, b = node.inputs
    made = b.node
    square = made is not None and made.op.name == "eye" and made.attrs["k"] == 0 and made.attrs["n"] == made.attrs["m"]
    return square and not is_small(a.shape[-1])


@special("solve_triangular", operands=_triangular_operands)
def _solve_triangular(scope: Scope, node: Node, step: int) -> None:
    s = Solver(scope, node)
    a, b = node.inputs
    out = node.output
    A, r = matrix(scope, a), scope.size(b.shape[-1])
    target = scope.room_for(out)
    target.mutable = True
    if is_small(a.shape[-1]):
        _substitute_small(s, A, matrix(scope, b), target, r)
        return
    name = "trtri" if _inverts(node) else "trsm"
    solve = _invert_triangle(s, A, target) if _inverts(node) else _substitute(s, A, target, r)
    each(scope, tuple(out.shape[:-2]), solve)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{s.name(name)} {a.type}")


def _substitute(s: Solver, A: Matrix, target: Buffer, r: Expr) -> Callable[[tuple[Expr, ...]], None]:
    """What solves for one right side, in the result's place."""
    scope, e, node, b = s.scope, s.e, s.node, s.node.inputs[1]
    lower, unit = node.attrs["lower"], node.attrs["unit"]
    B, source = scope.memory(b) if stored(b)[0] is b else None, matrix(scope, b)

    def one(batch: tuple[Expr, ...]) -> None:
        place = Matrix(target, s.n, r, False, tuple(node.output.shape)).offset(scope, batch)
        start, matrix_at = source.offset(scope, batch), A.offset(scope, batch)
        if B is not None:
            s.copy(target, place, B, start, e.mul(s.n, r))
        else:
            transposed(scope, target, place, source.buffer, start, r, s.n)
        if not unit:
            _refuse_zero_pivot(s, A, matrix_at)
        arguments = (
            ("char", "R"), ("char", "L" if lower == A.flipped else "U"), ("char", "T" if A.flipped else "N"),
            ("char", "U" if unit else "N"), ("int", r), ("int", s.n), *scalar_argument(node.output, 1.0), ("buffer", A.buffer, matrix_at),
            ("int", s.lead), ("buffer", target, place), ("int", at_least_one(scope, r)),
        )
        e.library(Library(s.name("trsm"), arguments))

    return one


def _invert_triangle(s: Solver, A: Matrix, target: Buffer) -> Callable[[tuple[Expr, ...]], None]:
    """What inverts one triangle, in the result's place: a third of the work of solving for the identity."""
    scope, e, node = s.scope, s.e, s.node
    lower, unit = node.attrs["lower"], node.attrs["unit"]
    zero, one_ = (e.const(x, target.type) for x in (0.0, 1.0))

    def one(batch: tuple[Expr, ...]) -> None:
        place = Matrix(target, s.n, s.n, False, tuple(node.output.shape)).offset(scope, batch)
        start = A.offset(scope, batch)
        if not unit:
            _refuse_zero_pivot(s, A, start)
        down, across = (e.int(1), s.n) if A.flipped else (s.n, e.int(1))
        with e.loop(e.int(0), s.n) as i, e.loop(e.int(0), s.n) as j:
            x = e.load(A.buffer, e.add(start, e.add(e.mul(i, down), e.mul(j, across))))
            read = scope.s.compare("le" if not unit else "lt", *((j, i) if lower else (i, j)))
            rest = scope.s.select(scope.s.compare("eq", i, j), one_, zero) if unit else zero
            e.store(target, e.add(place, e.add(e.mul(i, s.n), j)), scope.s.select(read, x, rest))
        s.call("trtri", ("char", "U" if lower else "L"), ("char", "U" if unit else "N"), ("int", s.n), ("buffer", target, place),
               ("int", s.lead), fails=SINGULAR)

    return one


def _substitute_small(s: Solver, A: Matrix, B: Matrix, target: Buffer, r: Expr) -> None:
    scope, e, n, node, out = s.scope, s.e, s.n.data, s.node, s.node.output
    down, across = (e.int(1), s.n) if B.flipped else (r, e.int(1))
    lower, unit = node.attrs["lower"], node.attrs["unit"]

    def one(batch: tuple[Expr, ...]) -> None:
        rows = elements(scope, A.buffer, A.offset(scope, batch), n, n, A.flipped)
        if not unit:
            for k in range(n):
                scope.trouble(scope.s.compare("eq", rows[k][k], scope.s.like(rows[k][k], 0)))
        start, end = B.offset(scope, batch), Matrix(target, s.n, r, False, tuple(out.shape)).offset(scope, batch)

        def column(j: Expr) -> None:
            first = e.add(start, e.mul(j, across))
            right: Any = [e.load(B.buffer, e.add(first, e.mul(e.int(i), down))) for i in range(n)]
            for i, x in enumerate(substitute(scope, rows, right, lower, unit)):
                e.store(target, e.add(end, e.add(e.mul(e.int(i), r), j)), x)

        e.each(e.int(0), r, column)

    each(scope, tuple(out.shape[:-2]), one)
    scope.bind(out, scope.rewritten(target))
    scope.function.kernel.summary.append(f"triangular system of {n} unknowns written out")


def _refuse_zero_pivot(s: Solver, a: Matrix, start: Expr) -> None:
    e = s.e
    with e.loop(e.int(0), s.n) as i:
        pivot = e.load(a.buffer, e.add(start, e.mul(i, e.add(s.n, e.int(1)))))
        assert isinstance(pivot, Expr)
        s.scope.trouble(s.scope.s.compare("eq", pivot, e.const(0.0, pivot.type)))
