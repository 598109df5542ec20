"""Whether bcad gives what Python gives, at points that take other ways and other numbers of rounds."""

from __future__ import annotations

from typing import Any

import numpy as np

import bcad
from tests.programs.reference import richardson

from .programs import POINTS, Program


def difference(program: Program, derivative: bool) -> str:
    """Empty, or where and how a program (or its gradient) differs from Python's (or from differences of Python's)."""
    plain = program.function()
    again = program.function()  # in a module of its own: classes are shared by what changes them
    ours = bcad.grad(again) if derivative else bcad.Function(again)
    for x, c in POINTS:
        expected, given = _outcome(plain, x, c), _outcome(ours, x, c)
        if isinstance(expected, Exception) or isinstance(given, Exception):
            same = type(expected) is type(given)
        elif derivative:
            d = np.linspace(1.0, 2.0, len(x))
            same = richardson(lambda t, x=x, c=c, d=d: np.asarray(plain(x + t * d, c)), 1e-3).agrees(given @ d)
        else:
            same = bool(np.allclose(expected, given, rtol=1e-12, atol=1e-12))
        if not same:
            return f"at {x}, {c}: {given!r} instead of {expected!r}\n{program}"
    return ""


def _outcome(fn: Any, x: np.ndarray, c: float) -> Any:
    try:
        return fn(x.copy(), c)
    except Exception as error:
        return error
