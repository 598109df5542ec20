"""Functions that an exported module brings along: what an op computes, as source without bcad."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from bcad.errors import Unsupported
from bcad.literal_text import literal


def helper_sources(name: str, op: Any) -> dict[str, str]:
    """The function called `name` that does what `op` does, with what it needs: texts by name.

    Raises
    ------
    Unsupported
        If its meaning cannot be told in a few functions of NumPy and SciPy.
    """
    found: dict[str, str] = {}
    _enter(name, type(op).evaluate, op, found)
    return found


def _enter(name: str, function: Callable[..., Any], op: Any, found: dict[str, str]) -> None:
    """Add the source of `function` under a name, then those of the functions it calls."""
    found[name] = ""  # a recursive function needs itself
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)
    tree.name, tree.returns, tree.decorator_list = name, None, []
    if op is not None:
        del tree.args.args[0]  # self
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    _refuse_own_imports(name, tree)
    tree = _Linker(name, function, op, set(_bound_in(tree)), found).visit(tree)
    found[name] = ast.unparse(ast.fix_missing_locations(tree))


def _bound_in(tree: ast.AST) -> Iterator[str]:
    """The names that a function gives a meaning itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def _refuse_own_imports(name: str, tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("bcad")):
            raise _refusal(name, f"bcad's {node.names[0].name}")


class _Linker(ast.NodeTransformer):
    """Gives a function's free names a meaning in the module."""

    def __init__(self, name: str, function: Any, op: Any, bound: set[str], found: dict[str, str]) -> None:
        self.name, self.function, self.op, self.bound, self.found = name, function, op, bound, found

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        assert node.value is not None
        return self.visit(ast.Assign([node.target], node.value))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if self.op is not None and isinstance(node.value, ast.Name) and node.value.id == "self":
            return self._meaning(node.attr, getattr(self.op, node.attr, None))
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self.bound or node.id == "np":
            return node
        scope = {**self.function.__globals__, **inspect.getclosurevars(self.function).nonlocals}
        if node.id in scope:
            return self._meaning(node.id, scope[node.id])
        if hasattr(builtins, node.id) and node.id != "super":
            return node
        raise _refusal(self.function.__name__, node.id)

    def _meaning(self, name: str, obj: Any) -> ast.expr:
        """An expression for an object that bcad's source calls `name`."""
        own = getattr(obj, "__module__", "") or ""
        if isinstance(obj, ModuleType):
            self.found.setdefault(name, f"import {obj.__name__} as {name}")
            return ast.Name(name)
        public = getattr(obj, "__name__", "")
        for path, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
            if public and getattr(module, public, None) is obj:
                return ast.parse(f"{path}.{public}", mode="eval").body
        if isinstance(getattr(obj, "__self__", None), np.ufunc):
            return ast.parse(f"np.{obj.__self__.__name__}.{public}", mode="eval").body
        if isinstance(obj, FunctionType) and own.startswith("bcad"):
            helper = f"_{name}" if obj.__closure__ is None else f"{self.name}_{name}"  # those of two ops differ
            if helper not in self.found:
                _enter(helper, obj, None, self.found)
            return ast.Name(helper)
        if isinstance(obj, (bool, int, float, complex, str, np.ndarray, np.generic)):
            return ast.parse(literal(obj), mode="eval").body
        if public and own.partition(".")[0] in ("scipy", "math"):
            self.found.setdefault(public, f"from {own} import {public}")
            return ast.Name(public)
        raise _refusal(self.function.__name__, name)


def _refusal(name: str, needed: str) -> Unsupported:
    return Unsupported(f"{name.strip('_')}() has no function that a module could call", why=f"it needs {needed}")
