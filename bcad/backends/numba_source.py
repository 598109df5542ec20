"""Kernel form -> readable numba source: one njit function of flat arrays; also what a CUDA kernel is made of."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Graph, Kind, as_kind

from . import kernel as k
from .backend import Compiled, Report
from .decompose import decompose
from .kernel import BOOL, INT, Buffer, Expr, Kernel, Pair
from .lower import lower
from .scalars import Unsupported

_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "iadd": "+", "isub": "-", "imul": "*", "udiv": "//", "urem": "%",
    "floordiv": "//", "mod": "%", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "shl": "<<",
    "shr": ">>",
}
_LEVEL = {"+": 9, "-": 9, "*": 10, "/": 10, "//": 10, "%": 10, "<<": 8, ">>": 8}
_CALLS = {"sqrt": "math.sqrt", "fabs": "abs", "floor": "math.floor", "ceil": "math.ceil", "trunc": "np.trunc",
          "rint": "np.rint", "copysign": "math.copysign", "fmod": "math.fmod", "nextafter": "np.nextafter"}
_DTYPE = {"f64": "np.float64", "f32": "np.float32", BOOL: "np.bool_"}
WIDTH = 70
_numbers = itertools.count(1)

PRELUDE = '''
def maximum(a, b):
    return a if a > b or a != a else b

def minimum(a, b):
    return a if a < b or a != a else b

def fmax(a, b):
    return a if a >= b or b != b else b

def fmin(a, b):
    return a if a <= b or b != b else b
'''


def dtype_name(t: str) -> str:
    return _DTYPE.get(t) or f"np.{'uint' if t[0] == 'u' else 'int'}{t[1:]}"


class SourcePrinter:
    """Prints one kernel as a Python function that numba compiles."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.lines: list[str] = []
        self.indent = 1
        self.texts: dict[Expr, tuple[str, int]] = {}
        self.uses: dict[Expr, int] = {}
        self.taken: set[str] = {"np", "math", "maximum", "minimum", "fmax", "fmin", "range", "abs"}
        self.names: dict[int, str] = {}
        self.vector: set[tuple[str, str]] = set()
        self.letters = iter("ijklmnopq")
        self._count(kernel.body)
        for output in kernel.outputs:
            for part in self._parts(output):
                self.uses[part] = self.uses.get(part, 0) + 2

    # -- how often a scalar is used --------------------------------------------------------------
    def _parts(self, x: Any) -> list[Expr]:
        if isinstance(x, Buffer):
            return list(x.shape)
        return [x.re, x.im] if isinstance(x, Pair) else [x]

    def _count(self, block: k.Block) -> None:
        for statement in block.statements:
            fields = statement.args if isinstance(statement, Expr) else vars(statement).values()
            strided = [x for m in fields if isinstance(m, k.Strided) for x in (m.start, m.down, m.across)]
            for x in (*fields, *strided):
                if isinstance(x, Expr):
                    inside = isinstance(statement, Expr) and statement.block is x.block
                    self.uses[x] = self.uses.get(x, 0) + (1 if inside or not isinstance(statement, Expr) else 2)
                elif isinstance(x, k.Block):
                    self._count(x)

    # -- names and text ------------------------------------------------------------------------------
    def unique(self, base: str) -> str:
        name = base = base if base.isidentifier() else "t"
        for n in itertools.count(2):
            if name not in self.taken:
                break
            name = f"{base}_{n}"
        self.taken.add(name)
        return name

    def array(self, buffer: Buffer) -> str:
        if buffer.storage not in self.names:
            self.names[buffer.storage] = self.unique(buffer.name or "t")
        return self.names[buffer.storage]

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def at(self, x: Expr, level: int = 0) -> str:
        if x.op == "const":
            text = self.constant(x)
            return f"({text})" if text.startswith("-") and level > 9 else text
        text, own = self.texts[x]
        return text if own >= level else f"({text})"

    @staticmethod
    def constant(x: Expr) -> str:
        if x.type in ("f64", "f32"):
            value = float(x.data)
            text = repr(value) if np.isfinite(value) else f"np.{value}" if value > 0 or value != value else "(-np.inf)"
            return text if x.type == "f64" else f"np.float32({text})"
        return repr(x.data) if x.type in (INT, BOOL) else f"{dtype_name(x.type)}({x.data})"

    def expression(self, x: Expr) -> None:
        text, level = self.written(x)
        if x.type not in ("f64", "f32", INT, BOOL) and x.op not in ("load", "get", "select", "cast"):
            text, level = f"{dtype_name(x.type)}({text})", 14  # numba computes small integers in 64 bits
        once = self.uses.get(x, 0) == 1 and x.op not in ("get", "load") and len(text) <= WIDTH
        if not self.uses.get(x) and x.op != "load":
            return
        if once or x.op in ("input", "length"):
            self.texts[x] = (text, level)
            return
        name = self.unique("v") if x.type != INT else self.unique("n")
        self.add(f"{name} = {text}")
        self.texts[x] = (name, 14)

    def written(self, x: Expr) -> tuple[str, int]:
        """The text of one operation and how tightly it binds."""
        a = x.args
        if x.op in _INFIX:
            symbol = _INFIX[x.op]
            level = _LEVEL.get(symbol, 4)
            return f"{self.at(a[0], level + (level == 4))} {symbol} {self.at(a[1], level + 1)}", level
        if x.op in ("and", "or", "xor"):
            symbol = {"and": "&", "or": "|", "xor": "^"}[x.op]
            return f"{self.at(a[0], 14)} {symbol} {self.at(a[1], 14)}", 5
        if x.op == "select":
            return f"{self.at(a[1], 1)} if {self.at(a[0], 1)} else {self.at(a[2], 1)}", 0
        if x.op in ("neg", "invert"):
            return f"{'-' if x.op == 'neg' else '~'}{self.at(a[0], 12)}", 11
        if x.op == "not":
            return f"not {self.at(a[0], 4)}", 3
        if x.op == "cast":
            return f"{dtype_name(x.type)}({self.at(a[0])})", 14
        if x.op == "load":
            return f"{self.array(x.data)}[{self.at(a[0])}]", 14
        if x.op == "get":
            return x.data.name, 14
        if x.op == "input":
            return f"{self.inputs[x.data[0]]}{'_im' if x.data[3] else ''}", 14
        if x.op == "length":
            return f"{self.inputs[x.data[0]]}_{x.data[1]}", 14
        if x.op in ("special", "complex"):
            return self.by_address(x.data if x.op == "special" else x.data[0]), 14
        if x.op == "loop":
            return self.by_address(f"{x.data.op}"), 14
        name = self.called(x.data, x.type) if x.op == "call" else x.op
        return f"{_CALLS.get(name, name)}({', '.join(map(self.at, a))})", 14

    def called(self, name: str, type_: str) -> str:
        """What a mathematical function is called."""
        self.vector.add((name, "float64" if type_ == "f64" else "float32"))
        return name

    def by_address(self, routine: str) -> str:
        """The call of a function of the C library, or of SciPy's."""
        raise Unsupported(f"{routine} is not called from numba source")

    # -- the function -----------------------------------------------------------------------------------
    def function(self, graph: Graph) -> tuple[str, list[str]]:
        """The source, and the types of the parameters."""
        self.inputs: dict[int, str] = {}
        parameters, types = [], []
        for position, value in enumerate(graph.inputs):
            name = self.inputs[position] = self.unique(value.name or f"x{position}")
            made = self.kernel.inputs[position]
            if isinstance(made, Buffer):
                self.names[made.storage] = name
                parameters += [name, *(f"{name}_{axis}" for axis in range(len(made.shape)))]
                types += [f"{dtype_name(made.type)[3:].rstrip('_')}[::1]", *["int64"] * len(made.shape)]
            else:
                parts = self._parts(made)
                parameters += [name, f"{name}_im"][: len(parts)]
                types += [dtype_name(p.type)[3:].rstrip("_") for p in parts]
        for position, constant in enumerate(self.kernel.constants):
            buffer = next(b for b in self.kernel.buffers if b.kind == "constant" and b.position == position)
            parameters.append(self.array(buffer))
            types.append(f"{dtype_name(buffer.type)[3:].rstrip('_')}[::1]")
            del constant
        for variable in self.kernel.variables:
            self.add(f"{variable.name} = {dtype_name(variable.type)}(0)")
        for buffer in self.kernel.buffers:
            if buffer.kind == "local" and buffer.storage not in self.names:
                count = int(np.prod([s.data for s in buffer.shape])) * (1 + buffer.is_complex)
                self.add(f"{self.array(buffer)} = np.empty({count}, {dtype_name(buffer.type)})")
        self.outputs = [b for b in self.kernel.buffers if b.kind == "output"]
        for buffer in {b.storage: b for b in self.outputs}.values():
            self.add(f"{self.array(buffer)} = np.empty(0, {dtype_name(buffer.type)})")
        self.block(self.kernel.body)
        self.add(f"return {self.result('0')}")
        return "\n".join([f"def kernel({', '.join(parameters)}):", *self.lines]) + "\n", types

    def result(self, status: str) -> str:
        parts = [status]
        for output in self.kernel.outputs:
            if isinstance(output, Buffer):
                parts += [self.array(output), *(self.at(s) for s in output.shape)]
            else:
                parts += [self.at(p) for p in self._parts(output)]
        return f"({', '.join(parts)},)"

    def block(self, block: k.Block) -> None:
        before = len(self.lines)
        for statement in block.statements:
            if isinstance(statement, Expr):
                self.expression(statement)
            else:
                getattr(self, "do_" + type(statement).__name__)(statement)
        if len(self.lines) == before:
            self.add("pass")

    def nested(self, block: k.Block) -> None:
        self.indent += 1
        self.block(block)
        self.indent -= 1

    def do_Store(self, s: k.Store) -> None:
        self.add(f"{self.array(s.buffer)}[{self.at(s.index)}] = {self.at(s.value)}")

    def do_Set(self, s: k.Set) -> None:
        self.add(f"{s.variable.name} = {self.at(s.value)}")

    def do_Accumulate(self, s: k.Accumulate) -> None:
        name, value = s.variable.name, self.at(s.value, 1)
        if s.op in ("add", "mul"):
            self.add(f"{name} {'+' if s.op == 'add' else '*'}= {value}")
        elif s.op in ("or", "and"):
            self.add(f"{name} {'|' if s.op == 'or' else '&'}= {self.at(s.value)}")
        else:
            self.add(f"{name} = {s.op}({name}, {value})")

    def do_For(self, s: k.For) -> None:
        name = self.unique(next(self.letters, "i"))
        self.texts[s.index] = (name, 14)
        start = "" if s.start.op == "const" and s.start.data == 0 else f"{self.at(s.start)}, "
        self.add(f"for {name} in range({start}{self.at(s.stop)}):")
        self.nested(s.body)
        self.letters = itertools.chain([name.split("_")[0]], self.letters)
        self.taken.discard(name)

    def do_While(self, s: k.While) -> None:
        self.add("while True:")
        self.nested(s.body)

    def do_Exit(self, s: k.Exit) -> None:
        self.add(f"if {self.at(s.condition)}:")
        self.add("    break")

    def do_If(self, s: k.If) -> None:
        self.add(f"if {self.at(s.condition)}:")
        self.nested(s.then)
        if s.orelse.statements:
            self.add("else:")
            self.nested(s.orelse)

    def do_Fail(self, s: k.Fail) -> None:
        raise_ = f"raise ValueError({self.kernel.messages[s.status - 1]!r})"
        self.add(f"if {self.at(s.condition)}:")
        self.add(f"    {raise_}")

    def do_Allocate(self, s: k.Allocate) -> None:
        name, count = self.array(s.buffer), self.at(s.elements, 10)
        count += " * 2" if s.buffer.is_complex else ""
        if s.keep:
            more = self.unique("more")
            self.add(f"{more} = np.empty({count}, {dtype_name(s.buffer.type)})")
            self.add(f"{more}[:len({name})] = {name}")
            self.add(f"{name} = {more}")
            self.taken.discard(more)
        else:
            self.add(f"{name} = np.empty({count}, {dtype_name(s.buffer.type)})")

    def do_Copy(self, s: k.Copy) -> None:
        count = self.at(s.elements, 10) + (" * 2" if s.target.is_complex else "")
        c = self.unique("c")
        self.add(f"for {c} in range({count}):")
        self.add(f"    {self.array(s.target)}[{c}] = {self.array(s.source)}[{c}]")
        self.taken.discard(c)

    def do_Product(self, s: k.Product) -> None:
        i, j, inner, dot = names = [self.unique(name) for name in ("i", "j", "l", "dot")]
        self.add(f"for {i} in range({s.rows}):")
        self.add(f"    for {j} in range({s.columns}):")
        place = f"{self.array(s.target)}[{self.at(s.place, 9)} + {i} * {s.columns} + {j}]"
        self.add(f"        {dot} = 0.0")
        self.add(f"        for {inner} in range({self.at(s.depth) if isinstance(s.depth, Expr) else s.depth}):")
        self.add(f"            {dot} += {self.strided(s.a, i, inner)} * {self.strided(s.b, inner, j)}")
        self.add(f"        {place} {'+=' if s.more else '='} {dot}")
        self.taken.difference_update(names)

    def strided(self, m: k.Strided, i: str, j: str) -> str:
        return f"{self.array(m.buffer)}[{self.at(m.start, 9)} + {i} * {self.at(m.down, 10)} + {j} * {self.at(m.across, 10)}]"

    def do_Library(self, s: k.Library) -> None:
        raise Unsupported(f"{s.name} is not called from numba source")

    def do_InnerLoop(self, s: k.InnerLoop) -> None:
        self.do_Library(s)


