"""Symbolic: a function, method or decorator whose calls give symbolic results."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from bcad.options import accept_legacy

from .compiled import Compiled
from .places import parts
from .tracer import Tracer
from .value import SymbolicValue


class Symbolic:
    """A function whose calls give symbolic results; `compile` and its kin make functions of them.

    Parameters
    ----------
    pyfn : callable
        Ordinary Python and NumPy. A method works as one.
    context : Tracer, optional
        Where to record; else each call begins a program of its own, unless it takes symbolic values.
    **options
        PyAutoDiff's, which nothing needs here.

    Attributes
    ----------
    tracer : Tracer
        The program of the last call.

    Examples
    --------
    >>> s = Symbolic(lambda x, y: x * y)
    >>> x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    >>> z = s(x, y)
    >>> print(z)
    x*y
    >>> f = s.compile_function(inputs=[x, y], outputs=z)
    >>> f(x, 2 * y)
    array([ 6., 16.])
    >>> s.compile_gradient(wrt="x", outputs=z, reduction="sum")(x, y)
    array([3., 4.])
    """

    def __init__(self, pyfn: Callable[..., Any], context: Tracer | None = None, **options: Any) -> None:
        accept_legacy(options)
        if not callable(pyfn):
            raise TypeError(f"what is traced must be a function; {pyfn!r} cannot be called")
        self.pyfn: Any = pyfn.pyfn if isinstance(pyfn, Symbolic) else pyfn
        self._context = context
        self.tracer = context or Tracer()
        self._name: str | None = None
        functools.update_wrapper(self, self.pyfn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic result."""
        given = [x._tracer for _, x in parts((args, kwargs)) if isinstance(x, SymbolicValue)]
        self.tracer = given[0] if given else self._context or Tracer()
        return self.tracer.trace(self.pyfn, *args, **kwargs)

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        """``(inputs, results)`` of a call, symbolic."""
        results = self(*args, **kwargs)
        return self.tracer.arguments_of_last(), results

    def _program(self, *chosen: Any) -> Tracer:
        """The program that the chosen symbolic values belong to, else that of the last call."""
        values = [x for _, x in parts(chosen) if isinstance(x, SymbolicValue)]
        return values[0]._tracer if values else self.tracer

    def compile(
        self, function: bool = False, gradient: bool = False, hessian_vector: bool = False, *, inputs: Any = None,
        outputs: Any = None, wrt: Any = None, reduction: Any = None, allow_input_downcast: bool = True,
    ) -> Compiled:
        """See `Tracer.compile`."""
        return self._program(inputs, outputs, wrt).compile(
            function, gradient, hessian_vector, inputs=inputs, outputs=outputs, wrt=wrt, reduction=reduction)

    def compile_function(self, inputs: Any = None, outputs: Any = None, reduction: Any = None) -> Compiled:
        """See `Tracer.compile_function`."""
        return self.compile(True, inputs=inputs, outputs=outputs, reduction=reduction)

    def compile_gradient(
        self, inputs: Any = None, outputs: Any = None, wrt: Any = None, reduction: Any = None
    ) -> Compiled:
        """See `Tracer.compile_gradient`."""
        return self.compile(gradient=True, inputs=inputs, outputs=outputs, wrt=wrt, reduction=reduction)

    def compile_function_gradient(
        self, inputs: Any = None, outputs: Any = None, wrt: Any = None, reduction: Any = None
    ) -> Compiled:
        """See `Tracer.compile_function_gradient`."""
        return self.compile(True, True, inputs=inputs, outputs=outputs, wrt=wrt, reduction=reduction)

    def get_symbolic(self, x: Any) -> SymbolicValue:
        """See `Tracer.get_symbolic`."""
        return self.tracer.get_symbolic(x)

    symfn = property(lambda self: self, doc="The function whose results are symbolic: the object itself.")
    sym_vars = property(lambda self: self.tracer.sym_vars, doc="Arguments by name.")
    tags = property(lambda self: self.tracer.tags, doc="Tagged values by name.")
    s_vars = property(lambda self: self.tracer.s_vars, doc="Arguments and tagged values by name.")

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        bound = Symbolic(self.pyfn.__get__(instance, owner), self._context)
        if self._name is not None and hasattr(instance, "__dict__"):
            vars(instance)[self._name] = bound  # found before this descriptor from now on
        return bound

    def __repr__(self) -> str:
        return f"<Symbolic {getattr(self.pyfn, '__name__', self.pyfn)}>"


def symbolic(pyfn: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorator form of `Symbolic`, bare or with its keywords.

    Examples
    --------
    >>> @symbolic
    ... def f(x):
    ...     return x**2
    >>> print(f(3.0))
    x**2
    """
    return Symbolic(pyfn, **options) if pyfn is not None else lambda fn: Symbolic(fn, **options)


as_symbolic = theanify = symbolic
