"""SciPy's adaptive ODE solvers, unmodified: one program for all parameters, compiled whole."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from bcad import options, value_and_grad


class Oscillator:
    def __init__(self, stiffness):
        self.stiffness = stiffness
        self.calls = 0

    def __call__(self, t, y):
        self.calls += 1
        return [y[1], -self.stiffness * np.sin(y[0])]


@pytest.mark.parametrize("method", ["RK45", "RK23"])
def test_one_program_serves_all_step_sequences(method):
    def end(stiffness):
        return solve_ivp(Oscillator(stiffness), (0.0, 1.0), [0.5, 0.0], method=method, rtol=1e-8, atol=1e-10).y[0, -1]

    with options.set(backend="numpy"):
        g = value_and_grad(end)
        for stiffness in (9.81, 1.0, 40.0):
            value, slope = g(stiffness)
            assert np.isclose(value, end(stiffness), rtol=1e-12)
            h = 1e-4 * stiffness
            rough, fine = ((end(stiffness + s) - end(stiffness - s)) / (2 * s) for s in (h, h / 2))
            assert np.isclose(slope, (4 * fine - rough) / 3, rtol=1e-6)
    (special,) = g.core.specialisations
    assert not special.program.reasons
