"""Straight-line functions: values, captures, guards, symbolic shapes, kinds."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from tests.trace.helpers import Traced, agree, same

SCALE = 2.0
WEIGHTS = np.arange(6.0).reshape(2, 3)
CONFIG = {"rate": 0.5, "power": 2, "layers": [np.ones(3), np.full(3, 2.0)]}
MODE = "double"
Point = namedtuple("Point", "x y")


@dataclasses.dataclass
class State:
    position: np.ndarray
    mass: float = 1.0


class Color(enum.Enum):
    RED = 1


def x3(start=0.0):
    return np.arange(start, start + 3)


# -- values and kinds ---------------------------------------------------------------------------
@pytest.mark.parametrize("fn", [
    lambda x: ((x + 1) ** 2).sum(),
    lambda x: np.exp(-x) * 3,
    lambda x: x @ x,
    lambda x: np.dot(x, x),
    lambda x: (x[0], x[-1], x[1:], x[::-1]),
    lambda x: np.where(x > 1, x, -x),
    lambda x: np.concatenate([x, x]).reshape(2, -1),
    lambda x: [x.shape, x.ndim, x.dtype, x.size, len(x)],
    lambda x: np.zeros(x.shape) + x,
    lambda x: np.ones_like(x) * x.mean(),
    lambda x: x.T,
    lambda x: float(x[0]) + 1,
    lambda x: x.max() - x.min(),
    lambda x: {"a": x, "b": (x.sum(), None, "text")},
    lambda x: math.sin(x[1]),
    lambda x: np.sin(float(x[1])),
    lambda x: x.astype(np.float32),
    lambda x: -x + abs(x) + (+x),
    lambda x: x // 2 + x % 2,
    lambda x: x.copy(),
    lambda x: np.array([x[0], 2.0, x[2]]),
    lambda x: np.linalg.norm(x),
    lambda x: isinstance(x, np.ndarray),
    lambda x: type(x) is np.ndarray,
    lambda x: np.stack([x, 2 * x], axis=1),
    lambda x: sum([x, x, 1.0]),
    lambda x: sum(x),
    lambda x: np.asarray(x) is x,
    lambda x: x.tolist() if len(x) < 10 else None,
    lambda x: x[0].item(),
    lambda x: np.sum(x, axis=0, keepdims=True),
    lambda x: np.arange(len(x)) * x,
    lambda x: np.linspace(0, 1, len(x)) * x,
    lambda x: 3.0,
    lambda x: None,
])
def test_values_are_those_of_numpy(fn):
    agree(fn, (x3(),), (x3(2.0),))


@pytest.mark.parametrize("fn", [
    lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a ** b, lambda a, b: np.add(a, b), lambda a, b: (a, b),
    lambda a, b: a + 1j * b, lambda a, b: type(a), lambda a, b: float(a) - b, lambda a, b: abs(a - b),
    lambda a, b: divmod(a, b), lambda a, b: np.hypot(a, b), lambda a, b: round(float(a)), lambda a, b: int(a),
])
@pytest.mark.parametrize("a", [1.5, np.float64(1.5), np.float32(1.5), np.array(1.5)], ids=repr)
def test_kinds_of_numbers(fn, a):
    agree(fn, (a, 2.5), (a * 2, 0.5))


def test_a_dataclass_a_namedtuple_and_a_dict_are_arguments():
    def f(state, point, options):
        return State(state.position * point.x, state.mass + point.y), options["k"] * state.mass

    agree(f, (State(x3()), Point(2.0, 3.0), {"k": x3()}), (State(x3(1), 5.0), Point(0.0, 1.0), {"k": x3(4)}))


def test_keyword_arguments_and_defaults():
    traced = Traced(lambda x, *rest, scale=2.0, **more: x * scale + sum(rest) + more.get("c", 0.0))
    assert same(traced(x3(), 1.0, c=2.0), x3() * 2 + 3)
    assert same(traced(x3(), 5.0, c=1.0), x3() * 2 + 6)
    assert same(traced(x3(), scale=3.0), x3() * 3)
    assert traced.traces == 2


# -- symbolic shapes ------------------------------------------------------------------------------
def test_another_length_does_not_trace_again():
    traced = agree(lambda x: (x * x).sum() / x.shape[0], (x3(),), (np.arange(7.0),), (np.arange(2.0),))
    assert traced.traces == 1


def test_sizes_zero_and_one():
    traced = agree(lambda x: (x * np.ones(x.shape)).sum(), (x3(),), (np.zeros(0),), (np.ones(1),), (np.arange(5.0),))
    assert traced.traces == 3


def test_broadcasting_is_guarded():
    traced = agree(lambda x, y: x * y, (np.ones((3, 4)), np.ones(4)), (np.ones((5, 2)), np.ones(2)),
                   (np.ones((3, 4)), np.ones(1)), (np.ones((3, 1)), np.arange(3.0)))
    assert traced.traces == 3


def test_equal_sizes_that_become_unequal():
    traced = Traced(lambda x, y: x + y)
    traced(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="broadcast|agree"):
        traced(np.ones(3), np.ones(4))


def test_branch_on_a_length_is_guarded():
    traced = agree(lambda x: x.sum() if len(x) > 3 else x.prod(), (np.arange(1.0, 4),), (np.arange(1.0, 4) + 1,),
                   (np.arange(5.0),), (np.arange(9.0),))
    assert traced.traces == 2


@pytest.mark.parametrize("second", [x3().astype(np.float32), np.ones((2, 2)), np.float64(3.0), 2.5, np.arange(3)], ids=repr)
def test_another_dtype_rank_or_kind_traces_again(second):
    agree(lambda x: np.sin(x) * 2, (x3(),), (second,))


def test_ints_of_arguments_are_guarded():
    traced = agree(lambda x, n: x ** n, (x3(), 2), (x3(), 2), (x3(), 3))
    assert traced.traces == 2


# -- captures -------------------------------------------------------------------------------------
def test_a_changed_global_is_seen(monkeypatch):
    traced = agree(lambda x: x * SCALE, (x3(),))
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert same(traced(x3()), x3() * 5)
    assert traced.traces == 1
    monkeypatch.setitem(globals(), "SCALE", np.array([1.0, 2.0, 3.0]))
    assert same(traced(x3()), x3() * np.array([1.0, 2.0, 3.0]))


def test_a_global_array_rebound_or_changed_in_place(monkeypatch):
    traced = agree(lambda x: WEIGHTS @ x, (x3(),))
    monkeypatch.setitem(globals(), "WEIGHTS", np.ones((4, 3)))
    assert same(traced(x3()), np.ones((4, 3)) @ x3())
    WEIGHTS[0] = 7.0
    assert same(traced(x3()), WEIGHTS @ x3())
    assert traced.traces == 1


def test_a_closure_that_changes():
    rate, grid = 0.5, x3()

    def set_rate(value):
        nonlocal rate, grid
        rate, grid = value, grid * value

    traced = agree(lambda x: x * rate + grid, (x3(),))
    set_rate(3.0)
    assert same(traced(x3()), x3() * 3 + x3() * 3)
    assert traced.traces == 1


def test_attributes_items_and_nested_containers():
    model = SimpleNamespace(w=x3(), inner=SimpleNamespace(bias=[1.0, x3()], name="a"))
    traced = Traced(lambda x: x * model.w + model.inner.bias[0] + model.inner.bias[1] * (2 if model.inner.name == "a" else 3))
    assert same(traced(x3()), x3() * x3() + 1 + x3() * 2)
    model.w = x3(2.0)
    model.inner.bias[0] = 4.0
    model.inner.bias[1][:] = 1.0
    assert same(traced(x3()), x3() * x3(2.0) + 4 + 2.0)
    assert traced.traces == 1
    model.inner.name = "b"
    assert same(traced(x3()), x3() * x3(2.0) + 4 + 3.0)
    assert traced.traces == 2


def test_a_config_dict(monkeypatch):
    traced = agree(lambda x: x ** CONFIG["power"] * CONFIG["rate"] + CONFIG.get("offset", 0.0), (x3(),))
    monkeypatch.setitem(CONFIG, "rate", 3.0)
    agree_again(traced, x3())
    assert traced.traces == 1
    monkeypatch.setitem(CONFIG, "power", 3)
    agree_again(traced, x3())
    assert traced.traces == 2
    monkeypatch.setitem(CONFIG, "offset", 1.5)
    agree_again(traced, x3())
    assert traced.traces == 3


def agree_again(traced, *args):
    assert same(traced(*args), traced.fn(*args))


def test_a_list_of_arrays_grows(monkeypatch):
    traced = agree(lambda x: sum(x * w for w in CONFIG["layers"]), (x3(),))
    monkeypatch.setitem(CONFIG, "layers", [np.ones(3), x3(), x3()])
    agree_again(traced, x3())
    CONFIG["layers"][0][1] = 9.0
    agree_again(traced, x3())
    assert traced.traces == 2


def test_flags_strings_enums_and_functions_are_guarded(monkeypatch):
    space = SimpleNamespace(flag=True, color=Color.RED, act=np.tanh, none=None)

    def f(x):
        y = x * 2 if space.flag else x
        y = space.act(y) if MODE == "double" else y
        return y + 1 if space.color is Color.RED and space.none is None else y

    traced = agree(f, (x3(),))
    for name, value in (("flag", False), ("act", np.sin), ("color", None), ("none", 1)):
        setattr(space, name, value)
        agree_again(traced, x3())
    monkeypatch.setitem(globals(), "MODE", "single")
    agree_again(traced, x3())


def test_a_patched_function_and_method(monkeypatch):
    class Model:
        def act(self, x):
            return x * 2

    model = Model()
    traced = agree(lambda x: model.act(x) + helper(x), (x3(),))
    monkeypatch.setattr(Model, "act", lambda self, x: x * 5)
    agree_again(traced, x3())
    monkeypatch.setitem(globals(), "helper", lambda x: x - 1)
    agree_again(traced, x3())
    model.act = lambda x: x
    agree_again(traced, x3())


def helper(x):
    return x + 1


def test_class_attributes_properties_and_defaults():
    class Model:
        rate = 0.5

        def __init__(self):
            self._w = x3()

        @property
        def w(self):
            return self._w * self.rate

    model = Model()

    def f(x, b=x3()):
        return x * model.w + b

    traced = agree(f, (x3(),))
    Model.rate = 2.0
    model._w = x3(5.0)
    agree_again(traced, x3())
    assert traced.traces == 1
    model.rate = 3.0
    agree_again(traced, x3())
    f.__defaults__ = (x3(7.0),)
    agree_again(traced, x3())


def test_an_object_argument_is_read_anew():
    class Box:
        def __init__(self, w):
            self.w = w

    traced = agree(lambda x, box: x * box.w, (x3(), Box(x3())), (x3(), Box(x3(4.0))))
    assert traced.traces == 1


def test_a_bound_method_and_a_partial():
    import functools

    class Model:
        def __init__(self, w):
            self.w = w

        def loss(self, x):
            return (self.w * x).sum()

    model = Model(x3())
    traced = agree(model.loss, (x3(),))
    model.w = x3(3.0)
    agree_again(traced, x3())
    assert traced.traces == 1
    part = functools.partial(lambda a, x, b: a * x + b, 2.0, b=x3())
    agree(part, (x3(),), (x3(1.0),))


def test_factories_make_closures_of_traced_values():
    def make(k):
        def inner(x):
            return x * k
        return inner

    agree(lambda x: make(2.0)(x) + make(x.sum())(x), (x3(),), (x3(3.0),))


# -- branches held to this call's way ------------------------------------------------------------------
def test_a_branch_that_flips_is_never_wrong():
    agree(lambda x: x * 2 if x.sum() > 0 else -x, (x3(),), (-x3(),), (x3(),), (-x3() - 1,))


def test_user_exceptions_are_those_of_python():
    def f(x):
        try:
            return x["a"]
        except (IndexError, TypeError, KeyError):
            return x * 2

    agree(lambda x: f(x), (1.5,))
    with pytest.raises(ValueError, match="mine"):
        Traced(raises)(x3())


def raises(x):
    raise ValueError("mine")


def test_concrete_steering():
    def f(x):
        order = [2, 0, 1]
        table = np.array([[0, 1], [2, 2]])
        total = 0.0
        for i, j in table:
            total = total + x[i] * x[order[j]]
        k = np.argmax(np.array([1.0, 5.0, 2.0]))
        return total + (x[k] if k == 1 else 0)

    agree(f, (x3(),), (x3(2.0),))


def test_numpys_index_tricks_beside_traced_columns():
    """``np.c_`` has a length and items without end: it was read as a sequence."""
    from bcad import grad

    def f(x):
        return np.sum(np.r_[np.c_[np.eye(2), x], [[0, 0, 1.0]]] @ np.r_[x, 1.0])

    x = np.array([0.5, 2.0])
    np.testing.assert_allclose(grad(f)(x), [2.0, 2.0])
