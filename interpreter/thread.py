"""Thread: what the evaluator keeps per thread: the running frame, depth, journal."""
from __future__ import annotations

import threading
from types import GeneratorType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .frame import Frame
    from .journal import Journal


class Thread:
    """State of one thread; frames keep a reference, which is cheaper than a thread-local."""

    __slots__ = ("frame", "depth", "limit", "journal", "stage")

    def __init__(self) -> None:
        self.frame: Frame | None = None         # the innermost running interpreted frame
        self.depth = 0                          # how many interpreted frames are running
        self.limit = 0                          # the user's recursion limit while running
        self.journal: Journal | None = None     # the innermost active journal
        self.stage: GeneratorType[None, Any, None] | None = None    # where tracebacks get their frames


class _Local(threading.local):
    def __init__(self) -> None:
        self.thread = Thread()


_local = _Local()


def current_thread() -> Thread:
    """The evaluator's state of the calling thread."""
    return _local.thread
