"""Every op against its one declaration: types, derivatives of both modes and orders, scalars, symbols.

``pytest -s`` prints the table of what was checked.
"""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest

from bcad.ir import ArrayType, Builder, Dim, Graph, Kind, evaluate, type_of, verify
from bcad.ops import BY_NAME, Elementwise, Zero
from bcad.ops.samples import Sample

from .derivatives import check_derivatives, direction, forward, pair, results, reverse
from .scalars import run_scalar

# their meaning is in their regions, in a callable or in what they stop: each has tests of its own
ELSEWHERE = {"cond", "loop", "derivative", "checkpoint", "custom", "host", "host_effect", "check", "undefined_derivative", "eigh_evr"}
DECREED = {"stop_gradient"}  # the derivative is not that of the function
OPS = [op for name, op in sorted(BY_NAME.items()) if name not in ELSEWHERE]
CASES = [(op, k) for op in OPS for k in range(len(op.samples))]
CHECKED: Counter[str] = Counter()


def name_case(case: Any) -> str:
    return f"{case[0].name}-{case[1]}"


every_case = pytest.mark.parametrize("case", CASES, ids=name_case)


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    """Derivatives at kinks divide by zero on purpose; what they give is asserted."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


@pytest.fixture(scope="module", autouse=True)
def _table() -> Any:
    yield
    print(f"\n{len(OPS)} ops, {len(CASES)} samples")
    for what, count in CHECKED.items():
        print(f"  {what:<28}{count:>6}")


def node(op: Any, args: list[Any], attrs: dict[str, Any], types: list[Any] | None = None) -> Graph:
    """The graph of one application of `op`."""
    with Builder() as b:
        inputs = [b.input(t, f"x{k}") for k, t in enumerate(types or [type_of(a) for a in args])]
        return verify(b.build(results(op(*inputs, **attrs))))


def make(case: Any) -> tuple[Any, list[Any], dict[str, Any], Sample]:
    op, k = case
    args, attrs = op.samples[k].make()
    return op, args, attrs, op.samples[k]


def close(got: Any, expected: Any, rtol: float = 1e-12) -> None:
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol)


def test_every_op_has_samples() -> None:
    assert [op.name for op in OPS if not op.samples] == []


@every_case
def test_type_rule_says_what_numpy_gives(case: Any) -> None:
    op, args, attrs, _ = make(case)
    graph = node(op, args, attrs)
    raw = op.evaluate(*args, **attrs)
    raw = raw if op.multiple else [raw]
    for v, r, y in zip(graph.outputs, raw, evaluate(graph, args), strict=True):
        found, declared = type_of(r), v.type
        assert isinstance(declared, ArrayType) and isinstance(found, ArrayType)
        assert [d for d, n in zip(declared.shape, found.shape, strict=True) if isinstance(d, int) and d != n] == []
        assert declared.dtype == found.dtype, f"declared {declared}, NumPy gives {found}"
        if declared.kind is not Kind.PYTHON:
            assert declared.kind == found.kind, f"declared {declared}, NumPy gives {found}"
        close(y, r)
    CHECKED["type and value"] += 1


@every_case
def test_derivatives_of_both_modes_and_orders(case: Any) -> None:
    op, args, attrs, sample = make(case)
    graph = node(op, args, attrs)
    if not any(v.type.differentiable for v in graph.inputs) or not sample.smooth or _coarse(graph):
        return
    if op.name in DECREED:
        return
    rng = np.random.default_rng(7)
    order = 2 if op.differentiable else 1
    check_derivatives(graph, lambda *xs: evaluate(graph, xs), args, rng, order, 1e-6)
    CHECKED[f"derivatives, order {order}"] += 1


def _coarse(graph: Graph) -> bool:
    """Whether results have too few digits for differences."""
    return any(v.type.dtype.char in "efF" for v in graph.outputs)


@every_case
def test_modes_agree_at_kinks_and_in_few_digits(case: Any) -> None:
    op, args, attrs, sample = make(case)
    graph = node(op, args, attrs)
    if (sample.smooth and not _coarse(graph)) or not op.differentiable:
        return
    rng = np.random.default_rng(7)
    floats = [k for k, a in enumerate(args) if type_of(a).differentiable]
    tangents = [direction(args[k], rng) for k in floats]
    (dy,) = evaluate(forward(graph), [*args, *tangents])
    g = direction(dy, rng)
    gs = evaluate(reverse(graph), [*args, g])
    assert np.all(np.isfinite(dy)), "a kink has a documented, finite choice"
    close(pair([gs[k] for k in floats], tangents), pair([g], [dy]), 1e-6)
    CHECKED["kinks, float32 results"] += 1


@every_case
def test_float32_stays_float32(case: Any) -> None:
    op, args, attrs, _ = make(case)
    small = [_narrow(a) for a in args]
    if all(a is b for a, b in zip(args, small, strict=True)):
        return
    raw = op.evaluate(*small, **attrs)
    graph = node(op, small, attrs)
    for v, r in zip(graph.outputs, raw if op.multiple else [raw], strict=True):
        assert v.type.dtype == np.asarray(r).dtype
    if op.differentiable:
        verify(forward(graph)), verify(reverse(graph))  # they assert the dtypes of tangents and cotangents
    CHECKED["float32"] += 1


def _narrow(a: Any) -> Any:
    narrow = {"f": np.float32, "c": np.complex64}
    return a.astype(narrow[a.dtype.kind]) if isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind in narrow else a


@every_case
def test_sizes_may_be_symbols(case: Any) -> None:
    op, args, attrs, _ = make(case)
    types = [_symbolic(type_of(a)) for a in args]
    if types == [type_of(a) for a in args]:
        return
    graph = node(op, args, attrs, types)
    assert str(graph) == str(verify(graph))
    expected = op.evaluate(*args, **attrs)
    for y, e in zip(evaluate(graph, args), expected if op.multiple else [expected], strict=True):
        close(y, e)
    if op.differentiable and any(t.differentiable for t in types) and not {"rows", "columns"} & set(attrs):
        verify(forward(graph)), verify(reverse(graph))
    CHECKED["symbolic sizes"] += 1


def _symbolic(type_: Any) -> Any:
    shape = tuple(Dim.symbol(f"n{s}") if s > 1 else s for s in type_.shape)
    return type_.with_shape(shape) if shape else type_


@every_case
def test_zero_tangents_are_zeros_that_cost_nothing(case: Any) -> None:
    op, args, attrs, _ = make(case)
    positions = [k for k, a in enumerate(args) if type_of(a).differentiable]
    if op.multiple or not op.differentiable or len(positions) < 2:
        return
    for hidden in positions:
        with Builder() as b:
            xs = [b.input(type_of(a), f"x{k}") for k, a in enumerate(args)]
            y = op(*xs, **attrs)
            ds: list[Any] = [
                Zero(x.type) if not x.type.differentiable else b.input(x.type, f"d{k}") for k, x in enumerate(xs)
            ]
            full = op.jvp(y, *xs, *ds, **attrs)
            ds[hidden] = Zero(xs[hidden].type)
            partial = op.jvp(y, *xs, *ds, **attrs)
            graph = verify(b.build([full, partial]))
        tangents = [np.ones_like(args[k]) * (0 if k == hidden else 1) for k in positions]
        if type(partial) is not Zero:
            close(*evaluate(graph, [*args, *tangents]))
    CHECKED["zero tangents"] += 1


@every_case
def test_declared_linearity_holds(case: Any) -> None:
    op, args, attrs, _ = make(case)
    for k in op.linear:
        if k < len(args) and type_of(args[k]).differentiable and not op.multiple:
            if np.asarray(op.evaluate(*args, **attrs)).dtype.kind not in "fc" or attrs.get("fill"):
                continue
            doubled = [2 * a if i == k else a for i, a in enumerate(args)]
            close(op.evaluate(*doubled, **attrs), 2 * np.asarray(op.evaluate(*args, **attrs)))
            CHECKED["linearity"] += 1


@every_case
def test_declared_non_differentiable_has_no_derivative(case: Any) -> None:
    op, args, attrs, _ = make(case)
    if op.differentiable or not any(type_of(a).differentiable for a in args):
        return
    graph = node(op, args, attrs)
    ds = [np.ones_like(a) for a in args if type_of(a).differentiable]
    assert all(not np.any(d) for d in evaluate(forward(graph), [*args, *(np.ones_like(a) for a in ds)]))
    CHECKED["zero derivative"] += 1


@every_case
def test_scalar_expression_is_the_function(case: Any) -> None:
    op, args, attrs, _ = make(case)
    if not isinstance(op, Elementwise) or attrs:
        return
    assert op.expression(*map(type_of, args)) is not None, "backends emit this inside loops"
    expected = op.evaluate(*args)
    close(run_scalar(op, args), expected, 1e-9)
    CHECKED["scalar expression"] += 1
