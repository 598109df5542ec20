"""Ints that become sizes: of those that loops count by, and of those that make them go round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcad import ops
from bcad.ir import Builder, Value, symbols, type_symbols

from .steering import behind

if TYPE_CHECKING:
    from ..session import Session
    from .arms import Arm
    from .patterns import Pattern


def measure(session: Session, value: Value) -> bool:
    """Let an int that decides a shape be a size of its own, if its number now would say nothing; whether it became one."""
    if not isinstance(value, Value) or value.ndim or value.dtype.kind not in "iu":
        return False
    if session.example.known(value) and not behind(session, value):
        return False
    leaves = ops.size_leaves(value)
    if not leaves:
        return False
    for leaf in leaves:
        if session.example.known(leaf) and session.concrete(leaf) < 0:
            return False
    for leaf in leaves:
        if not _counts(leaf):
            session.suppose_not(ops.FUNCTIONS[np.less](leaf, 0), "a size is negative")
        ops.extent(leaf)
    return True


def _counts(value: Value) -> bool:
    """Whether a Value is the number of an iteration."""
    builder = value.scope
    return value.node is None and builder.name == "body" and builder.inputs[0] is value  # type: ignore[attr-defined]


def mentioned(builder: Builder | None) -> set[str]:
    """The symbols of sizes that ops have bound, in the types of a builder's values and of those around it."""
    found: set[str] = set()
    while builder is not None:
        found.update(*(type_symbols(v) for node in builder.nodes for v in node.outputs))
        builder = builder.parent
    return {name for name in found if "_" in name}  # those of arguments have none


def symbols_in(pattern: Pattern) -> set[str]:
    """The symbols of sizes that ops have bound, in what a state is made of."""
    return {name for t in pattern.leaves for n in getattr(t, "shape", ()) for name in symbols(n) if "_" in name}


def sizes_bound_in(arm: Arm) -> set[str]:
    """The symbols of sizes that only an iteration can tell."""
    return mentioned(arm.builder) - mentioned(arm.builder.parent)
