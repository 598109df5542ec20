"""`math` and Python's operators on Values: Python's numbers, Python's exceptions, right derivatives."""

from __future__ import annotations

import cmath
import math
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bcad
from bcad.ir import Builder, Kind, evaluate, python_type, verify
from bcad.ops import BY_NAME, FUNCTIONS

from .derivatives import check_derivatives, results

UNARY = (
    "exp expm1 log log2 log10 log1p sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh degrees radians "
    "fabs isnan isinf isfinite floor ceil trunc modf frexp"
).split()
BINARY = [math.atan2, math.fmod, math.pow, math.copysign, math.hypot, operator.add, operator.sub, operator.mul,
          operator.truediv, operator.floordiv, operator.mod, operator.pow, operator.lt, operator.eq, divmod]
numbers = st.one_of(
    st.floats(-3, 3), st.floats(), st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, -8.0, 1e308, -1e308, math.inf, -math.inf, 800.0])
)


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with np.errstate(all="ignore"):
        yield


def outcome(function: Any, *args: Any) -> Any:
    """The results with their types, or the class of the exception."""
    try:
        value = results(function(*args))
        if any(type(v) is complex for v in value) and not any(type(a) is complex for a in args):
            return "raises"
        return [(type(v), repr(v)) for v in value]
    except (ValueError, OverflowError, ZeroDivisionError):
        return "raises"


def traced(function: Any, *args: Any) -> Any:
    """The same by graph; checks that the flags are set just where Python raises."""
    with Builder() as b:
        inputs = [b.input(python_type(type(a)), f"x{k}") for k, a in enumerate(args)]
        outputs = results(FUNCTIONS[function](*inputs))
        flags = [f for node in list(b.nodes) for f in [_fault(node)] if f is not None]
        graph = verify(b.build(outputs))
        with_flags = verify(b.build([*flags]))
    assert all(v.type.kind is Kind.PYTHON for v in graph.outputs)
    result = outcome(lambda *xs: evaluate(graph, xs), *args)
    if result != "raises":
        assert not any(evaluate(with_flags, args)), "a flag is set, and Python does not raise"
    return result, graph


def _fault(node: Any) -> Any:
    fault = getattr(node.op, "fault", None)
    return fault(node.output, *node.inputs) if fault is not None else None


def flagged(function: Any, *args: Any) -> bool:
    """Whether a flag is set when everything is computed by NumPy, which does not raise."""
    with Builder() as b:
        inputs = [b.input(python_type(type(a)), f"x{k}") for k, a in enumerate(args)]
        FUNCTIONS[function](*inputs)
        nodes = list(b.nodes)
        flags = [f for node in nodes for f in [_fault(node)] if f is not None]
        graph = b.build(flags)
    values: dict[Any, Any] = dict(zip(graph.inputs, map(np.float64, args), strict=True))
    for node in graph.nodes:
        ins = [values[v] for v in node.inputs]
        numpy = getattr(node.op, "numpy", None)
        result = numpy(*ins) if numpy is not None and not node.attrs else _safe(node, ins)
        values[node.output] = result
    return any(bool(values[v]) for v in graph.outputs)


def _safe(node: Any, ins: Any) -> Any:
    try:
        return node.op.evaluate(*ins, **node.attrs)
    except (ValueError, OverflowError):
        return 0


@settings(max_examples=60, deadline=None)
@given(x=numbers)
@pytest.mark.parametrize("name", UNARY)
def test_math_function_is_python_s(name: str, x: float) -> None:
    function = getattr(math, name)
    expected = outcome(function, x)
    assert traced(function, x)[0] == expected
    assert flagged(function, x) == (expected == "raises")


@settings(max_examples=80, deadline=None)
@given(x=numbers, y=numbers)
@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_function_of_two_python_numbers_is_python_s(function: Any, x: float, y: float) -> None:
    expected = outcome(function, x, y)
    assert traced(function, x, y)[0] == expected
    assert flagged(function, x, y) == (expected == "raises")


@pytest.mark.parametrize(
    "function", [operator.add, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.and_, operator.lshift]
)
@pytest.mark.parametrize("pair", [(7, 3), (True, True), (False, True), (6, True)])
def test_ints_and_bools_stay_python_s(function: Any, pair: Any) -> None:
    assert traced(function, *pair)[0] == outcome(function, *pair)


