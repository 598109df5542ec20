"""Rules for functions that are not yours: register, and templates that read like the maths (adjoint, tangent_)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np

from bcad.custom import Primitive
from bcad.ops import DERIVED, FUNCTIONS
from bcad.trace import is_traced, on_call, stepped

Fn = Callable[..., Any]
_registered: dict[Any, Registered] = {}
_state = threading.local()


def register(fn: Fn) -> Primitive:
    """The primitive that stands for `fn` in all traced code from now on, for `defvjp` and `defjvp`.

    Parameters
    ----------
    fn : callable
        A function of any package, in Python or C, also of NumPy; it stays as it is.

    Examples
    --------
    >>> import math
    >>> from bcad import defvjp, grad
    >>> defvjp(register(math.nextafter), lambda ans, x, y: lambda g: g, None)
    >>> grad(lambda x: math.nextafter(x, 9.0) ** 2)(3.0)
    np.float64(6.000000000000001)
    """
    if isinstance(fn, Primitive):
        return fn
    if fn not in _registered:
        _registered[fn] = made = Registered(fn)
        on_call(fn, made.answer)
    return _registered[fn]


class Registered(Primitive):
    """The primitive of a function that stays as it is; traced where its code, or a meaning of it, is known."""

    def __init__(self, fn: Fn) -> None:
        super().__init__(fn, opaque=type(fn) is not FunctionType and fn not in FUNCTIONS and fn not in DERIVED)
        self._state = threading.local()

    def answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call in traced code; NotImplemented: nothing is traced, or the function's own code is looked at."""
        if getattr(self._state, "looking", False) or not (is_traced(args) or is_traced(kwargs)):
            return NotImplemented
        return self(*args, **kwargs)

    @contextmanager
    def looked_into(self) -> Iterator[None]:
        before = getattr(self._state, "looking", False)
        self._state.looking = True
        try:
            yield
        finally:
            self._state.looking = before


class Derivatives:
    """What templates call ``d``: ``d[x]`` is the cotangent or tangent of a template's argument."""

    def __getitem__(self, x: Any) -> Any:
        for known, value in reversed(_tables()[-1]):
            if known is x:
                return value
        raise KeyError("d[...] takes the result and the arguments of the template, as they were given")

    def __setitem__(self, x: Any, value: Any) -> None:
        _tables()[-1].append((x, value))


d = Derivatives()


def adjoint(fn: Fn) -> Callable[[Fn], Fn]:
    """Declare the cotangents of `fn` by a template: a function of the result and the arguments.

    Parameters
    ----------
    fn : callable
        As for `register`.

    Returns
    -------
    decorator
        Of ``template(result, *args)``, which assigns ``d[x]`` for each argument `x` that counts, by ``d[result]``.

    Examples
    --------
    >>> from bcad import grad
    >>> def area(r, h):
    ...     return r * h
    >>> @adjoint(area)
    ... def darea(result, r, h):
    ...     d[r] = h * d[result]
    ...     d[h] = 10 * r * d[result]     # ours to say
    >>> grad(area, (0, 1))(2.0, 3.0)
    (np.float64(3.0), np.float64(20.0))
    """

    def declare(template: Fn) -> Fn:
        @stepped
        def pull(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
            _open([(ans, g)])
            template(ans, *args, **kwargs)
            return _close()

        register(fn).vjps = lambda argnum: _chosen(pull, argnum)
        return template

    return declare


def _chosen(pull: Fn, argnum: int) -> Fn:
    @stepped
    def rule(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        return _found(pull(g, ans, args, kwargs), args[argnum])

    return rule


def tangent_(fn: Fn) -> Callable[[Fn], Fn]:
    """Declare the tangent of `fn` by a template ``template(result, *args)`` that assigns ``d[result]`` by ``d[x]``.

    Examples
    --------
    >>> from bcad import jvp
    >>> def area(r, h):
    ...     return r * h
    >>> @tangent_(area)
    ... def darea(result, r, h):
    ...     d[result] = d[r] * h + r * d[h]
    >>> jvp(area, (2.0, 3.0), (1.0, 0.5))
    (6.0, np.float64(4.0))
    """

    def declare(template: Fn) -> Fn:
        def rule(argnum: int) -> Fn:
            @stepped
            def tangent(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
                _open([(x, g if k == argnum else np.zeros_like(x)) for k, x in enumerate(args)])
                template(ans, *args, **kwargs)
                return _found(_close(), ans)

            return tangent

        register(fn).jvps = rule
        return template

    return declare


def _tables() -> list[list[tuple[Any, Any]]]:
    if not hasattr(_state, "tables"):
        _state.tables = []
    return _state.tables


def _open(entries: list[tuple[Any, Any]]) -> None:
    _tables().append(list(entries))


def _close() -> list[tuple[Any, Any]]:
    return _tables().pop()


def _found(table: list[tuple[Any, Any]], x: Any) -> Any:
    """What a template assigned to ``d[x]``; None if nothing."""
    return next((value for known, value in reversed(table) if known is x), None)
