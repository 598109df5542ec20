"""Leaves: Python functions that are not stepped into, although they could be."""
from __future__ import annotations

from types import FunctionType

from .code import Code
from .tracebacks import HERE

# abc: what it calls in C looks at CPython's own frames
NATIVE_PACKAGES = frozenset(("importlib", "numba", "llvmlite", "bytecode", "_frozen_importlib",
                             "_frozen_importlib_external", "zipimport", "abc"))
_INTERPRETED = ("polyfills.py",)        # ours, written to be stepped into


def is_leaf(code: Code, fn: FunctionType) -> bool:
    """Whether `fn` runs natively: import machinery, compilers, the evaluator itself."""
    if code.leaf is None:
        code.leaf = _decide(code.raw.co_filename, fn)
    return code.leaf


def _decide(filename: str, fn: FunctionType) -> bool:
    if filename.startswith(HERE):
        return not filename.endswith(_INTERPRETED)
    if filename.startswith("<frozen importlib"):
        return True
    module = fn.__globals__.get("__name__")
    return isinstance(module, str) and module.partition(".")[0] in NATIVE_PACKAGES
