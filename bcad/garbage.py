"""Python's search for cyclic garbage, less often while graphs are made: nothing of them is garbage yet."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 50_000  # new objects between two searches; 10 searches among the young ones bring one among older ones

_lock = threading.Lock()
_before: list[tuple[int, int, int]] = []  # what is in force again when the last of those who asked has ended
_asked = 0


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let garbage be looked for less often inside the ``with`` block.

    Graphs are many small objects that stay.  With Python's usual thresholds an eighth of the time to compile a program of
    1,000 operations went to looking through all objects of the process again and again.
    """
    global _asked
    with _lock:
        _asked += 1
        first, *others = gc.get_threshold()
        if _asked == 1 and 0 < first < SELDOM:
            _before.append((first, others[0], others[1]))
            gc.set_threshold(SELDOM, *others)
    try:
        yield
    finally:
        with _lock:
            _asked -= 1
            if not _asked and _before:
                usual = _before.pop()
                if gc.get_threshold()[0] == SELDOM:  # nobody else has set it meanwhile
                    gc.set_threshold(*usual)
