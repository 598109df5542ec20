"""Inputs on which the tests try an op: seeded random arrays of a given nature and shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Maker = Callable[[np.random.Generator], Any]


class Sample:
    """Arguments (makers of arrays, or plain values) and attributes of one trial of an op."""

    smooth = True  # whether differences may be compared with derivatives here

    def __init__(self, *args: Any, **attrs: Any) -> None:
        self.args = args
        self.attrs = attrs

    def at_kink(self) -> Sample:
        """This sample, where the function has no derivative but a documented choice."""
        self.smooth = False
        return self

    def make(self, seed: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """Concrete inputs; the same for the same seed."""
        rng = np.random.default_rng(seed)
        return [a(rng) if callable(a) else a for a in self.args], self.attrs


def reals(*shape: int, low: float = -2.0, high: float = 2.0) -> Maker:
    """Floats, uniform between `low` and `high`; a NumPy scalar if no shape is given."""
    return lambda rng: rng.uniform(low, high, shape) if shape else np.float64(rng.uniform(low, high))


def positives(*shape: int) -> Maker:
    """Floats between 0.2 and 3."""
    return reals(*shape, low=0.2, high=3.0)


def complexes(*shape: int) -> Maker:
    """Complex numbers with parts between -2 and 2, away from the branch cuts on the real axis."""

    def make(rng: np.random.Generator) -> Any:
        return rng.uniform(-2, 2, shape) + 1j * rng.choice([-1, 1], shape) * rng.uniform(0.2, 2, shape)

    return make


def integers(*shape: int, low: int = 0, high: int = 5) -> Maker:
    """Ints, low <= k < high."""
    return lambda rng: rng.integers(low, high, shape)


def booleans(*shape: int) -> Maker:
    """Fair coin tosses."""
    return lambda rng: rng.integers(0, 2, shape).astype(bool)


def specials() -> Maker:
    """Zeros of both signs, infinities, nan and ordinary floats: for questions, not for derivatives."""
    return lambda rng: np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -2.0])


def well_conditioned(n: int, *batch: int) -> Maker:
    """Square matrices with condition numbers of a few units."""
    return lambda rng: rng.uniform(-1, 1, (*batch, n, n)) + 2.0 * np.sqrt(n) * np.eye(n)


def positive_definite(n: int, *batch: int) -> Maker:
    """Symmetric matrices with eigenvalues from 1 to a few units."""

    def make(rng: np.random.Generator) -> Any:
        a = rng.uniform(-1, 1, (*batch, n, n))
        return a @ np.swapaxes(a, -1, -2) + np.eye(n)

    return make
