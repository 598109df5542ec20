"""Constant folding: a node all of whose inputs are known is known."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Value, as_kind, constant_op, dim_op, symbols

from .rule import node_rule

_LARGEST = 16  # elements; a larger constant is cheaper to compute than to carry around


@node_rule(exact=True)
def constant_folding(value: Value) -> Any:
    """An op of constants without effects is the constant that NumPy computes."""
    node = value.node
    assert node is not None
    if node.op in (constant_op, dim_op) or node.op.effect or node.regions or not node.inputs:
        return None
    operands = [v.node for v in node.inputs if v.node is not None and v.node.op is constant_op]
    if len(operands) < len(node.inputs) or not _small(value):
        return None
    if any(_symbolic(a) for a in node.attrs.values()):
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            known = node.op.evaluate(*(n.attrs["value"].value for n in operands), **node.attrs)
        except Exception:  # what raises must raise when it is run, at the user's line
            return None
    return Builder.current().constant(as_kind(known, value.type))


def _small(value: Value) -> bool:
    if not isinstance(value.type, ArrayType):
        return False
    size = value.type.size
    return isinstance(size, int) and size <= _LARGEST


def _symbolic(attr: Any) -> bool:
    if isinstance(attr, tuple):
        return any(map(_symbolic, attr))
    if isinstance(attr, slice):
        return any(map(_symbolic, (attr.start, attr.stop, attr.step)))
    return not isinstance(attr, int) and bool(symbols(attr))
