"""Functions of matrices as ops: expm, logm, sqrtm, and Sylvester's equation.

``f([[A, E], [0, A]]) == [[f(A), L(A, E)], [0, f(A)]]`` with L the Frechet derivative of f at A
in the direction E (Mathias, SIAM J. Matrix Anal. 17 (1996)): so the derivative of a matrix
function is the function itself, to every order.  Its adjoint is ``L(H(A), G)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Value

from .arguments import astype, zeros
from .matrices import H, MatrixOp, T, batched, conj, square
from .op import BY_NAME, Zero, define
from .samples import Sample, positive_definite, reals, well_conditioned
from .shape import stretch
from .shapes import broadcast, require_equal


def lapack(name: str) -> Callable[..., Any]:
    """A function of ``scipy.linalg``, imported when it is called."""

    def call(*args: Any, **kwargs: Any) -> Any:
        import scipy.linalg

        return getattr(scipy.linalg, name)(*args, **kwargs)

    return call


def in_dtype(function: str, y: Any, dtype: np.dtype[Any]) -> Any:
    """A result in the dtype that was promised; a complex one cannot be real."""
    if y.dtype.kind == "c" and dtype.kind != "c":
        if np.any(y.imag != 0):
            raise ValueError(f"{function} of this real matrix is complex: pass a complex array")
        y = y.real
    return y.astype(dtype)


class MatrixFunction(MatrixOp):
    """A function of square matrices, defined by its values on the spectrum."""

    function: str

    def type_rule(self, a: ArrayType) -> ArrayType:
        square(a)
        return a

    def evaluate(self, a: Any) -> Any:
        return in_dtype(self.function, batched(lapack(self.function), a), a.dtype)

    def frechet(self, a: Value, e: Any) -> Any:
        """The derivative at `a` in the direction `e`, from the block triangular matrix."""
        n = a.shape[-1]
        shape = broadcast(a.shape[:-2], e.shape[:-2])
        a, e = stretch(a, shape + a.shape[-2:]), stretch(e, shape + a.shape[-2:])
        top = BY_NAME["concatenate"](a, e, axis=a.ndim - 1)
        bottom = BY_NAME["concatenate"](zeros(a.shape, a.dtype), a, axis=a.ndim - 1)
        block = BY_NAME["concatenate"](top, bottom, axis=a.ndim - 2)
        return BY_NAME["getitem"](self(block), index=(..., slice(0, n), slice(n, None)))

    def jvp(self, y: Value, a: Value, da: Any) -> Any:
        return self.frechet(a, da)

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        return (conj(self.frechet(T(inputs[0]), conj(G))),)  # not of H(a): a cut is met from the same side


@define
class Expm(MatrixFunction):
    """The matrix exponential."""

    function = "expm"
    samples = (Sample(reals(3, 3)), Sample(reals(2, 2, 2)))


@define
class Logm(MatrixFunction):
    """The principal logarithm of a matrix without eigenvalues on the negative real axis."""

    function = "logm"
    samples = (Sample(positive_definite(2)),)


@define
class Sqrtm(MatrixOp):
    """The principal square root: ``dX @ X + X @ dX == dA``; of a real matrix also a complex one, if `dtype` is."""

    samples = (
        Sample(positive_definite(3), dtype=np.dtype(float)),
        Sample(well_conditioned(2, 2), dtype=np.dtype(float)),
        Sample(np.array([[-2.0, 0.5], [0.3, -1.0]]), dtype=np.dtype(complex)),
    )

    def type_rule(self, a: ArrayType, *, dtype: np.dtype[Any]) -> ArrayType:
        square(a)
        return ArrayType(dtype, a.shape)

    def evaluate(self, a: Any, *, dtype: np.dtype[Any]) -> Any:
        return in_dtype("sqrtm", batched(lapack("sqrtm"), a), dtype)

    def jvp(self, y: Value, a: Value, da: Any, *, dtype: np.dtype[Any]) -> Any:
        return Zero(y.type) if type(da) is Zero else BY_NAME["solve_sylvester"](y, y, astype(da, dtype))

    def pull(self, G: Any, y: Any, *inputs: Value, **attrs: Any) -> tuple[Any]:
        return (BY_NAME["solve_sylvester"](H(y), H(y), G),)


@define
class SolveSylvester(MatrixOp):
    """``a @ x + x @ b == q``."""

    linear = (2,)
    samples = (Sample(well_conditioned(2), well_conditioned(3), reals(2, 3)),)

    def type_rule(self, a: ArrayType, b: ArrayType, q: ArrayType) -> ArrayType:
        require_equal("the order of a", square(a), "the rows of q", q.shape[-2])
        require_equal("the order of b", square(b), "the columns of q", q.shape[-1])
        batch = broadcast(a.shape[:-2], b.shape[:-2], q.shape[:-2])
        return ArrayType(np.result_type(a.dtype, b.dtype, q.dtype), (*batch, *q.shape[-2:]))

    def evaluate(self, a: Any, b: Any, q: Any) -> Any:
        return batched(lapack("solve_sylvester"), a, b, q)

    def jvp(self, x: Value, *rest: Any) -> Any:
        a, b, _, da, db, dq = rest
        right = dq
        for term in (da if type(da) is Zero else da @ x, db if type(db) is Zero else x @ db):
            right = right if type(term) is Zero else BY_NAME["subtract"](right, term)
        return self(a, b, right)

    def pull(self, G: Any, x: Any, *inputs: Value, **attrs: Any) -> tuple[Any, Any, Any]:
        a, b, _ = inputs
        w = self(H(a), H(b), G)
        return -(w @ H(x)), -(H(x) @ w), w
