"""Backend and Compiled: what turning a graph into something that runs means; the registry of backends."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bcad.ir import Graph


@dataclass
class Report:
    """What a compiled graph consists of.

    Attributes
    ----------
    backend : str
    kernels : list of str
        One line for each loop nest or library call.
    in_numpy : list of (str, str)
        What is executed by NumPy instead of compiled code, with the reason.
    seconds : dict of str to float
        How long each phase took (lower, print, compile).
    notes : list of str
        What else one should know.
    stored : list of str
        What is written to memory between loops instead of being fused, with the reason.
    kept : callable, optional
        Gives the bytes that are kept from call to call: of tapes, and of other temporary arrays.
    """

    backend: str = ""
    kernels: list[str] = field(default_factory=list)
    in_numpy: list[tuple[str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    kept: Callable[[], tuple[int, int]] | None = None

    def __str__(self) -> str:
        lines = [f"backend: {self.backend}", f"kernels: {len(self.kernels)}"]
        lines += [f"  {k}" for k in self.kernels]
        lines += [f"not fused: {text}" for text in self.stored]
        if self.kept is not None:
            tapes, rest = self.kept()
            lines.append(f"memory kept between calls: tapes {amount(tapes)}, other temporaries {amount(rest)}")
        lines += [f"in NumPy: {what} ({why})" for what, why in self.in_numpy]
        lines += [f"note: {note}" for note in self.notes]
        times = ", ".join(f"{name} {1e3 * s:.1f} ms" for name, s in self.seconds.items())
        return "\n".join([*lines, f"times: {times}"] if times else lines)


def amount(bytes_: int) -> str:
    """A number of bytes with a unit."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if bytes_ >= size:
            return f"{bytes_ / size:.3g} {unit}"
    return f"{bytes_} bytes"


class Compiled:
    """A graph ready to run: ``compiled(*values of the graph's inputs) -> list of outputs``.

    Arrays that it gives are new: memory of no argument, constant or other output.

    Attributes
    ----------
    run : callable
        The same as calling the object, without the detour through ``__call__``.
    source : str
        What was compiled, as text.
    report : Report
    takes_outputs : bool
        Whether `run` may be given, after the inputs, an array (or None) to write to for each output.
    """

    def __init__(
        self, run: Callable[..., list[Any]], source: str, report: Report, takes_outputs: bool = False
    ) -> None:
        self.takes_outputs = takes_outputs
        self.run = run
        self.source = source
        self.report = report

    def __call__(self, *args: Any) -> list[Any]:
        return self.run(*args)

    def strict(self, fits: Callable[[Sequence[Any]], bool]) -> Callable[..., list[Any] | None] | None:
        """What runs inputs of exactly the graph's types and gives None for others, if there is such a thing.

        `fits` says of inputs whether they are: it is only asked where they cannot be read as they are.
        """
        return None


class Backend(Protocol):
    """Makes graphs runnable."""

    name: str

    def compile(self, graph: Graph, otherwise: Callable[..., list[Any]] | None = None) -> Compiled:
        """`graph` made ready to run on concrete values; `otherwise` runs those of other sizes than its types say."""
        ...


class Abandoned(Exception):
    """A run met what it cannot express (a Python exception is due): run the original function."""


_MODULES = {
    "numpy": ("numpy_source", "NumpyBackend"),
    "numba": ("numba_cpu", "NumbaBackend"),
    "numba-parallel": ("numba_cpu", "ParallelBackend"),
    "numba-source": ("numba_source", "NumbaSourceBackend"),
}
_known: dict[str, Backend] = {}


def names() -> Sequence[str]:
    """The names that `get` knows."""
    return tuple(dict.fromkeys((*_MODULES, *_known)))


def register(backend: Backend) -> Backend:
    """Make `backend` known by its name."""
    _known[backend.name] = backend
    return backend


def get(name: str) -> Backend:
    """The backend called `name`; its module is imported when it is first asked for.

    Raises
    ------
    ValueError
        If there is no such backend.
    """
    if name not in _known:
        if name not in _MODULES:
            raise ValueError(f"no backend {name!r}; there are {', '.join(names())}")
        module, cls = _MODULES[name]
        register(getattr(importlib.import_module(f"{__package__}.{module}"), cls)())
    return _known[name]
