"""Builder: emits Nodes with their types, value numbering and current Location.

A Builder may have a parent.  A value of an enclosing Builder that is used inside becomes
an explicit input of the inner graph (`captured` says which), so every region is closed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

from interpreter import Location

from .dim import Dim, Size
from .graph import Graph, Node, OpLike, Value
from .structural import Literal, constant_op, dim_op
from .types import Type

_active = threading.local()


class Builder:
    """Collects nodes; ``with Builder() as b:`` makes it the current one of this thread.

    Parameters
    ----------
    parent : Builder, optional
        The enclosing builder, whose values may be used inside.
    name : str
        The name of the graph to be built.
    """

    def __init__(self, parent: Builder | None = None, name: str = "f") -> None:
        self.parent = parent
        self.name = name
        self.inputs: list[Value] = []
        self.nodes: list[Node] = []
        self.captured: dict[Value, Value] = {}  # value outside -> input inside
        self.location: Location | None = parent.location if parent else None
        self.lengths: dict[Any, str] = {}  # symbols of sizes that ops compute, by what they compute them from
        self._numbers: dict[Any, tuple[Value, ...]] = {}

    # -- the current builder ---------------------------------------------------------
    @staticmethod
    def current() -> Builder:
        """The innermost active builder of this thread."""
        return _active.stack[-1]

    @staticmethod
    def place() -> Location | None:
        """The user's line that is being worked on, if one is."""
        stack = getattr(_active, "stack", ())
        return stack[-1].location if stack else None

    def __enter__(self) -> Builder:
        if not hasattr(_active, "stack"):
            _active.stack = []
        _active.stack.append(self)
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _active.stack.pop()

    # -- emission --------------------------------------------------------------------
    def input(self, type_: Type, name: str | None = None) -> Value:
        """A new input of the graph."""
        value = Value(type_, name, self)
        self.inputs.append(value)
        return value

    def constant(self, value: Any) -> Value:
        """A value known now."""
        return self.emit(constant_op, value=Literal(value))

    def size(self, size: Size) -> Value:
        """A size as a Python int."""
        return self.emit(dim_op, size=size) if isinstance(size, Dim) else self.constant(size)

    def as_value(self, x: Any) -> Value:
        """`x` itself, or the constant or size that it is."""
        if isinstance(x, Value):
            return self.local(x)
        return self.size(x) if isinstance(x, Dim) else self.constant(x)

    def emit(
        self,
        op: OpLike,
        *inputs: Any,
        regions: Sequence[Graph] = (),
        location: Location | None = None,
        name: str | None = None,
        **attrs: Any,
    ) -> Any:
        """Apply `op`; its Value, or a tuple of Values if it has several results."""
        values = tuple([x if type(x) is Value and x.scope is self else self.as_value(x) for x in inputs])
        key = (op, values, freeze(attrs) if attrs else (), tuple(map(id, regions)) if regions else ())
        known = None if op.effect else self._numbers.get(key)
        if known is None:
            known = self._append(op, values, attrs, regions, location or self.location)
            if not op.effect:
                self._numbers[key] = known
        if name is not None and len(known) == 1 and known[0].name is None:
            known[0].name = name
        return known if getattr(op, "multiple", False) else known[0]

    def _append(
        self,
        op: OpLike,
        values: tuple[Value, ...],
        attrs: dict[str, Any],
        regions: Sequence[Graph],
        location: Location | None,
    ) -> tuple[Value, ...]:
        if getattr(op, "regional", False):  # Cond, Loop, Derivative: types come from the regions
            types = op.type_rule(*[v.type for v in values], regions=tuple(regions), **attrs)
        else:
            types = op.type_rule(*[v.type for v in values], **attrs)
        types = types if isinstance(types, tuple) else (types,)
        outputs = tuple([Value(t, None, self) for t in types])
        self.nodes.append(Node(op, values, attrs, regions, outputs, location))
        return outputs

    def local(self, value: Value) -> Value:
        """`value` as seen from inside this builder: itself, or an input that stands for it."""
        if value.scope is self:
            return value
        if value.node is not None and value.node.op in (constant_op, dim_op):
            return self.emit(value.node.op, **value.node.attrs)
        if value not in self.captured:
            if self.parent is None:
                raise ValueError(f"{value!r} belongs to another graph")
            self.parent.local(value)  # must be visible from there
            self.captured[value] = self.input(value.type, value.name)
        return self.captured[value]

    def inline(self, graph: Graph, inputs: Sequence[Any]) -> tuple[Value, ...]:
        """Emit the nodes of `graph` here with `inputs` in place of its inputs; its outputs."""
        mapping: dict[Value, Value] = {
            old: self.as_value(new) for old, new in zip(graph.inputs, inputs, strict=True)
        }
        for node in graph.nodes:
            copy_node(self, node, mapping)
        return tuple(mapping[v] for v in graph.outputs)

    def build(self, outputs: Sequence[Any], name: str | None = None) -> Graph:
        """The finished graph."""
        values = [self.as_value(x) for x in outputs]
        return Graph(self.inputs, self.nodes, values, name or self.name)


def copy_node(builder: Builder, node: Node, mapping: dict[Value, Value]) -> tuple[Value, ...]:
    """Emit `node` again with its inputs replaced by `mapping`, which learns its outputs."""
    result = builder.emit(
        node.op,
        *[mapping[v] for v in node.inputs],
        regions=node.regions,
        location=node.location,
        **node.attrs,
    )
    outputs = result if isinstance(result, tuple) else (result,)
    for old, new in zip(node.outputs, outputs, strict=True):
        mapping[old] = new
        new.named_after(old)
    return outputs


def freeze(x: Any) -> Any:
    """A hashable stand-in for an attribute; True and 1, 0.0 and -0.0 stay apart."""
    if isinstance(x, dict):
        return tuple((k, freeze(v)) for k, v in sorted(x.items()))
    if isinstance(x, (tuple, list)):
        return (type(x), *map(freeze, x))
    if isinstance(x, slice):
        return (slice, freeze(x.start), freeze(x.stop), freeze(x.step))
    if isinstance(x, (bool, float, complex, np.ndarray, np.generic)):
        return Literal(x)
    return x
