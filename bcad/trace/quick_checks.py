"""Which guards of a program compiled code checks itself, so that a generated call need not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bcad.ir import ArrayType, Dim, Kind, Size, substitute, symbols

from .captures.guards import (
    Guard,
    HasClass,
    HasKey,
    HasKeys,
    HasLength,
    HasNames,
    HasType,
    HasValue,
    IsObject,
    Same,
    SizeRelation,
)
from .program import Program

_WITHOUT_SIZES = (IsObject, HasValue, HasClass, HasLength, HasKeys, HasKey, HasNames, Same)


@dataclass
class Checks:
    """What is checked elsewhere.

    Attributes
    ----------
    done : set of Guard
        All of it.
    sized : set of Guard
        Types of arrays all of it but what sizes have to do with each other.
    """

    done: set[Guard] = field(default_factory=set)
    sized: set[Guard] = field(default_factory=set)


def checks_of(program: Program, types: Sequence[Any]) -> Checks:
    """What need not be checked where the inputs are held to `types`.

    Compiled code knows sizes that are numbers or bare symbols: of equal symbols that they are equal, of each
    that it is more than one.  Guards that ask more of sizes bind them anew.
    """
    guards = list(program.guards)
    if not types or not all(isinstance(g, (HasType, SizeRelation, *_WITHOUT_SIZES)) for g in guards):
        return Checks()
    held = {source: t for source, t in zip(program.sources, types, strict=False) if _is_plain(t)}
    typed: set[Guard] = {g for g in guards if isinstance(g, HasType) and held.get(g.where) == _renamed(g.type, program.same)}
    known = {str(s) for g in typed for s in g.type.shape if isinstance(s, Dim)}  # type: ignore[attr-defined]
    related: set[Guard] = {g for g in guards if isinstance(g, SizeRelation) and _is_implied(g, program.same, known)}
    needed: set[str] = set()
    for guard in guards:
        if isinstance(guard, SizeRelation) and guard not in related:
            needed |= symbols(guard.left) | symbols(guard.right)
        elif isinstance(guard, HasType) and guard not in typed:
            needed = needed.union(*map(symbols, guard.type.shape))
    sized = {g for g in typed if not needed.isdisjoint(str(s) for s in g.type.shape if isinstance(s, Dim))}  # type: ignore[attr-defined]
    return Checks((typed - sized) | related, sized)


def _is_plain(t: Any) -> bool:
    """Whether compiled code checks all of a type."""
    return isinstance(t, ArrayType) and (t.kind is not Kind.ARRAY or all(isinstance(s, int) or s.is_symbol() for s in t.shape))


def _renamed(t: ArrayType, same: Mapping[str, Size]) -> ArrayType:
    return ArrayType(t.dtype, tuple(_size(s, same) for s in t.shape), t.kind)


def _size(size: Size, same: Mapping[str, Size]) -> Size:
    return substitute(size, same) if isinstance(size, Dim) else size


def _is_implied(guard: SizeRelation, same: Mapping[str, Size], known: set[str]) -> bool:
    """Whether two sizes are equal because they have one name, or are one number, in what is compiled."""
    if guard.symbol != "==" or not (symbols(guard.left) | symbols(guard.right)) <= known:
        return False
    left, right = _size(guard.left, same), _size(guard.right, same)
    return left == right and (isinstance(left, int) or left.is_symbol())
