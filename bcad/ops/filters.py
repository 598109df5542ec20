"""What scipy.signal and scipy.ndimage do in C: recursive filters and linear filters of images, as plain NumPy code."""

from __future__ import annotations

from typing import Any

import numpy as np

from .lazy import derived_named
from .op import part_of_derived

sigtools = derived_named("scipy.signal._sigtools")
nd_image = derived_named("scipy.ndimage._nd_image")


# -- recursive filters: direct form II transposed ------------------------------------------------------
@sigtools("_linear_filter")
def linear_filter(b: Any, a: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """One pass over `axis` that carries the delays; with `zi` also the last of them."""
    n = max(len(a), len(b))
    dtype = np.result_type(b, a, x)
    b = np.concatenate([b, np.zeros(n - len(b), dtype)]) / a[0]
    a = np.concatenate([a, np.zeros(n - len(a), dtype)]) / a[0]
    rows = np.moveaxis(x, axis, 0) * np.ones((), dtype)
    flat = np.reshape(rows, (rows.shape[0], -1))
    delays = np.zeros((n, flat.shape[1]), dtype)
    if zi is not None:
        start = np.moveaxis(zi, axis, 0)
        delays[: n - 1] = np.reshape(start, (n - 1, -1)) if rows.ndim > 1 else start[:, None]
    y = np.zeros(flat.shape, dtype)
    b, a = b[:, None], a[:, None]
    for k in range(flat.shape[0]):
        now = b[0] * flat[k] + delays[0]
        y[k] = now
        delays = np.concatenate([delays[1:] + b[1:] * flat[k] - a[1:] * now, np.zeros((1, flat.shape[1]), dtype)])
    out = np.moveaxis(np.reshape(y, rows.shape), 0, axis)
    if zi is None:
        return out
    last = np.reshape(delays[: n - 1], (n - 1, *rows.shape[1:]))
    return out, np.moveaxis(last, 0, axis)


@derived_named("scipy.signal._sosfilt")("_sosfilt")
def sosfilt(sos: Any, x: Any, zi: Any) -> None:
    """Sections of second order one after the other, each row of `x` and its delays in place."""
    for s in range(sos.shape[0]):
        y, last = linear_filter(sos[s, :3], sos[s, 3:], x, 1, np.copy(zi[:, s]))
        x[...] = y
        zi[:, s] = last


# -- images ------------------------------------------------------------------------------------------------
_MODES = {0: "nearest", 1: "wrap", 2: "reflect", 3: "mirror", 4: "constant", 5: "wrap", 6: "constant"}
_PADDED = {"nearest": "edge", "wrap": "wrap", "reflect": "symmetric", "mirror": "reflect", "constant": "constant"}


@part_of_derived
def extended(x: Any, before: Any, after: Any, mode: int, value: Any) -> Any:
    """`x` with a border on each axis, as the mode of scipy.ndimage says."""
    name: Any = _PADDED[_MODES[mode]]
    widths: Any = list(zip(before, after))
    return np.pad(x, widths, name, constant_values=value) if name == "constant" else np.pad(x, widths, name)


@nd_image("correlate1d")
def correlate1d(x: Any, weights: Any, axis: int, output: Any, mode: int, cval: float, origin: int) -> None:
    """A sum of shifted slices, one for each weight."""
    size, n = len(weights), x.shape[axis]
    left = size // 2 + origin
    before, after = [0] * x.ndim, [0] * x.ndim
    before[axis], after[axis] = left, size - left - 1
    padded = np.moveaxis(extended(x * 1.0, before, after, mode, cval), axis, 0)
    total = weights[0] * padded[:n]
    for k in range(1, size):
        total = total + weights[k] * padded[k : k + n]
    output[...] = np.moveaxis(total, 0, axis)


@nd_image("uniform_filter1d")
def uniform_filter1d(x: Any, size: int, axis: int, output: Any, mode: int, cval: float, origin: int) -> None:
    correlate1d(x, np.full(size, 1.0 / size), axis, output, mode, cval, origin)


@nd_image("correlate")
def correlate(x: Any, weights: Any, output: Any, mode: int, cval: float, origins: Any) -> None:
    """The same over all axes at once."""
    before = [w // 2 + int(o) for w, o in zip(weights.shape, origins)]
    after = [w - b - 1 for w, b in zip(weights.shape, before)]
    padded = extended(x * 1.0, before, after, mode, cval)
    total = np.zeros(x.shape)
    for place in np.ndindex(*weights.shape):
        total = total + weights[place] * padded[tuple([slice(p, p + n) for p, n in zip(place, x.shape)])]
    output[...] = total


@sigtools("_convolve2d")
def convolve2d(x: Any, kernel: Any, flip: int, mode: int, boundary: int, fill: Any) -> Any:
    """``mode`` 0 valid, 1 same, 2 full; ``boundary`` 0 zeros, 2 periodic, 4 symmetric, as SciPy's codes are."""
    weights = kernel[::-1, ::-1] if flip else kernel
    border = [w - 1 for w in kernel.shape]
    name: Any = {0: "constant", 4: "symmetric", 8: "wrap"}[boundary]
    widths: Any = [(w, w) for w in border]
    padded = np.pad(x * 1.0, widths, name, constant_values=fill) if name == "constant" else np.pad(x * 1.0, widths, name)
    shape = [n + w for n, w in zip(x.shape, border)]
    full = np.zeros(shape, np.result_type(x, kernel))
    for place in np.ndindex(*kernel.shape):
        full = full + weights[place] * padded[tuple([slice(p, p + n) for p, n in zip(place, shape)])]
    if mode == 2:
        return full
    if mode == 1:
        starts = [w // 2 for w in border]
        return full[tuple([slice(s, s + n) for s, n in zip(starts, x.shape)])]
    return full[tuple([slice(w, n) for w, n in zip(border, x.shape)])]


@sigtools("_correlateND")
def correlate_any(x: Any, kernel: Any, out: Any, mode: int) -> Any:
    """``mode`` 0 valid, 1 same, 2 full; but for valid, `x` ends in zeros, as many as the kernel reaches over it."""
    weights = np.conj(kernel)
    starts = [0 if mode == 0 else w // 2 if mode == 1 else w - 1 for w in kernel.shape]
    padded = np.pad(x, [(s, 0) for s in starts])
    total = np.zeros(out.shape, np.result_type(x, kernel))
    for place in np.ndindex(*kernel.shape):
        total = total + weights[place] * padded[tuple([slice(p, p + n) for p, n in zip(place, out.shape)])]
    out[...] = total
    return out


@derived_named("scipy._lib.array_api_compat.numpy.linalg")("solve")
def solve(x1: Any, x2: Any, /) -> Any:
    """As NumPy's; SciPy's copy of it tells errors by a callback of floating point errors."""
    return np.linalg.solve(x1, x2)
