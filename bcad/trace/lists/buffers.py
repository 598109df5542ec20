"""Which lists and deques a loop keeps in arrays: learnt while its body is run, made before it is entered."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable
from types import CellType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Size, bounds, maximum, python_type, symbols
from interpreter import Frame

from ..regions.blends import Numbers
from ..regions.patterns import (
    Choice,
    Constant,
    Either,
    Leaf,
    Listed,
    Mismatch,
    Nest,
    Pattern,
    join_items,
    numbers_in,
    of_numbers,
    pattern_of,
)
from ..regions.reach import frames_from
from ..regions.states import Abandon, Layout, cell_value, freeze
from ..restart import Restart
from ..tracers import NumberTracer, SizeTracer, Tracer
from . import keyed, tables
from .listed import listed
from .pieces import as_stack, stack
from .strips import Strip
from .virtual import register

if TYPE_CHECKING:
    from ..session import Session

Form = Any  # an ArrayType, Numbers, a tuple of Forms, a ListOf, OneOf or Just: what an item that stands in arrays looks like


class ListOf(NamedTuple):
    """The form of an item that is a list.

    Attributes
    ----------
    rows : Size
        How many items it has; if it is `counted`, how many there is room for.
    """

    item: Any
    rows: Size
    counted: bool


class Buffer(NamedTuple):
    """What a loop's list needs: how it is found when the loop is reached, the form of its items, appends in an iteration.

    Attributes
    ----------
    path : tuple
        The frame (0: the loop's own, 1: its caller...) and slot or place on its stack, then steps through
        containers and attributes.
    right, left : Size
        How many items an iteration appends at either end.
    """

    loop: Any
    path: tuple[Any, ...]
    form: Form
    right: Size = 0
    left: Size = 0


class OneOf(NamedTuple):
    """The form of an item that is now of one form, now of another."""

    options: tuple[Any, ...]


class Just(NamedTuple):
    """The form of an item that is None, or a text."""

    obj: Any


def form_of(pattern: Pattern) -> Form | None:
    """The form of items that are numbers, arrays, texts or None, tuples or lists of such, or now one, now another; None for any other."""
    if isinstance(pattern, Either) or isinstance(pattern, Leaf) and pattern.bounds is not None:
        return numbers_in(pattern)
    if isinstance(pattern, Leaf):
        return pattern.type if isinstance(pattern.type, ArrayType) else None
    if isinstance(pattern, Listed):
        item = form_of(pattern.item)
        return None if item is None or type(pattern.like) is not list else ListOf(item, pattern.rows, not pattern.extra.is_tight)
    if isinstance(pattern, Nest) and type(pattern.like) is tuple:
        children = tuple(form_of(child) for child in map(_as_stack, pattern.children))
        return None if None in children else children
    if isinstance(pattern, Choice):
        options = tuple(map(form_of, pattern.children))
        return None if None in options else OneOf(options)
    if isinstance(pattern, Constant) and (pattern.obj is None or type(pattern.obj) in (str, bytes)):
        return Just(pattern.obj)
    return None


def pattern_of_form(form: Form) -> Pattern:
    """The pattern of items of a form."""
    if isinstance(form, ArrayType):
        return Leaf(form)
    if isinstance(form, Numbers):
        return of_numbers(form)
    if isinstance(form, ListOf):
        rest = (Constant(0), Leaf(python_type(int))) if form.counted else ()
        return listed([], pattern_of_form(form.item), form.rows, rest, Layout(None, True, None, None))
    if isinstance(form, OneOf):
        return Choice(list(map(pattern_of_form, form.options)))
    if isinstance(form, Just):
        return Constant(form.obj)
    return Nest((), tuple(range(len(form))), [pattern_of_form(child) for child in form], None)


def _as_stack(pattern: Pattern) -> Pattern:
    try:
        return as_stack(pattern)
    except Abandon:
        return pattern


# -- where lists are found ---------------------------------------------------------------------------
_MACHINERY = ("bcad", "interpreter")  # their objects lead to everything there is
_REACH = 20_000  # objects that are looked at: a list that is farther away is written out item by item


def paths(session: Session, frame: Frame) -> dict[int, tuple[Any, ...]]:
    """How the containers that a frame or its callers can reach are found again, the shortest way first."""
    found: dict[int, tuple[Any, ...]] = {}
    seen: set[int] = set()
    frames = enumerate(frames_from(frame))
    level: list[tuple[tuple[Any, ...], Any]] = [
        ((up, kind, k), x) for up, f in frames for kind, held in (("slot", f.slots), ("stack", f.stack)) for k, x in enumerate(held)]
    while level and len(seen) < _REACH:
        following: list[tuple[tuple[Any, ...], Any]] = []
        for path, x in level:
            if type(x) is CellType:
                x, path = cell_value(x), (*path, _CELL)
            if id(x) in seen or isinstance(x, (Tracer, type, FunctionType, ModuleType)):
                continue
            seen.add(id(x))
            if type(x) in (list, deque, *keyed.KINDS) and id(x) not in session.captures.outer:
                found.setdefault(id(x), path)
            following += [((*path, step), child) for step, child in _children(session, x)]
        level = following
    return found


_CELL = ("cell", None)


def _children(session: Session, x: Any) -> Iterable[tuple[Any, Any]]:
    table = keyed.of(session, x)
    if table is not None:
        return (("table", "keys"), table.keys), (("table", "values"), table.values)
    if type(x) in (list, tuple):
        return ((("item", k), child) for k, child in enumerate(x))
    if type(x) is dict:
        return ((("item", k), child) for k, child in x.items() if type(k) in (str, int))
    namespace = getattr(x, "__dict__", None)
    if type(namespace) is dict and type(x).__module__.partition(".")[0] not in _MACHINERY:
        return ((("attribute", k), child) for k, child in namespace.items())
    return ()


def resolve(session: Session, frame: Frame, path: tuple[Any, ...]) -> Any:
    """What is found on a path; None if it leads nowhere."""
    up, where, place, *steps = path
    frames = list(frames_from(frame))
    try:
        x = (frames[up].slots if where == "slot" else frames[up].stack)[place]
        for kind, key in steps:
            x = _step(session, x, kind, key)
    except (LookupError, TypeError, AttributeError):
        return None
    return x


def _step(session: Session, x: Any, kind: str, key: Any) -> Any:
    if kind == "cell":
        return cell_value(x)
    if kind == "table":
        return getattr(session.keyed[id(x)], key)
    if kind == "attribute":
        return vars(x)[key]
    if isinstance(x, dict) and key not in x:  # a default would be made
        raise KeyError(key)
    return x[key]


# -- learning ------------------------------------------------------------------------------------------
def wanted(
    session: Session, items: Any, reason: str, form: Pattern | None = None, room: bool = False, replaced: bool = False,
) -> BaseException:
    """What is raised where a list cannot be kept as a list: tracing begins again with a strip for it, if it may have one.

    `form` is that of an item which it is to hold, `room` says that it is about to grow, `replaced` that one of another
    length comes in its place.
    """
    region = next((r for r in session.loops if id(items) in r.paths), None)
    if region is None:
        return Abandon(reason)
    known = region.carries.growths.get(id(items))
    whole = _form(session, items, [p for p in (form, known.pattern if known is not None else None) if p is not None])
    if whole is None:
        return Abandon(reason)
    grows = room or known is not None or replaced and region.iterator is not None
    if grows and region.iterator is None:
        return Abandon("a list grows in it, nobody knows how long")
    buffer = Buffer(region.key, region.paths[id(items)], whole, right=1 if grows else 0)
    if buffer in session.lessons.buffers:
        return Abandon(reason)
    return Restart(buffers=frozenset((buffer,)))


def _form(session: Session, items: Any, others: list[Pattern]) -> Form | None:
    """The form of what a list holds and of `others`."""
    found = session.virtual.get(id(items))
    try:
        pieces = [] if found is None else [found.pattern]
        pieces += [as_stack(p) for p in [*(pattern_of(freeze(session, x)) for x in plain_items(items)), *others]]
        if not pieces:
            return None
        whole = pieces[0]
        for piece in pieces[1:]:
            whole = join_items(session, whole, piece)
    except (Abandon, Mismatch):
        return None
    if any("_" in name for type_ in whole.leaves for size in type_.shape for name in symbols(size)):
        return None
    return form_of(whole)


def plain_items(items: Any) -> list[Any]:
    """The items of a list or deque that are written out in it."""
    return list(list.__iter__(items)) if isinstance(items, list) else list(deque.__iter__(items))


# -- making --------------------------------------------------------------------------------------------
def convert(session: Session, region: Any) -> list[Strip]:
    """Give the lists of a loop their strips, before it is made."""
    found: dict[tuple[Any, ...], Buffer] = {}
    for buffer in sorted(session.lessons.buffers, key=str):
        if buffer.loop == region.key:
            found[buffer.path] = _both(session, buffer, found.get(buffer.path, buffer))
    made = []
    for path, buffer in found.items():
        items = resolve(session, region.frame, path)
        if type(items) in (list, deque):
            made.append(_made(session, region, buffer, items))
    return made


def _both(session: Session, a: Buffer, b: Buffer) -> Buffer:
    """What is enough for either."""
    try:
        whole = form_of(join_items(session, pattern_of_form(a.form), pattern_of_form(b.form)))
    except Mismatch as reason:
        raise Abandon(str(reason)) from None
    return a._replace(form=whole, right=_enough(a.right, b.right), left=_enough(a.left, b.left))


def _enough(a: Size, b: Size) -> Size:
    return a if covers(a, b) else b if covers(b, a) else a + b


def covers(a: Size, b: Size) -> bool:
    """Whether `a` is at least `b`, whatever the sizes."""
    least, _ = bounds(a - b)
    return least is not None and least >= 0


def _made(session: Session, region: Any, buffer: Buffer, items: Any) -> Strip:
    pattern = pattern_of_form(buffer.form)
    strip = session.virtual.get(id(items))
    if not isinstance(strip, Strip):
        strip = _strip_of(session, items, pattern, region.key)
    else:
        strip.widen_to(join_items(session, strip.pattern, pattern))
    if strip.key is None:
        strip.key = region.key
    strip.room.made[region.key] = buffer
    strip.room.used[region.key] = [0, 0]
    if buffer.right != 0 or buffer.left != 0:
        trip = _trip(session, region)
        strip.pad(buffer.right * trip, buffer.left * trip)
    return strip


def _strip_of(session: Session, items: Any, pattern: Pattern, key: Any) -> Strip:
    """A list or deque put into arrays."""
    found = session.virtual.get(id(items))
    try:
        if found is None:
            pieces: Any = [freeze(session, x) for x in plain_items(items)]
        else:
            pieces = found.pieces()
        columns, length = stack(pieces, pattern), found.length if found is not None else 0
    except Mismatch as reason:
        raise Abandon(str(reason)) from None
    count = session.wrap(length + len(plain_items(items)))
    session.touch(items)
    written = plain_items(items)
    start = len(written) if found is None else found.start
    places = [k if k < start else operator.add(session.wrap(length), k) for k in range(len(written))]
    items.clear()
    strip = Strip(session, items, pattern, columns, count, key)
    strip.entangled = found.entangled if found is not None else None
    register(session, strip)
    tables.adopt_all(strip, list(zip(written, places, strict=True)))
    return strip


def require_room(session: Session, strips: list[Strip], region: Any) -> None:
    """At the end of a pass: what was appended has to fit, or tracing begins again with more room."""
    for strip in strips:
        buffer, (right, left) = strip.room.made[region.key], strip.room.used[region.key]
        if not covers(buffer.right, right) or not covers(buffer.left, left):
            raise Restart(buffers=frozenset((buffer._replace(right=right, left=left),)))
        strip.room.used[region.key] = [0, 0]


def _trip(session: Session, region: Any) -> Size:
    """How many iterations there may be."""
    if region.iterator is None:
        raise Abandon("a list grows in it, nobody knows how long")
    left = region.iterator.left()
    if type(left) is NumberTracer:
        value = session.value(left)
        session.suppose_not(ops.FUNCTIONS[np.less](value, 0), "a loop of a negative number of iterations")
        return ops.extent(value)
    return maximum(left._size, 0) if type(left) is SizeTracer else max(left, 0)
