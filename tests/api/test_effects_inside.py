"""What a function does besides giving a result, where it is differentiated inside another: what it does called alone."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest

from bcad import Function, Gradient, Unsupported, checkpoint, grad, hessian, jvp, make_vjp, value_and_grad

SEEN: list = []
KNOWN: dict = {}
PILE: set = set()
QUEUE: deque = deque(maxlen=3)
STATE = SimpleNamespace(count=0, last=0.0, all=[])
CELLS = np.zeros(3)


def state():
    return (list(SEEN), dict(KNOWN), set(PILE), list(QUEUE), STATE.count, STATE.last, list(STATE.all), CELLS.tolist())


def same(a, b):
    if isinstance(a, dict):
        return list(a) == list(b) and same(list(a.values()), list(b.values()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b if isinstance(a, (str, set)) else isinstance(a, (int, float)) and a == pytest.approx(b)


def begin():
    for container in (SEEN, KNOWN, PILE, QUEUE, STATE.all):
        container.clear()
    STATE.count, STATE.last, CELLS[:] = 0, 0.0, 0


def appends(x):
    SEEN.append(x)
    SEEN.append(len(SEEN))
    return x**3


def appends_in_a_loop(x):
    for i in range(4):
        x = x * 1.5
        SEEN.append((i, x))
    return x**3


def appends_while(x):
    while x < 30:
        x = x * 1.5
        SEEN.append(x)
    return x**3


def appends_in_a_branch(x):
    if x > 1:
        SEEN.append(x * 2)
    else:
        SEEN.append(-1)
    return x**3


def counts(x):
    STATE.count += 1
    STATE.last = x * 2
    STATE.all.append(x)
    return x**3


def counts_in_a_loop(x):
    for _ in range(3):
        STATE.count += 1
        STATE.last = x = x * 2
    return x**3


def keeps_by_key(x):
    KNOWN["x"] = x
    KNOWN.setdefault("first", x + 1)
    PILE.add(3)
    return x**3


def keeps_by_key_in_a_loop(x):
    for i in range(3):
        KNOWN[i] = x = x * 1.5
    return x**3


def queues(x):
    for i in range(5):
        QUEUE.append(x * i)
    return x**3


def writes(x):
    CELLS[0] = x
    CELLS[1:] += x * 2
    return x**3


def writes_in_a_loop(x):
    for i in range(3):
        CELLS[i] = x = x * 1.5
    return x**3


def prints(x):
    print("x is", x)
    while x < 30:
        x = x * 1.5
        print(f"{x:.3f}", end=" ")
    return x**3


class Box:
    def __init__(self, value):
        self.value = value


def makes_an_object(x):
    box = Box(x)
    box.value = box.value * 2
    SEEN.append(box.value)
    return box.value**3


EFFECTS = [appends, appends_in_a_loop, appends_while, appends_in_a_branch, counts, counts_in_a_loop, keeps_by_key,
           keeps_by_key_in_a_loop, queues, writes, writes_in_a_loop, prints, makes_an_object]
WAYS = {
    "gradient": lambda f: lambda x: grad(f)(x) * 2,
    "value": lambda f: lambda x: value_and_grad(f)(x)[0],
    "tangent": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "pullback": lambda f: lambda x: make_vjp(f)(x)[0](1.0),
    "loop": lambda f: lambda x: sum(grad(f)(x + k) for k in range(2)),
    "branch": lambda f: lambda x: grad(f)(x) if x > 0 else x,
    "twice": lambda f: lambda x: grad(grad(f))(x),
    "checkpoint": lambda f: lambda x: checkpoint(f)(x),
    "around": lambda f: lambda x: (SEEN.append("before"), grad(f)(x), SEEN.append("after"))[1],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fn", EFFECTS, ids=lambda f: f.__name__)
def test_what_is_done_inside_is_done_once_at_each_call(fn, way, capsys):
    outer = WAYS[way](fn)
    of_outer = (Function(outer), Gradient(outer))
    for x in (2.0, 0.5, 3.0):
        begin()
        outer(x)
        wanted, printed = state(), capsys.readouterr().out
        for differentiated in of_outer:
            begin()
            try:
                differentiated(x)
            except Unsupported:
                continue  # said, not lost
            assert same(state(), wanted), (differentiated, state(), wanted)
            assert capsys.readouterr().out == printed


def test_nothing_traced_is_left_behind_by_third_derivatives():
    begin()
    assert grad(grad(grad(counts)))(2.0) == 6.0
    assert state()[4:7] == (1, 4.0, [2.0])
    begin()
    assert hessian(appends)(2.0) == 12.0 and SEEN == [2.0, 1]
