"""What compiled code costs: calls, compilation by program size, a fused kernel beside hand-written numba.

    python -m benchmarks.backends [calls] [compile] [kernels]
"""

from __future__ import annotations

import os
import sys
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

from bcad import backends
from bcad.ir import Builder, Dim, Graph, array_type, python_type
from bcad.ops import BY_NAME as O

N, M = Dim.symbol("n"), Dim.symbol("m")


def graph_of(function: Callable[..., Any], *types: Any) -> Graph:
    with Builder(name="f") as b:
        result = function(*(b.input(t, f"x{k}") for k, t in enumerate(types)))
        return b.build(result if isinstance(result, (list, tuple)) else [result])


def nanoseconds(function: Callable[..., Any], *args: Any, number: int = 0) -> float:
    """The least time of a call, without that of calling a function that does nothing."""
    timer = timeit.Timer(lambda: function(*args))
    number = number or max(timer.autorange()[0] // 4, 1)
    empty = min(timeit.repeat(lambda: None, number=100_000, repeat=5)) / 100_000
    return 1e9 * (min(timer.repeat(5, number)) / number - empty)


def total(x: Any) -> Any:
    return O["sum"](x, axis=tuple(range(x.ndim)), keepdims=False)


def value_and_gradient(x: Any) -> list[Any]:
    y = O["sin"](x) * x
    return [total(y) if x.ndim else y, O["cos"](x) * x + O["sin"](x)]


def calls() -> None:
    """The overhead of a call, allocation of the results included."""
    scalar = backends.get("numba").compile(graph_of(value_and_gradient, python_type(float))).run
    print(f"value and gradient of sin(x)*x, a float: {nanoseconds(scalar, 0.3):8.0f} ns")
    for n in (8, 1000, 100_000):
        run = backends.get("numba").compile(graph_of(value_and_gradient, array_type(float, (N,)))).run
        print(f"the same, {n:6} elements:                {nanoseconds(run, np.random.rand(n)):8.0f} ns")


def chain(k: int) -> Callable[[Any], Any]:
    """`k` operations, one after another."""

    def f(x: Any) -> Any:
        y = x
        for i in range(k):
            y = (y * 1.01, y + x, O["sin"](y) if i % 40 == 2 else y - 0.5, y / (x * x + 1.0))[i % 4]
        return y

    return f


def compile_times() -> None:
    """Seconds from graph to callable, cache off."""
    os.environ["BCAD_CACHE_DIR"] = "off"
    backends.get("numba").compile(graph_of(chain(3), python_type(float)))
    for what, type_ in (("float", python_type(float)), ("array", array_type(float, (N,)))):
        for k in (10, 100, 1000, 10_000):
            graph = graph_of(chain(k), type_)
            start = timeit.default_timer()
            report = backends.get("numba").compile(graph).report
            phases = ", ".join(f"{name} {1e3 * s:.0f}" for name, s in report.seconds.items())
            print(f"{k:6} operations on a {what}: {1e3 * (timeit.default_timer() - start):7.0f} ms ({phases})")


def logistic(x: Any, y: Any, w: Any) -> list[Any]:
    """``sum(log(1 + exp(-y * (x @ w))))`` and its gradient for w."""
    z = O["matmul"](x, w)
    e = O["exp"](-y * z)
    gz = -y * e / (1.0 + e)
    return [total(O["log1p"](e)), O["matmul"](O["transpose"](x, axes=(1, 0)), gz)]


def elementwise(x: Any, w: Any, b: Any) -> list[Any]:
    """``sum(tanh(x*w + b)**2 * exp(-x))`` with gradients for x, w and b."""
    t, e = O["tanh"](x * w + b), O["exp"](-x)
    ga = 2.0 * t * e * (1.0 - t * t)
    return [total(t * t * e), ga * w - t * t * e, total(ga * x), total(ga)]


def by_hand() -> dict[str, Any]:
    import math

    import numba

    @numba.njit(fastmath={"reassoc", "contract"})
    def logistic(x, y, w):  # type: ignore[no-untyped-def]
        n, m = x.shape
        value, g = 0.0, np.zeros(m)
        for i in range(n):
            z = 0.0
            for j in range(m):
                z += x[i, j] * w[j]
            e = math.exp(-y[i] * z)
            value += math.log1p(e)
            gz = -y[i] * e / (1.0 + e)
            for j in range(m):
                g[j] += gz * x[i, j]
        return value, g

    @numba.njit(fastmath={"reassoc", "contract"})
    def elementwise(x, w, b):  # type: ignore[no-untyped-def]
        value, gw, gb, g = 0.0, 0.0, 0.0, np.empty_like(x)
        for i in range(x.size):
            t, e = math.tanh(x[i] * w + b), math.exp(-x[i])
            ga = 2.0 * t * e * (1.0 - t * t)
            value += t * t * e
            g[i] = ga * w - t * t * e
            gw += ga * x[i]
            gb += ga
        return value, g, gw, gb

    return {"logistic": logistic, "elementwise": elementwise}


def kernels() -> None:
    """Fused kernels beside what one writes by hand with numba, and NumPy source."""
    hand = by_hand()
    vector = array_type(float, (N,))
    cases = [("logistic", logistic, (array_type(float, (N, M)), vector, array_type(float, (M,)))),
             ("elementwise", elementwise, (vector, python_type(float), python_type(float)))]
    for name, function, types in cases:
        compiled, source = (backends.get(b).compile(graph_of(function, *types)).run for b in ("numba", "numpy"))
        for n in (10, 1000, 100_000):
            args: Any = (np.random.randn(n), 0.5, 0.1)
            if name == "logistic":
                args = (np.random.randn(n, 10), np.sign(np.random.randn(n)), np.random.randn(10))
            times = [nanoseconds(f, *args) / 1e3 for f in (compiled, hand[name], source)]
            print(f"{name:12} n={n:6}: {times[0]:9.1f} us, numba by hand {times[1]:9.1f}, NumPy {times[2]:9.1f}")


PARTS = {"calls": calls, "compile": compile_times, "kernels": kernels}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
