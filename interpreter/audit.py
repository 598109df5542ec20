"""Audit: counts the Python functions that CPython ran itself behind the evaluator's back."""
from __future__ import annotations

import sys
from collections import Counter
from types import FrameType
from typing import Any

from .thread import current_thread
from .tracebacks import HERE, is_stub


class Audit:
    """A context manager; `leaks` counts native starts of the user's functions.

    C code that calls back is the usual reason: a key's ``__eq__`` inside ``list.index``, say.

    Examples
    --------
    >>> with Audit() as audit:
    ...     call(sorted, [2, 1], key=lambda x: -x)
    [2, 1]
    >>> audit.leaks
    Counter()
    """

    def __init__(self) -> None:
        self.leaks: Counter[str] = Counter()
        self._before: Any = None

    def __enter__(self) -> Audit:
        self._before = sys.getprofile()
        sys.setprofile(self._event)
        return self

    def __exit__(self, *exc_info: object) -> None:
        sys.setprofile(self._before)

    def _event(self, frame: FrameType, event: str, arg: Any) -> None:
        code, module = frame.f_code, str(frame.f_globals.get("__name__"))
        if event == "call" and current_thread().depth and not is_stub(code) \
                and not code.co_filename.startswith((HERE, "<frozen importlib")) \
                and not module.startswith("namedtuple_"):       # our own records
            self.leaks[f"{module}:{code.co_qualname}"] += 1
