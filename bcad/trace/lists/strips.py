"""Strips: lists and deques whose items stand in arrays, so that a loop may read, change and shorten them."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Builder, Dim, Size, Value

from ..regions.aliases import forbid_writes, things_in
from ..regions.journals import refuse_twin
from ..regions.leaves import values_of
from ..regions.patterns import Leaf, Listed, Mismatch, Pattern, join_items, pattern_of
from ..regions.restack import restacked
from ..regions.states import Abandon, freeze
from ..tracers import NumberTracer, ScalarTracer, SizeTracer, Tracer
from . import tables
from .as_arrays import known_array
from .pieces import as_stack
from .virtual import VirtualList, register

if TYPE_CHECKING:
    from ..session import Session

RIGHT, LEFT = 0, 1


class Room:
    """The room in the arrays of a list, and of those that become of it (``h = h + [v]``).

    Attributes
    ----------
    items : list
        The list that it was made for.
    made : dict
        The loops that have made room for what they append, with their `Buffer`.
    used : dict
        By loop how many items its body has appended in the pass that is going on, in all its branches: right, left.
    """

    def __init__(self, items: Any) -> None:
        self.items = items
        self.made: dict[Any, Any] = {}
        self.used: dict[Any, list[Size]] = {}


class Strip(VirtualList):
    """The items ``data[first:first + count]``, with room on both sides where a loop appends.

    `data`, `first` and `count` are carried by loops and merged by branches like attributes of any instance.

    Attributes
    ----------
    data : tuple of ArrayTracer
        For each leaf of an item's form an array of all items' numbers.
    first, count : int, size or traced int
    bound : int or None
        The ``maxlen`` of a deque.
    room : Room
        Who has seen to it that more items fit.
    moved : tuple or None
        Of lists in it that are being exchanged: where one goes, and where it was.
    """

    def __init__(
        self, session: Session, items: Any, pattern: Pattern, data: Sequence[Value], count: Any, key: Any, first: Any = 0,
    ) -> None:
        self.session = session
        self.items = self.buffered = items
        self.start = 0
        self.pattern = pattern
        self.key = key
        self.home = Builder.current()
        self.was_there = id(items) in session.lists_before
        self.data = tuple(map(session.wrap, data))
        self.first = first
        self.count = count
        self.bound = items.maxlen if isinstance(items, deque) else None
        self.room = Room(items)
        self.moved: tuple[Any, Any] | None = None
        session.born(self)

    def settle_move(self) -> None:
        """One list of it stands at two places, as no exchange has followed."""
        if self.moved is not None:
            place, source = self.moved
            self.session.touch(self)
            self.moved = None
            tables.copy_over(self, place, source)

    # -- as a whole --------------------------------------------------------------------------
    @property
    def length(self) -> Size:  # type: ignore[override]
        if not isinstance(self.count, Tracer):
            return int(self.count)
        size = self.session.unwrap(self.count)
        return size if isinstance(size, (Dim, int)) else ops.extent(size)

    @property
    def columns(self) -> list[Value]:
        """The arrays, with the room in them."""
        self.settle_move()
        return [self.session.value(column) for column in self.data]

    @property
    def stacks(self) -> list[Value]:  # type: ignore[override]
        return [self._window(column) for column in self.columns]

    def _window(self, column: Value) -> Value:
        length = self.length
        if self.is_tight:
            return column
        getitem, first = ops.METHODS["__getitem__"], self.session.unwrap(self.first)
        if isinstance(length, int) and isinstance(first, Value):  # a slice would have a length that only a run can tell
            return getitem(column, ops.FUNCTIONS[operator.add](ops.FUNCTIONS[np.arange](length), first))
        return getitem(column, slice(first, self.session.unwrap(plus(self.first, self.session.wrap(length)))))

    @property
    def is_tight(self) -> bool:
        """Whether there is no room: an item's number is its place in the arrays."""
        rows = self.session.value(self.data[0]).type.shape[0]
        return type(self.first) is int and self.first == 0 and type(self.count) in (int, SizeTracer) and rows == self.length

    @property
    def before(self) -> list[Any]:
        return []

    @property
    def after(self) -> list[Any]:
        return []

    def total(self) -> Any:
        return self.count

    def whole(self) -> Strip:
        return self

    def array(self) -> Value:
        known = known_array(self)
        if known is not None:
            return known
        if not isinstance(self.pattern, Leaf):
            return ops.FUNCTIONS[np.array](self.session.unwrap(self.materialize()))
        return self.stacks[0]

    # -- items -------------------------------------------------------------------------------
    def row(self, k: Any) -> Any:
        return self.at(plus(self.first, k))

    def at(self, place: Any) -> Any:
        """The item at a place in the arrays."""
        if isinstance(self.pattern, Listed):
            return self.list_at(place)
        getitem, index = ops.METHODS["__getitem__"], self.session.unwrap(place)
        return self._made([getitem(column, index) for column in self.columns])

    def taken(self, k: Any) -> Any:
        """Item k, which the list is about to lose."""
        tables.require_none(self)
        return tables.taken(self, plus(self.first, k)) if isinstance(self.pattern, Listed) else self.row(k)

    def get(self, key: Any) -> Any:
        return self.at(self.place(key))

    def set(self, key: Any, item: Any) -> None:
        """``list[key] = item``."""
        if isinstance(self.pattern, Listed):
            tables.put(self, self.place(key), item)
            return
        values = self.values_of(item)
        self.write(self.place(key), values)

    @property
    def type(self) -> Any:
        """The type of the items, where they are numbers or arrays."""
        (type_,) = self.pattern.leaves
        return type_

    def place(self, key: Any, loose: bool = False) -> Any:
        """Where item `key` stands in the arrays; it has to be there.

        Where there is no room an index that counts from the end may be left as it is, unless `loose`.
        """
        if isinstance(key, Tracer):
            if not (type(key) is SizeTracer or type(key) in (NumberTracer, ScalarTracer) and key._type().dtype.kind in "biu"):
                raise TypeError(f"list indices must be integers or slices, not {key.__class__.__name__}")
            if type(key) is SizeTracer and self.session.size_or_none(key._size) is None:  # only a run can compare it
                key = NumberTracer(self.session, self.session.builder.size(key._size))
            if type(key) is not SizeTracer and self.is_tight and not loose:
                self.require_caught(key)
                return key
        else:
            key = operator.index(key)
            if type(self.count) is int:
                return plus(self.first, range(self.count)[key])
        from_end = type(key) in (int, SizeTracer) and operator.lt(key, 0)
        number = operator.add(self.count, key) if from_end else key
        if from_end:
            self.session.would_raise(operator.lt(number, 0), IndexError("list index out of range"))
        else:
            self.suppose_not(operator.lt(number, 0), "an index counts from the end")
            self.session.would_raise(operator.le(self.count, number), IndexError("list index out of range"))
        return plus(self.first, number)

    def suppose_not(self, broken: Any, message: str) -> None:
        """Take it for granted that a flag is not set."""
        if broken is True:
            raise Abandon(message)
        if broken is not False:
            self.session.suppose_not(self.session.unwrap(broken), message)

    def values_of(self, item: Any, added: bool = False) -> list[Value]:
        """The Values of an item that is stored, in the types of the arrays, which may be widened.

        Outside of loops a list that is only `added` to is rather written out than its other items made wider.
        """
        session = self.session
        frozen = freeze(session, item)
        try:
            own = as_stack(pattern_of(frozen))
            whole = join_items(session, self.pattern, own)
            if added and whole.leaves != own.leaves and not session.bodies and not self.is_foreign:
                raise Abandon("an item of another kind is added")
            if whole.leaves != self.pattern.leaves:
                self.widen(whole)
            values = list(values_of(frozen, self.pattern))
        except Mismatch as reason:
            raise Abandon(f"the items of a list are not of one form: {reason}") from None
        if self.key is None and next(things_in(frozen), None) is not None:
            raise Abandon("an array or object becomes an item of a list that no loop has made")
        if isinstance(self.pattern, Listed) and not tables.is_adopted(self, item):
            self.entangled = self.key  # whoever made the list may hold it
        forbid_writes(session, (x for x in things_in(frozen) if x is not item or not tables.is_adopted(self, item)), self.key)
        return values

    def widen(self, whole: Pattern) -> None:
        from .buffers import form_of, wanted

        if form_of(whole) is None or self.is_foreign:
            raise wanted(self.session, self.room.items, "the items of a list are not of one form", form=whole)
        self.widen_to(whole)

    def widen_to(self, whole: Pattern) -> None:
        """Hold items of a wider form from now on."""
        self.session.touch(self)
        columns = self.columns
        rows = columns[0].type.shape[0]
        self.data = tuple(map(self.session.wrap, restacked(self.pattern, iter(columns), whole, rows)))
        self.pattern = whole

    def write(self, place: Any, values: Sequence[Value]) -> None:
        """Put Values at a place, or slices of Values at a slice of places."""
        index = self.session.unwrap(place)
        put = ops.MUTATING_METHODS["__setitem__"]
        new = [put(column, index, value) for column, value in zip(self.columns, values, strict=True)]
        self.hold(new)

    def hold(self, columns: Sequence[Value] | None, first: Any = None, count: Any = None) -> None:
        """Have these arrays (None: the same), and this many items, from now on."""
        if self.session.twins:
            refuse_twin(self.session, self.items)
        self.session.touch(self)
        if columns is not None:
            self.data = tuple(map(self.session.wrap, columns))
        self.first = self.first if first is None else first
        self.count = self.count if count is None else count

    # -- growing -----------------------------------------------------------------------------
    def append(self, item: Any) -> None:
        """One item more at the right end; a full deque loses one at the left."""
        values = self.values_of(item, added=True)
        if self.bound == 0:
            return
        self.reserve(RIGHT)
        place = plus(self.first, self.count)
        self.write(place, values)
        tables.adopt(self, item, place)
        lost = self._lost()
        self.hold(None, plus(self.first, lost), less(operator.add(self.count, 1), lost))

    def append_left(self, item: Any) -> None:
        """One item more at the left end; a full deque loses one at the right."""
        values = self.values_of(item, added=True)
        if self.bound == 0:
            return
        self.reserve(LEFT)
        before = operator.sub(self.first, 1)
        self.write(before, values)
        tables.adopt(self, item, before)
        self.hold(None, before, less(operator.add(self.count, 1), self._lost()))

    def _lost(self) -> Any:
        """How many items a bounded deque loses by one more: 1 if it is full."""
        if self.bound is None:
            return 0
        if type(self.count) is int:
            return int(self.count >= self.bound)
        full = operator.ge(self.count, self.bound)
        return int(full) if type(full) is bool else operator.mul(full, 1)

    def reserve(self, side: int) -> None:
        """See to it that there is room for one item more: loops make it before they are entered."""
        from .buffers import wanted

        loops, room = self._bodies(), self.room
        holder = next((k for k, region in enumerate(loops) if id(room.items) in region.paths), None)
        if holder is None:
            self._make_room(side)
            return
        key = loops[holder].key
        if key not in room.made:
            raise wanted(self.session, room.items, "a list grows in it", room=True)
        weight: Size = 1
        for inner in loops[holder + 1:]:
            weight = weight * _trip(inner)
        room.used[key][side] = room.used[key][side] + weight

    def _bodies(self) -> list[Any]:
        """The loops whose bodies are being run."""
        return [region for region in self.session.loops if region.key in self.session.bodies]

    def has_room(self) -> bool:
        """Whether a loop that is being made has made room for what it adds."""
        return any(region.key in self.room.made for region in self._bodies())

    def grown_copy(self) -> list[Any]:
        """Another list with these items, in the same arrays: who is the first to write to them gets new ones."""
        items: list[Any] = []
        self.session.born(items)
        made = Strip(self.session, items, self.pattern, self.columns, self.count, self.key, self.first)
        made.room, made.entangled = self.room, self.entangled
        register(self.session, made)
        tables.entangle(self, made)
        return items

    def _make_room(self, side: int) -> None:
        """Room for one item more."""
        self.pad(1 if side == RIGHT else 0, 1 if side == LEFT else 0)

    def pad(self, right: Size, left: Size) -> None:
        """Room for so many items more on either side."""
        if left != 0:
            tables.require_none(self)
        new = []
        for column in self.columns:
            parts = [_zeros(left, column), column, _zeros(right, column)]
            kept = [part for part, size in zip(parts, (left, 1, right), strict=True) if size != 0]
            new.append(ops.FUNCTIONS[np.concatenate](kept) if len(kept) > 1 else column)
        self.hold(new, plus(self.first, self.session.wrap(left)))


