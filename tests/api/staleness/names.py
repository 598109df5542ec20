"""Globals, closures, defaults, code: what a name stands for changes."""

from __future__ import annotations

import builtins
import functools
import operator

import numpy as np

from . import case

SCALE, TABLE, FLAG, COUNT, LABEL = 2.0, np.array([1.0, 2.0, 3.0]), True, 2, "sin"


def helper(x):
    return x * SCALE


def other_helper(x):
    return x * x * SCALE


HELPER = helper


@case
def global_float_bound_anew():
    global SCALE
    yield (f := lambda x: (x * x * SCALE).sum())
    SCALE = 3.0
    yield f
    SCALE = 2.0
    yield f


@case
def global_float_becomes_int_numpy_scalar_and_array():
    global SCALE
    yield (f := lambda x: (x * x * SCALE).sum())
    for value in (3, np.float64(4.0), np.float32(0.5), np.array([1.0, 2.0, 3.0]), np.ones((2, 1)), True, 2.0):
        SCALE = value
        yield f


@case
def global_array_changes_in_place():
    yield (f := lambda x: (x * x * TABLE).sum())
    TABLE[1] = 7.0
    yield f
    TABLE[:] = [1.0, 2.0, 3.0]
    yield f


@case
def global_array_bound_to_other_dtypes():
    global TABLE
    yield (f := lambda x: (x * x * TABLE).sum())
    for dtype in (np.float32, np.int64, np.int8, np.bool_, np.uint16, np.float64):
        TABLE = np.array([1, 2, 3]).astype(dtype)
        yield f


@case
def global_array_bound_to_other_ranks():
    global TABLE
    yield (f := lambda x: (x * x * TABLE).sum())
    for value in (np.array(2.0), np.ones((4, 3)), np.ones((2, 1, 3)), np.ones(1), np.ones((0, 3)), np.array([1.0, 2.0, 3.0])):
        TABLE = value
        yield f


@case
def global_flag_flips():
    global FLAG
    yield (f := lambda x: (x * x).sum() if FLAG else np.sin(x).sum())
    FLAG = False
    yield f
    FLAG = 0
    yield f
    FLAG = np.True_
    yield f
    FLAG = True
    yield f


@case
def global_int_as_a_trip_count():
    global COUNT

    def f(x):
        total = 0.0
        for k in range(COUNT):
            total = total + (x**k).sum()
        return total + (x * COUNT).sum()

    for number in (2, 3, 0, 5, -1, 2):
        COUNT = number
        yield f


@case
def global_string_selects():
    global LABEL
    yield (f := lambda x: getattr(np, LABEL)(x).sum())
    LABEL = "cos"
    yield f
    LABEL = "sin"
    yield f


@case
def global_function_replaced():
    global HELPER
    yield (f := lambda x: HELPER(x).sum())
    HELPER = other_helper
    yield f
    HELPER = np.exp
    yield f
    HELPER = functools.partial(operator.mul, 3.0)
    yield f
    HELPER = helper
    yield f


@case
def global_read_by_a_helper():
    global SCALE
    yield (f := lambda x: helper(helper(x * x)).sum())
    SCALE = -1.5
    yield f
    SCALE = 2.0
    yield f


@case
def global_deleted_so_that_a_builtin_is_seen():
    globals()["abs"] = lambda x: x * 3.0
    yield (f := lambda x: abs(x).sum())
    del globals()["abs"]
    yield f


@case
def builtin_shadowed_by_a_global():
    yield (f := lambda x: abs(x).sum())
    globals()["abs"] = lambda x: x * 3.0
    yield f
    del globals()["abs"]
    yield f


@case
def builtin_replaced():
    builtins.staleness_gain = lambda x: x * 2.0
    yield (f := lambda x: staleness_gain(x).sum())  # noqa: F821
    builtins.staleness_gain = np.square
    yield f
    del builtins.staleness_gain


@case
def global_none_becomes_an_array():
    globals()["MAYBE"] = None
    yield (f := lambda x: (x * x).sum() if MAYBE is None else (x * MAYBE).sum())  # noqa: F821
    globals()["MAYBE"] = np.ones(3)
    yield f
    globals()["MAYBE"] = None
    yield f


@case
def closure_float():
    w = 2.0
    yield (f := lambda x: (w * x * x).sum())
    w = 3.0
    yield f
    w = 4
    yield f


@case
def closure_array_in_place_and_bound_anew():
    w = np.arange(3.0)
    yield (f := lambda x: (w * x * x).sum())
    w[0] = 5.0
    yield f
    w = np.ones((2, 3))
    yield f
    w = w.T[:, 0]
    yield f


@case
def closure_written_through_nonlocal():
    w = 2.0

    def f(x):
        return (w * x).sum()

    def put(value):
        nonlocal w
        w = value

    yield f
    put(5.0)
    yield f
    put(np.ones(3))
    yield f


@case
def closure_function_replaced():
    def step(x):
        return x * 2.0

    yield (f := lambda x: step(x).sum())

    def step(x):  # noqa: F811
        return x * x

    yield f


@case
def closure_two_levels_deep():
    w = 2.0

    def outer():
        def inner(x):
            return x * w

        return inner

    g = outer()
    yield (f := lambda x: g(x * x).sum())
    w = -3.0
    yield f


@case
def default_replaced():
    def f(x, w=2.0, *, b=1.0):
        return (w * x * x + b * x).sum()

    yield f
    f.__defaults__ = (3.0,)
    yield f
    f.__kwdefaults__ = {"b": 5.0}
    yield f
    f.__defaults__ = (np.arange(3.0),)
    yield f


@case
def default_of_a_helper_replaced():
    def scale(x, w=2.0, *, power=2):
        return w * x**power

    yield (f := lambda x: scale(x).sum())
    scale.__defaults__ = (4.0,)
    yield f
    scale.__kwdefaults__ = {"power": 3}
    yield f


@case
def default_array_mutated():
    def f(x, w=np.ones(3)):
        return (w * x * x).sum()

    yield f
    f.__defaults__[0][1] = 9.0
    yield f


@case
def default_list_mutated():
    def f(x, w=[1.0, 2.0]):  # noqa: B006
        return sum(x[k] * x[k] * v for k, v in enumerate(w))

    yield f
    f.__defaults__[0].append(4.0)
    yield f
    f.__defaults__[0][0] = -4.0
    yield f


@case
def code_of_a_helper_replaced():
    def step(x):
        return x * 2.0

    yield (f := lambda x: step(x).sum())
    step.__code__ = (lambda x: x * x).__code__
    yield f


@case
def code_of_the_function_itself_replaced():
    def f(x):
        return (x * 2.0).sum()

    yield f
    f.__code__ = (lambda x: (x * x).sum()).__code__
    yield f


@case
def attribute_of_a_function():
    def f(x):
        return (f.weight * x * x).sum()

    f.weight = 2.0
    yield f
    f.weight = 3.0
    yield f
    f.weight = np.arange(3.0)
    yield f
