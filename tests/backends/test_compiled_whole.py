"""Ops that were left to NumPy between compiled parts once: masks, rounding, points, complex scans, pseudo-inverses."""

from __future__ import annotations

import platform
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import linalg

import bcad
from bcad.options import options


@pytest.fixture(autouse=True)
def compiled() -> Any:
    with options.set(backend="numba"):
        yield


def masked_in_a_loop(x: Any) -> Any:
    total = 0.0
    for k in range(3):
        total = total + np.sum(x[x > 0.3 * k] ** 2) * (k + 1)
    return total


def one_mask_for_two(x: Any) -> Any:
    chosen = x > 0
    return np.sum(x[chosen] * np.arange(len(x))[chosen]) + np.prod(1 + x[~chosen])


def written_by_mask(x: Any) -> Any:
    y = x.copy()
    y[y < 0] *= -2.0
    return np.sum(y**2)


MASKS = {
    "sum": lambda x: np.sum(x[x > 0] ** 3),
    "mean": lambda x: np.mean(x[np.abs(x) > 0.5]) if np.any(np.abs(x) > 0.5) else np.sum(x),
    "where": lambda x: np.sum(np.where(x > 0)[0] * 1.0) + np.sum(x),
    "rows": lambda x: np.sum(np.outer(x, x)[x > 0] ** 2),
    "plane": lambda x: np.sum(np.outer(x, x)[np.outer(x, x) > 0.1] ** 2),
    "count": lambda x: np.sum(x) * len(np.flatnonzero(x)),
    "loop": masked_in_a_loop, "two": one_mask_for_two, "written": written_by_mask,
}


@pytest.mark.parametrize("name", MASKS)
def test_masks_and_their_gradients(name: str) -> None:
    fn = MASKS[name]
    f, d = bcad.function(fn), bcad.value_and_grad(fn)
    with options.set(backend="numpy"):
        reference = bcad.value_and_grad(fn)
        cases = [np.array(x) for x in ([1.0, -2.0, 0.5, 0.0], [-1.0, -0.5, -3.0], [0.7], [-0.7], [2.0, 3.0], [np.nan, 1.0, -1.0])]
        expected = [reference(x) for x in cases]
    for x, (value, gradient) in zip(cases, expected, strict=True):
        np.testing.assert_allclose(f(x), fn(x), rtol=1e-13)
        found = d(x)
        np.testing.assert_allclose(found[0], value, rtol=1e-13)
        np.testing.assert_allclose(found[1], gradient, rtol=1e-12)
    assert "in NumPy" not in d.report(), d.report()


def test_indices_of_what_is_not_zero() -> None:
    f = bcad.function(lambda x: np.nonzero(x))
    for x in (np.eye(3), np.zeros((2, 2)), np.ones((0, 3)), np.array([[np.nan, -0.0], [0.0, 5e-324]]), np.ones((2, 3, 2))[..., ::2]):
        for found, expected in zip(f(x), np.nonzero(x), strict=True):
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
    g = bcad.function(lambda x: np.argwhere(x > 1j.real))
    np.testing.assert_array_equal(g(np.array([1.0, -1.0, 2.0])), [[0], [2]])


@pytest.mark.parametrize("decimals", [-2, -1, 0, 1, 3, 15])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounding_is_numpys(decimals: int, dtype: Any) -> None:
    x = np.array([0.05, -0.15, 2.675, 1e15 + 0.5, -12.5, 55.0, np.nan, np.inf, -0.0, 1e30], dtype)
    f = bcad.function(lambda x: np.round(x, decimals))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(f(x), np.round(x, decimals))
        np.testing.assert_array_equal(np.signbit(f(x)), np.signbit(np.round(x, decimals)))
    assert f(x).dtype == dtype
    number = bcad.function(lambda v: round(v, 2))
    assert number(2.675) == round(2.675, 2)


ENDS = [(0.0, 1.0), (1.0, 1.0), (-3.0, 7.5), (5.0, -5.0), (0.0, 5e-324), (np.inf, 1.0), (1e308, -1e308)]


@pytest.mark.parametrize("endpoint", [True, False])
def test_points_are_numpys(endpoint: bool) -> None:
    for num in (0, 1, 2, 7):
        f = bcad.function(lambda a, b, num=num: np.linspace(a, b, num, endpoint=endpoint))
        for a, b in ENDS:
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(f(a, b), np.linspace(a, b, num, endpoint=endpoint))
    f = bcad.function(lambda x, b: np.linspace(x[0], b, len(x), endpoint=endpoint))
    for n in (1, 2, 5, 9):
        x = np.arange(1.0, n + 1)
        np.testing.assert_array_equal(f(x, 3.7), np.linspace(x[0], 3.7, n, endpoint=endpoint))
    d = bcad.grad(lambda a, b: np.sum(np.linspace(a, b, 4, endpoint=endpoint) ** 2), argnum=(0, 1))
    t = np.linspace(0, 1, 4, endpoint=endpoint)
    y = 0.5 + 1.5 * t
    np.testing.assert_allclose(d(0.5, 2.0), (2 * np.sum(y * (1 - t)), 2 * np.sum(y * t)), rtol=1e-13)


