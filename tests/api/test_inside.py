"""Derivatives asked for inside functions that are differentiated: seeds, keywords, rules, warnings."""

import warnings

import numpy as np
import pytest

from bcad import defjvp, defvjp, grad, make_jvp, make_vjp, primitive


def test_a_seed_has_the_size_of_what_it_belongs_to():
    def pulled(x, v):
        return make_vjp(lambda a: np.vstack((a, 2 * a)))(x)[0](v)

    pull, value = make_vjp(pulled, (0, 1))(np.ones(2), np.arange(4.0).reshape(2, 2))
    assert np.array_equal(value, [4.0, 7.0])
    assert np.array_equal(pull(np.ones(2))[1], [[1, 1], [2, 2]])


def test_options_that_are_nested_lists():
    options = {"axes": [[-1], [0]]}

    def pushed(x):
        return make_jvp(lambda a: np.tensordot(a, np.ones((3, 2)), **options))(x)(np.ones((2, 3)))[1]

    assert np.array_equal(make_jvp(pushed)(np.ones((2, 3)))(np.ones((2, 3)))[0], 3 * np.ones((2, 2)))


@pytest.mark.parametrize("function", [lambda x: np.r_[x, x].sum(), lambda x: np.c_[x, np.ones(3), x].sum()])
def test_subscripts_that_are_python_code(function):
    assert np.array_equal(grad(function)(np.ones(3)), [2, 2, 2])


def test_the_sign_of_a_floored_product():
    assert make_vjp(lambda x, y: x % y, (0, 1))(0.18, 1.54)[0](1.0) == (1.0, 0.0)
    assert make_vjp(lambda x, y: x % y, (0, 1))(0.18, -1.54)[0](1.0) == (1.0, 1.0)


@primitive
def double(x):
    return x * 2.0


@primitive
def same(x):
    return x


defvjp(same, lambda ans, x: lambda g: g * 1.5)
defvjp(double, lambda ans, x: lambda g: same(g) * 2)
defjvp(double, lambda g, ans, x: 2.0 * g)


def test_a_rule_that_calls_a_primitive_with_a_rule_of_its_own():
    slope = make_vjp(lambda x, g: make_vjp(double)(x)[0](g), 1)
    pull, value = slope(1.0, 3.0)
    assert value == 6.0
    assert pull(1.0) == 3.0  # the rule of `same`


def test_forward_mode_through_a_primitive():
    assert make_jvp(lambda x: double(x) ** 2)(1.0)(1.0) == (4.0, 8.0)


def test_a_warning_inside_is_given_at_each_call():
    def warned(x):
        warnings.warn("soon gone", DeprecationWarning, stacklevel=2)
        return x * x

    slope = make_jvp(lambda x: make_jvp(warned)(x)(1.0)[1])
    with pytest.warns(DeprecationWarning, match="soon gone"):
        assert slope(3.0)(1.0)[1] == 2.0
