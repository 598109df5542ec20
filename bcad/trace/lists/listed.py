"""Lists in arrays as states: what a variable holds when a part of the program ends, joined, taken apart and made again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Builder, Size, Value, python_type

from ..regions.leaves import as_type, item_of, plain, values_of
from ..regions.patterns import (
    Constant,
    Leaf,
    Listed,
    Mismatch,
    Nest,
    OtherLength,
    Pattern,
    common_type,
    fits,
    join,
    join_items,
    nest_of,
    of_numpy,
)
from ..regions.restack import restacked
from ..regions.states import Abandon, Box, Layout, Number, freeze
from .pieces import as_stack, stack
from .strips import Strip
from .tables import inner_lists
from .virtual import register

if TYPE_CHECKING:
    from ..session import Session


def state_of(session: Session, items: Any) -> Box:
    """What a list or deque in arrays holds now, as Values of the current builder."""
    found = session.virtual[id(items)]
    whole = found.whole()
    if whole is None or id(items) in session.growing:
        raise Abandon("a list that a loop has made leaves it")
    full = not isinstance(whole, Strip) or whole.is_tight
    columns = whole.stacks if full else whole.columns
    rest = [] if full else [whole.first, whole.count]
    children = [*(Number(Builder.current().as_value(c), None) for c in columns), *(freeze(session, x) for x in rest)]
    bound = items.maxlen if isinstance(items, deque) else None
    room = whole.room if isinstance(whole, Strip) else None
    inner = inner_lists(session, items) if isinstance(whole.pattern, Listed) else ()
    layout = Layout(whole.pattern, full, bound, found.key, found.root, room, found.entangled, inner)
    return Box(items, tuple(range(len(children))), children, layout)


# -- one form of two -----------------------------------------------------------------------------------
def join_lists(session: Session, a: Nest, b: Nest) -> Listed | None:
    """The form of both; None if one is no list, or of items that have no common form.

    Raises
    ------
    OtherLength
        If nothing but their lengths tells them apart.
    """
    left, right = _in_arrays(session, a, b), _in_arrays(session, b, a)
    if left is None or right is None or type(a.like) is not type(b.like) or left.extra.bound != right.extra.bound:
        return None
    item = join_items(session, left.item, right.item)
    layout, is_tight = _both(left.extra, right.extra), left.extra.is_tight and right.extra.is_tight
    rows = _rows_with_room(session, left, right)
    if rows is not None:
        is_tight = False
    else:
        try:
            rows = common_type(session, _vector(left.rows), _vector(right.rows)).shape[0]
        except Mismatch:
            raise OtherLength(f"lists of {left.rows} and of {right.rows} items", item) from None
    if is_tight:
        return listed(a.like, item, rows, (), layout)
    rest = [join(session, x, y) for x, y in zip(_rest(left), _rest(right), strict=True)]
    return listed(a.like, item, rows, rest, layout)


def _rows_with_room(session: Session, a: Listed, b: Listed) -> Size | None:
    """The length of arrays that a loop has made for the one list, if the other, full to the brim, is of another length."""
    for own, other in ((a, b), (b, a)):
        made = own.extra.room.made if own.extra.room is not None else ()
        if other.extra.is_tight and other.rows != own.rows and any(region.key in made for region in session.loops):
            return own.rows
    return None


def _both(a: Layout, b: Layout) -> Layout:
    """What holds for a list that is now the one, now the other."""
    key, entangled = (y if x is None else x for x, y in ((a.key, b.key), (a.entangled, b.entangled)))
    rooms = [x.room for x in (a, b) if x.room is not None and x.room.made]
    return Layout(None, True, a.bound, key, None, rooms[0] if rooms and rooms[0] is rooms[-1] else None, entangled)


def listed(like: Any, item: Pattern, rows: Size, rest: Sequence[Pattern], layout: Layout) -> Listed:
    """The form of a list with `rows` items, or room for so many, of one form."""
    columns = [Leaf(ArrayType(t.dtype, (rows, *t.shape))) for t in item.leaves]
    children = [*columns, *rest]
    return Listed(like, tuple(range(len(children))), children, _of(layout, item, not rest))


def _of(layout: Layout, item: Pattern, is_tight: bool) -> Layout:
    return Layout(item, is_tight, layout.bound, layout.key, None, layout.room, layout.entangled)


def _vector(rows: Size) -> ArrayType:
    return ArrayType(np.dtype(float), (rows,))


def _rest(pattern: Listed) -> list[Pattern]:
    """Where the items of a list begin in its arrays, and how many they are."""
    if not pattern.extra.is_tight:
        return pattern.children[-2:]
    return [Constant(0), Constant(pattern.rows) if isinstance(pattern.rows, int) else Leaf(python_type(int))]


def _in_arrays(session: Session, pattern: Nest, other: Nest) -> Listed | None:
    """The form of a list that is written out if it stood in arrays."""
    if isinstance(pattern, Listed):
        return pattern
    if type(pattern.like) is not list:
        return None
    if not pattern.children:
        return listed(pattern.like, other.item, 0, (), Layout(None, True, None, None)) if isinstance(other, Listed) else None
    try:
        found = as_stack(pattern.children[0])
        for child in pattern.children[1:]:
            found = join_items(session, found, as_stack(child))
    except (Abandon, Mismatch):
        return None
    return listed(pattern.like, found, len(pattern.children), (), Layout(None, True, None, None))


def item_of_all(session: Session, lists: Sequence[Nest]) -> Pattern | None:
    """The form that the items of all these lists have; None if there is none."""
    item: Pattern | None = None
    for found in (x for x in lists if x.children):
        whole = _in_arrays(session, found, found)
        if whole is None:
            return None
        try:
            item = whole.item if item is None else join_items(session, item, whole.item)
        except Mismatch:
            return None
    return item


def is_such_a_list(own: Pattern, option: Pattern) -> bool:
    """Whether a state of the form `own` can be made one of the form `option`, where one of them is a list in arrays."""
    if not isinstance(own, Nest) or not isinstance(option, Listed) or type(own.like) is not type(option.like):
        return False
    if isinstance(own, Listed):
        return fits(own.item, option.item)
    return type(own.like) is list and all(fits(child, option.item) for child in own.children)


def uniform(pattern: Pattern) -> Pattern:
    """The form in arrays of a list that is written out, if its items are numbers or arrays of one type; else as it is."""
    if not isinstance(pattern, Nest) or isinstance(pattern, Listed) or type(pattern.like) is not list or not pattern.children:
        return pattern
    try:
        items = [of_numpy(as_stack(child)) for child in pattern.children]
    except Abandon:
        return pattern
    if any(isinstance(x, Listed) for x in items):
        return _uniform_table(pattern, items)
    types = {(x.type.dtype, x.type.shape) if isinstance(x, Leaf) else None for x in items}
    if len(types) > 1 or None in types:
        return pattern
    kinds = [x for x in items if isinstance(x, Leaf)]
    first = next((x for x in kinds if x.type.kind is not python_type(int).kind), kinds[0])
    return listed(pattern.like, first, len(items), (), Layout(None, True, None, None))


def _uniform_table(pattern: Nest, items: list[Pattern]) -> Pattern:
    """The same of lists of one length."""
    first = items[0]
    if not all(isinstance(x, Listed) and x.extra.is_tight and x.leaves == items[0].leaves for x in items):
        return pattern
    return listed(pattern.like, first, len(items), (), Layout(None, True, None, None))


# -- as Values -------------------------------------------------------------------------------------------
def values_of_list(frozen: Box, pattern: Listed) -> Iterator[Value]:
    """The Values of a list in the order and the types of the pattern's leaves."""
    if type(frozen.extra) is not Layout:
        rows = len(frozen.children)
        _require_length(rows, pattern)
        yield from (_in_room(column, rows, pattern.rows) for column in stack(frozen.children, pattern.item))
        yield from _rest_of(len(frozen.children), pattern)
        return
    own = nest_of(frozen)
    assert isinstance(own, Listed)
    _require_length(own.rows, pattern)
    count = len(own.item.leaves)
    columns = restacked(own.item, (child.value for child in frozen.children[:count]), pattern.item, own.rows)
    yield from (_in_room(column, own.rows, pattern.rows) for column in columns)
    if frozen.extra.is_tight:
        yield from _rest_of(own.rows, pattern)
        return
    for child, part in zip(frozen.children[count:], pattern.children[-2:], strict=True):
        yield from values_of(child, part)


