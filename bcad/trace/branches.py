"""A conditional jump on a traced condition: for now held to the way that this call takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interpreter import Frame, Instruction

if TYPE_CHECKING:
    from .session import Session


def branch(session: Session, frame: Frame, condition: Any, instruction: Instruction) -> None:
    """Take the way of this call and guard that later calls take it too."""
    guarded(session, frame, condition, instruction)


def guarded(session: Session, frame: Frame, condition: Any, instruction: Instruction) -> None:
    """Decide by the example; a later call that decides otherwise is traced anew."""
    if session.decide(condition, "this condition") is instruction.jumps_if:
        assert instruction.target is not None
        frame.jump(instruction.target)
