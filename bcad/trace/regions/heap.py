"""Places in the heap that a part of the program changed: what they held before and after."""

from __future__ import annotations

from collections import OrderedDict, deque
from types import CellType
from typing import TYPE_CHECKING, Any, NamedTuple

from bcad.ir import Size, Value
from interpreter import EMPTY, Journal, Snapshot, TableIterator

from ..captures.outer import LISTS
from ..tracers import ArrayTracer, Tracer
from .patterns import Mismatch, Pattern
from .states import Abandon, Frozen, Same, cell_value, freeze

if TYPE_CHECKING:
    from ..lists.virtual import VirtualList
    from ..session import Session


class Place(NamedTuple):
    """Part of an object: ``kind`` is 'attribute', 'item', 'cell' or 'array'."""

    identity: int
    kind: str
    key: Any


class Change:
    """What happened at a place; `obj` is the object that it belongs to."""

    __slots__ = ("obj", "old", "new")

    def __init__(self, obj: Any, old: Any, new: Frozen) -> None:
        self.obj, self.old, self.new = obj, old, new


class Middle:
    """Items of a number that only a run can tell: for each leaf of their pattern the values, stacked."""

    __slots__ = ("pattern", "stacks", "length")

    def __init__(self, pattern: Pattern, stacks: list[Value], length: Size) -> None:
        self.pattern, self.stacks, self.length = pattern, stacks, length


class Growth:
    """What was appended to a list whose earlier items stayed: single items, and `Middle` parts."""

    __slots__ = ("obj", "old", "pieces")

    def __init__(self, obj: list[Any], old: list[Any], pieces: list[Frozen | Middle]) -> None:
        self.obj, self.old, self.pieces = obj, old, pieces

    @property
    def items(self) -> list[Frozen]:
        """The single items."""
        return [piece for piece in self.pieces if not isinstance(piece, Middle)]


class Rebuilt:
    """All that a list or deque holds now, some of it in arrays; what it held before need not have stayed."""

    __slots__ = ("obj", "pieces")

    def __init__(self, obj: Any, pieces: list[Frozen | Middle]) -> None:
        self.obj, self.pieces = obj, pieces


class Changes:
    """All changes of one run, by place; of lists by identity what they got more, or all that they hold."""

    def __init__(self) -> None:
        self.places: dict[Place, Change] = {}
        self.grown: dict[int, Growth] = {}
        self.rebuilt: dict[int, Rebuilt] = {}

    @property
    def objects(self) -> list[Any]:
        """The objects that hold something else than before."""
        return [c.obj for changed in (self.places, self.grown, self.rebuilt) for c in changed.values()]


def settle_moves(session: Session) -> None:
    """Lists in lists that are being exchanged have not been until the second half is done."""
    for items in list(session.virtual.values()):
        items.settle_move()


def changes_in(session: Session, journal: Journal) -> Changes:
    """What the writes that `journal` knows have changed, frozen."""
    found = Changes()
    captures = session.captures
    settle_moves(session)
    known = next((before.contents for obj, before in journal.written() if obj is session.virtual), session.virtual)
    grown = {key: middle for key, middle in session.virtual.items() if key not in known}
    written = next((before.contents for obj, before in journal.written() if obj is captures._written), captures._written)
    for obj, before in journal.written():
        if obj is captures._written:
            continue
        if obj is session.virtual:
            _require_own(session, before.contents)
            continue
        if isinstance(obj, ArrayTracer):
            _array_change(session, found, obj, before)
        elif not isinstance(obj, Tracer):
            _object_changes(session, found, obj, before, grown.get(id(obj)))
    for place, change in found.places.items():
        if place.kind != "array" and change.old is not EMPTY:
            change.old = captures.standing(change.obj, place.kind, place.key, change.old, written)
    return found


def _require_own(session: Session, before: dict[int, Any]) -> None:
    """Lists that an inner loop or branch has grown had no such part before, and grow here."""
    if before.keys() - session.virtual.keys():
        raise Abandon("a list that a loop has made is written out in it")
    for key, found in session.virtual.items():
        if key not in before and found.home is session.builder:
            continue
        if before.get(key) is not found:
            raise Abandon("a list grows in it by an inner loop")


def _array_change(session: Session, found: Changes, cell: ArrayTracer, before: Snapshot) -> None:
    old = (before.attributes or {})["_value"]
    if cell._base is None and cell._value is not old:
        place = Place(id(cell), "array", None)
        found.places[place] = Change(cell, old, freeze(session, cell._value))


