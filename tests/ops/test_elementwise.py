"""Ufuncs on Values: NumPy's dtypes, kinds, keywords and errors; derivatives where they are delicate."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np
import pytest

import bcad
from bcad.ir import Builder, Dim, array_type, evaluate, python_type, type_of, verify
from bcad.ops import FUNCTIONS, METHODS, PROPERTIES
from bcad.ops.ufunc import UfuncCall

from .derivatives import build, check, forward, of, results, reverse, run

UFUNCS = sorted(  # of NumPy: SciPy's come when it is first asked for them
    {f for f, meaning in FUNCTIONS.items() if getattr(np, getattr(f, "__name__", ""), None) is f and isinstance(meaning, UfuncCall)},
    key=lambda f: f.__name__,
)
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
             operator.and_, operator.or_, operator.xor, operator.lshift, operator.lt, operator.eq,
             operator.neg, operator.pos, operator.abs, operator.invert]
ARGUMENTS: dict[str, Any] = {
    "bool": True, "int": 2, "float": 0.5, "complex": 0.5 + 0.25j, "np.bool": np.True_, "int8": np.int8(2),
    "float32": np.float32(0.5), "float64": np.float64(0.5), "int64[2]": np.array([1, 2]), "uint8[2]": np.array([1, 2], np.uint8),
    "float32[2]": np.array([0.5, 0.25], np.float32), "float64[]": np.array(0.5), "bool[2,1]": np.array([[True], [False]]),
    "complex64[2]": np.array([0.5, 0.25j], np.complex64), "float16[2]": np.array([0.5, 0.25], np.float16),
}


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with np.errstate(all="ignore"):
        yield


def arity(function: Any) -> int:
    return function.nin if isinstance(function, np.ufunc) else 1 if function.__name__ in ("neg", "pos", "abs", "invert") else 2


def cases() -> Any:
    for function in (*UFUNCS, *OPERATORS):
        for names in itertools.product(ARGUMENTS, repeat=arity(function)):
            yield function, names


def outcome(function: Any, args: Any) -> Any:
    try:
        return [(type(y), str(type_of(y)), np.asarray(y).tolist()) for y in results(function(*args))]
    except (TypeError, ValueError, OverflowError) as error:
        return TypeError if isinstance(error, TypeError) else ValueError


@pytest.mark.filterwarnings("ignore:Bitwise inversion:DeprecationWarning")
@pytest.mark.parametrize("function", [*UFUNCS, *OPERATORS], ids=lambda f: f.__name__)
def test_dtypes_kinds_values_and_refusals_are_numpy_s(function: Any) -> None:
    differing = []
    for names in itertools.product(ARGUMENTS, repeat=arity(function)):
        args = [ARGUMENTS[n] for n in names]
        expected = outcome(function, args)
        got = outcome(lambda *xs: evaluate(build(FUNCTIONS[function], xs), xs), args)
        if function is operator.pow and names == ("bool[2,1]", "int"):
            continue  # bools ** 2 is int8 if the 2 is known, as the next test says
        if str(got) != str(expected):
            differing.append((names, got, expected))
    assert differing == []


def test_known_exponents_take_numpy_s_shortcuts() -> None:
    for x, exponent in ((np.array([True]), 2), (np.array([-np.inf, -0.0, 4.0]), 0.5), (np.array([2.0]), -1)):
        got, expected = run(lambda v: FUNCTIONS[operator.pow](v, exponent), x), x**exponent
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype


# -- keywords ------------------------------------------------------------------------------------
def test_dtype_selects_the_loop() -> None:
    x, n = np.array([0.1, 0.7]), np.array([1, 2])
    for function, args, dtype in ((np.add, (x, n), np.float32), (np.sin, (n,), np.float32), (np.multiply, (n, n), float)):
        got = run(lambda *xs: FUNCTIONS[function](*xs, dtype=dtype, casting="same_kind"), *args)
        expected = function(*args, dtype=dtype)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


def test_out_and_where_say_what_out_holds_afterwards() -> None:
    x, out = np.array([1.0, 2.0, 3.0]), np.array([7.0, 8.0, 9.0])
    where = np.array([True, False, True])
    got = run(lambda a, o: FUNCTIONS[np.exp](a, out=o, where=where), x, out)
    np.testing.assert_array_equal(got, np.exp(x, out=out.copy(), where=where))
    got = run(lambda a, o: FUNCTIONS[np.add](a, 1, o), x, np.zeros((2, 3)))
    np.testing.assert_array_equal(got, np.add(x, 1, np.zeros((2, 3))))


def test_refusals_of_out_and_where() -> None:
    with pytest.raises(TypeError, match="Cannot cast"):
        run(lambda a, o: FUNCTIONS[np.add](a, 0.5, out=o), np.ones(2), np.ones(2, int))
    with pytest.raises(ValueError, match="non-broadcastable"):
        run(lambda a, o: FUNCTIONS[np.add](a, 0.5, out=o), np.ones((2, 2)), np.ones(2))
    with pytest.raises(NotImplementedError, match="uninitialised"):
        run(lambda a: FUNCTIONS[np.add](a, 0.5, where=a > 0), np.ones(2))


def test_lists_of_values_are_arrays() -> None:
    got = run(lambda x: FUNCTIONS[np.add]([x, 2.0, [1.0][0]], 1), np.float64(0.5))
    np.testing.assert_array_equal(got, [1.5, 3.0, 2.0])
    got = run(lambda x: FUNCTIONS[operator.mul](x, [1, 2]), np.array([0.5, 1.5]))
    np.testing.assert_array_equal(got, [0.5, 3.0])


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.arctan2, np.power, np.maximum])
def test_outer(ufunc: Any) -> None:
    a, b = np.array([0.5, 1.5]), np.array([[1.0, 2.0, 0.25]])
    check(of(ufunc.outer), a, b, order=1)


# -- derivatives where they are delicate -----------------------------------------------------------
def gradient(fn: Any, *args: Any) -> list[Any]:
    graph = build(fn, args)
    (y,) = evaluate(graph, args)
    return evaluate(reverse(graph), [*args, np.ones_like(y)])


def F(function: Any) -> Any:
    return FUNCTIONS[function]


def test_ties_are_shared_equally() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    for function, expected in ((np.maximum, [0, 0.5, 1]), (np.minimum, [1, 0.5, 0]), (np.fmax, [0, 0.5, 1]), (np.fmin, [1, 0.5, 0])):
        gx, gy = gradient(F(function), x, y)
        np.testing.assert_array_equal(gx, expected)
        np.testing.assert_array_equal(gy, 1 - np.array(expected))


def test_fmax_passes_by_nan() -> None:
    gx, gy = gradient(F(np.fmax), np.array([np.nan, 1.0]), np.array([1.0, np.nan]))
    np.testing.assert_array_equal([gx, gy], [[0, 1], [1, 0]])


def test_the_side_not_taken_gets_exactly_zero() -> None:
    x = np.array([-1.0, 0.0, 4.0])
    sqrt, where, maximum = F(np.sqrt), F(np.where), F(np.maximum)
    (g,) = gradient(lambda v: where(v > 0, sqrt(v), 0.0), x)
    np.testing.assert_array_equal(g, [0, 0, 0.25])
    (g,) = gradient(lambda v: sqrt(maximum(v, 0.0)), np.array([-1.0, 4.0]))
    np.testing.assert_array_equal(g, [0, 0.25])
    (g,) = gradient(lambda v: where(np.array(False), F(np.sum)(sqrt(v)), 0.0), x)
    np.testing.assert_array_equal(g, [0, 0, 0])
    (g,) = gradient(lambda s: where(np.array([False, False]), sqrt(s), 0.0), np.float64(0.0))
    assert g == 0


def test_unmasked_zero_times_infinity_stays_nan() -> None:
    (g,) = gradient(lambda v: F(np.sqrt)(v) * 0.0, np.array([0.0]))
    assert np.isnan(g[0])


def test_kinks() -> None:
    for function, x, expected in (
        (np.abs, 0.0, 0.0), (np.fabs, 0.0, 0.0), (np.sqrt, 0.0, np.inf), (np.cbrt, 0.0, np.inf), (np.sign, 0.0, 0.0),
        (np.abs, 0j, 0.0), (np.log, 0.0, np.inf), (np.sinc, 0.0, 0.0),
    ):
        assert gradient(F(function), np.array([x]))[0] == [expected], function
    np.testing.assert_array_equal(gradient(F(np.hypot), np.zeros(1), np.zeros(1)), [[0], [0]])
    low = np.full(1, -np.inf)
    np.testing.assert_array_equal(gradient(F(np.logaddexp), low, low), [[0], [0]])


@pytest.mark.parametrize(("y", "expected"), [(0, 0.0), (1, 1.0), (2, 0.0), (0.5, np.inf), (3.5, 0.0)])
def test_power_at_zero(y: float, expected: float) -> None:
    x = np.zeros(1)
    assert gradient(lambda v: v**y, x)[0] == [expected]
    gx, gy = gradient(F(np.power), x, np.full(1, float(y)))
    assert gx == [expected] and gy == [0]


def test_clip_moves_its_bounds() -> None:
    x, low, high = np.array([-1.0, 0.5, 2.0, 0.0]), np.zeros(4), np.ones(4)
    gx, gl, gh = gradient(F(np.clip), x, low, high)
    np.testing.assert_array_equal([gx, gl, gh], [[0, 1, 0, 0.5], [1, 0, 0, 0.5], [0, 0, 1, 0]])
    check(lambda v: of(np.clip)(v, None, 0.25), np.array([-1.0, 0.5]))
    check(lambda v: of(np.clip)(v, a_min=0.0), np.array([-1.0, 0.5]), numpy=lambda v: np.clip(v, 0.0, None))


def test_sinc_is_smooth_at_zero() -> None:
    x = np.array([0.0, 1e-8, 0.3])
    graph = build(F(np.sinc), [x])
    second = reverse(build_gradient(graph))
    (value, *_) = evaluate(second, [x, np.ones(3), np.ones(3)])
    assert value[0] == pytest.approx(-np.pi**2 / 3, rel=1e-14)
    assert value[1] == pytest.approx(-np.pi**2 / 3, rel=1e-12)


def build_gradient(graph: Any) -> Any:
    return reverse(graph)


def test_complex_convention_is_autograd_s() -> None:
    z = np.array([1.0 + 2.0j, -0.5 + 1.0j])
    (g,) = gradient(lambda v: F(np.sum)(F(np.abs)(v) * F(np.abs)(v)), z)  # du/dx - i du/dy = 2 conj(z)
    np.testing.assert_allclose(g, 2 * np.conj(z), rtol=1e-15)
    (g,) = gradient(lambda v: F(np.imag)(v), z)
    np.testing.assert_array_equal(g, [-1j, -1j])
    (g,) = gradient(lambda x: F(np.real)(F(np.exp)(1j * x)), np.array([0.5]))
    np.testing.assert_allclose(g, -np.sin([0.5]))
    assert g.dtype == float


@pytest.mark.parametrize("function", [np.angle, np.real, np.imag, np.abs, np.conj, np.sign, np.nan_to_num], ids=lambda f: f.__name__)
def test_functions_of_complex_numbers(function: Any) -> None:
    check(of(function), np.array([1.0 + 2.0j, -0.5 + 1.0j]))
    check(of(function), np.array([1.5, -0.5]), order=1)


def test_nan_to_num_replaces_by_constants() -> None:
    x = np.array([1.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(run(F(np.nan_to_num), x), np.nan_to_num(x))
    np.testing.assert_array_equal(run(lambda v: F(np.nan_to_num)(v, nan=2.0, posinf=3, neginf=4), x), [1, 2, 3, 4])
    np.testing.assert_array_equal(gradient(F(np.nan_to_num), x)[0], [1, 0, 0, 0])


def test_two_results() -> None:
    x = np.array([2.75, -1.5])
    for function in (np.modf, np.frexp, np.divmod):
        args = (x, 2.0) if function is np.divmod else (x,)
        for got, expected in zip(run(F(function), *args), function(*args), strict=True):
            np.testing.assert_array_equal(got, expected)
            assert got.dtype == expected.dtype


# -- methods and attributes ------------------------------------------------------------------------
def test_methods_and_attributes() -> None:
    z = np.array([1.0 + 2.0j])
    for name in ("real", "imag"):
        np.testing.assert_array_equal(run(PROPERTIES[name], z), getattr(z, name))
    for name, args in (("conj", ()), ("conjugate", ()), ("round", (1,)), ("astype", (np.complex64,)), ("copy", ())):
        got = run(lambda v: METHODS[name](v, *args), z)
        np.testing.assert_array_equal(got, getattr(z, name)(*args))
    x = np.array([[1.25, 2.5]])
    assert run(lambda v: METHODS["item"](v, 0, 1), x) == 2.5
    assert type(run(lambda v: METHODS["item"](v, 1), x)) is float
    assert run(lambda v: METHODS["tolist"](v), x) == [1.25, 2.5]  # (leaves of the nested list)
    with pytest.raises(TypeError, match="Cannot cast"):
        run(lambda v: METHODS["astype"](v, int, casting="safe"), x)


def test_conversions() -> None:
    for cls in (float, int, bool, complex):
        for value in (np.float64(2.5), np.array(2.5), np.float32(0.5), 3, True):
            got = run(FUNCTIONS[cls], value)
            assert got == cls(value) and type(got) is cls
    with pytest.raises(TypeError):
        run(FUNCTIONS[float], np.complex128(1j))
    assert type(run(FUNCTIONS[np.float32], np.array([0.1]))) is np.ndarray
    assert run(FUNCTIONS[round], 2.5) == 2 and type(run(FUNCTIONS[round], 2.5)) is int
    assert run(lambda x: FUNCTIONS[round](x, 1), np.float64(2.56)) == np.float64(2.6)


def test_symbolic_sizes_broadcast() -> None:
    n = Dim.symbol("n")
    with Builder() as b:
        x, s = b.input(array_type(float, (n,)), "x"), b.input(python_type(float), "s")
        y = FUNCTIONS[np.power](x, 2) * s
        graph = verify(b.build([y]))
    assert str(graph.outputs[0].type) == "float64[n]"
    np.testing.assert_array_equal(evaluate(graph, [np.arange(3.0), 0.5])[0], [0, 0.5, 2])
    back = evaluate(reverse(graph), [np.arange(3.0), 0.5, np.ones(3)])
    np.testing.assert_array_equal(back[0], [0, 1, 2])
    assert back[1] == 5


def test_every_ufunc_call_prints_what_it_is() -> None:
    assert repr(FUNCTIONS[np.sin]) == "<ufunc sin>" and isinstance(FUNCTIONS[np.sin], UfuncCall)
    assert forward(build(FUNCTIONS[np.sin], [np.ones(2)])).inputs[0].name == "x0"


def test_a_ufunc_takes_the_class_of_a_dtype():
    """NumPy's own histogram says ``dtype=type(dt)``; as a dtype the class would mean objects."""
    g = bcad.Function(lambda x: np.subtract(x, 1.0, dtype=np.dtypes.Float64DType))
    found = g(np.arange(3.0))
    assert found.dtype == np.float64 and np.array_equal(found, [-1.0, 0.0, 1.0])
