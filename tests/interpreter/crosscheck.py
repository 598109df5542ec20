"""Hold the decoder against `dis` and the `bytecode` library, over any part of the standard library.

    python tests/interpreter/crosscheck.py              # every module: about ten minutes
    python tests/interpreter/crosscheck.py argparse "json/*" ...

Compared for each code object: the instructions (opcode, argument, jump target), the regions of the
exception table, and the depth of the value stack before every instruction.
"""
from __future__ import annotations

import dis
import fnmatch
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator
from pathlib import Path

import bytecode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from interpreter import decode
from interpreter.code import Code, Instruction

VERSION = sys.version_info[:2]
LIBRARY = Path(sysconfig.get_path("stdlib"))
# what the decoder drops, and what ends nowhere else
NOTHING = {"CACHE", "NOP", "NOT_TAKEN", "PRECALL", "RESUME", "END_FOR", "EXTENDED_ARG", "ANNOTATIONS_PLACEHOLDER"}
ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD",
        "JUMP_BACKWARD_NO_INTERRUPT", "JUMP", "INTERPRETER_EXIT"}


def files(patterns: list[str]) -> Iterator[Path]:
    """The modules of the standard library that match."""
    for path in sorted(LIBRARY.rglob("*.py")):
        name = path.relative_to(LIBRARY).with_suffix("").as_posix()
        if "site-packages" not in name and (not patterns or any(fnmatch.fnmatch(name, p) for p in patterns)):
            yield path


