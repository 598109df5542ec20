"""Calls of the inner loops of NumPy's ufuncs in the kernel form: on arrays in memory, whatever way these are gone through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bcad.ir import Node

from . import numpy_loops
from .kernel import Buffer, Expr, InnerLoop, item_bytes
from .scalars import Unsupported
from .scope import Scope

CODES = {"f8": "d", "f4": "f", "c16": "D", "c8": "F"}


@dataclass(frozen=True)
class Operand:
    """An array that a loop reads or makes.

    Attributes
    ----------
    buffer : Buffer
    place : Expr
        Where it begins, in elements.
    strides : tuple of Expr
        Of its core axes, in elements.
    step : Expr, optional
        From one time to the next, where the loop is gone through several times.
    """

    buffer: Buffer
    place: Expr
    strides: tuple[Expr, ...] = ()
    step: Expr | None = None


def code(dtype: Any) -> str:
    """NumPy's letter for a dtype.

    Raises
    ------
    Unsupported
        If loops are not called for it.
    """
    found = CODES.get(f"{dtype.kind}{dtype.itemsize}")
    if found is None:
        raise Unsupported(f"dtype {dtype}")
    return found


def routine_for(node: Node, module: str, name: str, types: str) -> str:
    """What a loop is called, for the op that `node` is of."""
    found = numpy_loops.routine(module, name, types)
    if found is None:
        raise Unsupported(f"{node.op.name}: NumPy has no {name} for {types}")
    return found


def call_loop(
    scope: Scope, node: Node, routine: str, sizes: Sequence[Expr], operands: Sequence[Operand], times: Expr | None = None
) -> None:
    """Call a loop, once or so many times, for core axes of some sizes."""
    e = scope.e

    def bytes_of(operand: Operand, stride: Expr | None) -> Expr:
        return e.int(0) if stride is None else e.mul(stride, e.int(item_bytes(operand.buffer.dtype)))

    steps = [bytes_of(x, x.step) for x in operands] + [bytes_of(x, stride) for x in operands for stride in x.strides]
    places = tuple(("buffer", x.buffer, e.mul(x.place, e.int(1 + x.buffer.is_complex))) for x in operands)
    e.library(InnerLoop(routine, places, None, True, (times or e.int(1), *sizes), tuple(steps), node.op.name))
