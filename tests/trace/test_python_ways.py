"""Ways of Python around traced values: C functions mapped, `is True`, integer arrays as shapes."""

import itertools

import numpy as np
import pytest

from bcad import grad


def test_c_functions_that_are_mapped_meet_traced_values():
    def product(x):
        a, b = map(np.asarray, [x, 2.0])
        return (a * b).sum() + sum(map(float, (x[0], 1.0)))

    assert np.array_equal(grad(product)(np.ones(2)), [3.0, 2.0])


@pytest.mark.parametrize("at, slope", [(1.0, 2.0), (-1.0, 3.0)])
def test_a_traced_bool_may_be_true(at, slope):
    def negative(x):
        return 3.0 * x if bool(x > 0) is False else 2.0 * x

    def positive(x):
        answer = bool(x > 0)
        return 2.0 * x if answer is True else 3.0 * x

    def not_positive(x):
        answer = bool(x > 0)
        return 3.0 * x if answer is not True else 2.0 * x

    slopes = [grad(f) for f in (negative, positive, not_positive)]
    assert [g(at) for g in slopes] == [slope] * 3
    assert [g(-at) for g in slopes] == [5.0 - slope] * 3


def test_an_array_of_integers_is_a_shape():
    def columns(x):
        shape = np.ones(2, dtype=int)
        shape[0] = -1
        return (np.diff(x).reshape(shape) * np.arange(2.0)).sum()

    assert np.array_equal(grad(columns)(np.arange(3.0)), [-1.0, 0.0, 1.0])


def test_weights_along_an_axis():
    x, w = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 1.0])
    found = grad(lambda w: np.average(x, axis=1, weights=w).sum())(w)
    assert np.allclose(found, ((x - np.average(x, axis=1, weights=w)[:, None]) / w.sum()).sum(0))


def test_a_range_of_a_size_is_taken_whole():
    def corners(x):
        return sum(x[i, j] for i, j in itertools.product(*[range(n) for n in x.shape]) if i == j)

    assert np.array_equal(grad(corners)(np.ones((2, 3))), [[1, 0, 0], [0, 1, 0]])


PLACES = {"a": (slice(0, 6), (2, 3)), "b": (slice(6, 9), (3,))}


def test_slices_from_outside():
    def loss(w, x):
        a, b = (np.reshape(w[where], shape) for where, shape in PLACES.values())
        return (x @ a + b).sum()

    assert np.array_equal(grad(loss)(np.zeros(9), np.ones((4, 2))), [4.0] * 9)


class Chained:
    """Looks for attributes in what its generators chain."""

    def sources(self):
        yield {"slope": 3.0}
        yield {"offset": 1.0}

    def chained(self):
        yield from self.sources()

    def __getattr__(self, name):
        for source in self.chained():
            if name in source:
                return source[name]
        raise AttributeError(name)


def test_generators_that_delegate_to_generators():
    line = Chained()
    assert grad(lambda x: line.slope * x + line.offset)(2.0) == 3.0
