"""What the methods and operators of lists and deques do with items that stand in arrays."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Value
from interpreter import evaluate

from ..places import stepped
from ..regions.aliases import things_in
from ..regions.patterns import Leaf, Listed, join_items
from ..regions.states import Abandon, Box, freeze
from ..tracers import Tracer
from . import tables
from .pieces import length_of, pattern_of_pieces, stack
from .strips import RIGHT, Strip, less, made_of, plus
from .virtual import VirtualList, register

if TYPE_CHECKING:
    from ..session import Session

_METHODS: dict[str, Callable[..., Any]] = {}
_LEFT_AS_THEY_ARE = frozenset(("append", "extend"))  # of lists that stand in no array yet
SHORT = 16  # slices of so many items are written out


def method(session: Session, owner: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``owner.name(*args)`` of a list or deque whose length only a run can tell; NotImplemented: as of any other."""
    found = session.virtual.get(id(owner))
    if found is None or not isinstance(found, Strip) and name in _LEFT_AS_THEY_ARE:
        return NotImplemented
    meaning = _METHODS.get(name)
    strip = made_of(session, found, f"{name}() of a list") if meaning is not None else None
    if strip is None or meaning is None:
        found.materialize()
        return NotImplemented
    return attempt(strip, lambda: meaning(strip, *args, **kwargs), *args)


def attempt(strip: Strip, action: Callable[[], Any], *operands: Any) -> Any:
    """Do something with operands; where no region depends on the arrays a list that cannot do it is written out (NotImplemented)."""
    try:
        return action()
    except Abandon:
        if strip.is_foreign or strip.session.bodies:
            raise
        rows = (strip.session.virtual.get(id(x)) for x in operands)
        strip.materialize_but([row for row in rows if row is not None and row.table is not None])
        return NotImplemented


