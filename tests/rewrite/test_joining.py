"""Loops that share their work run as one: only where the order is free, with the numbers of the loops apart."""

import numpy as np
import pytest

import bcad
from bcad import rewrite
from bcad.rewrite.joining import Joiner, is_additive


def pairs(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            total = total + 1.0 / np.sqrt((x[i] - x[j]) ** 2 + 0.1)
    return total


def points(x):
    total = 0.0
    for i in range(len(x)):
        total += 1.0 / (1.0 + x[i] ** 2)
    return total


def kept(x):
    total = 0.0
    for i in range(len(x)):
        total += np.log(1.0 + x[i] ** 2) * np.exp(-x[i])  # both are kept for the reverse loop
    return total


def nested(x):
    total = 0.0
    for i in range(len(x)):
        inner = 0.0
        for j in range(len(x)):
            inner += np.exp(-np.abs(x[i] - x[j])) * np.log(2.0 + x[j] ** 2)
        total += inner
    return total


def shifted(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += np.log(1.0 + x[i] ** 2) * np.sqrt(1.0 + x[i + 1] ** 2)
    return total


def two_sums(x):
    total, other = 0.0, 0.0
    for i in range(len(x)):
        total += np.exp(x[i])
    for i in range(len(x)):
        other += np.exp(x[i]) * x[i]
    return total + other


def squared_sum(x):
    return points(x) ** 2  # its reverse loop needs what the loop gave


def recurrence(x):
    state = 0.5
    for i in range(len(x)):
        state = np.sin(state) + np.exp(x[i])  # each turn reads what the last one left
    return state


def rows(x):
    total = 0.0
    for i in range(len(x)):
        total += np.exp(x[: i + 1]).sum()  # a size of its own in every turn
    return total


PROGRAMS = [pairs, points, kept, nested, shifted, two_sums, squared_sum, recurrence, rows]
ARGUMENTS = {
    "several": np.linspace(-1.5, 2.0, 9),
    "none": np.zeros(0),
    "one": np.array([0.3]),
    "nan": np.array([0.1, np.nan, 0.3, -0.0]),
    "inf": np.array([0.1, np.inf, -np.inf, 0.0]),
    "huge": np.array([1e200, -1e300, 1e-300, 5e-324]),
}


def graph_of(fn, x):
    derived = bcad.Gradient(fn, [x])
    derived(x)
    return derived.graph


def value_and_grad(fn, backend):
    def call(x):
        with bcad.options.set(backend=backend):
            return derived(x)

    derived = bcad.value_and_grad(fn)
    return call


def loops(graph):
    return [node for node in graph.walk() if node.op.name == "loop"]


@pytest.mark.parametrize("program, joined", [(pairs, 2), (points, 1), (kept, 1), (nested, 2)])
def test_a_sum_and_its_reverse_are_one_loop(program, joined):
    graph = graph_of(program, ARGUMENTS["several"])
    assert len(loops(graph)) == 2 * joined
    assert len(loops(rewrite.prepare(graph))) == joined


@pytest.mark.parametrize("program", [squared_sum, recurrence, rows, shifted])
def test_loops_that_wait_for_each_other_stay(program):
    graph = graph_of(program, ARGUMENTS["several"])
    assert len(loops(rewrite.prepare(graph))) == len(loops(graph))


@pytest.mark.parametrize("kind", ARGUMENTS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
@pytest.mark.filterwarnings("ignore:Output seems independent")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_joined_loops_give_the_numbers_of_the_loops_apart(program, kind, dtype):
    with np.errstate(all="ignore"):
        x = ARGUMENTS[kind].astype(dtype)
        apart = value_and_grad(program, "numpy")(x)
        together = value_and_grad(program, "numba")
        rounding = 1e-13 if dtype is np.float64 else 1e-5
        for _ in range(2):
            for expected, found in zip(apart, together(x), strict=True):
                np.testing.assert_allclose(found, expected, rtol=rounding, atol=rounding)


@pytest.mark.filterwarnings("ignore:Output seems independent")
def test_other_lengths_run_the_same_code():
    derived = value_and_grad(pairs, "numba")
    for n in (5, 0, 1, 30):
        x = np.linspace(0.0, 1.0, n)
        for expected, found in zip(value_and_grad(pairs, "numpy")(x), derived(x), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


def test_a_loop_that_keeps_what_each_turn_gives_is_not_additive():
    def fn(x):
        kept, total = [], 0.0
        for i in range(len(x)):
            total += np.exp(x[i])
            kept.append(total)
        return np.sum(np.array(kept) ** 2)

    (loop, *_) = loops(graph_of(fn, ARGUMENTS["several"]))
    assert not is_additive(loop)


def test_several_powers_of_two_over_a_root_take_one_division():
    def fn(x):
        root = np.sqrt(x)
        return 1.0 / root + 0.5 / root - 4.0 / root

    x = np.array([2.0, 0.0, -0.0, np.inf, np.nan, -1.0, 5e-324, 1.7e308, 1e-310])
    made = bcad.Function(fn, [x])
    made(x)
    divisions = [n for n in rewrite.prepare(made.graph).walk() if n.op.name == "divide"]
    assert len(divisions) == 1
    with np.errstate(all="ignore"):
        for dtype in (np.float64, np.float32):
            np.testing.assert_array_equal(bcad.Function(fn, [x.astype(dtype)], backend="numba")(x.astype(dtype)), fn(x.astype(dtype)))


def test_other_numbers_over_a_root_are_divided():
    made = bcad.Function(lambda x: 3.0 / np.sqrt(x) + 1.0 / np.sqrt(x), [np.ones(3)])
    made(np.ones(3))
    assert sum(n.op.name == "divide" for n in rewrite.prepare(made.graph).walk()) == 2


def test_two_loops_of_the_user_compute_what_they_share_once():
    prepared = rewrite.prepare(graph_of(two_sums, ARGUMENTS["several"]))
    assert sum(node.op.name == "exp" for node in prepared.walk()) == 1


def test_a_carry_that_no_turn_changes_is_no_carry():
    primal, reverse = loops(graph_of(points, ARGUMENTS["several"]))
    assert primal.attrs["carries"] == reverse.attrs["carries"] == 1  # the cotangent of the sum is the same in every turn


def test_loops_inside_of_a_loop_are_joined():
    def fn(x):
        total = 0.0
        for _ in range(3):
            total += pairs(x) * np.sum(x)
        return total

    x = ARGUMENTS["several"]
    graph = graph_of(fn, x)
    assert len(loops(rewrite.prepare(graph))) < len(loops(graph))
    for expected, found in zip(value_and_grad(fn, "numpy")(x), value_and_grad(fn, "numba")(x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_trying_pairs_of_loops_has_an_end():
    def fn(x):
        total = 0.0
        for k in [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]:
            for i in range(len(x)):
                total = total / (1.0 + np.sqrt(x[i] * x[i] + k))
        return total

    graph = graph_of(fn, ARGUMENTS["several"])
    simplified = []

    def counting(g):
        simplified.append(sum(1 for _ in g.walk()))
        return rewrite.simplify(g)

    Joiner(counting, budget=500).join(graph)
    assert sum(simplified) < 2000
