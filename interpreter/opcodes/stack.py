"""Opcodes that only move values: constants, pop, copy, swap."""
from __future__ import annotations

from typing import Any

from ..code import NULL
from ..frame import Frame
from .registry import opcode


@opcode("LOAD_CONST")
def load_const(frame: Frame, stack: list, value: Any) -> None:
    """-- value"""
    stack.append(value)


@opcode("POP_TOP")
def pop_top(frame: Frame, stack: list, _: Any) -> None:
    """value --"""
    stack.pop()


@opcode("PUSH_NULL")
def push_null(frame: Frame, stack: list, _: Any) -> None:
    """-- NULL"""
    stack.append(NULL)


@opcode("COPY")
def copy(frame: Frame, stack: list, depth: int) -> None:
    """value ... -- value ... value"""
    stack.append(stack[-depth])


@opcode("SWAP")
def swap(frame: Frame, stack: list, depth: int) -> None:
    """low ... high -- high ... low"""
    stack[-1], stack[-depth] = stack[-depth], stack[-1]


@opcode("RETURN_VALUE")
def return_value(frame: Frame, stack: list, _: Any) -> int:
    """value --"""
    frame.result = stack.pop()
    return 1


@opcode("INTERPRETER_EXIT", "EXIT_INIT_CHECK", "ENTER_EXECUTOR", "RESERVED", "TRACE_RECORD",
        "INVALID")
def never_compiled(frame: Frame, stack: list, _: Any) -> None:
    """Opcodes that CPython uses inside itself only."""
    raise SystemError("unknown opcode")
