"""Opcodes that make functions."""
from __future__ import annotations

from types import FunctionType
from typing import Any

from ..frame import Frame
from ..versions import ANNOTATIONS_ARE_NAMED
from .registry import opcode

_ATTRIBUTES = {1: "__defaults__", 2: "__kwdefaults__", 4: "__annotations__", 16: "__annotate__"}


@opcode("MAKE_FUNCTION")
def make_function(frame: Frame, stack: list, _: Any) -> None:
    """code -- function"""
    code = stack.pop()
    closure = tuple(None for _ in code.co_freevars)
    if closure:             # the cells come with the next instruction
        stack.append(code)
    else:
        stack.append(_new(frame, code, None))


@opcode("SET_FUNCTION_ATTRIBUTE")
def set_function_attribute(frame: Frame, stack: list, flag: int) -> None:
    """value function -- function"""
    function, value = stack.pop(), stack.pop()
    if flag == 8:
        function = _new(frame, function, value)
    else:
        if flag == 4 and type(value) is tuple:      # name, annotation, name, annotation ...
            value = dict(zip(value[::2], value[1::2]))
        elif flag == 16 and ANNOTATIONS_ARE_NAMED:
            value.__qualname__ = f"{function.__qualname__}.__annotate__"
        setattr(function, _ATTRIBUTES[flag], value)
    stack.append(function)


def _new(frame: Frame, code: Any, closure: tuple | None) -> FunctionType:
    function = FunctionType(code, frame.globals, code.co_name, None, closure)
    function.__qualname__ = code.co_qualname
    if "__name__" in frame.globals:
        function.__module__ = frame.globals["__name__"]
    return function
