"""The tracer's Builder: numbers known while tracing are folded; sizes that were unified are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import (
    ArrayType,
    Builder,
    Dim,
    Graph,
    Kind,
    Literal,
    Node,
    OpLike,
    Value,
    as_kind,
    constant_op,
    dim_op,
)
from bcad.ops import BY_NAME

if TYPE_CHECKING:
    from interpreter import Location

    from .session import Session

FACTORISATIONS = frozenset(("cholesky", "inv", "solve"))


class TraceBuilder(Builder):
    """A Builder whose ``emit`` computes what depends on known numbers alone."""

    def __init__(self, session: Session, parent: Builder | None = None, name: str = "f") -> None:
        super().__init__(parent, name)
        self.session = session
        self.stands_for: dict[Value, Value] = {}  # input of a region -> the outer value it stands for
        self.memo: dict[Any, Any] = {}  # what calls of memoised functions gave

    def emit(
        self,
        op: OpLike,
        *inputs: Any,
        regions: Sequence[Graph] = (),
        location: Location | None = None,
        name: str | None = None,
        **attrs: Any,
    ) -> Any:
        if not regions and not op.effect and inputs and op is not constant_op:
            values = tuple(self.as_value(x) for x in inputs)
            if all(map(is_number, values)):
                folded = self._fold(op, values, attrs)
                if folded is not None:
                    return folded
            inputs = values
        if op.name in FACTORISATIONS:
            inputs = self._made_safe(op.name, inputs)
        elif op is BY_NAME["as_kind"]:
            self._settle_integer(inputs[0], **attrs)
        made = super().emit(op, *inputs, regions=regions, location=location, name=name, **attrs)
        return made if getattr(op, "raises", None) is None else self._settled(made)

    def _settled(self, made: Value) -> Value:
        """The result of an op that Python may raise in."""
        from .operations.raises import held, kinds_of, may_be_caught, may_raise

        assert made.node is not None
        if may_raise(made.node) and may_be_caught(self.session) and may_be_caught(self.session, *kinds_of(made.node)):
            return held(self.session, made.node)
        return made

    def _made_safe(self, name: str, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Operands of a factorisation which NumPy may raise in."""
        from .operations.fragile import made_safe

        return made_safe(self.session, name, inputs)

    def _settle_integer(self, x: Value, kind: Kind, dtype: np.dtype[Any]) -> None:
        """A float that is to become an int of Python's."""
        if kind is Kind.PYTHON and dtype.kind == "i" and x.type.differentiable:
            from .operations.fragile import settle_integer

            settle_integer(self.session, x)

    def withdraw(self, node: Node) -> None:
        """Take back a node that has just been made; one that was there before stays."""
        if self.nodes[-1] is node:
            self.nodes.pop()
            if next(reversed(self._numbers.values())) == node.outputs:
                self._numbers.popitem()

    def _append(
        self,
        op: OpLike,
        values: tuple[Value, ...],
        attrs: dict[str, Any],
        regions: Sequence[Graph],
        location: Location | None,
    ) -> tuple[Value, ...]:
        self.session.count_node()
        location = location or self.session.location()
        with self.session.assumptions.finding_ones() as ones:
            made = super()._append(op, values, attrs, regions, location)
        if ones and not regions and op is not BY_NAME["reshape"]:
            made = self._with_ones(values, ones, made[0].node)
        return made

    def _with_ones(self, values: tuple[Value, ...], ones: set[Dim], node: Any) -> tuple[Value, ...]:
        """`node` on operands of literal length 1 where broadcasting found that a size is 1.

        ``x[2:3] * x`` is x[2]*x if x is long enough, which is guarded; nobody behind the tracer
        should have to ask again whether min(3, n) - 2 is 1 or n.
        """
        assert self.nodes.pop() is node
        plain = [
            BY_NAME["reshape"](v, shape=tuple(1 if s in ones else s for s in v.shape))
            if isinstance(v.type, ArrayType) and not ones.isdisjoint(v.shape) else v
            for v in values
        ]  # fmt: skip
        return super()._append(node.op, tuple(plain), node.attrs, node.regions, node.location)

    def _fold(self, op: OpLike, values: tuple[Value, ...], attrs: dict[str, Any]) -> Value | None:
        """The constant that `op` gives, if it is one number; Python's own exceptions get out."""
        if any(map(_symbolic, attrs.values())) or getattr(op, "multiple", False):
            return None
        type_ = op.type_rule(*(v.type for v in values), **attrs)
        if not isinstance(type_, ArrayType) or type_.kind is Kind.ARRAY:
            return None
        try:
            with np.errstate(all="raise"):
                result = op.evaluate(*map(constant_of, values), **attrs)
        except FloatingPointError:  # let it warn, or raise, at each call
            return None
        return self.constant(as_kind(result, type_))


def is_number(value: Value) -> bool:
    """Whether a Value is one number known now."""
    node = value.node
    return node is not None and node.op is constant_op and isinstance(value.type, ArrayType) and not value.type.shape


def is_constant(value: Value) -> bool:
    """Whether a Value is a number, array or object known now."""
    return value.node is not None and value.node.op is constant_op


def constant_of(value: Value) -> Any:
    """What a constant Value is."""
    assert value.node is not None
    literal: Literal = value.node.attrs["value"]
    return literal.value


def size_of(value: Value) -> Any:
    """The Dim that a Value is, or None."""
    node = value.node
    return node.attrs["size"] if node is not None and node.op is dim_op else None


def _symbolic(attr: Any) -> bool:
    if isinstance(attr, (tuple, list)):
        return any(map(_symbolic, attr))
    if isinstance(attr, slice):
        return any(map(_symbolic, (attr.start, attr.stop, attr.step)))
    return isinstance(attr, Dim)
