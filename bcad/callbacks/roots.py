"""Roots of equations: scipy.optimize.brentq, newton, fsolve, root and their kin, by the implicit function theorem."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ObjectType, python_type
from bcad.trace import answers, evaluated, refusal, stepped, value_of, wrap

from .closure import FLOAT, Bound, Closure, traced
from .implicit import Implicit
from .routine import Settings, as_number

Fn = Callable[..., Any]
Solver = Callable[..., Sequence[Any]]
_EXAMPLE = 0.1  # where a callback is traced: any number, as no decision may hang on it
BOOL, INT, TEXT = python_type(bool), python_type(int), ObjectType(str)


class Root(Implicit):
    """What `solver`, given a function and numbers, finds; its first result is the root.

    Attributes
    ----------
    solver : callable, ``solver(function, settings, *numbers) -> results``, of a Bound
    """

    def __init__(self, closure: Closure, settings: Settings, solver: Solver, numbers: int) -> None:
        super().__init__(closure, settings)
        self.solver, self.numbers = solver, numbers

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        return self.solver(function, settings, *numbers)


# -- of a number --------------------------------------------------------------------------------------
def _bracketed(name: str) -> None:
    @answers("scipy.optimize", name)
    def find(f: Fn, a: Any, b: Any, args: Any = (), *more: Any, full_output: bool = False, **settings: Any) -> Any:
        import scipy.optimize

        routine = getattr(scipy.optimize, name)
        names = ["k", "xtol", "rtol", "maxiter", "full_output", "disp"][name != "toms748":]
        settings = dict(zip(names, more)) | settings
        full_output = settings.pop("full_output", full_output)

        def solver(function: Bound, settings: dict[str, Any], low: float, high: float) -> Sequence[Any]:
            x, r = routine(function.value, low, high, full_output=True, **settings)
            return float(x), r.iterations, r.function_calls, bool(r.converged), r.flag

        return _solve_number(number_valued(f, args), (a, b), settings, solver, name, full_output)


for _name in ("brentq", "brenth", "ridder", "bisect", "toms748"):
    _bracketed(_name)


def given(args: Any) -> tuple[Any, ...]:
    """Further arguments as SciPy takes them: a tuple, or the only one."""
    return args if isinstance(args, tuple) else (args,)


def number_valued(f: Fn, args: Any) -> Fn:
    """`f` with its further arguments, as solvers and minimisers call it back: it gives a Python float."""
    more = given(args)

    @stepped
    def function(x: Any) -> Any:
        return float(f(x, *more))

    return function


def _solve_number(
    equation: Fn, starts: Sequence[Any], settings: dict[str, Any], solver: Solver, name: str, full_output: bool
) -> Any:
    closure, constants, _ = traced(equation, (_EXAMPLE,), name)
    numbers, kept = [as_number(value_of(x), FLOAT) for x in starts], Settings(**settings)
    routine = Root(closure, kept, solver, len(numbers))
    results = routine.emit([*numbers, *kept.values, *constants], [FLOAT, INT, INT, BOOL, TEXT])
    x, iterations, calls, converged, flag = map(wrap, results)
    if not full_output:
        return x
    from scipy.optimize import RootResults

    report = RootResults.__new__(RootResults)
    report.update(root=x, iterations=iterations, function_calls=calls, converged=converged, flag=flag, method=name)
    return x, report


@answers("scipy.optimize", "newton")
def newton(
    func: Fn, x0: Any, fprime: Any = None, args: Any = (), tol: float = 1.48e-8, maxiter: int = 50, fprime2: Any = None,
    x1: Any = None, rtol: float = 0.0, full_output: bool = False, disp: bool = True,
) -> Any:  # fmt: skip
    """The root for a number; arrays of equations are left to SciPy's own code, which is Python."""
    import scipy.optimize

    if np.ndim(x0):
        return NotImplemented
    starts = (x0,) if x1 is None else (x0, x1)

    def solver(function: Bound, settings: dict[str, Any], start: float, *other: float) -> Sequence[Any]:
        slope = function.jacobian if fprime is not None else None
        x, r = scipy.optimize.newton(function.value, start, slope, x1=other[0] if other else None, full_output=True, **settings)
        return float(x), r.iterations, r.function_calls, bool(r.converged), r.flag

    settings = {"tol": tol, "maxiter": maxiter, "rtol": rtol, "disp": disp}
    return _solve_number(number_valued(func, args), starts, settings, solver, "newton", full_output)


