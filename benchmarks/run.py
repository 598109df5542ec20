"""Times the cases: prepares every contender, refuses wrong results, interleaves, and keeps all figures."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np

from . import measure
from .cases import VALUE_AND_GRADIENT, Case
from .contenders import CONTENDERS, PRIMALS, NotAvailable, flat

BASE = "hand"


@dataclass
class Row:
    """What was found for one case."""

    case: str
    group: str
    timings: dict[str, measure.Timing] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)  # to the hand gradient, within a round
    first_call: dict[str, float] = field(default_factory=dict)  # seconds, tracing and compiling included
    missing: dict[str, str] = field(default_factory=dict)  # why a contender has no figure

    def as_dict(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "group": self.group,
            "seconds": {name: timing.as_dict() for name, timing in self.timings.items()},
            "ratio_to_hand": self.ratios,
            "first_call_seconds": self.first_call,
            "missing": self.missing,
        }


@dataclass(frozen=True)
class Effort:
    """How much time a case is worth."""

    rounds: int = 15
    seconds: float = 0.02  # of one contender in a round
    budget: float = 20.0  # of all rounds together
    patience: float = 120.0  # for a contender's first call, tracing and compiling included
    busy: bool = False  # whether the machine has other work: then the fastest rounds are compared, not the median ones


def run(cases: Sequence[Case], names: Sequence[str], effort: Effort) -> Iterator[Row]:
    """One Row after the other; the hand gradient is always among the contenders, as their base."""
    names = list(dict.fromkeys([BASE, *names]))
    for case in cases:
        yield run_case(case, names, effort)


class OutOfPatience(BaseException):
    """Not an Exception, so that no contender takes it for a failure of its own and goes on another way."""


@contextlib.contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Interrupt what is inside after so many seconds, where the platform has alarms.

    Raises
    ------
    NotAvailable
        In the place of whatever came of the interruption.
    """

    def give_up(number: int, frame: Any) -> None:
        raise OutOfPatience

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    except OutOfPatience:
        raise NotAvailable(f"no result within {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_case(case: Case, names: Sequence[str], effort: Effort) -> Row:
    row = Row(case.name, case.group)
    args = case.args()
    base, expected, row.first_call[BASE] = prepared(BASE, case, args)
    thunks = {BASE: base}
    for name in names:
        if name == BASE:
            continue
        try:
            with patience(effort.patience):
                thunk, result, row.first_call[name] = prepared(name, case, args)
            if fault := difference(result, expected, name in PRIMALS, case):
                raise NotAvailable(f"wrong: {fault}")
        except NotAvailable as reason:
            row.missing[name] = str(reason)
        except Exception:
            row.missing[name] = traceback.format_exc(limit=0).strip().splitlines()[-1][:300]
        else:
            thunks[name] = thunk
    samples, calls = measure.interleaved(thunks, effort.rounds, effort.seconds, effort.budget)
    for name, times in samples.items():
        row.timings[name] = measure.summary(times, calls[name])
        ratio = measure.ratio_of_best if effort.busy else measure.ratio
        row.ratios[name] = ratio(times, samples[BASE])
    return row


def prepared(name: str, case: Case, args: Sequence[Any]) -> tuple[measure.Thunk, list[np.ndarray], float]:
    """What calls the contender, its first result, and how long that took."""
    began = time.perf_counter()
    thunk = CONTENDERS[name](case, args)
    result = flat(thunk())
    first = time.perf_counter() - began
    warm_up(thunk)
    return thunk, result, first


def warm_up(thunk: measure.Thunk, calls: int = 10, seconds: float = 3.0) -> None:
    """Let what compiles after some calls (bcad, when it pays) do so before the clock runs."""
    began = time.perf_counter()
    for _ in range(calls):
        thunk()
        if time.perf_counter() - began > seconds:
            break
    for thread in threading.enumerate():
        if thread.name.startswith("bcad compiles"):
            thread.join()


def difference(found: list[np.ndarray], expected: list[np.ndarray], primal: bool, case: Case) -> str:
    """Empty if the results agree to seven digits of their largest entry, else what does not."""
    if primal and case.what != VALUE_AND_GRADIENT:
        return ""
    if primal:
        expected = expected[:1]
    if len(found) != len(expected):
        return f"{len(found)} results instead of {len(expected)}"
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        if a.shape != b.shape:
            return f"result {i} has shape {a.shape} instead of {b.shape}"
        scale = np.max(np.abs(b), initial=0.0)
        if not np.max(np.abs(a - b), initial=0.0) <= 1e-7 * scale + 1e-12:
            return f"result {i} is off by {np.max(np.abs(a - b)):.1e} of {scale:.1e}"
    return ""


def circumstances() -> dict[str, Any]:
    """What one has to know to read the figures."""
    versions = {}
    for name in ("numpy", "scipy", "numba", "autograd", "jax", "torch"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "python": sys.version.split()[0],
        "versions": versions,
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()
