"""Loops stay loops: one program for all lengths and trip counts, nothing unrolled."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.trace.helpers import Traced, agree, same


def taylor_sine(x):
    ans = currterm = x
    i = 0
    while abs(currterm) > 0.001:
        currterm = -currterm * x ** 2 / ((2 * i + 3) * (2 * i + 2))
        ans = ans + currterm
        i += 1
    return ans


def newton(a):
    x = a
    for _ in range(50):
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


def bisection(a):
    lo, hi = 0.0, a + 1.0
    while hi - lo > 1e-9:
        mid = 0.5 * (lo + hi)
        if mid * mid > a:
            hi = mid
        else:
            lo = mid
    return lo


def horner(x):
    total = 0.0
    for k in range(10, 0, -1):
        total = total * x + k
    return total


def while_true(x):
    n = 0
    while True:
        x = x * 0.5
        n += 1
        if x < 0.1:
            break
        if n > 20:
            break
    return x, n


def continue_and_else(x):
    s = 0.0
    for i in range(10):
        if i % 2 == 0:
            continue
        s = s + x * i
    else:
        s = s + 100
    return s


def break_with_else(x):
    for i in range(10):
        x = x + 1
        if x > 5:
            r = x * i
            break
    else:
        r = -1.0
    return r


def nested(x):
    s = 0.0
    for i in range(6):
        for j in range(i):
            s = s + x ** 2 * j
        if s > 50:
            break
    return s


def escape(x):
    z, c, n = 0j, complex(x, 0.3), 0
    while abs(z) < 2 and n < 30:
        z = z * z + c
        n += 1
    return n, z


SCALAR = [taylor_sine, newton, bisection, horner, while_true, continue_and_else, break_with_else, nested, escape]


@pytest.mark.parametrize("fn", SCALAR, ids=lambda f: f.__name__)
def test_loops_of_numbers(fn):
    traced = agree(fn, *((v,) for v in (0.9, 2.0, 0.3, 4.5, 1.5)))
    assert traced.traces == 1
    assert not traced.programs[0].reasons
    assert " = loop" in traced.text


def cumulative(x):
    s = 0
    for v in x:
        s += v * v
    return s


def recurrence(x):
    a = np.zeros(len(x))
    a[0] = x[0]
    for i in range(1, len(x)):
        a[i] = np.sin(a[i - 1]) + x[i]
    return a


def thomas(d):
    n = len(d)
    a, b, c = -np.ones(n), 2.5 * np.ones(n), -np.ones(n)
    d = d.copy()
    for i in range(1, n):
        w = a[i] / b[i - 1]
        b[i] -= w * c[i - 1]
        d[i] -= w * d[i - 1]
    x = np.zeros(n)
    x[-1] = d[-1] / b[-1]
    for i in range(n - 2, -1, -1):
        x[i] = (d[i] - c[i] * x[i + 1]) / b[i]
    return x


def heat(u):
    u = u.copy()
    for _ in range(20):
        new = u.copy()
        for i in range(1, len(u) - 1):
            new[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1])
        u = new
    return u


def heat_slices(u):
    for _ in range(30):
        u = u.copy()
        u[1:-1] += 0.1 * (u[:-2] - 2 * u[1:-1] + u[2:])
    return u


def leapfrog(q):
    p = np.zeros_like(q)
    for _ in range(10):
        p = p - 0.05 * q
        q = q + 0.1 * p
        p = p - 0.05 * q
    return q, p


def rows(x):
    total = np.zeros(3)
    for row in np.outer(x, np.arange(3.0)):
        total = total + row ** 2
    return total


def zipped(x):
    s = 0.0
    for k, (a, b) in enumerate(zip(x, x[::-1])):
        s += a * b * k
    return s


def backwards(x):
    s = 0.0
    for v in reversed(x):
        s = s * 0.5 + v
    return s


def swap_buffers(x):
    old, new = x.copy(), np.zeros_like(x)
    for _ in range(7):
        for i in range(1, len(x) - 1):
            new[i] = 0.5 * (old[i - 1] + old[i + 1])
        old, new = new, old
    return old


def dict_state(x):
    state = {"x": x.sum(), "n": 0, "v": (x[0], x)}
    for _ in range(8):
        state = {"x": state["x"] * 0.9, "n": state["n"] + 1, "v": (state["v"][0] + 1, state["v"][1] * 2)}
    return state


def mutated_dict(x):
    state = {"s": 0.0, "count": 0}
    for v in x:
        state["s"] += v
        state["count"] += 1
    return state


def object_state(x):
    class Body:
        def __init__(self):
            self.pos = 0.0
            self.trail = np.zeros(len(x))

        def move(self, k):
            self.pos = self.pos + x[k]
            self.trail[k] = self.pos

    body = Body()
    for k in range(len(x)):
        body.move(k)
    return body.pos, body.trail


def cholesky(x):
    n = len(x)
    a = np.outer(x, x) + 5 * np.eye(n)
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= low[i, k] * low[j, k]
            if i == j:
                low[i, j] = math.sqrt(s)
            else:
                low[i, j] = s / low[j, j]
    return low


def insertion_sort(x):
    a = x.copy()
    for i in range(1, len(a)):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = key
    return a


def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


def adaptive(x):
    y, t, h = x[0], 0.0, 0.5
    while t < 1.0:
        if t + h > 1.0:
            h = 1.0 - t
        k1 = -y * x[1]
        k2 = -(y + h * k1) * x[1]
        error = abs(h * (k2 - k1) / 2)
        if error < 1e-3:
            y = y + h * (k1 + k2) / 2
            t = t + h
        h = h * min(2.0, max(0.3, 0.9 * math.sqrt(1e-3 / (error + 1e-12))))
    return y


def early_exit_search(x):
    for i in range(len(x)):
        if x[i] > 2.5:
            return x[i] * i
    return -1.0


def max_subarray(x):
    best = x[0]
    here = x[0]
    for v in x[1:]:
        here = max(v, here + v)
        best = max(best, here)
    return best


ARRAYS = [cumulative, recurrence, thomas, heat, heat_slices, leapfrog, rows, zipped, backwards, swap_buffers, dict_state,
          mutated_dict, object_state, cholesky, insertion_sort, rosenbrock, adaptive, early_exit_search, max_subarray]


@pytest.mark.parametrize("fn", ARRAYS, ids=lambda f: f.__name__)
def test_loops_over_arrays(fn):
    rng = np.random.default_rng(0)
    traced = agree(fn, *((rng.uniform(0.5, 3.0, n),) for n in (5, 7, 6)))
    assert traced.traces == 1
    assert not traced.programs[0].reasons
    assert " = loop" in traced.text


def test_a_loop_that_touches_nothing_traced_is_just_run():
    def f(x):
        names = []
        for i in range(10):
            names.append(f"k{i}")
        return x * len(names)

    traced = agree(f, (2.0,))
    assert " = loop" not in traced.text


def test_layers_of_different_shapes_unroll():
    def f(x):
        rng = np.random.RandomState(0)
        layers = [rng.randn(3, 6), rng.randn(6, 4), rng.randn(4, 4), rng.randn(4, 2), rng.randn(2, 2)]
        for w in layers:
            x = np.tanh(x @ w)
        return x

    layers = [np.ones((3, 6)), np.ones((6, 4)), np.ones((4, 2)), np.ones((2, 2)), np.ones((2, 1))]

    def g(x):
        for i in range(len(layers)):
            x = np.tanh(x @ layers[i])
        return x

    agree(g, (np.arange(3.0),), (np.arange(3.0) + 1,))


def test_widening_of_carried_numbers():
    def f(x):
        s = 0
        for i in range(len(x)):
            s += x[i]
        return s

    traced = agree(f, (np.arange(6.0),))
    assert traced.traces == 1
    assert same(traced(np.arange(9.0)), np.float64(36.0))


def test_a_million_iterations_are_traced_once():
    def f(x, n):
        for _ in range(n):
            x = x * 0.999999
        return x

    from bcad.trace import trace

    short, long = (len(trace(f, (1.0, n)).graph.nodes) for n in (10, 1_000_000))
    assert short == long < 10


def test_list_accumulators():
    def f(x):
        out = []
        for v in x:
            out.append(v ** 2)
        return np.array(out), sum(out), len(out)

    Traced(f)(np.arange(5.0))


# -- lists that loops append to ------------------------------------------------------------------------
def appended(x):
    out = []
    for v in x:
        out.append(v ** 2)
    return np.array(out)


def appended_list(x):
    out = [0.0]
    s = 0.0
    for i in range(len(x)):
        s = s + x[i]
        out.append(s)
    out.append(-1.0)
    return out


def appended_rows(x):
    rows = []
    y = x
    for _ in range(7):
        y = np.sin(y)
        rows.append(y)
    return np.stack(rows), rows[-1], rows[2], len(rows)


def history_of_while(x):
    trace, y = [], x[0] + 1
    while y > 0.2:
        y = y / 2
        trace.append(y)
    return trace, len(trace)


def comprehension(x):
    return np.array([v * 2 for v in x]) + sum([v for v in x])


def tuples_appended(x):
    out = []
    for i, v in enumerate(x):
        out.append((i, v * 2))
    return out


def loop_over_appended(x):
    out = []
    for v in x:
        out.append(v * 3)
    s = 0.0
    for w in out:
        s = s + w ** 2
    return s


def row_lists(x):
    rows = []
    for i in range(len(x)):
        row = [x[i] * v for v in x]
        rows.append(np.array(row))
    return np.array(rows)


def concatenated(x):
    out = [x[0]]
    for v in x:
        out.append(out_of(v))
    return np.array(out)


def out_of(v):
    return v if v > 1 else 2 * v


@pytest.mark.parametrize("fn", [appended, appended_list, appended_rows, history_of_while, comprehension, tuples_appended,
                                loop_over_appended, row_lists, concatenated], ids=lambda f: f.__name__)
def test_lists_as_accumulators(fn):
    rng = np.random.default_rng(1)
    traced = agree(fn, *((rng.uniform(0.5, 3.0, n),) for n in (5, 8, 6)))
    assert traced.traces == 1, traced.programs[0].explain()
    assert not traced.programs[0].reasons
    assert " = loop" in traced.text


def test_a_list_read_while_it_grows_is_unrolled():
    def f(x):
        out = [x[0]]
        for v in x[1:]:
            out.append(out[-1] * v)
        return np.array(out)

    agree(f, (np.arange(1.0, 8.0),), (np.arange(1.0, 8.0) * 2,))


def test_history_kept_outside():
    history = []

    def f(x):
        for _ in range(6):
            x = x * 0.5
            history.append(x)
        return x

    traced = Traced(f)
    traced(2.0)
    traced(3.0)
    assert history == [2.0 * 0.5 ** k for k in range(1, 7)] + [3.0 * 0.5 ** k for k in range(1, 7)]
    assert traced.traces == 1


def test_aliases_of_a_carried_array_see_its_writes():
    def f(x):
        a = np.zeros(len(x))
        b = a
        for i in range(len(x)):
            a[i] = x[i] * 2
        return a, b

    def g(x):
        a = np.zeros(len(x))
        held = {"a": a}
        for i in range(len(x)):
            a = a + 1
            a[i] = x[i]
        return a, held["a"]

    def h(x):
        a = np.zeros(len(x))
        b = a
        for i in range(len(x)):
            a[i] = x[i]
            a = a + 1
        return a, b

    for fn in (f, g, h):
        agree(fn, (np.arange(5.0),), (np.arange(6.0),))


def test_a_view_carried_through_a_loop_writes_through():
    def f(x):
        a = np.zeros((2, len(x)))
        row = a[1]
        for i in range(len(x)):
            row[i] = x[i] + a[1, i - 1]
        return a

    assert agree(f, (np.arange(5.0),), (np.arange(7.0),)).traces == 1


def test_an_array_that_gets_shorter_by_a_mask() -> None:
    def clipped(x):
        c, delta = x, 1
        while delta:
            size = c.size
            c = c[np.abs(c - c.mean()) < 1.3 * c.std()]
            delta = size - c.size
        return c.sum()

    rng = np.random.default_rng(0)
    agree(clipped, *((rng.normal(size=n),) for n in (8, 8, 12)))
