"""What NumPy gives for arrays, arrays of no dimensions, its scalars and Python's numbers of every dtype: kind, dtype, shape, value."""

from __future__ import annotations

import linecache
import math
import warnings
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest

import bcad
from bcad.ir import evaluate
from bcad.trace import trace
from tests.fuzz.array_judge import difference

from .calls import ONE, TWO, templates

FORMS = {"array2": (3, 3), "array1": (3,), "array0": (), "scalar": (), "python": ()}
DTYPES = ("bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64", "complex64", "complex128")
OPERANDS = list(product(FORMS, DTYPES))
AS_NUMBER = {"scalar": "[()]", "python": ".item()"}
EACH = 5  # choices of operands for a call


def operand(form: str, dtype: str, rng: Any) -> np.ndarray:
    shape, kind = FORMS[form], np.dtype(dtype).kind
    if kind in "iu":
        return rng.integers(-3 if kind == "i" else 0, 4, shape).astype(dtype)  # type: ignore[no-any-return]
    values = rng.uniform(-1.5, 1.5, shape)
    return np.asarray(values + 1j * rng.uniform(-1.5, 1.5, shape) if kind == "c" else values > 0 if kind == "b" else values).astype(dtype)


def function(call: str, forms: dict[str, str]) -> Any:
    """``lambda a, b: call``, where some of the operands are numbers."""
    lines = [f"    {name} = {name}{AS_NUMBER[form]}" for name, form in forms.items() if form in AS_NUMBER]
    source = "\n".join([f"def f({', '.join(forms)}):", *lines, f"    return {call}", ""])
    linecache.cache["<call>"] = (len(source), None, source.splitlines(True), "<call>")
    names: dict[str, Any] = {"np": np, "math": math}
    exec(compile(source, "<call>", "exec"), names)
    return names["f"]


def outcome(run: Any) -> tuple[Any, BaseException | None]:
    try:
        return run(), None
    except Exception as error:
        return None, error


def traced(f: Any, args: list[Any]) -> Any:
    program = trace(f, args)
    return program.finish(evaluate(program.graph, program.fetch(args, {})), args, {})


def problem(call: str, chosen: dict[str, tuple[str, str]]) -> str:
    """How a call differs from NumPy's; '' if it does not."""
    f = function(call, {name: form for name, (form, _) in chosen.items()})
    rng = np.random.default_rng(len(call))
    args = [operand(form, dtype, rng) for form, dtype in chosen.values()]
    expected, failure = outcome(lambda: f(*(a.copy() for a in args)))
    found, error = outcome(lambda: traced(f, [a.copy() for a in args]))
    if failure is not None or error is not None:
        return "" if failure is not None and error is not None else f"{failure or expected!r} expected, {error or found!r} given"
    return difference(found, expected) if numeric(expected) else "" if repr(found) == repr(expected) else f"{expected!r} expected, {found!r} given"


def numeric(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic, bool, int, float, complex)) or isinstance(x, tuple) and all(map(numeric, x))


def problems(call: str, names: str) -> Iterator[str]:
    random = Random(call)
    for _ in range(EACH):
        chosen = {name: random.choice(OPERANDS) for name in names}
        wrong = problem(call.format(**{name: name for name in names}), chosen)
        if wrong:
            yield f"{call} of {chosen}: {wrong}"


@pytest.mark.parametrize("names, table", [("a", ONE), ("ab", TWO)], ids=["one", "two"])
@pytest.mark.parametrize("part", range(8))
def test_kinds_dtypes_and_shapes_are_numpys(names: str, table: str, part: int) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = [wrong for call in templates(table)[part::8] for wrong in problems(call, names)]
    assert not found, "\n".join(found)


