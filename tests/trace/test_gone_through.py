"""Containers that are written to while they are gone through: what comes next is what was written, as in Python."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bcad import Function
from tests.trace.test_containers_from_outside import PRELUDE, _world

SEQUENCES = ["[1., 2., 3.]", "deque([1., 2., 3.])", "deque([1., 2., 3.], maxlen=3)", "L([1., 2., 3.])"]
DICTS = ["{1: 1., 2: 2., 3: 3.}", "OrderedDict({1: 1., 2: 2., 3: 3.})", "defaultdict(float, {1: 1., 2: 2., 3: 3.})", "Counter({1: 1., 2: 2., 3: 3.})"]
MADE = {  # what stands before the function, what it begins with, and where the container is found afterwards
    "global": ("BAG = MADE", "", "BAG"),
    "attribute": ("class S: bag = MADE", "BAG = S.bag\n", "S.bag"),
    "inside": ("", "BAG = MADE\n", "()"),
}
POINTS = ([0.5, 0.75, 0.25], [-0.5, 0.75, 0.125], [0.25, -0.25])

OF_SEQUENCES = [
    """
s=0.0
for e in BAG: BAG[1] += e * x[0]; s = s*0.9+e
""",
    """
s=0.0
for e in BAG:
    if x[0]>0: BAG[1] += e
    s = s*0.9+e
""",
    """
s=0.0
for i,e in enumerate(BAG): BAG[2] += e*x[0]; s = s*0.9+e*i
""",
    """
s=0.0
for e in reversed(BAG): BAG[0] += e*x[0]; s = s*0.9+e
""",
    """
s=0.0
for e,w in zip(BAG,x): BAG[1] += e*w; s = s*0.9+e
""",
    """
s=0.0
for e,w in zip(x,BAG): BAG[1] += e*w; s = s*0.9+w
""",
    """
def up(e):
    BAG[2] += e*x[0]
    return e
s = sum(up(e) for e in BAG)
""",
    """
s = sum([BAG.__setitem__(2,e*x[0]) or e for e in BAG])
""",
    """
it = iter(BAG)
a = next(it)
BAG[1] = x[0]
BAG[2] *= x[1]
s = a + next(it)*2 + next(it)*3
""",
    """
s=0.0
for v in x:
    for e in BAG: BAG[1] += e*v; s = s*0.9+e
""",
    """
s=0.0
for e in BAG:
    for v in x: BAG[1] += e*v; s = s*0.9+e*v
""",
    """
s=0.0
for e in BAG:
    for g in BAG: BAG[1] += e*x[0]; s = s*0.9+e*g
""",
    """
s=0.0
for e in map(lambda e: e*x[0], BAG): BAG[1] += e; s = s*.9+e
""",
    """
s=0.0
for e in BAG:
    if len(BAG) < 6: BAG.append(e*x[0])
    s=s*.9+e
""",
    """
s=0.0
try:
    for e in BAG:
        s=s*.9+e
        if e > 1.5: BAG.append(e*x[0])
        if len(BAG) > 9: break
except RuntimeError:
    s = s+100*x[1]
""",
    """
s=0.0
for e in BAG:
    if x[0] > 0 and len(BAG) > 1: BAG.pop()
    s=s*.9+e
""",
    """
a, b, c = BAG
BAG[0] = x[0]
d, *e = BAG
s = a+b*2+c*3+d*4+sum(e)*x[0]
""",
    """
g = (e*x[0] for e in BAG)
BAG[0] = x[1]
BAG[2] = x[0]
s = sum(g)
""",
    """
s=0.0
for e in BAG:
    try:
        BAG[1] += e*x[0]
        if x[1] > 0: raise ValueError
        BAG[2] = x[1]
    except ValueError:
        BAG[2] += x[0]
    s=s*.9+e
""",
    """
s = 0.0
for a, b in zip(BAG, BAG):
    BAG[1] += a*x[0]
    s = s*.9 + a*b
""",
    """
s=0.0
i = iter(BAG)
for e in i:
    BAG[1] += e*x[0]
    s=s*.9+e
    for g in i:
        BAG[2] += g*x[1]
        s=s*.9+g
        break
