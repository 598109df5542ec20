"""grad and its kin: functions from functions to derivatives, with autograd's and JAX's meanings.

Which argument: ``argnums`` (an int, or a tuple for a tuple of results), ``argnum`` and
``wrt`` (positions or names) and ``argnames`` mean the same.  All of them may be called inside
functions that are differentiated themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.answers import Answer, answer_of, quick_blocks, quick_derived, quick_result
from bcad.differentiated import Differentiated, name_of
from bcad.errors import NotDifferentiable
from bcad.formula import formula
from bcad.modes import (
    ElementwiseMode,
    GradientMode,
    HessianMode,
    JacobianMode,
    JvpMode,
    Mode,
    VjpMode,
)
from bcad.seeds import seeds_like
from bcad.specialise import Specialisation
from bcad.trace import MISS, Finish, flatten
from bcad.wrt import pick

Fn = Callable[..., Any]


class Transform:
    """A derivative of `fn`, called like `fn`.

    A call takes ``out=``, unless `fn` has an argument of that name: arrays, nested as the derivative
    is, that it is written to and returned in.

    Attributes
    ----------
    fn : callable
        The function as it was given.
    core : Differentiated
        Its specialisations.
    """

    def __init__(
        self, operator: str, fn: Fn, mode: Mode, argnum: Any, finish: Callable[[Transform, Answer], Any],
        parallel: bool | None = None,
    ) -> None:
        self.fn = fn
        self.core = Differentiated(fn, mode, argnum, parallel=parallel)
        self.single = self.core.wrt.single
        self._finish = finish
        self.core.finisher = self._finisher
        self.__wrapped__ = fn
        self.__name__ = f"{operator}_of_{name_of_plain(fn)}_wrt_argnum_{argnum}"
        self.__doc__ = (
            f"    {operator} of function {name_of_plain(fn)} with respect to argument number {argnum}. "
            "Has the same arguments as the function itself."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = self.core.call(args, kwargs)
        if found is not MISS:
            return found
        kwargs, out = self.core.split_out(kwargs) if kwargs else (kwargs, None)
        found = self.core.quick(args, kwargs) if out is None else MISS
        return self._finish(self, self.core.answer(args, kwargs, (), out)) if found is MISS else found

    def _finisher(self, special: Specialisation) -> Callable[[list[Any]], Any]:
        """From the outputs of a run to what the call returns."""
        whole = answer_of(special)
        quick = quick_derived(special, None if self.single else tuple)
        if quick is not None and self._finish is Transform.pack:
            return quick
        if quick is not None and self._finish is _with_value:
            result = quick_result(special)
            return Finish(f"({result.text}, {quick.text})", **result.names, **quick.names)
        if self._finish is _pack_jacobian or (self._finish is _pack_hessian and self.single):
            blocks = quick_blocks(special, self.single)
            if blocks is not None:
                return blocks
        return lambda outputs: self._finish(self, whole(outputs))

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        import functools

        return self if instance is None else functools.partial(self, instance)

    def pack(self, answer: Answer) -> Any:
        """Derived objects as asked: bare for one argnum, a tuple for a tuple."""
        found = answer.nested()
        return found[0] if self.single else tuple(found)

    def report(self) -> str:
        """What was traced and compiled for it, and how long that took."""
        return self.core.report()

    def explain(self) -> str:
        """Its guards, which of them failed, and what was not kept as a region."""
        return self.core.explain()

    def __str__(self) -> str:
        """The function and its derivatives as maths, once it has been called."""
        found = self.core.specialisations
        return formula(found[0], name_of(self.fn)) if found else repr(self)

    def __repr__(self) -> str:
        return f"<{self.__name__}>"


def name_of_plain(fn: Any) -> str:
    """autograd's spelling of a function's name in the names of its derivatives."""
    return str(getattr(fn, "__name__", "[unknown name]"))


def choose(argnum: Any, argnums: Any = None, argnames: Any = None, wrt: Any = None) -> Any:
    """The one meaning of ``argnum``, ``argnums``, ``argnames`` and ``wrt``.

    Raises
    ------
    TypeError
        If two of them are given.
    """
    given = [x for x in (argnums, argnames, wrt) if x is not None]
    if len(given) > 1:
        raise TypeError("give only one of argnums, argnames and wrt")
    chosen = given[0] if given else argnum
    return tuple(chosen) if isinstance(chosen, list) else chosen


def grad(
    fun: Fn, argnum: Any = 0, *, argnums: Any = None, argnames: Any = None, wrt: Any = None, has_aux: bool = False,
    parallel: bool | None = None,
) -> Transform:
    """The gradient of a function whose result is one real number.

    Parameters
    ----------
    fun : callable, ``fun(*args) -> float64[]``
        Ordinary Python and NumPy.
    argnum, argnums, argnames, wrt
        The argument: a position (or name), or a tuple of them for a tuple of gradients.
    has_aux : bool
        Whether `fun` returns ``(value, aux)``; then the result is ``(gradient, aux)``.
    parallel : bool, optional
        Overrides ``options.parallel``: whether threads share the loops of compiled code.

    Returns
    -------
    callable
        Called like `fun`; its result has the structure, shapes and dtypes of the argument.

    Raises
    ------
    NotScalar
        If the result is complex, bool or has more than one element (a TypeError).

    Examples
    --------
    >>> grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    finish = _with_aux if has_aux else Transform.pack
    return Transform("grad", fun, GradientMode(has_aux), choose(argnum, argnums, argnames, wrt), finish, parallel)


