"""Every op, on every sample of its declaration, by every backend."""

from __future__ import annotations

from typing import Any

import pytest

from bcad import backends
from bcad.backends.decompose import decompose
from bcad.backends.lower import lower
from bcad.backends.scalars import Unsupported
from bcad.ir import Builder, evaluate, type_of
from bcad.ops import BY_NAME

from .helpers import assert_same


def graph_of(op: Any, args: list[Any], attrs: dict[str, Any]) -> Any:
    with Builder(name=op.name) as b:
        result = b.emit(op, *(b.input(type_of(a), f"x{k}") for k, a in enumerate(args)), **attrs)
        return b.build(result if isinstance(result, tuple) else [result])


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("name", [n for n, op in BY_NAME.items() if op.samples])
@pytest.mark.filterwarnings("ignore")
def test_op_agrees_with_its_reference(name: str, backend: str) -> None:
    op = BY_NAME[name]
    for sample in op.samples:
        args, attrs = sample.make()
        graph = graph_of(op, args, attrs)
        found, expected = backends.get(backend).compile(graph)(*args), evaluate(graph, args)
        for a, b in zip(found, expected, strict=True):
            assert_same(a, b)


COMPILED = (
    "absolute add all any arange arctan2 argmax argmin astype broadcast_to cholesky concatenate copysign cos cummax cumsum "
    "cofactor cumprod det diagonal divide eig eigh einsum exp expm1 eye fft floor_divide full gather getitem hypot index_add inv "
    "irfft linspace log log1p logaddexp logical_and lu_factor make_diagonal mask matmul max maximum mean min multiply nanmax "
    "negative nonzero norm pinv power prod qr remainder reshape rfft round set_item shift sign sin sinc slogdet solve "
    "solve_triangular sqrt square stack subtract sum svd tanh transpose tri where"
).split()


@pytest.mark.filterwarnings("ignore")
def test_these_ops_are_compiled() -> None:
    for name in COMPILED:
        args, attrs = BY_NAME[name].samples[0].make()
        report = backends.get("numba").compile(graph_of(BY_NAME[name], args, attrs)).report
        assert (name, report.in_numpy) == (name, [])


@pytest.mark.filterwarnings("ignore")
def test_few_samples_are_left_to_numpy() -> None:
    """The figure of docs/performance.md; what stays is named there."""
    whole = total = 0
    for name, op in BY_NAME.items():
        for sample in op.samples or ():
            args, attrs = sample.make()
            total += 1
            try:
                lower(decompose(graph_of(op, args, attrs)))
            except Unsupported:
                continue
            whole += 1
    assert whole > 0.96 * total, (whole, total)
