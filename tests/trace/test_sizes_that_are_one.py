"""Broadcasting an axis whose length is an expression that happens to be 1: as NumPy, on every tier, for every next call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad

PROGRAMS = [
    lambda x: (x[:1] * x).sum(),
    lambda x: (x[-1:] * x**2).sum(),
    lambda x: (x[2:3] + x).prod(),
    lambda x: (x * x[4:]).sum(),
    lambda x: (np.outer(x, x)[:, :1] * x).sum(),
    lambda x: (np.outer(x, x)[:1] @ x).sum(),
    lambda x: np.where(x > 2.1, x[:1], x[-1:]).sum(),
    lambda x: np.broadcast_to(x[1:2], x.shape).sum() * x[0],
    lambda x: (x[x > 4.5] * x).sum(),
    lambda x: np.maximum(x[3:4], x).sum(),
    lambda x: np.einsum("i,i->", x[:1], x),
    lambda x: np.stack([x, x])[:1].T[:, 0].sum() + (x.reshape(-1, 1)[2:3] * x).sum(),
    lambda x: x[np.arange(5) // 5][:1].sum() * (x[:1] / x).sum(),
]


def writes(x: Any) -> Any:
    y = x * 1.0
    y[:] = x[2:3]
    y[1:] += x[:1]
    return (y * x).sum()


def steps(x: Any) -> Any:
    s = x * 0.0
    for i in range(len(x)):
        s = s + x[i : i + 1] * x
    return s.sum()


@pytest.mark.parametrize("backend", ["numpy", "auto"])
@pytest.mark.parametrize("f", [*PROGRAMS, writes, steps], ids=range(len(PROGRAMS) + 2))
def test_like_numpy(f: Any, backend: str) -> None:
    x = np.arange(1.0, 6.0)
    value, gradient = bcad.Function(f, [x], backend=backend), bcad.Gradient(f, [x], backend=backend)
    if backend == "auto":
        value.compile(), gradient.compile()
    for at in (x, x + 0.25, np.linspace(2.0, 4.75, 5)):
        np.testing.assert_allclose(value(at), f(at), rtol=1e-12)
        h = 1e-6
        numeric = [(f(at + h * e) - f(at - h * e)) / (2 * h) for e in np.eye(5)]
        np.testing.assert_allclose(gradient(at), numeric, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("f", PROGRAMS[:3], ids=range(3))
def test_other_lengths(f: Any) -> None:
    value, gradient = bcad.Function(f), bcad.grad(f)
    for n in (5, 3, 7, 4):
        x = np.linspace(1.0, 2.0, n)
        np.testing.assert_allclose(value(x), f(x), rtol=1e-12)
        numeric = [(f(x + 1e-6 * e) - f(x - 1e-6 * e)) / 2e-6 for e in np.eye(n)]
        np.testing.assert_allclose(gradient(x), numeric, rtol=1e-6, atol=1e-6)


def test_a_length_that_is_one_only_in_the_first_call() -> None:
    f = bcad.Function(lambda x: (x[:-1] * x).sum())
    assert f(np.array([2.0, 3.0])) == 10.0
    with pytest.raises(ValueError, match="broadcast|shape|size"):
        f(np.array([1.0, 2.0, 3.0]))
    assert f(np.array([1.0, 3.0])) == 4.0


def selected_in_one_arm(v: Any) -> Any:
    s = 0.0
    for i in range(0, len(v), 4):
        t = v[i : i + 4]
        keep = t > 0.2
        if not np.all(keep):
            t = t[keep]  # as many as are kept: a size that this arm alone knows
        s += (t * 2).sum() * len(t)
    return s


def test_a_count_that_one_arm_binds_is_not_asked_for_outside() -> None:
    f = bcad.Function(selected_in_one_arm)
    v = np.linspace(0.1, 1.0, 11)
    for x in (v + 1, v, v + 0.05, v - 0.3):
        np.testing.assert_allclose(f(x), selected_in_one_arm(x), rtol=1e-12)
    assert bcad.grad(lambda v: np.histogram(v, 2)[1].sum())(v)[0] == 1.5
