"""Rearranging, joining and taking apart: NumPy's results, jvp, vjp and second order."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.ir import Builder, Dim, array_type, evaluate
from bcad.ops import FUNCTIONS, METHODS

from .derivatives import check, of

RNG = np.random.default_rng(1)
A = RNG.standard_normal((2, 3, 4))
B = RNG.standard_normal((3, 4))
V = RNG.standard_normal(5)
C = RNG.standard_normal((2, 1, 4)) + 1j * RNG.standard_normal((2, 1, 4))
E = np.zeros((0, 3))
S = np.float64(1.5)

UNARY = [
    (np.reshape, A, (4, 6)), (np.reshape, A, (-1, 2)), (np.reshape, A, -1), (np.reshape, S, (1, 1)),
    (np.reshape, A, (4, -1), {"order": "F"}), (np.reshape, E, (3, 0)), (np.ravel, A), (np.ravel, B, "F"),
    (np.transpose, A), (np.transpose, A, (1, -1, 0)), (np.matrix_transpose, A), (np.swapaxes, A, 0, -1),
    (np.moveaxis, A, 0, -1), (np.moveaxis, A, [0, 1], [-1, 0]), (np.rollaxis, A, 2), (np.rollaxis, A, 0, 3),
    (np.squeeze, C), (np.squeeze, C, 1), (np.expand_dims, A, (0, -1)), (np.expand_dims, S, 0),
    (np.broadcast_to, B, (2, 3, 4)), (np.broadcast_to, C, (2, 3, 4)), (np.atleast_1d, S), (np.atleast_2d, V),
    (np.atleast_3d, V), (np.atleast_3d, B), (np.flip, A), (np.flip, A, (0, 2)), (np.fliplr, A), (np.flipud, A),
    *[(np.rot90, A, k, (2, 0)) for k in (-1, 0, 1, 2)],
    (np.tile, V, 2), (np.tile, B, (2, 1, 3)), (np.tile, A, 0), (np.tile, S, 3),
    (np.repeat, A, 2), (np.repeat, A, 3, 1), (np.repeat, B, [1, 0, 2], 0),
    (np.roll, A, 3), (np.roll, A, -1, 1), (np.roll, A, (1, 2), (0, 2)), (np.roll, B, 2, (0, 1)), (np.roll, E, 1),
    (np.pad, B, 1), (np.pad, B, ((1, 0), (0, 2))), (np.pad, B, (1, 2), {"constant_values": 3.0}),
    (np.pad, B, 1, {"constant_values": ((1, 2), (3, 4))}),
    *[(np.pad, B, ((2, 1), (0, 5)), m) for m in ("edge", "reflect", "symmetric", "wrap")],
    (np.diag, V), (np.diag, V, -2), (np.diag, B), (np.diag, B, 1), (np.diagflat, B, 1),
    (np.diagonal, A), (np.diagonal, A, -1, 2, 0), (np.trace, A), (np.trace, A, 1, 0, 2), (np.linalg.trace, A),
    (np.tril, A), (np.triu, A, 1), (np.tril, V), (np.triu, C, -1), (np.delete, A, 1, 1), (np.delete, V, [0, -1]),
    (np.delete, V, slice(1, 3)), (np.append, V, S), (np.append, B, B[:1], 0),
    (np.array_split, V, 3), (np.split, A, 2, 2), (np.split, V, [1, 3]), (np.hsplit, B, 2), (np.vsplit, B, 3),
    (np.dsplit, A, 2), (np.array_split, V, [2, 2, 9]), (np.diagonal, np.zeros((2, 0))),
    *([(np.unstack, A)] if hasattr(np, "unstack") else []),
]  # fmt: skip


@pytest.mark.parametrize("case", UNARY, ids=lambda c: c[0].__name__)
def test_function_of_one_array(case):
    function, x, *rest = case
    kwargs = rest.pop() if rest and isinstance(rest[-1], dict) else {}
    check(lambda v: of(function)(v, *rest, **kwargs), x)


SEVERAL = [
    (lambda x, y: of(np.concatenate)([x, y]), B, B), (lambda x, y: of(np.concatenate)([x, y], 1), B, B[:, :0]),
    (lambda x, y: of(np.concatenate)([x, y], None), B, V), (lambda x, y: of(np.concatenate)((x, y)), V, V + 1j),
    (lambda x, y: of(np.stack)([x, y]), B, B), (lambda x, y: of(np.stack)([x, y], -1), B, B),
    (lambda x, y: of(np.vstack)([x, y]), V, V), (lambda x, y: of(np.hstack)([x, y]), B, B),
    (lambda x, y: of(np.hstack)([x, y]), S, V), (lambda x, y: of(np.dstack)([x, y]), V, V),
    (lambda x, y: of(np.column_stack)([x, y]), V, np.outer(V, V)), (lambda x, y: of(np.append)(x, y), V, B),
    (lambda x, y: of(np.block)([[x, y], [y, x]]), B, B), (lambda x, y: of(np.block)([x, y]), V, S),
    (lambda x, y: list(of(np.broadcast_arrays)(x, y)), B, S),
    (lambda x, y: of(np.insert)(x, 1, y), V, S), (lambda x, y: of(np.insert)(x, [1, 3], y), V, V[:2]),
    (lambda x, y: of(np.insert)(x, 1, y, 1), B, V[:3]), (lambda x, y: of(np.insert)(x, [0, 2], y, 0), B, B[:2]),
    (lambda x, y: of(np.insert)(x, 2, y), V, V[:3]), (lambda x, y: of(np.insert)(x, slice(0, 2), y), V, S),
]  # fmt: skip


@pytest.mark.parametrize("case", SEVERAL, ids=[str(k) for k in range(len(SEVERAL))])
def test_function_of_several_arrays(case):
    function, *args = case
    check(function, *args)


def test_methods():
    for name, args in [("reshape", (6, 4)), ("reshape", ((6, 4),)), ("ravel", ()), ("flatten", ("F",)),
                       ("transpose", (1, 0, 2)), ("transpose", ()), ("swapaxes", (0, 1)), ("repeat", (2,)),
                       ("diagonal", ()), ("trace", ())]:
        check(lambda x: METHODS[name](x, *args), A, numpy=lambda x: getattr(x, name)(*args))


def symbolic(fn, shape, *arrays):
    """`fn` over an input with symbolic sizes, evaluated at each of the arrays."""
    with Builder() as b:
        x = b.input(array_type(float, shape), "x")
        graph = b.build([fn(x)])
    return [evaluate(graph, [a])[0] for a in arrays]


n, m = Dim.symbol("n"), Dim.symbol("m")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: of(np.reshape)(x, (-1,)), lambda x: of(np.reshape)(x, (x.shape[1], -1)),
        lambda x: of(np.roll)(x, 2, 0), lambda x: of(np.roll)(x, -1), lambda x: of(np.tile)(x, (2, 1)),
        lambda x: of(np.repeat)(x, 2, 1), lambda x: of(np.pad)(x, 2), lambda x: of(np.diag)(x), lambda x: of(np.tril)(x),
        *[lambda x, m=m: of(np.pad)(x, ((2, 1), (0, 9)), m) for m in ("edge", "reflect", "symmetric", "wrap")],
        lambda x: of(np.diagonal)(x, 1), lambda x: of(np.split)(x, 2, 0)[1], lambda x: of(np.flip)(x, 0),
        *[lambda x, s=s: x[s] for s in (
            slice(1, None), slice(None, -1), slice(-3, None), slice(None, 3), slice(1, -1), slice(None, None, 2),
            slice(None, None, -3), slice(7, 1, -2), slice(-2, 0, -1), slice(-5, -2), slice(2, 4), slice(-1, None, -1),
            slice(-4, 3), slice(9, 2), slice(None, -9))],
    ],
)  # fmt: skip
def test_symbolic_sizes_give_numpys_shape(function):
    arrays = [RNG.standard_normal(s) for s in ((4, 3), (6, 2), (2, 5), (8, 8))]
    outputs = symbolic(function, (n, m), *arrays)
    for a, y in zip(arrays, outputs, strict=True):
        np.testing.assert_array_equal(y, function(a))


@pytest.mark.parametrize("s", [(i, j, k) for i in (None, -7, -2, 0, 1, 5) for j in (None, -7, -1, 0, 3, 6) for k in (None, 1, 2, -1, -3)], ids=str)
def test_length_of_a_slice_of_symbolic_size(s):
    from bcad.ir import evaluate_size
    from bcad.ops.index_template import slice_length

    length = slice_length(slice(*s), n)
    for size in (0, 2, 3, 4, 5, 6, 7, 11):
        assert evaluate_size(length, {"n": size}) == len(range(size)[slice(*s)])


def test_what_numpy_refuses_is_refused():
    for call in (
        lambda x: of(np.reshape)(x, (5, 5)), lambda x: of(np.reshape)(x, (-1, -1)), lambda x: of(np.squeeze)(x, 0),
        lambda x: of(np.transpose)(x, (0, 0, 1)), lambda x: of(np.broadcast_to)(x, (3, 4)),
        lambda x: of(np.concatenate)([x, V]), lambda x: of(np.split)(x, 3, 2), lambda x: of(np.ravel)(x, "K"),
    ):  # fmt: skip
        with Builder() as b, pytest.raises(ValueError):
            call(b.input(array_type(float, A.shape)))
    assert FUNCTIONS[np.permute_dims] is FUNCTIONS[np.transpose]


def test_numbers_that_are_broadcast_become_arrays():
    import bcad

    def f(a, b):
        x, y = np.broadcast_arrays(a, b)
        kept = x > 0
        return x[kept].sum() * np.broadcast_to(y, ())[()]

    assert bcad.grad(f, (0, 1))(2.0, 3.0) == (3.0, 2.0)
