"""The decoder against dis and the bytecode library, over code of the standard library."""
import dis
import importlib.util
import sys
import types

import bytecode
import pytest

from interpreter import decode
from interpreter.opcodes import handled_opcodes

SAMPLE = ["argparse", "ast", "asyncio.tasks", "contextlib", "dataclasses", "enum", "inspect",
          "statistics", "tarfile", "typing"]


def code_objects(name):
    source = importlib.util.find_spec(name).origin
    with open(source, encoding="utf-8") as file:
        work = [compile(file.read(), source, "exec", dont_inherit=True)]
    while work:
        raw = work.pop()
        yield raw
        work += [const for const in raw.co_consts if isinstance(const, types.CodeType)]


@pytest.mark.parametrize("name", SAMPLE)
def test_every_opcode_has_a_handler(name):
    known = handled_opcodes()
    for raw in code_objects(name):
        assert {i.opcode for i in decode(raw).instructions} <= known


@pytest.mark.parametrize("name", SAMPLE)
def test_instructions_agree_with_dis(name):
    """Offsets, constants, names and jump targets are those that dis shows."""
    for raw in code_objects(name):
        code = decode(raw)
        shown = {i.offset: i for i in dis.get_instructions(raw)}
        for instruction in code.instructions:
            original = shown[skip_prefix(raw, instruction.offset)]
            if instruction.opcode == original.opname == "LOAD_CONST":
                assert instruction.arg is original.argval or instruction.arg == original.argval
            if original.opname in ("LOAD_FAST", "STORE_FAST", "LOAD_ATTR", "STORE_ATTR",
                                   "LOAD_NAME", "STORE_NAME", "IMPORT_NAME", "COMPARE_OP"):
                assert instruction.symbol in original.argrepr
            if "JUMP" in original.opname and instruction.target is not None:
                target = code.instructions[instruction.target].offset
                assert target >= original.argval
                skipped = {i.opname for offset, i in shown.items()
                           if original.argval <= offset < target}
                assert skipped <= {"NOP", "RESUME", "END_FOR", "END_SEND", "EXTENDED_ARG",
                                   "PRECALL", "CACHE", "TO_BOOL"}


def skip_prefix(raw, offset):
    while raw.co_code[offset] == dis.EXTENDED_ARG:
        offset += 2
    return offset


@pytest.mark.parametrize("name", SAMPLE)
def test_exception_regions_agree_with_dis(name):
    for raw in code_objects(name):
        code = decode(raw)
        regions = [entry for entry in dis.Bytecode(raw).exception_entries
                   if any(entry.start <= i.offset < entry.end for i in code.instructions)]
        assert len(code.exception_table) == len(regions)
        for ours, theirs in zip(code.exception_table, regions):
            inside = code.instructions[ours.start:ours.end]
            assert all(theirs.start <= i.offset < theirs.end for i in inside)
            assert code.instructions[ours.target].offset >= theirs.target
            assert (ours.depth, ours.lasti) == (theirs.depth, theirs.lasti)


@pytest.mark.parametrize("name", SAMPLE[:4])
def test_names_agree_with_the_bytecode_library(name):
    """An independent decoder sees the same local variables, constants and calls in order."""
    for raw in code_objects(name):
        theirs = [(i.name, i.arg) for i in bytecode.Bytecode.from_code(raw)
                  if isinstance(i, bytecode.Instr) and i.name in ("STORE_FAST", "STORE_ATTR",
                                                                  "STORE_NAME")]
        ours = [(i.opcode, i.symbol) for i in decode(raw).instructions
                if i.opcode in ("STORE_FAST", "STORE_ATTR", "STORE_NAME")]
        if sys.version_info >= (3, 13):         # fused pairs are one instruction there
            theirs = [pair for pair in theirs if pair[0] != "STORE_FAST"]
            ours = [pair for pair in ours if pair[0] != "STORE_FAST"]
        assert ours == theirs


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
