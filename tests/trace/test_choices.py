"""Variables that hold now None, a string or a tuple, now a number: one program serves all ways."""

from __future__ import annotations

import enum
import io

import numpy as np
import pytest

from bcad import grad
from tests.trace.helpers import Traced, agree, same


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


def least(x):
    best = None
    for i in range(len(x)):
        c = x[i] ** 2
        if best is None or c < best:
            best = c
    return best


def least_and_place(x):
    best = None
    for i in range(len(x)):
        v = np.sin(x[i])
        if best is None or v > best[0]:
            best = (v, i)
    return best[0] * best[1]


def status_of_a_loop(x):
    status, t, n = "running", 0.0, 0
    while status == "running":
        t = t + np.abs(x[0]) + 0.3
        n += 1
        if t > x[1]:
            status = "finished"
        elif n > 20:
            status = "failed"
    return t**2 if status == "finished" else -t


def previous(x):
    last, s = None, 0.0
    for i in range(len(x)):
        if last is not None:
            s += (x[i] - last) ** 2
        last = x[i]
    return s


def maybe_array(x):
    y = x if x.sum() > 0 else None
    if y is None:
        return x[0] * 2
    return (y**2).sum()


def maybe_array_negated(x):
    y = None if x.sum() > 0 else np.exp(x)
    if y is not None:
        return y.sum()
    return x[0] * 2


def truth_of_it(x):
    name = "" if x[0] > 0 else "negative"
    return x[1] if name else x[0]


def truth_of_number(x):
    y = None
    if x[0] > 0:
        y = x[1]
    return x[0] * 3 if y else x[0]


def enum_members(x):
    level = Level.LOW
    if x[0] > 1:
        level = Level.HIGH
    return x[1] * 2 if level is Level.HIGH else x[1]


def classes(x):
    y = "text" if x[0] > 0 else x[1]
    return x[0] if isinstance(y, str) else y * 2


def correlated(x):
    positive = x[0] > 0
    y = None
    if positive:
        y = x[1]
    return y * 2 if positive else x[0]


def chained_and(x):
    flag = x[0] > 0 and x[1] > 0 and False
    return x[0] if flag else x[1]


def passed_on(x):
    def value(v, default):
        return default if v is None else v

    return value(x[0] if x[0] > x[1] else None, x[1] * 2) ** 2


def equal_to_number(x):
    y = None if x[0] > 0 else x[1]
    return x[0] if y == 0.5 else x[1]


def numbers_of_two_precisions(x):
    y = np.float32(0.5) if x[0] > 0 else x[1]
    return y * x[1]


def bool_or_number(x):
    found = False
    if x[0] > 0:
        found = x[1]
    return x[0] if found is False else found * 2


ONE_PROGRAM = [
    least, least_and_place, status_of_a_loop, previous, maybe_array, maybe_array_negated, truth_of_it, truth_of_number, enum_members,
    classes, correlated, chained_and, passed_on, equal_to_number,
]
CALLS = [([0.5, 0.2],), ([3.0, 1.0],), ([-1.0, 0.5],), ([-1.0, 0.0],), ([0.1, 7.0],), ([-0.5, -2.0],), ([1.0, -1.0],)]


@pytest.mark.parametrize("fn", [*ONE_PROGRAM, numbers_of_two_precisions, bool_or_number], ids=lambda f: f.__name__)
def test_every_way_is_as_in_python(fn):
    traced = agree(fn, *((np.array(*call),) for call in CALLS))
    if fn in ONE_PROGRAM:
        assert traced.traces == 1
        assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", [least, least_and_place, previous, maybe_array], ids=lambda f: f.__name__)
def test_lengths_and_derivatives(fn):
    g = grad(fn)
    for x in ([0.5, 0.2, 0.3], [3.0, 1.0, -2.0, 5.0], [-1.0, 0.4, 0.1, 0.2, 0.7]):
        x = np.array(x)
        steps = 1e-6 * np.eye(len(x))
        assert np.allclose(g(x), [(fn(x + h) - fn(x - h)) / 2e-6 for h in steps], atol=1e-6)


def test_an_option_that_an_operation_does_not_take_raises_as_in_python():
    def f(x):
        y = None
        if x > 0:
            y = x
        return y + 1.0

    g = grad(f)
    assert g(2.0) == 1.0
    with pytest.raises(TypeError, match="NoneType"):
        g(-2.0)
    assert g(3.0) == 1.0


def test_no_iteration_leaves_the_first_option():
    traced = agree(least, (np.array([2.0, 1.0]),))
    assert traced(np.array([])) is None


def test_results_and_effects_are_the_plain_objects():
    class Solver:
        status = None

    solver, out = Solver(), io.StringIO()

    def f(x):
        solver.status = "up" if x[0] > 0 else None
        print(solver.status, file=out)
        return (x.sum(), "a" if x[0] > 0 else "b")

    traced = Traced(f)
    for x, status, name in (([1.0, 2.0], "up", "a"), ([-1.0, 2.0], None, "b"), ([3.0, 2.0], "up", "a")):
        assert same(traced(np.array(x)), (np.float64(sum(x)), name))
        assert solver.status == status
    assert out.getvalue() == "up\nNone\nup\n"


def test_functions_keys_and_methods_are_chosen_too():
    def f(x):
        fn = np.sin if x[0] > 0 else np.cos
        kind = None if x[0] > 2 else "small"
        return fn(x[1]) * {None: 2.0, "small": 3.0}[kind] * (1 if kind is None else len(kind.upper()))

    traced = agree(f, (np.array([1.0, 2.0]),), (np.array([-1.0, 2.0]),), (np.array([3.0, 2.0]),), (np.array([4.0, 2.0]),))
    assert traced.traces == 1


