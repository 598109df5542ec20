"""What is printed computes the same numbers as what is run, whatever the function; the laws come to an end."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bcad import Gradient
from bcad.rewrite import fired
from tests.programs.textbook import TEXTBOOK, names_for_reading
from tests.rewrite.reading import run_text, same

X = np.array([0.3, 1.7, 0.9])
Y = np.array([1.1, 0.4, 2.3])
M = np.array([[1.5, 0.2, 0.7], [0.1, 2.0, 0.3], [0.4, 0.6, 1.8]])
S = 0.7


def check(fn, args, constants=None):
    """The printed text of the gradient of `fn` gives the values and gradients at `args`."""
    names = list(inspect.signature(fn).parameters)
    gradient = Gradient(fn, list(args))
    text = str(gradient)
    values, derived = run_text(text, dict(zip(names, args, strict=True)), constants)
    expected = gradient(*args)
    expected = expected if isinstance(expected, list) else [expected]
    assert same(values[0], fn(*args)), text
    assert len(derived) == len(expected), text
    for found, wanted in zip(derived, expected, strict=True):
        assert same(found, wanted), f"{text}\n{found}\n{wanted}"
    return text


@pytest.mark.parametrize("case", TEXTBOOK, ids=str)
def test_the_printed_text_of_the_golden_table_is_right(case):
    check(case.fn, case.args, names_for_reading())


@pytest.mark.parametrize("fn, line", [
    (lambda x: np.sum((x + (x - x.mean())) ** 2), "df/dx = 4*(x + (x - mean(x))) - 2*sum(x + (x - mean(x)))/x.size"),
    (lambda x: np.sum((x - x.mean()) ** 2), "df/dx = 2*(x - mean(x))"),
    (lambda x: np.sum(np.where(x > 1, x**3, -x)), "df/dx = where(x > 1, 3*x**2, -1)"),
    (lambda x: np.sum(np.maximum(x, 0)), "df/dx = heaviside(x, 0.5)"),
    (lambda x: np.sum(np.minimum(x - 1, 0)), "df/dx = heaviside(-(x - 1), 0.5)"),
    (lambda x: np.sum(np.exp(x) / np.sum(np.exp(x)) * Y), None),
    (lambda x: np.sum((x / np.sum(x))[:, None] * M), None),
], ids=lambda x: x if isinstance(x, str) else "")  # fmt: skip
def test_sums_and_conditions_are_written_shortly_and_rightly(fn, line):
    text = check(fn, (X,), {"Y": Y, "M": M})
    assert line is None or text.splitlines()[-1] == line
    check(fn, (np.array([0.0, 1.0, 2.0]),), {"Y": Y, "M": M})


def test_a_named_view_does_not_show_what_is_written_later():
    def stencil(u, k):
        u = u.copy()
        for _ in range(2):
            inner = u[:-2] + u[2:] - 2 * u[1:-1]
            u[1:-1] += k * inner * inner
        return np.sum(u**2)

    check(stencil, (np.array([0.3, 1.7, 0.9, 0.2, 0.4]), 0.1))


# -- functions made by hypothesis ------------------------------------------------------------------
UNARY = {
    "negative": lambda u: -u, "square": lambda u: u**2, "cube": lambda u: u**3, "sqrt": lambda u: np.sqrt(u * u + 1),
    "exp": lambda u: np.exp(-u * u), "log": lambda u: np.log(u * u + 1), "sin": np.sin, "tanh": np.tanh,
    "half": lambda u: u / 2, "scale": lambda u: 0.1 * u, "reciprocal": lambda u: 1 / (u * u + 2),
    "part": lambda u: np.maximum(u, 0.0), "arctan": np.arctan, "logp": lambda u: np.log1p(np.exp(-u)),
}  # fmt: skip
BINARY = {
    "add": lambda u, v: u + v, "subtract": lambda u, v: u - v, "multiply": lambda u, v: u * v,
    "divide": lambda u, v: u / (v * v + 1), "where": lambda u, v: np.where(u > v, u * v, v),
    "maximum": np.maximum, "hypot": lambda u, v: np.hypot(u, v + 3),
}  # fmt: skip
TO_SCALAR = {
    "sum": np.sum, "mean": np.mean, "norm": lambda u: np.sqrt(np.sum(u**2) + 1), "square": lambda u: u @ u,
    "logsumexp": lambda u: np.log(np.sum(np.exp(u))),
}  # fmt: skip


@st.composite
def vectors(draw, depth=3):
    """A function of (x, y, M, s) that gives a vector like x."""
    kinds = ["x", "y", "s*x", "number"] if depth == 0 else ["x", "unary", "binary", "matrix", "left", "centred", "stretch"]
    kind = draw(st.sampled_from(kinds))
    if kind == "x":
        return lambda x, y, M, s: x
    if kind == "y":
        return lambda x, y, M, s: y
    if kind == "s*x":
        return lambda x, y, M, s: s * x
    if kind == "number":
        c = draw(st.sampled_from([2, 0.5, 1.5, -1.0, 3.0]))
        return eval(f"lambda x, y, M, s: {c} * y")  # a literal: a variable c would be an input of the text
    u = draw(vectors(depth=depth - 1))
    if kind == "unary":
        f = UNARY[draw(st.sampled_from(sorted(UNARY)))]
        return lambda x, y, M, s: f(u(x, y, M, s))
    if kind == "binary":
        g, v = BINARY[draw(st.sampled_from(sorted(BINARY)))], draw(vectors(depth=depth - 1))
        return lambda x, y, M, s: g(u(x, y, M, s), v(x, y, M, s))
    if kind == "matrix":
        return lambda x, y, M, s: M @ u(x, y, M, s)
    if kind == "left":
        return lambda x, y, M, s: u(x, y, M, s) @ M
    if kind == "centred":
        return lambda x, y, M, s: u(x, y, M, s) - np.mean(u(x, y, M, s))
    f = TO_SCALAR[draw(st.sampled_from(sorted(TO_SCALAR)))]
    return lambda x, y, M, s: f(u(x, y, M, s)) * x


@st.composite
def functions(draw):
    u, reduce = draw(vectors()), TO_SCALAR[draw(st.sampled_from(sorted(TO_SCALAR)))]
    return lambda x, y, M, s: reduce(u(x, y, M, s))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(functions())
def test_printed_text_computes_what_is_run(fn):
    fired.clear()
    with np.errstate(all="ignore"):
        assume(np.all(np.isfinite(np.hstack([np.ravel(g) for g in Gradient(fn)(X, Y, M, S)]))))
        check(fn, (X, Y, M, S))
    assert not fired["(unfinished)"], "some rules never came to an end"


def test_a_number_that_stands_twice_beside_its_mean_is_no_deviation():
    check(lambda x: np.sqrt(np.sum((x + (x - np.mean(x))) ** 2) + 1), (X,))


# -- matrices ----------------------------------------------------------------------------------------
A = np.array([[0.5, -1.2], [2.0, 0.3], [-0.7, 1.1]])
U = np.array([0.4, 1.5, -0.8])
V = np.array([1.3, -0.6])

MATRIX = {
    "A": lambda A, u, v: A, "outer": lambda A, u, v: np.outer(u, v), "rows": lambda A, u, v: A * u[:, None],
    "columns": lambda A, u, v: A * v, "tanh": lambda A, u, v: np.tanh(A), "product": lambda A, u, v: A @ A.T @ A,
    "shifted": lambda A, u, v: A - A.mean(axis=0), "softmax": lambda A, u, v: np.exp(A) / np.exp(A).sum(axis=1, keepdims=True),
    "scaled": lambda A, u, v: A / np.sqrt(np.sum(A**2, axis=0)), "sum": lambda A, u, v: A + u[:, None] * v,
    "turned": lambda A, u, v: (A.T * u).T, "flat": lambda A, u, v: (2 * A.reshape(-1)).reshape(A.shape),
    "picked": lambda A, u, v: A[[2, 0, 0]], "reversed": lambda A, u, v: A[::-1], "stacked": lambda A, u, v: np.stack([u, u * u], 1),
    "solved": lambda A, u, v: np.linalg.solve(A @ A.T + 3 * np.eye(3), A), "ones": lambda A, u, v: A * np.ones((3, 2)) * 2.0,
}  # fmt: skip
SCALAR = {
    "sum": lambda B, u, v: np.sum(B**2), "mean": lambda B, u, v: np.mean(B * B), "form": lambda B, u, v: u @ B @ v,
    "norm": lambda B, u, v: np.sqrt(np.sum((B @ v - u) ** 2)), "trace": lambda B, u, v: np.trace(B.T @ B),
    "part": lambda B, u, v: np.sum(B[1:, 0] * B[:-1, 1]), "rows": lambda B, u, v: np.sum(B.sum(axis=1) ** 2),
    "max": lambda B, u, v: np.sum(B.max(axis=0)), "log": lambda B, u, v: np.sum(np.log1p(np.exp(-u * (B @ v)))),
    "det": lambda B, u, v: np.log(np.linalg.det(B.T @ B + np.eye(2))), "var": lambda B, u, v: np.var(B),
}  # fmt: skip


@pytest.mark.parametrize("reduce", sorted(SCALAR))
@pytest.mark.parametrize("inner", sorted(MATRIX))
def test_printed_text_of_matrix_functions(inner, reduce):
    fired.clear()
    f, g = MATRIX[inner], SCALAR[reduce]
    check(lambda A, u, v: g(f(A, u, v), u, v), (A, U, V))
    assert not fired["(unfinished)"]
