"""Python's ints have no bounds: what does not fit 64 bits in compiled code is computed by Python instead."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bcad import Function

OPERATIONS: dict[str, Callable[[int, int], float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "square": lambda a, b: a**2,
    "cube": lambda a, b: a**3,
    "shift": lambda a, b: a << abs(b) % 70,
    "chain": lambda a, b: (a + a + b) * a,
    "floor": lambda a, b: a // b,
    "modulo": lambda a, b: a % b,
    "divide": lambda a, b: a / b,
}
PAIRS = [(3.0, 2.0), (3e9, 3e9), (9e18, 9e18), (-9.3e18, -1.0), (-(2.0**63), -1.0), (1e30, 2.0), (-7.0, 2.0), (7.0, 0.0), (1.0, 62.0), (5.0, 61.0)]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_ints_made_of_floats_have_no_bounds(name, backend):
    operation = OPERATIONS[name]

    def f(x):
        return float(operation(int(x[0]), int(x[1]))) + x[2]

    traced = Function(f, backend=backend)
    for a, b in PAIRS:
        x = np.array([a, b, 0.5])
        try:
            expected = f(x)
        except ZeroDivisionError:
            with pytest.raises(ZeroDivisionError):
                traced(x)
        else:
            assert traced(x) == expected


COUNT = 1


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_captured_int_that_keeps_changing_may_become_large(backend):
    global COUNT
    traced = Function(lambda x: x.sum() * (COUNT * COUNT % 1000003) + x[0] * (COUNT + 1), backend=backend)
    for number in (1, 2, 3, 4, 2**40, 2**62, 2**63 - 1, 2**63, 2**80, -(2**63), 5):
        COUNT = number
        assert traced(np.ones(3)) == 3 * (number * number % 1000003) + (number + 1)
    assert traced.traces <= 8


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_an_int_that_a_loop_carries_grows_without_bound(backend):
    def f(x):
        t = 1
        for _ in range(len(x)):
            t = t * 7
        return x.sum() * (t % 101)

    traced = Function(f, backend=backend)
    for n in (3, 5, 40, 80):
        assert traced(np.ones(n)) == f(np.ones(n))
