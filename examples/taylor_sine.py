"""A sine by its Taylor series: the number of terms depends on x, and the gradient follows it on every call."""

import numpy as np

from bcad import grad


def taylor_sine(x):
    total = term = x
    i = 0
    while np.abs(term) > 1e-12:
        term = -term * x * x / ((2 * i + 3) * (2 * i + 2))
        total = total + term
        i += 1
    return total


cosine = grad(taylor_sine)
minus_sine = grad(cosine)

for x in (0.1, 1.0, -3.0, 7.5):  # one to three dozen terms, one compiled loop
    print(f"x = {x:5}: gradient {cosine(x):+.12f}, cosine {np.cos(x):+.12f}")
    assert np.isclose(cosine(x), np.cos(x), atol=1e-9)
    assert np.isclose(minus_sine(x), -np.sin(x), atol=1e-8)
