"""The CPU backend: kernels compiled by LLVM, called as builtins; what cannot be compiled runs in NumPy."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from bcad.ir import ArrayType, Graph, Kind, Node, Value, constant_op, dim_op

from .backend import Abandoned, Compiled, Report
from .decompose import decompose
from .kernel import Kernel, scalar_of
from .lower import lower
from .numba_llvm_rows import as_rows
from .numpy_source import NumpyBackend
from .ownership import borrowed, owning, repeated
from .scalars import Unsupported
from .segments import Schedule, Segment, cut
from .specials import has_rule
from .strips import in_strips
from .threads import share


class NumbaBackend:
    """Compiles what it can of a graph, and says what it cannot."""

    name = "numba"
    shared = False  # whether threads share loops

    def compile(self, graph: Graph, otherwise: Run | None = None) -> Compiled:
        made = in_segments(decompose(graph), functools.partial(compile_kernel, shared=self.shared), self.name)
        if otherwise is not None:
            made.run = for_sizes_of(graph, made, otherwise)
        return made


class ParallelBackend(NumbaBackend):
    """The same, with loops that threads share where their turns are independent."""

    name = "numba-parallel"
    shared = True


T = TypeVar("T")
Run = Callable[..., list[Any]]
CompileWhole = Callable[..., Compiled]


def for_sizes_of(graph: Graph, made: Compiled, otherwise: Run) -> Run:
    """Runs `made` on arguments of the sizes that the graph's inputs have, `otherwise` on others."""
    fits = FixedSizes(graph)
    if isinstance(made, Kerneled):  # its entry looks at the sizes
        made.detours.otherwise = lambda *args: None if fits(args) else otherwise(*args)
        return made.run
    run = made.run
    return lambda *args: run(*args) if fits(args) else otherwise(*args)


class FixedSizes:
    """Whether arguments have the sizes that are numbers in the types of a graph's inputs."""

    def __init__(self, graph: Graph) -> None:
        self.fixed = [
            (position, axis, size)
            for position, value in enumerate(graph.inputs)
            for axis, size in enumerate(getattr(value.type, "shape", ()))
            if isinstance(size, int)
        ]

    def __call__(self, args: Sequence[Any]) -> bool:
        return all(np.shape(args[position])[axis] == size for position, axis, size in self.fixed)


def in_segments(graph: Graph, compile_whole: CompileWhole, name: str) -> Compiled:
    """`graph` compiled; what is refused is left to NumPy, one node after another (and all nodes like it)."""
    first = Unsupported("nothing in it is compiled")
    if not foreign_nodes(graph):
        try:
            made = compile_whole(graph)
            made.run = owning(made.run, repeated(graph))
            return made
        except Unsupported as reason:
            first = reason
    try:
        schedule, reasons = without_refused(graph, first, lambda parts: Schedule(graph, parts, compile_whole))
    except Unsupported as reason:
        return in_numpy(graph, reason, name)
    schedule.report.backend, schedule.report.in_numpy = name, reasons
    return Compiled(owning(schedule.run, borrowed(graph)), "\n\n".join(schedule.sources), schedule.report)


def without_refused(
    graph: Graph, first: Unsupported, build: Callable[[list[Segment]], T]
) -> tuple[T, list[tuple[str, str]]]:
    """What `build` makes of segments none of which is refused, and what is left to NumPy and why.

    Raises
    ------
    Unsupported
        If nothing is left to compile; `first`, which the whole was refused for, or the latest reason.
    """
    foreign = foreign_nodes(graph)
    failed = first if first.node in graph.nodes else None
    excluded = set(foreign)
    reasons: list[tuple[str, str]] = [(node.op.name, why) for node, why in foreign.items()]
    while failed is not None or excluded:
        if failed is not None and failed.node is not None:
            excluded |= alike(graph, failed.node)
            reasons.append((failed.node.op.name, str(failed)))
        segments = cut(graph, excluded)
        if not any(s.compiled for s in segments):
            break
        try:
            return build(segments), reasons
        except Unsupported as again:
            first, failed = again, original(graph, again, excluded)
            if failed is None:
                break
    raise first


