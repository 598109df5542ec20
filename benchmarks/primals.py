"""Gradients beside primals compiled by numba, written by hand for it where that is faster: what a derivative of a loop costs, and what it keeps."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np

import bcad
from bcad.diff import kept_by_loops

from . import measure
from .cases import BY_NAME, Case
from .report import duration


@nb.njit
def rk4_lotka_volterra(y, p, steps, h):
    a, b = y[0], y[1]
    p0, p1, p2, p3 = p[0], p[1], p[2], p[3]
    for _ in range(steps):
        k1a, k1b = p0 * a - p1 * a * b, p2 * a * b - p3 * b
        u, v = a + 0.5 * h * k1a, b + 0.5 * h * k1b
        k2a, k2b = p0 * u - p1 * u * v, p2 * u * v - p3 * v
        u, v = a + 0.5 * h * k2a, b + 0.5 * h * k2b
        k3a, k3b = p0 * u - p1 * u * v, p2 * u * v - p3 * v
        u, v = a + h * k3a, b + h * k3b
        k4a, k4b = p0 * u - p1 * u * v, p2 * u * v - p3 * v
        a += h / 6.0 * (k1a + 2.0 * k2a + 2.0 * k3a + k4a)
        b += h / 6.0 * (k1b + 2.0 * k2b + 2.0 * k3b + k4b)
    return a * a + b


@nb.njit
def heat_loops(u, k, steps):
    n, m = u.shape
    for _ in range(steps):
        new = u.copy()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                new[i, j] = u[i, j] + k * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u = new
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return total


def text_of(case: str) -> Callable[..., Any]:
    """The program of a case, compiled by numba as it stands: where that is as fast as what one writes by hand."""
    return nb.njit(error_model="numpy")(BY_NAME[case].fn)


@dataclass(frozen=True)
class Primal:
    """A case, its primal, its size, and how many times the primal its gradient may take.

    Parameters
    ----------
    case : str
        Of `benchmarks.cases`.
    target : float
        Times the hand-written primal.
    args : callable or None
        Other arguments than the case's.
    """

    case: str
    fn: Callable[..., Any]
    target: float
    args: Callable[[], tuple[Any, ...]] | None = None

    def arguments(self) -> tuple[Any, ...]:
        return self.args() if self.args is not None else BY_NAME[self.case].args()


def longer_rk4() -> tuple[Any, ...]:
    y, p, _, h = BY_NAME["lotka_rk4_1000"].args()
    return y, p, 10_000, 0.1 * h


PRIMALS = (
    Primal("taylor_sine", text_of("taylor_sine"), 2.5),
    Primal("lotka_rk4_1000", rk4_lotka_volterra, 3.0, longer_rk4),
    Primal("recurrence_10000", text_of("recurrence_10000"), 2.5),
    Primal("thomas_1000", text_of("thomas_1000"), 4.0),
    Primal("heat_loops_200x200", heat_loops, 4.0),
    Primal("rosen_loop_10000", text_of("rosen_loop_10000"), 3.0),
)


def derived(case: Case, args: Sequence[Any]) -> tuple[Callable[[], Any], Any]:
    """The compiled entry of value and gradient, with its arguments bound, and the specialisation that it belongs to."""
    core = bcad.value_and_grad(case.fn, argnums=case.argnums).core
    special = core.specialise(args, {})
    special.entry.compile()
    values = special.program.fetch(*core.prepare(args, {})[1:])
    return lambda: special.entry(*values), special


def table(rounds: int = 15) -> Iterator[str]:
    """One line for each case: primal, gradient, their ratio, what it may be, and what the loops keep."""
    yield f"{'case':<20}{'numba primal':>14}{'gradient':>13}{'ratio':>7}{'target':>8}  tape: bytes an iteration, by loop"
    for row in PRIMALS:
        args = row.arguments()
        gradient, special = derived(BY_NAME[row.case], args)
        primal = functools.partial(row.fn, *args)
        np.testing.assert_allclose(gradient()[0], primal(), rtol=1e-9)
        samples, _ = measure.interleaved({"primal": primal, "gradient": gradient}, rounds=rounds)
        before, now = (duration(statistics.median(samples[name])) for name in ("primal", "gradient"))
        times = measure.ratio(samples["gradient"], samples["primal"])
        tapes = ", ".join(str(tape.bytes) for tape in kept_by_loops(special.graph)) or "none"
        yield f"{row.case:<20}{before:>14}{now:>13}{times:>7.2f}{row.target:>8.1f}  {tapes}"


@dataclass(frozen=True)
class Growth:
    """How time and tape of one gradient grow with the number of iterations."""

    case: str
    counts: tuple[int, ...]
    seconds: tuple[float, ...]
    tape: tuple[int, ...]  # bytes

    def lines(self) -> Iterator[str]:
        for n, took, kept in zip(self.counts, self.seconds, self.tape, strict=True):
            yield f"{self.case:<24}{n:>9}{duration(took):>13}{1e9 * took / n:>12.2f}{kept:>12}{kept / n:>10.2f}"


HEADING = f"{'case':<24}{'n':>9}{'gradient':>13}{'ns each':>12}{'tape bytes':>12}{'each':>10}"
LOOPS: dict[str, Callable[[int], tuple[Any, ...]]] = {
    "recurrence_10000": lambda n: (np.linspace(-1.0, 1.0, n), 0.5),
    "rosen_loop_10000": lambda n: (np.linspace(-1.0, 1.0, n),),
    "lotka_rk4_1000": lambda n: (*longer_rk4()[:2], n, 10.0 / n),
    "thomas_1000": lambda n: (np.full(n - 1, 0.5), np.full(n, 3.0), np.full(n - 1, 0.4), np.ones(n)),
}


def growth(counts: Sequence[int] = (1_000, 10_000, 100_000, 1_000_000), rounds: int = 5) -> Iterator[Growth]:
    """Gradients of loops of so many iterations, one compilation for all."""
    for name, arguments in LOOPS.items():
        case = BY_NAME[name]
        gradient = bcad.value_and_grad(case.fn, argnums=case.argnums)
        core, seconds, tape = gradient.core, [], []
        for n in counts:
            args = arguments(n)
            special = core.specialise(args, {})
            special.entry.compile()
            values = special.program.fetch(*core.prepare(args, {})[1:])
            special.entry(*values)
            seconds.append(min(measure.seconds_of(functools.partial(special.entry, *values), 1) for _ in range(rounds)))
            tape.append(sum(n * int(loop.bytes) for loop in kept_by_loops(special.graph)))
        assert core.traces == 1, "another length is no other program"
        yield Growth(name.rsplit("_", 1)[0], tuple(counts), tuple(seconds), tuple(tape))


def plot(found: Sequence[Growth], file: str) -> None:
    """Time and tape over the number of iterations; needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for line in found:
        left.loglog(line.counts, [1e3 * s for s in line.seconds], "o-", label=line.case)
        right.loglog(line.counts, [b / 1024 for b in line.tape], "o-", label=line.case)
    left.set(xlabel="iterations", ylabel="gradient, ms")
    right.set(xlabel="iterations", ylabel="tape, KiB")
    left.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=110)
