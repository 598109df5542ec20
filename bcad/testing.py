"""check_grads: are the derivatives of a function those of the function?

The reference is a central difference, Richardson-extrapolated, of the plain Python function:
the one place where bcad takes differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.trace import flatten
from bcad.transforms import make_jvp, make_vjp

TOLERANCE = 1e-6


def check_grads(
    f: Callable[..., Any],
    argnum: Any = 0,
    modes: Sequence[str] = ("fwd", "rev"),
    order: int = 2,
    *,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Callable[..., None]:
    """``check_grads(f, argnum, modes, order)(*args, **kwargs)`` compares with differences.

    Parameters
    ----------
    f : callable
        Ordinary Python and NumPy.
    argnum : int or tuple of int
        The arguments to vary.
    modes : sequence of 'fwd', 'rev'
        Forward and reverse mode.
    order : int
        Up to which order; the derivatives of derivatives are checked in all modes.
    tolerance : float
        Relative to the larger of the two numbers, and absolute below 1.
    seed : int
        Of the random directions.

    Returns
    -------
    callable
        Raises AssertionError, which names the argument, the order, both numbers and whether
        the function looks noisy or kinked there.
    """
    unknown = set(modes) - {"fwd", "rev"}
    if unknown:
        raise ValueError(f"modes are 'fwd' and 'rev', not {sorted(unknown)}")
    rng = np.random.default_rng(seed)

    def check(*args: Any, **kwargs: Any) -> None:
        numbers = argnum if isinstance(argnum, (tuple, list)) else (argnum,)
        _check(lambda *a: f(*a, **kwargs), tuple(numbers), args, modes, order, tolerance, rng, _name(f))

    return check


def _name(f: Any) -> str:
    return getattr(f, "__name__", repr(f))


def _check(
    f: Callable[..., Any], numbers: tuple[int, ...], args: tuple[Any, ...], modes: Sequence[str],
    order: int, tolerance: float, rng: np.random.Generator, name: str,
) -> None:
    direction = tuple(_random_like(args[k], rng) for k in numbers)
    numeric, error = _directional(f, numbers, args, direction)
    if "fwd" in modes:
        _, tangent = make_jvp(f, numbers)(*args)(direction)
        _compare(tangent, numeric, error, f"forward mode of {name}", tolerance)
        if order > 1:
            inner = lambda *a: make_jvp(f, numbers)(*a)(direction)[1]
            _check(inner, numbers, args, modes, order - 1, tolerance, rng, f"the jvp of {name}")
    if "rev" in modes:
        pull, value = make_vjp(f, numbers)(*args)
        cotangent = _random_like(value, rng)
        pulled = _inner(direction, map_leaves(_conj, pull(map_leaves(_conj, cotangent))))
        expected = _inner(cotangent, numeric)
        _compare(pulled, expected, _inner_bound(cotangent, error), f"reverse mode of {name}", tolerance)
        if order > 1:
            inner = lambda *a: make_vjp(f, numbers)(*a)[0](cotangent)
            _check(inner, numbers, args, modes, order - 1, tolerance, rng, f"the vjp of {name}")


def _directional(
    f: Callable[..., Any], numbers: tuple[int, ...], args: tuple[Any, ...], direction: tuple[Any, ...]
) -> tuple[Any, Any]:
    """The derivative along `direction` by Richardson extrapolation, with an error estimate.

    Ridders, Advances in Engineering Software 4 (1982) 75.
    """

    def at(step: float) -> Any:
        moved = list(args)
        for k, d in zip(numbers, direction, strict=True):
            moved[k] = map_leaves(lambda x, v: x + step * v, args[k], d)
        return map_leaves(np.asarray, f(*moved))

    table: list[list[Any]] = []
    best, error = None, None
    step = 0.02
    for row in range(7):
        line = [map_leaves(lambda p, m: (p - m) / (2 * step), at(step), at(-step))]
        for k in range(1, row + 1):
            factor = 4.0**k
            line.append(
                map_leaves(lambda a, b: (factor * a - b) / (factor - 1), line[k - 1], table[-1][k - 1])
            )
            spread = _norm(map_leaves(lambda a, b: a - b, line[k], line[k - 1]))
            if error is None or spread < error:
                best, error = line[k], spread
        table.append(line)
        step /= 2
    return best, error


def _compare(found: Any, expected: Any, error: float, what: str, tolerance: float) -> None:
    leaves, tree = flatten(found)
    references, reference_tree = flatten(expected)
    if tree != reference_tree and len(leaves) != len(references):
        raise AssertionError(f"{what}: structure {tree}, but the function's is {reference_tree}")
    for a, b in zip(leaves, references, strict=True):
        if np.shape(a) != np.shape(b):
            raise AssertionError(f"{what}: shape {np.shape(a)}, but the function's is {np.shape(b)}")
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        worst = float(np.max(np.abs(np.asarray(a) - b), initial=0.0))
        if not worst <= tolerance * scale + 10 * error:
            noisy = error > tolerance * scale
            hint = "; differences disagree among themselves: a kink or noise near here" if noisy else ""
            raise AssertionError(f"{what} is off by {worst:.3g}{hint}\nderivative: {a}\ndifferences: {b}")


def _random_like(thing: Any, rng: np.random.Generator) -> Any:
    def leaf(x: Any) -> Any:
        array = np.asarray(x)
        dtype = array.dtype if array.dtype.kind in "fc" else np.dtype(float)
        noise = rng.standard_normal(array.shape).astype(dtype)
        if dtype.kind == "c":
            noise = (noise + 1j * rng.standard_normal(array.shape)).astype(dtype)
        return noise if isinstance(x, np.ndarray) else noise[()]

    return map_leaves(leaf, thing)


def _conj(x: Any) -> Any:
    return np.conj(x) if np.iscomplexobj(x) else x


def _inner(a: Any, b: Any) -> float:
    pairs = zip(flatten(a)[0], flatten(b)[0], strict=True)
    return float(sum(np.real(np.sum(np.conj(x) * y)) for x, y in pairs))


def _inner_bound(a: Any, error: float) -> float:
    return error * float(sum(np.sum(np.abs(x)) for x in flatten(a)[0]))


def map_leaves(function: Callable[..., Any], thing: Any, *others: Any) -> Any:
    leaves, tree = flatten(thing)
    columns = [flatten(other)[0] for other in others]
    return tree.unflatten([function(*row) for row in zip(leaves, *columns, strict=True)])


def _norm(thing: Any) -> float:
    return max((float(np.max(np.abs(x), initial=0.0)) for x in flatten(thing)[0]), default=0.0)
