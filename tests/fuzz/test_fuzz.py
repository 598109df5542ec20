"""A minute of the fuzzer at most, and programs that it once found wrong (``python -m tests.fuzz`` runs for longer)."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import Function, value_and_grad
from tests.fuzz.__main__ import plan, run

LOG: list[float] = []
G = np.array([0.5, -0.25], dtype=np.float32)
C = np.float64(-0.118)
A = -1.457


def returns_from_two_loops(x):
    s = 0.0
    for _ in range(1, len(x)):
        for e in x:
            s += e
            if e > 0.4:
                return s
    return s * 2


def min_of_a_weak_and_a_strong_float(x):
    return (G + min(A, C)) * x[0]


def branch_of_a_weak_and_a_strong_float(x):
    s = 0.25
    s += 0.1 if x[1] > 0.0 else G[-1]
    return s * G[0] + x.sum()


def list_that_a_while_loop_grows(x):
    s, c = x[0], 0
    while s**2 < 2.0 and c < 5:
        c += 1
        LOG.append(1.0 if x[1] > 0 else s)
        s += 0.3
    return np.sin(s * 2.0)


FOUND = [returns_from_two_loops, min_of_a_weak_and_a_strong_float, branch_of_a_weak_and_a_strong_float, list_that_a_while_loop_grows]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", FOUND, ids=lambda f: f.__name__)
def test_programs_that_were_wrong(f, backend):
    traced, both = Function(f, backend=backend), value_and_grad(f) if f is list_that_a_while_loop_grows else None
    for x in (np.array([0.023, 0.94, -1.072]), np.array([0.1, -0.2, 0.9]), np.array([-0.3, -0.5, -0.7])):
        expected = f(x)
        del LOG[:]
        found = traced(x)
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        if both is not None:
            np.testing.assert_allclose(both(x)[0], expected, rtol=1e-12)
            del LOG[:]


@pytest.mark.parametrize("seed", range(90000, 90012))
def test_generated_programs(seed):
    verdict = run(*plan(seed))
    assert not verdict.is_bug, verdict.detail


@pytest.mark.parametrize("seed", range(90000, 90030))
def test_generated_array_programs(seed):
    verdict = run(*plan(seed, arrays=True))
    assert not verdict.is_bug, verdict.detail
