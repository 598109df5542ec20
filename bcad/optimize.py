"""SciPy's minimisers with exact derivatives: value and gradient from one compiled call.

Arguments may nest (lists, tuples, dicts of arrays of any shape); SciPy sees one flat
float64 vector and the result comes back as it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bcad.products import hessian_vector_product
from bcad.trace import flatten, stepped
from bcad.transforms import hessian, jacobian, value_and_grad

Array = np.ndarray

_WANTS_HESSIAN = frozenset({"dogleg", "trust-exact"})
_WANTS_HESSP = frozenset({"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"})
_WANTS_NO_GRADIENT = frozenset({"nelder-mead", "powell", "cobyla", "cobyqa"})


class FlatProblem:
    """A function of nested arrays as one of a flat float64 vector, with its derivatives.

    Parameters
    ----------
    fn : callable
        ``fn(*args, **kwargs)``, a scalar, or an array of one element.
    args, kwargs
        Where to start; any nesting.
    """

    def __init__(self, fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self._given = fn, tuple(args), dict(kwargs)
        leaves, self.tree = flatten(self._given[1:])
        self.arrays = [np.array(leaf, dtype=np.result_type(leaf, np.float64)) for leaf in leaves]
        self.start = np.concatenate([np.ravel(a) for a in self.arrays] or [np.zeros(0)])
        self._ends = np.cumsum([a.size for a in self.arrays])
        self._whole = value_and_grad(self._of_leaves(fn), wrt=tuple(range(len(self.arrays))))
        self._vector = self._of_vector(fn)
        self._hvp: Any = None
        self._hessian: Any = None

    def __reduce__(self) -> Any:
        return FlatProblem, self._given

    def leaves(self, vector: Array) -> list[Array]:
        """The pieces of a flat vector, in their own shapes."""
        pieces = np.split(np.asarray(vector, float), self._ends[:-1])
        return [p.reshape(a.shape) for p, a in zip(pieces, self.arrays, strict=True)]

    def nested(self, vector: Array) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``(args, kwargs)`` for a flat vector, freshly copied."""
        result: tuple[tuple[Any, ...], dict[str, Any]] = self.tree.unflatten(
            [p.copy() for p in self.leaves(vector)]
        )
        return result

    def value_and_gradient(self, vector: Array) -> tuple[float, Array]:
        """The value and the flat gradient."""
        value, parts = self._whole(*self.leaves(vector))
        return float(np.asarray(value).reshape(())), np.concatenate([np.ravel(p) for p in parts])

    def hessian_vector(self, vector: Array, direction: Array) -> Array:
        """The Hessian times a direction, forward over reverse."""
        if self._hvp is None:
            self._hvp = hessian_vector_product(self._vector)
        result: Array = self._hvp(np.asarray(vector, float), np.asarray(direction, float))
        return result

    def hessian(self, vector: Array) -> Array:
        """The full Hessian matrix."""
        if self._hessian is None:
            self._hessian = hessian(self._vector)
        result: Array = self._hessian(np.asarray(vector, float))
        return result

    def _of_leaves(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        tree = self.tree

        @stepped
        def of_leaves(*leaves: Any) -> Any:
            args, kwargs = tree.unflatten(list(leaves))
            return fn(*args, **kwargs)

        of_leaves.__name__ = getattr(fn, "__name__", "fn")
        return of_leaves

    def _of_vector(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        shapes = [a.shape for a in self.arrays]
        ends = [0, *map(int, self._ends)]
        of_leaves = self._of_leaves(fn)

        @stepped
        def of_vector(vector: Any) -> Any:
            pieces = [
                vector[start:end].reshape(shape)
                for start, end, shape in zip(ends[:-1], ends[1:], shapes, strict=True)
            ]
            return of_leaves(*pieces).reshape(())

        return of_vector


def fmin_l_bfgs_b(
    fn: Callable[..., Any],
    args: Any = (),
    init_kwargs: Mapping[str, Any] | None = None,
    *,
    init_args: Any = (),
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
    scalar_bounds: tuple[float | None, float | None] | None = None,
    return_info: bool = False,
    **options: Any,
) -> Any:
    """Minimise a scalar function of arrays with limited-memory BFGS, bounds allowed.

    Parameters
    ----------
    fn : callable, ``fn(*args, **init_kwargs) -> float64[]``
        Ordinary Python and NumPy.
    args : array_like, or list or tuple of arguments
        Where to start, each of any shape and in its own units; never written to.  A list or
        tuple holds the positional arguments; anything else is the one argument. Also ``init_args=``.
    init_kwargs : mapping, optional
        Keyword arguments to start from.
    bounds : sequence of (low, high), optional
        For each element of all arguments, flattened in order; None where there is no bound.
    scalar_bounds : (low, high), optional
        The same bounds for every element.
    return_info : bool
        Whether to return ``(result, info)`` with ``info['f_opt']``, ``info['info']``.
    **options
        SciPy's own (``factr``, ``pgtol``, ``maxiter``, ``maxfun``, ``callback``, ...).

    Returns
    -------
    like `args`
        A list for a list, a tuple for a tuple, an array for an array.

    Raises
    ------
    TypeError
        If both kinds of bounds are given.
    NotScalar
        If the result of `fn` is not one number.

    Notes
    -----
    Byrd, Lu, Nocedal and Zhu, SIAM J. Sci. Comput. 16 (1995) 1190; the iteration is SciPy's.

    Examples
    --------
    >>> fmin_l_bfgs_b(lambda x: (x + 1) ** 2, [np.zeros(())])
    [array(-1.)]
    """
    from scipy.optimize import fmin_l_bfgs_b as scipy_minimiser

    if bounds is not None and scalar_bounds is not None:
        raise TypeError("give either bounds or scalar_bounds, not both")
    problem, restore = _problem(fn, _start(args, init_args), init_kwargs)
    if scalar_bounds is not None:
        bounds = [scalar_bounds] * problem.start.size
    x, value, info = scipy_minimiser(problem.value_and_gradient, problem.start, bounds=bounds, **options)
    result = restore(x)
    return (result, {"f_opt": value, "fopt": value, "info": info}) if return_info else result


def fmin_bfgs(
    fn: Callable[..., Any], args: Any = (), init_kwargs: Mapping[str, Any] | None = None, *, init_args: Any = (), **options: Any
) -> Any:
    """Minimise a scalar function of arrays with BFGS; see `fmin_l_bfgs_b` for `args`.

    `options` are those of :func:`scipy.optimize.fmin_bfgs` (``gtol``, ``maxiter``, ``callback``).
    """
    from scipy.optimize import fmin_bfgs as scipy_minimiser

    return _line_search_minimum(scipy_minimiser, fn, _start(args, init_args), init_kwargs, options)


def fmin_cg(
    fn: Callable[..., Any], args: Any = (), init_kwargs: Mapping[str, Any] | None = None, *, init_args: Any = (), **options: Any
) -> Any:
    """Minimise a scalar function of arrays with conjugate gradients; see `fmin_l_bfgs_b`.

    `options` are those of :func:`scipy.optimize.fmin_cg` (``gtol``, ``maxiter``, ``callback``).
    """
    from scipy.optimize import fmin_cg as scipy_minimiser

    return _line_search_minimum(scipy_minimiser, fn, _start(args, init_args), init_kwargs, options)


def fmin_ncg(
    fn: Callable[..., Any], args: Any = (), init_kwargs: Mapping[str, Any] | None = None, *, init_args: Any = (), **options: Any
) -> Any:
    """Minimise a scalar function of arrays with Newton-CG and exact Hessian-vector products.

    `options` are those of :func:`scipy.optimize.fmin_ncg` (``avextol``, ``maxiter``,
    ``callback``); see `fmin_l_bfgs_b` for `args`.
    """
    from scipy.optimize import fmin_ncg as scipy_minimiser

    problem, _ = _problem(fn, _start(args, init_args), init_kwargs)
    options.setdefault("fhess_p", problem.hessian_vector)
    return _line_search_minimum(scipy_minimiser, fn, _start(args, init_args), init_kwargs, options)


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Any = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """:func:`scipy.optimize.minimize` with exact ``jac``, ``hess`` and ``hessp`` supplied.

    Parameters
    ----------
    fun : callable, ``fun(x, *args) -> float64[]``
        Ordinary Python and NumPy; `x` has the structure and shapes of `x0`.
    x0 : array_like or nested containers of them
        Where to start.
    args, method, bounds, constraints, tol, callback, options
        As SciPy's.  Constraints without ``jac`` get an exact one.
    jac, hess, hessp
        Your own instead of the exact ones.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x`` has the structure of `x0`.

    Examples
    --------
    >>> minimize(lambda x: ((x - 3) ** 2).sum(), np.zeros(2), method="Newton-CG").x
    array([3., 3.])
    """
    from scipy.optimize import minimize as scipy_minimize

    problem = FlatProblem(stepped(lambda x: fun(x, *args)), (x0,), {})
    name = method.lower() if isinstance(method, str) else ""
    supplied: dict[str, Any] = {"jac": jac, "hess": hess, "hessp": hessp}
    objective: Any = problem.value_and_gradient
    if name in _WANTS_NO_GRADIENT:
        objective = lambda vector: problem.value_and_gradient(vector)[0]
    elif jac is None:
        supplied["jac"] = True
    else:
        objective = lambda vector: fun(problem.nested(vector)[0][0], *args)
    if hess is None and hessp is None and name in _WANTS_HESSIAN:
        supplied["hess"] = problem.hessian
    elif hess is None and hessp is None and name in _WANTS_HESSP:
        supplied["hessp"] = problem.hessian_vector
    result = scipy_minimize(
        objective, problem.start, method=method, bounds=bounds, tol=tol, callback=callback,
        constraints=_with_jacobians(constraints), options=options, **supplied,
    )
    result.x = problem.nested(result.x)[0][0]
    return result


def _start(args: Any, init_args: Any) -> Any:
    """Where to start, given under either name."""
    given = [x for x in (args, init_args) if not isinstance(x, tuple) or x]
    if len(given) > 1:
        raise TypeError("give either args or init_args, not both")
    return given[0] if given else ()


def _problem(
    fn: Callable[..., Any], args: Any, kwargs: Mapping[str, Any] | None
) -> tuple[FlatProblem, Callable[[Array], Any]]:
    """The flat problem, and how to give a solution back as the arguments were given."""
    several = isinstance(args, (list, tuple)) and not hasattr(args, "_fields")
    problem = FlatProblem(fn, args if several else (args,), kwargs or {})

    def restore(vector: Array) -> Any:
        positional, named = problem.nested(vector)
        result: Any = type(args)(positional) if several else positional[0]
        return (result, named) if named else result

    return problem, restore


def _line_search_minimum(
    scipy_minimiser: Callable[..., Any],
    fn: Callable[..., Any],
    args: Any,
    kwargs: Mapping[str, Any] | None,
    options: dict[str, Any],
) -> Any:
    """Run one of SciPy's ``fmin_*`` with value and gradient computed once per point."""
    problem, restore = _problem(fn, args, kwargs)
    info = options.pop("return_info", False)
    memo = _Memo(problem.value_and_gradient)
    options.setdefault("disp", False)
    found = scipy_minimiser(memo.value, problem.start, memo.gradient, full_output=True, **options)
    result = restore(found[0])
    return (result, {"f_opt": found[1], "fopt": found[1], "info": found[2:]}) if info else result


class _Memo:
    """Value and gradient of the last point: SciPy asks for them one after the other."""

    def __init__(self, both: Callable[[Array], tuple[float, Array]]) -> None:
        self._both = both
        self._point: Array | None = None
        self._answer: tuple[float, Array] = (0.0, np.zeros(0))

    def value(self, vector: Array) -> float:
        return self._at(vector)[0]

    def gradient(self, vector: Array) -> Array:
        return self._at(vector)[1]

    def _at(self, vector: Array) -> tuple[float, Array]:
        if self._point is None or not np.array_equal(self._point, vector):
            self._answer = self._both(vector)
            self._point = np.array(vector)
        return self._answer


def _with_jacobians(constraints: Any) -> Any:
    if isinstance(constraints, Mapping):
        return _with_jacobian(constraints)
    if isinstance(constraints, (list, tuple)):
        return [_with_jacobian(c) if isinstance(c, Mapping) else c for c in constraints]
    return constraints


def _with_jacobian(constraint: Mapping[str, Any]) -> Mapping[str, Any]:
    return constraint if "jac" in constraint else {**constraint, "jac": jacobian(constraint["fun"])}


__all__ = ["FlatProblem", "fmin_bfgs", "fmin_cg", "fmin_l_bfgs_b", "fmin_ncg", "minimize"]
