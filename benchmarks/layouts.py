"""What other layouts of arrays cost, and what threads gain: ratios to the same call on C-contiguous arrays or to a loop by hand, on one thread."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import measure


@dataclass(frozen=True)
class Work:
    """A function of one array, which is gone over in some order of its own."""

    name: str
    fn: Callable[[Any], Any]
    shape: tuple[int, ...]


def cosines(x: Any) -> Any:
    return np.sum(np.cos(x) * x)


def squares(x: Any) -> Any:
    return np.sum(x * x)


def row_softmax(x: Any) -> Any:
    shifted = np.exp(x - np.max(x, axis=1, keepdims=True))
    return np.sum(np.log(np.sum(shifted, axis=1))) + np.sum(x[:, 0])


def column_means(x: Any) -> Any:
    return np.sum(np.mean(x, axis=0) ** 2)


def product(x: Any) -> Any:
    return np.sum(np.tanh(x @ x.T))


WORKS = [
    Work("squares", squares, (1000,)), Work("squares", squares, (1000, 1000)), Work("cosines", cosines, (100, 100)),
    Work("cosines", cosines, (1000, 1000)), Work("row_softmax", row_softmax, (300, 200)),
    Work("column_means", column_means, (1000, 300)), Work("product", product, (200, 200)),
]


LAYOUTS = ("every second", "reversed", "corner", "Fortran")


def layouts(x: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers in other places: every second one, the other way round, Fortran's order, a corner of a larger array."""
    apart = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)[..., ::2]
    corner = np.zeros(tuple(n + 8 for n in x.shape), x.dtype)[tuple(slice(n) for n in x.shape)]
    apart[...] = corner[...] = x
    found = {"every second": apart, "reversed": x[..., ::-1].copy()[..., ::-1], "corner": corner}
    return found if x.ndim < 2 else {**found, "Fortran": np.asfortranarray(x)}


def layout_lines(rounds: int) -> Iterator[str]:
    """A table of bcad's calls and of NumPy's evaluation of the value alone."""
    yield f"{'value and gradient':<26}{'C order':>10}" + "".join(f"{k:>14}" for k in LAYOUTS) + f"{'NumPy copy':>12}"
    for work in WORKS:
        x = np.random.default_rng(0).normal(size=work.shape)
        call = compiled(work.fn, x)
        others = layouts(x)
        thunks = {"C": lambda call=call, x=x: call(x), "copy": lambda x=others["every second"]: np.ascontiguousarray(x)}
        thunks.update({k: lambda call=call, x=y: call(x) for k, y in others.items()})
        samples, _ = measure.interleaved(thunks, rounds, 0.002, 10.0)
        best = {k: min(v) for k, v in samples.items()}
        ratios = "".join(f"{best[k] / best['C']:>14.2f}" if k in best else f"{'-':>14}" for k in LAYOUTS)
        shape = " x ".join(map(str, work.shape))
        yield f"{work.name + ' ' + shape:<26}{1e6 * best['C']:>7.1f} us{ratios}{best['copy'] / best['C']:>12.2f}"
    yield from hand_lines(rounds)


def hand_lines(rounds: int) -> Iterator[str]:
    """A table of sums of squares, and how many times as long bcad takes for them as a loop by hand on the same strided array."""
    yield f"\n{'squares, over by hand':<26}{'hand, C order':>14}{'C order':>14}" + "".join(f"{k:>14}" for k in LAYOUTS)
    for shape, dtype in itertools.product(((1000,), (100, 100), (1000, 1000)), (np.float64, np.float32)):
        x = np.random.default_rng(0).normal(size=shape).astype(dtype)
        call, cells = compiled(squares, x), []
        for y in {"C": x, **layouts(x)}.values():
            hand = hand_squares(y.ndim)
            hand(y), call(y)
            samples, _ = measure.interleaved({"bcad": lambda y=y: call(y), "hand": lambda y=y, hand=hand: hand(y)}, rounds, 0.002, 10.0)
            cells.append((min(samples["hand"]), min(samples["bcad"]) / min(samples["hand"])))
        name = f"{' x '.join(map(str, shape))} {np.dtype(dtype)}"
        yield f"{name:<26}{1e6 * cells[0][0]:>11.1f} us" + "".join(f"{ratio:>14.2f}" for _, ratio in cells)


@functools.cache
def hand_squares(ndim: int) -> Callable[[Any], Any]:
    """The sum of squares and its gradient, for numba; it reads arrays where they are, whatever their strides."""
    import numba

    def vector(x: Any) -> Any:
        total, gradient = 0.0, np.empty(x.shape, x.dtype)
        for i in range(x.shape[0]):
            total += x[i] * x[i]
            gradient[i] = 2 * x[i]
        return total, gradient

    def matrix(x: Any) -> Any:
        total, gradient = 0.0, np.empty(x.shape, x.dtype)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                total += x[i, j] * x[i, j]
                gradient[i, j] = 2 * x[i, j]
        return total, gradient

    return numba.njit(fastmath={"reassoc", "contract"})(vector if ndim == 1 else matrix)  # type: ignore[no-any-return]


def thread_lines(rounds: int) -> Iterator[str]:
    """A table of calls with ``parallel=True`` beside the same on one thread."""
    import os

    yield f"{os.cpu_count()} processors; time on one thread, and how many times as fast with parallel=True"
    sizes = [(work, scale) for work in (Work("cosines", cosines, (1,)), Work("squares", squares, (1,))) for scale in (10**4, 10**5, 10**6, 10**7)]
    grids = [(Work("row_softmax", row_softmax, (1,)), n) for n in (100, 300, 1000, 3000)]
    for work, n in [*sizes, *grids]:
        x = np.random.default_rng(0).normal(size=(n, 200) if work.fn is row_softmax else n)
        alone, shared = compiled(work.fn, x), compiled(work.fn, x, parallel=True)
        samples, _ = measure.interleaved({"alone": lambda: alone(x), "shared": lambda: shared(x)}, rounds, 0.002, 10.0)
        one, two = min(samples["alone"]), min(samples["shared"])
        yield f"{work.name:<14}{' x '.join(map(str, x.shape)):<14}{1e6 * one:>12.1f} us{one / two:>8.2f}"


def compiled(fn: Callable[[Any], Any], x: np.ndarray, parallel: bool = False) -> Callable[[Any], Any]:
    """The value and gradient of `fn`, compiled already."""
    import bcad

    derived = bcad.value_and_grad(fn)
    with bcad.options.set(backend="numba", parallel=parallel, progress=False):
        derived(x)
        derived(x)
    return derived
