"""Modules for numba: the specialisations of a function as jitted functions, taken by the types and sizes of arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bcad.argument_text import outdated
from bcad.errors import Unsupported
from bcad.helper_text import Luggage
from bcad.literal_text import literal
from bcad.njit_text import NjitCase, jitted, kernel_text
from bcad.standalone import carried, indented

_CHOICE = '''def _fits(given, rank, dtype):
    """Whether an argument is an array of this rank and dtype; of numbers, whether both or none are complex."""
    if rank == 0:
        return getattr(given, "ndim", 0) == 0 and isinstance(given, types.Complex) == (dtype == "complex")
    return getattr(given, "ndim", 0) == rank and given.dtype == from_dtype(np.dtype(dtype))


def _taken(PARAMETERS):
    """What the cases for arguments of these types give."""


@overload(_taken, jit_options={"error_model": "numpy"})
def _choose(PARAMETERS):
    for kinds, function in _by_types:
        if all(_fits(x, *kind) for x, kind in zip((LEAVES), kinds)):
            return function
    raise errors.TypingError("no case was traced for arguments of these types")'''


def njit_cases(first: Any, specials: Sequence[Any], fn: Callable[..., Any]) -> list[NjitCase]:
    """The cases of `first` and of all others that hold for what the function reads now and can be written.

    Of the cases that take arguments of the same types, those that give what `first`, or else the first of them, gives:
    compiled code has one type of result.

    Raises
    ------
    Unsupported
        If `first` cannot be written.
    """
    latest = NjitCase(first, fn)
    found, outcomes = [latest], {latest.kinds(): latest.outcome()}
    for special in specials:
        if special is first or special.wrt != first.wrt or outdated(special.program) is not None:
            continue
        try:
            case = NjitCase(special, fn, found[-1])
        except Unsupported:  # it is not what was asked for last
            continue
        same = case.arguments.parameters() == latest.arguments.parameters()
        if same and outcomes.setdefault(case.kinds(), case.outcome()) == case.outcome():
            found.append(case)
    return found


def taken_of(cases: Sequence[NjitCase], returned: Callable[[NjitCase], str]) -> tuple[list[str], list[str]]:
    """Functions that take a call to its case, and the lines that end in ``return`` of the whole.

    Parameters
    ----------
    cases : sequence of NjitCase
    returned : callable
        What a case whose body is written returns, as text.
    """
    if len(cases) == 1:
        (case,) = cases
        return [], [*case.checks(), *case.body(), f"return {returned(case)}"]
    parameters = cases[0].arguments.parameters()
    functions = [
        jitted(f"case_{case.number}", parameters, "", [*case.bindings(), *case.body(), f"return {returned(case)}"])
        for case in cases
    ]
    groups: dict[Any, list[NjitCase]] = {}
    for case in cases:
        groups.setdefault(case.kinds(), []).append(case)
    lines = [_chosen(group) for group in groups.values()]
    if len(groups) == 1:
        return functions, lines[0]
    names = [f"cases_{count}" for count in range(1, len(groups) + 1)]
    for name, body in zip(names, lines, strict=True):
        functions.append("\n".join([f"def {name}({parameters}):", *(f"    {line}" for line in body)]))
    pairs = ", ".join(f"({kinds!r}, {name})" for kinds, name in zip(groups, names, strict=True))
    leaves = "".join(f"{text}, " for text in cases[0].arguments.leaves)
    functions += [f"_by_types = [{pairs}]", _CHOICE.replace("PARAMETERS", parameters).replace("LEAVES", leaves.rstrip())]
    return functions, [f"return _taken({cases[0].arguments.call()})"]


def _chosen(cases: Sequence[NjitCase]) -> list[str]:
    """The first case whose conditions hold, and whose run does not find that it was traced for something else."""
    lines: list[str] = []
    said = []
    for case in cases:
        tests = case.tests()
        call = [f"return case_{case.number}({case.arguments.call()})"]
        if not tests and not case.may_miss:
            return [*lines, *call]
        if case.may_miss:
            call = ["try:", *indented(call), "except Exception:", "    pass"]
        lines += [line for line in case.bindings() if line not in lines]
        lines += [f"if {' & '.join(f'({test})' for test in tests)}:", *indented(call)] if tests else call
        what = [*tests, *(["the branches that were traced"] if case.may_miss else [])]
        said.append(f"case {case.number}: this holds for {' and '.join(what)} only")
    reasons = f"no case was traced for these arguments; {'; '.join(said)}"
    return [*lines, f"raise ValueError({reasons!r})"]


def module_text(doc: str, cases: Sequence[NjitCase], functions: Sequence[str]) -> str:
    """The module of these cases with these functions."""
    kernels = [piece.kernel for case in cases for piece in case.pieces if piece.kernel is not None]
    parts = [part for case in cases for part in case.parts if part is not None]
    luggage = carried(parts[-1].listing.notation, {}) if parts else Luggage()
    libraries = any(kernel.libraries for kernel in kernels)
    chosen = any("@overload(" in text for text in functions)
    names = ["njit", *(["objmode"] if parts else []), "types", *(["errors", "from_dtype"] if chosen else [])]
    extending = [*(["get_cython_function_address"] if libraries else []), *(["overload"] if chosen else [])]
    imports = ["import math", *(["import ctypes"] if libraries else []), "", "import numpy as np"]
    imports += [f"from numba import {', '.join(sorted(names))}"]
    imports += [f"from numba.extending import {', '.join(extending)}"] if extending else []
    imports += [line for line in luggage.imports() if line not in imports]
    values = list(dict.fromkeys(line for case in cases for line in case.frozen_lines()))
    values += [f"{name} = {literal(x)}" for kernel in kernels for name, x in kernel.constants.items()]
    values += [f"{name} = {literal(x)}" for name, x in (parts[-1].listing.notation.constants if parts else {}).items()]
    own = cases[-1].own
    values += [f"{name} = None" for name in own]
    helpers = dict.fromkeys(text for kernel in kernels for text in kernel.helpers)
    written = [
        kernel_text(piece.kernel) if part is None else part.function(own)
        for case in cases for piece, part in zip(case.pieces, case.parts, strict=True)
    ]
    head = [f'"""{doc}"""', "\n".join(imports), "\n".join(values)]
    blocks = ["\n\n".join(filter(None, head)), *luggage.functions(), *helpers, *written, *functions]
    return "\n\n\n".join(blocks) + "\n"
