"""Tangent's face: autodiff, grad, vjp, jvp with its options, and the stages in which a derivative is made.

``import bcad.tangent as tangent`` runs code that was written for Tangent: `insert_grad_of`, templates for `adjoint`
and `tangent_` with their ``d[x]`` are here too.
"""

from __future__ import annotations

import enum
import inspect
import itertools
import linecache
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad import backends
from bcad.answers import answer_of
from bcad.diff import expand
from bcad.differentiated import Differentiated, name_of
from bcad.errors import StructureError
from bcad.insert import insert_grad_of
from bcad.modes import GradientMode, JvpMode, Mode, VjpMode, as_graph
from bcad.register import adjoint, d, register, tangent_
from bcad.rewrite import simplify
from bcad.seeds import seeds_like
from bcad.specialise import Specialisation
from bcad.trace import flatten, inside
from bcad.wrt import pick

__all__ = [
    "INPUT_DERIVATIVE", "AutoDiff", "adjoint", "autodiff", "d", "grad", "insert_grad_of", "jvp", "register", "stages",
    "tangent_", "vjp",
]

_numbers = itertools.count(1)


class INPUT_DERIVATIVE(enum.Enum):
    """Whether a derivative must be given its seed, or takes ones."""

    Required = 1
    DefaultOne = 2
    DefaultOnes = 3


