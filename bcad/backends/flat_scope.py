"""Elements by their place in memory, for domains that are one long axis."""

from __future__ import annotations

from typing import Any

from bcad.ir import Value, constant_op
from bcad.ops import Elementwise

from .kernel import Buffer, Expr, Number
from .plan import is_array
from .scalars import Unsupported, apply


class FlatScope:
    """A scope in which an index is a position in memory, for domains that are one long axis."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scope, name)

    def element(self, value: Value, index: tuple[Expr, ...]) -> Number:
        scope = self.scope
        if not is_array(value):
            return scope.element(value, ())
        found = scope.env.get(value)
        while isinstance(found, tuple):
            scope, value = found
            found = scope.env.get(value)
        if isinstance(found, Buffer):
            return scope.e.load(found, scope.along(found, index[0]))
        node = value.node
        assert node is not None
        key = (value, *map(id, index))
        known = scope.memo.get(key)
        if known is not None and scope._visible(known):
            return known
        try:
            result = self._compute(scope, node, value, index)
        except Unsupported as failure:
            scope.refuse(node, failure)
            raise
        scope.memo[key] = result
        return result

    def _compute(self, scope: Any, node: Any, value: Value, index: tuple[Expr, ...]) -> Number:
        if node.op is constant_op:
            x = node.attrs["value"].value
            if x.size > 1 and value not in scope.env:
                scope.constant_buffer(value, x)
                return scope.e.load(scope.env[value], index[0])
            return scope._constant(value, x, index)
        inner = self if scope is self.scope else FlatScope(scope)
        if isinstance(node.op, Elementwise):
            return apply(scope.s, node, [inner.element(x, index) for x in node.inputs])
        (x,) = node.inputs
        return scope.s.cast(inner.element(x, index), x.dtype, value.dtype)
