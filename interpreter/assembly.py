"""Functions assembled from bytecode: what only CPython's own instructions can do."""
from __future__ import annotations

from functools import cache
from types import CodeType, FunctionType
from typing import Any


@cache
def _native_opcode(name: str, number: int, count: int) -> CodeType:
    from bytecode import Bytecode, Instr
    from bytecode.instr import Intrinsic1Op, Intrinsic2Op
    names = [f"value{i}" for i in range(count)]
    code = Bytecode([Instr("RESUME", 0), *(Instr("LOAD_FAST", n) for n in names)])
    if name == "CALL_INTRINSIC_1":
        code.append(Instr(name, Intrinsic1Op(number)))
    elif name == "CALL_INTRINSIC_2":
        code.append(Instr(name, Intrinsic2Op(number)))
    else:
        code.append(Instr(name))
    code.append(Instr("RETURN_VALUE"))
    code.argcount = count
    code.argnames = names
    code.name = name.lower()
    return code.to_code()


def native_opcode(name: str, number: int, count: int, namespace: dict[str, Any]) -> FunctionType:
    """A function of `count` values that runs one instruction, in the module of `namespace`."""
    return FunctionType(_native_opcode(name, number, count), namespace)
