"""What the loops of a derived graph keep for their reverse parts, iteration by iteration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bcad.ir import ArrayType, Graph, Node, Size, Value, product
from interpreter import Location

REVERSE = "_reverse"


@dataclass(frozen=True)
class KeptByLoop:
    """The tape of one loop.

    Attributes
    ----------
    location : Location or None
        The user's line of the loop.
    elements : tuple of ArrayType
        What one iteration keeps; a leading axis whose length differs from one to the next is counted as one.
    """

    location: Location | None
    elements: tuple[ArrayType, ...]

    @property
    def bytes(self) -> Size:
        """How many of them an iteration keeps, and its reverse part reads."""
        return sum((t.dtype.itemsize * product(t.shape) for t in self.elements), 0)

    def __str__(self) -> str:
        where = f"line {self.location.line}" if self.location is not None else "a loop"
        return f"tape of {where}: {self.bytes} bytes an iteration"


def kept_by_loops(graph: Graph, read: frozenset[Value] = frozenset()) -> Iterator[KeptByLoop]:
    """The tapes of a derived graph, in the order of its loops; inner ones behind those around them.

    `read` are the outputs of a region that a reverse part outside reads.
    """
    read = read.union(*(node.inputs for node in graph.nodes if any(r.name.endswith(REVERSE) for r in node.regions)))
    for node in graph.nodes:
        kept = [k for k, value in _stacks(node) if value in read]
        elements = tuple(_element(node, k) for k in kept if not _is_tape(_inner(node, k)))
        if elements:
            yield KeptByLoop(node.location, elements)
        for region in node.regions:
            inside = {_inner(node, k) for k in kept} if node.op.name == "loop" else {
                inner for inner, outer in zip(region.outputs, node.outputs) if outer in read
            }
            yield from kept_by_loops(region, frozenset(inside))


def _stacks(node: Node) -> list[tuple[int, Value]]:
    if node.op.name != "loop":
        return []
    carries = node.attrs["carries"]
    return list(enumerate(node.outputs[carries : carries + node.attrs.get("stacks", 0)]))


def _inner(node: Node, k: int) -> Value:
    """What an iteration puts on stack k."""
    return node.regions[0].outputs[node.attrs["carries"] + k]


def _is_tape(value: Value) -> bool:
    """Whether it is the stack of a loop inside, which keeps it for itself."""
    return value.node is not None and any(value is stack for _, stack in _stacks(value.node))


def _element(node: Node, k: int) -> ArrayType:
    type_: ArrayType = node.outputs[node.attrs["carries"] + k].type
    ragged = k in dict(node.attrs.get("ragged", ()))
    return type_.with_shape((1, *type_.shape[1:]) if ragged else type_.shape[1:])
