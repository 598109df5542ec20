"""What scipy.interpolate does in C: piecewise polynomials, B-splines and linear grids, as plain NumPy code to step into."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .lazy import derived_named
from .op import part_of_derived

ppoly = derived_named("scipy.interpolate._ppoly")
dierckx = derived_named("scipy.interpolate._dierckx")
rgi = derived_named("scipy.interpolate._rgi_cython")


@part_of_derived
def interval_of(knots: Any, x: Any, first: int, last: int) -> Any:
    """The interval ``knots[i] <= x < knots[i + 1]`` of each point, from `first` to `last`."""
    return np.clip(np.searchsorted(knots, x, side="right") - 1, first, last)


@part_of_derived
def outside(knots: Any, x: Any) -> Any:
    return (x < knots[0]) | (x > knots[-1])


# -- piecewise polynomials: c[k, i] of (x - knots[i])**(order - k) -----------------------------------
@ppoly("evaluate")
def evaluate(c: Any, x: Any, xp: Any, dx: int, extrapolate: bool, out: Any) -> None:
    """The derivative of order `dx` at the points `xp`."""
    if x[0] > x[-1]:
        raise NotImplementedError("piecewise polynomials with descending breakpoints are not traced")
    order = c.shape[0] - 1
    i = interval_of(x, xp, 0, c.shape[1] - 1)
    s = (xp - x[i])[:, None]
    y = np.zeros((len(xp), c.shape[2]), c.dtype)
    for k in range(order + 1 - dx):
        y = y * s + c[k, i] * (math.factorial(order - k) // math.factorial(order - k - dx))
    out[...] = y if extrapolate else np.where(outside(x, xp)[:, None], np.nan, y)


@ppoly("integrate")
def integrate(c: Any, x: Any, a: float, b: float, extrapolate: bool) -> Any:
    """The integral from a to b: a difference of antiderivatives, gathered interval by interval."""
    order, m = c.shape[0] - 1, c.shape[1]
    ends = np.stack([np.asarray(a, float), np.asarray(b, float)])
    inner = np.concatenate([ends[:1], np.clip(x[1:-1], a, b), ends[1:]])
    low, high = inner[:-1] - x[:-1], inner[1:] - x[:-1]
    total = np.zeros((m, c.shape[2]), c.dtype)
    for k in range(order + 1):
        power = order + 1 - k
        total = total + c[k] * ((high**power - low**power) / power)[:, None]
    whole = np.sum(total, axis=0)
    return whole if extrapolate else np.where((a < x[0]) | (b > x[-1]), np.nan, whole)


# -- B-splines --------------------------------------------------------------------------------------------
@dierckx("evaluate_spline")
def evaluate_spline(t: Any, c: Any, k: int, x: Any, nu: int, extrapolate: bool) -> Any:
    """The derivative of order `nu` of sums of B-splines, by de Boor's recursion on the coefficients near each point."""
    n = len(t) - k - 1
    i = interval_of(t, x, k, n - 1)
    d = [c[i - k + j] for j in range(k + 1)]
    if nu > k:
        return np.zeros((len(x), c.shape[1]))
    for r in range(nu):
        p = k - r
        d = [(d[j + 1] - d[j]) * (p / (t[i - k + j + 1 + k] - t[i - k + j + 1 + r]))[:, None] for j in range(p)]
    p = k - nu
    for r in range(1, p + 1):
        a = [(x - t[i - p + j]) / (t[i + 1 + j - r] - t[i - p + j]) for j in range(r, p + 1)]
        d = [(1 - w)[:, None] * d[j] + w[:, None] * d[j + 1] for j, w in enumerate(a)]
    return d[0] if extrapolate else np.where(((x < t[k]) | (x > t[n]))[:, None], np.nan, d[0])


