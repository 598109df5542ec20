"""A specialisation as the text of a Python module that needs NumPy alone."""

from __future__ import annotations

import ast
import base64
import builtins
import inspect
import io
import keyword
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from bcad.backends import Listing, SizeText
from bcad.errors import Unsupported
from bcad.ir import ArrayType, Graph, Names, Value
from bcad.rewrite import gentle

PREFIX = "np."
_LARGEST_LITERAL = 400  # elements of an array that is written out; a larger one is packed


class Module:
    """The text of one module: imports, captured arrays, helpers, functions.

    Parameters
    ----------
    special : Specialisation
        What is written: its graph, checks of what its trace relied on, its captures.
    fn : callable
        The user's function, for its parameters.
    taken : sequence of str
        Names that the text must not use.
    seeds : sequence of str
        The names of the cotangents that are given.
    comments : bool
        Whether lines say which of the user's lines they belong to.
    """

    def __init__(
        self, special: Any, fn: Any, taken: Sequence[str] = (), seeds: Sequence[str] = (), comments: bool = True
    ) -> None:
        _refuse(special)
        self.special, self.fn = special, fn
        self.results_text: list[str] = []
        self.derived_text: list[str] = []
        program = special.program
        whole, total = special.graph, len(program.graph.outputs)
        outputs = [*whole.outputs[: special.results], *whole.outputs[total:]]
        self.graph = gentle(Graph(whole.inputs, whole.nodes, outputs, whole.name))
        for value, seed in zip(self.graph.inputs[len(program.graph.inputs) :], seeds, strict=False):
            value.name = seed
        reserved = {"np", "special", *keyword.kwlist, *dir(builtins), *taken}
        self.listing = Listing(self.graph, prefix=PREFIX, taken=reserved, comments=comments)
        self.results = self.graph.outputs[: special.results]
        self.derived = self.graph.outputs[special.results :]

    def body(self, result: str | None = None) -> list[str]:
        """The lines that compute results and derivatives; `result`: the name that the first result gets."""
        listing = self.listing
        if result is not None and self.results[0] not in self.graph.inputs:
            listing.hints[self.results[0]] = result
            listing.always.add(self.results[0])
        listing.section(self.results, [])
        self.results_text = [listing.notation.of(v).text for v in self.results]
        listing.section(self.derived, [])
        self.derived_text = [listing.notation.of(v).text for v in self.derived]
        return listing.lines

    def preamble(self) -> list[str]:
        """What statements without a function need first: captures and helpers."""
        helpers, imports = self._helpers()
        return [*imports, *self._captures(), *(line for text in helpers for line in text.splitlines())]

    # -- inputs ------------------------------------------------------------------------------
    def name(self, value: Value) -> str:
        """The name of an input."""
        return self.listing.names.of(value)

    def parameters(self) -> list[str]:
        """The function's own parameters."""
        try:
            return [p.name for p in inspect.signature(self.fn).parameters.values()]
        except (TypeError, ValueError):
            return [self.name(self.graph.inputs[k]) for k in sorted(self.special.program.arguments.values())]

    def checks(self) -> list[str]:
        """Lines that unpack the arguments and refuse those for which the text does not hold."""
        program, lines = self.special.program, []
        arguments = set(program.arguments.values())
        for k, (value, source) in enumerate(zip(program.graph.inputs, program.sources, strict=True)):
            if k in arguments:
                name = self.name(self.graph.inputs[k])
                lines += _argument(name, str(source), value.type)
        given = self._sizes_as_traced()
        for guard in program.guards:
            lines += _guard(guard, given)
        return lines

    def _sizes_as_traced(self) -> SizeText:
        """Sizes by the symbols that guards mention: those of each input before equal ones became one."""
        program, names, values = self.special.program, Names(), []
        types = {str(g.where): g.type for g in program.guards if type(g).__name__ == "HasType"}
        for k, source in enumerate(program.sources):
            value = Value(types.get(str(source), program.graph.inputs[k].type), None, None)
            names._given[value] = self.name(self.graph.inputs[k])
            values.append(value)
        return SizeText(values, names, PREFIX)

    # -- the module ----------------------------------------------------------------------------
    def text(self, doc: str, functions: Sequence[str]) -> str:
        """The module with these functions."""
        helpers, imports = self._helpers()
        head = [f'"""{doc}"""', "\n".join(["import numpy as np", *imports])]
        captures = "\n".join(self._captures())
        return "\n\n\n".join(filter(None, ["\n\n".join(filter(None, [*head, captures])), *helpers, *functions])) + "\n"

    def _captures(self) -> list[str]:
        """What the function read from outside, with the values of now."""
        program = self.special.program
        arguments = set(program.arguments.values())
        lines = []
        for k, source in enumerate(program.sources):
            value = self.graph.inputs[k]
            if k not in arguments and value in _used(self.graph):
                lines.append(f"{self.name(value)} = {literal(source.read(()))}")
        for name, constant in self.listing.notation.constants.items():
            lines.append(f"{name} = {literal(constant)}")
        return lines

    def _helpers(self) -> tuple[list[str], list[str]]:
        helpers, imports = [], []
        for name, op in self.listing.notation.helpers.items():
            if isinstance(op, str):
                imports.append(op)
            else:
                helpers.append(helper(name, op))
        return helpers, imports


