"""Compiled code that runs for long lets other Python threads run: where it gives up the interpreter's lock.

Giving the lock up costs little, getting it back may cost a switch between threads; so it is kept for
what ends soon anyway, judged by how often loops turn and how large arrays are, as far as the code can tell.
"""

from __future__ import annotations

from typing import Any

from . import kernel as k
from .kernel import Expr

LONG = 1 << 14  # turns of loops, or elements, from which the lock is given up
UNKNOWN = 8  # turns of an inner loop whose bounds are computed in the outer one
TURNS = 1 << 14  # of a loop without a count

HELPERS = f"""
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)

define internal void @bcad_release(ptr %slot, i64 %work) {{
  %long = icmp ugt i64 %work, {LONG}
  br i1 %long, label %maybe, label %done
maybe:
  %state = load ptr, ptr %slot
  %held = icmp eq ptr %state, null
  br i1 %held, label %go, label %done
go:
  %saved = call ptr @PyEval_SaveThread()
  store ptr %saved, ptr %slot
  br label %done
done:
  ret void
}}

define internal void @bcad_acquire(ptr %slot) {{
  %state = load ptr, ptr %slot
  %held = icmp eq ptr %state, null
  br i1 %held, label %done, label %go
go:
  store ptr null, ptr %slot
  call void @PyEval_RestoreThread(ptr %state)
  br label %done
done:
  ret void
}}
"""


def runs_long(kernel: k.Kernel) -> bool:
    """Whether a kernel ever may: it has a loop, a large array, or a call of a library."""
    return _has_work(kernel.body)


def _has_work(block: k.Block) -> bool:
    for s in block.statements:
        if isinstance(s, (k.For, k.While, k.Library)) or (isinstance(s, k.Allocate) and s.elements.op != "const"):
            return True
        if isinstance(s, k.If) and (_has_work(s.then) or _has_work(s.orelse)):
            return True
    return False


class Gil:
    """Puts the calls of the helpers into a body while it is printed; `thread` is the slot of what was given up."""

    def __init__(self, body: Any, kernel: k.Kernel) -> None:
        self.body = body
        self.used = runs_long(kernel)
        self.depth = 0  # of loops: within one it has been decided

    def before_loop(self, s: k.For) -> None:
        if self.used and self.depth == 0:
            self.release(self.work(s))

    def before_room(self, s: k.Allocate) -> None:
        if self.used and self.depth == 0 and not (s.elements.op == "const" and s.elements.data <= LONG):
            self.release(self.body.ref(s.elements))

    def release(self, work: str) -> None:
        self.body.add(f"call void @bcad_release(ptr %thread, i64 {work})")

    def count_turn(self, slot: str) -> None:
        """In a loop without a count: one turn more; the lock goes after many."""
        if not self.used or self.depth > 1:
            return
        body = self.body
        turns = body.value(f"add i64 {body.value(f'load i64, ptr {slot}')}, 1")
        body.add(f"store i64 {turns}, ptr {slot}")
        many, on = body.label("many"), body.label("on")
        body.add(f"br i1 {body.value(f'icmp eq i64 {turns}, {TURNS}')}, label %{many}, label %{on}")
        body.start(many)
        self.release(str(LONG + 1))
        body.add(f"br label %{on}")
        body.start(on)

    def work(self, s: k.For) -> str:
        """About how often the innermost bodies of a loop run."""
        body = self.body
        inner = [self.work(t) for t in _loops(s.body)]
        run = k.run_length(s)
        if run is not None:
            turns = body.ref(run)
        elif not (_known(s.start) and _known(s.stop)):
            turns = str(UNKNOWN)
        else:
            turns = body.value(f"sub i64 {body.ref(s.stop)}, {body.ref(s.start)}")
        total = inner[0] if inner else "1"
        for work in inner[1:]:
            total = body.value(f"add i64 {total}, {work}")
        return turns if total == "1" else str(body.value(f"mul i64 {turns}, {total}"))


def _known(x: Expr) -> bool:
    return x.op == "const" or x.block.depth == 0


def _loops(block: k.Block) -> list[k.For]:
    """The loops directly below."""
    found = []
    for s in block.statements:
        if isinstance(s, k.For):
            found.append(s)
        elif isinstance(s, k.While):
            found += _loops(s.body)
        elif isinstance(s, k.If):
            found += [*_loops(s.then), *_loops(s.orelse)]
    return found