class NumbaSourceBackend:
    """Compiles graphs through numba source: slower to compile, easy to read."""

    name = "numba-source"

    def compile(self, graph: Graph) -> Compiled:
        from .numba_cpu import in_segments

        return in_segments(decompose(graph), compile_source, self.name)


def compile_source(graph: Graph, sizes: Sequence[str] = ()) -> Compiled:
    """The whole of `graph` as one njit function."""
    from .numba_cpu import Detours

    start = time.perf_counter()
    kernel = lower(graph, sizes)
    printer = SourcePrinter(kernel)
    source, types = printer.function(graph)
    printed = time.perf_counter()
    jitted = jit(source, types, printer.vector)
    detours = Detours(graph, kernel)
    run = _Caller(graph, kernel, jitted, detours)
    detours.run = run
    report = Report("numba-source", kernel.summary, seconds={"lower": printed - start, "compile": time.perf_counter() - printed})
    compiled = Compiled(run, source, report)
    compiled.jitted = jitted  # type: ignore[attr-defined]
    return compiled


def jit(source: str, types: Sequence[str], vector: set[tuple[str, str]]) -> Any:
    """The numba dispatcher of a printed kernel."""
    import math

    import numba

    from . import vecmath

    scope: dict[str, Any] = {"np": np, "math": math, "__name__": __name__}
    exec(PRELUDE, scope)
    for name in ("maximum", "minimum", "fmax", "fmin"):
        scope[name] = numba.njit(inline="always")(scope[name])
    if len({d for _, d in vector}) > 1:
        raise Unsupported("vector functions of two precisions in one source")
    for name, dtype in vector:
        scope[name] = vecmath.numba_function(name, dtype)
    exec(compile(source, f"<bcad kernel {next(_numbers)}>", "exec"), scope)
    return numba.njit(f"({', '.join(types)},)" if types else "()", error_model="numpy")(scope["kernel"])


