"""``range`` of traced lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import Session


def make_range(session: Session, args: tuple[Any, ...]) -> range:
    """A range whose bounds are held to their values."""
    return range(*(session.decide_int(a, "the bound of a range") for a in args))