def code_objects(path: Path) -> Iterator[types.CodeType]:
    """All code of a module, compiled anew; none if it is not meant to compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            work = [compile(path.read_bytes(), str(path), "exec", dont_inherit=True)]
    except (SyntaxError, ValueError):
        return
    while work:
        raw = work.pop()
        yield raw
        work += [const for const in raw.co_consts if isinstance(const, types.CodeType)]


# --- instructions -------------------------------------------------------------------------------
def expected(raw: types.CodeType, shown: dis.Instruction) -> list[tuple[str, object]]:
    """The core instructions for one that dis shows, with what dis says about its argument.

    `...` where the argument is the decoder's own.
    """
    name, value, arg = shown.opname, shown.argval, shown.arg or 0
    if name in NOTHING:
        return []
    if name in ("LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST",
                "LOAD_FAST_BORROW_LOAD_FAST_BORROW"):
        first = "STORE_FAST" if name.startswith("STORE") else "LOAD_FAST"
        second = "STORE_FAST" if name.endswith("STORE_FAST") else "LOAD_FAST"
        return [(first, value[0]), (second, value[1])]
    if "JUMP" in name and "OR_POP" in name:
        return [("COPY", 1), (f"POP_JUMP_IF_{name.split('_')[2]}", value), ("POP_TOP", ...)]
    if "JUMP" in name:
        return [("POP_JUMP" + name[name.index("_IF_"):] if "_IF_" in name else "JUMP", value)]
    if name == "RETURN_CONST":
        return [("LOAD_CONST", value), ("RETURN_VALUE", ...)]
    if name == "KW_NAMES":
        return [("LOAD_CONST", raw.co_consts[arg])]
    if name == "LOAD_SMALL_INT":
        return [("LOAD_CONST", value)]
    if name == "LOAD_COMMON_CONSTANT":
        return [("LOAD_CONST", shown.argrepr)]
    if name == "LOAD_ASSERTION_ERROR":
        return [("LOAD_CONST", AssertionError)]
    if name in ("LOAD_FAST_CHECK", "LOAD_FAST_BORROW"):
        return [("LOAD_FAST", value)]
    if name == "LOAD_GLOBAL":
        return [("LOAD_GLOBAL_CALLABLE" if arg & 1 else "LOAD_GLOBAL", value)]
    if name == "LOAD_ATTR" and VERSION >= (3, 12):
        return [("LOAD_METHOD" if arg & 1 else "LOAD_ATTR", value)]
    if name == "LOAD_CLASSDEREF":
        return [("LOAD_LOCALS", ...), ("LOAD_FROM_DICT_OR_DEREF", value)]
    if name == "BINARY_OP":
        symbol = shown.argrepr
        return [("BINARY_SUBSCR", ...)] if symbol == "[]" else [("BINARY_OP", symbol)]
    if name == "COMPARE_OP":
        return [("COMPARE_OP", shown.argrepr.removeprefix("bool(").removesuffix(")"))]
    if name in ("BINARY_SLICE", "STORE_SLICE"):
        return [("BUILD_SLICE", 2), (name.replace("SLICE", "SUBSCR"), ...)]
    if name in ("FORMAT_SIMPLE", "FORMAT_WITH_SPEC"):
        return [("FORMAT_VALUE", ...)]
    if name in ("CALL_INTRINSIC_1", "CALL_INTRINSIC_2"):
        intrinsic = shown.argrepr.removeprefix("INTRINSIC_")
        return [({"PRINT": "PRINT_EXPR"}.get(intrinsic, intrinsic), ...)]
    if name == "MAKE_FUNCTION":
        flags = [flag for flag in (8, 4, 2, 1) if arg & flag] if VERSION < (3, 13) else []
        return [("MAKE_FUNCTION", ...), *(("SET_FUNCTION_ATTRIBUTE", flag) for flag in flags)]
    if name == "CALL":
        return [("CALL", arg)]              # or CALL_KW after KW_NAMES
    if name in ("CALL_FUNCTION_EX", "YIELD_VALUE", "END_ASYNC_FOR", "WITH_EXCEPT_START", "FORMAT_VALUE",
                "CONVERT_VALUE", "PREP_RERAISE_STAR", "UNARY_NEGATIVE", "UNARY_INVERT", "UNARY_POSITIVE",
                "LOAD_SPECIAL", "SEND"):
        return [(name, ...)]
    if name in ("IMPORT_NAME", "LOAD_SUPER_ATTR"):
        return [(name, value)]
    if VERSION >= (3, 15):
        pairs = {"GET_ITER": ["GET_YIELD_FROM_ITER" if arg else "GET_ITER", "PUSH_NULL", "SWAP"],
                 "POP_ITER": ["POP_TOP", "POP_TOP"], "END_SEND": ["SWAP", "POP_TOP"]}
        if name in pairs:
            return [(core, ...) for core in pairs[name]]
    renamed = {"POP_ITER": [("POP_TOP", ...)], "END_SEND": []}
    if name in renamed:
        return renamed[name]
    known = shown.opcode in (*dis.hasconst, *dis.hasname, *dis.haslocal, *dis.hasfree)
    return [(name, value if known else ... if shown.arg is None or name == "FOR_ITER" else arg)]


def seen(code: Code, instruction: Instruction) -> object:
    """The argument of one of ours, as dis would show it."""
    if instruction.opcode == "LOAD_CONST":
        return instruction.arg
    if instruction.target is not None:
        end = instruction.target == len(code.instructions)
        return len(code.raw.co_code) if end else code.instructions[instruction.target].offset
    return instruction.arg if instruction.symbol is None else instruction.symbol


def instruction_faults(code: Code) -> Iterator[str]:
    """Where the decoder and dis disagree about instructions."""
    shown = list(dis.get_instructions(code.raw))
    ours: dict[int, list[Instruction]] = {}
    for instruction in code.instructions:
        ours.setdefault(instruction.offset, []).append(instruction)
    prefix, keywords = -1, False
    for number, original in enumerate(shown):
        if original.opname == "EXTENDED_ARG":
            prefix = original.offset if prefix < 0 else prefix
            continue
        start, prefix = original.offset if prefix < 0 else prefix, -1
        wanted = expected(code.raw, original)
        if original.opname == "CALL" and keywords:
            wanted = [("CALL_KW", wanted[0][1])]
        if original.opname not in ("PRECALL", "CACHE", "EXTENDED_ARG"):
            keywords = original.opname == "KW_NAMES"
        after = next((i.opname for i in shown[number + 1:] if i.opname not in ("CACHE", "EXTENDED_ARG", "NOT_TAKEN")), "")
        if original.opname == "TO_BOOL" and after.startswith(("POP_JUMP_IF", "UNARY_NOT")):
            wanted = []
        found = ours.pop(start, [])
        if VERSION >= (3, 15) and original.opname == "PUSH_NULL" and len(found) == 2:
            found = found[:1]               # of an iterator: a SWAP follows
        if [i.opcode for i in found] != [name for name, _ in wanted]:
            yield f"{start}: {original.opname} became {found}, not {wanted}"
            continue
        for instruction, (_, value) in zip(found, wanted):
            own = seen(code, instruction)
            if original.opname == "LOAD_COMMON_CONSTANT":
                own = value if value in (repr(own), getattr(own, "__name__", "")) else own
            if value is ... or own is value or own == value:
                continue
            if instruction.target is None or not jumps_over(shown, value, own):
                yield f"{start}: {original.opname} has {own!r}, not {value!r}"
    for offset, left in ours.items():
        yield f"{offset}: {left} comes from nowhere"


def jumps_over(shown: list[dis.Instruction], target: int, own: int) -> bool:
    """Whether between a jump's target and ours there is nothing that the decoder keeps."""
    return all(i.opname in NOTHING | {"TO_BOOL", "END_SEND", "EXTENDED_ARG"} for i in shown if target <= i.offset < own)


