"""Fourier transforms: lengths, axes, norms, real and complex, odd and even."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from .derivatives import check, of, run
from .test_linalg import c, r

NORMS = pytest.mark.parametrize("norm", [None, "ortho", "forward"])
F = np.fft


@NORMS
@pytest.mark.parametrize("name", ["fft", "ifft", "irfft", "hfft"])
def test_transforms_of_complex_arrays(name, norm):
    function = getattr(F, name)
    for x, n, axis in ((c(4), None, -1), (c(5), None, 0), (c(3, 4), 6, 0), (c(3, 4), 3, 1), (c(2), 1, 0), (c(3), 5, 0)):
        check(lambda x: of(function)(x, n, axis, norm), x, order=1 if norm else 2)


@NORMS
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "ihfft", "irfft", "hfft"])
def test_transforms_of_real_arrays(name, norm):
    function = getattr(F, name)
    for x, n, axis in ((r(4), None, -1), (r(5), None, 0), (r(3, 4), 6, 0), (r(3, 4), 3, 1), (r(2), 1, 0), (r(3), 5, 0)):
        check(lambda x: of(function)(x, n, axis, norm), x, order=1 if norm else 2)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"])
def test_several_axes(name):
    function = getattr(F, name)
    for kwargs in ({}, {"axes": (0, 2)}, {"s": (3, 5), "axes": (2, 1)}, {"s": (-1, 4), "axes": (0, 1), "norm": "ortho"}):
        check(lambda x: of(function)(x, **kwargs), r(2, 3, 4), order=1)
        if not name.startswith("r"):
            check(lambda x: of(function)(x, **kwargs), c(2, 3, 4), order=1)


def test_shifts_and_scipys_names():
    check(of(F.fftshift), r(4, 5))
    check(lambda x: of(F.ifftshift)(x, 1), c(4, 5), order=1)
    check(lambda x: of(scipy.fft.rfft)(x, 6), r(5), order=1)
    check(lambda x: of(scipy.fft.fftn)(x, axes=(0,)), r(2, 3), order=1)
    assert run(of(F.fft), r(4).astype(np.float32)).dtype == np.complex64
    assert run(of(F.irfft), c(4).astype(np.complex64)).dtype == np.float32


def test_symbolic_length():
    from bcad.ops import FUNCTIONS

    from .test_shape import n, symbolic

    for function in (F.fft, F.rfft):
        for y, x in zip(symbolic(FUNCTIONS[function], (n,), a := r(6), b := r(9)), (a, b), strict=True):
            np.testing.assert_allclose(y, function(x))


def test_what_numpy_refuses_is_refused():
    for function, x in ((F.rfft, c(3)), (F.fft, r(0))):
        with pytest.raises((TypeError, ValueError)):
            run(of(function), x)
    with pytest.raises(ValueError, match="norm"):
        run(lambda x: of(F.fft)(x, norm="half"), r(3))
