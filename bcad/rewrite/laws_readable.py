"""Laws of real algebra, true to rounding: used to print derivatives, never to run them."""

from __future__ import annotations

from typing import Any

from bcad.ir import Builder, Value, constant_op
from bcad.ops import BY_NAME, Elementwise

from .laws_arithmetic import product_with_reciprocal
from .pattern import constant, number_of, op, x, y, z
from .rule import RuleSet, node_rule, rule

a, b = constant("a"), constant("b")


def is_number(value: Value) -> bool:
    """Whether `value` is a constant number of no dimensions."""
    return value.node is not None and value.node.op is constant_op and not value.shape


@rule(x + 0, exact=False)
def zero_is_neutral(x: Value) -> Any:
    return x


@rule(0 - x, exact=False)
def difference_from_zero(x: Value) -> Any:
    return -x


@rule(x * y, exact=False)
def number_first(x: Value, y: Value) -> Any:
    """``x*2`` is written ``2*x``."""
    return y * x if is_number(y) and not is_number(x) else None


@rule(a * (b * x), exact=False)
def collect_numbers(a: Value, b: Value, x: Value) -> Any:
    return (a * b) * x if is_number(a) and is_number(b) else None


@rule(x * (a * y), exact=False)
def pull_number_out(x: Value, a: Value, y: Value) -> Any:
    return a * (x * y) if is_number(a) and not is_number(x) else None


@rule((a * x) / b, exact=False)
def number_over_number(a: Value, x: Value, b: Value) -> Any:
    return (a / b) * x if is_number(a) and is_number(b) else None


@rule(-(a * x), exact=False)
def negative_of_multiple(a: Value, x: Value) -> Any:
    return (-a) * x if is_number(a) else None


@rule(-(x - y), exact=False)
def negative_of_difference(x: Value, y: Value) -> Any:
    return y - x


@rule(-x + y, exact=False)
def negative_first(x: Value, y: Value) -> Any:
    return y - x


@rule(x + x, exact=False)
def twice(x: Value) -> Any:
    return 2 * x


@rule(a * x + b * x, exact=False)
def collect_multiples(a: Value, b: Value, x: Value) -> Any:
    return (a + b) * x if is_number(a) and is_number(b) else None


@rule(x + a * x, exact=False)
def collect_one_multiple(x: Value, a: Value) -> Any:
    return (1 + a) * x if is_number(a) else None


@rule(op.square(x), exact=False)
def square_is_a_power(x: Value) -> Any:
    return BY_NAME["power"](x, 2)


@rule(x * x, exact=False)
def product_with_itself(x: Value) -> Any:
    return BY_NAME["power"](x, 2)


@rule(x / (y * x), exact=False)
def cancel_in_quotient(x: Value, y: Value) -> Any:
    return 1 / y


@rule((x * y) / x, exact=False)
def cancel_factor(x: Value, y: Value) -> Any:
    return y


@rule(x / x, exact=False)
def quotient_with_itself(x: Value) -> Any:
    return Builder.current().constant(x.dtype.type(1)) if not x.shape else None


@rule((x / y) * z, exact=False)
def quotient_last(x: Value, y: Value, z: Value) -> Any:
    return (x * z) / y


@rule((x / y) / z, exact=False)
def quotient_of_quotient(x: Value, y: Value, z: Value) -> Any:
    return x / (y * z)


@rule(op.exp(op.log(x)), exact=False)
def exp_of_log(x: Value) -> Any:
    return x


@rule(op.log(op.exp(x)), exact=False)
def log_of_exp(x: Value) -> Any:
    return x


@node_rule(exact=False)
def sum_of_scaled(value: Value) -> Any:
    """A number common to all terms leaves the sum."""
    node = value.node
    assert node is not None
    if node.op.name != "sum":
        return None
    inner = node.inputs[0].node
    if inner is None or inner.op.name != "multiply":
        return None
    scale, rest = inner.inputs
    if scale.shape or rest.shape != node.inputs[0].shape:
        return None
    return scale * BY_NAME["sum"](rest, **node.attrs)


@node_rule(exact=False)
def python_numbers(value: Value) -> Any:
    """A float constant with an integral value is written as an int where its type is implied."""
    node = value.node
    assert node is not None
    if not isinstance(node.op, Elementwise) or len(node.inputs) != 2:
        return None
    operands = [_plain(v) if is_number(v) else v for v in node.inputs]
    return None if tuple(operands) == node.inputs else node.op(*operands)


def _plain(value: Value) -> Value:
    number = number_of(value)
    if isinstance(number, bool) or number is None or number != number:
        return value
    if complex(number).imag == 0 and float(complex(number).real).is_integer() and abs(number) < 1e15:
        return Builder.current().constant(int(complex(number).real))
    return value


READABLE = RuleSet(
    zero_is_neutral, difference_from_zero, number_first, collect_numbers, pull_number_out,
    number_over_number, negative_of_multiple, negative_of_difference, negative_first, twice,
    collect_multiples, collect_one_multiple, square_is_a_power, product_with_itself,
    cancel_in_quotient, cancel_factor, quotient_with_itself, quotient_last, quotient_of_quotient,
    product_with_reciprocal, exp_of_log, log_of_exp, sum_of_scaled, python_numbers,
)
