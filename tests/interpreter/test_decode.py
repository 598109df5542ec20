"""The decoder against dis and the bytecode library, over code of the standard library."""
import pytest

from interpreter import decode
from interpreter.opcodes import handled_opcodes

from .crosscheck import code_objects, faults, files

SAMPLE = ["asyncio/tasks", "contextlib", "dataclasses", "enum", "statistics"]   # all: tests/interpreter/crosscheck.py


@pytest.mark.parametrize("name", SAMPLE)
def test_decoding_agrees_with_dis_and_bytecode(name):
    """Instructions, arguments, jump targets, exception regions and stack depths."""
    known = handled_opcodes()
    for path in files([name]):
        for raw in code_objects(path):
            assert list(faults(raw)) == [], f"{path}:{raw.co_firstlineno} {raw.co_qualname}"
            assert {i.opcode for i in decode(raw).instructions} <= known


def test_a_fault_is_found():
    def f(x):
        for i in x:
            try:
                print(i + 1)
            except ValueError:
                pass
    code = decode(f.__code__)
    assert list(faults(f.__code__)) == []
    at = code.opcodes.index("BINARY_OP")
    code.opcodes[at] = "COMPARE_OP"
    del code.instructions
    assert list(faults(f.__code__))
    code.opcodes[at] = "BINARY_OP"
    code.exception_table.pop()
    del code.instructions
    assert list(faults(f.__code__))


def test_decoding_is_cached_by_identity():
    def f():
        return 1
    assert decode(f.__code__) is decode(f.__code__)
    assert decode(f.__code__.replace()) is not decode(f.__code__)


def test_every_version_shows_the_same_core():
    def f(x, y):
        if x and not y:
            return [x.a(i, k=y) for i in x]
        return x < y
    opcodes = {i.opcode for i in decode(f.__code__).instructions}
    assert not opcodes & {"RESUME", "CACHE", "PRECALL", "NOP", "TO_BOOL", "JUMP_IF_FALSE_OR_POP",
                          "JUMP_BACKWARD", "KW_NAMES", "RETURN_CONST", "END_FOR"}
