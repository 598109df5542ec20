"""Opcodes that jump: conditions ask the domain where it alone can know."""
from __future__ import annotations

from typing import Any

from .. import operators
from ..code import Marker
from ..frame import Frame
from ..lookup import is_native
from .registry import opcode

EXHAUSTED = Marker("EXHAUSTED")
_NATIVE: tuple[Any, ...] = (
    iter([]), iter(()), iter(range(0)), iter({}), iter({}.items()), iter({}.values()), iter(""),
    zip(), enumerate(()), (None for _ in ()))
NATIVE_ITERATORS = frozenset(type(x) for x in _NATIVE)


@opcode("JUMP")
def jump(frame: Frame, stack: list, target: int) -> None:
    """--"""
    frame.pc = target


@opcode("POP_JUMP_IF_FALSE")
def pop_jump_if_false(frame: Frame, stack: list, target: int) -> None:
    """condition --"""
    condition = stack.pop()
    if condition is False:
        frame.pc = target
    elif condition is not True:
        _decide(frame, condition, target, False)


@opcode("POP_JUMP_IF_TRUE")
def pop_jump_if_true(frame: Frame, stack: list, target: int) -> None:
    """condition --"""
    condition = stack.pop()
    if condition is True:
        frame.pc = target
    elif condition is not False:
        _decide(frame, condition, target, True)


def _decide(frame: Frame, condition: Any, target: int, jumps_if: bool) -> None:
    """Take the jump or not; an undecided condition is the domain's: it may run both ways."""
    domain = frame.domain
    if type(condition) in domain.types and domain.undecided(condition):
        domain.branch(frame, condition, frame.instruction)
    elif operators.truth(frame, condition) is jumps_if:
        frame.pc = target


@opcode("POP_JUMP_IF_NONE")
def pop_jump_if_none(frame: Frame, stack: list, target: int) -> None:
    """value --"""
    value = stack.pop()
    if value is None:
        frame.pc = target
    elif type(value) in frame.domain.types:
        _decide(frame, operators.identical(frame, value, None), target, True)


@opcode("POP_JUMP_IF_NOT_NONE")
def pop_jump_if_not_none(frame: Frame, stack: list, target: int) -> None:
    """value --"""
    value = stack.pop()
    if value is None:
        return
    if type(value) in frame.domain.types:
        _decide(frame, operators.identical(frame, value, None), target, False)
    else:
        frame.pc = target


@opcode("GET_ITER")
def get_iter(frame: Frame, stack: list, _: Any) -> None:
    """iterable -- iterator"""
    value = stack.pop()
    if not frame.watched and not is_native(type(value)) and operators.needs_stepping(value) \
            and operators.find(type(value), "__iter__") is operators.MISSING:
        iter(value)         # the old sequence protocol: checked, then stepped through
        value = operators.stepping_items(frame, value)
    stack.append(operators.iterate(frame, value))


@opcode("FOR_ITER")
def for_iter(frame: Frame, stack: list, target: int) -> None:
    """iterator -- iterator item; exhausted: iterator --"""
    iterator = stack[-1]
    if type(iterator) in NATIVE_ITERATORS and not frame.watched:
        value = next(iterator, EXHAUSTED)
    else:
        value = operators.next_value(frame, iterator, EXHAUSTED)
    if value is EXHAUSTED:
        stack.pop()
        frame.pc = target
    else:
        stack.append(value)
