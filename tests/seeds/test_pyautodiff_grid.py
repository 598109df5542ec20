"""PyAutoDiff's grid: operators by rank, array methods by axis, casts, subscripts, stores, signatures; against NumPy."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from bcad import Function, grad
from tests.programs import reference

SHAPES = ((), (4,), (4, 4))
METHODS = ("max", "min", "mean", "sum", "prod", "std", "var", "argmax", "argmin", "argsort")
SLICES = (":", "1:", "-2:", ":2", ":-2", "1:3", "-3:-1")
EXPRESSIONS = {
    **{f"x {op} 2": SHAPES for op in ("+", "-", "*", "/", "//", "**", "%")},
    **{f"2.5 {op} x": SHAPES for op in ("+", "-", "*", "/", "**")},
    **{f"x {op} x[::-1]": SHAPES[1:] for op in (">", "<", ">=", "<=", "==", "!=")},
    **{f"x.{m}({axis})": SHAPES[2:] for m in METHODS for axis in ("", "1", "axis=0")},
    **{f"x[{part}]": SHAPES[1:] for part in (*SLICES, "1", "-1", "[3, 2, 1]", "x > 0.5")},
    **{f"x[{part}, {part}]": SHAPES[2:] for part in (*SLICES, "1", "-1", "[3, 2, 1]")},
    **{f"x[{part}]": SHAPES[2:] for part in ("1:, x[0] > 0.5", "x[0] > 0.5, 1:", "[2, 3], 1:")},
    **{f"x.astype({dtype})": SHAPES[2:] for dtype in ("np.float32", "'int8'", "dtype='float32'")},
    **{f"np.{kind}(x)": SHAPES for kind in ("float32", "float64", "int8", "bool_")},
    **{f"np.{f}(x)": SHAPES for f in ("abs", "exp", "log", "log1p", "log10", "sqrt", "tanh", "zeros_like", "sum", "any", "all")},
    **dict.fromkeys(
        ("x.clip(.4, .45)", "x.conj()", "x.conjugate()", "x.copy()", "x.diagonal()", "x.dot(x[0])", "x.imag", "x.real", "x.flatten()",
         "x.ravel()", "x.repeat(5, axis=1)", "x.reshape(2, 8)", "x.reshape(2, -1)", "x.swapaxes(0, 1)", "x.T", "x.transpose()",
         "np.reshape(x, [2, -1])", "np.reshape(x, x.shape)", "np.maximum(x, x.T)", "np.minimum(x, 0.5)", "np.dot(x, x)", "np.sort(x, 0)",
         "np.dot(x[0], x[1]).sum()", "np.arange(x.shape[0]) + x"), SHAPES[2:]),
}  # fmt: skip
STATEMENTS = [
    *(f"x {op}= 10" for op in ("+", "-", "*", "/")), *(f"x[{part}] = 5; x[{part}] += x[0, 0]" for part in SLICES),
    *(f"x[{part}, {part}] = 5; x[{part}, {part}] *= 2" for part in SLICES), "x.sort()", "x.sort(1)", "x.sort(axis=0)",
    "for k in range(3): x += 5", "for k in range(int(x[0, 0] + 3)): x = x * 1.5",
]  # fmt: skip


def sample(shape):
    return np.random.default_rng(len(shape)).uniform(0.1, 0.95, shape)[()]


def body(text):
    scope = {"np": np}
    exec(f"def f(x):\n    {text}\n    return x", scope)
    return scope["f"]


CASES = [(text, shape) for text, shapes in EXPRESSIONS.items() for shape in shapes]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_expressions_give_what_numpy_gives(shape) -> None:
    """Value, dtype and shape; and the derivative of what is a float. All of them are one program, traced once."""
    texts = [text for text, s in CASES if s == shape]
    fns = [eval(f"lambda x: {text}", {"np": np}) for text in texts]
    x = sample(shape)
    found = Function(lambda x: [fn(x) for fn in fns])(x)
    smooth = []
    for text, fn, value in zip(texts, fns, found, strict=True):
        expected = fn(x)
        np.testing.assert_allclose(value, expected, rtol=1e-13, err_msg=text)
        assert np.shape(value) == np.shape(expected) and np.asarray(value).dtype == np.asarray(expected).dtype, text
        if np.asarray(expected).dtype == np.float64 and "//" not in text:
            smooth.append(fn)

    def total(x):
        return sum(np.sum(fn(x)) for fn in smooth)

    assert not reference.jacobian(total, (x,)).disagreement(grad(total)(x))


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_give_what_numpy_gives(text) -> None:
    f, x = body(text), sample((4, 4))
    traced, kept = Function(f), x.copy()
    np.testing.assert_allclose(traced(x.copy()), f(x.copy()), rtol=1e-13)
    slope = grad(lambda x: x.sum() + np.sum(f(x) ** 2))
    assert not reference.jacobian(lambda x: x.sum() + np.sum(f(x.copy()) ** 2), (x,)).disagreement(slope(x))
    np.testing.assert_array_equal(x, kept)


SIGNATURES = [
    ("x", [((2,), {}), ((), {"x": 2})], [((), {}), ((), {"a": 2})]),
    ("x, y", [((2, 3), {}), ((), {"y": 4, "x": 5})], [((2,), {}), ((), {"a": 2, "b": 2})]),
    ("x, y, *z", [((2, 3, 4), {}), ((2, 3, 4, 5, 6), {}), ((2, 3, 4, 5), {})], [((2,), {})]),
    ("x, y=2", [((2,), {}), ((2, 3), {}), ((), {"y": 4, "x": 5}), ((), {"x": 5})], [((), {}), ((), {"y": 3})]),
    ("x=1, y=2", [((), {}), ((1,), {}), ((1, 2), {}), ((), {"y": 2, "x": 1}), ((), {"y": 5})], [((1, 2, 3), {})]),
    ("x=1, y=2, *z", [((1, 2, 3), {}), ((1, 2, 3, 4), {}), ((), {})], [((), {"w": 1})]),
    ("**k", [((), {"x": 1, "y": 2, "z": 3})], [((1,), {})]),
    ("a, *b, **k", [((1,), {"x": 1}), ((1, 2, 3), {"x": 1, "y": 2})], [((), {"x": 1})]),
    ("a, /, b, *, c=3", [((1, 2), {}), ((1,), {"b": 2, "c": 4})], [((), {"a": 1, "b": 2})]),
]  # fmt: skip


@pytest.mark.parametrize("signature, right, wrong", SIGNATURES, ids=[s for s, _, _ in SIGNATURES])
def test_signatures(signature, right, wrong) -> None:
    scope = {}
    exec(f"def f({signature}):\n    import math\n    return [v if not isinstance(v, dict) else sorted(v.items()) for v in locals().values() "
         "if type(v) is not type(math)]", scope)
    f = scope["f"]
    traced = Function(f)
    for args, kwargs in right:
        assert traced(*copy.deepcopy(args), **kwargs) == f(*args, **kwargs)
    for args, kwargs in wrong:
        with pytest.raises(TypeError):
            traced(*args, **kwargs)
