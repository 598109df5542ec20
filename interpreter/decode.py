"""Decoder: a code object of any supported Python to the core instructions."""
from __future__ import annotations

import opcode
from collections.abc import Callable
from types import CodeType
from typing import Any

from .code import Code, Handler
from .decode_rules import (
    CALL_KW,
    CONST,
    EXTENDED,
    FREE,
    NAME,
    NAME_OR_OTHER,
    OR_OTHER,
    PREFIX,
    RENAMED,
    RULES,
    usual_rule,
)
from .errors import Location, Unsupported
from .versions import VERSION

SUPPORTED = ((3, 11), (3, 15))
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
            found = DECODED[id(raw)] = Decoder(raw).code()
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


class Decoder:
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
            if rule is NAME:
                add_opcode(core)
                add_step((handler, names[arg]))
                add_offset(offset)
            elif rule is CONST:
                add_opcode(core)
                add_step((handler, consts[arg]))
                add_offset(offset)
            elif rule is NAME_OR_OTHER:        # the low bit says which
                if arg & 1:
                    core, handler = handler
                else:
                    handler = _HANDLERS[core][0]
                add_opcode(core)
                add_step((handler, names[arg >> 1]))
                add_offset(offset)
            elif rule is PREFIX:
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
        while at < 2 * len(self.ops) and self.ops[at // 2] == EXTENDED:
            at += 2
        return (opcode.opname[self.ops[at // 2]], self.lows[at // 2]) if at < 2 * len(self.ops) else ("", 0)

    def behind(self, offset: int) -> int:
        """Where the instruction after the one at `offset` starts."""
        ops, at = self.ops, offset // 2
        while ops[at] == EXTENDED:
            at += 1
        at += 1
        while at < len(ops) and not ops[at]:
            at += 1
        return 2 * at

    def target(self, arg: int) -> int:
        """Offset that the current jump goes to."""
        distance = 2 * arg
        return self.behind(self.offset) + (-distance if "BACKWARD" in self.name else distance)


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
    numbers = {**opcode.opmap, "CALL_KW": CALL_KW}
    for name, number in numbers.items():
        core = RENAMED.get(name, name)
        rule: Any = RULES[name] if name in RULES else usual_rule(name)
        handler: Any = HANDLERS.get(core, (None, None))[0]
        if name in OR_OTHER:
            rule, handler = NAME_OR_OTHER, (OR_OTHER[name], HANDLERS[OR_OTHER[name]][0])
        if rule in FREE:
            _ALWAYS_THE_SAME.add(number)
        _BY_OP[number] = rule, name if callable(rule) else core, handler
    return _BY_OP
