"""The text of a graph is read back: the same text, the same types, the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import Function, Gradient
from bcad.ir import Builder, Dim, Graph, GraphSyntaxError, Literal, array_type, evaluate, python_type, scalar_type
from bcad.ops import BY_NAME, Part, Span
from tests.backends.test_samples import graph_of
from tests.programs.record import programs


def read_back(graph: Graph) -> Graph:
    """`graph` from its text, which must be that of what was read."""
    found = Graph.parse(str(graph), graph.objects())
    assert str(found) == str(graph)
    for a, b in zip(walk(found), walk(graph), strict=True):
        assert a.op is b.op
        assert a.attrs == b.attrs and list(a.attrs) == list(b.attrs)
        assert [v.type for v in (*a.inputs, *a.outputs)] == [v.type for v in (*b.inputs, *b.outputs)]
    return found


def walk(graph: Graph):
    """Nodes but for constants, which may stand elsewhere."""
    return (n for n in graph.walk() if n.op.name != "constant")


@pytest.mark.parametrize("name", [n for n, op in BY_NAME.items() if op.samples])
@pytest.mark.filterwarnings("ignore")
def test_every_op_is_read_back(name: str) -> None:
    op = BY_NAME[name]
    for sample in op.samples:
        args, attrs = sample.make()
        graph = graph_of(op, args, attrs)
        for a, b in zip(evaluate(read_back(graph), args), evaluate(graph, args), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("program", programs(), ids=str)
def test_every_program_is_read_back(program) -> None:
    if "jacobian" in program.tags:
        traced = Function(program.fn, list(program.args()))
    else:
        traced = Gradient(program.fn, list(program.args()), wrt=list(program.argnums))
    special = traced.core.specialisations[0]
    read_back(special.program.graph)
    graph = read_back(special.graph)
    if "random" not in program.tags:
        values = special.program.fetch(program.args(), {})
        with np.errstate(all="ignore"):
            pairs = zip(evaluate(graph, values), evaluate(special.graph, values), strict=True)
        for a, b in pairs:
            np.testing.assert_array_equal(a, b)


CONSTANTS = [
    True, 3, -7, 10**30, 0.1, -0.0, float("inf"), float("-inf"), float("nan"), 1 + 2j, complex(-0.0, float("nan")), "it's {a # b: 1",
    None, np.float64(1 / 3), np.float32(0.1), np.int8(-3), np.bool_(True), np.complex64(1 - 2j), np.float64("nan"), np.uint64(2**63),
    np.array(2.5), np.arange(6).reshape(2, 3), np.zeros((0, 3)), np.array([np.nan, -0.0, np.inf]), np.array([True, False]),
    np.array([1e-300, 0.1 + 0.2], np.float64), np.float16(0.1), np.arange(1000.0), b"bytes", np.array(7, np.int16),
]  # fmt: skip


@pytest.mark.parametrize("value", CONSTANTS, ids=lambda v: f"{type(v).__name__}-{str(v)[:12]}")
def test_every_bit_of_a_constant_is_read_back(value: object) -> None:
    with Builder() as b:
        graph = b.build([b.constant(value)])
    (found,) = read_back(graph).outputs
    assert found.node.attrs["value"] == Literal(value)


def test_sizes_and_indices_are_read_back() -> None:
    n, m = Dim.symbol("n"), Dim.symbol("m")
    with Builder(name="f") as b:
        x, k = b.input(array_type(float, (n, m, 3)), "x"), b.input(array_type(int, (4,)), "k")
        i, j = b.input(python_type(int), "i"), b.input(scalar_type(int), "j")
        items = [
            b.emit(BY_NAME["getitem"], x, index=(slice(1, None), None, slice(None, n // 2), Ellipsis, -1)),
            b.emit(BY_NAME["getitem"], x, index=(slice(None, None, -2),)),
            b.emit(BY_NAME["getitem"], x, i, index=(Part.ARRAY,)),
            b.emit(BY_NAME["getitem"], x, i, j, index=(Span("k_1", Part.ARRAY, Part.ARRAY, None),)),
            b.emit(BY_NAME["gather"], x, k, index=(Ellipsis, Part.ARRAY, slice(0, 2))),
            b.emit(BY_NAME["getitem"], x, index=()),
            b.size(n * m * 2 - (n % 2) + 1),
        ]
        read_back(b.build(items))


def test_two_values_of_one_name_stay_two() -> None:
    with Builder(name="f") as b:
        x, y = b.input(scalar_type(float), "x"), b.input(scalar_type(float), "x")
        graph = read_back(b.build([b.emit(BY_NAME["subtract"], x, y)]))
    assert evaluate(graph, [np.float64(5.0), np.float64(3.0)]) == [2.0]


def test_a_function_needs_its_objects() -> None:
    graph = Gradient(lambda x: x @ WEIGHTS * len(np.unique(WEIGHTS)), [np.ones(3)]).graph
    if graph.objects():
        with pytest.raises(GraphSyntaxError, match="objects"):
            Graph.parse(str(graph))
    read_back(graph)


WEIGHTS = np.arange(3.0)
GOOD = "f(x: float64[n]) {\n  v1: float64[n] = add x, 1\n  return v1\n}"


@pytest.mark.parametrize("old, new, message", [
    ("add", "ad", "line 2: there is no operation 'ad'"),
    ("add x", "add y", "line 2: y is not defined"),
    ("v1: float64[n] =", "v1 =", "line 2: 'v1' is not 'name: type'"),
    ("v1: float64[n] =", "v1: float64[m] =", "should give"),
    ("  return v1\n", "", "ends with 'return"),
    ("\n}", "", "line 4: the text ends"),
    ("f(x: float64[n]) {", "f(x: float64[n])", "line 1: a graph begins"),
    ("float64[n]) {", "float6[n]) {", "line 1"),
    ("1\n", "__import__('os').getcwd()\n", "line 2"),
    ("1\n", "1 {k=}\n", "line 2"),
    ("1\n", "1 {axis=open('x')}\n", "there is no open"),
    ("return v1", "return v2", "v2 is not defined"),
    ("v1: float64[n] = add x, 1", "x: float64[n] = add x, 1", "x is defined twice"),
    ("\n}", "\n}\nmore", "line 5: there is more"),
])  # fmt: skip
def test_a_text_that_is_no_graph_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    Graph.parse(GOOD)
    with pytest.raises(ValueError) as error:
        Graph.parse(GOOD.replace(old, new))
    assert message in str(error.value)
