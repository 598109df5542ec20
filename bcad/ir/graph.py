"""Value, Node and Graph: an ordered, closed expression in single-assignment form.

A Graph is closed: a region (the arm of a Cond, the body of a Loop) takes everything it
uses as explicit inputs.  Symbols of sizes are the exception: they are named once for the
whole program and are in scope everywhere.  Nothing here is changed after it was built;
passes make new graphs with a Builder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from interpreter import Location

from .dim import Size
from .types import ArrayType, Type


class OpLike(Protocol):
    """What a graph asks of an operation; ``bcad.ops`` declares them."""

    name: str
    effect: bool

    def type_rule(self, *inputs: Any, **attrs: Any) -> Type | tuple[Type, ...]: ...

    def evaluate(self, *inputs: Any, **attrs: Any) -> Any: ...


class Value:
    """One result of a Node, or an input of a Graph.

    Values take Python's operators, so that derivative rules read like NumPy; what an
    operator emits is said by ``bcad.ops`` (`operators`), into the current Builder.
    """

    __slots__ = ("type", "name", "node", "index", "scope", "__weakref__")

    operators: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init__(self, type_: Type, name: str | None, scope: object) -> None:
        self.type = type_
        self.name = name
        self.node: Node | None = None
        self.index = 0
        self.scope = scope  # the Builder that owns this value

    @property
    def shape(self) -> tuple[Size, ...]:
        return self._array().shape

    @property
    def ndim(self) -> int:
        return self._array().ndim

    @property
    def dtype(self) -> Any:
        return self._array().dtype

    def _array(self) -> ArrayType:
        assert isinstance(self.type, ArrayType), f"{self.type} is not an array"
        return self.type

    def __repr__(self) -> str:
        return f"<Value {self.name or hex(id(self))}: {self.type}>"


def _operator(name: str) -> Callable[..., Any]:
    def method(*operands: Any) -> Any:
        return Value.operators[name](*operands)

    method.__name__ = name
    return method


for _name in (
    "add radd sub rsub mul rmul truediv rtruediv matmul rmatmul pow rpow neg abs getitem "
    "lt le gt ge and or invert"
).split():
    setattr(Value, f"__{_name}__", _operator(f"__{_name}__"))


class Node:
    """One application of an Op: inputs, static attributes and regions give outputs."""

    __slots__ = ("op", "inputs", "attrs", "regions", "outputs", "location")

    def __init__(
        self,
        op: OpLike,
        inputs: Sequence[Value],
        attrs: Mapping[str, Any],
        regions: Sequence[Graph],
        outputs: Sequence[Value],
        location: Location | None,
    ) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.attrs = dict(attrs)
        self.regions = tuple(regions)
        self.outputs = tuple(outputs)
        self.location = location
        for index, value in enumerate(self.outputs):
            value.node, value.index = self, index

    @property
    def output(self) -> Value:
        (value,) = self.outputs
        return value

    def __repr__(self) -> str:
        return f"<Node {self.op.name}>"


class Graph:
    """Inputs, ordered nodes, outputs."""

    __slots__ = ("inputs", "nodes", "outputs", "name")

    def __init__(
        self,
        inputs: Sequence[Value],
        nodes: Sequence[Node],
        outputs: Sequence[Value],
        name: str = "f",
    ) -> None:
        self.inputs = tuple(inputs)
        self.nodes = tuple(nodes)
        self.outputs = tuple(outputs)
        self.name = name

    def walk(self) -> Iterator[Node]:
        """Every node, those of regions included, in program order (a region before its node)."""
        for node in self.nodes:
            for region in node.regions:
                yield from region.walk()
            yield node

    def uses(self) -> dict[Value, int]:
        """How often each value is read by this graph's own nodes and outputs."""
        counts: dict[Value, int] = {}
        for node in self.nodes:
            for value in node.inputs:
                counts[value] = counts.get(value, 0) + 1
        for value in self.outputs:
            counts[value] = counts.get(value, 0) + 1
        return counts

    def __str__(self) -> str:
        from .printer import text

        return text(self)
