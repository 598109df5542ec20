"""Opcodes that only CPython's own C code can do: type parameters, what except* raises."""
from __future__ import annotations

from ..assembly import native_opcode
from ..frame import Frame
from .registry import opcode


@opcode("TYPEVAR", "PARAMSPEC", "TYPEVARTUPLE", "SUBSCRIPT_GENERIC", "TYPEALIAS",
        "TYPEVAR_WITH_BOUND", "TYPEVAR_WITH_CONSTRAINTS", "SET_FUNCTION_TYPE_PARAMS",
        "SET_TYPEPARAM_DEFAULT", "PREP_RERAISE_STAR")
def run_natively(frame: Frame, stack: list, arg: tuple[str, int, int]) -> None:
    """values -- result; in a function of the user's module, which typing asks for its name"""
    name, number, count = arg
    values = frame.popn(count)
    stack.append(native_opcode(name, number, count, frame.globals)(*values))
