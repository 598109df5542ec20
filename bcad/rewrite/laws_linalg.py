"""Laws of vectors and matrices, for reading: products without detours through rows, columns and transposes."""

from __future__ import annotations

from typing import Any

from bcad.ir import Builder, Value
from bcad.ops import BY_NAME

from .pattern import Attr, op, x
from .rule import RuleSet, node_rule, rule
from .terms import as_number
from .written import identity, outer, solve, trace

p = Attr("p")


def emit(written_op: Any, *inputs: Value, **attrs: Any) -> Value:
    """A node of an op that only printed graphs have."""
    result: Value = Builder.current().emit(written_op, *inputs, **attrs)
    return result


def reshaped(value: Value, ndim: int | None = None) -> Value | None:
    """What `value` is a reshape of (with `ndim` axes)."""
    node = value.node
    if node is None or node.op.name != "reshape":
        return None
    source = node.inputs[0]
    return source if ndim is None or len(source.shape) == ndim else None


def as_column(value: Value) -> Value | None:
    """The vector of which `value` is the one column."""
    source = reshaped(value, 1)
    return source if source is not None and tuple(value.shape) == (*source.shape, 1) else None


def vector_of(value: Value) -> Value | None:
    """The vector of which `value` is the one column: of a reshape, or of a solution for a column."""
    node = value.node
    if node is not None and node.op.name == "solve" and len(node.inputs[0].shape) == 2:
        column = as_column(node.inputs[1])
        return None if column is None else emit(solve, node.inputs[0], column)
    return as_column(value)


def as_row(value: Value) -> Value | None:
    """The vector of which `value` is the one row."""
    source = reshaped(value, 1)
    return source if source is not None and tuple(value.shape) == (1, *source.shape) else None


def transposed(value: Value) -> Value:
    """``value.T`` of a matrix."""
    return BY_NAME["transpose"](value, axes=(1, 0))


def is_transposed(value: Value) -> bool:
    """Whether `value` is written with ``.T``."""
    return value.node is not None and value.node.op.name == "transpose" and value.node.attrs["axes"] == (1, 0)


# -- how a person writes what NumPy functions were taken apart into -------------------------------
@node_rule(exact=False, op="sum")
def sum_of_diagonal_is_trace(value: Value) -> Any:
    node = value.node
    assert node is not None
    inner = node.inputs[0].node
    if inner is None or inner.op.name != "diagonal" or inner.attrs["offset"] or len(inner.inputs[0].shape) != 2:
        return None
    return emit(trace, inner.inputs[0]) if not value.shape else None


@node_rule(exact=False)
def one_item_of_an_axis(value: Value) -> Any:
    """``x[..., 0]`` of an axis of length one is a reshape."""
    node = value.node
    assert node is not None
    if node.op.name != "getitem" or node.attrs["index"] != (..., 0) or not value.shape:
        return None
    source = node.inputs[0]
    return BY_NAME["reshape"](source, shape=tuple(source.shape[:-1])) if source.shape[-1] == 1 else None


@node_rule(exact=False, op="reshape")
def column_of_product(value: Value) -> Any:
    """``(a @ column(v))`` as a vector is ``a @ v``; ``(row(v) @ a)`` is ``v @ a``; so is a solution."""
    node = value.node
    assert node is not None
    source = node.inputs[0]
    if source.node is None or source.node.op.name not in ("matmul", "solve") or len(value.shape) != 1:
        return None
    left, right = source.node.inputs
    if len(left.shape) != 2 or len(right.shape) != 2:
        return None
    column, row = as_column(right), as_row(left)
    if column is not None and source.shape[1] == 1:
        if source.node.op.name == "solve":
            return emit(solve, left, column)
        return BY_NAME["matmul"](left, column)
    if row is not None and source.shape[0] == 1 and source.node.op.name == "matmul":
        return BY_NAME["matmul"](row, right)
    return None


# -- derivatives only ------------------------------------------------------------------------------
@node_rule(exact=False, op="matmul")
def column_times_row(value: Value) -> Any:
    left, right = (vector_of(v) if k == 0 else as_row(v) for k, v in enumerate(value.node.inputs))  # type: ignore[union-attr]
    return emit(outer, left, right) if left is not None and right is not None else None


