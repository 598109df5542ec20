"""Judges array programs: NumPy's values with their types, dtypes and shapes; derivatives by differences."""

from __future__ import annotations

import copy
import traceback
from typing import Any

import numpy as np

from interpreter import LocatedError
from tests.programs.reference import richardson

from .cases import Case
from .judge import CRASH, HONOURED, REFUSED, SILENT, UNSURE, Verdict, World, directions
from .running import called, compiled, quiet

TOLERANCES = {np.dtype(np.float16): 4e-3, np.dtype(np.float32): 2e-5, np.dtype(np.complex64): 2e-5}
ROUNDING = ("float32", "float16", "complex64", "np.spacing", "np.nextafter")  # differences see it


def judge_arrays(case: Case, mode: str, backend: str) -> Verdict:
    """Every call of the case in one mode on one backend."""
    with quiet(), World(case.source) as plain, World(case.source) as traced:
        return _judged(case, mode, backend, plain, traced)


def _judged(case: Case, mode: str, backend: str, plain: World, traced: World) -> Verdict:
    made = compiled(traced.names["f"], case.wrt, mode, backend)
    refused = ""
    for k, (update, text) in enumerate(case.calls):
        plain.change(update), traced.change(update)
        outside = copy.deepcopy(plain.names["G"])
        expected, failure = outcome(plain, text)
        again = _Again(plain, outside)
        args = traced.arguments(text)
        kept, tangents = copy.deepcopy(args), directions(case, args, k)
        try:
            value, derived = called(made, mode, args, tangents)
        except LocatedError as error:
            if failure is None:
                refused = refused or f"call {k}: {str(error).splitlines()[0]}"
                traced.names["G"] = copy.deepcopy(plain.names["G"])  # which that call may have written to
            continue
        except Exception as error:
            if failure is not None and (isinstance(failure, type(error)) or isinstance(error, type(failure))):
                continue
            return Verdict(CRASH, f"call {k}: {failure!r} or a value expected\n{traceback.format_exc(limit=-4)}")
        if failure is not None:
            return Verdict(SILENT, f"call {k}: {failure!r} expected, {value!r} given")
        loose = 1e-3 if any(name in case.source + text for name in ROUNDING) else None
        wrong = difference(value, expected, loose) or ("" if not difference(args, kept) else "an argument was modified")
        if wrong:
            return Verdict(UNSURE if delicate(again, plain.arguments(text), expected) else SILENT, f"call {k}: {wrong}")
        if mode != "value":
            doubt = derivative_doubt(again, text, case, args, tangents, derived)
            if doubt is not None:
                return Verdict(doubt.kind, f"call {k}: {doubt.detail}")
    return Verdict(REFUSED, refused) if refused else Verdict(HONOURED)


def outcome(world: World, text: str) -> tuple[Any, BaseException | None]:
    try:
        return world.names["f"](*world.arguments(text)), None
    except Exception as error:
        return None, error


def difference(found: Any, expected: Any, loose: float | None = None) -> str:
    """How two results differ; '' if they do not."""
    if isinstance(expected, tuple):
        if not isinstance(found, tuple) or len(found) != len(expected):
            return f"{expected!r} expected, {found!r} given"
        return next((f"item {j}: {d}" for j, (x, y) in enumerate(zip(found, expected, strict=True)) if (d := difference(x, y, loose))), "")
    if type(found) is not type(expected):
        return f"{type(expected)} expected ({expected!r}), {type(found)} given ({found!r})"
    a, b = np.asarray(found), np.asarray(expected)
    if a.dtype != b.dtype or a.shape != b.shape:
        return f"{b.dtype}{b.shape} expected, {a.dtype}{a.shape} given"
    tolerance = loose or TOLERANCES.get(b.dtype, 1e-9)
    exact = b.dtype.kind in "iub"
    same = np.array_equal(a, b) if exact else np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
    return "" if same else f"{expected!r} expected, {found!r} given"


class _Again:
    """The function once more, where the array outside is as it was before the call."""

    def __init__(self, world: World, outside: Any) -> None:
        self.world, self.outside = world, outside

    def __call__(self, *args: Any) -> Any:
        names = self.world.names
        after, names["G"] = names["G"], copy.deepcopy(self.outside)
        try:
            return names["f"](*args)
        finally:
            names["G"] = after


def delicate(again: _Again, given: Any, expected: Any) -> bool:
    """Whether arguments that differ in the last bits give plain NumPy another result."""
    for sign in (-1, 1, 3, -5):
        args = [a * (1 + sign * 2.0**-51) if a.dtype.kind == "f" else a.copy() for a in given]
        try:
            if difference(again(*args), expected):
                return True
        except Exception:
            return True
    return False


def derivative_doubt(again: _Again, text: str, case: Case, args: Any, tangents: Any, derived: Any) -> Verdict | None:
    """What is wrong with a derivative."""
    if isinstance(derived, tuple):
        for g, i in zip(derived, case.wrt, strict=True):
            if np.shape(g) != np.shape(args[i]) or np.asarray(g).dtype != args[i].dtype:
                return Verdict(SILENT, f"a gradient {np.shape(g)} {np.asarray(g).dtype} for {np.shape(args[i])} {args[i].dtype}")
        found = float(sum(np.sum(np.asarray(g, float) * t) for g, t in zip(derived, tangents, strict=True)))
    else:
        found = float(derived)

    def along(step: float) -> Any:
        moved = list(again.world.arguments(text))
        for i, t in zip(case.wrt, tangents, strict=True):
            moved[i] += step * t  # in place: it lies in memory as it did
        try:
            return np.asarray(again(*moved), float)
        except Exception:
            return np.asarray(np.nan)

    if any(name in case.source for name in ROUNDING):
        return None  # differences see the rounding
    if np.isnan(found):
        return Verdict(UNSURE, "a derivative that is nan: 0 * inf stays nan")
    estimate = richardson(along, 2.0**-9)
    value, error = float(estimate.value), float(estimate.error)
    if not np.isfinite(value) or abs(value) > 1e5 or abs(found - value) <= 10 * error + 1e-5 * (1 + abs(value)):
        return None
    if np.isnan(found) or error > 1e-4 * (1 + abs(value)) or not _smooth(along, value):
        return Verdict(UNSURE, f"{found} and {value} +- {error} by differences")
    return Verdict(SILENT, f"derivative {found!r} instead of {value!r} +- {error} by differences")


def _smooth(along: Any, value: float) -> bool:
    """Whether differences to both sides, of four lengths, say the same."""
    here = float(along(0.0))
    for step in (1e-4, 1e-6, 1e-7, 1.7e-10):
        for side in (step, -step):
            if abs((float(along(side)) - here) / side - value) > 1e-2 * (1 + abs(value)):
                return False
    return True