def _require_length(rows: Size, pattern: Listed) -> None:
    """A list that is to fill its arrays has as many items as these; one with room is supposed to have no more."""
    builder: Any = Builder.current()
    if pattern.extra.is_tight and rows != pattern.rows and not builder.session.assumptions.equal(rows, pattern.rows):
        raise Mismatch(f"lists of {rows} and of {pattern.rows} items")


def _in_room(column: Value, rows: Size, room: Size) -> Value:
    """The first rows of an array with more room; that there is enough of it is supposed."""
    if rows == room:
        return column
    builder: Any = Builder.current()
    session, fits_in = builder.session, ops.FUNCTIONS[np.less](builder.size(room), builder.size(rows))
    session.suppose_not(fits_in, "a list gets longer than the room that was made for it")
    empty = ops.BY_NAME["full"](column.dtype.type(0), shape=(room, *column.type.shape[1:]), dtype=column.dtype)
    return ops.MUTATING_METHODS["__setitem__"](empty, slice(0, rows), column)


def _rest_of(rows: Size, pattern: Listed) -> Iterator[Value]:
    """Where the items of a list that fills its arrays begin, and how many they are, if the form has that."""
    if pattern.extra.is_tight:
        return
    builder = Builder.current()
    for value, part in zip((builder.constant(0), builder.size(rows)), pattern.children[-2:], strict=True):
        if isinstance(part, Leaf):
            yield as_type(value, part.type)


def make(session: Session, pattern: Listed, parts: Sequence[Any]) -> Any:
    """A list of the pattern's form that holds these arrays."""
    layout, count = pattern.extra, len(pattern.item.leaves)
    columns = [session.value(part) for part in parts[:count]]
    first, number = (0, session.wrap(pattern.rows)) if layout.is_tight else parts[count:]
    items: Any = deque(maxlen=layout.bound) if isinstance(pattern.like, deque) else []
    session.born(items)
    strip = Strip(session, items, pattern.item, columns, number, layout.key, first)
    strip.room = layout.room or strip.room
    strip.entangled = layout.entangled
    register(session, strip)
    return items


def plain_list(pattern: Listed, parts: Sequence[Any]) -> Any:
    """The same of plain numbers and arrays."""
    count = len(pattern.item.leaves)
    first, number = (0, len(parts[0])) if pattern.extra.is_tight else parts[count:]
    columns = [map(item_of(t), part[first:first + number])
               for t, part in zip(pattern.item.leaves, parts[:count], strict=True)]
    items = [plain(pattern.item, iter(row)) for row in zip(*columns, strict=True)]
    return deque(items, pattern.extra.bound) if isinstance(pattern.like, deque) else items
