"""Which products of matrices are so small that they are written out."""

from __future__ import annotations

from bcad.ir import Node

SMALL = 16  # sizes up to which a product is written out
SUMS = 128  # numbers of a result that is added up in registers


def few(size: object) -> bool:
    """Whether a size is fixed, and so small that a product along it is written out."""
    return isinstance(size, int) and 0 < size <= SMALL


def product_of_rows(node: Node) -> bool:
    """Whether each row of the result is a row of the left operand times a small matrix."""
    a, b, out = *node.inputs, node.output
    plain = _plain(node) and a.ndim == 2 and b.ndim <= 2 and not few(a.shape[0]) and few(a.shape[1])
    return plain and few(out.shape[1] if out.ndim > 1 else 1)


def sum_over_rows(node: Node) -> bool:
    """Whether the result is small, and a sum over the rows of both operands."""
    a, b = node.inputs
    if not _plain(node) or a.ndim != 2 or b.ndim != 2 or few(a.shape[1]):
        return False
    m, n = a.shape[0], b.shape[1]
    return few(m) and few(n) and 1 < m and 1 < n and m * n <= SUMS


def _plain(node: Node) -> bool:
    a, b = node.inputs
    return a.dtype == b.dtype == node.output.dtype and a.dtype.kind == "f" and node.output.ndim > 0
