"""Exact laws keep every bit; each law does what its name says; dead code goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcad.ir import Builder, Dim, Graph, array_type, evaluate, python_type, scalar_type, verify
from bcad.ops import BY_NAME
from bcad.rewrite import dce, readable, simplify

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, np.inf, -np.inf, np.nan, 1e308, 5e-324, 1e-300]
BINARY = ["add", "subtract", "multiply", "divide"]


def build(expression, n_inputs=2, shape=(Dim.symbol("n"),)):
    with Builder() as builder:
        inputs = [builder.input(array_type(float, shape), name) for name in "xyz"[:n_inputs]]
        result = expression(*inputs)
        results = result if isinstance(result, tuple) else (result,)
        return verify(builder.build(results))


def text_of(graph: Graph) -> str:
    return " ".join(" ".join(line.split("#")[0].split()) for line in str(graph).splitlines()[1:-1])


def ops_of(graph: Graph) -> list[str]:
    return [n.op.name for n in graph.nodes if n.op.name != "constant"]


@st.composite
def expressions(draw, depth=4):
    """A function of two Values made of arithmetic, constants and selections."""
    kind = draw(st.sampled_from(["x", "y", "number", *BINARY, "negative", "where", "mask"]) if depth else
                st.sampled_from(["x", "y", "number"]))
    if kind in "xy":
        return lambda x, y: x if kind == "x" else y
    if kind == "number":
        value = draw(st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 1, 0, -1]))
        return lambda x, y: x * 0.5 if value == 2.0 else BY_NAME["add"](x, value)
    if kind == "negative":
        inner = draw(expressions(depth=depth - 1))
        return lambda x, y: -inner(x, y)
    a, b = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    scale = draw(st.sampled_from([None, 0.0, -0.0, 1.0, -1.0, 1, 0]))
    if kind in BINARY:
        return lambda x, y: BY_NAME[kind](a(x, y), b(x, y) if scale is None else scale)
    if kind == "where":
        return lambda x, y: BY_NAME["where"](x < y, a(x, y), b(x, y))
    return lambda x, y: BY_NAME["mask"](x < y, a(x, y))


@settings(max_examples=150, deadline=None)
@given(expressions())
def test_simplified_graphs_give_the_same_bits(expression):
    graph = build(expression)
    simple = verify(simplify(graph))
    x, y = (a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        before, after = evaluate(graph, [x, y]), evaluate(simple, [x, y])
    for a, b in zip(before, after, strict=True):
        same = (a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b))
        assert same.all(), f"{graph}\n{simple}\n{x[~same]} {y[~same]}: {a[~same]} {b[~same]}"


@pytest.mark.parametrize(
    "expression, expected",
    [
        (lambda x, y: x * 1, []),
        (lambda x, y: 1 * x, []),
        (lambda x, y: x / 1, []),
        (lambda x, y: x - 0, []),
        (lambda x, y: x + 0, ["add"]),  # -0.0 + 0 is 0.0
        (lambda x, y: 0 * x, ["multiply"]),  # 0 * inf is nan
        (lambda x, y: -(-x), []),
        (lambda x, y: x + -y, ["subtract"]),
        (lambda x, y: x - -y, ["add"]),
        (lambda x, y: -x * -y, ["multiply"]),
        (lambda x, y: -x / y, ["divide", "negative"]),
        (lambda x, y: BY_NAME["where"](x < y, x, x), []),
        (lambda x, y: BY_NAME["transpose"](x, axes=(0,)), []),
        (lambda x, y: BY_NAME["reshape"](x, shape=x.shape), []),
        (lambda x, y: BY_NAME["astype"](x, dtype=np.dtype(float)), []),
        (lambda x, y: BY_NAME["sum"](x, axis=(), keepdims=False), []),
        (lambda x, y: x * BY_NAME["broadcast_to"](np.float64(3), shape=x.shape), ["multiply"]),
    ],
)
def test_law(expression, expected):
    assert ops_of(simplify(build(expression))) == expected


def test_a_law_that_would_change_the_type_does_not_fire():
    with Builder() as builder:
        k = builder.input(array_type(np.int64, (3,)), "k")
        graph = builder.build([k / 1])  # true division of ints gives floats
    assert ops_of(simplify(graph)) == ["divide"]


def test_constants_fold():
    graph = simplify(build(lambda x, y: x * (np.float64(2) * np.float64(3) - 5)))
    assert ops_of(graph) == []  # times 1.0


def test_what_raises_is_not_folded():
    graph = build(lambda x, y: x * (BY_NAME["divide"](1, 0)))
    assert "divide" in ops_of(simplify(graph))


def test_readable_form_of_a_derivative():
    graph = readable(build(lambda x, y: (x + 1) * 2.0 + 0 * np.float64(1)))
    assert text_of(graph) == "v1: float64[n] = add x, 1 v2: float64[n] = multiply 2, v1 return v2"


def test_dead_nodes_go_and_inputs_stay():
    def expression(x, y):
        _ = x * y
        return x + y

    graph = dce(build(expression))
    assert ops_of(graph) == ["add"]
    assert len(graph.inputs) == 2


def loop_graph():
    """carries (a, b, c): a depends on b, c on itself; stacks (a, c); only a is used."""
    number = scalar_type(float)
    with Builder(name="body") as body:
        index = body.input(python_type(int), "i")
        a, b, c = (body.input(number, name) for name in "abc")
        k = body.input(number, "k")
        dead = body.input(number, "dead")
        step = body.build([a + b, b * k, c * dead, a, c])
        assert index.name == "i"
    with Builder() as builder:
        x = builder.input(number, "x")
        y = builder.input(number, "y")
        results = BY_NAME["loop"](5, x, y, x, y, x, regions=(step,), carries=3, stacks=2, length=5)
        return verify(builder.build([results[0]]))


def test_a_loop_loses_the_carries_stacks_and_constants_that_nothing_reads():
    graph = loop_graph()
    slim = verify(dce(graph))
    node = slim.nodes[-1]
    assert (node.attrs["carries"], node.attrs["stacks"]) == (2, 0)
    assert len(node.regions[0].inputs) == 1 + 2 + 1
    x, y = np.float64(1.5), np.float64(0.5)
    assert evaluate(slim, [x, y]) == evaluate(graph, [x, y])


def test_a_cond_loses_the_results_and_operands_that_nothing_reads():
    number = scalar_type(float)

    def arm(result):
        with Builder(name="arm") as builder:
            p, q = builder.input(number, "p"), builder.input(number, "q")
            return builder.build([result(p), q * 2])

    with Builder() as builder:
        x, y = builder.input(number, "x"), builder.input(number, "y")
        regions = (arm(lambda p: p + 1), arm(lambda p: p - 1))
        results = BY_NAME["cond"](x < y, x, y, regions=regions)
        graph = verify(builder.build([results[0]]))
    slim = verify(dce(graph))
    (node,) = [n for n in slim.nodes if n.regions]
    assert len(node.inputs) == 2 and len(node.outputs) == 1
    assert evaluate(slim, [np.float64(1.0), np.float64(2.0)]) == [2.0]
