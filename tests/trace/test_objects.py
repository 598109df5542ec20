"""Objects that branches choose and loops replace: merged part by part, and who is who stays as in Python."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace

import numpy as np
import pytest

from bcad import grad
from tests.programs.reference import derivative
from tests.trace.helpers import Traced, agree


@dataclass
class State:
    a: float
    c: float
    n: int = 0

    def cost(self):
        return self.a * self.a + self.c

    def step(self, v):
        return State(self.a + v, self.c * 0.9, self.n + 1)


@dataclass(frozen=True)
class Pair:
    a: float
    b: float


class Body:
    def __init__(self, x, v):
        self.x, self.v = x, v

    def move(self, dt):
        self.x = self.x + self.v * dt
        return self

    def energy(self):
        return self.x**2 + 0.5 * self.v**2


class Heavy(Body):
    def energy(self):
        return self.x**4 - self.v


class Slotted:
    __slots__ = ("u", "w")

    def __init__(self, u, w):
        self.u, self.w = u, w


def best_of_a_loop(x):
    best = State(x[0], 0.1)
    for i in range(1, len(x)):
        cand = State(x[i], 0.2 * x[i])
        best = cand if cand.cost() < best.cost() else best
    return best.a * 3 + best.c


def replaced_in_each_iteration(x):
    s = State(1.0, 1.0)
    for v in x:
        s = s.step(v)
    return s.cost() * s.n


def none_or_an_instance(x):
    best = None
    for v in x:
        c = State(v, v * v)
        if best is None or c.cost() < best.cost():
            best = c
    return best.a + best.c


def one_of_two_classes(x):
    p = Body(x[0], x[1]) if x[0] > 0.5 else Heavy(x[1], x[0])
    return p.energy() + p.x


def one_of_two_that_are_there(x):
    a, b = Body(x[0], x[1]), Body(x[1], x[2])
    c = a if x[0] > x[1] else b
    c.x = c.x * 2
    c.move(0.1)
    return a.energy() + 2 * b.energy() + 3 * c.x


def slots(x):
    s = Slotted(x[0], 0.0)
    for v in x:
        s = Slotted(s.u + v, s.w + 1) if v > 0.25 else Slotted(s.u, s.w + v)
    return s.u * s.w


def found_by_an_early_return(x):
    def find():
        for v in x:
            if v > 0.5:
                return State(v, v * 2)
        return None

    found = find()
    return found.a * found.c if found is not None else x.sum()


def identity(x):
    a, b = Body(x[0], x[1]), Body(x[1], x[2])
    c = a if x[0] > x[1] else b
    return a.x * 2 if c is a else b.x * 3


def swapped_in_a_loop(x):
    a, b = Body(x[0], x[1]), Body(x[1], x[2])
    for v in x:
        if v > 0:
            a, b = b, a
        a.x = a.x + v
    return a.x * 3 + b.x * 5 + a.v


def one_of_two_dicts(x):
    d, e = {"m": x[0]}, {"m": x[1], "k": 2.0}
    f = d if x[0] > 0 else e
    f["m"] = f["m"] * 3
    return d["m"] + e["m"] * 2


def one_of_two_callables(x):
    class Wave:
        def __init__(self, w):
            self.w = w

        def __call__(self, t):
            return np.sin(self.w * t)

    class Square:
        def __call__(self, t):
            return t**2

    f = Wave(x[1]) if x[0] > 0 else Square()
    return f(x).sum()


def one_of_two_closures(x):
    def scaled(k):
        return lambda t: t * k

    f = scaled(x[1] * 2) if x[0] > 0 else scaled(x[2])
    return f(x[0])


def the_best_two(x):
    first = second = None
    for v in x:
        c = Body(v, v * 2)
        if first is None or c.energy() < first.energy():
            second, first = first, c
        elif second is None or c.energy() < second.energy():
            second = c
    return first.x + 2 * second.x


def held_in_a_tuple(x):
    p = Body(x[0], x[1])
    t = (p, x[0]) if x[0] > 0 else (p, x[1])
    t[0].x = t[1] * 5
    return p.x


def held_in_a_dict(x):
    p = [x[0], x[1]]
    t = {"p": p, "v": x[2]} if x[0] > 0 else {"p": p, "v": x[1]}
    t["p"][0] = t["v"] * 5
    return p[0]


def held_by_another_object(x):
    p = Body(x[0], x[1])
    h = Body(p, x[2]) if x[0] > 0 else Body(p, x[1])
    h.x.x = h.v * 7
    return p.x + h.x.x


def carried_in_a_tuple(x):
    p = Body(x[0], x[1])
    t = (p, 0.0)
    for v in x:
        t = (p, t[1] + v)
    t[0].x = t[1] * 5
    return p.x


def appended_in_a_tuple(x):
    p, found = Body(x[0], x[1]), []
    for v in x:
        found.append((p, v))
    found[0][0].x = x[1] * 9
    return p.x + found[-1][0].x + found[-1][1]


def returned_from_a_loop(x):
    a, b = Body(x[0], 1.0), Body(x[1], 2.0)

    def find():
        for v in x:
            if v > 0.5:
                return a
        return b

    c = find()
    c.x = c.x * 3
    return a.x + b.x * 2


def new_or_there(x):
    a = Body(x[0], 1.0)
    current = a
    if x[0] > 0:
        current = Body(current.x + x[0], current.v)
    current.x = current.x * 1.5
    if x[1] > 0:
        current = Body(current.x + x[1], current.v)
    current.x = current.x * 1.5
    return current.x + a.x


KEPT = [best_of_a_loop, replaced_in_each_iteration, none_or_an_instance, one_of_two_classes, one_of_two_that_are_there,
        slots, found_by_an_early_return, identity, swapped_in_a_loop, one_of_two_dicts, one_of_two_callables,
        one_of_two_closures, the_best_two, held_in_a_tuple, held_in_a_dict, held_by_another_object, carried_in_a_tuple,
        appended_in_a_tuple, returned_from_a_loop, new_or_there]
POINTS = [np.array(p) for p in (
    [0.51, 0.22, 0.33], [3.1, 1.02, 0.23, 0.54], [-0.9, -0.4, -0.11], [-1.3, 0.95, 0.2, 1.7], [-0.5, 0.31, 0.4, -0.2, 0.9, 0.7])]


@pytest.mark.parametrize("fn", KEPT, ids=lambda f: f.__name__)
def test_one_program_serves_all(fn):
    traced = agree(fn, *((x,) for x in POINTS))
    assert traced.traces == 1
    assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", KEPT, ids=lambda f: f.__name__)
def test_derivatives(fn):
    g = grad(fn)
    for x in POINTS[::2]:
        found = g(x)
        for k, direction in enumerate(np.eye(len(x))):
            estimate = derivative(fn, [x], [direction])
            assert estimate.agrees(found[k], rtol=1e-6), estimate.disagreement(found[k])


def copied_and_written(x):
    a = Body(x[0], 1.0)
    current = a
    for v in x:
        if v > 0:
            current = Body(current.x + v, current.v)
        current.x = current.x * 1.5
    return current.x + a.x


def copied_and_the_original_written(x):
    a = Body(x[0], 1.0)
    box = Body(a, 0.0)
    for v in x:
        box.x = Body(v, box.x.x) if v > 0 else box.x
    a.x = a.x * 2
    return a.x + box.x.x * 3


def appended_and_compared(x):
    last, found = None, []
    for v in x:
        last = Body(v, 1.0)
        found.append(last)
    return x[0] * 2 if found[-1] is last else x[1]


def appended_and_written(x):
    found = []
    for v in x:
        found.append(Body(v, 1.0))
    found[0].x = x[1] * 9
    return found[0].x + found[-1].v


def last_and_best(x):
    best = last = Body(x[0], x[1])
    for i in range(1, len(x)):
        c = Body(x[i], 1.0)
        if c.energy() > best.energy():
            best = c
        c.x = c.x + 1
        last = c
    last.x = last.x * 2
    return best.x + last.x * 2


@pytest.mark.parametrize(
    "fn", [copied_and_written, copied_and_the_original_written, appended_and_compared, appended_and_written, last_and_best])
def test_what_is_held_twice_and_written_to_is_as_in_python(fn):
    agree(fn, *((x,) for x in POINTS))


def test_a_frozen_dataclass_that_is_replaced():
    def f(x):
        s = Pair(x[0], 1.0)
        for v in x:
            s = replace(s, a=s.a * v) if v > 0 else Pair(s.a, s.b + v)
        return s.a * s.b

    agree(f, *((x,) for x in POINTS))


def test_a_list_that_a_branch_made_longer_is_written_to_in_another():
    def f(x):
        a = [x[0]]
        if x[0] > 0:
            a.append(x[2])
        if x[1] > 0:
            a[0] = a[0] * 2
        return sum(a)

    agree(f, *((x,) for x in POINTS))


def test_an_attribute_that_one_class_does_not_have():
    def f(x):
        p = Body(x[0], x[1]) if x[0] > 0 else Slotted(x[0], x[1])
        return p.v * 2

    traced = agree(f, (np.array([1.0, 2.0]),))
    with pytest.raises(Exception, match="'Slotted' object has no attribute 'v'"):
        grad(f)(np.array([-1.0, 2.0]))
    assert traced.traces == 1


def test_outer_objects_are_chosen_and_written_to():
    near, far = Body(1.0, 2.0), Body(3.0, 4.0)

    def f(x):
        chosen = near if x[0] > 0 else far
        chosen.v = x[1]
        return chosen.x * x[1]

    g = grad(f)
    assert np.array_equal(g(np.array([1.0, 5.0])), [0.0, 1.0])
    assert (near.v, far.v) == (5.0, 4.0)
    near.x = 7.0
    assert np.array_equal(g(np.array([-1.0, 6.0])), [0.0, 3.0])
    assert (near.v, far.v) == (5.0, 6.0)
    assert np.array_equal(g(np.array([1.0, 5.0])), [0.0, 7.0])


def test_a_dataclass_made_in_the_function() -> None:
    def fn(x):
        @dataclasses.dataclass
        class State:
            total: float
            last: float = 0.0

        state = State(x[0])
        for a in x:
            state = dataclasses.replace(state, total=state.total + a, last=a)
        return state.total * state.last

    traced = Traced(fn)
    for n in (5, 3, 8):
        x = np.linspace(0.5, 2.0, n)
        np.testing.assert_allclose(traced(x), fn(x), rtol=1e-12)
    assert traced.traces == 1
