"""scipy.fft's cosine and sine transforms, as plain NumPy code: Fourier transforms of extensions by symmetry."""

from __future__ import annotations

from typing import Any

import numpy as np

from .lazy import derived_named
from .op import part_of_derived

fft = derived_named("scipy.fft")


@part_of_derived
def transform(x: Any, kind: int, n: Any, axis: int, norm: Any, orthogonalize: Any, sine: bool, inverse: bool) -> Any:
    """Type `kind` along one axis; the inverse of a type is its counterpart over twice the length."""
    rows = np.moveaxis(np.asarray(x) * 1.0, axis, -1)
    if n is not None:
        short = rows.shape[-1]
        rows = rows[..., :n] if short >= n else np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, n - short)])
    length = rows.shape[-1]
    whole = 2 * (length - 1 if kind == 1 and not sine else length + 1 if kind == 1 else length)
    used = {1: 1, 2: 3, 3: 2, 4: 4}[kind] if inverse else kind
    orthogonal = norm == "ortho" if orthogonalize is None else orthogonalize
    if orthogonal and used in (1, 3):
        rows = _weighed(rows, np.sqrt(2.0), used, sine)
    y = _raw(rows, used, sine)
    if orthogonal and used in (1, 2):
        y = _weighed(y, np.sqrt(0.5), used, sine)
    if norm == "ortho":
        y = y / np.sqrt(whole)
    elif (norm == "forward") != inverse and norm in ("forward", "backward", None) and (norm == "forward" or inverse):
        y = y / whole
    return np.moveaxis(y, -1, axis)


@part_of_derived
def _scaled_ends(x: Any, first: float, last: float) -> Any:
    ends = np.concatenate([np.full(1, first), np.ones(max(x.shape[-1] - 2, 0)), np.full(1, last)]) if x.shape[-1] > 1 else np.full(1, first)
    return x * ends


@part_of_derived
def _weighed(x: Any, weight: float, kind: int, sine: bool) -> Any:
    """What orthogonal forms do to the ends: both of type 1 (none of sines), else the first of cosines, the last of sines."""
    if kind == 1:
        return x if sine else _scaled_ends(x, weight, weight)
    return _scaled_ends(x, 1.0, weight) if sine else _scaled_ends(x, weight, 1.0)


@part_of_derived
def _raw(x: Any, kind: int, sine: bool) -> Any:
    """Without any scaling."""
    n = x.shape[-1]
    k = np.arange(n)
    zero = np.zeros((*x.shape[:-1], 1))
    if kind == 1 and not sine:
        return np.fft.fft(np.concatenate([x, x[..., 1 : n - 1][..., ::-1]], -1)).real[..., :n]
    if kind == 1:
        return -np.fft.fft(np.concatenate([zero, x, zero, -x[..., ::-1]], -1)).imag[..., 1 : n + 1]
    if kind == 2:
        y = np.fft.fft(np.concatenate([x, -x[..., ::-1] if sine else x[..., ::-1]], -1))
        if sine:
            return -(y[..., 1 : n + 1] * np.exp(-1j * np.pi * (k + 1) / (2 * n))).imag
        return (y[..., :n] * np.exp(-1j * np.pi * k / (2 * n))).real
    if kind == 3:
        ends = _scaled_ends(x, 1.0, 0.5) if sine and n > 1 else x * 0.5 if sine else _scaled_ends(x, 0.5, 1.0)
        shift = k + 1 if sine else k
        padded = np.concatenate([zero, ends * np.exp(-1j * np.pi * shift / (2 * n)), zero] if sine
                                else [ends * np.exp(-1j * np.pi * shift / (2 * n))], -1)  # fmt: skip
        y = np.fft.fft(padded, 2 * n, -1)[..., :n] if not sine else np.fft.fft(padded[..., : n + 1], 2 * n, -1)[..., :n]
        return -2 * y.imag if sine else 2 * y.real
    turn = np.exp(-1j * np.pi * (2 * k + 1) / (4 * n))
    y = np.fft.fft(x * np.exp(-1j * np.pi * k / (2 * n)), 2 * n, -1)[..., :n] * turn
    return -2 * y.imag if sine else 2 * y.real


def _enter(name: str, sine: bool, inverse: bool) -> None:
    @fft(name)
    def along(
        x: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False, workers: Any = None,
        *, orthogonalize: Any = None,
    ) -> Any:  # fmt: skip
        return transform(x, type, n, axis, norm, orthogonalize, sine, inverse)

    @fft(name + "n")
    def over(
        x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False, workers: Any = None,
        *, orthogonalize: Any = None,
    ) -> Any:  # fmt: skip
        chosen = range(np.ndim(x)) if axes is None else axes if isinstance(axes, (tuple, list)) else (axes,)
        for k, axis in enumerate(chosen):
            x = transform(x, type, None if s is None else s[k], axis, norm, orthogonalize, sine, inverse)
        return x


for _name, _sine, _inverse in (("dct", False, False), ("idct", False, True), ("dst", True, False), ("idst", True, True)):
    _enter(_name, _sine, _inverse)
