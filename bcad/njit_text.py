"""A specialisation as the text of jitted functions for numba, which other jitted code can call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.argument_text import Arguments
from bcad.backends import kernel_pieces
from bcad.errors import Unsupported
from bcad.ir import ArrayType, Dim, Graph, Value, constant_op, dim_op
from bcad.literal_text import literal
from bcad.nest_text import derivative_text, result_text
from bcad.njit_pieces import PythonPart, Values, declared_where_read, kernel_lines
from bcad.rewrite import dce
from bcad.standalone import indented, refuse
from bcad.trace import Argument, GuardMiss

JIT = '@njit(error_model="numpy")'
_TOGETHER = 8  # conditions in one line
SHORTER = "; call the function with such arguments before it is exported"
_OWN = ("kernel", "np", "njit", "types", "status", "objmode")


class NjitCase:
    """One specialisation: kernels, and what stands around them in a function with the user's parameters.

    What has no kernel form is written as Python functions, which the jitted function calls as such.

    Parameters
    ----------
    special : Specialisation
    fn : callable
        The user's function, for its parameters.
    before : NjitCase, optional
        The case in front of this one in the same module.

    Raises
    ------
    Unsupported
        For effects, objects as arguments, and streams of random numbers from outside.
    """

    def __init__(self, special: Any, fn: Any, before: NjitCase | None = None) -> None:
        refuse(special)
        self.special = special
        self.number: int = 1 if before is None else before.number + 1
        program = special.program
        whole, total = special.graph, len(program.graph.outputs)
        outputs = [*whole.outputs[: special.results], *whole.outputs[total:]]
        graph = dce(Graph(whole.inputs, whole.nodes, outputs, whole.name))
        self.frozen = {k for k, s in enumerate(program.sources) if not isinstance(s, Argument)}
        self.types = [v.type for v in graph.inputs]
        kernel = "kernel" if before is None else f"kernel_of_{self.number}"
        self.graph, self.pieces = kernel_pieces(graph, {k for k in self.frozen if self.type_of(k).shape}, kernel)
        self.globals: dict[str, str] = {} if before is None else before.globals
        self.names = [n if n not in _OWN else f"{n}_" for n in (v.name or f"x{k}" for k, v in enumerate(graph.inputs))]
        for k in sorted(self.frozen):
            self.names[k] = self._global(self.names[k], self._captured(k))
        self.arguments = Arguments(program, fn, self.names, typed=False)
        self.parts = self._parts(before)

    def _global(self, name: str, value: Any) -> str:
        """The name of a global variable of the module with this value."""
        text = literal(value)
        taken = {n for k, n in enumerate(self.names) if k not in self.frozen}
        while name in taken or self.globals.setdefault(name, text) != text:
            name += "_"
        return name

    def _parts(self, before: NjitCase | None) -> list[PythonPart | None]:
        """For each piece its Python function, if it has one."""
        found: list[PythonPart | None] = []
        last = before.last_part if before is not None else None
        for count, piece in enumerate(self.pieces, 1):
            if piece.kernel is not None:
                found.append(None)
                continue
            name = f"step_{count}" if before is None else f"step_{count}_of_{self.number}"
            last = PythonPart(name, piece, last.listing if last else None, [*_OWN, *self.names])
            found.append(last)
        self.last_part: PythonPart | None = last
        self.begun: set[int] = set().union(*(part.begun for part in found if part is not None))
        self.begun |= before.begun if before is not None else set()
        streams = last.streams() if last is not None else {}
        self.own = [name for name, obj in streams.items() if id(obj) in self.begun]
        if len(self.own) < len(streams):
            raise Unsupported("the function draws from a stream of random numbers that it does not make",
                              why="a jitted function has no such argument", hint='flavour="numpy", or default_rng(seed) in it')
        return found

    # -- types ----------------------------------------------------------------------------------
    def type_of(self, position: int) -> ArrayType:
        """The type of an input, which must be a number or an array."""
        type_ = self.types[position]
        if not isinstance(type_, ArrayType):
            raise Unsupported(f"numba cannot take the {type_} that the function reads")
        return type_

    def kinds(self) -> tuple[tuple[int, str], ...]:
        """Of each leaf of the arguments the rank and, of arrays, the dtype."""
        known = {self.special.program.sources[k].index: self.type_of(k) for k in self._given()}
        return tuple(_kind(known.get(leaf)) for leaf in range(len(self.arguments.leaves)))

    def outcome(self) -> Any:
        """What a call gives: how it is nested, ranks and dtypes."""
        outputs = [(len(getattr(v.type, "shape", ())), str(getattr(v.type, "dtype", v.type))) for v in self.graph.outputs]
        return self.special.program.result.tree, tuple(outputs)

    @property
    def may_miss(self) -> bool:
        """Whether only a run can tell that a call goes another way than the one that was traced."""
        return any(getattr(node.attrs.get("error"), "value", None) is GuardMiss for node in self.graph.walk())

    def _given(self) -> list[int]:
        return [k for k in range(len(self.names)) if k not in self.frozen]

    # -- the function ---------------------------------------------------------------------------
    def bindings(self) -> list[str]:
        """Names for what is taken out of containers."""
        return [f"{self.names[k]} = {self.arguments.where(k)}" for k in self._given() if self.names[k] != self.arguments.where(k)]

    def tests(self) -> list[str]:
        """Conditions for the case to hold, all arguments having its ranks."""
        found = [f"{name}.shape[{axis}] {right}" for name, axis, _, right in self._lengths()]
        found += [f"{name} == np.int64({name})" for name in self._integers()]
        return [*found, *self.arguments.conditions()]

    def checks(self) -> list[str]:
        """Refuse arguments for which the case does not hold."""
        lines = self.bindings()
        for k in self._given():
            rank = len(self.type_of(k).shape)
            if rank:
                lines += [f"if {self.names[k]}.ndim != {rank}:", f"    raise ValueError('{self.names[k]} must have {rank} axes')"]
        for name, axis, wrong, right in self._lengths():
            must = f"{right.removeprefix('>= ')} or more{SHORTER}" if right.startswith(">=") else right.removeprefix("== ")
            lines += [f"if {name}.shape[{axis}] {wrong}:", f"    raise ValueError({f'{name}.shape[{axis}] must be {must}'!r})"]
        for name in self._integers():
            lines += [f"if {name} != np.int64({name}):", f"    raise ValueError('{name} must be an integer')"]
        return [*lines, *_guards(self.arguments.conditions())]

    def body(self) -> list[str]:
        """The pieces one after the other."""
        lines: list[str] = []
        self.values = values = Values(self.graph.inputs, self.names)
        flat = {self.graph.inputs[k]: f"{self.names[k]}_flat" for k in self.frozen if self.type_of(k).shape}
        for piece, part in zip(self.pieces, self.parts, strict=True):
            if part is None:
                lines += kernel_lines(piece, values, flat, len(self.pieces) == 1)
            else:
                lines += part.lines(values)
        return declared_where_read(lines, self._outputs())

    def _lengths(self) -> list[tuple[str, int, str, str]]:
        """Name, axis, what its length must not be, what it must be."""
        least = self.arguments.shortest.length
        return [
            (self.names[k], axis, *((f"< {least}", f">= {least}") if isinstance(size, Dim) else (f"!= {size}", f"== {size}")))
            for k in self._given() for axis, size in enumerate(self.type_of(k).shape)
        ]

    def _integers(self) -> list[str]:
        return [self.names[k] for k in self._given() if not self.type_of(k).shape and self.type_of(k).dtype.kind in "iu"]

    def result(self) -> str:
        return result_text(self.special.program, self._outputs()[: self.special.results], tuples=True)

    def gradient(self) -> str:
        return derivative_text(self.special.trees, self._outputs()[self.special.results :], tuples=True)

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

    # -- what it reads from outside ------------------------------------------------------------------
    def _captured(self, position: int) -> Any:
        return self.special.program.sources[position].read(())

    def frozen_lines(self) -> list[str]:
        """What the function read from outside, with the values of now; arrays also as the kernel reads them."""
        lines = []
        for k in sorted(self.frozen):
            name, x = self.names[k], self._captured(k)
            if not isinstance(x, np.ndarray) or not x.shape:
                lines.append(f"{name} = {literal(x[()] if isinstance(x, np.ndarray) else x)}")
                continue
            flat = f"np.ascontiguousarray({name}).reshape(-1)" + (f".view({name}.real.dtype)" if x.dtype.kind == "c" else "")
            lines += [f"{name} = {literal(x)}", f"{name}_flat = {flat}"]
        return lines


def _kind(type_: ArrayType | None) -> tuple[int, str]:
    """What tells which types an argument may have; None: it is no number."""
    if type_ is None or not type_.shape:
        return 0, "complex" if type_ is not None and type_.dtype.kind == "c" else ""
    return len(type_.shape), type_.dtype.name


def _guards(conditions: Sequence[str]) -> list[str]:
    """Refuse arguments for which the conditions do not hold, several in a line: numba's own time grows with the branches."""
    lines = []
    for start in range(0, len(conditions), _TOGETHER):
        several = conditions[start : start + _TOGETHER]
        said = f"this holds for {' and '.join(several)} only"
        test = f"({several[0]})" if len(several) == 1 else f"({' & '.join(f'({c})' for c in several)})"
        lines += [f"if not {test}:", f"    raise ValueError({said!r})"]
    return lines


def kernel_text(kernel: Any) -> str:
    """A kernel as a function that is compiled when the module is imported."""
    signature = ", ".join(kernel.signature)
    head = f'@njit(({signature},), error_model="numpy")' if signature else JIT
    return f"{head}\n{kernel.source.rstrip()}"


def jitted(name: str, parameters: str, doc: str, lines: Sequence[str]) -> str:
    """A function for numba."""
    head = [JIT, f"def {name}({parameters}):"]
    return "\n".join([*head, *indented([f'"""{doc}"""', *lines] if doc else lines)])
