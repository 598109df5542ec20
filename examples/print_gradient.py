"""Read the derivatives of some textbook functions in NumPy's own notation, loops and branches included."""

import numpy as np

from bcad import Gradient

rng = np.random.default_rng(0)
X, y = rng.normal(size=(5, 2)), np.array([1.0, -1.0, -1.0, 1.0, 1.0])


def quadratic_form(x, A):
    return x @ A @ x


def least_squares(w):
    return np.sum((X @ w - y) ** 2)


def gaussian(x, m, s):
    return -((x - m) ** 2) / (2 * s**2) - np.log(s)


def horner(x, coefficients):
    value = 0.0
    for c in coefficients[::-1]:
        value = value * x + c
    return value


def absolute(x):
    if x > 0:
        return x
    return -x


EXAMPLES = [
    (quadratic_form, [np.zeros(3), np.eye(3)]),
    (least_squares, [np.zeros(2)]),
    (gaussian, [0.0, 1.0, 2.0]),
    (horner, [0.5, np.array([1.0, 2.0, 3.0])]),
    (absolute, [-2.0]),
]

for fn, args in EXAMPLES:
    print(f"--- {fn.__name__}")
    print(Gradient(fn, args))
