"""Containers from outside the call, unpacked where they are used."""

import numpy as np
import pytest

from bcad import grad, make_vjp

NUMBERS = [2.0, 3.0]
OPTIONS = {"axis": 0}


@pytest.mark.parametrize("function, value", [
    (lambda x: x * sum([*NUMBERS]), 5.0),
    (lambda x: x * (lambda *q: sum(q))(*NUMBERS), 5.0),
    (lambda x: x * len({*OPTIONS}), 1.0),
    (lambda x: x * len({**OPTIONS, "k": 1}), 2.0),
    (lambda x: x * len(dict(**OPTIONS)), 1.0),
    (lambda x: x * (lambda **q: len(q))(**OPTIONS), 1.0),
    (lambda x: x * len(sorted(OPTIONS)), 1.0),
])
def test_a_list_or_dict_from_outside_is_whole_when_it_is_unpacked(function, value):
    assert grad(function)(1.0) == value


def test_keywords_from_outside_reach_a_derivative_asked_for_inside():
    def slopes(x):
        return make_vjp(np.sum)(x, **OPTIONS)[1]

    pull, value = make_vjp(slopes)(np.ones((2, 3)))
    assert np.array_equal(value, [2.0, 2.0, 2.0])
    assert np.array_equal(pull(np.arange(3.0)), [[0, 1, 2], [0, 1, 2]])


def test_the_items_of_an_array_are_as_many_as_it_has():
    assert np.array_equal(grad(lambda x: np.vstack(x)[1].sum())(np.ones((3, 2))), [[0, 0], [1, 1], [0, 0]])
    halves = grad(lambda x: np.array_split(x, 2)[0].sum())
    assert np.array_equal(halves(np.ones(5)), [1, 1, 1, 0, 0])
    assert np.array_equal(halves(np.ones(7)), [1, 1, 1, 1, 0, 0, 0])  # another length is traced anew


def test_a_dict_of_traced_values_is_sorted_by_its_keys():
    def total(d):
        return sum((k + 1) * d[name] for k, name in enumerate(sorted(d)))

    assert grad(total)({"b": 1.0, "a": 1.0}) == {"b": 2.0, "a": 1.0}
