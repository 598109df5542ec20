"""Adjoint code in Numpy2AD's conventions: right where Numpy2AD is silently wrong, and for all that bcad differentiates."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from bcad import Unsupported, make_vjp, transform, transform_expr
from tests.programs.record import programs
from tests.rewrite.reading import same
from tests.seeds.test_numpy2ad import MODELS

MATRICES = [np.random.default_rng(k).normal(size=(3, 3)) + 2 * np.eye(3) for k in range(4)]

EXPRESSIONS = [
    "D = A @ B + C", "B = np.linalg.inv(A)", "C = np.divide(A, B)", "B = np.transpose(A)", "B = A.T @ A", "C = A * B - A",
    "B = np.exp(A) @ A", "C = np.linalg.solve(A, B)", "B = np.square(A)", "B = -A", "C = A**2 / B",
    "B = np.linalg.inv(A.T @ A) @ A.T",
]  # fmt: skip


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_transform_expr_passes_the_dot_product_test(expr):
    target = expr.split(" = ")[0]
    names = [n for n in "ABC" if n in expr.split(" = ")[1].replace("np.", "")]
    code = transform_expr(expr)
    rng = np.random.default_rng(7)
    values = dict(zip(names, MATRICES, strict=False))
    seed = rng.normal(size=(3, 3))
    scope = {"np": np, **values, f"{target}_a": seed.copy(), **{f"{n}_a": np.ones((3, 3)) for n in names}}
    exec(code, scope)
    step = {n: rng.normal(size=(3, 3)) for n in names}

    def result(h):
        inner = {"np": np, **{n: values[n] + h * step[n] for n in names}}
        exec(expr, inner)
        return inner[target]

    assert same(scope[target], result(0.0))
    along = (result(1e-5) - result(-1e-5)) / 2e-5
    pulled = sum(np.sum((scope[f"{n}_a"] - 1) * step[n]) for n in names)  # incremented, not overwritten
    assert np.isclose(np.sum(seed * along), pulled, rtol=1e-6)


def test_transform_expr_reads_like_a_person_wrote_it():
    assert transform_expr("D = A @ B + C").splitlines() == [
        "D = A @ B + C", "assert np.ndim(A) == np.ndim(B) == np.ndim(C) == 2 and np.shape(D_a) == np.shape(D)",
        "A_a += D_a @ B.T", "B_a += A.T @ D_a", "C_a += D_a",
    ]  # fmt: skip


def test_transform_increments_in_place_and_returns():
    code = transform("def mma(A, B, C):\n    D = A @ B + C\n    return D\n")
    assert "def mma_ad(A, B, C, A_a, B_a, C_a, D_a):" in code
    scope = {}
    exec(code, scope)
    a, b, c, seed = MATRICES
    zeros = [np.zeros((3, 3)) for _ in range(3)]
    result, a_adjoint, b_adjoint, c_adjoint = scope["mma_ad"](a, b, c, *zeros, seed)
    assert a_adjoint is zeros[0] and b_adjoint is zeros[1] and c_adjoint is zeros[2]
    assert same(result, a @ b + c) and same(a_adjoint, seed @ b.T) and same(b_adjoint, a.T @ seed) and same(c_adjoint, seed)


def test_transform_of_a_loop_with_example_arguments():
    def product(x):
        y = 1.0
        for i in range(len(x)):
            y = y * x[i]
        return y

    scope = {}
    exec(transform(product, args=[np.ones(3)]), scope)
    x = np.array([2.0, 3.0, 5.0, 7.0])
    value, adjoint = scope["product_ad"](x, np.zeros(4), 2.0)
    assert value == 210.0 and same(adjoint, 420 / x)
    assert "y_a" in inspect.signature(scope["product_ad"]).parameters


def test_return_of_the_argument_alone():
    scope = {}
    exec(transform("def f(x):\n    return x\n"), scope)
    assert list(inspect.signature(scope["f_ad"]).parameters) == ["x", "x_a"]


@pytest.mark.parametrize("text", ["x = 1", "def f(x):\n    y = x", "def f(", "import os\ndef f(x):\n    return x"])
def test_a_text_that_is_no_function_is_refused(text):
    with pytest.raises(ValueError):
        transform(text)


@pytest.mark.parametrize("text", ["A @ B", "A, B = C", "D = ", "D = 1", "D += A"])
def test_a_text_that_is_no_assignment_is_refused(text):
    with pytest.raises(ValueError):
        transform_expr(text)




# -- functions of all kinds ----------------------------------------------------------------------------
def run(code, name, args, seeds):
    """Result and adjoints, which are incremented from ones."""
    scope = {}
    exec(code, scope)
    adjoints = [np.ones(np.shape(x)) if np.ndim(x) else 1.0 for x in args]
    result, *found = scope[f"{name}_ad"](*args, *adjoints, *seeds)
    assert all(a is b for a, b in zip(adjoints, found, strict=True) if np.ndim(a))
    return result, [a - 1 for a in found]


@pytest.mark.parametrize("name", MODELS)
def test_adjoint_code_of_the_matrix_models(name):
    fn, args = MODELS[name]
    value = np.asarray(fn(*args))
    seed = np.cos(np.arange(value.size)).reshape(value.shape)
    back, _ = make_vjp(fn, tuple(range(len(args))))(*args)
    if name == "identity":  # its seed is its adjoint
        scope = {}
        exec(transform(lambda a: a, args=args), scope)
        assert len(scope) > 1
        return
    label = fn.__name__ if fn.__name__.isidentifier() else "f"
    result, found = run(transform(fn, args=args), label, args, [seed] if value.shape else [float(seed)])
    assert same(result, fn(*args))
    for a, b in zip(found, back(seed), strict=True):
        assert same(a, b, 1e-10)


@pytest.mark.parametrize("program", [p for p in programs(without=["jacobian", "random", "kink", "complex"])
                                     if len(p.argnums) == 1 and "class" not in p.tags][:30:3], ids=str)
def test_adjoint_code_of_programs(program):
    args = program.args()
    if any(not isinstance(x, (float, np.ndarray)) or np.asarray(x).dtype.kind != "f" for x in args):
        pytest.skip("not made of floats alone")
    back, _ = make_vjp(program.fn, tuple(range(len(args))))(*program.args())
    _, found = run(transform(program.fn, args=args), program.fn.__name__, args, [2.0])
    for a, b in zip(found, back(2.0), strict=True):
        assert same(a, b, 1e-9)


def test_a_name_that_is_assigned_again():
    a, b, seed, _ = MATRICES
    scope = {"np": np, "A": a, "B": b, "A_a": seed.copy(), "B_a": np.zeros((3, 3))}
    exec(transform_expr("A = A @ B"), scope)
    assert same(scope["A"], a @ b) and same(scope["A_a"], seed @ b.T) and same(scope["B_a"], a.T @ seed)


def test_several_results_have_a_seed_each():
    a, b, s, t = MATRICES
    code = transform("def f(A, B):\n    C = A @ B\n    D = A + B\n    return C, D\n")
    assert "def f_ad(A, B, A_a, B_a, C_a, D_a):" in code
    (c, d), (a_adjoint, b_adjoint) = run(code, "f", (a, b), (s, t))
    assert same(c, a @ b) and same(d, a + b)
    assert same(a_adjoint, s @ b.T + t) and same(b_adjoint, a.T @ s + t)


def test_a_branch_on_values_is_taken_at_each_call():
    code = transform("def f(A):\n    if A[0, 0] > 0:\n        B = A @ A\n    else:\n        B = -A\n    return B\n")
    seed = MATRICES[1]
    for a in (MATRICES[0], -MATRICES[0]):
        _, (found,) = run(code, "f", (a,), (seed,))
        assert same(found, seed @ a.T + a.T @ seed if a[0, 0] > 0 else -seed)


def test_ints_and_defaults_have_no_adjoint():
    text = "def power(x, n, scale=2.0):\n    y = scale\n    for i in range(n):\n        y = y*x\n    return y\n"
    scope = {}
    exec(transform(text, args=[2.0, 3]), scope)
    assert list(inspect.signature(scope["power_ad"]).parameters) == ["x", "n", "x_a", "y_a"]
    assert scope["power_ad"](2.0, 4, 0.0, 1.0) == (32.0, 64.0)


def test_names_that_the_code_would_use_itself():
    def product(np, A_a, out):
        return np * A_a * out

    scope = {}
    exec(transform(product, args=[1.0, 1.0, 1.0]), scope)
    assert scope["product_ad"](2.0, 3.0, 5.0, 0.0, 0.0, 0.0, 1.0) == (30.0, 15.0, 10.0, 6.0)


# -- what the code refuses -----------------------------------------------------------------------------
@pytest.mark.parametrize("expr, given", [
    ("D = A @ x", {"A": np.ones((3, 3)), "x": np.ones(3), "D_a": np.ones(3)}),  # it was made for a matrix x
    ("D = A + c", {"A": np.ones((3, 3)), "c": 1.0, "D_a": np.ones((3, 3))}),
    ("D = A + B", {"A": np.ones((3, 3)), "B": np.ones((1, 3)), "D_a": np.ones((3, 3))}),
    ("D = A + B", {"A": np.ones((3, 3)), "B": np.ones((3, 3)), "D_a": np.ones(3)}),  # a seed that would be stretched
    ("D = A if len(A) == 3 else -A", {"A": np.ones((4, 4)), "D_a": np.ones((4, 4))}),
    ("D = A if len(A) > 1 else -A", {"A": np.ones((1, 1)), "D_a": np.ones((1, 1))}),
])  # fmt: skip
def test_statements_refuse_what_they_were_not_made_for(expr, given):
    code = transform_expr(expr)
    scope = {"np": np, **given, **{f"{n}_a": np.zeros(np.shape(x)) for n, x in given.items() if "_" not in n}}
    with pytest.raises((AssertionError, ValueError)):
        exec(code, scope)


def test_functions_refuse_seeds_of_another_shape():
    scope = {}
    exec(transform("def f(A):\n    B = A * 2\n    return B\n"), scope)
    with pytest.raises(ValueError, match="B_a must have the shape"):
        scope["f_ad"](np.ones((3, 3)), np.zeros((3, 3)), np.ones(3))


@pytest.mark.parametrize("expr, said", [
    ("D = A @ foo(B)", "foo"), ("D = np.foo(A)", "np.foo"), ("D = np.linalg", "no variables"), ("D.x = A", "one name"),
    (5, "text"), ("D = A; import os", "one assignment"), ("D = A @ B @", "not Python"),
])  # fmt: skip
def test_unknown_names_and_no_assignments_are_named(expr, said):
    with pytest.raises(ValueError, match=said):
        transform_expr(expr)


def test_calls_comprehensions_and_missing_examples():
    assert transform_expr("D = sum([k * A for k in (1, 2)])").splitlines()[-1].startswith("A_a += ")
    assert "math.pi" in transform_expr("D = A * math.pi") or "np.pi" in transform_expr("D = A * math.pi")
    with pytest.raises(ValueError, match="example for B"):
        transform_expr("D = A @ B", args={"A": np.ones((2, 2))})


@pytest.mark.parametrize("fn", [5, "def f(A, d=foo):\n    return A\n", "def f():\n    return 1.0\n", lambda p: p["w"]])
def test_what_is_no_function_of_arrays_is_refused(fn):
    with pytest.raises((ValueError, Unsupported)):
        transform(fn, args=[{"w": 1.0}] if callable(fn) else None)


@pytest.mark.parametrize("where", ["missing/f.py", "."])
def test_an_unwritable_file_leaves_nothing(tmp_path, where):
    with pytest.raises(OSError):
        transform("def f(A):\n    return A @ A\n", tmp_path / where)
    assert not list(tmp_path.iterdir())


def test_column_vectors_are_matrices_of_one_column(tmp_path):
    """The generalised least squares of Numpy2AD's page, as it is called there; both names of the file are taken."""
    def GLS(M, X, y):
        M_inv = np.linalg.inv(M)
        return np.linalg.inv(X.T @ M_inv @ X) @ X.T @ M_inv @ y

    text, scope = transform(GLS, output_file=tmp_path / "gls.py"), {}
    assert (tmp_path / "gls.py").read_text() == text
    exec(text, scope)
    rng = np.random.default_rng(0)
    args = np.eye(5) + 0.1 * rng.uniform(size=(5, 5)), rng.normal(size=(5, 2)), rng.normal(size=(5, 1))
    seed = rng.normal(size=(2, 1))
    _, *adjoints = scope["GLS_ad"](*args, *map(np.zeros_like, args), seed)
    for found, expected in zip(adjoints, make_vjp(GLS, (0, 1, 2))(*args)[0](seed), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("expr, increments", [
    ("C = -A * B", ["A_a -= C_a*B", "B_a -= A*C_a"]), ("C = A - B", ["A_a += C_a", "B_a -= C_a"]),
    ("B = np.linalg.inv(A)", ["A_a -= B.T @ B_a @ B.T"]), ("C = B - A * A", ["B_a += C_a", "A_a += -C_a*A - C_a*A"]),
])  # fmt: skip
def test_a_negative_product_is_taken_away(expr, increments):
    assert transform_expr(expr).splitlines()[-len(increments):] == increments


@pytest.mark.parametrize("expr, said", [
    ("np = A + B", "np, which is a module"), ("D = A + D_a", "D_a, which is to be the adjoint of D"),
    ("A_a = A * B", "A_a, which is to be the adjoint of A"),
])
def test_names_that_are_needed_for_something_else_are_refused(expr, said):
    with pytest.raises(ValueError, match=said):
        transform_expr(expr)


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / "missing" / "f.py"
    with pytest.raises(FileNotFoundError) as caught:
        transform(lambda x: x * x, path)
    assert caught.value.filename == str(path)
