"""Opcodes for operators: binary, unary, comparison, subscripts."""
from __future__ import annotations

from typing import Any

from .. import attributes, operators
from ..frame import Frame
from ..operators import COMPARISONS, OPERATIONS, Operation
from .registry import opcode

_PLAIN = frozenset((list, tuple, dict, str, range))
NUMBERS = frozenset((int, float, bool, complex))


@opcode("BINARY_OP", operands=OPERATIONS)
def binary_op(frame: Frame, stack: list, operation: Operation) -> None:
    """left right -- result"""
    right = stack.pop()
    left = stack.pop()
    if type(left) in NUMBERS and type(right) in NUMBERS:
        stack.append(operation.native(left, right))
    else:
        stack.append(operators.binary(frame, operation, left, right))


@opcode("COMPARE_OP", operands=COMPARISONS)
def compare_op(frame: Frame, stack: list, operation: Operation) -> None:
    """left right -- result"""
    right = stack.pop()
    left = stack.pop()
    if type(left) in NUMBERS and type(right) in NUMBERS:
        stack.append(operation.native(left, right))
    else:
        stack.append(operators.compare(frame, operation, left, right))


@opcode("IS_OP")
def is_op(frame: Frame, stack: list, inverted: int) -> None:
    """left right -- bool"""
    right, left = stack.pop(), stack.pop()
    if frame.watched:
        found = operators.identical(frame, left, right)
        stack.append(operators.invert(frame, found) if inverted else found)
        return
    stack.append((left is not right) if inverted else (left is right))


@opcode("CONTAINS_OP")
def contains_op(frame: Frame, stack: list, inverted: int) -> None:
    """item container -- bool"""
    container, item = stack.pop(), stack.pop()
    found = operators.contains(frame, item, container)
    stack.append(operators.invert(frame, found) if inverted else found)


@opcode("UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT")
def unary_op(frame: Frame, stack: list, symbol: str) -> None:
    """value -- result"""
    stack.append(operators.unary(frame, symbol, stack.pop()))


@opcode("UNARY_NOT")
def unary_not(frame: Frame, stack: list, _: Any) -> None:
    """value -- not value"""
    stack.append(operators.invert(frame, stack.pop()))


@opcode("TO_BOOL")
def to_bool(frame: Frame, stack: list, _: Any) -> None:
    """value -- bool, or the value itself if the domain has not decided it"""
    value = stack.pop()
    if not (operators.traced(frame, value) and frame.domain.undecided(value)):
        value = operators.truth(frame, value)
    stack.append(value)


@opcode("BINARY_SUBSCR")
def binary_subscr(frame: Frame, stack: list, _: Any) -> None:
    """owner key -- value"""
    key = stack.pop()
    owner = stack.pop()
    if type(owner) in _PLAIN and not frame.watched:
        stack.append(owner[key])
    else:
        stack.append(attributes.get_item(frame, owner, key))


@opcode("STORE_SUBSCR")
def store_subscr(frame: Frame, stack: list, _: Any) -> None:
    """value owner key --"""
    key, owner, value = stack.pop(), stack.pop(), stack.pop()
    if type(owner) in _PLAIN and not frame.watched:
        owner[key] = value
    else:
        attributes.set_item(frame, owner, key, value)


@opcode("DELETE_SUBSCR")
def delete_subscr(frame: Frame, stack: list, _: Any) -> None:
    """owner key --"""
    key = stack.pop()
    attributes.del_item(frame, stack.pop(), key)
