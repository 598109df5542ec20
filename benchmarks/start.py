"""From nothing to a result: fresh processes, timed from their start to the first result of each case."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .cases import Case
from .measure import geometric_mean

ROOT = Path(__file__).resolve().parents[1]
KINDS = {
    "first": "the first result, as bcad gives it by itself",
    "cold": "the first result of compiled code, nothing in the disk cache",
    "warm": "the first result of compiled code, from the disk cache of an earlier process",
}


@dataclass
class Start:
    """Seconds from the start of a process to the first result of one case, the making of its arguments apart."""

    case: str
    seconds: dict[str, list[float]] = field(default_factory=dict)  # by kind, or by peer
    missing: dict[str, str] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def as_dict(self) -> dict[str, Any]:
        return {"case": self.case, "seconds": self.seconds, "missing": self.missing}


def measure(cases: Sequence[Case], peers: Sequence[str], rounds: int) -> Iterator[Start]:
    """One Start after the other; every round runs every kind in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": os.path.join(folder, "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages have their bytecode
        warm = {**environment, "BCAD_CACHE_DIR": os.path.join(folder, "cache")}
        cold = {**environment, "BCAD_CACHE_DIR": "off"}
        kinds = {"first": ("bcad", {**cold, "BCAD_BACKEND": "auto"}), "cold": ("bcad", {**cold, "BCAD_BACKEND": "numba"}),
                 "warm": ("bcad", {**warm, "BCAD_BACKEND": "numba"}), **{p: (p, environment) for p in peers}}
        for case in cases:
            start = Start(case.name)
            for name in ("warm", *peers):  # fills the caches of bytecode and of compiled code
                attempt(start, name, *kinds[name])
            start.seconds.clear()
            for _ in range(rounds):
                for name, how in kinds.items():
                    attempt(start, name, *how)
            yield start


def attempt(start: Start, name: str, contender: str, environment: dict[str, str]) -> None:
    """Run one process and note its time, or why there is none."""
    command = [sys.executable, "-m", "benchmarks.start", start.case, contender, str(time.monotonic())]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        start.missing[name] = "no result within 300 s"
        return
    if done.returncode:
        start.missing[name] = (done.stderr.strip().splitlines() or ["it died"])[-1][:200]
    else:
        start.seconds.setdefault(name, []).append(json.loads(done.stdout.splitlines()[-1]))


def run_child(name: str, contender: str, began: float) -> float:
    """Derive one case in this process; the seconds since `began`, without what only the benchmark needs."""
    import numpy  # noqa: F401  whose import is part of the price, not of the case's

    paused = time.monotonic()
    from .cases import BY_NAME
    from .contenders import CONTENDERS

    case = BY_NAME[name]
    args = case.args()
    aside = time.monotonic() - paused
    CONTENDERS[contender](case, args)()
    return time.monotonic() - began - aside


def heading(peers: Sequence[str]) -> str:
    return f"{'case':<22}" + "".join(f"{name:>10}" for name in (*KINDS, *peers))


def line(start: Start, peers: Sequence[str]) -> str:
    cells = [f"{start.median(name):.2f} s" if name in start.seconds else "-" for name in (*KINDS, *peers)]
    return f"{start.case:<22}" + "".join(f"{cell:>10}" for cell in cells)


def summary(starts: Sequence[Start], peers: Sequence[str]) -> list[str]:
    """Geometric means and largest figures, then why a cell is empty."""
    lines = []
    for label, of in (("mean", geometric_mean), ("largest", max)):
        columns = [[s.median(name) for s in starts if name in s.seconds] for name in (*KINDS, *peers)]
        lines.append(f"{label:<22}" + "".join(f"{of(c):>8.2f} s" if c else f"{'-':>10}" for c in columns))
    lines += [f"{name}: {what}" for name, what in KINDS.items()]
    return lines + [f"{s.case}, {name}: {why}" for s in starts for name, why in s.missing.items()]


if __name__ == "__main__":
    print(run_child(sys.argv[1], sys.argv[2], float(sys.argv[3])))
