"""Branches on traced values become regions: one program serves both ways."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.trace.helpers import Traced, agree, same


def if_else(x):
    if x > 0:
        y = x * 2
        z = 1.0
    else:
        y = -x
        z = x
    return y + z


def if_only(x):
    y = x
    if x > 0:
        y = x * x
    return y + 1


def elif_chain(x):
    if x > 2:
        return x * 2
    elif x > 1:
        y = x + 1
    elif x > 0:
        y = 5.0
    else:
        return 0.0
    return y * x


def ternary(x):
    return (x if x > 0 else -x) * 3


def and_or(x):
    a = (x > 0 and x < 2) or x < -5
    return 1.0 if a else x


def chained(x):
    return x * 2 if 0 < x < 2 else x


def negation(x):
    return x if not x > 1 else 2 * x


def nested(x):
    if x > 0:
        if x > 1:
            y = x ** 2
        else:
            y = x ** 3
        y = y + 1
    else:
        y = 2.0
    return y


def early_return(x):
    if x < 0:
        return -x
    y = x + 1
    if y > 3:
        return y * y
    return y


def writes(x):
    a = np.zeros(3)
    a[1] = x
    if x > 1:
        a[0] = x
        a += 1
    else:
        a[2] = 5
    return a


def view_in_arm(x):
    a = np.arange(3.0)
    v = a[1:]
    if x > 1:
        v[0] = x
    return a, v


def new_arrays(x):
    if x > 1:
        a = np.ones(3) * x
    else:
        a = np.zeros(3)
    a[0] = 7
    return a


def tuples_and_dicts(x):
    if x > 1:
        s, d = (x, 1.0), {"a": x, "b": [x]}
    else:
        s, d = (2.0, x), {"a": 0.0, "b": [x + 1]}
    return s, d


def dict_items(x):
    d = {"n": 0.0}
    if x > 1:
        d["n"] = x
    return d


def attribute(x):
    class Box:
        pass

    b = Box()
    b.v = x
    if x > 1:
        b.v = x * 2
    return b.v


def closure_variable(x):
    y = 0.0

    def add():
        nonlocal y
        y = y + x

    if x > 1:
        add()
    return y


def calls_helper(x):
    return helper(x) + helper(-x)


def helper(x):
    if x > 0:
        return math.sqrt(x)
    return 0.0


def matches(x):
    match x:
        case float() if x > 1:
            return x
        case _:
            return -x


def widening(x):
    y = 0 if x > 1 else x
    return y * 2.0


def constants(x):
    mode = "a" if x > 1 else "a"
    return x if mode == "a" else 0.0


def index_selected(x):
    a = np.arange(5.0)
    k = 1 if x > 1 else 3
    return a[k] * x


def alias(x):
    a, b = np.zeros(2), np.ones(2)
    c = a if x > 1 else b
    return c * x


def alias_written(x):
    a, b = np.zeros(2), np.ones(2)
    c = a if x > 1 else b
    c[0] = x
    return a, b


def truth_of_expression(x):
    y = x if x else 1.0
    return y


def min_max(x):
    return min(x, 1.0) + max(x, 2.0, -x)


def same_array_twice(x):
    if x > 1:
        a = np.zeros(2)
        b = a
    else:
        a = np.ones(2)
        b = a
    a[0] = 5
    return b


PROGRAMS = [if_else, if_only, elif_chain, ternary, and_or, chained, negation, nested, early_return, writes, view_in_arm,
            new_arrays, tuples_and_dicts, dict_items, attribute, closure_variable, calls_helper, matches, constants,
            index_selected, alias, truth_of_expression, min_max, same_array_twice]


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda f: f.__name__)
def test_one_program_serves_both_ways(fn):
    calls = [(v,) for v in (0.5, 1.5, 3.0, -1.0, -7.0, 2.0, 1.0)]
    traced = agree(fn, *calls)
    assert traced.traces == 1
    assert "cond" in traced.text or fn is constants


def test_kinds_that_differ_are_widened():
    traced = Traced(widening)
    assert float(traced(0.5)) == 1.0
    assert float(traced(2.0)) == 0.0
    assert traced.traces == 1


def test_an_array_that_may_be_either_and_is_written_is_guarded():
    traced = agree(alias_written, (2.0,), (0.5,))
    assert traced.traces == 2


def test_arrays_as_conditions():
    def f(x):
        if (x > 1).all():
            return x.sum()
        return x.max()

    assert agree(f, (np.arange(3.0),), (np.arange(3.0) + 5,)).traces == 1
    with pytest.raises(ValueError, match="ambiguous"):
        Traced(lambda x: 1 if x > 0 else 2)(np.ones(3))


def test_an_arm_that_raises_is_a_check():
    from bcad.ops import CheckFailed

    def f(x):
        if x < 0:
            raise ValueError("negative")
        assert x < 100
        return x * 2

    traced = Traced(f)
    assert traced(2.0) == 4.0
    assert traced.traces == 1
    with pytest.raises(CheckFailed):
        traced.run(traced.programs[0], (-1.0,), {})
    with pytest.raises(ValueError, match="negative"):
        traced(-1.0)


def test_an_exception_that_a_caller_catches():
    def inner(x):
        if x < 0:
            raise ValueError
        return x

    def f(x):
        try:
            return inner(x) * 2
        except ValueError:
            return 0.0

    agree(f, (1.0,), (-1.0,), (2.0,))


def test_lists_that_grow_on_one_way():
    history = []

    def f(x):
        out = [x]
        if x > 1:
            out.append(x * 2)
            history.append(x)
        return out

    agree_lists = Traced(f)
    for x in (0.5, 2.0, 0.1, 3.0):
        assert same(agree_lists(x), [x, x * 2] if x > 1 else [x])
    assert agree_lists.traces == 1
    assert history == [2.0, 3.0]


def test_a_short_loop_that_is_left_early_is_branches_one_inside_the_other():
    def scan(x):
        for i in range(2):
            for j in range(2):
                if x[i] + x[j + 1] > 1:
                    return x[i] * x[j]
                if x[i] * x[j] < 0:
                    break
            else:
                continue
            if x[0] > 0:
                break
        total = 0.0
        for a, f in zip((1.0, 2.0, 3.0), (np.sin, np.cos, np.tanh), strict=True):
            if x[0] > a * 0.5:
                total = total + f(x[1])
                continue
            if x[1] > 0.9:
                break
            total = total * 2 + x[0] * a
        return total

    points = ([0.51, 0.22, 0.33], [3.1, 1.02, 0.23], [-0.9, -0.4, -0.11], [-1.3, 0.95, 0.2], [-0.5, 0.31, 0.4], [1.1, -0.2, 0.8])
    traced = agree(scan, *((np.array(p),) for p in points))
    assert traced.traces == 1
