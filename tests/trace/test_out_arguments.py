"""``out=``: over functions and dtypes, by name and by position, what NumPy takes, refuses and leaves in it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from bcad import Function, Unsupported, value_and_grad

X = np.array([[0.3, 1.7, -2.2], [1.4, 0.6, 3.1]])
CALLS = """
np.sum(x,axis=0,out=o) np.sum(x,0,None,o) np.prod(x,axis=0,out=o) x.sum(0,None,o) np.max(x,0,o) x.min(axis=0,out=o) np.any(x,axis=0,out=o) x.all(0,out=o)
np.argmax(x,axis=0,out=o) x.argmin(0,o) np.mean(x,0,None,o) x.mean(axis=0,out=o) np.std(x,axis=0,out=o) x.var(axis=0,out=o) np.ptp(x,axis=0,out=o)
np.median(x,axis=0,out=o) np.percentile(x,30,axis=0,out=o) np.nansum(x,axis=0,out=o) np.nanmax(x,0,o) np.nanmean(x,axis=0,out=o) np.nanstd(x,axis=0,out=o)
np.nanargmax(x,axis=0,out=o) np.add.reduce(x,0,None,o) np.maximum.reduce(x,axis=0,out=o) np.add.reduceat(x[0],[0,1,2],0,None,o) np.maximum.accumulate(x[0],out=o)
np.cumsum(x[0],0,None,o) x[0].cumprod(out=o) np.nancumsum(x[0],out=o) np.take(x[0],[0,2,1],out=o) x.take([0,1,1],None,o,'clip') np.compress([True,False],x,axis=0,out=o[None])
x[0].compress([1,1,1],None,o) np.choose([0,1,0],[x[0],x[1]],o) np.array([0,1,0]).choose(x[0],x[1],out=o,mode='wrap') np.dot(x.T,x[:,0],o) x.T.dot(x[:,1],o)
np.matmul(x.T,x[:,0],out=o) np.vecdot(x.T,x.T,o) np.einsum('ij->j',x,out=o) np.outer(x[0,:1],x[1],o[None]) np.multiply.outer(x[0,0],x[1],out=o)
np.around(x[0],1,o) x[0].round(1,o) np.round(x[0],out=o) np.clip(x[0],0,1,out=o) np.clip(x[0],0.5,1.5,o) x[0].clip(0,1,o) np.concatenate([x[0],x[1]],0,o.repeat(2))
np.concatenate([x[0,:1],x[1,1:]],out=o,casting='unsafe') np.stack([x[0]],out=o[None]) np.trace(np.array([x]),out=o[:2],axis1=0,axis2=1) np.fft.fft(x[0],out=o)
np.fix(x[0],out=o) np.isposinf(x[0],o) np.sin(x[0],o) np.add(x[0],x[1],o) np.add(x[0],x[1],out=o,casting='unsafe') np.less(x[0],x[1],out=o) np.divmod(x[0],2,o,p)
np.divmod(x[0],2,out=(None,o)) np.modf(x[0],out=(o,None)) np.copyto(o,x[0]) np.putmask(o,[True,False,True],x[0]) np.place(o,np.array([True,False,True]),x[0]) o.__iadd__(x[0])
""".split()
PAIRS = [("d", "d"), ("d", "f"), ("d", "l"), ("d", "D"), ("l", "d"), ("l", "B"), ("?", "?"), ("D", "d")]


def program(call: str) -> Any:
    names: dict[str, Any] = {"np": np}
    exec(f"def f(x, o, p):\n    r = {call}\n    return o, p, r is o, r", names)
    return names["f"]


def outcome(f: Any, args: list[Any]) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return f(*[a.copy() for a in args])
        except Exception as error:
            return error


def alike(found: Any, expected: Any) -> bool:
    if isinstance(expected, tuple):
        return all(map(alike, found, expected))
    if expected is None:
        return found is None
    a, b = np.asarray(found), np.asarray(expected)
    return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("call", CALLS)
def test_what_numpy_takes_for_out(call):
    f = program(call)
    compiled = Function(f, backend="numpy")
    for given, wanted in PAIRS:
        args = [X.astype(given), np.array([7, 0, 5]).astype(wanted), np.array([1, 0, 2]).astype(wanted)]
        expected, found = outcome(f, args), outcome(compiled, args)
        if isinstance(found, Unsupported):
            assert isinstance(expected, Exception) or "assign the result" in str(found), (given, wanted, found)
        elif isinstance(expected, Exception):
            assert isinstance(found, Exception) and isinstance(expected, type(found)), (given, wanted, found, expected)
        else:
            assert not isinstance(found, Exception) and alike(found, expected), (given, wanted, found, expected)


SHAPES = [
    ("np.sum(x,axis=0,out=o)", (1, 3)), ("np.sum(x,axis=0,out=o)", (1,)), ("np.cumsum(x[0],out=o)", (4,)), ("np.take(x,[0,1],out=o)", (3,)),
    ("np.dot(x.T,x,out=o)", (1, 3, 3)), ("np.round(x[0],out=o)", (2, 3)), ("np.clip(x,0,1,out=o)", (3,)), ("np.clip(x[:,:1],0,1,out=o)", (2, 4)),
    ("np.matmul(x.T,x,out=o)", (2, 3, 3)), ("np.concatenate([x,x],out=o)", (3, 3)), ("np.argmax(x,out=o.astype(int))", (1,)), ("np.median(x,axis=0,out=o)", (1, 3)),
    ("np.dot(x.T,x,out=o.T)", (3, 3)), ("np.outer(x[0],x[0],out=o)", (3, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("call", "shape"), SHAPES)
def test_shapes_that_numpy_takes_for_out(call, shape):
    f = program(call)
    args = [X, np.zeros(shape), np.zeros(3)]
    expected, found = outcome(f, args), outcome(Function(f), args)
    assert isinstance(expected, type(found)) if isinstance(expected, Exception) else alike(found, expected)


def test_matrix_product_in_place_keeps_the_dtype():
    def f(a, b):
        a @= b
        return a

    square = np.arange(4.0).reshape(2, 2)
    assert alike(Function(f)(square, square + 1), square @ (square + 1))
    with pytest.raises(TypeError):
        Function(f)(square.astype(int), square)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_sum_is_computed_in_the_dtype_of_out(backend):
    def f(x, o):
        np.prod(x, 0, None, o)
        return o

    x = np.full(5, 10**12)
    assert alike(Function(f, backend=backend)(x, np.zeros(())), np.array(1e60))


def test_gradients_go_through_positional_outputs():
    def f(x):
        o = np.zeros(3)
        np.cumsum(x, 0, None, o)
        q, r = np.zeros(3), np.zeros(3)
        np.divmod(x, 0.7, q, r)
        return (o * r).sum()

    def plain(x):
        return (np.cumsum(x) * np.divmod(x, 0.7)[1]).sum()

    x = np.array([0.4, 1.1, 2.3])
    value, gradient = value_and_grad(f)(x)
    assert np.isclose(value, plain(x)) and np.isclose(f(x), plain(x))
    assert np.allclose(gradient, value_and_grad(plain)(x)[1])
