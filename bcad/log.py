"""What is traced, guarded and compiled, and why: the logger that BCAD_LOG switches on."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("bcad")

if os.environ.get("BCAD_LOG"):
    _handler = logging.StreamHandler()
    _handler.setFormatter(logging.Formatter("bcad: %(message)s"))
    log.addHandler(_handler)
    log.setLevel(os.environ["BCAD_LOG"].upper() if os.environ["BCAD_LOG"].isalpha() else "DEBUG")


@contextmanager
def announced(what: str, expected: float, level: int = logging.WARNING, after: float = 1.0) -> Iterator[None]:
    """Say what one is waiting for if it takes longer than `after` seconds, and how long it took in the end."""
    started = time.perf_counter()
    more = f", about {expected:.0f} s" if expected >= 2 * after else ""
    timer = threading.Timer(after, log.log, (level, "%s%s ...", what, more))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        seconds = time.perf_counter() - started
        log.log(level if seconds > after else logging.INFO, "%s took %.3g s", what, seconds)