# --- exception regions --------------------------------------------------------------------------
def region_faults(code: Code, theirs: bytecode.ConcreteBytecode) -> Iterator[str]:
    """Where the decoder disagrees with dis, or with bytecode, about the exception table."""
    shown = [(e.start, e.end, e.target, e.depth, e.lasti) for e in dis.Bytecode(code.raw).exception_entries]
    second = [(2 * e.start_offset, 2 * e.stop_offset, 2 * e.target, e.stack_depth, e.push_lasti)
              for e in theirs.exception_table]
    inclusive = [(start, end + 2, *rest) for start, end, *rest in second]
    if shown != second and shown != inclusive:
        yield f"dis and bytecode differ: {shown} {second}"
    offsets = [i.offset for i in code.instructions]
    kept = [entry for entry in shown if any(entry[0] <= offset < entry[1] for offset in offsets)]
    if len(kept) != len(code.exception_table):
        yield f"{len(code.exception_table)} regions, not {len(kept)}"
    for ours, (start, end, target, depth, lasti) in zip(code.exception_table, kept):
        inside = [index for index, offset in enumerate(offsets) if start <= offset < end]
        if inside != list(range(ours.start, ours.end)):
            yield f"region {ours} holds other instructions than {start}..{end}"
        if (ours.depth, ours.lasti) != (depth, lasti):
            yield f"region {ours} has not depth {depth}, lasti {lasti}"
        if ours.target != next((i for i, offset in enumerate(offsets) if offset >= target), len(offsets)):
            yield f"region {ours} does not go to {target}"


