"""Which exceptions an ``except`` clause is for, told from its instructions without running them."""
from __future__ import annotations

from types import CellType, ModuleType
from typing import Any

from .frame import Frame
from .lookup import is_exception_class

_UNKNOWN = object()


def may_catch(frame: Frame, kind: type) -> bool:
    """Whether an exception of class `kind` at the current instruction may go on in this frame.

    False where all clauses around name other classes; True in case of doubt.
    """
    code = frame.code
    entry = code.handler_at(max(frame.pc - 1, 0))
    while entry is not None:
        raised_again = _where_raised_again(frame, entry.target, kind)
        if raised_again is None:
            return True
        entry = code.handler_at(raised_again)
    return False


def _where_raised_again(frame: Frame, at: int, kind: type) -> int | None:
    """The pc at which a handler raises again what none of its clauses is for; None if it does anything else."""
    instructions, opcodes = frame.code.instructions, frame.code.opcodes
    if opcodes[at] == "STOPITERATION_ERROR":        # of every generator, from 3.12 on
        return at + 1
    if tuple(opcodes[at:at + 3]) == ("COPY", "POP_EXCEPT", "RERAISE"):
        return at + 2
    if opcodes[at] != "PUSH_EXC_INFO":
        return None
    at += 1
    while opcodes[at] != "RERAISE":
        classes, at = _classes(frame, at)
        if opcodes[at] != "POP_JUMP_IF_FALSE" or not classes or issubclass(kind, classes):
            return None
        at = instructions[at].target                # type: ignore[assignment]
    return at


def _classes(frame: Frame, at: int) -> tuple[tuple[type, ...], int]:
    """The classes that a clause names, and the pc behind it; no classes if it does more than to name them."""
    stack: list[Any] = []
    for instruction in frame.code.instructions[at:]:
        opcode, arg = instruction.opcode, instruction.arg
        if opcode == "CHECK_EXC_MATCH":
            found = stack.pop() if stack else _UNKNOWN
            classes = found if type(found) is tuple else (found,)
            return classes if all(map(is_exception_class, classes)) else (), instruction.index + 1
        if opcode == "BUILD_TUPLE":
            stack[len(stack) - arg:] = [tuple(stack[len(stack) - arg:])]
        elif opcode == "LOAD_ATTR" and stack:
            stack.append(_attribute(stack.pop(), arg))
        elif opcode in ("LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF"):
            stack.append(_variable(frame, opcode, arg))
        else:
            return (), at
    return (), at


def _variable(frame: Frame, opcode: str, arg: Any) -> Any:
    if opcode == "LOAD_GLOBAL":
        namespace = frame.globals if arg in frame.globals else frame.builtins
        return namespace.get(arg, _UNKNOWN) if type(namespace) is dict else _UNKNOWN
    value = frame.slots[arg]
    if opcode == "LOAD_DEREF":
        try:
            return value.cell_contents if type(value) is CellType else _UNKNOWN
        except ValueError:                          # an empty cell
            return _UNKNOWN
    return value


def _attribute(owner: Any, name: str) -> Any:
    """An attribute that stands in a module or class as it is."""
    if type(owner) is ModuleType:
        return vars(owner).get(name, _UNKNOWN)
    if type(owner) is type:
        return next((vars(base)[name] for base in owner.__mro__ if name in vars(base)), _UNKNOWN)
    return _UNKNOWN
