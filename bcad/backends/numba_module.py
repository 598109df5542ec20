"""Kernel form -> numba source that needs numba and SciPy's BLAS alone: for exported modules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bcad.ir import ArrayType, Graph

from . import kernel as k
from .decompose import decompose
from .kernel import Buffer, Pair
from .lower import lower
from .numba_source import PRELUDE, SourcePrinter, flat
from .scalars import Unsupported

_FUNCTIONS = {  # where NumPy's name is not math's
    "arccos": "math.acos", "arccosh": "math.acosh", "arcsin": "math.asin", "arcsinh": "math.asinh", "arctan": "math.atan",
    "arctan2": "math.atan2", "arctanh": "math.atanh", "gammaln": "math.lgamma", "exp2": "np.exp2", "cbrt": "np.cbrt",
}
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
    """The pieces of a module that holds one kernel.

    Attributes
    ----------
    source : str
        ``def kernel(...)``, to be compiled for `signature`.
    helpers : list of str
        Functions that it calls.
    constants : dict
        Arrays that are passed behind the inputs, by name.
    inputs, outputs : list of Passed
        How the kernel takes each input of the graph, and gives each output.
    libraries : bool
        Whether it calls BLAS or LAPACK.
    """

    source: str
    signature: list[str]
    helpers: list[str]
    constants: dict[str, Any]
    inputs: list[Passed]
    outputs: list[Passed]
    libraries: bool


def kernel_text(graph: Graph, frozen: set[int]) -> KernelText:
    """The kernel of a whole graph; `frozen`: inputs that are global arrays of the module.

    Raises
    ------
    Unsupported
        If a part of the graph has no kernel form.
    """
    graph = decompose(graph)
    kernel = lower(graph, ())
    printer = ModulePrinter(kernel)
    source, types = printer.function(graph)
    signature, position = [], 0
    for index, value in enumerate(graph.inputs):
        made = kernel.inputs[index]
        count = 1 + len(made.shape) if isinstance(made, Buffer) else 2 if isinstance(made, Pair) else 1
        signature += [_type(t, index in frozen) for t in types[position : position + count]]
        position += count
        assert isinstance(value.type, ArrayType)
    signature += [_type(t, True) for t in types[position:]]
    names = [f"constant{n}" for n in range(len(kernel.constants))]
    helpers = [text for text in PRELUDE.strip().split("\n\n") if f"{text.split('(')[0][4:]}(" in source]
    used = [f"@njit(inline='always')\n{text}" for text in helpers]
    return KernelText(
        source, signature, [*used, *printer.wrappers()], dict(zip(names, map(flat, kernel.constants), strict=True)),
        list(map(_passed, kernel.inputs)), list(map(_passed, kernel.outputs)), bool(printer.routines),
    )


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
        raise Unsupported(f"{name}: numba has no such function")

    def do_Library(self, s: k.Library) -> None:
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
