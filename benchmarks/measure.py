"""Interleaved timing: every contender in every round, so that a slow minute of the machine slows all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Thunk = Callable[[], Any]


@dataclass(frozen=True)
class Timing:
    """Seconds per call."""

    best: float
    median: float
    low: float  # lower quartile
    high: float  # upper quartile
    rounds: int
    calls_per_round: int

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def seconds_of(thunk: Thunk, calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        thunk()
    return (time.perf_counter() - began) / calls


def calls_for(thunk: Thunk, seconds: float) -> int:
    """How many calls take about that long."""
    calls = 1
    while True:
        took = seconds_of(thunk, calls) * calls
        if took >= 0.3 * seconds:
            return max(1, round(calls * seconds / took))
        calls *= 4


def interleaved(thunks: Mapping[str, Thunk], rounds: int = 15, seconds: float = 0.01, budget: float = 20.0):
    """Time every thunk in every round, each time starting with another one.

    Parameters
    ----------
    thunks : mapping of str to callable
        What to time, warm already.
    rounds : int
        At least three are made, whatever the budget.
    seconds : float
        About how long one contender is run in a round.
    budget : float
        No new round after so many seconds.

    Returns
    -------
    dict of str to list of float
        Seconds per call, round by round; the lists are parallel, so that ratios can be taken within a round.
    """
    names = list(thunks)
    calls = {name: calls_for(thunks[name], seconds) for name in names}
    samples: dict[str, list[float]] = {name: [] for name in names}
    began = time.perf_counter()
    gc.collect()
    gc.disable()
    try:
        for i in range(rounds):
            if i >= 3 and time.perf_counter() - began > budget:
                break
            start = i % len(names)
            for name in names[start:] + names[:start]:
                samples[name].append(seconds_of(thunks[name], calls[name]))
    finally:
        gc.enable()
    return samples, calls


def summary(samples: list[float], calls: int) -> Timing:
    low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
    return Timing(min(samples), median, low, high, len(samples), calls)


def ratio(samples: list[float], base: list[float]) -> float:
    """The median over rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(samples, base, strict=True))


def ratio_of_best(samples: list[float], base: list[float]) -> float:
    """Of the fastest rounds: what is left when other programs keep the machine busy in most of them."""
    return min(samples) / min(base)


def geometric_mean(values: list[float]) -> float:
    return statistics.geometric_mean(values) if values else float("nan")
