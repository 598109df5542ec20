"""SymbolicValue: a value of a recorded program; it prints, evaluates and takes NumPy operations."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .places import Place

if TYPE_CHECKING:
    from .tracer import Tracer


class SymbolicValue:
    """A number or array of a program that a `Tracer` recorded.

    Arithmetic, NumPy functions, methods and attributes of it give further symbolic values.  Its numbers are those
    of later calls, so that it cannot steer Python code here: put loops and branches into a function and trace that.

    Examples
    --------
    >>> from bcad import Tracer
    >>> x = np.arange(3.0)
    >>> t = Tracer()
    >>> y = t.trace(lambda x: x + 1, x)
    >>> z = np.sum(y**2)
    >>> print(z)
    sum((x + 1)**2)
    >>> z.evaluate()
    np.float64(14.0)
    >>> t.compile_gradient(inputs=x, outputs=z)(np.ones(2))
    array([4., 4.])
    """

    __array_priority__ = 1000.0

    def __init__(self, tracer: Tracer, place: Place) -> None:
        self._tracer = tracer
        self._place = place

    def evaluate(self, given: Mapping[Any, Any] | None = None) -> Any:
        """Its value now: with what stands outside as it is, and `given` in place of inputs by name or symbolic value.
        """
        given = given or {}
        found = self._tracer.compile_function(inputs=list(given), outputs=self)(*given.values())
        return found

    def __str__(self) -> str:
        return self._tracer.text_of(self)

    def __repr__(self) -> str:
        return f"<SymbolicValue {getattr(self._place, 'name', '')}>"

    # -- operations -----------------------------------------------------------------------------
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None:
            raise TypeError(f"out= of {ufunc.__name__} cannot be an array here: a symbolic value has no memory")
        return self._tracer.record(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, fn: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return self._tracer.record(fn, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"a symbolic value has no attribute {name!r}")
        if name in _CHANGES:
            raise AttributeError(f"{name}() changes an array: do that inside a function that is traced")
        if not callable(getattr(np.ndarray, name)):
            return self._tracer.record(getattr, (self, name), {})

        def method(*args: Any, **kwargs: Any) -> Any:
            return self._tracer.record(call_method, (self, name, *args), kwargs)

        return method

    def __getitem__(self, key: Any) -> Any:
        return self._tracer.record(operator.getitem, (self, key), {})

    # -- what would freeze a number --------------------------------------------------------------
    def _refuse(self, what: str, hint: str) -> Any:
        raise TypeError(f"{what} of a symbolic value is not known: it may differ from call to call; {hint}")

    def __bool__(self) -> bool:
        return self._refuse("the truth", "trace a function that has the branch")

    def __len__(self) -> int:
        return self._refuse("the length", "use .shape[0]")

    def __iter__(self) -> Any:
        return self._refuse("the length", "trace a function that has the loop")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self._refuse("the numbers", "use .evaluate() for those of now")

    def __float__(self) -> float:
        return self._refuse("the number", "use .evaluate() for that of now")

    __int__ = __index__ = __complex__ = __float__
    __hash__ = object.__hash__


_CHANGES = frozenset("sort fill partition put resize setfield setflags itemset".split())


def call_method(owner: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """``owner.name(*args, **kwargs)``; evaluated like the user's own code."""
    return getattr(owner, name)(*args, **kwargs)


def _binary(function: Callable[..., Any], swapped: bool) -> Any:
    def method(self: SymbolicValue, other: Any) -> Any:
        return self._tracer.record(function, (other, self) if swapped else (self, other), {})

    return method


def _unary(function: Callable[..., Any]) -> Any:
    return lambda self: self._tracer.record(function, (self,), {})


for _name in "add sub mul truediv floordiv mod pow matmul".split():
    setattr(SymbolicValue, f"__{_name}__", _binary(getattr(operator, _name), swapped=False))
    setattr(SymbolicValue, f"__r{_name}__", _binary(getattr(operator, _name), swapped=True))
for _name in "lt le eq ne gt ge".split():
    setattr(SymbolicValue, f"__{_name}__", _binary(getattr(operator, _name), swapped=False))
for _name in "neg pos abs".split():
    setattr(SymbolicValue, f"__{_name}__", _unary(getattr(operator, _name)))
