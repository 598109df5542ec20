"""Lists that grow on one way only, by several items a round, or in nested loops: their length is the run's affair."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import grad, hessian_vector_product
from tests.trace.helpers import Traced, agree, same

SEEN: list[float] = []


def positives(x):
    return sum([v * v for v in x if v > 0], start=0.0)


def positives_as_array(x):
    return np.array([0.0, *[v * v for v in x if v > 0]]).sum()


def conditional_append(x):
    out = [x[0]]
    for i in range(1, len(x)):
        if x[i] > x[i - 1]:
            out.append(x[i] ** 2)
    return np.array(out).sum() * len(out)


def two_ways(x):
    low, high = [], []
    for v in x:
        if v > 0.5:
            high.append(v * 2)
        else:
            low.append(v * 3)
    return sum(low, 0.0) - 2 * sum(high, 0.0) + len(low)


def different_numbers(x):
    out = []
    for v in x:
        if v > 0.5:
            out.append(v)
            out.append(v**2)
        else:
            out.append(-v)
    return sum(out, start=0.0)


def two_a_round(x):
    out = []
    for v in x:
        out.append(v)
        out.append(2 * v)
    return np.array(out) @ np.arange(2 * len(x))


def extend_a_round(x):
    out = [1.0]
    for v in x:
        out += [v, v * v, 3.0]
    return np.array(out).sum() * out[-1]


def nested(x):
    out = []
    for a in x:
        for b in x:
            out.append(a * b)
    return np.array(out) @ np.arange(len(x) ** 2)


def nested_comprehension(x):
    return np.sum([a * b * b for a in x for b in x])


def triangle(x):
    out = []
    for i in range(len(x)):
        for j in range(i):
            out.append(x[i] * x[j])
    return sum(out, start=0.0)


def nested_with_condition(x):
    return sum([a * b for a in x for b in x if a > b], start=0.0)


def before_a_break(x):
    out = []
    for v in x:
        if v > 1.2:
            break
        out.append(v**2)
    return sum(out, start=0.0)


def before_a_return(x):
    out = []
    for v in x:
        if v > 1.2:
            return sum(out, start=0.0)
        out.append(v**2)
    return np.array(out).sum() * 2


def rows(x):
    out = []
    for v in x:
        if v > 0.5:
            out.append(x * v)
    return sum([r.sum() for r in out]) + x[0]


def tuples(x):
    out = []
    for i, v in enumerate(x):
        if v > 0.5:
            out.append((i, v))
    return sum([i * v for i, v in out], start=0.0)


def one_more_now_and_then(x):
    out = []
    for v in x:
        if v > 0.5:
            out.append((v * x[0], v))
        out.append((v, 2.0))
    return sum([a * a * b for a, b in out], start=0.0)


def between_others(x):
    out = [x[0]]
    for i in range(len(x)):
        out.append(x[i] * out[0])
        if x[i] > 0.5:
            out.append(x[i] ** 2)
            out.append(x[i] * x[1])
        else:
            out.append(-x[i])
    return out[-1] * len(out) + sum([v**3 for v in out])


def outside_a_loop(x):
    out = [x[0]]
    if x[1] > 0.5:
        out.append(x[1])
    out.append(x[2])
    if x[2] > 0.5:
        out.append(x[0])
        out.append(3.0)
    return np.array(out).sum() * len(out)


def in_a_while(x):
    t, kept = 0.1, []
    while t < 2:
        t = t * 1.3 + np.abs(x[0])
        if t > 0.713:
            kept.append(t)
    return np.array([1.0, *kept]).sum()


KEPT = [positives, conditional_append, two_ways, different_numbers, two_a_round, extend_a_round, nested,
        nested_comprehension, triangle, nested_with_condition, before_a_break, before_a_return, tuples,
        one_more_now_and_then, between_others]
OTHERS = [positives_as_array, rows, outside_a_loop, in_a_while]
POINTS = [np.linspace(0.5, 1.5, 6) + 0.01, np.linspace(1.51, -0.7, 9), np.linspace(-1, 1, 12), np.linspace(-3, -1, 4)]


@pytest.mark.parametrize("fn", [*KEPT, *OTHERS], ids=lambda f: f.__name__)
def test_values(fn):
    traced = Traced(fn)
    for x in POINTS:
        assert np.allclose(traced(x), fn(x), rtol=1e-13), traced.text  # of no item: a sum may be np.float64(0.0)
    if fn in KEPT:
        assert traced.traces == 1
        assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", [*KEPT, *OTHERS], ids=lambda f: f.__name__)
def test_gradients(fn):
    g = grad(fn)
    for x in POINTS:
        steps = 1e-6 * np.eye(len(x))
        assert np.allclose(g(x), [(fn(x + h) - fn(x - h)) / 2e-6 for h in steps], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("fn", [one_more_now_and_then, between_others, different_numbers], ids=lambda f: f.__name__)
def test_products_with_the_hessian(fn):
    g, product = grad(fn), hessian_vector_product(fn)
    for x in POINTS:
        v = np.cos(np.arange(len(x)))
        assert np.allclose(product(x, v), (g(x + 1e-6 * v) - g(x - 1e-6 * v)) / 2e-6, rtol=1e-5, atol=1e-6)


def test_the_list_is_the_result():
    def f(x):
        return [v * 2 for v in x if v > 0], [a for a in x for b in x if b > a]

    traced = Traced(f)
    for x in POINTS:
        assert same(traced(x), f(x))
    assert traced.traces == 1


def test_a_captured_list_grows_as_it_does_in_python():
    def f(x):
        for v in x:
            if v > 0:
                SEEN.append(v * 2)
        return x.sum()

    traced = Traced(f)
    for x in POINTS:
        SEEN.clear()
        f(x)
        expected = list(SEEN)
        SEEN.clear()
        traced(x)
        assert same(SEEN, expected)


def test_the_list_of_a_branch_is_empty_or_not():
    def f(x):
        out = []
        if x[0] > 0:
            out.append(x[1])
        return len(out) * x[0] + (out[0] if out else x[2])

    agree(f, *((x,) for x in POINTS))


@pytest.mark.parametrize("join", [
    np.array, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack, np.concatenate,
    lambda r: np.stack(r, axis=1), lambda r: np.stack(r, axis=-1), lambda r: np.concatenate(r, axis=None),
])
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_joins_of_rows_of_unknown_number(join, rank):
    def f(x):
        out = [x[0] * np.ones((2, 3, 4)[:rank])]
        for v in x[1:]:
            if v > 0:
                out.append(np.arange(1.0, 25.0).reshape(2, 3, 4)[(slice(None),) * rank + (0,) * (3 - rank)] * v)
        return join(out)

    try:
        f(POINTS[0])
    except (ValueError, np.exceptions.AxisError):
        return
    traced = agree(f, (POINTS[0],), (POINTS[2],), (POINTS[0][:1],))
    assert traced.traces <= 3


def test_joining_nothing_raises_as_in_numpy():
    g = grad(lambda x: np.vstack([v * x for v in x if v > 0]).sum())
    assert np.allclose(g(np.array([1.0, -2.0])), [0.0, 1.0])
    with pytest.raises(ValueError, match="need at least one"):
        g(np.array([-1.0, -2.0]))
    assert np.allclose(g(np.array([3.0, -2.0])), [4.0, 3.0])
