"""Questions about sizes that a type rule must ask: is ``n`` equal to ``m``, is it one?

While tracing, the answer is the example's and becomes a guard (``bcad.trace`` installs an
`Assumptions` that does so).  Everywhere else the program was accepted already: sizes that
met before are equal.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .dim import Size, bounds

_active = threading.local()


class Assumptions:
    """The answers of passes that rebuild a graph: what the tracer accepted holds."""

    def equal(self, a: Size, b: Size) -> bool:
        """Whether two sizes are the same number.  A symbol is never 1: one is guarded apart."""
        if a == b:
            return True
        low, high = bounds(a - b)
        if low == 0 and high == 0:  # min(1, n) is 1
            return True
        return not (isinstance(a, int) and isinstance(b, int)) and a != 1 and b != 1

    def agree(self, a: Size, b: Size) -> bool:
        """Whether two sizes that must be the same number are: the tracer has seen to it."""
        return a == b or not (isinstance(a, int) and isinstance(b, int))

    def less(self, a: Size, b: Size) -> bool:
        """Whether ``a < b``; a size is never negative."""
        low, high = bounds(a - b)
        if low is not None and low >= 0:
            return False
        if high is not None and high < 0:
            return True
        raise NotImplementedError(f"whether {a} < {b} was not asked while tracing")


    def number(self, value: Any) -> int | None:
        """The int that a computed Value is held to, if any."""
        return None

    def known(self, size: Size) -> int:
        """The number that a size is, where no formula in it would do: so many parts, so many items."""
        if isinstance(size, int):
            return size
        raise NotImplementedError(f"what number {size} is was not asked while tracing")


def assumptions() -> Assumptions:
    """The answers in force in this thread."""
    return getattr(_active, "value", None) or Assumptions()


@contextmanager
def assuming(answers: Assumptions) -> Iterator[Assumptions]:
    """Let `answers` decide what type rules ask inside the ``with`` block."""
    before = getattr(_active, "value", None)
    _active.value = answers
    try:
        yield answers
    finally:
        _active.value = before
