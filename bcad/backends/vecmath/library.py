"""The registry of vector functions and the assembly of their LLVM IR text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from .builder import DOUBLE, SINGLE, Builder, Format, Value, across

#: dtype name: (format of arguments and result, suffix of symbols)
DTYPES: dict[str, Format] = {"float64": DOUBLE, "float32": SINGLE}


@dataclass(frozen=True)
class Function:
    """One vector function: `body(builder, *arguments)` writes it for any goal."""

    name: str
    body: Callable[..., Value]
    arity: int
    single: str          # the goal of the float32 version: "single" (native), "short" or "double" (through double)
    rare: bool           # a slow path: scalar, never inlined, with masked vector variants


@dataclass(frozen=True)
class Definition:
    """One function definition and what it needs beside it in a module."""

    symbol: str
    text: str
    declares: frozenset[str]
    helpers: frozenset[str]
    keep: tuple[str, ...] = ()       # symbols only the loop vectoriser refers to


FUNCTIONS: dict[str, Function] = {}


def function(name: str, *, arity: int = 1, single: str = "single", rare: bool = False) -> Callable:
    """Register the decorated body under `name`."""
    def register(body: Callable[..., Value]) -> Callable[..., Value]:
        FUNCTIONS[name] = Function(name, body, arity, single, rare)
        return body
    return register


APART = "_apart"         # ends the symbol of a function that is called and never copied, with variants for vectors


def symbol_of(name: str, fmt: Format) -> str:
    return f"bcad_{name}_{fmt.suffix}"


@cache
def define(symbol: str) -> Definition:
    """The definition behind a symbol: a registered function or a support routine."""
    from . import rare

    if symbol in rare.SUPPORT:
        return rare.SUPPORT[symbol]
    name, _, suffix = symbol.removesuffix(APART).removeprefix("bcad_").rpartition("_")
    fmt = next(f for f in DTYPES.values() if f.suffix == suffix)
    return _apart(FUNCTIONS[name], fmt) if symbol.endswith(APART) else _assemble(FUNCTIONS[name], fmt)


def _written(fn: Function, fmt: Format, symbol: str, how: str, lanes: int = 1) -> tuple[str, Builder]:
    """The definition of a function of numbers, or of vectors of so many, and the builder that wrote it."""
    goal = "double" if fmt is DOUBLE else fn.single
    m = Builder(SINGLE if goal == "single" else DOUBLE, goal, lanes)
    names = [f"%x{k}" for k in range(fn.arity)]
    arguments = [Value(m, "f", name) for name in names]
    t = across(lanes, fmt.llvm)
    if m.fmt is not fmt:
        arguments = [m.emit("f", f"fpext {t} {name} to {m.type_of('f')}") for name in names]
    result = fn.body(m, *arguments)
    if m.fmt is not fmt:
        result = m.emit("f", f"fptrunc {m.type_of('f')} {result.text} to {t}")
    parameters = ", ".join(f"{t} {name}" for name in names)
    text = "\n".join([f"define linkonce_odr {t} @{symbol}({parameters}) {how} nounwind {{", "entry:", *m.lines,
                      f"  ret {t} {result.text}", "}"])
    return text, m


def _apart(fn: Function, fmt: Format) -> Definition:
    """A function that is called: loops with many calls of it stay short, and vectorise by its variants."""
    from .rare import WIDTHS

    symbol = symbol_of(fn.name, fmt) + APART
    written = [_written(fn, fmt, symbol, "noinline")]
    variants = [f"{symbol}_v{n}" for n in WIDTHS[fmt.llvm]]
    written += [_written(fn, fmt, name, "noinline", n) for name, n in zip(variants, WIDTHS[fmt.llvm], strict=True)]
    declares = frozenset().union(*(m.declares for _, m in written))
    helpers = frozenset().union(*(m.helpers for _, m in written))
    return Definition(symbol, "\n".join(text for text, _ in written), declares, helpers, tuple(variants))


def _assemble(fn: Function, fmt: Format) -> Definition:
    symbol = symbol_of(fn.name, fmt)
    text, m = _written(fn, fmt, symbol, "noinline cold" if fn.rare else "alwaysinline")
    variants: tuple[str, ...] = ()
    if fn.rare:
        from .rare import vector_variants
        more, variants = vector_variants(symbol, fmt)
        text += "\n" + more
        m.declares |= {"declare i32 @llvm.cttz.i32(i32, i1)"}
    return Definition(symbol, text, frozenset(m.declares), frozenset(m.helpers), variants)


def closure(symbols: list[str]) -> list[Definition]:
    """The definitions of the symbols and of everything they call, each once."""
    found: dict[str, Definition] = {}

    def visit(symbol: str) -> None:
        if symbol not in found:
            definition = found[symbol] = define(symbol)
            for helper in sorted(definition.helpers):
                visit(helper)

    for symbol in symbols:
        visit(symbol)
    return list(found.values())


def used_list(symbols: list[str]) -> str:
    """The global that keeps vector variants alive until the loop vectoriser has run."""
    items = ", ".join(f"ptr @{s}" for s in symbols)
    return f'@llvm.compiler.used = appending global [{len(symbols)} x ptr] [{items}], section "llvm.metadata"'


def module_text(symbols: list[str], in_loops: bool = True) -> str:
    """One IR text with every definition, declaration and variant list that the symbols need.

    `in_loops` says whether LLVM may vectorise calls of them: variants that nothing else asks for stay.
    """
    definitions = closure(symbols)
    kept = sorted(name for d in definitions for name in d.keep) if in_loops else []
    parts = [used_list(kept)] if kept else []
    parts += sorted(set().union(*(d.declares for d in definitions)))
    parts += [d.text for d in definitions]
    return "\n\n".join(parts) + "\n"
