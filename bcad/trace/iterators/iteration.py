"""``iter(x)``: which iterators are made in traced code, and who else holds them."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..captures import containers, foreign, twins
from ..captures.outer import LISTS, MIRRORS
from ..lists import keyed
from ..operations.items import look_at
from ..regions.reach import frames_from, live_values, within
from ..regions.states import Abandon
from ..tracers import ArrayTracer, NumberTracer, ScalarTracer, SizeTracer, Tracer
from .indexed import Indexed, NextItem
from .parts import EnumerateIterator, ZipIterator
from .sequences import ENDLESS, DequeIterator, ListIterator, RangeIterator, RangeTracer, RowIterator, VirtualIterator

if TYPE_CHECKING:
    from interpreter import Frame

    from ..session import Session

ITERATORS: frozenset[type] = frozenset(
    (RowIterator, RangeIterator, ZipIterator, EnumerateIterator, ListIterator, DequeIterator, VirtualIterator, NextItem)
)
_NATIVE_RANGES = (type(iter(range(0))), type(iter(range(1 << 70))))


def iterate(session: Session, value: Any) -> Any:
    """``iter(value)``."""
    if keyed.keys_of(session, value) is not None:
        return _over_keyed(session, value)
    if type(value) in MIRRORS:
        value.fill()
    if isinstance(value, Indexed):
        return value
    if containers.is_outer(session, value) and not steps_itself(value):
        found = containers.looked_through(session, value)
        if isinstance(found, list) and found is not value:
            return ListIterator(session, found)
        if found is not value:
            made = iter(found)
            session.born(made)
            return made
    if foreign.is_foreign(session, value):
        listed = foreign.listed(session, value)
        found = iterate(session, listed)
        return iter(listed) if found is NotImplemented else found
    if type(value) is np.ndarray and value.dtype.kind not in "biufc":
        return NotImplemented
    if type(value) in (ArrayTracer, np.ndarray, RangeTracer):
        return indexed(session, value)
    if type(value) in (*LISTS, deque) and (session.virtual or session.growing):
        found = _over_virtual(session, value)
        if found is not NotImplemented:
            return found
    if type(value) is deque:
        return DequeIterator(session, value)
    if isinstance(value, str) and isinstance(value, Tracer):
        raise session.leak(value, "the characters of a text made of numbers are asked for")
    if isinstance(value, Tracer):
        raise TypeError(f"'{value.__class__.__name__}' object is not iterable")
    return NotImplemented


def steps_itself(value: Any) -> bool:
    """Whether a container is iterated over by Python code of its class."""
    return isinstance(getattr(type(value), "__iter__", None), FunctionType)


def _is_virtual(session: Session, value: Any) -> bool:
    """Whether a list or deque is of a length that only a run can tell."""
    if keyed.keys_of(session, value) is not None:
        return True
    return type(value) in (*LISTS, deque) and (id(value) in session.virtual or id(value) in session.growing)


def _over_virtual(session: Session, value: list[Any]) -> Any:
    """``iter(list)`` where lists may have a middle of unknown length."""
    from ..lists import virtual

    found = virtual.find(session, value)
    if found is None:
        return NotImplemented
    whole = found.whole()
    if whole is None:
        found.materialize()
        return NotImplemented
    return VirtualIterator(session, value, whole)


def indexed(session: Session, value: Any) -> Indexed | None:
    """An iterator over `value` whose items have numbers; None if there is none."""
    if isinstance(value, Indexed):
        return value if value.numbered else None
    if keyed.keys_of(session, value) is not None:
        return _over_keyed(session, value)
    if type(value) in (range, RangeTracer):
        return RangeIterator(session, value)
    if type(value) in _NATIVE_RANGES:
        return _from_native_range(session, value)
    if type(value) is itertools.count:
        return _from_native_count(session, value)
    if type(value) is np.ndarray:
        value = session.captures.cell(value) if value.dtype.kind in "biufc" else None
    if type(value) is ArrayTracer:
        if value._type().ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return RowIterator(session, value)
    if _is_virtual(session, value):
        found = _over_virtual(session, value)
        return found if isinstance(found, Indexed) else ListIterator(session, value)
    if type(value) is deque:
        return iterate(session, value)
    if type(value) in (*LISTS, tuple):
        look_at(value)
        return ListIterator(session, value)
    return None


def _over_keyed(session: Session, value: Any) -> Indexed:
    """``iter()`` of a dict whose keys stand in a list, or of a view of it."""
    table, kind = (value.table, value.kind) if type(value) is keyed.View else (keyed.of(session, value), "keys")
    assert table is not None
    if isinstance(table.owner, set):
        raise Abandon("a set goes through its items in an order of its own")
    lists = {"keys": (table.keys,), "values": (table.values,), "items": (table.keys, table.values)}[kind]
    parts = [part for part in (indexed(session, x) for x in lists) if part is not None]
    if len(parts) < len(lists):
        raise Abandon("the items of a dict have no common form")
    return parts[0] if len(parts) == 1 else ZipIterator(session, tuple(parts))


def _from_native_range(session: Session, iterator: Any) -> RangeIterator:
    _, (numbers,), *state = iterator.__reduce__()
    return RangeIterator(session, numbers[state[0]:] if state and state[0] else numbers)


def _from_native_count(session: Session, iterator: Any) -> RangeIterator | None:
    counting = twins.counted_from(iterator)
    start, step = counting if counting is not None else (None, None)
    if type(start) is not int or type(step) is not int or step == 0:
        return None
    return RangeIterator(session, RangeTracer(session, start, None, step, ENDLESS))


def combined(session: Session, values: tuple[Any, ...]) -> list[Indexed] | None:
    """Iterators over all of `values`, if one of them is traced or a deque and all have numbered items."""
    if not any(is_traced_iterable(v) or type(v) is deque or _is_virtual(session, v) for v in values):
        return None
    found = [indexed(session, v) for v in values]
    if any(is_native(v) and is_held(session.frame, v) for v in values) or len(set(map(id, filter(is_native, values)))) < sum(map(is_native, values)):
        return None
    if None in found or are_shared(session.frame, found):  # type: ignore[arg-type]
        return None
    return found  # type: ignore[return-value]


def are_shared(frame: Frame | None, iterators: Sequence[Indexed]) -> bool:
    """Whether one of some iterators stands there twice, or can be asked for items elsewhere: in a variable that is read later."""
    parts = [part for iterator in iterators for part in iterator.within()]
    if len({id(part) for part in parts}) < len(parts):
        return True
    return are_held(parts, [x for f in frames_from(frame) for x in live_values(f)])


def is_native(value: Any) -> bool:
    """Whether it is an iterator of Python's own that is replaced by one of ours: which does not move it."""
    return type(value) in _NATIVE_RANGES or type(value) is itertools.count


