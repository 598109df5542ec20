"""A specialisation as the text of a Python module for numba, whose functions other jitted code can call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.argument_text import Arguments
from bcad.backends import kernel_text
from bcad.errors import Unsupported
from bcad.ir import ArrayType, Dim, Graph
from bcad.literal_text import literal
from bcad.nest_text import derivative_text, result_text
from bcad.rewrite import dce
from bcad.standalone import indented, refuse
from bcad.trace import Argument

JIT = '@njit(error_model="numpy")'


class NjitModule:
    """The text of one module: the kernel, and a function around it with the user's parameters.

    Parameters
    ----------
    special : Specialisation
    fn : callable
        The user's function, for its parameters.

    Raises
    ------
    Unsupported
        For containers as arguments, effects, and what has no kernel form.
    """

    def __init__(self, special: Any, fn: Any) -> None:
        refuse(special)
        self.special = special
        program = special.program
        if any(tree.cls is not None for place in program.tree.children for tree in place.children):
            raise Unsupported("numba takes no lists or dicts of arrays as arguments", hint='flavour="numpy" does')
        whole, total = special.graph, len(program.graph.outputs)
        outputs = [*whole.outputs[: special.results], *whole.outputs[total:]]
        self.graph = dce(Graph(whole.inputs, whole.nodes, outputs, whole.name))
        self.frozen = {k for k, s in enumerate(program.sources) if not isinstance(s, Argument)}
        try:
            self.kernel = kernel_text(self.graph, {k for k in self.frozen if self.kinds(k).shape})
        except NotImplementedError as error:
            raise Unsupported(f"there is no form of {whole.name} for numba", why=str(error), hint='flavour="numpy"') from None
        self.names = [v.name or f"x{k}" for k, v in enumerate(self.graph.inputs)]
        self.names = [f"{n}_" if n in ("kernel", "np", "njit", "types", "status") else n for n in self.names]
        self.arguments = Arguments(program, fn, self.names, typed=False)

    def kinds(self, position: int) -> ArrayType:
        """The type of an input, which must be a number or an array."""
        type_ = self.graph.inputs[position].type
        if not isinstance(type_, ArrayType):
            raise Unsupported(f"numba cannot take the {type_} that the function reads")
        return type_

    # -- the function ---------------------------------------------------------------------------
    def body(self) -> list[str]:
        """Checks of the arguments, and the call of the kernel."""
        lines = [line for k in range(len(self.names)) if k not in self.frozen for line in self._check(k)]
        lines += self.arguments.guards()
        given = [text for k in range(len(self.names)) for text in self._given(k)]
        return [*lines, f"{', '.join(['_', *self._received()])} = kernel({', '.join([*given, *self.kernel.constants])})"]

    def result(self) -> str:
        return result_text(self.special.program, self._outputs()[: self.special.results])

    def gradient(self) -> str:
        return derivative_text(self.special.trees, self._outputs()[self.special.results :], "()")

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

    def _given(self, position: int) -> list[str]:
        """An input as the kernel takes it: flat, with its lengths; a complex number as two."""
        name, passed = self.names[position], self.kernel.inputs[position]
        type_ = self.kinds(position)
        if not passed.array:
            return [f"{name}.real", f"{name}.imag"] if passed.complex else [name]
        if position in self.frozen:
            return [f"{name}_flat", *(str(n) for n in np.shape(self._captured(position)))]
        flat = f"np.ascontiguousarray({name}).reshape(-1)"
        flat += f".view(np.float{type_.dtype.itemsize * 4})" if passed.complex else ""
        return [flat, *(f"{name}.shape[{axis}]" for axis in range(type_.ndim))]

    def _received(self) -> list[str]:
        names = []
        for k, (value, passed) in enumerate(zip(self.graph.outputs, self.kernel.outputs, strict=True)):
            if passed.array:
                names += [f"r{k}", *(f"r{k}_{axis}" for axis in range(value.ndim))]
            else:
                names += [f"r{k}", f"r{k}_im"] if passed.complex else [f"r{k}"]
        return names

    def _outputs(self) -> list[str]:
        """What the kernel gave, as arrays and numbers of the function's own kinds."""
        found, shared = [], set()
        for k, (value, passed) in enumerate(zip(self.graph.outputs, self.kernel.outputs, strict=True)):
            text = f"r{k}"
            if not passed.array:
                found.append(f"complex({text}, {text}_im)" if passed.complex else text)
                continue
            text += f".view(np.{value.dtype.name})" if passed.complex else ""
            text += f".reshape(({', '.join(f'r{k}_{axis}' for axis in range(value.ndim))},))" if value.ndim != 1 else ""
            found.append(text if passed.fresh and value not in shared else f"{text}.copy()")
            shared.add(value)
        return found

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
        imports = ["import math", *(["import ctypes"] if self.kernel.libraries else []), "", "import numpy as np"]
        imports.append("from numba import njit, types")
        if self.kernel.libraries:
            imports.append("from numba.extending import get_cython_function_address")
        values = [line for k in sorted(self.frozen) for line in self._frozen(k)]
        values += [f"{name} = {literal(x)}" for name, x in self.kernel.constants.items()]
        signature = ", ".join(self.kernel.signature)
        kernel = f'@njit(({signature},), error_model="numpy")\n{self.kernel.source.rstrip()}' if signature else f"{JIT}\n{self.kernel.source.rstrip()}"
        parts = [f'"""{doc}"""', "\n".join(imports), "\n".join(values)]
        return "\n\n\n".join(["\n\n".join(filter(None, parts)), *self.kernel.helpers, kernel, *functions]) + "\n"


def jitted(name: str, parameters: str, doc: str, lines: Sequence[str]) -> str:
    """A function for numba."""
    head = [JIT, f"def {name}({parameters}):"]
    return "\n".join([*head, *indented([f'"""{doc}"""', *lines] if doc else lines)])
