"""The decoder's rules: what each instruction of each version becomes; nothing else knows versions."""
from __future__ import annotations

import opcode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .versions import VERSION

if TYPE_CHECKING:
    from .decode import Decoder

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
RENAMED = {
    "LOAD_FAST_CHECK": "LOAD_FAST", "LOAD_FAST_BORROW": "LOAD_FAST",
    "JUMP_FORWARD": "JUMP", "JUMP_BACKWARD": "JUMP", "JUMP_BACKWARD_NO_INTERRUPT": "JUMP",
    **{f"POP_JUMP_{way}_IF_{what}": f"POP_JUMP_IF_{what}" for way in ("FORWARD", "BACKWARD")
       for what in ("TRUE", "FALSE", "NONE", "NOT_NONE")},
}
EXTENDED = opcode.EXTENDED_ARG
CALL_KW = opcode.opmap.get("CALL_KW", 256)      # up to 3.12 a number that no bytecode has

Rule = Callable[["Decoder", int], None]
RULES: dict[str, Rule] = {}
FREE: set[Rule] = set()


def _rule(*names: str, free: bool = False) -> Callable[[Rule], Rule]:
    """Register the rule for these names; `free`: nothing but the argument matters to it."""
    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        if free:
            FREE.add(function)
        return function
    return register


