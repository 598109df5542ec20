"""SciPy's solvers of equations, fits and stiff differential equations, with exact Jacobians supplied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bcad.trace import inside, stepped
from bcad.transforms import jacobian
from bcad.vectors import flatten

Array = np.ndarray
Fn = Callable[..., Any]

_IMPLICIT = frozenset(("Radau", "BDF", "LSODA"))
_WITHOUT_JACOBIAN = frozenset("broyden1 broyden2 anderson linearmixing diagbroyden excitingmixing krylov df-sane".split())


class FlatResiduals:
    """A function of nested numbers as one of a flat vector that gives a flat vector, with its Jacobian."""

    def __init__(self, fun: Fn, x0: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.start, self.unflatten = flatten(x0)
        self.start = np.asarray(self.start, np.result_type(self.start, float))
        unflatten, bare = self.unflatten, isinstance(x0, np.ndarray) and x0.ndim == 1

        @stepped
        def residuals(vector: Any) -> Any:
            found = fun(vector if bare else unflatten(vector), *args, **kwargs)
            return np.ravel(np.asarray(found) * 1.0)

        residuals.__name__ = getattr(fun, "__name__", "fun")
        self.value = residuals
        self.jacobian: Fn = jacobian(residuals)


def least_squares(
    fun: Fn, x0: Any, jac: Any = None, bounds: Any = (-np.inf, np.inf), *, args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None, **options: Any,
) -> Any:
    """:func:`scipy.optimize.least_squares` with the exact Jacobian of the residuals.

    Parameters
    ----------
    fun : callable, ``fun(x, *args, **kwargs) -> float64[m]``
        The residuals, of any shape or nesting-free sequence; ordinary Python and NumPy. `x` is nested as `x0`.
    x0 : array_like, or nested containers of them
        Where to start.
    jac : callable or one of SciPy's names, optional
        Your own instead.
    bounds, args, kwargs, **options
        As SciPy's; bounds are of the flat vector.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x`` is nested as `x0`.

    Examples
    --------
    >>> t = np.array([0.0, 1.0, 2.0])
    >>> found = least_squares(lambda p: p[0] * np.exp(-p[1] * t) - 2 * np.exp(-0.5 * t), np.ones(2))
    >>> found.x.round(6)
    array([2. , 0.5])
    """
    from scipy.optimize import least_squares as scipy_least_squares

    flat = FlatResiduals(fun, x0, args, kwargs or {})
    result = scipy_least_squares(flat.value, flat.start, jac=flat.jacobian if jac is None else jac, bounds=bounds, **options)
    return _nested(result, flat, x0)


def root(fun: Fn, x0: Any, args: Any = (), method: str = "hybr", jac: Any = None, **options: Any) -> Any:
    """:func:`scipy.optimize.root` with the exact Jacobian, for methods that take one.

    Parameters
    ----------
    fun : callable, ``fun(x, *args)``
        As many equations as unknowns; `x` is nested as `x0`.
    x0, args, method, jac, **options
        As SciPy's; `x0` may be nested.

    Examples
    --------
    >>> root(lambda x: np.array([x[0] + x[1] - 3, x[0] * x[1] - 2]), np.array([0.5, 3.0])).x.round(6)
    array([1., 2.])
    """
    from scipy.optimize import root as scipy_root

    flat = FlatResiduals(fun, x0, args if isinstance(args, tuple) else (args,), {})
    if jac is None and method.lower() not in _WITHOUT_JACOBIAN:
        jac = flat.jacobian
    result = scipy_root(flat.value, flat.start, method=method, jac=jac, **options)
    return _nested(result, flat, x0)


def _nested(result: Any, flat: FlatResiduals, x0: Any) -> Any:
    """SciPy's result with the solution nested as the start was."""
    if not (isinstance(x0, np.ndarray) and x0.ndim == 1):
        result.x = flat.unflatten(result.x)
    return result


def curve_fit(f: Fn, xdata: Any, ydata: Any, p0: Any = None, *more: Any, jac: Any = None, **options: Any) -> Any:
    """:func:`scipy.optimize.curve_fit` with the exact Jacobian of the model.

    Parameters
    ----------
    f : callable, ``f(xdata, *parameters) -> float64[m]``
        The model; ordinary Python and NumPy.
    xdata, ydata, p0, *more, jac, **options
        As SciPy's.

    Returns
    -------
    popt, pcov : ndarray
        And what ``full_output=True`` asks for.

    Examples
    --------
    >>> x = np.linspace(0, 4, 9)
    >>> popt, pcov = curve_fit(lambda x, a, b: a * np.exp(-b * x), x, 3 * np.exp(-0.7 * x), p0=[1.0, 1.0])
    >>> popt.round(6)
    array([3. , 0.7])
    """
    from scipy.optimize import curve_fit as scipy_curve_fit

    @stepped
    def model(parameters: Any, x: Any) -> Any:
        return np.ravel(f(x, *parameters) * 1.0)

    model.__name__ = getattr(f, "__name__", "f")
    of_model = jacobian(model)

    def exact(x: Any, *parameters: Any) -> Any:
        return of_model(np.array(parameters, float), x)

    return scipy_curve_fit(f, xdata, ydata, p0, *more, jac=exact if jac is None else jac, **options)


@stepped
def solve_ivp(
    fun: Fn, t_span: Any, y0: Any, method: Any = "RK45", *more: Any, args: Any = None, jac: Any = None, **options: Any
) -> Any:
    """:func:`scipy.integrate.solve_ivp` with the exact Jacobian for the implicit methods (Radau, BDF, LSODA).

    Parameters
    ----------
    fun : callable, ``fun(t, y, *args)``
        The right-hand side; ordinary Python and NumPy.
    t_span, y0, method, *more, args, jac, **options
        As SciPy's.

    Examples
    --------
    >>> found = solve_ivp(lambda t, y: -1000 * (y - np.cos(t)), (0.0, 1.0), [0.0], method="BDF")
    >>> abs(found.y[0, -1] - np.cos(1.0)).round(2) == 0.0
    np.True_
    """
    from scipy.integrate import solve_ivp as scipy_solve_ivp

    if jac is None and not inside() and _is_implicit(method):
        options = {**options, "jac": _slope_jacobian(fun)}
    elif jac is not None:
        options = {**options, "jac": jac}
    return scipy_solve_ivp(fun, t_span, y0, method, *more, args=args, **options)


def _is_implicit(method: Any) -> bool:
    return (method if isinstance(method, str) else getattr(method, "__name__", "")) in _IMPLICIT


def _slope_jacobian(fun: Fn) -> Fn:
    """The derivative of a right-hand side by its state."""

    @stepped
    def slope(t: Any, y: Any, *args: Any) -> Any:
        return np.asarray(fun(t, y, *args)) * 1.0

    slope.__name__ = getattr(fun, "__name__", "fun")
    return jacobian(slope, 1)
