"""Long programs: loops divided into strips, loops printed as vectors, straight code in functions of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import bcad
from bcad.backends import fuse, numba_parts, strips

SIZES = (0, 1, 2, 7, 8, 9, 63, 64, 65, 200, 1025)


@pytest.fixture
def all_divided(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything counts as long."""
    for module, name, value in (
        (strips, "LONG", 2), (strips, "PART", 4), (strips, "CROWD", 0), (strips, "MANY", 0),
        (numba_parts, "LONG", 2), (numba_parts, "PART", 4),
    ):
        monkeypatch.setattr(module, name, value)
    yield


def plain(x: Any) -> Any:
    y = np.tanh(x) * 2 - x * x
    return np.sum(np.sin(y) * y + np.exp(-y * y))


def chosen(x: Any) -> Any:
    y = np.where(x > 0.3, x * x, -x)
    return np.sum(np.maximum(y, 0.2) * np.abs(y - 0.5)) + np.prod(1 + 0.001 * y)


def rows(x: Any) -> Any:
    m = np.outer(x, x + 1.0)
    return np.sum(np.log1p(m * m) * np.sqrt(1 + m * m), axis=1)


def truths(x: Any) -> Any:
    return np.any(x > 0.9), np.all(x < 2.0), x[::-1] * 2.0 + np.cumsum(x), np.sum(x > 0.2)


def powers(x: Any) -> Any:
    return np.sum(np.arctan2(x, x + 2) ** 3 + np.hypot(x, 0.5) ** (x + 1.5) / (1 + np.exp(x)))


def several(x: Any) -> Any:
    for _ in range(3):
        x = np.cos(x - x.mean()) * np.max(x)
        x = x / np.sqrt(np.sum(x * x) + 1)
    return x


@pytest.mark.parametrize(("f", "dtype"), [
    (plain, np.float64), (plain, np.float32), (chosen, np.float64), (rows, np.float64), (truths, np.float32),
    (powers, np.float64), (several, np.float64),
])
def test_divided_code_computes_the_same(f: Callable[..., Any], dtype: Any, all_divided: None) -> None:
    compiled, numpy = bcad.Function(f, backend="numba"), bcad.Function(f, backend="numpy")
    rtol = 1e-5 if dtype is np.float32 else 1e-12
    for n in SIZES:
        if n == 0 and f is several:  # the greatest of nothing
            continue
        x = np.linspace(-1.0, 1.5, n).astype(dtype)
        for found, expected in zip(_leaves(compiled(x)), _leaves(numpy(x)), strict=True):
            assert np.asarray(found).dtype == np.asarray(expected).dtype
            np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("f", [chosen, powers])