def test_an_array_that_is_chosen_is_written_to_in_one_place():
    def f(x):
        a, b = x.copy(), x * 2
        c = a if x[0] > 0 else None
        if c is not None:
            c[0] = 5.0
        return a.sum() + b.sum()

    agree(f, (np.array([1.0, 2.0]),), (np.array([-1.0, 2.0]),))


def test_a_list_of_options():
    def f(x):
        found = [v if v > 0 else None for v in (x[0], x[1])]
        return sum(v for v in found if v is not None) * x[0]

    agree(f, *((np.array(*call),) for call in CALLS))


class Cell:
    def __init__(self, v):
        self.v = v


def test_one_of_two_instances_stays_that_instance():
    def f(x):
        a, b = Cell(1.0), Cell(x[0])
        y = a
        if x[0] > 0:
            y = b
        y.v = 7.0
        return x[0] * a.v if y is b else x[1] * b.v

    def g(x):
        a = Cell(x[1])
        y = None
        if x[0] > 0:
            y = a
        else:
            a.v = x[0]
            y = a
        y.v = y.v + 7.0
        return a.v * x[0] if y is a else x[0]

    for fn in (f, g):
        agree(fn, *((np.array(*call),) for call in CALLS))


def set_on_one_way(x):
    if x[0] > 0:
        y = x[1] * 2
    z = x[0]
    if x[0] > 0:
        z = y * z
    return z


def set_in_a_loop_on_one_way(x):
    s = 0.0
    for v in x:
        if v > 0:
            w = v * v
        if v > 0:
            s += w
    return s


def a_cell_set_on_one_way(x):
    if x[0] > 0:
        y = x[1]
    else:
        return x[0]

    def f():
        return y * 2

    return f()


@pytest.mark.parametrize("fn", [set_on_one_way, a_cell_set_on_one_way], ids=lambda f: f.__name__)
def test_variables_that_one_way_sets(fn):
    traced = agree(fn, *((np.array(*call),) for call in CALLS))
    assert traced.traces == 1
    assert not traced.programs[0].reasons


def test_variables_that_one_way_of_a_round_sets():
    agree(set_in_a_loop_on_one_way, (np.array([1.0, -2.0, 3.0]),), (np.array([-1.0, -2.0, 3.0]),))


def test_a_variable_that_is_not_set_raises_as_in_python():
    def f(x):
        if x[0] > 0:
            y = x[1]
        return y * x[0] if x[1] > 0 else x[0]

    g = grad(f)
    assert np.array_equal(g(np.array([1.0, 2.0])), [2.0, 1.0])
    assert np.array_equal(g(np.array([-1.0, -2.0])), [1.0, 0.0])
    with pytest.raises(UnboundLocalError):
        g(np.array([-1.0, 2.0]))
    assert np.array_equal(g(np.array([3.0, 2.0])), [2.0, 3.0])


def test_a_choice_given_to_a_routine_of_scipy():
    """`None` or a number, which the loop leaves a number: the routine means what it means elsewhere."""
    from scipy.optimize import brentq

    def f(p):
        low, s = None, 0.0
        while s < 1.0:
            if p > 1:
                low = s
            s = s + p / 10
        return brentq(lambda t: t**3 - p, low, 3.0)

    assert np.isclose(grad(f)(2.1), 2.1 ** (-2 / 3) / 3)


def _backwards(x):
    h = [x[0]] if x[1] > 0.3 else [x[0], x[1], x[0] * 2]
    return sum(v * 0.5**i for i, v in enumerate(reversed(h)))


def _backwards_in_a_loop(x):
    h = [x[0]] if x[1] > 0.3 else [x[0], x[1], x[0] * 2]
    s = 0.0
    for i, v in enumerate(reversed(h)):
        if v > 0.1:
            s = s * 0.5 + v * i
    return s


def _keys_backwards(x):
    h = {1: x[0]} if x[1] > 0.3 else {2: x[1], 3: x[0]}
    return sum(k * h[k] * i for i, k in enumerate(reversed(h)))


@pytest.mark.parametrize("fn", [_backwards, _backwards_in_a_loop, _keys_backwards])
def test_one_of_two_containers_backwards(fn):
    agree(fn, *((np.array(x),) for x in ([0.5, 0.2], [0.7, 0.4], [0.2, 0.4], [0.2, 0.1])))


def test_a_list_is_true_by_its_length_not_by_what_is_in_it() -> None:
    def one_of_two(x):
        h = [0.0 * x[0]]
        if x[1] > 0:
            h = ()
        return 1.0 if h else 2.0

    def called(x):
        lists = [[0.0 * x[0]], [], [1.0, x[1]], (x[0],), {}]
        return list(map(bool, lists)), list(filter(bool, lists[:2])), bool([0.0 * x[0]])

    for fn in (one_of_two, called):
        agree(fn, (np.array([1.0, 2.0]),), (np.array([1.0, -2.0]),))


def test_a_reason_asks_nobody_for_its_text() -> None:
    def ranges(x):
        h = 3
        if x[0] > 0:
            h = bool(x[1] > 0)
        return list(range(h))

    def lists(x):
        best = [9.0, 9.0]
        for i in range(len(x)):
            c = [x[i] * x[i], x[i]]
            if c < best:
                best = c
        return best[1] * x[0]

    for fn in (ranges, lists):
        agree(fn, (np.array([2.0, 1.0, -1.0]),), (np.array([-2.0, 1.0, 2.0]),), (np.array([2.0, -1.0, 1.0]),))
