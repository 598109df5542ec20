"""Patterns over Values, written with the operators and op names they stand for.

``x * 1`` matches a multiplication by the number 1 in either order; ``op.exp(op.log(x))``
the exponential of a logarithm; ``op.reshape(x, shape=s)`` binds the attribute to ``s``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bcad.ir import Literal, Node, Value, constant_op
from bcad.ops import BY_NAME

Bindings = dict[str, Any]
COMMUTATIVE = frozenset({"add", "multiply", "logical_or", "logical_and", "equal", "not_equal"})


class Pattern:
    """Matches a Value; operators on patterns build the pattern of an application."""

    def match(self, value: Value, bound: Bindings) -> Iterator[Bindings]:
        """Every way in which `value` is an instance, given what is bound already."""
        raise NotImplementedError

    def possible(self, value: Value) -> bool:
        """Whether `value` may be an instance, as far as is seen at a glance."""
        return True

    def __add__(self, other: Any) -> Pattern:
        return op.add(self, other)

    def __radd__(self, other: Any) -> Pattern:
        return op.add(other, self)

    def __sub__(self, other: Any) -> Pattern:
        return op.subtract(self, other)

    def __rsub__(self, other: Any) -> Pattern:
        return op.subtract(other, self)

    def __mul__(self, other: Any) -> Pattern:
        return op.multiply(self, other)

    def __rmul__(self, other: Any) -> Pattern:
        return op.multiply(other, self)

    def __truediv__(self, other: Any) -> Pattern:
        return op.divide(self, other)

    def __rtruediv__(self, other: Any) -> Pattern:
        return op.divide(other, self)

    def __pow__(self, other: Any) -> Pattern:
        return op.power(self, other)

    def __neg__(self) -> Pattern:
        return op.negative(self)


class Any_(Pattern):
    """Any value, the same one wherever the name occurs."""

    def __init__(self, name: str, accept: Callable[[Value], bool] | None = None) -> None:
        self.name = name
        self.accept = accept

    def match(self, value: Value, bound: Bindings) -> Iterator[Bindings]:
        if self.name in bound:
            if bound[self.name] is value:
                yield bound
        elif self.accept is None or self.accept(value):
            yield {**bound, self.name: value}


class Number(Pattern):
    """A constant all of whose elements are this number, the sign of zero included."""

    def __init__(self, number: Any) -> None:
        self.number = number

    def match(self, value: Value, bound: Bindings) -> Iterator[Bindings]:
        found = number_of(value)
        if found is not None and found == self.number and _sign(found) == _sign(self.number):
            yield bound


class Application(Pattern):
    """An op applied to operands; attributes are compared, or bound to an `Attr`."""

    def __init__(self, name: str, operands: tuple[Any, ...], attrs: dict[str, Any]) -> None:
        self.name = name
        self.operands = tuple(map(as_pattern, operands))
        self.attrs = attrs
        self._telling = tuple((k, _ops_of(p)) for k, p in enumerate(self.operands) if _ops_of(p))

    def possible(self, value: Value) -> bool:
        """Whether the ops of the operands are those of the pattern's, in one order or the other."""
        node = value.node
        if node is None or len(node.inputs) != len(self.operands):
            return False
        return self._telling_of(node.inputs) or (self.name in COMMUTATIVE and self._telling_of(node.inputs[::-1]))

    def _telling_of(self, inputs: tuple[Value, ...]) -> bool:
        for k, names in self._telling:
            node = inputs[k].node
            if node is None or node.op.name not in names:
                return False
        return True

    def match(self, value: Value, bound: Bindings) -> Iterator[Bindings]:
        node = value.node
        if node is None or node.op.name != self.name or len(node.inputs) != len(self.operands):
            return
        with_attrs = self._match_attrs(node, bound)
        if with_attrs is None:
            return
        yield from _match_all(self.operands, node.inputs, with_attrs)
        if self.name in COMMUTATIVE:
            yield from _match_all(self.operands, node.inputs[::-1], with_attrs)

    def _match_attrs(self, node: Node, bound: Bindings) -> Bindings | None:
        for key, wanted in self.attrs.items():
            found = node.attrs[key]
            if isinstance(wanted, Attr):
                if wanted.name in bound and bound[wanted.name] != found:
                    return None
                bound = {**bound, wanted.name: found}
            elif wanted != found:
                return None
        return bound


class Attr:
    """Binds an attribute of a matched node."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Ops:
    """``op.exp(x)``: the pattern of an application, by the op's name."""

    def __getattr__(self, name: str) -> Callable[..., Application]:
        return lambda *operands, **attrs: Application(name, operands, attrs)


op = _Ops()
x, y, z, w = (Any_(name) for name in "xyzw")


def constant(name: str) -> Any_:
    """Any constant."""
    return Any_(name, accept=lambda v: v.node is not None and v.node.op is constant_op)


def _ops_of(pattern: Pattern) -> frozenset[str]:
    """The ops of which an instance of a pattern is made; empty if it may be anything."""
    if isinstance(pattern, Application):
        return frozenset({pattern.name})
    return _NUMBERS if isinstance(pattern, Number) else frozenset()


_NUMBERS = frozenset({"constant", "full", "broadcast_to"})  # what `number_of` looks through


def as_pattern(thing: Any) -> Pattern:
    """A pattern as it is; a number as the pattern of that constant."""
    return thing if isinstance(thing, Pattern) else Number(thing)


def number_of(value: Value) -> Any:
    """The one number that all elements of a constant are, also through full and broadcast_to."""
    node = value.node
    if node is None:
        return None
    if node.op is constant_op:
        literal: Literal = node.attrs["value"]
        return _uniform(literal.value)
    if node.op in (BY_NAME["full"], BY_NAME["broadcast_to"]):
        return number_of(node.inputs[0])
    return None


def _uniform(value: Any) -> Any:
    if isinstance(value, (bool, int, float, complex, np.generic)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc" and 0 < value.size <= 16:
        first = value.flat[0]
        return first if (value == first).all() else None
    return None


def _sign(number: Any) -> bool:
    return bool(np.signbit(np.real(number)))


def _match_all(
    patterns: tuple[Pattern, ...], values: tuple[Value, ...], bound: Bindings
) -> Iterator[Bindings]:
    if not patterns:
        yield bound
        return
    for first in patterns[0].match(values[0], bound):
        yield from _match_all(patterns[1:], values[1:], first)
