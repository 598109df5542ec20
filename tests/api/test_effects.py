"""Effects of a call: each happens once, in order, with plain numbers, the first call included, as in a plain call.

Each case makes a function of one vector and the state that it changes; a plain and a traced copy of both go through the
same calls and must end alike.
"""

from __future__ import annotations

import bisect
import collections
import heapq
import itertools
import logging
import random
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bcad import Function, value_and_grad
from interpreter import LocatedError
from tests.trace.helpers import same

Made = tuple[Callable[[np.ndarray], Any], Any]
CASES: dict[str, Callable[[], Made]] = {}


def case(function: Callable[[], Made]) -> Callable[[], Made]:
    CASES[function.__name__] = function
    return function


@case
def counters_and_histories():
    state = types.SimpleNamespace(calls=0, history=[], best=np.inf)

    def f(x):
        state.calls += 1
        value = (x * x).sum()
        state.history.append((state.calls, value))
        if value < state.best:
            state.best = value
        return value

    return f, state


@case
def outer_array_written_in_many_ways():
    out, log = np.zeros(3), np.zeros((4, 3))

    def f(x):
        out[:] = x
        out[1] += x[0]
        np.multiply(out, 2.0, out=out)
        log[1:] = log[:-1].copy()
        log[0] = out
        np.add.at(out, [0, 0], x[:2])
        np.copyto(out[2:], x[2:])
        return (out * x).sum()

    return f, (out, log)


@case
def deque_with_a_bound():
    window = collections.deque(maxlen=3)

    def f(x):
        window.append(x[0])
        return sum(window) * x[1]

    return f, window


