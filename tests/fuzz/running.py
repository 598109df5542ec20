"""What both judges do: two copies of a case's module, the compiled function in one of the modes, a bound on time."""

from __future__ import annotations

import contextlib
import signal
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

import bcad


class Endless(Exception):
    """A program that takes too long, as one does that goes through a list which it makes longer all the time."""


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise `Endless` where what is inside takes longer, in time of the processor."""

    def late(*_: Any) -> None:
        raise Endless

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without warnings, NumPy's too."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def compiled(fn: Any, wrt: tuple[int, ...], mode: str, backend: str) -> Any:
    """What bcad makes of `fn` in a mode: 'value', 'reverse' or 'forward'."""
    if mode == "value":
        return bcad.Function(fn, backend=backend)
    return bcad.value_and_grad(fn, argnums=wrt) if mode == "reverse" else bcad.make_jvp(fn, argnums=wrt)


def called(made: Any, mode: str, args: Any, tangents: Any) -> tuple[Any, Any]:
    """The value and what is derived: gradients, the derivative along the tangents, None."""
    if mode == "value":
        return made(*args), None
    return made(*args) if mode == "reverse" else made.along(args, tuple(tangents))
