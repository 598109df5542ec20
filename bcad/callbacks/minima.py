"""Minima: scipy.optimize.minimize, minimize_scalar, least_squares, leastsq and their kin.

Where a minimum lies the gradient is zero: the implicit function theorem gives how it moves.  An element that a bound holds
does not move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, array_type
from bcad.trace import answers, evaluated, is_active, refusal, stepped, value_of, wrap

from .closure import FLOAT, Bound, Closure, traced
from .implicit import Implicit
from .roots import BOOL, INT, TEXT, Solver, given, number_valued, value_alone, vector
from .routine import Settings

Fn = Callable[..., Any]
_HELD = 1e-8  # so near a bound, relatively, an element is held by it


class Minimum(Implicit):
    """What `solver` finds: the minimum, then which of its elements no bound holds.

    The closure's first output is what is least; further ones are for the solver.
    """

    free = 1

    def __init__(self, closure: Closure, settings: Settings, solver: Solver, numbers: int) -> None:
        super().__init__(closure, settings)
        self.solver, self.numbers = solver, numbers

    @property
    def equations(self) -> Closure:
        return self.closure.output(0).gradient((0,))

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        return self.solver(function, settings, *numbers)


def _free(x: np.ndarray, low: Any, high: Any) -> np.ndarray:
    """Which elements of `x` are inside bounds, not at one."""
    free = np.ones(np.shape(x), bool)
    for bound in (low, high):
        distance = np.abs(np.asarray(x) - np.asarray(bound, float))
        free &= ~(distance <= _HELD * np.maximum(1.0, np.abs(x)))
    return free


def _require_plain(routine: str, **settings: Any) -> None:
    """Refuse what a derivative would have to know more about."""
    for name, x in settings.items():
        if is_active(x):
            raise refusal(f"{routine}() with {name} that depend on what is differentiated", hint="substitute variables so that they are constant")


def _require_no_callback(routine: str, callback: Any) -> None:
    if callback is not None:
        raise refusal(f"{routine}() with a callback is not traced", hint="leave it out where derivatives are taken")


# -- of a vector --------------------------------------------------------------------------------------
@answers("scipy.optimize", "minimize")
def minimize(
    fun: Fn, x0: Any, args: Any = (), method: Any = None, jac: Any = None, hess: Any = None, hessp: Any = None,
    bounds: Any = None, constraints: Any = (), tol: Any = None, callback: Any = None, options: Any = None,
) -> Any:  # fmt: skip
    import scipy.optimize

    _require_no_callback("minimize", callback)
    _require_plain("minimize", bounds=bounds)
    if not (isinstance(constraints, (tuple, list)) and not len(constraints)):
        raise refusal("minimize() with constraints has no derivative", why="which of them hold at the minimum decides how it moves",
                      hint="substitute variables, or use bounds or a penalty")

    def solver(function: Bound, settings: dict[str, Any], start: Any) -> Sequence[Any]:
        slope = function.gradient if jac is True or callable(jac) else jac
        curvature = function.hessian if callable(hess) or callable(hessp) else hess
        r = scipy.optimize.minimize(function.value, start, method=method, jac=slope, hess=curvature, **settings)
        free = np.ones(r.x.shape, bool)
        if settings["bounds"] is not None:
            box = settings["bounds"]
            box = box if isinstance(box, scipy.optimize.Bounds) else scipy.optimize.Bounds(*_columns(box))
            free = _free(r.x, box.lb, box.ub)
        return r.x, free, bool(r.success), int(r.status), int(r.get("nit", 0)), int(r.nfev), str(r.message)

    fun = value_alone(fun) if jac is True else fun
    start = evaluated(vector, (x0,), {})
    closure, constants, _ = traced(number_valued(fun, args), (start,), "minimize")
    more = Settings(bounds=bounds, tol=tol, options=options)
    x_type = value_of(start).type
    types = [x_type, _flags(x_type), BOOL, INT, INT, INT, TEXT]
    x, _, *report = Minimum(closure, more, solver, 1).emit([value_of(start), *more.values, *constants], types)
    success, status, nit, nfev, message = map(wrap, report)
    (least,), (slope,) = closure.at(x, *constants), closure.gradient((0,)).at(x, *constants)
    return scipy.optimize.OptimizeResult(
        x=wrap(x), fun=wrap(least), jac=wrap(slope), success=success, status=status, nit=nit, nfev=nfev, message=message
    )


def _columns(bounds: Any) -> tuple[list[float], list[float]]:
    """Lower and upper bounds of ``[(low, high), ...]``, None for none."""
    low = [-np.inf if a is None else a for a, _ in bounds]
    return low, [np.inf if b is None else b for _, b in bounds]


def _flags(type_: ArrayType) -> ArrayType:
    return array_type(bool, type_.shape)


def _fmin(name: str) -> None:
    @answers("scipy.optimize", name)
    def fmin(func: Fn, x0: Any, *more: Any, args: Any = (), callback: Any = None, **settings: Any) -> Any:
        import scipy.optimize

        routine = getattr(scipy.optimize, name)
        _require_no_callback(name, callback)
        if more or settings.get("full_output") or settings.get("retall") or "fprime" in settings:
            raise refusal(f"{name}() with more than a function, a start and tolerances is not traced", hint="use scipy.optimize.minimize")

        def solver(function: Bound, settings: dict[str, Any], start: Any) -> Sequence[Any]:
            x = np.atleast_1d(routine(function.value, start, **settings))
            return x, np.ones(x.shape, bool)

        start = evaluated(vector, (x0,), {})
        closure, constants, _ = traced(number_valued(func, args), (start,), name)
        x_type, kept = value_of(start).type, Settings(**settings)
        results = Minimum(closure, kept, solver, 1).emit([value_of(start), *kept.values, *constants], [x_type, _flags(x_type)])
        return wrap(results[0])


for _name in ("fmin", "fmin_powell", "fmin_bfgs", "fmin_cg"):
    _fmin(_name)


# -- of a number --------------------------------------------------------------------------------------
@answers("scipy.optimize", "minimize_scalar")
def minimize_scalar(
    fun: Fn, bracket: Any = None, bounds: Any = None, args: Any = (), method: Any = None, tol: Any = None, options: Any = None
) -> Any:
    import scipy.optimize

    _require_plain("minimize_scalar", bounds=bounds)

    def solver(function: Bound, settings: dict[str, Any]) -> Sequence[Any]:
        r = scipy.optimize.minimize_scalar(function.value, method=method, **settings)
        x = float(r.x)
        near = 2 * (settings["options"] or {}).get("xatol", settings["tol"] or 1e-5)
        free = settings["bounds"] is None or min(abs(x - b) for b in settings["bounds"]) > near
        return x, bool(free), bool(r.success), int(r.get("nit", 0)), int(r.nfev), str(r.get("message", ""))

    closure, constants, _ = traced(number_valued(fun, args), (0.1,), "minimize_scalar")
    more = Settings(bracket=bracket, bounds=bounds, tol=tol, options=options)
    results = Minimum(closure, more, solver, 0).emit([*more.values, *constants], [FLOAT, BOOL, BOOL, INT, INT, TEXT])
    x, _, success, nit, nfev, message = results
    (least,) = closure.at(x, *constants)
    return scipy.optimize.OptimizeResult(
        x=wrap(x), fun=wrap(least), success=wrap(success), nit=wrap(nit), nfev=wrap(nfev), message=wrap(message)
    )


# -- sums of squares ------------------------------------------------------------------------------------
_LOSSES: dict[str, Fn] = {
    "linear": lambda z: z,
    "soft_l1": lambda z: 2 * ((1 + z) ** 0.5 - 1),
    "huber": lambda z: np.where(z <= 1, z, 2 * np.maximum(z, 1) ** 0.5 - 1),
    "cauchy": lambda z: np.log1p(z),
    "arctan": lambda z: np.arctan(z),
}
for _loss in _LOSSES.values():
    stepped(_loss)


def _squares(fun: Fn, args: Any, kwargs: dict[str, Any], loss: str, scale: Any) -> Fn:
    """The cost, and the residuals."""
    more, rho = given(args), _LOSSES[loss]

    @stepped
    def squares(x: Any) -> Any:
        residuals = np.atleast_1d(np.asarray(fun(x, *more, **kwargs), float))
        if loss == "linear":
            return 0.5 * np.sum(residuals**2), residuals
        return 0.5 * scale**2 * np.sum(rho((residuals / scale) ** 2)), residuals

    return squares


@answers("scipy.optimize", "least_squares")
def least_squares(
    fun: Fn, x0: Any, jac: Any = "2-point", bounds: Any = (-np.inf, np.inf), method: str = "trf", ftol: Any = 1e-8,
    xtol: Any = 1e-8, gtol: Any = 1e-8, x_scale: Any = None, loss: Any = "linear", f_scale: Any = 1.0,
    *, args: Any = (), kwargs: Any = None, callback: Any = None, **settings: Any,
) -> Any:  # fmt: skip
    import scipy.optimize

    _require_no_callback("least_squares", callback)
    _require_plain("least_squares", bounds=bounds)
    if loss not in _LOSSES:
        raise refusal("least_squares() with a loss function of its own", hint=f"one of {', '.join(_LOSSES)}")
    settings |= {"bounds": bounds, "ftol": ftol, "xtol": xtol, "gtol": gtol, "f_scale": f_scale}
    settings |= {} if x_scale is None else {"x_scale": x_scale}

    def solver(function: Bound, settings: dict[str, Any], start: Any) -> Sequence[Any]:
        residuals = function.output(1)
        slope = residuals.jacobian if callable(jac) else jac
        r = scipy.optimize.least_squares(residuals.value, start, slope, method=method, loss=loss, **settings)
        status = bool(r.success), int(r.status), int(r.nfev), str(r.message), float(r.optimality)
        return r.x, r.active_mask == 0, r.active_mask.astype(int), *status

    squares = _squares(fun, args, kwargs or {}, loss, f_scale)
    x, results = _fitted(squares, x0, settings, solver, "least_squares", [BOOL, INT, INT, TEXT, FLOAT])
    residuals, cost, slope, (mask, success, status, nfev, message, optimality) = results
    return scipy.optimize.OptimizeResult(
        x=x, cost=cost, fun=residuals, jac=slope, active_mask=mask, success=success, status=status, nfev=nfev, message=message,
        optimality=optimality,
    )


@answers("scipy.optimize", "leastsq")
def leastsq(
    func: Fn, x0: Any, args: Any = (), Dfun: Any = None, full_output: Any = False, col_deriv: Any = False,
    **settings: Any,
) -> Any:  # fmt: skip
    import scipy.optimize

    def solver(function: Bound, settings: dict[str, Any], start: Any) -> Sequence[Any]:
        residuals = function.output(1)
        slope = residuals.jacobian if Dfun is not None else None
        x, _, info, message, status = scipy.optimize.leastsq(residuals.value, start, Dfun=slope, full_output=True, **settings)
        return x, np.ones(x.shape, bool), np.zeros(x.shape, int), int(status), int(info["nfev"]), message

    squares = _squares(func, args, {}, "linear", 1.0)
    x, results = _fitted(squares, x0, settings, solver, "leastsq", [INT, INT, TEXT])
    residuals, _, slope, (_, status, calls, message) = results
    if not full_output:
        return x, status
    return x, evaluated(_covariance, (slope,), {}), {"fvec": residuals, "nfev": calls}, message, status


@stepped
def _covariance(jacobian: Any) -> Any:
    return np.linalg.inv(jacobian.T @ jacobian)


def _fitted(squares: Fn, x0: Any, settings: dict[str, Any], solver: Solver, name: str, reported: Sequence[Any]) -> Any:
    """The solution; residuals, cost and Jacobian there, and what else the solver tells."""
    start = evaluated(vector, (x0,), {})
    closure, constants, _ = traced(squares, (start,), name)
    x0_value, more = value_of(start), Settings(**settings)
    types = [x0_value.type, _flags(x0_value.type), array_type(int, x0_value.shape), *reported]
    x, _, *report = Minimum(closure, more, solver, 1).emit([x0_value, *more.values, *constants], types)
    cost, residuals = closure.at(x, *constants)
    (slope,) = closure.output(1).jacobian((0,)).at(x, *constants)
    return wrap(x), (wrap(residuals), wrap(cost), wrap(slope), [wrap(v) for v in report])


@answers("scipy.optimize._minpack_py", "_lightweight_memoizer")
def _memoizer(f: Fn) -> Fn:
    """`curve_fit` keeps the last result of its model, which changes no number."""
    return f
