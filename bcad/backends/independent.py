"""Whether the turns of a loop are independent, so that threads may share them; and what they leave to be combined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from . import kernel as k
from .kernel import Expr, For, Kernel, Variable


@dataclass
class Turns:
    """A loop whose turns are independent but for sums and their like.

    Attributes
    ----------
    private : list of Variable
        Set anew in each turn; nobody reads them afterwards.
    reduced : list of (Variable, str)
        Only accumulated, with the operation.
    compensated : list of (Variable, Variable)
        Totals and their rounding errors.
    read : list of Variable
        Not changed by the loop.
    captured : dict of str to Expr
        What is computed before the loop and read in it, by name.
    buffers : list of Buffer
        One for each storage that is touched.
    """

    private: list[Variable] = field(default_factory=list)
    reduced: list[tuple[Variable, str]] = field(default_factory=list)
    compensated: list[tuple[Variable, Variable]] = field(default_factory=list)
    read: list[Variable] = field(default_factory=list)
    captured: dict[str, Expr] = field(default_factory=dict)
    buffers: list[k.Buffer] = field(default_factory=list)


class Dependent(Exception):
    """The turns depend on each other, or may; says how."""


def turns_of(loop: For, kernel: Kernel) -> Turns:
    """What the turns of a loop of the outermost block share.

    Raises
    ------
    Dependent
        If that is more than can be combined afterwards.
    """
    found = _Walk(loop)
    for s in found.statements:
        if not isinstance(s, (Expr, k.Store, k.Set, k.Accumulate, k.For, k.If)):
            raise Dependent(f"{type(s).__name__} in it")
    turns = Turns(captured=_captured(found), buffers=list(found.buffers.values()))
    _check_memory(loop, found)
    _sort_variables(loop, found, kernel, turns)
    return turns


class _Walk:
    """All statements below a loop, in order; which loop an index belongs to."""

    def __init__(self, loop: For) -> None:
        self.blocks: dict[Any, k.Block] = {}
        self.statements = []
        for s, block in _walk(loop.body):
            self.statements.append(s)
            self.blocks[s] = block
        self.loops = {loop.index: loop, **{s.index: s for s in self.statements if isinstance(s, For)}}
        self.exprs = {s for s in self.statements if isinstance(s, Expr)} | set(self.loops)
        self.stores = [s for s in self.statements if isinstance(s, k.Store)]
        self.loads = [s for s in self.exprs if s.op == "load"]
        self.buffers: dict[int, k.Buffer] = {}
        for buffer in [s.buffer for s in self.stores] + [x.data for x in self.loads]:
            self.buffers.setdefault(buffer.storage, buffer)


def _walk(block: k.Block) -> Iterator[tuple[Any, k.Block]]:
    """All statements below a block, in order, each with the block that it stands in."""
    for s in block.statements:
        yield s, block
        if isinstance(s, (For, k.While)):
            yield from _walk(s.body)
        elif isinstance(s, k.If):
            yield from _walk(s.then)
            yield from _walk(s.orelse)


def _captured(found: _Walk) -> dict[str, Expr]:
    captured: dict[str, Expr] = {}
    for s in found.statements:
        for x in _operands(s):
            if x not in found.exprs and x.op != "const" and x.name is not None and x.name.startswith("%"):
                captured.setdefault(x.name, x)
    return captured


def _operands(s: Any) -> tuple[Expr, ...]:
    if isinstance(s, Expr):
        return s.args
    if isinstance(s, k.Store):
        return s.index, s.value
    if isinstance(s, (k.Set, k.Accumulate)):
        return (s.value,)
    return (s.start, s.stop) if isinstance(s, For) else (s.condition,)


# -- memory -------------------------------------------------------------------------------------------
def _check_memory(loop: For, found: _Walk) -> None:
    """Each turn writes to places of its own, and reads of what is written only what it wrote itself."""
    written: dict[int, set[Expr]] = {}
    for s in found.stores:
        if s.buffer.kind not in ("output", "work"):
            raise Dependent(f"{s.buffer.name} is small and shared")
        if not _own_place(s.index, loop, found):
            raise Dependent(f"several turns may write to one place of {s.buffer.name}")
        written.setdefault(s.buffer.storage, set()).add(s.index)
    for x in found.loads:
        if x.data.storage in written and x.args[0] not in written[x.data.storage]:
            raise Dependent(f"{x.data.name} is read while it is written")
    for storage, places in written.items():
        if len({_leading(x, loop, found) for x in places}) > 1:
            raise Dependent(f"{found.buffers[storage].name} is written in several ways")


def _own_place(x: Expr, loop: For, found: _Walk) -> bool:
    """Whether no two turns can give an index the same value: its leading digit is the turn's own."""
    return _leading(x, loop, found) is not None


def _leading(x: Expr, loop: For, found: _Walk) -> tuple[Any, ...] | None:
    """The sizes of the digits below the turn's own in a mixed-radix index; None if it is no such index."""
    if x is loop.index:
        return ()
    if x.op == "index" and x in found.loops:
        inner = found.loops[x]
        own = k.run_length(inner) is not None and inner.start.args[0] is loop.index
        return ("run",) if own else None
    if x.op == "iadd" and x.args[0].op == "imul" and _is_digit(x.args[1], x.args[0].args[1], found):
        x = x.args[0]
    if x.op != "imul":
        return None
    above = _leading(x.args[0], loop, found)
    return None if above is None else (*above, _identity(x.args[1]))


def _identity(size: Expr) -> Any:
    return size.data if size.op == "const" else id(size)


def _is_digit(x: Expr, size: Expr, found: _Walk) -> bool:
    """Whether ``0 <= x < size``."""
    if x.op == "const":
        return size.op == "const" and 0 <= x.data < size.data
    if x.op != "index" or x not in found.loops:
        return False
    start, stop = found.loops[x].start, found.loops[x].stop
    if k.run_length(found.loops[x]) is not None:  # of an axis of that size
        return start.args[0].op == "index" and _same(stop.args[2], size)
    return start.op == "const" and start.data >= 0 and _same(stop, size)


def _same(a: Expr, b: Expr) -> bool:
    return a is b or (a.op == b.op == "const" and a.data == b.data)


# -- variables -----------------------------------------------------------------------------------------
def _sort_variables(loop: For, found: _Walk, kernel: Kernel, turns: Turns) -> None:
    """Enter what each variable is in the loop."""
    sums = {v: pair for pair in kernel.compensated for v in pair}
    touched: dict[Variable, list[Any]] = {}
    for s in found.statements:
        if isinstance(s, (k.Set, k.Accumulate)):
            touched.setdefault(s.variable, []).append(s)
        elif isinstance(s, Expr) and s.op == "get":
            touched.setdefault(s.data, []).append(s)
    own = set(found.exprs)
    read_outside = {s.data for s, _ in _walk(kernel.body) if isinstance(s, Expr) and s.op == "get" and s not in own}
    for variable, uses in touched.items():
        kinds = {type(s) for s in uses}
        first = uses[0]
        if kinds == {Expr}:
            turns.read.append(variable)
        elif kinds == {k.Accumulate} and len({s.op for s in uses}) == 1:
            turns.reduced.append((variable, first.op))
        elif isinstance(first, k.Set) and variable not in read_outside and all(
            found.blocks[s].inside(found.blocks[first]) for s in uses
        ):
            turns.private.append(variable)
        elif variable in sums and all(v in touched for v in sums[variable]):
            if sums[variable] not in turns.compensated:
                turns.compensated.append(sums[variable])
        else:
            raise Dependent(f"{variable.name} goes from turn to turn")