def original(graph: Graph, failure: Unsupported, excluded: set[Node]) -> Unsupported | None:
    """The failure, its node replaced by the one of `graph` that it is a copy of."""
    copy = failure.node
    for node in graph.nodes:
        if copy is None or node in excluded or node.op is not copy.op or node.attrs != copy.attrs:
            continue
        if all(str(a.type) == str(b.type) for a, b in zip(node.inputs, copy.inputs, strict=False)):
            failure.node = node
            return failure
    return None


def in_numpy(graph: Graph, reason: Unsupported, name: str) -> Compiled:
    """The whole of `graph`, executed by NumPy."""
    fallback = NumpyBackend().compile(graph)
    fallback.report.backend = name
    fallback.report.in_numpy.append((graph.name, str(reason)))
    return fallback


def foreign_nodes(graph: Graph) -> dict[Node, str]:
    """Nodes that cannot be compiled wherever they stand, each with the reason."""
    found = {}
    for node in graph.nodes:
        if node.op in (constant_op, dim_op):
            continue
        if not all(map(compilable, (*node.inputs, *node.outputs))):
            found[node] = "a type that is not compiled"
        elif not has_rule(node):
            found[node] = f"{node.op.name} is not compiled"
    return found


def compilable(value: Value) -> bool:
    return isinstance(value.type, ArrayType) and scalar_of(value.type.dtype) is not None


def alike(graph: Graph, node: Node) -> set[Node]:
    """The nodes that will be refused for the same reason."""
    types = [str(v.type) for v in node.inputs]
    return {n for n in graph.nodes if n.op is node.op and [str(v.type) for v in n.inputs] == types and n.attrs == node.attrs}


def compile_kernel(graph: Graph, sizes: Sequence[str] = (), shared: bool = False, rows: bool = True) -> Compiled:
    """The whole of `graph` as one compiled function; Unsupported if a part cannot be.

    Its last inputs are the values of the symbols in `sizes`. `rows` if short loops are printed as vectors.
    """
    from .numba_engine import load_module
    from .numba_entry import Entry

    start = time.perf_counter()
    kernel = in_strips(lower(graph, sizes, by_rows=not shared))
    if rows:
        as_rows(kernel.body)
    lowered = time.perf_counter()
    entry = Entry(graph, kernel, shared)
    text = entry.text()
    straight = entry.straight()
    printed = time.perf_counter()
    detours = Detours(graph, kernel)
    try:
        loaded = load_module(text, "bcad_call", addresses(entry.table.keys, kernel, detours), straight)
    except RuntimeError as error:  # a bug of ours, or of LLVM's: the report shows it and NumPy does the work
        if rows:  # LLVM 22 uses parts of small arrays that are vectors before they are made, now and then
            return compile_kernel(graph, sizes, shared, rows=False)
        raise Unsupported(f"LLVM refused the code: {str(error).splitlines()[0]}") from error
    detours.run = loaded.run
    seconds = {"lower": lowered - start, "print": printed - lowered, "compile": time.perf_counter() - printed}
    report = Report("numba", kernel.summary, seconds=seconds, stored=kernel.stored)
    if entry.body.regions is not None:
        report.notes += [f"loops that threads share: {len(entry.body.regions.functions)}", *entry.body.regions.notes]
    report.kept = Workspaces(kernel, detours, loaded.symbol if entry.uses_frame() else None).kept
    return Kerneled(loaded.run, text + straight, report, detours, loaded.strict)


