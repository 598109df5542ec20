"""Loops over generators that are left early, and iterators that others hold: one program where it can be, never a wrong one."""

# ruff: noqa: UP028
from __future__ import annotations

import contextlib
import itertools

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced, agree, same

X = np.random.default_rng(0).normal(size=9)
CALLS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:], np.abs(X) + 0.1, -np.abs(X) - 0.1)


def any_cond(x):
    s = 0.0
    for i in range(len(x)):
        if any(x[j] > 0.5 for j in range(i) if j % 2 == 0):
            s += x[i]
    return s


def all_cond(x):
    s = 0.0
    if all(v > -1.0 for v in x if v < 0.3):
        s += 2.0 * x[0]
    return s + x[-1]


def any_two(x):
    s = x[0]
    if any(a * b > 1.0 for a in x for b in x):
        s = s * 2
    return s


def any_call(x):

    def g(x):
        for i in range(len(x)):
            yield (x[i] > 1.0)
    return x[1] * 2 if any(g(x)) else x[1]


def next_gen(x):
    return next((v for v in x if v > 0.2), 7.0) * x[0]


def next_gen_idx(x):
    k = next((i for i, v in enumerate(x) if v > 0.2), -1)
    return x[k] * 3


def next_loop(x):
    s = 0.0
    for i in range(len(x)):
        s += next((v for v in x if v > x[i]), 0.0)
    return s


def gen_break(x):

    def g(x):
        t = 0.0
        for v in x:
            t += v
            yield t
    s = 0.0
    for c in g(x):
        if c > 1.5:
            break
        s += c
    return s


def gen_break_inf(x):

    def g(a):
        while True:
            yield a
            a = a * 0.7
    s = 0.0
    for c in g(x[0]):
        if abs(c) < 0.001:
            break
        s += c
    return s


def gen_return(x):

    def g(x):
        for v in x:
            yield (v * v)
    for k, c in enumerate(g(x)):
        if c > 1.0:
            return c * k
    return -x[0]


def gen_else(x):

    def g(x):
        for v in x:
            yield (v * v)
    s = 0.0
    for c in g(x):
        if c > 3.0:
            break
        s += c
    else:
        s += 100 * x[0]
    return s


def gen_islice(x):

    def g(a):
        while True:
            yield a
            a = a * 0.9
    return sum(itertools.islice(g(x[0]), len(x)))


def expr_if_break(x):
    s = 0.0
    for v in (w * w for w in x if w > 0):
        if v > 2.0:
            break
        s += v
    return s


def count_loop(x):
    s = 0.0
    for k in itertools.count():
        if k >= len(x) or x[k] > 1.2:
            break
        s += x[k] * k
    return s


def gen_ret_merged(x):

    def inner(x):
        for v in x:
            yield v
        if x[0] > 0:
            return x[0]
        return x[1] * 2

    def g(x):
        r = (yield from inner(x))
        yield (r * 10)
    s = 0.0
    for v in g(x):
        s += v
    return s


def gen_last(x):

    def g(x):
        for v in x:
            yield (v * v)
    for c in g(x):
        y = c * 2
        if c > 0.5:
            break
    return y


def gen_maybe_unset(x):

    def g(x):
        for v in x:
            yield (v * v)
    for c in g(x):
        if c > 0.5:
            y = c * 2
            break
    else:
        y = -1.0
    return y


def gen_with_state(x):
    st = {'n': 0.0}

    def g(x):
        for v in x:
            st['n'] += v
            yield (v * v)
            st['n'] += 100
    s = 0.0
    for c in g(x):
        s += c
        if c > 0.5:
            break
    return s + st['n']


def gen_held_next(x):

    def g(x):
        for v in x:
            yield (v * v)
    it = g(x)
    a = next(it)
    b = next(it)
    for c in it:
        if c > 0.5:
            return a + b + c
    return a - b


def gen_nested_break(x):

    def g(x):
        for i in range(len(x)):
            for j in range(i):
                yield (x[i] * x[j])
    s = 0.0
    for c in g(x):
        if c > 1.0:
            break
        s += c
    return s


