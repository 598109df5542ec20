"""Aside: the block of a with statement that belongs to a derivative: evaluated into a region, then undone."""

from __future__ import annotations

from contextlib import ExitStack
from types import CellType
from typing import TYPE_CHECKING, Any

from bcad.ir import Graph, Type, Value
from interpreter import UNBOUND, Frame

from .active import current_session
from .builder import TraceBuilder
from .regions.heap import changes_in
from .tracers import ArrayTracer, ValueTracer

if TYPE_CHECKING:
    from .session import Session

_STORES = ("STORE_FAST", "STORE_DEREF")


class Aside:
    """One such block: ``begin`` gives the value it is about, ``end`` the graph of what it makes of it.

    Attributes
    ----------
    outer : list of Value
        What the block reads from around it: the inputs of its graph after the first.
    """

    def __init__(self) -> None:
        session = current_session()
        assert session is not None, "Aside() outside a trace"
        self.session: Session = session
        self.outer: list[Value] = []

    def begin(self, like: Value, type_: Type, leave: Any) -> Any:
        """The stand-in of the region's input; `like` is its example, `leave` the function that ends the block."""
        session, frame = self.session, self._frame()
        if _is_left_early(frame):
            raise self._left_early()
        self._slot = self._variable(frame)
        if self._slot is not None:
            frame.code.cfg.kept.add(self._slot)  # the end of the block reads it
        self._before = list(frame.slots)
        self._depth = max(k for k, x in enumerate(frame.stack) if getattr(x, "__func__", x) is leave)
        self._around = session.builder
        self._builder = TraceBuilder(session, session.builder, "inserted")
        self._open = ExitStack()
        self._open.enter_context(self._builder)
        self._journal = self._open.enter_context(session.journal())
        self._was_aside, session.aside = session.aside, True
        value = self._builder.input(type_, "g")
        self._builder.stands_for[value] = like
        self._given = session.wrap(value)
        return self._given

    def final(self) -> Any:
        """What the block's variable holds now."""
        if self._slot is None:
            return self._given
        held = self._frame().slots[self._slot]
        held = held.cell_contents if isinstance(held, CellType) else held
        if held is UNBOUND:
            raise self.session.error("the block has deleted the cotangent", hint="assign another one to it")
        return held

    def end(self, final: Value) -> Graph:
        """The region from its input to `final`; all that the block wrote is undone."""
        session, frame = self.session, self._frame()
        if session.builder is not self._builder or len(frame.stack) != self._depth:
            raise self._left_early()
        self._require_no_traces(frame)
        graph = self._builder.build([final])
        self.outer = list(self._builder.captured)
        self.close()
        frame.slots[:] = self._before
        return Graph(self._builder.inputs, graph.nodes, graph.outputs, graph.name)

    def close(self) -> None:
        """Leave the region, whatever has become of it."""
        self.session.aside = self._was_aside
        self._open.close()

    def replace(self, old: Any, new: Value) -> None:
        """Let `new` be held wherever the user's function holds the number or array `old`."""
        if isinstance(old, ArrayTracer):
            old._write(new)
            return
        frame, made = self._frame(), self.session.wrap(new)
        for k, held in enumerate(frame.slots):
            if held is old:
                frame.slots[k] = made
            elif isinstance(held, CellType) and _contents(held) is old:
                self.session.touch(held)
                held.cell_contents = made

    def holds(self, x: Any) -> bool:
        """Whether `x` can be replaced: an array, or the value of a variable."""
        slots = self._frame().slots
        return isinstance(x, ArrayTracer) or (
            isinstance(x, ValueTracer) and any(s is x or (isinstance(s, CellType) and _contents(s) is x) for s in slots)
        )

    def _frame(self) -> Frame:
        assert self.session.frame is not None
        return self.session.frame

    def _variable(self, frame: Frame) -> int | None:
        """The slot that the with statement assigns to."""
        instruction = frame.code.instructions[frame.pc]
        if instruction.opcode in _STORES:
            return int(instruction.arg)
        if instruction.opcode == "POP_TOP":
            return None
        raise self.session.error("the cotangent needs a local variable", hint="write: with insert_grad_of(x) as g:")

    def _left_early(self) -> Any:
        return self.session.error(
            "the block of insert_grad_of is left in its middle",
            why="it is run in the derivative, where there is nothing to return to",
            hint="write no return, break or continue in it",
        )

    def _require_no_traces(self, frame: Frame) -> None:
        changes = changes_in(self.session, self._journal)
        local = [s for s in frame.slots[: frame.code.free_start] if isinstance(s, CellType)]
        for obj in changes.objects:
            if isinstance(obj, ArrayTracer) and obj._home is self._builder or any(obj is cell for cell in local):
                continue
            raise self.session.error(
                f"the block of insert_grad_of changes a {obj.__class__.__name__} from outside it",
                why="it is run in the derivative", hint="call a function: escaped_call(things.append, g)",
            )


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return UNBOUND


def _is_left_early(frame: Frame) -> bool:
    """Whether the block that begins now has a return, break or continue: then the call that ends it stands twice."""
    code, here = frame.code, frame.code.location(frame.pc - 1)
    same = [i for i in code.instructions if i.index == frame.pc - 1 or code.location(i.index) == here]
    begins = sum(1 for i in same if i.opcode == "BEFORE_WITH")
    return sum(1 for i in same if i.opcode == "CALL" and i.arg == 2) > begins
