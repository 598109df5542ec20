"""Laws of sums over axes and of what is linear: numbers leave, deviations cancel (for reading only)."""

from __future__ import annotations

from typing import Any

from bcad.ir import Builder, Value, dim_op
from bcad.ops import BY_NAME

from .algebra import Algebra
from .rule import RuleSet, node_rule
from .terms import Number, Product, is_sum

# Linear in these inputs: a number in front of one of them is a number in front of the result.
_LINEAR = {
    "sum": (0,), "mean": (0,), "matmul": (0, 1), "solve": (1,), "transpose": (0,), "reshape": (0,), "getitem": (0,),
    "gather": (0,), "diagonal": (0,), "make_diagonal": (0,), "cumsum": (0,), "outer": (0, 1), "trace": (0,),
    "broadcast_to": (0,), "mask": (1,), "solve_triangular": (1,), "einsum": (0, 1),
}  # fmt: skip


def algebra() -> Algebra:
    """The normal forms of the graph being built."""
    builder: Any = Builder.current()
    return builder.algebra


def written(product: Product, like: Value) -> Value:
    """A product in normal form."""
    builder: Any = Builder.current()
    with builder.plain():
        if not product.powers and product.number.value.denominator == 1:
            return builder.constant(like.dtype.type(int(product.number.value)))
        return builder.algebra.write(product, like)


@node_rule(exact=False)
def number_leaves(value: Value) -> Any:
    """``A @ (2*x)`` is ``2*(A @ x)``; sizes leave likewise, and every number leaves a sum."""
    node = value.node
    assert node is not None
    if node.op.name not in _LINEAR or getattr(value.type, "dtype", None) is None or value.dtype.kind not in "fc":
        return None
    for position in _LINEAR[node.op.name]:
        if position >= len(node.inputs):
            continue
        outside, inside = _split(node.inputs[position], node.op.name)
        if outside is None:
            continue
        rest = written(inside, node.inputs[position])
        if tuple(rest.shape) != tuple(node.inputs[position].shape):
            if node.op.name == "broadcast_to" and not rest.shape or inside.powers:
                continue
            rest = BY_NAME["broadcast_to"](rest, shape=tuple(node.inputs[position].shape))
        inputs = [*node.inputs[:position], rest, *node.inputs[position + 1 :]]
        inner = node.op(*inputs, **node.attrs)  # type: ignore[operator]
        return written(outside.times(algebra().parts.product(inner)), value)
    return None


def _split(operand: Value, op: str) -> tuple[Product | None, Product]:
    """What leaves a linear operation, and what stays."""
    if operand in algebra().parts.closed:
        return None, Product()
    product = algebra().parts.product(operand)
    leaving = {b: e for b, e in product.powers.items() if _leaves(b, op) and len(operand.shape) > 0}
    if product.number == Number() and not leaving or not product.powers or product.number.value == 0:
        return None, product
    if op == "broadcast_to" and not operand.shape:
        return None, product
    staying = {b: e for b, e in product.powers.items() if b not in leaving}
    return Product(product.number, leaving), Product(powers=staying)


def _leaves(base: Value, op: str) -> bool:
    if base.node is not None and base.node.op is dim_op:
        return True
    return op not in ("mask", "broadcast_to") and not base.shape


@node_rule(exact=False, op="sum")
def sum_of_deviations(value: Value) -> Any:
    """``sum(x - mean(x))`` is 0."""
    node = value.node
    assert node is not None
    operand, axis = node.inputs[0], node.attrs["axis"]
    if not is_sum(operand):
        return None
    terms = algebra().parts.sum(operand)
    pair = len(terms) == 2 and any(_is_mean(a, b, axis) for a, b in (terms, terms[::-1]))
    return _zeros(value) if pair else None


def _is_mean(mean: Product, term: Product, axis: Any) -> bool:
    """Whether a term takes away the mean of another over the axes that are summed."""
    base, whole = mean.only_base(), term.only_base()
    if base is None or whole is None or base.node is None or base.node.op.name != "mean":
        return False
    return (
        base.node.inputs[0] is whole
        and base.node.attrs["axis"] == axis
        and (base.node.attrs["keepdims"] or len(axis) == len(whole.shape))
        and mean.number.value == -term.number.value
    )


def _zeros(value: Value) -> Value:
    zero = Builder.current().constant(value.dtype.type(0))
    return BY_NAME["broadcast_to"](zero, shape=tuple(value.shape)) if value.shape else zero


@node_rule(exact=False, op="sum")
def sum_of_a_number(value: Value) -> Any:
    """The sum of n equal numbers."""
    node = value.node
    assert node is not None
    operand = node.inputs[0]
    product = algebra().parts.product(operand)
    if any(base.shape for base in product.powers) or not operand.shape:
        return None
    total = product
    for axis in node.attrs["axis"]:
        size = Builder.current().size(operand.shape[axis])
        total = total.times(algebra().parts.product(size))
    result = written(total, value)
    return result if tuple(result.shape) == tuple(value.shape) else BY_NAME["broadcast_to"](result, shape=value.shape)


@node_rule(exact=False, op="reshape")
def reshape_of_product(value: Value) -> Any:
    """``(1/s)[:, None]`` is ``1/s[:, None]``: the factors of a product are reshaped one by one."""
    node = value.node
    assert node is not None
    (operand,) = node.inputs
    if operand in algebra().parts.closed or value.dtype.kind not in "fc" or not operand.shape and not value.shape:
        return None
    product = algebra().parts.product(operand)
    whole = [b for b in product.powers if tuple(b.shape) == tuple(operand.shape)]
    single = product.only_base() is operand and product.number == Number()
    if single and operand.shape or len(whole) < sum(1 for b in product.powers if b.shape):
        return None
    reshape = BY_NAME["reshape"]
    powers = {reshape(b, shape=node.attrs["shape"]) if b.shape else b: e for b, e in product.powers.items()}
    result = written(Product(product.number, powers), value)
    return result if tuple(result.shape) == tuple(value.shape) else BY_NAME["broadcast_to"](result, shape=tuple(value.shape))


REDUCE = RuleSet(reshape_of_product, sum_of_deviations, sum_of_a_number, number_leaves)