@derived_named("scipy.interpolate")("make_interp_spline")
def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0, check_finite: bool = True
) -> Any:
    """The coefficients solve the collocation equations, here a dense system."""
    from scipy.interpolate import BSpline
    from scipy.interpolate._bsplines import _augknt, _convert_string_aliases, _not_a_knot, _process_deriv_spec

    if bc_type == "periodic":
        raise NotImplementedError("make_interp_spline(bc_type='periodic') is not traced: use CubicSpline")
    x = np.asarray(x, float)
    y = np.moveaxis(np.asarray(y) * 1.0, axis, 0)
    if k == 0:
        return BSpline.construct_fast(np.concatenate([x, x[-1:]]), y, k, axis=axis)
    if k == 1 and t is None:
        return BSpline.construct_fast(np.concatenate([x[:1], x, x[-1:]]), y, k, axis=axis)
    ends = (None, None) if bc_type is None or bc_type == "not-a-knot" else (bc_type, bc_type) if isinstance(bc_type, str) else bc_type
    if t is None:
        t = _not_a_knot(x, k) if ends == (None, None) else _augknt(x, k)
    t = np.asarray(t, float)
    n = len(t) - k - 1
    identity = np.eye(n)
    rows, values, counts = [], [], []
    for where, end in ((x[:1], ends[0]), (x[-1:], ends[1])):
        orders, wanted = _process_deriv_spec(_convert_string_aliases(end, y.shape[1:]))
        rows += [evaluate_spline(t, identity, k, where, int(order), True) for order in orders]
        values += [np.reshape(value, (1, *y.shape[1:])) for value in wanted]
        counts.append(len(orders))
    left = counts[0]
    matrix = np.concatenate([*rows[:left], evaluate_spline(t, identity, k, x, 0, True), *rows[left:]])
    right = np.concatenate([*values[:left], y, *values[left:]])
    c = np.linalg.solve(matrix, np.reshape(right, (n, -1)))
    return BSpline.construct_fast(t, np.reshape(c, (n, *y.shape[1:])), k, axis=axis)


# -- FITPACK's names ----------------------------------------------------------------------------------------
fitpack = derived_named("scipy.interpolate")


@fitpack("splev")
def splev(x: Any, tck: Any, der: int = 0, ext: int = 0) -> Any:
    """A spline, or a curve of splines, at points; what lies outside is extrapolated, zero, or the value at the end."""
    if hasattr(tck, "t"):
        return tck(x, der, extrapolate=ext == 0)
    t, c, k = tck
    if isinstance(c, (list, tuple)) or np.ndim(c) > 1:
        return [splev(x, (t, part, k), der, ext) for part in c]
    points = np.asarray(x, float)
    flat = np.ravel(points)
    n = len(t) - k - 1
    inside = np.clip(flat, t[k], t[n]) if ext == 3 else flat
    y = evaluate_spline(np.asarray(t), np.asarray(c)[:n, None], k, inside, der, True)[:, 0]
    if ext == 1:
        y = np.where((flat < t[k]) | (flat > t[n]), 0.0, y)
    elif ext == 2 and np.any((flat < t[k]) | (flat > t[n])):
        raise ValueError("A value in the array x is outside the knots")
    return np.reshape(y, points.shape)


@fitpack("splrep")
def splrep(
    x: Any, y: Any, w: Any = None, xb: Any = None, xe: Any = None, k: int = 3, task: int = 0, s: Any = None, t: Any = None,
    full_output: int = 0, per: int = 0, quiet: int = 1,
) -> Any:
    """The spline through all points; smoothing chooses knots by their residuals."""
    if (s is None and w is not None) or s or t is not None or per or task or full_output or xb is not None or xe is not None:
        raise NotImplementedError("splrep is traced for a spline through all points alone (s=0)")
    spline = make_interp_spline(x, y, k)
    return spline.t, np.concatenate([spline.c, np.zeros(k + 1)]), k


# -- linear interpolation on grids ------------------------------------------------------------------------------
@rgi("find_indices")
def find_indices(grid: Any, xi: Any) -> Any:
    """For each axis the interval of each point, and how far in it the point lies."""
    indices = [interval_of(g, x, 0, max(len(g) - 2, 0)) for g, x in zip(grid, xi)]
    distances = [(x - g[i]) / (g[i + 1] - g[i]) if len(g) > 1 else x * 0.0 for g, x, i in zip(grid, xi, indices)]
    return np.stack(indices), np.stack(distances)


@rgi("evaluate_linear_2d")
def evaluate_linear_2d(values: Any, indices: Any, norm_distances: Any, grid: Any, out: Any) -> Any:
    (i, j), (u, v) = indices, norm_distances
    low = values[i, j] * (1 - u) + values[i + 1, j] * u
    return low * (1 - v) + (values[i, j + 1] * (1 - u) + values[i + 1, j + 1] * u) * v


@derived_named("scipy.interpolate._interpnd")("_ndim_coords_from_arrays")
def ndim_coords_from_arrays(points: Any, ndim: Any = None) -> Any:
    """Points as an array whose last axis has the coordinates."""
    if isinstance(points, tuple):
        parts = np.broadcast_arrays(*(points[0] if len(points) == 1 and isinstance(points[0], tuple) else points))
        return np.stack([p * 1.0 for p in parts], axis=-1)
    array = np.asarray(points) * 1.0
    if array.ndim == 1:
        return np.reshape(array, (-1, 1) if ndim is None else (-1, ndim))
    return array
