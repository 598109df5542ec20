"""Arguments as callers have them: strided, read-only, empty, of another dtype, one array twice."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from bcad import Function, backends
from bcad.ir import Dim, array_type, python_type, scalar_type
from bcad.ops import BY_NAME as O

from .helpers import build, check

N, M = Dim.symbol("n"), Dim.symbol("m")
MATRIX, VECTOR = array_type(float, (N, M)), array_type(float, (N,))


def total(x: Any, axis: tuple[int, ...] = (0, 1)) -> Any:
    return O["sum"](x, axis=axis, keepdims=False)


PROGRAM = build(lambda x: [total(x * x), O["exp"](x) - total(x, (0,)), total(x, (1,))], MATRIX)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(
    "x",
    [
        np.arange(12.0).reshape(3, 4) / 7,
        np.asfortranarray(np.arange(12.0).reshape(3, 4) / 7),
        np.arange(48.0).reshape(6, 8)[::2, 1::2] / 7,
        np.arange(12.0).reshape(3, 4)[::-1] / 7,
        np.zeros((0, 4)),
        np.zeros((3, 0)),
        np.zeros((0, 0)),
        np.array([[np.nan, np.inf], [-np.inf, -0.0]]),
        np.broadcast_to(np.arange(4.0), (3, 4)),
    ],
    ids=["plain", "fortran", "strided", "backwards", "no rows", "no columns", "nothing", "special", "repeated"],
)
def test_any_layout(x: np.ndarray, backend: str) -> None:
    check(PROGRAM, x, backend=backend)


@pytest.mark.parametrize("dtype", [float, np.float32, complex, np.int64, np.int16, bool], ids=lambda t: np.dtype(t).name)
def test_small_arrays_of_any_layout_are_put_in_order_without_python(dtype: Any) -> None:
    n, m, k = (Dim.symbol(name) for name in "nmk")
    graph = build(lambda x, y: [O["add"](x, y), O["sum"](x, axis=(1,), keepdims=False)], array_type(dtype, (n, m, k)), array_type(dtype, (k,)))
    made = backends.get("numba").compile(graph)
    whole = np.random.default_rng(0).integers(0, 2, (8, 6, 10)).astype(dtype)
    for x in (whole[::2, ::-1, 1::3], whole.transpose(2, 0, 1), np.broadcast_to(whole[0, 0], (3, 4, 10)), whole[1:4, 2:5, :4], whole[:, :, 5:6].T, whole[:0]):
        x.flags.writeable = False
        for y in (np.resize(whole, x.shape[2] * 2)[::2], np.resize(whole, x.shape[2])[::-1], np.broadcast_to(whole[0, 0, 0], (x.shape[2],))):
            inputs = x.copy(), y.copy()
            found = made.run(x, y)
            np.testing.assert_array_equal(found[0], x + y)
            np.testing.assert_array_equal(found[1], x.sum(1, dtype=found[1].dtype))
            assert np.array_equal(x, inputs[0]) and np.array_equal(y, inputs[1])
    assert made.detours.spare_bytes() == 0


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_large_arrays_are_copied_into_memory_that_is_kept(more: int) -> None:
    made = backends.get("numba").compile(build(lambda x: [O["sum"](x * x, axis=(0,), keepdims=False)], VECTOR))
    x = np.random.default_rng(0).normal(size=2 * (2**15 + more))[::2]
    for _ in range(2):
        assert np.isclose(made.run(x)[0], np.sum(x * x), rtol=1e-13)
    assert made.detours.spare_bytes() == (x.nbytes if more > 0 else 0)


def test_read_only_and_unaligned() -> None:
    x = np.arange(6.0).reshape(2, 3)
    x.flags.writeable = False
    check(PROGRAM, x)
    raw = np.zeros(6 * 8 + 1, np.uint8)[1:].view(np.float64).reshape(2, 3)
    raw[:] = np.arange(6.0).reshape(2, 3)
    assert not raw.flags.aligned
    check(PROGRAM, raw)


def test_other_byte_order_and_dtype_are_converted() -> None:
    run = backends.get("numba").compile(PROGRAM).run
    x = np.arange(6.0).reshape(2, 3)
    for other in (x.astype(">f8"), x.astype(np.float32), x.astype(int), x.tolist()):
        np.testing.assert_allclose(run(other)[0], run(x)[0])
    with pytest.raises(TypeError, match="complex128"):
        run(x + 1j)


def test_an_array_given_twice() -> None:
    graph = build(lambda x, y: [x * y, total(x - y, (0,))], VECTOR, VECTOR)
    x = np.arange(5.0)
    check(graph, x, x)
    check(graph, x[:4], x[1:])


def test_outputs_are_new_arrays() -> None:
    graph = build(lambda x: [x, O["transpose"](O["transpose"](x, axes=(1, 0)), axes=(1, 0)), x * 1], MATRIX)
    x = np.arange(6.0).reshape(2, 3)
    first, second = (backends.get("numba").compile(graph)(x) for _ in range(2))
    for a in (*first, *second):
        assert not np.shares_memory(a, x) and a.flags.writeable and a.flags.owndata
    check(graph, x)


def test_wrong_sizes_are_refused() -> None:
    graph = build(lambda x, y: x + y, VECTOR, VECTOR)
    run = backends.get("numba").compile(graph).run
    with pytest.raises(ValueError, match="broadcast"):
        run(np.zeros(3), np.zeros(4))
    with pytest.raises(TypeError, match="2 values"):
        run(np.zeros(3))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128, np.int64, np.int32, np.uint8, bool])
def test_dtypes(dtype: Any, backend: str) -> None:
    x = np.array([[1, 2, 0], [3, 0, 1]]).astype(dtype)
    graph = build(lambda a: [a + a, a * 2, total(a, (1,)), O["transpose"](a, axes=(1, 0)), O["not_equal"](a, 0)],
                  array_type(dtype, (N, M)))
    check(graph, x, backend=backend)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_kinds_of_numbers(backend: str) -> None:
    types = [python_type(float), scalar_type(np.float32), array_type(float, ()), python_type(int), python_type(bool)]
    graph = build(lambda a, s, z, i, f: [a * 2, s * a, z + a, i + 1, i * a, f, O["where"](f, a, 1.0), O["less"](a, i)], *types)
    check(graph, 0.5, np.float32(1.5), np.array(2.0), 3, True, backend=backend)


def test_integers_beyond_64_bits_are_left_to_python() -> None:
    graph = build(lambda i: i + 1, python_type(int))
    assert backends.get("numba").compile(graph)(2**70) == [2**70 + 1]


def test_several_threads_at_once() -> None:
    graph = build(lambda x: [total(O["matmul"](x, O["transpose"](x, axes=(1, 0)))), O["exp"](total(x, (1,)))], MATRIX)
    run, wrong = backends.get("numba").compile(graph).run, []

    def work(seed: int) -> None:
        x = np.random.default_rng(seed).normal(size=(10 + seed, 7))
        for _ in range(200):
            value, _ = run(x)
            if not np.isclose(value, (x @ x.T).sum()):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


def test_memory_that_cannot_be_had() -> None:
    n = Dim.symbol("n")
    graph = build(lambda x: O["full"](1.0, shape=(n * 10**13,), dtype=np.dtype(float)), array_type(float, (n,)))
    with pytest.raises(MemoryError):
        backends.get("numba").compile(graph)(np.zeros(1000))


def test_sizes_that_a_step_in_numpy_binds_are_handed_to_compiled_steps() -> None:
    """A length alone ties the sum to the selection: no value does."""
    from bcad import grad, options

    with options.set(backend="numba"):
        g = grad(lambda x: np.sum(x * len(x[x > 0])) + np.sum(np.ones(len(x[x < 1])) * x[0]))
        for x in (np.array([1.0, -2.0, 3.0]), np.array([-1.0, -2.0, -3.0, 0.5])):
            expected = np.full(x.size, float(np.sum(x > 0)))
            expected[0] += np.sum(x < 1)
            np.testing.assert_allclose(g(x), expected)
        assert "backend: numba" in g.core.report() and "kernels: 0" not in g.core.report()


def test_flags_are_numpys_own_two_objects() -> None:
    f = Function(lambda x: x[0] > 0, backend="numba")
    for x, truth in ((1.0, True), (-1.0, False)):
        found = f(np.array([x, 2.0]))
        assert found is (np.True_ if truth else np.False_)  # NumPy's bool() asks which object it is
        assert bool(found) is truth and (not found) is not truth


@pytest.mark.parametrize("fold", [np.sum, np.max, np.prod, np.mean])
def test_an_array_without_axes_is_folded(fold: Any) -> None:
    f = Function(lambda x: fold(np.array(x.sum() ** 2)), backend="numba")
    assert f(np.arange(3.0)) == 9.0
