"""Generators in traced code: their own loops are kept where a loop uses them up, and nothing is lost where they are not."""

# ruff: noqa: UP028
from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced, agree

X = np.random.default_rng(0).normal(size=9)
LENGTHS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:])


def _g(x):
    for i in range(len(x)):
        yield (x[i] * i)


def gen_for(x):
    s = 0.0
    for v in _g(x):
        s += v * v
    return s


def gen_sum(x):
    return sum(_g(x))


def gen_list(x):
    return np.array(list(_g(x))) @ x


def gen_zip(x):
    s = 0.0
    for a, b in zip(_g(x), x):
        s += a * b
    return s


def _fib(x):
    a, b = (x[0], x[1])
    for v in x:
        yield a
        a, b = (b, 0.5 * a + v * b)


def gen_state(x):
    s = 0.0
    for k, v in enumerate(_fib(x)):
        s += v * k
    return s


def genexpr_if(x):
    return sum(v * v for v in x if v > 0)


def genexpr_2(x):
    return sum(a * b for a in x for b in x[1:])


def any_early(x):
    return x[0] * 2 if any(v > 1.0 for v in x) else x[1] * 3


def all_early(x):
    return x[0] * 2 if all(v > -1.0 for v in x) else x[1] * 3


def accumulate(x):
    return sum(v * v for v in itertools.accumulate(x))


def accumulate_f(x):
    return np.array(list(itertools.accumulate(x, lambda a, b: 0.5 * a + b * b))) @ x


def writes(x):
    y = x * 1.0

    def g():
        for i in range(len(y)):
            yield y[i]
    s = 0.0
    for k, v in enumerate(g()):
        s += v
        if k + 1 < len(y):
            y[k + 1] += v
    return s + y[-1]


def gen_effects(x):
    log = []

    def g():
        for v in x:
            log.append(v)
            yield (v * len(log))
    s = 0.0
    for v in g():
        s += v * log[-1]
    return s + len(log)


def islice_inf(x):
    return sum(a for a in itertools.islice(itertools.count(x[0]), 4))


def cond_yield(x):

    def g():
        for i in range(len(x)):
            if x[i] > 0:
                yield (x[i] * i)
            elif x[i] < -0.5:
                yield (-x[i])
                yield 1.0
    out = []
    for v in g():
        out.append(v)
    return sum(out) * len(out)


def nested(x):

    def g(y):
        for v in y:
            yield (v + 1)

    def h(y):
        for v in g(y):
            for w in g(y):
                yield (v * w)
    return sum(h(x))


def yfrom(x):

    def g():
        yield from x
        yield from (v * v for v in x)
        yield x[0]
    return sum(v * 2 for v in g())


def recur(x):

    def tree(lo, hi):
        if hi - lo <= 1:
            yield x[lo]
            return
        m = (lo + hi) // 2
        yield from tree(lo, m)
        yield from tree(m, hi)
    return sum((v * i for i, v in enumerate(tree(0, 4))))


def ret_gen(x):

    def g():
        s = 0.0
        for v in x:
            s += v
            yield s
        return s

    def h():
        r = (yield from g())
        yield (r * 10)
    return sum(h())


def acc_max(x):
    return sum(itertools.accumulate(x, max))


def acc_mul(x):
    return np.array(list(itertools.accumulate(x, lambda a, b: a * b, initial=1.0))).sum()


def chained(x):
    return sum((v * i for i, v in enumerate(itertools.chain(x, x[1:], [1.0]))))


def takew(x):
    return sum(v * v for v in itertools.takewhile(lambda v: v < 1.0, x))


def filt(x):
    return sum(filter(lambda v: v > 0, x))


def starm(x):
    return sum(itertools.starmap(lambda a, b: a * b, zip(x, x[1:])))


def maxgen(x):
    return max(v * v for v in x) - min((v + 1) ** 2 for v in x if v > -10)


def redg(x):
    return functools.reduce(lambda a, b: a * 0.5 + b, (v * v for v in x))


def loopvar_after(x):

    def g():
        for v in x:
            yield v
    for w in g():
        pass
    return w * 2


def array_acc(x):

    def g():
        for v in x:
            yield (v * x)
    t = np.zeros(len(x))
    for r in g():
        t += r
    return t @ x


def try_finally(x):

    def g():
        try:
            for v in x:
                yield v
        finally:
            pass
    return sum(g())


def combos3(x):
    return sum((a * b * c for a, b, c in itertools.combinations(x, 3)))


def perms(x):
    return sum((a * b * b for a, b in itertools.permutations(x, 2)))


def cwr(x):
    return sum((a * b for a, b in itertools.combinations_with_replacement(x, 2)))


def compr_if(x):
    return np.sum(np.array([v * v for v in x if v > 0]))


def compr_2(x):
    return sum([a * b for a in x for b in x if a > b])


def cls_iter(x):

    class It:

        def __init__(s, y):
            s.y = y

        def __iter__(s):
            for v in s.y:
                yield (v * 3)
    return sum(v for v in It(x))


def gen_raises(x):

    def g():
        for v in x:
            if v > 100:
                raise ValueError('big')
            yield v
    return sum(g())