def _means(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            _METHODS[name] = function
        return function

    return enter


# -- one item --------------------------------------------------------------------------------------------
@_means("append")
def _append(strip: Strip, item: Any) -> None:
    strip.append(item)


@_means("__setitem__")
def set_item(strip: Strip, key: Any, item: Any) -> None:
    """``list[key] = item``."""
    if type(key) is slice:
        _set_part(strip, key, item)
        return
    strip.set(key, item)


def bounds_of(strip: Strip, key: slice) -> tuple[Any, Any]:
    """The numbers that a part of a list, without a step, begins and ends at."""
    if key.step is not None:
        raise Abandon("a part of a list with a step is changed")
    first = 0 if key.start is None else _between(strip, key.start)
    stop = strip.count if key.stop is None else _between(strip, key.stop)
    return first, _at_least(stop, first)


def _set_part(strip: Strip, key: slice, others: Any) -> None:
    """``list[a:b] = others``."""
    session = strip.session
    if isinstance(strip.pattern, Listed) or strip.bound is not None:
        raise Abandon("lists in a list are replaced")
    items = evaluate(list, (others,), {}, session.domain)
    found = session.virtual.get(id(items))
    pieces = [freeze(session, x) for x in items] if found is None else found.pieces()
    length = length_of(pieces)
    first, stop = bounds_of(strip, key)
    whole = join_items(session, strip.pattern, pattern_of_pieces(session, pieces)) if pieces else strip.pattern
    if any(True for x in pieces if isinstance(x, Box) for _ in things_in(x)):
        raise Abandon("objects become items of a list")
    if whole.leaves != strip.pattern.leaves:
        strip.widen(whole)
    differ = operator.ne(less(stop, first), session.wrap(length))
    if differ is True and key.start is None and key.stop is None and not session.bodies:
        strip.hold(stack(pieces, strip.pattern), 0, session.wrap(length))
        return
    strip.suppose_not(differ, "a part of a list is replaced by one of another length")
    place = plus(strip.first, first)
    if isinstance(length, int) and isinstance(place, Tracer):
        places: Any = session.wrap(ops.FUNCTIONS[operator.add](ops.FUNCTIONS[np.arange](length), session.unwrap(place)))
    else:
        places = slice(place, plus(place, session.wrap(length)))
    strip.write(places, stack(pieces, strip.pattern))


@_means("appendleft")
def _append_left(strip: Strip, item: Any) -> None:
    strip.append_left(item)


@_means("pop")
def _pop(strip: Strip, key: Any = -1) -> Any:
    _require_items(strip, "pop from an empty list")
    if type(key) is int and key == 0:
        return _pop_left(strip)
    last = operator.sub(strip.count, 1)
    if type(key) is int and key == -1:
        item = strip.taken(last)
        strip.hold(None, count=last)
        return item
    place, end = strip.place(key, loose=True), plus(strip.first, strip.count)
    item = strip.taken(operator.sub(place, strip.first))
    _move(strip, slice(place, operator.sub(end, 1)), slice(operator.add(place, 1), end))
    strip.hold(None, count=last)
    return item


@_means("popleft")
def _pop_left(strip: Strip) -> Any:
    _require_items(strip, "pop from an empty deque")
    item = strip.taken(0)
    strip.hold(None, plus(strip.first, 1), operator.sub(strip.count, 1))
    return item


@_means("__delitem__")
def _delete(strip: Strip, key: Any) -> None:
    if type(key) is not slice:
        _pop(strip, key)
        return
    first, stop = bounds_of(strip, key)
    tables.require_none(strip)
    count, width = operator.sub(strip.count, less(stop, first)), less(stop, first)
    if key.start is None:
        strip.hold(None, plus(strip.first, stop), count)
        return
    if key.stop is not None:
        place, end = plus(strip.first, first), plus(strip.first, strip.count)
        _move(strip, slice(place, less(end, width)), slice(plus(place, width), end))
    strip.hold(None, count=count)


@_means("insert")
def _insert(strip: Strip, key: Any, item: Any) -> None:
    if strip.bound is not None:
        raise Abandon("an item is inserted into a bounded deque")
    if type(key) is int and key == 0:
        strip.append_left(item)
        return
    place = plus(strip.first, _between(strip, key))
    tables.require_none(strip)
    values, end = strip.values_of(item, added=True), plus(strip.first, strip.count)
    strip.reserve(RIGHT)
    _move(strip, slice(operator.add(place, 1), operator.add(end, 1)), slice(place, end))
    strip.write(place, values)
    tables.adopt(strip, item, place)
    strip.hold(None, count=operator.add(strip.count, 1))


def _between(strip: Strip, key: Any) -> Any:
    """Where an item is inserted or a part begins or ends: from 0 to the number of items."""
    if isinstance(key, Tracer):
        strip.suppose_not(operator.lt(key, 0), "a place in a list is told by a number that counts from the end")
    elif key < 0:
        return _at_least(operator.add(strip.count, key), 0)
    beyond = operator.gt(key, strip.count)
    if type(beyond) is bool:
        return strip.count if beyond else key
    return operator.sub(key, operator.mul(operator.sub(key, strip.count), beyond))


def _at_least(number: Any, least: Any) -> Any:
    """The greater one of two ints."""
    below = operator.lt(number, least)
    if type(below) is bool:
        return least if below else number
    return operator.add(number, operator.mul(operator.sub(least, number), below))


def _require_items(strip: Strip, message: str) -> None:
    strip.session.would_raise(operator.lt(strip.count, 1), IndexError(message))


def _move(strip: Strip, target: slice, source: slice) -> None:
    index = strip.session.unwrap(source)
    strip.write(target, [ops.METHODS["__getitem__"](column, index) for column in strip.columns])


# -- all of it ---------------------------------------------------------------------------------------------
@_means("clear")
def _clear(strip: Strip) -> None:
    tables.require_none(strip)
    strip.hold(None, count=0)


@_means("copy", "__copy__")
def copy(strip: Strip) -> Any:
    """``list.copy()``."""
    return _like(strip, strip.stacks, strip.count)


def _like(strip: Strip, stacks: list[Value], count: Any) -> Any:
    """A new list, or deque, of these items."""
    session = strip.session
    items: Any = deque(maxlen=strip.bound) if isinstance(strip.items, deque) else []
    session.born(items)
    made = Strip(session, items, strip.pattern, stacks, count, strip.key)
    register(session, made)
    tables.entangle(strip, made)
    return items


@_means("extend", "__iadd__")
def extend(strip: Strip, others: Any) -> Any:
    """``list.extend(others)``."""
    session = strip.session
    found = session.virtual.get(id(others))
    held = any(id(strip.room.items) in region.paths for region in session.loops)
    if found is not None and not held and strip.bound is None:
        _join(strip, found)
    elif found is None and type(others) in (list, tuple):
        for item in list(others):
            strip.append(item)
    elif others is strip.items:
        raise Abandon("a list is appended to itself")
    else:
        evaluate(_append_each, (strip.items, others), {}, session.domain)
    return strip.items


@stepped
def _append_each(items: Any, others: Any) -> None:
    for item in others:
        items.append(item)


@_means("extendleft")
def _extend_left(strip: Strip, others: Any) -> None:
    evaluate(_append_each_left, (strip.items, others), {}, strip.session.domain)


@stepped
def _append_each_left(items: Any, others: Any) -> None:
    for item in others:
        items.appendleft(item)


def _join(strip: Strip, found: VirtualList) -> None:
    """Items that a loop has made behind those that there are."""
    whole = found.whole()
    if whole is None:
        raise Abandon("a list of items of several forms is appended")
    pattern = join_items(strip.session, strip.pattern, whole.pattern)
    tables.entangle(found, strip)
    parts = []
    for one, type_ in ((strip, pattern), (whole, pattern)):
        parts.append([_as_dtype(s, t.dtype) for s, t in zip(one.stacks, type_.leaves, strict=True)])
    count = operator.add(strip.count, strip.session.wrap(whole.length))
    strip.widen_to(pattern)
    strip.hold([ops.FUNCTIONS[np.concatenate](list(pair)) for pair in zip(*parts, strict=True)], 0, count)


def _as_dtype(value: Value, dtype: Any) -> Value:
    return value if value.dtype == dtype else ops.BY_NAME["astype"](value, dtype=dtype)


@_means("reverse")
def _reverse(strip: Strip) -> None:
    _replace(strip, [ops.METHODS["__getitem__"](s, slice(None, None, -1)) for s in strip.stacks])


def _replace(strip: Strip, stacks: list[Value]) -> None:
    """Put other items in place of all."""
    tables.require_none(strip)
    strip.hold(stacks, 0) if strip.is_tight else strip.write(
        slice(strip.first, plus(strip.first, strip.count)), stacks)


@_means("sort")
def sort(strip: Strip, *, key: Any = None, reverse: Any = False) -> None:
    """``list.sort()``."""
    if isinstance(reverse, Tracer):
        raise Abandon("a list is sorted in an order that only a run can tell")
    keys = _numbers(strip, "sorted") if key is None else _keys(strip, key)
    backwards = slice(None, None, -1)
    getitem = ops.METHODS["__getitem__"]
    if key is None:
        ordered = ops.FUNCTIONS[np.sort](keys)
        _replace(strip, [getitem(ordered, backwards) if reverse else ordered])
        return
    stacks = [getitem(s, backwards) for s in strip.stacks] if reverse else strip.stacks
    order = ops.FUNCTIONS[np.argsort](getitem(keys, backwards) if reverse else keys, kind="stable")
    if reverse:
        order = getitem(order, backwards)
    _replace(strip, [getitem(s, order) for s in stacks])


def _keys(strip: Strip, key: Any) -> Value:
    """By what the items are sorted."""
    session = strip.session
    made = evaluate(_each, (key, strip.items), {}, session.domain)
    found = session.virtual.get(id(made))
    keys = made_of(session, found, "the keys of a list") if found is not None else None
    if keys is None:
        raise Abandon("a list is sorted by keys that are no numbers")
    return _numbers(keys, "sorted")


@stepped
def _each(function: Any, items: Any) -> list[Any]:
    made = []
    for item in items:
        made.append(function(item))
    return made


def _numbers(strip: Strip, what: str) -> Value:
    """The items as one array, if they are real numbers; none of them may be NaN, which has no order."""
    if not isinstance(strip.pattern, Leaf) or strip.type.shape or strip.type.dtype.kind not in "biuf":
        raise Abandon(f"a list of things that are no real numbers is {what}")
    (stack,) = strip.stacks
    if strip.type.dtype.kind == "f":
        unordered = ops.FUNCTIONS[np.any](ops.FUNCTIONS[np.isnan](stack))
        strip.session.suppose_not(unordered, f"a list with NaN in it is {what}")
    return stack


# -- questions ---------------------------------------------------------------------------------------------
def contained(session: Session, item: Any, items: Any) -> Any:
    """``item in list``; NotImplemented: as of any other list."""
    strip = made_of(session, session.virtual[id(items)], "a list is searched")
    return NotImplemented if strip is None else attempt(strip, lambda: _contains(strip, item))


def _contains(strip: Strip, item: Any) -> Any:
    return strip.session.wrap(strip.session.as_bool(ops.FUNCTIONS[np.any](_equal_to(strip, item))))


@_means("count")
def _count(strip: Strip, item: Any) -> Any:
    found = ops.FUNCTIONS[np.sum](_equal_to(strip, item))
    return evaluate(int, (strip.session.wrap(found),), {}, strip.session.domain)


@_means("index")
def _index(strip: Strip, item: Any) -> Any:
    flags = _equal_to(strip, item)
    absent = ops.BY_NAME["logical_not"](strip.session.as_bool(ops.FUNCTIONS[np.any](flags)))
    strip.session.would_raise(strip.session.wrap(absent), ValueError("an item is not in a list"))
    return evaluate(int, (strip.session.wrap(ops.FUNCTIONS[np.argmax](flags)),), {}, strip.session.domain)


@_means("remove")
def _remove(strip: Strip, item: Any) -> None:
    _pop(strip, _index(strip, item))


def _equal_to(strip: Strip, item: Any) -> Value:
    if not isinstance(item, (bool, int, float, complex, np.number, Tracer)):
        raise Abandon("a list is searched for something that is no number")
    return ops.FUNCTIONS[operator.eq](_numbers(strip, "searched"), strip.session.value(item))


def compare(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """``left == right`` of lists one of which has items that only a run can count; NotImplemented: any other question."""
    if symbol not in ("==", "!="):
        return NotImplemented
    if type(left) is not type(right):
        return symbol == "!="
    for side in (left, right):
        found = session.virtual.get(id(side))
        if found is not None:
            strip = made_of(session, found, "a list is compared")
            if strip is None:
                return NotImplemented
            attempt(strip, lambda strip=strip: _numbers(strip, "compared"))  # type: ignore[misc]
    return evaluate(_are_equal if symbol == "==" else _differ, (left, right), {}, session.domain)


@stepped
def _are_equal(left: Any, right: Any) -> bool:
    if len(left) != len(right):
        return False
    for a, b in zip(left, right, strict=False):
        if a != b:
            return False
    return True


@stepped
def _differ(left: Any, right: Any) -> bool:
    if len(left) != len(right):
        return True
    for a, b in zip(left, right, strict=False):
        if a != b:
            return True
    return False