def gen_yield_from_break(x):

    def h(v):
        for k in range(3):
            yield (v * k)

    def g(x):
        for v in x:
            yield from h(v)
    s = 0.0
    for c in g(x):
        if c > 2.0:
            break
        s += c
    return s


def gen_yield_from_arr(x):

    def g(x):
        yield x[0]
        yield from x
        yield x[1]
    s = 0.0
    for c in g(x):
        s += c
        if s > 1:
            break
    return s


def gen_straight(x):

    def g(x):
        yield x[0]
        yield x[1]
        yield (x[2] * x[2])
        yield x[3]
    s = 0.0
    for c in g(x):
        s += c
        if s > 0.7:
            break
    return s


def gen_in_loop(x):

    def g(a):
        while a > 0.01:
            yield a
            a = a * 0.5
    s = 0.0
    for v in x:
        for c in g(v * v):
            if c < 0.1:
                break
            s += c
    return s


def gen_two_ways(x):

    def g(x):
        for v in x:
            yield v
    s = 0.0
    for c in g(x):
        if c > 1:
            return s * 2
        if c < -1:
            break
        s += c
    else:
        return s + 10
    return s - 10


def gen_zip_infinite(x):

    def g(a):
        while True:
            yield a
            a = a * 0.9 + 0.1
    s = 0.0
    for v, w in zip(x, g(x[0])):
        s += v * w
    return s


def gen_zip_infinite_first(x):
    n = {'k': 0}

    def g(a):
        while True:
            n['k'] += 1
            yield a
            a = a * 0.9 + 0.1
    s = 0.0
    for w, v in zip(g(x[0]), x):
        s += v * w
    return s + n['k']


def gen_zip_infinite_second(x):
    n = {'k': 0}

    def g(a):
        while True:
            n['k'] += 1
            yield a
            a = a * 0.9 + 0.1
    s = 0.0
    for v, w in zip(x, g(x[0])):
        s += v * w
    return s + n['k']


def gen_enum_break(x):

    def g(x):
        for v in x:
            yield v
    s = 0.0
    for k, c in enumerate(g(x), 3):
        if c > 1:
            break
        s += c * k
    return s + k


def find_first(x):

    def first(p, it):
        for v in it:
            if p(v):
                return v
        return None
    r = first(lambda v: v > 0.6, (v * v for v in x if v < 1.0))
    return -1.0 if r is None else r * x[0]


def list_left(x):
    out = []

    def g(x):
        for v in x:
            yield v
    for c in g(x):
        if c > 1:
            break
        out.append(c * c)
    return sum(out) + len(out)


def gen_append_inside(x):
    out = []

    def g(x):
        for v in x:
            out.append(v)
            yield v
    for c in g(x):
        if c > 1:
            break
    return sum(out) * 2


def gen_tuple_state(x):

    def pairs(x):
        for i in range(len(x) - 1):
            yield (x[i], x[i + 1])
    best = None
    for a, b in pairs(x):
        if a > b:
            best = (a, b)
            break
    return 0.0 if best is None else best[0] - best[1]


def any_gen_zip(x):
    return x[0] if any((a > b for a, b in zip(x, x[1:]) if a > 0)) else -x[0]


def sorted_check(x):
    return x.sum() if all(x[i] <= x[i + 1] for i in range(len(x) - 1) if x[i] > -5) else -x[0]


def zip_count(x):
    s = 0.0
    for k, a in zip(itertools.count(1), x):
        s += a * k
    return s


def count_step(x):
    s = 0.0
    for k in itertools.count(2, -3):
        if k < -len(x):
            break
        s += x[k % len(x)] * k
    return s


def count_while(x):
    a = x[0]
    for k in itertools.count():
        b = 0.5 * a + 0.1
        if abs(b - a) < 1e-06:
            return b * k
        a = b


def count_else(x):
    a = x[0]
    for k in itertools.count():
        a = a * 0.5
        if abs(a) < 1e-06:
            break
    else:
        a = 100.0
    return a + k


