"""Functions that are real or complex as the values decide: plain NumPy code with a branch, for the evaluator to interpret."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bcad.ir import Value

from .lazy import derived_named
from .linalg import EigResult, squares
from .op import BY_NAME, derived, implements

# NumPy 2.5 gives complex numbers always
_MAY_BE_REAL = np.linalg.eig(np.eye(1)).eigenvalues.dtype.kind == "f"


def complex_eig(a: Any) -> Any:
    """Eigenvalues and eigenvectors, complex also where they are real."""
    return tuple(x.astype(np.result_type(x, np.complex64)) for x in np.linalg.eig(a))


@implements(complex_eig)
def _complex_eig(a: Any) -> tuple[Value, Value]:
    return BY_NAME["eig"](squares(a))


@derived(np.linalg.eig)
def eig(a: Any) -> Any:
    w, v = complex_eig(a)
    if _MAY_BE_REAL and np.isrealobj(a) and np.all(w.imag == 0):
        w, v = w.real, v.real
    result: Any = EigResult
    return result(w, v)


@derived(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    return np.linalg.eig(a)[0]


scipy_linalg = derived_named("scipy.linalg")


@scipy_linalg("eigvals")
def _eigvals(a: Any, b: Any = None, overwrite_a: bool = False, check_finite: bool = True, homogeneous_eigvals: bool = False) -> Any:
    if b is not None or homogeneous_eigvals:
        raise NotImplementedError("scipy.linalg.eigvals has a derivative for the standard problem alone")
    return complex_eig(a)[0]


@scipy_linalg("eig")
def _scipy_eig(
    a: Any, b: Any = None, left: bool = False, right: bool = True, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, homogeneous_eigvals: bool = False,
) -> Any:
    if b is not None or left or homogeneous_eigvals:
        raise NotImplementedError("scipy.linalg.eig has a derivative for right vectors of the standard problem alone")
    w, v = complex_eig(a)
    if not right:
        return w
    return (w, v.real) if np.isrealobj(a) and np.all(w.imag == 0) else (w, v)


def matrix_sqrt(a: Any, dtype: Any) -> Any:
    """The square root of matrices, in the dtype that is known to hold it."""
    import scipy.linalg

    return scipy.linalg.sqrtm(a).astype(dtype)


@implements(matrix_sqrt)
def _matrix_sqrt(a: Any, dtype: Any) -> Any:
    return BY_NAME["sqrtm"](squares(a), dtype=np.dtype(dtype))


@scipy_linalg("sqrtm")
def sqrtm(A: Any, disp: Any = None, blocksize: Any = None) -> Any:
    """A real matrix with an eigenvalue on the negative axis has a complex principal root."""
    w = complex_eig(A)[0]
    if np.any((w.imag == 0) & (w.real < 0)):
        return matrix_sqrt(A, np.result_type(A, np.complex64))
    return matrix_sqrt(A, np.result_type(A, np.float32))


@scipy_linalg("fractional_matrix_power")
def fractional_matrix_power(A: Any, t: Any) -> Any:
    """By way of the logarithm, for powers that are no integers."""
    import scipy.linalg

    if t == int(t):
        return np.linalg.matrix_power(A, int(t))
    return scipy.linalg.expm(t * scipy.linalg.logm(A))


@derived(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> bool:
    a, b = np.asarray(a1), np.asarray(a2)
    for m, n in zip(a.shape[::-1], b.shape[::-1]):
        if m != n and m != 1 and n != 1:
            return False
    return bool(np.all(a == b))


@derived(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """Of arrays of coefficients, leading zeros dropped."""
    factors = [np.trim_zeros(np.atleast_1d(a), "f") for a in (a1, a2)]
    a, b = (f if len(f) else np.zeros(1, f.dtype) for f in factors)
    return np.convolve(a, b)


@derived(math.remainder)
def remainder(x: Any, y: Any, /) -> Any:
    """IEEE's: what is left of x, as near to zero as can be; a tie goes to the even quotient."""
    x, y = float(x), float(y)
    if math.isnan(x) or math.isnan(y):
        return x + y
    if math.isinf(x) or y == 0.0:
        raise ValueError("math domain error")
    if math.isinf(y):
        return x
    width = abs(y)
    left = math.fmod(abs(x), width)
    other = width - left
    if left > other:
        left = -other
    elif left == other:
        left = left - 2.0 * math.fmod(0.5 * (abs(x) - left), width)
    return left if math.copysign(1.0, x) > 0 else -left
