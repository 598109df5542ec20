"""Exported modules run without bcad and give the same numbers; adjoint code is right where Numpy2AD is not."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from bcad import Function, Gradient, Unsupported, export_module, to_latex, to_sympy, transform, transform_expr
from tests.programs.record import programs
from tests.programs.textbook import TEXTBOOK
from tests.rewrite.reading import same

FAST = (
    "taylor_sine", "horner", "branchy_loop", "bisection", "newton_root", "kalman", "recurrence_in_place", "tanh_layer",
    "power_iteration", "rosenbrock_slices", "mlp", "thomas", "poisson_regression", "gaussian_process_nll",
)  # fmt: skip
PROGRAMS = programs()
DRAWS = ("mlp_of_layers", "barrier_monte_carlo")  # from a stream of their own, which a module does not have


def run_alone(modules, calls, tmp_path):
    """The results of ``modules[k].calls[k][0](*arguments)`` in a process that cannot import bcad."""
    for name, text in modules.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "arguments").write_bytes(pickle.dumps([args for _, _, args in calls]))
    script = f"""
        import sys, pickle, importlib
        sys.path.insert(0, {str(tmp_path)!r})
        sys.modules["bcad"] = None
        arguments = pickle.load(open({str(tmp_path / 'arguments')!r}, 'rb'))
        def outcome(m, f, args):
            try:
                return getattr(importlib.import_module(m), f)(*args)
            except ValueError as error:
                return error
        results = [outcome(m, f, args) for (m, f), args in zip({[(m, f) for m, f, _ in calls]!r}, arguments)]
        pickle.dump(results, open({str(tmp_path / 'results')!r}, "wb"))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, cwd=tmp_path)
    return pickle.loads((tmp_path / "results").read_bytes())


def batched(cases, tmp_path):
    modules, calls, wanted = {}, [], []
    for k, (fn, args, wrt) in enumerate(cases):
        gradient = Gradient(fn, list(args), wrt=wrt)
        modules[f"m{k}"] = export_module(gradient)
        name = fn.__name__ if fn.__name__ != "<lambda>" else "f"
        calls.append((f"m{k}", f"{name}_and_gradient", tuple(args)))
        found = gradient(*args)
        wanted.append((Function(fn)(*args), found if isinstance(found, list) else [found]))
    for (value, derived), (expected, gradients), (fn, _, _) in zip(
        run_alone(modules, calls, tmp_path), wanted, cases, strict=True
    ):
        derived = derived if isinstance(derived, list) else [derived]
        assert same(value, expected, 1e-12), fn
        assert all(same(a, b, 1e-9) for a, b in zip(derived, gradients, strict=True)), fn


def test_exported_textbook_gradients_run_alone(tmp_path):
    batched([(c.fn, c.args, None) for c in TEXTBOOK], tmp_path)


def test_exported_programs_run_alone(tmp_path):
    judged([p for p in PROGRAMS if p.name in FAST], tmp_path)


@pytest.mark.slow
def test_every_exported_program_runs_alone(tmp_path):
    """At every sample: the same numbers, or a refusal of what the module was not made for."""
    judged([p for p in PROGRAMS if p.name not in DRAWS], tmp_path)


def judged(chosen, tmp_path, flavour="numpy"):
    modules, calls, wanted = {}, [], []
    for p in chosen:
        of_array = "jacobian" in p.tags
        traced = Function(p.fn, list(p.args())) if of_array else Gradient(p.fn, list(p.args()), wrt=list(p.argnums))
        modules[p.name] = export_module(traced, flavour=flavour)
        for args in p.samples():
            value = p.fn(*copy.deepcopy(args))
            expected = value if of_array else (value, traced(*copy.deepcopy(args)))
            calls.append((p.name, p.fn.__name__ if of_array else f"{p.fn.__name__}_and_gradient", args))
            wanted.append(expected)
    refused = 0
    for (name, _, args), found, expected in zip(calls, run_alone(modules, calls, tmp_path), wanted, strict=True):
        if isinstance(found, ValueError):  # a guard on sizes or ints
            refused += 1
            assert "this holds for" in str(found) or "must " in str(found), found
        else:
            for a, b in zip(leaves(found), leaves(expected), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10 * max(1, np.abs(b).max(initial=0)), err_msg=name)
    assert refused < len(calls) / 3


def leaves(nest):
    if isinstance(nest, dict):
        nest = list(nest.values())
    return [x for item in nest for x in leaves(item)] if isinstance(nest, (list, tuple)) else [nest]


def test_exported_function_and_file(tmp_path):
    f = Function(lambda x: np.cumsum(x) * 2, [np.ones(3)])
    text = export_module(f, tmp_path / "f.py")
    assert (tmp_path / "f.py").read_text() == text
    (result,) = run_alone({"g": text}, [("g", "f", (np.arange(4.0),))], tmp_path)
    assert same(result, np.cumsum(np.arange(4.0)) * 2)


def test_an_exported_module_refuses_other_ranks():
    scope = {}
    exec(export_module(Gradient(lambda x: (x * x).sum(), [np.ones(3)])), scope)
    with pytest.raises(ValueError, match="1 axes"):
        scope["gradient"](np.ones((2, 2)))


def test_effects_are_not_exported():
    seen = []

    def f(x):
        seen.append(x)
        return x * x

    with pytest.raises(Unsupported):
        export_module(Gradient(f, [1.0]))


def test_an_unwritable_file_leaves_nothing(tmp_path):
    with pytest.raises(OSError):
        export_module(Gradient(lambda x: x * x, [1.0]), tmp_path / "missing" / "f.py")
    assert not list(tmp_path.iterdir())


# -- Numpy2AD's face ----------------------------------------------------------------------------------
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
    assert transform_expr("D = A @ B + C").splitlines() == ["D = A @ B + C", "A_a += D_a @ B.T", "B_a += A.T @ D_a", "C_a += D_a"]


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


# -- SymPy and LaTeX ------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", TEXTBOOK, ids=str)
def test_sympy_forms_have_the_same_values(case):
    sympy = pytest.importorskip("sympy")
    gradient = Gradient(case.fn, list(case.args))
    value, derived = to_sympy(gradient, *case.args)
    known = {}
    for name, x in zip(inspect.signature(case.fn).parameters, case.args, strict=True):
        for index in np.ndindex(*np.shape(x)):
            known[sympy.Symbol("_".join([name, *map(str, index)]), real=True)] = np.asarray(x)[index]

    def number(e):
        return np.asarray(np.frompyfunc(lambda term: float(term.subs(known)), 1, 1)(e), float)

    wanted = gradient(*case.args)
    assert same(number(value), case.fn(*case.args))
    for found, expected in zip(derived, wanted if isinstance(wanted, list) else [wanted], strict=True):
        assert same(number(found), expected)


def test_latex_of_a_loop_is_refused():
    def power(x, n=3):
        y = 1.0
        for i in range(len(x)):
            y = y * x[i]
        return y

    with pytest.raises(Unsupported):
        to_latex(Gradient(power, [np.ones(3)]))
