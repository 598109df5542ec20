"""Explicit methods of `solve_ivp` asked for times, dense output or events: one loop over the steps, that keeps arrays.

SciPy keeps an object for each step and lists of pieces of unequal lengths.  Here the steps are SciPy's, and so are the
interpolants, but these are made again, where they are evaluated, from what the loop has kept of each step.  The time of an
event is a root that `brentq` finds within a step: its derivative is that of the implicit function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.trace import stepped

Fn = Callable[..., Any]
EXPLICIT = ("RK23", "RK45", "DOP853")


@stepped
def solve_stepwise(
    method: str, fun: Fn, t_span: Any, y0: Any, t_eval: Any, dense_output: bool, events: Any, vectorized: bool, args: Any,
    options: dict[str, Any],
) -> Any:  # fmt: skip
    """What ``solve_ivp`` gives."""
    from scipy.integrate._ivp import ivp, rk

    t0, tf = map(float, t_span)
    solver = getattr(rk, method)(_with(fun, args), t0, y0, tf, vectorized=vectorized, **options)
    if t0 == tf or solver.n == 0:
        raise NotImplementedError("solve_ivp() without any step is not traced together with times, events or dense output")
    times = None if t_eval is None else _checked_times(t_eval, t0, tf)
    watched = [] if events is None else [_Watched(event, args) for event in ([events] if callable(events) else events)]
    steps = Steps(solver, rk.Dop853DenseOutput if method == "DOP853" else rk.RkDenseOutput)
    start = solver.y
    status, message = steps.take(solver, watched, times, dense_output or method != "DOP853")
    steps.close()
    if times is None:
        t, y = np.concatenate([np.array([t0]), steps.reached]), np.concatenate([start[None], steps.states]).T
    else:
        t = steps.covered(times, bool([event for event in watched if event.limit]))
        y = steps(t)
    if status >= 0:
        message = ivp.MESSAGES[1] if status == 1 else ivp.MESSAGES[0]
    seen = [] if events is None else watched
    return ivp.OdeResult(
        t=t, y=y, sol=steps if dense_output else None, t_events=None if events is None else [np.array(e.times) for e in seen],
        y_events=None if events is None else [np.array(e.states) for e in seen], nfev=solver.nfev, njev=solver.njev,
        nlu=solver.nlu, status=status, message=message, success=status >= 0,
    )  # fmt: skip


@stepped
def _with(fun: Fn, args: Any) -> Fn:
    return fun if args is None else lambda t, y: fun(t, y, *args)


@stepped
def _checked_times(t_eval: Any, t0: Any, tf: Any) -> Any:
    times = np.asarray(t_eval)
    if times.ndim != 1:
        raise ValueError("t_eval has to have one axis")
    if np.any(times < min(t0, tf)) or np.any(times > max(t0, tf)):
        raise ValueError("t_eval goes beyond t_span")
    if np.any(np.diff(times) * np.sign(tf - t0) <= 0):
        raise ValueError("t_eval is not sorted in the direction of t_span")
    return times


class _Watched:
    """An event: its function, how often it may happen, and when and where it has happened."""

    @stepped
    def __init__(self, function: Any, args: Any) -> None:
        self.function = _with(function, args)
        self.limit = int(getattr(function, "terminal", None) or 0)
        self.direction = getattr(function, "direction", 0)
        self.value: Any = None
        self.count = 0
        self.times: list[Any] = []
        self.states: list[Any] = []

    @stepped
    def crosses(self, t: Any, y: Any) -> Any:
        """Whether zero lies between the last value and the one at ``t``."""
        old, new = self.value, self.function(t, y)
        self.value = new
        up, down = (old <= 0) & (new >= 0), (old >= 0) & (new <= 0)
        return up if self.direction > 0 else down if self.direction < 0 else up | down

    @stepped
    def root(self, solution: Fn, low: Any, high: Any) -> Any:
        """When the value is zero."""
        from scipy.optimize import brentq

        tolerance = 4 * np.finfo(float).eps
        return brentq(lambda t: self.function(t, solution(t)), low, high, xtol=tolerance, rtol=tolerance)


@stepped
def _is_asked(active: Sequence[Any], times: Any, begin: Any, end: Any) -> Any:
    """Whether an event or a time asked for lies within a step."""
    asked = times is not None and np.any((times - begin) * (times - end) <= 0)
    for on in active:
        asked = asked | on
    return asked


class Steps:
    """The steps of an explicit method: the solution as a function of time, as SciPy's OdeSolution.

    Attributes
    ----------
    piece : type
        SciPy's interpolant of a step.
    begins, ends, before, inner : ndarray
        Of each step: its beginning, its end, the state at its beginning and the coefficients of its interpolant.
    reached, states : ndarray
        Where each step ended: before its end, if an event stopped it there.
    ts, t_min, t_max, n_segments, interpolants
        As of SciPy's.
    """

    begins: Any
    ends: Any
    before: Any
    inner: Any
    reached: Any
    states: Any

    @stepped
    def __init__(self, solver: Any, piece: Any) -> None:
        self.piece, self.name = piece, "F" if hasattr(solver, "K_extended") else "Q"
        self.direction, self.start = solver.direction, solver.t
        self.begins, self.ends, self.before = [], [], []
        self.inner, self.reached, self.states = [], [], []

    @stepped
    def take(self, solver: Any, watched: Sequence[_Watched], times: Any, always: bool) -> Any:
        """Step to the end; the status, and the message of a step that failed.

        `always`: have an interpolant for every step, not only for those within which something is asked for.
        """
        blank = None if always else np.zeros((len(solver.D) + 3, solver.n), solver.y.dtype)
        for event in watched:
            event.value = event.function(solver.t, solver.y)
        status, message = None, None
        while status is None:
            t_old, y_old = solver.t, solver.y
            message = solver.step()
            if solver.status == "finished":
                status = 0
            elif solver.status == "failed":
                status = -1
                break
            t, y = solver.t, solver.y
            active = [event.crosses(t, y) for event in watched]
            inner = self._coefficients(solver) if always or _is_asked(active, times, t_old, t) else blank
            if watched:
                solution = self.piece(t_old, t, y_old, inner)
                last, stopped = self._note(watched, active, solution, t_old, solver.t)
                if stopped:
                    status, t, y = 1, last, solution(last)
            self.begins.append(t_old)
            self.ends.append(solver.t)
            self.before.append(y_old)
            self.inner.append(inner)
            self.reached.append(t)
            self.states.append(y)
        return status, message

    @stepped
    def _coefficients(self, solver: Any) -> Any:
        return getattr(solver._dense_output_impl(), self.name)

    @stepped
    def _note(self, watched: Sequence[_Watched], active: Sequence[Any], solution: Fn, begin: Any, end: Any) -> Any:
        """Enter what has happened within a step; when it stopped the integration, and whether it did."""
        forward, roots = self.direction, []
        for event, on in zip(watched, active, strict=True):
            if on:
                event.count += 1
                root = event.root(solution, begin, end)
            else:
                root = np.nan
            roots.append(root)
        last, place = forward * np.inf, len(watched)
        for k, event in enumerate(watched):
            if event.limit and active[k] and event.count >= event.limit and forward * roots[k] < forward * last:
                last, place = roots[k], k
        for k, event in enumerate(watched):
            if active[k] and (forward * roots[k] < forward * last or (roots[k] == last and k <= place)):
                event.times.append(roots[k])
                event.states.append(solution(roots[k]))
        return last, place < len(watched)

    @stepped
    def close(self) -> None:
        """Make arrays of what the loop has kept."""
        self.begins, self.ends, self.before = np.array(self.begins), np.array(self.ends), np.array(self.before)
        self.inner, self.reached, self.states = np.array(self.inner), np.array(self.reached), np.array(self.states)
        self.ts, self.n_segments = np.concatenate([np.array([self.start]), self.reached]), len(self.ends)
        self.t_min, self.t_max = min(self.start, self.ts[-1]), max(self.start, self.ts[-1])

    @stepped
    def covered(self, times: Any, may_stop: bool) -> Any:
        """Those of the times that the steps have come to."""
        count = np.searchsorted(self.direction * times, self.direction * self.reached[-1], side="right")
        if count == 0:
            raise NotImplementedError("solve_ivp() ended before the first time asked for")
        if may_stop:
            return times[:count]
        if count < len(times):
            raise NotImplementedError("solve_ivp() failed: what it gives up to there is not traced")
        return times

    @stepped
    def __call__(self, t: Any) -> Any:
        t = np.asarray(t)
        k = np.searchsorted(self.direction * self.reached, self.direction * t, side="left")
        k = np.minimum(k, len(self.ends) - 1)
        if t.ndim == 0:
            return self._within(k, t)
        return np.array([self._within(i, time) for i, time in zip(k, t, strict=True)]).T

    @property
    @stepped
    def interpolants(self) -> list[Any]:
        return [self.piece(*step) for step in zip(self.begins, self.ends, self.before, self.inner, strict=True)]

    @stepped
    def _within(self, k: Any, t: Any) -> Any:
        return self.piece(self.begins[k], self.ends[k], self.before[k], self.inner[k])(t)