class Workspaces:
    """The memory that a compiled function keeps for the next call, looked at between calls."""

    def __init__(self, kernel: Kernel, detours: Detours, symbol: Callable[[str], int] | None) -> None:
        self.tapes = {b.storage for b in kernel.buffers if b.tape}
        self.count = max((b.storage for b in kernel.buffers), default=0) + 1
        self.detours = detours
        self._functions = (symbol("bcad_take"), symbol("bcad_give_back")) if symbol is not None else None

    def kept(self) -> tuple[int, int]:
        """The bytes of tapes, and of other temporary arrays in one workspace and of copied arguments."""
        import ctypes

        copies = self.detours.spare_bytes()
        if self._functions is None:
            return 0, copies
        take, give_back = self._functions
        frame = ctypes.CFUNCTYPE(ctypes.c_void_p)(take)()
        if frame is None:
            raise MemoryError
        try:
            places = (ctypes.c_int64 * (2 * self.count)).from_address(frame)  # for each storage its address and its size
            sizes = [places[2 * k + 1] for k in range(self.count)]
        finally:
            ctypes.CFUNCTYPE(None, ctypes.c_void_p)(give_back)(frame)
        tapes = sum(sizes[k] for k in self.tapes)
        return tapes, sum(sizes) - tapes + copies


class Kerneled(Compiled):
    """A graph compiled as one function."""

    def __init__(self, run: Run, source: str, report: Report, detours: Detours, strict: Run) -> None:
        super().__init__(run, source, report, takes_outputs=True)
        self.detours = detours
        self._own, self._strict = run, strict

    def strict(self, fits: Callable[[Sequence[Any]], bool]) -> Run | None:
        if self.run is not self._own:  # outputs are copied
            return None
        self.detours.fits = fits
        return self._strict


