"""What scipy.ndimage interpolates in C: images as splines of their pixels, as plain NumPy code."""

from __future__ import annotations

from typing import Any

import numpy as np

from .filters import nd_image
from .op import part_of_derived

_NEAREST, _WRAP, _REFLECT, _MIRROR, _CONSTANT, _GRID_WRAP, _GRID_CONSTANT = range(7)  # SciPy's codes of modes
_POLES = {  # roots of the B-splines' own polynomials inside of the unit circle
    2: (np.sqrt(8.0) - 3.0,), 3: (np.sqrt(3.0) - 2.0,),
    4: (np.sqrt(664.0 - np.sqrt(438976.0)) + np.sqrt(304.0) - 19.0, np.sqrt(664.0 + np.sqrt(438976.0)) - np.sqrt(304.0) - 19.0),
    5: (np.sqrt(67.5 - np.sqrt(4436.25)) + np.sqrt(26.25) - 6.5, np.sqrt(67.5 + np.sqrt(4436.25)) - np.sqrt(26.25) - 6.5),
}
_BORDERS = {_CONSTANT: _MIRROR, _WRAP: _MIRROR}  # modes whose splines go on beyond the border in another way


@part_of_derived
def inside(x: Any, n: Any, mode: int) -> Any:
    """Where coordinates `x` along an axis of `n` pixels are read; -1 where nothing is."""
    if mode == _NEAREST:
        return np.clip(x, 0, n - 1)
    if mode == _CONSTANT:
        return np.where((x < 0) | (x > n - 1), -1, x)
    if mode == _GRID_CONSTANT:
        return x
    if mode == _GRID_WRAP:
        return np.where((x < 0) | (x > n - 1), x - n * np.floor(x / n), x)
    if mode == _WRAP:
        period = max(n - 1, 1)
        below, above = x + period * (np.floor(-x / period) + 1), x - period * np.floor(x / period)
        return np.where(x < 0, below, np.where(x > n - 1, above, x)) if n > 1 else x * 0
    if mode == _MIRROR:
        period = max(2 * n - 2, 1)
        folded = np.abs(x - period * np.round(x / period))
        return np.where((x < 0) | (x > n - 1), folded, x) if n > 1 else x * 0
    period = 2 * n
    turned = np.abs(x + 0.5 - period * np.round((x + 0.5) / period)) - 0.5
    return np.where((x < 0) | (x > n - 1), turned, x)


@part_of_derived
def pieces(u: Any, order: int) -> Any:
    """The B-splines of `order` that are not zero at a place `u` of the unit interval, first to last."""
    found = [np.ones_like(u)]
    for k in range(1, order + 1):
        carried: Any = 0.0
        made = []
        for r in range(k):
            part = found[r] / k
            made.append(carried + (r + 1 - u) * part)
            carried = (u + k - r - 1) * part
        found = made + [carried]
    return found


@part_of_derived
def first_forward(c: Any, z: float, border: int) -> Any:
    """The first coefficient of the pass forward: a sum over all pixels and their images beyond the border."""
    n = len(c)
    powers = z ** np.arange(n)[:, None]
    if border == _GRID_WRAP:
        return (c[0] + np.sum(powers[1:] * c[:0:-1], 0)) / (1 - z**n)
    if border == _MIRROR:
        far = z ** (n - 1)
        return (c[0] + far * c[-1] + np.sum(powers[1:-1] * (c[1:-1] + far * c[-2:0:-1]), 0)) / (1 - far * far)
    far = z**n
    begun = c[0] + far * c[-1] + np.sum(powers[1:-1] * (c[1:-1] + far * c[-2:0:-1]), 0)
    return (begun + z ** (n - 1) * (c[-1] + far * begun)) * z / (1 - far * far) + c[0]  # SciPy takes what is begun for c[0]


@part_of_derived
def last_backward(c: Any, z: float, border: int) -> Any:
    """The last coefficient of the pass backward."""
    if border == _GRID_WRAP:
        return (c[-1] + np.sum(z ** np.arange(1, len(c))[:, None] * c[:-1], 0)) * z / (z ** len(c) - 1)
    if border == _MIRROR:
        return (z * c[-2] + c[-1]) * z / (z * z - 1)
    return c[-1] * z / (z - 1)