def plus(a: Any, b: Any) -> Any:
    """``a + b`` without a sum where one of them is nothing."""
    if type(a) is int and a == 0:
        return b
    return a if type(b) is int and b == 0 else operator.add(a, b)


def less(a: Any, b: Any) -> Any:
    """``a - b`` likewise."""
    return a if type(b) is int and b == 0 else operator.sub(a, b)


def _zeros(rows: Size, like: Value) -> Value:
    zero = like.dtype.type(0)
    return ops.BY_NAME["full"](zero, shape=(rows, *like.type.shape[1:]), dtype=like.dtype)


def _trip(region: Any) -> Size:
    """How often a loop inside another goes round, if that is the same each time."""
    left = region.iterator.left() if region.iterator is not None else None
    if type(left) is int:
        return max(left, 0)
    if type(left) is SizeTracer and all(name in region.session.sizes for name in left._size.symbols()):
        return left._size
    raise Abandon("a list grows in an inner loop, nobody knows how long")


def new(session: Session, pattern: Pattern, data: Sequence[Value], count: Any, key: Any, first: Any = 0) -> list[Any]:
    """A new list of items in arrays."""
    items: list[Any] = []
    session.born(items)
    register(session, Strip(session, items, pattern, data, count, key, first))
    return items


def made_of(session: Session, found: VirtualList, why: str) -> Strip | None:
    """What a loop has made as a strip; None if its items have no common form."""
    from .buffers import form_of, wanted

    if isinstance(found, Strip):
        return found
    if found.is_foreign:
        raise wanted(session, found.items, why)
    whole = found.whole()
    if whole is None or form_of(whole.pattern) is None or type(found.items) is not list:
        return None
    before, after, start = found.before, found.after, operator.add(found.start, session.wrap(found.length))
    if isinstance(whole.pattern, Listed) and not tables.are_adoptable(session, [*before, *after]):
        if session.bodies:
            raise Abandon("a list is an item of two lists, or twice of one")
        return None
    strip = Strip(session, found.items, whole.pattern, whole.stacks, session.wrap(whole.length), found.key)
    strip.entangled = found.entangled
    session.touch(session.virtual)
    session.touch(found.items)
    found.items.clear()
    register(session, strip)
    tables.adopt_all(strip, [*zip(before, range(len(before)), strict=True),
                             *((item, operator.add(start, k)) for k, item in enumerate(after))])
    return strip
