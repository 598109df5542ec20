"""Two arms merged: what they leave, slot by slot and place by place, as the outputs of one Cond."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import ArrayType, Kind, Value, symbols
from interpreter import EMPTY, UNBOUND, Frame

from ..iterators.indexed import Indexed, NextItem
from ..lists import tables, virtual
from ..lists.buffers import plain_items
from ..lists.pieces import length_of, pattern_of_pieces, stack
from ..tracers import ArrayTracer
from .aliases import Holders, Shared, forbid_shared, forbid_writes, is_array, things_in
from .arms import Abandon, Arm, Exit, Mixed
from .conds import cond_values
from .heap import Change, Growth, Middle, Place, store
from .leaves import build, fillers, values_of
from .patterns import Choice, Constant, Mismatch, Nest, OtherLength, Pattern, join, pattern_of
from .reach import reachable
from .sizes import mentioned, symbols_in
from .states import Box, Frozen, Lengthens, Number, Same, freeze, refer

if TYPE_CHECKING:
    from ..session import Session



class Merge:
    """What two arms leave, slot by slot and place by place, as the outputs of one Cond."""

    def __init__(self, session: Session, frame: Frame, predicate: Value, arms: list[Arm], key: Any) -> None:
        self.session = session
        self.frame = frame
        self.predicate = predicate
        self.arms = arms
        self.key = key
        self.outputs: tuple[list[Value], list[Value]] = ([], [])
        self.pending: list[tuple[Pattern, int, list[Frozen | None], Callable[[Any], None]]] = []
        self._reachable: dict[int, int] | None = None
        self.types: dict[int, ArrayType] = {}  # of outputs whose sizes differ
        self.results: list[Value] = []
        self._last: list[Callable[[], None]] = []
        self._appended: dict[int, Any] = {}  # what becomes an item of a list that holds its items in arrays
        self._is_held = False  # whether a variable or another object holds one of these
        self._pairs: dict[tuple[int, int], list[Callable[[Any], None]]] = {}

    def add(self, pair: list[Frozen | None], put: Callable[[Any], None], raw: bool = False) -> None:
        """One place: its state after each arm (None: nothing reads it), and how to set the merged one."""
        pair = [None if p is None else refer(p, self._existed) for p in pair]
        known = [p for p in pair if p is not None]
        first, last = known[0], known[-1]
        if len(known) == 2 and not raw and isinstance(first, Number) and isinstance(last, Number) and (
            first.obj is last.obj and isinstance(first.obj, ArrayTracer)):
            put(first.obj)  # what it holds is merged as a place of its own
            return
        pattern = pattern_of(known[0])
        if len(known) == 2:
            pattern = self._joined(pattern, pattern_of(known[1]))
        if isinstance(pattern, Constant):
            put(pattern.obj)
            return
        self._require_sizes(pattern)
        objects = tuple(0 if p is None else id(p.obj) for p in pair)
        mutable = isinstance(pattern, (Nest, Choice)) or getattr(getattr(pattern, "type", None), "kind", None) is Kind.ARRAY
        if mutable and len(known) == 2 and objects in self._pairs and not raw:
            self._pairs[objects].append(put)
            return
        if mutable and not raw:
            self._pairs[objects] = [put]  # type: ignore[index]
            put = self._put_all(objects)
        self.pending.append((pattern, len(self.outputs[0]), pair, put))
        for arm, state, outputs in zip(self.arms, pair, self.outputs, strict=True):
            with arm.builder:
                outputs += fillers(pattern) if state is None else values_of(state, pattern)

    def _require_sizes(self, pattern: Pattern) -> None:
        """What the one arm leaves has a size that the other knows too."""
        names = symbols_in(pattern)
        if names and not names.isdisjoint(self.local_sizes):
            raise Mismatch("an array or list of a size that one of them decides")

    def append(self, items: list[Any], pair: list[Frozen | None]) -> None:
        """One item more in a list, whichever arm is run."""
        held: list[Any] = []
        self.add(pair, held.append)
        self.finally_(lambda: self._append(items, held[0]))

    def _append(self, items: list[Any], value: Any) -> None:
        self.session.touch(items)
        list.append(items, value)

    def extend(self, items: list[Any], pieces: list[list[Frozen | Middle]]) -> None:
        """Several items more in a list, in a number that depends on the arm."""
        self._stack(items, pieces, lambda middle: virtual.extend(self.session, items, middle, self.key))

    def rebuild(self, items: Any, pieces: list[list[Frozen | Middle]]) -> None:
        """Other items in a list or deque, those of an arm."""
        self._stack(items, pieces, lambda middle: virtual.replace(self.session, items, middle, self.key))

    def _stack(self, items: Any, pieces: list[list[Frozen | Middle]], put: Callable[[Middle], None]) -> None:
        """The items of either arm in one part; `put` puts it where they belong."""
        pieces = [[x if isinstance(x, Middle) else refer(x, self._existed) for x in arm] for arm in pieces]
        pattern = pattern_of_pieces(self.session, [piece for arm in pieces for piece in arm])
        lengths = [length_of(arm) for arm in pieces]
        known = lengths[0] == lengths[1] and self.local_sizes.isdisjoint(symbols(lengths[0]))
        length = lengths[0] if known else ops.fresh_size("m")
        types = [ArrayType(t.dtype, (length, *t.shape)) for t in pattern.leaves]
        first = len(self.outputs[0])
        for arm, own, outputs in zip(self.arms, pieces, self.outputs, strict=True):
            with arm.builder:
                outputs += stack(own, pattern)
            things = [thing for x in own if not isinstance(x, Middle) for thing in things_in(x, pattern)]
            forbid_writes(self.session, things, self.key)
            self._appended.update((id(thing), thing) for thing in things)
            self._is_held |= any(self._existed(thing) for thing in things)
        self.types.update({first + k: t for k, t in enumerate(types)})

        def finish() -> None:
            stacks = [self.results[first + k] for k in range(len(types))]
            put(Middle(pattern, stacks, length))
            if self._is_held:
                tables.forbid(self.session, items, self.key)

        self.finally_(finish)

    def finally_(self, action: Callable[[], None]) -> None:
        """Do something when everything else is in its place."""
        self._last.append(action)

    def _joined(self, a: Pattern, b: Pattern) -> Pattern:
        before, self.session.merging = self.session.merging, self
        try:
            return join(self.session, a, b)
        finally:
            self.session.merging = before

    @functools.cached_property
    def local_sizes(self) -> frozenset[str]:
        """The symbols of sizes that are bound inside an arm."""
        return frozenset().union(*(mentioned(arm.builder) for arm in self.arms)) - mentioned(self.arms[0].builder.parent)

    def _put_all(self, objects: Any) -> Callable[[Any], None]:
        puts = self._pairs[objects]

        def put(value: Any) -> None:
            for each in puts:
                each(value)

        return put

    def _existed(self, obj: Any) -> bool:
        """Whether a container or instance was there before the arms."""
        if self._reachable is None:
            self._reachable = reachable(self.frame, outside=self.session.captures.put_outside())
        return id(obj) in self._reachable or id(obj) in self.session.captures.outer

    def emit(self) -> None:
        """Emit the Cond and set every place."""
        shared = self._shared()
        results = self.results = cond_values(self.predicate, self.arms, self.outputs, self.types)
        for pattern, first, _, put in self.pending:
            values: Iterator[Value] = iter(results[first: first + len(pattern.leaves)])
            things: list[Any] = []
            merged = build(self.session, pattern, values, things)
            forbid_shared(self.session, shared, first, things, self.key)
            put(merged)
        for action in self._last:
            action()

    def _shared(self) -> Shared:
        """The places whose merged arrays and objects others may hold too; those others are not to be written to either."""
        shared: Shared = set()
        for k, arm in enumerate(self.arms):
            holders = Holders(((first, pair[k], pattern) for pattern, first, pair, _ in self.pending), arm.builder)
            shared |= holders.shared()
            forbid_writes(self.session, holders.outer(), self.key)
            for pattern, first, pair, _ in self.pending:  # copies of parts of a list that was there before
                things = [x for x in things_in(pair[k], pattern) if not is_array(x)]
                roots = [x for x in things if self._existed(x)]
                if any(id(x) in self._appended for x in things):
                    self._is_held = True
                    shared.add((first, False))
                shared.update([(first, False)] if roots else [])
                forbid_writes(self.session, roots, self.key)
        return shared


def merge(session: Session, frame: Frame, predicate: Value, arms: list[Arm], key: Any) -> None:
    """Let `frame` stand where the arms ended, holding what they left."""
    try:
        work = Merge(session, frame, predicate, arms, key)
        finish = _merge_ends(session, frame, arms, work)
        _merge_slots(frame, arms, work)
        _merge_heap(session, arms, work)
        work.emit()
    except Mismatch as reason:
        raise Abandon(f"its two ways leave different things: {reason}") from None
    finish()


def merge_results(session: Session, frame: Frame, predicate: Value, arms: list[Arm], key: Any) -> Any:
    """What an operation gives that was done in one of two ways; what else it changed is merged where it is."""
    held: list[Any] = []
    try:
        work = Merge(session, frame, predicate, arms, key)
        work.add([arm.result for arm in arms], held.append)
        _merge_heap(session, arms, work)
        work.emit()
    except Mismatch as reason:
        kind = Lengthens if isinstance(reason, OtherLength) else Abandon
        raise kind(f"its options leave different things: {reason}") from None
    return held[0]


def _merge_ends(session: Session, frame: Frame, arms: list[Arm], work: Merge) -> Callable[[], None]:
    """Merge stacks or results; what is left to do is to move the frame."""
    kinds = {(arm.kind, arm.pc) for arm in arms}
    if len(kinds) == 1 and arms[0].kind == "reached":
        return _merge_stacks(frame, arms, work)
    if len(kinds) == 1 and arms[0].kind == "returned" and session.context_of(frame) is None:
        held: list[Any] = []
        work.add([arm.result for arm in arms], held.append)
        return lambda: _leave(frame, held[0])
    return _merge_mixed(session, frame, arms, work)


def _leave(frame: Frame, value: Any) -> None:
    """Return `value` from the frame."""
    frame.push(value)
    frame.jump(frame.code.cfg.exit)


def _merge_stacks(frame: Frame, arms: list[Arm], work: Merge) -> Callable[[], None]:
    stacks = [arm.stack for arm in arms]
    if len(stacks[0]) != len(stacks[1]):
        raise Mismatch("stacks of different depths")
    merged: list[Any] = [None] * len(stacks[0])
    for k, (a, b) in enumerate(zip(*stacks, strict=True)):
        if isinstance(a, Same) and isinstance(b, Same) and a.obj is b.obj:
            merged[k] = a.obj
        else:
            pair = [_opened(work.session, arm, state) for arm, state in zip(arms, (a, b), strict=True)]
            work.add(pair, _setter(merged, k))  # type: ignore[arg-type]
    target = arms[0].pc
    assert target is not None

    def finish() -> None:
        frame.stack[:] = merged
        frame.jump(target)

    return finish


def _opened(session: Session, arm: Arm, state: Frozen) -> Frozen:
    """The state of a stack entry that this arm left alone, as Values."""
    return _unchanged(session, arm, state.obj) if isinstance(state, Same) else state


def _setter(target: Any, key: Any) -> Callable[[Any], None]:
    def put(value: Any) -> None:
        target[key] = value

    return put


def _merge_mixed(session: Session, frame: Frame, arms: list[Arm], work: Merge) -> Callable[[], None]:
    """Inside a loop's body: one arm goes on with the next iteration, the other leaves."""
    context = session.context_of(frame)
    if context is None:
        raise Abandon("its two ways do not meet again")
    go: list[Any] = []
    code: list[Any] = []
    ways = [_ways(context, arm, frame) for arm in arms]
    work.add([_frozen(session, arm, w[0]) for arm, w in zip(arms, ways, strict=True)], go.append)
    work.add([_frozen(session, arm, w[1]) for arm, w in zip(arms, ways, strict=True)], code.append)
    handed = [_handed_over(arm, w[2]) for arm, w in zip(arms, ways, strict=True)]
    results: dict[int, Any] = {}
    for number in sorted(handed[0].keys() | handed[1].keys()):
        work.add([found.get(number) for found in handed], _setter(results, number))
    exits = dict.fromkeys(e for w in ways for e in w[2])
    return lambda: _leave(frame, Mixed(go[0], code[0], list(exits), results))


