"""Arguments are copies in the call: where the same thing stands outside as well, or is two of them, that is honoured or refused."""

import types
from collections import deque
from dataclasses import dataclass

import numpy as np
import pytest

from bcad import Function, Unsupported, grad


@dataclass
class Record:
    v: float


KINDS = {
    "list": (lambda: [1.0, 2.0], ["p.append(x[0])", "p[0] = x[0]", "p.pop()", "p += [x[0]]", "p.reverse()"], "sum({}) + len({})"),
    "dict": (lambda: {"a": 1.0, "b": 2.0}, ["p['a'] = x[0]", "p['c'] = x[0]", "p.update(a=x[0])"], "sum({}.values()) + len({})"),
    "deque": (lambda: deque([1.0, 2.0]), ["p.append(x[0])", "p.popleft()"], "sum({}) + len({})"),
    "namespace": (lambda: types.SimpleNamespace(v=1.5), ["p.v = x[0]"], "{}.v * 2.0"),
    "record": (lambda: Record(1.5), ["p.v = x[0]"], "{}.v * 2.0"),
    "nested": (lambda: [[1.0, 2.0]], ["p[0].append(x[0])", "p[0][0] = x[0]", "p.append([x[0]])"], "sum(map(sum, {})) + len({})"),
    "array": (lambda: np.array([1.0, 2.0]), ["p[0] = x[0]", "p *= 2"], "{}.sum() * 2.0"),
}  # fmt: skip
ROWS = [(kind, write, place) for kind, (_, writes, _) in KINDS.items() for write in writes for place in ("OUT", "HOLDER.v", "STORE['k']")]


def made(kind, write, place, written):
    """A function of ``(p, x)`` that writes to its argument or to what stands outside, and reads both; the namespace that it lives in."""
    make, _, read = KINDS[kind]
    outer = make()
    space = {"OUT": outer, "HOLDER": types.SimpleNamespace(v=outer), "STORE": {"k": outer}, "np": np}
    lines = ["def f(p, x):", f"    q = {place}", f"    {'p, q = q, p' if written == 'captured' else 'pass'}", "    if x[0] > 0:", f"        {write}",
             f"    return x[0] * ({read.replace('{}', 'p')}) + 3 * ({read.replace('{}', 'q')})"]
    exec("\n".join(lines), space)
    return space["f"], outer, make


@pytest.mark.parametrize("written", ["argument", "captured"])
@pytest.mark.parametrize("kind, write, place", ROWS)
def test_one_thing_by_two_names_is_refused_and_two_things_are_not(kind, write, place, written):
    f, outer, make = made(kind, write, place, written)
    expected, _, _ = made(kind, write, place, written)
    x, traced = np.array([2.0]), Function(f)
    assert traced(make(), x) == expected(make(), x)
    left = repr(outer)
    with pytest.raises(Unsupported, match="stands at another place|shares memory"):
        traced(outer, x)
    assert repr(outer) == left
    assert traced(make(), x) == expected(make(), x)


def test_one_list_as_two_arguments():
    def f(p, q, x):
        p.append(x[0])
        return len(q) * x[0] + sum(q)

    x, traced, same = np.array([3.0]), Function(f), [1.0]
    assert traced([1.0], [1.0], x) == 4.0
    with pytest.raises(Unsupported, match="written to"):
        traced(same, same, x)
    assert same == [1.0]
    assert traced([1.0], [2.0], x) == 5.0


OUT = [1.0]


def test_is_between_an_argument_and_what_is_outside():
    def f(p, x):
        return x[0] * 2 if p is OUT else x[0]

    x, traced = np.array([3.0]), Function(f)
    assert traced([1.0], x) == 3.0
    with pytest.raises(Unsupported, match="compared"):
        traced(OUT, x)


def test_one_list_that_is_only_read():
    def f(p, q, x):
        return x[0] * (sum(p) + sum(q) + sum(OUT)) if p is not None else x[0]

    traced = grad(f, 2)
    assert traced(OUT, OUT, np.array([3.0]))[0] == 3.0
    assert traced([2.0], OUT, np.array([3.0]))[0] == 4.0


HELD = np.ones(3)
BOX, RECORD = types.SimpleNamespace(a=HELD), {"k": HELD}


def by_attribute(x):
    if x[0] > 0:
        BOX.a += 1
    return x[0] * BOX.a.sum()


def by_global(x):
    global HELD
    if x[0] > 0:
        HELD *= 2
    return x[0] * HELD.sum()


def by_item(x):
    if x[0] > 0:
        RECORD["k"] -= 1
    return x[0] * RECORD["k"].sum()


@pytest.mark.parametrize("f", [by_attribute, by_global, by_item])
def test_an_array_that_a_branch_writes_to_in_place_stays_where_it_stands(f):
    """``BOX.a += 1`` stores what stands there already: no copy, which others who hold the array would not see."""
    same, traced = BOX.a, Function(f)
    for x in (2.0, -1.0, 3.0):
        before = same.copy()
        expected = f(np.array([x]))
        same[:] = before
        assert traced(np.array([x])) == expected
        assert BOX.a is same and HELD is same and RECORD["k"] is same
