"""How matrices lie in memory: row by row; a transpose of the last two axes is never made, it is a way of reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bcad.ir import Node, Value

from .kernel import Buffer, Expr
from .scope import Scope


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


def operands(node: Node) -> list[Value]:
    return [stored(v)[0] for v in node.inputs]


def matrix(scope: Scope, value: Value) -> Matrix:
    source, flipped = stored(value)
    buffer = scope.memory(source)
    rows, columns = (scope.size(s) for s in source.shape[-2:])
    return Matrix(buffer, rows, columns, flipped, tuple(source.shape))


def each(scope: Scope, batch: tuple[Any, ...], body: Callable[[tuple[Expr, ...]], None]) -> None:
    """Run `body` for every index of the batch axes."""

    def level(index: tuple[Expr, ...]) -> None:
        if len(index) == len(batch):
            body(index)
            return
        scope.e.each(scope.e.int(0), scope.size(batch[len(index)]), lambda i: level((*index, i)))

    level(())