# --- stack depths -------------------------------------------------------------------------------
_FIXED = {
    -3: "STORE_SUBSCR",
    -2: "STORE_ATTR DELETE_SUBSCR MATCH_CLASS END_ASYNC_FOR CLEANUP_THROW MAP_ADD",
    -1: """BINARY_OP BINARY_SUBSCR COMPARE_OP CONTAINS_OP IS_OP POP_TOP STORE_FAST STORE_NAME STORE_GLOBAL
           STORE_DEREF DELETE_ATTR POP_EXCEPT POP_JUMP_IF_FALSE POP_JUMP_IF_TRUE POP_JUMP_IF_NONE
           POP_JUMP_IF_NOT_NONE IMPORT_NAME LIST_APPEND SET_ADD LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE
           SET_FUNCTION_ATTRIBUTE BUILD_TEMPLATE PREP_RERAISE_STAR TYPEVAR_WITH_BOUND TYPEVAR_WITH_CONSTRAINTS
           SET_FUNCTION_TYPE_PARAMS SET_TYPEPARAM_DEFAULT""",
    0: """ASYNC_GEN_WRAP CHECK_EG_MATCH CHECK_EXC_MATCH CONVERT_VALUE COPY_FREE_VARS DELETE_DEREF DELETE_FAST
          DELETE_GLOBAL DELETE_NAME GET_AITER GET_AWAITABLE GET_ITER GET_YIELD_FROM_ITER JUMP LIST_TO_TUPLE
          LOAD_ATTR LOAD_FROM_DICT_OR_DEREF LOAD_FROM_DICT_OR_GLOBALS MAKE_CELL MAKE_FUNCTION PARAMSPEC
          SETUP_ANNOTATIONS STOPITERATION_ERROR SUBSCRIPT_GENERIC SWAP TO_BOOL TYPEALIAS TYPEVAR TYPEVARTUPLE
          UNARY_INVERT UNARY_NEGATIVE UNARY_NOT UNARY_POSITIVE YIELD_VALUE SEND""",
    1: """BEFORE_ASYNC_WITH BEFORE_WITH COPY FOR_ITER GET_ANEXT GET_LEN IMPORT_FROM LOAD_BUILD_CLASS LOAD_CLOSURE
          LOAD_CONST LOAD_DEREF LOAD_FAST LOAD_FAST_AND_CLEAR LOAD_GLOBAL LOAD_LOCALS LOAD_METHOD LOAD_NAME
          LOAD_SPECIAL MATCH_KEYS MATCH_MAPPING MATCH_SEQUENCE PUSH_EXC_INFO PUSH_NULL RETURN_GENERATOR
          WITH_EXCEPT_START""",
    2: "LOAD_GLOBAL_CALLABLE",
}
EFFECTS = {name: effect for effect, names in _FIXED.items() for name in names.split()}


def effect(instruction: Instruction, jumps: bool) -> int:
    """How much higher the stack is behind the instruction, by its meaning alone."""
    name, arg = instruction.opcode, instruction.arg
    if name in ("FOR_ITER", "SEND") and jumps:
        return -1
    if name in ("IMPORT_STAR", "PRINT_EXPR"):
        return 0 if VERSION >= (3, 12) else -1
    if name.startswith("BUILD_") and name != "BUILD_TEMPLATE":
        if name == "BUILD_INTERPOLATION":
            return -2 if arg & 1 else -1
        return 1 - {"BUILD_MAP": 2 * arg, "BUILD_CONST_KEY_MAP": arg + 1}.get(name, arg)
    if name == "UNPACK_SEQUENCE":
        return arg - 1
    if name == "UNPACK_EX":
        return (arg & 255) + (arg >> 8)
    if name in ("CALL", "CALL_KW"):
        return -arg - 1 - (name == "CALL_KW")
    if name == "CALL_FUNCTION_EX":
        return -2 - bool(arg)
    if name == "FORMAT_VALUE":
        return -1 if arg[1] else 0
    if name == "LOAD_SUPER_ATTR":
        return -1 if arg[1] else -2
    return EFFECTS[name]


def depths(code: Code) -> dict[int, int]:
    """The depth of the stack before every instruction that control reaches; ValueError if unclear."""
    found: dict[int, int] = {}
    work = [(0, 0)]
    while work:
        index, depth = work.pop()
        if index == len(code.instructions):
            continue
        if index in found:
            if found[index] != depth:
                raise ValueError(f"{code.instructions[index]} is reached with {found[index]} and with {depth}")
            continue
        if depth < 0:
            raise ValueError(f"{code.instructions[index]} takes what is not there")
        found[index] = depth
        instruction = code.instructions[index]
        handler = code.handler_at(index)
        if handler is not None:
            work.append((handler.target, handler.depth + handler.lasti + 1))
        if instruction.target is not None:
            work.append((instruction.target, depth + effect(instruction, True)))
        if instruction.opcode not in ENDS:
            work.append((index + 1, depth + effect(instruction, False)))
    return found


