"""Factorisations and transforms by the loops behind NumPy's functions: NumPy's numbers, NumPy's errors, no NumPy segment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

import bcad
from bcad.backends import numpy_loops
from bcad.options import options


@pytest.fixture(autouse=True)
def compiled() -> Any:
    with options.set(backend="numba"):
        yield


def matrices(*shape: int, dtype: Any = float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.normal(size=shape)
    return x.astype(dtype)


def symmetric(x: np.ndarray) -> np.ndarray:
    return x @ x.conj().swapaxes(-1, -2)


def whole(f: Any) -> None:
    assert "segment" not in f.report() and "in NumPy" not in f.report(), f.report()


FUNCTIONS = {
    "eigh": lambda a: tuple(np.linalg.eigh(a)),
    "eigh upper": lambda a: tuple(np.linalg.eigh(a, "U")),
    "svd": lambda a: tuple(np.linalg.svd(a, full_matrices=False)),
    "svd full": lambda a: tuple(np.linalg.svd(a)),
    "qr": lambda a: tuple(np.linalg.qr(a)),
    "eig": lambda a: tuple(np.linalg.eig(a + 0j)),
    "transposed": lambda a: tuple(np.linalg.eigh(np.swapaxes(a, -1, -2))),
    "inv": lambda a: np.linalg.inv(a + 0j),
    "det": lambda a: np.linalg.det(a + 0j),
    "slogdet": lambda a: tuple(np.linalg.slogdet(a + 0j)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (2, 4, 4), (0, 2, 2), (5, 5)])
def test_factors_are_numpys(name: str, shape: tuple[int, ...]) -> None:
    fn = FUNCTIONS[name]
    f = bcad.function(fn)
    for seed, strided in ((0, False), (1, True)):
        a = symmetric(matrices(*shape, seed=seed)) + np.eye(shape[-1])
        if strided:
            a = np.repeat(a, 2, -1)[..., ::2]
        for found, expected in zip(as_list(f(a)), as_list(fn(a)), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
            assert found.dtype == expected.dtype and found.shape == expected.shape


def as_list(x: Any) -> list[Any]:
    return [np.asarray(part) for part in x] if isinstance(x, tuple) else [np.asarray(x)]


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 1), (1, 3), (2, 5, 3), (3, 0)])
@pytest.mark.parametrize("name", ["svd", "svd full", "qr"])
def test_rectangular_matrices(name: str, shape: tuple[int, ...]) -> None:
    fn = FUNCTIONS[name]
    f = bcad.function(fn)
    for dtype in (float, np.float32, complex):
        a = matrices(*shape, dtype=dtype)
        for found, expected in zip(as_list(f(a)), as_list(fn(a)), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype is np.float32 else 1e-12, atol=1e-6 if dtype is np.float32 else 1e-13)
            assert found.dtype == expected.dtype and found.shape == expected.shape


def test_one_code_for_all_sizes() -> None:
    f = bcad.grad(lambda a: np.sum(np.linalg.eigh(a @ a.T)[0] ** 2))
    for n in (6, 7, 12):
        a = matrices(n, n, seed=n)
        np.testing.assert_allclose(f(a), 4 * a @ a.T @ a, rtol=1e-9)
    whole(f)


GRADIENTS = {
    "eigh": lambda a: np.sum(np.linalg.eigh(a @ a.T)[1][:, 0] ** 4),
    "svd": lambda a: np.sum(np.log(np.linalg.svd(a)[1])),
    "qr": lambda a: np.sum(np.linalg.qr(a)[0] ** 3 * np.linalg.qr(a)[1]),
    "complex solve": lambda a: np.sum(np.abs(np.linalg.solve(a + 1j * a.T, a[0] + 0j))),
    "fft": lambda a: np.sum(np.abs(np.fft.fft(a)) ** 3),
    "rfft2": lambda a: np.sum(np.abs(np.fft.rfft2(a)) ** 3),
    "irfft": lambda a: np.sum(np.fft.irfft(a + 1j * a.T, axis=0) ** 3),
    "in a loop": lambda a: np.sum(np.array([np.linalg.eigh(a @ a.T + k * np.eye(len(a)))[0][0] for k in range(3)])),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_those_of_the_numpy_executor(name: str) -> None:
    f, a = bcad.value_and_grad(GRADIENTS[name]), matrices(5, 5) + 3 * np.eye(5)
    value, gradient = f(a)
    whole(f)
    with options.set(backend="numpy"):
        expected = bcad.value_and_grad(GRADIENTS[name])(a)
    np.testing.assert_allclose(value, expected[0], rtol=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("fn", [
    lambda a: np.linalg.inv(a + 0j), lambda a: np.linalg.solve(a + 0j, a), lambda a: np.linalg.cholesky(a - 5 * np.eye(2) + 0j),
], ids=["inv", "solve", "cholesky"])
def test_what_has_no_factors_raises_as_in_numpy(fn: Any) -> None:
    f = bcad.function(fn)
    good, bad = np.array([[9.0, 1.0], [1.0, 8.0]]), np.ones((2, 2))
    np.testing.assert_allclose(f(good), fn(good), rtol=1e-13)
    with pytest.raises(np.linalg.LinAlgError):
        f(bad)
    np.testing.assert_allclose(f(good), fn(good), rtol=1e-13)


@pytest.mark.parametrize("name", ["eigh", "svd", "qr", "eig"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_does_what_it_does_in_numpy(name: str, bad: float) -> None:
    fn = FUNCTIONS[name]
    f, a = bcad.function(fn), symmetric(matrices(3, 3))
    f(a)
    a[1, 1] = bad
    try:
        expected = as_list(fn(a))
    except np.linalg.LinAlgError as error:
        with pytest.raises(np.linalg.LinAlgError, match=str(error)):
            f(a)
    else:
        for found, wanted in zip(as_list(f(a)), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-12)


TRANSFORMS = [
    lambda x: np.fft.fft(x), lambda x: np.fft.ifft(x, axis=0), lambda x: np.fft.fft(x, norm="ortho"),
    lambda x: np.fft.rfft(x, axis=0), lambda x: np.fft.rfft(x, norm="forward"), lambda x: np.fft.irfft(x + 1j * x),
    lambda x: np.fft.irfft(x + 1j, n=5), lambda x: np.fft.fft2(x), lambda x: np.fft.hfft(x + 1j),
    lambda x: np.fft.ifft(x, norm="forward"), lambda x: np.fft.irfft(x + 0j, norm="ortho", axis=0),
]


@pytest.mark.parametrize("fn", TRANSFORMS)
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_transforms_are_numpys_for_every_size(fn: Any, dtype: Any) -> None:
    f = bcad.function(fn)
    for shape in ((4, 6), (5, 7), (2, 2), (1, 5), (3, 1), (0, 4)):
        for x in (matrices(*shape, dtype=dtype), matrices(shape[0], 2 * shape[1], dtype=dtype)[:, ::2]):
            try:
                expected = fn(x)
            except ValueError:
                with pytest.raises(ValueError):
                    f(x)
                continue
            found = f(x)
            if dtype is float:
                np.testing.assert_array_equal(found, expected)
            else:  # NumPy goes through double precision where it scales by nothing
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
            assert found.dtype == expected.dtype


def test_a_spectrum_without_frequencies_is_left_to_numpy() -> None:
    f = bcad.function(lambda x: np.fft.irfft(x + 1j, n=5, axis=0).shape)
    assert f(np.ones((3, 2))) == (5, 2)
    assert f(np.ones((0, 2))) == (5, 2)


NUMBERS = {
    "spacing": lambda x: np.spacing(x),
    "frexp": lambda x: np.frexp(x)[0] * np.frexp(x)[1],
    "ldexp": lambda x: np.ldexp(x, 3),
    "gcd": lambda x: np.gcd(np.floor(9 * x).astype(int), 6),
    "bits": lambda x: np.bitwise_count(np.floor(9 * x).astype(np.int16)) + x,
    "error function": lambda x: special.erf(x + 2j * x),
    "kn": lambda x: special.kn(2, np.abs(x) + 1),
    "ellipj": lambda x: special.ellipj(x, 0.3)[2] * special.ellipj(x, 0.3)[0],
    "airy": lambda x: special.airy(x)[2],
    "in a branch": lambda x: np.array([special.expn(1, v + 1) if v > 0.4 else special.fresnel(v)[0] for v in x.ravel()]).sum() + x,
    "beside others": lambda x: np.sum(np.sin(x) * special.shichi(x + 2)[0] + special.exprel(x)) + x,
}


@pytest.mark.parametrize("name", NUMBERS)
def test_functions_of_numbers_that_have_no_code_of_ours(name: str) -> None:
    fn = NUMBERS[name]
    f = bcad.function(fn)
    for dtype in (float, np.float32):
        for x in (np.linspace(0.1, 1.9, 7).astype(dtype), np.linspace(0.2, 1.4, 12).reshape(3, 4).astype(dtype)[:, ::2], np.ones(1, dtype)):
            found, expected = f(x), fn(x)
            np.testing.assert_allclose(found, expected, rtol=3e-6 if dtype is np.float32 else 1e-13)
            assert found.dtype == expected.dtype and found.shape == expected.shape
    whole(f)


def test_gradients_through_them_and_threads() -> None:
    def f(x: Any) -> Any:
        return np.sum(special.jv(1.5, x) * special.kn(1, x) + np.real(special.wofz(x + 1j)))

    x = np.linspace(0.5, 3, 40000)
    with options.set(backend="numpy"):
        expected = bcad.grad(f)(x)
    one, shared = bcad.grad(f)(x), bcad.grad(f, parallel=True)(x)
    np.testing.assert_allclose(one, expected, rtol=1e-11)
    np.testing.assert_array_equal(one, shared)


def test_nan_and_infinity_go_through_them() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324])
    for fn in (lambda x: np.spacing(x), lambda x: np.ldexp(x, 2), lambda x: special.erf(x + 1j), lambda x: special.shichi(x)[1]):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(bcad.function(fn)(x), fn(x))


def test_a_loop_that_numpy_does_not_have_is_none() -> None:
    assert numpy_loops.routine(numpy_loops.LINALG, "no_such", "d->d") is None
    assert numpy_loops.routine("no.such.module", "eigh_lo", "d->dd") is None
    assert numpy_loops.routine(numpy_loops.LINALG, "qr_r_raw", "f->f") is None
