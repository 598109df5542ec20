"""Differential equations that SciPy solves in C or with implicit methods: odeint, and solve_ivp by LSODA, Radau and BDF.

The derivative is that of the equation's solution: the sensitivities solve an equation of their own, which is integrated
beside the first one, forward in time, to `RTOL` and `ATOL` or better.  (Explicit methods of `solve_ivp` are traced as they
stand: their derivative is that of every step.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad import diff
from bcad.ir import Builder, Value, array_type, live_part, python_type
from bcad.ops import BY_NAME, fresh_size, loop, stack_length, tangent_type
from bcad.trace import answers, evaluated, refusal, stepped, value_of, wrap

from .closure import FLOAT, Bound, Closure, moving, traced
from .roots import BOOL, INT, TEXT, given, vector
from .routine import Routine, Settings, Values, as_number, zeros
from .steps import EXPLICIT, solve_stepwise

Fn = Callable[..., Any]
RTOL, ATOL = 1e-9, 1e-11  # of sensitivities, where the call asks for less
_METHODS = ("LSODA", "Radau", "BDF")


class Flow(Routine):
    """States at given times, from their values at the first one: ``(times, *states)``, then settings and constants.

    The closure takes a time and the states, arrays of any shapes, and gives their derivatives by time.

    Attributes
    ----------
    integrate : callable
        ``integrate(rhs, times, start, settings)``, all states as one vector, gives a row for each time.
    states : int
        How many states there are.
    """

    def __init__(self, closure: Closure, settings: Settings, integrate: Callable[..., np.ndarray], exact: bool = False) -> None:
        super().__init__(closure, settings)
        self.integrate, self.exact = integrate, exact
        self.states = closure.arguments - 1
        self.numbers = self.states + 1

    def along(self, inputs: Values) -> tuple[Value, ...]:
        """The states at all times, as Values."""
        n = inputs[0].shape[0]
        return self.emit(inputs, [array_type(float, (n, *v.shape)) for v in inputs[1 : self.numbers]])

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        times, *states = numbers
        shapes = [x.shape for x in states]
        ends = np.cumsum([x.size for x in states])

        def parts(y: Any) -> list[Any]:
            return [p.reshape(shape) for p, shape in zip(np.split(y, ends[:-1]), shapes)]

        def rhs(t: float, y: Any) -> Any:
            return np.concatenate([np.ravel(d) for d in function(float(t), *parts(y))])

        if self.exact:
            settings = {**settings, "rtol": _stricter(settings["rtol"], RTOL), "atol": _stricter(settings["atol"], ATOL)}
        rows = self.integrate(rhs, times, np.concatenate([x.ravel() for x in states]), settings)
        return [np.ascontiguousarray(p).reshape(len(times), *shape) for p, shape in zip(np.split(rows, ends[:-1], axis=1), shapes)]

    # -- tangents: each state has one, which moves with it ---------------------------------------------
    def push(self, tangents: dict[int, Value], outputs: Values, inputs: Values) -> list[Any]:
        m, (times, *states), c = self.states, inputs[: self.numbers], inputs[self.before :]
        fixed = moving(c)
        start = [tangents[1 + k] - d * tangents[0][0] for k, d in enumerate(self.closure.at(_first(times), *states, *c))]
        beside = Flow(self._with_tangents([self.numbers + k for k in fixed]), self.settings, self.integrate, True)
        settings = inputs[self.numbers : self.before]
        moved = beside.along([times, *states, *start, *settings, *c, *(tangents[self.before + k] for k in fixed)])[m:]
        slopes = self._slopes(times, outputs, c)
        return [s + d * _column(tangents[0], d) for s, d in zip(moved, slopes, strict=True)]

    def _with_tangents(self, fixed: Sequence[int]) -> Closure:
        """Of a time, states, their tangents; constants, and tangents of those at inputs `fixed`."""
        m, graph = self.states, self.closure.graph
        pushed = diff.jvp(graph, [*range(1, 1 + m), *fixed])
        with Builder(name="beside") as builder:
            old = [builder.input(v.type, v.name) for v in graph.inputs[: 1 + m]]
            moved = [builder.input(v.type) for v in old[1:]]
            old += [builder.input(v.type, v.name) for v in graph.inputs[1 + m :]]
            moved += [builder.input(tangent_type(graph.inputs[k].type)) for k in fixed]
            return Closure(live_part(builder.build(builder.inline(pushed, [*old, *moved]))), 1 + 2 * m)

    # -- cotangents: the sensitivities of all states by all that is asked for ---------------------------
    def pull(self, seeds: Values, outputs: Values, inputs: Values, wrt: Sequence[int]) -> list[Any]:
        (times, *states), c = inputs[: self.numbers], inputs[self.before :]
        fixed = [k - self.before + self.numbers for k in wrt if k >= self.before]
        targets = [*states, *(self._input(inputs, k) for k in fixed)]
        start = [_identity(s) if i == j else _none(s, v) for i, s in enumerate(states) for j, v in enumerate(targets)]
        settings = inputs[self.numbers : self.before]
        beside = Flow(self._sensitivities(fixed), self.settings, self.integrate, True)
        S = beside.along([times, *states, *start, *settings, *c])[self.states :]
        flat = [_flat(BY_NAME["reshape"](g, shape=(1, g.type.size)) @ _stacked(S[i * len(targets) + j]))
                for j in range(len(targets)) for i, g in enumerate(seeds)]  # fmt: skip
        totals = [sum(flat[j * len(seeds) + 1 : (j + 1) * len(seeds)], flat[j * len(seeds)]) for j in range(len(targets))]
        places = [*range(1, self.numbers), *(k - self.numbers + self.before for k in fixed)]
        found = {k: _shaped(g, v) for k, g, v in zip(places, totals, targets, strict=True)}
        if 0 in wrt:
            found[0] = self._by_times(seeds, outputs, times, [totals[k] for k in range(len(states))], states, c)
        return [found.get(k) for k in wrt]

    def _input(self, inputs: Values, k: int) -> Value:
        """The node's input for an input of the closure."""
        return inputs[k - self.numbers + self.before]

    def _sensitivities(self, fixed: Sequence[int]) -> Closure:
        """Of a time, states and matrices: how each state moves with each state's start, and with inputs `fixed`."""
        m, graph = self.states, self.closure.graph
        columns = [*range(1, 1 + m), *fixed]
        slopes = diff.jacobian(graph, columns)
        with Builder(name="beside") as builder:
            old = [builder.input(v.type, v.name) for v in graph.inputs[: 1 + m]]
            sizes = [graph.inputs[k].type.size for k in columns]
            S = [[builder.input(array_type(float, (sizes[i], n))) for n in sizes] for i in range(m)]
            old += [builder.input(v.type, v.name) for v in graph.inputs[1 + m :]]
            values = builder.inline(slopes, old)
            rates, blocks = values[:m], values[m:]
            J = [[BY_NAME["reshape"](blocks[i * len(columns) + j], shape=(sizes[i], n)) for j, n in enumerate(sizes)]
                 for i in range(m)]  # fmt: skip
            moved = []
            for i in range(m):
                for j in range(len(columns)):
                    total = J[i][0] @ S[0][j]
                    for k in range(1, m):
                        total = total + J[i][k] @ S[k][j]
                    moved.append(total if j < m else total + J[i][j])
            return Closure(live_part(builder.build([*rates, *moved])), 1 + m + m * len(columns))

    # -- by the times -------------------------------------------------------------------------------------
    def _by_times(self, seeds: Values, outputs: Values, times: Value, by_start: Values, states: Values, c: Values) -> Value:
        """Each row moves as time goes on; a later beginning takes back what was gained from it."""
        found = zeros(times.type)
        for g, d in zip(seeds, self._slopes(times, outputs, c), strict=True):
            found = found + BY_NAME["sum"](g * d, axis=tuple(range(1, d.ndim)), keepdims=False)
        lost = zeros(python_type(float))
        for g, d in zip(by_start, self.closure.at(_first(times), *states, *c), strict=True):
            lost = lost + BY_NAME["sum"](g * BY_NAME["reshape"](d, shape=(d.type.size,)), axis=(0,), keepdims=False)
        result: Value = BY_NAME["set_item"](found, found[0] - lost, index=(0,))
        return result

    def _slopes(self, times: Value, outputs: Values, c: Values) -> list[Value]:
        """The right side at every time."""
        builder = Builder.current()
        with Builder(name="slopes") as inner:
            index = inner.input(INT)
            fixed = [inner.input(v.type) for v in (times, *outputs, *c)]
            rows = [v[index] for v in fixed[1 : 1 + len(outputs)]]
            body = inner.build(self.closure.at(as_number(fixed[0][index], FLOAT), *rows, *fixed[1 + len(outputs) :]))
        trip = builder.size(times.shape[0])
        results = loop(trip, times, *outputs, *c, regions=[body], carries=0, stacks=len(outputs), counted=True,
                       length=stack_length(trip))  # fmt: skip
        return list(results[:-1])


