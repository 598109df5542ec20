"""scipy.integrate.quad and its kin: the derivative is an integral too (Leibniz)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bcad.ir import Value
from bcad.ops import BY_NAME, tangent_type
from bcad.trace import answers, evaluated, is_traced, refusal, stepped, value_of, wrap

from .closure import FLOAT, Bound, Closure, moving, traced, typed
from .routine import Routine, Settings, Values, as_number

Fn = Callable[..., Any]


class Integrals(Routine):
    """The integrals of all that a closure of one number gives, between limits a and b, by QUADPACK element by element.

    Attributes
    ----------
    weighted : bool
        Whether there is a weight: then the limits are no variables.
    """

    numbers = 2

    def __init__(self, closure: Closure, settings: Settings, weighted: bool) -> None:
        super().__init__(closure, settings)
        self.weighted = weighted

    def derived(self, closure: Closure, inputs: Values, *more: Value) -> tuple[Value, ...]:
        """The integrals of another closure, with further constants, between the same limits."""
        types = [tangent_type(v.type) for v in closure.outputs]
        return Integrals(closure, self.settings, self.weighted).emit([*inputs, *more], types)

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        from scipy.integrate import quad as scipy_quad

        integrand = _Remembered(function)

        def integral(k: int) -> float:
            return float(scipy_quad(lambda x: integrand(x)[k], *numbers, **settings)[0])

        shapes = integrand.shapes(_between(*numbers))
        flat = np.array([integral(k) for k in range(sum(map(_length, shapes)))], float)
        results, start = [], 0
        for shape, v in zip(shapes, self.closure.outputs, strict=True):
            part, start = flat[start : start + _length(shape)], start + _length(shape)
            whole = part.view(complex) if shape.complex else part
            results.append(typed(whole.reshape(shape.shape) if shape.shape else whole[0], tangent_type(v.type)))
        return results

    def pull(self, seeds: Values, outputs: Values, inputs: Values, wrt: Sequence[int]) -> list[Any]:
        found: dict[int, Any] = {}
        chosen = [k for k in wrt if k >= self.before]
        if chosen:
            found |= zip(chosen, self.by_constants(seeds, inputs, [k - self.before + 1 for k in chosen]), strict=True)
        for k, sign in ((0, -1.0), (1, 1.0)):
            if k in wrt and not self.weighted:
                parts = [_total(g * v) for g, v in zip(seeds, self._at_limit(k, inputs), strict=False)]
                found[k] = sign * sum(parts[1:], parts[0])
        return [found.get(k) for k in wrt]

    def by_constants(self, seeds: Values, inputs: Values, chosen: Sequence[int]) -> Sequence[Value]:
        """Cotangents of inputs of the closure."""
        return self.derived(self.closure.pulled(chosen), inputs, *seeds[: len(self.closure.outputs)])

    def push(self, tangents: dict[int, Value], outputs: Values, inputs: Values) -> list[Any]:
        chosen = [k + 1 for k in moving(inputs[self.before :])]
        moved: Sequence[Any] = [None] * len(self.closure.outputs)
        if chosen:
            given = (tangents[self.before + k - 1] for k in chosen)
            moved = self.derived(self.closure.pushed(chosen), inputs, *given)
        for k, sign in () if self.weighted else ((0, -1.0), (1, 1.0)):
            at_limit = [sign * v * tangents[k] for v in self._at_limit(k, inputs)]
            moved = [v if m is None else m + v for m, v in zip(moved, at_limit, strict=False)]
        return [*moved, *[None] * (len(moving(outputs)) - len(moved))]

    def _at_limit(self, which: int, inputs: Values) -> list[Value]:
        """The integrand there; zero where that is infinitely far away."""
        limit, c = inputs[which], inputs[self.before :]
        where, finite = BY_NAME["where"], BY_NAME["isfinite"](limit)
        values = self.closure.at(as_number(where(finite, limit, 0.0), FLOAT), *c)
        return [where(finite, v if v.ndim else as_number(v, tangent_type(v.type)), v.dtype.type(0)) for v in values]


class Quad(Integrals):
    """``(integral, error)`` of a closure that gives a number, and perhaps the error that this number has itself."""

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        from scipy.integrate import quad as scipy_quad

        errors = [0.0]

        def integrand(x: float) -> Any:
            y, *error = function(x)
            errors.extend(error)
            return y

        y, error = scipy_quad(integrand, *numbers, **settings)[:2]
        return y, max(error, *errors)

    def by_constants(self, seeds: Values, inputs: Values, chosen: Sequence[int]) -> Sequence[Value]:
        """The cotangent stands outside: tolerances are for the integral, however small what depends on it is."""
        return [seeds[0] * y for y in self.derived(self.closure.output(0).gradient(chosen), inputs)]


class Vector(Integrals):
    """All integrals together, by the adaptive rule of `quad_vec`."""

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        from scipy.integrate import quad_vec as scipy_quad_vec

        parts = function(_between(*numbers))
        ends = np.cumsum([np.size(p) for p in parts])

        def integrand(x: float) -> Any:
            return np.concatenate([np.ravel(p) for p in function(float(x))])

        whole, error = scipy_quad_vec(integrand, *numbers, **settings)[:2]
        found = [p.reshape(np.shape(old)) for p, old in zip(np.split(whole, ends[:-1]), parts)]
        results = [typed(y if y.ndim else y[()], tangent_type(v.type)) for y, v in zip(found, self.closure.outputs)]
        return [*results, float(error)] if self.tells_error else results

    tells_error = False

    def derived(self, closure: Closure, inputs: Values, *more: Value) -> tuple[Value, ...]:
        types = [tangent_type(v.type) for v in closure.outputs]
        return Vector(closure, self.settings, False).emit([*inputs, *more], types)


class VectorAndError(Vector):
    """The same with an estimate of the error."""

    tells_error = True


def _total(x: Value) -> Value:
    total: Value = BY_NAME["sum"](x, axis=tuple(range(x.ndim)), keepdims=False) if x.ndim else x
    return total


def _between(a: float, b: float) -> float:
    """A point inside the limits."""
    return next(x for x in (0.5 * (a + b), a + 1.0, b - 1.0, 0.0) if math.isfinite(x))


class _Shape:
    def __init__(self, x: Any) -> None:
        self.shape, self.complex = np.shape(x), np.iscomplexobj(x)


def _length(shape: _Shape) -> int:
    """How many real numbers there are."""
    return math.prod(shape.shape) * (2 if shape.complex else 1)


class _Remembered:
    """All outputs of a function as one vector, kept for each point: elements are integrated one after the other."""

    def __init__(self, function: Bound) -> None:
        self.function = function
        self.known: dict[float, list[float]] = {}

    def __call__(self, x: float) -> list[float]:
        found = self.known.get(x)
        if found is None:
            parts = [np.ravel(np.asarray(y, complex).view(float) if np.iscomplexobj(y) else y) for y in self.function(x)]
            self.known[x] = found = np.concatenate(parts).tolist() if parts else []
        return found

    def shapes(self, x: float) -> list[_Shape]:
        with np.errstate(all="ignore"):
            return [_Shape(y) for y in self.function(x)]


# -- the calls -------------------------------------------------------------------------------------
@answers("scipy.integrate", "quad")
def quad(
    func: Fn, a: Any, b: Any, args: Any = (), full_output: Any = 0, epsabs: float = 1.49e-8, epsrel: float = 1.49e-8,
    limit: int = 50, points: Any = None, weight: Any = None, wvar: Any = None, wopts: Any = None, maxp1: int = 50,
    limlst: int = 50, complex_func: bool = False,
) -> Any:  # fmt: skip
    settings = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit, "points": points, "weight": weight, "wvar": wvar,
                "wopts": wopts, "maxp1": maxp1, "limlst": limlst}  # fmt: skip
    if is_traced((wvar, wopts)):
        raise refusal("quad() with a traced wvar", why="its weight is for one call alone", hint="write the weight into the integrand")
    if full_output:
        raise refusal("quad(full_output=...) is not traced", hint="quad() gives the integral and the error without it")
    if weight is not None and is_traced((a, b)):
        raise refusal("quad(weight=...) between traced limits", hint="write the weight into the integrand")
    if not callable(func):
        return NotImplemented
    args = args if isinstance(args, tuple) else (args,)
    if complex_func:
        (y, e), (z, f) = (_integral(_part(part, func), args, a, b, settings) for part in ("real", "imag"))
        return y + 1j * z, e + 1j * f
    return _integral(_part("", func), args, a, b, settings)


def _integral(fn: Fn, args: tuple[Any, ...], a: Any, b: Any, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """``fn(x, *args)`` gives a Python float, or that and its error."""
    start = next((float(x) for x in (a, b) if not is_traced(x) and math.isfinite(x)), 0.0)

    @stepped
    def integrand(x: float) -> Any:
        return fn(x, *args)

    closure, constants, _ = traced(integrand, (start + 1e-3,), "quad")
    limits = [as_number(value_of(x), FLOAT) for x in (a, b)]
    given = Settings(**settings)
    routine = Quad(closure, given, settings.get("weight") is not None)
    y, error = routine.emit([*limits, *given.values, *constants], [FLOAT, FLOAT])
    return wrap(y), wrap(error)


def _part(name: str, func: Fn) -> Fn:
    """The integrand as QUADPACK takes it: a Python float."""

    @stepped
    def integrand(*args: Any) -> Any:
        y = func(*args)
        return float(np.real(y) if name == "real" else np.imag(y) if name == "imag" else y)

    return integrand


@answers("scipy.integrate", "nquad")
def nquad(func: Fn, ranges: Any, args: Any = None, opts: Any = None, full_output: bool = False) -> Any:
    """Integrals of integrals; `dblquad` and `tplquad` are written with it."""
    if full_output:
        raise refusal("nquad(full_output=True) is not traced", hint="nquad() gives the integral and the error without it")
    options = [opts or {}] * len(ranges) if not isinstance(opts, (list, tuple)) else opts
    given = () if args is None else args if isinstance(args, tuple) else (args,)
    return evaluated(_nested(func, list(ranges), list(options)), given, {})


def _nested(func: Fn, ranges: list[Any], options: list[Any]) -> Fn:
    """The integral over all ranges but those of the arguments given: the first range is the innermost."""
    inner = _nested(func, ranges[:-1], options[:-1]) if len(ranges) > 1 else _part("", func)
    limits, settings = ranges[-1], options[-1]

    @stepped
    def integral(*outer: Any) -> Any:
        low, high = limits(*outer) if callable(limits) else limits
        chosen = dict(settings(*outer)) if callable(settings) else dict(settings)
        if "points" in chosen:
            chosen["points"] = [x for x in chosen["points"] if low <= x <= high]
        return _integral(inner, outer, low, high, chosen)

    return integral


@answers("scipy.integrate", "quad_vec")
def quad_vec(
    f: Fn, a: Any, b: Any, epsabs: float = 1e-200, epsrel: float = 1e-8, norm: str = "2", cache_size: float = 100e6,
    limit: float = 10000, workers: Any = 1, points: Any = None, quadrature: Any = None, full_output: bool = False,
    *, args: Any = (),
) -> Any:  # fmt: skip
    if full_output:
        raise refusal("quad_vec(full_output=True) is not traced", hint="quad_vec() gives the integral and the error without it")
    more = args if isinstance(args, tuple) else (args,)
    start = next((float(x) for x in (a, b) if not is_traced(x) and math.isfinite(x)), 0.0)

    @stepped
    def integrand(x: float) -> Any:
        return np.asarray(f(x, *more))

    closure, constants, _ = traced(integrand, (start + 1e-3,), "quad_vec")
    limits = [as_number(value_of(x), FLOAT) for x in (a, b)]
    given = Settings(epsabs=epsabs, epsrel=epsrel, norm=norm, limit=limit, points=points, quadrature=quadrature)
    types = [closure.outputs[0].type, FLOAT]
    y, error = VectorAndError(closure, given, False).emit([*limits, *given.values, *constants], types)
    return wrap(y)[()], wrap(error)
