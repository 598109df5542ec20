"""Graphs: building, capture, value numbering, verification, text and reference evaluation."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from bcad.ir import (
    ArrayType,
    Assumptions,
    Builder,
    Dim,
    Graph,
    IllegalGraph,
    Kind,
    Literal,
    Node,
    ObjectType,
    Value,
    array_type,
    as_kind,
    assuming,
    assumptions,
    copy_node,
    evaluate,
    freeze,
    python_type,
    scalar_type,
    text,
    type_of,
    verify,
)
from bcad.ops import BY_NAME

N = Dim.symbol("n")


def polynomial() -> Graph:
    with Builder(name="p") as b:
        x = b.input(array_type(float, (N,)), "x")
        y = b.emit(BY_NAME["multiply"], x, x)
        return b.build([y + x, b.size(N)])


# -- types ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "expected", "shown"),
    [
        (1.5, python_type(float), "float"), (True, python_type(bool), "bool"), (3, python_type(int), "int"),
        (np.float32(1), scalar_type(np.float32), "float32"), (np.zeros((2, 3)), array_type(float, (2, 3)), "float64[2,3]"),
        (np.array(1), array_type(int), "int64[]"), ("s", ObjectType(str), "object<str>"),
    ],
)
def test_types_of_values(value: Any, expected: Any, shown: str) -> None:
    assert type_of(value) == expected
    assert str(expected) == shown


def test_the_class_that_python_sees() -> None:
    assert python_type(int).python_type is int
    assert scalar_type(np.float32).python_type is np.float32
    assert array_type(float).python_type is np.ndarray
    assert as_kind(np.array(2.5), python_type(float)) == 2.5
    assert type(as_kind(2.5, scalar_type(np.float32))) is np.float32
    assert array_type(float, (N, 2)).with_shape(()) == array_type(float)
    assert scalar_type(float).with_shape((3,)).kind is Kind.ARRAY


# -- builder -------------------------------------------------------------------------------------
def test_equal_nodes_are_numbered_once_and_zeros_keep_their_sign() -> None:
    with Builder() as b:
        x = b.input(array_type(float), "x")
        assert b.emit(BY_NAME["sin"], x) is b.emit(BY_NAME["sin"], x)
        assert b.constant(0.0) is not b.constant(-0.0)
        assert b.constant(1) is not b.constant(True)
        assert b.constant(1) is not b.constant(1.0)
        assert b.constant(np.ones(2)) is b.constant(np.ones(2))


def test_a_region_takes_what_it_uses_as_inputs() -> None:
    with Builder() as outer:
        x, unused = outer.input(array_type(float), "x"), outer.input(array_type(float), "unused")
        two = outer.constant(2.0)
        with Builder(parent=outer, name="inner") as inner:
            y = inner.input(array_type(float), "y")
            inner_graph = inner.build([x * y * two])
        outer.build([unused])
    assert [v.name for v in inner_graph.inputs] == ["y", "x"]
    assert list(inner.captured) == [x]  # the constant is emitted again instead
    verify(inner_graph)
    assert evaluate(inner_graph, [np.array(3.0), np.array(5.0)]) == [30.0]


def test_capture_goes_through_every_builder_between() -> None:
    with Builder() as outer:
        x = outer.input(array_type(float), "x")
        with Builder(parent=outer) as middle:
            with Builder(parent=middle) as inner:
                inner.build([x + 1])
            assert list(middle.captured) == [x]
            verify(middle.build([middle.local(x)]))


def test_values_of_a_stranger_are_refused() -> None:
    stranger = Builder().input(array_type(float), "s")
    with Builder() as b, pytest.raises(ValueError, match="belongs to another graph"):
        b.emit(BY_NAME["sin"], stranger)


def test_builders_are_per_thread() -> None:
    seen: list[Any] = []

    def work() -> None:
        try:
            Builder.current()
        except (AttributeError, IndexError):
            seen.append("none here")

    with Builder():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == ["none here"]


def test_inline_and_copy_make_the_same_graph() -> None:
    graph = polynomial()
    with Builder(name="p") as b:
        outputs = b.inline(graph, [b.input(v.type, v.name) for v in graph.inputs])
        again = b.build(outputs)
    assert text(again) == text(graph)
    with Builder() as b:
        mapping = {v: b.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            copy_node(b, node, mapping)
        verify(b.build([mapping[v] for v in graph.outputs]))


def test_attributes_that_look_equal_stay_apart() -> None:
    assert freeze({"a": 1}) != freeze({"a": True})
    assert freeze((0.0,)) != freeze((-0.0,))
    assert freeze(slice(1, None, 2)) == freeze(slice(1, None, 2))
    assert freeze([1, 2]) != freeze((1, 2))
    assert Literal(np.float32(1)) != Literal(np.float64(1)) and Literal(float("nan")) == Literal(float("nan"))


def test_a_literal_array_is_a_frozen_copy() -> None:
    a = np.ones(2)
    literal = Literal(a)
    a[0] = 7
    assert literal.value[0] == 1 and not literal.value.flags.writeable


# -- verification --------------------------------------------------------------------------------
def test_what_is_used_before_it_is_defined_is_refused() -> None:
    graph = polynomial()
    with pytest.raises(IllegalGraph, match="before it is defined"):
        verify(Graph(graph.inputs, graph.nodes[::-1], graph.outputs))
    with pytest.raises(IllegalGraph, match="is not defined"):
        verify(Graph(graph.inputs, [], graph.outputs))
    with pytest.raises(IllegalGraph, match="defined twice"):
        verify(Graph((*graph.inputs, *graph.inputs), graph.nodes, graph.outputs))


def test_a_wrong_output_type_is_refused() -> None:
    x = Value(array_type(float, (3,)), "x", None)
    wrong = Value(array_type(np.float32, (3,)), "y", None)
    node = Node(BY_NAME["sin"], [x], {}, [], [wrong], None)
    with pytest.raises(IllegalGraph, match="sin should give"):
        verify(Graph([x], [node], [wrong]))


# -- text ----------------------------------------------------------------------------------------
def test_text_is_ssa_with_names_and_sizes() -> None:
    assert str(polynomial()) == (
        "p(x: float64[n]) {\n"
        "  v1: float64[n] = multiply x, x\n"
        "  v2: float64[n] = add v1, x\n"
        "  v3: int = dim {size=n}\n"
        "  return v2, v3\n"
        "}"
    )


def test_names_are_unique_and_long_constants_have_a_line() -> None:
    with Builder() as b:
        a, c = b.input(array_type(float), "x"), b.input(array_type(float), "x")
        graph = b.build([a + c + np.arange(9.0) if False else a + c, b.constant(np.arange(9.0)), b.constant(2)])
    shown = str(graph)
    assert "x: float64[], x_2: float64[]" in shown
    assert "constant {value=array(" in shown and "return v1, v2, 2" in shown


# -- evaluation ----------------------------------------------------------------------------------
def test_evaluation_binds_sizes_and_gives_kinds() -> None:
    value, size = evaluate(polynomial(), [np.array([1.0, 2.0])])
    np.testing.assert_array_equal(value, [2, 6])
    assert size == 2 and type(size) is int
    with Builder() as b:
        x = b.input(python_type(float), "x")
        graph = b.build([x * 2, BY_NAME["sin"](x)])
    assert [type(y) for y in evaluate(graph, [1.5])] == [float, float]


def test_attributes_may_be_sizes() -> None:
    with Builder() as b:
        x = b.input(array_type(float, (N, 2)), "x")
        graph = verify(b.build([BY_NAME["reshape"](x, shape=(2 * N,))]))
    assert evaluate(graph, [np.zeros((3, 2))])[0].shape == (6,)


def test_uses_and_walk() -> None:
    graph = polynomial()
    (x,) = graph.inputs
    assert graph.uses()[x] == 3
    assert [node.op.name for node in graph.walk()] == ["multiply", "add", "dim"]


# -- assumptions ---------------------------------------------------------------------------------
def test_assumptions_answer_what_type_rules_ask() -> None:
    asked = []

    class Asked(Assumptions):
        def equal(self, a: Any, b: Any) -> bool:
            asked.append((str(a), str(b)))
            return super().equal(a, b)

    m = Dim.symbol("m")
    with Builder() as b, assuming(Asked()) as answers:
        assert assumptions() is answers
        y = b.input(array_type(float, (N,)), "x") + b.input(array_type(float, (m,)), "y")
    assert ("n", "m") in asked and isinstance(y.type, ArrayType) and str(y.type) == "float64[m]"
    assert assumptions() is not answers
    assert not Assumptions().equal(2, 3) and not Assumptions().equal(N, 1) and Assumptions().less(N, N + 1)
