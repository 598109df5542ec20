"""VectorArg: a function of nested arguments as one of a flat vector, with the parts that a minimiser wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bcad.optimize import FlatProblem
from bcad.options import accept_legacy


class VectorArg:
    """A scalar function of one flat vector in place of all arguments.

    Parameters
    ----------
    pyfn : callable
        Ordinary Python and NumPy.
    init_args, init_kwargs
        Example arguments: their nesting and shapes count.
    function, gradient, hessian_vector : bool
        What a call returns, a list in this order if there are several; the value by default.

    Examples
    --------
    >>> f = VectorArg(lambda x, y: (x**2).sum() * y, [np.ones(2), 3.0], function=True, gradient=True)
    >>> f(np.array([1.0, 2.0, 10.0]))
    [50.0, array([20., 40.,  5.])]
    >>> f.args_from_vector(np.array([1.0, 2.0, 10.0]))
    ([array([1., 2.]), array(10.)], {})
    """

    def __init__(
        self, pyfn: Callable[..., Any], init_args: Any = None, init_kwargs: Mapping[str, Any] | None = None, *,
        function: bool = False, gradient: bool = False, hessian_vector: bool = False, **options: Any,
    ) -> None:
        accept_legacy(options)
        self.pyfn = pyfn
        several = isinstance(init_args, (list, tuple)) and not hasattr(init_args, "_fields")
        args = () if init_args is None else tuple(init_args) if several else (init_args,)
        self._problem = FlatProblem(pyfn, args, init_kwargs or {})
        self._parts = function or not (gradient or hessian_vector), gradient, hessian_vector

    def __call__(self, vector: Any, vectors: Any = None) -> Any:
        function, gradient, hessian_vector = self._parts
        found: list[Any] = []
        if function or gradient:
            value, slope = self._problem.value_and_gradient(vector)
            found = [x for x, asked in ((value, function), (slope, gradient)) if asked]
        if hessian_vector:
            if vectors is None:
                raise ValueError("a Hessian-vector product needs vectors=")
            found.append(self._problem.hessian_vector(vector, np.asarray(vectors, float)))
        return found[0] if len(found) == 1 else found

    def vector_from_args(self, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> np.ndarray:
        """The flat vector of arguments nested like the example."""
        problem = FlatProblem(self.pyfn, args if isinstance(args, (list, tuple)) else (args,), kwargs or {})
        if problem.tree != self._problem.tree:
            raise ValueError(f"arguments nested like {problem.tree}, not like {self._problem.tree}")
        return problem.start

    def args_from_vector(self, vector: Any) -> tuple[list[Any], dict[str, Any]]:
        """``(args, kwargs)`` for a flat vector."""
        args, kwargs = self._problem.nested(vector)
        return list(args), kwargs

    @property
    def vector(self) -> np.ndarray:
        """The flat vector of the example arguments."""
        return self._problem.start.copy()