class _Caller:
    """Flattens the arguments, calls the jitted function, and shapes what it gives."""

    def __init__(self, graph: Graph, kernel: Kernel, jitted: Callable[..., Any], detours: Any) -> None:
        self.graph, self.kernel, self.jitted, self.detours = graph, kernel, jitted, detours
        self.constants = [flat(a) for a in kernel.constants]

    def __call__(self, *args: Any) -> list[Any]:
        from .numba_cpu import canonical

        values: list[Any] = []
        for x, v in zip(args, self.graph.inputs, strict=True):
            values += parts_of(canonical(x, v.type), v.type)
        if not self._fits(args):
            return self.detours.in_numpy(*args)
        try:
            results = iter(self.jitted(*values, *self.constants)[1:])
        except (ValueError, OverflowError):  # a check, or a number that does not fit
            return self.detours.in_numpy(*args)
        return [
            shaped(results, v.type, made)
            for v, made in zip(self.graph.outputs, self.kernel.outputs, strict=True)
        ]

    def _fits(self, args: Sequence[Any]) -> bool:
        sizes: dict[str, int] = {}
        for x, v in zip(args, self.graph.inputs, strict=True):
            for found, size in zip(np.shape(x), getattr(v.type, "shape", ()), strict=False):
                if (size if isinstance(size, int) else sizes.setdefault(str(size), found)) != found:
                    return False
        return True


def flat(array: Any) -> Any:
    """All scalars of an array in the order of memory."""
    array = np.ascontiguousarray(array)
    return (array.view(array.real.dtype) if array.dtype.kind == "c" and array.ndim else array).reshape(-1)


def parts_of(x: Any, type_: ArrayType) -> list[Any]:
    if type_.shape:
        return [flat(x), *x.shape]
    number = x[()] if isinstance(x, np.ndarray) else x
    return [number.real, number.imag] if type_.dtype.kind == "c" else [number]


def shaped(results: Any, type_: ArrayType, made: Any) -> Any:
    """Take one output off the results."""
    if not isinstance(made, Buffer):
        number = complex(next(results), next(results)) if isinstance(made, Pair) else next(results)
        return as_kind(np.asarray(number, type_.dtype)[()] if type_.kind is not Kind.PYTHON else number, type_)
    array = next(results)
    shape = tuple(int(next(results)) for _ in made.shape)
    return array.view(type_.dtype).reshape(shape)
