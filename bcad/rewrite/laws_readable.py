"""Laws for reading: what is true to rounding where both sides exist; never applied to what is run."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Builder, Kind, Value, constant_op
from bcad.ops import BY_NAME, Elementwise

from .laws_arithmetic import double_not, implicit_broadcasting, mask_twice, same_on_both_sides
from .laws_reduce import algebra
from .pattern import number_of, op, x, y
from .rule import RuleSet, node_rule, rule
from .terms import ADDITIVE, MULTIPLICATIVE


def is_number(value: Value) -> bool:
    """Whether `value` is a constant number of no dimensions."""
    return value.node is not None and value.node.op is constant_op and not value.shape


# -- what the user wrote, without what only a machine needs ------------------------------------------
@rule(x * y, exact=False)
def number_first(x: Value, y: Value) -> Any:
    """``x*2`` is written ``2*x``."""
    return y * x if is_number(y) and not is_number(x) else None


@rule(x + 0, exact=False)
def zero_is_neutral(x: Value) -> Any:
    """``sum()`` of a generator begins with 0."""
    return x


@node_rule(exact=False)
def kinds_unwritten(value: Value) -> Any:
    """Python number, NumPy scalar or array of no dimensions: the same number."""
    return _without_kind(value)


def _without_kind(value: Value) -> Value | None:
    node = value.node
    assert node is not None
    if node.op.name not in ("as_kind", "astype") or getattr(node.inputs[0].type, "dtype", None) is None:
        return None
    source = node.inputs[0]
    same = source.dtype.kind == value.dtype.kind and source.dtype.itemsize <= value.dtype.itemsize
    return source if same else None


@node_rule(exact=False)
def kinds_alone_unwritten(value: Value) -> Any:
    """A NumPy scalar or array of no dimensions of the same dtype: the same bits, and never an exception."""
    found = _without_kind(value)
    if found is None or found.dtype != value.dtype or Kind.PYTHON in (found.type.kind, value.type.kind):
        return None
    return found


@node_rule(exact=False)
def python_numbers(value: Value) -> Any:
    """A float constant with an integral value is written as an int where the other operand says that it is a float."""
    node = value.node
    assert node is not None
    if not isinstance(node.op, Elementwise) or len(node.inputs) != 2:
        return None
    left, right = node.inputs
    operands = [_plain(v) if is_number(v) and _is_inexact(w) else v for v, w in ((left, right), (right, left))]
    return None if tuple(operands) == node.inputs else node.op(*operands)


def _is_inexact(value: Value) -> bool:
    return getattr(value.type, "dtype", np.dtype(bool)).kind in "fc" and not is_number(value)


def _plain(value: Value) -> Value:
    number = number_of(value)
    if isinstance(number, (bool, np.bool_)) or number is None or number != number:
        return value
    if number == 0 and np.signbit(np.real(number)):
        return value
    if complex(number).imag == 0 and float(complex(number).real).is_integer() and abs(number) < 1e15:
        return Builder.current().constant(int(complex(number).real))
    return value


# -- derivatives ---------------------------------------------------------------------------------------
@node_rule(exact=False)
def ring_arithmetic(value: Value) -> Any:
    """Sums and products in the normal form of `algebra`."""
    node = value.node
    assert node is not None
    if node.op.name not in MULTIPLICATIVE and node.op.name not in ADDITIVE:
        return None
    builder: Any = Builder.current()
    return builder.normal(value) if value.dtype.kind in "fc" else None


@rule(op.exp(op.log(x)), exact=False)
def exp_of_log(x: Value) -> Any:
    return x


@rule(op.log(op.exp(x)), exact=False)
def log_of_exp(x: Value) -> Any:
    return x


@rule(op.log(op.where(op.equal(x, 0), 1, x)), exact=False)
def logarithm_at_zero(x: Value) -> Any:
    """The logarithm of 0 does not exist; where it is multiplied by 0, nothing is lost."""
    return BY_NAME["log"](x)


@rule(op.power(x, op.where(op.equal(y, 0), 1, op.subtract(y, 1))), exact=False)
def exponent_at_zero(x: Value, y: Value) -> Any:
    """The derivative of ``x**y`` is ``y*x**(y - 1)``; for y = 0 it vanishes with its factor y."""
    return BY_NAME["power"](x, BY_NAME["subtract"](y, 1))


@node_rule(exact=False, op="where")
def same_where_it_vanishes(value: Value) -> Any:
    """``where(x == c, a, b)`` with a and b both zero at x == c is b."""
    condition, a, b = value.node.inputs  # type: ignore[union-attr]
    if condition.node is None or condition.node.op.name != "equal":
        return None
    left, right = condition.node.inputs
    if number_of(right) != 0 or not _vanishes(a, left) or not _vanishes(b, left):
        return None
    return b


def _vanishes(value: Value, at_zero: Value) -> bool:
    """Whether a product is zero where `at_zero` is."""
    return any(e > 0 and (b is at_zero or _is_part(b, at_zero)) for b, e in algebra().parts.product(value).powers.items())


def _is_part(value: Value, whole: Value) -> bool:
    """Whether `value` is the positive part of `whole`, or the negative one."""
    node = value.node
    if node is None or node.op.name not in ("maximum", "minimum"):
        return False
    x, bound = node.inputs
    return (x is whole and number_of(bound) == 0) or (bound is whole and number_of(x) == 0)


@rule(op.mask(x, 0), exact=False)
def mask_of_zero(x: Value) -> Any:
    """Zero wherever the condition holds, and zero elsewhere."""
    zero = Builder.current().constant(np.float64(0))
    return BY_NAME["broadcast_to"](zero, shape=tuple(x.shape)) if x.shape else zero


@rule(op.mask(op.logical_or(x, op.logical_not(x)), y), exact=True)
def mask_of_either(y: Value) -> Any:
    """One of a condition and its negation always holds."""
    return y


@node_rule(exact=False, op="mask")
def half_at_the_step(value: Value) -> Any:
    """``where(x >= 0, where(x == 0, c/2, c), 0)`` is ``c*heaviside(x, 1/2)``."""
    condition, inner = value.node.inputs  # type: ignore[union-attr]
    if condition.node is None or condition.node.op.name not in ("greater_equal", "less_equal"):
        return None
    if inner.node is None or inner.node.op.name != "where":
        return None
    equal, tie, beyond = inner.node.inputs
    (x, bound), parts = condition.node.inputs, algebra().parts
    if equal.node is None or equal.node.op.name != "equal" or number_of(bound) != 0 or equal.node.inputs[0] is not x:
        return None
    if number_of(equal.node.inputs[1]) != 0 or parts.product(beyond).key != parts.product(tie).key:
        return None
    if parts.product(tie).number.value * 2 != parts.product(beyond).number.value:
        return None
    side = x if condition.node.op.name == "greater_equal" else BY_NAME["negative"](x)
    return BY_NAME["multiply"](beyond, BY_NAME["heaviside"](side, 0.5))


@node_rule(exact=False, op="mask")
def part_where_it_is_zero_anyway(value: Value) -> Any:
    """``where(x >= 0, maximum(x, 0), 0)`` is ``maximum(x, 0)``."""
    condition, inner = value.node.inputs  # type: ignore[union-attr]
    if condition.node is None or condition.node.op.name not in ("greater_equal", "greater", "less_equal", "less"):
        return None
    left, right = condition.node.inputs
    function = "maximum" if condition.node.op.name.startswith("greater") else "minimum"
    if number_of(right) != 0:
        return None
    for base, exponent in algebra().parts.product(inner).powers.items():
        if exponent > 0 and _is_part(base, left) and base.node is not None and base.node.op.name == function:
            return inner
    return None


@node_rule(exact=False, op="mask")
def zero_where_nothing_was_read(value: Value) -> Any:
    """``where(read, g, 0)`` is g: zero at elements that no index read, in exact arithmetic."""
    condition, inner = value.node.inputs  # type: ignore[union-attr]
    flags = condition.node
    while flags is not None and flags.op.name == "set_item" and number_of(flags.inputs[1]) == 1:
        flags = flags.inputs[0].node
    return inner if flags is not None and flags.op.name == "full" and number_of(flags.inputs[0]) == 0 else None


@node_rule(exact=False, op="index_add")
def add_where_it_was_cleared(value: Value) -> Any:
    """``g[i] = 0; g[i] += v`` is ``g[i] = v``."""
    node = value.node
    assert node is not None
    base, item, *arrays = node.inputs
    cleared = base.node
    if arrays or cleared is None or cleared.op.name != "set_item" or cleared.attrs["index"] != node.attrs["index"]:
        return None
    if number_of(cleared.inputs[1]) != 0 or item.dtype != value.dtype:
        return None
    return BY_NAME["set_item"](cleared.inputs[0], item, index=node.attrs["index"])


@rule(op.absolute(-x), exact=False)
def absolute_of_negative(x: Value) -> Any:
    return BY_NAME["absolute"](x) if x.dtype.kind in "ifc" else None


OWN = RuleSet(absolute_of_negative, number_first, zero_is_neutral, kinds_unwritten, python_numbers)
DERIVED = RuleSet(
    ring_arithmetic, kinds_unwritten, implicit_broadcasting, same_on_both_sides, mask_twice, double_not, exp_of_log,
    log_of_exp, logarithm_at_zero, exponent_at_zero, same_where_it_vanishes, part_where_it_is_zero_anyway,
    mask_of_either, mask_of_zero, half_at_the_step,
    python_numbers, zero_where_nothing_was_read, add_where_it_was_cleared, absolute_of_negative,
)
