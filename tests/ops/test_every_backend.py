"""Every op on every backend, and simplified, gives what the reference evaluation gives; so do its derivatives."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from bcad import backends, diff, rewrite
from bcad.ir import Builder, Graph, evaluate, type_of, verify
from bcad.ops import BY_NAME

from .derivatives import results

ELSEWHERE = {"cond", "loop", "derivative", "checkpoint", "custom", "host", "host_effect", "check"}
OPS = [op for name, op in sorted(BY_NAME.items()) if name not in ELSEWHERE]
BACKENDS = [name for name in ("numpy", "numba") if name in backends.names()]


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def together(op: Any) -> tuple[Graph, list[Any]]:
    """One graph with every sample of `op`, and its arguments: one compilation for all."""
    args: list[Any] = []
    with Builder(name=op.name) as b:
        outputs: list[Any] = []
        for sample in op.samples:
            xs, attrs = sample.make()
            inputs = [b.input(type_of(x), f"x{len(args) + k}") for k, x in enumerate(xs)]
            args += xs
            outputs += results(op(*inputs, **attrs))
        return verify(b.build(outputs)), args


def reversed_graph(op: Any) -> tuple[Graph, list[Any]] | None:
    """The vjp graph of `together` and arguments for it; None if nothing is differentiable."""
    graph, args = together(op)
    wrt = [k for k, v in enumerate(graph.inputs) if v.type.differentiable]
    if not op.differentiable or not wrt or not any(v.type.differentiable for v in graph.outputs):
        return None
    back = verify(diff.vjp(graph, wrt))
    rng = np.random.default_rng(5)
    values = [y for y, v in zip(evaluate(graph, args), graph.outputs, strict=True) if v.type.differentiable]
    seeds = [_seed(v.type, np.shape(y), rng) for v, y in zip(back.inputs[len(args) :], values, strict=True)]
    return back, [*args, *seeds]


def _seed(type_: Any, shape: tuple[int, ...], rng: Any) -> Any:
    value = rng.standard_normal(shape)
    if type_.dtype.kind == "c":
        value = value + 1j * rng.standard_normal(shape)
    return type_.python_type(value) if not type_.shape and type_.python_type is not np.ndarray else np.asarray(value, type_.dtype)


def agree(got: Any, graph: Graph, args: list[Any], rtol: float) -> None:
    expected = evaluate(graph, args)
    for k, (y, e) in enumerate(zip(got, expected, strict=True)):
        assert np.shape(y) == np.shape(e), f"output {k}"
        assert type(y) is type(e), f"output {k} is {type(y)}, not {type(e)}"
        if np.asarray(e).dtype != object:
            assert np.asarray(y).dtype == np.asarray(e).dtype, f"output {k}"
            loose = 1e-5 if np.asarray(e).dtype in (np.float32, np.complex64) else rtol
            np.testing.assert_allclose(y, e, rtol=loose, atol=loose, err_msg=f"output {k}")


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("backend", BACKENDS)
def test_backend_computes_the_op(backend: str, op: Any) -> None:
    graph, args = together(op)
    agree(backends.get(backend).compile(graph)(*args), graph, args, 1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("backend", BACKENDS)
def test_backend_computes_the_derivative(backend: str, op: Any) -> None:
    found = reversed_graph(op)
    if found is not None:
        agree(backends.get(backend).compile(found[0])(*found[1]), *found, 1e-11)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_simplified_is_the_same(op: Any) -> None:
    for graph, args in filter(None, (together(op), reversed_graph(op))):
        agree(evaluate(verify(rewrite.simplify(graph)), args), graph, args, 1e-13)