class Detours:
    """The paths taken rarely: arguments that need converting, runs that are abandoned."""

    def __init__(self, graph: Graph, kernel: Kernel) -> None:
        self.graph, self.kernel = graph, kernel
        self.run: Callable[..., Any] | None = None
        self.otherwise: Callable[..., list[Any] | None] | None = None  # what runs other sizes; None where they fit
        self.fits: Callable[[Sequence[Any]], bool] = lambda values: False  # whether inputs are what a strict call is for
        self._numpy: Callable[..., list[Any]] | None = None
        self._busy = threading.local()
        self._spare: dict[int, Any] = {}  # by input: where arrays of another layout are copied to

    def slow(self, *args: Any) -> list[Any]:
        """Convert the arguments to what the compiled code reads, and call it again."""
        if getattr(self._busy, "value", False):  # converted already: sizes do not fit
            return self.in_numpy(*args)
        inputs, outputs = self._apart(args)
        if self.otherwise is not None and (result := self.otherwise(*inputs)) is not None:
            return result
        self._busy.value = True
        copies: list[tuple[int, Any]] = []
        try:
            return self.run(*self._converted(inputs, copies), *outputs)  # type: ignore[misc]
        finally:
            self._busy.value = False
            for position, array in copies:
                self._spare[position] = array

    def inspect(self, *args: Any) -> list[Any] | None:
        """What a strict call does not take as it is: None if the inputs are of other types, else as `slow`."""
        inputs, _ = self._apart(args)
        return self.slow(*args) if self.fits(inputs) else None

    def _converted(self, inputs: Sequence[Any], copies: list[tuple[int, Any]]) -> Iterator[Any]:
        """The inputs as compiled code reads them; arrays of another layout in memory that is kept for the next call."""
        for position, (x, value) in enumerate(zip(inputs, self.graph.inputs, strict=True)):
            if type(x) is np.ndarray and x.dtype == value.type.dtype and x.ndim == value.type.ndim:
                if x.flags.c_contiguous and x.flags.aligned and x.dtype.isnative:
                    yield x
                    continue
                spare = self._spare.pop(position, None)  # nobody else has it now
                if spare is None or spare.shape != x.shape:
                    spare = np.empty(x.shape, value.type.dtype)
                np.copyto(spare, x)
                copies.append((position, spare))
                yield spare
            else:
                yield canonical(x, value.type)

    def spare_bytes(self) -> int:
        """How much memory is kept for copies of arguments."""
        return sum(array.nbytes for array in list(self._spare.values()))

    def abandon(self, *args: Any) -> list[Any]:
        """What the compiled code refused to go on with, by NumPy: the true exception comes from there."""
        return self.in_numpy(*args)

    def _apart(self, args: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """The inputs, and the arrays for outputs if there are any."""
        n = len(self.graph.inputs)
        if len(args) not in (n, n + len(self.graph.outputs)):
            raise TypeError(f"{self.graph.name} takes {n} values, not {len(args)}")
        return args[:n], args[n:]

    def in_numpy(self, *args: Any) -> list[Any]:
        inputs, _ = self._apart(args)
        if self._numpy is None:
            self._numpy = NumpyBackend().compile(self.graph).run
        from bcad.ops import CheckFailed

        try:
            return self._numpy(*inputs)
        except CheckFailed as error:
            raise Abandoned(str(error)) from error


def canonical(x: Any, type_: Any) -> Any:
    """`x` as the exact class, dtype and layout that compiled code reads."""
    if type_.kind is Kind.ARRAY:
        array = np.asarray(x)
        if array.dtype != type_.dtype and not np.can_cast(array.dtype, type_.dtype, "same_kind"):
            raise TypeError(f"an array of dtype {type_.dtype} was expected, not {array.dtype}")
        return np.require(array, np.dtype(type_.dtype.str), ["C", "A"])
    if type_.kind is Kind.PYTHON:
        return type_.python_type(x)
    return type_.dtype.type(x)


def addresses(keys: list[Any], kernel: Kernel, detours: Detours) -> list[tuple[int, Any]]:
    """For each key of an entry's table its address, and an object to keep alive."""
    return [address(key, kernel, detours) for key in keys]


def address(key: tuple[Any, ...], kernel: Kernel, detours: Detours) -> tuple[int, Any]:
    """An address for compiled code, and what must live as long as it."""
    what = key[0]
    if what in ("slow", "inspect", "abandon"):
        function = getattr(detours, what)
        return id(function), function
    if what == "constant":
        array = np.array(kernel.constants[key[1]])
        return int(array.ctypes.data), array
    if what == "descr":
        dtype = np.dtype(key[1])
        return id(dtype), dtype
    if what == "flag":
        return id(np.bool_(key[1])), np.bool_(key[1])
    if what == "scalar_type":
        cls: Any = np.dtype(key[1]).type
        return id(cls), cls
    if what == "python_type":
        cls = {"b": bool, "i": int, "f": float, "c": complex}[np.dtype(key[1]).kind]
        return id(cls), cls
    return known_address(key)


def known_address(key: tuple[Any, ...]) -> tuple[int, Any]:
    """Addresses that depend on nothing but this process."""
    if key[0] == "array_type":
        return id(np.ndarray), np.ndarray
    if key[0] == "true":
        return id(True), True
    if key[0] == "share":
        return id(share), share
    if key[0] == "none":
        return id(None), None
    if key[0] == "empty":
        return numpy_api(184), None  # PyArray_Empty
    if key[0] == "copied":
        return numpy_api(85), None  # PyArray_NewCopy
    return library_address(key[1]), None


def numpy_api(position: int) -> int:
    """A function of NumPy's C API, by its fixed position."""
    import ctypes

    capsule = np._core._multiarray_umath._ARRAY_API  # type: ignore[attr-defined]
    table = capsule_pointer(capsule, None)
    return int(ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[position] or 0)


def capsule_pointer(capsule: Any, name: bytes | None) -> int:
    import ctypes

    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get(capsule, name))


def library_address(name: str) -> int:
    """A BLAS or LAPACK routine of the library that SciPy uses, or one of its special functions."""
    import ctypes

    from . import complex_functions, numpy_loops, numpy_sorts, special_functions

    if name.startswith(numpy_loops.PREFIX):
        return numpy_loops.address(name)
    if name.startswith(special_functions.PREFIX):
        return special_functions.address(name)
    if name.startswith(complex_functions.PREFIX):
        return complex_functions.address(name)
    if name.startswith(numpy_sorts.PREFIX):
        return numpy_sorts.address(name)

    from scipy.linalg import cython_blas, cython_lapack

    for module in (cython_blas, cython_lapack):
        capsule = module.__pyx_capi__.get(name)
        if capsule is not None:
            describe = ctypes.pythonapi.PyCapsule_GetName
            describe.restype, describe.argtypes = ctypes.c_char_p, [ctypes.py_object]
            return capsule_pointer(capsule, describe(capsule))
    raise Unsupported(f"no routine {name}")


