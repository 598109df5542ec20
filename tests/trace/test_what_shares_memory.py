"""Which results share memory with an argument: written to, or read after the argument was, as in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad import Function
from interpreter import LocatedError

ARRAYS: dict[str, Any] = {
    "square": np.arange(9.0).reshape(3, 3) + 1, "vector": np.arange(1.0, 5.0), "ints": np.arange(1, 5), "row": np.ones((1, 3)),
    "complex": np.arange(3) + 1j, "number": np.array(2.0), "bools": np.array([True, False, True]), "single": np.ones(3, np.float32),
}  # fmt: skip
TEXTS = """
np.einsum('ij->ji',x) np.einsum('ii->i',x) np.einsum('ij',x) np.einsum('ii',x) np.einsum('i->i',x) np.einsum('ij->j',x) np.array(x)
np.array(x,copy=False) np.array(x,copy=None) np.asarray(x,dtype=float) x.astype(float,copy=False) x.astype(float) np.unstack(x)[0] x[...] x[()] x[:]
x[0:2][1:] x[None] x[[0,1]] x[x>0] np.ix_(x)[0] x.flat[:] x.view() x.real x.imag np.real(x) np.imag(x) np.linalg.matrix_transpose(x)
np.diagonal(x) x.diagonal() np.linalg.diagonal(x) np.diag(x) np.diag(x,1) np.broadcast_arrays(x,x)[1]
np.broadcast_to(x,(2,)+x.shape) x.reshape(-1,order='F') x.T.reshape(-1) x.T.ravel() x.T.ravel('F') np.ravel(x.T,'F') x[::2].ravel() x[::2].reshape(1,-1)
x.flatten() np.float64(x) np.int64(x) np.float32(x) np.complex128(x) np.array_split(x,2)[0] np.squeeze(x[None]) np.squeeze(x,0) np.atleast_2d(x).T x.conj()
x.conjugate() np.conj(x) +x np.positive(x) x.copy() np.copy(x) np.transpose(x) x.transpose(0) x.T x.mT np.trim_zeros(x) np.swapaxes(x,0,0) np.rot90(x,0)
np.rot90(x) np.flip(x) np.flip(x,()) np.roll(x,0) np.tile(x,1) np.repeat(x,1) np.concatenate([x]) np.hstack([x]) np.squeeze(x) np.expand_dims(x,0)
np.moveaxis(x,0,0) np.clip(x,None,None) np.sum(x,axis=()) np.asfortranarray(x) np.ascontiguousarray(x.T) np.asfortranarray(x.T) x.take([0])
np.array([x])[0] x[0] x[-1:] np.array(list(x)) (x,)[0] np.vsplit(x,1)[0] np.stack([x])[0] np.where(True,x,x) x.ravel()
np.lib.stride_tricks.sliding_window_view(x,2) np.atleast_1d(x,x)[1] np.digitize(x,(1,0)) np.require(x) np.real_if_close(x) np.ascontiguousarray(x)
np.diff(x,0) np.delete(x,[]) np.sort(x) np.resize(x,2) np.tril(x) np.triu(x) np.meshgrid(x,x)[0] np.take(x,0) np.compress([True],x) x.swapaxes(0,-1)
""".split()


def program(text: str, written: str) -> Any:
    names: dict[str, Any] = {"np": np}
    exec(f"def f(x):\n    r = {text}\n    {written}[...] = 5\n    return x, r\n", names)
    return names["f"]


@pytest.mark.parametrize("text", TEXTS)
def test_writes_are_seen_where_numpy_shows_them(text):
    for written in ("r", "x"):
        f = program(text, written)
        for name, x in ARRAYS.items():
            try:
                expected, error = f(x.copy()), None
            except Exception as raised:
                expected, error = None, raised
            if error is not None and "read-only" not in str(error):
                continue  # not a function of such an array
            try:
                found = Function(f, backend="numpy")(x.copy())
            except LocatedError:
                continue  # refused
            except Exception as raised:
                assert type(raised) is type(error), (name, written)
                continue
            assert error is None, (name, written, found)
            for a, b in zip(found, expected, strict=True):
                assert type(a) is type(b), (name, written)
                assert np.asarray(a).dtype == np.asarray(b).dtype, (name, written)
                np.testing.assert_array_equal(a, b, err_msg=f"{name} {written}")


def through_flat(x):
    x[::-1].flat[:] = np.arange(x.size) * x.ravel()[0]
    x.T.flat[1] = 3.0
    return np.sum(x * x)


def diagonal_by_einsum(x):
    d = np.einsum("ii->i", x)
    d *= 2
    x[0, 0] = x[0, 0] ** 2
    return np.sum(d * d) + np.sum(x)


def broadcast_sees_later_writes(x):
    wide = np.broadcast_to(x[0], (3, 3))
    x[0] = x[1] * 2
    return np.sum(wide * x)


@pytest.mark.parametrize("f", [through_flat, diagonal_by_einsum, broadcast_sees_later_writes], ids=lambda f: f.__name__)
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_derivatives_go_through_views(f, backend):
    from bcad import options, value_and_grad
    from tests.programs.reference import richardson

    x = np.array([[0.5, -0.3, 1.2], [0.7, 0.1, -0.4], [0.2, 0.9, -1.1]])
    with options.set(backend=backend):
        both = value_and_grad(f)
        for start in (x, x.T.copy(), np.asfortranarray(x)):
            value, gradient = both(start)
            np.testing.assert_allclose(value, f(start.copy()), rtol=1e-13)
            for i in np.ndindex(3, 3):
                e = np.zeros((3, 3))
                e[i] = 1.0
                estimate = richardson(lambda h, e=e, start=start: f(start + h * e), 2.0**-5)
                assert abs(gradient[i] - estimate.value) <= 1e-7 + 10 * estimate.error