def test_gradients_of_divided_code(f: Callable[..., Any], all_divided: None) -> None:
    for n in (1, 5, 64, 131):
        x = np.linspace(-0.9, 1.4, n) + 0.01
        found = bcad.Gradient(f, backend="numba")(x)
        np.testing.assert_allclose(found, bcad.Gradient(f, backend="numpy")(x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("unit", [1.0, 1.0j])
def test_rows_in_registers_are_divided(unit: complex, all_divided: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each turn keeps in a row of its own is kept for every turn of a strip."""
    monkeypatch.setattr(fuse, "STORE_COST", 1)
    monkeypatch.setattr(fuse, "WIDEST", 1)
    v = unit * np.arange(2.0)

    def f(x: Any, b: Any) -> Any:
        y = np.where(b, v * 0.5, v)
        z = np.where(b[:, ::-1], y, 1 - y)
        return np.sum(x) + np.sum(y * 0.1).real + np.sum(np.sin(y)).imag + np.sum(z * y).real

    for n in (0, 1, 3, 70):
        x, b = np.ones(n), np.arange(2 * n).reshape(n, 2) % 3 == 0
        with bcad.options.set(backend="numba"):
            value, gradient = bcad.value_and_grad(f)(x, b)
        np.testing.assert_allclose(value, f(x, b), rtol=1e-13)
        np.testing.assert_array_equal(gradient, 1.0)


def test_special_values_in_every_lane(all_divided: None) -> None:
    compiled = bcad.Function(lambda x: (np.sin(x), np.exp(x), np.maximum(x, 0.0), np.max(x), np.sum(x)), backend="numba")
    for k in range(11):
        for special in (np.nan, np.inf, -np.inf, -0.0, 1e300):
            x = np.full(11, 0.5)
            x[k] = special
            with np.errstate(all="ignore"):
                expected = np.sin(x), np.exp(x), np.maximum(x, 0.0), np.max(x), np.sum(x)
            for found, wanted in zip(compiled(x), expected, strict=True):
                np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_nothing_is_read_or_written_beyond_an_array(all_divided: None) -> None:
    compiled = bcad.Function(lambda x: np.sin(x) * np.cos(x) + np.exp(x) * x, backend="numba")
    for n in range(2, 18):
        whole = np.full(40, np.nan)
        x = whole[10 : 10 + n]
        x[:] = np.linspace(0.0, 1.0, n)
        out = np.full(40, 7.0)
        compiled(x, out=out[10 : 10 + n])
        np.testing.assert_allclose(out[10 : 10 + n], np.sin(x) * np.cos(x) + np.exp(x) * x, rtol=1e-13)
        assert np.all(out[:10] == 7.0) and np.all(out[10 + n :] == 7.0)


def test_strided_and_read_only_arguments(all_divided: None) -> None:
    compiled = bcad.Function(plain, backend="numba")
    x = np.linspace(-1, 1, 60)
    np.testing.assert_allclose(compiled(x[::3]), plain(x[::3]), rtol=1e-13)
    fixed = x[:33].copy()
    fixed.flags.writeable = False
    np.testing.assert_allclose(compiled(fixed), plain(fixed), rtol=1e-13)


def test_branches_and_loops_between_the_parts(all_divided: None) -> None:
    def f(x: Any, k: float) -> Any:
        total = 0.0
        for _ in range(3):
            if k > total:
                total = total + np.sum(np.sin(x) * k)
            else:
                total = total * 0.5 - np.max(x) * k * k + k / (1 + k * k)
        y = np.array([k * total, k + total, k - total, k * k])
        return total * y[1] + y[0] * y[2]

    compiled = bcad.value_and_grad(f, argnum=1)
    for k in (-1.0, 0.1, 2.0):
        x = np.linspace(0.0, 1.0, 9)
        with bcad.options.set(backend="numba"):
            value, slope = compiled(x, k)
        assert value == pytest.approx(f(x, k), rel=1e-13)
        assert slope == pytest.approx((f(x, k + 1e-6) - f(x, k - 1e-6)) / 2e-6, rel=1e-6, abs=1e-8)


def straight(operations: int, numbers: bool) -> Callable[..., Any]:
    """A program of so many statements, each another function of the last ones."""
    first = "x[0], x[1], x[2]" if numbers else "x, x + 1.0, 2*x"
    lines = ["def f(x):", f"    v0, v1, v2 = {first}"]
    forms = ("v{a}*v{b}", "v{a} + 0.5*v{b}", "np.sin(v{a})", "v{a}/(1.5 + v{b}*v{b})")
    for k in range(3, operations):
        lines.append(f"    v{k} = {forms[k % 4].format(a=k - 1, b=k - 3)}")
    scope: dict[str, Any] = {"np": np}
    exec("\n".join([*lines, f"    return v{operations - 1}" + ("" if numbers else ".sum()")]), scope)
    f: Callable[..., Any] = scope["f"]
    return f


@pytest.mark.parametrize("numbers", [True, False])
def test_no_function_is_longer_than_a_few_hundred_lines(numbers: bool) -> None:
    f, x = straight(700 if numbers else 300, numbers), np.linspace(0.1, 0.4, 3 if numbers else 70)
    found = bcad.Gradient(f, [x], backend="numba")
    step = 1e-6 * np.eye(len(x))[0]
    assert found(x)[0] == pytest.approx((f(x + step) - f(x - step)) / 2e-6, rel=1e-4)
    bodies = re.findall(r"^define .*?^}", found.source, re.MULTILINE | re.DOTALL)
    assert max(body.count("\n") for body in bodies) < (6000 if numbers else 30_000)
    assert len(re.findall(r"for\d+:|lanes\d+:", found.source)) < 60


def test_code_without_loops_is_only_tidied() -> None:
    f, x = straight(700, True), np.linspace(0.1, 0.4, 3)
    source = bcad.Gradient(f, [x], backend="numba").source
    other = source[source.index("define hidden void @bcad_part") :]
    assert other.count("define hidden") > 2
    assert "define internal" not in other
    apart = [line for line in other.splitlines() if "call double @bcad_sin" in line]
    assert len(apart) > 100  # which are called where they stand
    assert sum(not line.rstrip().endswith("noinline") for line in apart) <= 8


def _leaves(x: Any) -> list[Any]:
    return list(x) if isinstance(x, tuple) else [x]
