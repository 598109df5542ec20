"""The public face: its names, that each is documented by examples that run, and that importing it is cheap."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bcad
import interpreter

ROOT = Path(__file__).resolve().parent.parent

PROMISED = """
    Function Gradient HessianVector function gradient hessian_vector
    grad value_and_grad elementwise_grad jacobian hessian hessian_vector_product jvp vjp make_jvp make_vjp
    fmin_bfgs fmin_cg fmin_l_bfgs_b fmin_ncg minimize
    primitive defvjp defjvp custom_vjp custom_jvp stop_gradient check_grads report
    BcadError NotDifferentiable NotScalar Unsupported
""".split()


@pytest.mark.parametrize("name", PROMISED)
def test_promised_name_is_public(name: str) -> None:
    assert name in bcad.__all__
    assert callable(getattr(bcad, name))


def test_all_is_sorted_complete_and_true() -> None:
    assert list(bcad.__all__) == sorted(set(bcad.__all__))
    assert [name for name in bcad.__all__ if not hasattr(bcad, name)] == []


@pytest.mark.parametrize("name", [name for name in bcad.__all__ if not name.startswith("__")])
def test_public_object_is_documented(name: str) -> None:
    thing = getattr(bcad, name)
    if callable(thing):
        assert inspect.getdoc(thing), f"{name} has no docstring"


@pytest.mark.parametrize("name", [n for n in bcad.__all__ if inspect.isfunction(getattr(bcad, n))])
def test_public_function_is_annotated(name: str) -> None:
    signature = inspect.signature(getattr(bcad, name))
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert bare == []
    assert signature.return_annotation is not signature.empty


def modules_with_examples() -> list[str]:
    found = []
    for package in ("interpreter", "bcad"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if re.search(r"^\s*>>> ", path.read_text(encoding="utf-8"), re.M):
                parts = path.relative_to(ROOT).with_suffix("").parts
                found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


@pytest.mark.parametrize("module", modules_with_examples())
def test_examples_in_docstrings_run(module: str) -> None:
    import numpy as np

    loaded = importlib.import_module(module)
    names = {"np": np, "bcad": bcad, **vars(interpreter), **vars(bcad), **vars(loaded)}
    failures, _ = doctest.testmod(loaded, extraglobs=names, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failures == 0


def test_importing_bcad_loads_no_compiler_and_no_scipy() -> None:
    heavy = ("numba", "llvmlite", "scipy", "sympy", "matplotlib", "mpmath")
    code = f"import sys, bcad; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_every_exception_has_its_entry_in_the_catalogue() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    entries = set(re.findall(r"^## `?(\w+)`?$", page, re.M))
    errors = importlib.import_module("bcad.errors")
    classes = {name for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, Exception)}
    assert {c for c in classes if not c.startswith("_")} - {"LocatedError"} <= entries
