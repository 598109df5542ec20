"""Short loops of a fixed length printed without a loop: as vectors that are as long as what is left, the next power of two below."""

from __future__ import annotations

from . import kernel as k
from .numba_llvm_lanes import START, LanePrinter, Turns
from .numba_llvm_products import pieces
from .numba_llvm_types import llvm_type

LONGEST = 32  # turns


def as_rows(block: k.Block) -> None:
    """Have the short innermost loops below a block printed so, where that is possible."""
    for n, s in enumerate(block.statements):
        for inner in k.inner_blocks(s):
            as_rows(inner)
        if type(s) is k.For and _is_short(s) and Turns(s).fits and not _calls(s.body):
            block.statements[n] = k.Row(s.index, s.start, s.stop, s.body, s.parallel)


def _is_short(loop: k.For) -> bool:
    fixed = loop.start.op == loop.stop.op == "const"
    return loop.parallel and fixed and 1 < loop.stop.data - loop.start.data <= LONGEST


def _calls(body: k.Block) -> bool:
    """Whether functions of numbers are called: their vectors have one length."""
    return any(isinstance(s, k.Expr) and s.op in ("call", "called") for s in body.statements)


class RowPrinter(LanePrinter):
    """Prints one short loop."""

    def run(self) -> None:
        """All of its vectors, one after the other."""
        start, stop = self.loop.start.data, self.loop.stop.data
        for first, self.lanes in pieces(stop - start):
            self.loop.index.name = str(start + first)
            self.splats.clear()
            for s in self.loop.body.statements:
                self._spread_operands(s)
            for s in self.loop.body.statements:
                self._statement(s)

    def _accumulate(self, s: k.Accumulate) -> None:
        """Add up the lanes of one vector, and what there was."""
        body, t = self.body, s.variable.type
        before = body.value(f"load {llvm_type(t)}, ptr %{s.variable.name}")
        total = self._reduced(s.op, t, before, self.ref(s.value))
        if s.op not in START:
            total = body.value(body.binary(s.op, t, before, total))
        body.add(f"store {llvm_type(t)} {total}, ptr %{s.variable.name}")
