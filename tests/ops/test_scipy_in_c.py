"""What SciPy does in C, written in NumPy: values are SciPy's, gradients agree with Richardson's differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.interpolate as si
import scipy.ndimage as nd
import scipy.signal as sg
import scipy.sparse as sp
import scipy.spatial.distance as sd
from numpy.testing import assert_allclose

from bcad import Function, grad, jvp, options
from tests.programs.reference import richardson

X = np.array([0.7, 1.3, 0.2, 2.1, 1.7, 0.9])
T = np.arange(6.0)
Q = np.array([0.3, 1.7, 2.2, 4.9])
POINTS = np.arange(4.0).reshape(2, 2) ** 1.5
SECTIONS = sg.butter(3, 0.3, output="sos")
CSR = sp.csr_matrix(np.arange(12).reshape(2, 6) % 5 * 1.0)
CSC = sp.csc_matrix(np.diag(T + 1) + np.eye(6, k=1))


@pytest.fixture(autouse=True)
def by_numpy(monkeypatch):
    monkeypatch.setattr(options, "backend", "numpy")


def weighed(y: Any) -> Any:
    """A sum in which each element has a weight of its own."""
    y = np.asarray(y)
    return np.sum(y * np.cos(np.arange(y.size)).reshape(y.shape))


CASES: dict[str, Callable[[Any], Any]] = {
    "cubic spline of values": lambda x: si.CubicSpline(T, x)(Q),
    "cubic spline at points": lambda x: si.CubicSpline(T, np.sin(T))(x),
    "its derivative": lambda x: si.CubicSpline(T, x, bc_type="natural")(Q, 1),
    "its integral": lambda x: si.CubicSpline(T, x, bc_type="clamped").integrate(0.5, 3.3 + x[0]),
    "cubic spline of knots": lambda x: si.CubicSpline(np.cumsum(x), T**2)(Q),
    "periodic": lambda x: si.CubicSpline(T, np.r_[x[:5], x[:1]], bc_type="periodic")(Q + 7),
    "outside without extrapolation": lambda x: np.nan_to_num(si.CubicSpline(T, x, extrapolate=False)(np.r_[Q, 9.0, np.nan])),
    "pchip": lambda x: si.PchipInterpolator(T, x)(Q),
    "akima": lambda x: si.Akima1DInterpolator(T, x)(Q),
    "interp1d": lambda x: si.interp1d(T, x, kind="cubic")(Q),
    "interp1d quadratic": lambda x: si.interp1d(T, T**2, kind="quadratic")(x),
    "B-spline of values": lambda x: si.make_interp_spline(T, x, k=3)(Q),
    "B-spline with end conditions": lambda x: si.make_interp_spline(T, x, k=3, bc_type=([(1, 0.5)], [(2, 0.0)]))(Q, 1),
    "B-spline of matrices": lambda x: si.make_interp_spline(T, np.outer(x, x[:2]), k=2)(Q),
    "B-spline coefficients": lambda x: si.BSpline(np.arange(10.0), x, 3)(Q * 0.5 + 3, 2),
    "fitpack": lambda x: si.splev(Q, si.splrep(T, x), der=1),
    "grid values": lambda x: si.RegularGridInterpolator((T[:2], T[:3]), x.reshape(2, 3))(np.array([[0.3, 1.2], [0.7, 0.1]])),
    "grid points": lambda x: si.RegularGridInterpolator((T, T), np.outer(T, T**2))(x.reshape(3, 2)),
    "lfilter": lambda x: sg.lfilter([1, 0.5], [1, -0.3, 0.1], x),
    "lfilter coefficients": lambda x: sg.lfilter(x[:3], np.r_[2.0, x[3:] * 0.1], T),
    "lfilter with delays": lambda x: np.concatenate(sg.lfilter([1, 0.5], [1, -0.3], x, zi=x[:1])),
    "lfilter along an axis": lambda x: sg.lfilter([1, 0.5], [1, -0.3], x.reshape(3, 2), axis=0),
    "filtfilt": lambda x: sg.filtfilt([1, 0.5], [1, -0.3], np.r_[x, x, x]),
    "sosfilt": lambda x: sg.sosfilt(SECTIONS, x.reshape(2, 3), axis=1),
    "convolve2d": lambda x: sg.convolve2d(x.reshape(2, 3), [[1, 2.0], [3, 4]], mode="same", boundary="symm"),
    "convolve of matrices": lambda x: sg.convolve(x.reshape(2, 3), x[:4].reshape(2, 2)),
    "correlate of matrices, same": lambda x: sg.correlate(x.reshape(2, 3), x[1:5].reshape(2, 2), "same", "direct"),
    "correlate of matrices, valid": lambda x: sg.correlate(x[:4].reshape(2, 2), x.reshape(2, 3)[:, :2], "valid", "direct"),
    "convolve of complex tables": lambda x: np.abs(sg.convolve(x.reshape(1, 2, 3) * (1 + 2j), x[:4].reshape(2, 2, 1) + 1j, method="direct")),
    "convolve2d valid": lambda x: sg.convolve2d(x.reshape(2, 3), [[1, 2.0]], mode="valid"),
    "savgol": lambda x: sg.savgol_filter(x, 5, 2),
    "gaussian": lambda x: nd.gaussian_filter(x.reshape(2, 3), 1.0),
    "uniform": lambda x: nd.uniform_filter(x, 3, origin=1),
    "correlate": lambda x: nd.convolve(x.reshape(3, 2), [[1, 2.0, 3], [0, 1, 2]], mode="wrap"),
    "sobel": lambda x: nd.sobel(x.reshape(2, 3), mode="mirror"),
    "laplace": lambda x: nd.laplace(x.reshape(2, 3), mode="constant", cval=0.5),
    "squareform": lambda x: sd.squareform(sd.pdist(x.reshape(3, 2))),
    "squareform of a vector": lambda x: sd.squareform(x),
    "metric of one's own": lambda x: sd.cdist(x.reshape(3, 2), POINTS, lambda u, v: np.sum((u - v) ** 4)),
    "csr @ x": lambda x: CSR @ x,
    "x @ csc": lambda x: x @ CSC,
    "csc @ X": lambda x: CSC @ x.reshape(6, 1) @ x[None, :2],
    "csr.T": lambda x: CSR.T @ x[:2],
    "csr @ X": lambda x: CSR @ np.outer(x, x[:3]),
    "sparse data": lambda x: sp.coo_matrix((x, (np.arange(6) % 3, np.arange(6) % 2)), shape=(3, 2)) @ np.array([1.0, 2.0]),
    "diagonals": lambda x: sp.diags(x) @ T,
    "dct": lambda x: scipy.fft.dctn(x.reshape(2, 3), norm="ortho"),
    "vectorize": lambda x: np.vectorize(lambda v, c: v**c if v > 1 else np.sin(v))(x, 2.0),
    "vectorize, several results": lambda x: np.vectorize(lambda v: (v, v * v))(x.reshape(2, 3))[1],
    "vectorize, one excluded": lambda x: np.vectorize(lambda v, k: v * k, excluded=["k"], otypes=[float])(x, k=3.0),
    "fromiter": lambda x: np.fromiter((v * v for v in x), float),
    "sliding windows": lambda x: np.lib.stride_tricks.sliding_window_view(x.reshape(2, 3), (1, 2)),
    "covariance": lambda x: np.cov(x.reshape(2, 3), bias=True),
    "flat": lambda x: sum(v**2 for v in x.reshape(2, 3).flat),
}
METRICS = ["euclidean", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation", "canberra", "braycurtis"]
for _metric in METRICS:
    CASES[f"cdist {_metric}"] = lambda x, m=_metric: sd.cdist(x.reshape(2, 3), np.r_[POINTS.ravel(), 0.4, 2.2].reshape(2, 3), m)
CASES["cdist minkowski"] = lambda x: sd.cdist(x.reshape(3, 2), POINTS, "minkowski", p=3, w=[1.0, 2.0])
CASES["cdist mahalanobis"] = lambda x: sd.cdist(x.reshape(3, 2), POINTS, "mahalanobis", VI=np.array([[2.0, 0.5], [0.5, 1.0]]))


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient(name: str) -> None:
    def f(x: Any) -> Any:
        return weighed(CASES[name](x))

    assert_allclose(Function(f)(X.copy()), f(X.copy()), rtol=1e-11, atol=1e-12)
    found = grad(f)(X.copy())
    direction = np.cos(3 * np.arange(6.0) + 1)
    estimate = richardson(lambda h: np.asarray(f(X + h * direction)), 0.02)
    assert not estimate.disagreement(np.asarray(found @ direction), 1e-6, 1e-8), estimate.disagreement(np.asarray(found @ direction), 1e-6, 1e-8)


@pytest.mark.parametrize("name", ["dct", "idct", "dst", "idst"])
def test_cosine_and_sine_transforms_of_every_type(name: str) -> None:
    transform = getattr(scipy.fft, name)
    for kind in (1, 2, 3, 4):
        for norm in (None, "ortho", "forward"):
            for orthogonal in (None, True, False):
                for n in (None, 3, 8):
                    f = lambda x: transform(x, kind, n=n, norm=norm, orthogonalize=orthogonal)
                    assert_allclose(Function(f)(X), f(X), rtol=1e-12, atol=1e-13)


def test_the_first_result_says_of_which_dtype_vectorize_is() -> None:
    f = np.vectorize(lambda v: 0 if v < 1 else v * 0.5)
    traced = Function(lambda x: f(x))
    for x in ([0.5, 2.0, 3.0], [2.0, 0.5, 3.0]):
        found, expected = traced(np.array(x)), f(np.array(x))
        assert found.dtype == expected.dtype
        assert_allclose(found, expected)


def test_no_elements() -> None:
    with pytest.raises(ValueError, match="size 0"):
        Function(lambda x: np.vectorize(lambda v: v * 2)(x))(np.zeros(0))
    assert Function(lambda x: np.vectorize(lambda v: v * 2, otypes=[float])(x))(np.zeros(0)).shape == (0,)
    assert Function(lambda x: sd.cdist(x, x))(np.zeros((0, 2))).shape == (0, 0)
    assert Function(lambda x: sd.pdist(x))(np.ones((1, 2))).shape == (0,)


def test_other_sizes_of_a_filter_are_the_same_program() -> None:
    f = lambda x: np.sum(sg.lfilter([1, 0.5], [1, -0.3], x) ** 2)
    g = grad(f)
    for n in (1, 2, 9):
        x = np.linspace(0.2, 1.0, n)
        assert_allclose(g(x), [richardson(lambda h: np.asarray(f(x + h * e)), 0.05).value for e in np.eye(n)], rtol=1e-7)
    assert g.core.traces <= 2


def test_functions_of_integers_need_no_rule() -> None:
    """What gives places and labels alone is piecewise constant, be it written in C."""
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(0)

    def cost(c):
        rows, columns = linear_sum_assignment(c)
        return np.sum(c[rows, columns] ** 2)

    def components(x):
        labels, count = nd.label(x > 0.5)
        return np.sum(x[labels == 1] ** 2) + count

    for f, shape in ((cost, (4, 5)), (components, (12,))):
        g = grad(f)
        x, direction = rng.random(shape), rng.normal(size=shape)
        assert_allclose(jvp(f, (x,), (direction,))[1], np.sum(g(x) * direction), rtol=1e-12)
        for _ in range(3):
            x, direction = rng.random(shape), rng.normal(size=shape)
            assert richardson(lambda t: np.asarray(f(x + t * direction)), 1e-4).agrees(np.sum(g(x) * direction))
