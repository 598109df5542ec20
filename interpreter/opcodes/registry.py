"""The table of opcode handlers, and steps that ask the domain about loops."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..code import Code
from ..frame import Frame

Handler = Callable[[Frame, list, Any], Any]     # a true result ends the loop: returned or yielded
HANDLERS: dict[str, tuple[Handler, Mapping[Any, Any] | None]] = {}


def opcode(*names: str, operands: Mapping[Any, Any] | None = None) -> Callable[[Handler], Handler]:
    """Register a handler; `operands` turns what the decoder found into its third argument."""
    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, (handler, operands)))
        return handler
    return register


def names() -> frozenset[str]:
    """Every opcode that has a handler."""
    return frozenset(HANDLERS)


def watch_loops(code: Code) -> list[tuple[Handler, Any]]:
    """`Code.steps` with every loop header asking the domain on arrival from outside."""
    steps = list(code.steps)
    headers = code.cfg.loops
    for header in headers:
        steps[header] = at_loop_header, steps[header]
    for instruction in code.instructions:
        target = instruction.target
        if target in headers and target <= instruction.index:
            steps[instruction.index] = along_back_edge, (steps[instruction.index], target)
    return steps


def at_loop_header(frame: Frame, stack: list, step: tuple[Handler, Any]) -> Any:
    """Ask the domain whether it runs the loop, unless the loop's own back edge came here."""
    header = frame.pc - 1
    if frame.arrived != header:
        frame.pc = header
        if frame.domain.loop(frame, header):
            return None
        frame.pc = header + 1
    frame.arrived = -1
    handler, operand = step
    return handler(frame, stack, operand)


def along_back_edge(frame: Frame, stack: list, step: tuple) -> Any:
    """Jump back; the header must not ask again."""
    (handler, operand), header = step
    ended = handler(frame, stack, operand)
    if frame.pc == header:
        frame.arrived = header
    return ended