def is_held(frame: Frame | None, iterator: Any) -> bool:
    """Whether the program can ask an iterator for items elsewhere than where it was just taken from in `frame`."""
    return any(x is iterator for x in within([x for f in frames_from(frame) for x in live_values(f)]))


def is_held_around(frame: Frame, header: int, given: Any) -> bool:
    """Whether that is so of what the loop at `header` goes over, zip() and the like of a generator: in the loop or behind it."""
    cfg = frame.code.cfg
    live = cfg.live_at(header + 1).union(*(cfg.live_at(pc) for pc in cfg.loops[header].exits if pc < cfg.exit))
    found = [frame.slots[k] for k in live if frame.code.slot_names[k] != ".0"] + frame.stack[:-1]  # that is a comprehension's own
    found += [x for caller in frames_from(frame.back) for x in live_values(caller)]
    own = {id(given), id(getattr(given, "generator", given))}
    return any(id(x) in own for x in within(found))


def are_held(parts: Sequence[Indexed], start: list[Any]) -> bool:
    """Whether one of some iterators is among objects, or in them."""
    own = {id(part) for part in parts}
    return any(id(part) in own for x in within(start) if isinstance(x, Indexed) for part in x.within())


def is_traced_iterable(value: Any) -> bool:
    """Whether a loop over `value` gives traced items."""
    return isinstance(value, Indexed) or isinstance(value, np.ndarray) or type(value) is RangeTracer


def elements(session: Session, value: Any) -> list[Any]:
    """Every item of ``iter(value)``."""
    if type(value) in (ScalarTracer, NumberTracer, SizeTracer):
        raise TypeError(f"'{value.__class__.__name__}' object is not iterable")
    rows, found = iterate(session, value), []
    while True:
        try:
            found.append(rows.advance())
        except StopIteration:
            return found
