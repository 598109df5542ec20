"""The second tier: loops and functions that run often become Python functions.

A loop, or a function with loops or calls, works on its frame (`regions`); a short function that
needs nothing but numbers, items and plain attributes does without one (`frameless`). Both are entered
only where no domain and no journal is told of loads and stores (`Frame.watched`).
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..cfg import Loop
from ..code import JUMPS_IF, Code
from ..evaluate import ENTERS_LOOP
from ..frame import Frame
from . import calling, objects, values  # noqa: F401  (they register what they write)
from .frameless import FramelessWriter, NotFrameless, can_be_frameless
from .regions import ITERATORS, RegionWriter
from .writer import Run

HOT = 200                   # jumps back until a loop is worth its compilation, calls until a function is
LONGEST = 600               # instructions; longer loops and functions stay as they are
FRUITLESS = 100             # entries that lead nowhere until compiled code is given up
_SUSPENDS = frozenset(("YIELD_VALUE", "SEND", "RETURN_GENERATOR"))
_ASYNC_GENERATOR = 0x200


# --- loops --------------------------------------------------------------------------------------
class Spot:
    """A jump back: it counts down, and runs the loop once that is compiled."""

    __slots__ = ("target", "code", "left", "fruitless", "run", "step", "yields")

    def __init__(self, code: Code, target: int, step: tuple[Callable, Any]) -> None:
        self.code = code
        self.target = target
        self.step = step                    # of the jump alone
        self.left = HOT                     # how often until something is done here
        self.fruitless = 0
        self.run: Run | None = None
        self.yields = False

    def arrived(self, frame: Frame, stack: list) -> Any:
        """The jump has been taken often enough."""
        self.left = 0
        if frame.watched:
            return None
        ended = None
        if self.run is None:
            self.compile(stack)
        elif self.yields:
            frame.result = self.run(frame, stack, frame.slots)
            ended = ENTERS_LOOP
        else:
            ended = self.run(frame, stack, frame.slots)
        if self.run is None:
            self.left = sys.maxsize
        return ended

    def compile(self, stack: list) -> None:
        """Write the loop, if that is worth it.

        The stack is as it is at the header: a loop over an iterator that runs Python code takes more care.
        """
        code, header = self.code, self.target
        loop = code.cfg.loops.get(header)
        if loop is None or not _can_be_written(code, loop.body):
            return
        suspends = [pc for pc in loop.body if code.opcodes[pc] in _SUSPENDS]
        if any(code.opcodes[pc] == "SEND" for pc in suspends) or suspends and code.flags & _ASYNC_GENERATOR:
            return
        aside = code.opcodes[header] == "FOR_ITER" and type(stack[-1]) not in ITERATORS
        self.yields = bool(suspends)
        self.run = RegionWriter(code, loop.body, header, aside, self.led_nowhere).function()

    def led_nowhere(self) -> None:
        """The loop could not begin with what it found."""
        self.fruitless += 1
        if self.fruitless > FRUITLESS:
            self.run = None


def jump_back(frame: Frame, stack: list, spot: Spot) -> Any:
    """The step of an unconditional jump back."""
    frame.pc = spot.target
    spot.left -= 1
    return spot.arrived(frame, stack) if spot.left < 0 else None


def store_and_jump_back(frame: Frame, stack: list, args: tuple[int, Spot]) -> Any:
    """The same with the store before it."""
    slot, spot = args
    frame.slots[slot] = stack.pop()
    frame.pc = spot.target
    spot.left -= 1
    return spot.arrived(frame, stack) if spot.left < 0 else None


def pop_and_jump_back(frame: Frame, stack: list, spot: Spot) -> Any:
    """The same with a value dropped before it, as behind every ``yield``."""
    stack.pop()
    frame.pc = spot.target
    spot.left -= 1
    return spot.arrived(frame, stack) if spot.left < 0 else None


def jump_back_if(frame: Frame, stack: list, spot: Spot) -> Any:
    """The step of a conditional one."""
    handler, arg = spot.step
    handler(frame, stack, arg)
    if frame.pc == spot.target:
        spot.left -= 1
        if spot.left < 0:
            return spot.arrived(frame, stack)
    return None


def count_loops(code: Code, steps: list[tuple[Callable, Any]]) -> set[int]:
    """Put the counting steps of all jumps back in place; their indices."""
    found = set()
    for index, target in code.targets.items():
        opcode = code.opcodes[index]
        if target > index or opcode != "JUMP" and opcode not in JUMPS_IF:
            continue
        found.add(index)
        spot = Spot(code, target, code.steps[index])
        steps[index] = jump_back if opcode == "JUMP" else jump_back_if, spot
        if opcode == "JUMP" and code.opcodes[index - 1] == "STORE_FAST":
            steps[index - 1] = store_and_jump_back, (code.steps[index - 1][1], spot)
        elif opcode == "JUMP" and code.opcodes[index - 1] == "POP_TOP":
            steps[index - 1] = pop_and_jump_back, spot
    return found


def _can_be_written(code: Code, body: frozenset[int]) -> bool:
    """Not too long, and no block of a loop stands before its header."""
    loops: list[Loop] = [loop for loop in code.cfg.loops.values() if loop.header in body]
    return len(body) <= LONGEST and all(min(loop.body) == loop.header for loop in loops)


# --- functions ----------------------------------------------------------------------------------
class Heat:
    """What is known of how a function is called.

    Attributes
    ----------
    left : int
        Calls until something is done.
    quick : callable or None
        The function without a frame.
    body : callable or None
        The function on a frame.
    """

    __slots__ = ("code", "left", "quick", "body", "fruitless")

    def __init__(self, code: Code) -> None:
        self.code = code
        self.left = HOT
        self.quick: Run | None = None
        self.body: Run | None = None
        self.fruitless = 0

    def called(self) -> None:
        """Often enough."""
        self.left = sys.maxsize
        code = self.code
        if can_be_frameless(code):
            try:
                self.quick = FramelessWriter(code).function()
                return
            except NotFrameless:
                pass
        self._write_body()

    def _write_body(self) -> None:
        code = self.code
        reached = frozenset(pc for start in code.cfg.undisturbed for pc in range(start, code.cfg.blocks[start].end))
        if not _can_be_written(code, reached) or not _SUSPENDS.isdisjoint(code.opcodes):
            return
        self.body = RegionWriter(code, reached, -1, False, self.led_nowhere).function()

    def gave_up(self) -> None:
        """A call without a frame needed one after all."""
        self.fruitless += 1
        if self.fruitless > FRUITLESS and self.quick is not None:
            self.quick = None
            self._write_body()

    def led_nowhere(self) -> None:
        """The body could not begin."""
        self.fruitless += 1
        if self.fruitless > FRUITLESS:
            self.body = None
