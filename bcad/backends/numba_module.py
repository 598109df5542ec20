"""Kernel form -> numba source that needs numba and SciPy's BLAS alone: for exported modules."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bcad.ir import ArrayType, Graph, Node, Value

from . import complex_functions, numpy_sorts, special_functions
from . import kernel as k
from .decompose import decompose
from .kernel import Buffer, Pair
from .lower import lower
from .numba_cpu import foreign_nodes, without_refused
from .numba_source import PRELUDE, SourcePrinter, flat
from .scalars import Unsupported
from .segments import Segment, extract, is_symbol

_FUNCTIONS = {  # where NumPy's name is not math's
    "arccos": "math.acos", "arccosh": "math.acosh", "arcsin": "math.asin", "arcsinh": "math.asinh", "arctan": "math.atan",
    "arctan2": "math.atan2", "arctanh": "math.atanh", "gammaln": "math.lgamma", "exp2": "np.exp2", "cbrt": "np.cbrt",
}
_MOST_BLOCKS = 250  # numba's own recursion goes as deep as a function has of them
_BLOCK = re.compile(r"^ *(?:for|while|if|else)\b", re.MULTILINE)
ROUTINE = '''
def _routine(name, count):
    """A routine of the BLAS and LAPACK that SciPy brings along."""
    for module in ("scipy.linalg.cython_blas", "scipy.linalg.cython_lapack"):
        try:
            address = get_cython_function_address(module, name)
        except ValueError:
            continue
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * count)(address)
'''


@dataclass(frozen=True)
class Passed:
    """How a number or array goes in or out: whether it is an array, has two parts, was made by the kernel."""

    array: bool
    complex: bool
    fresh: bool


@dataclass
class KernelText:
    """One kernel of a module.

    Attributes
    ----------
    name : str
    source : str
        ``def name(...)``, to be compiled for `signature`.
    helpers : list of str
        Functions that it calls.
    constants : dict
        Arrays that are passed behind the inputs, by name.
    inputs, outputs : list of Passed
        How the kernel takes each input of the graph, and gives each output.
    libraries : bool
        Whether it calls BLAS or LAPACK.
    """

    name: str
    source: str
    signature: list[str]
    helpers: list[str]
    constants: dict[str, Any]
    inputs: list[Passed]
    outputs: list[Passed]
    libraries: bool


@dataclass
class Piece:
    """A part of a graph that runs as a whole: compiled, or as NumPy's own text.

    Attributes
    ----------
    graph : Graph
        Its inputs are `inputs`, then the sizes `symbols`; its outputs `outputs`, then the sizes `handed`.
    inputs, outputs : list of Value
        Those of the graph that was cut.
    kernel : KernelText or None
        None if it is for NumPy.
    """

    graph: Graph
    inputs: list[Value]
    outputs: list[Value]
    symbols: list[str]
    handed: list[str]
    kernel: KernelText | None


def kernel_pieces(graph: Graph, frozen: set[int], name: str = "kernel") -> tuple[Graph, list[Piece]]:
    """`graph` in the form that is cut, and its pieces in the order in which they run.

    Parameters
    ----------
    frozen : set of int
        The inputs that are global arrays of the module.
    name : str
        What its kernel is called; several have numbers.

    Returns
    -------
    graph, list of Piece
        One piece for NumPy if nothing has a kernel form.
    """
    graph = decompose(graph)
    constant = {graph.inputs[k] for k in frozen}
    if not foreign_nodes(graph):
        try:
            whole = _kernel_text(graph, (), constant, graph.inputs, name)
            return graph, [Piece(graph, list(graph.inputs), list(graph.outputs), [], [], whole)]
        except Unsupported as reason:
            first = reason
    else:
        first = Unsupported("nothing in it is compiled")

    def build(segments: list[Segment]) -> list[Piece]:
        known = {str(s) for v in graph.inputs for s in getattr(v.type, "shape", ()) if is_symbol(s)}
        found = []
        for count, segment in enumerate(segments, 1):
            part, symbols, handed = extract(graph, segment, known)
            known |= set(handed)
            kernel = _kernel_text(part, symbols, constant, segment.inputs, f"{name}_{count}") if segment.compiled else None
            found.append(Piece(part, segment.inputs, segment.outputs, symbols, handed, kernel))
        return found

    try:
        return graph, without_refused(graph, first, build)[0]
    except Unsupported:
        return graph, [Piece(graph, list(graph.inputs), list(graph.outputs), [], [], None)]


def _kernel_text(graph: Graph, symbols: Sequence[str], frozen: set[Value], inputs: Sequence[Value], name: str) -> KernelText:
    kernel = lower(graph, symbols)
    printer = ModulePrinter(kernel)
    try:
        source, types = printer.function(graph)
    except _Unknown as unknown:
        unknown.node = next((n for n in graph.nodes if _calls(n, unknown.function)), None)
        raise
    if len(_BLOCK.findall(source)) > _MOST_BLOCKS:
        raise Unsupported("more loops and branches than numba can take in a function")
    signature, position = [], 0
    for index, value in enumerate(graph.inputs):
        made = kernel.inputs[index]
        count = 1 + len(made.shape) if isinstance(made, Buffer) else 2 if isinstance(made, Pair) else 1
        signature += [_type(t, index < len(inputs) and inputs[index] in frozen) for t in types[position : position + count]]
        position += count
        assert isinstance(value.type, ArrayType)
    signature += [_type(t, True) for t in types[position:]]
    names = [f"{name}_constant{n}" for n in range(len(kernel.constants))]
    helpers = [text for text in PRELUDE.strip().split("\n\n") if f"{text.split('(')[0][4:]}(" in source]
    used = [f"@njit(inline='always')\n{text}" for text in helpers]
    return KernelText(
        name, source.replace("def kernel(", f"def {name}(", 1), signature, [*used, *printer.wrappers()],
        dict(zip(names, map(flat, kernel.constants), strict=True)), list(map(_passed, kernel.inputs)),
        list(map(_passed, kernel.outputs)), bool(printer.routines),
    )


def _calls(node: Node, function: str) -> bool:
    """Whether a function may be called for a node: one by its own name, or one of complex numbers."""
    if function in _ops_in(node):
        return True
    complex_ = any(isinstance(v.type, ArrayType) and v.type.is_complex for v in node.inputs)
    return function.startswith(complex_functions.PREFIX) and complex_ and node.op.name in complex_functions.CALLERS


def _ops_in(node: Node) -> set[str]:
    """The names of a node's op and of all in its regions."""
    return {node.op.name}.union(*(_ops_in(inner) for region in node.regions for inner in region.nodes))