def count_grow(x):
    h = []
    a = x[0]
    for k in itertools.count():
        a = a * 0.5
        if abs(a) < 0.001:
            break
        h.append(a * k)
    return sum(h) + len(h)


def gen_count(x):
    return next(k for k in itertools.count() if k * 0.3 > x[0]) * x[1]


def next_none(x):
    m = next((k for k in range(len(x)) if x[k] > 1.0), None)
    if m is None:
        return x[0]
    return x[m] * m


def next_loop_default(x):
    s = 0.0
    for i in range(len(x)):
        j = next((j for j in range(i + 1, len(x)) if x[j] > x[i]), len(x))
        s += (j - i) * x[i]
    return s


def any_gen_method(x):

    class A:

        def __init__(s, x):
            s.x = x

        def __iter__(s):
            for v in s.x:
                yield v
    s = 0.0
    for v in A(x):
        if v > 1:
            break
        s += v
    return s if any(v < 0 for v in A(x) if v > -1) else -s


def gen_of_gen(x):

    def a(x):
        for v in x:
            yield v

    def b(x):
        for v in a(x):
            if v > 0:
                yield (v * 2)
    s = 0.0
    for c in b(x):
        s += c
        if s > 2:
            break
    return s


def gen_of_gen_inner_break(x):

    def a(x):
        for v in x:
            yield v

    def b(x):
        for v in a(x):
            if v > 1:
                return
            yield (v * 2)
    s = 0.0
    for c in b(x):
        s += c
        if s < -2:
            break
    return s


def islice_len(x):

    def a(v):
        while True:
            yield v
            v = v * 0.5
    return sum(itertools.islice(a(x[0]), len(x)))


def islice_side(x):
    n = []

    def a(v):
        while True:
            n.append(v)
            yield v
            v = v * 0.5
    s = sum(itertools.islice(a(x[0]), 5))
    return s + len(n)


def nested_breaks(x):

    def a(x):
        for v in x:
            yield v
    s = 0.0
    for u in a(x):
        for v in a(x):
            if v > u:
                break
            s += v * u
        if s > 5:
            break
    return s


def carried_int(x):

    def a(n):
        for i in range(n):
            yield (i * i)
    k = 0
    for k in a(len(x)):
        if k > 20:
            break
    return x[0] * k


def write_array(x):
    y = np.zeros(len(x))

    def a(x):
        for i in range(len(x)):
            y[i] = x[i] * 2
            yield i
            y[i] += 100
    for i in a(x):
        y[i] += 1
        if y[i] > 2:
            break
    return y


def return_arr(x):

    def a(x):
        for i in range(len(x)):
            yield (x * i)
    for r in a(x):
        if r.sum() > 3:
            return r
    return x


def return_tuple(x):

    def a(x):
        for i in range(len(x)):
            yield x[i]
    for k, r in enumerate(a(x)):
        if r > 1:
            return (r, k)
    return (x[0], -1)


def gen_zip_short(x):

    def g(x):
        for v in x:
            yield (v * 2)
    s = 0.0
    for a, b in zip(g(x), x[1:]):
        s += a * b
    return s


def gen_zip_break(x):

    def g(x):
        for v in x:
            yield v
    s = 0.0
    for a, c in zip(x[1:], g(x)):
        if a > c + 1:
            break
        s += c * a
    return s


def gen_finally(x):
    log = []

    def g(x):
        try:
            for v in x:
                yield (v * v)
        finally:
            log.append(x[0])
    s = 0.0
    for c in g(x):
        if c > 0.5:
            break
        s += c
    return s + len(log)


def gen_held(x):

    def g(x):
        for v in x:
            yield (v * v)
    s = 0.0
    it = g(x)
    for c in it:
        if c > 0.5:
            break
        s += c
    for c in it:
        s -= c
    return s


def gen_raise(x):

    def g(x):
        for v in x:
            if v > 1.2:
                raise ValueError('v')
            yield v
    s = 0.0
    try:
        for c in g(x):
            s += c
            if s > 2:
                break
    except ValueError:
        s = -s
    return s