def test_sinc_and_two_derivatives() -> None:
    x = np.array([0.0, 1e-9, 1e-3, 0.2, -0.7, 0.9, 1.0, 2.5, -30.25])
    np.testing.assert_array_equal(bcad.function(lambda x: np.sinc(x))(x), np.sinc(x))
    first, second = bcad.elementwise_grad(np.sinc), bcad.elementwise_grad(bcad.elementwise_grad(np.sinc))
    with options.set(backend="numpy"):
        expected = [f(x) for f in (bcad.elementwise_grad(np.sinc), bcad.elementwise_grad(bcad.elementwise_grad(np.sinc)))]
    np.testing.assert_allclose(first(x), expected[0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(second(x), expected[1], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("fn", [np.cumsum, np.cumprod], ids=["cumsum", "cumprod"])
def test_scans_of_complex_numbers(fn: Any) -> None:
    rng = np.random.default_rng(0)
    for shape in ((5,), (1,), (0,), (3, 4)):
        x = rng.normal(size=shape) + 1j * rng.normal(size=shape)
        np.testing.assert_allclose(bcad.function(lambda x: fn(x, axis=0))(x), fn(x, axis=0), rtol=1e-14)
    x = rng.normal(size=6)
    d = bcad.grad(lambda x: np.sum(np.abs(fn(x + 1j * x**2))))
    with options.set(backend="numpy"):
        expected = bcad.grad(lambda x: np.sum(np.abs(fn(x + 1j * x**2))))(x)
    np.testing.assert_allclose(d(x), expected, rtol=1e-12)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pseudo_inverses_and_determinants_of_any_rank(rank: int) -> None:
    rng = np.random.default_rng(rank)
    a = rng.normal(size=(3, rank)) @ rng.normal(size=(rank, 3))
    np.testing.assert_allclose(bcad.function(lambda a: np.linalg.pinv(a, 1e-10))(a), np.linalg.pinv(a, 1e-10), rtol=1e-9, atol=1e-12)
    d = bcad.grad(np.linalg.det)
    minors = [[(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(3)] for i in range(3)]
    np.testing.assert_allclose(d(a), minors, rtol=1e-9, atol=1e-12)
    assert "in NumPy" not in d.report()
    for shape in ((4, 2), (2, 4), (1, 3), (2, 3, 2)):
        x = rng.normal(size=shape)
        np.testing.assert_allclose(bcad.function(np.linalg.pinv)(x), np.linalg.pinv(x), rtol=1e-10, atol=1e-13)


def test_systems_with_cholesky_factors() -> None:
    def f(a: Any, b: Any) -> Any:
        factor = np.linalg.cholesky(a @ np.swapaxes(a, -1, -2) + np.eye(a.shape[-1]))
        return np.sum(np.linalg.solve(np.swapaxes(factor, -1, -2), np.linalg.solve(factor, b)) ** 2)

    rng = np.random.default_rng(0)
    for shape, right in (((6, 6), (6, 2)), ((5, 5), (5,)), ((2, 7, 7), (2, 7, 3)), ((1, 1), (1, 1))):
        a, b = rng.normal(size=shape), rng.normal(size=right)
        d = bcad.value_and_grad(f, argnums=(0, 1))
        value, gradients = d(a, b)
        with options.set(backend="numpy"):
            expected = bcad.value_and_grad(f, argnums=(0, 1))(a, b)
        np.testing.assert_allclose(value, f(a, b), rtol=1e-10)
        for found, wanted in zip(gradients, expected[1], strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-11)
    assert "getrf" not in d.report()


@pytest.mark.parametrize("subscripts, shapes", [
    ("ii->i", [(4, 4)]), ("ii->", [(4, 4)]), ("iij->j", [(3, 3, 2)]), ("iii->i", [(3, 3, 3)]), ("ijji->ij", [(2, 3, 3, 2)]),
    ("ij,ij->ij", [(1, 3), (2, 3)]), ("ij,ij->", [(1, 3), (2, 1)]), ("ij,jk->ik", [(2, 1), (3, 4)]), ("i,i->i", [(1,), (1,)]),
    ("ij,k->j", [(2, 3), (2,)]), ("iij,ji->ij", [(2, 2, 3), (3, 2)]), ("ii,jj->ij", [(2, 2), (3, 3)]), ("ii->i", [(0, 0)]),
])
def test_sums_of_products_with_diagonals_and_stretched_axes(subscripts: str, shapes: list[tuple[int, ...]]) -> None:
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=shape) for shape in shapes]
    f = bcad.function(lambda *a: np.einsum(subscripts, *a))
    np.testing.assert_allclose(f(*arrays), np.einsum(subscripts, *arrays), rtol=1e-13, atol=1e-15)
    assert "in NumPy" not in f.report()
    g = bcad.grad(lambda *a: np.sum(np.einsum(subscripts, *a) ** 2), argnum=0)
    with options.set(backend="numpy"):
        expected = bcad.grad(lambda *a: np.sum(np.einsum(subscripts, *a) ** 2))(*arrays)
    np.testing.assert_allclose(g(*arrays), expected, rtol=1e-12, atol=1e-14)


def test_lu_factors_are_scipys() -> None:
    rng = np.random.default_rng(3)
    f = bcad.function(lambda a: linalg.lu_factor(a))
    for n in (1, 2, 5, 6):
        for a in (rng.normal(size=(n, n)), rng.normal(size=(n, 2 * n))[:, ::2], rng.normal(size=(n, n)).T):
            for found, expected in zip(f(a), linalg.lu_factor(a), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-12)
                assert found.dtype == expected.dtype
    assert "in NumPy" not in f.report()
    with pytest.warns(linalg.LinAlgWarning):
        f(np.zeros((3, 3)))


@pytest.mark.parametrize("below, above", [(1, 1), (2, 0), (0, 0), (1, 2)])
def test_band_matrices(below: int, above: int) -> None:
    rng = np.random.default_rng(below + 3 * above)
    f = bcad.function(lambda ab, b: linalg.solve_banded((below, above), ab, b))
    d = bcad.grad(lambda ab, b: np.sum(linalg.solve_banded((below, above), ab, b) ** 2), argnums=(0, 1))
    for n, right in ((6, (6,)), (7, (7, 2)), (5, (5, 1))):
        ab, b = rng.normal(size=(below + above + 1, n)), rng.normal(size=right)
        ab[above] += 6
        np.testing.assert_allclose(f(ab, b), linalg.solve_banded((below, above), ab, b), rtol=1e-12)
        with options.set(backend="numpy"):
            expected = bcad.grad(lambda ab, b: np.sum(linalg.solve_banded((below, above), ab, b) ** 2), argnums=(0, 1))(ab, b)
        for found, wanted in zip(d(ab, b), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-13)
    assert "in NumPy" not in d.report()
    with pytest.raises(np.linalg.LinAlgError):
        f(np.zeros((below + above + 1, 5)), np.ones(5))


def test_python_counts_with_its_bools() -> None:
    for fn in (lambda x: (x > 0) + (x > 1), lambda x: ~(x > 0), lambda x: -(x > 0) - (x > 1), lambda x: (x > 0) * 3 + (x > 1) * (x > 0),
               lambda x: ~np.allclose(x, 1.5), lambda x: (x > 0) & (x > 1), lambda x: np.add(x > 0, x > 1), lambda x: (x > 0) / 2):
        f = bcad.function(fn)
        for x in (-0.5, 0.5, 1.5):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of ~ of a bool
                found, expected = f(x), fn(x)
            assert found == expected and type(found) is type(expected)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="C leaves it to the machine")
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
def test_floats_become_integers_as_in_c(dtype: str) -> None:
    x = np.array([-1.167, -0.5, 300.7, 70000.2, -3.0, 255.9, -129.0, 0.0])
    for y in (x, x.astype(np.float32)):
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(bcad.function(lambda y: y.astype(dtype))(y), y.astype(dtype))


def test_what_llvm_gets_wrong_is_compiled_in_another_way() -> None:
    """LLVM's passes left a value used before it is made where some read the rows of 4 x 4 numbers and others eight at once."""
    def f(x: Any) -> Any:
        v = np.linalg.matrix_power(x @ x.T, 2)
        v[:-1] += v[1:]
        return np.sum(v * -1.0) + np.sum(np.sin(v))

    for n in (2, 3, 4, 5):
        d, x = bcad.value_and_grad(f), np.linspace(-0.8, 0.7, n).reshape(n, 1)
        value, gradient = d(x)
        with options.set(backend="numpy"):
            expected = bcad.value_and_grad(f)(x)
        np.testing.assert_allclose(value, expected[0], rtol=1e-8, atol=1e-15)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-8, atol=1e-14)
        assert "in NumPy" not in d.report()


