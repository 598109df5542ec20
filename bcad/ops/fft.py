"""``numpy.fft`` and ``scipy.fft`` as users call them: lengths by cutting or zeros, axes one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import Size, Value

from .arguments import as_array, as_axes, as_inexact, as_int, as_size, zeros
from .fft_op import SWAPPED
from .join import roll, section
from .lazy import implements_named
from .matrices import conj
from .op import BY_NAME, FUNCTIONS, implements
from .shapes import normalize_axis


def sized(x: Value, n: Size, axis: int) -> Value:
    """`x` cut or filled with zeros to length `n` along `axis`."""
    from .index import is_less

    size = x.shape[axis]
    if size == n:
        return x
    if is_less(n, size):
        return section(x, axis, slice(0, n))
    shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
    return BY_NAME["set_item"](zeros(shape, x.dtype), x, index=(slice(None),) * axis + (slice(0, size),))


def _norm(norm: Any) -> str:
    norm = "backward" if norm is None else norm
    if norm not in SWAPPED:
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    return norm


def _length(x: Value, n: Any, axis: int) -> Size:
    return x.shape[axis] if n is None else as_size(n, "the length of a transform")


def _complex(a: Any, n: Any, axis: Any, norm: Any, inverse: bool) -> Value:
    x = as_inexact(a)
    axis = normalize_axis(as_int(axis), x.ndim)
    x = sized(x, _length(x, n, axis), axis)
    return BY_NAME["fft"](x, axis=axis, inverse=inverse, norm=_norm(norm))


@implements(np.fft.fft)
def fft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Value:
    return _complex(a, n, axis, norm, False)


@implements(np.fft.ifft)
def ifft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Value:
    return _complex(a, n, axis, norm, True)


@implements(np.fft.rfft)
def rfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Value:
    x = as_inexact(a)
    if x.dtype.kind == "c":
        raise TypeError("ufunc 'rfft_n_even' did not contain a loop with signature matching a complex array")
    axis = normalize_axis(as_int(axis), x.ndim)
    return BY_NAME["rfft"](sized(x, _length(x, n, axis), axis), axis=axis, norm=_norm(norm))


@implements(np.fft.irfft)
def irfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Value:
    x = as_inexact(a)
    axis = normalize_axis(as_int(axis), x.ndim)
    size = (x.shape[axis] - 1) * 2 if n is None else as_size(n)
    return BY_NAME["irfft"](sized(x, size // 2 + 1, axis), n=size, axis=axis, norm=_norm(norm))


@implements(np.fft.hfft)
def hfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Value:
    """The real spectrum of a signal of which half is given: `irfft` of its conjugate, scaled the other way."""
    x = as_array(a)
    size = (x.shape[normalize_axis(as_int(axis), x.ndim)] - 1) * 2 if n is None else n
    return irfft(conj(x), size, axis, SWAPPED[_norm(norm)])


@implements(np.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Value:
    return conj(rfft(a, n, axis, SWAPPED[_norm(norm)]))


# -- several axes ---------------------------------------------------------------------------------
def _plan(x: Value, s: Any, axes: Any, half: bool = False) -> tuple[list[Size], list[int]]:
    """The lengths and axes; a length of -1 keeps the axis, a half spectrum doubles the last."""
    axes = as_axes(axes)
    if axes is None:
        axes = tuple(range(x.ndim)) if s is None else tuple(range(-len(s), 0))
    elif isinstance(axes, int):
        axes = (axes,)
    places = [normalize_axis(k, x.ndim) for k in axes]
    if s is not None:
        if len(s) != len(places):
            raise ValueError("Shape and axes have different lengths.")
        sizes = [x.shape[k] if isinstance(n, int) and n == -1 else as_size(n) for n, k in zip(s, places, strict=True)]
    else:
        sizes = [x.shape[k] for k in places]
        if half:
            sizes[-1] = (x.shape[places[-1]] - 1) * 2
    return sizes, places


def _along(function: Callable[..., Value], x: Value, sizes: Sequence[Size], axes: Sequence[int], norm: Any) -> Value:
    for n, axis in reversed(list(zip(sizes, axes, strict=True))):
        x = function(x, n, axis, norm)
    return x


@implements(np.fft.fftn)
def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Value:
    x = as_inexact(a)
    return _along(fft, x, *_plan(x, s, axes), norm)


@implements(np.fft.ifftn)
def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Value:
    x = as_inexact(a)
    return _along(ifft, x, *_plan(x, s, axes), norm)


@implements(np.fft.rfftn)
def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Value:
    x = as_inexact(a)
    sizes, places = _plan(x, s, axes)
    return _along(fft, rfft(x, sizes[-1], places[-1], norm), sizes[:-1], places[:-1], norm)


@implements(np.fft.irfftn)
def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Value:
    x = as_inexact(a)
    sizes, places = _plan(x, s, axes, half=True)
    return irfft(_along(ifft, x, sizes[:-1], places[:-1], norm), sizes[-1], places[-1], norm)


@implements(np.fft.fft2)
def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Value:
    return fftn(a, s, axes, norm)


@implements(np.fft.ifft2)
def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Value:
    return ifftn(a, s, axes, norm)


@implements(np.fft.rfft2)
def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Value:
    return rfftn(a, s, axes, norm)


@implements(np.fft.irfft2)
def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Value:
    return irfftn(a, s, axes, norm)


def _shift(x: Any, axes: Any, sign: int) -> Value:
    x = as_array(x)
    axes = as_axes(axes)
    axes = tuple(range(x.ndim)) if axes is None else axes if isinstance(axes, tuple) else (axes,)
    halves = [x.shape[k] // 2 for k in axes]
    return roll(x, [h if sign > 0 else -h for h in halves], axes)


@implements(np.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Value:
    return _shift(x, axes, 1)


@implements(np.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Value:
    return _shift(x, axes, -1)


# -- scipy.fft ------------------------------------------------------------------------------------
def _scipy(name: str) -> Callable[..., Value]:
    def call(
        x: Any, n: Any = None, axis: Any = ..., norm: Any = None, overwrite_x: bool = False, workers: Any = None, *,
        plan: Any = None, s: Any = None, axes: Any = ...,
    ) -> Value:  # fmt: skip
        length = n if s is None else s
        where = axes if axis is Ellipsis else axis
        function = FUNCTIONS[getattr(np.fft, name)]
        return function(x, length, norm=norm) if where is Ellipsis else function(x, length, where, norm)

    call.__name__ = name
    return call


for _name in "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split():
    implements_named("scipy.fft")(_name)(_scipy(_name))
implements_named("scipy.fft")("fftshift")(fftshift)
implements_named("scipy.fft")("ifftshift")(ifftshift)
