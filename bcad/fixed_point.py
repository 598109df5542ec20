"""fixed_point: where an iteration ends, differentiated by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.custom import Primitive
from bcad.trace import stepped
from bcad.transforms import make_jvp, make_vjp
from bcad.vectors import flatten

Fn = Callable[..., Any]


@stepped
def fixed_point(f: Fn, a: Any, x0: Any, distance: Fn, tol: float) -> Any:
    """The x with ``f(a)(x) == x``, by iteration from `x0`.

    Its derivative with respect to `a` is that of the solution, found by a second iteration:
    no step of the first is recorded, and none depends on `x0`.

    Parameters
    ----------
    f : callable
        ``f(a)`` is the map that is iterated.
    a : nested numbers and arrays
        What the solution depends on.
    x0 : number or array
        Where to begin.
    distance : callable, ``distance(x, y) -> float``
        How far two iterates are apart.
    tol : float
        The iteration ends when two in a row are no further apart than this.

    Examples
    --------
    >>> from bcad import grad
    >>> def root(a):
    ...     return fixed_point(lambda a: lambda x: 0.5 * (x + a / x), a, 1.0, lambda x, y: abs(x - y), 1e-9)
    >>> float(round(grad(root)(4.0), 6))
    0.25
    """
    vector, unflatten = flatten(a)
    return _solver(f, unflatten, distance, tol)(x0, vector)


def _solver(f: Fn, unflatten: Fn, distance: Fn, tol: float) -> Primitive:
    """``solve(x0, vector)`` with rules of its own."""

    @stepped
    def solve(x0: Any, vector: Any) -> Any:
        step = f(unflatten(vector))
        x, before = step(x0), x0
        while distance(x, before) > tol:
            x, before = step(x), x
        return x

    @stepped
    def image(x: Any, vector: Any) -> Any:
        return f(unflatten(vector))(x)

    @stepped
    def reverse(params: Any) -> Fn:
        vector, x, g = params
        back, _ = make_vjp(image, 0)(x, vector)

        @stepped
        def step(w: Any) -> Any:
            return back(w) + g

        return step

    @stepped
    def forward(params: Any) -> Fn:
        vector, x, moved = params
        push = make_jvp(image, 0)(x, vector)

        @stepped
        def step(w: Any) -> Any:
            return push(w)[1] + moved

        return step

    @stepped
    def pull(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        w = fixed_point(reverse, (args[1], ans, g), np.zeros_like(ans), distance, tol)
        return make_vjp(image, 1)(ans, args[1])[0](w)

    @stepped
    def tangent(g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        moved = make_jvp(image, 1)(ans, args[1])(g)[1]
        return fixed_point(forward, (args[1], ans, moved), np.zeros_like(ans), distance, tol)

    solver = Primitive(solve, opaque=False)
    solver.vjps = lambda argnum: pull if argnum == 1 else _nothing
    solver.jvps = lambda argnum: tangent if argnum == 1 else _nothing
    return solver


def _nothing(*_: Any) -> None:
    """The solution does not depend on where the iteration began."""
