"""Lists, dicts, sets and instances that an iteration or a branch makes for itself do not unroll the loop."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np
import pytest

from tests.trace.helpers import agree


class Particle:
    def __init__(self):
        self.n = 0
        self.v = 0.0

    def add(self, v):
        self.n += 1
        self.v = self.v + v


@dataclass
class Pair:
    a: float
    b: float = 0.0


def list_item(x):
    s = 0.0
    for i in range(len(x)):
        items = [x[i], 1.0] * 2
        items[0] = items[0] * 2
        s += sum(items)
    return s


def list_append(x):
    s = 0.0
    for i in range(len(x)):
        items = [x[i]]
        items.append(3.0)
        items += [x[i] ** 2]
        s += sum(items)
    return s


def dict_items(x):
    s = 0.0
    for i in range(len(x)):
        d = {}
        d["k"] = x[i]
        d["k"] += 1
        d.setdefault("l", x[i] * 2)
        s += d["k"] * d["l"]
    return s


def containers(x):
    s = 0.0
    for i in range(len(x)):
        window, table = deque([x[i]], maxlen=2), defaultdict(float)
        window.append(2 * x[i])
        window.append(3.0)
        table["a"] += x[i]
        s += sum(window) * table["a"]
    return s


def instances(x):
    s = 0.0
    for i in range(len(x)):
        p = Particle()
        p.add(x[i])
        p.add(2.0)
        s += p.v * p.n
    return s


def dataclasses(x):
    s = 0.0
    for i in range(len(x)):
        p = Pair(x[i])
        p.b = p.a * 2
        s += p.b
    return s


def in_a_branch(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 1:
            p = Particle()
            p.add(x[i])
            s += p.v
        else:
            s += [x[i]].pop()
    return s


def small_loops(x):
    s = 0.0
    for i in range(len(x)):
        for k, (a, b) in enumerate(zip([x[i], 2 * x[i]], [1, 2])):
            s += a * b * k
    return s


def inner_list(x):
    s = 0.0
    for i in range(len(x)):
        rows = []
        for j in range(len(x)):
            rows.append(x[i] * x[j])
        s += np.array(rows).max()
    return s


@pytest.mark.parametrize("fn", [
    list_item, list_append, dict_items, containers, instances, dataclasses, in_a_branch, small_loops, inner_list,
], ids=lambda f: f.__name__)
def test_the_loop_stays_a_loop(fn):
    traced = agree(fn, (np.arange(6.0),), (np.arange(9.0)[::-1].copy(),), (np.linspace(-2, 2, 7),))
    assert traced.traces == 1
    assert not traced.programs[0].reasons


def test_an_object_made_once_and_kept_is_carried_or_refused():
    def f(x):
        kept, s = None, 0.0
        for i in range(len(x)):
            if kept is None:
                kept = Particle()
            kept.add(x[i])
            s += kept.v
        return s * kept.n

    agree(f, (np.arange(6.0),), (np.arange(7.0),))


def test_an_object_that_two_names_share():
    def f(x):
        s = 0.0
        for i in range(len(x)):
            p = q = Particle()
            rows = [p, q]
            rows[0].add(x[i])
            q.add(1.0)
            s += p.v + rows[1].n
        return s

    agree(f, (np.arange(6.0),), (np.arange(7.0),))


def test_an_object_handed_to_an_outer_list():
    def f(x):
        made = []
        for i in range(len(x)):
            p = Particle()
            made.append(p)
            p.add(x[i])
        return sum(p.v for p in made)

    agree(f, (np.arange(6.0),), (np.arange(7.0),))
