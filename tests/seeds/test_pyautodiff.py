"""What PyAutoDiff (2012-14) promised: Gradient, Function, HessianVector, their decorators, the fmin family."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bcad import (
    Function,
    Gradient,
    HessianVector,
    NotScalar,
    fmin_bfgs,
    fmin_cg,
    fmin_l_bfgs_b,
    fmin_ncg,
    function,
    gradient,
    hessian_vector,
    minimize,
)

# --- the first contact


def test_gradient_of_the_mailing_list() -> None:
    g = Gradient(lambda x: ((x + 1) ** 2).sum(), [np.zeros(3)])
    assert str(g) == "f(x) = sum((x + 1)**2)\ndf/dx = 2*(x + 1)"
    assert_array_equal(g(np.arange(3)), [2.0, 4.0, 6.0])


def test_gradient_takes_other_lengths_ranks_and_dtypes() -> None:
    g = Gradient(lambda x: ((x + 1) ** 2).sum(), [np.zeros(3)])
    assert_array_equal(g(np.arange(5.0)), [2.0, 4.0, 6.0, 8.0, 10.0])
    assert_array_equal(g(np.ones((2, 2))), np.full((2, 2), 4.0))
    single = g(np.ones(3, dtype=np.float32))
    assert single.dtype == np.float32
    assert_array_equal(single, np.float32([4, 4, 4]))
    assert_array_equal(g(np.zeros(0)), np.zeros(0))


def test_gradient_of_a_scalar() -> None:
    g = Gradient(lambda x: (x + 1) ** 2)
    assert g(2.0) == 6.0
    assert g(3) == 8.0


def test_gradient_without_example_arguments_traces_at_the_first_call() -> None:
    g = Gradient(lambda x, y: (x * y).sum())
    gx, gy = g(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    assert_array_equal(gx, [3.0, 4.0])
    assert_array_equal(gy, [1.0, 2.0])


def test_the_same_array_passed_twice_is_two_arguments() -> None:
    x = np.array([1.0, 2.0])
    first, second = Gradient(lambda a, b: (a * b**2).sum())(x, x)
    assert_array_equal(first, [1.0, 4.0])
    assert_array_equal(second, [2.0, 8.0])


def test_small_integers_are_not_confused_with_each_other() -> None:
    def f(x, y):
        return 3 * x + 3 * y + (x - x) * 3

    gx, gy = Gradient(f)(3, 3)
    assert (gx, gy) == (3.0, 3.0)


def test_the_branch_of_the_first_call_is_not_baked_in() -> None:
    g = Gradient(lambda x: x**2 if x > 0 else -x)
    assert [g(2.0), g(-2.0), g(3.0)] == [4.0, -1.0, 6.0]


def test_an_integer_argument_has_a_gradient() -> None:
    g = Gradient(lambda x: x**3)
    assert g(2) == 12.0


# --- Function, wrt, methods, containers


def test_function_returns_what_numpy_returns() -> None:
    f = Function(lambda x, y: x @ y + x.sum())
    x, y = np.arange(3.0), np.ones(3)
    assert f(x, y) == x @ y + x.sum()
    assert Function(f)(x, y) == f(x, y)


def test_wrt_by_name_and_order() -> None:
    def f(x, y, z):
        return (x * y**2 * z**3).sum()

    x, y, z = np.array([1.0]), np.array([2.0]), np.array([3.0])
    assert_array_equal(Gradient(f, wrt="y")(x, y, z), [108.0])
    gz, gx = Gradient(f, wrt=("z", "x"))(x, y, z)
    assert_array_equal(gz, [108.0])
    assert_array_equal(gx, [108.0])


def test_decorators() -> None:
    @function
    def square(x):
        return x**2

    @gradient
    def cube(x):
        return (x**3).sum()

    @gradient(wrt="y")
    def product(x, y):
        return (x * y).sum()

    @hessian_vector
    def quartic(x):
        return (x**4).sum()

    x = np.array([1.0, 2.0])
    assert_array_equal(square(x), [1.0, 4.0])
    assert_array_equal(cube(x), [3.0, 12.0])
    assert_array_equal(product(x, np.ones(2)), x)
    assert_array_equal(quartic(x, vectors=np.array([1.0, 0.5])), [12.0, 24.0])


class Polynomial:
    """Its methods are differentiated in every way Python lets one write a method."""

    shift = 1.0

    def __init__(self, scale):
        self.scale = scale

    def value(self, x):
        return self.scale * (x + self.shift) ** 2

    @gradient
    def slope(self, x):
        return self.scale * (x + self.shift) ** 2

    @staticmethod
    def cube(x):
        return x**3

    @classmethod
    def shifted(cls, x):
        return (x + cls.shift) ** 2

    def __call__(self, x):
        return self.value(x)


def test_methods() -> None:
    p = Polynomial(3.0)
    assert Gradient(p.value)(2.0) == 18.0
    assert Gradient(p.cube)(2.0) == 12.0
    assert Gradient(Polynomial.shifted)(2.0) == 6.0
    assert Gradient(p)(2.0) == 18.0
    assert p.slope(2.0) == 18.0
    p.scale = 1.0
    assert Gradient(p.value)(2.0) == 6.0


def test_attributes_are_read_at_every_call() -> None:
    p = Polynomial(3.0)
    g = Gradient(p.value)
    assert g(2.0) == 18.0
    p.scale = 1.0
    assert g(2.0) == 6.0


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("fn", "args", "expected"),
    [
        (lambda t: t[0] * t[1], ((2.0, 3.0),), (3.0, 2.0)),
        (lambda d: d["a"] ** 2 * d["b"], ({"a": 2.0, "b": 3.0},), {"a": 12.0, "b": 4.0}),
        (lambda p: p.left - p.right**2, (Pair(2.0, 3.0),), Pair(1.0, -6.0)),
        (lambda t: t[0][0] * t[1]["k"], (((2.0,), {"k": 5.0}),), ((5.0,), {"k": 2.0})),
    ],
    ids=["tuple", "dict", "namedtuple", "nested"],
)
def test_container_arguments_give_containers(fn, args, expected) -> None:
    assert Gradient(fn)(*args) == expected


def varargs(*args, **kwargs):
    return sum(a**2 for a in args) + kwargs.get("k", 0.0) * args[0]


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [((1.0,), {}, 2.0), ((1.0, 2.0), {}, [2.0, 4.0]), ((1.0, 2.0), {"k": 3.0}, [5.0, 4.0, 1.0])],
)
def test_signatures(args, kwargs, expected) -> None:
    assert Gradient(varargs)(*args, **kwargs) == expected


# --- array methods, subscripts, control flow: each was a case of its test-suite

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])

BODIES = {
    "copy": lambda x: (x.copy() * 2).sum(),
    "astype": lambda x: x.astype(np.float32).sum(),
    "mean axis": lambda x: (x.mean(axis=1) ** 2).sum(),
    "max": lambda x: x.max() ** 2,
    "min axis": lambda x: (x.min(axis=0) ** 2).sum(),
    "prod": lambda x: x.prod(axis=0).sum(),
    "std": lambda x: x.std(),
    "var": lambda x: (x.var(axis=0) ** 2).sum(),
    "reshape": lambda x: (x.reshape(3, 2) @ np.array([1.0, -1.0])).sum(),
    "ravel": lambda x: x.ravel() @ np.arange(6.0),
    "flatten": lambda x: x.flatten() @ np.arange(6.0),
    "transpose": lambda x: (x.T @ np.array([1.0, 2.0])).sum(),
    "swapaxes": lambda x: (x.swapaxes(0, 1)[0] ** 2).sum(),
    "dot": lambda x: x.dot(x.T).trace(),
    "diagonal": lambda x: (x[:, :2].diagonal() ** 2).sum(),
    "take": lambda x: (x.take([0, 2], axis=1) ** 2).sum(),
    "repeat": lambda x: (x.repeat(2, axis=0) ** 2).sum(),
    "squeeze": lambda x: (x[:, None].squeeze(axis=1) ** 2).sum(),
    "clip": lambda x: (x.clip(1.5, 5.5) ** 2).sum(),
    "cumsum": lambda x: (x.cumsum(axis=1) ** 2).sum(),
    "sort": lambda x: (-np.sort(-x, axis=1)[:, 0] * 2).sum(),
    "row": lambda x: (x[1] ** 2).sum(),
    "column": lambda x: (x[:, -1] ** 2).sum(),
    "slice": lambda x: (x[:, ::2] ** 2).sum(),
    "newaxis": lambda x: (x[:, None, :] * x[None]).sum(),
    "mask": lambda x: (x[x > 2] ** 2).sum(),
    "fancy": lambda x: (x[[0, 1, 1], [2, 0, 0]] ** 2).sum(),
    "slice and mask": lambda x: (x[1:, np.array([True, False, True])] ** 2).sum(),
    "nonzero": lambda x: (x[(x > 2).nonzero()] ** 2).sum(),
    "loop": lambda x: sum(row @ row for row in x),
    "enumerate": lambda x: sum(i * row.sum() ** 2 for i, row in enumerate(x)),
    "zip": lambda x: sum(a * b for a, b in zip(x[0], x[1], strict=True)),
    "concatenate": lambda x: (np.concatenate([x, x[:1]]) ** 2).sum(),
    "where": lambda x: np.where(x > 2, x**2, -x).sum(),
    "zeros": lambda x: (np.zeros(3) + x[0]) @ x[1],
    "alloc and write": lambda x: _fill(x) @ x[1],
    "increment of a subtensor": lambda x: _increment(x),
}


def _fill(x):
    buffer = np.zeros(3)
    buffer[:2] = x[0, :2] ** 2
    buffer[2] += 3 * x[0, 0]
    return buffer


def _increment(x):
    y = x * 1.0
    z = y[:, 1:]
    z *= 3
    return (y**2).sum()


@pytest.mark.parametrize("name", BODIES)
def test_gradient_of_array_method(name) -> None:
    from tests.programs.reference import jacobian

    fn = BODIES[name]
    x = X.copy()
    found = Gradient(fn)(x)
    assert_array_equal(x, X)
    if name == "astype":
        assert_array_equal(found, np.ones((2, 3)))
    else:
        assert not jacobian(fn, (X,)).disagreement(found)
    assert_array_equal(Function(fn)(X), fn(X))


# --- Hessian-vector products


def test_hessian_vector_of_several_arguments() -> None:
    def f(x, y):
        return (x**2 * y**3).sum()

    x, y = np.array([1.0, 2.0]), np.array([3.0, 1.0])
    u, v = np.array([1.0, -1.0]), np.array([0.5, 2.0])
    hu, hv = HessianVector(f)(x, y, vectors=(u, v))
    assert_allclose(hu, 2 * y**3 * u + 6 * x * y**2 * v)
    assert_allclose(hv, 6 * x * y**2 * u + 6 * x**2 * y * v)


def test_hessian_vector_wants_as_many_vectors_as_targets() -> None:
    hv = HessianVector(lambda x, y: (x * y).sum())
    with pytest.raises(ValueError, match="vectors"):
        hv(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="vectors"):
        hv(np.ones(2), np.ones(2), vectors=(np.ones(2),))


def test_gradient_refuses_what_is_not_scalar() -> None:
    with pytest.raises(NotScalar, match="jacobian"):
        Gradient(lambda x: x * 2)(np.ones(3))


# --- the fmin family


def test_fmin_returns_a_list_for_a_list_and_an_array_for_an_array() -> None:
    found = fmin_l_bfgs_b(lambda x: (x + 1) ** 2, [np.zeros(())])
    assert isinstance(found, list) and len(found) == 1
    assert isinstance(found[0], np.ndarray) and found[0].shape == ()
    assert_allclose(found[0], -1)

    found = fmin_l_bfgs_b(lambda x: ((x + 1) ** 2).sum(), np.zeros((2, 2)))
    assert isinstance(found, np.ndarray) and found.shape == (2, 2)
    assert_allclose(found, -1)


def test_fmin_does_not_write_to_its_start() -> None:
    start = np.zeros(3)
    fmin_l_bfgs_b(lambda x: ((x + 1) ** 2).sum(), [start])
    assert_array_equal(start, 0)


def test_fmin_keeps_nested_structure() -> None:
    def loss(p):
        return ((p["w"] - 1) ** 2).sum() + (p["b"][0] - 2) ** 2

    found = fmin_l_bfgs_b(loss, [{"w": np.zeros((2, 2)), "b": (np.zeros(()),)}])
    assert list(found[0]) == ["w", "b"]
    assert_allclose(found[0]["w"], np.ones((2, 2)), rtol=1e-6)
    assert_allclose(found[0]["b"][0], 2, rtol=1e-6)


def svm(w, b, x, y):
    margin = y * (x @ w + b)
    hinge = np.maximum(0, 1 - margin)
    return np.mean(hinge**2) + 1e-3 * (w**2).sum()


def test_support_vector_machine() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([1.0, -1.0], 20)
    x = rng.normal(size=(40, 2)) + y[:, None]
    start = svm(np.zeros(2), 0.0, x, y)
    w, b = fmin_l_bfgs_b(lambda w, b: svm(w, b, x, y), [np.zeros(2), np.zeros(())])
    best = svm(w, b, x, y)
    assert best < 0.5 * start
    for _ in range(50):
        assert svm(w + 1e-2 * rng.normal(size=2), b + 1e-2 * rng.normal(), x, y) >= best


def test_bounds() -> None:
    assert_allclose(fmin_l_bfgs_b(lambda x: ((x - 2) ** 2).sum(), np.zeros(3), scalar_bounds=(-1, 1)), 1)
    found = fmin_l_bfgs_b(lambda x: ((x - 2) ** 2).sum(), np.zeros(2), bounds=[(None, 1), (None, None)])
    assert_allclose(found, [1, 2])
    with pytest.raises(TypeError, match="bounds"):
        fmin_l_bfgs_b(lambda x: (x**2).sum(), np.zeros(2), bounds=[(0, 1)] * 2, scalar_bounds=(0, 1))


def test_return_info() -> None:
    x, info = fmin_l_bfgs_b(lambda x: ((x - 2) ** 2).sum() + 3, [np.zeros(2)], return_info=True)
    assert_allclose(x[0], 2)
    assert_allclose(info["f_opt"], 3)
    assert info["info"]["warnflag"] == 0


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@pytest.mark.parametrize("minimiser", [fmin_cg, fmin_ncg, fmin_bfgs, fmin_l_bfgs_b])
def test_minimisers_find_the_valley(minimiser) -> None:
    options = {} if minimiser is fmin_l_bfgs_b else {"disp": False}
    found = minimiser(rosenbrock, np.array([0.8, 1.2, 0.7]), **options)
    assert_allclose(found, 1, atol=1e-3)


@pytest.mark.parametrize("method", ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-ncg", "trust-exact"])
def test_minimize_supplies_exact_derivatives(method) -> None:
    found = minimize(rosenbrock, np.array([0.8, 1.2, 0.7]), method=method, tol=1e-8)
    assert_allclose(found.x, 1, atol=5e-3)  # TNC stops early
    assert found.success


def test_minimize_evaluates_value_and_gradient_once() -> None:
    calls = []

    def f(x):
        calls.append(1)
        return ((x - 1) ** 2).sum()

    found = minimize(f, np.zeros(2), method="BFGS")
    assert len(calls) == found.nfev


def test_static_methods_in_either_order():
    class Model:
        @gradient
        @staticmethod
        def inner(x):
            return (x**2).sum()

        @staticmethod
        @gradient
        def outer(x):
            return (x**2).sum()

    for found in (Model.inner, Model().inner, Model.outer, Model().outer):
        assert found(np.ones(2)).tolist() == [2.0, 2.0]
    with pytest.raises(TypeError, match="@classmethod belongs above"):
        gradient(classmethod(lambda cls, x: x))(1.0)
