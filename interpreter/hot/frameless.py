"""Code for whole functions without a frame: short ones that only work on numbers, items and plain attributes.

Variables are variables, the value stack is expressions. Wherever anything else comes up, a frame is
made that stands before that instruction, and the evaluator goes on with it: so nobody can tell.
"""
from __future__ import annotations

from types import FunctionType
from typing import Any

from ..cfg import RAISES, Block
from ..code import JUMPS_IF, Code, Instruction
from ..evaluate import catch, run
from ..frame import Frame, make_frame
from ..journal import ACTIVE
from .writer import BlockWriter, Run

LONGEST = 60                # instructions; a longer function gains little from having no frame
_KNOWN = frozenset("""
    LOAD_FAST STORE_FAST LOAD_CONST POP_TOP COPY SWAP LOAD_GLOBAL BINARY_OP COMPARE_OP IS_OP BINARY_SUBSCR STORE_SUBSCR
    LOAD_ATTR STORE_ATTR BUILD_TUPLE BUILD_LIST CONTAINS_OP UNPACK_SEQUENCE UNARY_NEGATIVE
    UNARY_POSITIVE UNARY_NOT TO_BOOL RETURN_VALUE JUMP
""".split()) | JUMPS_IF.keys()


def can_be_frameless(code: Code) -> bool:
    """Whether all that does not lead to a raise is known here."""
    if len(code.opcodes) > LONGEST or code.simple_count < 0 or code.slot_count != len(code.raw.co_varnames) \
            or code.raw.co_cellvars or code.exception_table or code.cfg.loops:
        return False
    return all(code.opcodes[pc] in _KNOWN for block in _usual(code) for pc in range(block.start, block.end))


def _usual(code: Code) -> list[Block]:
    """The blocks that do not end in a raise, in order."""
    blocks = [code.cfg.blocks[start] for start in sorted(code.cfg.blocks)]
    return [block for block in blocks if code.opcodes[block.end - 1] not in RAISES]


class NotFrameless(Exception):
    """The function turned out to be none for this."""


class FramelessWriter(BlockWriter):
    """Writes a function: of the caller's frame, the function object and the arguments."""

    def __init__(self, code: Code) -> None:
        super().__init__(code, set(range(code.argcount, code.slot_count)))
        self.before: list[str] = []         # what stood on the stack before the current instruction
        self.depths: dict[int, int] = {}    # how many values are on the stack where a block starts
        self.usual = {block.start for block in _usual(code)}
        self.variables = [f"v{slot}" for slot in range(code.slot_count)]

    def function(self) -> Run:
        code = self.code
        blocks = [code.cfg.blocks[start] for start in sorted(code.cfg.blocks)]
        self.line("b = 0")
        pending: set[int] = set()
        for block, follower in zip(blocks, [*blocks[1:], None]):
            guarded = any(target > block.start for target in pending)
            if guarded:
                self.index = block.start
                self.line(f"if b <= {block.start}:")
                self.depth += 1
            self._write_block(block, pending, -1 if follower is None else follower.start)
            if guarded:
                self.depth -= 1
        given = self.variables[:code.argcount]
        head = [f"def run(frame, fn, {', '.join(given)}{',' if given else ''}):",
                *(f" {name} = UNBOUND" for name in self.variables[code.argcount:]),
                " thread = frame.thread; names = fn.__globals__",
                " if thread.depth >= thread.limit or ACTIVE or type(names) is not dict: " + self._give_up(0, []),
                " whole = True",
                " try:"]
        tail = [" except BaseException as error:",
                f"  if whole: fail(frame, fn, code, place_of(error), {self._slots()}, error)",
                "  raise"]
        return self.compiled(head, tail, code=code, go_on=go_on, fail=fail, ACTIVE=ACTIVE)

    def _slots(self) -> str:
        return f"[{', '.join(self.variables)}]"

    def _give_up(self, pc: int, stack: list[str]) -> str:
        return f"whole = False; return go_on(frame, fn, code, {pc}, {self._slots()}, [{', '.join(stack)}])"

    def _write_block(self, block: Block, pending: set[int], follower: int) -> None:
        self.values = self.before = [f"s{depth}" for depth in range(self.depths.get(block.start, 0))]
        if block.start not in self.usual:
            self.leave(block.start)
            return
        *instructions, last = self.code.instructions[block.start:block.end]
        self.values = list(self.values)
        for instruction in instructions:
            self.write(instruction)
        self.index = last.index
        if last.opcode == "JUMP":
            self._go(self.code.targets[last.index], pending)
        elif last.opcode in JUMPS_IF:
            self.before = list(self.values)
            condition = self.condition(last)
            self.spill()
            self.line(f"if {condition}:")
            self.depth += 1
            self._go(self.code.targets[last.index], pending)
            self.depth -= 1
            if follower != block.end:
                self.line("else:")
                self.depth += 1
                self._go(block.end, pending)
                self.depth -= 1
            self.depths[block.end] = len(self.values)
        elif last.opcode == "RETURN_VALUE":
            self.line(f"return {self.pop()}")
        else:
            self.write(last)
            if follower != block.end:
                self._go(block.end, pending)
            else:
                self.spill()
                self.depths[follower] = len(self.values)

    def _go(self, target: int, pending: set[int]) -> None:
        if target <= self.index:
            raise NotFrameless
        self.spill()
        self.depths[target] = len(self.values)
        pending.add(target)
        self.line(f"b = {target}")

    # --- what is different without a frame ------------------------------------------------------
    def write(self, instruction: Instruction) -> bool:
        self.before = list(self.values)
        return super().write(instruction)

    def write_call(self, instruction: Instruction) -> bool:
        raise NotFrameless

    def leave(self, pc: int) -> None:
        self.line(self._give_up(pc, self.before if pc == self.index else self.values))

    def slowly(self, text: str, *used: str) -> None:
        self.leave(self.index)

    def spill(self) -> None:
        """Have the stack's values in the variables where the next block finds them."""
        names = [f"s{depth}" for depth in range(len(self.values))]
        if names != self.values:
            self.line(f"{', '.join(names)}, = {', '.join(self.values)},")
            self.clear(*(name for name in self.values if name not in names))
            self.values = names

    def unpack(self, text: str, value: str, names: list[str]) -> None:
        self.leave(self.index)

    def pop(self) -> str:
        if not self.values:
            raise NotFrameless
        return self.values.pop()

    def clear(self, *names: str) -> None:
        super().clear(*(name for name in names if name not in self.variables))

    def load(self, slot: int) -> None:
        name = self.variables[slot]
        if slot in self.unsure:
            self.line(f"if {name} is UNBOUND:")
            self.depth += 1
            self.leave(self.index)
            self.depth -= 1
        self.push(name)

    def store(self, slot: int) -> None:
        value, name = self.pop(), self.variables[slot]
        if name in self.values:             # still to be used as it was
            kept = self.new()
            self.line(f"{kept} = {name}")
            self.values = [kept if other == name else other for other in self.values]
        self.line(f"{name} = {value}")
        self.clear(value)


def go_on(back: Frame, fn: FunctionType, code: Code, pc: int, slots: list, stack: list) -> Any:
    """The rest of the call, with a frame."""
    code.heat.gave_up()
    frame = make_frame(code, fn, slots, back)
    frame.stack = stack
    frame.pc = pc
    run(frame)
    return frame.result


def fail(back: Frame, fn: FunctionType, code: Code, pc: int, slots: list, error: BaseException) -> None:
    """Show the function in the traceback of what it raises."""
    frame = make_frame(code, fn, slots, back)
    frame.pc = pc
    catch(frame, error)
