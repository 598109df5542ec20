"""Eigenvalues, singular values, QR, and systems of complex numbers: by the loops that NumPy's functions call.

So the numbers are NumPy's to the last bit.  Where LAPACK fails these loops leave NaN, and the run is given up: NumPy
then says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bcad.ir import Node, Value

from .inner_loops import Operand, call_loop, code, routine_for
from .kernel import Buffer, Expr, Fail, Pair
from .numpy_loops import LINALG
from .plan import is_array
from .scope import Scope
from .specials import special
from .stored_matrices import Matrix, each, matrix, operands

NO_FACTORS = "LAPACK found no factors"


class Factoring:
    """What the rules share: the matrices of a node, one at a time; its results."""

    def __init__(self, scope: Scope, node: Node) -> None:
        self.scope, self.node, self.e = scope, node, scope.e
        self.a = matrix(scope, node.inputs[0])
        self.targets = [self._room(value) for value in node.outputs]

    def _room(self, value: Value) -> Buffer:
        made = self.scope.room_for(value) if is_array(value) else self.scope.allocate(value.dtype, (self.e.int(1),))
        made.mutable = True
        return made

    def routine(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
        """The loop `name` for some dtypes."""
        types = "".join(map(code, inputs)) + "->" + "".join(map(code, outputs))
        return routine_for(self.node, LINALG, name, types)

    def of(self, m: Matrix, batch: tuple[Expr, ...]) -> Operand:
        """A matrix that is read."""
        row, one = m.columns, self.e.int(1)
        return Operand(m.buffer, m.offset(self.scope, batch), (one, row) if m.flipped else (row, one))

    def result(self, k: int, batch: tuple[Expr, ...], axes: int) -> Operand:
        """The part of the k-th result that belongs to a matrix."""
        e, buffer = self.e, self.targets[k]
        own = buffer.shape[len(buffer.shape) - axes :] if axes else ()
        place = e.int(0)
        for i, size in zip(batch, buffer.shape, strict=False):
            place = e.add(e.mul(place, size), i)
        return Operand(buffer, e.mul(place, e.product(own)), tuple(e.product(own[j + 1 :]) for j in range(axes)))

    def scratch(self, *shape: Expr, dtype: Any = None) -> Buffer:
        made = self.scope.allocate(dtype or self.a.buffer.dtype, shape)
        made.mutable = True
        return made

    def refuse_nan(self, made: Operand, count: Expr) -> None:
        """Give the run up where the first of `count` numbers is NaN."""
        e, s = self.e, self.scope.s
        some = s._select(s.compare("lt", count, e.int(1)), count, e.int(1))
        with e.loop(e.int(0), some) as i:
            x = e.load(made.buffer, e.add(made.place, i))
            x = x.re if isinstance(x, Pair) else x
            e.append(Fail(s.compare("ne", x, x), self.scope.function.message(NO_FACTORS)))

    def run(self, one: Callable[[tuple[Expr, ...]], None], name: str) -> None:
        """Do `one` for each matrix; then the results are there."""
        batch = self.node.inputs[0].shape[:-2]
        if len(self.node.inputs) > 1:
            batch = self.node.output.shape[:-2]
        each(self.scope, tuple(batch), one)
        for value, target in zip(self.node.outputs, self.targets, strict=True):
            made = self.scope.rewritten(target)
            self.scope.bind(value, made if is_array(value) else self.e.load(made, self.e.int(0)))
        self.scope.function.kernel.summary.append(f"{name} of {self.node.inputs[0].type}, by NumPy's loop")


@special("eigh", operands=operands)
def _eigh(scope: Scope, node: Node, step: int) -> None:
    (a,), (w, v) = node.inputs, node.outputs
    f = Factoring(scope, node)
    name = "eigh_lo" if node.attrs["uplo"] == "L" else "eigh_up"
    routine, n = f.routine(name, [a.dtype], [w.dtype, v.dtype]), scope.size(a.shape[-1])

    def one(batch: tuple[Expr, ...]) -> None:
        values = f.result(0, batch, 1)
        call_loop(scope, node, routine, [n], [f.of(f.a, batch), values, f.result(1, batch, 2)])
        f.refuse_nan(values, n)

    f.run(one, name)


@special("eig", operands=operands)
def _eig(scope: Scope, node: Node, step: int) -> None:
    (a,), (w, v) = node.inputs, node.outputs
    f = Factoring(scope, node)
    routine, n = f.routine("eig", [a.dtype], [w.dtype, v.dtype]), scope.size(a.shape[-1])

    def one(batch: tuple[Expr, ...]) -> None:
        values = f.result(0, batch, 1)
        call_loop(scope, node, routine, [n], [f.of(f.a, batch), values, f.result(1, batch, 2)])
        f.refuse_nan(values, n)

    f.run(one, "eig")


@special("svd", operands=operands)
def _svd(scope: Scope, node: Node, step: int) -> None:
    (a,), (u, s, vh) = node.inputs, node.outputs
    f = Factoring(scope, node)
    name = "svd_f" if node.attrs["full"] else "svd_s"
    routine = f.routine(name, [a.dtype], [u.dtype, s.dtype, vh.dtype])
    m, n, k = (scope.size(x) for x in (*a.shape[-2:], s.shape[-1]))

    def one(batch: tuple[Expr, ...]) -> None:
        values = f.result(1, batch, 1)
        call_loop(scope, node, routine, [m, n, k], [f.of(f.a, batch), f.result(0, batch, 2), values, f.result(2, batch, 2)])
        f.refuse_nan(values, k)

    f.run(one, name)


@special("qr", operands=operands)
def _qr(scope: Scope, node: Node, step: int) -> None:
    (a,) = node.inputs
    f, e = Factoring(scope, node), scope.e
    complete = node.attrs["complete"]
    raw = f.routine("qr_r_raw", [a.dtype], [a.dtype])
    rest = f.routine("qr_complete" if complete else "qr_reduced", [a.dtype, a.dtype], [a.dtype])
    m, n = scope.size(a.shape[-2]), scope.size(a.shape[-1])
    packed, factors = f.scratch(m, n), f.scratch(n)  # at least as many rows as columns

    def one(batch: tuple[Expr, ...]) -> None:
        source, zero, one_ = f.of(f.a, batch), e.int(0), e.int(1)
        with e.loop(zero, m) as i, e.loop(zero, n) as j:
            at = e.add(source.place, e.add(e.mul(i, source.strides[0]), e.mul(j, source.strides[1])))
            e.store(packed, e.add(e.mul(i, n), j), e.load(source.buffer, at))
        inside, taus = Operand(packed, zero, (n, one_)), Operand(factors, zero, (one_,))
        call_loop(scope, node, raw, [m, n, n], [inside, taus])
        f.refuse_nan(taus, n)
        _upper(scope, f, f.result(1, batch, 2), packed)
        sizes = [m, n] if complete else [m, n, n]
        call_loop(scope, node, rest, sizes, [inside, taus, f.result(0, batch, 2)])

    f.run(one, "qr")


def _upper(scope: Scope, f: Factoring, made: Operand, packed: Buffer) -> None:
    """The triangle of what LAPACK has packed, zeros below it."""
    e, s = scope.e, scope.s
    rows, columns = made.buffer.shape[-2:]
    zero = s.literal(packed.dtype.type(0), packed.dtype)
    with e.loop(e.int(0), rows) as i, e.loop(e.int(0), columns) as j:
        at = e.add(e.mul(i, columns), j)
        x = s.select(s.compare("le", i, j), e.load(packed, at), zero)
        e.store(made.buffer, e.add(made.place, at), x)


# -- what LAPACK is not called for directly: complex numbers, and determinants of stacks -------------------
def solve_by_loop(scope: Scope, node: Node) -> None:
    """``solve(a, b)`` for matrices b."""
    a, b = node.inputs
    f, B = Factoring(scope, node), matrix(scope, b)
    routine = f.routine("solve", [a.dtype, b.dtype], [node.output.dtype])
    n, r = scope.size(a.shape[-1]), scope.size(b.shape[-1])

    def one(batch: tuple[Expr, ...]) -> None:
        made = f.result(0, batch, 2)
        call_loop(scope, node, routine, [n, r], [f.of(f.a, batch), f.of(B, batch), made])
        f.refuse_nan(made, scope.e.mul(n, r))

    f.run(one, "solve")


def inverse_by_loop(scope: Scope, node: Node) -> None:
    """``inv(a)``."""
    (a,) = node.inputs
    f = Factoring(scope, node)
    routine, n = f.routine("inv", [a.dtype], [a.dtype]), scope.size(a.shape[-1])

    def one(batch: tuple[Expr, ...]) -> None:
        made = f.result(0, batch, 2)
        call_loop(scope, node, routine, [n], [f.of(f.a, batch), made])
        f.refuse_nan(made, n)

    f.run(one, "inv")


def cholesky_by_loop(scope: Scope, node: Node) -> None:
    """``cholesky(a)``."""
    (a,) = node.inputs
    f = Factoring(scope, node)
    routine, n = f.routine("cholesky_lo", [a.dtype], [a.dtype]), scope.size(a.shape[-1])

    def one(batch: tuple[Expr, ...]) -> None:
        made = f.result(0, batch, 2)
        call_loop(scope, node, routine, [n], [f.of(f.a, batch), made])
        f.refuse_nan(made, n)

    f.run(one, "cholesky")


def determinant_by_loop(scope: Scope, node: Node) -> None:
    """``det(a)`` or ``slogdet(a)``: nothing can fail."""
    (a,) = node.inputs
    f = Factoring(scope, node)
    name = node.op.name
    routine, n = f.routine(name, [a.dtype], [v.dtype for v in node.outputs]), scope.size(a.shape[-1])

    def one(batch: tuple[Expr, ...]) -> None:
        made = [f.result(k, batch, 0) for k in range(len(node.outputs))]
        call_loop(scope, node, routine, [n], [f.of(f.a, batch), *made])

    f.run(one, name)
