"""Entry: runs a graph by NumPy at first, and compiled when that pays."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bcad import backends
from bcad.errors import CompileError
from bcad.finite import run_checked
from bcad.garbage import seldom_collected
from bcad.ir import ArrayType, Graph, Kind
from bcad.log import announced, log
from bcad.options import options
from bcad.small_sizes import compiled_for

_PAYS_AFTER_CALLS = 6
_IN_BACKGROUND = 600  # nodes from which compiling takes seconds
_PAYS_AFTER_SECONDS = 0.15  # spent in the NumPy executor
_compiling: set[threading.Thread] = set()


@atexit.register
def _wait() -> None:
    """Let threads that compile come to their end: LLVM cannot be left by a process that ends under it."""
    for thread in list(_compiling):
        thread.join()


class Entry:
    """Runs a graph: by NumPy at first, compiled when that pays.

    Attributes
    ----------
    graph : Graph
    backend : str
        'auto', or the name of a backend that runs every call.
    sizes : mapping of str to int
        What the symbols are in the example.
    parallel : bool
        Whether threads share the loops of compiled code.
    """

    def __init__(self, graph: Graph, backend: str, sizes: Mapping[str, int], parallel: bool = False) -> None:
        self.graph = graph
        self.parallel = parallel
        self.backend = backend
        self.sizes = sizes
        self._price = backends.compile_seconds(graph)
        self._thread: threading.Thread | None = None
        self._compiled = self._made_by("numpy" if backend == "auto" else backend)
        self._final = backend != "auto"
        self._large = sum(1 for _ in graph.walk()) > _IN_BACKGROUND
        self._callers: list[dict[str, Any]] = []
        self._calls = 0
        self._seconds = 0.0
        self._lock = threading.Lock()

    def _made_by(self, name: str) -> backends.Compiled:
        name = "numba-parallel" if name == "numba" and self.parallel else name
        try:
            if name == "numpy":
                return compiled_for(name, self.graph, self.sizes)
            waited_for = options.progress and threading.current_thread() is not self._thread
            level = logging.WARNING if waited_for else logging.INFO
            with announced(f"compiling {self.graph.name}", self._price, level), seldom_collected():
                return compiled_for(name, self.graph, self.sizes)
        except backends.Abandoned:
            raise
        except Exception as error:
            if self.backend == "auto" and name != "numpy":  # the NumPy executor is right, only slower
                log.warning("%s stays in NumPy: %s cannot compile it (%s)", self.graph.name, name, error)
                self._compiled.report.in_numpy.append((self.graph.name, f"{name} failed: {error}"))
                return self._compiled
            raise CompileError(
                f"backend {name!r} cannot compile {self.graph.name}: {type(error).__name__}: {error}",
                why="a bug of bcad: it took the graph for one that it supports",
                hint='backend="numpy" runs the same graph',
            ) from error

    def report(self) -> str:
        """What runs the graph now, and where it stands between NumPy and compiled code."""
        waiting = "" if self._final else f"\ncalls in NumPy so far: {self._calls}, in {1e3 * self._seconds:.3g} ms"
        return f"{self._compiled.report}{waiting}"

    @property
    def compiled(self) -> backends.Compiled:
        """What runs the graph now; it has `source` and `report`."""
        return self._compiled

    @property
    def final(self) -> bool:
        """Whether what runs the graph now stays."""
        return self._final

    def __call__(self, *values: Any) -> list[Any]:
        if options.check_finite:
            return run_checked(self.graph, values)
        if self._final:
            return self._compiled.run(*values)
        if backends.numpy_seconds(self.graph, values) > self._price:
            self.compile()
            return self._compiled.run(*values)
        started = time.perf_counter()
        outputs = self._compiled.run(*values)
        self._seconds += time.perf_counter() - started
        self._calls += 1
        if self._calls >= _PAYS_AFTER_CALLS or self._seconds > _PAYS_AFTER_SECONDS:
            self._compile_at_leisure()
        return outputs

    def run_into(self, values: Sequence[Any], out: Sequence[Any]) -> list[Any]:
        """A run that makes its outputs in the arrays of `out` (one or None for each) where they can serve."""
        if options.check_finite or not (self._final and self._compiled.takes_outputs):
            return self(*values)
        arrays = [x for x in values if isinstance(x, np.ndarray)]
        types = [v.type for v in self.graph.outputs]
        return self._compiled.run(*values, *[_serves(a, t, [*arrays, *_others(out, a)]) for a, t in zip(out, types, strict=True)])

    def _compile_at_leisure(self) -> None:
        """Compile unless another thread does; a large graph beside the calls that go on meanwhile."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
            if not self._large:
                self.compile()
            elif self._thread is None:
                log.info("compiling %s in the background", self.graph.name)
                self._thread = threading.Thread(target=self._compile_aside, daemon=True, name=f"bcad compiles {self.graph.name}")
                _compiling.add(self._thread)
                self._thread.start()

    def _compile_aside(self) -> None:
        try:
            self.compile()
        finally:
            _compiling.discard(threading.current_thread())

    def hand_over_to(self, names: dict[str, Any]) -> None:
        """Let the generated caller whose globals these are reach the final code without detour."""
        self._callers.append(names)
        if self._final:
            names["run"] = self._compiled.run

    def compile(self, backend: str = "numba") -> None:
        """Hand over to the compiled code from the next call on."""
        with self._lock:
            if self._final:
                return
            self._compiled = self._made_by(backend)
            self._final = True
            for names in self._callers:
                names["run"] = self._compiled.run


def _serves(array: Any, type_: Any, others: Sequence[Any]) -> Any:
    """`array` if compiled code may write an output of this type to it, else None."""
    if type(array) is not np.ndarray or not isinstance(type_, ArrayType) or type_.kind is not Kind.ARRAY:
        return None
    flags = array.flags
    whole = array.ndim == type_.ndim > 0 and flags.c_contiguous and flags.aligned and flags.writeable
    if not whole or array.dtype != type_.dtype or not array.dtype.isnative:
        return None
    return None if any(np.may_share_memory(array, other) for other in others) else array


def _others(arrays: Sequence[Any], one: Any) -> list[Any]:
    """The arrays among `arrays`, but for one mention of `one`."""
    found = [a for a in arrays if isinstance(a, np.ndarray)]
    for k, a in enumerate(found):
        if a is one:
            return found[:k] + found[k + 1 :]
    return found
