"""A loop header: for now every loop is run, that is unrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interpreter import Frame

if TYPE_CHECKING:
    from .session import Session


def loop(session: Session, frame: Frame, header: int) -> bool:
    """Whether the loop was made a region; False runs it."""
    return False
