"""Frequent sequences of instructions as one step each, where no domain observes.

A handler takes the short way if nothing can ask the domain, run Python code or need a position in
between; else `apart` runs the instructions one by one. Every instruction keeps its own place, so
jumps into the middle of a sequence find what they look for.
"""
from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from ..calls import step_into
from ..code import NULL, UNBOUND, Code
from ..frame import Frame
from ..lookup import reads_natively, writes_natively
from ..operators import binary
from .jumps import EXHAUSTED, NATIVE_ITERATORS
from .names import load_global_callable
from .operators import NUMBERS
from .registry import Handler

# first opcode -> second -> (handler of these two, third -> handler of all three)
_FUSED: dict[str, dict[str, tuple[Handler | None, dict[str, Handler]]]] = {}
_NONE: dict = {}
_NAMING = frozenset(("LOAD_GLOBAL", "LOAD_GLOBAL_CALLABLE", "LOAD_BUILD_CLASS", "IMPORT_NAME"))


def _fused(*sequences: tuple[str, ...]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for first, second, *third in sequences:
            pair, triples = _FUSED.setdefault(first, {}).get(second, (None, {}))
            if third:
                triples[third[0]] = handler
            else:
                pair = handler
            _FUSED[first][second] = pair, triples
        return handler
    return register


def fuse(code: Code) -> list[tuple[Handler, Any]]:
    """`Code.steps` with the first of every known sequence standing for all of it."""
    from ..hot import count_loops  # it writes what the handlers here do
    code.names_globals = not _NAMING.isdisjoint(code.opcodes)
    names = [*code.opcodes, "", "", ""]
    plain = code.steps
    steps = list(plain)
    for index in count_loops(code, steps):
        names[index] = ""               # no part of a sequence
    for index, name in enumerate(names[:-3]):
        found = _FUSED.get(name, _NONE).get(names[index + 1])
        if found is not None:
            handler, triples = found
            longer = triples.get(names[index + 2])
            if longer is not None:
                steps[index] = longer, (plain[index][1], plain[index + 1][1], plain[index + 2][1])
            elif handler is not None:
                steps[index] = handler, (plain[index][1], plain[index + 1][1])
        elif name == "LOAD_GLOBAL_CALLABLE":
            count = next(n for n in (0, 1, 2, 3) if n == 3 or names[index + n + 1] != "LOAD_FAST")
            last = index + count + 1
            if count < 3 and names[last] == "CALL" and plain[last][1] == count:
                steps[index] = _CALLS[count], tuple(plain[at][1] for at in range(index, last))
    return steps


def apart(frame: Frame, stack: list, count: int) -> Any:
    """Run `count` instructions one by one, unless one jumps, returns or raises."""
    pc, steps = frame.pc - 1, frame.code.steps
    for index in range(pc, pc + count):
        handler, arg = steps[index]
        frame.pc = index + 1
        ended = handler(frame, stack, arg)
        if ended or frame.pc != index + 1:
            return ended
    return None


# --- loads and stores ---------------------------------------------------------------------------
@_fused(("LOAD_FAST", "LOAD_FAST"))
def load_load(frame: Frame, stack: list, args: tuple) -> Any:
    first, second = args
    slots = frame.slots
    left, right = slots[first], slots[second]
    if left is UNBOUND or right is UNBOUND:
        return apart(frame, stack, 2)
    frame.pc += 1
    stack += left, right


@_fused(("LOAD_FAST", "LOAD_CONST"))
def load_const(frame: Frame, stack: list, args: tuple) -> Any:
    slot, constant = args
    value = frame.slots[slot]
    if value is UNBOUND:
        return apart(frame, stack, 2)
    frame.pc += 1
    stack += value, constant


@_fused(("STORE_FAST", "LOAD_FAST"))
def store_load(frame: Frame, stack: list, args: tuple) -> Any:
    into, slot = args
    slots = frame.slots
    if slots[slot] is UNBOUND or stack[-1] is UNBOUND:      # a comprehension gives back what it hid
        return apart(frame, stack, 2)
    frame.pc += 1
    slots[into] = stack.pop()
    stack.append(slots[slot])


@_fused(("STORE_FAST", "JUMP"))
def store_jump(frame: Frame, stack: list, args: tuple) -> Any:
    slot, frame.pc = args
    frame.slots[slot] = stack.pop()


@_fused(("LOAD_FAST", "RETURN_VALUE"))
def return_variable(frame: Frame, stack: list, args: tuple) -> Any:
    value = frame.slots[args[0]]
    if value is UNBOUND:
        return apart(frame, stack, 2)
    frame.pc += 1
    frame.result = value
    return 1


@_fused(("LOAD_CONST", "RETURN_VALUE"))
def return_constant(frame: Frame, stack: list, args: tuple) -> Any:
    frame.pc += 1
    frame.result = args[0]
    return 1


@_fused(("LOAD_FAST", "LOAD_ATTR"))
def load_attribute(frame: Frame, stack: list, args: tuple) -> Any:
    slot, name = args
    owner = frame.slots[slot]
    if frame.watched or owner is UNBOUND or not reads_natively(type(owner), name):
        return apart(frame, stack, 2)
    frame.pc += 1
    stack.append(getattr(owner, name))


@_fused(("LOAD_FAST", "LOAD_METHOD"))
def load_method(frame: Frame, stack: list, args: tuple) -> Any:
    slot, name = args
    owner = frame.slots[slot]
    if frame.watched or owner is UNBOUND or not reads_natively(type(owner), name):
        return apart(frame, stack, 2)
    frame.pc += 1
    value = getattr(owner, name)
    if type(value) is MethodType:
        stack += value.__func__, value.__self__
    else:
        stack += NULL, value


# --- calls --------------------------------------------------------------------------------------
def call_without(frame: Frame, stack: list, args: tuple) -> Any:
    function = _global_function(frame, args[0])
    if function is None:
        return load_global_callable(frame, stack, args[0])
    frame.pc += 1
    stack.append(step_into(frame, function, (), None))


def call_with_one(frame: Frame, stack: list, args: tuple) -> Any:
    name, slot = args
    function, value = _global_function(frame, name), frame.slots[slot]
    if function is None or value is UNBOUND:
        return load_global_callable(frame, stack, name)
    frame.pc += 2
    stack.append(step_into(frame, function, [value], None))


def call_with_two(frame: Frame, stack: list, args: tuple) -> Any:
    name, first, second = args
    slots = frame.slots
    function, left, right = _global_function(frame, name), slots[first], slots[second]
    if function is None or left is UNBOUND or right is UNBOUND:
        return load_global_callable(frame, stack, name)
    frame.pc += 3
    stack.append(step_into(frame, function, [left, right], None))


def _global_function(frame: Frame, name: str) -> Any:
    """The Python function that a global of the module is, where nobody is to be told that it is read."""
    namespace = frame.globals
    if frame.watched or type(namespace) is not dict:
        return None
    function = namespace.get(name)
    return function if type(function) is FunctionType else None


_CALLS = (call_without, call_with_one, call_with_two)


@_fused(("LOAD_FAST", "LOAD_METHOD", "CALL"))
def call_method(frame: Frame, stack: list, args: tuple) -> Any:
    slot, name, count = args
    if count:
        return load_method(frame, stack, args)
    owner = frame.slots[slot]
    if frame.watched or owner is UNBOUND or not reads_natively(type(owner), name):
        return apart(frame, stack, 3)
    frame.pc += 1
    value = getattr(owner, name)
    if type(value) is not MethodType or type(value.__func__) is not FunctionType:
        stack += NULL, value
        return None
    frame.pc += 1
    stack.append(step_into(frame, value.__func__, [value.__self__], None))


@_fused(("LOAD_FAST", "LOAD_FAST", "STORE_ATTR"))
def store_attribute(frame: Frame, stack: list, args: tuple) -> Any:
    first, second, name = args
    slots = frame.slots
    value, owner = slots[first], slots[second]
    if frame.watched or value is UNBOUND or owner is UNBOUND or not writes_natively(type(owner), name):
        return apart(frame, stack, 3)
    frame.pc += 2
    setattr(owner, name, value)


@_fused(("LOAD_FAST", "LOAD_ATTR", "RETURN_VALUE"))
def return_attribute(frame: Frame, stack: list, args: tuple) -> Any:
    owner, name = frame.slots[args[0]], args[1]
    if frame.watched or owner is UNBOUND or not reads_natively(type(owner), name):
        return apart(frame, stack, 3)
    frame.pc += 1
    frame.result = getattr(owner, name)
    frame.pc += 1
    return 1


# --- numbers ------------------------------------------------------------------------------------
@_fused(("LOAD_FAST", "LOAD_FAST", "BINARY_OP"))
def two_variables(frame: Frame, stack: list, args: tuple) -> Any:
    first, second, operation = args
    slots = frame.slots
    left, right = slots[first], slots[second]
    if type(left) in NUMBERS and type(right) in NUMBERS:
        frame.pc += 2
        stack.append(operation.native(left, right))
        return None
    if left is UNBOUND or right is UNBOUND:
        return apart(frame, stack, 3)
    frame.pc += 2
    stack.append(binary(frame, operation, left, right))


@_fused(("LOAD_FAST", "LOAD_CONST", "BINARY_OP"), ("LOAD_FAST", "LOAD_CONST", "COMPARE_OP"))
def variable_and_constant(frame: Frame, stack: list, args: tuple) -> Any:
    slot, right, operation = args
    left = frame.slots[slot]
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        return apart(frame, stack, 3)
    frame.pc += 2
    stack.append(operation.native(left, right))


@_fused(("LOAD_FAST", "BINARY_OP"))
def with_variable(frame: Frame, stack: list, args: tuple) -> Any:
    slot, operation = args
    left, right = stack[-1], frame.slots[slot]
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        return apart(frame, stack, 2)
    frame.pc += 1
    stack[-1] = operation.native(left, right)


@_fused(("LOAD_FAST", "LOAD_ATTR", "BINARY_OP"))
def with_attribute(frame: Frame, stack: list, args: tuple) -> Any:
    slot, name, operation = args
    owner = frame.slots[slot]
    if frame.watched or owner is UNBOUND or not reads_natively(type(owner), name):
        return apart(frame, stack, 3)
    frame.pc += 1
    right = getattr(owner, name)
    if type(stack[-1]) in NUMBERS and type(right) in NUMBERS:
        frame.pc += 1
        stack[-1] = operation.native(stack[-1], right)
    else:
        stack.append(right)


@_fused(("LOAD_CONST", "BINARY_OP"), ("LOAD_CONST", "COMPARE_OP"))
def with_constant(frame: Frame, stack: list, args: tuple) -> Any:
    right, operation = args
    left = stack[-1]
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        return apart(frame, stack, 2)
    frame.pc += 1
    stack[-1] = operation.native(left, right)


@_fused(("BINARY_OP", "STORE_FAST"))
def operate_and_store(frame: Frame, stack: list, args: tuple) -> Any:
    operation, slot = args
    if type(stack[-1]) not in NUMBERS or type(stack[-2]) not in NUMBERS:
        return apart(frame, stack, 2)
    right = stack.pop()
    value = operation.native(stack.pop(), right)
    frame.pc += 1
    frame.slots[slot] = value


@_fused(("COMPARE_OP", "POP_JUMP_IF_FALSE"))
def compare_and_jump(frame: Frame, stack: list, args: tuple) -> Any:
    operation, target = args
    if type(stack[-1]) not in NUMBERS or type(stack[-2]) not in NUMBERS:
        return apart(frame, stack, 2)
    right = stack.pop()
    if operation.native(stack.pop(), right):
        frame.pc += 1
    else:
        frame.pc = target


# --- loops --------------------------------------------------------------------------------------
@_fused(("FOR_ITER", "STORE_FAST"))
def next_into_variable(frame: Frame, stack: list, args: tuple) -> Any:
    iterator = stack[-1]
    if frame.watched or type(iterator) not in NATIVE_ITERATORS:
        return apart(frame, stack, 2)
    value = next(iterator, EXHAUSTED)
    target, slot = args
    if value is EXHAUSTED:
        stack.pop()
        frame.pc = target
    else:
        frame.slots[slot] = value
        frame.pc += 1
