"""Sums over data: value and gradient of each part computed by an engine that you have, and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from bcad.errors import StructureError
from bcad.trace import flatten
from bcad.transforms import value_and_grad

Fn = Callable[..., Any]


class DataParallel:
    """``sum(fun(*args, part) for part in parts)`` with its gradient; see `data_parallel`."""

    def __init__(self, fun: Fn, argnum: Any = 0, *, engine: Any = None) -> None:
        self.fun = fun
        self.engine = engine
        self._whole = value_and_grad(fun, argnum)

    def __call__(self, *args: Any) -> tuple[Any, Any]:
        """``(value, gradient)`` for ``(*args, parts)``."""
        total = None
        for found in _mapped(self.engine, Task(self._whole, args[:-1]), args[-1]):
            total = found if total is None else _added(total, found)
        if total is None:
            raise StructureError("there are no parts to add up")
        return total


class Task:
    """One part's value and gradient: what travels to workers."""

    def __init__(self, whole: Fn, args: tuple[Any, ...]) -> None:
        self.whole, self.args = whole, args

    def __call__(self, part: Any) -> Any:
        return self.whole(*self.args, part)


def data_parallel(fun: Fn, argnum: Any = 0, *, engine: Any = None) -> DataParallel:
    """Value and gradient of a sum over parts of data, computed where you say.

    Parameters
    ----------
    fun : callable, ``fun(*args, part) -> float``
        The term of one part; ordinary Python and NumPy. For processes it must be found by its name in a module.
    argnum : int, str or tuple of them
        The arguments by which.
    engine : object, optional
        An executor of ``concurrent.futures``, a pool of ``multiprocessing`` or Ray, a client of Dask, a
        ``joblib.Parallel``, or a function like ``map``; without one, a loop.

    Returns
    -------
    DataParallel
        ``total(*args, parts)`` is ``(value, gradient)``. Parts are added in their order: the result does not depend
        on the engine.

    Examples
    --------
    >>> def misfit(w, part):
    ...     x, y = part
    ...     return np.sum((x @ w - y) ** 2)
    >>> parts = [(np.ones((2, 2)), np.ones(2)), (np.eye(2), np.zeros(2))]
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as pool:
    ...     value, gradient = data_parallel(misfit, engine=pool)(np.array([1.0, 2.0]), parts)
    >>> float(value), gradient
    (13.0, array([10., 12.]))
    """
    return DataParallel(fun, argnum, engine=engine)


def _mapped(engine: Any, task: Task, parts: Iterable[Any]) -> Iterable[Any]:
    """``task(part)`` for each part, by an engine, in order."""
    if engine is None:
        return map(task, parts)
    if type(engine).__module__.partition(".")[0] == "joblib":
        return engine((task, (part,), {}) for part in parts)
    run = engine.map if hasattr(engine, "map") else engine
    return (found.result() if hasattr(found, "result") else found for found in run(task, list(parts)))


def _added(a: Any, b: Any) -> Any:
    """Two nests of numbers, leaf by leaf."""
    left, tree = flatten(a)
    right, other = flatten(b)
    if tree != other:
        raise StructureError(f"parts give results of different structure: {tree} and {other}")
    return tree.unflatten([np.add(x, y) for x, y in zip(left, right, strict=True)])
