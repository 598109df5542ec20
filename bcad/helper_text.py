"""Functions that an exported module brings along, as source without bcad: what ops compute, what the user's code calls."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from bcad.custom import Primitive
from bcad.errors import Unsupported
from bcad.literal_text import literal


class Luggage:
    """Texts of functions, and imports, by the names that a module uses for them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._names: dict[int, str] = {}  # of functions that are brought along

    def op(self, name: str, op: Any) -> None:
        """A function called `name` that does what `op` does.

        Raises
        ------
        Unsupported
            If its meaning cannot be told in a few functions of NumPy and SciPy.
        """
        self._bring(name, type(op).evaluate, op)

    def callable(self, name: str, obj: Any) -> None:
        """What the text calls `name`: imported from where it is installed, else brought along as source.

        Raises
        ------
        Unsupported
            If it has neither a place to be imported from nor source of its own.
        """
        line = import_line(name, obj)
        if line is not None:
            self.add(name, line)
        elif type(obj) is FunctionType:
            self._bring(name, obj, None)
        else:
            raise Unsupported(
                f"{name} cannot be brought along by a module",
                why=f"it is a {type(obj).__name__}, which has no source of its own and no place to be imported from",
                hint="use a plain function, or pass what it gives as an argument",
            )

    def add(self, name: str, text: str) -> None:
        """Let `name` mean `text`.

        Raises
        ------
        Unsupported
            If it means something else already.
        """
        if self.texts.setdefault(name, text) != text:
            raise Unsupported(f"two things that the module needs are called {name}")

    def imports(self) -> list[str]:
        """The lines that import."""
        return [text for text in self.texts.values() if text.startswith(("import ", "from "))]

    def functions(self) -> list[str]:
        """The texts of functions."""
        return [text for text in self.texts.values() if not text.startswith(("import ", "from "))]

    def _bring(self, name: str, function: Callable[..., Any], op: Any) -> None:
        """Add the source of `function` under a name, then those of the functions it calls."""
        tree = _definition(name, function)
        self.texts[name] = ""  # a recursive function needs itself
        self._names[id(function)] = name
        tree.name, tree.returns, tree.decorator_list = name, None, []
        if op is not None:
            del tree.args.args[0]  # self
        for node in ast.walk(tree):
            if isinstance(node, ast.arg):
                node.annotation = None
            elif isinstance(node, ast.FunctionDef):
                node.returns = None
        _refuse_imports_and_writes(name, tree)
        tree = _Linker(name, function, op, set(_bound_in(tree)), self).visit(tree)
        self.texts[name] = ast.unparse(ast.fix_missing_locations(tree))

    def function(self, name: str, obj: FunctionType) -> str:
        """The name of a function that source brought along calls `name`."""
        if id(obj) not in self._names:
            helper = f"_{name.lstrip('_')}"
            while helper in self.texts:
                helper += "_"
            self._bring(helper, obj, None)
        return self._names[id(obj)]


def import_line(name: str, obj: Any) -> str | None:
    """``from scipy.special import expit as name``; None for what no installed package has under its own name."""
    path, public = getattr(obj, "__module__", None), getattr(obj, "__qualname__", "")
    if not path or getattr(sys.modules.get(path), public, None) is not obj or not _is_installed(path):
        return None
    return f"from {path} import {public}" + (f" as {name}" if name != public else "")


def _is_installed(path: str) -> bool:
    root = path.partition(".")[0]
    if root in ("bcad", "__main__"):
        return False
    file = getattr(sys.modules[root], "__file__", None) or ""
    places = tuple(filter(None, (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))))
    return root in sys.stdlib_module_names or file.startswith(places)


def _definition(name: str, function: Callable[..., Any]) -> ast.FunctionDef:
    """The syntax tree of a function's ``def`` statement."""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, ValueError) as error:
        raise Unsupported(f"{name} cannot be brought along by a module", why=f"its source is not there: {error}") from None
    if not isinstance(tree, ast.FunctionDef):
        raise Unsupported(f"{name} cannot be brought along by a module", why="it is no def statement of its own",
                          hint="write it as a function with a name")
    return tree


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


def _refuse_imports_and_writes(name: str, tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("bcad")):
            raise _refusal(name, f"bcad's {node.names[0].name}")
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            raise _refusal(name, f"the variable {node.names[0]}, which it writes to")


class _Linker(ast.NodeTransformer):
    """Gives a function's free names a meaning in the module."""

    def __init__(self, name: str, function: Any, op: Any, bound: set[str], luggage: Luggage) -> None:
        self.name, self.op, self.bound, self.luggage = name, op, bound, luggage
        self.function = function
        self.scope = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        assert node.value is not None
        return self.visit(ast.Assign([node.target], node.value))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if self.op is not None and isinstance(node.value, ast.Name) and node.value.id == "self":
            return self._meaning(node.attr, getattr(self.op, node.attr, None))
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self.bound:
            return node
        if node.id in self.scope:
            return self._meaning(node.id, self.scope[node.id])
        if hasattr(builtins, node.id) and node.id != "super":
            return node
        raise _refusal(self.name, node.id)

    def _meaning(self, name: str, obj: Any) -> ast.expr:
        """An expression for an object that the source calls `name`."""
        if isinstance(obj, ModuleType):
            return self._module(name, obj)
        obj = obj.fn if isinstance(obj, Primitive) else obj
        public = getattr(obj, "__name__", "")
        for path, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft), ("np.random", np.random)):
            if public and getattr(module, public, None) is obj:
                return ast.parse(f"{path}.{public}", mode="eval").body
        if isinstance(getattr(obj, "__self__", None), np.ufunc):
            return ast.parse(f"np.{obj.__self__.__name__}.{public}", mode="eval").body
        if isinstance(obj, (bool, int, float, complex, str, np.ndarray, np.generic, type(None))):
            return ast.parse(literal(obj), mode="eval").body
        line = import_line(name, obj)
        if line is not None:
            self.luggage.add(name, line)
            return ast.Name(name)
        if isinstance(obj, FunctionType):
            return ast.Name(self.luggage.function(name, obj))
        raise _refusal(self.name, name)

    def _module(self, name: str, module: ModuleType) -> ast.expr:
        if module is np:
            return ast.Name("np")
        if name == "np" or not _is_installed(module.__name__):
            raise _refusal(self.name, f"the module {module.__name__}")
        self.luggage.add(name, f"import {module.__name__} as {name}" if module.__name__ != name else f"import {name}")
        return ast.Name(name)


def _refusal(name: str, needed: str) -> Unsupported:
    return Unsupported(f"{name.strip('_')}() has no function that a module could call", why=f"it needs {needed}")