class _Unknown(Unsupported):
    """A function of a scalar that numba does not have."""

    def __init__(self, function: str) -> None:
        super().__init__(f"{function}: numba has no such function")
        self.function = function


def _type(text: str, frozen: bool) -> str:
    """A parameter's type as an expression; numba takes global arrays as read-only."""
    name, bracket, _ = text.partition("[")
    name = {"bool": "boolean"}.get(name, name)
    if not bracket:
        return f"types.{name}"
    return f"types.Array(types.{name}, 1, 'C', readonly=True)" if frozen else f"types.{name}[::1]"


class ModulePrinter(SourcePrinter):
    """Prints a kernel that calls numba's own functions, and routines by their addresses."""

    def __init__(self, kernel: k.Kernel) -> None:
        super().__init__(kernel)
        self.routines: dict[str, tuple[tuple[str, ...], bool]] = {}
        self.taken |= {"njit", "types", "ctypes", "kernel"}

    def _count(self, block: k.Block) -> None:
        super()._count(block)
        for statement in block.statements:
            if isinstance(statement, k.Library):
                for argument in statement.arguments:
                    for x in argument:
                        if isinstance(x, k.Expr):
                            self.uses[x] = self.uses.get(x, 0) + 1

    def called(self, name: str, type_: str) -> str:
        if name in _FUNCTIONS:
            return _FUNCTIONS[name]
        if hasattr(math, name):
            return f"math.{name}"
        raise _Unknown(name)

    def by_address(self, routine: str) -> str:
        raise _Unknown(routine.removeprefix(special_functions.PREFIX).split("/")[0])

    def do_Library(self, s: k.Library) -> None:
        if s.c:
            raise _Unknown(s.name.removeprefix(numpy_sorts.PREFIX).split("/")[0])
        kinds, texts = [], []
        for kind, x, *rest in s.arguments:
            kinds.append("complex" if kind == "scalar" and rest[1] else f"scalar {rest[0]}" if kind == "scalar" else kind)
            if kind == "buffer":
                texts.append(f"{self.array(x)}[{self.at(rest[0])}:]" if rest[0] is not None else self.array(x))
            else:
                texts.append(str(ord(x)) if kind == "char" else repr(float(x)) if kind == "scalar" else self.at(x))
        known = self.routines.setdefault(s.name, (tuple(kinds), s.status is not None))
        assert known == (tuple(kinds), s.status is not None), s.name
        call = f"{s.name}({', '.join(texts)})"
        self.add(f"{s.status.name} = {call}" if s.status is not None else call)

    def do_InnerLoop(self, s: k.InnerLoop) -> None:
        raise _Unknown(s.op)

    def wrappers(self) -> list[str]:
        """Functions that hand numbers over as Fortran takes them: by address."""
        if not self.routines:
            return []
        found = [ROUTINE.strip()]
        for name, (kinds, status) in self.routines.items():
            names = [f"x{n}" for n in range(len(kinds))]
            given = [_address(kind, x) for kind, x in zip(kinds, names, strict=True)]
            lines = [f"_{name} = _routine({name!r}, {len(kinds) + status})\n\n", "@njit", f"def {name}({', '.join(names)}):"]
            if status:
                lines += ["    info = np.zeros(1, np.int32)", f"    _{name}({', '.join(given)}, info.ctypes)", "    return info[0]"]
            else:
                lines.append(f"    _{name}({', '.join(given)})")
            found.append("\n".join(lines))
        return found


def _address(kind: str, name: str) -> str:
    if kind == "buffer":
        return f"{name}.ctypes"
    if kind == "complex":
        return f"np.array([{name}, 0.0]).ctypes"
    dtype = {"char": "np.int8", "int": "np.int32", "scalar f32": "np.float32"}.get(kind, "np.float64")
    return f"np.array([{name}], {dtype}).ctypes"


def _passed(made: Any) -> Passed:
    if isinstance(made, Buffer):
        return Passed(True, made.is_complex, made.kind not in ("input", "constant"))
    return Passed(False, isinstance(made, Pair), True)
