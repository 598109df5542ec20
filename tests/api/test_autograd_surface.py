"""The rest of autograd's surface: names, meanings and documentation of each operator, and what it does with oddities."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bcad
from bcad import grad, make_jvp, make_vjp

X, V = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5, -1.0])


def crossed(x):
    return np.sin(x) * x[::-1]


def jacobian_of_crossed(x):
    return np.diag(np.cos(x) * x[::-1]) + np.fliplr(np.diag(np.sin(x)))


OPERATORS = ("grad value_and_grad elementwise_grad deriv jacobian hessian holomorphic_grad make_vjp make_jvp "
             "make_jvp_reversemode make_hvp make_ggnvp hessian_vector_product").split()


@pytest.mark.parametrize("name", OPERATORS)
def test_results_are_named_after_operator_and_function(name) -> None:
    derivative = getattr(bcad, name)(crossed, **({"f_argnum": 1} if name == "make_ggnvp" else {"argnum": 1}))
    assert derivative.__name__ == f"{name}_of_crossed_wrt_argnum_1"
    assert "crossed" in derivative.__doc__ and "argument number 1" in derivative.__doc__


# --- products


def test_tensor_jacobian_products() -> None:
    assert_allclose(bcad.tensor_jacobian_product(crossed)(X, V), V @ jacobian_of_crossed(X))
    assert bcad.vector_jacobian_product is bcad.tensor_jacobian_product
    outer = bcad.tensor_jacobian_product(np.outer)(X, V, X)  # one axis of two is contracted
    assert_allclose(outer, np.einsum("i,ik,j->jk", X, np.eye(3), V))


def test_hessian_products_of_matrices_and_of_several_arguments() -> None:
    a = np.arange(6.0).reshape(2, 3)
    found = bcad.hessian_tensor_product(lambda a, b: np.sum(a**3 * b**2), 1)(a, a + 1, a)
    assert_allclose(found, 2 * a**4)
    both = bcad.hessian_vector_product(lambda x, y: (x * y**2).sum(), (0, 1))(X, V, (V, X))
    assert_allclose(both[0], 2 * V * X)
    assert_allclose(both[1], 2 * V * V + 2 * X * X)


def test_make_hvp_fixes_the_point() -> None:
    hvp, gradient = bcad.make_hvp(lambda a, b: np.sum(a * b**3), 1)(X, V)
    assert_allclose(gradient, 3 * X * V**2)
    for direction in (X, V):
        assert_allclose(hvp(direction), 6 * X * V * direction)


def test_gauss_newton_products() -> None:
    j = jacobian_of_crossed(X)
    assert_allclose(bcad.make_ggnvp(crossed)(X)(V), j.T @ j @ V)
    product = bcad.make_ggnvp(lambda a, b: b**2 * a, lambda y: np.sum(y**4), 1)(X, V)
    assert_allclose(product(X), (2 * V * X) ** 2 * 12 * (V**2 * X) ** 2 * X)


@pytest.mark.parametrize("fn", [crossed, lambda x: {"s": x**2, "t": (np.sum(x),)}, lambda x: x @ x])
def test_reverse_mode_twice_is_forward_mode(fn) -> None:
    once, twice = make_jvp(fn)(X)(V)[1], bcad.make_jvp_reversemode(fn)(X)(V)
    for a, b in zip(bcad.flatten(once)[0], bcad.flatten(twice)[0], strict=True):
        assert_allclose(a, b)


# --- derivatives at a point, used in code that is differentiated itself


def test_a_vjp_made_outside_is_differentiated_by_its_cotangent() -> None:
    point = X.copy()
    pull, _ = make_vjp(crossed)(point)
    point[:] = 100.0  # the point is where it was
    j = jacobian_of_crossed(X)
    loss = grad(lambda g: np.sum(pull(g) ** 2))
    assert_allclose(loss(V), 2 * j @ (j.T @ V))
    assert_allclose(loss(2 * V), 4 * j @ (j.T @ V))
    assert_allclose(bcad.jacobian(pull)(V), j.T)


def test_a_jvp_made_outside_is_differentiated_by_its_tangent() -> None:
    push = make_jvp(lambda x, n: crossed(x) * n, 0)(X, 3)
    j = 3 * jacobian_of_crossed(X)
    assert_allclose(bcad.jacobian(lambda v: push(v)[1])(V), j)
    assert_allclose(grad(lambda v: push(v)[1] @ push(2 * v)[1])(V), 4 * j.T @ j @ V)


def test_points_outside_with_loops_branches_and_other_sizes() -> None:
    def f(x):
        total = 0.0
        for value in x:
            total = total + (value**2 if value > 1.5 else value)
        return total * x

    def jacobian(x):
        total = sum(v**2 if v > 1.5 else v for v in x)
        return total * np.eye(len(x)) + np.outer(x, np.where(x > 1.5, 2 * x, 1.0))

    for point in (X, np.array([0.5, 5.0]), np.array([7.0])):
        pull, _ = make_vjp(f)(point)
        seed = np.cos(np.arange(len(point)))
        assert_allclose(grad(lambda g, pull=pull: np.sum(pull(g) ** 2))(seed),
                        2 * jacobian(point) @ jacobian(point).T @ seed)


def test_a_point_with_random_draws_is_refused_in_traced_code() -> None:
    rng = np.random.default_rng(0)
    pull, _ = make_vjp(lambda x: x * rng.normal(size=3))(X)
    with pytest.raises(bcad.Unsupported, match="random numbers"):
        grad(lambda g: np.sum(pull(g)))(V)


# --- grad in other forms


def test_multigrad_dict_binds_the_call() -> None:
    def f(x, y, *rest, scale=2.0, name="text", **more):
        return scale * x * y**2 + sum(rest) * more["z"] + (name == "text")

    found = bcad.multigrad_dict(f)(3.0, 2.0, 5.0, 6.0, z=4.0)
    assert found == {"x": 8.0, "y": 24.0, "rest": (4.0, 4.0), "scale": 12.0, "more": {"z": 11.0}}
    assert list(found) == ["x", "y", "rest", "scale", "more"]
    assert bcad.multigrad_dict(lambda x, y=3.0: x * y)(y=5.0, x=2.0) == {"x": 5.0, "y": 2.0}
    assert_array_equal(bcad.multigrad_dict(lambda a, /, b: (a * b).sum())(X, V)["b"], X)


def test_grad_and_aux_and_by_name() -> None:
    gradient, aux = bcad.grad_and_aux(lambda x, y: (np.sum(x**2 * y), {"y": y, "label": "aux"}), 0)(X, V)
    assert_allclose(gradient, 2 * X * V)
    assert_array_equal(aux["y"], V)
    assert aux["label"] == "aux"
    assert bcad.grad_named(lambda a, b: a * b**2, "b")(2.0, 3.0) == 12.0
    with pytest.raises(bcad.NotDifferentiable, match="'c'"):
        bcad.grad_named(lambda a, b: a, "c")(1.0, 2.0)


def test_holomorphic_gradients() -> None:
    z = np.array([1 + 2j, 3.0])
    assert_allclose(bcad.holomorphic_grad(lambda z: np.sum(z**3))(z), 3 * z**2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_allclose(bcad.holomorphic_grad(np.exp)(1j), np.exp(1j))
    with pytest.warns(UserWarning, match="not complex"):
        assert bcad.holomorphic_grad(lambda x: x**2)(3.0) == 6.0


def test_deriv_is_forward_mode_by_one_argument() -> None:
    assert bcad.deriv(lambda x, y: x * y**2, 1)(3.0, 2.0) == 12.0
    assert bcad.deriv(lambda x: x**2)(3) == 6.0
    assert_allclose(bcad.deriv(np.tan)(X), 1 / np.cos(X) ** 2)
    assert_allclose(bcad.deriv(lambda t: np.array([t, t**2]))(3.0), [1.0, 6.0])
    assert bcad.deriv(bcad.deriv(bcad.deriv(lambda x: x**4)))(2.0) == 48.0
    with pytest.raises(TypeError, match="one argument"):
        bcad.deriv(np.add, (0, 1))(1.0, 2.0)


@pytest.mark.parametrize("fn", [lambda x: x > 1, lambda x: x * 1j, lambda x: x * np.ones(2), lambda x: (x, x)])
def test_grad_is_of_one_real_number(fn) -> None:
    with pytest.raises(TypeError):
        grad(fn)(2.0)


def test_lists_and_tuples_of_arguments_give_tuples() -> None:
    for chosen in ([0, 1], (0, 1)):
        assert grad(lambda x, y: x * y, chosen)(2.0, 3.0) == (3.0, 2.0)
    assert grad(lambda x, y: x * y, [1])(2.0, 3.0) == (2.0,)


# --- memory, custom rules, fixed points, flattening, descent


def test_checkpoint_changes_no_number() -> None:
    calls = []

    def f(x, *, scale=1.0):
        calls.append(1)
        for _ in range(3):
            x = np.sin(x) * scale
        return {"y": x, "n": np.sum(x)}

    checked = bcad.checkpoint(f)
    assert_array_equal(checked(X, scale=2.0)["y"], f(X, scale=2.0)["y"])
    expected = grad(lambda x: f(x, scale=1.5)["n"])(X)
    assert_allclose(grad(lambda x: checked(x, scale=1.5)["n"])(X), expected)
    assert_allclose(bcad.hessian(lambda x: checked(x)["n"])(X), bcad.hessian(lambda x: f(x)["n"])(X))
    assert checked.__name__ == "f"


def test_rules_for_several_arguments_at_once() -> None:
    @bcad.primitive
    def product(x, y, z):
        return x * y * z

    seen = []

    def reverse(argnums, ans, args, kwargs):
        seen.append(argnums)
        return lambda g: [g * ans / args[k] for k in argnums]

    bcad.defvjp_argnums(product, reverse)
    assert grad(lambda x: product(x, 3.0, x))(2.0) == 12.0
    bcad.defvjp_argnum(product, lambda argnum, ans, args, kwargs: lambda g: g * (argnum + 10.0))
    assert grad(product, (0, 2))(1.0, 1.0, 1.0) == (10.0, 12.0)
    bcad.defjvp_argnums(product, lambda argnums, gs, ans, args, kwargs: sum(g * ans / args[k] for k, g in zip(argnums, gs)))
    assert bcad.jvp(product, (2.0, 3.0, 4.0), (1.0, 1.0, 0.0))[1] == 12.0 + 8.0
    bcad.defjvp_argnum(product, lambda argnum, g, ans, args, kwargs: g * 100.0 ** argnum)
    assert bcad.jvp(product, (2.0, 3.0, 4.0), (1.0, 1.0, 1.0))[1] == 10101.0


def test_rules_by_position_and_linear_ones() -> None:
    @bcad.primitive
    def scaled(x, n, y):
        return x * y * n

    bcad.defvjp(scaled, lambda ans, x, n, y: lambda g: g * y * n, lambda ans, x, n, y: lambda g: g * x * n, argnums=(0, 2))
    assert grad(scaled, (0, 2))(2.0, 5, 3.0) == (15.0, 10.0)
    bcad.defjvp(scaled, "same", None, "same")
    assert bcad.jvp(scaled, (2.0, 5.0, 3.0), (1.0, 7.0, 1.0))[1] == 15.0 + 10.0
    with pytest.raises(NotImplementedError):
        grad(scaled, 1)(2.0, 5.0, 3.0)
    bcad.def_linear(scaled)
    assert bcad.jvp(scaled, (2.0, 5.0, 3.0), (0.0, 1.0, 0.0))[1] == 6.0


def test_custom_vjp_and_custom_jvp() -> None:
    @bcad.custom_vjp
    def log1pexp(x):
        return np.log1p(np.exp(x))

    log1pexp.defvjp(lambda x: (np.log1p(np.exp(x)), np.exp(x)), lambda e, g: (g * (1 - 1 / (1 + e)),))
    assert_allclose(grad(lambda x: np.sum(log1pexp(x)))(X), 1 / (1 + np.exp(-X)))
    assert_allclose(grad(grad(log1pexp))(0.0), 0.25)

    @bcad.custom_jvp
    def power(x, y):
        return x**y

    @power.defjvp
    def push(primals, tangents):
        (x, y), (dx, dy) = primals, tangents
        return power(x, y), 1000.0 * dx + dy

    assert bcad.jvp(power, (2.0, 3.0), (1.0, 5.0)) == (8.0, 1005.0)


def test_fixed_point_does_not_depend_on_the_start() -> None:
    def root(a, x0):
        return bcad.fixed_point(lambda a: lambda x: 0.5 * (x + a["v"] / x), a, x0, lambda x, y: np.max(abs(x - y)), 1e-12)

    a = {"v": np.array([4.0, 9.0])}
    found = grad(lambda a, x0: np.sum(root(a, x0)), (0, 1))(a, np.ones(2))
    assert_allclose(found[0]["v"], [0.25, 1 / 6])
    assert_array_equal(found[1], 0.0)
    assert_allclose(grad(grad(lambda v: root({"v": v}, 1.0)))(4.0), -1 / 32)


def test_flatten_orders_keys_and_is_differentiable() -> None:
    value = {"b": np.ones((2, 2)), "a": (1.0, [np.zeros(0), np.float32(2.0)])}
    vector, unflatten = bcad.flatten(value)
    assert_array_equal(vector, [1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    back = unflatten(2 * vector)
    assert list(back) == ["a", "b"] or list(back) == ["b", "a"]
    assert back["a"][1][0].shape == (0,) and back["b"].shape == (2, 2) and back["a"][0] == 2.0
    found = grad(lambda v: np.sum(bcad.flatten(v)[0] ** 2))(value)
    assert_array_equal(found["b"], 2 * np.ones((2, 2)))
    assert_array_equal(bcad.flatten([np.ones(2) * 1j])[0], [1j, 1j])
    assert bcad.flatten(())[0].shape == (0,)
    flat, unflatten, example = bcad.flatten_func(lambda v: {"out": v["b"] * 2}, value)
    assert_array_equal(flat(example), np.full(4, 2.0))


@pytest.mark.parametrize("minimiser", [bcad.sgd, bcad.rmsprop, bcad.adam])
def test_descents_call_back_before_each_step(minimiser) -> None:
    seen = []
    start = {"w": X, "b": 1.0}
    found = minimiser(lambda p, i: {"w": 2 * p["w"], "b": 2 * p["b"] + 0 * i}, start,
                      callback=lambda x, i, g: seen.append((i, x["b"], g["b"])), num_iters=4, step_size=0.05)
    assert [i for i, _, _ in seen] == [0, 1, 2, 3]
    assert seen[0][1:] == (1.0, 2.0) and all(g == 2 * b for _, b, g in seen)
    assert abs(found["b"]) < 1.0
    assert_array_equal(start["w"], X)


def test_descents_step_as_published() -> None:
    def once(minimiser, **options):
        return minimiser(lambda x, i: x * 0 + 2.0, np.array([1.0]), num_iters=1, step_size=0.1, **options)[0]

    assert_allclose(once(bcad.sgd, mass=0.9), 1 - 0.1 * 0.1 * 2)
    assert_allclose(once(bcad.rmsprop, gamma=0.9), 1 - 0.1 * 2 / (np.sqrt(0.9 + 0.1 * 4) + 1e-8))
    assert_allclose(once(bcad.adam), 1 - 0.1 * 2 / (2 + 1e-8))
