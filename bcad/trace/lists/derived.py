"""Lists made of others: slices, sums, copies, repetitions."""

from __future__ import annotations

import operator
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Kind, Value, maximum

from ..captures.outer import LISTS
from ..regions.patterns import Choice, Constant, Leaf, Listed, Mismatch, Nest
from ..regions.sizes import measure
from ..regions.states import Abandon, freeze
from ..tracers import Tracer
from . import strip_methods, tables, virtual
from .pieces import length_of, pattern_of_pieces, stack
from .strip_methods import extend
from .strips import Strip, less, new, plus
from .virtual import VirtualList

if TYPE_CHECKING:
    from ..session import Session

SHORT = 16  # slices of so many items are written out


def sliced(found: VirtualList, key: slice) -> list[Any]:
    """``list[a:b:c]``."""
    made = _sliced(found, key)
    found.session.born(made)
    return made


def _sliced(found: VirtualList, key: slice) -> list[Any]:
    session = found.session
    whole = found.whole()
    if isinstance(found.items, deque):
        raise TypeError("sequence index must be integer, not 'slice'")
    if whole is None:
        return found.materialize()[key]
    if isinstance(found, Strip) and found.has_room() and key.step is None:
        return _part(found, key)
    index = session.unwrap(key)
    stacks = [ops.METHODS["__getitem__"](s, index) for s in whole.stacks]
    length = stacks[0].type.shape[0]
    if isinstance(length, int) and length <= SHORT:
        if isinstance(whole.pattern, Listed):
            if key.step is not None or isinstance(key.start, Tracer):
                raise Abandon("lists in a list become items of another")
            return _lists_from(found, key.start, length)
        short = Strip(session, [], whole.pattern, stacks, length, found.key)
        return [short.row(k) for k in range(length)]
    return another(session, found, stacks, session.wrap(length))


def _part(strip: Strip, key: slice) -> list[Any]:
    """``list[a:b]`` in the same arrays."""
    first, stop = strip_methods.bounds_of(strip, key)
    made = strip.grown_copy()
    strip.session.virtual[id(made)].hold(None, plus(strip.first, first), less(stop, first))
    return made


def _lists_from(found: VirtualList, start: Any, count: int) -> list[Any]:
    """So many lists in a list, from one on."""
    first = 0 if start is None else start
    if first < 0:
        first = operator.add(found.total(), first)
    return [found.get(operator.add(first, k)) for k in range(count)]


def concatenated(session: Session, left: Any, right: Any) -> Any:
    """``left + right``."""
    if type(left) not in LISTS or type(right) not in LISTS:
        return NotImplemented
    found, behind = virtual.find(session, left), virtual.find(session, right)
    if isinstance(behind, Strip) and behind.has_room() and found is None and id(left) not in session.growing:
        made = behind.grown_copy()
        for item in reversed(left):
            session.virtual[id(made)].append_left(item)
        return made
    if isinstance(found, Strip) and found.has_room():
        made = found.grown_copy()
        extend(session.virtual[id(made)], right)
        return made
    made = list(left) if found is None else copied(session, left)
    session.born(made)
    if session.domain.binary(None, "+=", made, right) is NotImplemented:  # lists that are written out
        made += right
    return made


def copied(session: Session, items: Any) -> Any:
    """``list(items)`` of a list or deque whose length only a run can tell."""
    found = virtual.find(session, items)
    assert found is not None
    whole = found.whole()
    if whole is None:
        made = list(found.materialize())
        session.born(made)
        return made
    return another(session, found, whole.stacks, session.wrap(whole.length))


def another(session: Session, found: VirtualList, columns: list[Value], count: Any) -> list[Any]:
    """A list with items that stand in `found` too."""
    whole = found.whole()
    assert whole is not None
    made = new(session, whole.pattern, columns, count, found.key)
    tables.entangle(found, session.virtual[id(made)])
    return made


def repeated(session: Session, items: list[Any], count: Any) -> Any:
    """``items * count`` where a run alone can tell how long that is; NotImplemented if the items need their number known."""
    if id(items) in session.growing or not items and id(items) not in session.virtual:
        return NotImplemented
    try:
        pieces, length = _pieces(session, items)
        pattern = pattern_of_pieces(session, pieces)
    except (Abandon, Mismatch):
        return NotImplemented
    if not _is_immutable(pattern):  # each of them would stand there several times
        return NotImplemented
    number = _times(session, count)
    if number is None:
        return NotImplemented
    columns = [_tiled(column, length, number) for column in stack(pieces, pattern)]
    return new(session, pattern, columns, session.wrap(length * number), None)


def _pieces(session: Session, items: list[Any]) -> Any:
    """The items of a list, one by one or in arrays, and how many they are."""
    found = session.virtual.get(id(items))
    pieces = [freeze(session, x) for x in items] if found is None else found.pieces()
    return pieces, length_of(pieces)


def _is_immutable(pattern: Any) -> bool:
    """Whether nobody can write to an item."""
    if isinstance(pattern, Leaf):
        return pattern.type.kind is not Kind.ARRAY
    if isinstance(pattern, Nest):
        return type(pattern.like) is tuple and all(map(_is_immutable, pattern.children))
    return isinstance(pattern, Constant) or isinstance(pattern, Choice) and all(map(_is_immutable, pattern.children))


def _times(session: Session, count: Any) -> Any:
    """How often a list is repeated, as a size; None if that has to be known."""
    number = session.unwrap(count)
    if not isinstance(number, Value):
        return maximum(number, 0)
    session.suppose_not(ops.FUNCTIONS[np.less](number, 0), "a list is repeated a negative number of times")
    if ops.known_size(number) is None and not measure(session, number):
        return None
    return ops.known_size(number)


def _tiled(column: Value, length: Any, number: Any) -> Value:
    """The rows of an array, several times."""
    shape = column.type.shape[1:]
    if length == 1:
        return ops.BY_NAME["broadcast_to"](column, shape=(number, *shape))
    block = ops.BY_NAME["broadcast_to"](column, shape=(number, length, *shape))
    return ops.BY_NAME["reshape"](block, shape=(length * number, *shape))
