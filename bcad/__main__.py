"""The command line: print a function, its gradient and the generated source."""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bcad.adjoint_code import transform, transform_expr
from bcad.errors import BcadError
from bcad.export import export_module, to_latex, to_sympy, written
from bcad.function import Gradient

_EXAMPLES = """examples:
  python -m bcad 'lambda x: ((x + 1)**2).sum()' 'np.zeros(3)'
  python -m bcad model.py:loss 'np.ones(3)' 2.0 --wrt 0 --source
  python -m bcad model.py:loss 'np.ones(3)' 2.0 --export numba --out loss_gradient.py
  python -m bcad 'D = A @ B + C' --adjoint
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    options = _parser().parse_args(argv)
    try:
        if options.adjoint and is_assignment(options.function):
            deliver(transform_expr(options.function), options)
            return 0
        fn = load(options.function)
        args = [evaluate(text) for text in options.args]
        alone = generated(fn, args, options)
        if alone is None:
            show(fn, args, options)
        else:
            deliver(alone, options)
    except (BcadError, ValueError, OSError, ImportError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


class UsageError(ValueError):
    """A function or argument on the command line that cannot be had."""


def traced(fn: Callable[..., Any], args: list[Any], options: argparse.Namespace) -> Gradient:
    """The gradient that was asked for."""
    wrt = [int(w) if w.lstrip("-").isdigit() else w for w in options.wrt] if options.wrt else None
    return Gradient(fn, args, wrt=wrt, backend=options.backend)


def generated(fn: Callable[..., Any], args: list[Any], options: argparse.Namespace) -> str | None:
    """The text of a module, of adjoint code or of a picture, if that is asked for."""
    if options.adjoint:
        return transform(fn, args=args or None)
    if options.export:
        return export_module(traced(fn, args, options), flavour=options.export)
    return traced(fn, args, options)._repr_svg_() if options.svg else None  # type: ignore[attr-defined]


def deliver(text: str, options: argparse.Namespace) -> None:
    """Print a text, or write it to the file that was named: all of it or nothing."""
    if options.out:
        written(text, options.out)
    else:
        print(text.rstrip("\n"))


def is_assignment(text: str) -> bool:
    """Whether a text is a statement such as ``D = A @ B + C``."""
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    return isinstance(statement, ast.Assign)


def show(fn: Callable[..., Any], args: list[Any], options: argparse.Namespace) -> None:
    """Print what was asked for."""
    gradient = traced(fn, args, options)
    print(gradient)
    if options.latex:
        print(f"\n{to_latex(gradient)}")
    if options.sympy:
        result, derivatives = to_sympy(gradient)
        print("", result, *derivatives, sep="\n")
    if options.graph:
        print(f"\n{gradient.graph}")
    if options.source:
        print(f"\n{gradient.source}")
    if not options.no_value:
        print(f"\nat {', '.join(options.args)}:\n{gradient(*args)!r}")
    if options.report:
        print(f"\n{gradient.report()}")


def load(text: str) -> Callable[..., Any]:
    """The function that ``file.py:name``, ``module:name`` or an expression stands for."""
    head, separator, name = text.rpartition(":")
    if separator and name.replace(".", "").isidentifier():
        module = _load_file(Path(head)) if head.endswith(".py") else _load_module(head)
        found: Any = module
        for part in name.split("."):
            if not hasattr(found, part):
                raise UsageError(f"{head} has no {name!r}")
            found = getattr(found, part)
    else:
        found = evaluate(text)
    if not callable(found):
        raise UsageError(f"{text!r} is a {type(found).__name__}, not a function")
    return found


def evaluate(text: str) -> Any:
    """An argument: a Python expression in which ``np`` and ``math`` are known."""
    import linecache
    import math

    filename = f"<{text}>"
    linecache.cache[filename] = (len(text), None, [text + "\n"], filename)  # so errors show the line
    try:
        return eval(compile(text, filename, "eval"), {"np": np, "numpy": np, "math": math})
    except Exception as error:
        raise UsageError(f"cannot evaluate {text!r}: {type(error).__name__}: {error}") from None


def _load_file(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _load_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"module {name!r} cannot be imported: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bcad", epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Print a function of NumPy arrays and its gradient, and the gradient's value.",
    )
    parser.add_argument("function", help="a lambda, file.py:function or module:function")
    parser.add_argument("args", nargs="*", help="its arguments, Python expressions (np and math are known)")
    parser.add_argument("--wrt", nargs="+", metavar="ARG", help="argument positions or names (default: all)")
    parser.add_argument("--source", action="store_true", help="print the generated source")
    parser.add_argument("--graph", action="store_true", help="print the typed SSA text")
    parser.add_argument("--report", action="store_true", help="print times, kernels, what ran in NumPy")
    parser.add_argument("--latex", action="store_true", help="print it as LaTeX")
    parser.add_argument("--sympy", action="store_true", help="print it as SymPy expressions, an element each")
    parser.add_argument("--export", choices=["numpy", "numba"], help="instead: a module that needs no bcad")
    parser.add_argument("--adjoint", action="store_true",
                        help="instead: code that increments the adjoints A_a, of a function or of 'D = A @ B + C'")
    parser.add_argument("--svg", action="store_true", help="instead: a picture")
    parser.add_argument("--out", metavar="FILE", help="where to write the module, code or picture")
    parser.add_argument("--no-value", action="store_true", help="do not evaluate the gradient")
    parser.add_argument("--backend", choices=["auto", "numpy", "numba"], help="what runs it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
