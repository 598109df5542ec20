"""What a textbook function is, and how its printed gradient is read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class Textbook:
    """A function, example arguments, and the text that ``str(Gradient(fn, args))`` is to be.

    `text` has named intermediates ``name = ...`` before their use, one line ``f(...) = ...`` and one line ``df/dx = ...``
    per argument (with the function's own name); functions are NumPy's without ``np.``.
    """

    name: str
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    text: str

    def __str__(self) -> str:
        return self.name


def vector(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def matrix(n: int, m: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, m))


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.5, 2.0, size=shape)


SIGNS = np.array([1.0, -1.0, -1.0, 1.0, 1.0])
X5 = matrix(5, 2, seed=4)
TABLE = matrix(3, 4, seed=5)
SYMMETRIC = np.array([[2.0, 0.5], [0.5, 3.0]])
LABELS = np.eye(3)[[0, 2, 1, 0, 1]]
COUNTS = np.array([1.0, 0.0, 3.0, 2.0, 1.0])


def names_for_reading() -> dict[str, Any]:
    """What the printed text may mention besides its own names: NumPy without its prefix, and constants of the functions."""
    constants = {"X5": X5, "TABLE": TABLE, "SIGNS": SIGNS, "SYMMETRIC": SYMMETRIC, "LABELS": LABELS, "COUNTS": COUNTS, "ndtr": ndtr}
    return {**vars(np), **constants}


def read(text: str, names: list[str], args: tuple[Any, ...]) -> tuple[Any, list[Any]]:
    """The value and the gradients that a printed text stands for, at `args`; in the order of the lines."""
    scope = {**names_for_reading(), **dict(zip(names, args, strict=True))}
    value, gradients = None, []
    for line in text.splitlines():
        left, symbol, right = re.fullmatch(r"(.*?) (\+?=) (.*)", line).groups()  # type: ignore[union-attr]
        if re.fullmatch(r"\w+\(.*\)", left):
            value = eval(right, scope)
        elif "/d" in left:
            gradients.append(eval(right, scope))
        else:
            exec(f"{left} {symbol} {right}", scope)
    return value, gradients