def indented(lines: Iterable[str]) -> list[str]:
    """The lines of a function's body."""
    return [f"    {line}" for line in lines]


def literal(value: Any) -> str:
    """A number or array as an expression; every bit is kept."""
    if not isinstance(value, (np.ndarray, np.generic)):
        if isinstance(value, (bool, int, float, complex, str, type(None))) and value == value and abs_finite(value):
            return repr(value)
        if isinstance(value, float):
            return f"float({str(value)!r})"
        raise Unsupported(f"{value!r} cannot be written in a module")
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise Unsupported(f"an array of {array.dtype} cannot be written in a module")
    if array.size > _LARGEST_LITERAL or not np.all(np.isfinite(array)):
        buffer = io.BytesIO()
        np.save(buffer, array)
        packed = base64.b64encode(buffer.getvalue()).decode()
        text = f"np.load(__import__('io').BytesIO(__import__('base64').b64decode({packed!r})))"
    else:
        text = f"np.array({array.tolist()!r}, dtype={array.dtype.name!r})"
        text = f"{text}.reshape({array.shape})" if array.size == 0 else text
    return text if isinstance(value, np.ndarray) else f"{text}[()]"


def abs_finite(value: Any) -> bool:
    """Whether a Python number has a literal."""
    return not isinstance(value, (float, complex)) or bool(np.isfinite(value))


def helper(name: str, op: Any) -> str:
    """The source of a function that does what `op` does, from the op's own meaning.

    Raises
    ------
    Unsupported
        If that needs more than NumPy.
    """
    source = textwrap.dedent(inspect.getsource(type(op).evaluate))
    tree = ast.parse(source)
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    function.name = name
    del function.args.args[0]  # self
    for argument in (*function.args.args, *function.args.kwonlyargs):
        argument.annotation = None
    if function.args.vararg:
        function.args.vararg.annotation = None
    function.returns = None
    text = ast.unparse(function)
    names = [a for a in ast.walk(function) if isinstance(a, ast.Name)]
    known = {"np", *dir(builtins), *(a.id for a in names if isinstance(a.ctx, ast.Store))}
    known |= {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    free = {a.id for a in names} - known
    if free:
        raise Unsupported(f"{name}() has no NumPy function that a module could call", why=f"it needs {', '.join(sorted(free))}")
    return text


def _argument(name: str, where: str, type_: Any) -> list[str]:
    lines = [f"{name} = {where}"] if name != where else []
    if isinstance(type_, ArrayType) and type_.shape:
        lines.append(f"{name} = np.asarray({name}, dtype={type_.dtype.name!r})")
        lines.append(f"if {name}.ndim != {len(type_.shape)}:")
        lines.append(f"    raise ValueError(f\"{name} must have {len(type_.shape)} axes, not {{{name}.ndim}}\")")
        for axis, size in enumerate(type_.shape):
            if isinstance(size, int):
                lines.append(f"if {name}.shape[{axis}] != {size}:")
                lines.append(f"    raise ValueError('{name}.shape[{axis}] must be {size}')")
    return lines


def _guard(guard: Any, given: SizeText) -> list[str]:
    """A check of what the trace relied on, if it is about arguments."""
    kind = type(guard).__name__
    if kind == "SizeRelation":
        condition = f"{given.of(guard.left)[0]} {guard.symbol} {given.of(guard.right)[0]}"
        return [f"if not {condition}:", f"    raise ValueError('this holds for {condition} only')"]
    if kind == "HasValue" and type(guard.where).__name__ == "Argument":
        said = f"this holds for {guard} only"
        return [f"if not {guard}:", f"    raise ValueError({said!r})"]
    return []


def _used(graph: Graph) -> set[Value]:
    return {v for node in graph.nodes for v in node.inputs} | set(graph.outputs)


def _refuse(special: Any) -> None:
    """Raise Unsupported for what plain NumPy text cannot do."""
    if special.program.effects:
        raise Unsupported("a function with effects cannot be exported", why=str(special.program.effects[0]))
    for node in special.graph.walk():
        if node.op.name in ("host", "host_effect", "custom"):
            raise Unsupported(
                "a call of a Python function cannot be exported", location=node.location,
                why=f"the module would need {node.attrs.get('fn')}",
            )
