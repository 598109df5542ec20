"""Whether bcad gives what Python gives, at points that take other ways and other numbers of rounds."""

from __future__ import annotations

from collections import deque
from types import FunctionType
from typing import Any

import numpy as np

import bcad
from tests.programs.reference import richardson

from .programs import POINTS, Captured, Program

REFUSED = "refused"


def difference(program: Program, derivative: bool) -> str:
    """Empty, or where and how a program (or its gradient, or what it leaves outside) differs from Python's.

    What is refused is told by a text that begins with `REFUSED`.
    """
    plain, left = program.world()
    again, found = program.world()  # classes and what is outside are shared by what changes them
    ours = bcad.grad(again) if derivative else bcad.Function(again)
    points = _points(program)
    for k, (x, c) in enumerate(points):
        expected, given = _outcome(plain, x, c), _outcome(ours, x, c)
        where = f"at point {k}: {x}, {c}"
        if isinstance(given, bcad.Unsupported) and not isinstance(expected, Exception):
            return f"{REFUSED} {where}: {given}\n{program}"
        if isinstance(expected, Exception) or isinstance(given, Exception):
            if type(expected) is not type(given):
                return f"{where}: {given!r} instead of {expected!r}\n{program}"
            return ""  # what it has done before it raised is not done outside
        same = _is_gradient(program, points[: k + 1], given) if derivative else _same(expected, given)
        if not same:
            return f"{where}: {given!r} instead of {expected!r}\n{program}"
        if not _same(_plain(left()), _plain(found())):
            return f"{where}: leaves {_plain(found())} instead of {_plain(left())}\n{program}"
    return ""


def _outcome(fn: Any, x: np.ndarray, c: float) -> Any:
    try:
        return fn(x.copy(), c)
    except Exception as error:
        return error


def _points(program: Program) -> list[tuple[np.ndarray, float]]:
    """What the program is called with; what is left outside must not stand beside an equal number (which is less than another?)."""
    return [(x + 0.003 * k, c) for k, (x, c) in enumerate(POINTS)] if isinstance(program, Captured) else POINTS


def _is_gradient(program: Program, points: list[tuple[np.ndarray, float]], given: np.ndarray) -> bool:
    """Whether differences of Python's values at the last point, after calls at those before it, agree with a gradient."""
    *before, (x, c) = points
    d = np.linspace(1.0, 2.0, len(x))

    def along(t: float) -> np.ndarray:
        fn, _ = program.world()
        for earlier, other in before:
            fn(earlier.copy(), other)
        return np.asarray(fn(x + t * d, c))

    return bool(richardson(along, 1e-3).agrees(given @ d))


def _same(a: Any, b: Any) -> bool:
    """Whether two nests hold numbers that are equal to rounding, other things that are equal."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return bool(np.allclose(a, b, rtol=1e-12, atol=1e-12))
    return bool(a == b)


def _plain(x: Any) -> Any:
    """Numbers, texts and lists of them in place of what is outside."""
    if isinstance(x, np.ndarray | np.generic):
        return x.tolist()
    if isinstance(x, dict):
        return [[_plain(key), _plain(value)] for key, value in x.items()]
    if isinstance(x, set):
        return sorted(map(_plain, x))
    if isinstance(x, (list, tuple, deque)):
        return [_plain(item) for item in x]
    if isinstance(x, FunctionType):
        return [_plain(cell.cell_contents) for cell in x.__closure__ or ()]
    return [type(x).__name__, _plain(vars(x))] if hasattr(x, "__dict__") else x if isinstance(x, (int, float, str, type(None))) else type(x).__name__
