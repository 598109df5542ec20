"""Whether a reshape of a new array is a view, where the array it was made of lies in Fortran order: NumPy's answer, or none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bcad import Function, Unsupported

MADE = """
x*2 np.sin(x) x.astype(np.float32) np.pad(x,1) np.pad(x,1,mode='edge') np.zeros_like(x) np.full_like(x,2) np.vectorize(math.sin)(x) np.where(x>0,x,0) x[::-1]*2
np.sort(x,axis=0) np.cumsum(x,axis=1) np.clip(x,0,1) np.diff(x) np.roll(x,1,0) x.copy() np.copy(x) np.array(x) np.concatenate([x,x]) np.stack([x,x]) np.insert(x,1,0.5,axis=0)
np.delete(x,0,1) x[[0,1]] x[:,[0,1]] x[...,[0,0]] np.take(x,[0,1],axis=1) np.argwhere(x>0) x@x.T np.outer(x[0],x[1]) np.tile(x,2) np.repeat(x,2,axis=0) np.round(x,1)
np.nan_to_num(x) np.select([x>0],[x]) np.linalg.inv(x@x.T+np.eye(3)) np.apply_along_axis(np.cumsum,0,x) np.gradient(x,axis=0) np.unwrap(x) np.block([x,x]) np.c_[x,x] x.T*2
np.sum(x[None]*np.ones((2,3,4)),axis=1) np.maximum.accumulate(x,axis=0) np.broadcast_to(x,(2,3,4))+1 np.interp(x,[0,1],[0,1]) np.multiply.outer(x[:,0],x) np.modf(x)[0]
""".split()
WRITES = ("r = v.reshape(-1); r[0] = 7", "r = v.ravel(); v[...] = 0.5", "r = v.reshape(v.shape[::-1]); r[-1] = 1; w = v * 2; w.ravel()[0] = 3; r = w + r.reshape(v.shape)")


def program(lines: str) -> Any:
    names: dict[str, Any] = {"np": np, "math": math}
    exec(f"def f(x):\n    {lines}\n", names)
    return names["f"]


@pytest.mark.parametrize("expression", MADE)
def test_a_reshape_is_a_view_or_a_copy(expression):
    c = np.arange(12.0).reshape(3, 4) / 7 - 0.5
    for write in WRITES:
        f = program(f"v = {expression}; {write}; return v, r")
        compiled = Function(f, backend="numpy")
        for x in (c, np.asfortranarray(c), np.repeat(c, 2, axis=1)[:, ::2], c):
            expected = f(x.copy("K"))
            try:
                found = compiled(x.copy("K"))
            except Unsupported as error:
                assert "C order" in str(error)
                continue
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b)


def test_most_are_honoured_where_all_lies_row_by_row():
    x, refused = np.arange(12.0).reshape(3, 4) / 7 - 0.5, []
    for expression in MADE:
        try:
            Function(program(f"v = {expression}; {WRITES[0]}; return v, r"), backend="numpy")(x)
        except Unsupported:
            refused.append(expression)
    assert len(refused) <= 7, refused


def test_the_layout_of_a_new_array_is_not_guessed():
    f = Function(program("return x * 2 if (x * 2).flags.c_contiguous else -x"))
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(f(x), x * 2)
    with pytest.raises(Unsupported):
        f(np.asfortranarray(x))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_in_loops_and_branches(backend):
    def f(x):
        v = np.zeros(x.shape)
        for k in range(len(x)):
            w = x * k
            w.ravel()[0] = 5.0
            v += w
        u = v + 1 if x[0, 0] > 0 else v - 1
        u.reshape(-1)[1] = 9.0
        return u

    compiled = Function(f, backend=backend)
    for x in (np.ones((2, 3)), -np.ones((2, 3)), np.ones((4, 2))):
        np.testing.assert_array_equal(compiled(x), f(x))
    x = np.asfortranarray(np.arange(1.0, 7.0).reshape(2, 3))
    with pytest.raises(Unsupported):
        compiled(x)


def test_what_is_written_over_keeps_its_place():
    def f(x):
        v = np.zeros(x.shape)
        v[...] = x
        r = v.ravel()
        r[0] = 7.0
        w = v * 2
        return v, r, w

    for x in (np.ones((2, 3)), np.asfortranarray(np.ones((2, 3)))):
        for a, b in zip(Function(f)(x), f(x), strict=True):
            np.testing.assert_array_equal(a, b)


def test_strided_arguments_are_held_to_their_strides():
    def f(x):
        v = x[1:].reshape(-1)
        v[0] = 7.0
        w = x.ravel()
        w[1] = 9.0
        return x * 1, v * 1, w * 1

    c = np.arange(24.0).reshape(4, 6)
    compiled = Function(f, backend="numpy")
    for x in (c, c[:, ::2], c[::2], c[::-1], np.asfortranarray(c), c.T, c[:, :1], c[:, 1:2], np.broadcast_to(c[0], (3, 6)).copy(), c[:, ::2]):
        kept = x.copy()
        for a, b in zip(compiled(relaid(x)), f(relaid(x)), strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(x, kept)


def relaid(x: np.ndarray) -> np.ndarray:
    """A copy with the same strides."""
    span = sum(abs(s) // 8 * (n - 1) for s, n in zip(x.strides, x.shape, strict=True)) + 1
    memory, start = np.zeros(span), sum(-s // 8 * (n - 1) for s, n in zip(x.strides, x.shape, strict=True) if s < 0)
    y = np.lib.stride_tricks.as_strided(memory[start:], x.shape, x.strides)
    y[...] = x
    return y