@node_rule(exact=False, op="matmul")
def vector_times_matrix(value: Value) -> Any:
    """``v @ a`` is ``a.T @ v``: gradients of vectors are columns."""
    left, right = value.node.inputs  # type: ignore[union-attr]
    if len(left.shape) != 1 or len(right.shape) != 2:
        return None
    return BY_NAME["matmul"](transposed(right), left)


@node_rule(exact=False, op="transpose")
def transpose_of_product(value: Value) -> Any:
    """``(a @ b.T).T`` is ``b @ a.T``: where a transpose is saved."""
    node = value.node
    assert node is not None
    inner = node.inputs[0].node
    if inner is None or node.attrs["axes"] != (1, 0) or inner.op.name != "matmul":
        return None
    a, b = inner.inputs
    if len(a.shape) != 2 or len(b.shape) != 2 or not (is_transposed(a) or is_transposed(b)):
        return None
    return BY_NAME["matmul"](transposed(b), transposed(a))


@node_rule(exact=False, op="transpose")
def transpose_of_column(value: Value) -> Any:
    node = value.node
    assert node is not None
    column = vector_of(node.inputs[0]) if node.attrs["axes"] == (1, 0) else None
    return None if column is None else BY_NAME["reshape"](column, shape=tuple(value.shape))


@node_rule(exact=False, op="solve")
def solution_for_a_column(value: Value) -> Any:
    """``solve(a, column(v))`` is the column of ``solve(a, v)``."""
    left, right = value.node.inputs  # type: ignore[union-attr]
    column = as_column(right) if len(left.shape) == 2 else None
    return None if column is None else BY_NAME["reshape"](emit(solve, left, column), shape=tuple(value.shape))


@node_rule(exact=False, op="transpose")
def transpose_of_outer(value: Value) -> Any:
    node = value.node
    assert node is not None
    inner = node.inputs[0].node
    if inner is None or inner.op is not outer or node.attrs["axes"] != (1, 0):
        return None
    return emit(outer, inner.inputs[1], inner.inputs[0])


@node_rule(exact=False, op="make_diagonal")
def diagonal_of_ones(value: Value) -> Any:
    """A diagonal of equal numbers is a multiple of the identity."""
    node = value.node
    assert node is not None
    number = as_number(node.inputs[0])
    if number is None or len(value.shape) != 2 or node.attrs["offset"]:
        return None
    eye = emit(identity, rows=value.shape[0], columns=value.shape[1])
    return eye if number.value == 1 else BY_NAME["multiply"](number.plain, eye)


@node_rule(exact=False, op="matmul")
def product_with_identity(value: Value) -> Any:
    left, right = value.node.inputs  # type: ignore[union-attr]
    if _is_identity(left):
        return right
    return left if _is_identity(right) else None


def _is_identity(value: Value) -> bool:
    return value.node is not None and value.node.op is identity and value.shape[0] == value.shape[1]


@node_rule(exact=False, op="index_add")
def zeros_with_one_column(value: Value) -> Any:
    """Adding a vector to the one column of zeros makes a column of it."""
    node = value.node
    assert node is not None
    base, item = node.inputs[:2]
    if as_number(base) is None or as_number(base).value or node.attrs["index"] != (..., 0):  # type: ignore[union-attr]
        return None
    if value.shape[-1] != 1 or tuple(item.shape) != tuple(value.shape[:-1]):
        return None
    return BY_NAME["reshape"](item, shape=tuple(value.shape))


@rule(op.inv(op.transpose(x, axes=p)), exact=False)
def inverse_of_transpose(x: Value, p: Any) -> Any:
    return transposed(BY_NAME["inv"](x)) if p == (1, 0) else None


@rule(op.cofactor(x), exact=False)
def cofactors(x: Value) -> Any:
    """The gradient of a determinant, where the matrix is regular: ``det(x)*inv(x).T``."""
    if len(x.shape) != 2:
        return None
    return BY_NAME["multiply"](BY_NAME["det"](x), transposed(BY_NAME["inv"](x)))


NOTATION = RuleSet(sum_of_diagonal_is_trace, one_item_of_an_axis, column_of_product)
LINALG = RuleSet(
    column_times_row, vector_times_matrix, transpose_of_product, transpose_of_column, transpose_of_outer, solution_for_a_column, diagonal_of_ones,
    product_with_identity, zeros_with_one_column, inverse_of_transpose, cofactors,
)
