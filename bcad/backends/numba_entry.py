"""The entry around a kernel: a C function that CPython calls, reading and making NumPy objects itself.

It is a METH_FASTCALL builtin.  After the inputs it may be given an array (or None) for each output,
of its dtype, contiguous and apart from the inputs: one of the right shape is written to and returned.  Arguments of exactly the expected classes, dtypes and
ranks (aligned, in C order or small enough to be put into it) are read at their fixed places; anything else goes to a
Python function (`slow`) that converts.  A run that is abandoned goes to `abandon`.  Called with a self, the function is *strict*: sizes that
are symbols must be more than one, and what it does not take as it is goes to `inspect`, which gives None for other types than the graph's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bcad.ir import ArrayType, Graph, Kind

from .kernel import Buffer, Kernel, Pair, scalar_of
from .numba_entry_helpers import ORDER, helper_text
from .numba_gil import HELPERS
from .numba_llvm import Body
from .numba_llvm_types import descr_name, llvm_type, memory_type
from .numba_regions import HELPERS as SHARING

HEAD = object.__basicsize__  # size of PyObject_HEAD
TYPE = HEAD - 8  # where an object's type stands
# PyArrayObject_fields, fixed by NumPy's ABI: data, nd, dimensions, strides, base, descr, flags
DATA, RANK, DIMENSIONS, DESCR, FLAGS = HEAD, HEAD + 8, HEAD + 16, HEAD + 40, HEAD + 48
ALIGNED = 0x100
SMALL = 2**18  # bytes of an argument that the entry copies; larger ones do not notice the way through Python


@dataclass
class Table:
    """What the compiled code is told when it is loaded: an address for each place, by key."""

    keys: list[Any] = field(default_factory=list)

    def place(self, *key: Any) -> int:
        if key not in self.keys:
            self.keys.append(key)
        return self.keys.index(key)


class Entry:
    """Builds the module of one kernel."""

    def __init__(self, graph: Graph, kernel: Kernel, shared: bool = False) -> None:
        self.graph, self.kernel = graph, kernel
        self.table = Table()
        self.body = Body(kernel, shared)
        self.head: list[str] = []
        self.count = 0
        self.arrays = [k for k, v in enumerate(graph.inputs) if v.type.kind is Kind.ARRAY and v.type.shape]
        for key in ("array_type", "slow", "inspect", "abandon", "empty", "none"):
            self.table.place(key)

    def text(self) -> str:
        """The LLVM IR of the module around the function that is called."""
        body = self.body
        self.require(self.line(f"icmp sge i64 %count, {len(self.graph.inputs)}"))
        for position, value in enumerate(self.graph.inputs):
            self.argument(position, value.type)
        self.check_sizes()
        self.put_in_order()
        body.prepare()
        self.release_for_large_inputs()
        body.block(self.kernel.body)
        tail = self.results()
        for position, array in enumerate(self.kernel.constants):
            self.from_table(f"%constant{position}", "constant", position, array.dtype.str)
        for name, position in body.library.items():
            self.from_table(f"%routine{position}", "routine", name)
        for dtype in self._dtypes():
            self.from_table(f"%descr_{descr_name(dtype)}", "descr", dtype.str)
        lines = ["define ptr @bcad_call(ptr %self, ptr %args, i64 %count) {", "entry:", *body.entry, *(body.parts.frame() if body.parts else ()), *self.common(),
                 *self.head, *body.lines, *tail, "}"]
        return self.assemble(lines)

    def assemble(self, lines: list[str]) -> str:
        slots = max((b.storage for b in self.kernel.buffers), default=0) + 1
        regions: list[str] = []
        if self.shares():
            regions = [SHARING.format(share=self.table.place("share")), *self.body.regions.functions]  # type: ignore[union-attr]
        if self.body.parts is not None:
            regions += self.body.parts.functions
        helpers = helper_text(table=len(self.table.keys), slots=slots, empty=self.table.place("empty"), nothing=self.table.place("none"),
                              dimensions=DIMENSIONS, shared=self.uses_frame()) + HELPERS
        if self.arrays:
            helpers += ORDER.format(flags=FLAGS, data=DATA, small=SMALL, copied=self.table.place("copied"))
        self.body.called.declares.add("declare i64 @llvm.umax.i64(i64, i64)")
        return "\n".join([helpers, self.body.called.text(), *self.body.functions.values(), *regions, *lines, *self.body.metadata]) + "\n"

    def straight(self) -> str:
        """The LLVM IR of a second module, of functions that `text` calls: without loops for LLVM to improve."""
        return self.body.parts.straight() if self.body.parts is not None else ""

    def shares(self) -> bool:
        """Whether threads share a loop."""
        return self.body.regions is not None and bool(self.body.regions.functions)

    def common(self) -> list[str]:
        """What every entry starts with: the status, output objects, and the frame of workspaces."""
        n = len(self.graph.outputs)  # kept in memory: as registers they would meet in every way out
        outs = [f"  %outs = alloca [{max(n, 1)} x ptr]",
                *(f"  %out{k} = getelementptr ptr, ptr %outs, i64 {k}\n  store ptr null, ptr %out{k}" for k in range(n))]
        outs.append(f"  %copies = alloca [{max(len(self.arrays), 1)} x ptr]")
        outs += [f"  %copy{k} = getelementptr ptr, ptr %copies, i64 {k}\n  store ptr null, ptr %copy{k}" for k in range(len(self.arrays))]
        frame = ["  %frame = inttoptr i64 0 to ptr"]
        if self.uses_frame():
            frame = ["  %frame = call ptr @bcad_take()", "  %frameless = icmp eq ptr %frame, null",
                     "  br i1 %frameless, label %abandon, label %framed", "framed:"]
        frame.append("  store i64 0, ptr %status")
        return ["  %status = alloca i64", "  store i64 -1, ptr %status", "  %overflow = alloca i32", "  %thread = alloca ptr", "  store ptr null, ptr %thread", f"  %offset_data = add i64 0, {DATA}", *outs, *frame]

    def uses_frame(self) -> bool:
        return any(b.kind == "work" for b in self.kernel.buffers)

    def _dtypes(self) -> list[Any]:
        found = {descr_name(v.type.dtype): v.type.dtype for v in self.graph.outputs if isinstance(v.type, ArrayType)}
        return list(found.values())

    def from_table(self, name: str, *key: Any) -> None:
        place = self.table.place(*key)
        self.head.insert(0, f"  {name} = load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {place})")

    # -- arguments --------------------------------------------------------------------------------------
    def line(self, text: str) -> str:
        self.count += 1
        self.head.append(f"  %u{self.count} = {text}")
        return f"%u{self.count}"

    def require(self, condition: str) -> None:
        """Go to the slow path unless `condition` holds."""
        self.count += 1
        self.head += [f"  br i1 {condition}, label %ok{self.count}, label %slow", f"ok{self.count}:"]

    def at(self, base: str, offset: int, type_: str) -> str:
        return self.line(f"load {type_}, ptr {self.line(f'getelementptr i8, ptr {base}, i64 {offset}')}")

    def known(self, *key: Any) -> str:
        return self.line(f"load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {self.table.place(*key)})")

    def argument(self, position: int, type_: Any) -> None:
        slot = self.line(f"getelementptr ptr, ptr %args, i64 {position}")
        self.head.append(f"  %arg{position} = load ptr, ptr {slot}")
        x = f"%arg{position}"
        cls = self.at(x, TYPE, "ptr")
        if type_.kind is Kind.ARRAY:
            self.require(self.line(f"icmp eq ptr {cls}, {self.known('array_type')}"))
            self.array(position, x, type_)
        else:
            key = ("python_type" if type_.kind is Kind.PYTHON else "scalar_type", type_.dtype.str)
            self.require(self.line(f"icmp eq ptr {cls}, {self.known(*key)}"))
            self.number(position, x, type_)

    def array(self, position: int, x: str, type_: ArrayType) -> None:
        self.require(self.line(f"icmp eq i32 {self.at(x, RANK, 'i32')}, {type_.ndim}"))
        self.require(self.line(f"icmp eq ptr {self.at(x, DESCR, 'ptr')}, {self.known('descr', type_.dtype.str)}"))
        flags = self.line(f"and i32 {self.at(x, FLAGS, 'i32')}, {ALIGNED}")
        self.require(self.line(f"icmp eq i32 {flags}, {ALIGNED}"))
        if not type_.shape:
            self.scalars(position, self.at(x, DATA, "ptr"), 0, type_.dtype)
            return
        dims = self.at(x, DIMENSIONS, "ptr")
        for axis, size in enumerate(type_.shape):
            found = self.at(dims, 8 * axis, "i64")
            self.head.append(f"  %in{position}_dim{axis} = add i64 {found}, 0")
            if isinstance(size, int):
                self.require(self.line(f"icmp eq i64 {found}, {size}"))

    def check_sizes(self) -> None:
        """Axes that the types say are equal must be."""
        first: dict[str, str] = {}
        self.head.append("  %loose = icmp eq ptr %self, null")
        for position, value in enumerate(self.graph.inputs):
            for axis, size in enumerate(value.type.shape):
                if not isinstance(size, int) and size.is_symbol():
                    found = f"%in{position}_dim{axis}"
                    known = first.setdefault(str(size), found)
                    if known == found:
                        self.require(self.line(f"or i1 %loose, {self.line(f'icmp ugt i64 {found}, 1')}"))
                    else:
                        self.require(self.line(f"icmp eq i64 {known}, {found}"))

    def put_in_order(self) -> None:
        """Where the items of arrays stand one after the other: in the arrays, or in copies."""
        for k, position in enumerate(self.arrays):
            type_ = self.graph.inputs[position].type
            bytes_ = str(type_.dtype.itemsize)
            for axis in range(type_.ndim):
                bytes_ = self.line(f"mul i64 {bytes_}, %in{position}_dim{axis}")
            copy = self.line(f"getelementptr ptr, ptr %copies, i64 {k}")
            self.head.append(f"  %in{position}_data = call ptr @bcad_in_order(ptr %arg{position}, ptr {copy}, i64 {bytes_})")
            self.require(self.line(f"icmp ne ptr %in{position}_data, null"))

    def release_for_large_inputs(self) -> None:
        """Library calls on large arrays need no other hint."""
        body = self.body
        for position, value in enumerate(self.graph.inputs):
            elements = "1"
            for axis in range(len(value.type.shape)):
                size = f"%in{position}_dim{axis}"
                elements = size if axis == 0 else body.value(f"mul i64 {elements}, {size}")
            if body.gil.used and elements != "1":
                body.gil.release(elements)

    def scalars(self, position: int, base: str, offset: int, dtype: Any) -> None:
        t = scalar_of(dtype)
        assert t is not None
        for part in range(1 + (dtype.kind == "c")):
            found = self.at(base, offset + part * dtype.itemsize // 2, memory_type(t))
            text = f"icmp ne i8 {found}, 0" if t == "b1" else _same(found, llvm_type(t))
            self.head.append(f"  %in{position}_{part} = {text}")

    def number(self, position: int, x: str, type_: ArrayType) -> None:
        if type_.kind is Kind.PYTHON and type_.dtype.kind == "i":
            self.head.append(f"  %in{position}_0 = call i64 @PyLong_AsLongLongAndOverflow(ptr {x}, ptr %overflow)")
            self.require(self.line(f"icmp eq i32 {self.line('load i32, ptr %overflow')}, 0"))
        elif type_.kind is Kind.PYTHON and type_.dtype.kind == "b":
            self.head.append(f"  %in{position}_0 = icmp eq ptr {x}, {self.known('true')}")
        else:
            self.scalars(position, x, HEAD, type_.dtype)

    # -- results ---------------------------------------------------------------------------------------
    def results(self) -> list[str]:
        body, n = self.body, len(self.graph.outputs)
        before = len(body.lines)
        acquire = ["  call void @bcad_acquire(ptr %thread)"] if body.gil.used else []
        body.lines += acquire
        for k, (value, made) in enumerate(zip(self.graph.outputs, self.kernel.outputs, strict=True)):
            if not isinstance(made, Buffer):
                self.give_number(k, value.type, made)
        give_back = self.give_back()
        lines = [*body.lines[before:], *give_back, f"  %list = call ptr @PyList_New(i64 {n})"]
        del body.lines[before:]
        taken: set[int] = set()
        for k, made in enumerate(self.kernel.outputs):
            source = made.position if isinstance(made, Buffer) else k
            lines.append(f"  %item{k} = load ptr, ptr %out{source}")
            if source in taken:
                lines.append(f"  call void @Py_IncRef(ptr %item{k})")
            taken.add(source)
            lines.append(f"  %set{k} = call i32 @PyList_SetItem(ptr %list, i64 {k}, ptr %item{k})")
        lines += ["  ret ptr %list", *body.ways_out(), "abandon:", *acquire, *give_back, f"  call void @bcad_drop(ptr %outs, i64 {n})",
                  "  %why = load i64, ptr %status", "  %lacking = icmp eq i64 %why, -1",
                  "  br i1 %lacking, label %scarce, label %another", "scarce:", "  call void @bcad_no_memory()",
                  "  ret ptr null", "another:", "  call void @PyErr_Clear()"]
        lines += self._detour("abandon")
        if self.shares():  # an exception while threads were at work, such as the user's interruption
            lines += ["raise:", *give_back, f"  call void @bcad_drop(ptr %outs, i64 {n})"]
            lines.append("  ret ptr null")
        lines += ["slow:", *give_back]
        return [*lines, "  %relaxed = icmp eq ptr %self, null", "  br i1 %relaxed, label %convert, label %inspect", "convert:",
                *self._detour("slow"), "inspect:", *self._detour("inspect")]

    def give_back(self) -> list[str]:
        """What ends every call: its workspace is others' again, its copies are gone."""
        frame = ["  call void @bcad_give_back(ptr %frame)"] if self.uses_frame() else []
        copies = [f"  call void @bcad_drop(ptr %copies, i64 {len(self.arrays)})"] if self.arrays else []
        return frame + copies

    def _detour(self, key: str) -> list[str]:
        name, place = f"%to_{key}", self.table.place(key)
        return [
            f"  {name} = load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {place})",
            f"  {name}_result = call ptr @PyObject_Vectorcall(ptr {name}, ptr %args, i64 %count, ptr null)",
            f"  ret ptr {name}_result",
        ]

    def give_number(self, k: int, type_: Any, made: Any) -> None:
        body = self.body
        t = scalar_of(type_.dtype)
        assert t is not None
        parts = [made.re, made.im] if isinstance(made, Pair) else [made]
        refs = [body.ref(p) for p in parts]
        if type_.kind is Kind.PYTHON:
            made_ = body.value(self._python_number(type_.dtype, t, refs))
            body.add(f"store ptr {made_}, ptr %out{k}")
            return
        if type_.kind is Kind.SCALAR and t == "b1":
            body.add(f"store ptr {self._flag(refs[0])}, ptr %out{k}")
            return
        if type_.kind is Kind.SCALAR:
            cls = body.value(f"load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {self._scalar_place(type_)})")
            made_ = body.value(f"call ptr @PyType_GenericAlloc(ptr {cls}, i64 0)")
            target = body.value(f"getelementptr i8, ptr {made_}, i64 {HEAD}")
        else:
            made_ = body.value(f"call ptr @bcad_array(i32 0, ptr null, ptr %descr_{descr_name(type_.dtype)}, ptr %thread, ptr null)")
            target = body.value(f"load ptr, ptr {body.value(f'getelementptr i8, ptr {made_}, i64 {DATA}')}")
        for part, ref in enumerate(refs):
            value = body.value(f"zext i1 {ref} to i8") if t == "b1" else ref
            place = body.value(f"getelementptr {memory_type(t)}, ptr {target}, i64 {part}")
            body.add(f"store {memory_type(t)} {value}, ptr {place}")
        body.add(f"store ptr {made_}, ptr %out{k}")

    def _flag(self, ref: str) -> str:
        """``np.True_`` or ``np.False_``: there is one of each, and NumPy asks which by identity."""
        places = (f"ptr getelementptr (i64, ptr @bcad_table, i64 {self.table.place('flag', truth)})" for truth in (True, False))
        known = self.body.value("load ptr, ptr " + self.body.value(f"select i1 {ref}, {', '.join(places)}"))
        self.body.add(f"call void @Py_IncRef(ptr {known})")
        return known

    def _scalar_place(self, type_: ArrayType) -> int:
        return self.table.place("scalar_type", type_.dtype.str)

    def _python_number(self, dtype: Any, t: str, refs: list[str]) -> str:
        if dtype.kind == "f":
            return f"call ptr @PyFloat_FromDouble(double {refs[0]})"
        if dtype.kind == "c":
            return f"call ptr @PyComplex_FromDoubles(double {refs[0]}, double {refs[1]})"
        if dtype.kind == "b":
            return f"call ptr @PyBool_FromLong(i64 {self.body.value(f'zext i1 {refs[0]} to i64')})"
        return f"call ptr @PyLong_FromLongLong(i64 {refs[0]})"


def _same(name: str, t: str) -> str:
    """An instruction that gives `name` another name."""
    return f"select i1 true, {t} {name}, {t} {name}"

