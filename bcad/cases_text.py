"""Modules that know several cases: the specialisations of a function side by side, the first that takes a call runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bcad.argument_text import outdated
from bcad.errors import Unsupported
from bcad.standalone import Module, indented

DISPATCH = '''class Refused(ValueError):
    """The arguments are not those that a case was made for."""


def _taken(*args, **kwargs):
    """What the first case gives that takes these arguments."""
    reasons = []
    for case in _cases:
        try:
            return case(*args, **kwargs)
        except Refused as refused:
            reasons.append(f"case {len(reasons) + 1}: {refused}")
    raise ValueError("no case was traced for these arguments; " + "; ".join(reasons))'''


def cases_of(first: Any, specials: Sequence[Any], fn: Callable[..., Any], taken: Sequence[str]) -> list[Module]:
    """The modules of `first` and of all others that hold for what the function reads now and can be written.

    Raises
    ------
    Unsupported
        If `first` cannot be written.
    """
    latest = Module(first, fn, taken=taken)
    found = [latest]
    for special in specials:
        if special is first or special.wrt != first.wrt or outdated(special.program) is not None:
            continue
        try:
            module = Module(special, fn, taken=taken)
        except Unsupported:  # it is not what was asked for last
            continue
        if module.arguments.parameters() == latest.arguments.parameters():
            found.append(module)
    return found


def case_lines(module: Module) -> list[str]:
    """The body of a case: whatever the arguments are refused for, another case may take them."""
    module.listing.refusal = "Refused"
    body = module.body()
    module.find_streams()
    arguments = module.arguments.lines()
    if arguments:
        arguments = ["try:", *indented(arguments), "except Exception as error:", "    raise Refused(str(error)) from None"]
    return [*arguments, *body]


def cases_text(doc: str, cases: Sequence[tuple[Module, list[str]]], functions: Sequence[str]) -> str:
    """The module: for each case its lines, the last of which returns; then the functions, which call ``_taken``."""
    arrays = {module.arguments.helpers.get("_array", "") for module, _ in cases}
    shared = [text for text in arrays if text and len(arrays) == 1]  # others may need imports
    blocks = [f'"""{doc}"""\n\nimport numpy as np', *shared, DISPATCH]
    for count, (module, lines) in enumerate(cases, 1):
        inner = ["def case(" + module.arguments.parameters() + "):", *indented(lines)]
        blocks.append("\n".join([f"def _case_{count}():", *indented([*module.preamble(shared), *inner, "return case"])]))
    names = ", ".join(f"_case_{count}()" for count in range(1, len(cases) + 1))
    return "\n\n\n".join([*blocks, f"_cases = ({names})", *functions]) + "\n"
