"""The arrays from outside: each has one cell in traced code, whatever the ways to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Value

from ..tracers import ArrayTracer
from .guards import HasFlag, HasLayout, HasStrides, Same
from .sources import Pinned, Source
from .stored import name_of

if TYPE_CHECKING:
    from ..session import Session

NUMERIC = "biufc"


class OuterArrays:
    """The arrays that were there before the call.

    Attributes
    ----------
    cells : dict of id to (ndarray, ArrayTracer, Source)
        The arrays, and the tracers that stand for them.
    initial : dict of id to Value
        What a tracer held before any write.
    unclear : dict of id to ArrayTracer
        Tracers of arrays that may or may not share their memory with another.
    laid : dict of Value to list of ArrayTracer
        Arrays that have held a Value without being its result, or that arrays with it are laid out as.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.cells: dict[int, tuple[Any, ArrayTracer, Source]] = {}
        self.initial: dict[int, Any] = {}
        self._originals: dict[int, tuple[Any, Source]] = {}  # by id of an array's cell
        self.unclear: dict[int, ArrayTracer] = {}
        self._reshaped: dict[int, tuple[ArrayTracer, ArrayTracer]] = {}
        self.laid: dict[Value, list[ArrayTracer]] = {}
        self._holders: dict[Value, ArrayTracer] = {}

    def depend(self, root: ArrayTracer, *cells: ArrayTracer) -> None:
        """Whether arrays share memory is as the layout of `root` says."""
        self._reshaped.update({id(cell): (cell, root) for cell in cells})

    def layout_behind(self, cell: ArrayTracer) -> ArrayTracer | None:
        """The array whose layout says with what another shares memory, if any."""
        found = self._reshaped.get(id(cell))
        return None if found is None else found[1]

    def lift(self, value: Any, source: Source) -> Any:
        """The stand-in of a value from outside."""
        raise NotImplementedError

    def register(self, obj: Any, source: Source) -> Source:
        """Note that `obj` was there before the call."""
        raise NotImplementedError

    def array(self, value: np.ndarray, source: Source) -> Any:
        """The cell that stands for an array from outside."""
        if value.dtype.kind not in NUMERIC:
            self.session.guard(HasLayout(source, value.dtype, value.shape))
            self.register(value, source)
            return value
        known = self.cells.get(id(value))
        if known is not None:
            if known[2] != source:
                self.session.guard(Same(source, known[2]))
            return known[1]
        cell: Any = self.session.input(value, name_of(source), source)
        self.cells[id(value)] = self._note(cell, value, source)
        return cell

    def _note(self, cell: Any, value: np.ndarray, source: Source) -> tuple[Any, ArrayTracer, Source]:
        cell._writeable = bool(value.flags.writeable)
        self.initial[id(cell)] = cell._value
        self._holders[cell._value] = cell
        self._originals[id(cell)] = value, source
        return value, cell, source

    def cell(self, value: np.ndarray) -> Any:
        """The cell of an array that turned up without a known source: the array itself is pinned."""
        known = self.cells.get(id(value))
        return known[1] if known is not None else self.lift(value, Pinned(value, "an array"))

    def input_of(self, tracer: Any) -> Any:
        """The graph's input that an argument's tracer stood for at first."""
        return self.initial.get(id(tracer), tracer._value)

    def is_copy(self, cell: ArrayTracer) -> bool:
        """Whether an array made while tracing holds just what one from outside holds."""
        return cell._base is None and cell._value.node is None and id(cell) not in self.initial

    def flag(self, cell: Any, name: str) -> bool | None:
        """A flag of the array that `cell` stands for, held to; None if it was made while tracing."""
        known = self._originals.get(id(cell))
        if known is None:
            return None
        value = bool(getattr(known[0].flags, name))
        self.session.guard(HasFlag(known[1], name, value))
        return value

    def hold_layout(self, cell: Any) -> None:
        """Hold later calls to how the array that `cell` stands for lies in memory."""
        ordered = [self.flag(cell, name) for name in ("c_contiguous", "f_contiguous")]
        if ordered == [False, False]:
            array, source = self._originals[id(cell)]
            self.session.guard(HasStrides(source, array.shape, array.strides))

    def is_contiguous(self, cell: Any) -> bool:
        """Whether the array that `cell` stands for lies in C order; one made while tracing does."""
        known = self._originals.get(id(cell))
        return known is None or bool(known[0].flags.c_contiguous)

    def holder(self, value: Value) -> ArrayTracer | None:
        """The cell of the array from outside that an input of the graph is."""
        return self._holders.get(value)

    def original(self, cell: Any) -> np.ndarray | None:
        """The array from outside that a cell stands for."""
        known = self._originals.get(id(cell))
        return None if known is None else known[0]

    def standing_for(self, cell: Any) -> tuple[np.ndarray, Source] | None:
        """The same array, and where it stands."""
        return self._originals.get(id(cell))

    def is_written(self, cell: ArrayTracer) -> bool:
        """Whether the call writes to the array from outside that a cell stands for."""
        return cell._read() is not self.initial[id(cell)]
