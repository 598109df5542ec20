"""Control-flow graph of a code object: blocks, dominators, joins, loops, liveness of slots."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from .code import Code, Instruction

RETURNS = frozenset(("RETURN_VALUE",))
RAISES = frozenset(("RAISE_VARARGS", "RERAISE"))
_ENDS = RETURNS | RAISES | {"JUMP"}
_READS = frozenset(("LOAD_FAST", "LOAD_CLOSURE", "LOAD_DEREF", "STORE_DEREF", "DELETE_DEREF",
                    "LOAD_FROM_DICT_OR_DEREF", "DELETE_FAST", "LOAD_FAST_AND_CLEAR", "MAKE_CELL"))
_WRITES = frozenset(("STORE_FAST", "DELETE_FAST", "LOAD_FAST_AND_CLEAR", "MAKE_CELL"))
_MOVES = frozenset(("SWAP", "POP_TOP", "NOP"))
_SEES_ALL = frozenset(("locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe"))


class Block:
    """Instructions ``start <= pc < end`` that run one after another.

    Attributes
    ----------
    successors, predecessors : list of int
        Starts of the blocks that control goes to and comes from, without exceptions.
    handlers : list of int
        Starts of the exception handlers in force inside.
    """

    __slots__ = ("start", "end", "successors", "predecessors", "handlers")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.successors: list[int] = []
        self.predecessors: list[int] = []
        self.handlers: list[int] = []

    def __repr__(self) -> str:
        return f"<Block {self.start}:{self.end} -> {self.successors}>"


class Loop(NamedTuple):
    """A natural loop: all blocks from which `header` is reached again.

    Attributes
    ----------
    header : int
        The pc where every iteration starts.
    body : frozenset of int
        Every pc inside, the header's block included.
    back_edges : frozenset of int
        The jumps back to the header.
    exits : frozenset of int
        The pcs outside that control goes to when it leaves, exceptions and returns aside.
    """

    header: int
    body: frozenset[int]
    back_edges: frozenset[int]
    exits: frozenset[int]


class Cfg:
    """Analyses of one `Code`; each is made when first asked for.

    Attributes
    ----------
    exit : int
        The virtual exit, one behind the last instruction: pushing a value and jumping there
        returns it.
    kept : set of int
        Slots that somebody else reads: live everywhere.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self.kept: set[int] = set()
        self.exit = len(code.instructions)

    # --- blocks -------------------------------------------------------------------------------
    @cached_property
    def blocks(self) -> dict[int, Block]:
        """Basic blocks by their first pc, those that exceptions alone reach included."""
        starts = sorted(self._leaders())
        blocks = {start: Block(start, end)
                  for start, end in zip(starts, [*starts[1:], self.exit])}
        for block in blocks.values():
            block.successors = self._successors(block)
            entry = self.code.handler_at(block.start)
            block.handlers = [] if entry is None else [entry.target]
        for block in blocks.values():
            for successor in block.successors:
                if successor in blocks:
                    blocks[successor].predecessors.append(block.start)
        return blocks

    def _leaders(self) -> set[int]:
        leaders = {0}
        for instruction in self.code.instructions:
            if instruction.target is not None:
                leaders.add(instruction.target)
            if instruction.target is not None or instruction.opcode in _ENDS:
                leaders.add(instruction.index + 1)
        for entry in self.code.exception_table:
            leaders.update((entry.start, entry.end, entry.target))
        leaders.discard(self.exit)
        return leaders

    def _successors(self, block: Block) -> list[int]:
        last = self.code.instructions[block.end - 1]
        successors = [] if last.opcode in _ENDS else [block.end]
        if last.target is not None and last.target not in successors:
            successors.append(last.target)
        return successors

    def block_of(self, pc: int) -> Block:
        """The block that holds `pc`."""
        return self.blocks[self._start_of[pc]]

    @cached_property
    def _start_of(self) -> list[int]:
        result = [0] * self.exit
        for block in self.blocks.values():
            result[block.start:block.end] = [block.start] * (block.end - block.start)
        return result

    # --- dominators ---------------------------------------------------------------------------
    @cached_property
    def dominators(self) -> dict[int, int]:
        """Immediate dominator of every block, on all ways that control may take: exceptions too."""
        edges = self._edges_and_handlers()
        return _immediate(0, edges, _reversed(edges))

    def dominates(self, start: int, other: int) -> bool:
        """Whether every way to block `other` goes through block `start`."""
        return _is_above(self.dominators, start, other)

    @cached_property
    def post_dominators(self) -> dict[int, int]:
        """Immediate post-dominator of every block; `exit` is the root.

        Blocks that can only raise do not count: ``assert`` does not move a join to the exit. A
        block that never reaches a return (an endless loop, a function that always raises) is
        taken to lead to the exit.
        """
        forward = self._edges_forward()
        returning = _reachable(self._returning(), _reversed(forward))
        edges = {start: [t for t in targets if t in returning]
                 for start, targets in forward.items() if start in returning}
        for start in self._returning():
            edges[start] = [self.exit]
        for start in forward.keys() - returning:
            edges[start] = [self.exit]
        return _immediate(self.exit, _reversed(edges), edges)

    def _returning(self) -> list[int]:
        return [block.start for block in self._reached()
                if self.code.instructions[block.end - 1].opcode in RETURNS]

    def _reached(self) -> list[Block]:
        """Blocks reached without exceptions, and those reached from an exception handler."""
        starts = _reachable([0, *(entry.target for entry in self.code.exception_table)],
                            {b.start: b.successors for b in self.blocks.values()})
        return [self.blocks[start] for start in starts if start in self.blocks]

    def _edges_forward(self) -> dict[int, list[int]]:
        return {b.start: [s for s in b.successors if s in self.blocks] for b in self._reached()}

    @cached_property
    def undisturbed(self) -> frozenset[int]:
        """The blocks that control reaches without an exception."""
        return frozenset(_reachable([0], self._edges_forward()))

    def _edges_and_handlers(self) -> dict[int, list[int]]:
        """The same with the ways that exceptions take: to a handler from every block that it is for."""
        return {start: [*targets, *self.blocks[start].handlers] for start, targets in self._edges_forward().items()}

    def join_of(self, pc: int) -> int:
        """Where the ways from the jump at `pc` meet again; `exit` if only at a return."""
        return self.post_dominators.get(self._start_of[pc], self.exit)

    # --- loops --------------------------------------------------------------------------------
    @cached_property
    def loops(self) -> dict[int, Loop]:
        """Natural loops by header; loops with the same header are one.

        What goes on to the header in an exception's handler (``while True: try: ...; break; except ...``) belongs to the loop too.
        """
        backward = _reversed(self._edges_and_handlers())
        sources: dict[int, list[int]] = {}
        for block in self._reached():
            for successor in block.successors:
                if successor <= block.start and self.dominates(successor, block.start):
                    sources.setdefault(successor, []).append(block.start)
        return {header: self._loop(header, tails, backward)
                for header, tails in sorted(sources.items())}

    def _loop(self, header: int, tails: list[int], backward: dict[int, list[int]]) -> Loop:
        starts = _reachable(tails, {**backward, header: []}) | {header}
        body = frozenset(pc for start in starts
                         for pc in range(start, self.blocks[start].end))
        exits = frozenset(s for start in starts for s in self.blocks[start].successors
                          if s not in starts and s not in self.raising and not self._returns_top(s))
        edges = frozenset(self.blocks[tail].end - 1 for tail in tails)
        return Loop(header, body, edges, exits)

    def _returns_top(self, start: int) -> bool:
        """Whether a block only returns what is on the stack: it belongs to what put it there (``try: return f(x)``)."""
        instructions = self.code.instructions[start:self.blocks[start].end]
        return instructions[-1].opcode in RETURNS and all(i.opcode in _MOVES for i in instructions[:-1])

    @cached_property
    def raising(self) -> frozenset[int]:
        """Blocks that do nothing but lead to a raise: where that goes, a handler in the loop decides."""
        found: set[int] = set()
        while True:
            more = {b.start for b in self.blocks.values() if b.start not in found and (
                self.code.instructions[b.end - 1].opcode in RAISES
                or b.successors and found.issuperset(b.successors))}
            if not more:
                return frozenset(found)
            found |= more

    def ways_out(self, header: int) -> frozenset[int]:
        """Where control may go on behind a loop: its exits, and where it comes back to them from an exception's handler."""
        loop = self.loops[header]
        handlers = {handler for pc in loop.body if pc in self.blocks for handler in self.blocks[pc].handlers}
        found = set(loop.exits)
        if handlers <= loop.body | self.raising:
            return frozenset(found)
        for start in loop.exits:
            while (start := self.post_dominators.get(start, self.exit)) != self.exit:
                found.add(start)
        found.update(other.header for other in self.loops.values() if header in other.body)
        return frozenset(found - loop.body)

    def loop_of(self, pc: int) -> Loop | None:
        """The innermost loop around `pc`."""
        around = [loop for loop in self.loops.values() if pc in loop.body]
        return min(around, key=lambda loop: len(loop.body), default=None)

    # --- liveness -----------------------------------------------------------------------------
    def live_at(self, pc: int) -> set[int]:
        """Slots whose value may still be read when control is at `pc`, before it is executed."""
        if pc >= self.exit:
            return set()
        if self._everything_is_seen:
            return set(range(self.code.slot_count))
        block = self.block_of(pc)
        live = self._live_out(block, self._live_in)
        for instruction in reversed(self.code.instructions[pc:block.end]):
            _step_back(live, instruction)
        for handler in block.handlers:
            live |= self._live_in[handler]
        return live | self.kept

    @cached_property
    def _everything_is_seen(self) -> bool:
        return not _SEES_ALL.isdisjoint(self.code.raw.co_names)

    @cached_property
    def _live_in(self) -> dict[int, set[int]]:
        live: dict[int, set[int]] = {start: set() for start in self.blocks}
        changed = True
        while changed:
            changed = False
            for block in sorted(self.blocks.values(), key=lambda b: -b.start):
                now = self._live_out(block, live)
                for instruction in reversed(self.code.instructions[block.start:block.end]):
                    _step_back(now, instruction)
                for handler in block.handlers:
                    now |= live[handler]
                if now != live[block.start]:
                    live[block.start] = now
                    changed = True
        return live

    def _live_out(self, block: Block, live: dict[int, set[int]]) -> set[int]:
        result: set[int] = set()
        for successor in block.successors:
            result |= live.get(successor, set())
        return result


