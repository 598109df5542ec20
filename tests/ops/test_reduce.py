"""Reductions and running folds with every keyword: NumPy's results, jvp, vjp and second order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad.ir import Builder, Dim, array_type, evaluate, type_of, verify
from bcad.ops import FUNCTIONS, METHODS

from .derivatives import build, check, of, reverse, run

RNG = np.random.default_rng(3)
A = RNG.standard_normal((2, 3, 4))
B = RNG.standard_normal((3, 4))
C = RNG.standard_normal((2, 3)) + 1j * RNG.standard_normal((2, 3))
I = RNG.integers(-3, 4, (2, 3))
N = RNG.standard_normal((3, 3, 4))
N[0, 0, 0] = N[2, 1, 3] = np.nan
W = RNG.integers(0, 2, (3, 4)).astype(bool)
Z = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 4.0]])

SIMPLE = [np.sum, np.prod, np.max, np.min, np.amax, np.amin, np.mean, np.var, np.std]
NAN = [np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd]
AXES: list[dict[str, Any]] = [
    {}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (1, -1), "keepdims": True}, {"keepdims": True},
]


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("keywords", AXES, ids=str)
@pytest.mark.parametrize("function", SIMPLE, ids=lambda f: f.__name__)
def test_reductions(function: Any, keywords: Any) -> None:
    check(lambda x: of(function)(x, **keywords), A)


@pytest.mark.parametrize("keywords", AXES[:4], ids=str)
@pytest.mark.parametrize("function", NAN, ids=lambda f: f.__name__)
def test_reductions_pass_by_nan(function: Any, keywords: Any) -> None:
    expected = function(N, **keywords)
    got = run(lambda x: FUNCTIONS[function](x, **keywords), N)
    np.testing.assert_allclose(got, expected, rtol=1e-13)
    assert type_of(got) == type_of(expected)
    (g,) = gradient(lambda x: FUNCTIONS[function](x, **keywords), N)
    assert np.all(np.isfinite(g)) and not np.any(g[np.isnan(N)])
    check(lambda x: of(function)(x, **keywords), A, order=1)


def gradient(fn: Any, *args: Any) -> list[Any]:
    graph = build(fn, args)
    (y,) = evaluate(graph, args)
    return evaluate(reverse(graph), [*args, np.ones_like(y)])


CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (np.sum, (B,), {"where": W}), (np.sum, (A,), {"where": W, "axis": 0}), (np.sum, (B,), {"initial": 2.5}),
    (np.sum, (B,), {"dtype": np.float32}), (np.sum, (C,), {"axis": 1}), (np.prod, (C,), {"axis": 1}),
    (np.prod, (B,), {"where": W, "axis": 1, "initial": 3.0}), (np.max, (B,), {"initial": 0.5, "axis": 0}),
    (np.max, (B,), {"where": W, "initial": -1.0}), (np.min, (B,), {"where": W, "initial": 1.0, "axis": 1}),
    (np.mean, (B,), {"where": W | True, "axis": 0}), (np.mean, (C,), {}), (np.var, (C,), {"axis": 0}), (np.std, (C,), {}),
    (np.var, (B,), {"ddof": 1}), (np.std, (B,), {"ddof": 1.5, "axis": 0}), (np.var, (B,), {"correction": 1, "axis": 1}),
    (np.var, (B,), {"where": np.array([True, True, False, True]), "axis": 1}), (np.std, (B,), {"mean": B.mean()}),
    (np.mean, (I,), {}), (np.var, (I,), {}), (np.sum, (I,), {}), (np.prod, (I.astype(np.int8),), {"axis": 0}),
    (np.sum, (I > 0,), {}), (np.mean, (I > 0,), {"axis": 0}), (np.max, (I,), {"axis": 1}), (np.sum, (np.float64(2.0),), {}),
    (np.sum, (np.array(2.0),), {}), (np.sum, (B,), {"axis": ()}), (np.mean, (B.astype(np.float32),), {}),
    (np.sum, (np.zeros((0, 3)),), {"axis": 0}), (np.prod, (np.zeros((0, 3)),), {}), (np.max, (np.zeros((0, 3)),), {"axis": 1}),
    (np.any, (I,), {}), (np.any, (B > 1,), {"axis": 0}), (np.all, (I,), {"axis": 1, "keepdims": True}), (np.all, (B,), {"where": W}),
    (np.argmax, (B,), {}), (np.argmax, (B,), {"axis": 1}), (np.argmin, (B,), {"axis": -2, "keepdims": True}),
    (np.nanargmax, (np.where(W, B, np.nan),), {}), (np.nanargmin, (B,), {"axis": 0}),
    (np.count_nonzero, (I,), {}), (np.count_nonzero, (I,), {"axis": 0}), (np.count_nonzero, (B > 0,), {"axis": 1, "keepdims": True}),
    (np.cumsum, (B,), {}), (np.cumsum, (B,), {"axis": 0}), (np.cumsum, (I,), {"axis": 1}), (np.cumsum, (B,), {"dtype": np.float32}),
    (np.cumprod, (B,), {"axis": -1}), (np.cumprod, (C,), {}), (np.cumsum, (np.float64(3.0),), {}),
    (np.nancumsum, (N,), {"axis": 1}), (np.nancumprod, (N,), {}),
    (np.add.reduce, (B,), {}), (np.add.reduce, (A,), {"axis": (0, 1)}), (np.multiply.reduce, (B,), {"axis": 1}),
    (np.maximum.reduce, (B,), {}), (np.minimum.reduce, (B,), {"axis": None}), (np.fmax.reduce, (N,), {"axis": 2}),
    (np.logical_or.reduce, (I,), {}), (np.logical_and.reduce, (I,), {"axis": 1}), (np.logaddexp.reduce, (B,), {"axis": 1}),
    (np.logaddexp.reduce, (B,), {"axis": None}), (np.logaddexp.reduce, (A,), {"axis": 1, "keepdims": True}),
    (np.add.accumulate, (B,), {}), (np.multiply.accumulate, (B,), {"axis": 1}), (np.maximum.accumulate, (B,), {"axis": 1}),
    (np.minimum.accumulate, (B,), {}), (np.maximum.accumulate, (I,), {}),
]


def name_call(call: Any) -> str:
    function, args, keywords = call
    owner = getattr(function, "__self__", None)
    return f"{getattr(owner, '__name__', '')}.{function.__name__}-{args[0].dtype}{keywords}"


@pytest.mark.parametrize("call", CALLS, ids=name_call)
def test_calls(call: Any) -> None:
    function, args, keywords = call
    expected = function(*args, **keywords)
    got = run(lambda *xs: FUNCTIONS[function](*xs, **keywords), *args)
    np.testing.assert_allclose(got, expected, rtol=1e-6 if "dtype" in keywords else 1e-13, atol=1e-14)
    assert type_of(got) == type_of(expected)
    if args[0].dtype in (float, complex) and type_of(expected).differentiable and not np.any(np.isnan(args[0])) and "dtype" not in keywords:
        check(lambda *xs: of(function)(*xs, **keywords), *args)


@pytest.mark.parametrize("name", "sum prod max min mean var std any all argmax argmin cumsum cumprod".split())
def test_methods(name: str) -> None:
    for args in ((), (0,), (1,)):
        got = run(lambda x: METHODS[name](x, *args), B)
        expected = getattr(B, name)(*args)
        np.testing.assert_allclose(got, expected, rtol=1e-13)
        assert type_of(got) == type_of(expected)


def test_refusals_are_numpy_s() -> None:
    with pytest.raises(ValueError, match="zero-size array to reduction operation max"):
        run(FUNCTIONS[np.max], np.zeros((0,)))
    with pytest.raises(ValueError, match="does not have an identity"):
        run(lambda x: FUNCTIONS[np.max](x, where=W), B)
    with pytest.raises(np.exceptions.AxisError):
        run(lambda x: FUNCTIONS[np.sum](x, axis=2), B)
    with pytest.raises(ValueError, match="duplicate"):
        run(lambda x: FUNCTIONS[np.sum](x, axis=(0, 0)), B)
    with pytest.raises(ValueError, match="empty sequence"):
        run(FUNCTIONS[np.argmax], np.zeros((0,)))


@pytest.mark.parametrize("function", [np.prod, np.cumprod], ids=lambda f: f.__name__)
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_products_with_zeros_are_exact_at_every_order(function: Any, axis: Any) -> None:
    check(lambda x: of(function)(x, axis=axis), Z, tol=1e-5)


def test_extremes_share_ties_equally() -> None:
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    np.testing.assert_array_equal(gradient(lambda v: FUNCTIONS[np.max](v, axis=1), x)[0], [[0, 0.5, 0.5], [1 / 3] * 3])
    np.testing.assert_array_equal(gradient(FUNCTIONS[np.maximum.accumulate], np.array([1.0, 1.0, 0.0]))[0], [2, 1, 0])


def test_symbolic_sizes() -> None:
    n, m = Dim.symbol("n"), Dim.symbol("m")
    with Builder() as b:
        x = b.input(array_type(float, (n, m)), "x")
        ys = [FUNCTIONS[f](x, axis=axis) for f in (np.mean, np.var, np.prod) for axis in (None, 1, (0, 1))]
        ys += [FUNCTIONS[np.cumsum](x), FUNCTIONS[np.var](x, axis=0, ddof=1), FUNCTIONS[np.count_nonzero](x)]
        graph = verify(b.build(ys))
    got = evaluate(graph, [B])
    expected = [f(B, axis=axis) for f in (np.mean, np.var, np.prod) for axis in (None, 1, (0, 1))]
    expected += [np.cumsum(B), np.var(B, axis=0, ddof=1), np.count_nonzero(B)]
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-13)
    reverse(graph)


@pytest.mark.filterwarnings("ignore:Output seems independent")
def test_one_number_never_deviates():
    from bcad import grad

    assert grad(np.std)(3.5) == 0.0
    assert np.array_equal(grad(lambda x: np.std(x, axis=1).sum())(np.ones((3, 1))), np.zeros((3, 1)))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("function", [np.mean, np.var, np.std, np.nanmean, np.nanvar], ids=lambda f: f.__name__)
@pytest.mark.parametrize("keywords", [{}, {"axis": 0}, {"dtype": np.float16}, {"dtype": float}], ids=str)
def test_moments_of_half_precision_are_added_up_in_the_precision_that_numpy_takes(function: Any, keywords: Any, backend: str) -> None:
    import bcad

    with bcad.options.set(backend=backend):
        taken = bcad.Function(lambda x: function(x, **keywords))
        for seed in range(3):
            x = (1000 + np.random.default_rng(seed).normal(size=(6, 9))).astype(np.float16)  # halves near 1000 are 0.5 apart
            for y in (x, x > 1000, x - 1000):
                if function in (np.nanmean, np.nanvar) and (y.dtype == bool or keywords.get("dtype") is float):
                    continue  # nanvar's distances from the mean are halves whatever is asked for
                found, expected = taken(y), function(y, **keywords)
                assert found.dtype == expected.dtype
                np.testing.assert_array_equal(found, expected, strict=True) if found.dtype == np.float16 else np.testing.assert_allclose(found, expected)
