"""Every op, on every sample of its declaration, by every backend."""

from __future__ import annotations

from typing import Any

import pytest

from bcad import backends
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
    "det diagonal divide einsum exp expm1 eye floor_divide full gather getitem hypot index_add inv log log1p logaddexp "
    "logical_and make_diagonal mask matmul max maximum mean min multiply nanmax negative norm power prod remainder reshape "
    "set_item shift sign sin slogdet solve solve_triangular sqrt square stack subtract sum tanh transpose tri where"
).split()


@pytest.mark.filterwarnings("ignore")
def test_these_ops_are_compiled() -> None:
    for name in COMPILED:
        args, attrs = BY_NAME[name].samples[0].make()
        report = backends.get("numba").compile(graph_of(BY_NAME[name], args, attrs)).report
        assert (name, report.in_numpy) == (name, [])