def gen_send(x):

    def g(x):
        t = 0.0
        for v in x:
            r = (yield (v + t))
            if r is not None:
                t = r
    it = g(x)
    s = next(it)
    try:
        while True:
            s = it.send(s * 0.5)
    except StopIteration:
        pass
    return s


def held_range(x):
    it = iter(range(20))
    s = 0.0
    for k in it:
        s += x[k % 5]
        if s > 1.0:
            break
    for k in it:
        s += k
    return s


def held_range2(x):
    it = iter(range(20))
    s = 0.0
    for k in it:
        s += x[k % 5]
    for k in it:
        s += k
    return s


def zip_held_range(x):
    it = iter(range(30))
    s = 0.0
    for a, k in zip(x, it):
        s += a * k
    return s + next(it)


def zip_held_range2(x):
    it = iter(range(30))
    s = 0.0
    for k, a in zip(it, x):
        s += a * k
    return s + next(it)


def map_held(x):
    it = iter(range(30))
    s = 0.0
    for a in map(lambda k, v: k * v, it, x):
        s += a
    return s + next(it)


def zip_held_count(x):
    c = itertools.count()
    s = 0.0
    for k, a in zip(c, x):
        s += a * k
    return s + next(c)


def zip_held_count2(x):
    c = itertools.count()
    s = 0.0
    for a, k in zip(x, c):
        s += a * k
    return s + next(c)


def held_count(x):
    c = itertools.count()
    s = 0.0
    for k in c:
        if k >= len(x):
            break
        s += x[k] * k
    return s + next(c)


def count_float(x):
    s = 0.0
    for k in itertools.count(0.5):
        if k >= len(x):
            break
        s += x[0] * k
    return s


def count_traced(x):
    s = 0.0
    for k in itertools.count(len(x)):
        if k >= 3 * len(x):
            break
        s += x[0] * k
    return s


def next_count(x):
    c = itertools.count(5)
    s = 0.0
    for v in x:
        s += v * next(c)
    return s


def gen_next_in_body(x):

    def g(x):
        for v in x:
            yield (v * v)
    it = g(x)
    s = 0.0
    for c in it:
        s += c - 0.5 * next(it, 0.0)
    return s


def expr_next_in_body(x):
    it = (v * v for v in x)
    s = 0.0
    for c in it:
        s += c - 0.5 * next(it, 0.0)
    return s


def expr_held_break(x):
    it = (v * v for v in x)
    s = 0.0
    for c in it:
        if c > 0.5:
            break
        s += c
    for c in it:
        s -= c
    return s


def callers_hold(x):
    it = iter(range(20))

    def f():
        for k in it:
            if x[k % 5] > 0.2:
                return k
        return 0
    return f() * x[0] + f() * x[1]


def stored_iter(x):
    d = {'it': iter(range(20))}
    s = 0.0
    for k, v in zip(d['it'], x):
        s += k * v
    return s + next(d['it'])


def same_twice(x):
    it = iter(range(40))
    s = 0.0
    for a, b, v in zip(it, it, x):
        s += (a - b) * v * a
    return s


def arr_iter_held(x):
    it = iter(x)
    s = 0.0
    for v in it:
        if v > 0.5:
            break
        s += v
    for v in it:
        s -= 2 * v
    return s


def next_twice(x):
    it = (v for v in x if v > 0)
    return next(it, 1.0) * next(it, 2.0)


def next_stop(x):
    it = (v for v in x if v > 1.3)
    try:
        return next(it) * 2
    except StopIteration:
        return x[0]


def first_return(x):

    def a(x):
        for v in x:
            if v > 0.3:
                yield v
    for v in a(x):
        return v * 2
    return -1.0


def try_loop(x):

    def a(x):
        for v in x:
            try:
                yield v
            except GeneratorExit:
                raise
    s = 0.0
    for v in a(x):
        if v > 1:
            break
        s += v
    return s


def with_gen(x):
    log = []

    @contextlib.contextmanager
    def cm():
        log.append(1.0)
        yield x[0]
        log.append(2.0)

    def a(x):
        with cm() as w:
            for v in x:
                yield (v * w)
    s = 0.0
    for v in a(x):
        if v > 1:
            break
        s += v
    return s + sum(log)


