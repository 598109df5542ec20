"""Which arrays made while tracing lie in memory row by row, as far as NumPy's rules for results tell.

NumPy gives the result of an operation the order in memory of its operands: that of an array in Fortran order is in Fortran
order again.  Whether a later `reshape` is a view depends on it, which shows where one of the two is written to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Builder, Node, Value

from ..builder import constant_of, is_constant
from ..tracers import ArrayTracer

if TYPE_CHECKING:
    from ..session import Session

LIKE = frozenset((  # laid out as their arguments, though they need not read them
    np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.pad, np.insert, np.delete, np.vectorize._vectorize_call,  # type: ignore[attr-defined]
))  # fmt: skip
_ALWAYS = frozenset(("matmul", "solve", "inv", "cholesky"))  # these never ask how their operands lie
_NEVER = frozenset(("transpose", "diagonal", "nonzero", "host", "host_effect"))
_WRITES = frozenset(("set_item", "index_add"))  # the array that is written to keeps its place


def note(session: Session, value: Value, cell: ArrayTracer) -> None:
    """A Value is held by the array `cell`, or by one laid out as that, whatever made the Value."""
    if value.ndim > 1:
        session.captures.laid.setdefault(value, []).append(cell._root())


def note_written(session: Session, value: Value, cell: ArrayTracer) -> None:
    """`cell` is given a Value; one that is made of the old one says itself how it lies."""
    if value.node is None or value.node.op.name not in _WRITES:
        note(session, value, cell)


def lies_in_rows(session: Session, cell: ArrayTracer) -> bool:
    """Whether the array that owns the memory of `cell` certainly lies in C order; later calls are held to what that depends on."""
    captures = session.captures
    left, seen, stands = [*_made_of(session, cell._root())], set(), _Regions()
    while left:
        found = left.pop()
        if found is None:
            return False
        if found in seen or not isinstance(found.type, ArrayType):
            continue
        seen.add(found)
        if found.ndim < 2:
            if found.node is not None and found.node.op.name == "nonzero":
                return False
            continue
        for other in captures.laid.get(found, ()):
            left += _made_of(session, other)
        left += _operands(session, found, stands)
    return True


def _made_of(session: Session, root: ArrayTracer) -> Iterable[Value | None]:
    """The Values that must lie in C order for an array to; None if it does not."""
    if session.captures.standing_for(root) is None:
        return (root._born,)
    return () if session.captures.flag(root, "c_contiguous") else (None,)


def _operands(session: Session, value: Value, stands: _Regions) -> Iterable[Value | None]:
    """The same for a Value of two axes or more, which has not been written over."""
    node = value.node
    if node is None:
        cell = session.captures.holder(value)
        return stands.of(value) if cell is None else _made_of(session, cell)
    if is_constant(value):
        return () if np.asarray(constant_of(value)).flags.c_contiguous else (None,)
    if node.regions:
        return stands.enter(node, value)
    name = node.op.name
    if name in _ALWAYS:
        return ()
    if name in _NEVER or name == "gather" and not _picks_rows(node.attrs["index"]):
        return (None,)
    return node.inputs[:1] if name in _WRITES or name == "gather" else node.inputs


def _picks_rows(index: Any) -> bool:
    """Whether index arrays and ints stand before everything else: what they pick is put down row by row."""
    picking = [k for k, part in enumerate(index) if part is ops.Part.ARRAY or isinstance(part, int)]
    return len(picking) == picking[-1] + 1 and all(part == slice(None) or part is Ellipsis for part in index[len(picking) :])


class _Regions:
    """What inputs of regions stand for."""

    def __init__(self) -> None:
        self.values: dict[Value, tuple[Value | None, ...]] = {}

    def of(self, value: Value) -> tuple[Value | None, ...]:
        known = self.values.get(value)
        if known is not None:
            return known
        captured = value.scope.captured if isinstance(value.scope, Builder) else {}
        return (next((outer for outer, inner in captured.items() if inner is value), None),)

    def enter(self, node: Node, value: Value) -> tuple[Value | None, ...]:
        """The Values of its regions that a result of a branch or loop is."""
        if node.op.name == "cond":
            for region in node.regions:
                self.values.update((inner, (outer,)) for inner, outer in zip(region.inputs, node.inputs[1:], strict=True))
            return tuple(region.outputs[value.index] for region in node.regions)
        if node.op.name != "loop":
            return (None,)
        body, carries = node.regions[0], node.attrs["carries"]
        given = node.inputs[bool(node.attrs["counted"]) :]
        for k, (inner, outer) in enumerate(zip(body.inputs[1:], given, strict=True)):
            self.values[inner] = (outer, body.outputs[k]) if k < carries else (outer,)
        ragged = dict(node.attrs.get("ragged", ()))
        return (body.outputs[value.index],) if value.index - carries not in ragged else (None,)
