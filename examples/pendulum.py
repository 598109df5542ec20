"""The derivative of a simulation by SciPy's own ODE solver, which nobody wrote with derivatives in mind.

`scipy.integrate.solve_ivp` steps adaptively: a loop whose number of rounds depends on the parameters, a rejected step
tried again in a loop inside, lists of the accepted points, a status string that ends it all. bcad reads that code as it
is, keeps the loops as loops, and compiles value and gradient into one function.
"""

import time

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from bcad import value_and_grad


class Pendulum:
    def __init__(self, length, gravity=9.81):
        self.length = length
        self.gravity = gravity

    def __call__(self, t, state):
        angle, speed = state
        return [speed, -self.gravity / self.length * np.sin(angle)]


def final_angle(length):
    """The angle in radians after one second, let go at 0.5."""
    solution = solve_ivp(Pendulum(length), (0.0, 1.0), [0.5, 0.0], rtol=1e-8, atol=1e-10)
    return solution.y[0, -1]


derivative = value_and_grad(final_angle)
print("length   angle after 1 s   its derivative   differences")
for length in (0.25, 0.5, 1.0, 2.0):
    angle, slope = derivative(length)
    step = 1e-4 * length
    differences = (final_angle(length + step) - final_angle(length - step)) / (2 * step)
    print(f"{length:6.2f} {angle:17.9f} {slope:16.9f} {differences:13.6f}")
    assert abs(slope - differences) < 1e-4 * max(1, abs(slope))

# Another length means other steps: the same compiled function serves them all.
assert len(derivative.core.specialisations) == 1

best = brentq(lambda length: derivative(length)[0], 2.5, 6.0)
print(f"at the lowest point after 1 s: length {best:.6f} m (small swings: {9.81 * (2 / np.pi) ** 2:.6f} m)")

start = time.perf_counter()
final_angle(1.0)
plain = time.perf_counter() - start
start = time.perf_counter()
derivative(1.0)
print(f"value and derivative took {1e3 * (time.perf_counter() - start):.3f} ms, the plain call {1e3 * plain:.3f} ms")
