"""Straight-line graphs: accumulation, masks, kinds, dtypes, complex numbers, activity."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.diff import NotDifferentiable, jvp, vjp
from bcad.ir import array_type, evaluate, python_type, scalar_type, verify

from .helpers import FLOAT, INT, VECTOR, check, gradient, op, read, region, run, write


def test_a_value_used_twice_sums_its_cotangents():
    graph = region(lambda x: [op.sin(x) * x + x * x], FLOAT)
    check(graph, [np.float64(0.7)], [0], order=3)


def test_the_primal_is_computed_once():
    graph = vjp(region(lambda x: [op.exp(x) * op.exp(x)], FLOAT), [0])
    assert [n.op.name for n in graph.nodes].count("exp") == 1


def test_an_output_that_does_not_depend_gives_zeros_of_the_right_type():
    graph = verify(vjp(region(lambda x, y: [op.sin(y)], VECTOR, FLOAT), [0, 1]))
    _, dx, dy = run(graph, [np.ones(3), np.float64(0.0), np.float64(1.0)])
    np.testing.assert_array_equal(dx, np.zeros(3))
    assert dx.dtype == float and dy == 1.0


def test_an_input_that_is_an_output():
    check(region(lambda x: [x, op.sin(x), x], FLOAT), [np.float64(0.3)], [0])


def test_integers_inside_have_no_derivative():
    graph = region(lambda x, k: [op.astype(op.floor(x), dtype=np.dtype(int)) * 2, x * k], FLOAT, INT)
    check(graph, [np.float64(2.3), 3], [0])
    with pytest.raises(NotDifferentiable, match="k is int"):
        vjp(graph, [1])


def test_only_active_nodes_get_cotangents():
    graph = vjp(region(lambda x, y: [op.sin(x) * op.cos(op.exp(y))], FLOAT, FLOAT), [0])
    names = [n.op.name for n in graph.nodes]
    assert names.count("exp") == 1 and "negative" not in names and names.count("sin") == 1


@pytest.mark.parametrize("x, expected", [(0.0, 0.0), (4.0, 0.25), (-1.0, 0.0)])
def test_where_hides_exactly(x, expected):
    f = region(lambda x: [op.sum(op.where(op.greater(x, 0.0), op.sqrt(x), 0.0), axis=(), keepdims=False)], FLOAT)
    assert gradient(f, [np.float64(x)]) == [expected]
    _, tangent = run(jvp(f, [0]), [np.float64(x), np.float64(1)])
    assert tangent == expected


@pytest.mark.parametrize("x, expected", [(0.0, 0.0), (4.0, 0.25)])
def test_where_inside_where_hides_exactly(x, expected):
    def f(x):
        y = op.where(op.greater(x, -1.0), op.where(op.greater(x, 0.0), op.sqrt(x), 0.0), 0.0)
        return [op.sum(y, axis=(), keepdims=False)]

    assert gradient(region(f, FLOAT), [np.float64(x)]) == [expected]


def test_a_mask_on_elements_travels_through_sums():
    f = region(lambda x: [op.sum(op.where(op.greater(x, 0.0), op.sqrt(x) * 2.0, x), axis=(0,), keepdims=False)], VECTOR)
    np.testing.assert_array_equal(gradient(f, [np.array([0.0, 4.0, 0.0])])[0], [1.0, 0.5, 1.0])


def test_unmasked_infinity_times_zero_stays_nan():
    assert np.isnan(gradient(region(lambda x: [op.sqrt(x) * 0.0], FLOAT), [np.float64(0.0)])[0])


def test_python_numbers_divide_like_numpy_in_derivatives():
    P = python_type(float)
    graph = region(lambda x, y: [x * y / (x + 2.0)], P, P)
    check(graph, [0.5, 0.0], [0, 1], order=2)


def test_float32_stays_float32():
    F32 = array_type(np.float32, (3,))
    graph = region(lambda x, y: [op.sin(x) * y, op.sum(x * 2.0, axis=(0,), keepdims=False)], F32, scalar_type(np.float32))
    results = run(
        vjp(graph, [0, 1]),
        [np.ones(3, np.float32), np.float32(2), np.ones(3, np.float32), np.float32(1)],
    )
    assert [np.asarray(r).dtype for r in results] == [np.dtype(np.float32)] * 4


def test_writes_and_reads():
    def f(a, v):
        a = write(a, v * read(a, 0), 1)
        a = write(a, read(a, 1) * read(a, 2), 0)
        return [op.sum(a * a, axis=(0,), keepdims=False)]

    check(region(f, VECTOR, FLOAT), [np.array([0.3, 0.5, -0.8]), np.float64(1.4)], [0, 1], order=2)


# -- complex numbers: grad f = du/dx - i du/dy (autograd) --------------------------------------------
Z = scalar_type(complex)


def test_complex_holomorphic_function_has_its_usual_derivative():
    graph = region(lambda z: [op.sin(z) * z], Z)
    z = np.complex128(0.4 + 0.7j)
    result = evaluate(vjp(graph, [0]), [z, np.complex128(1)])[1]
    np.testing.assert_allclose(result, np.cos(z) * z + np.sin(z))
    check(graph, [z], [0], order=2)


def test_real_loss_of_a_complex_number():
    graph = region(lambda z: [op.real(z) * op.real(z) + 3.0 * op.imag(z)], Z)
    result = evaluate(vjp(graph, [0]), [np.complex128(2 + 1j), np.float64(1)])[1]
    np.testing.assert_allclose(result, 4 - 3j)
    check(graph, [np.complex128(2 + 1j)], [0])


def test_a_real_input_has_a_real_cotangent():
    graph = region(lambda x, z: [op.imag(op.exp(x * z))], FLOAT, Z)
    result = evaluate(vjp(graph, [0]), [np.float64(0.3), np.complex128(1j), np.float64(1)])[1]
    assert np.isrealobj(result)
    check(graph, [np.float64(0.3), np.complex128(0.2 + 1j)], [0, 1])
