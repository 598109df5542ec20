"""Who may import whom: one walk over the syntax trees of the product enforces the floors of the house."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up. A unit (a folder, or a top-level module of bcad) may import what stands on lower floors,
# never what stands on its own or above. A new top-level module of bcad gets its place here.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("interpreter",),
    ("bcad.errors", "bcad.float_errors", "bcad.garbage", "bcad.log", "bcad.options"),
    ("bcad.ir",),
    ("bcad.ops",),
    ("bcad.trace", "bcad.diff", "bcad.rewrite", "bcad.backends"),
    ("bcad.literal_text", "bcad.shortest"),
    ("bcad.argument_text", "bcad.nest_text"),
    ("bcad.modes", "bcad.objects", "bcad.sparsity", "bcad.wrt", "bcad.seeds", "bcad.formula", "bcad.latex", "bcad.picture", "bcad.sympy_forms", "bcad.vectors", "bcad.cache", "bcad.small_sizes", "bcad.finite", "bcad.pickling"),
    ("bcad.dot", "bcad.entry", "bcad.into", "bcad.misses"),
    ("bcad.specialise", "bcad.rules"),
    ("bcad.answers",),
    ("bcad.differentiated",),
    ("bcad.function",),
    ("bcad.transforms", "bcad.custom"),
    ("bcad.helper_text", "bcad.njit_pieces"),
    ("bcad.standalone",),
    ("bcad.njit_text", "bcad.cases_text"),
    ("bcad.tags", "bcad.insert", "bcad.register", "bcad.products", "bcad.variants", "bcad.njit_cases"),
    ("bcad.callbacks", "bcad.optimize", "bcad.solvers", "bcad.sparse", "bcad.parallel", "bcad.descent", "bcad.stochastic", "bcad.fixed_point", "bcad.display", "bcad.testing", "bcad.export", "bcad.misc"),
    ("bcad.programs", "bcad.tangent"),
    ("bcad.adjoint_code",),
    ("bcad.extend", "bcad.core", "bcad.differential_operators", "bcad.test_util"),
    ("bcad.__main__",),
    ("bcad",),
)
FLOOR_OF = {unit: floor for floor, units in enumerate(FLOORS) for unit in units}
FOLDERS = ("interpreter", "bcad.ir", "bcad.ops", "bcad.trace", "bcad.diff", "bcad.rewrite", "bcad.backends", "bcad.callbacks")

# Third-party modules. Where: which of our modules may name them at all. Everything else but numpy stays out.
AT_IMPORT = {
    "numpy": ("bcad", "interpreter"),
    "bytecode": ("interpreter",),
    "mpmath": ("bcad.backends.vecmath.fit", "bcad.backends.vecmath.accuracy"),  # programs; nothing imports them
}
INSIDE_FUNCTIONS = {
    "bytecode": ("bcad", "interpreter"),
    "scipy": ("bcad",),
    "numba": ("bcad.backends.numba_", "bcad.backends.vecmath"),
    "llvmlite": ("bcad.backends.numba_", "bcad.backends.vecmath"),
    "sympy": ("bcad",),
    "graphviz": ("bcad.dot",),
    "matplotlib": ("bcad",),
}


@dataclass(frozen=True)
class Import:
    """One import statement's target, as an absolute dotted name."""

    module: str  # who imports
    target: str  # what
    line: int
    at_import: bool  # runs when the module is imported, not when a function is called

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: imports {self.target}"


