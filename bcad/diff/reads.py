"""Arrays read by index, in reverse: an element that nothing reads has a derivative of exactly zero.

What comes back from ``y[1]`` to an array y is zero at every other element.  Where y was computed
elementwise, those zeros would meet partial derivatives that may be infinite, ``0 * inf``; so the
elements that were read are kept beside the sum, as the condition of a mask.  Where y comes from
anything else the zeros are as good, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Builder, Graph, Node, Size, Value, constant_op, product
from bcad.ops import BY_NAME, Elementwise, fill_index, scatter_zero, tangent_type

from .tangents import fit, unmask, zeros

if TYPE_CHECKING:
    from .reverse import Reverse

# Zero stays zero in their reverse rules, and what is hidden behind them stays hidden.
PLAIN = frozenset(
    """add subtract negative positive where mask astype as_kind real imag conjugate reshape transpose broadcast_to
    getitem gather set_item stack concatenate sort diagonal""".split()
)
READS = ("getitem", "gather")
SMALL = 256  # elements of an array of which what was read is found out beforehand


def keeps_unread(node: Node, keepers: set[Value]) -> bool:
    """Whether the reverse rule of `node` could make something else of the zero of an unread element."""
    if node.op.name in PLAIN or _scales(node):
        return not keepers.isdisjoint(node.inputs)
    return isinstance(node.op, Elementwise) and node.op.differentiable and bool(node.outputs[0].ndim)


def _scales(node: Node) -> bool:
    """Whether `node` multiplies by a finite constant, or divides by one that is not zero."""
    if node.op.name not in ("multiply", "divide"):
        return False
    known = [_constant(v) for v in node.inputs]
    if node.op.name == "divide":
        return known[1] is not None and bool(np.all(np.isfinite(known[1]) & (known[1] != 0)))
    return any(k is not None and bool(np.all(np.isfinite(k))) for k in known)


def selected(sweep: Reverse, node: Node, g: Any) -> Any:
    """The cotangent of a diagonal as one whose rule says which elements it is made of."""
    if node.op is not BY_NAME["diagonal"] or node.inputs[0] not in sweep.keepers or unmask(g)[0] is not None:
        return g
    return BY_NAME["mask"](np.bool_(True), g)


def only_read(graph: Graph, x: Value) -> bool:
    """Whether nothing in `graph` uses the array `x` but reads by index."""
    users = [node for node in graph.nodes if x in node.inputs]
    return x not in graph.outputs and all(node.op.name in READS and x is node.inputs[0] for node in users)


def read_in_turn(body: Graph, x: Value, trip: Size | None) -> bool:
    """Whether the iterations 0, 1, ... of a loop read ``x[0]``, ``x[1]``, ... up to the last."""
    first = [node.inputs[1] for node in body.nodes if node.op.name == "getitem" and x is node.inputs[0] and node.inputs[1:]]
    return x.shape[0] == trip and body.inputs[0] in first


def _constant(value: Value) -> Any:
    node = value.node
    return node.attrs["value"].value if node is not None and node.op is constant_op else None


def add_read(sweep: Reverse, node: Node, g: Any) -> bool:
    """Add the cotangent of ``x[index]`` to that of x, in place if there is one; whether that was done here."""
    x, *arrays = node.inputs
    places = [sweep.value[v] for v in arrays]
    before = sweep.cotangent.get(x)
    type_ = tangent_type(x.type)
    if x in sweep.keepers and (before is None or unmask(before)[0] is not None):
        _add_to_hidden(sweep, node, before, fit(g, type_.with_shape(g.shape)), places)
        return True
    if before is None or (unmask(before)[0] is not None and unmask(g)[0] is not None):
        return False
    g = fit(g, type_.with_shape(g.shape))
    sweep.cotangent[x] = BY_NAME["index_add"](before, g, *places, **node.attrs)
    return True


def _add_to_hidden(sweep: Reverse, node: Node, before: Any, g: Any, places: Sequence[Value]) -> None:
    """As `add_read`, of an array whose other elements are hidden."""
    x = node.inputs[0]
    seen, dense = unmask(before)
    if dense is None:
        dense = zeros(tangent_type(x.type))
    elif dense not in sweep.sums:  # what its mask hides need not be zero
        dense = before
    total = BY_NAME["index_add"](dense, g, *places, **node.attrs)
    condition = _with_read(seen, x.type.shape, unmask(g)[0], places, node.attrs["index"])
    sweep.sums.add(total)
    sweep.cotangent[x] = total if condition is None else BY_NAME["mask"](condition, total)


def _with_read(seen: Any, shape: Any, condition: Any, places: Sequence[Value], index: Any) -> Value | None:
    """`seen`, an array of bools or nothing, with True where `index` reads; None if that is everywhere."""
    if condition is None and all(part is None or part is Ellipsis or part == slice(None) for part in index):
        return None
    known = np.zeros((), bool) if seen is None else _constant(seen)
    at = tuple(_constant(v) for v in places)
    size = product(shape)
    if isinstance(size, int) and size <= SMALL and condition is None and known is not None and all(a is not None for a in at):
        cells = np.array(np.broadcast_to(known, shape))
        cells[fill_index(index, at)] = True
        return None if cells.all() else Builder.current().constant(cells)
    if seen is None:
        seen = BY_NAME["full"](np.bool_(False), shape=shape, dtype=np.dtype(bool))
    elif tuple(seen.shape) != tuple(shape):
        seen = BY_NAME["broadcast_to"](seen, shape=shape)
    if condition is None:
        result: Value = BY_NAME["set_item"](seen, np.bool_(True), *places, index=index)
        return result
    return BY_NAME["logical_or"](seen, scatter_zero(condition, shape, places, index))
