"""What the traced call changed in the heap: effects for later calls, or writes to make again."""

from __future__ import annotations

import operator
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from types import CellType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from interpreter import EMPTY, Journal, Snapshot

from ..captures import foreign
from ..captures.guards import Apart, Distinct, HasLength, Same
from ..captures.outer import MIRRORS, OuterDict, OuterList
from ..captures.questions import PLAIN
from ..captures.sources import Argument, Attribute, Closure, Item, Pinned, Source
from ..captures.stored import namespace_of_instance
from ..captures.twins import underlying
from ..lists.keyed import Keyed
from ..lists.virtual import VirtualList
from ..tracers import ArrayTracer, Tracer
from ..tree import flatten
from .effects import Advance, Effect, Extend, Overwrite, Remove, Reorder, Replace, Store
from .leaving import holds_traced

if TYPE_CHECKING:
    from ..session import Session


def collect(session: Session, journal: Journal) -> Iterator[Effect]:
    """The effects of the call on objects that were there before it."""
    session.settings.require_restored(session)
    changed: list[Any] = []
    for obj, before in journal.written():
        effects: list[Effect] = []
        if type(obj) is OuterList:
            effects = [*_list_effects(session, obj)]
        elif type(obj) is OuterDict:
            effects = [*_dict_effects(session, obj)]
        elif id(obj) in session.captures.outer and not isinstance(obj, np.ndarray):
            effects = [*_object_effects(session, obj, before)]
        if effects:
            changed.append(obj._original if type(obj) in MIRRORS else obj)
        yield from effects
    written = [obj._original if type(obj) in MIRRORS else obj for obj, _ in journal.written()]
    _require_distinct(session, written)
    _require_one_name(session, changed)
    yield from _array_effects(session)
    yield from _advances(session, changed)


def _list_effects(session: Session, mirror: OuterList) -> Iterator[Effect]:
    middle = session.virtual.get(id(mirror))
    if middle is not None:
        items, lifted = list(list.__iter__(mirror)), mirror._lifted
        if middle.start != len(lifted) or any(a is not b for a, b in zip(items, lifted, strict=False)):
            middle.materialize()
        else:
            middle.start = 0
            middle.items = items[len(lifted):]
            session.virtual[id(middle.items)] = middle
            yield Extend(mirror._source, middle.items)
            return
    items, lifted = list(mirror), mirror._lifted
    unchanged = len(items) >= len(lifted) and all(a is b for a, b in zip(items, lifted, strict=False))
    if unchanged:
        if len(items) > len(lifted):
            yield Extend(mirror._source, items[len(lifted):])
        return
    yield Replace(mirror._source, items, {id(x): k for k, x in enumerate(lifted)})


def _dict_effects(session: Session, mirror: OuterDict) -> Iterator[Effect]:
    lifted, written = mirror._lifted, session.captures.was_written
    for key, value in mirror.items():
        if key not in lifted or lifted[key] is not value or written(mirror._original, key):
            yield Store(Item(mirror._source, key), value)
    for key in lifted:
        if not dict.__contains__(mirror, key):
            yield Remove(mirror._source, key, attribute=False)
    yield from _reordered(mirror._source, lifted, mirror)


def _object_effects(session: Session, obj: Any, before: Snapshot) -> Iterator[Effect]:
    after, source = Snapshot(obj), session.captures.outer[id(obj)][1]

    def written(name: Any) -> bool:
        return session.captures.was_written(obj, name)

    def same(name: Any, old: Any, new: Any) -> bool:
        if written(name) and type(new) in PLAIN:  # the very number that the traced call found may be put there
            return False
        return new is old or (id(obj) in session.captures.filled and new is session.captures.lifted_at(obj, name, old))

    if before.attributes is not None:
        yield from _named(before.attributes, after.attributes or {}, source, written, same, attribute=True)
    if isinstance(obj, CellType):
        if isinstance(source, Pinned) and (after.contents is not before.contents or written(source.text)):
            yield Store(Closure(source, source.text), after.contents)
    elif isinstance(obj, (dict, type)):
        yield from _named(before.contents, after.contents, source, written, same, attribute=isinstance(obj, type))
        if isinstance(obj, dict):
            yield from _reordered(source, before.contents, after.contents)
    elif isinstance(obj, set) and before.contents != after.contents:
        yield Replace(source, list(after.contents), {})
    elif isinstance(obj, (list, deque)):
        yield from _sequence_effects(session, obj, source, list(before.contents), list(after.contents), same)
    elif type(obj) is bytearray and before.contents != after.contents:
        raise session.error(f"{source} is written to", why="a bytearray's bytes are not traced", hint="use an array of np.uint8")