# --- constants and names ------------------------------------------------------------------------
@_rule("RETURN_CONST")
def _return_const(d: Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", d.raw.co_consts[arg])
    d.emit("RETURN_VALUE")


@_rule("LOAD_SMALL_INT", free=True)
def _load_small_int(d: Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", arg)


@_rule("LOAD_ASSERTION_ERROR", free=True)
def _load_assertion_error(d: Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", AssertionError)


@_rule("LOAD_COMMON_CONSTANT", free=True)
def _load_common_constant(d: Decoder, arg: int) -> None:
    d.emit("LOAD_CONST", _COMMON_CONSTANTS[arg])


@_rule("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "STORE_FAST_LOAD_FAST",
       "STORE_FAST_STORE_FAST", free=True)
def _fused_pair(d: Decoder, arg: int) -> None:
    name = d.name
    d.emit(name[:name.index("FAST") + 4], arg >> 4)
    d.emit("STORE_FAST" if name.endswith("STORE_FAST") else "LOAD_FAST", arg & 15)


@_rule("LOAD_SUPER_ATTR")
def _load_super_attr(d: Decoder, arg: int) -> None:
    name = d.raw.co_names[arg >> 2]
    d.emit("LOAD_SUPER_ATTR", (name, bool(arg & 1), bool(arg & 2)))


@_rule("LOAD_CLASSDEREF")
def _load_classderef(d: Decoder, arg: int) -> None:
    d.emit("LOAD_LOCALS")
    d.emit("LOAD_FROM_DICT_OR_DEREF", arg)


# --- operators ----------------------------------------------------------------------------------
@_rule("BINARY_OP", free=True)
def _binary_op(d: Decoder, arg: int) -> None:
    symbol = _BINARY[arg]
    if symbol == "[]":
        d.emit("BINARY_SUBSCR")
    else:
        d.emit("BINARY_OP", symbol)


@_rule("UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT", free=True)
def _unary_op(d: Decoder, arg: int) -> None:
    d.emit(d.name, _UNARY[d.name])


@_rule("COMPARE_OP", free=True)
def _compare_op(d: Decoder, arg: int) -> None:
    d.emit("COMPARE_OP", _COMPARE[arg >> _COMPARE_SHIFT])


@_rule("TO_BOOL")
def _to_bool(d: Decoder, arg: int) -> None:
    after, _ = d.following()    # jumps and UNARY_NOT take any value here, on every version
    if not after.startswith(("POP_JUMP_IF_", "UNARY_NOT", "NOT_TAKEN")):
        d.emit("TO_BOOL")


@_rule("BINARY_SLICE", free=True)
def _binary_slice(d: Decoder, arg: int) -> None:
    d.emit("BUILD_SLICE", 2)
    d.emit("BINARY_SUBSCR")


@_rule("STORE_SLICE", free=True)
def _store_slice(d: Decoder, arg: int) -> None:
    d.emit("BUILD_SLICE", 2)
    d.emit("STORE_SUBSCR")


@_rule("FORMAT_VALUE", free=True)
def _format_value(d: Decoder, arg: int) -> None:
    d.emit("FORMAT_VALUE", (_CONVERSIONS[arg & 3], bool(arg & 4)))


@_rule("FORMAT_SIMPLE", "FORMAT_WITH_SPEC", free=True)
def _format_simple(d: Decoder, arg: int) -> None:
    d.emit("FORMAT_VALUE", ("", d.name == "FORMAT_WITH_SPEC"))


@_rule("CONVERT_VALUE", free=True)
def _convert_value(d: Decoder, arg: int) -> None:
    d.emit("CONVERT_VALUE", _CONVERSIONS[arg])


@_rule("CALL_INTRINSIC_1", free=True)
def _intrinsic_1(d: Decoder, arg: int) -> None:
    name = _INTRINSIC_1[arg]
    d.emit(name, _UNARY.get(name, (d.name, arg, 1)))


@_rule("CALL_INTRINSIC_2", free=True)
def _intrinsic_2(d: Decoder, arg: int) -> None:
    d.emit(_INTRINSIC_2[arg], (d.name, arg, 2))


@_rule("PREP_RERAISE_STAR", free=True)
def _prep_reraise_star(d: Decoder, arg: int) -> None:
    d.emit(d.name, (d.name, 0, 2))


# --- jumps --------------------------------------------------------------------------------------
@_rule("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP")
def _jump_or_pop(d: Decoder, arg: int) -> None:
    d.emit("COPY", 1)
    d.emit("POP_JUMP_IF_" + d.name.split("_")[2], target=d.target(arg))
    d.emit("POP_TOP")


@_rule("FOR_ITER")
def _for_iter(d: Decoder, arg: int) -> None:
    """Exhausted, it goes on after the epilogue, whose pop of the iterator the handler has done."""
    target = d.target(arg)
    if opcode.opname[d.ops[target // 2]] == "END_FOR":
        target += 3 if _PAIRS else 2 if VERSION == (3, 12) else 4
    d.emit("FOR_ITER", target=target)


@_rule("POP_ITER")
def _pop_iter(d: Decoder, arg: int) -> None:
    d.emit("POP_TOP")
    if _PAIRS:
        d.index_at[d.offset + 1] = len(d.made.steps)
        d.emit("POP_TOP")


@_rule("PUSH_NULL")
def _push_null(d: Decoder, arg: int) -> None:
    d.emit("PUSH_NULL")
    if _PAIRS and (d.following()[0] == "FOR_ITER" or d.following(2)[0] == "SEND"):
        d.emit("SWAP", 2)


@_rule("END_SEND")
def _end_send(d: Decoder, arg: int) -> None:
    """The handler of SEND has put the result in the receiver's place."""
    if _PAIRS:
        d.emit("SWAP", 2)
        d.emit("POP_TOP")


@_rule("SEND")
def _send(d: Decoder, arg: int) -> None:
    d.emit("SEND", target=d.target(arg))


@_rule("YIELD_VALUE")
def _yield_value(d: Decoder, arg: int) -> None:
    """The argument says whether the frame delegates (yield from, await) at this yield."""
    name, kind = d.following()
    d.emit("YIELD_VALUE", name == "RESUME" and kind & 3 >= 2)


@_rule("END_ASYNC_FOR")
def _end_async_for(d: Decoder, arg: int) -> None:
    d.emit("END_ASYNC_FOR")


# --- calls --------------------------------------------------------------------------------------
@_rule("KW_NAMES")
def _kw_names(d: Decoder, arg: int) -> None:
    """Up to 3.12 it comes before the call, and before its PRECALL on 3.11."""
    d.emit("LOAD_CONST", d.raw.co_consts[arg])
    at = d.behind(d.offset)
    if opcode.opname[d.ops[at // 2]] == "PRECALL":
        at = d.behind(at)
    while d.ops[at // 2] == EXTENDED:
        at += 2
    d.ops[at // 2] = CALL_KW


@_rule("CALL_FUNCTION_EX", free=True)
def _call_function_ex(d: Decoder, arg: int) -> None:
    d.emit("CALL_FUNCTION_EX", VERSION >= (3, 14) or bool(arg & 1))


@_rule("MAKE_FUNCTION")
def _make_function(d: Decoder, arg: int) -> None:
    d.emit("MAKE_FUNCTION")
    for flag in (8, 4, 2, 1):
        if arg & flag:
            d.emit("SET_FUNCTION_ATTRIBUTE", flag)


@_rule("LOAD_SPECIAL", free=True)
def _load_special(d: Decoder, arg: int) -> None:
    d.emit("LOAD_SPECIAL", _SPECIAL[arg])


@_rule("WITH_EXCEPT_START", free=True)
def _with_except_start(d: Decoder, arg: int) -> None:
    """The argument is how deep the exit function stands, a possible self above it."""
    d.emit("WITH_EXCEPT_START", 5 if VERSION >= (3, 14) else 4)


@_rule("GET_ITER")
def _get_iter(d: Decoder, arg: int) -> None:
    d.emit("GET_YIELD_FROM_ITER" if _PAIRS and arg else "GET_ITER")
    if _PAIRS:
        d.emit("PUSH_NULL")
        d.emit("SWAP", 2)


@_rule("IMPORT_NAME")
def _import_name(d: Decoder, arg: int) -> None:
    """3.15 has two bits that say whether the import may be or is lazy."""
    name = d.raw.co_names[arg >> 2 if _PAIRS else arg]
    lazy = _PAIRS and not arg & 2 and ("lazy" if arg & 1 else "maybe")
    d.emit("IMPORT_NAME", (name, lazy or ""))


# --- all others: by the kind of their argument --------------------------------------------------
# What the argument counts; or a prefix of the next argument.
CONST, NAME, NAME_OR_OTHER, PREFIX = "const", "name", "name or other", "prefix"
# Here the low bit asks for a NULL or a method as well.
OR_OTHER = {"LOAD_GLOBAL": "LOAD_GLOBAL_CALLABLE",
             **({"LOAD_ATTR": "LOAD_METHOD"} if VERSION >= (3, 12) else {})}


@_rule(free=True)
def _plain(d: Decoder, arg: int) -> None:
    d.emit(RENAMED.get(d.name, d.name), arg)


def _jump(d: Decoder, arg: int) -> None:
    d.emit(RENAMED.get(d.name, d.name), target=d.target(arg))


def usual_rule(name: str) -> Any:
    if name == "EXTENDED_ARG":
        return PREFIX
    if name in _SKIPPED:
        return None
    kinds = ((_JUMPS, _jump), (_CONSTS, CONST), (_NAMES, NAME))
    return next((rule for names, rule in kinds if name in names), _plain)