def _handed_over(arm: Arm, ways: Sequence[Exit]) -> dict[int, Frozen]:
    """What an arm hands over on its ways out, by their numbers for that."""
    if arm.mixed is not None:
        return arm.results
    return {way.hands_over: arm.result for way in ways if way.hands_over is not None}


def _ways(context: Any, arm: Arm, frame: Frame) -> tuple[Any, Any, list[Any]]:
    """Whether the next iteration follows, the code of the way out, and the ways out of an arm."""
    if arm.mixed is not None:
        return arm.go, arm.code, list(arm.mixed.exits)
    if arm.kind == "reached" and any(
        not isinstance(s, Same) or s.obj is not x for s, x in zip(arm.stack, frame.stack, strict=False)
    ):
        raise Abandon("a value on the stack leaves the loop with it")
    if any(not _is_iterator(s) for s in arm.stack[context.depth:]):
        raise Abandon("a value on the stack leaves the loop with it")
    if arm.kind == "reached" and arm.pc not in context.stops:
        raise Abandon("its two ways do not meet again")
    if arm.kind == "raised" and not context.is_caught:
        raise Abandon("its two ways do not meet again")
    way = context.exit(arm.kind, arm.pc, len(arm.stack), arm.exception)
    return (True, 0, []) if way is None else (False, way.code, [way])


