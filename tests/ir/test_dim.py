"""Dim: integer polynomials of sizes behave as the integers that they stand for."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bcad.ir import Dim, Size, evaluate_size, maximum, minimum, product, substitute, symbols

N, M = Dim.symbol("n"), Dim.symbol("m")
ENV = st.fixed_dictionaries({"n": st.integers(0, 30), "m": st.integers(0, 30), "k": st.integers(0, 30)})
ATOMS = st.one_of(st.integers(-5, 5), st.sampled_from([N, M, Dim.symbol("k")]))


def _combine(children: st.SearchStrategy[Size]) -> st.SearchStrategy[Size]:
    binary = st.sampled_from([lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, maximum, minimum])
    divided = st.sampled_from([lambda a, b: a // b, lambda a, b: a % b])
    return st.one_of(
        st.builds(lambda f, a, b: f(a, b), binary, children, children),
        st.builds(lambda f, a, b: f(a, b), divided, children, st.integers(1, 6)),
        st.builds(lambda a: -a, children),
    )


SIZES = st.recursive(ATOMS, _combine, max_leaves=6)


def at(size: Size, env: dict[str, int]) -> int:
    return evaluate_size(size, env)


@given(SIZES, SIZES, ENV)
def test_arithmetic_is_that_of_the_integers(a: Size, b: Size, env: dict[str, int]) -> None:
    x, y = at(a, env), at(b, env)
    assert at(a + b, env) == x + y
    assert at(a - b, env) == x - y
    assert at(a * b, env) == x * y
    assert at(-a, env) == -x
    assert at(maximum(a, b), env) == max(x, y)
    assert at(minimum(a, b), env) == min(x, y)


@given(SIZES, SIZES, ENV)
def test_quotient_and_remainder_are_python_s(a: Size, b: Size, env: dict[str, int]) -> None:
    y = at(b, env)
    assume(y != 0 and not (isinstance(b, int) and b == 0))
    assert at(a // b, env) == at(a, env) // y
    assert at(a % b, env) == at(a, env) % y


@given(SIZES, SIZES, SIZES)
def test_equal_polynomials_are_equal(a: Size, b: Size, c: Size) -> None:
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert hash(a + b) == hash(b + a)


@given(SIZES)
def test_a_result_without_symbols_is_an_int(a: Size) -> None:
    assert isinstance(a, int) == (not symbols(a))


@given(SIZES, SIZES, ENV)
def test_substitution_commutes_with_evaluation(a: Size, b: Size, env: dict[str, int]) -> None:
    inner = at(b, env)
    assert at(substitute(a, {"n": b}), env) == at(a, {**env, "n": inner})


def test_text() -> None:
    assert str(N * N - 2 * M + 1) == "n*n-2*m+1"
    assert str(maximum(N - M, 0)) == "max(-m+n, 0)"
    assert str((N + 1) // 2) == "((n+1)//2)"
    assert str(N - N + 3) == "3"


def test_exact_quotients_are_found() -> None:
    assert (N * M) // M == N
    assert (N * M) % M == 0
    assert (4 * N + 8) // 4 == N + 2
    assert str(N // 2) == "(n//2)"
    assert maximum(N, N - 1) == N and minimum(N + 2, N) == N
    assert product((2, N, M)) == 2 * N * M and product(()) == 1


def test_a_size_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="not known while tracing"):
        bool(N)
    assert N.is_symbol() and not (isinstance(N + 1, Dim) and (N + 1).is_symbol())