def test_what_does_not_fit_into_its_places_is_an_error_at_later_calls_too() -> None:
    def f(x: Any, places: Any, values: Any) -> Any:
        y = x.copy()
        y[places] = values
        return np.sum(y**2)

    d, x = bcad.value_and_grad(f, argnums=(0, 2)), np.arange(6.0)
    for count in (2, 3, 5):
        places, values = np.arange(count), np.linspace(1, 2, count)
        np.testing.assert_allclose(d(x, places, values)[0], f(x, places, values))
    with pytest.raises(ValueError):
        d(x, np.array([0, 1, 2]), np.array([1.0, 2.0]))
    np.testing.assert_allclose(d(x, np.array([4, 5]), np.array([1.0, 2.0]))[0], 19.0)


def test_an_index_into_what_has_become_empty_is_an_error() -> None:
    for fn in (lambda x: np.where(x > 0)[0][0] + np.sum(x), lambda x: x[x > 0][-1] * 2.0):
        f = bcad.function(fn)
        for x in ([1.0, -1.0, 2.0], [-1.0, 3.0]):
            np.testing.assert_allclose(f(np.array(x)), fn(np.array(x)))
        with pytest.raises(IndexError):
            f(np.array([-1.0, -2.0]))
        np.testing.assert_allclose(f(np.array([4.0, -1.0])), fn(np.array([4.0, -1.0])))
