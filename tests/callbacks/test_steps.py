"""solve_ivp with explicit methods: times asked for, dense output and events are one loop; values are SciPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.integrate as si
from numpy.testing import assert_allclose

from bcad import Function, grad, options
from bcad.errors import BcadError
from tests.programs.reference import richardson

from .rates import check

TIMES = np.linspace(0, 1, 5)


@pytest.fixture(autouse=True)
def uncompiled():
    """What is tested is the tracing: compiling takes ten times as long."""
    with options.set(backend="numpy"):
        yield


def oscillator(t, y, a):
    return [y[1], a * (1 - y[0] ** 2) * y[1] - y[0]]


def falling(t, y, a):
    return [y[1], -a]


def ground(t, y, a):
    return y[0]


def apex(t, y, a):
    return y[1]


def crossing(t, y, a):
    return y[0] - 0.3 * a


def twice(t, y, a):
    return y[1]


ground.terminal, ground.direction = True, -1
twice.terminal = 2


def everything(r) -> list[Any]:
    found = [r.t, r.y, r.status, r.success, r.nfev, r.message]
    found += [r.sol(0.3), r.sol(np.array([0.1, 3.0, 0.0, -1.0]))] if r.sol else []
    return [*found, *(r.t_events or ()), *(r.y_events or ())]


@pytest.mark.parametrize(("span", "options"), [
    (1, {"method": "RK45", "t_eval": TIMES, "events": [twice, crossing], "dense_output": True, "max_step": 0.3}),
    (-1, {"method": "RK23", "events": (crossing, twice)}),
    (1, {"method": si.DOP853, "t_eval": TIMES, "events": crossing}),
], ids=["RK45", "RK23 backward", "DOP853"])  # fmt: skip
def test_values_are_those_of_scipy(span: int, options: dict) -> None:
    """Also where no event happens, where one ends it, and how often the right side was called."""
    def f(a):
        return everything(si.solve_ivp(oscillator, (0, span * a), [1.0, a], args=(a,), **options))

    traced, calls = Function(f), [1.05, 4.0, 1.4]
    for a in calls:
        for ours, theirs in zip(traced(a), f(a), strict=True):
            assert type(ours) is type(theirs)
            assert np.shape(ours) == np.shape(theirs)
            assert ours == theirs if isinstance(theirs, str) else np.allclose(ours, theirs, rtol=1e-7)
    assert "not kept as a region" not in traced.explain()


def by_differences(f, a: float, rtol: float = 1e-6) -> None:
    estimate = richardson(lambda h: np.asarray(f(a + h)), 0.002 * a)
    assert not estimate.disagreement(np.asarray(grad(f)(a)), rtol, 1e-9)


def test_times_asked_for() -> None:
    def f(a):
        return np.sum(si.solve_ivp(oscillator, (0, 2 * a), [1.0, a], "DOP853", TIMES * a, args=(a,)).y ** 2)

    by_differences(f, 1.2)


def test_dense_output_at_times_that_move() -> None:
    def f(a):
        sol = si.solve_ivp(oscillator, (0, 3), [1.0, a], args=(a,), dense_output=True).sol
        return sol(a)[0] + np.sum(sol(a * TIMES[::-1]) ** 2) + sol.t_max

    by_differences(f, 1.2)


def test_second_derivative() -> None:
    check(lambda a: np.sum(si.solve_ivp(lambda t, y: -a * y, (0, 1), [1.0], t_eval=[0.3, 0.8]).y), 1.2, rtol=1e-6, second=1e-5, step=0.002)


def test_events() -> None:
    """Thrown up: at the top after v/a, back on the ground when y = 0; the number of events and the end are other calls' business."""
    def f(v, a):
        r = si.solve_ivp(falling, (0, 100), [0.5, v], args=(a,), events=[ground, apex], rtol=1e-9, atol=1e-9)
        return r.t_events[0][0] + r.y_events[1][0, 0] + r.t_events[1].sum() + r.t[-1] * r.y[1, -1]

    g = grad(f, argnums=(0, 1))
    for v, a in ((1.3, 0.7), (2.0, 1.5)):
        numbers = np.array([v, a])
        estimate = [richardson(lambda h, e=e: np.asarray(f(*(numbers + h * e))), 1e-3) for e in np.eye(2)]
        assert not any(e.disagreement(np.asarray(x), 1e-6, 1e-8) for e, x in zip(estimate, g(v, a), strict=True))
    assert "traced again" not in g.explain()


def test_a_number_of_events_that_changes() -> None:
    def f(end, shift):
        r = si.solve_ivp(lambda t, y: [y[1], -y[0]], (0, end), [0.0, 1.0], events=lambda t, y: y[0] - shift, rtol=1e-9, atol=1e-9)
        return np.sum(r.t_events[0])

    g = grad(f, 1)
    for end, roots in ((7.0, [1, -1, 1]), (2.9, [1, -1]), (20.0, [1, -1, 1, -1, 1, -1, 1])):
        assert_allclose(g(end, 0.3), sum(roots) / np.sqrt(1 - 0.3**2), rtol=1e-5, atol=1e-7)
    assert "traced again" not in g.explain()


def test_what_is_not_traced_says_so() -> None:
    def blows_up(a):
        return si.solve_ivp(lambda t, y: y**2, (0, 2), [a], t_eval=[0.1, 1.9]).y[0, -1]

    g = grad(blows_up)
    assert_allclose(g(0.3), 1 / (1 - 0.3 * 1.9) ** 2, rtol=1e-2)
    with pytest.raises((BcadError, NotImplementedError), match="failed"):
        g(2.0)
    with pytest.raises(ValueError, match="t_span"):
        Function(lambda a: si.solve_ivp(falling, (0, 1), [1.0, a], t_eval=[0.0, a], args=(a,)).y)(2.0)
