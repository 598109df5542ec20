"""Stochastic gradient descent on streams of examples: FMinSGD, fmin_sgd."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from bcad.options import accept_legacy
from bcad.trace import map_leaves
from bcad.transforms import value_and_grad
from bcad.vectors import flatten


class FMinSGD(Iterator[float]):
    """Minimises the mean of ``fn(*args, **example)`` over examples drawn at random, one a step.

    Parameters
    ----------
    fn : callable, ``fn(*args, **{name: stream[i] for each stream}) -> float``
        The cost of one example; ordinary Python and NumPy.
    args : array, or list or tuple of arguments
        Where to start; never written to.
    streams : dict of str to array
        Equally long arrays; the same row of each, drawn with replacement, makes an example.
    step_size : float, or sequence with one for each argument
    loops : float
        How often as many steps are made as there are examples.
    step_size_backoff : float
        What step sizes are multiplied with when the mean cost of a pass is higher than that of the pass before, and
        when a cost or gradient is not finite: that step is not made.
    rseed : int or numpy.random.Generator
        Where the draws come from.

    Attributes
    ----------
    current_args
        The arguments now, nested as they were given.
    cost_history : list of float
        The cost of each step, before it was made.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=500)
    >>> sgd = FMinSGD(lambda w, x, y: (w * x - y) ** 2, [np.zeros(())], {"x": x, "y": 3 * x}, step_size=0.1)
    >>> costs = sgd.nextN(500)
    >>> sgd.current_args[0].round(6)
    np.float64(3.0)
    """

    def __init__(
        self, fn: Callable[..., Any], args: Any, streams: Mapping[str, Any], step_size: Any, loops: float = 1,
        step_size_backoff: float = 0.25, *, rseed: Any = 12345, **options: Any,
    ) -> None:
        accept_legacy(options)
        self._several = isinstance(args, (list, tuple)) and not hasattr(args, "_fields")
        self._args: list[Any] = map_leaves(_as_float, list(args) if self._several else [args])
        self._class = type(args) if self._several else list
        self.streams = {name: np.asarray(stream) for name, stream in streams.items()}
        lengths = {len(stream) for stream in self.streams.values()}
        if len(lengths) != 1 or lengths == {0}:
            raise ValueError(f"streams must be equally long and not empty; their lengths are {sorted(lengths)}")
        (self._length,) = lengths
        self.step_sizes = np.broadcast_to(np.asarray(step_size, float), len(self._args)).copy()
        self.step_size_backoff = step_size_backoff
        self._steps_left = round(loops * self._length)
        self._rng = np.random.default_rng(rseed)
        self._whole = value_and_grad(fn, tuple(range(len(self._args))))
        self.cost_history: list[float] = []
        self._pass: list[float] = []
        self._mean_before = np.inf

    @property
    def current_args(self) -> Any:
        """The arguments now, nested as they were given."""
        found = map_leaves(np.copy, self._args)
        return self._class(found) if self._several else found[0]

    def __next__(self) -> float:
        """Make one step; the cost of its example before."""
        if self._steps_left <= 0:
            raise StopIteration
        return self.nextN(1)[0]

    def nextN(self, N: int, force: bool = False) -> list[float]:
        """Make `N` steps, fewer where the loops end (unless `force`); the cost of each example before its step."""
        costs = []
        for _ in range(N if force else min(N, self._steps_left)):
            costs.append(self._step())
        return costs

    def _step(self) -> float:
        row = int(self._rng.integers(self._length))
        value, gradients = self._whole(*self._args, **{name: s[row] for name, s in self.streams.items()})
        cost = float(np.asarray(value).reshape(()))
        if np.isfinite(cost) and all(np.all(np.isfinite(flatten(g)[0])) for g in gradients):
            self._args = [
                _moved(a, g, size) for a, g, size in zip(self._args, gradients, self.step_sizes, strict=True)
            ]
        else:
            self.step_sizes *= self.step_size_backoff
        self._steps_left -= 1
        self._note(cost)
        return cost

    def _note(self, cost: float) -> None:
        self.cost_history.append(cost)
        self._pass.append(cost)
        if len(self._pass) == self._length:
            mean = float(np.mean(self._pass))
            if mean > self._mean_before:
                self.step_sizes *= self.step_size_backoff
            self._mean_before, self._pass = mean, []


def fmin_sgd(
    fn: Callable[..., Any], args: Any, streams: Mapping[str, Any], step_size: Any, loops: float = 1,
    step_size_backoff: float = 0.25, *, print_interval: float | None = None, **options: Any,
) -> Any:
    """The arguments at which `FMinSGD` ends; parameters as there.

    Parameters
    ----------
    print_interval : int, optional
        Print the mean cost after so many steps each.

    Examples
    --------
    >>> fmin_sgd(lambda w, x: (w - x) ** 2, np.zeros(()), {"x": np.full(200, 2.0)}, 0.1)
    array(2.)
    """
    sgd = FMinSGD(fn, args, streams, step_size, loops, step_size_backoff, **options)
    while costs := sgd.nextN(int(print_interval or 1000)):
        if print_interval:
            print(f"step {len(sgd.cost_history)}: mean cost {np.mean(costs):.6g}")
    return sgd.current_args


def _as_float(leaf: Any) -> Any:
    return np.array(leaf, dtype=np.result_type(leaf, np.float32 if np.asarray(leaf).dtype == np.float32 else float))


def _moved(argument: Any, gradient: Any, size: float) -> Any:
    """The argument after a step downhill."""
    vector, unflatten = flatten(argument)
    return map_leaves(np.asarray, unflatten(vector - size * np.conj(flatten(gradient)[0])))