@pytest.mark.parametrize("function", [cmath.exp, cmath.sqrt, cmath.log, cmath.phase, cmath.sin, cmath.atanh])
def test_cmath(function: Any) -> None:
    assert traced(function, 0.5 - 1.25j)[0] == outcome(function, 0.5 - 1.25j)


@pytest.mark.parametrize(
    ("meaning", "reference"),
    [
        (lambda f, x, y: f(math.log)(x, y), lambda x, y: math.log(x, y)),
        (lambda f, x, y: f(math.hypot)(x, y, 2.0), lambda x, y: math.hypot(x, y, 2.0)),
        (lambda f, x, y: f(math.dist)((x, y), (1.0, 0.25)), lambda x, y: math.dist((x, y), (1.0, 0.25))),
        (lambda f, x, y: f(math.fsum)([x, y, 0.1]), lambda x, y: math.fsum([x, y, 0.1])),
        (lambda f, x, y: f(math.ldexp)(x, 3) * y, lambda x, y: math.ldexp(x, 3) * y),
        (lambda f, x, y: f(pow)(x, y), lambda x, y: pow(x, y)),
        (lambda f, x, y: f(math.frexp)(x)[0] * y, lambda x, y: math.frexp(x)[0] * y),
        (lambda f, x, y: f(math.modf)(x)[0] * y, lambda x, y: math.modf(x)[0] * y),
    ],
)
def test_derivatives_of_functions_of_python_numbers(meaning: Any, reference: Any) -> None:
    with Builder() as b:
        x, y = b.input(python_type(float), "x"), b.input(python_type(float), "y")
        graph = verify(b.build([meaning(FUNCTIONS.__getitem__, x, y)]))
    (value,) = evaluate(graph, [1.75, 2.5])
    assert type(value) is float
    assert value == pytest.approx(reference(1.75, 2.5), rel=1e-15)
    check_derivatives(graph, lambda *xs: evaluate(graph, xs), [1.75, 2.5], np.random.default_rng(0), 2, 1e-6)


def test_the_derivative_of_sqrt_at_zero_is_inf_and_raises_nothing() -> None:
    from .derivatives import reverse

    with Builder() as b:
        x = b.input(python_type(float), "x")
        graph = b.build([FUNCTIONS[math.sqrt](x)])
    assert evaluate(reverse(graph), [0.0, 1.0]) == [math.inf]


def test_isclose_is_a_python_bool() -> None:
    assert traced(math.isclose, 1.0, 1.0 + 1e-12)[0] == outcome(math.isclose, 1.0, 1.0 + 1e-12)
    assert traced(math.isclose, 1.0, math.inf)[0] == outcome(math.isclose, 1.0, math.inf)


def test_numpy_functions_of_python_numbers_give_numpy_scalars() -> None:
    with Builder() as b:
        x = b.input(python_type(float), "x")
        assert str(FUNCTIONS[np.sin](x).type) == "float64"
        assert str(FUNCTIONS[np.add](x, 1).type) == "float64"
        assert str(FUNCTIONS[operator.add](x, 1).type) == "float"
        assert str(FUNCTIONS[np.sum](x).type) == "float64"
        assert FUNCTIONS[float](x) is x
        assert str(FUNCTIONS[np.float32](x).type) == "float32"
        assert str(BY_NAME["less"](x, 1).type) == "bool"


def test_ieee_remainder():
    traced = bcad.Function(lambda x, y: math.remainder(x, y))
    for x in (0.3, 2.5, 3.5, -2.5, 7.25, 1e17, 0.0, -0.0, 0.5, 1.5):
        for y in (1.0, -1.0, 0.7, 3.0, math.inf):
            found, expected = traced(x, y), math.remainder(x, y)
            assert found == expected and math.copysign(1, found) == math.copysign(1, expected)
    assert bcad.grad(lambda x, y: math.remainder(x, y), (0, 1))(7.3, 2.0) == (1.0, -4.0)
    assert math.isnan(traced(math.nan, 1.0))
    with pytest.raises(ValueError):
        traced(1.0, 0.0)
