"""Loops that threads share: a function for a chunk of turns, called by all, and what the chunks leave put together.

Where a loop is cut depends on how much work it is and never on the number of threads; partial sums are
put together in the order of the chunks.  So results do not depend on who computed what.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from . import kernel as k
from . import numpy_loops
from .independent import Dependent, Turns, turns_of
from .kernel import Kernel, Variable, inner_blocks
from .numba_llvm_types import literal, llvm_type

WORTH = 1 << 17  # turns of inner loops from which waking threads pays
CHUNK = 1 << 14  # turns of inner loops in a chunk, if there are not more chunks than
CHUNKS = 64
_COUNTER, _COUNT, _LENGTH, _START, _STOP, _FREE = range(6)  # places in a region's record

HELPERS = """
declare ptr @PyLong_FromVoidPtr(ptr)

define internal i1 @bcad_share(ptr %function, ptr %record) {{
  %arguments = alloca [2 x ptr]
  %one = call ptr @PyLong_FromVoidPtr(ptr %function)
  %two = call ptr @PyLong_FromVoidPtr(ptr %record)
  %lack1 = icmp eq ptr %one, null
  %lack2 = icmp eq ptr %two, null
  %lack = or i1 %lack1, %lack2
  br i1 %lack, label %done, label %call
call:
  store ptr %one, ptr %arguments
  %second = getelementptr ptr, ptr %arguments, i64 1
  store ptr %two, ptr %second
  %share = load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {share})
  %result = call ptr @PyObject_Vectorcall(ptr %share, ptr %arguments, i64 2, ptr null)
  br label %done
done:
  %given = phi ptr [ null, %0 ], [ %result, %call ]
  call void @Py_DecRef(ptr %one)
  call void @Py_DecRef(ptr %two)
  call void @Py_DecRef(ptr %given)
  %good = icmp ne ptr %given, null
  ret i1 %good
}}
"""


class Moved(NamedTuple):
    """A pointer or a variable that a region reads: what it is called in the main function."""

    name: str
    type: str
    slot: bool  # the name is that of a place on the stack, and not of the value


class Regions:
    """Prints the loops of one kernel that threads may share."""

    def __init__(self, body: Any, kernel: Kernel) -> None:
        self.body, self.kernel = body, kernel
        self.functions: list[str] = []
        self.notes: list[str] = []

    def loop(self, s: k.For, serial: Any) -> None:
        """A loop of the outermost block: shared if its turns are independent and many, else printed by `serial`."""
        body = self.body
        try:
            turns = turns_of(s, self.kernel)
        except Dependent as why:
            self.notes.append(f"not shared among threads: a loop ({why})")
            serial(s)
            return
        work = body.gil.work(s)
        share, alone, end = body.label("share"), body.label("alone"), body.label("shared")
        body.add(f"br i1 {body.value(f'icmp sge i64 {work}, {WORTH}')}, label %{share}, label %{alone}")
        body.start(share)
        self._share(s, turns, work)
        body.add(f"br label %{end}")
        body.start(alone)
        serial(s)
        body.add(f"br label %{end}")
        body.start(end)

    # -- the calling side ----------------------------------------------------------------------------
    def _share(self, s: k.For, turns: Turns, work: str) -> None:
        body, number = self.body, len(self.functions)
        captured = list(turns.captured.items())
        moved = self._moved(s, turns)
        partial = [v for v, _ in turns.reduced] + [v for pair in turns.compensated for v in pair]
        first = _FREE + len(captured) + len(moved)
        record, parts = f"%record{number}", f"%parts{number}"
        body.entry.append(f"  {record} = alloca [{first + 1} x i64], align 16")
        body.entry.append(f"  {parts} = alloca [{max(CHUNKS * len(partial), 1)} x i64], align 16")
        start, stop = body.ref(s.start), body.ref(s.stop)
        turns_ = body.value(f"sub i64 {stop}, {start}")
        body.called.declares |= {"declare i64 @llvm.umin.i64(i64, i64)", "declare i64 @llvm.umax.i64(i64, i64)"}
        wanted = body.value(f"udiv i64 {work}, {CHUNK}")
        wanted = body.value(f"call i64 @llvm.umin.i64(i64 {wanted}, i64 {CHUNKS})")
        wanted = body.value(f"call i64 @llvm.umax.i64(i64 {wanted}, i64 1)")
        more = body.value(f"add i64 {turns_}, {body.value(f'sub i64 {wanted}, 1')}")
        length = body.value(f"call i64 @llvm.umax.i64(i64 {body.value(f'udiv i64 {more}, {wanted}')}, i64 1)")
        over = body.value(f"add i64 {turns_}, {body.value(f'sub i64 {length}, 1')}")
        count = body.value(f"udiv i64 {over}, {length}")
        for place, value in ((_COUNTER, "0"), (_COUNT, count), (_LENGTH, length), (_START, start), (_STOP, stop)):
            self._put(record, place, "i64", value)
        for position, (name, x) in enumerate(captured):
            self._put(record, _FREE + position, llvm_type(x.type), name)
        for position, m in enumerate(moved):
            value = body.value(f"load {m.type}, ptr {m.name}") if m.slot else m.name
            self._put(record, _FREE + len(captured) + position, m.type, value)
        self._put(record, first, "ptr", parts)
        self._function(s, turns, number, captured, moved, partial)
        body.add("call void @bcad_acquire(ptr %thread)")
        good, more_ = body.value(f"call i1 @bcad_share(ptr @bcad_region{number}, ptr {record})"), body.label("more")
        body.add(f"br i1 {good}, label %{more_}, label %raise")
        body.start(more_)
        self._combine(turns, parts, count, partial)

    def _moved(self, s: k.For, turns: Turns) -> list[Moved]:
        """The pointers and variables that the region reads, those of functions that are called by address among them."""
        library = self.body.library
        called = dict.fromkeys(library.setdefault(name, len(library)) for name in _routines(s.body))
        found = [Moved(f"%routine{position}", "ptr", False) for position in called]
        for buffer in turns.buffers:
            made = buffer.kind in ("work", "output")
            found.append(Moved(f"%p{buffer.storage}" if made else self.body.pointer(buffer), "ptr", made))
        changing = [v for v, op in turns.reduced if op not in ("add", "mul")]  # the others start at 0 or 1
        return found + [Moved(f"%{v.name}", llvm_type(v.type), True) for v in (*turns.read, *changing)]

    def _put(self, record: str, place: int, type_: str, value: str) -> None:
        slot = self.body.value(f"getelementptr i64, ptr {record}, i64 {place}")
        self.body.add(f"store {type_} {value}, ptr {slot}")

    def _combine(self, turns: Turns, parts: str, count: str, partial: list[Variable]) -> None:
        """Put together what the chunks left, in their order."""
        if not partial:
            return
        body = self.body
        chunk, head, step, end = f"%chunk{body.count}", body.label("put"), body.label("next"), body.label("done")
        body.entry.append(f"  {chunk} = alloca i64")
        body.add(f"store i64 0, ptr {chunk}")
        body.add(f"br label %{head}")
        body.start(head)
        c = body.value(f"load i64, ptr {chunk}")
        body.add(f"br i1 {body.value(f'icmp ult i64 {c}, {count}')}, label %{step}, label %{end}")
        body.start(step)
        base = body.value(f"mul i64 {c}, {len(partial)}")
        found = []
        for position, v in enumerate(partial):
            place = body.value(f"add i64 {base}, {position}")
            slot = body.value(f"getelementptr i64, ptr {parts}, i64 {place}")
            found.append(body.value(f"load {llvm_type(v.type)}, ptr {slot}"))
        for (v, op), part in zip(turns.reduced, found, strict=False):
            t = llvm_type(v.type)
            before = body.value(f"load {t}, ptr %{v.name}")
            body.add(f"store {t} {body.value(body.binary(op, v.type, before, part))}, ptr %{v.name}")
        rest = found[len(turns.reduced) :]
        for position, pair in enumerate(turns.compensated):
            self._add_exactly(*pair, *rest[2 * position : 2 * position + 2])
        body.add(f"store i64 {body.value(f'add i64 {c}, 1')}, ptr {chunk}")
        body.add(f"br label %{head}")
        body.start(end)

    def _add_exactly(self, total: Variable, error: Variable, part: str, lost: str) -> None:
        """``total + error += part + lost``, the rounding error kept (Knuth's two-sum)."""
        body, t = self.body, llvm_type(total.type)
        a = body.value(f"load {t}, ptr %{total.name}")
        new = body.value(f"fadd {t} {a}, {part}")
        other = body.value(f"fsub {t} {new}, {a}")
        first = body.value(f"fsub {t} {a}, {body.value(f'fsub {t} {new}, {other}')}")
        second = body.value(f"fsub {t} {part}, {other}")
        missing = body.value(f"fadd {t} {body.value(f'fadd {t} {first}, {second}')}, {lost}")
        body.add(f"store {t} {new}, ptr %{total.name}")
        before = body.value(f"load {t}, ptr %{error.name}")
        body.add(f"store {t} {body.value(f'fadd {t} {before}, {missing}')}, ptr %{error.name}")

    # -- the function of a chunk -----------------------------------------------------------------------
    def _function(
        self, s: k.For, turns: Turns, number: int, captured: list[Any], moved: list[Moved], partial: list[Variable],
    ) -> None:
        """Print ``bcad_region<number>(record)``: take chunks until there is none left."""
        body = self.body
        kept = body.lines, body.entry
        body.lines, body.entry = [], []
        self._unpack(captured, moved)
        given = {m.name for m in moved}
        for v in (*turns.private, *(v for v in partial if f"%{v.name}" not in given)):
            body.entry.append(f"  %{v.name} = alloca {llvm_type(v.type)}")
        starts = {v: self._identity(v, op, given) for v, op in turns.reduced}
        body.lines += ["take:", "  %chunk = atomicrmw add ptr %record, i64 1 monotonic",
                       "  %left = icmp ult i64 %chunk, %count", "  br i1 %left, label %work, label %finish", "work:",
                       "  %offset = mul i64 %chunk, %length", "  %from = add i64 %start, %offset",
                       "  %until = add i64 %from, %length", "  %within = icmp slt i64 %until, %stop",
                       "  %to = select i1 %within, i64 %until, i64 %stop"]
        for v in partial:
            body.add(f"store {llvm_type(v.type)} {starts.get(v) or literal(0, v.type)}, ptr %{v.name}")
        body.turns(s, "%from", "%to")
        for position, v in enumerate(partial):
            place = body.value(f"add i64 {body.value(f'mul i64 %chunk, {len(partial)}')}, {position}")
            slot = body.value(f"getelementptr i64, ptr %parts, i64 {place}")
            found = body.value(f"load {llvm_type(v.type)}, ptr %{v.name}")
            body.add(f"store {llvm_type(v.type)} {found}, ptr {slot}")
        body.add("br label %take")
        text = [f"define void @bcad_region{number}(ptr %record) {{", "entry:", *body.entry, "  br label %take",
                *body.lines, "finish:",
                "  ret void", "}"]
        body.lines, body.entry = kept
        self.functions.append("\n".join(text))

    def _unpack(self, captured: list[Any], moved: list[Moved]) -> None:
        """Everything that the record holds under the names that it has in the main function."""
        entry = self.body.entry

        def take(name: str, place: int, type_: str) -> None:
            entry.append(f"  {name}.at = getelementptr i64, ptr %record, i64 {place}")
            entry.append(f"  {name} = load {type_}, ptr {name}.at")

        for name, place in (("%count", _COUNT), ("%length", _LENGTH), ("%start", _START), ("%stop", _STOP)):
            take(name, place, "i64")
        for position, (name, x) in enumerate(captured):
            take(name, _FREE + position, llvm_type(x.type))
        for position, m in enumerate(moved):
            place = _FREE + len(captured) + position
            if not m.slot:
                take(m.name, place, m.type)
                continue
            take(f"{m.name}.given", place, m.type)
            entry.append(f"  {m.name} = alloca {m.type}")
            entry.append(f"  store {m.type} {m.name}.given, ptr {m.name}")
        take("%parts", _FREE + len(captured) + len(moved), "ptr")

    def _identity(self, v: Variable, op: str, given: set[str]) -> str:
        """What a chunk starts from: nothing yet; for the least and the greatest what there is already."""
        if f"%{v.name}" in given:
            return f"%{v.name}.given"
        return literal(1 if op == "mul" else 0, v.type)


def _routines(block: k.Block) -> Iterator[str]:
    """The functions of numbers that are called by address."""
    for s in block.statements:
        if isinstance(s, k.Expr) and s.op in ("special", "complex"):
            yield s.data if s.op == "special" else s.data[0]
        if isinstance(s, k.Expr) and s.op == "loop":
            yield from (s.data.routine, s.data.routine + numpy_loops.DATA)
        for inner in inner_blocks(s):
            yield from _routines(inner)
