"""Exact laws of arithmetic: both sides agree bit for bit, NaN and signed zeros included.

``x + 0 == x`` is not among them for floats (-0.0 + 0 is 0.0); nor is ``0 * x == 0``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Value
from bcad.ops import BY_NAME, Elementwise

from .pattern import number_of, op, x, y
from .rule import RuleSet, node_rule, rule


def _wraps(negated: Value, other: Value) -> bool:
    """Whether ``-negated`` may wrap around (unsigned; int8's -128) where a wider result would not."""
    return negated.dtype.kind in "iu" and negated.dtype != np.result_type(negated.dtype, other.dtype)


@rule(x * 1, exact=True)
def multiplication_by_one(x: Value) -> Any:
    return x


@rule(x / 1, exact=True)
def division_by_one(x: Value) -> Any:
    return x


@rule(x - 0, exact=True)
def subtraction_of_zero(x: Value) -> Any:
    return x


@rule(x + 0, exact=True)
def addition_of_zero(x: Value) -> Any:
    return x if x.dtype.kind in "biu" else None  # -0.0 + 0 is 0.0


@rule(x**1, exact=True)
def first_power(x: Value) -> Any:
    return x


@rule(-(-x), exact=True)
def double_negation(x: Value) -> Any:
    return x


@rule(x * -1, exact=True)
def multiplication_by_minus_one(x: Value) -> Any:
    return -x if x.dtype.kind in "if" else None  # a complex product has other signs of zeros, a bool no negative; -1 is not unsigned


@rule(x - (x - y), exact=True)
def difference_from_itself(y: Value) -> Any:
    return y if y.dtype.kind in "iu" else None


@rule(x + -y, exact=True)
def addition_of_negative(x: Value, y: Value) -> Any:
    return None if _wraps(y, x) else x - y


@rule(x - -y, exact=True)
def subtraction_of_negative(x: Value, y: Value) -> Any:
    return None if _wraps(y, x) else x + y


@rule(-x * -y, exact=True)
def product_of_negatives(x: Value, y: Value) -> Any:
    return None if _wraps(x, y) or _wraps(y, x) else x * y


@rule(-x * y, exact=True)
def product_with_negative(x: Value, y: Value) -> Any:
    if _wraps(x, y):
        return None
    if number_of(y) is None:
        return -(x * y)
    return x * -y if y.dtype.kind in "fc" else None  # an int has no -0


@rule(-x / y, exact=True)
def quotient_of_negative(x: Value, y: Value) -> Any:
    return -(x / y) if x.dtype.kind in "fc" else None  # the negative of an unsigned number is none


@rule(x * (1 / y), exact=False)
def product_with_reciprocal(x: Value, y: Value) -> Any:
    return x / y


@rule(op.where(x, y, y), exact=True)
def same_on_both_sides(y: Value) -> Any:
    return y


@rule(op.mask(x, op.mask(x, y)), exact=True)
def mask_twice(x: Value, y: Value) -> Any:
    return BY_NAME["mask"](x, y)


@rule(op.logical_not(op.logical_not(x)), exact=True)
def double_not(x: Value) -> Any:
    return x if x.dtype.kind == "b" else None


@node_rule(exact=True)
def implicit_broadcasting(value: Value) -> Any:
    """An elementwise op stretches its operands itself."""
    node = value.node
    assert node is not None
    if not isinstance(node.op, Elementwise) or not value.shape:
        return None
    stretch = (BY_NAME["broadcast_to"], BY_NAME["full"])
    operands = [
        v.node.inputs[0] if v.node is not None and v.node.op in stretch and _same(v) else v
        for v in node.inputs
    ]
    return None if tuple(operands) == node.inputs else node.op(*operands)


def _same(value: Value) -> bool:
    """Whether the source of a stretch has the dtype and strength of the result."""
    source = value.node.inputs[0]  # type: ignore[union-attr]
    return source.dtype == value.dtype and source.type.kind.value != "python"


EXACT = RuleSet(
    multiplication_by_one, division_by_one, subtraction_of_zero, addition_of_zero, first_power,
    double_negation, multiplication_by_minus_one, difference_from_itself, addition_of_negative, subtraction_of_negative,
    product_of_negatives, product_with_negative, quotient_of_negative, same_on_both_sides,
    mask_twice, double_not, implicit_broadcasting,
)
