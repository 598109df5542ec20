"""Decoder: a code object of any supported Python to the core instructions; knows versions."""
from __future__ import annotations

import bisect
import opcode
from collections.abc import Callable
from types import CodeType
from typing import Any

from .code import Code, Handler, Instruction
from .errors import Unsupported
from .versions import VERSION

SUPPORTED = ((3, 11), (3, 15))
_PAIRS = VERSION >= (3, 15)     # iterators have a second stack entry; we put it below them

_BINARY = [symbol for _, symbol in opcode._nb_ops]  # type: ignore[attr-defined]
_COMPARE = opcode.cmp_op
_COMPARE_SHIFT = {(3, 11): 0, (3, 12): 4}.get(VERSION, 5)
_JUMPS = {opcode.opname[op] for op in (*opcode.hasjrel, *opcode.hasjabs)}
_CONSTS = {opcode.opname[op] for op in opcode.hasconst}
_NAMES = {opcode.opname[op] for op in opcode.hasname}
_SLOTS = {opcode.opname[op] for op in (*opcode.haslocal, *opcode.hasfree)}
_COMMON_CONSTANTS = getattr(opcode, "_common_constants", ())
_SPECIAL = [pair[0] if isinstance(pair, tuple) else pair
            for pair in getattr(opcode, "_special_method_names", ())]
_CONVERSIONS = ("", "s", "r", "a")
_INTRINSIC_1 = ("INVALID", "PRINT_EXPR", "IMPORT_STAR", "STOPITERATION_ERROR", "ASYNC_GEN_WRAP",
                "UNARY_POSITIVE", "LIST_TO_TUPLE", "TYPEVAR", "PARAMSPEC", "TYPEVARTUPLE",
                "SUBSCRIPT_GENERIC", "TYPEALIAS")
_INTRINSIC_2 = ("INVALID", "PREP_RERAISE_STAR", "TYPEVAR_WITH_BOUND", "TYPEVAR_WITH_CONSTRAINTS",
                "SET_FUNCTION_TYPE_PARAMS", "SET_TYPEPARAM_DEFAULT")
_SKIPPED = {"CACHE", "NOP", "NOT_TAKEN", "PRECALL", "RESUME", "END_FOR", "EXTENDED_ARG",
            "ANNOTATIONS_PLACEHOLDER"}
_RENAMED = {
    "LOAD_FAST_CHECK": "LOAD_FAST", "LOAD_FAST_BORROW": "LOAD_FAST",
    "JUMP_FORWARD": "JUMP", "JUMP_BACKWARD": "JUMP", "JUMP_BACKWARD_NO_INTERRUPT": "JUMP",
    **{f"POP_JUMP_{way}_IF_{what}": f"POP_JUMP_IF_{what}" for way in ("FORWARD", "BACKWARD")
       for what in ("TRUE", "FALSE", "NONE", "NOT_NONE")},
}
DECODED: dict[int, Code] = {}


def decode(raw: CodeType) -> Code:
    """The normalised form of `raw`; made once per code object.

    Raises
    ------
    Unsupported
        On a Python whose bytecode is not known.
    """
    found = DECODED.get(id(raw))         # == on code objects compares contents and is slow
    if found is None:
        if not SUPPORTED[0] <= VERSION <= SUPPORTED[1]:
            shown = ".".join(map(str, VERSION))
            raise Unsupported(f"bytecode of Python {shown} is not known")
        found = DECODED[id(raw)] = _Decoder(raw).code()
    return found


class _Units:
    """The instructions of a code object: side by side, for lists cost less than many tuples."""

    __slots__ = ("offsets", "names", "args", "ends")

    def __init__(self, raw: CodeType) -> None:
        data, opname, extended = raw.co_code, opcode.opname, opcode.EXTENDED_ARG
        offsets: list[int] = [0]
        names: list[str] = []
        args: list[int] = []
        self.offsets, self.names, self.args = offsets, names, args
        prefix, empty = 0, True
        for offset, op, low in zip(range(0, len(data), 2), data[::2], data[1::2]):
            if not op:              # an inline cache; co_code has them zeroed
                continue
            if not empty:
                offsets.append(offset)
                empty = True
            if op == extended:
                prefix = prefix + low << 8
            else:
                names.append(opname[op])
                args.append(prefix + low)
                prefix, empty = 0, False
        self.ends = [*offsets[1:], len(data)]      # where the next instruction starts