def _with_aux(self: Transform, answer: Answer) -> Any:
    return self.pack(answer), answer.result[1]


def value_and_grad(
    fun: Fn, argnum: Any = 0, *, argnums: Any = None, argnames: Any = None, wrt: Any = None, has_aux: bool = False,
    parallel: bool | None = None,
) -> Transform:
    """Value and gradient from one call: ``(value, gradient)``; parameters as for `grad`.

    Examples
    --------
    >>> value_and_grad(lambda x: x**2)(3.0)
    (9.0, np.float64(6.0))
    """

    return Transform(
        "value_and_grad", fun, GradientMode(has_aux), choose(argnum, argnums, argnames, wrt), _with_value, parallel
    )


def _with_value(self: Transform, answer: Answer) -> Any:
    return answer.result, self.pack(answer)


def elementwise_grad(
    fun: Fn, argnum: Any = 0, *, argnums: Any = None, argnames: Any = None, wrt: Any = None
) -> Transform:
    """The gradient of the sum of the results: for an elementwise function, its derivative.

    Raises
    ------
    NotScalar
        If the result is complex.
    """
    return Transform(
        "elementwise_grad", fun, ElementwiseMode(), choose(argnum, argnums, argnames, wrt), Transform.pack
    )


def jacobian(
    fun: Fn, argnum: Any = 0, *, argnums: Any = None, argnames: Any = None, wrt: Any = None,
    mode: str | None = None,
) -> Transform:
    """All partial derivatives: an array of shape result shape + argument shape.

    Parameters
    ----------
    fun : callable
        Its result is an array or a number, or a container of them (then one Jacobian each).
    argnum, argnums, argnames, wrt
        As for `grad`.
    mode : 'forward', 'reverse', optional
        By default the one with fewer sweeps.
    """
    return Transform("jacobian", fun, JacobianMode(mode), choose(argnum, argnums, argnames, wrt), _pack_jacobian)


def _pack_jacobian(self: Transform, answer: Answer) -> Any:
    """Derived leaves come result by result, each for all argument leaves."""
    leaves, tree = flatten(answer.result)
    per_result = sum(t.size for t in answer.trees)
    if len(answer.derived) != len(leaves) * per_result:
        other = next(x for x in leaves if not isinstance(x, (bool, int, float, complex, np.generic, np.ndarray)))
        raise NotDifferentiable(
            f"a Jacobian needs a function whose results are numbers; it returns a {type(other).__name__} {other!r:.40}",
            why="None, text and objects have no derivative", hint="return the numbers alone",
        )
    packed = []
    for k in range(len(leaves)):
        part = Answer(None, answer.derived[k * per_result : (k + 1) * per_result], answer.trees)
        packed.append(self.pack(part))
    return tree.unflatten(packed)


def hessian(
    fun: Fn, argnum: Any = 0, *, argnums: Any = None, argnames: Any = None, wrt: Any = None
) -> Transform:
    """Second derivatives of a scalar function: an array of shape argument shape twice.

    For an array-valued function, the Jacobian of its Jacobian (shape result + argument twice).
    """
    chosen = choose(argnum, argnums, argnames, wrt)
    return Transform("hessian", fun, HessianMode(), chosen, _pack_hessian)


def _pack_hessian(self: Transform, answer: Answer) -> Any:
    """Derived leaves come result by result, then argument by argument, twice."""
    leaves, tree = flatten(answer.result)
    width = sum(t.size for t in answer.trees)
    rows = [
        self.pack(Answer(None, answer.derived[k : k + width], answer.trees))
        for k in range(0, len(answer.derived), width)
    ]
    blocks = [
        self.pack(Answer(None, rows[k * width : (k + 1) * width], answer.trees))
        for k in range(len(leaves))
    ]
    return tree.unflatten(blocks)