""",
    """
m = max(BAG)
BAG[1] = x[0]*9
s = m + max(BAG) + min(BAG)*2 + len(BAG) + sorted(BAG)[1]*x[0] + list(BAG)[1] + np.array(BAG).sum() + (1.0 if 1.0 in BAG else 0.0)
""",
    """
if x[0] > 0:
    for e in BAG: BAG[1] += e * x[0]
else:
    for e in BAG: BAG[2] += e * x[1]
s = sum(BAG)
""",
    """
s = 0.0
for k in range(len(x)):
    for e in BAG: BAG[1] += e*x[k]; s = s*0.9+e
""",
    """
i = 0
while x[i] < 0.9 and i < 1:
    for e in BAG: BAG[1] += e*x[i]
    i += 1
s = sum(BAG)*x[0]
""",
]
OF_DICTS = [
    """
s=0.0
for k in BAG: BAG[2] = BAG[k]*x[0]+BAG[2]; s = s*0.9+BAG[k]
""",
    """
s=0.0
for k, w in BAG.items(): BAG[2] += w*x[0]; s = s*0.9+w
""",
    """
s=0.0
for w in BAG.values(): BAG[2] += w*x[0]; s = s*0.9+w
""",
    """
v = BAG.values()
a = sum(v)
BAG[2] = x[0]
s = a + sum(v)*2
""",
    """
v = BAG.items()
it = iter(v)
a = next(it)[1]
BAG[2] = x[0]*x[1]
s = a + next(it)[1]*2 + next(it)[1]
""",
    """
s=0.0
for w in BAG.values():
    if x[0] > 0: BAG[3] += w*x[0]
    s = s*0.9+w
""",
    """
s=0.0
for i,(k, w) in enumerate(BAG.items()):
    for v in x: BAG[3] += w*v; s = s*0.9+w
""",
    """
s=0.0
try:
    for k in BAG:
        BAG[k+10] = x[0]
except RuntimeError:
    s = x[1]
s = s + sum(BAG.values())
""",
    """
s=0.0
for k in list(BAG):
    BAG[k+10] = x[0]*BAG.pop(k)
s = s + sum(BAG.values())
""",
    """
s=0.0
for k in reversed(BAG): BAG[1] += BAG[k]*x[0]; s=s*.9+BAG[k]
s = s + BAG[1]
""",
    """
s=0.0
for k in sorted(BAG):
    if x[0]>0: BAG[1] += BAG[k]*x[0]
    s=s*.9+BAG[k]
s = s + BAG[1]
""",
    """
s=0.0
for v in x:
    for w in BAG.values(): BAG[2] += w*v; s = s*0.9+w
""",
    """
if x[0] > 0:
    for w in BAG.values(): BAG[2] += w*x[0]
s = sum(BAG.values())*x[1]
""",
    """
g = (w*x[0] for w in BAG.values())
BAG[3] = x[1]
s = sum(g)
""",
    """