# -- of a vector ----------------------------------------------------------------------------------------
@stepped
def vector(x0: Any) -> Any:
    return np.asarray(x0, float).flatten()


@stepped
def _array(x0: Any) -> Any:
    return np.asarray(x0, float)


def _equations(func: Fn, args: Any) -> Fn:
    """The equations as solvers take them: as many floats as unknowns, shaped as they are."""
    more = given(args)

    @stepped
    def equations(x: Any) -> Any:
        return np.asarray(func(x, *more), float).reshape(x.shape)

    return equations


def _solve(func: Fn, start: Any, args: Any, settings: dict[str, Any], solver: Solver, name: str) -> list[Any]:
    """``x, fun, success, status, calls, message`` of a solver of vector equations."""
    closure, constants, _ = traced(_equations(func, args), (start,), name)
    x0, kept = value_of(start), Settings(**settings)
    types = [x0.type, x0.type, BOOL, INT, INT, TEXT]
    return [wrap(v) for v in Root(closure, kept, solver, 1).emit([x0, *kept.values, *constants], types)]


@answers("scipy.optimize", "fsolve")
def fsolve(
    func: Fn, x0: Any, args: Any = (), fprime: Any = None, full_output: Any = 0, col_deriv: Any = 0,
    xtol: float = 1.49012e-08, maxfev: int = 0, band: Any = None, epsfcn: Any = None, factor: float = 100, diag: Any = None,
) -> Any:  # fmt: skip
    import scipy.optimize

    if full_output:
        raise refusal("fsolve(full_output=...) is not traced", hint="scipy.optimize.root() tells of its success, and is")
    settings = {"xtol": xtol, "maxfev": maxfev, "band": band, "epsfcn": epsfcn, "factor": factor, "diag": diag}

    def solver(function: Bound, settings: dict[str, Any], start: Any) -> Sequence[Any]:
        slope = function.jacobian if fprime is not None else None
        x, info, status, message = scipy.optimize.fsolve(function.value, start, fprime=slope, full_output=True, **settings)
        if status != 1:
            warnings.warn(message, RuntimeWarning, stacklevel=2)
        return x, info["fvec"], status == 1, status, info["nfev"], message

    return _solve(func, evaluated(vector, (x0,), {}), args, settings, solver, "fsolve")[0]


@answers("scipy.optimize", "root")
def root(
    fun: Fn, x0: Any, args: Any = (), method: str = "hybr", jac: Any = None, tol: Any = None, callback: Any = None,
    options: Any = None,
) -> Any:  # fmt: skip
    import scipy.optimize

    if callback is not None:
        raise refusal("root() with a callback is not traced", hint="leave it out where derivatives are taken")

    if jac is True:
        fun = value_alone(fun)

    def solver(function: Bound, settings: dict[str, Any], start: Any) -> Sequence[Any]:
        slope = function.jacobian if jac else None
        r = scipy.optimize.root(function.value, start, method=method, jac=slope, **settings)
        return r.x, r.fun, bool(r.success), int(r.get("status", r.success)), int(r.get("nfev", 0)), str(r.message)

    flat = method in ("hybr", "lm")
    start = evaluated(vector if flat else _array, (x0,), {})
    x, residual, success, status, calls, message = _solve(
        fun, start, args, {"tol": tol, "options": options}, solver, "root"
    )
    return scipy.optimize.OptimizeResult(x=x, success=success, status=status, message=message, fun=residual, nfev=calls,
                                         method=method)  # fmt: skip


def value_alone(fun: Fn) -> Fn:
    """The value of a function that gives it with its derivative."""

    @stepped
    def value(*args: Any) -> Any:
        return fun(*args)[0]

    return value