# -- numbers that do not fit, compiled -----------------------------------------------------------
EDGES = [-1.3, -0.2, 300.7, 4e4, 1e10, 1e19, 2e19, -1e19, np.nan, np.inf, -np.inf, 2.0**63, -(2.0**63), 2.0**31, -(2.0**31)]
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "int64", "uint64")


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("source", ["float32", "float64"])
def test_floats_become_integers_as_in_numpy(backend: str, source: str) -> None:
    def f(x: np.ndarray) -> Any:
        return tuple(x.astype(dtype) for dtype in INTEGERS)

    compiled = bcad.Function(f, backend=backend)
    with np.errstate(all="ignore"):
        for x in (np.array(EDGES, source), np.resize(np.array(EDGES, source), 100)):
            for dtype, found, expected in zip(INTEGERS, compiled(x), f(x), strict=True):
                assert found.dtype == expected.dtype
                assert np.array_equal(found, expected), dtype


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_shifts_by_more_bits_than_there_are(backend: str, dtype: str) -> None:
    def f(a: np.ndarray, b: np.ndarray) -> Any:
        return a << b, a >> b, a >> 9, a << 3

    a, b = np.array([0, 1, 5, 100, 6, 77]).astype(dtype), np.array([0, 7, 8, 9, 70, 1]).astype(dtype)
    if np.iinfo(dtype).min < 0:
        a[3] = -100
    for found, expected in zip(bcad.Function(f, backend=backend)(a, b), f(a, b), strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_folds_over_no_axes_and_of_numbers(backend: str) -> None:
    def f(x: np.ndarray, m: np.ndarray) -> Any:
        folds = [g(x, axis=()) for g in (np.sum, np.prod, np.max, np.mean, np.any)]
        return *folds, np.sum(m, axis=()), np.max(x[0, 0], axis=0), np.argmin(x[1, 1], axis=-1), np.add.reduceat(x, [0, 1, 0])

    args = np.array([[1.5, -2.0], [0.0, 3.0]]), np.array([True, False])
    for found, expected in zip(bcad.Function(f, backend=backend)(*args), f(*args), strict=True):
        assert not difference(found, expected)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_number_that_is_made_an_array_stays_one(backend: str) -> None:
    def f(x: np.ndarray) -> Any:
        number = x[0]
        return np.roll(number, 1), number.reshape(1).reshape(()), np.reshape(number, ()), number.squeeze(), np.flip(number), number.T

    x = np.array([1.5, 2.0])
    for found, expected in zip(bcad.Function(f, backend=backend)(x), f(x), strict=True):
        assert not difference(found, expected)


def test_indices_that_are_known_are_in_bounds_though_nothing_reads_what_they_pick() -> None:
    def f(x: np.ndarray) -> Any:
        x[[0, 2]]
        return x * 2

    compiled = bcad.Function(f)
    assert np.array_equal(compiled(np.arange(3.0)), [0, 2, 4])
    with pytest.raises(IndexError):
        compiled(np.arange(2.0))


def test_the_shape_of_a_broadcast() -> None:
    def f(x: np.ndarray, y: np.ndarray) -> Any:
        both = np.broadcast(x, y)
        return np.add(x, y, out=np.ones(both.shape)), both.shape, both.ndim, both.size

    compiled = bcad.Function(f)
    for args in ((np.ones((2, 1)), np.arange(3.0)), (np.ones((4, 1)), np.arange(2.0))):
        found, expected = compiled(*args), f(*args)
        assert np.array_equal(found[0], expected[0]) and found[1:] == expected[1:]


def test_a_number_is_filled_in_a_copy() -> None:
    def f(x: np.ndarray) -> Any:
        number = x[0]
        number.fill(3.0)
        return number, x

    assert repr(bcad.Function(f)(np.ones(2))) == repr(f(np.ones(2)))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_the_largest_of_no_sizes_is_zero(backend: str) -> None:
    def f(x: np.ndarray) -> Any:
        return np.linalg.norm(x, np.inf), np.linalg.norm(x, 1), np.linalg.norm(x.ravel(), np.inf)

    compiled = bcad.Function(f, backend=backend)
    for shape in ((2, 3), (0, 2), (2, 0)):
        assert compiled(np.ones(shape)) == f(np.ones(shape))


def test_an_out_of_another_shape_is_refused() -> None:
    def f(x: np.ndarray, y: np.ndarray) -> Any:
        np.sum(x, axis=0, out=y)
        return y

    compiled = bcad.Function(f)
    assert np.array_equal(compiled(np.ones((2, 3)), np.zeros(3)), [2, 2, 2])
    for args in ((np.ones(3), np.zeros(3)), (np.ones((2, 1)), np.zeros((2, 1)))):
        with pytest.raises(ValueError):
            f(*args)
        with pytest.raises(ValueError):
            compiled(*args)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint64"])
def test_derivatives_next_to_integers_do_not_wrap(dtype: str) -> None:
    n = np.array([1, 0, 1]).astype(dtype)

    def f(x: np.ndarray) -> Any:
        return np.sum(np.arctan2(n, x) + x / (n + 1.0) + np.hypot(x, n) + x * n)

    x = np.array([0.3, 0.7, -0.4])
    wide = n.astype(float)
    expected = -wide / (x**2 + wide**2) + 1 / (wide + 1) + x / np.hypot(x, wide) + wide
    np.testing.assert_allclose(bcad.grad(f)(x), expected, rtol=1e-12)
