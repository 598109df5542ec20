"""What the first compiled call of straight-line programs costs: ``python -m benchmarks.compile_cost [operations ...]``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

FORMS = ("v{a}*v{b}", "v{a} + 0.5*v{b}", "np.sin(v{a})", "v{a}/(1.5 + v{b}*v{b})", "v{a} - 0.3*v{b}")


def program(operations: int, numbers: bool) -> Callable[..., Any]:
    """``f(x)`` of so many random operations on numbers taken from x, or on arrays like x."""
    rng = np.random.default_rng(0)
    first = "x[0], x[1], x[2], x[3]" if numbers else "x, x + 1.0, 2*x, x*x"
    lines = ["def f(x):", f"    v0, v1, v2, v3 = {first}"]
    for k in range(4, operations + 4):
        a, b = k - 1 - rng.integers(0, 4, size=2)
        lines.append(f"    v{k} = {FORMS[rng.integers(0, len(FORMS))].format(a=a, b=b)}")
    last = f"v{operations + 3}"
    scope: dict[str, Any] = {"np": np}
    exec("\n".join([*lines, f"    return {last}" if numbers else f"    return {last}.sum()"]), scope)
    found: Callable[..., Any] = scope["f"]
    return found


def cost(operations: int, numbers: bool) -> tuple[float, float, int]:
    """CPU seconds and elapsed seconds of the first call of value and gradient, compiled; how many nodes it has."""
    import bcad

    derived = bcad.value_and_grad(program(operations, numbers))
    with bcad.options.set(backend="numba"):
        cpu, elapsed = time.process_time(), time.perf_counter()
        derived(np.linspace(0.1, 0.4, 4 if numbers else 100))
        cpu, elapsed = time.process_time() - cpu, time.perf_counter() - elapsed
    return cpu, elapsed, len(derived.core.specialisations[0].graph.nodes)


def main(arguments: list[str]) -> None:
    from bcad import cache

    cache.switch_off()
    print(f"{'operations':>10}  {'on':<8}{'nodes':>8}{'CPU s':>8}{'s':>8}")
    cost(10, True)  # imports
    for operations in map(int, arguments or ["100", "1000", "10000"]):
        for numbers in (True, False):
            cpu, elapsed, nodes = cost(operations, numbers)
            kind = "numbers" if numbers else "arrays"
            print(f"{operations:>10}  {kind:<8}{nodes:>8}{cpu:>8.2f}{elapsed:>8.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