def _is_iterator(state: Frozen) -> bool:
    """Whether a stack entry is that of an inner loop, which is done with."""
    return isinstance(state, Same) and (isinstance(state.obj, (Indexed, NextItem)) or hasattr(type(state.obj), "__next__"))


def _frozen(session: Session, arm: Arm, x: Any) -> Frozen:
    if isinstance(x, (Number, Same, Box)):
        return x
    with arm.builder:
        return freeze(session, x)


def _merge_slots(frame: Frame, arms: list[Arm], work: Merge) -> None:
    changed = dict.fromkeys(k for arm in arms for k in arm.slots)
    for slot in changed:
        pair: list[Frozen | None] = []
        for arm in arms:
            state = arm.slots[slot] if slot in arm.slots else _unchanged(work.session, arm, frame.slots[slot])
            pair.append(None if _is_unbound(state) and not _is_live(frame, arm, slot) else state)
        if all(p is None for p in pair):
            continue
        work.add(pair, _setter(frame.slots, slot))


def _is_live(frame: Frame, arm: Arm, slot: int) -> bool:
    """Whether a slot may be read where an arm has ended, before it is set."""
    return arm.kind == "reached" and arm.pc is not None and slot in frame.code.cfg.live_at(arm.pc)


def _is_unbound(state: Frozen | None) -> bool:
    return isinstance(state, Same) and state.obj is UNBOUND


