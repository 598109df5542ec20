"""Images as splines: the plain code gives what SciPy's C code gives, and is differentiated by pixels, places and angles."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage as nd
from numpy.testing import assert_allclose
from scipy.ndimage import _nd_image as c_code

from bcad import options, value_and_grad
from bcad.ops import image_splines
from tests.programs.reference import richardson

MODES = "nearest wrap reflect mirror constant grid-wrap grid-constant".split()
RNG = np.random.default_rng(0)
IMAGE, WEIGHTS = RNG.normal(size=(7, 8)), RNG.normal(size=(20, 20))


@pytest.mark.parametrize("order", [2, 3, 4, 5])
@pytest.mark.parametrize("mode", range(7))
def test_coefficients_are_scipys(order, mode):
    for n in (1, 2, 3, 5, 9):
        x = RNG.normal(size=(n, 2))
        found, expected = np.empty_like(x), np.empty_like(x)
        image_splines.spline_filter1d(x, order, 0, found, mode)
        c_code.spline_filter1d(x, order, 0, expected, mode)
        assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("mode", range(7))
def test_samples_are_scipys(order, mode):
    for shape in ((6,), (5, 7), (1, 3)):
        for reach in (0, 1, 3):
            x, found, expected = RNG.normal(size=shape), np.empty(11), np.empty(11)
            places = np.stack([RNG.uniform(-reach * n, n - 1 + reach * n, 11) for n in shape])
            places[:, :2], places[:, 2] = 0, [n - 1 for n in shape]
            for margin in (0, 2):
                arguments = x, None, places, None, None
                image_splines.geometric_transform(*arguments, found, order, mode, 0.7, margin, None, None)
                c_code.geometric_transform(*arguments, expected, order, mode, 0.7, margin, None, None)
                assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


def weighed(y):
    return np.sum(y * WEIGHTS[: y.shape[0], : y.shape[1]]) if y.ndim == 2 else WEIGHTS[0, : len(y)] @ y


POINT = np.array([1.3, 2.4])
CASES = {
    "places, linear": (lambda p: weighed(nd.map_coordinates(IMAGE, [[p[0], p[0] * 2], [p[1], p[1] + 0.3]], order=1)), POINT),
    "places, cubic": (lambda p: weighed(nd.map_coordinates(IMAGE, [[p[0], p[0] * 2], [p[1], p[1] + 0.3]])), POINT),
    "pixels": (lambda x: weighed(nd.map_coordinates(x, [[1.1, 2.2], [0.3, 1.4]], mode="nearest")), IMAGE),
    "shift": (lambda p: weighed(nd.shift(IMAGE, p / 7, mode="reflect")), POINT),
    "shift into a constant": (lambda p: weighed(nd.shift(IMAGE, p / 7, mode="constant", cval=1.0)), POINT),
    "zoom": (lambda x: weighed(nd.zoom(x, 1.5)), IMAGE),
    "zoom of pixels with an extent": (lambda x: weighed(nd.zoom(x, 0.6, order=1, grid_mode=True, mode="nearest")), IMAGE),
    "rotate by": (lambda a: weighed(nd.rotate(IMAGE, a, reshape=False)), 12.3),
    "rotate": (lambda x: weighed(nd.rotate(x, 30.0, order=1)), IMAGE),
    "affine": (lambda p: weighed(nd.affine_transform(IMAGE, np.array([[p[0], 0.1], [0.2, p[1]]]), order=2, mode="mirror")), POINT / 2),
    "affine by axis": (lambda p: weighed(nd.affine_transform(IMAGE, p, offset=0.2, order=3)), POINT / 2),
    "function": (lambda p: weighed(nd.geometric_transform(IMAGE, lambda ij: (ij[0] * p[0], ij[1] + p[1]), mode="mirror")), POINT / 2),
    "in a loop": (lambda p: sum(weighed(nd.shift(IMAGE, p * k / 9, order=1, mode="nearest")) for k in range(6)), POINT),
}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient(name, monkeypatch):
    monkeypatch.setattr(options, "backend", "numpy")
    f, start = CASES[name]
    g = value_and_grad(f)
    for k in range(2):
        x = start * (1 + 0.07 * k)
        x = x[: 7 - k, : 8 - k].copy() if np.ndim(x) == 2 else x
        direction = np.random.default_rng(k).normal(size=np.shape(x))
        value, gradient = g(x)
        assert_allclose(value, f(x), rtol=1e-11)
        slope = richardson(lambda t: np.asarray(f(x + t * direction)), 1e-3)
        assert slope.agrees(np.sum(gradient * direction), rtol=1e-6, atol=1e-7)