class LinearMap(Transform):
    """make_vjp and make_jvp: fixes the point, and leaves a function of the seed."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result, derivative = self.core.linearize(args, kwargs)
        if isinstance(self.core.mode, VjpMode):
            return (lambda g: self.pack(derivative(seeds_like([result], [g], "cotangent")))), result
        return lambda v: self._pushed(args, kwargs, result, derivative, v)

    def _pushed(
        self, args: Sequence[Any], kwargs: dict[str, Any], result: Any,
        derivative: Callable[[Sequence[Any]], Answer], v: Any,
    ) -> Any:
        return result, _tangent(result, derivative(self._tangents(args, kwargs, v)).derived)

    def along(self, args: Sequence[Any], v: Any) -> tuple[Any, Any]:
        """Value and tangent at a point that is used once: one run, of one compiled function, gives both."""
        answer = self.core.answer(args, {}, self._tangents(args, {}, v))
        return answer.result, _tangent(answer.result, answer.derived)

    def _tangents(self, args: Sequence[Any], kwargs: dict[str, Any], v: Any) -> list[Any]:
        """The leaves of the tangents of the chosen arguments."""
        places = self.core.wrt.places(args, kwargs)
        tangents = (v,) if self.single else tuple(v)
        return seeds_like([pick(p, args, kwargs) for p in places], tangents, "tangent")


def _tangent(result: Any, derived: list[Any]) -> Any:
    """The tangent of a result, nested as the result is."""
    leaves, tree = flatten(result)
    return tree.unflatten(_fill(leaves, derived))


def _fill(leaves: list[Any], derived: list[Any]) -> list[Any]:
    """Tangents for the leaves that have one, zeros elsewhere."""
    if len(leaves) == len(derived):
        return derived
    raise NotDifferentiable("a result of the function is no number", hint="return numbers and arrays only")


def make_vjp(
    fun: Fn, argnum: Any = 0, *, argnums: Any = None, argnames: Any = None, wrt: Any = None
) -> LinearMap:
    """``make_vjp(fun)(*args)`` is ``(vjp, value)``; ``vjp(g)`` the cotangent of the argument.

    The point is fixed by the call; `vjp` may be called many times.

    Examples
    --------
    >>> vjp, value = make_vjp(lambda x: x**2)(np.array([1.0, 3.0]))
    >>> vjp(np.array([1.0, 0.0]))
    array([2., 0.])
    """
    return LinearMap("make_vjp", fun, VjpMode(), choose(argnum, argnums, argnames, wrt), Transform.pack)


def make_jvp(
    fun: Fn, argnum: Any = 0, *, argnums: Any = None, argnames: Any = None, wrt: Any = None
) -> LinearMap:
    """``make_jvp(fun)(*args)(v)`` is ``(value, tangent)``.

    Examples
    --------
    >>> make_jvp(lambda x: x**2)(3.0)(1.0)
    (9.0, np.float64(6.0))
    """
    return LinearMap("make_jvp", fun, JvpMode(), choose(argnum, argnums, argnames, wrt), Transform.pack)


def vjp(fun: Fn, *primals: Any, has_aux: bool = False) -> Any:
    """``(value, vjp_function)`` at `primals`, as JAX's: the function gives a tuple of cotangents.

    With `has_aux`, `fun` returns ``(value, aux)`` and so ``(value, vjp_function, aux)`` results.
    """
    everything = tuple(range(len(primals)))
    pull, value = make_vjp(fun, everything)(*primals)
    if not has_aux:
        return value, pull
    value, aux = value
    return value, (lambda g: pull((g, zeros_of(aux)))), aux


def jvp(fun: Fn, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """``(value, tangent)`` at `primals` along `tangents`, as JAX's; ``(value, tangent, aux)`` with `has_aux`."""
    everything = tuple(range(len(primals)))
    value, tangent = make_jvp(fun, everything).along(primals, tuple(tangents))
    return (value[0], tangent[0], value[1]) if has_aux else (value, tangent)


def zeros_of(thing: Any) -> Any:
    """`thing` with zeros for its numbers."""
    leaves, tree = flatten(thing)
    return tree.unflatten([np.zeros_like(x) if isinstance(x, np.ndarray) else np.zeros_like(x)[()] for x in leaves])


__all__ = [
    "Transform", "elementwise_grad", "grad", "hessian", "jacobian", "jvp", "make_jvp", "make_vjp",
    "value_and_grad", "vjp",
]
