"""The names of instances and modules by way of their dicts: ``vars(obj)``, ``obj.__dict__``, ``globals()``; the same number stored again."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import bcad
from bcad import Function, Unsupported


class _Plain:
    pass


class _Own:
    def __init__(self, **names: Any) -> None:
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__.get("_" + name, 0.0)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value


class _List(list):  # type: ignore[type-arg]
    pass


THING: Any = _Plain()
OWN: Any = _Own(a=0.5, _b=2.0)
ORDERED = OrderedDict(a=0.5, b=1.0)
QUEUE = deque([0.5, 1.0])
ITEMS = _List([0.5, 1.0])
G = 0.5


def _vars_then_attribute(x: Any) -> Any:
    vars(THING)["a"] = x
    return THING.a * 2


def _attribute_then_vars(x: Any) -> Any:
    s = vars(THING)["a"]
    THING.a = s + 1.0
    return THING.__dict__["a"] * x + s


def _both_written(x: Any) -> Any:
    THING.__dict__["a"] = x * 2
    return THING.a + vars(THING)["a"] + vars(THING).get("a", 0.0)


def _the_same_number(x: Any) -> Any:
    THING.a = 0.5
    return getattr(THING, "a") * x + vars(THING)["a"]


def _of_a_class_of_its_own(x: Any) -> Any:
    OWN.a = x + OWN.a
    return OWN.a * 2 + OWN.b


def _global(x: Any) -> Any:
    return globals()["G"] * x + globals().get("G")


def _local_object(x: Any) -> Any:
    made: Any = _Own(a=x)
    made.c = 2 * x
    vars(made)["d"] = x
    return made.a + made.c + made.b + made.d


def _dict_item_again(x: Any) -> Any:
    s = ORDERED["a"]
    ORDERED["a"] = 0.5
    return ORDERED["a"] * x + s + sum(ORDERED.values())


def _deque_item_again(x: Any) -> Any:
    s = QUEUE[0]
    QUEUE[0] = 0.5
    return QUEUE[0] * x + s + sum(QUEUE)


def _list_item_again(x: Any) -> Any:
    s = ITEMS[0]
    ITEMS[0] = 0.5
    return ITEMS[0] * x + s + sum(ITEMS)


def _put(value: float) -> None:
    global G
    G = value
    THING.a = value
    OWN.__dict__["a"] = value
    ORDERED["a"] = QUEUE[0] = ITEMS[0] = value


def _state() -> Any:
    return THING.a, OWN.a, ORDERED["a"], QUEUE[0], ITEMS[0], G


@pytest.mark.parametrize("program", [
    _vars_then_attribute, _attribute_then_vars, _both_written, _the_same_number, _of_a_class_of_its_own, _global, _local_object,
    _dict_item_again, _deque_item_again, _list_item_again])
def test_is_what_python_says(program: Callable[[Any], Any]) -> None:
    f = bcad.Function(program)
    for value in (0.5, 0.5, -1.25, 2.0, 0.5):
        _put(value)
        given, left = f(1.5), _state()
        _put(value)
        assert given == program(1.5)
        assert left == _state()


@pytest.mark.parametrize("program", [
    lambda x: (globals().__setitem__("G", x), G)[1], lambda x: (vars(THING).update(a=x), THING.a)[1],
    lambda x: (setattr(THING, "a", x), sum(vars(THING).values()))[1]])
def test_what_cannot_be_followed_is_refused(program: Callable[[Any], Any]) -> None:
    _put(0.5)
    with pytest.raises(bcad.Unsupported, match=r"globals\(\)|__dict__"):
        bcad.Function(program)(1.5)
    assert (THING.a, G) == (0.5, 0.5)


BAG = _Plain()
BAG.a = 1.0  # type: ignore[attr-defined]
NAMES = vars(BAG)


def _items_then_values(x: Any) -> Any:
    for name, value in vars(BAG).items():
        BAG.__dict__[name] = value * x[0]
    return sum(vars(BAG).values())


def _by_two_names(x: Any) -> Any:
    NAMES["a"] = NAMES["a"] * x[0]
    return BAG.a


def _by_two_names_the_other_way(x: Any) -> Any:
    BAG.a = BAG.a * x[0]
    return NAMES["a"]


@pytest.mark.parametrize("f", [_items_then_values, _by_two_names, _by_two_names_the_other_way])
def test_attributes_that_are_read_as_items_after_they_were_written_are_refused(f: Any) -> None:
    with pytest.raises(Unsupported, match="after the names in it were written|is its dict"):
        Function(f)(np.array([2.0]))
    assert BAG.a == 1.0


SIMPLE = SimpleNamespace(a=1.0)


@pytest.mark.parametrize("f", [
    lambda x: vars(SIMPLE)["a"] * x[0], lambda x: sum(vars(SIMPLE).values()) * x[0], lambda x: x[0] * len([k for k in vars(SIMPLE)]),
])
def test_vars_of_an_object_of_a_class_written_in_c_is_read_at_each_call(f: Any) -> None:
    traced, x = Function(f), np.array([2.0])
    for a in (1.0, 5.0):
        SIMPLE.a = a
        assert traced(x) == f(x)
    SIMPLE.b = 3.0
    assert traced(x) == f(x)
    del SIMPLE.b


def test_vars_of_an_object_of_a_class_written_in_c_is_written_to() -> None:
    SIMPLE.a = 1.0

    def f(x: Any) -> Any:
        vars(SIMPLE)["a"] = x[0]
        return SIMPLE.a * x[0]

    assert Function(f)(np.array([2.0])) == 4.0
    assert SIMPLE.a == 2.0
