"""Decoder: a code object of any supported Python to the core instructions; knows versions."""
from __future__ import annotations

import opcode
from collections.abc import Callable
from types import CodeType
from typing import Any

from .code import Code, Handler
from .errors import Location, Unsupported
from .versions import VERSION

SUPPORTED = ((3, 11), (3, 15))
_PAIRS = VERSION >= (3, 15)     # iterators have a second stack entry; we put it below them

_BINARY = [symbol for _, symbol in opcode._nb_ops]  # type: ignore[attr-defined]
_COMPARE = opcode.cmp_op
_COMPARE_SHIFT = {(3, 11): 0, (3, 12): 4}.get(VERSION, 5)
_JUMPS = {opcode.opname[op] for op in (*opcode.hasjrel, *opcode.hasjabs)}
_CONSTS = {opcode.opname[op] for op in opcode.hasconst}
_NAMES = {opcode.opname[op] for op in opcode.hasname}
_COMMON_CONSTANTS = getattr(opcode, "_common_constants", ())
_SPECIAL = [pair[0] if isinstance(pair, tuple) else pair
            for pair in getattr(opcode, "_special_method_names", ())]
_UNARY = {"UNARY_NEGATIVE": "-", "UNARY_POSITIVE": "+", "UNARY_INVERT": "~"}
_CONVERSIONS = ("", "s", "r", "a")
_INTRINSIC_1 = ("INVALID", "PRINT_EXPR", "IMPORT_STAR", "STOPITERATION_ERROR", "ASYNC_GEN_WRAP",
                "UNARY_POSITIVE", "LIST_TO_TUPLE", "TYPEVAR", "PARAMSPEC", "TYPEVARTUPLE",
                "SUBSCRIPT_GENERIC", "TYPEALIAS")
_INTRINSIC_2 = ("INVALID", "PREP_RERAISE_STAR", "TYPEVAR_WITH_BOUND", "TYPEVAR_WITH_CONSTRAINTS",
                "SET_FUNCTION_TYPE_PARAMS", "SET_TYPEPARAM_DEFAULT")
_SKIPPED = {"CACHE", "NOP", "NOT_TAKEN", "PRECALL", "RESUME", "END_FOR",
            "ANNOTATIONS_PLACEHOLDER"}
_RENAMED = {
    "LOAD_FAST_CHECK": "LOAD_FAST", "LOAD_FAST_BORROW": "LOAD_FAST",
    "JUMP_FORWARD": "JUMP", "JUMP_BACKWARD": "JUMP", "JUMP_BACKWARD_NO_INTERRUPT": "JUMP",
    **{f"POP_JUMP_{way}_IF_{what}": f"POP_JUMP_IF_{what}" for way in ("FORWARD", "BACKWARD")
       for what in ("TRUE", "FALSE", "NONE", "NOT_NONE")},
}
_EXTENDED = opcode.EXTENDED_ARG
_CALL_KW = opcode.opmap.get("CALL_KW", 256)     # up to 3.12 a number that no bytecode has
DECODED: dict[int, Code] = {}


