"""``python -m tests.contexts``: all programs of `programs.py`, or a part of them, and what differs."""

from __future__ import annotations

import argparse
import random
import time
import warnings

from bcad import options

from .judge import REFUSED, difference
from .programs import THINGS, captured, programs

SLOW = 20.0  # seconds, of one program


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.contexts", description=__doc__)
    parser.add_argument("--things", default=",".join(THINGS), help="the objects to try")
    parser.add_argument("--captured", action="store_true", help="objects that were made outside of the function")
    parser.add_argument("--refused", action="store_true", help="show what is refused, too")
    parser.add_argument("--gradients", action="store_true", help="their gradients instead of their values")
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--seed", type=int, default=0, help="of the order in which they are tried")
    asked = parser.parse_args()
    chosen = [p for p in (captured() if asked.captured else programs()) if p.thing in asked.things.split(",")]
    random.Random(asked.seed).shuffle(chosen)
    start, wrong, refused, done = time.perf_counter(), 0, 0, 0
    with warnings.catch_warnings(), options.set(backend=asked.backend, progress=False):
        warnings.simplefilter("ignore")
        for program in chosen:
            began = time.perf_counter()
            found = difference(program, asked.gradients)
            done += 1
            refused += found.startswith(REFUSED)
            wrong += bool(found) and not found.startswith(REFUSED)
            if found and (asked.refused or not found.startswith(REFUSED)):
                print(f"--- {program.thing}, {program.context}: {found}", flush=True)
            if time.perf_counter() - began > SLOW:
                print(f"--- {program.thing}, {program.context}: {time.perf_counter() - began:.0f} s\n{program}", flush=True)
            if time.perf_counter() - start > asked.seconds:
                break
    print(f"{done} of {len(chosen)} programs in {time.perf_counter() - start:.0f} s: {wrong} differ, {refused} are refused")


if __name__ == "__main__":
    main()
