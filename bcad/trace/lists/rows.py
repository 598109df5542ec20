"""Lists that are items of a list in arrays: what is done with one is done with its part of these arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Builder, Value

from ..regions.patterns import Listed, Pattern
from ..regions.states import Abandon
from ..restart import Restart
from . import tables
from .pieces import of_kind
from .strips import Room, Strip, made_of
from .virtual import VirtualList

if TYPE_CHECKING:
    from ..session import Session


class Row(Strip):
    """The list at a place of another list's arrays.

    Attributes
    ----------
    table : list
        The list that it is an item of.
    place_in_table : int, size or traced int
    """

    def __init__(self, session: Session, items: list[Any], table: list[Any], place: Any) -> None:
        self.session = session
        self.items = self.buffered = items
        self.table = table
        self.place_in_table = place
        self.start = 0
        self.home = Builder.current()
        self.was_there = id(items) in session.lists_before
        self.bound = None
        self.room = Room(items)
        self.moved = None
        self._region = session.virtual[id(table)].key
        session.born(self)

    # -- where it stands ---------------------------------------------------------------------
    @property
    def _owner(self) -> VirtualList:
        found = self.session.virtual.get(id(self.table))
        if found is not None:
            return found
        what = "a list of a list is held under two names while that is written out item by item"
        if self._region is None or self._region in self.session.avoid:
            raise self.session.error(what)
        raise Restart(avoid=frozenset((self._region,)), reason=what)

    def _source(self) -> tuple[VirtualList, tuple[Any, ...], Listed]:
        """The list with the arrays, the places in these that lead here, and the form of this list."""
        owner, place = self._owner, self.session.unwrap(self.place_in_table)
        if isinstance(owner, Row):
            source, places, form = owner._source()
            return source, (*places, place), form.item
        whole = owner.whole()
        if whole is None or not isinstance(whole.pattern, Listed):
            raise Abandon("the lists in a list have no common form")
        return whole, (place,), whole.pattern

    @property
    def root(self) -> Any:
        owner = self._owner
        return owner.root if isinstance(owner, Row) else self.table

    @property
    def is_foreign(self) -> bool:
        return self._owner.is_foreign

    @property
    def entangled(self) -> Any:
        return self._owner.entangled

    @entangled.setter
    def entangled(self, region: Any) -> None:
        self._owner.entangled = region

    @property
    def key(self) -> Any:
        return self._owner.key

    def is_lost(self) -> bool:
        """Whether the list that it is an item of has lists of several forms by now."""
        owner = self._owner
        return owner.is_lost() if isinstance(owner, Row) else owner.whole() is None

    # -- what it holds -----------------------------------------------------------------------
    @property
    def pattern(self) -> Pattern:  # type: ignore[override]
        return self._source()[2].item

    @property
    def columns(self) -> list[Value]:
        source, places, form = self._source()
        return [ops.METHODS["__getitem__"](column, places) for column in source.columns[:len(form.item.leaves)]]

    @property
    def is_tight(self) -> bool:
        return self._source()[2].extra.is_tight

    @property
    def first(self) -> Any:
        return 0 if self.is_tight else self._number(0)

    @property
    def count(self) -> Any:
        form = self._source()[2]
        return self.session.wrap(form.rows) if form.extra.is_tight else self._number(1)

    def _number(self, k: int) -> Any:
        """Where its items begin, or how many they are, where that differs from list to list."""
        source, places, form = self._source()
        part = form.children[k - 2]
        if not part.leaves:
            return part.obj
        column = source.columns[len(form.item.leaves) + sum(len(p.leaves) for p in form.children[-2:][:k])]
        return self.session.wrap(of_kind(ops.METHODS["__getitem__"](column, places), part.type))

    def at(self, place: Any) -> Any:
        source, places, form = self._source()
        if isinstance(form.item, Listed):
            return tables.list_in(self.session, self.items, place)
        where = (*places, self.session.unwrap(place))
        return self._made([ops.METHODS["__getitem__"](column, where) for column in source.columns[:len(form.item.leaves)]])

    # -- changing it -------------------------------------------------------------------------
    def _strip(self) -> Strip:
        """The list with the arrays, which are about to be written to."""
        root = self.root
        tables.refuse_entangled(self.session.virtual[id(root)])
        strip = made_of(self.session, self.session.virtual[id(root)], "an item of a list in a list is set in it")
        if strip is None:
            raise Abandon("the lists in a list have no common form")
        return strip

    def write(self, place: Any, values: Sequence[Value]) -> None:
        strip, index = self._strip(), self.session.unwrap(place)
        _, places, _ = self._source()
        self._put(strip, (*places, index), values)

    def _put(self, strip: Strip, where: tuple[Any, ...], values: Sequence[Value], start: int = 0) -> None:
        columns = strip.columns
        for k, value in enumerate(values, start):
            columns[k] = ops.MUTATING_METHODS["__setitem__"](columns[k], where, value)
        strip.hold(columns)

    def hold(self, columns: Sequence[Value] | None, first: Any = None, count: Any = None) -> None:
        form = self._source()[2]
        if form.extra.is_tight and not (first is None or type(first) is int and first == 0) or count is not None:
            raise Abandon("a list in a list gets longer or shorter")
        if columns is not None:
            if any(c.type.shape[0] != form.rows for c in columns):
                raise Abandon("a list in a list gets longer or shorter")
            strip, (_, places, _) = self._strip(), self._source()
            self._put(strip, places, columns)

    def reserve(self, side: int) -> None:
        raise Abandon("a list in a list gets longer")

    def pad(self, right: Any, left: Any) -> None:
        raise Abandon("a list in a list gets longer")

    def widen(self, whole: Pattern) -> None:
        from .listed import listed

        form = self._source()[2]
        owner = self._owner if isinstance(self._owner, Row) else self._strip()
        owner.widen(listed(form.like, whole, form.rows, () if form.extra.is_tight else form.children[-2:], form.extra))

    def widen_to(self, whole: Pattern) -> None:
        self.widen(whole)

    def materialize_but(self, kept: Sequence[Any]) -> list[Any]:
        if id(self.items) not in self.session.virtual:
            return self.items
        self._owner.materialize_but((self, *kept))
        found = self.session.virtual.get(id(self.items))
        return self.items if found is None else found.materialize_but(kept)
