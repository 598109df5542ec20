"""The readable printer: what it prints, and that numba's result is the reference's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad import backends
from bcad.ir import Builder, Dim, array_type, python_type, scalar_type
from bcad.ops import BY_NAME as O

from .helpers import build, check
from .test_regions import recurrence

N, M = Dim.symbol("n"), Dim.symbol("m")
VECTOR, MATRIX = array_type(float, (N,)), array_type(float, (N, M))


def test_source_of_a_fused_kernel() -> None:
    def f(x: Any, y: Any) -> Any:
        z = x * y + 1
        z.name = "z"
        return z, O["exp"](z) - y

    compiled = backends.get("numba-source").compile(build(f, VECTOR, VECTOR))
    assert compiled.source == """\
def kernel(x, x_0, y, y_0):
    z = np.empty(0, np.float64)
    t4 = np.empty(0, np.float64)
    z = np.empty(x_0, np.float64)
    t4 = np.empty(x_0, np.float64)
    for i in range(x_0):
        v = x[i]
        v_2 = y[i]
        v_3 = v * v_2 + 1.0
        z[i] = v_3
        t4[i] = exp(v_3) - v_2
    return (0, z, x_0, t4, x_0,)
"""
    assert compiled.jitted.signatures  # a numba dispatcher, compiled for its one signature


def programs() -> Any:
    x = np.random.default_rng(0).normal(size=(4, 3))
    total = lambda v, *axis: O["sum"](v, axis=axis, keepdims=False)
    yield "reductions", build(lambda a: [total(a, 0), total(a, 1), total(a * a, 0, 1)], MATRIX), (x,)
    yield "extremes", build(lambda a: [O["max"](a, axis=(1,), keepdims=False), O["minimum"](a, 0.1)], MATRIX), (x,)
    yield "views", build(lambda a: [O["transpose"](a, axes=(1, 0)) + 1, O["reshape"](a, shape=(N * M,))], MATRIX), (x,)
    yield "complex", build(lambda a: [a * a / (a + 2), total(a, 0)], array_type(complex, (N,))), (x[0] + 1j * x[1],)
    yield "single", build(lambda a: [O["exp"](a) * 2, total(a, 0)], array_type(np.float32, (N,))), (x[0].astype(np.float32),)
    yield "integers", build(lambda a: [O["floor_divide"](a, 2) + O["remainder"](a, 3), O["less"](a, 2)],
                            array_type(np.int32, (N,))), (np.arange(-3, 4, dtype=np.int32),)
    yield "numbers", build(lambda a, b: [a * 2, b + a, O["where"](O["less"](a, b), a, 0.5)],
                           python_type(float), scalar_type(float)), (1.5, np.float64(2))
    yield "in place", recurrence(), (np.linspace(0, 1, 9),)
    yield "beside BLAS", build(lambda a: [O["exp"](O["matmul"](a, O["transpose"](a, axes=(1, 0)))) + 1], MATRIX), (x,)


@pytest.mark.parametrize(("name", "graph", "args"), list(programs()), ids=lambda v: v if isinstance(v, str) else "")
def test_agrees_with_the_reference(name: str, graph: Any, args: Any) -> None:
    check(graph, *args, backend="numba-source", compiled=name != "beside BLAS")


def test_check_goes_back_to_numpy() -> None:
    import bcad.ops as ops

    def guarded(x: Any) -> Any:
        Builder.current().emit(ops.check, O["less"](x, 0.0), message="negative")
        return O["sqrt"](x)

    run = backends.get("numba-source").compile(build(guarded, python_type(float))).run
    assert run(4.0) == [2.0]
    with pytest.raises(backends.Abandoned, match="negative"):
        run(-1.0)