def native_depths(raw: types.CodeType) -> dict[int, int]:
    """The same of CPython's own instructions, by `dis.stack_effect`."""
    shown = [i for i in dis.get_instructions(raw) if i.opname != "EXTENDED_ARG"]
    place = {i.offset: number for number, i in enumerate(shown)}
    entries = dis.Bytecode(raw).exception_entries
    found: dict[int, int] = {}
    work = [(0, 0)]
    offsets = [i.offset for i in shown]

    def at(offset: int) -> int:
        return place[offset] if offset in place else next(n for n, o in enumerate(offsets) if o > offset)
    while work:
        number, depth = work.pop()
        if number >= len(shown) or shown[number].offset in found:
            continue
        instruction = shown[number]
        found[instruction.offset] = depth
        for entry in entries:
            if entry.start <= instruction.offset < entry.end:
                work.append((at(entry.target), entry.depth + entry.lasti + 1))
        arg = instruction.arg if instruction.opcode >= dis.HAVE_ARGUMENT else None
        if instruction.opcode in (*dis.hasjrel, *dis.hasjabs) and instruction.opname != "END_ASYNC_FOR":
            work.append((at(instruction.argval), depth + dis.stack_effect(instruction.opcode, arg, jump=True)))
        if instruction.opname == "RETURN_GENERATOR":        # dis says 0 up to 3.12, but what is sent is pushed
            work.append((number + 1, depth + 1))
        elif instruction.opname not in ENDS:
            work.append((number + 1, depth + dis.stack_effect(instruction.opcode, arg, jump=False)))
    return found


def depth_faults(code: Code, theirs: bytecode.ConcreteBytecode) -> Iterator[str]:
    """Where our stack is not as deep as CPython's."""
    try:
        ours = depths(code)
    except ValueError as error:
        yield str(error)
        return
    native = native_depths(code.raw)
    shown = {i.offset: i for i in dis.get_instructions(code.raw)}
    for index, depth in ours.items():
        offset = code.instructions[index].offset
        if index and code.instructions[index - 1].offset == offset:
            continue                        # in the middle of one of CPython's
        while shown[offset].opname == "EXTENDED_ARG":
            offset += 2
        if offset not in native or counts_otherwise(shown, shown[offset]):
            continue
        if native[offset] != depth:
            yield f"{offset}: {shown[offset].opname} finds {depth} entries, not {native[offset]}"
        if depth > code.raw.co_stacksize:
            yield f"{offset}: the stack grows to {depth}, beyond {code.raw.co_stacksize}"


def counts_otherwise(shown: dict[int, dis.Instruction], instruction: dis.Instruction) -> bool:
    """CPython keeps keyword names elsewhere up to 3.12, and since then SEND's receiver until END_SEND."""
    while "JUMP" in instruction.opname and "_IF_" not in instruction.opname:
        instruction = shown[instruction.argval]
    return instruction.opname == "END_SEND" or instruction.opname == "CALL" and VERSION < (3, 13)


def faults(raw: types.CodeType) -> Iterator[str]:
    """All that is wrong with the decoding of one code object."""
    code = decode(raw)
    theirs = bytecode.ConcreteBytecode.from_code(raw, extended_arg=True)
    yield from instruction_faults(code)
    yield from region_faults(code, theirs)
    yield from depth_faults(code, theirs)


def main(patterns: list[str]) -> int:
    """Check what matches; the exit status."""
    modules = codes = instructions = wrong = 0
    from interpreter.decode import DECODED
    for path in files(patterns):
        modules += 1
        for raw in code_objects(path):
            codes += 1
            for fault in faults(raw):
                wrong += 1
                if wrong < 200:
                    print(f"{path}:{raw.co_firstlineno} {raw.co_qualname}: {fault}")
            instructions += len(decode(raw).instructions)
            DECODED.pop(id(raw))
    print(f"Python {sys.version.split()[0]}, bytecode {bytecode.__version__}: {modules} modules, {codes} code objects, "
          f"{instructions} instructions, {wrong} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
