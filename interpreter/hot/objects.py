"""Code for items, attributes and displays."""
from __future__ import annotations

from keyword import iskeyword

from ..code import Instruction
from .writer import BlockWriter, writes


# --- items --------------------------------------------------------------------------------------
@writes("BINARY_SUBSCR")
def _binary_subscr(w: BlockWriter, instruction: Instruction) -> bool:
    key, owner, result = w.pop(), w.pop(), w.new()
    w.line(f"if {_plain_item(owner, key, 'SEQUENCES')}: {result} = {owner}[{key}]")
    w.otherwise(f"{result} = get_item(frame, {owner}, {key})")
    w.clear(owner, key)
    return w.push(result)


@writes("STORE_SUBSCR")
def _store_subscr(w: BlockWriter, instruction: Instruction) -> bool:
    key, owner, value = w.pop(), w.pop(), w.pop()
    w.line(f"if {_plain_item(owner, key, '(list,)')}: {owner}[{key}] = {value}")
    w.otherwise(f"set_item(frame, {owner}, {key}, {value})")
    w.clear(owner, value, key)
    return True


def _plain_item(owner: str, key: str, sequences: str) -> str:
    """A test that CPython reads or writes the item without running Python: to find a key may take its ``__eq__``."""
    return f"type({key}) is int and type({owner}) in {sequences} or type({owner}) is dict and type({key}) in KEYS"


@writes("CONTAINS_OP")
def _contains_op(w: BlockWriter, instruction: Instruction) -> bool:
    container, item, result = w.pop(), w.pop(), w.new()
    w.line(f"if type({container}) in HASHED and type({item}) in KEYS: {result} = {item} in {container}")
    w.otherwise(f"{result} = truth(frame, contains(frame, {item}, {container}))")
    if instruction.arg:
        w.line(f"{result} = not {result}")
    w.clear(container, item)
    w.bools.add(result)
    return w.push(result)


@writes("UNPACK_SEQUENCE")
def _unpack_sequence(w: BlockWriter, instruction: Instruction) -> bool:
    count = instruction.arg
    if not count:
        return False
    value, names = w.pop(), [w.new() for _ in range(count)]
    handler, arg = w.code.steps[w.index]
    w.line(f"if type({value}) in (list, tuple) and len({value}) == {count}: {', '.join(names)}, = {value}")
    w.line("else:")
    w.depth += 1
    w.unpack(f"{w.constant(handler)}(frame, stack, {w.constant(arg)})", value, names)
    w.depth -= 1
    w.clear(value)
    w.values += reversed(names)
    return True


@writes("LIST_APPEND")
def _list_append(w: BlockWriter, instruction: Instruction) -> bool:
    if len(w.values) != 1:
        return False
    value = w.pop()
    w.line(f"stack[-{instruction.arg}].append({value})")
    w.clear(value)
    return True


# --- attributes ---------------------------------------------------------------------------------
def _can_be_written(name: str) -> bool:
    """A code object made by hand may hold any name."""
    return name.isidentifier() and not iskeyword(name)


@writes("LOAD_ATTR")
def _load_attr(w: BlockWriter, instruction: Instruction) -> bool:
    name = instruction.arg
    if not _can_be_written(name):
        return False
    owner, result = w.pop(), w.new()
    w.line(f"if {w.at_ease('reads_at', owner, name)}: {result} = {owner}.{name}")
    w.otherwise(f"{result} = get_attribute(frame, {owner}, {name!r})")
    w.clear(owner)
    return w.push(result)


@writes("STORE_ATTR")
def _store_attr(w: BlockWriter, instruction: Instruction) -> bool:
    name = instruction.arg
    if not _can_be_written(name):
        return False
    owner, value = w.pop(), w.pop()
    w.line(f"if {w.at_ease('writes_at', owner, name)}: {owner}.{name} = {value}")
    w.otherwise(f"set_attribute(frame, {owner}, {name!r}, {value})")
    w.clear(owner, value)
    return True


# --- displays -------------------------------------------------------------------------
@writes("BUILD_TUPLE", "BUILD_LIST")
def _build(w: BlockWriter, instruction: Instruction) -> bool:
    if len(w.values) < instruction.arg:
        return False
    items = [w.pop() for _ in range(instruction.arg)][::-1]
    result = w.new()
    inside = "".join(f"{item}, " for item in items)
    w.line(f"{result} = " + (f"({inside})" if instruction.opcode == "BUILD_TUPLE" else f"[{inside}]"))
    w.clear(*items)
    return w.push(result)
