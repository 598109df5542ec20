"""Lists that loops have appended to: their middle is a stack in the graph, as long as the loop ran."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Builder, Size, Value

from ..captures.outer import DICTS, LISTS, OuterList
from ..operations.raises import may_be_caught
from ..regions.aliases import forbid_writes
from ..regions.heap import Middle
from ..regions.leaves import build
from ..regions.patterns import Listed, Mismatch, Pattern
from ..regions.reach import is_gone_through
from ..regions.states import Abandon, Frozen, freeze
from ..tracers import ChoiceTracer, NumberTracer, Tracer
from .as_arrays import array_of
from .growing import Grown
from .pieces import length_of, of_kind, pattern_of_pieces, stack

if TYPE_CHECKING:
    from ..session import Session

MATERIALIZED = 4096  # so many items of a list are written out at most
WRITTEN_OUT = 16  # and so many always, where their number is known


class VirtualList:
    """What stands between the first items of a list and those appended later.

    Attributes
    ----------
    items : list
        The list itself; it holds the items before (`start` of them) and after.
    pattern : Pattern
        The form of one item.
    stacks : list of Value
        For each leaf of the pattern its values, stacked.
    length : Size
    key : object
        The loop: one array of it would be rebuilt at each look, so that none may be written to.
    """

    def __init__(
        self, session: Session, items: list[Any], start: int, pattern: Pattern, stacks: Sequence[Value], length: Size,
        key: Any,
    ) -> None:
        self.session = session
        self.items = items
        self.start = start
        self.pattern = pattern
        self.stacks = list(stacks)
        self.length = length
        self.key = key
        self.home = Builder.current()
        self.was_there = type(items) is not list or id(items) in session.lists_before

    container: Any = None  # what it was, of a frozen copy
    first: Any = 0  # where the items begin in the arrays
    root: Any = None  # the list whose arrays these are a part of
    _entangled: Any = None
    table: Any = None  # the list that it is an item of, if its items are a part of that one's arrays
    buffered: Any = None  # the list, if all its items stand in arrays that are written to

    @property
    def entangled(self) -> Any:
        """The region that is to be done without if a list in it, that may be one of another list too, is written to; None if none may be."""
        options = self._entangled._options if type(self._entangled) is ChoiceTracer else (self._entangled,)  # so on one way only
        return next((region for region in options if region is not None), None)

    @entangled.setter
    def entangled(self, region: Any) -> None:
        self._entangled = region

    def settle_move(self) -> None:
        """Two lists in it that were being exchanged are what they are now; written out, or as a loop has made them, they always are."""

    @property
    def columns(self) -> list[Value]:
        """The arrays."""
        return self.stacks

    @property
    def before(self) -> list[Any]:
        return list.__getitem__(self.items, slice(0, self.start))

    @property
    def after(self) -> list[Any]:
        return list.__getitem__(self.items, slice(self.start, None))

    @property
    def is_foreign(self) -> bool:
        """Whether a loop or branch is being made that has found the list as it is: it has to leave it in this form."""
        return bool(self.session.speculating) and Builder.current() is not self.home

    def frozen(self, items: list[Any]) -> VirtualList:
        """The list as it is now, its written-out items replaced by `items`."""
        made = VirtualList(self.session, items, self.start, self.pattern, self.stacks, self.length, self.key)
        made.container, made.entangled = self.items if self.container is None else self.container, self.entangled
        return made

    def total(self) -> Any:
        """``len(list)``."""
        return self.session.wrap(self.length + list.__len__(self.items))

    def row(self, k: Any) -> Any:
        """Item k of the middle."""
        if isinstance(self.pattern, Listed):
            if type(k) is int and k < 0:  # from the middle's end
                k = operator.add(self.session.wrap(self.length), k)
            return self.list_at(k if self.start == 0 else operator.add(k, self.start))
        index = self.session.unwrap(k)
        getitem = ops.METHODS["__getitem__"]
        return self._made([getitem(stack, index) for stack in self.stacks])

    def list_at(self, place: Any) -> Any:
        """The list that stands at a place."""
        from .tables import list_in

        return list_in(self.session, self.items if self.container is None else self.container, place)

    def _made(self, values: Sequence[Value]) -> Any:
        """An item of these Values."""
        kinds = [of_kind(v, type_) for v, type_ in zip(values, self.pattern.leaves, strict=True)]
        things: list[Any] = []
        made = build(self.session, self.pattern, iter(kinds), things)
        forbid_writes(self.session, things, self.key)
        return made

    def get(self, key: Any) -> Any:
        """``list[key]``."""
        session = self.session
        if isinstance(key, Tracer):
            whole = self.whole()
            self.require_caught(key)
            return self.materialize()[key] if whole is None else whole.row(key)
        before, after = self.before, self.after
        if isinstance(self.pattern, Listed) and self.whole() is None:
            return self.materialize()[key]
        if 0 <= key < len(before):
            return before[key]
        if -len(after) <= key < 0:
            return after[key]
        place = key - len(before) if key >= 0 else key + len(after)
        if session.size_or_none(self.length) is None:
            return self._row_of_any(place)
        inside = session.assumptions.less(place, self.length) if place >= 0 else not session.assumptions.less(
            self.length, -place)
        if inside:
            return self.row(place)
        return self.materialize()[key]

    def _row_of_any(self, place: int) -> Any:
        """An item of a middle whose length differs from one iteration to the next."""
        length = NumberTracer(self.session, self.session.builder.size(self.length))
        number = place if place >= 0 else operator.add(length, place)
        for broken in (operator.ge(place, length), operator.lt(number, 0)):
            self.session.would_raise(broken, IndexError("list index out of range"))
        return self.row(number)

    def require_caught(self, key: Any) -> None:
        """Where the program may catch the IndexError of a run: hold it to item `key` being there, or not."""
        if may_be_caught(self.session):
            total = self.total()
            for broken in (operator.ge(key, total), operator.lt(key, operator.neg(total))):
                self.session.would_raise(broken, IndexError("list index out of range"))

    def whole(self) -> VirtualList | None:
        """The same items in stacks alone; None if they have no common form."""
        if not self.before and not self.after:
            return self
        session = self.session
        try:
            pieces = self.pieces()
            pattern = pattern_of_pieces(session, pieces)
            stacks = stack(pieces, pattern)
        except (Abandon, Mismatch):
            return None
        made = VirtualList(session, [], 0, pattern, stacks, length_of(pieces), self.key)
        made.container, made.entangled = self.items, self.entangled
        return made

    def pieces(self) -> list[Frozen | Middle]:
        """The items one by one, and those that a loop has made as one part."""
        for x in self.items:
            if getattr(self.session.virtual.get(id(x)), "root", None) is self.items:
                raise Abandon("a list in a list stands in it once more")
        before, after = ([freeze(self.session, x) for x in part] for part in (self.before, self.after))
        return [*before, Middle(self.pattern, self.stacks, self.length), *after]

    def array(self) -> Value:
        """The array that NumPy makes of the list."""
        return array_of(self)

    def materialize(self) -> list[Any]:
        """The list with every item written out, if their number is known."""
        return self.materialize_but(())

    def materialize_but(self, kept: Sequence[Any]) -> list[Any]:
        """The same; lists of it that are in use stay those that they are."""
        session = self.session
        if id(self.items) not in session.virtual:
            return self.items
        if self.is_foreign:
            raise Abandon("a list that a loop has made is used item by item in it")
        length = self.length
        if not isinstance(length, int):
            length = session.decide_int(session.wrap(length), "the length of a list")
        if length > MATERIALIZED:
            raise session.error(
                f"a list of {length} items that a loop has made is used item by item",
                hint="make an array of it: np.array(items)",
            )
        if isinstance(self.pattern, Listed):
            from .tables import release

            rows = release(self, length, kept)
        else:
            rows = [self.row(k) for k in range(length)]
        session.touch(session.virtual)
        session.touch(self.items)
        del session.virtual[id(self.items)]
        if isinstance(self.items, list):
            list.__setitem__(self.items, slice(self.start, self.start), rows)
        else:
            self.items.extend(rows)  # a deque in arrays is empty
        return self.items


def extend(session: Session, items: list[Any], middle: Middle, key: Any) -> None:
    """Append a number of items that only a run can tell."""
    known = session.virtual.get(id(items))
    if known is None:
        start, stacks, pattern, length = list.__len__(items), middle.stacks, middle.pattern, middle.length
    else:
        behind = known.after
        after = [freeze(session, x) for x in behind]
        pieces = [Middle(known.pattern, known.stacks, known.length), *after, middle]
        pattern = pattern_of_pieces(session, pieces)
        start, stacks = known.start, stack(pieces, pattern)
        length = known.length + len(after) + middle.length
        session.touch(items)
        list.__setitem__(items, slice(start, None), [])
    made = VirtualList(session, items, start, pattern, stacks, length, key)
    made.entangled = known.entangled if known is not None else None
    register(session, made)
    if known is not None:
        from .tables import adopt_appended

        adopt_appended(made, behind, operator.add(session.wrap(known.length), start), key)


def replace(session: Session, items: Any, middle: Middle, key: Any) -> None:
    """Let a list or deque hold these items, whatever it held before."""
    from .strips import Strip

    session.touch(session.virtual)
    session.touch(items)
    session.virtual.pop(id(items), None)
    items.clear()
    if isinstance(items, deque):
        register(session, Strip(session, items, middle.pattern, middle.stacks, session.wrap(middle.length), key))
    else:
        register(session, VirtualList(session, items, 0, middle.pattern, middle.stacks, middle.length, key))
    if isinstance(middle.length, int) and middle.length <= WRITTEN_OUT:
        session.virtual[id(items)].materialize()


def has_middle(session: Session, x: Any) -> bool:
    """Whether `x` is a list or deque with a part whose length only a run can tell."""
    return isinstance(x, (list, deque)) and id(x) in session.virtual


def extend_by(session: Session, items: list[Any], others: Sequence[Any]) -> None:
    """``items += others``, where one of them may have such a part."""
    refuse_growing(session, others)
    if getattr(session.virtual.get(id(items)), "buffered", None) is not None:
        from .strip_methods import method

        if method(session, items, "extend", (others,), {}) is not NotImplemented:
            return
    session.touch(items)
    found = find(session, others)
    if found is None:
        list.extend(items, others)
        return
    from .tables import entangle

    before, after = found.before, found.after  # as they are now: `items` may be `others`
    list.extend(items, before)
    try:
        extend(session, items, Middle(found.pattern, found.stacks, found.length), found.key)
    except Mismatch:  # items of several forms
        list.__delitem__(items, slice(list.__len__(items) - len(before), None))
        look(session, items, others)
        list.extend(items, list(others))
        return
    entangle(found, session.virtual[id(items)])
    list.extend(items, after)


# -- where lists are used ------------------------------------------------------------------------------
_BLIND = frozenset(("append", "extend"))


def look(session: Session, *values: Any) -> None:
    """Lists among `values` are about to be looked at by code that knows nothing of their middle."""
    for value in values:
        if isinstance(value, (list, deque)):
            found = find(session, value)
            if found is not None:
                found.materialize()


def look_inside(session: Session, *values: Any) -> None:
    """The same of lists that stand inside of lists, tuples and dicts."""
    for found in _lists_inside(values):
        look(session, found)


def holds(session: Session, values: Iterable[Any]) -> bool:
    """Whether a list with such a middle is among `values`, or inside of one of them."""
    return any(id(found) in session.virtual for found in _lists_inside(values))


def _lists_inside(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        kind = type(value)
        if kind in (*LISTS, deque):
            yield value
        if kind in (*LISTS, tuple, deque):
            yield from _lists_inside(value)
        elif kind in DICTS:
            yield from _lists_inside(value.values())


def refuse_growing(session: Session, value: Any) -> None:
    """A list that the loop being made appends to has no contents that all iterations agree on."""
    if id(value) in session.growing:
        from .buffers import wanted

        raise wanted(session, value, "a list that it appends to is read in it")


def find(session: Session, value: Any) -> VirtualList | None:
    """The middle of a list, if it has one."""
    if type(value) is OuterList:
        value.fill()
    refuse_growing(session, value)
    found = session.virtual.get(id(value))
    if found is not None and found.table is not None and not session.bodies and found.is_lost():
        found.materialize()
        found = session.virtual.get(id(value))
    if found is not None:
        session.captures.hold_length(value)
    return found


def find_growing(session: Session, value: Any) -> Grown | None:
    """A list as the loop sees it that is being made and appends to it."""
    return session.growing.get(id(value))


def looks_at(fn: Any) -> bool:
    """Whether a call of `fn` looks at the list that it is bound to or given."""
    return getattr(fn, "__name__", "") not in _BLIND


def register(session: Session, virtual: VirtualList) -> None:
    """A loop has appended to a list."""
    session.touch(session.virtual)
    session.touch(virtual.items)
    session.virtual[id(virtual.items)] = virtual
    session.watch(type(virtual.items))
    session.watch_lists()
    if is_gone_through(session.frame, virtual.items):
        if session.speculating:
            raise Abandon("a list that is gone through gets longer or shorter")
        virtual.materialize()
