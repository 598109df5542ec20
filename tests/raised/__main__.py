"""``python -m tests.raised``: programs of `programs.py` in random order, and what differs."""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter

from bcad import options

from .judge import difference
from .programs import programs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.raised", description=__doc__)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--seconds", type=float, default=60.0, help="stop after so long")
    parser.add_argument("--seed", type=int, default=0, help="of the order in which they are tried")
    parser.add_argument("--refused", action="store_true", help="show what is refused, too")
    parser.add_argument("--only", default="", help="programs whose description holds this")
    asked = parser.parse_args()
    chosen = [p for p in programs() if asked.only in str(p)]
    shuffler = random.Random(asked.seed)
    shuffler.shuffle(chosen)
    start, done, wrong, refused = time.perf_counter(), 0, 0, Counter()
    with options.set(progress=False):
        for program in chosen:
            mode, order = shuffler.choice(("value", "reverse")), shuffler.choice((1, -1))
            found, refusal = difference(program, mode, asked.backend, order)
            if found:
                wrong += 1
                print(f"--- {program}, {mode}, {order}: {found}", flush=True)
            if refusal:
                refused[refusal] += 1
                if asked.refused:
                    print(f"refused {program}, {mode}, {order}: {refusal}", flush=True)
            done += 1
            if time.perf_counter() - start > asked.seconds:
                break
    print(f"{done} of {len(chosen)} programs in {time.perf_counter() - start:.0f} s: {wrong} differ, {sum(refused.values())} are refused")
    for reason, count in refused.most_common(12):
        print(f"{count:5} {reason}")


if __name__ == "__main__":
    main()
