"""Kernel form -> LLVM IR text: the body of a function; elementwise arithmetic exactly as written.

Floating-point flags stand only on the accumulators of reductions.  Every storage has its own
alias scope, so that loops over several arrays vectorise without run-time checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import kernel as k
from . import numpy_loops
from .kernel import BOOL, Buffer, Expr, Kernel
from .numba_called import Called
from .numba_gil import Gil
from .numba_llvm_lanes import LanePrinter
from .numba_llvm_products import Products
from .numba_llvm_rows import RowPrinter
from .numba_llvm_scalars import Scalars
from .numba_llvm_types import descr_name, item_size, literal, llvm_type, memory_type
from .numba_parts import Parts, is_long
from .numba_regions import Regions


class Body(Scalars, Products):
    """Prints the statements of a kernel; `names` of inputs are given by the entry around it."""

    def __init__(self, kernel: Kernel, shared: bool = False) -> None:
        self.kernel = kernel
        self.lines: list[str] = []
        self.entry: list[str] = []  # allocas
        self.count = 0
        self.called = Called()
        self.results: dict[Expr, str] = {}  # of loops called for single numbers: where they are
        self.functions: dict[str, str] = {}  # that the body calls, by name
        self.storages: dict[int, Buffer] = {}
        self.library: dict[str, int] = {}  # routine -> position in the table of addresses
        self.metadata: list[str] = []
        self.leave = ""  # where an Exit goes
        self.gil = Gil(self, kernel)
        self.loops = 0  # around what is printed, in its own function
        self.straight = 0  # functions called outside of loops
        self.statuses: set[int] = set()  # with which the run may be given up
        self.parallel: k.For | None = None  # the loop that was marked as one last
        self.group = ""  # what the accesses in it are marked with
        self.regions = Regions(self, kernel) if shared else None  # loops that threads share
        self.parts = Parts(self, kernel) if not shared else None  # of long straight code
        for buffer in kernel.buffers:
            self.storages.setdefault(buffer.storage, buffer)
        self._make_scopes()

    # -- small things ------------------------------------------------------------------------------
    def temp(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def label(self, base: str) -> str:
        self.count += 1
        return f"{base}{self.count}"

    def add(self, line: str) -> None:
        self.lines.append("  " + line)

    def start(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def value(self, text: str) -> str:
        name = self.temp()
        self.add(f"{name} = {text}")
        return name

    def ref(self, x: Expr) -> str:
        if x.op == "const":
            return literal(x.data, x.type)
        if x.name is None and self.parts is not None:
            place = self.parts.place(x)
            if place is not None:
                return self.value(f"load {llvm_type(x.type)}, ptr {place}")
        assert x.name is not None, f"{x!r} has not been computed"
        return x.name

    # -- aliasing -----------------------------------------------------------------------------------
    def _make_scopes(self) -> None:
        self.scope_of: dict[int, str] = {}
        written = [s for s, b in self.storages.items() if b.kind in ("work", "output")]
        if not 0 < len(written) <= 64:
            return
        self.metadata.append("!0 = distinct !{!0}")
        one: dict[int, int] = {}
        number = 1
        for storage in self.storages:
            self.metadata.append(f"!{number} = distinct !{{!{number}, !0}}")
            one[storage] = number
            number += 1
        for storage in self.storages:
            others = [one[s] for s in (written if storage not in written else self.storages) if s != storage]
            self.metadata.append(f"!{number} = !{{!{one[storage]}}}")
            self.metadata.append(f"!{number + 1} = !{{{', '.join(f'!{o}' for o in others)}}}")
            self.scope_of[storage] = f", !alias.scope !{number}, !noalias !{number + 1}"
            number += 2

    # -- memory ----------------------------------------------------------------------------------------
    def prepare(self) -> None:
        """The stack slots of variables and buffers."""
        for variable in self.kernel.variables:
            t = llvm_type(variable.type)
            self.entry.append(f"  %{variable.name} = alloca {t}")
            self.entry.append(f"  store {t} {literal(0, variable.type)}, ptr %{variable.name}")
        for storage, buffer in self.storages.items():
            if buffer.kind == "local":
                count = 1
                for size in buffer.shape:
                    count *= size.data
                count *= 1 + buffer.is_complex
                self.entry.append(f"  %local{storage} = alloca [{count} x {memory_type(buffer.type)}], align 16")
            elif buffer.kind in ("work", "output"):
                self.entry.append(f"  %p{storage} = alloca ptr")
                self.entry.append(f"  store ptr null, ptr %p{storage}")

    def pointer(self, buffer: Buffer) -> str:
        if buffer.kind == "local":
            return f"%local{buffer.storage}"
        if buffer.kind == "input":
            return f"%in{buffer.position}_data"
        if buffer.kind == "constant":
            return f"%constant{buffer.position}"
        return self.value(f"load ptr, ptr %p{buffer.storage}")

    def address(self, buffer: Buffer, index: Expr) -> str:
        base = self.pointer(buffer)
        if index.op == "const" and index.data == 0:
            return base
        return self.value(f"getelementptr inbounds {memory_type(buffer.type)}, ptr {base}, i64 {self.ref(index)}")

    def load(self, x: Expr) -> str:
        buffer: Buffer = x.data
        address = self.address(buffer, x.args[0])
        found = self.value(f"load {memory_type(buffer.type)}, ptr {address}{self._align(buffer)}{self.marks(buffer)}")
        return self.value(f"icmp ne i8 {found}, 0") if buffer.type == BOOL else found

    def _align(self, buffer: Buffer) -> str:
        return f", align {item_size(buffer)}"

    def store(self, s: k.Store) -> None:
        address = self.address(s.buffer, s.index)
        value = self.ref(s.value)
        if s.buffer.type == BOOL:
            value = self.value(f"zext i1 {value} to i8")
        self.add(f"store {memory_type(s.buffer.type)} {value}, ptr {address}{self._align(s.buffer)}{self.marks(s.buffer)}")

    def marks(self, buffer: Buffer) -> str:
        """The metadata of an access: what it cannot alias, which parallel loop it is in (if turns do not share the memory)."""
        own = self.parallel is not None and buffer.own_to(self.parallel)
        return self.scope_of.get(buffer.storage, "") + ("" if own else self.group)

    # -- statements -----------------------------------------------------------------------------------
    def block(self, block: k.Block) -> None:
        if self.parts is not None and is_long(block):
            self.parts.block(block)
        else:
            self.statements(block.statements)

    def statements(self, statements: Iterable[Any]) -> None:
        for statement in statements:
            if isinstance(statement, Expr):
                self.expression(statement)
            else:
                getattr(self, "do_" + type(statement).__name__)(statement)

    do_Store = store

    def do_Set(self, s: k.Set) -> None:
        self.add(f"store {llvm_type(s.variable.type)} {self.ref(s.value)}, ptr %{s.variable.name}")

    def do_Accumulate(self, s: k.Accumulate) -> None:
        t = s.variable.type
        before = self.value(f"load {llvm_type(t)}, ptr %{s.variable.name}")
        flags = "reassoc contract " if t[0] == "f" and s.free and s.op in ("add", "mul") else ""
        after = self.value(self.binary(s.op, t, before, self.ref(s.value), flags))
        self.add(f"store {llvm_type(t)} {after}, ptr %{s.variable.name}")

    def do_For(self, s: k.For) -> None:
        if self.regions is not None and self.gil.depth == 0:
            self.regions.loop(s, self._serial)
        else:
            self._serial(s)

    def _serial(self, s: k.For) -> None:
        """A loop that this thread does alone."""
        self.gil.before_loop(s)
        self.turns(s, self.ref(s.start), self.ref(s.stop))

    def turns(self, s: k.For, first: str, stop: str) -> None:
        """The turns of a loop from `first` up to `stop`."""
        head, body, end = self.label("for"), self.label("body"), self.label("end")
        slot = f"%i{self.count}"
        self.entry.append(f"  {slot} = alloca i64")
        self.add(f"store i64 {first}, ptr {slot}")
        self.add(f"br label %{head}")
        self.start(head)
        s.index.name = self.value(f"load i64, ptr {slot}")
        go = self.value(f"icmp slt i64 {s.index.name}, {stop}")
        self.add(f"br i1 {go}, label %{body}, label %{end}")
        self.start(body)
        innermost = s.parallel and not any(isinstance(x, (k.For, k.While, k.If)) for x in s.body.statements)
        again = self._parallel(s) if innermost else ""
        self.repeated(s.body)
        self.group = ""
        following = self.value(f"add nsw i64 {s.index.name}, 1")
        self.add(f"store i64 {following}, ptr {slot}")
        self.add(f"br label %{head}{again}")
        self.start(end)

    def repeated(self, body: k.Block, turns: str = "") -> None:
        """What a loop does in each turn; `turns` is where those of a loop without a count are counted."""
        self.gil.depth += 1
        self.loops += 1
        if turns:
            self.gil.count_turn(turns)
        self.block(body)
        self.gil.depth -= 1
        self.loops -= 1

    def do_Lanes(self, s: k.Lanes) -> None:
        self.gil.before_loop(s)
        LanePrinter(self, s).run()

    def do_Row(self, s: k.Row) -> None:
        RowPrinter(self, s).run()

    def _parallel(self, s: k.For) -> str:
        """Mark what follows as a parallel loop; the mark of its jump back."""
        self.parallel = s
        group, loop = f"!{len(self.metadata)}", f"!{len(self.metadata) + 1}"
        end = f"!{len(self.metadata) + 2}"
        self.metadata += [f"{group} = distinct !{{}}", f"{loop} = distinct !{{{loop}, {end}}}",
                          f'{end} = !{{!"llvm.loop.parallel_accesses", {group}}}']
        self.group = f", !llvm.access.group {group}"
        return f", !llvm.loop {loop}"

    def do_While(self, s: k.While) -> None:
        head, end = self.label("while"), self.label("done")
        turns = f"%turns{self.count}"
        self.entry.append(f"  {turns} = alloca i64")
        self.add(f"store i64 0, ptr {turns}")
        self.add(f"br label %{head}")
        self.start(head)
        before, self.leave = self.leave, end
        self.repeated(s.body, turns)
        self.leave = before
        self.add(f"br label %{head}")
        self.start(end)

    def do_Exit(self, s: k.Exit) -> None:
        more = self.label("more")
        self.add(f"br i1 {self.ref(s.condition)}, label %{self.leave}, label %{more}")
        self.start(more)

    def do_If(self, s: k.If) -> None:
        then, other, end = self.label("then"), self.label("else"), self.label("join")
        self.add(f"br i1 {self.ref(s.condition)}, label %{then}, label %{other}")
        for label, arm in ((then, s.then), (other, s.orelse)):
            self.start(label)
            self.block(arm)
            self.add(f"br label %{end}")
        self.start(end)

    def do_Fail(self, s: k.Fail) -> None:
        more = self.label("more")
        self.add(f"br i1 {self.ref(s.condition)}, label %{self.way_out(s.status)}, label %{more}")
        self.start(more)

    def way_out(self, status: int) -> str:
        """The block that gives the run up with this status; one for all, for LLVM compares each with each."""
        self.statuses.add(status)
        return f"give_up{status}" if status >= 0 else "no_memory"

    def ways_out(self) -> list[str]:
        """These blocks."""
        return [line for status in sorted(self.statuses) for line in (
            f"{self.way_out(status)}:", f"  store i64 {status}, ptr %status", "  br label %abandon")]

    def do_Allocate(self, s: k.Allocate) -> None:
        self.gil.before_room(s)
        buffer = s.buffer
        if buffer.kind == "output":
            self.new_array(buffer)
            return
        size = item_size(buffer) * (1 + buffer.is_complex)
        bytes_ = self.value(f"mul i64 {self.ref(s.elements)}, {size}")
        keep = "true" if s.keep else "false"
        slot = self.value(f"getelementptr [2 x i64], ptr %frame, i64 {buffer.storage}")
        pointer = self.value(f"call ptr @bcad_room(ptr {slot}, i64 {bytes_}, i1 {keep})")
        self._refuse_null(pointer)
        self.add(f"store ptr {pointer}, ptr %p{buffer.storage}")

    def _refuse_null(self, pointer: str) -> None:
        more = self.label("more")
        self.add(f"br i1 {self.value(f'icmp eq ptr {pointer}, null')}, label %{self.way_out(-1)}, label %{more}")
        self.start(more)

    def new_array(self, buffer: Buffer) -> None:
        """A NumPy array for an output."""
        n, at = len(buffer.shape), buffer.position
        self.entry.append(f"  %dims{at} = alloca [{max(n, 1)} x i64]")
        for axis, size in enumerate(buffer.shape):
            self.add(f"store i64 {self.ref(size)}, ptr {self.value(f'getelementptr i64, ptr %dims{at}, i64 {axis}')}")
        given = self.value(f"call ptr @bcad_given(ptr %args, i64 %count, i64 {len(self.kernel.inputs) + at}, i32 {n}, ptr %dims{at})")
        descr = f"ptr %descr_{descr_name(buffer.dtype)}"
        made = self.value(f"call ptr @bcad_array(i32 {n}, ptr %dims{at}, {descr}, ptr %thread, ptr {given})")
        self.add(f"store ptr {made}, ptr %out{at}")
        self._refuse_null(made)
        data = self.value(f"getelementptr i8, ptr {made}, i64 %offset_data")
        self.add(f"store ptr {self.value(f'load ptr, ptr {data}')}, ptr %p{buffer.storage}")

    def do_Copy(self, s: k.Copy) -> None:
        size = item_size(s.target) * (1 + s.target.is_complex)
        bytes_ = self.value(f"mul i64 {self.ref(s.elements)}, {size}")
        self.called.declares.add("declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)")
        target, source = self.pointer(s.target), self.pointer(s.source)
        self.add(f"call void @llvm.memmove.p0.p0.i64(ptr {target}, ptr {source}, i64 {bytes_}, i1 false)")

    def do_Library(self, s: k.Library) -> None:
        """A Fortran routine, every argument by address; or a C function."""
        args = [self.argument(*a) for a in s.arguments]
        if s.c:
            self._c_function(s, args)
            return
        if s.status is not None:
            self.entry.append(f"  %info_{s.status.name} = alloca i32")
            args.append(f"ptr %info_{s.status.name}")
        position = self.library.setdefault(s.name, len(self.library))
        self.add(f"call void %routine{position}({', '.join(args)})")
        if s.status is not None:
            found = self.value(f"load i32, ptr %info_{s.status.name}")
            wide = self.value(f"sext i32 {found} to i64")
            self.add(f"store i64 {wide}, ptr %{s.status.name}")

    def do_InnerLoop(self, s: k.InnerLoop) -> None:
        """The loop of a ufunc: tables of places, of dimensions and of steps, and the data that belongs to it."""
        places = self.table("ptr", [self.argument(*a).removeprefix("ptr ") for a in s.arguments])
        dimensions, steps = (self.table("i64", list(map(self.ref, x))) for x in (s.dimensions, s.steps))
        function, data = (self.library.setdefault(name, len(self.library)) for name in (s.name, s.name + numpy_loops.DATA))
        self.add(f"call void %routine{function}(ptr {places}, ptr {dimensions}, ptr {steps}, ptr %routine{data})")

    def table(self, t: str, items: list[str]) -> str:
        """The address of some values, one behind the other."""
        name = f"%table_{self.label('')}"
        self.entry.append(f"  {name} = alloca [{len(items)} x {t}]")
        for k_, item in enumerate(items):
            self.add(f"store {t} {item}, ptr {self.value(f'getelementptr {t}, ptr {name}, i64 {k_}')}")
        return name

    def _c_function(self, s: k.Library, args: list[str]) -> None:
        position = self.library.setdefault(s.name, len(self.library))
        found = self.value(f"call i32 %routine{position}({', '.join(args)})")
        if s.status is not None:
            self.add(f"store i64 {self.value(f'sext i32 {found} to i64')}, ptr %{s.status.name}")

    def argument(self, kind: str, x: Any, *rest: Any) -> str:
        """The address of an argument: of a place in a buffer, or of a number put on the stack."""
        if kind == "buffer":
            return f"ptr {self.address(x, rest[0]) if rest[0] is not None else self.pointer(x)}"
        if kind == "count":
            return f"i64 {self.ref(x)}"
        if kind == "nothing":
            return "ptr null"
        name = f"%arg_{self.label('')}"
        t = {"char": "i8", "int": "i32"}.get(kind) or llvm_type(rest[0])
        self.entry.append(f"  {name} = alloca [2 x {t}]")
        if kind == "char":
            text = str(ord(x))
        elif kind == "int":
            text = self.value(f"trunc i64 {self.ref(x)} to i32") if x.op != "const" else str(x.data)
        else:
            text = literal(x, rest[0])
            if rest[1]:
                imaginary = self.value(f"getelementptr {t}, ptr {name}, i64 1")
                self.add(f"store {t} {literal(0.0, rest[0])}, ptr {imaginary}")
        self.add(f"store {t} {text}, ptr {name}")
        return f"ptr {name}"
