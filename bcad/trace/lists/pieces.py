"""Items of a list, one by one or stacked: the form that all have, and their values one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Size, Value, python_type

from ..regions.blends import numbers_of
from ..regions.heap import Middle
from ..regions.leaves import as_type, values_of
from ..regions.patterns import Choice, Constant, Leaf, Nest, Pattern, join_items, of_numpy, pattern_of
from ..regions.restack import restacked, row
from ..regions.states import Abandon, Frozen

if TYPE_CHECKING:
    from ..session import Session


def pattern_of_pieces(session: Session, pieces: Sequence[Frozen | Middle]) -> Pattern:
    """The form that all items have."""
    found: Pattern | None = None
    for piece in pieces:
        own = piece.pattern if isinstance(piece, Middle) else as_stack(pattern_of(piece))
        found = own if found is None else join_items(session, found, own)
    assert found is not None
    return found


def length_of(pieces: Sequence[Frozen | Middle]) -> Size:
    """How many items there are."""
    total: Size = 0
    for piece in pieces:
        total = total + (piece.length if isinstance(piece, Middle) else 1)
    return total


def as_stack(pattern: Pattern) -> Pattern:
    """A number known now is stacked too: the list's length is that of its stacks."""
    from .listed import uniform

    pattern = uniform(pattern)
    if pattern.leaves:
        return of_numpy(pattern)
    if isinstance(pattern, Constant) and (pattern.obj is None or type(pattern.obj) in (str, bytes)):
        return Choice([pattern])
    found = _with_a_leaf(pattern)
    if found is None:
        raise Abandon("a list of Python objects grows in it")
    return found


def _with_a_leaf(pattern: Pattern) -> Pattern | None:
    """The pattern with one of its plain numbers as a leaf; None if it has none."""
    if isinstance(pattern, Nest):
        for k, child in enumerate(pattern.children):
            found = _with_a_leaf(child)
            if found is not None:
                children = [*pattern.children[:k], found, *pattern.children[k + 1:]]
                return Nest(pattern.like, pattern.keys, children, pattern.extra)
    elif isinstance(pattern, Constant) and (type(pattern.obj) in (bool, float, complex) or type(pattern.obj) is int and -(2**63) <= pattern.obj < 2**63):
        return Leaf(python_type(type(pattern.obj)), numbers_of(pattern.obj).bounds)
    return None


def stack(pieces: Sequence[Frozen | Middle], pattern: Pattern) -> list[Value]:
    """For each leaf of the pattern the values of all items, one after another, in the current builder."""
    parts: list[list[Value]] = [[] for _ in pattern.leaves]
    for piece in pieces:
        if isinstance(piece, Middle):
            found = list(restacked(piece.pattern, iter(piece.stacks), pattern, piece.length))
        else:
            found = [row(as_type(x, t)) for x, t in zip(values_of(piece, pattern), pattern.leaves, strict=True)]
        for part, value in zip(parts, found, strict=True):
            part.append(value)
    return [_joined(part, t) for part, t in zip(parts, pattern.leaves, strict=True)]


def _joined(parts: list[Value], type_: ArrayType) -> Value:
    if not parts:
        return ops.BY_NAME["full"](type_.dtype.type(0), shape=(0, *type_.shape), dtype=type_.dtype)
    return parts[0] if len(parts) == 1 else ops.FUNCTIONS[np.concatenate](parts)


def of_kind(value: Value, type_: ArrayType) -> Value:
    """An element of a stack as the kind of number that was appended."""
    if value.type.kind is type_.kind:
        return value
    return ops.BY_NAME["as_kind"](value, kind=type_.kind, dtype=type_.dtype)