def zip_long(x):

    def g():
        for v in x[1:]:
            yield v
    s = 0.0
    for b, a in zip(x, g()):
        s += a * b
    return s


UNIFORM = [
    gen_for, gen_sum, gen_list, gen_zip, gen_state, genexpr_if, genexpr_2, any_early, all_early, accumulate, accumulate_f, writes, gen_effects, islice_inf, cond_yield, nested, yfrom, recur, ret_gen, acc_max, acc_mul, chained, takew, filt, starm, maxgen, redg, loopvar_after, array_acc, try_finally, combos3, perms, cwr, compr_if, compr_2, cls_iter, gen_raises, zip_long
]


@pytest.mark.parametrize("fn", UNIFORM)
def test_one_program_for_every_length(fn) -> None:
    traced = Traced(fn)
    for x in LENGTHS:
        np.testing.assert_allclose(traced(x.copy()), fn(x.copy()), rtol=1e-10)
    assert traced.traces == 1
    assert [reason for p in traced.programs for reason in p.reasons] == []


@pytest.mark.parametrize("fn", [gen_state, cond_yield, gen_effects, accumulate_f, takew, combos3, yfrom])
def test_the_gradient_is_that_of_the_call(fn) -> None:
    gradient = bcad.grad(fn)
    for x in LENGTHS[:2]:
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(gradient(x), rtol=1e-6)


# -- what is used up elsewhere, left early or fed -------------------------------------------------------------
def shared_gen(x):
    g = (v * v for v in x)
    if x[0] > 0:
        s = sum(g)
    else:
        s = x[1]
    return s + sum(g)


def next_in_loop(x):
    g = (v * v for v in x)
    s = 0.0
    for i in range(len(x)):
        s += next(g) * i
    return s


def outer_gen_inner_loop(x):

    def g():
        for v in x:
            yield (v * 2)
    h = g()
    s = 0.0
    for i in range(3 * len(x)):
        for v in h:
            s += v * (i + 1)
    return s


def brk(x):

    def g():
        for v in x:
            yield (v * 2)
    s = 0.0
    for v in g():
        if v > 1:
            break
        s += v
    return s


def brk_rest(x):

    def g():
        for v in x:
            yield (v * 2)
    h = g()
    s = 0.0
    for v in h:
        if v > 1:
            break
        s += v
    for v in h:
        s += 10 * v
    return s


def any_rest(x):
    h = (v for v in x)
    s = 0.0
    if any(v > 1 for v in h):
        s += 1
    for v in h:
        s += 10 * v
    return s


def any_rest2(x):
    h = (v > 0.5 for v in x)
    s = 0.0
    if any(h):
        s += x[0]
    for v in h:
        s += 10 * v * x[1]
    return s


def fib_inf(x):

    def fib():
        a, b = (0.0, 1.0)
        while True:
            yield a
            a, b = (b, (a + b) * 0.5)
    s = 0.0
    for a, v in zip(fib(), x):
        s += a * v
    return s


def send_gen(x):

    def avg():
        t = 0.0
        n = 0
        v = None
        while True:
            v = (yield (t / n if n else 0.0))
            t += v
            n += 1
    a = avg()
    next(a)
    s = 0.0
    for v in x:
        s += a.send(v)
    return s


def dictgen(x):
    d = dict(((i, v) for i, v in enumerate(x)))
    return d[0] * 2


def zip_short(x):

    def g():
        for v in x:
            yield v
    s = 0.0
    for a, b in zip(g(), x[2:]):
        s += a * b
    return s


@pytest.mark.parametrize("fn", [shared_gen, next_in_loop, outer_gen_inner_loop, brk, brk_rest, any_rest, any_rest2, fib_inf, send_gen, dictgen, zip_short])
def test_nothing_is_lost_where_a_generator_is_run_item_by_item(fn) -> None:
    agree(fn, *((x.copy(),) for x in LENGTHS))


def closed_by_a_loop(x):
    g = (v * v for v in x)
    first = sum(g)
    return first, list(g), next(g, -1.0)


def test_a_generator_that_was_used_up_is_empty() -> None:
    agree(closed_by_a_loop, (X,), (X[:4].copy(),))


@pytest.mark.parametrize("take, taken", [
    (lambda test: all(test(a) for a in [0, 1, 2]), [0]), (lambda test: all(test(a) for a in (1, 2, 0, 3)), [1, 2, 0]),
    (lambda test: any(test(a) for a in [0, 5, 1]), [0, 5]), (lambda test: any(test(a) for a in "ab"), ["a"]),
    (lambda test: next(test(a) for a in [1, 2]), [1]), (lambda test: any(test(a) for a in {7: 0, 8: 0}), [7]),
])  # fmt: skip
def test_a_generator_left_early_loses_no_items_in_an_attempt(take, taken):
    """The attempt to keep its loop took the first item of a native iterator for good: all() of a False first was True."""
    seen = []

    def f(x):
        own = []

        def test(a):
            own.append(a)
            return a

        assert bool(take(test)) is (taken[-1] not in (0,)) and own == taken, own
        seen.append(own)
        return np.sum(x * len(own))

    np.testing.assert_array_equal(bcad.grad(f)(np.ones(2)), np.full(2, float(len(taken))))
    assert seen == [taken]
