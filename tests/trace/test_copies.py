"""Copies made on one way only: copy.copy, replace and what they are made of are new objects, not changed ones."""

from __future__ import annotations

import collections
import copy
import dataclasses

import numpy as np
import pytest

import bcad
from bcad import grad, hessian_vector_product
from tests.programs import reference
from tests.trace.helpers import Traced, same

REG = []


class Base:
    def __init__(self, a, b):
        self.a = a
        self.b = b


@dataclasses.dataclass(frozen=True)
class S:
    a: float
    b: float


@dataclasses.dataclass
class D:
    a: float
    b: float = 1.0
    c: list = dataclasses.field(default_factory=list)


def copied(x):

    @dataclasses.dataclass
    class S:
        a: float
        b: float
    s = S(x[0], x[1])
    if x[0] > 0:
        t = copy.copy(s)
        t.a = t.a * 2
    else:
        t = s
    t.b += 1
    return s.a * s.b + t.a * t.b


def replaced(x):
    s = S(x[0], x[1])
    for v in x:
        if v > 0:
            s = dataclasses.replace(s, a=s.a + v)
        else:
            s = dataclasses.replace(s, b=s.b * v)
    return s.a * s.b


def ntreplace(x):
    S = collections.namedtuple('S', 'a b')
    s = S(x[0], x[1])
    for v in x:
        if v > 0:
            s = s._replace(a=s.a + v)
        else:
            s = s._replace(b=s.b * v)
    return s.a * s.b


def copy_loop(x):
    s = Base(x[0], 1.0)
    for v in x:
        t = copy.copy(s)
        if v > 0:
            t.a = t.a + v
            t.b *= 0.9
        s = t
    return s.a * s.b


def copy_arm(x):
    s = Base(x[0], 1.0)
    best = s
    for v in x:
        s = Base(s.a * 0.5 + v, s.b + v)
        if s.a > best.a:
            best = copy.copy(s)
    return best.a * best.b + s.a


def deeply(x):
    s = Base([x[0], x[1]], {'k': x[0]})
    if x[0] > 0:
        t = copy.deepcopy(s)
        t.a[0] = 5.0 * x[1]
        t.b['k'] *= 2
    else:
        t = s
        t.a[1] = x[0]
    return s.a[0] * t.a[0] + t.b['k'] * s.b['k'] + s.a[1]


def shared_child(x):
    s = Base([x[0], x[1]], 1.0)
    if x[0] > 0:
        t = copy.copy(s)
    else:
        t = Base([x[1], x[0]], 2.0)
    t.a[0] = t.a[0] * 3
    return s.a[0] * t.a[0] * t.b


def dictcopy(x):
    d = {'a': x[0], 'b': 1.0}
    if x[0] > 0:
        e = d.copy()
        e['a'] = x[1]
    else:
        e = dict(d)
        e['b'] = x[1]
    e['a'] += 1
    return d['a'] * e['a'] + e['b'] * d['b']


def dict_merge(x):
    d = {'a': x[0], 'b': 1.0}
    for v in x:
        if v > 0:
            d = {**d, 'a': d['a'] * v}
        else:
            d = dict(d, b=d['b'] - v)
    return d['a'] * d['b']


def new_arm(x):
    if x[0] > 0:
        t = Base.__new__(Base)
        t.a = x[0]
        t.b = x[1]
    else:
        t = Base(x[1], 3.0)
    return t.a * t.b


def reg(x):
    REG.clear()
    o = Base(x[0], x[1])
    REG.append(o)
    if x[0] > 0:
        REG[-1].a = x[1] * 2
        REG[-1].c = x[0]
    else:
        REG[-1].c = 5.0 * x[1]
    return o.a * o.c + REG[0].b


def by_vars(x):
    o = Base(x[0], x[1])
    if x[0] > 0:
        o.__dict__['a'] = x[1] * 2
    else:
        vars(o)['b'] = x[0] * 7
    return o.a * o.b


