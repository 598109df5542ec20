"""The second tier: a loop that runs often becomes one Python function.

The function does what the loop's instructions do, on the same frame: variables stay in the frame's
slots, and between blocks the value stack is the frame's. So it can leave before any instruction, by
setting `Frame.pc`: that is how it ends, and what it does where it does not know an instruction. It
is entered only where no domain and no journal is told of loads and stores (`Frame.watched`).
"""
from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from .cfg import Block, Loop
from .code import Code
from .frame import Frame
from .hotcode import HELPERS, BlockWriter
from .opcodes.jumps import EXHAUSTED, NATIVE_ITERATORS
from .tracebacks import traceback_of

HOT = 200                   # jumps back until a loop is worth its compilation
LONGEST = 600               # instructions; longer loops stay as they are
FRUITLESS = 100             # entries that lead nowhere until a compiled loop is given up
_SUSPENDS = frozenset(("YIELD_VALUE", "SEND", "RETURN_GENERATOR"))
_CONDITIONS = frozenset(f"POP_JUMP_IF_{what}" for what in ("TRUE", "FALSE", "NONE", "NOT_NONE"))
_QUIET: tuple[Any, ...] = (iter([]), iter(()), iter(range(0)), iter(range(1 << 70)), iter(""),
                           iter({}), iter({}.items()), iter({}.values()))
_ITERATORS = frozenset(type(x) for x in _QUIET)     # to advance these runs no Python
_FILENAME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "<hot loop>")

Run = Callable[[Frame, list, list], None]


class Spot:
    """A jump back: it counts down, and runs the loop once that is compiled."""

    __slots__ = ("target", "code", "left", "fruitless", "run", "step")

    def __init__(self, code: Code, target: int, step: tuple[Callable, Any]) -> None:
        self.code = code
        self.target = target
        self.step = step                    # of the jump alone
        self.left = HOT                     # how often until something is done here
        self.fruitless = 0
        self.run: Run | None = None

    def arrived(self, frame: Frame, stack: list) -> None:
        """The jump has been taken often enough."""
        self.left = 0
        if frame.watched:
            return
        if self.run is None:
            self.run = compile_loop(self.code, self.target, stack)
        else:
            self.run(frame, stack, frame.slots)
            self.fruitless = self.fruitless + 1 if frame.pc == self.target else 0
            if self.fruitless > FRUITLESS:
                self.run = None
        if self.run is None:
            self.left = sys.maxsize


def jump_back(frame: Frame, stack: list, spot: Spot) -> None:
    """The step of an unconditional jump back."""
    frame.pc = spot.target
    spot.left -= 1
    if spot.left < 0:
        spot.arrived(frame, stack)


def store_and_jump_back(frame: Frame, stack: list, args: tuple[int, Spot]) -> None:
    """The same with the store before it."""
    slot, spot = args
    frame.slots[slot] = stack.pop()
    frame.pc = spot.target
    spot.left -= 1
    if spot.left < 0:
        spot.arrived(frame, stack)


def jump_back_if(frame: Frame, stack: list, spot: Spot) -> None:
    """The step of a conditional one."""
    handler, arg = spot.step
    handler(frame, stack, arg)
    if frame.pc == spot.target:
        spot.left -= 1
        if spot.left < 0:
            spot.arrived(frame, stack)


def count_loops(code: Code, steps: list[tuple[Callable, Any]]) -> set[int]:
    """Put the counting steps of all jumps back in place; their indices."""
    found = set()
    for index, target in code.targets.items():
        opcode = code.opcodes[index]
        if target > index or opcode != "JUMP" and opcode not in _CONDITIONS:
            continue
        found.add(index)
        spot = Spot(code, target, code.steps[index])
        steps[index] = jump_back if opcode == "JUMP" else jump_back_if, spot
        if opcode == "JUMP" and code.opcodes[index - 1] == "STORE_FAST":
            steps[index - 1] = store_and_jump_back, (code.steps[index - 1][1], spot)
    return found


def compile_loop(code: Code, header: int, stack: list) -> Run | None:
    """The function that runs the loop from its header on; None if that is not worth it.

    The stack is as it is at the header: a loop over an iterator that runs Python code takes more care.
    """
    loop = code.cfg.loops.get(header)
    if loop is None or len(loop.body) > LONGEST or any(code.opcodes[pc] in _SUSPENDS for pc in loop.body):
        return None
    if not all(min(inner.body) == inner.header for inner in code.cfg.loops.values() if inner.header in loop.body):
        return None                         # blocks would stand before what they come after
    steps_aside = code.opcodes[header] == "FOR_ITER" and type(stack[-1]) not in _ITERATORS
    return _LoopWriter(code, loop, steps_aside).function()


class _Nest:
    """A loop being written.

    Attributes
    ----------
    units : list of int
        The blocks directly inside, and the headers of the loops directly inside, in order.
    inner : dict
        These loops, by header.
    outer : _Nest or None
        The loop around, if it is written as well.
    pending : set of int
        Units that something written so far jumps forward to; ``b`` says which.
    left : set of int
        Units of the loop around, or its header, that are gone to from here.
    """

    def __init__(self, code: Code, loop: Loop, outer: _Nest | None) -> None:
        cfg = code.cfg
        inside = [other for other in cfg.loops.values() if other.header in loop.body and other is not loop]
        self.loop = loop
        self.outer = outer
        self.inner = {other.header: other for other in inside
                      if not any(other.header in third.body and third is not other for third in inside)}
        hidden = {pc for other in self.inner.values() for pc in other.body if pc != other.header}
        self.units = sorted({cfg.block_of(pc).start for pc in loop.body} - hidden)
        self.pending: set[int] = set()
        self.left: set[int] = set()


