"""Sorting along an axis: NumPy's own functions, line by line."""

from __future__ import annotations

from bcad.ir import Node, Value

from . import numpy_sorts
from .complexes import Unsupported
from .kernel import INT, Buffer, Expr, Library
from .plan import is_array
from .scope import Scope
from .specials import special


def _nothing(node: Node) -> list[Value]:
    """Elements are read once, wherever they come from."""
    return []


@special("sort", "argsort", operands=_nothing)
def _sort(scope: Scope, node: Node, step: int) -> None:
    if not is_array(node.output):
        raise Unsupported(f"{node.op.name} of a number")
    lines = _Lines(scope, node)
    lines.level(())
    scope.bind(node.output, scope.rewritten(lines.target))
    scope.function.kernel.summary.append(f"{node.op.name} by NumPy's function {node.inputs[0].type}")


class _Lines:
    """The lines of an array along one axis.

    The numbers of a line are sorted where the result stands, if it has them one behind the other, else in a temporary line.
    `argsort` has a line of numbers and one of places.
    """

    def __init__(self, scope: Scope, node: Node) -> None:
        self.scope, self.e, (self.x,) = scope, scope.e, node.inputs
        self.axis, self.places = node.attrs["axis"], node.op.name == "argsort"
        kind = node.attrs.get("kind", "quicksort")
        found = numpy_sorts.routine(node.op.name, self.x.dtype, kind)
        if found is None:
            raise Unsupported(f"{node.op.name} of {self.x.dtype} by {kind}")
        self.routine = found
        self.n = scope.size(self.x.shape[self.axis])
        self.target = self._mutable(scope.room_for(node.output))
        self.last = self.axis == self.x.ndim - 1
        self.numbers = self._line(self.x.dtype) if self.places or not self.last else self.target
        self.line = self.numbers if not self.places else self.target if self.last else self._line(node.output.dtype)

    def _line(self, dtype: object) -> Buffer:
        return self._mutable(self.scope.allocate(dtype, (self.n,)))

    @staticmethod
    def _mutable(buffer: Buffer) -> Buffer:
        buffer.mutable = True
        return buffer

    def level(self, index: tuple[Expr, ...]) -> None:
        """One loop for each of the other axes; inside, one line."""
        e = self.e
        if len(index) < self.x.ndim - 1:
            axis = len(index) + (len(index) >= self.axis)
            with e.loop(e.int(0), self.scope.size(self.x.shape[axis])) as i:
                self.level((*index, i))
            return
        start = self._at(index, e.int(0)) if self.last else e.int(0)
        with e.loop(e.int(0), self.n) as i:
            number = self.scope.element(self.x, (*index[: self.axis], i, *index[self.axis :]))
            e.store(self.numbers, i if self.numbers is not self.target else e.add(start, i), number)
            if self.places:
                e.store(self.line, i if self.line is not self.target else e.add(start, i), i)
        self._call(start)
        if not self.last:
            with e.loop(e.int(0), self.n) as i:
                e.store(self.target, self._at(index, i), e.load(self.line, i))

    def _at(self, index: tuple[Expr, ...], i: Expr) -> Expr:
        """Where an element of the result stands."""
        return self.scope.flat(self.target, (*index[: self.axis], i, *index[self.axis :]))

    def _call(self, start: Expr) -> None:
        e, s = self.e, self.scope.s
        status = e.variable("status", INT, e.int(0))
        lines = [self.numbers, self.line] if self.places else [self.numbers]
        given = [("buffer", line, self._scalars(line, start if line is self.target else e.int(0))) for line in lines]
        then, otherwise = e.arms(s.compare("gt", self.n, e.int(1)))
        with then:
            e.library(Library(self.routine, (*given, ("count", self.n), ("nothing", None)), status, c=True))
        with otherwise:
            pass
        self.scope.trouble(s.compare("ne", e.get(status), e.int(0)))  # no memory

    def _scalars(self, line: Buffer, place: Expr) -> Expr:
        return self.e.mul(place, self.e.int(2)) if line.is_complex else place
