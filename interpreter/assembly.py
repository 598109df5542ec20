"""Functions assembled for CPython itself to run: what only it can do, or looks at its caller."""
from __future__ import annotations

import opcode
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import Any


@cache
def _native_opcode(name: str, number: int, count: int) -> CodeType:
    from bytecode import ConcreteBytecode, ConcreteInstr
    code = ConcreteBytecode()
    # the library knows the intrinsics of some versions only, so the number is put in afterwards
    wanted = ConcreteInstr(name, 1) if number else ConcreteInstr(name)
    code.extend([ConcreteInstr("RESUME", 0),
                 *(ConcreteInstr("LOAD_FAST", index) for index in range(count)),
                 wanted, ConcreteInstr("RETURN_VALUE")])
    code.argcount = count
    code.varnames = [f"value{index}" for index in range(count)]
    code.name = name.lower()
    made = code.to_code(stacksize=count + 1)
    text = bytearray(made.co_code)
    if number:
        text[text.index(opcode.opmap[name]) + 1] = number
    return made.replace(co_code=bytes(text))


def native_opcode(name: str, number: int, count: int, namespace: dict[str, Any]) -> FunctionType:
    """A function of `count` values that runs one instruction, in the module of `namespace`."""
    return FunctionType(_native_opcode(name, number, count), namespace)


@cache
def native_import_from(name: str) -> FunctionType:
    """A function that runs the instruction of ``from module import name`` on a module."""
    from bytecode import ConcreteBytecode, ConcreteInstr
    code = ConcreteBytecode()
    code.extend([ConcreteInstr("RESUME", 0), ConcreteInstr("LOAD_FAST", 0),
                 ConcreteInstr("IMPORT_FROM", 0), ConcreteInstr("SWAP", 2),
                 ConcreteInstr("POP_TOP"), ConcreteInstr("RETURN_VALUE")])
    code.argcount = 1
    code.varnames, code.names = ["module"], [name]
    return FunctionType(code.to_code(stacksize=2), {})


def _call(function: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


def call_in_module(namespace: dict[str, Any], function: Callable, args: tuple,
                   kwargs: dict[str, Any]) -> Any:
    """Call a C function that takes its caller's module or globals for the user's."""
    return FunctionType(_call.__code__, namespace)(function, args, kwargs)
