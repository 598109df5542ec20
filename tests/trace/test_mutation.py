"""In-place writes, views and aliasing are NumPy's; arguments stay as they were."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import Function
from interpreter import LocatedError
from tests.trace.helpers import Traced, agree, same

A = np.arange(12.0).reshape(3, 4)


def write_item(a):
    b = a.copy()
    b[0] = 7.0
    b[1, 2] += 3.0
    b[-1, 1:3] *= 2
    return b


def write_argument(a):
    a[0] = 7.0
    return a.sum()


def row_view(a):
    b = a * 1
    row = b[1]
    row += 1
    row[0] = 9
    return b, row


def transposed_view(a):
    b = a * 1
    t = b.T
    t[0, 1] = 5
    b[0, 0] = 6
    return t, b


def reshaped_view(a):
    b = a * 1
    flat = b.reshape(-1)
    flat[::2] = 0
    again = b.ravel()
    again[1] = 8
    return flat, b


def reshape_of_a_transpose_is_a_copy(a):
    b = a * 1
    c = b.T.reshape(-1)
    c[0] = 100
    return b, c


def view_of_a_view(a):
    b = a * 1
    v = b[1:]
    w = v[:, 1:]
    w[0] = -1
    v[0, 0] = -2
    return b, v, w


def swap(a):
    b = a * 1
    b[0, 0], b[1, 1] = b[1, 1], b[0, 0]
    return b


def swap_rows(a):
    b = a * 1
    b[[0, 1]] = b[[1, 0]]
    return b


def mask(a):
    b = a * 1
    b[b > 5] = 0
    b[b < 2] += 10
    return b


def fancy_repeated(a):
    b = a.ravel() * 1
    b[[0, 0, 1]] = [1.0, 2.0, 3.0]
    b[[2, 2]] += 1
    np.add.at(b, [3, 3], 1.0)
    return b


def out(a):
    b = np.empty_like(a)
    c = np.add(a, 1, out=b)
    np.multiply(b, 2, out=b)
    np.exp(a, out=b[:]) if False else None
    return b, c is b


def where_out(a):
    b = np.zeros_like(a)
    np.sqrt(a, out=b, where=a > 3)
    return b


def in_place_operators(a):
    b = a * 1
    c = b
    b += 1
    b **= 2
    b /= 3
    return b, c is b, c


def fill_and_sort(a):
    b = -a
    b.sort(axis=1)
    c = np.zeros(3)
    c.fill(a[0, 1])
    return b, c


def casting(a):
    b = np.zeros(3, dtype=int)
    b[0] = a[1, 1] * 1.7
    b[1:] = a[0, 1:3] + 0.9
    return b


def aliases_in_containers(a):
    b = a * 1
    held = {"b": b, "l": [b]}
    held["l"][0][0] = 4
    return b, held["b"]


def empty_then_filled(a):
    b = np.empty(3)
    for i in range(3):
        b[i] = a[i, i] ** 2
    return b


def object_state(a):
    class Box:
        pass

    box = Box()
    box.x = a * 1
    box.x[0] = 1
    box.x += a
    return box.x


def real_part(a):
    z = a + 1j
    z.real = 0
    z.imag[0] = 5
    return z


def diagonal(a):
    b = a[:, :3] * 1
    b[np.diag_indices(3)] = 0
    b.flat[1] = 3
    return b


def slice_assign_overlap(a):
    b = a.ravel() * 1
    b[1:] = b[:-1]
    return b


PROGRAMS = [write_item, write_argument, row_view, transposed_view, reshaped_view, reshape_of_a_transpose_is_a_copy,
            view_of_a_view, swap, swap_rows, mask, fancy_repeated, out, where_out, in_place_operators, fill_and_sort,
            casting, aliases_in_containers, empty_then_filled, object_state, real_part, slice_assign_overlap]


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda f: f.__name__)
def test_writes_are_numpys(fn):
    agree(fn, (A.copy(),), (A - 5,))


def test_iadd_of_floats_into_ints_is_refused_as_numpy_does():
    def f(a):
        b = np.zeros(3, dtype=int)
        b += a
        return b

    with pytest.raises(TypeError, match="Cannot cast"):
        Traced(f)(np.ones(3))


def test_a_global_array_is_written_at_every_call():
    buffer = np.zeros(3)

    def f(x):
        buffer[0] = x.sum()
        buffer[1:] += x[1:]
        return (buffer * x).sum()

    other = np.zeros(3)

    def plain(x):
        other[0] = x.sum()
        other[1:] += x[1:]
        return (other * x).sum()

    traced = Traced(f)
    for k in range(3):
        x = np.arange(3.0) + k
        assert same(traced(x), plain(x))
        assert same(buffer, other)
    assert traced.traces == 1


def test_overlapping_arguments_that_are_written_are_refused():
    base = np.arange(6.0)

    def f(a, b):
        a[0] = 5.0
        return b.sum()

    traced = Traced(f)
    assert same(traced(base[:3].copy(), base[3:]), np.float64(12.0))
    with pytest.raises(LocatedError, match="shares memory"):
        traced(base[:4], base[2:])


def test_a_read_only_array_refuses():
    frozen = np.zeros(3)
    frozen.flags.writeable = False

    def f(x):
        frozen[0] = x[0]

    with pytest.raises(ValueError, match="read-only"):
        Traced(f)(np.ones(3))


def test_a_copy_of_an_argument_is_not_the_argument():
    x = np.arange(3.0)
    y = Traced(lambda a: a.copy())(x)
    y[0] = 100.0
    assert x[0] == 0.0


def test_accumulating_an_array_into_itself_reads_it_as_it_was():
    places = np.array([1, 1])

    def f(x):
        x = x * 1.0
        np.add.at(x, places, x)
        np.add.at(x, places, x)
        return x

    x = np.array([0.484, -0.484])
    for backend in ("numpy", "numba"):
        np.testing.assert_array_equal(Function(f, backend=backend)(x), f(x))


@pytest.mark.parametrize("order", ["C", "F"])
def test_writes_through_a_reshape_depend_on_the_order_in_memory(order):
    def f(x):
        flat = x.reshape(-1)
        flat[0] = 100.0
        return x.sum() + flat.sum()

    def g(x):
        flat = np.ravel(x.T)
        flat *= 2.0
        return (x * x).sum()

    for fn in (f, g):
        traced = Function(fn)
        for shape in ((2, 3), (3, 2), (6, 1), (1, 6)):
            for first in (order, "F", "C"):
                x = np.asarray(np.arange(6.0).reshape(shape), order=first)
                assert traced(x) == fn(x.copy(order="K"))


def test_writes_to_a_reshape_of_a_strided_array():
    def f(x):
        flat = x.reshape(-1)
        flat[0] = 100.0
        return x.sum()

    traced = Function(f)
    for make in (lambda: np.arange(12.0).reshape(2, 6)[:, ::2], lambda: np.arange(6.0).reshape(2, 3), lambda: np.arange(12.0).reshape(2, 6)[:, ::2]):
        assert traced(make()) == f(make())
