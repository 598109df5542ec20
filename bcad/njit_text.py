"""A specialisation as the text of a Python module for numba, whose functions other jitted code can call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.argument_text import Arguments
from bcad.backends import kernel_pieces
from bcad.errors import Unsupported
from bcad.helper_text import Luggage
from bcad.ir import ArrayType, Dim, Graph, Value, constant_op, dim_op
from bcad.literal_text import literal
from bcad.nest_text import derivative_text, result_text
from bcad.njit_pieces import PythonPart, Values, declared_where_read, kernel_lines
from bcad.rewrite import dce
from bcad.standalone import carried, indented, refuse
from bcad.trace import Argument

JIT = '@njit(error_model="numpy")'
_TOGETHER = 8  # conditions in one line
_OWN = ("kernel", "np", "njit", "types", "status", "objmode")


class NjitModule:
    """The text of one module: kernels, and a function around them with the user's parameters.

    What has no kernel form is written as Python functions, which the jitted function calls as such.

    Parameters
    ----------
    special : Specialisation
    fn : callable
        The user's function, for its parameters.

    Raises
    ------
    Unsupported
        For effects, objects as arguments, and streams of random numbers from outside.
    """

    def __init__(self, special: Any, fn: Any) -> None:
        refuse(special)
        self.special = special
        program = special.program
        whole, total = special.graph, len(program.graph.outputs)
        outputs = [*whole.outputs[: special.results], *whole.outputs[total:]]
        graph = dce(Graph(whole.inputs, whole.nodes, outputs, whole.name))
        self.frozen = {k for k, s in enumerate(program.sources) if not isinstance(s, Argument)}
        self.types = [v.type for v in graph.inputs]
        self.graph, self.pieces = kernel_pieces(graph, {k for k in self.frozen if self.kinds(k).shape})
        self.names = [v.name or f"x{k}" for k, v in enumerate(graph.inputs)]
        self.names = [f"{n}_" if n in _OWN else n for n in self.names]
        self.arguments = Arguments(program, fn, self.names, typed=False)
        self.parts = self._parts()

    def _parts(self) -> list[PythonPart | None]:
        """For each piece its Python function, if it has one."""
        found: list[PythonPart | None] = []
        before: PythonPart | None = None
        for count, piece in enumerate(self.pieces, 1):
            if piece.kernel is not None:
                found.append(None)
                continue
            part = PythonPart(f"step_{count}", piece, before.listing if before else None, [*_OWN, *self.names])
            before = part
            found.append(part)
        begun = set().union(*(part.begun for part in found if part is not None))
        streams = before.streams() if before is not None else {}
        self.own = [name for name, obj in streams.items() if id(obj) in begun]
        if len(self.own) < len(streams):
            raise Unsupported("the function draws from a stream of random numbers that it does not make",
                              why="a jitted function has no such argument", hint='flavour="numpy", or default_rng(seed) in it')
        return found

    def kinds(self, position: int) -> ArrayType:
        """The type of an input, which must be a number or an array."""
        type_ = self.types[position]
        if not isinstance(type_, ArrayType):
            raise Unsupported(f"numba cannot take the {type_} that the function reads")
        return type_

    # -- the function ---------------------------------------------------------------------------
    def body(self) -> list[str]:
        """Checks of the arguments, and the pieces one after the other."""
        lines = [line for k in range(len(self.names)) if k not in self.frozen for line in self._check(k)]
        lines += _guards(self.arguments.conditions())
        self.values = values = Values(self.graph.inputs, self.names)
        flat = {self.graph.inputs[k]: f"{self.names[k]}_flat" for k in self.frozen if self.kinds(k).shape}
        for piece, part in zip(self.pieces, self.parts, strict=True):
            if part is None:
                lines += kernel_lines(piece, values, flat, len(self.pieces) == 1)
            else:
                lines += part.lines(values)
        return declared_where_read(lines, self._outputs())

    def result(self) -> str:
        return result_text(self.special.program, self._outputs()[: self.special.results], tuples=True)

    def gradient(self) -> str:
        return derivative_text(self.special.trees, self._outputs()[self.special.results :], tuples=True)

    def _check(self, position: int) -> list[str]:
        name, type_ = self.names[position], self.kinds(position)
        where = self.arguments.where(position)
        lines = [f"{name} = {where}"] if name != where else []
        if type_.shape:
            lines += [f"if {name}.ndim != {type_.ndim}:", f"    raise ValueError({f'{name} must have {type_.ndim} axes'!r})"]
            for axis, size in enumerate(type_.shape):
                least = isinstance(size, Dim)
                lines += [
                    f"if {name}.shape[{axis}] {'<' if least else '!='} {2 if least else size}:",
                    f"    raise ValueError('{name}.shape[{axis}] must be {'2 or more' if least else size}')",
                ]
        elif type_.dtype.kind in "iu":
            lines += [f"if {name} != np.int64({name}):", f"    raise ValueError('{name} must be an integer')"]
        return lines

    def _outputs(self) -> list[str]:
        """The results as arrays and numbers, no array of the caller's or the module's among them."""
        found, shared = [], set()
        for value in self.graph.outputs:
            text = self._text(value)
            array = bool(getattr(value.type, "shape", ()))
            found.append(f"{text}.copy()" if array and (value not in self.values.new or value in shared) else text)
            shared.add(value)
        return found

    def _text(self, value: Value) -> str:
        if value in self.values.text:
            return self.values.text[value]
        node = value.node
        assert node is not None
        if node.op is dim_op:
            return self.values.size(node.attrs["size"])
        assert node.op is constant_op, node.op
        return literal(node.attrs["value"].value)

    # -- the module --------------------------------------------------------------------------------
    def _captured(self, position: int) -> Any:
        return self.special.program.sources[position].read(())

    def _frozen(self, position: int) -> list[str]:
        """What the function read from outside, with the value of now; arrays also as the kernel reads them."""
        name, x = self.names[position], self._captured(position)
        if not isinstance(x, np.ndarray) or not x.shape:
            return [f"{name} = {literal(x[()] if isinstance(x, np.ndarray) else x)}"]
        flat = f"np.ascontiguousarray({name}).reshape(-1)"
        return [f"{name} = {literal(x)}", f"{name}_flat = {flat}" + (f".view({name}.real.dtype)" if x.dtype.kind == "c" else "")]

    def text(self, doc: str, functions: Sequence[str]) -> str:
        """The module with these functions."""
        kernels = [piece.kernel for piece in self.pieces if piece.kernel is not None]
        parts = [part for part in self.parts if part is not None]
        luggage = carried(parts[-1].listing.notation, {}) if parts else Luggage()
        libraries = any(kernel.libraries for kernel in kernels)
        imports = ["import math", *(["import ctypes"] if libraries else []), "", "import numpy as np"]
        imports += [f"from numba import njit, {'objmode, ' if parts else ''}types"]
        imports += ["from numba.extending import get_cython_function_address"] if libraries else []
        imports += [line for line in luggage.imports() if line not in imports]
        values = [line for k in sorted(self.frozen) for line in self._frozen(k)]
        values += [f"{name} = {literal(x)}" for kernel in kernels for name, x in kernel.constants.items()]
        values += [f"{name} = {literal(x)}" for name, x in (parts[-1].listing.notation.constants if parts else {}).items()]
        values += [f"{name} = None" for name in self.own]
        helpers = dict.fromkeys(text for kernel in kernels for text in kernel.helpers)
        written = [
            _kernel(piece.kernel) if part is None else part.function(self.own)
            for piece, part in zip(self.pieces, self.parts, strict=True)
        ]
        head = [f'"""{doc}"""', "\n".join(imports), "\n".join(values)]
        blocks = ["\n\n".join(filter(None, head)), *luggage.functions(), *helpers, *written, *functions]
        return "\n\n\n".join(blocks) + "\n"


def _guards(conditions: Sequence[str]) -> list[str]:
    """Refuse arguments for which the conditions do not hold, several in a line: numba's own time grows with the branches."""
    lines = []
    for start in range(0, len(conditions), _TOGETHER):
        several = conditions[start : start + _TOGETHER]
        said = f"this holds for {' and '.join(several)} only"
        test = f"({several[0]})" if len(several) == 1 else f"({' & '.join(f'({c})' for c in several)})"
        lines += [f"if not {test}:", f"    raise ValueError({said!r})"]
    return lines


def _kernel(kernel: Any) -> str:
    signature = ", ".join(kernel.signature)
    head = f'@njit(({signature},), error_model="numpy")' if signature else JIT
    return f"{head}\n{kernel.source.rstrip()}"


def jitted(name: str, parameters: str, doc: str, lines: Sequence[str]) -> str:
    """A function for numba."""
    head = [JIT, f"def {name}({parameters}):"]
    return "\n".join([*head, *indented([f'"""{doc}"""', *lines] if doc else lines)])
