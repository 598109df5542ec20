"""Functions of single numbers that have no code here: by the loops of their ufuncs, as NumPy would, one number at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bcad.ir import Kind, Node

from . import numpy_loops
from .complexes import Unsupported
from .kernel import Number, Pair, scalar_of

# NumPy's functions whose loops never raise, nor ask anything of the interpreter.
_OF_NUMPY = frozenset("bitwise_count frexp gcd lcm ldexp modf nextafter spacing".split())


@dataclass(frozen=True)
class InMemory:
    """How a number stands in memory: as so many scalars."""

    scalar: str
    parts: int


@dataclass(frozen=True)
class Loop:
    """What is called: of which op, what goes in and comes out, and which of the results is meant."""

    op: str
    routine: str
    inputs: tuple[InMemory, ...]
    outputs: tuple[InMemory, ...]
    which: int


def by_loop(s: Any, node: Node, args: Sequence[Number]) -> Number:
    """The result of an elementwise node for single numbers, by its ufunc's loop.

    Raises
    ------
    Unsupported
        If there is none that compiled code may call.
    """
    op: Any = node.op
    ufunc, which = getattr(op, "whole", None) or op.numpy, getattr(op, "which", 0)
    types = [v.type for v in node.inputs]
    if not isinstance(ufunc, np.ufunc) or ufunc.signature is not None or node.outputs[0].type.kind is Kind.PYTHON:
        raise Unsupported(f"{op.name} is not compiled")
    module = getattr(op, "module", "numpy")
    if module == "numpy" and ufunc.__name__ not in _OF_NUMPY:
        raise Unsupported(f"{op.name} of {', '.join(str(t.dtype) for t in types)} is not compiled")
    dtypes = _resolved(op.name, ufunc, types)
    given, made = dtypes[: ufunc.nin], dtypes[ufunc.nin :]
    letters = "->".join("".join(d.char for d in part) for part in (given, made))
    routine = numpy_loops.routine(module, getattr(op, "attribute", ufunc.__name__), letters)
    if routine is None:
        raise Unsupported(f"{op.name} is not compiled for {letters}")
    loop = Loop(op.name, routine, tuple(map(_in_memory, given)), tuple(map(_in_memory, made)), which)
    values = [s.cast(a, t.dtype, d) for a, t, d in zip(args, types, given, strict=True)]
    parts = [p for v in values for p in ((v.re, v.im) if isinstance(v, Pair) else (v,))]
    result = loop.outputs[which]
    found: Number = s.e.emit("loop", *parts, type=result.scalar, data=loop)
    if result.parts == 2:
        found = Pair(found, s.e.emit("result", found, type=result.scalar))  # type: ignore[arg-type]
    return s.cast(found, made[which], node.outputs[0].type.dtype)


def _resolved(name: str, ufunc: np.ufunc, types: Sequence[Any]) -> list[Any]:
    """The dtypes of the loop that NumPy takes, what it gives included."""
    weak: list[Any] = [{"b": np.dtype(bool), "i": int, "f": float, "c": complex}[t.dtype.kind]
                       if t.kind is Kind.PYTHON else t.dtype for t in types]
    if all(t.kind is Kind.PYTHON for t in types):
        weak = [t.dtype for t in types]
    try:
        return list(ufunc.resolve_dtypes((*weak, *(None,) * ufunc.nout)))
    except TypeError as error:
        raise Unsupported(f"{name}: {error}") from None


def _in_memory(dtype: Any) -> InMemory:
    scalar = scalar_of(dtype)
    if scalar is None:
        raise Unsupported(f"dtype {dtype} is not compiled")
    return InMemory(scalar, 1 + (dtype.kind == "c"))
