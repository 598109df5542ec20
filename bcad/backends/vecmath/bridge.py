"""Vector functions as numba intrinsics: the IR text enters the caller's module, so that it inlines."""

from __future__ import annotations

from functools import cache
from typing import Any

from .library import FUNCTIONS, closure, used_list


@cache
def intrinsic_of(name: str, symbol: str) -> Any:
    """The numba intrinsic that calls `symbol`."""
    from numba.core import types
    from numba.extending import intrinsic

    scalar = types.float64 if symbol.endswith("f64") else types.float32
    count = FUNCTIONS[name].arity

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if any(d.keep for d in closure([symbol])):
            builder.function.attributes.alignstack = 64      # spilled vectors must not straddle cache lines
        return builder.call(include(builder.module, symbol, count), args)

    def unary(typing, x):
        return scalar(scalar), codegen

    def binary(typing, x, y):
        return scalar(scalar, scalar), codegen

    typer = unary if count == 1 else binary
    typer.__name__ = symbol
    return intrinsic(typer)


def include(module: Any, symbol: str, count: int) -> Any:
    """Put the definition of `symbol`, and what it needs, into an llvmlite module; return the function."""
    from llvmlite import ir

    scalar = ir.DoubleType() if symbol.endswith("f64") else ir.FloatType()
    for definition in closure([symbol]):
        if definition.symbol not in module.globals:
            _declare(module, definition.declares)
            _text_class()(module, definition.symbol, definition.text, ir.FunctionType(scalar, [scalar] * count))
            _keep(module, definition.keep)
    return module.globals[symbol]


def _keep(module: Any, symbols: tuple[str, ...]) -> None:
    """Add the symbols to the module's one list of variants that must outlive dead-code elimination."""
    from llvmlite import ir

    if symbols:
        used = module.globals.get("llvm.compiler.used")
        if used is None:
            used = _text_class()(module, "llvm.compiler.used", "", ir.FunctionType(ir.VoidType(), []))
            used.symbols = []
        used.symbols += symbols
        used.text = used_list(used.symbols)


def _declare(module: Any, declares: frozenset[str]) -> None:
    """Declare LLVM intrinsics as numba does, so that neither side declares one twice."""
    from llvmlite import ir

    kinds = {"double": ir.DoubleType(), "float": ir.FloatType(), **{f"i{n}": ir.IntType(n) for n in (1, 32, 256)}}
    for line in sorted(declares):
        _, result, rest = line.split(" ", 2)
        name, _, inside = rest.removeprefix("@").removesuffix(")").partition("(")
        if name not in module.globals:
            ir.Function(module, ir.FunctionType(kinds[result], [kinds[k] for k in inside.split(", ")]), name)


@cache
def _text_class() -> type:
    from llvmlite import ir

    class Text(ir.Function):
        """A global of an llvmlite module whose IR is given as text."""

        def __init__(self, module: Any, name: str, text: str, ftype: Any):
            super().__init__(module, ftype, name)
            self.text = text

        def __str__(self) -> str:
            return self.text + "\n"

    return Text
