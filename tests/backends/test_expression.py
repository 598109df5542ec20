"""Values as text: precedence, minimal parentheses, names; the NumPy source of two examples."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from bcad import backends
from bcad.backends import definitions, expression
from bcad.ir import Builder, Dim, array_type, python_type
from bcad.ops import BY_NAME as O

from .helpers import build

N, M = Dim.symbol("n"), Dim.symbol("m")
VECTOR = array_type(float, (N,))

CASES = {
    "2*(x + 1)": lambda x, y: 2 * (x + 1),
    "x + y + 1": lambda x, y: x + y + 1,
    "x + (y + 1)": lambda x, y: x + (y + 1),
    "x - (y - 1)": lambda x, y: x - (y - 1),
    "x/(y*2)": lambda x, y: x / (y * 2),
    "x/y*2": lambda x, y: x / y * 2,
    "-x*y": lambda x, y: -(x * y),
    "-(x + y)": lambda x, y: -(x + y),
    "x*(-y)": lambda x, y: x * -y,
    "(x + 1)**2": lambda x, y: O["power"](x + 1, 2),
    "(-x)**2": lambda x, y: O["power"](-x, 2),
    "x**(-y)": None,
    "(x < y) < x": lambda x, y: O["less"](O["less"](x, y), x),
    "sum(exp(-x)*y)": lambda x, y: O["sum"](O["exp"](-x) * y, axis=(0,), keepdims=False),
    "where(x < 0, y, 0)": lambda x, y: O["mask"](O["less"](x, 0), y),
    "x @ y": lambda x, y: O["matmul"](x, y),
    "x[1:]": None,
}


@pytest.mark.parametrize("text", [t for t, f in CASES.items() if f], ids=str)
def test_minimal_parentheses(text: str) -> None:
    function: Any = CASES[text]
    assert expression(build(function, VECTOR, VECTOR).outputs[0]) == text


def test_long_expressions_get_named_lines() -> None:
    def f(x: Any, y: Any) -> Any:
        z = O["exp"](x * y)
        return [z / (1 + z), z * 2]

    lines, outputs = definitions(build(f, VECTOR, VECTOR))
    assert [f"{line.name} = {line.text}" for line in lines] == ["exp_1 = exp(x*y)"]
    assert outputs == ["exp_1/(1 + exp_1)", "exp_1*2"]


def test_numpy_source_of_a_regression() -> None:
    def loss(x: Any, y: Any, w: Any) -> Any:
        z = O["matmul"](x, w)
        z.name = "z"
        e = O["exp"](-y * z)
        return O["sum"](O["log1p"](e), axis=(0,), keepdims=False)

    graph = build(loss, array_type(float, (N, M)), VECTOR, array_type(float, (M,)), names="xyw")
    assert backends.get("numpy").compile(graph).source == (
        "def f(x, y, w):\n    z = x @ w\n    return [np.sum(np.log1p(np.exp(-y*z)))]\n"
    )


def test_numpy_source_of_a_loop() -> None:
    import bcad.ops as ops

    number = python_type(float)
    with Builder(name="newton") as b:
        a = b.input(number, "a")
        with Builder(b, "body") as inner:
            inner.input(python_type(int), "i")
            x, a_inside = inner.input(number, "x"), inner.input(number, "a")
            body = inner.build([(x + a_inside / x) / 2])
        x, _ = b.emit(ops.loop, 6, a, a, regions=(body,), carries=1)
        graph = b.build([x])
    compiled = backends.get("numpy").compile(graph)
    assert compiled.source == (
        "def newton(a):\n    x = a\n    count = 0\n    for i in range(6):\n        x = (x + a/x)/2\n"
        "        count = i + 1\n    return [x]\n"
    )
    assert abs(compiled(2.0)[0] - 2.0**0.5) < 1e-15


def test_arrays_and_special_numbers_as_literals() -> None:
    graph = build(lambda x: [x + np.array([1.0, 2.0]), x * np.inf, x - np.float32(2)], array_type(float, (2,)))
    source = backends.get("numpy").compile(graph).source
    assert "x + np.array([1.0, 2.0], float)" in source and "x*np.inf" in source and "x - np.float32(2.0)" in source


def test_import_is_cheap() -> None:
    code = "import sys, bcad.backends; print([m for m in ('numba', 'llvmlite', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
