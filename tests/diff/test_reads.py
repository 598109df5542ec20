"""What no index reads has a derivative of exactly zero, also where its own would be infinite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad

X = np.array([0.0, 4.0, 9.0, 16.0])  # sqrt has no derivative at the first


def loop_over_the_rest(x: Any) -> Any:
    z, s = np.sqrt(x), 0.0
    for i in range(1, len(x)):
        s = s * 0.5 + z[i] * x[i]
    return s


def loop_after_a_read(x: Any) -> Any:
    z = np.sqrt(x)
    s = z[1]
    for i in range(2, len(x)):
        s += z[i]
    return s + z[2:].sum()


def search(x: Any) -> Any:
    z, s, i = np.sqrt(x), 0.0, 0
    while s < 3:
        i += 1
        s += z[i]
    return s


def loop_in_a_loop(x: Any) -> Any:
    z, s = np.sqrt(x), 0.0
    for _ in range(2):
        for i in range(1, len(x)):
            s += z[i]
    return s


def one_arm(x: Any) -> Any:
    z = np.sqrt(x)
    y = z[1] if x[1] > 0 else 2 * z[2]
    return y + z[3]


def slices_in_arms(x: Any) -> Any:
    z = np.sqrt(x)
    if x[1] > 4.5:
        y = z[1:3].sum()
    elif x[2] > 0:
        y = z[2] * z[2]
    else:
        y = z.sum()
    return 2 * y


PROGRAMS = [
    lambda x: np.sqrt(x)[1:].sum(),
    lambda x: np.sqrt(x)[1] * np.sqrt(x)[2],
    lambda x: (x * np.array([np.inf, 1.0, 2.0, np.nan]))[1:3].sum(),
    lambda x: np.sqrt(x)[np.array([1, 1, 2])].sum(),
    lambda x: np.sqrt(x)[np.array([1, 1, 2])][np.array([0, 0])].sum(),
    lambda x: np.sqrt(x).reshape(2, 2)[:, 1].sum(),
    lambda x: np.sqrt(x).reshape(2, 2).T[1, :].sum(),
    lambda x: np.log(x)[x > 0].sum(),
    lambda x: np.take(np.sqrt(x), [1, -1]).sum(),
    lambda x: np.diff(np.sqrt(x)[1:]).sum(),
    lambda x: np.sqrt(x)[[1]][0] + np.sqrt(x)[2:].sum(),
    lambda x: np.sort(np.sqrt(x))[1:].sum(),
    lambda x: np.diag(np.sqrt(np.outer(x, x)))[1:].sum(),
    lambda x: np.split(np.sqrt(x), [1])[1].sum(),
    lambda x: np.concatenate([x, np.sqrt(x)])[5:7].sum(),
    lambda x: np.where(x[1] > 0, np.sqrt(x)[2], np.sqrt(x)[0]),
    lambda x: np.sqrt(np.outer(x, x))[np.triu_indices(4, 1)][-1],
    lambda x: np.sqrt(np.abs(x))[::3][1] ** 2,
    loop_over_the_rest, loop_after_a_read, search, loop_in_a_loop, one_arm, slices_in_arms,
]  # fmt: skip


@pytest.mark.parametrize("f", PROGRAMS, ids=range(len(PROGRAMS)))
def test_the_unread_element_has_derivative_zero(f: Any) -> None:
    g = bcad.grad(f)
    at_zero = g(X)
    assert at_zero[0] == 0.0
    near = np.array([1e-3, *X[1:]])
    np.testing.assert_allclose(at_zero[1:], g(near)[1:], rtol=1e-12)
    np.testing.assert_allclose(g(X + 1.5), difference(f, X + 1.5), rtol=1e-6, atol=1e-9)
    assert np.all(np.isfinite(bcad.hessian(f)(X)[1:, 1:]))


def difference(f: Any, x: Any, h: float = 1e-5) -> Any:
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sqrt(x)[0] ** 2,  # read: 0 * inf is nan, not a guess
        lambda x: (np.sqrt(x) ** 2).sum(),
        lambda x: np.sqrt(x)[np.array([1, 0])][1] ** 2,
    ],
)
def test_what_is_read_is_not_hidden(f: Any) -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(bcad.grad(f)(X)[0])


def test_two_reads_of_one_element_hide_nothing_of_each_other() -> None:
    f = lambda x: np.where(x > 5, np.sqrt(x), 0.0)[np.array([0, 2, 2, 1])].sum()
    np.testing.assert_allclose(bcad.grad(f)(X), [0.0, 0.0, 2 / 6, 0.0])


def test_only_what_an_infinite_derivative_could_meet_is_kept() -> None:
    """Reads of an argument, or of what a product of matrices gave, need no flags."""
    plain = bcad.Gradient(lambda x: x[1:].sum() * x[0], [X])
    product = bcad.Gradient(lambda x: (np.outer(x, x) @ x)[1:].sum(), [X])
    whole = bcad.Gradient(lambda x: np.exp(x * np.ones(4))[:].sum(), [X])
    assert not any("bool[" in str(g.graph) for g in (plain, product, whole))


def test_it_reads_as_before() -> None:
    text = str(bcad.Gradient(lambda x: np.exp(x)[1:].sum(), [X]))
    assert "False" not in text and "where" not in text
