"""Which session is tracing in this thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session

_active = threading.local()


def current_session() -> Session | None:
    """The session that is tracing in this thread."""
    return getattr(_active, "session", None)


def set_session(session: Session | None) -> None:
    """From now on `session` is tracing in this thread."""
    _active.session = session


class Tracing:
    """How many threads are tracing: where that is none, nobody need ask for a session."""

    def __init__(self) -> None:
        self.depth = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self.depth += 1

    def end(self) -> None:
        with self._lock:
            self.depth -= 1


active_traces = Tracing()
