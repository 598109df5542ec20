"""NumPy's floating-point errors: whether NumPy is told to do more than warn of them, which compiled code cannot do.

A call is then made by the function itself too, so that NumPy raises, prints or calls as it was told to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy._core import umath

_LOUD = frozenset(("raise", "call", "print", "log"))


class _Known:
    """The setting that was met last and asks for nothing; a call whose setting is this very object need not look at it."""

    __slots__ = ("quiet",)

    def __init__(self, quiet: Any) -> None:
        self.quiet = quiet


def _setting_by_value() -> Any:
    return object()  # never the one met last: each call looks


setting: Any = umath._extobj_contextvar.get if hasattr(umath, "_extobj_contextvar") else _setting_by_value
known = _Known(setting() if _LOUD.isdisjoint(np.geterr().values()) else None)


def loud() -> bool:
    """Whether NumPy is told to do more than warn of an overflow or a division by zero."""
    now = setting()
    if now is known.quiet:
        return False
    if not _LOUD.isdisjoint(np.geterr().values()):
        return True
    known.quiet = now
    return False


class AsTold:
    """The setting of a call, to be in force again where the function itself is run."""

    def __init__(self) -> None:
        self._modes: Any = np.geterr()
        self._handler = np.geterrcall()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Within, NumPy does as it was told."""
        with np.errstate(call=self._handler, **self._modes):  # type: ignore[arg-type]
            yield
