"""Whether bcad says of a merged number what Python says, at calls that take either way first."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

import bcad
from bcad.errors import BcadError

from .programs import POINTS, Program


class Outcome:
    """What a call gives and shows: `text` is to be equal; whether it is a refusal of ours."""

    def __init__(self, fn: Any, x: np.ndarray) -> None:
        shown = io.StringIO()
        self.refusal = ""
        with contextlib.redirect_stdout(shown), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                self.text = _described(fn(x))
            except BcadError as error:
                self.text, self.refusal = "", str(error).split("\n")[0]
            except Exception as error:
                self.text = type(error).__name__
        self.text += f" {shown.getvalue()!r}"


def _described(x: Any) -> str:
    if isinstance(x, (tuple, list)):
        return f"{type(x).__name__}({', '.join(map(_described, x))})"
    if isinstance(x, dict):
        return f"{type(x).__name__}({', '.join(_described(item) for item in x.items())})"
    return f"{type(x).__name__} {x!r} {getattr(x, 'dtype', '')}"


def difference(program: Program, order: Sequence[tuple[float, ...]] = POINTS) -> tuple[str, str]:
    """How a program differs from Python's, and why it was refused; empty where it does not, or was not."""
    plain, ours, refusal = program.function(), bcad.Function(program.function()), ""
    for point in order:
        expected, given = Outcome(plain, np.array(point)), Outcome(ours, np.array(point))
        if given.refusal:
            refusal = given.refusal
        elif given.text != expected.text:
            return f"at {point}: {given.text} instead of {expected.text}", refusal
    return "", refusal