def kwargs_kept(x):
    kept = []

    def f(**kw):
        kept.append(kw)
        if x[0] > 0:
            kw['a'] = kw['a'] * 2
        else:
            kw['b'] = kw['a'] * 3
        return kw['a']

    def g(**kw):
        kept.append(kw)
        kw['a'] = kw['a'] * 2 if x[0] > 0 else kw['a'] + 1
        return kw['a']
    y = g(a=x[1])
    return y * kept[0]['a']


def replace_mut(x):
    s = D(x[0], 2.0)
    if x[0] > 0:
        t = dataclasses.replace(s, a=x[1])
    else:
        t = dataclasses.replace(s, b=x[1])
    t.c.append(x[0])
    return s.a * t.b * t.a + len(s.c)


def replace_best(x):
    s = D(x[0], 2.0)
    best = s
    for v in x:
        s = dataclasses.replace(s, a=s.a * 0.7 + v)
        if s.a < best.a:
            best = s
    return best.a + s.a * s.b


KEPT = [
    copied, replaced, ntreplace, copy_loop, copy_arm, deeply, shared_child, dictcopy, dict_merge, new_arm, reg,
    by_vars, kwargs_kept, replace_mut, replace_best,
]
POINTS = [np.array([1.1, 2.0, 3.0, -1.2, 0.7, -0.3, 0.4]), np.array([1.5, 2.2, 0.7, 0.9, 0.8]), np.array([-1.01, -0.5])]


@pytest.mark.parametrize("fn", KEPT, ids=lambda f: f.__name__)
def test_one_program_with_the_values_of_python(fn):
    traced = Traced(fn)
    for x in POINTS:
        expected = fn(x)  # first: copyreg leaves a note in the class
        assert same(traced(x), expected), traced.text
    assert traced.traces == 1
    assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", KEPT[::3], ids=lambda f: f.__name__)
def test_derivatives(fn):
    g, product = grad(fn), hessian_vector_product(fn)
    for x in POINTS[1:]:
        v = np.cos(np.arange(len(x)))
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(g(x), rtol=1e-6)
        along = reference.derivative(lambda z: np.asarray(g(z)), (x,), (v,), shorter=2.0**-6)
        assert not along.disagreement(product(x, v), rtol=1e-5, atol=1e-6)


class _Outer:
    def __init__(self) -> None:
        self.a, self.items = 0.5, [1.0, 2.0]


OUTER = _Outer()


@pytest.mark.parametrize("program", [
    lambda x: (setattr(made := copy.copy(OUTER), "a", made.a + x), made.a * OUTER.a)[1],
    lambda x: (copy.copy(OUTER).items.append(x), sum(OUTER.items))[1],
    lambda x: ((made := copy.deepcopy(OUTER)).items.append(x), sum(OUTER.items) + sum(made.items))[1],
])
def test_copies_of_an_instance_from_outside(program):
    f = bcad.Function(program)
    for a in (0.5, 2.0, -1.0):
        OUTER.a, OUTER.items = a, [a, 2.0]
        given, left = f(1.5), (OUTER.a, list(OUTER.items))
        OUTER.a, OUTER.items = a, [a, 2.0]
        assert given == program(1.5)
        assert left == (OUTER.a, OUTER.items)


class Held:
    """An instance from outside."""

    def __init__(self) -> None:
        self.a = 1.0


def copied_after_a_write(x):
    HELD.a = x[0]
    made = copy.copy(HELD)
    made.a += 1.0
    return HELD.a + made.a + len(vars(made))


HELD = Held()


def test_an_instance_that_was_written_to_is_copied():
    global HELD
    traced = bcad.Function(copied_after_a_write)
    for k in range(4):
        found = []
        for f in (copied_after_a_write, traced):
            HELD = Held()
            if k % 2:
                HELD.z = [1.0]
            found.append((f(np.array([0.5 + k])), vars(HELD)))
        assert found[0] == found[1]