def _stricter(tolerance: Any, limit: float) -> float:
    return limit if tolerance is None else float(min(np.min(tolerance), limit))


def _first(times: Value) -> Value:
    return as_number(times[0], FLOAT)


def _column(x: Value, like: Value) -> Value:
    """A number for each row."""
    column: Value = BY_NAME["reshape"](x, shape=(x.shape[0], *[1] * (like.ndim - 1)))
    return column


def _identity(x: Value) -> Value:
    n = x.type.size
    identity: Value = BY_NAME["eye"](n=n, m=n, k=0, dtype=np.dtype(float))
    return identity


def _none(state: Value, target: Value) -> Value:
    return zeros(array_type(float, (state.type.size, target.type.size)))


def _stacked(s: Value) -> Value:
    """Sensitivities at all times as one matrix."""
    matrix: Value = BY_NAME["reshape"](s, shape=(s.shape[0] * s.shape[1], s.shape[2]))
    return matrix


def _flat(x: Value) -> Value:
    vector: Value = BY_NAME["reshape"](x, shape=(x.type.size,))
    return vector


def _shaped(g: Value, target: Value) -> Value:
    if target.ndim:
        array: Value = BY_NAME["reshape"](g, shape=target.shape)
        return array
    return g[0]


# -- the calls ------------------------------------------------------------------------------------------
def _rhs(fun: Fn, args: Any, time_first: bool) -> Fn:
    more = given(args)

    @stepped
    def rhs(t: float, y: Any) -> Any:
        rate = fun(t, y, *more) if time_first else fun(y, t, *more)
        return np.asarray(rate, float).reshape(y.shape)

    return rhs


