"""``python -m tests.contexts``: all programs of `programs.py`, or a part of them, and what differs."""

from __future__ import annotations

import argparse
import random
import time
import warnings

from bcad import options

from .judge import difference
from .programs import THINGS, programs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.contexts", description=__doc__)
    parser.add_argument("--things", default=",".join(THINGS), help="the objects to try")
    parser.add_argument("--gradients", action="store_true", help="their gradients instead of their values")
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--seed", type=int, default=0, help="of the order in which they are tried")
    asked = parser.parse_args()
    chosen = [p for p in programs() if p.thing in asked.things.split(",")]
    random.Random(asked.seed).shuffle(chosen)
    start, wrong, done = time.perf_counter(), 0, 0
    with warnings.catch_warnings(), options.set(backend=asked.backend, progress=False):
        warnings.simplefilter("ignore")
        for program in chosen:
            found = difference(program, asked.gradients)
            done += 1
            if found:
                wrong += 1
                print(f"--- {program.thing}, {program.context}: {found}", flush=True)
            if time.perf_counter() - start > asked.seconds:
                break
    print(f"{done} of {len(chosen)} programs in {time.perf_counter() - start:.0f} s: {wrong} differ")


if __name__ == "__main__":
    main()
