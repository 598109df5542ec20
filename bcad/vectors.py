"""flatten: nested arrays as one vector and back, inside differentiated code as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.trace import flatten as leaves_of
from bcad.trace import stepped


@stepped
def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """One vector that holds all numbers of a nested value, and the way back.

    Parameters
    ----------
    value : nested tuples, lists, dicts, named tuples, dataclasses of numbers and arrays
        Dict entries are taken in the order of their sorted keys.

    Returns
    -------
    vector : ndarray, one-dimensional
    unflatten : callable
        ``unflatten(vector)`` has the structure and shapes of `value`.

    Examples
    --------
    >>> vector, unflatten = flatten({"b": 2.0, "a": np.ones(2)})
    >>> vector
    array([1., 1., 2.])
    >>> unflatten(vector)
    {'a': array([1., 1.]), 'b': np.float64(2.0)}
    """
    leaves, tree = leaves_of(_sorted(value))
    shapes = [np.shape(leaf) for leaf in leaves]
    if not leaves:
        return np.zeros(0), lambda vector: tree.unflatten([])
    vector = np.concatenate([np.ravel(leaf) for leaf in leaves])

    @stepped
    def unflatten(vector: Any) -> Any:
        start, parts = 0, []
        for shape in shapes:
            size = 1
            for n in shape:
                size *= n
            piece = vector[start : start + size]
            parts.append(np.reshape(piece, shape) if shape else piece[0])
            start += size
        return tree.unflatten(parts)

    return vector, unflatten


def flatten_func(func: Callable[..., Any], example: Any) -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """`func` as a function of flat vectors: ``(flat_func, unflatten, flat_example)``."""
    flat_example, unflatten = flatten(example)

    @stepped
    def flat_func(vector: Any, *args: Any) -> Any:
        return flatten(func(unflatten(vector), *args))[0]

    return flat_func, unflatten, flat_example


@stepped
def _sorted(value: Any) -> Any:
    """`value` with every dict in the order of its sorted keys."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if type(value) in (tuple, list):
        return type(value)(map(_sorted, value))
    return value
