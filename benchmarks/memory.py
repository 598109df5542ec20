"""How much memory a call takes beside its arguments: a fresh process calls, this one watches what is resident (Linux only).

The kernel's own high-water mark is a sum of counters that each processor keeps for itself: it was 0.3 MB too low for arrays of
2.2 MB.  What is resident at a moment is exact, so it is read many times while calls follow one another.  glibc's malloc is taken for granted.
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cases import Case
from .start import ROOT

LEAST = 2**17  # bytes: below it pages and the allocator's habits are all one sees
SECONDS, CALLS = 0.7, 5  # at least


def peak(case: Case, contender: str) -> int | str:
    """The bytes of one call in a process of its own, or why there is no figure."""
    command = [sys.executable, "-m", "benchmarks.memory", case.name, contender]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BCAD_BACKEND": "numba", "MALLOC_MMAP_THRESHOLD_": "4096"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        words = child.stdout.readline().split()
        if not words:
            return (child.communicate()[1].strip().splitlines() or ["it died"])[-1][:200]
        before, kept = map(int, words)
        highest = before
        while child.poll() is None:
            highest = max(highest, _resident(child.pid))
            time.sleep(0.0005)
    return highest - before + kept


def line(case: Case, names: Sequence[str]) -> str:
    """A row of the table: megabytes of the hand gradient, ratios to it."""
    found = {name: peak(case, name) for name in ("hand", *names)}
    hand = found["hand"]
    if isinstance(hand, str) or hand < LEAST:
        return f"{case.name:<22}{'-':>10}   {hand if isinstance(hand, str) else 'less than 128 kB'}"
    cells = [f"{x / hand:>10.2f}" if isinstance(x, int) else f"{'-':>10}  {x}" for x in (found[n] for n in names)]
    return f"{case.name:<22}{hand / 2**20:>7.1f} MB" + "".join(cells)


def run_child(name: str, contender: str) -> None:
    """Say what is resident before the calls of a warm contender, and what it keeps between calls; then call for a while."""
    from .cases import BY_NAME
    from .contenders import CONTENDERS

    case = BY_NAME[name]
    thunk = CONTENDERS[contender](case, case.args())
    for _ in range(3):
        thunk()
    gc.collect()
    _fill_holes()
    print(_resident(os.getpid()), _kept() if contender == "bcad" else 0, flush=True)
    end, calls = time.perf_counter() + SECONDS, 0
    while calls < CALLS or time.perf_counter() < end:
        thunk()
        calls += 1


def _fill_holes() -> None:
    """Take what glibc has in its heap from earlier: an array put there would not be seen, since it was resident before."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
    for size in (2**k for k in range(23, 11, -1)):
        while not ctypes.c_size_t.from_address((block := libc.malloc(size)) - 8).value & 2:  # not mapped for itself
            pass
        libc.free(block)


def _kept() -> int:
    """What compiled code keeps: it was resident before the call."""
    from bcad.specialise import Specialisation

    specials: list[Any] = [x for x in gc.get_objects() if isinstance(x, Specialisation)]
    reports = [s.entry.compiled.report for s in specials]
    return sum(sum(r.kept()) for r in reports if r.kept is not None)


def _resident(pid: int) -> int:
    """The bytes that a process has in memory; none once it has ended."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next((x.split()[1] for x in lines if x.startswith("VmRSS:")), 0))


if __name__ == "__main__":
    run_child(sys.argv[1], sys.argv[2])
