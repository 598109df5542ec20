"""``python -m tests.fuzz --count N --seed S``: runs generated programs and prints what became of them."""

from __future__ import annotations

import argparse
import collections
import contextlib
import time
import traceback

from bcad import options
from tests.backends.thresholds import lowered

from .array_judge import judge_arrays
from .arrays import PRELUDE as ARRAYS
from .arrays import make_array_case
from .cases import Case, make_case
from .judge import CRASH, ENDLESS, MODES, Verdict, judge
from .shrink import shrink

SLOW = 20.0  # seconds: a program that takes longer is named


def plan(seed: int, arrays: bool = False) -> tuple[Case, str, str]:
    """The case with this number, in what mode and on which backend it is run."""
    mode, backend = MODES[seed % 3], "numpy" if seed // 3 % 5 else "numba"  # compiling takes most of the time
    return make_array_case(seed, mode) if arrays else make_case(seed), mode, backend


def run(case: Case, mode: str, backend: str) -> Verdict:
    """The verdict; what goes wrong in the oracle itself is a crash too."""
    of = judge_arrays if case.source.startswith(ARRAYS) else judge
    with options.set(backend=backend, progress=False):
        try:
            return of(case, mode, backend)
        except Exception:
            return Verdict(CRASH, "oracle: " + traceback.format_exc(limit=-3))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shrink", action="store_true", help="make failing programs small (takes longer)")
    parser.add_argument("--refused", action="store_true", help="list the reasons of refusals")
    parser.add_argument("--arrays", action="store_true", help="NumPy over dtypes, ranks and layouts rather than Python's state")
    parser.add_argument("--forced", action="store_true", help="compile all, with thresholds lowered as the number says")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    asked = parser.parse_args()
    counts: collections.Counter[str] = collections.Counter()
    reasons: collections.Counter[str] = collections.Counter()
    start = time.perf_counter()
    for seed in range(asked.seed, asked.seed + asked.count):
        begin = time.perf_counter()
        case, mode, backend = plan(seed, asked.arrays)
        backend = "numba" if asked.forced else backend
        with lowered(seed) if asked.forced else contextlib.nullcontext():
            verdict = run(case, mode, backend)
        counts[verdict.kind] += 1
        if (spent := time.perf_counter() - begin) > SLOW:
            print(f"--- {seed} {mode} {backend}: {spent:.0f} s", flush=True)
        if verdict.kind == "refused":
            reasons[verdict.detail.partition(": ")[2][:70]] += 1
        if verdict.is_bug:
            print(f"--- {seed} {mode} {backend}: {verdict.kind}: {verdict.detail}", flush=True)
            if asked.shrink:
                print(shrink(case, mode, backend, verdict), flush=True)
        if time.perf_counter() - start > asked.seconds:
            break
    total = sum(counts.values()) - counts[ENDLESS]
    print(f"{total} programs in {time.perf_counter() - start:.0f} s: " + ", ".join(f"{n} {k}" for k, n in counts.most_common()))
    print(f"honoured: {100 * (counts['honoured'] + counts['unsure']) / max(total, 1):.1f} %")
    if asked.refused:
        print("\n".join(f"{n:5d} {reason}" for reason, n in reasons.most_common(30)))


if __name__ == "__main__":
    main()
