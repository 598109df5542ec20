"""Accuracy and speed of the vector math beside NumPy, SciPy and numba's scalar libm.

``python -m benchmarks.vecmath [accuracy] [speed] [compile] [name ...]``; speed is ns per element over 4096 elements in
cache, the median of interleaved runs in one process.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from bcad.backends import vecmath
from bcad.backends.vecmath import accuracy
from bcad.backends.vecmath.loops import Loops

SIZE = 4096
#: where to measure speed: inside the domain, on both sides of the branches a scalar library would take
RANGES = {"arcsin": (-0.99, 0.99), "arccos": (-0.99, 0.99), "arctanh": (-0.99, 0.99), "arccosh": (1.0, 8.0),
          "log1p": (-0.9, 8.0), **dict.fromkeys(("log", "log2", "log10", "pow", "gammaln", "digamma"), (0.01, 8.0))}


def accuracy_table(names: list[str], count: int = 4000) -> None:
    """Print the largest error of each function, in random arguments of its ranges and in those that are known to be hard."""
    loops = Loops((name, dtype) for name in names for dtype in ("float64", "float32"))
    print(f"Largest error in ulp against mpmath: {count} random points in each range, and where such functions go wrong first\n")
    print("| function | float64 | at | float32 | at |\n|---|---|---|---|---|")
    for name in names:
        row = []
        for dtype in ("float64", "float32"):
            found = []
            for points in (accuracy.samples(name, dtype, count, seed=7), accuracy.hard(name, dtype)):
                points = [np.ascontiguousarray(p.ravel()) for p in points]
                found.append(accuracy.worst(name, dtype, points, loops(name, *points)))
            distance, where = max(found)
            row += [f"{distance:.2f}", ", ".join(f"{v:.6g}" for v in where)]
        print(f"| {name} | {' | '.join(row)} |", flush=True)


def in_numpy(name: str) -> Callable:
    if name == "pow":
        return np.power
    if hasattr(np, name):
        return getattr(np, name)
    import scipy.special
    return getattr(scipy.special, name)


def in_numba(name: str) -> Callable | None:
    """The loop a numba user writes: scalar libm; it has no digamma."""
    if name == "digamma":
        return None
    import math

    import numba

    scalar = {"pow": lambda x, y: x**y, "expit": lambda x: 1 / (1 + math.exp(-x)), "erf": lambda x: math.erf(x),
              "erfc": lambda x: math.erfc(x), "gammaln": lambda x: math.lgamma(x), "hypot": lambda x, y: math.hypot(x, y)}.get(name)
    inner = numba.njit(scalar) if scalar else getattr(np, name)
    if vecmath.arity(name) == 1:
        def loop(x, out):
            for i in range(x.size):
                out[i] = inner(x[i])
    else:
        def loop(x, y, out):
            for i in range(x.size):
                out[i] = inner(x[i], y[i])
    return numba.njit(loop)


def interleaved(calls: list[Callable], rounds: int = 31, inner: int = 4) -> list[float]:
    """Median ns per element of each call."""
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(rounds):
        for call, found in zip(calls, times, strict=True):
            start = time.perf_counter()
            for _ in range(inner):
                call()
            found.append((time.perf_counter() - start) / inner / SIZE * 1e9)
    return [statistics.median(t) for t in times]


def contestants(name: str, dtype: str, wide: Loops, narrow: Loops) -> list[Callable]:
    x = np.linspace(*RANGES.get(name, (-8.0, 8.0)), SIZE).astype(dtype)
    inputs = [x] if vecmath.arity(name) == 1 else [x, np.ascontiguousarray(x[::-1])]
    out = np.empty_like(x)
    addresses = [a.ctypes.data for a in (*inputs, out)]
    ours, ours_avx2 = wide.function(name, dtype), narrow.function(name, dtype)
    peer, libm = in_numpy(name), in_numba(name)
    return [lambda: ours(*addresses, SIZE), lambda: ours_avx2(*addresses, SIZE), lambda: peer(*inputs, out),
            *([lambda: libm(*inputs, out)] if libm else [])]


def speed_table(names: list[str]) -> None:
    wanted = [(name, dtype) for name in names for dtype in ("float64", "float32")]
    wide, narrow = Loops(wanted), Loops(wanted, "-avx512f")
    print("\nns per element\n")
    print("| function | dtype | bcad | bcad without AVX-512 | NumPy or SciPy | numba, libm |\n|---|---|---|---|---|---|")
    for name, dtype in wanted:
        with np.errstate(all="ignore"):
            row = interleaved(contestants(name, dtype, wide, narrow))
        cells = [f"{t:.2f}" for t in row] + ["-"] * (4 - len(row))
        print(f"| {name} | {dtype} | {' | '.join(cells)} |", flush=True)


def compile_table(names: list[str]) -> None:
    """What one use of a function adds: text generation, and parse + optimise + machine code of one loop."""
    print("\nms to write the text (first time), to compile one loop\n\n| function | text | loop |\n|---|---|---|")
    Loops([("hypot", "float64")])
    for name in names:
        start = time.perf_counter()
        vecmath.ir_definition(name, "float64")
        written = time.perf_counter() - start
        best = min(_timed(lambda name=name: Loops([(name, "float64")])) for _ in range(3))
        print(f"| {name} | {written * 1e3:.2f} | {best * 1e3:.0f} |", flush=True)


def _timed(call: Callable) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(arguments: list[str]) -> None:
    tables = {"accuracy": accuracy_table, "speed": speed_table, "compile": compile_table}
    names = [a for a in arguments if a not in tables] or vecmath.names()
    for table in [a for a in arguments if a in tables] or ["accuracy", "speed"]:
        tables[table](names)


if __name__ == "__main__":
    main(sys.argv[1:])
