"""Every way of laying out code, on small programs: the sizes from which each begins are lowered, differently for each seed.

``python -m tests.backends.thresholds [--seeds N] [--names A,B]`` runs the programs of `tests.programs` so, compiled,
against NumPy; ``python -m tests.fuzz --forced`` does it with generated ones.
"""

from __future__ import annotations

import argparse
import importlib
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np

import bcad
from tests.programs import Program, programs

#: module.CONSTANT -> values instead of its own
LOWER: dict[str, tuple[Any, ...]] = {
    "emitter.UNROLL": (1, 2, 3),  # loops of fixed length written out
    "fuse.STORE_COST": (0, 1, 2, 100),
    "fuse.WIDEST": (1, 2, 3),
    "loop_sums.SHORT": (0, 2),
    "lower_loops.FIRST_CAPACITY": (1, 2),
    "lower_products.ROWS": (1, 4),
    "nests.CHUNK": (1, 2, 3, 7),
    "nests.SHORT": (0, 2),
    "numba_gil.LONG": (0, 1),
    "numba_llvm_scalars.INLINED": (0, 1),
    "numba_parts.LONG": (2, 10, 40),
    "numba_parts.PART": (4, 10),
    "numba_regions.CHUNK": (1, 2),
    "numba_regions.WORTH": (0,),
    "row_blocks.ABREAST": (2, 3),
    "row_blocks.ELEMENTS": (1, 2, 5, 9),
    "row_blocks.LOCAL": (0, 2),
    "row_blocks.STATEMENTS": (0, 2, 20),
    "rooms.LOCAL": (0, 1, 4),
    "rows.FEW": (0, 1, 2),
    "small_products.SMALL": (0, 1, 2),
    "small_products.SUMS": (0, 2),
    "lower_products.SUMS": (0, 2),
    "strips.CROWD": (0, 2),
    "strips.LONG": (2, 8, 30),
    "strips.MANY": (0,),
    "strips.PART": (4, 10),
    "columns.COLUMNS": (1, 2),
}


@contextmanager
def lowered(seed: int) -> Iterator[dict[str, Any]]:
    """Thresholds that `seed` chooses, about half of them lowered."""
    rng = random.Random(seed)
    chosen = {name: rng.choice(values) for name, values in LOWER.items() if rng.random() < 0.6}
    if "row_blocks.ABREAST" in chosen:
        chosen["emitter.ABREAST"] = chosen["row_blocks.ABREAST"]
    with ExitStack() as stack:
        for name, value in chosen.items():
            module, _, constant = name.partition(".")
            stack.enter_context(mock.patch.object(importlib.import_module(f"bcad.backends.{module}"), constant, value))
        yield chosen


def difference(program: Program, seed: int, parallel: bool = False) -> str:
    """What the program's value and gradient, compiled with lowered thresholds, are otherwise than in NumPy; empty if nothing."""
    def derived(backend: str) -> list[Any]:
        with bcad.options.set(backend=backend, progress=False, parallel=parallel), np.errstate(all="ignore"):
            jacobian = "jacobian" in program.tags
            fn = bcad.jacobian(program.fn) if jacobian else bcad.value_and_grad(program.fn, argnums=program.argnums)
            return [fn(*args) for args in program.samples() for _ in range(2)]

    expected = derived("numpy")
    with lowered(seed):
        found = derived("numba")
    for k, (a, b) in enumerate(zip(flat(found), flat(expected), strict=True)):
        scale = float(np.max(np.abs(b), initial=1.0))
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-8, atol=1e-9 * scale, equal_nan=True):
            return f"{program.name}, seed {seed}: number {k}: {a} instead of {b}"
    return ""


def flat(results: Any) -> list[np.ndarray]:
    if isinstance(results, tuple | list):
        return [a for part in results for a in flat(part)]
    return [np.asarray(results)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.backends.thresholds", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="different thresholds for each program (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: %(default)s)")
    parser.add_argument("--names", metavar="A,B", help="only these programs")
    parser.add_argument("--parallel", action="store_true", help="threads share loops")
    asked = parser.parse_args()
    names = asked.names.split(",") if asked.names else None
    bugs = runs = 0
    for k, program in enumerate(p for p in programs() if names is None or p.name in names):
        for seed in range(asked.first, asked.first + asked.seeds):
            runs += 1
            try:
                wrong = difference(program, 1000 * seed + k, asked.parallel)
            except Exception as error:
                wrong = f"{program.name}, seed {1000 * seed + k}: {type(error).__name__}: {error}"
            if wrong:
                bugs += 1
                print(wrong[:600], flush=True)
    print(f"{runs} runs, {bugs} of them wrong")


if __name__ == "__main__":
    main()
