"""Lists of equal items that a loop reads while they grow, or by computed numbers: kept in one array, with a count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Builder, Dim, Size, Value, maximum, symbols, type_of

from .leaves import as_type
from .patterns import Leaf, Mismatch, common_type
from .restart import Restart
from .states import Abandon
from .tracers import NumberTracer, SizeTracer, Tracer
from .virtual import VirtualList, register

if TYPE_CHECKING:
    from .session import Session


class Buffer(NamedTuple):
    """What a loop's list needs: where it is found when the loop is reached, the type of its items, appends in an iteration."""

    loop: Any
    slot: int
    type: ArrayType
    appends: int
    counted: bool


class BufferedList(VirtualList):
    """A list in an array that is long enough; `data` and `count` are carried by loops and merged by branches like any attribute.

    Attributes
    ----------
    data : ArrayTracer
    count : int or traced int
        How many items there are.
    appended : list of int
        How many were appended in the pass that is going on, in all its branches.
    """

    def __init__(self, session: Session, items: list[Any], wanted: Buffer, data: Value) -> None:
        self.session = session
        self.items = self.buffered = items
        self.start = 0
        self.pattern = Leaf(wanted.type)
        self.key = wanted.loop
        self.wanted = wanted
        self.home = Builder.current()
        self.was_there = id(items) in session.lists_before
        self.data = session.wrap(data)
        self.count: Any = len(items)
        self.appended = [0]

    @property
    def type(self) -> ArrayType:
        (type_,) = self.pattern.leaves
        return type_

    @property
    def length(self) -> Size:  # type: ignore[override]
        if not isinstance(self.count, Tracer):
            return int(self.count)
        size = self.session.unwrap(self.count)
        return size if isinstance(size, Dim) else ops.extent(size)

    @property
    def stacks(self) -> list[Value]:  # type: ignore[override]
        return [ops.METHODS["__getitem__"](self.session.value(self.data), slice(None, self.length))]

    def total(self) -> Any:
        return self.count

    def get(self, key: Any) -> Any:
        if type(key) is slice:
            return self.materialize()[key]
        return self.row(self._place(key))

    def row(self, k: Any) -> Any:
        value = ops.METHODS["__getitem__"](self.session.value(self.data), self.session.unwrap(k))
        return self._made([value])

    def set(self, key: Any, item: Any) -> None:
        """``list[key] = item``."""
        self._store(self._place(key), item)

    def call(self, name: str, args: tuple[Any, ...]) -> Any:
        """``list.append(item)`` and ``list.extend(items)``; NotImplemented for another method."""
        if name == "append":
            self.append(*args)
        elif name == "extend" and type(args[0]) in (list, tuple) and id(args[0]) not in self.session.virtual:
            for item in args[0]:
                self.append(item)
        else:
            self.materialize()
            return NotImplemented
        return None

    def append(self, item: Any) -> None:
        """``list.append(item)``."""
        session = self.session
        if self.key not in session.bodies:
            self._make_room()
        elif session.bodies[-1] != self.key:
            raise Abandon("a list grows in it by an inner loop")
        elif self.appended[0] >= self.wanted.appends:
            if not self.wanted.counted:
                raise Abandon("a list grows in it, nobody knows how long")
            raise Restart(buffers=frozenset((self.wanted._replace(appends=max(2 * self.wanted.appends, 1)),)))
        self.appended[0] += 1
        self._store(self.count, item)
        self.count = self.count + 1

    def _make_room(self) -> None:
        """Behind the loop: one more item."""
        data = self.session.value(self.data)
        more = ops.BY_NAME["full"](self.type.dtype.type(0), shape=(1, *self.type.shape), dtype=self.type.dtype)
        self.session.touch(self)
        self.data = self.session.wrap(ops.FUNCTIONS[np.concatenate]([data, more]))

    def _store(self, place: Any, item: Any) -> None:
        session = self.session
        value = session.value(item)
        try:
            whole = common_type(session, self.type, value.type)
        except Mismatch:
            raise Abandon(f"a list of {self.type} gets a {value.type}") from None
        if whole != self.type:
            raise Restart(buffers=frozenset((self.wanted._replace(type=whole),)))
        new = ops.MUTATING_METHODS["__setitem__"](session.value(self.data), session.unwrap(place), as_type(value, self.type))
        session.touch(self)
        self.data = session.wrap(new)

    def _place(self, key: Any) -> Any:
        """The number of an item from the front; it has to be there."""
        traced = isinstance(key, Tracer)
        if type(self.count) is int and not traced:
            return range(self.count)[key]
        from_end = not traced and key < 0
        place = self.count + key if from_end else key
        less, at_least = ops.FUNCTIONS[np.less], ops.FUNCTIONS[np.greater_equal]
        unwrap = self.session.unwrap
        if isinstance(place, Tracer):
            self.session.suppose_not(less(unwrap(place), 0), "an index counts from the end")
        if not from_end:
            self.session.suppose_not(at_least(unwrap(place), unwrap(self.count)), "an index is out of range")
        return place


