"""Code for loops and whole functions: blocks in order, with jumps between them.

Variables stay in the frame's slots, and between blocks the value stack is the frame's. So the
function can leave before any instruction, by setting `Frame.pc`: that is how it ends, and what it
does where it does not know an instruction.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cfg import Block, Loop
from ..code import JUMPS_IF, Code, Instruction
from ..evaluate import FAILED, RETURNED, WENT_ON
from ..generators import link, unlink
from ..journal import ACTIVE
from ..opcodes.jumps import EXHAUSTED, NATIVE_ITERATORS
from .calling import call_at
from .writer import BlockWriter, Run

_QUIET: tuple[Any, ...] = (iter([]), iter(()), iter(range(0)), iter(range(1 << 70)), iter(""),
                           iter({}), iter({}.items()), iter({}.values()))
ITERATORS = frozenset(type(x) for x in _QUIET)      # to advance these runs no Python


class Nest:
    """A loop being written, or a whole function.

    Attributes
    ----------
    units : list of int
        The blocks directly inside, and the headers of the loops directly inside, in order.
    inner : dict
        These loops, by header.
    outer : Nest or None
        The loop around, if it is written as well.
    pending : set of int
        Units that something written so far jumps forward to; ``b`` says which.
    left : set of int
        Units of the loop around, or its header, that are gone to from here.
    """

    def __init__(self, code: Code, body: frozenset[int], header: int, outer: Nest | None) -> None:
        cfg = code.cfg
        inside = [other for other in cfg.loops.values() if other.header in body and other.header != header]
        self.header = header
        self.outer = outer
        self.inner: dict[int, Loop] = {other.header: other for other in inside
                                       if not any(other.header in third.body and third is not other for third in inside)}
        hidden = {pc for other in self.inner.values() for pc in other.body if pc != other.header}
        self.units = sorted({cfg.block_of(pc).start for pc in body} - hidden)
        self.pending: set[int] = set()
        self.left: set[int] = set()


class RegionWriter(BlockWriter):
    """Writes a region: jumps forward set ``b``, and blocks that may be jumped over test it.

    Attributes
    ----------
    header : int
        Where the loop starts; -1 for a whole function.
    aside : bool
        Whether the loop is over an iterator whose items Python code makes.
    yields : bool
        Whether what is written is a generator: the frame is then linked to whoever resumes it only
        where somebody may look.
    """

    def __init__(self, code: Code, body: frozenset[int], header: int, aside: bool, led_nowhere: Callable[[], None]) -> None:
        inside = [code.instructions[pc] for pc in sorted(body)]
        self.deleted = {i.arg for i in inside if i.opcode in ("DELETE_FAST", "LOAD_FAST_AND_CLEAR")}
        super().__init__(code, set(self.deleted))
        self.body = body
        self.header = self.index = header
        self.aside = aside
        self.yields = any(i.opcode == "YIELD_VALUE" for i in inside)
        self.led_nowhere = led_nowhere
        self.bound: dict[int, set[int]] = {}        # of a whole function: the slots with a value, by block
        self.read = {i.arg for i in inside if i.opcode == "LOAD_FAST"} - self.unsure

    def function(self) -> Run:
        nest = Nest(self.code, self.body, self.header, None)
        if self.header < 0:
            self.read = set()
            self.bound = _surely_bound(self.code)
            self.index = 0
            self.line("b = 0")
            self._write_units(nest.units, nest)
        else:
            self.write_loop(nest)
        unbound = "".join(f" or slots[{slot}] is UNBOUND" for slot in sorted(self.read))
        out = "return WENT_ON" if self.yields else "return"
        head = ["def run(frame, stack, slots):",
                f" if type(frame.globals) is not dict{unbound}: led_nowhere(); {out}",
                " names = frame.globals",
                " linked = 0" if self.yields else "",
                " try:"]
        tail = [" except BaseException as error:",
                "  frame.pc = place_of(error)"]
        # out of a generator StopIteration would come as something else
        tail += ["  if linked: unlink(frame, linked)", "  frame.result = error", "  return FAILED"] if self.yields else ["  raise"]
        return self.compiled(head, tail, ITERATORS=ITERATORS, NATIVE_ITERATORS=NATIVE_ITERATORS, EXHAUSTED=EXHAUSTED,
                             RETURNED=RETURNED, WENT_ON=WENT_ON, FAILED=FAILED, ACTIVE=ACTIVE, call_at=call_at, link=link, unlink=unlink,
                             led_nowhere=self.led_nowhere)

    # --- lines --------------------------------------------------------------------------------
    def store(self, slot: int) -> None:
        super().store(slot)
        self.unsure -= {slot} - self.deleted

    def leave(self, pc: int) -> None:
        if self.yields:
            self.line("if linked: unlink(frame, linked)")
            self.line(f"frame.pc = {pc}; return WENT_ON")
        else:
            super().leave(pc)

    def slowly(self, text: str, *used: str) -> None:
        if self.yields:
            self.line("if not linked: linked = link(frame)")
        super().slowly(text, *used)

    def write_call(self, instruction: Instruction) -> bool:
        if instruction.opcode == "RETURN_VALUE":
            self._write_return()
            return False
        if instruction.opcode == "YIELD_VALUE" and not instruction.arg:
            self._write_yield()
            return True
        return super().write_call(instruction)

    def _write_return(self) -> None:
        value = self.pop()
        if self.yields:
            self.line("if linked: unlink(frame, linked)")
        self.line(f"frame.result = {value}; return RETURNED")
        self.values = []

    def _write_yield(self) -> None:
        value, sent = self.pop(), self.new()
        self.spill()
        self.line("if linked: linked = unlink(frame, linked)")
        self.line(f"{sent} = yield {value}")
        self.clear(value)
        self.line("if ACTIVE:")
        self.depth += 1
        self.line(f"stack.append({sent})")
        self.leave(self.index + 1)
        self.depth -= 1
        self.push(sent)

    # --- loops --------------------------------------------------------------------------------
    def write_loop(self, nest: Nest) -> None:
        """The loop from its header on; everything is on the frame's stack then."""
        header = self.index = nest.header
        self.line("b = 0")
        over = self.code.opcodes[header] == "FOR_ITER"
        if over:
            self._begin_iteration(header, nest)
        else:
            self.line("while True:")
            self.depth += 1
        self._write_units(nest.units[1:] if over else nest.units, nest)
        self.depth -= 1
        if over and not self._aside(header):
            self.index = header
            self.line("else:")
            self.depth += 1
            self.line("stack.pop()")
            self._go_out(self.code.targets[header], nest, inside=False)
            self.depth -= 1

    def _aside(self, header: int) -> bool:
        return self.aside and header == self.header

    def _begin_iteration(self, header: int, nest: Nest) -> None:
        """The next item, or the way out."""
        aside = self._aside(header)
        self.line(f"if type(stack[-1]) not in {'NATIVE_ITERATORS' if aside else 'ITERATORS'}:")
        self.depth += 1
        if header == self.header:
            self.line("led_nowhere()")
        self.leave(header)
        self.depth -= 1
        item = self.new()
        self.line("while True:" if aside else f"for {item} in stack[-1]:")
        self.depth += 1
        if aside:
            self.slowly(f"{item} = next(stack[-1], EXHAUSTED)")
            self.line(f"if {item} is EXHAUSTED:")
            self.depth += 1
            self.line("stack.pop()")
            self._go_out(self.code.targets[header], nest)
            self.depth -= 1
        self.push(item)
        if self.code.cfg.blocks[nest.units[1]].predecessors != [header]:
            self.spill()

    # --- blocks -------------------------------------------------------------------------------
    def _write_units(self, units: list[int], nest: Nest) -> None:
        for unit, follower in zip(units, [*units[1:], -1]):
            self._write_unit(unit, follower, nest)

    def _write_unit(self, unit: int, follower: int, nest: Nest) -> None:
        guarded = any(target > unit for target in nest.pending)
        if guarded:
            self.index = unit
            self.line(f"if b <= {unit}:")
            self.depth += 1
        if unit in nest.inner and unit != nest.header:
            inner = Nest(self.code, nest.inner[unit].body, unit, nest)
            self.spill()
            self.write_loop(inner)
            if nest.header in inner.left:
                self.line(f"if b == {nest.header}: b = 0; continue")
            nest.pending |= inner.left - {nest.header}
        else:
            self._write_block(self.code.cfg.blocks[unit], follower, nest)
        if guarded:
            self.depth -= 1

    def _write_block(self, block: Block, follower: int, nest: Nest) -> None:
        if self.header < 0:
            self.unsure = self.deleted | set(range(self.code.slot_count)) - self.bound.get(block.start, set())
        *instructions, last = self.code.instructions[block.start:block.end]
        if not all(self.write(instruction) for instruction in instructions):
            return
        self.index = last.index
        if last.opcode == "JUMP":
            self.spill()
            self._go(self.code.targets[last.index], nest)
            return
        if last.opcode in JUMPS_IF:
            condition = self.condition(last)
            self.spill()
            self.line(f"if {condition}:")
            self.depth += 1
            self._go(self.code.targets[last.index], nest)
            self.depth -= 1
            if follower != block.end:
                self.line("else:")
                self.depth += 1
                self._go(block.end, nest)
                self.depth -= 1
        elif self.write(last):
            self.spill()
            if follower != block.end:
                self._go(block.end, nest)

    # --- jumps --------------------------------------------------------------------------------
    def _go(self, target: int, nest: Nest) -> None:
        """Go on at `target`, from a block of this loop."""
        if target == nest.header:
            # not the `continue` alone: a test that jumps back is outside of `try` for CPython 3.14
            self.line("b = 0; continue")
        elif target in nest.units and target > self.index:
            nest.pending.add(target)
            self.line(f"b = {target}")
        else:
            self._go_out(target, nest)

    def _go_out(self, target: int, nest: Nest, inside: bool = True) -> None:
        """Go on at `target`, behind this loop: in the one around if that is written too."""
        outer = nest.outer
        if outer is not None and (target == outer.header or target in outer.units and target > nest.header):
            nest.left.add(target)
            self.line(f"b = {target}")
            if inside:
                self.line("break")
        else:
            self.leave(target)


def _surely_bound(code: Code) -> dict[int, set[int]]:
    """The slots that have a value wherever control comes to a block from the function's start, by block."""
    every = set(range(code.slot_count))
    blocks = {start: code.cfg.blocks[start] for start in sorted(code.cfg.undisturbed)}
    bound = {start: set(every) for start in blocks}
    bound[0] = set(range(code.simple_count))
    changed = True
    while changed:
        changed = False
        for start, block in sorted(blocks.items()):
            after = bound[start] | {i.arg for i in code.instructions[start:block.end] if i.opcode == "STORE_FAST"}
            for successor in block.successors:
                if successor in blocks and not bound[successor] <= after:
                    bound[successor] &= after
                    changed = True
    return bound