@case
def deque_at_both_ends():
    window = collections.deque([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    def f(x):
        first = window.popleft()
        window.appendleft(x[0] * first)
        window.rotate(1)
        return x.sum() * window[0]

    return f, window


@case
def memo_by_size():
    memo = {}

    def f(x):
        n = len(x)
        if n not in memo:
            memo[n] = float(n) ** 0.5
        return x.sum() * memo[n]

    return f, memo


@case
def ordered_dict_and_counter():
    table, counts = collections.OrderedDict(a=1.0), collections.Counter()

    def f(x):
        table["b"] = x[0]
        table["a"] += x[1]
        counts["calls"] += 1
        return x.sum() * table["a"]

    return f, (table, counts)


@case
def defaultdict_of_lists():
    table = collections.defaultdict(list)

    def f(x):
        table["seen"].append(x[0])
        return x.sum() * len(table["seen"])

    return f, table


@case
def list_sorted_and_reversed():
    items = [3.0, 1.0, 2.0]

    def f(x):
        items.sort()
        items.reverse()
        return (x * items[0]).sum()

    return f, items


@case
def list_popped_and_inserted():
    items = [1.0, 2.0, 3.0]

    def f(x):
        items.insert(0, x[0])
        last = items.pop()
        return x.sum() * last

    return f, items


@case
def set_of_sizes():
    sizes = set()

    def f(x):
        sizes.add(len(x))
        return x.sum() * len(sizes)

    return f, sizes


@case
def attributes_come_and_go():
    state = types.SimpleNamespace(a=1.0)

    def f(x):
        if hasattr(state, "b"):
            del state.b
        else:
            state.b = x[0]
        setattr(state, "a", state.a + 1.0)
        return x.sum() * state.a

    return f, state


@case
def class_attribute_counts():
    class Model:
        count = 0

    def f(x):
        Model.count += 1
        return x.sum() * Model.count

    return f, types.SimpleNamespace(get=lambda: Model.count)


@case
def effects_in_a_loop():
    log, total = [], np.zeros(1)

    def f(x):
        for k in range(len(x)):
            log.append(x[k] * k)
            total[0] += x[k]
        return total[0] * x.sum()

    return f, (log, total)


@case
def effects_in_a_branch():
    state = {"high": 0, "low": 0, "last": None}

    def f(x):
        if x.sum() > 1.0:
            state["high"] += 1
            state["last"] = x.max()
        else:
            state["low"] += 1
        return x.sum()

    return f, state


@case
def an_object_made_inside_is_kept():
    class Result:
        def __init__(self, x, fun):
            self.x, self.fun = x, fun

    state = types.SimpleNamespace(last=None)

    def f(x):
        state.last = Result(x * 2, x.sum())
        return state.last.fun

    return f, types.SimpleNamespace(get=lambda: (state.last.x, state.last.fun))


@case
def closure_and_function_attributes():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        f.last = x[0]
        return x.sum() * calls

    return f, types.SimpleNamespace(get=lambda: (calls, f.last))


@case
def bisect_and_heap():
    ordered, heap = [1.0, 3.0], [1.0, 5.0, 7.0]

    def f(x):
        bisect.insort(ordered, 2.0)
        heapq.heappush(heap, 4.0)
        return x.sum() + len(ordered) + heap[0]

    return f, (ordered, heap)


@case
def iterator_from_outside():
    numbers = itertools.count()

    def f(x):
        return x.sum() * next(numbers)

    return f, types.SimpleNamespace(get=lambda: next(numbers))


@case
def list_shuffled_by_pythons_random():
    items = [1.0, 2.0, 3.0, 4.0]

    def f(x):
        random.shuffle(items)
        return x.sum() * items[0]

    return f, items


@case
def array_shuffled_by_numpy():
    items, generator = np.arange(4.0), np.random.default_rng(0)

    def f(x):
        generator.shuffle(items)
        return x.sum() * items[0]

    return f, items


@case
def bytearray_written():
    data = bytearray(3)

    def f(x):
        data[0] += 1
        return x.sum() * data[0]

    return f, data


REFUSED = {"bytearray_written"}
POINTS = [np.array(p) for p in ([1.0, 2.0, 3.0], [0.1, 0.2, 0.3], [1.0, -2.0, 3.0], [4.0, 5.0, 6.0], [1.0, 2.0, 3.0])]


def look(state: Any) -> Any:
    return state.get() if hasattr(state, "get") and isinstance(state, types.SimpleNamespace) else state


@pytest.mark.parametrize("how", ["value", "gradient"])
@pytest.mark.parametrize("name", CASES)
def test_effects_are_those_of_a_plain_call(name, how):
    random.seed(1)
    plain, expected = CASES[name]()
    ours, found = CASES[name]()
    traced = Function(ours) if how == "value" else lambda x, g=value_and_grad(ours): g(x)[0]
    for k, x in enumerate(POINTS):
        state = random.getstate()
        value = plain(x.copy())
        random.setstate(state)
        try:
            result = traced(x)
        except LocatedError as error:
            assert name in REFUSED, error
            assert error.location is not None
            return
        np.testing.assert_allclose(result, value, rtol=1e-12, err_msg=f"call {k}")
        assert same(look(found), look(expected)), (k, look(found), look(expected))
    assert name not in REFUSED


def test_print_and_logging_come_in_order_once_a_call(capsys, caplog):
    logger = logging.getLogger("effects")

    def f(x):
        print("first", x[0])
        logger.warning("loss %s", x.sum())
        print(f"second {x.sum():.1f}")
        return (x * x).sum()

    traced = value_and_grad(f)
    for k in range(3):
        x = np.arange(3.0) + k
        f(x)
        expected = capsys.readouterr().out
        traced(x)
        assert capsys.readouterr().out == expected
    assert [r.getMessage() for r in caplog.records] == [f"loss {s}" for s in ("3.0", "3.0", "6.0", "6.0", "9.0", "9.0")]


def test_an_argument_that_is_written_to_stays_as_it_was():
    def f(x):
        x[0] = 7.0
        x *= 2.0
        return x.sum()

    x = np.arange(3.0)
    assert Function(f)(x) == 20.0
    np.testing.assert_array_equal(value_and_grad(f)(x)[1], [0.0, 2.0, 2.0])
    np.testing.assert_array_equal(x, np.arange(3.0))


@pytest.mark.parametrize("make", [lambda: collections.OrderedDict(a=0.5, b=0.75), lambda: collections.defaultdict(float, a=0.5, b=0.75),
                                  lambda: collections.Counter(a=2, b=3)], ids=["OrderedDict", "defaultdict", "Counter"])
def test_a_container_is_read_as_a_whole_after_it_was_written(make):
    def made(table):
        def f(x):
            table["a"] *= 2
            table["new"] = x[0]
            return sum(table.values()) * x.sum() + len(table)

        return f

    ours, theirs = make(), make()
    traced, plain = Function(made(ours)), made(theirs)
    for k in range(4):
        x = np.arange(3.0) + k
        np.testing.assert_allclose(traced(x), plain(x))
        assert same(ours, theirs)


def test_negative_and_positive_indices_are_the_same_place():
    def made(window):
        def f(x):
            before = window[-1] + window[1]
            window[-1] = 5.0
            window[0] = x[0]
            return x.sum() * (window[1] + window[-2] + before) + sum(window)

        return f

    ours, theirs = collections.deque([1.0, 2.0]), collections.deque([1.0, 2.0])
    traced, plain = Function(made(ours)), made(theirs)
    for k in range(4):
        x = np.arange(3.0) + k
        np.testing.assert_allclose(traced(x), plain(x))
        assert same(list(ours), list(theirs))
        ours[1] = theirs[1] = float(k)
