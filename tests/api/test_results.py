"""Results that are constants, containers of them, or independent of the arguments."""

import warnings

import numpy as np
import pytest

from bcad import Function, NotScalar, grad, jacobian, make_jvp, make_vjp, options, tensor_jacobian_product


@pytest.mark.parametrize("constant", [1.0, 0, np.float64(2.0)])
def test_a_constant_result_has_a_zero_gradient_and_a_warning(constant):
    with pytest.warns(UserWarning, match="Output seems independent of input"):
        assert grad(lambda x: constant)(2.0) == 0.0


def test_a_result_that_depends_on_its_argument_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grad(lambda x: x)(2.0)


def test_cotangents_and_tangents_of_results_that_are_partly_constant():
    pull, value = make_vjp(lambda x: (3.0, x * x, 7))(2.0)
    assert value == (3.0, 4.0, 7)
    assert pull((1.0, 1.0, 0)) == 4.0
    assert make_jvp(lambda x: (3.0, x * x))(2.0)(1.0) == ((3.0, 4.0), (0.0, 4.0))


def test_constants_among_results_of_a_derivative_inside():
    def both(x):
        pull, value = make_vjp(lambda y: (3.0, y * y))(x)
        return pull((1.0, 1.0)) * value[0]

    assert grad(both)(2.0) == 6.0


def test_text_is_no_scalar():
    with pytest.raises(NotScalar):
        grad(lambda x: "text")(1.0)


def test_a_tensor_with_fewer_axes_is_contracted_with_the_first_of_the_result():
    def fun(a):
        return np.roll(np.sin(a), 1)

    a, v = np.arange(24.0).reshape(2, 3, 4), np.arange(6.0).reshape(2, 3)
    assert np.allclose(tensor_jacobian_product(fun)(a, v), np.tensordot(v, jacobian(fun)(a), 2))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_derivatives_are_the_callers_own(backend) -> None:
    """Nobody else's memory: not the arguments', not the seed's, not what the function reads, not one another's."""
    weights, x, y = np.ones(3), np.arange(3.0), np.full(3, 2.0)
    with options.set(backend=backend):
        by_both = grad(lambda a, b: np.sum(a * b * weights) + np.sum(a[::-1] + b), (0, 1))
        products = grad(lambda a, b: np.sum(a * b), (0, 1))
        sums = grad(lambda a, b: np.sum(a + b), (0, 1))
        captured = grad(lambda a: np.sum(a * weights))
        pull, _ = make_vjp(lambda a: a.reshape(3, 1))(x)
        push = make_jvp(lambda a: a.T)(x)
        seed = np.ones((3, 1))
        found = [
            *by_both(x, y), *products(x, y), *products(x, x), *sums(x, y), captured(x), captured(y), pull(seed),
            pull(seed), push(y)[1], push(y)[1],
        ]
    for k, a in enumerate(found):
        assert a.flags.writeable
        assert not any(np.shares_memory(a, b) for b in (weights, x, y, seed, *found[:k]))


class Report(dict):
    """Entries that are attributes too, as SciPy's results have them."""

    __getattr__ = dict.__getitem__


class Path(list):
    """A list of a class of its own."""


def test_results_of_classes_made_of_dict_and_list_hold_numbers_and_no_tracers() -> None:
    def f(a):
        report, path = Report(note="fine"), Path([a])
        report.update(x=2 * a)
        path.append(a * a)
        path.length = 2 * a
        return report, path

    for a in (2.0, 3.0):
        report, path = Function(f)(a)
        assert type(report) is Report and report == {"note": "fine", "x": 2 * a} and type(report.x) is float
        assert type(path) is Path and path == [a, a * a] and path.length == 2 * a
