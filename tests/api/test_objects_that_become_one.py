"""Two names outside that come to stand for one object, which the function writes to: seen through both."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import Function, value_and_grad

SOURCE = """
import numpy as np
from collections import deque

class Box:
    pass

A, B, C = Box(), Box(), Box()
A.items, B.items, C.items = [0.5, -0.25], [], [1.0]
A.table, B.table = {1: 0.5}, {}
A.level = B.level = 1.0
A.queue, B.queue = deque([0.5]), deque()

def lists(x):
    A.items.append(float(x[0]))
    return sum(B.items) * x[1] + x[0] * x[0]

def three_lists(x):
    B.items.append(2.0)
    return np.sum(np.array(A.items)) * x[0] + len(C.items) * x[1]

def dicts(x):
    A.table[1] = 3.0
    return B.table.get(1, 7.0) * x[0]

def instances(x):
    A.level = 5.0
    return B.level * x[0] + x[1]

def queues(x):
    A.queue.append(1.5)
    return sum(B.queue) * x[0]

def undone(x):
    A.items.append(4.0)
    total = sum(B.items)
    A.items.pop()
    return total * x[0]

def in_a_loop(x):
    for v in x:
        A.items.append(v)
    return np.sum(np.array(B.items)) + x[0] * x[1]
"""
CHANGES = ("", "B.items = A.items", "B.table = A.table; B.queue = A.queue", "B = A", "B = Box(); B.items = []; B.table = {}; B.level = 2.0; B.queue = deque()")


@pytest.mark.parametrize("name", "lists three_lists dicts instances queues undone in_a_loop".split())
def test_a_write_is_seen_through_the_other_name(name):
    plain, traced, derived = ({} for _ in range(3))  # type: tuple[dict[str, Any], ...]
    for names in (plain, traced, derived):
        exec(SOURCE, names)
    f, both = Function(traced[name]), value_and_grad(derived[name])
    for k, change in enumerate(CHANGES):
        x = np.array([0.5 + k, -1.25])
        for names in (plain, traced, derived):
            exec(change, names)
        expected = plain[name](x.copy())
        np.testing.assert_allclose(f(x), expected, rtol=1e-14, err_msg=change)
        np.testing.assert_allclose(both(x)[0], expected, rtol=1e-14, err_msg=change)
        for owner in "AB":
            assert vars(traced[owner]) == vars(plain[owner])