def _exception_table(raw: CodeType) -> list[tuple[int, int, int, int, bool]]:
    """Entries (start, end, target, depth, lasti) in bytes, from 6-bit big-endian varints."""
    values, value = [], 0
    for byte in raw.co_exceptiontable:
        value = value << 6 | byte & 63
        if not byte & 64:
            values.append(value)
            value = 0
    fours = zip(*[iter(values)] * 4)
    return [(2 * start, 2 * (start + length), 2 * target, depth >> 1, bool(depth & 1))
            for start, length, target, depth in fours]


def _slot_names(raw: CodeType) -> tuple[str, ...]:
    own = set(raw.co_varnames)
    return (*raw.co_varnames, *(n for n in raw.co_cellvars if n not in own), *raw.co_freevars)


class _Decoder:
    """Turns the units of one code object into core instructions."""

    def __init__(self, raw: CodeType) -> None:
        self.raw = raw
        self.units = _Units(raw)
        self.slots = _slot_names(raw)
        self.out: list[Instruction] = []
        self.jumps: list[Instruction] = []
        self.index_at: dict[int, int] = {}      # by offset; odd ones are in the middle of a unit
        self.position = 0               # of the current unit in `units`
        self.offset, self.name, self.arg, self.end = 0, "", 0, 0

    def code(self) -> Code:
        index_at, out = self.index_at, self.out
        consts, names, slots, add = self.raw.co_consts, self.raw.co_names, self.slots, out.append
        units = self.units
        for position, (offset, name, arg) in enumerate(zip(units.offsets, units.names, units.args)):
            index_at[offset] = index = len(out)
            rule, core = _RULES[name]
            if rule is _SLOT:
                add(Instruction(core, arg, slots[arg], None, offset, index))
            elif rule is _CONST:
                add(Instruction(core, consts[arg], None, None, offset, index))
            elif rule is _NAME:
                add(Instruction(core, names[arg], names[arg], None, offset, index))
            elif rule is _PLAIN:
                add(Instruction(core, arg, None, None, offset, index))
            elif rule is not None:
                self.position, self.offset, self.name, self.arg = position, offset, name, arg
                self.end = units.ends[position]
                rule(self, arg)
        index_at[len(self.raw.co_code)] = len(self.out)
        for instruction in self.jumps:
            instruction.target = instruction.arg = index_at[instruction.target]  # type: ignore[index]
        table = [Handler(index_at[start], index_at[end], index_at[target], depth, lasti)
                 for start, end, target, depth, lasti in _exception_table(self.raw)]
        code = Code(self.raw, self.out, [entry for entry in table if entry.start < entry.end],
                    self.slots)
        from .opcodes import prepare
        code.steps = prepare(code)
        return code

    def emit(self, name: str, arg: Any = None, symbol: str | None = None,
             target: int | None = None) -> None:
        out = self.out
        made = Instruction(name, arg, symbol, target, self.offset, len(out))
        out.append(made)
        if target is not None:
            self.jumps.append(made)

    def following(self, distance: int = 1) -> tuple[str, int]:
        """Name and argument of a later unit."""
        at = self.position + distance
        units = self.units
        return (units.names[at], units.args[at]) if at < len(units.names) else ("", 0)

    def target(self) -> int:
        """Offset that the current jump goes to."""
        distance = 2 * self.arg
        return self.end + (-distance if "BACKWARD" in self.name else distance)

    def slot(self, name: str, index: int) -> None:
        self.emit(name, index, self.slots[index])


Rule = Callable[[_Decoder, int], None]
_RULES: dict[str, tuple[Any, str]] = {}     # and the core opcode; None: no meaning of its own


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(names, (function, "")))
        return function
    return register


