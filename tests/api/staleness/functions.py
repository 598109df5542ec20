"""Callables: partials, memos, decorators, generators change what they do."""

from __future__ import annotations

import functools

import numpy as np

from . import case
from .objects import Model, Other


@case
def partial_arguments():
    def g(w, x, *, b):
        return (w * x * x + b * x).sum()

    f = functools.partial(g, 2.0, b=1.0)
    yield lambda x: f(x)
    f = functools.partial(g, 3.0, b=1.0)
    yield lambda x: f(x)


@case
def captured_partial_changes():
    weights = np.ones(3)
    g = functools.partial(np.multiply, weights)
    yield (f := lambda x: (g(x) * x).sum())
    weights[0] = 4.0
    yield f
    g.__setstate__((np.add, (weights,), {}, {}))
    yield f
    g = functools.partial(np.multiply, 2.0)
    yield f


@case
def bound_method_of_a_changing_object():
    model = Model()
    step = model.step
    yield (f := lambda x: step(x).sum())
    model.rate = 2.0
    yield f
    step = Other().step
    yield f


@case
def lru_cache_cleared():
    scale = [2.0]

    @functools.lru_cache
    def weight(n):
        return scale[0] * n

    yield (f := lambda x: (x * x).sum() * weight(3))
    scale[0] = 5.0
    yield f
    weight.cache_clear()
    yield f


@case
def memo_in_a_dict():
    memo = {}

    def power(n):
        if n not in memo:
            memo[n] = 1.0 if n == 0 else 2.0 * power(n - 1)
        return memo[n]

    yield (f := lambda x: (x * x).sum() * power(3))
    memo[3] = 5.0
    yield f
    memo.clear()
    yield f


@case
def cached_property():
    class Thing:
        def __init__(self):
            self.w = 2.0

        @functools.cached_property
        def square(self):
            return self.w**2

    thing = Thing()
    yield (f := lambda x: (x * x).sum() * thing.square)
    thing.w = 3.0
    yield f
    del thing.square
    yield f


@case
def decorated_function():
    def logged(g):
        @functools.wraps(g)
        def wrapper(*args):
            return g(*args) * wrapper.factor

        wrapper.factor = 1.0
        return wrapper

    @logged
    def f(x):
        return (x * x).sum()

    yield f
    f.factor = 3.0
    yield f


@case
def singledispatch_gains_an_implementation():
    @functools.singledispatch
    def g(x):
        return 2.0

    yield (f := lambda x: (x * g(1)).sum())
    g.register(int, lambda x: 5.0)
    yield f


@case
def generator_reads_state_late():
    items = [1.0, 2.0]

    def weights():
        for w in items:  # noqa: UP028
            yield w

    yield (f := lambda x: sum(w * (x * x).sum() for w in weights()))
    items[0] = 5.0
    yield f
    items.append(1.0)
    yield f


@case
def context_manager_reads_state():
    class Scaled:
        def __init__(self):
            self.w = 2.0

        def __enter__(self):
            return self.w

        def __exit__(self, *exc):
            return None

    scaled = Scaled()

    def f(x):
        with scaled as w:
            return (x * x * w).sum()

    yield f
    scaled.w = 4.0
    yield f
