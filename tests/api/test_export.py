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

from bcad import Function, Gradient, Unsupported, export_module, to_latex, to_sympy
from tests.programs.record import programs
from tests.programs.textbook import TEXTBOOK
from tests.rewrite.reading import same

FAST = (
    "taylor_sine", "horner", "branchy_loop", "bisection", "newton_root", "kalman", "recurrence_in_place", "tanh_layer",
    "power_iteration", "rosenbrock_slices", "mlp", "thomas", "poisson_regression", "gaussian_process_nll",
)  # fmt: skip
PROGRAMS = programs()


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
    """At every sample: the same numbers."""
    judged(PROGRAMS, tmp_path)


def judged(chosen, tmp_path, flavour="numpy"):
    """Every sample: the same numbers."""
    modules, calls, wanted = {}, [], []
    for p in chosen:
        of_array = "jacobian" in p.tags
        traced = Function(p.fn, list(p.args())) if of_array else Gradient(p.fn, list(p.args()), wrt=list(p.argnums))
        for args in p.samples():
            value = p.fn(*copy.deepcopy(args))
            expected = value if of_array else (value, traced(*copy.deepcopy(args)))
            calls.append((p.name, p.fn.__name__ if of_array else f"{p.fn.__name__}_and_gradient", as_tuples(args) if flavour == "numba" else args))
            wanted.append(expected)
        modules[p.name] = export_module(traced, flavour=flavour)
    for (name, _, _), found, expected in zip(calls, run_alone(modules, calls, tmp_path), wanted, strict=True):
        assert not isinstance(found, ValueError), (name, found)
        for a, b in zip(leaves(found), leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10 * max(1, np.abs(b).max(initial=0)), err_msg=name)


def as_tuples(nest):
    """Containers as numba's flavour takes them."""
    if isinstance(nest, dict):
        nest = tuple(nest.values())
    return tuple(map(as_tuples, nest)) if isinstance(nest, (list, tuple)) else nest


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
