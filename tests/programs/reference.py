"""Derivatives that owe nothing to bcad: Richardson-extrapolated differences with an error estimate; complex step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LEVELS = 9
RATIO = 2.0


@dataclass(frozen=True)
class Estimate:
    """A derivative and a bound, honest but not rigorous, of its error; both of the derivative's shape."""

    value: np.ndarray
    error: np.ndarray

    def agrees(self, other: Any, rtol: float = 1e-7, atol: float = 1e-9) -> bool:
        """Whether `other` is this derivative: within ten times the error and the tolerances."""
        return not self.disagreement(other, rtol, atol)

    def disagreement(self, other: Any, rtol: float = 1e-7, atol: float = 1e-9) -> str:
        """Empty if `other` agrees, else where and by how much it does not."""
        other = np.asarray(other)
        if other.shape != self.value.shape:
            return f"shape {other.shape} instead of {self.value.shape}"
        allowed = 10 * self.error + rtol * (np.abs(self.value) + 1e-3 * magnitude(self.value)) + atol
        off = np.abs(other - self.value)
        wrong = ~(off <= allowed)
        if not wrong.any():
            return ""
        worst = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off / allowed)), off.shape)
        return (
            f"{wrong.sum()} of {wrong.size} entries differ; at {tuple(map(int, worst))} "
            f"{other[worst]!r} instead of {self.value[worst]!r} +- {self.error[worst]:.1e}"
        )


def richardson(along: Callable[[float], np.ndarray], step: float) -> Estimate:
    """The derivative at 0 of a function of one real variable, by Ridders' table of central differences.

    Notes
    -----
    C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Adv. Eng. Software 4 (1982) 75. Each entry has
    its own best place in the table, so that a kink within the first steps of one of them spoils no other.
    """
    table: list[np.ndarray] = []
    best: np.ndarray | None = None
    error: np.ndarray | None = None
    for level in range(LEVELS):
        h = step / RATIO**level
        row = [(np.asarray(along(h)) - np.asarray(along(-h))) / (2 * h)]
        for k, coarser in enumerate(table):
            factor = RATIO ** (2 * (k + 1))
            row.append((factor * row[k] - coarser) / (factor - 1))
        for k in range(1, len(row)):
            off = np.maximum(np.abs(row[k] - row[k - 1]), np.abs(row[k] - table[k - 1]))
            if best is None or error is None:
                best, error = row[k], off
            else:
                better = off < error
                best, error = np.where(better, row[k], best), np.where(better, off, error)
        table = row
    assert best is not None and error is not None
    return Estimate(best, error)


def derivative(
    fn: Callable[..., Any], args: Sequence[Any], directions: Sequence[Any], step: float | None = None,
    shorter: float = 1.0,
) -> Estimate:
    """The derivative of ``fn(*args)`` along `directions`, one per argument (None: that argument stays).

    The result has the shape of ``fn``'s. Works for any size of arguments: only the one direction is followed.
    """
    moving = [i for i, d in enumerate(directions) if d is not None]
    if step is None:
        step = min((scale(args[i]) / max(magnitude(directions[i]), 1e-300) for i in moving), default=1.0)

    def along(t: float) -> np.ndarray:
        moved = list(args)
        for i in moving:
            moved[i] = np.asarray(args[i], dtype=inexact(args[i])) + t * np.asarray(directions[i])
            if np.ndim(args[i]) == 0 and not isinstance(args[i], np.ndarray):
                moved[i] = moved[i].item()
        return np.asarray(fn(*moved))

    return richardson(along, step * shorter)


def magnitude(value: Any) -> float:
    return float(np.max(np.abs(value), initial=0.0))


def scale(value: Any) -> float:
    """The longest step away from `value` that is worth taking."""
    return 2.0**-6 * max(magnitude(value), 0.1)


def inexact(value: Any) -> np.dtype:
    return np.result_type(np.asarray(value).dtype, np.float64)


def jacobian(fn: Callable[..., Any], args: Sequence[Any], argnum: int = 0, shorter: float = 1.0) -> Estimate:
    """The derivative with respect to every entry of one real argument: shape of the result, then of the argument."""
    argument = np.asarray(args[argnum], dtype=float)
    values, errors = [], []
    for index in np.ndindex(argument.shape):
        direction = np.zeros_like(argument)
        direction[index] = 1.0
        directions: list[Any] = [None] * len(args)
        directions[argnum] = direction
        column = derivative(fn, args, directions, scale(argument[index]), shorter)
        values.append(column.value)
        errors.append(column.error)
    shape = np.shape(fn(*args)) + argument.shape
    if not values:
        return Estimate(np.zeros(shape), np.zeros(shape))
    return Estimate(np.stack(values, -1).reshape(shape), np.stack(errors, -1).reshape(shape))


def gradients(
    fn: Callable[..., Any], args: Sequence[Any], argnums: Sequence[int] = (0,), shorter: float = 1.0
) -> list[Estimate]:
    """`jacobian` for several arguments; of a scalar function: its gradients."""
    return [jacobian(fn, args, argnum, shorter) for argnum in argnums]


def complex_step(fn: Callable[..., Any], args: Sequence[Any], argnum: int = 0) -> np.ndarray:
    """Like `jacobian`, but exact to rounding; only for functions that are analytic and pass complex numbers through.

    Not valid where the function writes into float buffers, takes absolute values, compares, or uses ``.real``.
    """
    argument = np.asarray(args[argnum], dtype=complex)
    tiny = 1e-200
    columns = []
    for index in np.ndindex(argument.shape):
        moved = argument.copy()
        moved[index] += 1j * tiny
        replaced = [*args[:argnum], moved if moved.ndim else complex(moved), *args[argnum + 1 :]]
        columns.append(np.imag(fn(*replaced)) / tiny)
    return np.stack(columns, -1).reshape(np.shape(columns[0]) + argument.shape)
