"""What NumPy raises on arrays: indices out of bounds, extremes of nothing, negative powers of ints, singular matrices.

Where the result is used, a run finds out by itself.  Where it is not, or where the program may catch the exception, what makes
NumPy raise is computed for its own sake.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bcad import ops
from bcad.ir import Builder, Dim, Kind, Node, Size, Value, product

from ..builder import is_constant

if TYPE_CHECKING:
    from ..session import Session

_ITEMS = {"getitem": 1, "gather": 1, "set_item": 2, "index_add": 2}  # and how many inputs stand before the index
_WITHIN = frozenset(("arange", "nonzero"))  # positions that these make are those of elements
_EXTREMES = frozenset(("max", "min", "argmax", "argmin"))
_FACTORS = frozenset(("solve", "inv", "cholesky", "eigh", "eig", "svd", "pinv"))
_OPS = frozenset((*_ITEMS, *_EXTREMES, *_FACTORS, "power"))


class Condition(NamedTuple):
    """What must hold: 'within' bounds, 'some' elements, no 'negative' power, or that it 'runs'."""

    what: str
    value: Any
    size: Size = 0


def may_fail(node: Node) -> bool:
    """Whether NumPy may raise where it computes what a node does."""
    return node.op.name in _OPS and any(True for _ in conditions(node))


def conditions(node: Node) -> Iterator[Condition]:
    """What must hold for NumPy not to raise, as far as that is open."""
    name = node.op.name
    if name in _ITEMS:
        yield from _bounds(node.inputs[0].shape, node.inputs[_ITEMS[name] :], node.attrs["index"])
    elif name in _EXTREMES:
        axis, shape = node.attrs["axis"], node.inputs[0].shape
        axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
        folded = product(shape[k] for k in axes)
        if isinstance(folded, Dim):
            yield Condition("some", folded, product(node.output.shape))
    elif name in _FACTORS:
        yield Condition("runs", node.outputs[0])
    elif name == "power" and node.inputs[1].dtype.kind == "i" and node.output.dtype.kind in "iu" and node.output.type.kind is not Kind.PYTHON:
        if not is_constant(node.inputs[1]):
            yield Condition("negative", node.inputs[1])


def _bounds(shape: tuple[Size, ...], arrays: tuple[Value, ...], index: Any) -> Iterator[Condition]:
    given, axis = iter(arrays), 0
    used = sum(part is not None and part is not Ellipsis for part in index)
    for part in index:
        if part is Ellipsis:
            axis += len(shape) - used
            continue
        if isinstance(part, ops.Span):
            for bound in (part.start, part.stop):
                if bound is ops.Part.ARRAY:
                    next(given)
        elif part is ops.Part.ARRAY:
            value = next(given)
            if not is_constant(value) and not (value.node is not None and value.node.op.name in _WITHIN):
                yield Condition("within", value, shape[axis])
        elif isinstance(part, int) and isinstance(shape[axis], Dim):
            yield Condition("within", part, shape[axis])
        axis += part is not None


def broken(condition: Condition) -> Value:
    """The flag that it does not hold, a Value."""
    what, value, size = condition
    less, least = ops.FUNCTIONS[np.less], Builder.current().size
    if what == "within" and isinstance(value, int):
        flag = less(least(size), -value if value < 0 else value + 1)
    elif what == "within":
        flag = ops.FUNCTIONS[np.greater_equal](value, least(size))
        if value.dtype.kind == "i":
            flag = ops.FUNCTIONS[np.logical_or](flag, less(value, ops.FUNCTIONS[operator.neg](least(size))))
    elif what == "some":
        flag = ops.FUNCTIONS[np.logical_and](ops.FUNCTIONS[np.equal](least(value), 0), ops.FUNCTIONS[np.not_equal](least(size), 0))
    elif what == "negative":
        flag = less(value, 0)
    else:
        flag = less(ops.FUNCTIONS[np.abs](value), 0)  # never, but it must be computed
    return ops.FUNCTIONS[np.any](flag) if flag.ndim else flag


def settle(session: Session, node: Node) -> None:
    """Raise in this call what the program may catch, if NumPy does; later calls are held to whether it is so."""
    left = [c for c in conditions(node) if c.what != "runs"]
    if left:
        session.failing.discard(node)
    for condition in left:
        flag = broken(condition)
        if not session.example.known(flag):
            session.suppose_not(flag, f"{node.op.name} raises what may be caught")
        elif session.decide(session.wrap(flag), "whether an exception that may be caught is raised"):
            if condition.what == "within" and isinstance(condition.value, Value):  # it is named in the exception's text
                session.decide_ints(condition.value, "an index that is out of bounds")
            node.op.evaluate(*(session.concrete(v) for v in node.inputs), **node.attrs)