# -- which lists ----------------------------------------------------------------------------------------
def wanted(session: Session, items: list[Any], reason: str, new: tuple[Any, ...] = (), appends: int = 0) -> BaseException:
    """What is raised where a list cannot be kept as a list: tracing begins again with a buffer for it, if it may have one.

    `new` are Values that are appended.
    """
    for region in session.loops:
        slot = next((k for k, x in enumerate(region.frame.slots) if x is items), None)
        if slot is None:
            continue
        known = region.carries.growths.get(id(items))
        types = [*(type_of_item(session, x) for x in items), *(v.type for v in new), *(known.pattern.leaves if known else ())]
        buffer = _buffer(session, region, slot, types, max(appends, len(new), 1 if known else 0))
        if buffer is None or buffer in session.lessons.buffers:
            break
        return Restart(buffers=frozenset((buffer,)))
    return Abandon(reason)


def type_of_item(session: Session, item: Any) -> Any:
    """The type of a number or array in a list; None for anything else."""
    if isinstance(item, (bool, int, float, complex, np.generic)):
        return type_of(item)
    return session.value(item).type if isinstance(item, (Tracer, np.ndarray)) else None


def _buffer(session: Session, region: Any, slot: int, types: list[Any], appends: int) -> Buffer | None:
    if not types or not all(isinstance(t, ArrayType) for t in types) or appends and region.iterator is None:
        return None
    whole: ArrayType = types[0]
    try:
        for type_ in types[1:]:
            whole = common_type(session, whole, type_)
    except Mismatch:
        return None
    if any("_" in name for size in whole.shape for name in symbols(size)):
        return None
    return Buffer(region.key, slot, whole, appends, region.iterator is not None)


def convert(session: Session, region: Any) -> list[BufferedList]:
    """Give the lists of a loop their buffers, before it is made."""
    found: dict[int, Buffer] = {}
    for buffer in session.lessons.buffers:
        if buffer.loop == region.key:
            found[buffer.slot] = _both(session, buffer, found.get(buffer.slot, buffer))
    return [_made(session, region, buffer) for _, buffer in sorted(found.items()) if _is_list(session, region, buffer)]


def _both(session: Session, a: Buffer, b: Buffer) -> Buffer:
    """What is enough for either."""
    try:
        whole = common_type(session, a.type, b.type)
    except Mismatch as reason:
        raise Abandon(str(reason)) from None
    return a._replace(type=whole, appends=max(a.appends, b.appends))


def _is_list(session: Session, region: Any, buffer: Buffer) -> bool:
    items = region.frame.slots[buffer.slot]
    return type(items) is list and id(items) not in session.virtual


def _made(session: Session, region: Any, buffer: Buffer) -> BufferedList:
    items = region.frame.slots[buffer.slot]
    room: Size = len(items)
    if buffer.appends:
        room = room + buffer.appends * _trip(session, region)
    data = ops.BY_NAME["full"](buffer.type.dtype.type(0), shape=(room, *buffer.type.shape), dtype=buffer.type.dtype)
    for k, item in enumerate(items):
        data = ops.MUTATING_METHODS["__setitem__"](data, k, as_type(session.value(item), buffer.type))
    made = BufferedList(session, items, buffer, data)
    register(session, made)
    items.clear()
    return made


def _trip(session: Session, region: Any) -> Size:
    """How many iterations there may be."""
    left = region.iterator.left()
    if type(left) is NumberTracer:
        value = session.value(left)
        session.suppose_not(ops.FUNCTIONS[np.less](value, 0), "a loop of a negative number of iterations")
        return ops.extent(value)
    return maximum(left._size, 0) if type(left) is SizeTracer else max(left, 0)
