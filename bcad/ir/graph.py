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

from .assume import assumptions
from .types import ArrayType, Type


class OpLike(Protocol):
    """What a graph asks of an operation; ``bcad.ops`` declares them."""

    name: str
    effect: bool

    def type_rule(self, *inputs: Any, **attrs: Any) -> Type | tuple[Type, ...]: ...

    def evaluate(self, *inputs: Any, **attrs: Any) -> Any: ...


def _operator(name: str) -> Callable[..., Any]:
    def method(*operands: Any) -> Any:
        return Value.operators[name](*operands)

    method.__name__ = name
    return method


class Value:
    """One result of a Node, or an input of a Graph.

    Values take Python's operators, so that derivative rules read like NumPy; what an
    operator emits is said by ``bcad.ops`` (`operators`), into the current Builder.
    """

    __slots__ = ("type", "name", "hint", "node", "index", "scope", "__weakref__")

    operators: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init__(self, type_: Type, name: str | None, scope: object) -> None:
        self.type: Any = type_  # a Type; Any, as rules know that what they are given are arrays
        self.name = name
        self.hint: str | None = None  # what it holds, if nobody named it: ``d_x``, the cotangent of x; code calls it so
        self.node: Node | None = None
        self.index = 0
        self.scope = scope  # the Builder that owns this value

    def named_after(self, other: Value) -> None:
        """Take over the names of a value that this one stands for, where it has none."""
        self.name = self.name or other.name
        self.hint = self.hint or other.hint

    @property
    def shape(self) -> tuple[Any, ...]:  # of Sizes
        return self._array().shape

    @property
    def ndim(self) -> int:
        return self._array().ndim

    @property
    def dtype(self) -> Any:
        return self._array().dtype

    def __iter__(self) -> Iterator[Value]:
        """The items along the first axis; how many there are is held to."""
        return iter([self[k] for k in range(assumptions().known(self.shape[0]))])

    def _array(self) -> ArrayType:
        assert isinstance(self.type, ArrayType), f"{self.type} is not an array"
        return self.type

    __add__ = _operator("__add__")
    __radd__ = _operator("__radd__")
    __sub__ = _operator("__sub__")
    __rsub__ = _operator("__rsub__")
    __mul__ = _operator("__mul__")
    __rmul__ = _operator("__rmul__")
    __truediv__ = _operator("__truediv__")
    __rtruediv__ = _operator("__rtruediv__")
    __floordiv__ = _operator("__floordiv__")
    __rfloordiv__ = _operator("__rfloordiv__")
    __mod__ = _operator("__mod__")
    __rmod__ = _operator("__rmod__")
    __matmul__ = _operator("__matmul__")
    __rmatmul__ = _operator("__rmatmul__")
    __pow__ = _operator("__pow__")
    __rpow__ = _operator("__rpow__")
    __and__ = _operator("__and__")
    __rand__ = _operator("__rand__")
    __or__ = _operator("__or__")
    __ror__ = _operator("__ror__")
    __xor__ = _operator("__xor__")
    __rxor__ = _operator("__rxor__")
    __lshift__ = _operator("__lshift__")
    __rlshift__ = _operator("__rlshift__")
    __rshift__ = _operator("__rshift__")
    __rrshift__ = _operator("__rrshift__")
    __neg__ = _operator("__neg__")
    __pos__ = _operator("__pos__")
    __abs__ = _operator("__abs__")
    __invert__ = _operator("__invert__")
    __getitem__ = _operator("__getitem__")
    __lt__ = _operator("__lt__")
    __le__ = _operator("__le__")
    __gt__ = _operator("__gt__")
    __ge__ = _operator("__ge__")

    def __repr__(self) -> str:
        return f"<Value {self.name or hex(id(self))}: {self.type}>"


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

    def objects(self) -> list[Any]:
        """What the text names but cannot hold, by number: functions, large arrays."""
        from .printer import objects_of

        return objects_of(self)

    @staticmethod
    def parse(text: str, objects: Sequence[Any] = ()) -> Graph:
        """The graph that ``str(graph)`` shows; `objects`: ``graph.objects()``, if it names any.

        Raises
        ------
        ValueError
            Naming the line of `text` that is not part of a graph.
        """
        from .parser import parse

        return parse(text, objects)
