"""print, logging and other calls inside loops and branches: made after the run, in program order, as Python makes them."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from bcad import grad, options
from tests.trace.helpers import Traced, same

log = logging.getLogger("tests.trace.tape")


def every_iteration(x):
    s = 0.0
    for i, v in enumerate(x):
        s += v * v
        print(i, v, s)
    return s


def one_way_only(x):
    if x[0] > 0:
        print("positive", x[0])
    else:
        print("not")
    print("end", f"{x.sum():.4f}")
    return x.sum()


def now_and_then(x):
    t, n = x[0], 0
    while abs(t) > 0.1:
        t, n = t * 0.7, n + 1
        if n % 3 == 0:
            print(f"round {n}: t={t:.3e}", end=";")
    print()
    return t


def nested(x):
    print("start")
    for v in x:
        print("row", x * v)
        for w in x:
            if v * w > 1:
                print(v, "x", w)
    print("done")
    return (x**2).sum()


def arrays_as_they_are_when_shown(x):
    a = x.copy()
    for i in range(len(a)):
        print(a)
        a[i] = a[i] * 2
    print(a)
    a[0] = 7
    return a.sum()


def left_early(x):
    for k in range(10):
        print("try", k, x[0] * k)
        if x[0] * k > 2:
            print("found", k)
            return x[0] * k
    return x.sum()


def in_a_helper(x):
    def objective(y):
        print("at", y[0])
        return (y**2).sum()

    s = 0.0
    for k in range(10):
        s = s + objective(x * k)
        if s > 20:
            print("stop", k)
            break
    return s


def what_is_best_so_far(x):
    best = None
    for v in x:
        if best is None or v > best:
            best = v
            print("best now", best)
    print(best)
    return best


def through_a_logger(x):
    s = 0.0
    for v in x:
        log.warning("v=%s s=%.3f", v, s)
        s += v
    return s


def a_list_that_grows(x):
    out = []
    for v in x:
        out.append(v)
        print(len(out))
    print(out)
    out.append(1.0)
    return sum(out)


PROGRAMS = [every_iteration, one_way_only, now_and_then, nested, arrays_as_they_are_when_shown, left_early, in_a_helper,
            what_is_best_so_far, through_a_logger, a_list_that_grows]
POINTS = [np.array(p) for p in ([0.51, 0.22, 0.33], [3.1, 1.02, 0.23], [-0.9, -0.4, -0.11], [-1.3, 0.95, 0.2],
                                [1.0, 2.0, 3.0, -1.0, 5.0, 0.3])]


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda f: f.__name__)
def test_one_program_shows_what_python_shows(fn, capsys, caplog):
    traced = Traced(fn)
    for x in POINTS:
        expected = fn(x.copy())
        shown, records = capsys.readouterr().out, [r.getMessage() for r in caplog.records]
        caplog.clear()
        assert same(traced(x.copy()), expected)
        assert capsys.readouterr().out == shown
        assert [r.getMessage() for r in caplog.records] == records
        caplog.clear()
    assert traced.traces == 1
    assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", [now_and_then, left_early, nested], ids=lambda f: f.__name__)
def test_a_gradient_shows_it_once(fn, capsys):
    with options.set(backend="numpy"):
        g = grad(fn)
        for x in POINTS[:3]:
            fn(x.copy())
            shown = capsys.readouterr().out
            g(x.copy())
            assert capsys.readouterr().out == shown


def test_nothing_is_shown_for_a_run_that_is_given_up(capsys):
    def f(x):
        for v in x:
            print(v)
            if v > 10:
                raise ValueError("too much")
        return x.sum()

    traced = Traced(f)
    traced(np.array([1.0, 2.0, 3.0]))
    capsys.readouterr()
    with pytest.raises(Exception, match="too much"):
        traced(np.array([1.0, 20.0, 3.0]))


def shown_twice_in_a_text(x):
    for v in x:
        print(f"{v} {v}", 7 * v)
    return x.sum()


def test_what_a_text_shows_twice_is_one_number(capsys):
    traced = Traced(shown_twice_in_a_text)
    for x in POINTS:
        shown_twice_in_a_text(x)
        expected = capsys.readouterr().out
        traced(x)
        assert capsys.readouterr().out == expected