class _LoopWriter(BlockWriter):
    """Writes a loop: jumps forward set ``b``, and blocks that may be jumped over test it."""

    def __init__(self, code: Code, loop: Loop, steps_aside: bool) -> None:
        body = [code.instructions[pc] for pc in sorted(loop.body)]
        super().__init__(code, {i.arg for i in body if i.opcode in ("DELETE_FAST", "LOAD_FAST_AND_CLEAR")})
        self.loop = loop
        self.steps_aside = steps_aside
        self.read = {i.arg for i in body if i.opcode == "LOAD_FAST"} - self.unsure

    def function(self) -> Run:
        self.write_loop(_Nest(self.code, self.loop, None))
        unbound = "".join(f" or slots[{slot}] is UNBOUND" for slot in sorted(self.read))
        head = ["def run(frame, stack, slots):",
                f" if type(frame.globals) is not dict{unbound}: return",
                " names = frame.globals",
                " try:"]
        tail = [" except BaseException as error:",
                "  frame.pc = place_of(error)",
                "  raise"]
        places = [self.loop.header] * len(head) + self.places

        def place_of(error: BaseException) -> int:
            """The pc behind the instruction that raised: lines belong to instructions."""
            return places[traceback_of(error).tb_lineno - 1] + 1

        namespace = {**HELPERS, **self.constants, "place_of": place_of, "ITERATORS": _ITERATORS,
                     "NATIVE_ITERATORS": NATIVE_ITERATORS, "EXHAUSTED": EXHAUSTED}
        exec(compile("\n".join(head + self.lines + tail), _FILENAME, "exec", dont_inherit=True), namespace)
        return namespace["run"]

    def write_loop(self, nest: _Nest) -> None:
        """The loop from its header on; everything is on the frame's stack then."""
        header = self.index = nest.loop.header
        self.line("b = 0")
        over = self.code.opcodes[header] == "FOR_ITER"
        if over:
            self._begin_iteration(header, nest)
        else:
            self.line("while True:")
            self.depth += 1
        units = nest.units[1:] if over else nest.units
        for unit, follower in zip(units, [*units[1:], -1]):
            self._write_unit(unit, follower, nest)
        self.depth -= 1
        if over and not self._aside(header):
            self.index = header
            self.line("else:")
            self.depth += 1
            self.line("stack.pop()")
            self._go_out(self.code.targets[header], nest, inside=False)
            self.depth -= 1

    def _aside(self, header: int) -> bool:
        return self.steps_aside and header == self.loop.header

    def _begin_iteration(self, header: int, nest: _Nest) -> None:
        """The next item, or the way out."""
        aside = self._aside(header)
        self.line(f"if type(stack[-1]) not in {'NATIVE_ITERATORS' if aside else 'ITERATORS'}:")
        self.depth += 1
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

    def _write_unit(self, unit: int, follower: int, nest: _Nest) -> None:
        guarded = any(target > unit for target in nest.pending)
        if guarded:
            self.index = unit
            self.line(f"if b <= {unit}:")
            self.depth += 1
        if unit in nest.inner and unit != nest.loop.header:
            inner = _Nest(self.code, nest.inner[unit], nest)
            self.spill()
            self.write_loop(inner)
            if nest.loop.header in inner.left:
                self.line(f"if b == {nest.loop.header}: b = 0; continue")
            nest.pending |= inner.left - {nest.loop.header}
        else:
            self._write_block(self.code.cfg.blocks[unit], follower, nest)
        if guarded:
            self.depth -= 1

    def _write_block(self, block: Block, follower: int, nest: _Nest) -> None:
        *instructions, last = self.code.instructions[block.start:block.end]
        if not all(self.write(instruction) for instruction in instructions):
            return
        self.index = last.index
        if last.opcode == "JUMP":
            self.spill()
            self._go(self.code.targets[last.index], nest)
            return
        if last.opcode in _CONDITIONS:
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
    def _go(self, target: int, nest: _Nest) -> None:
        """Go on at `target`, from a block of this loop."""
        if target == nest.loop.header:
            # not the `continue` alone: a test that jumps back is outside of `try` for CPython 3.14
            self.line("b = 0; continue")
        elif target in nest.units and target > self.index:
            nest.pending.add(target)
            self.line(f"b = {target}")
        else:
            self._go_out(target, nest)

    def _go_out(self, target: int, nest: _Nest, inside: bool = True) -> None:
        """Go on at `target`, behind this loop: in the one around if that is written too."""
        outer = nest.outer
        if outer is not None and (target == outer.loop.header
                                  or target in outer.units and target > nest.loop.header):
            nest.left.add(target)
            self.line(f"b = {target}")
            if inside:
                self.line("break")
        else:
            self.leave(target)