def modules() -> dict[str, Path]:
    """Every module of the product by dotted name."""
    found = {}
    for package in ("interpreter", "bcad"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def is_package(module: str) -> bool:
    return MODULES[module].name == "__init__.py"


def base_of_relative(module: str, level: int) -> str:
    """The package that ``from . import`` (level 1), ``from .. import`` (level 2) ... start from."""
    parts = module.split(".")
    keep = len(parts) - level + (1 if is_package(module) else 0)
    return ".".join(parts[:keep])


def targets(module: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        base = ".".join(filter(None, [base_of_relative(module, node.level), base]))
    for alias in node.names:
        submodule = f"{base}.{alias.name}"
        known = submodule in MODULES or submodule in FLOOR_OF
        yield submodule if known and alias.name not in names_bound_in(base) else base


def names_bound_in(package: str) -> set[str]:
    """What a front door offers by name, so that a function ``verify`` is not taken for the module of that name."""
    if package not in MODULES:
        return set()
    tree = ast.parse(MODULES[package].read_text(encoding="utf-8"))
    froms = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    return {alias.asname or alias.name for node in froms for alias in node.names}


def is_type_checking(node: ast.AST) -> bool:
    test = getattr(node, "test", None)
    return isinstance(node, ast.If) and getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"


def imports_of(module: str) -> Iterator[Import]:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"), str(MODULES[module]))

    def walk(node: ast.AST, at_import: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                for target in targets(module, child):
                    yield Import(module, target, child.lineno, at_import)
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(child)
            yield from walk(child, at_import and not deferred)

    return walk(tree, True)


def unit_of(name: str) -> str:
    """The floor-bearing part of a dotted name: ``interpreter``, ``bcad.ir``, ``bcad.function``, ``bcad``."""
    parts = name.split(".")
    return parts[0] if parts[0] != "bcad" else ".".join(parts[:2])


def is_ours(name: str) -> bool:
    return name.split(".")[0] in ("bcad", "interpreter")


def is_third_party(name: str) -> bool:
    return not is_ours(name) and name.split(".")[0] not in sys.stdlib_module_names


def faults(module: str) -> Iterator[str]:
    """What this module imports that it may not, one sentence each."""
    unit = unit_of(module)
    if unit not in FLOOR_OF:
        yield f"{module}: has no floor; give {unit} its place in FLOORS of tests/test_floors.py"
        return
    for imported in imports_of(module):
        if is_third_party(imported.target):
            yield from third_party_faults(imported)
        elif is_ours(imported.target):
            yield from floor_faults(unit, imported)


def floor_faults(unit: str, imported: Import) -> Iterator[str]:
    other = unit_of(imported.target)
    if other == unit:
        return
    if other not in FLOOR_OF:
        yield f"{imported}, which has no floor; give {other} its place in FLOORS of tests/test_floors.py"
    elif FLOOR_OF[other] >= FLOOR_OF[unit]:
        yield f"{imported}, which does not stand below {unit}"
    elif other in FOLDERS and imported.target != other:
        yield f"{imported}: past the front door of {other}; import from {other} itself"


def third_party_faults(imported: Import) -> Iterator[str]:
    library = imported.target.split(".")[0]
    allowed = AT_IMPORT.get(library, ())
    if not imported.at_import:
        allowed += INSIDE_FUNCTIONS.get(library, ())
    if imported.module.startswith(allowed):
        return
    if imported.module.startswith(INSIDE_FUNCTIONS.get(library, ())):
        yield f"{imported} when it is imported; import it inside the function that needs it"
    else:
        yield f"{imported}, which is not this module's to import"


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_to_its_floor(module: str) -> None:
    assert list(faults(module)) == []


def test_the_walk_sees_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {
        "interpreter": "",
        "bcad": "",
        "bcad.function": "",
        "bcad.trace": "",
        "bcad.ir": "from bcad import function",
        "bcad.ops": "import bcad.ir.types",
        "bcad.diff": "def f():\n    from ..trace import Tracer",
        "bcad.rewrite": "import scipy.linalg",
        "bcad.backends": "def f():\n    import numba",
        "bcad.stray": "",
    }
    paths = {}
    for name, text in bad.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(text)
        paths[name] = folder / "__init__.py"
    monkeypatch.setattr(sys.modules[__name__], "MODULES", paths)
    assert {name: list(faults(name)) for name in bad if list(faults(name))} == {
        "bcad.ir": ["bcad.ir:1: imports bcad.function, which does not stand below bcad.ir"],
        "bcad.ops": ["bcad.ops:1: imports bcad.ir.types: past the front door of bcad.ir; import from bcad.ir itself"],
        "bcad.diff": ["bcad.diff:2: imports bcad.trace, which does not stand below bcad.diff"],
        "bcad.rewrite": [
            "bcad.rewrite:1: imports scipy.linalg when it is imported; import it inside the function that needs it"
        ],
        "bcad.backends": ["bcad.backends:2: imports numba, which is not this module's to import"],
        "bcad.stray": ["bcad.stray: has no floor; give bcad.stray its place in FLOORS of tests/test_floors.py"],
    }
