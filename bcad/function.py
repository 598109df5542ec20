"""Function, Gradient, HessianVector: a Python function, traced, differentiated, compiled, printed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.answers import Answer, answer_of, quick_derived, quick_result
from bcad.differentiated import Differentiated, name_of
from bcad.errors import StructureError
from bcad.formula import formula
from bcad.modes import GradientMode, HessianVectorMode, Mode
from bcad.options import accept_legacy
from bcad.pickling import ByName
from bcad.seeds import seeds_like
from bcad.specialise import Specialisation
from bcad.trace import MISS, stepped
from bcad.wrt import ALL, pick


class _Traced(ByName):
    """What Function, Gradient and HessianVector share: a Differentiated that can be shown.

    A call takes ``out=``, unless the function has an argument of that name: arrays, nested as what is
    returned, that it is written to and returned in.
    """

    _mode: type[Mode] = Mode

    def __init__(
        self, fn: Any, example_args: Any, wrt: Any, backend: str | None, parallel: bool | None
    ) -> None:
        fn = fn.fn if isinstance(fn, _Traced) else fn  # type: ignore[has-type]
        self.fn = fn
        self.core = Differentiated(fn, self._mode(), wrt, backend=backend, parallel=parallel)
        self.core.finisher = self._finisher
        functools.update_wrapper(self, fn, updated=())  # type: ignore[arg-type]
        if example_args is not None:
            several = isinstance(example_args, (list, tuple)) and not hasattr(example_args, "_fields")
            self.core.specialise(tuple(example_args) if several else (example_args,), {})

    def _finisher(self, special: Specialisation) -> Callable[[list[Any]], Any]:
        return answer_of(special)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        bare = instance is None or isinstance(self.fn, staticmethod)
        return self if bare else functools.partial(self, instance)  # type: ignore[arg-type, misc, operator]

    @property
    def traces(self) -> int:
        """How often the function has been traced."""
        return self.core.traces

    def report(self) -> str:
        """What was traced and compiled: times, kernels, and what runs in NumPy with its reason."""
        return self.core.report()

    def explain(self) -> str:
        """The guards of each specialisation: what the trace relied on, and what failed last."""
        return self.core.explain()

    @property
    def source(self) -> str:
        """The generated source that computes value and derivative."""
        return str(self._latest().entry.compiled.source)

    @property
    def graph(self) -> Any:
        """The graph of the latest specialisation (``print`` shows typed SSA text)."""
        return self._latest().graph

    def compile(self) -> Any:
        """Compile the specialisations now rather than when it pays; returns self."""
        for special in self.core.specialisations:
            special.entry.compile()
        return self

    def _latest(self) -> Specialisation:
        if not self.core.specialisations:
            raise ValueError("not traced yet: call it, or give example arguments")
        return self.core.specialisations[0]

    def __str__(self) -> str:
        if not self.core.specialisations:
            return f"{name_of(self.fn)}: not traced yet"
        special = self._latest()
        return formula(special, name_of(self.fn))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {name_of(self.fn)}>"


class Function(_Traced):
    """A Python function, traced and compiled, with the same results.

    Parameters
    ----------
    fn : callable
        Ordinary Python and NumPy.
    example_args : sequence, optional
        Trace at these arguments at once; else the first call traces.
    backend, parallel : optional
        Override ``options.backend`` and ``options.parallel`` for this function.

    Examples
    --------
    >>> f = Function(lambda x: (x * x).sum(), [np.ones(2)])
    >>> f(np.arange(3.0))
    np.float64(5.0)
    """

    def __init__(
        self, fn: Any, example_args: Any = None, *, backend: str | None = None, parallel: bool | None = None,
        **legacy: Any,
    ) -> None:
        accept_legacy(legacy)
        super().__init__(fn, example_args, ALL, backend, parallel)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = self.core.call(args, kwargs)
        if found is not MISS:
            return found
        kwargs, out = self.core.split_out(kwargs) if kwargs else (kwargs, None)
        found = self.core.quick(args, kwargs) if out is None else MISS
        return self.core.answer(args, kwargs, (), out).result if found is MISS else found

    def _finisher(self, special: Specialisation) -> Callable[[list[Any]], Any]:
        return quick_result(special)


class _ByArgument(_Traced):
    """What gives one object for each chosen argument: bare if there is one, else a list."""

    def _finisher(self, special: Specialisation) -> Callable[[list[Any]], Any]:
        quick = quick_derived(special, list if len(special.trees) != 1 else None)
        whole = answer_of(special)
        return quick or (lambda outputs: self._pack(whole(outputs)))

    @staticmethod
    def _pack(answer: Answer) -> Any:
        found = answer.nested()
        return found[0] if len(found) == 1 else found


class Gradient(_ByArgument):
    """The gradient of a scalar function of arrays; ``print`` shows it as maths.

    Parameters
    ----------
    fn : callable, ``fn(*args) -> float64[]``
        Ordinary Python and NumPy.
    example_args : sequence, optional
        Trace at these arguments at once; else the first call traces.
    wrt : int, str, array or sequence of them, optional
        The arguments with respect to which: positions, names, or the very arrays of a call; all by default.
    reduction : 'sum', 'max', 'mean', 'min', 'prod', 'std', 'var' or callable, optional
        Makes one number of an array that `fn` returns.
    **legacy
        Options of PyAutoDiff's that nothing needs here, such as ``use_cache=False``.

    Returns
    -------
    array or list of arrays
        By calling it: the bare gradient for one target, a list in `wrt`'s order for several.

    Raises
    ------
    NotScalar
        If the function's result is not one real number.
    NotDifferentiable
        If a chosen argument holds a bool or text.

    Examples
    --------
    >>> g = Gradient(lambda x: ((x + 1) ** 2).sum(), [np.zeros(3)])
    >>> print(g)
    f(x) = sum((x + 1)**2)
    df/dx = 2*(x + 1)
    >>> g(np.arange(3))
    array([2., 4., 6.])
    """

    _mode = GradientMode

    def __init__(
        self, fn: Any, example_args: Any = None, *, wrt: Any = None, reduction: Any = None,
        backend: str | None = None, parallel: bool | None = None, **legacy: Any,
    ) -> None:
        accept_legacy(legacy)
        fn = fn if reduction is None else Reduced(fn, reduction)
        super().__init__(fn, example_args, ALL if wrt is None else wrt, backend, parallel)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = self.core.call(args, kwargs)
        if found is not MISS:
            return found
        kwargs, out = self.core.split_out(kwargs) if kwargs else (kwargs, None)
        found = self.core.quick(args, kwargs) if out is None else MISS
        return self._pack(self.core.answer(args, kwargs, (), out)) if found is MISS else found


class HessianVector(_ByArgument):
    """The product of the Hessian of a scalar function with vectors.

    Parameters
    ----------
    fn, example_args, wrt
        As for `Gradient`.

    Examples
    --------
    >>> hv = HessianVector(lambda x: (x**3).sum())
    >>> hv(np.array([1.0, 2.0]), vectors=np.array([1.0, 0.0]))
    array([6., 0.])
    """

    _mode = HessianVectorMode

    def __init__(
        self, fn: Any, example_args: Any = None, *, wrt: Any = None, reduction: Any = None,
        backend: str | None = None, parallel: bool | None = None, **legacy: Any,
    ) -> None:
        accept_legacy(legacy)
        fn = fn if reduction is None else Reduced(fn, reduction)
        super().__init__(fn, example_args, ALL if wrt is None else wrt, backend, parallel)

    def __call__(
        self, *args: Any, vectors: Any = None, _vectors: Any = None, _tensors: Any = None, **kwargs: Any
    ) -> Any:
        given = next((v for v in (vectors, _vectors, _tensors) if v is not None), None)
        if given is None:
            raise StructureError(
                "HessianVector needs vectors=", hint="one array, or a tuple with one for each argument"
            )
        parts = given if isinstance(given, (tuple, list)) else (given,)
        kwargs, out = self.core.split_out(kwargs) if kwargs else (kwargs, None)
        quick = self.core.quick(args, kwargs, parts) if out is None else MISS
        if quick is not MISS:
            return quick
        places = self.core.wrt.places(args, kwargs)
        if len(parts) != len(places):
            raise StructureError(f"{len(parts)} vectors for {len(places)} arguments")
        seeds = seeds_like([pick(p, args, kwargs) for p in places], parts, "vector")
        return self._pack(self.core.answer(args, kwargs, seeds, out))


_REDUCTIONS = {name: getattr(np, name) for name in "sum max mean min prod std var".split()}


def reduction_of(given: Any) -> Callable[..., Any]:
    """The function that a reduction's name means.

    Raises
    ------
    ValueError
        If it is neither one of them nor callable.
    """
    if callable(given):
        return given
    if given in _REDUCTIONS:
        return _REDUCTIONS[given]
    raise ValueError(f"reduction {given!r} is neither a function nor one of {', '.join(_REDUCTIONS)}")


class Reduced:
    """`fn` with `reduction` applied to its result."""

    def __init__(self, fn: Any, reduction: Any) -> None:
        self.fn = fn.fn if isinstance(fn, _Traced) else fn
        self.reduction = reduction_of(reduction)
        self.__name__ = getattr(self.fn, "__name__", "f")
        self.__wrapped__ = self.fn

    @stepped
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.reduction(self.fn(*args, **kwargs))


def report(derivative: Any) -> str:
    """What was traced and compiled for a `Gradient`, or for what `grad` and its kin return.

    Examples
    --------
    >>> from bcad import grad
    >>> report(grad(lambda x: x * x))
    'not traced yet'
    """
    return _core_of(derivative).report()


def explain(derivative: Any) -> str:
    """What the traces behind a `Gradient`, or behind what `grad` and its kin return, relied on.

    Examples
    --------
    >>> from bcad import grad
    >>> explain(grad(lambda x: x * x))
    'not traced yet'
    """
    return _core_of(derivative).explain()


def _core_of(derivative: Any) -> Differentiated:
    core = getattr(derivative, "core", None)
    if not isinstance(core, Differentiated):
        raise TypeError(f"a Gradient or what grad returns is wanted, not {derivative!r}")
    return core


def _decorator(cls: type[_Traced]) -> Callable[..., Any]:
    def decorate(fn: Any = None, **options: Any) -> Any:
        return cls(fn, **options) if fn is not None else lambda f: cls(f, **options)

    decorate.__name__ = {"Function": "function", "Gradient": "gradient"}.get(cls.__name__, "hessian_vector")
    decorate.__doc__ = f"Decorator form of `{cls.__name__}`, bare or with its keywords."
    return decorate


function = _decorator(Function)
gradient = _decorator(Gradient)
hessian_vector = _decorator(HessianVector)
