"""Ints that steer loops: what the bounds or the tests of a loop read become inputs, so that another trip count is no other program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bcad.ir import Value
from interpreter import Frame, Instruction

from ..captures.guards import HasValue
from ..captures.sources import Argument, Attribute, Item, Source
from ..example import NoExample, outside
from ..tracers import NumberTracer, SizeTracer

if TYPE_CHECKING:
    from ..session import Session

_VARIABLES = ("LOAD_FAST", "LOAD_DEREF", "LOAD_ATTR", "LOAD_METHOD")
_CHANGING = (Argument, Attribute, Item)  # globals and closures rarely do: those stay known numbers


def steering_ints(session: Session, frame: Frame, header: int) -> frozenset[Source]:
    """The ints from outside, guarded by value so far, that decide how often the loop at `header` goes round."""
    guarded = _guarded(session)
    if not guarded:
        return frozenset()
    reads = _Reads(set(guarded.values()))
    reads.loop(frame, header)
    return frozenset(
        source for source, value in guarded.items()
        if _name(source) in reads.names or str(source) in reads.names or value in reads.values
    )


def _guarded(session: Session) -> dict[Source, int]:
    return {
        guard.where: guard.value for guard in session.guards
        if type(guard) is HasValue and type(guard.value) is int and isinstance(guard.where, _CHANGING)
        and guard.where not in session.fixed
    }


def _name(source: Source) -> str | None:
    return source.name if isinstance(source, Attribute) else None


# -- what a loop reads ----------------------------------------------------------------------------
class _Reads:
    """The names, and the ints of parameters, that the iterable or the tests of a loop are computed from.

    Parameters
    ----------
    known : set of int
        Where a parameter is one of these nobody need look for what its caller computed it from.
    """

    def __init__(self, known: set[int]) -> None:
        self.known = known
        self.names: set[str] = set()
        self.values: set[int] = set()

    def loop(self, frame: Frame, header: int) -> None:
        instructions = frame.code.instructions
        if instructions[header].opcode != "FOR_ITER":
            self.expressions(frame, list(_tests(frame, header)))
        elif ".0" in frame.code.slot_names:  # a comprehension: its caller made the iterator
            self.caller(frame, before=2)
        else:
            made = next((k for k in range(header - 1, 0, -1) if instructions[k].opcode == "GET_ITER"), None)
            if made is not None:  # GET_ITER itself is about the whole statement
                self.expressions(frame, [made - 1])

    def caller(self, frame: Frame, before: int = 1) -> None:
        if frame.back is not None and not frame.code.hidden:
            self.expressions(frame.back, [max(frame.back.pc - before, 0)])

    def expressions(self, frame: Frame, places: list[int]) -> None:
        """What the instructions at some places are about; variables are followed to where they are assigned."""
        seen: set[int] = set()
        while places:
            for instruction in _within(frame, places.pop()):
                if instruction.index in seen or instruction.opcode not in _VARIABLES:
                    continue
                seen.add(instruction.index)
                if instruction.opcode == "LOAD_FAST":
                    places += self._variable(frame, instruction)
                else:
                    self.names.add(str(instruction.symbol))

    def _variable(self, frame: Frame, load: Instruction) -> list[int]:
        """Where the variable that `load` reads is assigned."""
        held = frame.slots[load.arg]
        if not _is_int(held):
            return []
        self.names.add(str(load.symbol))
        stores = [k.index for k in frame.code.instructions if k.opcode == "STORE_FAST" and k.arg == load.arg]
        if not stores and type(held) is int:
            if held in self.known:
                self.values.add(held)
            else:
                self.caller(frame)
        return stores


def _tests(frame: Frame, header: int) -> Iterator[int]:
    """The conditional jumps that may leave a loop."""
    around = frame.code.cfg.loops[header]
    for pc in around.body:
        instruction = frame.code.instructions[pc]
        if instruction.jumps_if is not None and (instruction.target in around.exits or pc + 1 in around.exits):
            yield pc


def _is_int(x: object) -> bool:
    if type(x) is NumberTracer:
        return bool(x._type().dtype.kind == "i")
    return type(x) in (int, SizeTracer)


def _within(frame: Frame, pc: int) -> list[Instruction]:
    """The instructions of the same stretch of source; of an assignment, of its lines."""
    code = frame.code
    line, end_line, column, end_column = code.positions[code.instructions[pc].offset // 2]
    if line is None or end_line is None or column is None or end_column is None:
        return []
    first, last = (line, column), (end_line, end_column)
    if code.instructions[pc].opcode == "STORE_FAST":
        first, last = (line, 0), (end_line, 1 << 30)
    found = []
    for instruction in code.instructions:
        at, end, left, right = code.positions[instruction.offset // 2]
        if None not in (at, end, left, right) and first <= (at, left) and (end, right) <= last:
            found.append(instruction)
    return found


# -- ints that have to be known after all ------------------------------------------------------------
def behind(session: Session, value: Value) -> frozenset[Source]:
    """The steering ints that `value` is computed from, if from nothing else; else nothing."""
    if not session.steering:
        return frozenset()
    sources = {v: source for v, source in session.inputs}
    found: set[Source] = set()
    stack = [value]
    while stack:
        current = stack.pop()
        if current.node is not None:
            stack += current.node.inputs
        elif current in sources:
            source = sources[current]
            if source not in session.steering:
                return frozenset()
            found.add(source)
        else:
            try:
                stack.append(outside(current))
            except NoExample:
                return frozenset()
    return frozenset(found)