def _step_back(live: set[int], instruction: Instruction) -> None:
    """Liveness before `instruction` from liveness after it."""
    if instruction.opcode in _WRITES:
        live.discard(instruction.arg)
    if instruction.opcode in _READS:
        live.add(instruction.arg)


# --- graphs -------------------------------------------------------------------------------------
def _reachable(starts: Iterable[int], edges: Mapping[int, Sequence[int]]) -> set[int]:
    seen, work = set(), list(starts)
    while work:
        node = work.pop()
        if node not in seen:
            seen.add(node)
            work.extend(edges.get(node, ()))
    return seen


def _reversed(edges: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    result: dict[int, list[int]] = {}
    for source, targets in edges.items():
        for target in targets:
            result.setdefault(target, []).append(source)
    return result


def _immediate(root: int, forward: Mapping[int, Sequence[int]],
               backward: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Immediate dominators (Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm")."""
    order = _postorder(root, forward)
    number = {node: i for i, node in enumerate(order)}
    above = {root: root}
    changed = True
    while changed:
        changed = False
        for node in reversed(order):
            known = [p for p in backward.get(node, ()) if p in above]
            if node == root or not known:
                continue
            new = known[0]
            for other in known[1:]:
                new = _meet(above, number, new, other)
            if above.get(node) != new:
                above[node] = new
                changed = True
    del above[root]
    return above


def _meet(above: dict[int, int], number: dict[int, int], left: int, right: int) -> int:
    while left != right:
        while number[left] < number[right]:
            left = above[left]
        while number[right] < number[left]:
            right = above[right]
    return left


def _postorder(root: int, edges: Mapping[int, Sequence[int]]) -> list[int]:
    order, seen, work = [], {root}, [(root, iter(edges.get(root, ())))]
    while work:
        node, targets = work[-1]
        for target in targets:
            if target not in seen:
                seen.add(target)
                work.append((target, iter(edges.get(target, ()))))
                break
        else:
            order.append(node)
            work.pop()
    return order


def _is_above(above: dict[int, int], start: int, node: int | None) -> bool:
    while node is not None:
        if node == start:
            return True
        node = above.get(node)
    return False