def _unchanged(session: Session, arm: Arm, value: Any) -> Frozen:
    if value is UNBOUND:
        return Same(UNBOUND)
    return _at_the_end(session, arm, value)


def _at_the_end(session: Session, arm: Arm, value: Any) -> Frozen:
    """What an object that was there before holds at the end of an arm, whose writes are undone by now."""
    if value is EMPTY:
        return Same(EMPTY)
    with _as_arrays_ended(session, arm):
        return freeze(session, value)


@contextmanager
def _as_arrays_ended(session: Session, arm: Arm) -> Iterator[None]:
    """In the arm's builder, with the arrays that were there before as the arm has left them."""
    with arm.builder, session.journal():
        for place, change in arm.changes.places.items():
            if place.kind == "array" and isinstance(change.new, Number):
                store(session, place, change.obj, change.new.value)
        yield


def _merge_heap(session: Session, arms: list[Arm], work: Merge) -> None:
    rebuilt = {key: found.obj for arm in arms for key, found in arm.changes.rebuilt.items()}
    for items in rebuilt.values():
        work.rebuild(items, [_all_items(session, arm, items) for arm in arms])
    for key in dict.fromkeys(key for arm in arms for key in arm.changes.grown if key not in rebuilt):
        _merge_growth(session, [arm.changes.grown.get(key) for arm in arms], work)
    places: dict[Place, Change] = {p: c for arm in arms for p, c in arm.changes.places.items()}
    if _first_set(arms[0]) != _first_set(arms[1]):
        raise Mismatch("keys or attributes are set for the first time, not in the same order")
    for place, change in places.items():
        if not _was_there(session, arms, change.obj) or place.kind == "item" and place.identity in rebuilt:
            continue
        pair: list[Frozen | None] = []
        for arm in arms:
            found = arm.changes.places.get(place)
            pair.append(found.new if found is not None else _before(session, arm, place, change))
        if place.kind != "cell" and any(isinstance(p, Same) and p.obj is EMPTY for p in pair):
            raise Mismatch(f"{place.key!r} is set on one way only")
        work.add(pair, _storer(session, place, change.obj), raw=place.kind == "array")


