"""Modules, the process, and numbers that steer the program."""

from __future__ import annotations

import dataclasses
import enum
import math
import os
import random
import sys
import types

import numpy as np

from . import case


@case
def module_attributes():
    module = types.ModuleType("settings")
    module.rate, module.table, module.g = 2.0, np.ones(3), lambda x: x * 2.0
    yield (f := lambda x: (module.g(x) * module.table * module.rate).sum())
    module.rate = 3.0
    yield f
    module.table = np.arange(3.0)
    yield f
    module.g = np.sin
    yield f


@case
def import_inside_the_function():
    module = types.ModuleType("staleness_settings")
    module.rate = 2.0
    sys.modules["staleness_settings"] = module

    def f(x):
        from staleness_settings import rate
        return (x * x * rate).sum()

    yield f
    module.rate = 3.0
    yield f
    del sys.modules["staleness_settings"]


@case
def numpy_function_patched():
    yield (f := lambda x: np.tanh(x).sum())
    original = np.tanh
    np.tanh = np.sin
    try:
        yield f
    finally:
        np.tanh = original
    yield f


@case
def math_function_patched():
    yield (f := lambda x: math.sqrt(4.0) * x.sum() + math.pi * (x * x).sum())
    sqrt, pi = math.sqrt, math.pi
    math.sqrt, math.pi = (lambda x: x), 3.0
    try:
        yield f
    finally:
        math.sqrt, math.pi = sqrt, pi
    yield f


@case
def environment_variable():
    os.environ["STALENESS"] = "2.0"
    yield (f := lambda x: (x * float(os.environ["STALENESS"])).sum())
    os.environ["STALENESS"] = "3.0"
    yield f
    yield (g := lambda x: (x * x).sum() if os.environ.get("STALENESS") else x.sum())
    del os.environ["STALENESS"]
    yield g


@case
def environment_variable_by_getenv():
    os.environ["STALENESS"] = "sin"
    yield (f := lambda x: getattr(np, os.getenv("STALENESS", "cos"))(x).sum())
    del os.environ["STALENESS"]
    yield f


@case
def error_state():
    def f(x):
        return (x * x).sum() if np.geterr()["divide"] == "ignore" else x.sum()

    with np.errstate(divide="ignore"):
        yield f
    with np.errstate(divide="warn"):
        yield f


@case
def print_options():
    yield (f := lambda x: (x * len(str(np.array([1 / 3])))).sum())
    with np.printoptions(precision=3):
        yield f
    yield f


@case
def random_stream_state():
    generator = np.random.default_rng(0)
    state = generator.bit_generator.state

    def f(x):
        generator.bit_generator.state = state
        return (x * x * generator.normal(size=3)).sum()

    yield f


@case
def random_module_seeded_inside():
    def f(x):
        random.seed(3)
        return (x * x).sum() * random.random()

    yield f
    random.seed(5)
    yield f


@case
def type_attribute_of_an_argument_class():
    @dataclasses.dataclass
    class Box:
        value: object

        def unpack(self):
            return self.value * 2.0

    yield (f := lambda x: Box(x).unpack().sum())
    Box.unpack = lambda self: self.value * self.value
    yield f


@case
def int_subclass_and_bool_subclass():
    class Level(enum.IntEnum):
        LOW = 1
        HIGH = 3

    level = Level.LOW
    yield (f := lambda x: (x**2 * level).sum() if level < 2 else x.sum())
    level = Level.HIGH
    yield f
    level = 1
    yield f


@case
def float_subclass():
    class Meters(float):
        pass

    length = Meters(2.0)
    yield (f := lambda x: (x * x * length).sum())
    length = Meters(3.0)
    yield f
    length = 4.0
    yield f


@case
def ndarray_subclass():
    class Tagged(np.ndarray):
        pass

    w = np.arange(3.0).view(Tagged)
    yield (f := lambda x: (x * x * w).sum())
    w[0] = 5.0
    yield f


@case
def metaclass_attribute():
    class Meta(type):
        rate = 2.0

    class Thing(metaclass=Meta):
        pass

    yield (f := lambda x: (x * x * Thing.rate).sum())
    Meta.rate = 3.0
    yield f
    Thing.rate = 4.0
    yield f


@case
def abstract_registration():
    from collections.abc import Sized

    class Thing:
        pass

    class Kind(abc_meta("Kind")):
        pass

    thing = Thing()
    yield (f := lambda x: (x * x).sum() if isinstance(thing, Kind) else x.sum())
    Kind.register(Thing)
    yield f
    assert not isinstance(thing, Sized)


def abc_meta(name):
    import abc

    return abc.ABCMeta(name, (), {})


@case
def comparison_of_a_captured_object_replaced():
    class Level:
        def __init__(self, n):
            self.n = n

        def __eq__(self, other):
            return self.n == other.n

        __hash__ = None

    a, b = Level(1), Level(1)
    yield (f := lambda x: (x * x).sum() if a == b else x.sum())
    b.n = 2
    yield f


@case
def string_formatting_of_captured_numbers():
    w = 2.5
    yield (f := lambda x: (x * len(f"{w:.1f}")).sum())
    w = 12.5
    yield f


@case
def captured_float_decides():
    w = 2.5
    yield (f := lambda x: (x * x).sum() if w > 1.0 else np.sin(x).sum())
    w = 0.5
    yield f
    w = np.nan
    yield f


@case
def captured_float_to_int():
    w = 2.5
    yield (f := lambda x: (x ** int(w)).sum() + x[round(w) - 2])
    w = 3.5
    yield f
    w = 1.2
    yield f


@case
def captured_complex():
    z = 1 + 2j
    yield (f := lambda x: (x * x * z).real.sum() + abs(z) * x.sum())
    z = 3 - 1j
    yield f
    z = 2.0
    yield f


@case
def large_ints():
    n = 2**40
    yield (f := lambda x: (x * (n * n % 1000003)).sum())
    n = 2**80 + 1
    yield f
    n = 3
    yield f


@case
def counter_in_the_caller():
    step = 0

    def f(x):
        return (x * x).sum() / (1 + step) + (x if step % 2 else 2 * x).sum()

    for _ in range(6):
        yield f
        step += 1
