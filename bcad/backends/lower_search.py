"""Searching: sorted arrays by bisection, key after key, as NumPy does it; where an array is not zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Node, Value

from .complexes import Unsupported
from .kernel import BOOL, INT, Accumulate, Exit, Expr, Fail
from .plan import is_array
from .scalars import needs
from .scope import Scope
from .specials import special


def _table(node: Node) -> list[Value]:
    """What is searched must be in memory; a key is needed but once."""
    return [node.inputs[0]] if is_array(node.inputs[0]) else []


@special("searchsorted", operands=_table)
def _searchsorted(scope: Scope, node: Node, step: int) -> None:
    """NumPy's own bisection (npy_binsearch): from key to key one bound is kept, which shows if the array is not sorted."""
    (a, v), e, s, out = node.inputs, scope.e, scope.s, node.output
    dtype = np.promote_types(a.dtype, v.dtype)
    if dtype.kind == "c":
        raise Unsupported("searchsorted of complex numbers")
    search = _Bisection(scope, a, dtype, node.attrs["side"])
    target = scope.room_for(out) if is_array(out) else None

    def level(index: tuple[Expr, ...]) -> None:
        if len(index) < v.ndim:
            with e.loop(e.int(0), scope.size(v.shape[len(index)])) as i:
                level((*index, i))
            return
        key = s.cast(scope.element(v, index), v.dtype, dtype)
        assert isinstance(key, Expr)
        place = search.find(key)
        if target is None:
            scope.bind(out, place)
        else:
            e.store(target, scope.flat(target, index) if index else e.int(0), place)

    level(())
    if target is not None:
        scope.bind(out, scope.rewritten(target))


@special("nonzero")
def _nonzero(scope: Scope, node: Node, step: int) -> None:
    """They are counted first: only then there is a place for their indices."""
    (x,), e, s = node.inputs, scope.e, scope.s
    if not is_array(x):
        raise Unsupported("nonzero of a number")
    source, sizes = scope.memory(x), scope.sizes(x.shape)
    count = e.variable("count", INT, e.int(0))
    with e.loop(e.int(0), e.product(sizes)) as i:
        e.append(Accumulate(count, "add", s.convert(s.truth(e.load(source, i)), INT)))
    length = e.get(count)
    if scope.knows(node.attrs["length"]):  # there is room for so many as were found elsewhere
        different = s.compare("ne", length, scope.function.symbols[node.attrs["length"]])
        e.append(Fail(different, scope.function.message("indices of what is not zero of several lengths")))
    scope.know(node.attrs["length"], length)
    targets = [scope.room_for(value) for value in node.outputs]
    found = e.variable("found", INT, e.int(0))

    def level(index: tuple[Expr, ...]) -> None:
        if len(index) < len(sizes):
            with e.loop(e.int(0), sizes[len(index)]) as i:
                level((*index, i))
            return
        here, not_here = e.arms(s.truth(e.load(source, scope.flat(source, index))))
        with here:
            place = e.get(found)
            for target, i in zip(targets, index, strict=True):
                e.store(target, place, i)
            e.set(found, e.add(place, e.int(1)))
        with not_here:
            pass

    level(())
    for value, target in zip(node.outputs, targets, strict=True):
        scope.bind(value, scope.rewritten(target))


class _Bisection:
    """The search of one array for several keys."""

    def __init__(self, scope: Scope, a: Value, dtype: np.dtype[Any], side: str) -> None:
        e = self.e = scope.e
        self.scope, self.a, self.dtype, self.side = scope, a, dtype, side
        self.n = scope.size(a.shape[0])
        self.low, self.high = e.variable("low", INT, e.int(0)), e.variable("high", INT, self.n)
        zero = scope.s.literal(0, dtype)
        assert isinstance(zero, Expr) and zero.type == needs(dtype)
        self.last = e.variable("last", zero.type, zero)  # the key before; for the first one both bounds stay as they are

    def find(self, key: Expr) -> Expr:
        """Where `key` would be inserted."""
        e, s, n = self.e, self.scope.s, self.n
        rising = self._before(e.get(self.last), key)
        low, high = e.get(self.low), e.get(self.high)
        more = e.add(high, e.int(1))
        e.set(self.low, s._select(rising, low, e.int(0)))
        e.set(self.high, s._select(rising, n, s._select(s.compare("lt", high, n), more, n)))
        e.set(self.last, key)
        with e.forever():
            low, high = e.get(self.low), e.get(self.high)
            e.append(Exit(s.compare("ge", low, high)))
            middle = e.add(low, e.floordiv(e.sub(high, low), e.int(2)))
            found = s.cast(self.scope.element(self.a, (middle,)), self.a.dtype, self.dtype)
            assert isinstance(found, Expr)
            less = self._before(found, key)
            e.set(self.low, s._select(less, e.add(middle, e.int(1)), low))
            e.set(self.high, s._select(less, high, middle))
        return e.get(self.low)

    def _before(self, a: Expr, b: Expr) -> Expr:
        """Whether `b` is to be inserted behind `a`."""
        if self.side == "left":
            return self._less(a, b)
        return self.e.emit("not", self._less(b, a), type=BOOL)

    def _less(self, a: Expr, b: Expr) -> Expr:
        """The order in which NumPy sorts: NaN behind all numbers."""
        s = self.scope.s
        less = s.compare("lt", a, b)
        if a.type[0] != "f":
            return less
        nan = s.binary("and", s.compare("ne", b, b), s.compare("eq", a, a))
        return s.binary("or", less, nan)