@answers("scipy.integrate", "odeint")
def odeint(
    func: Fn, y0: Any, t: Any, args: Any = (), Dfun: Any = None, col_deriv: Any = 0, full_output: Any = 0, ml: Any = None,
    mu: Any = None, rtol: Any = None, atol: Any = None, tcrit: Any = None, h0: float = 0.0, hmax: float = 0.0, hmin: float = 0.0,
    ixpr: Any = 0, mxstep: int = 0, mxhnil: int = 0, mxordn: int = 12, mxords: int = 5, printmessg: Any = 0, tfirst: bool = False,
) -> Any:  # fmt: skip
    from scipy.integrate import odeint as scipy_odeint

    if full_output:
        raise refusal("odeint(full_output=...) is not traced", hint="odeint() gives the solution without it")

    def integrate(rhs: Fn, times: Any, start: Any, settings: dict[str, Any]) -> np.ndarray:
        return scipy_odeint(rhs, start, times, tfirst=True, **settings)

    settings = Settings(rtol=rtol, atol=atol, tcrit=tcrit, h0=h0, hmax=hmax, hmin=hmin, mxstep=mxstep, mxordn=mxordn, mxords=mxords)
    start, times = evaluated(vector, (y0,), {}), evaluated(vector, (t,), {})
    return wrap(_flow(_rhs(func, args, tfirst), times, start, settings, integrate, "odeint")[0])


