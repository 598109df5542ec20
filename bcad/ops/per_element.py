"""NumPy functions that call Python functions, or hand out elements one by one, as plain code to step into."""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import derived, part_of_derived


def told_apart(function: Any, *args: Any) -> Any:
    """``function(*args)``; traced, a branch between an int and a float is decided, because the dtype hangs on it."""
    return function(*args)


@derived(np.vectorize._vectorize_call)  # type: ignore[attr-defined]
def vectorize_call(self: Any, func: Any, args: Any) -> Any:
    """The function of every element; the first result says of which dtype all are."""
    if self.signature is not None:
        return self._vectorize_call_with_signature(func, args)
    if not args:
        return func()
    arrays = np.broadcast_arrays(*[np.asarray(a) for a in args])
    shape = arrays[0].shape
    flat = [np.ravel(a) for a in arrays]
    n = len(flat[0])
    if self.otypes is not None:
        dtypes, several = list(self.otypes), len(self.otypes) > 1
    else:
        if n == 0:
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
        first = told_apart(func, *[a[0] for a in flat])
        several = isinstance(first, tuple)
        dtypes = [np.asarray(y).dtype for y in (first if several else (first,))]
    results = [np.zeros(n, dtype) for dtype in dtypes]
    for i in range(n):
        found = func(*[a[i].item() for a in flat])
        for y, part in zip(results, found if several else (found,)):
            y[i] = part
    shaped = [np.reshape(y, shape).copy() for y in results]  # arrays of their own, laid out as the arguments
    return tuple(shaped) if several else shaped[0]


@derived(np.add.at)
def add_at(a: Any, indices: Any, b: Any) -> None:
    """One by one: each sum is cast to the dtype of `a`."""
    _at(np.add, a, indices, b)


@derived(np.subtract.at)
def subtract_at(a: Any, indices: Any, b: Any) -> None:
    _at(np.subtract, a, indices, b)


@part_of_derived
def _at(ufunc: Any, a: Any, indices: Any, b: Any) -> None:
    places = np.arange(a.size).reshape(a.shape)[indices]
    values = np.broadcast_to(b, places.shape).ravel()
    flat, places = a.flatten(), places.ravel()
    for k in range(places.size):
        flat[places[k]] = ufunc(flat[places[k]], values[k])
    a[...] = flat.reshape(a.shape)


@derived(np.fromiter)
def fromiter(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    items = list(iter)
    return np.array(items if count < 0 else items[:count], dtype)


@part_of_derived
def of_each(function: Any, *args: Any) -> Any:
    """``function`` of every element of arrays that broadcast, all results of the one dtype that holds them."""
    arrays = np.broadcast_arrays(*[np.asarray(a) for a in args])
    shape = arrays[0].shape
    if shape == ():
        return np.asarray(function(*[a[()] for a in arrays]))[()]
    flat = [np.ravel(a) for a in arrays]
    n = len(flat[0])
    if n == 0:
        return np.zeros(shape)
    y = np.zeros(n, np.asarray(function(*[a[0] for a in flat])).dtype)
    for i in range(n):
        y[i] = function(*[a[i] for a in flat])
    return np.reshape(y, shape)
