"""Functions of complex numbers in compiled code give what NumPy's ufuncs give: infinities, NaN and signs of zeros included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad
from bcad import backends
from bcad.backends import complex_functions
from bcad.ir import Dim, array_type, python_type
from bcad.ops import BY_NAME

from .helpers import build, check

N = Dim.symbol("n")
ONE = ("exp exp2 expm1 log log2 log10 log1p sqrt sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh "
       "reciprocal sign absolute negative conjugate").split()
PARTS = [-np.inf, -800.0, -2.5, -1.0, -0.0, 0.0, 1e-200, 0.3, 1.0, 7.0, 711.0, 1e300, np.inf, np.nan]
REFUSED = pytest.mark.skipif(complex_functions.routine("exp") is None, reason="the C library is not asked on this platform")
pytestmark = [REFUSED, pytest.mark.filterwarnings("ignore")]


def grid(parts: list[float], dtype: Any = complex) -> Any:
    """All numbers of such parts; made part by part, for ``1j * inf`` is no good."""
    re, im = np.meshgrid(parts, parts)
    z = np.empty(re.size, dtype)
    z.real, z.imag = re.ravel(), im.ravel()
    return z


def assert_equal_parts(found: Any, expected: Any, rtol: float) -> None:
    """To rounding; NaN, infinities and the signs of zeros included."""
    assert found.dtype == expected.dtype and found.shape == expected.shape
    for a, b in ((found.real, expected.real), (found.imag, expected.imag)):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=0)
        zero = (b == 0) & ~np.isnan(b)
        np.testing.assert_array_equal(np.signbit(a[zero]), np.signbit(b[zero]))


@pytest.mark.parametrize("name", ONE)
def test_of_one_number(name: str) -> None:
    made = backends.get("numba").compile(build(BY_NAME[name], array_type(complex, (N,))))
    assert made.report.in_numpy == []
    z = grid(PARTS)
    with np.errstate(all="ignore"):
        assert_equal_parts(made(z)[0], getattr(np, name)(z), 2e-14)
    for n in (0, 1):
        assert made(z[:n])[0].shape == (n,)


@pytest.mark.parametrize("name", ONE)
def test_of_single_precision(name: str) -> None:
    graph = build(BY_NAME[name], array_type(np.complex64, (N,)))
    rng = np.random.default_rng(1)
    check(graph, (rng.normal(size=40) + 1j * rng.normal(size=40)).astype(np.complex64))


@pytest.mark.parametrize("name", ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"])
def test_order(name: str) -> None:
    z = grid([-np.inf, -0.0, 0.0, 1.0, np.nan])
    a, b = (x.ravel().copy() for x in np.meshgrid(z, z))
    found = check(build(BY_NAME[name], array_type(complex, (N,)), array_type(complex, (N,))), a, b)(a, b)[0]
    np.testing.assert_array_equal(found, getattr(np, name)(a, b))


EXPONENTS = [0.0, 1.0, 2.0, 3.0, 4.0, 7.0, 99.0, 100.0, -1.0, -2.0, -3.0, -5.0, 0.5, -1.5]


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_constant_powers(exponent: float) -> None:
    made = backends.get("numba").compile(build(lambda z: BY_NAME["power"](z, exponent + 0j), array_type(complex, (N,))))
    z = grid([-np.inf, -2.5, -0.0, 0.0, 0.3, 1.0, np.inf, np.nan])
    with np.errstate(all="ignore"):
        assert_equal_parts(made(z)[0], np.power(z, exponent + 0j), 1e-12)


def test_powers_by_exponents_known_when_it_runs() -> None:
    made = backends.get("numba").compile(build(BY_NAME["power"], array_type(complex, (N,)), array_type(complex, (N,))))
    assert made.report.in_numpy == []
    bases = grid([-np.inf, -2.5, -0.0, 0.0, 0.3, 1.0, np.inf, np.nan])
    whole = np.array(EXPONENTS, complex)
    a, b = (x.ravel().copy() for x in np.meshgrid(bases, np.concatenate([whole, grid([-2.0, -0.0, 0.5, np.inf, np.nan])])))
    with np.errstate(all="ignore"):
        assert_equal_parts(made(a, b)[0], np.power(a, b), 1e-12)


def test_pythons_own_numbers_are_left_to_python() -> None:
    graph = build(lambda z: BY_NAME["power"](z, z), python_type(complex))
    check(graph, 0.3 + 2j, compiled=False)


def holomorphic(z: Any) -> Any:
    w = np.sqrt(z) * np.tanh(z / 3) + np.exp(1j * z) / (2 + np.cos(z)) + z**1.5 + np.arctan(z) - np.log1p(z)
    return np.sum(np.abs(w) ** 2)


def test_derivatives_by_two_backends() -> None:
    rng = np.random.default_rng(2)
    z = rng.normal(size=30) + 1j * rng.normal(size=30)
    compiled, plain = (bcad.Gradient(holomorphic, [z], backend=b) for b in ("numba", "numpy"))
    np.testing.assert_allclose(compiled(z), plain(z), rtol=1e-11)
    assert "in NumPy" not in compiled.report()
    step = 1e-6
    for k in (0, 17):
        e = step * np.eye(30)[k]
        slope = (holomorphic(z + e) - holomorphic(z - e)) / (2 * step)
        turned = (holomorphic(z + 1j * e) - holomorphic(z - 1j * e)) / (2 * step)
        assert compiled(z)[k] == pytest.approx(slope - 1j * turned, rel=1e-6)


def test_both_parts_are_of_one_call() -> None:
    made = backends.get("numba").compile(build(BY_NAME["exp"], array_type(complex, (N,))))
    from bcad.backends.numba_engine import optimized

    text = str(optimized(made.source))
    assert text.count("call { double, double }") == 1
