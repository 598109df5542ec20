"""out=: what is returned is made in the caller's arrays, or copied there; never into something it is computed from."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from bcad import (
    Function,
    Gradient,
    HessianVector,
    StructureError,
    Unsupported,
    grad,
    hessian,
    hessian_vector_product,
    jacobian,
    options,
    value_and_grad,
)


@pytest.fixture(params=["numpy", "numba", "auto"], autouse=True)
def backend(request):
    with options.set(backend=request.param):
        yield request.param


def mixed(x):
    return np.sum(x[1:] * x[:-1] ** 2) + np.sum(x)


def expected(x):
    g = np.ones_like(x)
    g[1:] += x[:-1] ** 2
    g[:-1] += 2 * x[1:] * x[:-1]
    return g


X = np.array([1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize("make", [
    lambda: np.full(4, np.nan), lambda: np.full(8, np.nan)[::2], lambda: np.full(4, np.nan)[::-1],
    lambda: np.full((4, 2), np.nan)[:, 0], lambda: np.zeros(4, np.float32), lambda: np.zeros(4, complex),
    lambda: np.zeros(4, ">f8"), lambda: np.zeros(33, np.uint8)[1:].view(float),
], ids=["plain", "strided", "backwards", "column", "float32", "complex", "swapped", "unaligned"])
def test_the_arrays_given_are_returned(make):
    g, v = grad(mixed), value_and_grad(mixed)
    for _ in range(8):
        out = make()
        assert g(X, out=out) is out
        np.testing.assert_allclose(out, expected(X))
        out[:] = 0
        value, found = v(X, out=out)
        assert found is out and value == pytest.approx(mixed(X))
        np.testing.assert_allclose(out, expected(X))


def test_an_array_that_is_read_is_written_to_last():
    """Entries of the gradient depend on their neighbours: written in place too early, they would be wrong."""
    weights = np.ones(4)
    g = grad(lambda x, w=weights: mixed(x) + np.sum(w * x[::-1] ** 2))
    for _ in range(8):
        x = X.copy()
        right = expected(x) + 2 * weights * x
        np.testing.assert_allclose(g(x, out=x), right)
        buffer = np.concatenate([X, [0.0]])
        np.testing.assert_allclose(g(buffer[:4], out=buffer[1:]), right)
    h = grad(lambda x: mixed(x) + np.sum(weights[::-1] * x * weights))
    for _ in range(8):
        weights[:] = [1.0, 2.0, 3.0, 4.0]
        right = expected(X) + weights * weights[::-1]
        np.testing.assert_allclose(h(X, out=weights), right)


def test_several_arrays_and_nests():
    g = Gradient(lambda x, y: np.sum(x * y**2))
    t = grad(lambda p, x: np.sum(p["a"] * x) + np.sum(p["b"][0] * x**2))
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    for _ in range(8):
        a, b = np.zeros(2), np.zeros(2)
        found = g(x, y, out=(a, b))
        assert type(found) is list and found[0] is a and found[1] is b
        np.testing.assert_allclose(a, y**2)
        np.testing.assert_allclose(b, 2 * x * y)
        found = g(x, y, out=[None, b])
        np.testing.assert_allclose(found[0], y**2)
        found = t({"a": x, "b": [y]}, x, out={"a": a, "b": [b]})
        assert found["a"] is a and found["b"][0] is b
        np.testing.assert_allclose(a, x)
        np.testing.assert_allclose(b, x**2)
        for wrong in ({"b": [b], "a": a}, {"a": a}, (a, b), a):
            with pytest.raises(StructureError, match="nested"):
                t({"a": x, "b": [y]}, x, out=wrong)


def test_matrices_vectors_and_values():
    f = Function(lambda x: np.exp(x))
    for _ in range(8):
        out, square = np.zeros(4), np.zeros((4, 4))
        assert f(X, out=out) is out
        np.testing.assert_allclose(out, np.exp(X))
        assert jacobian(lambda x: x**2)(X, out=square) is square
        np.testing.assert_allclose(square, np.diag(2 * X))
    assert hessian(lambda x: np.sum(x**3))(X, out=square) is square
    np.testing.assert_allclose(square, np.diag(6 * X))
    assert hessian_vector_product(lambda x: np.sum(x**3))(X, X, out=out) is out
    np.testing.assert_allclose(out, 6 * X * X)
    assert HessianVector(lambda x: np.sum(x**3))(X, vectors=X + 1, out=out) is out
    np.testing.assert_allclose(out, 6 * X * (X + 1))
    number = np.zeros(())
    assert grad(lambda x: x**2)(3.0, out=number) is number and number == 6.0
    with pytest.raises(Unsupported, match="several results"):
        jacobian(lambda x: (x, x))(X, out=square)


def test_what_does_not_fit_is_refused():
    g = grad(mixed)
    for _ in range(8):
        for wrong, why in [(np.zeros(5), "shape"), (np.zeros((1, 4)), "shape"), (np.zeros(4, int), "int64"), ([0.0] * 4, "nested"),
                           ("x", "str")]:
            with pytest.raises(StructureError, match=why):
                g(X, out=wrong)
        frozen = np.zeros(4)
        frozen.flags.writeable = False
        with pytest.raises(ValueError, match="read-only"):
            g(X, out=frozen)
        np.testing.assert_array_equal(frozen, 0)


def test_another_size_branch_or_dtype_at_every_call():
    g = grad(lambda x: np.sum(x**2) if x[0] > 0 else -np.sum(x))
    for n in (1, 4, 2, 0, 4, 7):
        for x in (np.ones(n), -np.ones(n), np.ones(n, np.float32)):
            if n:
                out = np.zeros(n, x.dtype)
                assert g(x, out=out) is out
                np.testing.assert_array_equal(out, 2 * x if x[0] > 0 else -np.ones(n))


def test_out_of_the_function_itself_stays_its_own():
    def f(x, out=None):
        y = np.multiply(x, x, out=np.empty_like(x)) if out is None else x * out
        return np.sum(y)

    g = grad(f)
    np.testing.assert_array_equal(g(X), 2 * X)
    np.testing.assert_array_equal(g(X, out=np.full(4, 3.0)), [3.0] * 4)


def test_in_traced_code_it_is_refused():
    g = grad(lambda x: np.sum(x**2))
    buffer = np.zeros(4)
    with pytest.raises(Unsupported, match="out="):
        grad(lambda x: np.sum(g(x, out=buffer)))(X)


def test_each_thread_has_its_own():
    g = grad(lambda x: np.sum(np.tanh(x) ** 2))
    failures = []

    def work(seed):
        rng = np.random.default_rng(seed)
        out = np.zeros(50)
        for _ in range(30):
            x = rng.normal(size=50)
            g(x, out=out)
            t = np.tanh(x)
            if not np.allclose(out, 2 * t * (1 - t * t)):
                failures.append(seed)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_compiled_code_makes_its_outputs_there(backend):
    g = grad(mixed)
    g(X)
    entry = g.core.specialisations[0].entry
    entry.compile()
    out = np.zeros(4)
    assert (entry.run_into([X], [None, out])[1] is out) == (backend != "numpy")
    assert entry.run_into([X], [None, np.zeros(5)])[1].shape == (4,)
    assert not np.shares_memory(entry.run_into([X], [None, X])[1], X)