def _first_set(arm: Arm) -> dict[int, list[Any]]:
    """The keys and attributes that objects have got in an arm, in that order."""
    found: dict[int, list[Any]] = {}
    for place, change in arm.changes.places.items():
        if change.old is EMPTY and place.kind in ("item", "attribute"):
            found.setdefault(place.identity, []).append(place.key)
    return found


def _all_items(session: Session, arm: Arm, items: Any) -> list[Frozen | Middle]:
    """What a list or deque holds at the end of an arm, which need not have changed it."""
    if id(items) in arm.changes.rebuilt:
        return arm.changes.rebuilt[id(items)].pieces
    changed = {p.key: c.new for p, c in arm.changes.places.items() if p.identity == id(items) and p.kind == "item"}
    with _as_arrays_ended(session, arm):
        found = session.virtual.get(id(items))
        if found is not None and changed:
            raise Abandon("a list that a loop has made is written to in it")
        pieces = found.pieces() if found is not None else [freeze(session, x) for x in plain_items(items)]
    pieces = [changed.get(k, piece) for k, piece in enumerate(pieces)]
    growth = arm.changes.grown.get(id(items))
    return pieces + growth.pieces if growth is not None else pieces


def _merge_growth(session: Session, grown: list[Growth | None], work: Merge) -> None:
    """A list to which the arms append: item by item if both append as many, else a part of unknown length."""
    pieces = [growth.pieces if growth is not None else [] for growth in grown]
    items = next(growth.obj for growth in grown if growth is not None)
    plain = not any(isinstance(piece, Middle) for arm in pieces for piece in arm)
    if plain and len(pieces[0]) == len(pieces[1]):
        for a, b in zip(*pieces, strict=True):
            work.append(items, [a, b])
    else:
        work.extend(items, pieces)


def _before(session: Session, arm: Arm, place: Place, change: Change) -> Frozen:
    """What a place that this arm left alone holds at its end."""
    if place.kind != "array":
        return _at_the_end(session, arm, change.old)
    with arm.builder:
        return freeze(session, change.old)


def _was_there(session: Session, arms: list[Arm], obj: Any) -> bool:
    """Arrays made in an arm need no merging of their own: whoever holds them is merged."""
    return not (isinstance(obj, ArrayTracer) and any(obj._home is arm.builder for arm in arms))


def _storer(session: Session, place: Place, obj: Any) -> Callable[[Any], None]:
    return lambda value: store(session, place, obj, value)