class AutoDiff:
    """What `autodiff` gives: a function of the arguments, then of seeds.

    Attributes
    ----------
    source : str
        The code of the latest derivative, in NumPy; comments name the lines that it belongs to. With
        ``optimized=False`` it is what runs, line by line, for debuggers to step into.
    """

    def __init__(
        self, func: Callable[..., Any], wrt: Any, optimized: bool, mode: str, preserve_result: bool, check_dims: bool,
        seed: INPUT_DERIVATIVE, verbose: int, scalar: bool = False,
    ) -> None:
        self.func = func
        wrt = (wrt,) if isinstance(wrt, (int, str)) else tuple(wrt)
        self._backend = None if optimized else "numpy"
        self.core = self._core(JvpMode() if mode == "forward" else GradientMode() if scalar else VjpMode(), wrt)
        self._seeded = self._core(VjpMode(), wrt) if scalar else self.core
        self._forward = mode == "forward"
        self._preserve_result, self._check_dims, self._seed = preserve_result, check_dims, seed
        self._verbose = verbose
        names = _positional_names(func)
        self._count = None if names is None else len(names)
        self._shown: dict[Specialisation, Any] = {}
        self.__name__ = f"d{name_of(func)}d{'_'.join(map(str, wrt))}"
        self.__doc__ = f"{mode} derivative of {name_of(func)} by its arguments {wrt}."

    def _core(self, mode: Mode, wrt: Any) -> Differentiated:
        core = Differentiated(self.func, mode, wrt, backend=self._backend)
        core.finisher = self._finisher
        return core

    def __call__(self, *args: Any, init_grad: Any = None, **kwargs: Any) -> Any:
        if self._forward:
            return self._push(args, kwargs)
        args, seed = self._seed_of(args, init_grad)
        if seed is None and self.core.mode.scalar:
            answer = self.core.answer(args, kwargs)
            return self._packed(answer.nested(), answer.result)
        value, pull = self._seeded.linearize(args, kwargs)
        seeds = self._seeds([value], [_ones(value) if seed is None else seed], "cotangent")
        return self._packed(pull(seeds).nested(), value)

    def _push(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args, tangents = self._tangents_of(args, kwargs)
        places = self.core.wrt.places(args, kwargs)
        answer = self.core.answer(args, kwargs, self._seeds([pick(p, args, kwargs) for p in places], tangents, "tangent"))
        tangent = flatten(answer.result)[1].unflatten(answer.derived)
        return (tangent, answer.result) if self._preserve_result else tangent

    def _tangents_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The arguments, and the tangents that follow them or are called ``dx`` for `x`, which are taken out of `kwargs`."""
        names = _positional_names(self.func) or []
        places = self.core.wrt.places(args, kwargs)
        keywords = [f"d{names[key] if where == 0 and key < len(names) else key}" for where, key in places]
        if all(name in kwargs and name not in names for name in keywords):
            return args, tuple(kwargs.pop(name) for name in keywords)
        if len(args) <= len(places):
            raise StructureError(f"{self.__name__} takes the arguments, then {len(places)} tangents",
                                 hint=f"or the tangents as {', '.join(keywords)}")
        return args[: -len(places)], args[-len(places) :]

    def _seed_of(self, args: tuple[Any, ...], given: Any) -> tuple[tuple[Any, ...], Any]:
        """The arguments, and the seed that follows them; None for ones."""
        if given is not None:
            return args, given
        if self._seed is INPUT_DERIVATIVE.Required:
            if len(args) < 2:
                raise StructureError(f"{self.__name__} takes the arguments, then the seed", hint="or init_grad=")
            return args[:-1], args[-1]
        if self._count is not None and len(args) == self._count + 1:
            return args[:-1], args[-1]
        return args, None

    def _seeds(self, wholes: Sequence[Any], given: Sequence[Any], what: str) -> list[Any]:
        if self._check_dims and not inside():
            for whole, part in zip(wholes, given, strict=True):
                shapes = [[np.shape(x) for x in flatten(nest)[0]] for nest in (whole, part)]
                if shapes[0] != shapes[1]:
                    raise StructureError(f"a {what} of shape {shapes[1]} for a value of shape {shapes[0]}",
                                         hint="check_dims=False lets it be broadcast")
        return seeds_like(wholes, given, what)

    def _packed(self, found: list[Any], value: Any) -> Any:
        """One derivative bare, several in a tuple; then the value if it is to be preserved."""
        results = (*found, value) if self._preserve_result else tuple(found)
        return results[0] if len(results) == 1 else results

    def _finisher(self, special: Specialisation) -> Any:
        """Print a derivative that has been made."""
        if self._verbose == 1:
            print(special.entry.compiled.source)
        elif self._verbose > 1:
            for name, text in _stages_of(special).items():
                print(f"--- {name} ---\n{text}\n")
        return answer_of(special)

    @property
    def __wrapped__(self) -> Any:
        """What tools look at for source and signature: the derivative's own code, once there is one."""
        if not self.core.specialisations:
            return self.func
        special = self.core.specialisations[0]
        if special not in self._shown:
            self._shown = {special: _as_function(_source_of(special))}
        return self._shown[special]

    @property
    def source(self) -> str:
        """The code of the latest derivative."""
        if not self.core.specialisations:
            raise ValueError("not traced yet: call it")
        return _source_of(self.core.specialisations[0])

    def __repr__(self) -> str:
        return f"<{self.__name__}>"


def autodiff(
    func: Callable[..., Any], wrt: Any = (0,), optimized: bool = True, motion: str = "joint", mode: str = "reverse",
    preserve_result: bool = False, check_dims: bool = True,
    input_derivative: INPUT_DERIVATIVE = INPUT_DERIVATIVE.Required, verbose: int = 0,
) -> AutoDiff:
    """The derivative of a function as a function.

    Parameters
    ----------
    func : callable
        Ordinary Python and NumPy.
    wrt : tuple of int or str
        With respect to which arguments.
    optimized : bool
        Whether it may be compiled; else its NumPy source runs, for debuggers to step into.
    motion : 'joint' or 'split'
        With 'split' the seed is optional (``init_grad=1.0``); computed is the same.
    mode : 'reverse' or 'forward'
        Called as ``df(*args, seed)``, or as ``df(*args, *tangents)`` with a tangent for each argument of `wrt`, which may
        be given by name too: ``df(x, dx=1.0)``.
    preserve_result : bool
        Whether the function's value follows the derivatives.
    check_dims : bool
        Whether seeds must have the shapes of what they belong to; else they are broadcast.
    input_derivative : INPUT_DERIVATIVE
        Whether the seed of reverse mode may be left out.
    verbose : int
        1 prints the source of each derivative that is made, 2 all its stages.

    Examples
    --------
    >>> df = autodiff(lambda x, y: x * y, wrt=(0, 1), preserve_result=True)
    >>> df(2.0, 3.0, 1.0)
    (np.float64(3.0), np.float64(2.0), 6.0)
    >>> autodiff(np.sin, mode="forward")(0.0, 5.0)
    np.float64(5.0)
    """
    for name, given, known in (("motion", motion, ("joint", "split")), ("mode", mode, ("reverse", "forward"))):
        if given not in known:
            raise ValueError(f"{name} {given!r} is neither {known[0]!r} nor {known[1]!r}")
    seed = INPUT_DERIVATIVE.DefaultOne if motion == "split" else input_derivative
    return AutoDiff(func, wrt, optimized, mode, preserve_result, check_dims, seed, verbose)


def grad(
    func: Callable[..., Any], wrt: Any = (0,), optimized: bool = True, preserve_result: bool = False,
    check_dims: bool = True, verbose: int = 0,
) -> AutoDiff:
    """The gradient of a function whose result is one number; its seed, 1.0, may be given last; see `autodiff`.

    Examples
    --------
    >>> grad(lambda x: x**2, preserve_result=True)(3.0)
    (np.float64(6.0), 9.0)
    """
    ones = INPUT_DERIVATIVE.DefaultOne
    return AutoDiff(func, wrt, optimized, "reverse", preserve_result, check_dims, ones, verbose, scalar=True)


def vjp(
    func: Callable[..., Any], wrt: Any = (0,), optimized: bool = True, check_dims: bool = True,
    preserve_result: bool = False, verbose: int = 0,
) -> AutoDiff:
    """``vjp(func)(*args, seed)``: reverse mode; see `autodiff`."""
    return autodiff(func, wrt, optimized, "joint", "reverse", preserve_result, check_dims, verbose=verbose)


def jvp(
    func: Callable[..., Any], wrt: Any = (0,), optimized: bool = True, check_dims: bool = True,
    preserve_result: bool = False, verbose: int = 0,
) -> AutoDiff:
    """``jvp(func)(*args, *tangents)``: forward mode; see `autodiff`."""
    return autodiff(func, wrt, optimized, "joint", "forward", preserve_result, check_dims, verbose=verbose)


def stages(derivative: Any) -> dict[str, str]:
    """The stages in which the latest derivative of a `Gradient`, or of what `grad` returns, was made.

    Returns
    -------
    dict of str
        'traced', 'simplified', 'differentiated', 'optimised': typed SSA text; 'source': NumPy code.

    Examples
    --------
    >>> from bcad import Gradient
    >>> print(stages(Gradient(lambda x: x**2, [1.0]))["source"].splitlines()[-1].strip())
    return [x**2, 2*np.float64(x)]
    """
    core = getattr(derivative, "core", None)
    if not isinstance(core, Differentiated):
        raise TypeError(f"a Gradient or what grad returns is wanted, not {derivative!r}")
    if not core.specialisations:
        raise ValueError("not traced yet: call it, or give example arguments")
    return _stages_of(core.specialisations[0])


def _stages_of(special: Specialisation) -> dict[str, str]:
    program = special.program
    mode = special.mode.at(program.graph, special.wrt, special.results, program.sizes)
    differentiated = expand(as_graph(mode, program.graph, special.wrt, special.results))
    return {
        "traced": str(program.graph), "simplified": str(simplify(expand(program.graph))),
        "differentiated": str(differentiated), "optimised": str(special.graph), "source": _source_of(special),
    }


def _source_of(special: Specialisation) -> str:
    """The derivative as NumPy code."""
    return str(backends.get("numpy").compile(special.graph).source)


def _as_function(source: str) -> Any:
    """The function that a source defines, as inspect and debuggers find it."""
    filename = f"<derivative {next(_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope: dict[str, Any] = {"np": np}
    exec(compile(source, filename, "exec"), scope)
    return next(x for x in scope.values() if inspect.isfunction(x))


def _positional_names(func: Callable[..., Any]) -> list[str] | None:
    """The names of a function's positional arguments; None if their number may vary."""
    try:
        parameters = list(inspect.signature(func).parameters.values())
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _ones(value: Any) -> Any:
    """The cotangent that adds all results up."""
    leaves, tree = flatten(value)
    return tree.unflatten([np.ones_like(x) for x in leaves])
