"""Code for instructions that move values, and for operators."""
from __future__ import annotations

from ..code import Instruction
from ..lookup import make_cell
from .writer import BlockWriter, writes


# --- moving values ------------------------------------------------------------------------------
@writes("LOAD_FAST")
def _load_fast(w: BlockWriter, instruction: Instruction) -> bool:
    w.load(instruction.arg)
    return True


@writes("STORE_FAST")
def _store_fast(w: BlockWriter, instruction: Instruction) -> bool:
    w.store(instruction.arg)
    return True


@writes("LOAD_CONST")
def _load_const(w: BlockWriter, instruction: Instruction) -> bool:
    return w.push(w.constant(instruction.arg))


@writes("PUSH_NULL")
def _push_null(w: BlockWriter, instruction: Instruction) -> bool:
    return w.push("NULL")


@writes("POP_TOP")
def _pop_top(w: BlockWriter, instruction: Instruction) -> bool:
    if w.values:
        w.clear(w.pop())
    else:
        w.line("stack.pop()")
    return True


@writes("COPY")
def _copy(w: BlockWriter, instruction: Instruction) -> bool:
    if instruction.arg > len(w.values):
        return False
    name, value = w.new(), w.values[-instruction.arg]
    w.line(f"{name} = {value}")
    if value in w.bools:
        w.bools.add(name)
    return w.push(name)


@writes("SWAP")
def _swap(w: BlockWriter, instruction: Instruction) -> bool:
    depth = instruction.arg
    if depth > len(w.values):
        return False
    w.values[-1], w.values[-depth] = w.values[-depth], w.values[-1]
    return True


@writes("LOAD_GLOBAL", "LOAD_GLOBAL_CALLABLE")
def _load_global(w: BlockWriter, instruction: Instruction) -> bool:
    name, key = w.new(), w.constant(instruction.arg)
    w.line(f"{name} = names.get({key}, NULL)")
    w.line(f"if {name} is NULL or type({name}) is LAZY:")
    w.depth += 1
    w.slowly(f"{name} = load_global(frame, {key})")
    w.depth -= 1
    w.globals[name] = instruction.arg
    if instruction.opcode == "LOAD_GLOBAL_CALLABLE":
        w.push("NULL")
    return w.push(name)


# --- operators ----------------------------------------------------------------------------------
@writes("BINARY_OP")
def _binary_op(w: BlockWriter, instruction: Instruction) -> bool:
    symbol = instruction.symbol or ""
    right, left, result = w.pop(), w.pop(), w.new()
    inplace = symbol.endswith("=")          # its errors say so
    w.line(f"if {w.numbers(left, right)}: "
           + (f"{result} = {left}; {result} {symbol} {right}" if inplace else f"{result} = {left} {symbol} {right}"))
    w.otherwise(f"{result} = binary_at({w.constant(make_cell(None))}, frame, {w.constant(instruction.arg)}, {left}, {right})",
                left, right)
    return w.push(result)


@writes("COMPARE_OP")
def _compare_op(w: BlockWriter, instruction: Instruction) -> bool:
    right, left, result = w.pop(), w.pop(), w.new()
    w.line(f"if {w.numbers(left, right)}: {result} = {left} {instruction.symbol} {right}")
    call = f"compare(frame, {w.constant(instruction.arg)}, {left}, {right})"
    if w.code.opcodes[w.index + 1] in ("POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE"):
        w.bools.add(result)
        w.otherwise(f"{result} = truth(frame, {call})", left, right)
    else:
        w.otherwise(f"{result} = {call}", left, right)
    return w.push(result)


@writes("IS_OP")
def _is_op(w: BlockWriter, instruction: Instruction) -> bool:
    right, left, result = w.pop(), w.pop(), w.new()
    w.line(f"{result} = {left} is {'not ' if instruction.arg else ''}{right}")
    w.clear(left, right)
    w.bools.add(result)
    return w.push(result)


@writes("UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT")
def _unary(w: BlockWriter, instruction: Instruction) -> bool:
    value, result = w.pop(), w.new()
    kinds = "(int,)" if instruction.arg == "~" else "NUMBERS"         # a bool's is deprecated
    w.line(f"if type({value}) in {kinds}: {result} = {instruction.arg}{value}")
    w.otherwise(f"{result} = unary(frame, {instruction.arg!r}, {value})", value)
    return w.push(result)


@writes("UNARY_NOT", "TO_BOOL")
def _truth(w: BlockWriter, instruction: Instruction) -> bool:
    value, result = w.pop(), w.new()
    inverts = instruction.opcode == "UNARY_NOT"
    w.line(f"if {value} is True or {value} is False or type({value}) in SURE: "
           f"{result} = {'not ' if inverts else 'not not '}{value}")
    w.otherwise(f"{result} = {'invert' if inverts else 'truth'}(frame, {value})")
    w.clear(value)
    w.bools.add(result)
    return w.push(result)
