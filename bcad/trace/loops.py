"""A loop header: for now every loop is run, that is unrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interpreter import Frame, Instruction

if TYPE_CHECKING:
    from .session import Session


def loop(session: Session, frame: Frame, header: int) -> bool:
    """Whether the loop was made a region; False runs it."""
    return False


def enter_while(session: Session, frame: Frame, condition: Any, instruction: Instruction, ways: Any) -> bool:
    return False
