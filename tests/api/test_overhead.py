"""What a later call costs of ours, counted and not timed: few Python functions, no walk over guards, no flattening."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from bcad import (
    Function,
    Gradient,
    HessianVector,
    grad,
    hessian,
    hessian_vector_product,
    jacobian,
    options,
    value_and_grad,
)

X = np.linspace(0.1, 1.0, 8)
A, B, C = np.ones(8), np.arange(8.0), np.full(8, 0.5)


def captured(x):
    return np.sum(A * x + B * x * x + C * np.sin(x))


def two(x, y):
    return np.sum(x * y)


CALLS = {
    "number": (lambda: grad(lambda x: (x + 1) ** 2), (3.0,), {}, 2),
    "array": (lambda: Gradient(lambda x: np.sum(x**3)), (X,), {}, 2),
    "value too": (lambda: value_and_grad(captured), (X,), {}, 2),
    "function": (lambda: Function(captured), (X,), {}, 2),
    "two arrays": (lambda: value_and_grad(two, (0, 1)), (X, X + 1), {}, 2),
    "jacobian": (lambda: jacobian(np.sin), (X,), {}, 2),
    "hessian": (lambda: hessian(captured), (X,), {}, 2),
    "product": (lambda: hessian_vector_product(captured), (X, X), {}, 7),
    "vectors": (lambda: HessianVector(captured), (X,), {"vectors": X}, 7),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_later_call_takes_the_generated_path_and_few_functions(name, monkeypatch):
    make, args, kwargs, most = CALLS[name]
    with options.set(backend="numba"):
        derived = make()
        expected = derived(*args, **kwargs)
    derived(*args, **kwargs)  # the second call writes the whole path as one function

    def never(*args, **kwargs):
        raise AssertionError("the slow way")

    core = getattr(derived, "core", None)
    for special in core.specialisations:
        monkeypatch.setattr(special.program, "check", never)
        monkeypatch.setattr(special.program, "fetch", never)
    called = []

    def note(frame, event, argument):
        if event == "call":
            called.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        found = derived(*args, **kwargs)
    finally:
        sys.setprofile(None)
    np.testing.assert_equal(found, expected)
    assert len(called) <= most, called