def _reordered(source: Source, before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[Effect]:
    """What makes keys stand in the order of `after`: those that still stand as in `before` come first."""
    kept, place = iter(before), 0
    keys = list(after)
    while place < len(keys) and keys[place] in kept:  # looks on from where the last key was found
        place += 1
    if any(key in before for key in keys[place:]):
        yield Reorder(source, keys[place:])


def _sequence_effects(
    session: Session, obj: Any, source: Source, before: list[Any], after: list[Any], same: Callable[[Any, Any, Any], bool]
) -> Iterator[Effect]:
    """What happened to a deque or to an instance of a subclass of list.

    Items are told apart by where they stand, as one int may stand at several places; one that was taken from
    its place was lifted before, and ints are guarded then.
    """
    captures, stays = session.captures, len(before)
    changed = [k for k, (old, new) in enumerate(zip(before, after, strict=False)) if not same(k, old, new) or captures.was_written(obj, k)]
    if not changed and len(after) >= stays:
        if len(after) > stays:
            yield Extend(source, after[stays:])
        return
    session.guard(HasLength(source, stays))
    if len(after) == stays and id(obj) not in captures.filled:
        for k in changed:
            yield Store(Item(source, k), after[k])
        return
    kept = [captures.lifted_at(obj, k, x) for k, x in enumerate(before)]
    new = [x for x in after if not any(x is old for old in kept)]
    if getattr(obj, "maxlen", None) and _are_same((kept + new)[-obj.maxlen:], after):
        yield Extend(source, new)
        return
    yield Replace(source, after, {id(x): k for k, x in enumerate(kept)})


def _are_same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(map(operator.is_, a, b))


def _named(
    before: Any, after: Any, source: Source, written: Callable[[Any], bool], same: Callable[[Any, Any, Any], bool],
    attribute: bool,
) -> Iterator[Effect]:
    make: Callable[[Source, Any], Source] = Attribute if attribute else Item
    for name, value in after.items():
        if same(name, before.get(name, EMPTY), value) and not (written(name) and value is not EMPTY):
            continue
        if value is EMPTY:
            yield Remove(source, name, attribute)
        else:
            yield Store(make(source, name), value)
    for name in before:
        if name not in after:
            yield Remove(source, name, attribute)


def _array_effects(session: Session) -> Iterator[Effect]:
    """Writes to arrays from outside; those of arguments stay in the call."""
    captures = session.captures
    for array, cell, source in list(captures.cells.values()):
        if not captures.is_written(cell):
            continue
        _require_apart(session, array, source)
        if not isinstance(source, Argument):
            yield Overwrite(source, cell._read(), cell)


def _advances(session: Session, changed: list[Any]) -> Iterator[Effect]:
    """Items taken from iterators from outside: they were looked at before the call, which must not have written to them."""
    changed = [*changed, *(array for array, cell, _ in session.captures.cells.values() if session.captures.is_written(cell))]
    for iterator in session.captures.drawn.values():
        if type(iterator.index) is int and iterator.index == 0:
            continue
        for part in underlying(iterator.original):
            if any(part is x or isinstance(part, np.ndarray) and isinstance(x, np.ndarray) and np.shares_memory(part, x) for x in changed):
                raise session.error(f"{iterator.source} is advanced, and what it goes through is written to",
                                    why="what it gives is read before the call", hint="make the iterator in the function")
        yield Advance(iterator.source, iterator.index)


def _require_distinct(session: Session, written: list[Any]) -> None:
    """A write to an object would have to be seen through any other of its class, if they were one at a later call."""
    outer = session.captures.outer
    for cls in dict.fromkeys(type(obj) for obj in written if id(obj) in outer):
        if cls is CellType or issubclass(cls, (type, np.ndarray)):
            continue
        places = [source for obj, source in outer.values() if type(obj) is cls and not isinstance(source, Pinned)]
        if len(places) == 2:
            session.guard(Same(places[0], places[1], False))
        elif len(places) > 2:
            session.guard(Distinct(tuple(places)))


def _require_one_name(session: Session, changed: list[Any]) -> None:
    """Attributes that the call has changed are not at hand as items of a dict, too: ``names = vars(obj)`` made before it."""
    outer = session.captures.outer
    dicts = {id(m._original): m for m in session.captures.mirrors() if type(m) is OuterDict and m.namespace_of is None}
    ids = set(map(id, changed))
    for obj, source in list(outer.values()) if dicts else ():
        held = None if isinstance(obj, (type, ModuleType)) else namespace_of_instance(obj)
        if id(held) in dicts and held and (id(obj) in ids or id(held) in ids):
            raise session.error(f"{source} is written to and {dicts[id(held)]._source} is its dict", hint="use vars() in the function")


def _require_apart(session: Session, array: Any, source: Source) -> None:
    arrays = [(other, place) for other, _, place in session.captures.cells.values()]
    for other, place in [*arrays, *foreign.buffers(session)]:
        if other is array and place == source:
            continue
        if np.shares_memory(other, array):
            raise session.error(
                f"{source} is written to and shares memory with {place}",
                why="a write through one name would have to be seen through the other",
                hint="pass a copy of one of them",
            )
        session.guard(Apart(source, place))


# -- writes made again --------------------------------------------------------------------------------
def replayed(session: Session, journal: Journal, position: Callable[[Tracer], int]) -> Callable[[Sequence[Any]], None]:
    """A function that makes the writes of `journal` again, after they were undone.

    It takes what stands for the traced leaves that were written, by their positions.
    """
    redo: list[Callable[[Sequence[Any]], None]] = []
    written = list(journal.written())
    for obj, before in written:
        if isinstance(obj, ArrayTracer):
            if obj._base is None:
                redo.append(_write_cell(obj, position(obj)))
            continue
        after = Snapshot(obj)
        for name, value in (after.attributes or {}).items():
            if (before.attributes or {}).get(name, EMPTY) is not value and value is not EMPTY:
                redo.append(_set_attribute(obj, name, _planned(session, value, position)))
        if after.contents is not None:
            redo.append(_set_contents(obj, _planned(session, after.contents, position)))

    def make_again(values: Sequence[Any]) -> None:
        for obj, _ in written:
            session.touch(obj)
        for write in redo:
            write(values)

    return make_again


def _planned(session: Session, value: Any, position: Callable[[Tracer], int]) -> Callable[[Sequence[Any]], Any]:
    leaves, tree = flatten(value)
    makers = [_planned_leaf(session, x, position) for x in leaves]
    if all(make is None for make in makers):
        return lambda values: value
    return lambda values: tree.unflatten(
        [x if make is None else make(values) for x, make in zip(leaves, makers, strict=True)]
    )


def _planned_leaf(session: Session, leaf: Any, position: Callable[[Tracer], int]) -> Callable[[Sequence[Any]], Any] | None:
    """What makes a leaf of what stands for the region's results; None if it is as good outside."""
    if isinstance(leaf, Tracer):
        place = position(leaf)
        return lambda values: values[place]
    if type(leaf) is VirtualList and id(leaf.items) in session.virtual:
        return _planned_rows(session, leaf, position)
    if isinstance(leaf, (VirtualList, Keyed)) and session.journals[-1].knows(leaf.owner if isinstance(leaf, Keyed) else leaf.items):
        return None  # of a list or dict that was made inside
    if type(leaf) not in MIRRORS and (isinstance(leaf, (VirtualList, Keyed)) or holds_traced(leaf)):
        raise session.error(f"a {type(leaf).__name__} with numbers in it is left behind by a function that is differentiated "
                            "inside another", hint="return the numbers, or keep them in lists and dicts")
    return None


def _planned_rows(session: Session, rows: VirtualList, position: Callable[[Tracer], int]) -> Callable[[Sequence[Any]], Any]:
    """A list that a loop in the region has appended to."""
    places = [position(session.wrap(stack)) for stack in rows.stacks]

    def make(values: Sequence[Any]) -> VirtualList:
        stacks = [session.value(values[p]) for p in places]
        length = stacks[0].type.shape[0] if stacks else rows.length
        return VirtualList(session, rows.items, rows.start, rows.pattern, stacks, length, rows.key)

    return make


def _write_cell(cell: ArrayTracer, place: int) -> Callable[[Sequence[Any]], None]:
    return lambda values: cell._write(values[place]._read())


def _set_attribute(obj: Any, name: str, make: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], None]:
    def write(values: Sequence[Any]) -> None:
        if isinstance(obj, Tracer):
            return
        object.__setattr__(obj, name, make(values))

    return write


def _set_contents(obj: Any, make: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], None]:
    def write(values: Sequence[Any]) -> None:
        new = make(values)
        if isinstance(obj, list):
            list.__setitem__(obj, slice(None), new)
        elif isinstance(obj, dict):
            base = OrderedDict if isinstance(obj, OrderedDict) else dict
            base.clear(obj)
            for key, value in new.items():
                base.__setitem__(obj, key, value)
        elif isinstance(obj, CellType):
            obj.cell_contents = new
        elif isinstance(obj, (set, deque)):
            obj.clear()
            obj.update(new) if isinstance(obj, set) else obj.extend(new)

    return write
