"""Generator expressions over what is traced: their items can be asked for by number."""

from __future__ import annotations

from collections.abc import Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from interpreter import Frame

from ..regions.arms import fork_of
from ..regions.states import Abandon
from .generators import is_made_here
from .indexed import Indexed
from .iteration import indexed
from .sequences import ListIterator

if TYPE_CHECKING:
    from ..session import Session


class ExpressionIterator(Indexed):
    """``(f(v) for v in source)``, not yet started: item k is f of item k of the source."""

    __slots__ = ("generator", "frame", "source", "header", "yields", "has_branches")

    def __init__(
        self, session: Session, generator: Any, frame: Frame, source: Indexed, header: int, yields: int,
        has_branches: bool,
    ) -> None:
        super().__init__(session)
        self.generator = generator
        self.frame = frame
        self.source = source
        self.header = header
        self.yields = yields
        self.has_branches = has_branches

    def left(self) -> Any:
        return self.source.left()

    def lists(self) -> list[Any]:
        return self.source.lists()

    def within(self) -> Iterator[Indexed]:
        yield from self.source.within()

    def at(self, k: Any) -> Any:
        fork = fork_of(self.frame)
        fork.stack[:] = [None, self.source.at(k)]
        fork.pc = self.header + 1
        with self.session.inside(fork, None):
            outcome = fork.run_until({self.yields, self.header})
        if outcome.exception is not None:
            raise outcome.exception
        if outcome.pc != self.yields:
            raise Abandon("a generator expression leaves items out")
        return fork.stack[-1]


def over_expression(session: Session, value: Any) -> ExpressionIterator | None:
    """The numbered items of a generator expression that has not been started."""
    if type(value) is not GeneratorType or value.__name__ != "<genexpr>" or value.gi_frame is None:
        return None
    frame = value.gi_frame.f_locals.get("frame")
    if not isinstance(frame, Frame):
        return None
    shape = _shape(frame)
    source = indexed(session, frame.slots[0]) if shape is not None else None
    if source is None or isinstance(source, ListIterator):
        return None
    assert shape is not None
    return ExpressionIterator(session, value, frame, source, *shape) if is_made_here(session, value, frame) else None


def _shape(frame: Frame) -> tuple[int, int, bool] | None:
    """Where the one loop of a generator expression starts and yields, and whether there are branches in between."""
    instructions = frame.code.instructions
    headers = [i.index for i in instructions if i.opcode == "FOR_ITER"]
    yields = [i.index for i in instructions if i.opcode == "YIELD_VALUE"]
    started = len(headers) != 1 or len(yields) != 1 or frame.pc > headers[0]
    if started:
        return None
    return headers[0], yields[0], any(i.jumps_if is not None for i in instructions[headers[0]:yields[0]])