def _object_changes(
    session: Session, found: Changes, obj: Any, before: Snapshot, grown: VirtualList | None
) -> None:
    """`grown`: what stands in arrays of a list or deque that did not stand in them before."""
    after = Snapshot(obj)
    if isinstance(obj, (list, deque)) and session.captures.stands_for_itself(obj) and (
            grown is not None or not _identical(before.contents, after.contents)):
        raise Abandon(f"a {type(obj).__name__} from outside is changed")
    old, new = attributes(before), attributes(after)
    for name, value in new.items():
        if old.get(name, EMPTY) is not value:
            found.places[Place(id(obj), "attribute", name)] = Change(obj, old.get(name, EMPTY), _frozen(session, value))
    for name in old.keys() - new.keys():
        raise Abandon(f"attribute {name!r} is deleted")
    if isinstance(obj, CellType):
        if after.contents is not before.contents:
            found.places[Place(id(obj), "cell", None)] = Change(obj, before.contents, _frozen(session, after.contents))
    elif grown is not None and (grown.buffered is obj or grown.start < len(before.contents)):
        found.rebuilt[id(obj)] = Rebuilt(obj, grown.pieces())
    elif isinstance(obj, (list, deque)) and obj is getattr(session.virtual.get(id(obj)), "buffered", None):
        pass  # its items stood in arrays before: what has changed are the attributes of the Strip
    elif isinstance(obj, list):
        _list_changes(session, found, obj, before.contents, after.contents, grown)
    elif isinstance(obj, dict):
        _dict_changes(session, found, obj, before.contents, after.contents)
    elif isinstance(obj, deque) and not _identical(before.contents, after.contents):
        raise _strip_wanted(session, obj, "a deque is changed", list(before.contents))
    elif isinstance(obj, set) and not _identical(before.contents, after.contents):
        raise Abandon("a set is changed")
    elif hasattr(type(obj), "__next__") and before.contents != after.contents or type(obj) is TableIterator and old["index"] != new["index"]:
        raise Abandon("an iterator that was there before is advanced in it")


def attributes(held: Snapshot) -> dict[str, Any]:
    """The attributes that an object or class has of its own."""
    return (held.contents if isinstance(held.obj, type) else held.attributes) or {}


def _strip_wanted(session: Session, obj: Any, reason: str, gone: list[Any]) -> BaseException:
    """Arrays are wanted for a list; some of its items are gone."""
    from ..lists.buffers import wanted
    from ..lists.pieces import pattern_of_pieces

    try:
        form = pattern_of_pieces(session, [freeze(session, x) for x in gone]) if gone else None
    except (Abandon, Mismatch):
        return Abandon(reason)
    return wanted(session, obj, reason, form)


def _frozen(session: Session, value: Any) -> Frozen:
    return Same(EMPTY) if value is EMPTY else freeze(session, value)


def _identical(a: Any, b: Any) -> bool:
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


def _list_changes(
    session: Session, found: Changes, obj: list[Any], old: list[Any], new: list[Any], middle: VirtualList | None
) -> None:
    if len(new) < len(old):
        raise _strip_wanted(session, obj, "a list gets shorter", old)
    if len(new) > len(old) and type(obj) not in LISTS:
        raise Abandon(f"a {type(obj).__name__} gets longer")
    for k, (a, b) in enumerate(zip(old, new, strict=False)):
        if a is not b:
            found.places[Place(id(obj), "item", k)] = Change(obj, a, freeze(session, b))
    if middle is not None:
        before, after = new[len(old): middle.start], new[middle.start:]
        part = Middle(middle.pattern, middle.stacks, middle.length)
        found.grown[id(obj)] = Growth(
            obj, old, [*(freeze(session, x) for x in before), part, *(freeze(session, x) for x in after)])
    elif len(new) > len(old):
        found.grown[id(obj)] = Growth(obj, old, [freeze(session, x) for x in new[len(old):]])


def _dict_changes(session: Session, found: Changes, obj: Any, old: dict[Any, Any], new: dict[Any, Any]) -> None:
    if old.keys() - new.keys():
        raise Abandon("an item of a dict is deleted")
    if any(a != b for a, b in zip(old, new, strict=False)):
        raise Abandon("keys of a dict are put in again")
    for key, value in new.items():
        before = old.get(key, EMPTY)
        if before is not value:
            found.places[Place(id(obj), "item", key)] = Change(obj, before, freeze(session, value))


def read(place: Place, obj: Any) -> Any:
    """What is at a place now; EMPTY if nothing."""
    if place.kind == "array":
        return obj._value
    if place.kind == "cell":
        return cell_value(obj)
    if place.kind == "item":
        if isinstance(obj, dict):
            return dict.get(obj, place.key, EMPTY)  # __getitem__ would make what is missing
        return list.__getitem__(obj, place.key) if place.key < list.__len__(obj) else EMPTY
    return attributes(Snapshot(obj)).get(place.key, EMPTY)


def store(session: Session, place: Place, obj: Any, value: Any) -> None:
    """Put `value` at a place, so that it can be undone."""
    session.touch(obj)
    session.captures.note_written(obj, place.kind, place.key)
    if place.kind == "array":
        obj._value = value if isinstance(value, Value) else session.value(value)
    elif place.kind == "cell":
        obj.cell_contents = value
    elif place.kind == "item":
        base: Any = next(base for base in (list, OrderedDict, dict) if isinstance(obj, base))  # dict's would leave an order behind
        base.__setitem__(obj, place.key, value)
    elif isinstance(obj, type):
        type.__setattr__(obj, place.key, value)
    else:
        object.__setattr__(obj, place.key, value)
