"""Code for the sizes at hand where they are small: a 3x3 matrix in registers, a state of two numbers.

Sizes stay symbols in a specialisation.  Only what is compiled is made for the small ones among
them; a call with other sizes goes to general code, compiled when the first such call comes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from bcad import backends, rewrite
from bcad.ir import ArrayType, Dim, Graph, Value, substitute

LARGEST = 16


def compiled_for(name: str, graph: Graph, sizes: Mapping[str, int]) -> backends.Compiled:
    """`graph` compiled by the backend `name`, for the small ones of `sizes` where that can pay."""
    backend = backends.get(name)
    graph = rewrite.prepare(graph) if name == "numba" else graph
    small = small_sizes(graph, sizes) if name.startswith("numba") and name != "numba-source" else {}
    if not small:
        return backend.compile(graph)
    made = backend.compile(rewrite.rename_sizes(graph, small), otherwise=_General(backend, graph))
    text = ", ".join(f"{symbol} = {size}" for symbol, size in small.items())
    made.report.notes.append(f"compiled for {text}; other sizes run general code")
    return made


def small_sizes(graph: Graph, sizes: Mapping[str, int]) -> dict[str, int]:
    """The symbols that inputs show and that are worth being numbers.

    A leading axis is most often a batch, which changes from call to call; so a symbol must stand
    behind another axis, or be the length of something that a loop works on.
    """
    shown = [s for v in graph.inputs for s in _shape(v) if isinstance(s, Dim) and s.is_symbol()]
    small = {str(s): sizes[str(s)] for s in shown if 1 < sizes.get(str(s), 0) <= LARGEST}
    if not small:
        return {}
    behind = {str(s) for v in _values(graph) for s in _shape(v)[1:]}
    looped = {str(s) for node in graph.nodes for r in node.regions for v in _values(r) for s in _shape(v)[-1:]}
    chosen = {symbol: size for symbol, size in small.items() if symbol in behind or symbol in looped}
    return {} if _makes_ones(graph, chosen) else chosen


def _makes_ones(graph: Graph, sizes: Mapping[str, int]) -> bool:
    """Whether a computed size would be the number 1, which is stretched where a symbol is held to be equal."""
    computed = {s for v in _values(graph) for s in _shape(v) if isinstance(s, Dim) and not s.is_symbol()}
    return any(substitute(s, sizes) == 1 for s in computed)


def _values(graph: Graph) -> list[Value]:
    found = list(graph.inputs)
    for node in graph.walk():
        found += node.outputs
    return found


def _shape(value: Value) -> tuple[Any, ...]:
    return tuple(value.type.shape) if isinstance(value.type, ArrayType) else ()


class _General:
    """The same graph for all sizes, compiled when it is first called."""

    def __init__(self, backend: backends.Backend, graph: Graph) -> None:
        self.backend, self.graph = backend, graph
        self._run: Any = None
        self._lock = threading.Lock()

    def __call__(self, *args: Any) -> list[Any]:
        if self._run is None:
            with self._lock:
                if self._run is None:
                    self._run = self.backend.compile(self.graph).run
        result: list[Any] = self._run(*args)
        return result