# --- constants and names ------------------------------------------------------------------------
@_rule("RETURN_CONST")
def _return_const(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", d.raw.co_consts[arg])
    d.emit("RETURN_VALUE")


@_rule("LOAD_SMALL_INT")
def _load_small_int(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", arg)


@_rule("LOAD_ASSERTION_ERROR")
def _load_assertion_error(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", AssertionError)


@_rule("LOAD_COMMON_CONSTANT")
def _load_common_constant(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", _COMMON_CONSTANTS[arg])


@_rule("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "STORE_FAST_LOAD_FAST",
       "STORE_FAST_STORE_FAST")
def _fused_pair(d: _Decoder, arg: int) -> None:
    name = d.name
    d.slot(name[:name.index("FAST") + 4], arg >> 4)
    d.slot("STORE_FAST" if name.endswith("STORE_FAST") else "LOAD_FAST", arg & 15)


@_rule("LOAD_GLOBAL")
def _load_global(d: _Decoder, arg: int) -> None:
    """The low bit asks for a NULL as well, whose side matters only to CALL_FUNCTION_EX."""
    name = d.raw.co_names[arg >> 1]
    if not arg & 1:
        d.emit("LOAD_GLOBAL", name, name)
    elif d.units.names[d.position + 1] != "CALL_FUNCTION_EX":
        d.emit("LOAD_GLOBAL_CALLABLE", name, name)
    else:
        d.emit("LOAD_GLOBAL", name, name)
        d.emit("PUSH_NULL")


@_rule("LOAD_ATTR")
def _load_attr(d: _Decoder, arg: int) -> None:
    method = VERSION >= (3, 12) and arg & 1
    name = d.raw.co_names[arg >> 1 if VERSION >= (3, 12) else arg]
    d.emit("LOAD_METHOD" if method else "LOAD_ATTR", name, name)


@_rule("LOAD_SUPER_ATTR")
def _load_super_attr(d: _Decoder, arg: int) -> None:
    name = d.raw.co_names[arg >> 2]
    d.emit("LOAD_SUPER_ATTR", (name, bool(arg & 1), bool(arg & 2)), name)


@_rule("LOAD_CLASSDEREF")
def _load_classderef(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_LOCALS")
    d.slot("LOAD_FROM_DICT_OR_DEREF", arg)


# --- operators ----------------------------------------------------------------------------------
@_rule("BINARY_OP")
def _binary_op(d: _Decoder, arg: int) -> None:
    symbol = _BINARY[arg]
    if symbol == "[]":
        d.emit("BINARY_SUBSCR")
    else:
        d.emit("BINARY_OP", arg, symbol)


@_rule("COMPARE_OP")
def _compare_op(d: _Decoder, arg: int) -> None:
    d.emit("COMPARE_OP", arg, _COMPARE[arg >> _COMPARE_SHIFT])


@_rule("TO_BOOL")
def _to_bool(d: _Decoder, arg: int) -> None:
    after, _ = d.following()    # jumps and UNARY_NOT take any value here, on every version
    if not after.startswith(("POP_JUMP_IF_", "UNARY_NOT", "NOT_TAKEN")):
        d.emit("TO_BOOL")


@_rule("BINARY_SLICE")
def _binary_slice(d: _Decoder, arg: int) -> None:
    d.emit("BUILD_SLICE", 2)
    d.emit("BINARY_SUBSCR")


@_rule("STORE_SLICE")
def _store_slice(d: _Decoder, arg: int) -> None:
    d.emit("BUILD_SLICE", 2)
    d.emit("STORE_SUBSCR")


@_rule("FORMAT_VALUE")
def _format_value(d: _Decoder, arg: int) -> None:
    d.emit("FORMAT_VALUE", (_CONVERSIONS[arg & 3], bool(arg & 4)))


@_rule("FORMAT_SIMPLE", "FORMAT_WITH_SPEC")
def _format_simple(d: _Decoder, arg: int) -> None:
    d.emit("FORMAT_VALUE", ("", d.name == "FORMAT_WITH_SPEC"))


@_rule("CONVERT_VALUE")
def _convert_value(d: _Decoder, arg: int) -> None:
    d.emit("CONVERT_VALUE", _CONVERSIONS[arg])


@_rule("CALL_INTRINSIC_1")
def _intrinsic_1(d: _Decoder, arg: int) -> None:
    d.emit(_INTRINSIC_1[arg], (d.name, arg, 1))


@_rule("CALL_INTRINSIC_2")
def _intrinsic_2(d: _Decoder, arg: int) -> None:
    d.emit(_INTRINSIC_2[arg], (d.name, arg, 2))


@_rule("PREP_RERAISE_STAR")
def _prep_reraise_star(d: _Decoder, arg: int) -> None:
    d.emit(d.name, (d.name, 0, 2))


# --- jumps --------------------------------------------------------------------------------------
@_rule("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP")
def _jump_or_pop(d: _Decoder, arg: int) -> None:
    d.emit("COPY", 1)
    d.emit("POP_JUMP_IF_" + d.name.split("_")[2], target=d.target())
    d.emit("POP_TOP")


@_rule("FOR_ITER")
def _for_iter(d: _Decoder, arg: int) -> None:
    """Exhausted, it goes on after the epilogue, whose pop of the iterator the handler has done."""
    target = d.target()
    at = bisect.bisect_left(d.units.offsets, target, d.position)
    if d.units.names[at] == "END_FOR":
        if _PAIRS:
            target = d.units.offsets[at + 1] + 1
        else:
            target = d.units.offsets[at + (1 if VERSION == (3, 12) else 2)]
    d.emit("FOR_ITER", target=target)


@_rule("POP_ITER")
def _pop_iter(d: _Decoder, arg: int) -> None:
    d.emit("POP_TOP")
    if _PAIRS:
        d.index_at[d.offset + 1] = len(d.out)
        d.emit("POP_TOP")


@_rule("PUSH_NULL")
def _push_null(d: _Decoder, arg: int) -> None:
    d.emit("PUSH_NULL")
    if _PAIRS and (d.following()[0] == "FOR_ITER" or d.following(2)[0] == "SEND"):
        d.emit("SWAP", 2)


@_rule("END_SEND")
def _end_send(d: _Decoder, arg: int) -> None:
    """The handler of SEND has put the result in the receiver's place."""
    if _PAIRS:
        d.emit("SWAP", 2)
        d.emit("POP_TOP")


@_rule("SEND")
def _send(d: _Decoder, arg: int) -> None:
    d.emit("SEND", target=d.target())


@_rule("YIELD_VALUE")
def _yield_value(d: _Decoder, arg: int) -> None:
    """The argument says whether the frame delegates (yield from, await) at this yield."""
    name, kind = d.following()
    d.emit("YIELD_VALUE", name == "RESUME" and kind & 3 >= 2)


@_rule("END_ASYNC_FOR")
def _end_async_for(d: _Decoder, arg: int) -> None:
    d.emit("END_ASYNC_FOR")


# --- calls --------------------------------------------------------------------------------------
@_rule("KW_NAMES")
def _kw_names(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", d.raw.co_consts[arg])


@_rule("CALL")
def _call(d: _Decoder, arg: int) -> None:
    """Keyword names come before it up to 3.12, and before its PRECALL on 3.11."""
    before = d.units.names[d.position - 1]
    if before == "PRECALL":
        before = d.units.names[d.position - 2]
    d.emit("CALL_KW" if before == "KW_NAMES" else "CALL", arg)


@_rule("CALL_FUNCTION_EX")
def _call_function_ex(d: _Decoder, arg: int) -> None:
    d.emit("CALL_FUNCTION_EX", VERSION >= (3, 14) or bool(arg & 1))


@_rule("MAKE_FUNCTION")
def _make_function(d: _Decoder, arg: int) -> None:
    d.emit("MAKE_FUNCTION")
    for flag in (8, 4, 2, 1):
        if arg & flag:
            d.emit("SET_FUNCTION_ATTRIBUTE", flag)


@_rule("LOAD_SPECIAL")
def _load_special(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_SPECIAL", _SPECIAL[arg], _SPECIAL[arg])


@_rule("WITH_EXCEPT_START")
def _with_except_start(d: _Decoder, arg: int) -> None:
    """The argument is how deep the exit function stands, a possible self above it."""
    d.emit("WITH_EXCEPT_START", 5 if VERSION >= (3, 14) else 4)


@_rule("GET_ITER")
def _get_iter(d: _Decoder, arg: int) -> None:
    d.emit("GET_YIELD_FROM_ITER" if _PAIRS and arg else "GET_ITER")
    if _PAIRS:
        d.emit("PUSH_NULL")
        d.emit("SWAP", 2)


@_rule("IMPORT_NAME")
def _import_name(d: _Decoder, arg: int) -> None:
    """3.15 has two bits that say whether the import may be or is lazy."""
    name = d.raw.co_names[arg >> 2 if _PAIRS else arg]
    lazy = _PAIRS and not arg & 2 and ("lazy" if arg & 1 else "maybe")
    d.emit("IMPORT_NAME", (name, lazy or ""), name)


# --- all others: by the kind of their argument --------------------------------------------------
_SLOT, _CONST, _NAME, _PLAIN = "slot", "const", "name", "plain"     # what the argument counts


def _jump(d: _Decoder, arg: int) -> None:
    d.emit(_RENAMED.get(d.name, d.name), target=d.target())


def _usual_rule(name: str) -> Any:
    if name in _SKIPPED:
        return None
    kinds = ((_JUMPS, _jump), (_CONSTS, _CONST), (_SLOTS, _SLOT), (_NAMES, _NAME))
    return next((rule for names, rule in kinds if name in names), _PLAIN)


for _opcode in opcode.opmap:
    if _opcode not in _RULES:
        _RULES[_opcode] = _usual_rule(_opcode), _RENAMED.get(_opcode, _opcode)