def decode(raw: CodeType) -> Code:
    """The normalised form of `raw`; made once per code object.

    Raises
    ------
    Unsupported
        On a Python whose bytecode is not known, and for code that is not this Python's.
    """
    found = DECODED.get(id(raw))         # == on code objects compares contents and is slow
    if found is None:
        if not SUPPORTED[0] <= VERSION <= SUPPORTED[1]:
            shown = ".".join(map(str, VERSION))
            raise Unsupported(f"bytecode of Python {shown} is not known")
        try:
            found = DECODED[id(raw)] = _Decoder(raw).code()
        except (KeyError, IndexError) as error:
            raise Unsupported(f"the code of {raw.co_qualname} is no bytecode of Python {'.'.join(map(str, VERSION))}",
                              location=Location(raw.co_filename, raw.co_firstlineno, None, None, None, raw.co_name),
                              why="another version compiled it, or it was put together by hand",
                              hint="compile the source again") from error
    return found


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
    """Turns the code units of one code object into core instructions."""

    __slots__ = ("raw", "ops", "lows", "made", "index_at", "offset", "name")

    def __init__(self, raw: CodeType) -> None:
        self.raw = raw
        data = raw.co_code
        self.ops, self.lows = list(data[::2]), data[1::2]       # rules may change what comes later
        self.made = Code(raw, _slot_names(raw))
        self.index_at: dict[int, int] = {}      # by offset; odd ones are in the middle of a unit
        self.offset, self.name = 0, ""          # of the current instruction, with its prefixes

    def code(self) -> Code:
        raw, made, index_at = self.raw, self.made, self.index_at
        consts, names = raw.co_consts, raw.co_names
        steps, opcodes, targets = made.steps, made.opcodes, made.targets
        add_opcode, add_step, add_offset = opcodes.append, steps.append, made.offsets.append
        shared, by_op = _SHARED, _BY_OP or _table()
        prefix, start = 0, -1
        for offset, op, arg in zip(range(0, 2 * len(self.ops), 2), self.ops, self.lows):
            if not op:                          # an inline cache: they are zero here
                continue
            if start >= 0:                      # behind prefixes: it starts where they do
                offset, arg, start = start, prefix + arg, -1
            known = shared.get(arg << 9 | op)
            index_at[offset] = len(steps)
            if known is not None:
                core, step, more = known
                add_opcode(core)
                add_step(step)
                add_offset(offset)
                if more is not None:
                    core, step = more
                    add_opcode(core)
                    add_step(step)
                    add_offset(offset)
                continue
            rule, core, handler = by_op[op]
            if rule is _NAME:
                add_opcode(core)
                add_step((handler, names[arg]))
                add_offset(offset)
            elif rule is _CONST:
                add_opcode(core)
                add_step((handler, consts[arg]))
                add_offset(offset)
            elif rule is _NAME_OR_OTHER:        # the low bit says which
                if arg & 1:
                    core, handler = handler
                else:
                    handler = _HANDLERS[core][0]
                add_opcode(core)
                add_step((handler, names[arg >> 1]))
                add_offset(offset)
            elif rule is _PREFIX:
                prefix, start = arg << 8, offset
            elif rule is not None:
                self.offset, self.name = offset, core
                rule(self, arg)
                if op in _ALWAYS_THE_SAME:
                    _share(arg << 9 | op, made, index_at[offset])
        index_at[2 * len(self.ops)] = len(steps)
        for jump, unit in targets.items():
            targets[jump] = target = index_at[unit]
            steps[jump] = steps[jump][0], target
        for first, last, unit, depth, lasti in _exception_table(raw):
            if index_at[first] < index_at[last]:
                made.exception_table.append(
                    Handler(index_at[first], index_at[last], index_at[unit], depth, lasti))
        steps.append((_HANDLERS["RETURN_VALUE"][0], None))
        return made

    def emit(self, name: str, arg: Any = None, target: int | None = None) -> None:
        made = self.made
        if target is not None:
            made.targets[len(made.steps)] = target
        handler, operands = _HANDLERS[name]
        made.opcodes.append(name)
        made.steps.append((handler, arg if operands is None else operands[arg]))
        made.offsets.append(self.offset)

    def following(self, distance: int = 1) -> tuple[str, int]:
        """Name and argument of a later unit."""
        at = self.offset
        for _ in range(distance):
            at = self.behind(at)
        while at < 2 * len(self.ops) and self.ops[at // 2] == _EXTENDED:
            at += 2
        return (opcode.opname[self.ops[at // 2]], self.lows[at // 2]) if at < 2 * len(self.ops) else ("", 0)

    def behind(self, offset: int) -> int:
        """Where the instruction after the one at `offset` starts."""
        ops, at = self.ops, offset // 2
        while ops[at] == _EXTENDED:
            at += 1
        at += 1
        while at < len(ops) and not ops[at]:
            at += 1
        return 2 * at

    def target(self, arg: int) -> int:
        """Offset that the current jump goes to."""
        distance = 2 * arg
        return self.behind(self.offset) + (-distance if "BACKWARD" in self.name else distance)


Rule = Callable[[_Decoder, int], None]
_RULES: dict[str, Rule] = {}
_FREE: set[Rule] = set()


def _rule(*names: str, free: bool = False) -> Callable[[Rule], Rule]:
    """Register the rule for these names; `free`: nothing but the argument matters to it."""
    def register(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(names, function))
        if free:
            _FREE.add(function)
        return function
    return register


# --- constants and names ------------------------------------------------------------------------
@_rule("RETURN_CONST")
def _return_const(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", d.raw.co_consts[arg])
    d.emit("RETURN_VALUE")


@_rule("LOAD_SMALL_INT", free=True)
def _load_small_int(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", arg)


@_rule("LOAD_ASSERTION_ERROR", free=True)
def _load_assertion_error(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", AssertionError)


@_rule("LOAD_COMMON_CONSTANT", free=True)
def _load_common_constant(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", _COMMON_CONSTANTS[arg])


@_rule("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "STORE_FAST_LOAD_FAST",
       "STORE_FAST_STORE_FAST", free=True)
def _fused_pair(d: _Decoder, arg: int) -> None:
    name = d.name
    d.emit(name[:name.index("FAST") + 4], arg >> 4)
    d.emit("STORE_FAST" if name.endswith("STORE_FAST") else "LOAD_FAST", arg & 15)


@_rule("LOAD_SUPER_ATTR")
def _load_super_attr(d: _Decoder, arg: int) -> None:
    name = d.raw.co_names[arg >> 2]
    d.emit("LOAD_SUPER_ATTR", (name, bool(arg & 1), bool(arg & 2)))


@_rule("LOAD_CLASSDEREF")
def _load_classderef(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_LOCALS")
    d.emit("LOAD_FROM_DICT_OR_DEREF", arg)


# --- operators ----------------------------------------------------------------------------------
@_rule("BINARY_OP", free=True)
def _binary_op(d: _Decoder, arg: int) -> None:
    symbol = _BINARY[arg]
    if symbol == "[]":
        d.emit("BINARY_SUBSCR")
    else:
        d.emit("BINARY_OP", symbol)


@_rule("UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT", free=True)
def _unary_op(d: _Decoder, arg: int) -> None:
    d.emit(d.name, _UNARY[d.name])


@_rule("COMPARE_OP", free=True)
def _compare_op(d: _Decoder, arg: int) -> None:
    d.emit("COMPARE_OP", _COMPARE[arg >> _COMPARE_SHIFT])


@_rule("TO_BOOL")
def _to_bool(d: _Decoder, arg: int) -> None:
    after, _ = d.following()    # jumps and UNARY_NOT take any value here, on every version
    if not after.startswith(("POP_JUMP_IF_", "UNARY_NOT", "NOT_TAKEN")):
        d.emit("TO_BOOL")


@_rule("BINARY_SLICE", free=True)
def _binary_slice(d: _Decoder, arg: int) -> None:
    d.emit("BUILD_SLICE", 2)
    d.emit("BINARY_SUBSCR")


@_rule("STORE_SLICE", free=True)
def _store_slice(d: _Decoder, arg: int) -> None:
    d.emit("BUILD_SLICE", 2)
    d.emit("STORE_SUBSCR")


@_rule("FORMAT_VALUE", free=True)
def _format_value(d: _Decoder, arg: int) -> None:
    d.emit("FORMAT_VALUE", (_CONVERSIONS[arg & 3], bool(arg & 4)))


@_rule("FORMAT_SIMPLE", "FORMAT_WITH_SPEC", free=True)
def _format_simple(d: _Decoder, arg: int) -> None:
    d.emit("FORMAT_VALUE", ("", d.name == "FORMAT_WITH_SPEC"))


@_rule("CONVERT_VALUE", free=True)
def _convert_value(d: _Decoder, arg: int) -> None:
    d.emit("CONVERT_VALUE", _CONVERSIONS[arg])


@_rule("CALL_INTRINSIC_1", free=True)
def _intrinsic_1(d: _Decoder, arg: int) -> None:
    name = _INTRINSIC_1[arg]
    d.emit(name, _UNARY.get(name, (d.name, arg, 1)))


@_rule("CALL_INTRINSIC_2", free=True)
def _intrinsic_2(d: _Decoder, arg: int) -> None:
    d.emit(_INTRINSIC_2[arg], (d.name, arg, 2))


@_rule("PREP_RERAISE_STAR", free=True)
def _prep_reraise_star(d: _Decoder, arg: int) -> None:
    d.emit(d.name, (d.name, 0, 2))


# --- jumps --------------------------------------------------------------------------------------
@_rule("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP")
def _jump_or_pop(d: _Decoder, arg: int) -> None:
    d.emit("COPY", 1)
    d.emit("POP_JUMP_IF_" + d.name.split("_")[2], target=d.target(arg))
    d.emit("POP_TOP")


@_rule("FOR_ITER")
def _for_iter(d: _Decoder, arg: int) -> None:
    """Exhausted, it goes on after the epilogue, whose pop of the iterator the handler has done."""
    target = d.target(arg)
    if opcode.opname[d.ops[target // 2]] == "END_FOR":
        target += 3 if _PAIRS else 2 if VERSION == (3, 12) else 4
    d.emit("FOR_ITER", target=target)


@_rule("POP_ITER")
def _pop_iter(d: _Decoder, arg: int) -> None:
    d.emit("POP_TOP")
    if _PAIRS:
        d.index_at[d.offset + 1] = len(d.made.steps)
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
    d.emit("SEND", target=d.target(arg))


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
    """Up to 3.12 it comes before the call, and before its PRECALL on 3.11."""
    d.emit("LOAD_CONST", d.raw.co_consts[arg])
    at = d.behind(d.offset)
    if opcode.opname[d.ops[at // 2]] == "PRECALL":
        at = d.behind(at)
    while d.ops[at // 2] == _EXTENDED:
        at += 2
    d.ops[at // 2] = _CALL_KW


@_rule("CALL_FUNCTION_EX", free=True)
def _call_function_ex(d: _Decoder, arg: int) -> None:
    d.emit("CALL_FUNCTION_EX", VERSION >= (3, 14) or bool(arg & 1))


@_rule("MAKE_FUNCTION")
def _make_function(d: _Decoder, arg: int) -> None:
    d.emit("MAKE_FUNCTION")
    for flag in (8, 4, 2, 1):
        if arg & flag:
            d.emit("SET_FUNCTION_ATTRIBUTE", flag)


@_rule("LOAD_SPECIAL", free=True)
def _load_special(d: _Decoder, arg: int) -> None:
    d.emit("LOAD_SPECIAL", _SPECIAL[arg])


@_rule("WITH_EXCEPT_START", free=True)
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
    d.emit("IMPORT_NAME", (name, lazy or ""))


# --- all others: by the kind of their argument --------------------------------------------------
# What the argument counts; or a prefix of the next argument.
_CONST, _NAME, _NAME_OR_OTHER, _PREFIX = "const", "name", "name or other", "prefix"
# Here the low bit asks for a NULL or a method as well.
_OR_OTHER = {"LOAD_GLOBAL": "LOAD_GLOBAL_CALLABLE",
             **({"LOAD_ATTR": "LOAD_METHOD"} if VERSION >= (3, 12) else {})}


@_rule(free=True)
def _plain(d: _Decoder, arg: int) -> None:
    d.emit(_RENAMED.get(d.name, d.name), arg)


def _jump(d: _Decoder, arg: int) -> None:
    d.emit(_RENAMED.get(d.name, d.name), target=d.target(arg))


def _usual_rule(name: str) -> Any:
    if name == "EXTENDED_ARG":
        return _PREFIX
    if name in _SKIPPED:
        return None
    kinds = ((_JUMPS, _jump), (_CONSTS, _CONST), (_NAMES, _NAME))
    return next((rule for names, rule in kinds if name in names), _plain)


_BY_OP: dict[int, tuple[Any, str, Any]] = {}        # rule and name; or kind, core opcode, its handler
_HANDLERS: dict[str, tuple[Callable, Any]] = {}
_SHARED: dict[int, tuple[str, tuple[Callable, Any], tuple[str, tuple[Callable, Any]] | None]] = {}
_ALWAYS_THE_SAME: set[int] = set()      # the opcodes whose rule is free


def _share(key: int, code: Code, index: int) -> None:
    """Use the one or two steps at `index` wherever this instruction comes again."""
    first, *more = zip(code.opcodes[index:], code.steps[index:])
    _SHARED[key] = (*first, more[0] if more else None)


def _table() -> dict[int, tuple[Any, str, Any]]:
    """Made when the first code object is decoded: the handlers import this module."""
    from .opcodes import HANDLERS
    _HANDLERS.update(HANDLERS)
    numbers = {**opcode.opmap, "CALL_KW": _CALL_KW}
    for name, number in numbers.items():
        core = _RENAMED.get(name, name)
        rule: Any = _RULES[name] if name in _RULES else _usual_rule(name)
        handler: Any = HANDLERS.get(core, (None, None))[0]
        if name in _OR_OTHER:
            rule, handler = _NAME_OR_OTHER, (_OR_OTHER[name], HANDLERS[_OR_OTHER[name]][0])
        if rule in _FREE:
            _ALWAYS_THE_SAME.add(number)
        _BY_OP[number] = rule, name if callable(rule) else core, handler
    return _BY_OP
