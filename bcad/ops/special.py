"""``scipy.special``'s functions that are not ufuncs: logsumexp and its kin, polygamma, zeta, lambertw."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import Value

from .arguments import as_array, as_axes, as_inexact, as_int, concrete
from .convert import array
from .cotangents import cast, to_cotangent
from .lazy import implements_named
from .op import BY_NAME, FUNCTIONS, Zero, define
from .reduce_op import Reduction, expand_reduced, reduced_shape
from .samples import Sample, reals
from .shape import to_shape
from .shapes import normalize_axes
from .special_op import S

named = implements_named("scipy.special")

# functions that NumPy has too
for _name, _function in {
    "expm1": np.expm1, "log1p": np.log1p, "cbrt": np.cbrt, "exp2": np.exp2, "sinc": np.sinc,
}.items():  # fmt: skip
    if _function in FUNCTIONS:
        named(_name)(FUNCTIONS[_function])


@define
class Logsumexp(Reduction):
    """``log(sum(exp(x), axis))`` without overflow; its derivative is the softmax."""

    samples = (
        Sample(reals(4), axis=(0,), keepdims=False),
        Sample(reals(2, 3), axis=(1,), keepdims=True),
        Sample(reals(2, 3), axis=(0, 1), keepdims=False),
    )

    def evaluate(self, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        top = np.max(x, axis, keepdims=True, initial=-np.inf) if x.size else np.full((), -np.inf, x.dtype)
        top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
        with np.errstate(divide="ignore"):
            y = np.log(np.sum(np.exp(x - top), axis, keepdims=True)) + top
        return y if keepdims else y.reshape(reduced_shape(x.shape, axis, False))[()]

    def decompose(self, x: Value, *, axis: tuple[int, ...], keepdims: bool) -> Value:
        """The same in terms of ops that fuse."""
        top = S.max(x, axis=axis, keepdims=True)
        top = S.where(S.isfinite(top), top, 0.0 * x.dtype.type(0))
        total = S.sum(S.exp(x - top), axis=axis, keepdims=keepdims)
        return S.log(total) + (top if keepdims else to_shape(top, total.shape))

    def weights(self, x: Value, y: Value, axis: tuple[int, ...], keepdims: bool) -> Value:
        """The softmax; zeros where everything is -inf."""
        shift = S.where(S.isfinite(y), y, y.dtype.type(0))
        return S.exp(x - expand_reduced(shift, x, axis, keepdims))

    def jvp(self, y: Value, x: Value, dx: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        if type(dx) is Zero:
            return Zero(y.type)
        return S.sum(self.weights(x, y, axis, keepdims) * dx, axis=axis, keepdims=keepdims)

    def vjp(self, g: Any, y: Value, x: Value, *, axis: tuple[int, ...], keepdims: bool) -> tuple[Any]:
        if type(g) is Zero:
            return (Zero(x.type),)
        return (to_cotangent(expand_reduced(g, x, axis, keepdims) * self.weights(x, y, axis, keepdims), x),)


@named("logsumexp")
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    x = as_inexact(a)
    if b is None and not return_sign and x.dtype.kind == "f":
        return BY_NAME["logsumexp"](x, axis=normalize_axes(as_axes(axis), x.ndim), keepdims=bool(keepdims))
    weights = as_inexact(1.0 if b is None else b)
    full = x + weights * 0 if weights.ndim > x.ndim else x
    axes = normalize_axes(as_axes(axis), full.ndim)
    real = S.real(full) if full.dtype.kind == "c" else full
    used = real if b is None else S.where(S.not_equal(weights, 0), real, -np.inf)
    top = S.stop_gradient(S.max(used, axis=axes, keepdims=True))
    top = S.where(S.isfinite(top), top, top.dtype.type(0))
    total = S.sum(weights * S.exp(full - top), axis=axes, keepdims=bool(keepdims))
    shift = top if keepdims else to_shape(top, total.shape)
    if not return_sign:
        return S.log(total) + shift
    size = S.absolute(total)
    sign = total / S.where(S.equal(size, 0), 1.0, size) if total.dtype.kind == "c" else S.sign(total)
    return S.log(size) + shift, sign


@named("softmax")
def softmax(x: Any, axis: Any = None) -> Value:
    x = as_inexact(x)
    axes = normalize_axes(as_axes(axis), x.ndim)
    return S.exp(x - BY_NAME["logsumexp"](x, axis=axes, keepdims=True))


@named("log_softmax")
def log_softmax(x: Any, axis: Any = None) -> Value:
    """Shifted by the maximum first: large arguments keep their digits."""
    x = as_inexact(x)
    axes = normalize_axes(as_axes(axis), x.ndim)
    top = S.stop_gradient(S.max(x, axis=axes, keepdims=True))
    shifted = x - S.where(S.isfinite(top), top, top.dtype.type(0))
    return shifted - BY_NAME["logsumexp"](shifted, axis=axes, keepdims=True)


@named("polygamma")
def polygamma(n: Any, x: Any) -> Value:
    """The n-th derivative of digamma: ``(-1)**(n + 1) n! zeta(n + 1, x)`` (DLMF 25.11.12)."""
    known, x = concrete(n), as_inexact(x)
    if known is not None and np.ndim(known) == 0:
        order = int(known)
        if order == 0:
            return S.digamma(x)
        return (-1.0) ** (order + 1) * math.gamma(order + 1.0) * S.hurwitz_zeta(order + 1.0, x)
    n = as_array(n)
    factor = S.power(-1.0, n + 1) * S.gamma(n + 1.0)
    return S.where(S.equal(n, 0), S.digamma(x), factor * S.hurwitz_zeta(n + 1.0, x))


@named("zeta")
def zeta(x: Any, q: Any = None, out: Any = None) -> Any:
    """Hurwitz's zeta function; Riemann's is that at 1."""
    return S.hurwitz_zeta(as_inexact(x), as_inexact(1.0 if q is None else q)) if q is not None else NotImplemented


@named("multigammaln")
def multigammaln(a: Any, d: Any) -> Value:
    a, d = as_inexact(a), as_int(d)
    y = S.gammaln(a)
    for j in range(2, d + 1):
        y = y + S.gammaln(a - 0.5 * (j - 1))
    return y + d * (d - 1) * 0.25 * math.log(math.pi)


@named("lambertw")
def lambertw(z: Any, k: Any = 0, tol: Any = 1e-8) -> Value:
    return S.lambertw(S.astype(as_array(z), dtype=np.dtype(complex)), k=as_int(k, "the branch"), tol=float(tol))


def spherical(name: str, cylinder: str) -> Callable[..., Value]:
    """``sqrt(pi / (2 z)) * J(n + 1/2, z)`` and its kin (DLMF 10.47)."""

    def function(n: Any, z: Any, derivative: bool = False) -> Any:
        if derivative:
            return NotImplemented
        z = as_inexact(z)
        return S.sqrt((math.pi / 2) / z) * BY_NAME[cylinder](S.trunc(as_array(n)) + 0.5, z)

    function.__name__ = name
    return named(name)(function)


for _name, _cylinder in (("spherical_jn", "jv"), ("spherical_yn", "yv"), ("spherical_in", "iv"), ("spherical_kn", "kv")):
    spherical(_name, _cylinder)


@named("softplus")
def softplus(x: Any, **kwargs: Any) -> Value:
    return S.logaddexp(as_inexact(0.0), as_inexact(x))


def _numpy_i0(x: Any) -> Value:
    """NumPy's own: always an array, of the dtype of `x`."""
    x = array(as_inexact(x))
    if x.type.is_complex:
        raise TypeError("i0 not supported for complex values")
    return array(cast(S.i0(x), x.dtype))


if hasattr(np, "i0"):
    FUNCTIONS[np.i0] = _numpy_i0
