"""Opcodes that call."""
from __future__ import annotations

from types import BuiltinFunctionType, FunctionType
from typing import Any

from .. import operators
from ..calls import call_builtin, call_value, step_into
from ..classes import make_instance
from ..code import NULL
from ..frame import Frame
from ..lookup import MISSING, find
from ..names import builtin
from ..versions import bad_star
from .containers import describe
from .registry import opcode


@opcode("CALL")
def call(frame: Frame, stack: list, count: int) -> None:
    """callable NULL args -- result; NULL callable args; method self args"""
    if count:
        args = stack[-count:]
        del stack[-count:]
    else:
        args = []
    second = stack.pop()
    first = stack.pop()
    if first is NULL:
        first = second
    elif second is not NULL:
        args.insert(0, second)
    if frame.watched:
        frame.called = first
        stack.append(call_value(frame, first, args))
    elif type(first) is FunctionType:
        stack.append(step_into(frame, first, args, None))
    elif type(first) is BuiltinFunctionType:
        stack.append(call_builtin(frame, first, args, None))
    else:
        stack.append(invoke(frame, first, NULL, args))


def invoke(frame: Frame, first: Any, second: Any, args: list) -> Any:
    """Call what stands below the arguments: a callable and NULL, or a method and its self."""
    if first is NULL:
        first = second
    elif second is not NULL:
        args.insert(0, second)
    kind = type(first)
    if not frame.watched:
        if kind is FunctionType:
            return step_into(frame, first, args, None)
        if kind is BuiltinFunctionType:
            return call_builtin(frame, first, args, None)
        if kind is type:
            return make_instance(frame, first, args)
    return call_value(frame, first, args)


@opcode("CALL_KW")
def call_kw(frame: Frame, stack: list, count: int) -> None:
    """callable NULL args names -- result"""
    names = stack.pop()
    first, second, *args = frame.popn(count + 2)
    kwargs = dict(zip(names, args[len(args) - len(names):]))
    del args[len(args) - len(names):]
    if first is NULL:
        first = second
    elif second is not NULL:
        args.insert(0, second)
    if frame.watched:
        frame.called = first
    stack.append(call_value(frame, first, args, kwargs))


@opcode("CALL_FUNCTION_EX")
def call_function_ex(frame: Frame, stack: list, has_kwargs: bool) -> None:
    """callable NULL args [kwargs] -- result"""
    kwargs = stack.pop() if has_kwargs else NULL
    args = stack.pop()
    if args is NULL:                # no keywords, said below arguments that a global holds
        args, kwargs = kwargs, args
    first, second = frame.popn(2)
    function = second if first is NULL else first
    if type(args) is not tuple:
        args = _positional(frame, function, args)
    if first is not NULL and second is not NULL:
        args = (second, *args)
    if frame.watched:
        frame.called = function
    stack.append(call_value(frame, function, args, None if kwargs is NULL else kwargs))  # type: ignore[arg-type]


def _positional(frame: Frame, function: Any, args: Any) -> tuple:
    if find(type(args), "__iter__") is MISSING and find(type(args), "__getitem__") is MISSING:
        raise TypeError(bad_star(describe(function), "*", type(args)))
    steps = operators.needs_stepping(args) or type(args) in frame.domain.types
    return tuple(operators.stepping(frame, args) if steps else args)


@opcode("LOAD_BUILD_CLASS")
def load_build_class(frame: Frame, stack: list, _: Any) -> None:
    """-- __build_class__"""
    function = builtin(frame, "__build_class__")
    if function is None:
        raise NameError("__build_class__ not found", name="__build_class__")
    stack.append(function)
