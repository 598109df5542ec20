"""Lists in arrays that hold lists: which lists stand where in them, and what becomes of these when they are moved."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Value

from ..regions.aliases import forbid_writes
from ..regions.leaves import build
from ..regions.patterns import Listed
from ..regions.reach import frames_from, live_values, within
from ..regions.states import Abandon
from ..restart import Restart
from ..tracers import Tracer
from . import virtual
from .pieces import of_kind

if TYPE_CHECKING:
    from ..session import Session
    from .rows import Row
    from .strips import Strip
    from .virtual import VirtualList


def list_in(session: Session, table: list[Any], place: Any) -> list[Any]:
    """The list at a place of the arrays of another."""
    session.virtual[id(table)].settle_move()
    if type(place) is int and place < 0:
        place = operator.add(session.domain.length(table), place)
    for row in rows_of(session, table):
        if row.table is table and _same(session, row.place_in_table, place):
            return row.items
    items: list[Any] = []
    session.born(items)
    _stand(session, items, table, place)
    return items


def _stand(session: Session, items: list[Any], table: list[Any], place: Any) -> None:
    from .rows import Row

    virtual.register(session, Row(session, items, table, place))


def rows_of(session: Session, table: Any) -> list[Row]:
    """The lists that are known to stand in another, and those that stand in these."""
    found, tables = [], {id(table)}
    for x in session.virtual.values():
        if x.table is not None and id(x.table) in tables:
            found.append(x)
            tables.add(id(x.items))
    return found


def inner_lists(session: Session, items: Any) -> tuple[Any, ...]:
    """The lists, known one by one, that are items of a list."""
    return (*(x for x in items if isinstance(x, list)), *(row.items for row in rows_of(session, items)))


def is_row(session: Session, thing: Any) -> bool:
    """Whether a list stands in the arrays of another."""
    return getattr(session.virtual.get(id(thing)), "table", None) is not None


def _held(session: Session, table: Any) -> list[Row]:
    """Those among them that the program may still come to."""
    rows = rows_of(session, table)
    if not rows:
        return []
    start = [x for frame in frames_from(session.frame) for x in live_values(frame)]
    reached = {id(x) for x in within(start)}
    return [row for row in rows if id(row.items) in reached]


def require_none(table: Strip) -> None:
    """The lists in a list are about to be moved or replaced: nobody may hold one of them."""
    if isinstance(table.pattern, Listed) and _held(table.session, table.items):
        raise Abandon("a list in a list is moved or replaced while a variable holds it")


# -- lists that are put into a list --------------------------------------------------------------------
def is_adopted(table: Strip, item: Any) -> bool:
    """Whether a list that is put into another is a part of its arrays from then on: it is new, and nowhere else."""
    session = table.session
    return (isinstance(table.pattern, Listed) and type(item) is list and session.journals[-1].knows(item)
            and id(item) not in session.twins and id(item) not in session.growing
            and getattr(session.virtual.get(id(item)), "table", None) is None)


def adopt(table: Strip, item: Any, place: Any) -> None:
    """Let a list that has been put into another be the one that stands there."""
    if is_adopted(table, item):
        table.session.touch(item)
        item.clear()
        _stand(table.session, item, table.items, place)


def are_adoptable(session: Session, items: Sequence[Any]) -> bool:
    """Whether lists can be those that stand in the arrays that are made of them: each is in no other list, and here once."""
    return len({id(x) for x in items}) == len(items) and all(isinstance(x, list) and not is_row(session, x) for x in items)


def adopt_appended(found: VirtualList, items: Sequence[Any], start: Any, key: Any) -> None:
    """Lists that were written out behind those in arrays stand in the arrays now, from a place on."""
    session = found.session
    if not isinstance(found.pattern, Listed):
        return
    if not are_adoptable(session, items) or any(id(x) in session.twins for x in items):
        found.entangled = key
        forbid_writes(session, items, key)
        return
    for k, item in enumerate(items):
        session.touch(item)
        item.clear()
        _stand(session, item, found.items, operator.add(start, k))


def adopt_all(table: Strip, items: Sequence[tuple[Any, Any]]) -> None:
    """Let lists, each with its place, be those that stand in the arrays that were made of them."""
    if not isinstance(table.pattern, Listed):
        return
    if not are_adoptable(table.session, [item for item, _ in items]):
        raise Abandon("a list is an item of two lists, or twice of one")
    for item, place in items:
        table.session.touch(item)
        item.clear()
        _stand(table.session, item, table.items, place)


def put(table: Strip, place: Any, item: Any) -> None:
    """``table[place] = item``."""
    row = table.session.virtual.get(id(item))
    if row is not None and row.table is table.items:
        _move(table, place, row)
        return
    table.settle_move()
    values = table.values_of(item)
    vacate(table, place)
    table.write(place, values)
    adopt(table, item, place)


def vacate(table: Strip, place: Any) -> None:
    """The list at a place is about to be replaced: who holds it keeps it."""
    require_known(table, (place,))
    _let_go_of(table, place)


def _let_go_of(table: Strip, place: Any) -> None:
    """Who holds the list at a place has it for himself."""
    session = table.session
    for row in _held(session, table.items):
        if row.table is table.items and _same(session, row.place_in_table, place):
            _let_go(session, row, taken(table, place))


def _let_go(session: Session, row: Any, items: list[Any]) -> None:
    """Let a list that stood in another have the items of a new one, which is dropped."""
    made = session.virtual[id(items)]
    session.touch(session.virtual)
    made.items = made.buffered = made.room.items = row.items
    session.virtual[id(row.items)] = made


def require_known(table: Strip, places: Sequence[Any]) -> None:
    """Nobody may hold a list of which it is not known whether it stands at one of some places."""
    session = table.session
    for row in _held(session, table.items):
        own = row.place_in_table
        is_one, is_none = any(_same(session, own, p) for p in places), all(_differ(session, own, p) for p in places)
        if row.table is not table.items or not (is_one or is_none):
            raise Abandon("a list in a list is replaced while a variable holds one of its lists")


def _move(table: Strip, place: Any, row: Any) -> None:
    """A list of the table is put at another place of it: the first or the second half of an exchange.

    Nothing is done with the table in between: `Strip.settle_move` would be called then.
    """
    session, source = table.session, row.place_in_table
    if _same(session, place, source):
        return
    moved = table.moved
    if moved is None or not (_same(session, moved[1], place) and _same(session, moved[0], source)):
        table.settle_move()
        require_known(table, (place, source))
        session.touch(table)
        table.moved = (place, source)
        return
    session.touch(table)
    table.moved = None
    for other in rows_of(session, table.items):
        if other.table is table.items:
            _exchange(table, other, moved)
    indices = [session.unwrap(x) for x in moved]
    getitem, setitem = ops.METHODS["__getitem__"], ops.MUTATING_METHODS["__setitem__"]
    new = []
    for column in table.columns:
        first, second = (getitem(column, index) for index in indices)
        new.append(setitem(setitem(column, indices[0], second), indices[1], first))
    table.hold(new)


def _exchange(table: Strip, row: Any, moved: tuple[Any, Any]) -> None:
    for here, there in (moved, moved[::-1]):
        if _same(table.session, row.place_in_table, here):
            table.session.touch(row)
            row.place_in_table = there
            return


def copy_over(table: Strip, place: Any, source: Any) -> None:
    """One list stands at two places: they are equal as long as nobody writes to either."""
    _let_go_of(table, place)  # of any other list it was asked when the exchange began
    getitem = ops.METHODS["__getitem__"]
    table.write(place, [getitem(column, table.session.unwrap(source)) for column in table.columns])
    forbid_writes(table.session, [table.items], table.key)


def _same(session: Session, a: Any, b: Any) -> bool:
    """Whether two places are known to be one."""
    x, y = session.unwrap(a), session.unwrap(b)
    return x is y or not isinstance(x, Value) and not isinstance(y, Value) and bool(x == y)


def entangle(found: VirtualList, other: VirtualList) -> None:
    """The lists in a list become items of another one too: from now on a write to one of them undoes that."""
    if isinstance(found.pattern, Listed):
        key = other.key if found.key is None else found.key
        if key is None:
            raise Abandon("a list in a list becomes an item of another")
        found.entangled = other.entangled = key  # for good: the next pass is to know of it from its beginning


def forbid(session: Session, items: Any, key: Any) -> None:
    """Undo a region if a list that is an item of this one is written to."""
    found = session.virtual.get(id(items))
    if found is not None:
        found.entangled = key
    else:
        forbid_writes(session, [x for x in items if isinstance(x, list)], key)


def refuse_entangled(found: VirtualList) -> None:
    """Begin again without the region after which a list in this list may stand in another one too."""
    if found.entangled is not None:
        raise Restart(avoid=frozenset((found.entangled,)), reason="a list that stands in two others is written to")


def _differ(session: Session, a: Any, b: Any) -> bool:
    """Whether two places are known to be two."""
    return type(a) is int and type(b) is int and a != b and (a < 0) == (b < 0)


# -- lists that leave a list -----------------------------------------------------------------------------
def taken(found: VirtualList, place: Any) -> list[Any]:
    """A list of its own with what stands at a place."""
    session = found.session
    index, getitem = session.unwrap(place), ops.METHODS["__getitem__"]
    values = [of_kind(getitem(column, index), t) for column, t in zip(found.columns, found.pattern.leaves, strict=True)]
    return build(session, found.pattern, iter(values))


def release(found: VirtualList, count: int, also: Sequence[Any] = ()) -> list[list[Any]]:
    """Lists of their own in place of the first ones in the arrays; those that are held stay what they are."""
    session = found.session
    held: dict[int, Any] = {}
    kept = {id(row): row for row in (*_held(session, found.items), *also) if row.table is found.items}
    for row in kept.values():
        place = row.place_in_table
        place = place if type(place) is int else session.decide_int(place, "which list of a list is held")
        is_written_out = not 0 <= place - found.start < count and not isinstance(found.first, Tracer) and found.first == 0
        if held.setdefault(place, row) is not row or is_written_out:
            if found.key is None or found.key in session.avoid:
                raise session.error("a list of lists is used item by item", why="two variables may hold the same list of it")
            raise Restart(avoid=frozenset((found.key,)), reason="two variables may hold the same list of a list that it makes")
    made = []
    first = found.first if isinstance(found.first, int) else session.decide_int(found.first, "where a list begins")
    for k in range(count):
        items, row = taken(found, first + k), held.get(found.start + first + k)
        if row is not None:
            _let_go(session, row, items)
            items = row.items
        if found.entangled is not None:  # another list has the same ones
            forbid_writes(session, [items], found.entangled)
        made.append(items)
    return made


def _copied_by(session: Session, items: Any) -> Any:
    """The region after which a list may be the same as another one that is not the same for us; None if there is none."""
    found = session.virtual.get(id(items))
    root = items if found is None or found.table is None else found.root
    twin = session.twins.get(id(root))
    if twin is not None and twin[0] is root:
        return twin[1]
    return None if found is None or found.table is None else found.entangled


def identical(session: Session, left: Any, right: Any) -> Any:
    """``left is right`` of two lists in lists; NotImplemented: as of any other two objects."""
    a, b = session.virtual.get(id(left)), session.virtual.get(id(right))
    if left is right:
        return NotImplemented
    regions = _copied_by(session, left), _copied_by(session, right)
    if None not in regions:
        raise Restart(avoid=frozenset(regions[:1]), reason="lists that may be one list in two others are told apart")
    if a is None or b is None or a.table is None or b.table is None:
        return NotImplemented
    around = True if a.table is b.table else identical(session, a.table, b.table)
    if around is NotImplemented or around is False:
        return False
    length = session.domain.length(a.table)
    here = operator.eq(*(operator.mod(row.place_in_table, length) for row in (a, b)))
    return here if around is True else operator.and_(around, here)