BAG.update({1: x[0]})
v = BAG.values(); k = BAG.keys()
BAG[9] = x[1]
s = sum(v) + len(k) + (9 in k) + len(v)
""",
]


@pytest.mark.parametrize("made, first", [*(("global", first) for first in SEQUENCES), ("attribute", SEQUENCES[2]), ("inside", SEQUENCES[1])])
@pytest.mark.parametrize("body", OF_SEQUENCES)
def test_sequences(made: str, first: str, body: str) -> None:
    _agree(first, body, made)


@pytest.mark.parametrize("made, first", [*(("global", first) for first in DICTS), ("attribute", DICTS[3]), ("inside", DICTS[0])])
@pytest.mark.parametrize("body", OF_DICTS)
def test_dicts(made: str, first: str, body: str) -> None:
    _agree(first, body, made)


def _agree(first: str, body: str, made: str) -> None:
    """Each call, and what the container holds after it, is what CPython makes of it, in a world of its own."""
    before, head, where = MADE[made]
    lines = "\n".join("    " + line for line in (head + body.strip()).replace("MADE", first).splitlines())
    plain, traced = (_world(f"{PRELUDE}\n{before.replace('MADE', first)}\ndef f(x):\n{lines}\n    return s\n") for _ in range(2))
    function = Function(traced["f"], backend="numpy")
    for x in POINTS:
        expected, given = _outcome(plain["f"], x), _outcome(function, x)
        if isinstance(expected, Exception):
            assert type(given) is type(expected), given
            return  # what it has done before it raised is not done to the container
        assert given == pytest.approx(expected)
        assert _held(eval(where, traced)) == pytest.approx(_held(eval(where, plain)))


def _outcome(fn: Callable[..., Any], x: list[float]) -> Any:
    try:
        return fn(np.array(x))
    except Exception as error:
        return error


def _held(container: Any) -> Any:
    return [y for pair in container.items() for y in pair] if isinstance(container, dict) else list(container)


# -- lists that a region makes longer while the loop around it goes through them -----------------------------------------
def appended_in_a_branch(x):
    items, s = [x[1] * 2, 2.0, 3.0], 0.0
    for e in items:
        s = s * 0.9 + e
        if e > 1.5 and len(items) < 6:
            items.append(e * x[0])
    return s


def appended_in_a_loop(x):
    items, s = [x[1] * 2, 2.0, 3.0], 0.0
    for i, e in enumerate(items):
        s = s * 0.9 + e
        for v in x:
            if i < 2:
                items.append(v)
    return s


def held_iterator(x):
    items = [x[1] * 2, 2.0, 3.0]
    it = iter(items)
    s = next(it)
    for v in x:
        items.append(v)
    for e in it:
        s = s * 0.9 + e
    return s


def suspended_generator(x):
    items = [x[1] * 2, 2.0, 3.0]
    squares = (e * e for e in items)
    s = next(squares)
    for v in x:
        items.append(v)
    return s + sum(squares) * 0.5


def left_after_an_append(x):
    items, s = deque([x[0], 2.0, 3.0]), 0.0
    for e in items:
        s = s * 0.9 + e
        if e * x[1] > 4.0:
            items.append(e)
            break
    return s + len(items)


def mutated_or_not(x):
    items = deque([x[0], 2.0, 3.0])
    try:
        it = iter(items)
        s = next(it)
        if x[1] > 0.5:
            items.append(1.0)
        return s + next(it)
    except RuntimeError:
        return 100 * x[1]


def sorted_own_list(x):
    class Own(list):
        pass

    items = Own([1.0, 2.0, 3.0])
    items[1] = x[0] * 9
    return sorted(items)[1] + sorted(items, reverse=True)[0] * 0.1


def key_added_where_the_loop_is_left(x):
    table = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 5.0}
    table.pop(0)  # a hole, which is not there any more when the keys have been put back
    s = 0.0
    for _, v in table.items():
        s = s * 0.5 + v * x[1]
        if s > x[0] * 5:
            table["new"] = x[0]
            break
    return s + len(table)


def key_removed_where_the_loop_is_left(x):
    table = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 5.0}
    table.pop(0)
    s, values = 0.0, iter(table.values())
    for v in values:
        s = s * 0.5 + v * x[1]
        if s > x[0] * 5:
            table.pop(1)
            break
    return s + len(table)


def items_of_a_set(x):
    items = {9, 8, 1, 33, 17}
    items.discard(9)
    s = 0.0
    for v in items:
        s = s * 0.5 + v * x[1]
        if s > x[0] * 30:
            items.add(65)
            break
    return s + len(items)


@pytest.mark.parametrize("fn", [appended_in_a_branch, appended_in_a_loop, held_iterator, suspended_generator, left_after_an_append, mutated_or_not, sorted_own_list,
                                key_added_where_the_loop_is_left, key_removed_where_the_loop_is_left, items_of_a_set])
def test_what_a_region_appends_is_gone_through(fn: Callable[[Any], Any]) -> None:
    function = Function(fn, backend="numpy")
    for x in ([0.5, 0.7, 0.2], [0.9, 1.7, 0.2], [0.9, 0.7, 0.2, 0.1], [0.9, 0.3, 0.2]):
        assert function(np.array(x)) == pytest.approx(fn(np.array(x)))
