"""How much memory a call takes beside its arguments: fresh processes, the peak of what is resident (Linux only)."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cases import Case
from .start import ROOT

LEAST = 2**20  # bytes: below it pages and the allocator's habits are all one sees


def peak(case: Case, contender: str) -> int | str:
    """The bytes of one call in a process of its own, or why there is no figure."""
    command = [sys.executable, "-m", "benchmarks.memory", case.name, contender]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BCAD_BACKEND": "numba", "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it died"])[-1][:200]
    return int(json.loads(done.stdout.splitlines()[-1]))


def line(case: Case, names: Sequence[str]) -> str:
    """A row of the table: megabytes of the hand gradient, ratios to it."""
    found = {name: peak(case, name) for name in ("hand", *names)}
    hand = found["hand"]
    if isinstance(hand, str) or hand < LEAST:
        return f"{case.name:<22}{'-':>10}   {hand if isinstance(hand, str) else 'less than 1 MiB'}"
    cells = [f"{x / hand:>10.2f}" if isinstance(x, int) else f"{'-':>10}  {x}" for x in (found[n] for n in names)]
    return f"{case.name:<22}{hand / 2**20:>7.1f} MB" + "".join(cells)


def run_child(name: str, contender: str) -> int:
    """One call of a warm contender: the rise of what is resident, and what it keeps between calls."""
    from .cases import BY_NAME
    from .contenders import CONTENDERS

    case = BY_NAME[name]
    thunk = CONTENDERS[contender](case, case.args())
    for _ in range(3):
        thunk()
    gc.collect()
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    result = thunk()
    rise = _status("VmHWM") - before
    del result
    return rise + (_kept() if contender == "bcad" else 0)


def _kept() -> int:
    """What compiled code keeps: it was resident before the call."""
    from bcad.specialise import Specialisation

    specials: list[Any] = [x for x in gc.get_objects() if isinstance(x, Specialisation)]
    reports = [s.entry.compiled.report for s in specials]
    return sum(sum(r.kept()) for r in reports if r.kept is not None)


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(x for x in lines if x.startswith(key + ":")).split()[1])


if __name__ == "__main__":
    print(run_child(sys.argv[1], sys.argv[2]))
