"""Discrete Fourier transforms along one axis as ops: fft, rfft, irfft.

The matrix of the transform is symmetric, so its transpose is itself; the real transforms see
only half of the spectrum, in which inner frequencies count twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Size, Value

from .arguments import as_array, astype, counting
from .cotangents import to_cotangent
from .layout import LinearMap
from .matrices import conj
from .op import BY_NAME, Zero, define
from .samples import Sample, complexes, reals
from .shape import to_shape

SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def complex_dtype(dtype: Any) -> np.dtype[Any]:
    return np.result_type(dtype, np.complex64)


@define
class Fft(LinearMap):
    """``fft`` or, if `inverse`, ``ifft`` along `axis`."""

    samples = (
        Sample(complexes(4), axis=0, inverse=False, norm="backward"),
        Sample(complexes(2, 3), axis=0, inverse=True, norm="backward"),
        Sample(reals(2, 3), axis=1, inverse=False, norm="ortho"),
        Sample(reals(3), axis=0, inverse=True, norm="forward"),
    )

    def type_rule(self, x: ArrayType, *, axis: int, inverse: bool, norm: str) -> ArrayType:
        _not_empty(x.shape[axis])
        return ArrayType(complex_dtype(x.dtype), x.shape)

    def evaluate(self, x: Any, *, axis: int, inverse: bool, norm: str) -> Any:
        return (np.fft.ifft if inverse else np.fft.fft)(x, axis=axis, norm=norm)  # type: ignore[arg-type]

    def vjp(self, g: Any, y: Value, x: Value, **attrs: Any) -> tuple[Any]:
        return (to_cotangent(self(g, **attrs), x),)


def _not_empty(n: Size) -> None:
    if isinstance(n, int) and n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")


def weighted(x: Value, n: Size, axis: int, inner: float) -> Value:
    """Frequencies of a half spectrum times `inner`, except those that are their own mirror image (0 and n/2)."""
    k = x.shape[axis]
    if isinstance(n, int):
        weights: Any = np.full(n // 2 + 1, inner)
        weights[0] = 1.0
        weights[n // 2 :] = 1.0 if n % 2 == 0 else inner
        if n == 1:
            weights[:] = 1.0
        value = as_array(weights)
    else:
        index = counting(k)
        alone = BY_NAME["logical_or"](BY_NAME["equal"](index, 0), BY_NAME["equal"](index * 2, n))
        value = BY_NAME["where"](alone, 1.0, inner)
    value = astype(value, np.zeros((), x.dtype).real.dtype)
    return x * to_shape(value, [k] + [1] * (x.ndim - axis - 1))


@define
class Rfft(LinearMap):
    """``rfft``: the frequencies 0 to n // 2 of real input."""

    samples = (
        Sample(reals(4), axis=0, norm="backward"),
        Sample(reals(5, 2), axis=0, norm="ortho"),
        Sample(reals(1), axis=0, norm="forward"),
    )

    def type_rule(self, x: ArrayType, *, axis: int, norm: str) -> ArrayType:
        _not_empty(x.shape[axis])
        shape = (*x.shape[:axis], x.shape[axis] // 2 + 1, *x.shape[axis + 1 :])
        return ArrayType(complex_dtype(x.dtype), shape)

    def evaluate(self, x: Any, *, axis: int, norm: str) -> Any:
        return np.fft.rfft(x, axis=axis, norm=norm)  # type: ignore[arg-type]

    def vjp(self, g: Any, y: Value, x: Value, *, axis: int, norm: str) -> tuple[Any]:
        if type(g) is Zero:
            return (Zero(x.type),)
        n = x.shape[axis]
        halved = weighted(conj(g), n, axis, 0.5)
        return (to_cotangent(BY_NAME["irfft"](halved, n=n, axis=axis, norm=SWAPPED[norm]), x),)


@define
class Irfft(LinearMap):
    """``irfft``: n real numbers from the frequencies 0 to n // 2."""

    samples = (
        Sample(complexes(3), n=4, axis=0, norm="backward"),
        Sample(complexes(3, 2), n=5, axis=0, norm="ortho"),
        Sample(complexes(1), n=1, axis=0, norm="forward"),
    )

    def type_rule(self, x: ArrayType, *, n: Size, axis: int, norm: str) -> ArrayType:
        _not_empty(n)
        dtype = np.zeros((), complex_dtype(x.dtype)).real.dtype
        return ArrayType(dtype, (*x.shape[:axis], n, *x.shape[axis + 1 :]))

    def evaluate(self, x: Any, *, n: int, axis: int, norm: str) -> Any:
        return np.fft.irfft(x, n, axis, norm)  # type: ignore[arg-type]

    def vjp(self, g: Any, y: Value, x: Value, *, n: Size, axis: int, norm: str) -> tuple[Any]:
        if type(g) is Zero:
            return (Zero(x.type),)
        spectrum = conj(BY_NAME["rfft"](g, axis=axis, norm=SWAPPED[norm]))
        return (to_cotangent(weighted(spectrum, n, axis, 2.0), x),)
