"""grad and its kin: meanings of argnums, containers, nesting, errors."""

from __future__ import annotations

import dataclasses
from collections import namedtuple

import numpy as np
import pytest

import bcad
from bcad import (
    elementwise_grad,
    grad,
    hessian,
    hessian_vector_product,
    jacobian,
    jvp,
    make_jvp,
    make_vjp,
    value_and_grad,
    vjp,
)

A = np.array([[2.0, 1.0], [0.5, 3.0]])


def test_gradient_has_the_arguments_kind_and_dtype():
    assert isinstance(grad(lambda x: x**2)(3.0), float)
    assert grad(lambda x: (x**2).sum())(np.ones(2, np.float32)).dtype == np.float32
    assert grad(lambda x: (x**2).sum())(np.ones((2, 1))).shape == (2, 1)
    zero_d = grad(lambda x: x**2)(np.array(3.0))
    assert isinstance(zero_d, np.ndarray) and zero_d.shape == ()


def test_an_int_is_taken_as_a_float():
    assert grad(lambda x: x**2)(3) == 6.0
    np.testing.assert_array_equal(grad(lambda x: (x**2).sum())(np.arange(3)), [0.0, 2.0, 4.0])


@pytest.mark.parametrize("argnum", [1, -1])
def test_argnum_chooses_the_argument(argnum):
    assert grad(lambda x, y: x * y**2, argnum)(2.0, 3.0) == 12.0


def test_a_tuple_of_argnums_gives_a_tuple():
    assert grad(lambda x, y: x * y**2, (0, 1))(2.0, 3.0) == (9.0, 12.0)
    assert grad(lambda x, y: x * y**2, argnums=[1])(2.0, 3.0) == (12.0,)


def test_arguments_by_name():
    def f(x, y=2.0):
        return x * y**2

    assert grad(f, argnames="y")(2.0, 3.0) == 12.0
    assert grad(f, wrt="y")(2.0, y=3.0) == 12.0
    assert grad(f, wrt=("y", "x"))(2.0, 3.0) == (12.0, 9.0)


def test_two_ways_of_choosing_are_refused():
    with pytest.raises(TypeError, match="only one"):
        grad(lambda x: x, argnums=0, wrt="x")


Point = namedtuple("Point", "x y")


@dataclasses.dataclass
class Model:
    weights: np.ndarray
    bias: float


def test_nested_arguments():
    def f(p):
        return (p["w"][0] * p["b"] ** 2).sum() + p["w"][1]

    got = grad(f)({"w": [np.ones(2), 3.0], "b": 2.0})
    assert set(got) == {"w", "b"}
    np.testing.assert_array_equal(got["w"][0], [4.0, 4.0])
    assert got["w"][1] == 1.0 and got["b"] == 8.0


def test_named_tuples_and_dataclasses():
    assert grad(lambda p: p.x * p.y)(Point(2.0, 5.0)) == Point(5.0, 2.0)
    got = grad(lambda m: (m.weights * m.bias).sum())(Model(np.ones(2), 3.0))
    assert isinstance(got, Model) and got.bias == 2.0
    np.testing.assert_array_equal(got.weights, [3.0, 3.0])


def test_value_and_grad_and_aux():
    assert value_and_grad(lambda x: x**3)(2.0) == (8.0, 12.0)
    gradient, aux = grad(lambda x: (x**3, {"twice": 2 * x}), has_aux=True)(2.0)
    assert gradient == 12.0 and aux == {"twice": 4.0}
    (value, aux), gradient = value_and_grad(lambda x: (x**3, 2 * x), has_aux=True)(2.0)
    assert (value, aux, gradient) == (8.0, 4.0, 12.0)


def test_jacobian_and_hessian():
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(jacobian(lambda x: A @ x)(x), A)
    np.testing.assert_allclose(hessian(lambda x: x @ A @ x)(x), A + A.T)
    assert hessian(lambda x: x**3)(2.0) == 12.0
    wide = jacobian(lambda x: x.sum())(np.ones((2, 3)))
    np.testing.assert_array_equal(wide, np.ones((2, 3)))
    assert jacobian(lambda x: np.stack([x, x**2]))(x).shape == (2, 2, 2)


def test_jacobian_modes_agree():
    f = lambda x: np.array([x[0] * x[1], np.sin(x[2]), x.sum()])
    x = np.array([0.3, 0.7, 1.1])
    forward, reverse = jacobian(f, mode="forward")(x), jacobian(f, mode="reverse")(x)
    np.testing.assert_allclose(forward, reverse, rtol=1e-14)