def lst_of_gen(x):
    gens = [(v * k for v in x) for k in range(3)]
    s = 0.0
    for g in gens:
        for v in g:
            if v > 0.5:
                break
            s += v
    for g in gens:
        for v in g:
            s -= v
    return s


def while_next(x):

    def a(x):
        for v in x:
            yield v
    it = a(x)
    s = 0.0
    while True:
        v = next(it, None)
        if v is None:
            break
        s += v
    return s


def islice_start(x):

    def a(x):
        for v in x:
            yield v
    return sum(itertools.islice(a(x), 1, 4))


UNIFORM = [
    any_cond, all_cond, any_two, any_call, next_gen, next_gen_idx, next_loop, gen_break,
    gen_break_inf, gen_return, gen_else, gen_islice, expr_if_break, count_loop, gen_ret_merged, gen_last,
    gen_maybe_unset, gen_with_state, gen_held_next, gen_nested_break, gen_yield_from_break, gen_yield_from_arr, gen_straight, gen_in_loop,
    gen_two_ways, gen_zip_infinite, gen_zip_infinite_first, gen_zip_infinite_second, gen_enum_break, find_first, list_left, gen_append_inside,
    gen_tuple_state, any_gen_zip, sorted_check, zip_count, count_step, count_while, count_else, count_grow,
    gen_count, next_none, next_loop_default, any_gen_method, gen_of_gen, gen_of_gen_inner_break, islice_len, islice_side,
    nested_breaks, carried_int, write_array, return_arr, return_tuple,
]
HELD_TO = [
    gen_zip_short, gen_zip_break, gen_finally, gen_held, gen_raise, gen_send, held_range, held_range2,
    zip_held_range, zip_held_range2, map_held, zip_held_count, zip_held_count2, held_count, count_float, count_traced,
    next_count, gen_next_in_body, expr_next_in_body, expr_held_break, callers_hold, stored_iter, same_twice, arr_iter_held,
    next_twice, next_stop, first_return, try_loop, with_gen, lst_of_gen, while_next, islice_start,
]


@pytest.mark.parametrize("fn", UNIFORM)
def test_one_program_for_every_way_out(fn) -> None:
    traced = Traced(fn)
    for x in CALLS:
        assert same(traced(x), fn(x))
    assert traced.traces == 1
    assert traced.programs[0].reasons == []


@pytest.mark.parametrize("fn", HELD_TO)
def test_what_somebody_else_may_still_ask_for_is_not_lost(fn) -> None:
    agree(fn, *((x,) for x in CALLS))


COMPILED = [any_cond, next_loop, gen_break, gen_two_ways, gen_yield_from_break, gen_zip_infinite, count_grow, next_loop_default]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("fn", COMPILED)
def test_the_gradient_is_that_of_the_call(fn, backend) -> None:
    with bcad.options.set(backend=backend):
        gradient = bcad.grad(fn)
        for x in CALLS[:3]:
            expected = reference.jacobian(fn, (x,), shorter=2.0**-8)
            assert not expected.disagreement(gradient(x), rtol=1e-5)


def test_the_second_derivative_of_a_search_that_is_left_early() -> None:
    def f(x):
        return next((v for v in x if v > 0.2), 7.0) ** 2 * x[0]

    for x in CALLS[:2]:
        expected = np.zeros((x.size, x.size))
        k = next(k for k, v in enumerate(x) if v > 0.2)
        expected[k, k] += 2 * x[0]
        expected[0, k] += 2 * x[k]
        expected[k, 0] += 2 * x[k]
        np.testing.assert_allclose(bcad.hessian(f)(x), expected)


def test_a_search_that_finds_nothing_raises_what_python_raises() -> None:
    f = bcad.Function(lambda x: next(v for v in x if v > 1.0) * 2, backend="numpy")
    assert f(np.array([0.0, 2.0, 3.0])) == 4.0
    with pytest.raises(StopIteration):
        f(np.array([0.0, 0.5, 0.75]))
