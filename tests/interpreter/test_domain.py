"""The seam: what a domain is asked, when, and that both ways of a branch can be run."""
import importlib.util
import sys
from pathlib import Path

import pytest

import interpreter
from interpreter import Domain, Unsupported, evaluate


def load(name):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"interpreter_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


toy = load("toy")
Number, Both = toy.Number, toy.Both


def test_a_branch_runs_both_ways_and_meets_at_the_join():
    def program(x):
        if x > 2:
            y = x + 1
        else:
            y = x - 1
        y = y * 2               # a short tail would be copied into both arms by the compiler
        y = y - 1
        return y + 1

    domain = Both()
    assert evaluate(program, (Number(5),), {}, domain).value == 12
    assert domain.branches == [[("reached", None, {"y": 6}), ("reached", None, {"y": 4})]]


def test_arms_that_return_are_both_seen():
    def program(x):
        if x > 2:
            return x * 10
        return x

    domain = Both()
    assert evaluate(program, (Number(1),), {}, domain).value == 1
    assert domain.branches == [[("returned", 10, {}), ("returned", 1, {})]]


def test_heap_writes_of_an_arm_are_recorded_and_undone():
    def program(x, seen):
        if x > 2:
            seen.append("big")
        else:
            seen.append("small")
        return len(seen)

    domain, seen = Both(), []
    evaluate(program, (Number(5), seen), {}, domain)
    assert [changed for _, _, changed in domain.branches[0]] == [
        {"list": ["big"]}, {"list": ["small"]}]
    assert seen == []           # the toy domain does not replay effects


def test_a_raising_arm_does_not_move_the_join():
    def program(x):
        if x <= 0:
            raise ValueError("negative")
        return x + 1

    domain = Both()
    assert evaluate(program, (Number(3),), {}, domain).value == 4
    kinds = sorted(kind for kind, *_ in domain.branches[0])
    assert kinds == ["raised", "reached"]


@pytest.mark.parametrize("x, expected", [(3, 1), (30, 2), (-1, 0)])
def test_and_or_not_stay_undecided_up_to_the_jump(x, expected):
    def program(x):
        if not (x > 0):
            return 0
        return 2 if x > 5 and x < 40 or x == 7 else 1

    assert evaluate(program, (Number(x),), {}, Both()) == expected


def test_a_branch_inside_a_loop_joins_at_the_back_edge():
    def program(x):
        total = x
        for i in range(3):
            if x > i:
                total = total + i
        return total

    domain = Both()
    assert evaluate(program, (Number(2),), {}, domain).value == 3
    assert len(domain.branches) == 3
    assert [arms[0][2] for arms in domain.branches] == [{"total": 2}, {"total": 3}, {"total": 5}]


def test_loops_are_announced_once_on_arrival_from_outside():
    def program(n):
        total = 0
        for i in range(n):
            for j in range(i):
                total += j
        while total > 0:
            total -= 1
        return total

    domain = Both()
    assert evaluate(program, (3,), {}, domain) == 0
    headers = [header for header, _ in domain.loops]
    assert headers.count(headers[0]) == 1               # the outer for
    assert headers.count(headers[1]) == 3               # the inner one, on each way in
    assert len(set(headers)) == 3
    assert domain.loops[0][1] >= 1                      # its iterator is on the stack


def test_a_domain_can_run_a_loop_itself():
    class Takes(Domain):
        observes = True

        def loop(self, frame, header):
            loop = frame.code.cfg.loops[header]
            items = list(frame.pop())
            frame.slots[frame.code.slot_names.index("total")] = sum(items)
            (out,) = loop.exits
            frame.jump(out)
            return True

    def program(n):
        total = 0
        for i in range(n):
            total += 1000
        return total

    assert evaluate(program, (4,), {}, Takes()) == 6


def test_loads_stores_and_calls_are_observed():
    class Thing:
        pass

    domain, thing, values = Both(), Thing(), [1, 2]
    free = 5

    def helper(a, b=7):
        return a + b

    def program(thing):
        thing.size = len(values)
        values[0] = free
        return helper(thing.size) + values[1]

    assert evaluate(program, (thing,), {}, domain) == 11
    assert {("builtin", "len"), ("closure", "values"), ("closure", "free"), ("attr", "size"),
            ("item", 1), ("default", "b")} <= set(domain.loads)
    assert domain.stores == [("attr", "size"), ("item", 0)]
    assert domain.calls == ["program", "len", "helper"]


def test_values_read_can_be_replaced():
    class Replaces(Domain):
        observes = True

        def loaded(self, frame, kind, owner, key, value):
            return 100 if kind == "closure" and key == "free" else value

    free = 1
    assert evaluate(lambda: free + 1, (), {}, Replaces()) == 101


def test_builtins_that_combine_values_are_stepped_into():
    def program(xs):
        return sum(xs), max(x * 2 for x in xs)

    total, most = evaluate(program, ([Number(1), Number(5), Number(3)],), {}, Both())
    assert (total.value, most.value) == (9, 10)


def test_locations_name_the_line_of_the_user():
    domain = Both()
    evaluate(lambda x: sum([x, x]), (Number(1),), {}, domain)
    assert all("sum([x, x])" in line for _, line in domain.binaries)


def test_refusing_to_enter_runs_natively():
    class Stays(Domain):
        entered = ()

        def enter(self, frame, fn, args, kwargs):
            return fn.__name__ != "inner"

        observes = True

        def native(self, frame, fn, args, kwargs):
            self.entered += (fn.__name__,)
            return fn(*args, **kwargs)

    def inner():
        return 3

    domain = Stays()
    assert evaluate(lambda: inner(), (), {}, domain) == 3
    assert domain.entered == ("inner",)


def test_a_generator_from_outside_cannot_be_advanced_in_an_arm():
    def program(x):
        items = (i for i in range(3))
        if x > 0:
            return next(items)
        return 0

    domain = Both()
    with pytest.raises(Unsupported, match="cannot be undone"):
        evaluate(program, (Number(1),), {}, domain)
    assert [kind for kind, *_ in domain.branches[0]] == ["raised", "returned"]


def test_iterators_on_the_stack_advance_independently():
    def program(x, pairs):
        total = x
        for i, (a, b) in enumerate(zip(pairs, reversed(pairs))):
            if x > i:
                total = total + a * b
        return total

    assert evaluate(program, (Number(10), [1, 2, 3]), {}, Both()).value == 20


def test_numpy_runs_natively_under_the_plain_domain():
    import numpy as np

    def program(a):
        a[1:] *= 2
        return np.mean(a) + np.dot(a, a)

    assert interpreter.call(program, np.arange(3.0)) == program(np.arange(3.0))