def _flow(rhs: Fn, times: Any, start: Any, settings: Settings, integrate: Any, name: str) -> tuple[Value, ...]:
    closure, constants, _ = traced(rhs, (0.1, start), name)
    return Flow(closure, settings, integrate).along([value_of(times), value_of(start), *settings.values, *constants])


class Grid(Routine):
    """The times at which `solve_ivp` stops by itself; no derivative."""

    numbers = 3

    def __init__(self, closure: Closure, settings: Settings, solve: Callable[..., Any]) -> None:
        super().__init__(closure, settings)
        self.solve = solve

    def run(self, function: Bound, settings: dict[str, Any], *numbers: Any) -> Sequence[Any]:
        t0, t1, start = numbers
        r = self.solve(function.value, (t0, t1), start, None, settings)
        return r.t, bool(r.success), int(r.status), int(r.nfev), str(r.message)

    def pull(self, seeds: Values, outputs: Values, inputs: Values, wrt: Sequence[int]) -> list[Any]:
        return [None] * len(wrt)

    def push(self, tangents: dict[int, Value], outputs: Values, inputs: Values) -> list[Any]:
        return [None] * len(moving(outputs))


@answers("scipy.integrate", "solve_ivp")
def solve_ivp(
    fun: Fn, t_span: Any, y0: Any, method: Any = "RK45", t_eval: Any = None, dense_output: bool = False, events: Any = None,
    vectorized: bool = False, args: Any = None, **settings: Any,
) -> Any:  # fmt: skip
    import scipy.integrate

    name = next((n for n in EXPLICIT if method in (n, getattr(scipy.integrate, n))), None)
    if name is not None and (t_eval is not None or dense_output or events is not None):
        return evaluated(solve_stepwise, (name, fun, t_span, y0, t_eval, dense_output, events, vectorized, args, settings), {})
    if method not in _METHODS:
        return NotImplemented  # explicit methods are Python, and are looked into
    from scipy.integrate._ivp.ivp import OdeResult

    if events is not None or dense_output:
        raise refusal(f"solve_ivp(method={method!r}) with events or dense_output", why="they are found between the steps",
                      hint="an explicit method (RK45, RK23, DOP853) is traced step by step")
    settings.pop("jac", None)  # the exact one is ours to give, where it is asked for

    def solve(rhs: Fn, span: Any, start: Any, times: Any, settings: dict[str, Any]) -> Any:
        chosen = {name: x for name, x in settings.items() if x is not None}
        return scipy.integrate.solve_ivp(rhs, span, start, method, times, **chosen)

    def integrate(rhs: Fn, times: Any, start: Any, settings: dict[str, Any]) -> np.ndarray:
        r = solve(rhs, (times[0], times[-1]), start, times, settings)
        if not r.success:
            raise RuntimeError(f"the sensitivities could not be integrated: {r.message}")
        return r.y.T

    rhs, start, kept = _rhs(fun, args or (), True), evaluated(vector, (y0,), {}), Settings(**{"rtol": None, "atol": None, **settings})
    t0, t1 = (as_number(value_of(t), FLOAT) for t in t_span)
    closure, constants, _ = traced(rhs, (0.1, start), "solve_ivp")
    grid = Grid(closure, kept, solve)
    types: list[Any] = [array_type(float, (fresh_size("h"),)), BOOL, INT, INT, TEXT]
    steps, *report = grid.emit([t0, t1, value_of(start), *kept.values, *constants], types)
    if t_eval is None:
        ends = BY_NAME["set_item"](steps, t0, index=(0,))
        ends = BY_NAME["set_item"](ends, t1, index=(-1,))
        times = wrap(ends)
    else:
        times = evaluated(vector, (t_eval,), {})
    (states,) = Flow(closure, kept, integrate).along([value_of(times), value_of(start), *kept.values, *constants])
    success, status, nfev, message = map(wrap, report)
    return OdeResult(
        t=times, y=wrap(states).T, sol=None, t_events=None, y_events=None, nfev=nfev, status=status, message=message, success=success
    )
