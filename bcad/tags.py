"""Marks in a program: tag names a value, escape takes its derivative away, constant holds it to its number."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from bcad.custom import stop_gradient
from bcad.trace import held, host_call, inside, marks

_plain = threading.local()  # the tags of a run in plain Python that somebody follows


def tag(obj: Any, name: str) -> Any:
    """Give a value a name, by which `Symbolic` and `Tracer` find it; the value itself.

    Parameters
    ----------
    obj : number, array or nest of them
        An intermediate value of the program.
    name : str
        The latest value with that name counts. Where one is asked for, the loops around it are unrolled, and the
        branches guarded; none can stand in for the many that a loop names.

    Examples
    --------
    >>> from bcad import Symbolic
    >>> def f(x):
    ...     hidden = tag(x**2, "hidden")
    ...     return hidden.sum() * 3
    >>> s = Symbolic(f)
    >>> total = s(np.ones(2))
    >>> s.compile_gradient(inputs="hidden", outputs=total, wrt="hidden")(np.array([1.0, 5.0]))
    array([3., 3.])
    """
    if not isinstance(name, str):
        raise TypeError(f"a tag is a str, not {type(name).__name__}")
    if inside():
        return marks().tag(name, obj)
    follow = getattr(_plain, "follow", None)
    return obj if follow is None else follow(name, obj)


class following:
    """Calls ``follow(name, value)`` for the tags of plain Python code, and takes what it returns instead."""

    def __init__(self, follow: Callable[[str, Any], Any]) -> None:
        self._follow = follow

    def __enter__(self) -> None:
        self._before = getattr(_plain, "follow", None)
        _plain.follow = self._follow

    def __exit__(self, *_: Any) -> None:
        _plain.follow = self._before


def escape(obj: Any) -> Any:
    """`obj` without its derivative, leaf by leaf; any function may then be applied to it.

    The value is still that of each call: nothing is frozen (see `constant` for that).

    Examples
    --------
    >>> from bcad import grad
    >>> grad(lambda x: x * escape(x))(3.0)
    np.float64(3.0)
    """
    return stop_gradient(obj)


def escaped_call(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``fn(*args, **kwargs)`` made by CPython at every call, in order, and not looked into; its result has no derivative.

    Parameters
    ----------
    fn : callable
        Anything, also C code of other packages. It gives numbers and arrays, of the same dtypes and ranks
        at each call.

    Examples
    --------
    >>> from bcad import grad
    >>> grad(lambda x: x * escaped_call(round, x))(2.7)
    np.float64(3.0)
    """
    args, kwargs = escape(args), escape(kwargs)
    return host_call(fn, args, kwargs, effect=True) if inside() else fn(*args, **kwargs)


def constant(obj: Any) -> Any:
    """The numbers of this call in place of traced ones: an axis, a size, a switch.

    A later call with other numbers is traced anew, so that nothing is stale.

    Examples
    --------
    >>> from bcad import grad
    >>> def f(x, power):
    ...     return x ** constant(power)
    >>> float(grad(f)(3.0, 2.0)), float(grad(f)(3.0, 3.0))
    (6.0, 27.0)
    """
    return held(obj)