@nd_image("spline_filter1d")
def spline_filter1d(x: Any, order: int, axis: int, output: Any, mode: int) -> None:
    """The coefficients of the spline through `x`: a pass forward and one backward for each pole."""
    moved = np.moveaxis(x * 1.0, axis, 0)
    n = moved.shape[0]
    c = moved.reshape(n, -1).copy()
    border = _REFLECT if mode in (_NEAREST, _REFLECT) else _GRID_WRAP if mode == _GRID_WRAP else _MIRROR
    if n > 1:
        for z in _POLES[order]:
            c *= (1 - z) * (1 - 1 / z)
        for z in _POLES[order]:
            c[0] = first_forward(c, z, border)
            for k in range(1, n):
                c[k] += z * c[k - 1]
            c[-1] = last_backward(c, z, border)
            for k in range(n - 2, -1, -1):
                c[k] = z * (c[k + 1] - c[k])
    output[...] = np.moveaxis(c.reshape(moved.shape), 0, axis)


@part_of_derived
def sampled(c: Any, places: Any, order: int, mode: int, cval: Any, margin: int) -> Any:
    """The spline with coefficients `c` at places, one array of coordinates for each axis; these broadcast."""
    border, outside = _BORDERS.get(mode, mode), False
    taps: Any = []
    for k in range(c.ndim):
        n = c.shape[k]
        x = places[k] * 1.0 + margin
        x = x if mode == _NEAREST else inside(x, n, mode)  # there the coefficients go on, not the value
        if mode == _CONSTANT:
            outside = outside | (x < 0)
        shifted = x if order % 2 else x + 0.5
        base = np.floor(shifted)
        weights, axis_taps = pieces(shifted - base, order), []
        for j in range(order + 1):
            at = (base + (j - order // 2)).astype(int)
            if mode == _GRID_CONSTANT:
                axis_taps.append((np.clip(at, 0, n - 1), weights[j], (at < 0) | (at >= n)))
            else:
                axis_taps.append((inside(at, n, border).astype(int), weights[j], False))
        taps.append(axis_taps)
    total: Any = 0.0
    for chosen in np.ndindex(*((order + 1,) * c.ndim)):
        index, weight, beyond = [], 1.0, False
        for k in range(c.ndim):
            at, part, off = taps[k][chosen[k]]
            index.append(at)
            weight = weight * part
            beyond = beyond | off
        value = c[tuple(index)]
        total = total + weight * (np.where(beyond, cval, value) if mode == _GRID_CONSTANT else value)
    return np.where(outside, cval, total) if mode == _CONSTANT else total


@nd_image("geometric_transform")
def geometric_transform(
    x: Any, mapping: Any, coordinates: Any, matrix: Any, shift: Any, output: Any, order: int, mode: int, cval: Any, margin: int,
    extra_arguments: Any, extra_keywords: Any,
) -> None:
    """`x` at coordinates, at ``matrix @ index + shift``, or at what a function of the index gives."""
    if mapping is not None:
        where = [mapping(index, *extra_arguments, **extra_keywords) for index in np.ndindex(*output.shape)]
        coordinates = np.array(where).T.reshape((x.ndim, *output.shape))
    if coordinates is None:
        grid = np.indices(output.shape)
        coordinates = np.tensordot(np.asarray(matrix), grid, 1)
        if shift is not None:
            coordinates = coordinates + np.asarray(shift).reshape((-1,) + (1,) * len(output.shape))
    output[...] = sampled(x * 1.0, coordinates, order, mode, cval, margin)


@nd_image("zoom_shift")
def zoom_shift(
    x: Any, zoom: Any, shift: Any, output: Any, order: int, mode: int, cval: Any, margin: int, grid_mode: Any
) -> None:
    """`x` at ``zoom * index + shift``, axis by axis; with `grid_mode` pixels have an extent."""
    places = []
    for k in range(x.ndim):
        at = np.arange(output.shape[k]).reshape((-1,) + (1,) * (x.ndim - k - 1)) * 1.0
        if shift is not None:
            at = at + shift[k]
        if zoom is not None:
            at = (at + 0.5) * zoom[k] - 0.5 if grid_mode else at * zoom[k]
        places.append(at)
    output[...] = sampled(x * 1.0, places, order, mode, cval, margin)
