"""The implicit function theorem: where ``F(x, c) == 0``, ``dx = -inv(F_x) @ F_c @ dc``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import ArrayType, Kind, Value
from bcad.ops import BY_NAME

from .closure import Closure, moving
from .routine import Routine, Values, as_number, zeros


class Implicit(Routine):
    """A routine whose first output solves the equations of a closure; other outputs have no derivative.

    Attributes
    ----------
    equations : Closure
        F, of the shape of its one argument x; by default the closure itself.
    free : int or None
        Which output says whether an element of x solves its equation; the others are held at a bound.
    """

    free: int | None = None

    @property
    def equations(self) -> Closure:
        return self.closure

    def pull(self, seeds: Values, outputs: Values, inputs: Values, wrt: Sequence[int]) -> list[Any]:
        F, x, c = self.equations, outputs[0], inputs[self.before :]
        chosen = [k - self.before + 1 for k in wrt if k >= self.before]
        if not chosen:
            return [None] * len(wrt)
        free = None if self.free is None else outputs[self.free]
        w = self._solved(F, x, c, seeds[0], True, free)
        residual = F.outputs[0].type
        w = BY_NAME["negative"](w)
        found = dict(zip(chosen, F.pulled(chosen).at(x, *c, as_number(w, _tangent(residual)) if not w.ndim else w), strict=True))
        return [found.get(k - self.before + 1) for k in wrt]

    def push(self, tangents: dict[int, Value], outputs: Values, inputs: Values) -> list[Any]:
        F, x, c = self.equations, outputs[0], inputs[self.before :]
        chosen = [k + 1 for k in moving(c)]
        still = [None] * (len(moving(outputs)) - 1)
        if not chosen:
            return [None, *still]
        (moved,) = F.pushed(chosen).at(x, *c, *(tangents[self.before + k - 1] for k in chosen))
        free = None if self.free is None else outputs[self.free]
        return [BY_NAME["negative"](self._solved(F, x, c, moved, False, free)), *still]

    def _solved(self, F: Closure, x: Value, c: Values, right: Value, transposed: bool, free: Value | None) -> Value:
        """``inv(F_x) @ right``; the rows of what is held at a bound are those of the identity, with nothing at the right."""
        (J,) = F.jacobian([0]).at(x, *c)
        if not x.ndim:
            moved = right / J
            return moved if free is None else BY_NAME["where"](free, moved, 0.0)
        n = x.type.size
        where, reshape = BY_NAME["where"], BY_NAME["reshape"]
        J = J if x.ndim == 1 else reshape(J, shape=(n, n))
        b = right if x.ndim == 1 else reshape(right, shape=(n,))
        J = BY_NAME["transpose"](J, axes=(1, 0)) if transposed else J
        if free is not None:
            rows, columns = reshape(free, shape=(n, 1)), reshape(free, shape=(1, n))
            identity = BY_NAME["eye"](n=n, m=n, k=0, dtype=J.dtype)
            J = where(BY_NAME["logical_and"](rows, columns), J, identity)
            b = where(free, b, zeros(b.type))
        solution = reshape(BY_NAME["solve"](J, reshape(b, shape=(n, 1))), shape=x.shape)
        return solution


def _tangent(type_: ArrayType) -> ArrayType:
    return ArrayType(type_.dtype, (), Kind.SCALAR if type_.kind is Kind.PYTHON else type_.kind)