def test_hessian_vector_product():
    x, v = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    np.testing.assert_allclose(hessian_vector_product(lambda x: (x**3).sum())(x, v), 6 * x * v)


def test_vjp_and_jvp_in_both_spellings():
    x = np.array([1.0, 3.0])
    pull, value = make_vjp(lambda x: x**2)(x)
    np.testing.assert_array_equal(value, [1.0, 9.0])
    np.testing.assert_array_equal(pull(np.array([1.0, 0.0])), [2.0, 0.0])
    np.testing.assert_array_equal(pull(np.array([0.0, 1.0])), [0.0, 6.0])
    value, tangent = make_jvp(lambda x: x**2)(x)(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(tangent, [2.0, 6.0])
    value, pull = vjp(lambda x, y: x * y, 2.0, 3.0)
    assert value == 6.0 and pull(1.0) == (3.0, 2.0)
    assert jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0)) == (6.0, 3.0)


def test_the_point_of_a_vjp_stays_where_it_was():
    x = np.array([1.0, 3.0])
    pull, _ = make_vjp(lambda x: x**2)(x)
    x[0] = 100.0
    np.testing.assert_array_equal(pull(np.ones(2)), [2.0, 6.0])


def test_elementwise_grad():
    x = np.linspace(0, 1, 5)
    np.testing.assert_allclose(elementwise_grad(np.sin)(x), np.cos(x))


def test_derivatives_nest():
    assert grad(grad(grad(lambda x: x**4)))(2.0) == 48.0
    assert grad(lambda x: x * grad(lambda y: x * y**2)(x))(3.0) == 2 * 9.0 * 3
    np.testing.assert_allclose(
        jacobian(grad(lambda x: np.sin(x).sum()))(np.ones(2)), -np.sin(1.0) * np.eye(2)
    )
    f = lambda x: make_vjp(lambda y: y**3)(x)[0](2.0)
    assert grad(f)(2.0) == 24.0
    f = lambda x: make_jvp(lambda y: y**3)(x)(1.0)[1]
    assert grad(f)(2.0) == 12.0


def test_perturbations_are_not_confused():
    """Siskind and Pearlmutter (2008): an inner derivative must not see the outer variable."""
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0


def test_another_shape_or_dtype_just_works():
    g = grad(lambda x: np.sum(x**2))
    for x in (np.ones(3), np.ones(4), np.ones((2, 2)), np.zeros(0), np.ones(1), np.float32(2)):
        np.testing.assert_array_equal(g(x), 2 * np.asarray(x))


@pytest.mark.parametrize(
    "result, words", [(lambda x: x * np.ones(2), "one real number"), (lambda x: x + 1j, "(?s)complex.*holomorphic"),
                      (lambda x: x > 0, "(?s)bool.*truth value"), (lambda x: int(x), "(?s)int.*return a float"),
                      (lambda x: None, "returns none"), (lambda x: (x, x), "2 results")]
)
def test_a_gradient_needs_one_real_number(result, words):
    with pytest.raises(bcad.NotScalar, match=words):
        grad(result)(1.0)


@pytest.mark.parametrize("operator", [grad, bcad.Function, bcad.Gradient, bcad.jacobian])
def test_what_cannot_be_called_is_said_at_once(operator):
    with pytest.raises(TypeError, match="3 cannot be called"):
        operator(3)


@pytest.mark.parametrize("bad", [True, "text", np.array([True]), np.array(["a"]), None, object()])
def test_only_numbers_are_differentiated(bad):
    if bad is None:
        assert grad(lambda x, y: x * 1.0, 0)(1.0, None) == 1.0
        return
    with pytest.raises(bcad.NotDifferentiable):
        grad(lambda x: 1.0)(bad)


def test_a_missing_argument_is_named():
    with pytest.raises(bcad.NotDifferentiable, match="position 1"):
        grad(lambda x: x, 1)(1.0)
    with pytest.raises(bcad.NotDifferentiable, match="'z'"):
        grad(lambda x: x, wrt="z")(1.0)


def test_cotangents_must_fit():
    pull, _ = make_vjp(lambda x: x**2)(np.ones(3))
    with pytest.raises(bcad.StructureError):
        pull(np.ones(2))


def test_a_derivative_names_itself():
    def loss(x):
        return x

    assert grad(loss).__name__ == "grad_of_loss_wrt_argnum_0"
