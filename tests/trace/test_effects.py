"""Effects happen at every call, once, in order, with plain numbers; tracing itself leaves nothing behind."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest

import bcad
from tests.trace.helpers import Traced, same

counter = 0


def test_print_and_formats(capsys):
    def f(x):
        print("loss", x.sum(), f"{x[0]:.2f}", "%5.1f" % x[1], str(x[2]), "{}!".format(x[0]), sep="|")  # noqa: UP031, UP032
        print(x)
        return x * 2

    traced = Traced(f)
    for x in (np.arange(3.0), np.arange(3.0) + 1):
        f(x)
        expected = capsys.readouterr().out
        traced(x)
        assert capsys.readouterr().out == expected
    assert traced.traces == 1


def test_history_counter_and_attributes():
    class Model:
        def __init__(self):
            self.calls, self.last, self.history, self.log = 0, None, [], {}

        def loss(self, x):
            self.calls += 1
            value = (x * x).sum()
            self.history.append(value)
            self.last = value
            self.log["max"] = x.max()
            return value

    ours, plain = Model(), Model()
    traced = Traced(ours.loss)
    for k in range(4):
        x = np.arange(3.0) + k
        assert same(traced(x), plain.loss(x))
        assert same(vars(ours), vars(plain))
        assert ours.history is vars(ours)["history"]
    assert type(ours.last) is np.float64
    assert traced.traces <= 2


def test_globals_and_closures_are_written():
    seen = []
    total = 0.0

    def f(x):
        global counter
        nonlocal total
        counter += 1
        total += x[0]
        seen.append((counter, x.copy()))
        return x * total

    traced = Traced(f)
    for k in range(3):
        traced(np.arange(3.0) + k)
    assert counter == 3
    assert same(total, np.float64(3.0))
    assert [n for n, _ in seen] == [1, 2, 3]
    assert same(seen[2][1], np.arange(3.0) + 2)


def test_caches_and_new_attributes():
    cache = {}
    space = SimpleNamespace()

    def f(x):
        key = x.shape[0] > 2
        if key not in cache:
            cache[key] = 2.0
        space.result = x * cache[key]
        return space.result

    traced = Traced(f)
    for _ in range(3):
        assert same(traced(np.arange(3.0)), np.arange(3.0) * 2)
    assert same(cache, {True: 2.0})
    assert same(space.result, np.arange(3.0) * 2)


def test_list_and_deque_and_set_changes():
    items, window, names = [1.0, 2.0, 3.0], deque(maxlen=2), {"a"}

    def f(x):
        items[0] = x[0]
        items.pop()
        window.append(x[1])
        names.add("b")
        return x * items[0]

    traced = Traced(f)
    traced(np.arange(3.0) + 1)
    assert same(items, [np.float64(1.0), 2.0])
    assert same(list(window), [np.float64(2.0)])
    assert names == {"a", "b"}


def test_deleting():
    space = SimpleNamespace(a=1, b=2)
    d = {"k": 1.0}

    def f(x):
        del space.a
        del d["k"]
        return x

    Traced(f)(np.ones(2))
    assert vars(space) == {"b": 2}
    assert d == {}


def test_an_exception_leaves_nothing_behind():
    space = SimpleNamespace(n=0, items=[])

    def f(x):
        space.n = x.sum()
        space.items.append(x)
        raise KeyError("late")

    with pytest.raises(KeyError):
        Traced(f)(np.ones(2))
    assert vars(space) == {"n": 0, "items": []}


@pytest.mark.parametrize("draw", [
    lambda x: np.random.rand(3) * x,
    lambda x: np.random.normal(x[0], 2.0, 3) + np.random.uniform(),
    lambda x: np.random.standard_normal(x.shape[0]) * x,
    lambda x: np.random.randn(3).sum() + x,
], ids=["rand", "normal", "shape", "randn"])
def test_numpys_random_stream(draw):
    traced = Traced(draw)
    np.random.seed(3)
    expected = [draw(np.arange(3.0)), draw(np.arange(3.0) + 1), np.random.rand()]
    np.random.seed(3)
    found = [traced(np.arange(3.0)), traced(np.arange(3.0) + 1), np.random.rand()]
    assert same(found, expected)
    assert traced.traces == 1


def test_a_generator_from_outside():
    rng = np.random.default_rng(5)
    traced = Traced(lambda x: rng.normal(size=3) * x + rng.random())
    found = [traced(np.arange(3.0)), traced(np.arange(3.0))]
    rng = np.random.default_rng(5)
    expected = [rng.normal(size=3) * np.arange(3.0) + rng.random() for _ in range(2)]
    assert same(found, expected)


def test_a_deleted_attribute_of_a_module_is_gone() -> None:
    import types

    module = types.ModuleType("module")

    def f(x):
        y = module.k * x[0]
        del module.k
        return y

    traced = bcad.Function(f)
    for k in (3.0, 2.0):
        module.k = k
        assert traced(np.ones(2)) == k
        assert not hasattr(module, "k")
