"""What a loop carries: the slots and heap places that its body changes, and the lists it appends to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bcad.ir import Value
from interpreter import EMPTY, UNBOUND, Frame

from ..builder import TraceBuilder
from ..iterators.generators import Locals
from ..lists.buffers import wanted
from ..lists.listed import item_of_all
from ..lists.pieces import pattern_of_pieces
from ..lists.tables import is_row
from ..tracers import ArrayTracer
from .aliases import Holders, Shared, forbid_shared, forbid_writes, is_array, things_in
from .arms import Arm
from .forms import same_form
from .growths import Growths
from .heap import Middle, Place, read, store
from .leaves import build, fillers, values_of
from .patterns import (
    Choice,
    Constant,
    Either,
    Mismatch,
    Nest,
    OtherLength,
    Pattern,
    Reference,
    join,
    may_be_unset,
    opened,
    pattern_of,
)
from .reach import reachable
from .sizes import sizes_bound_in, symbols_in
from .states import Abandon, Frozen, Number, Same, freeze, refer

if TYPE_CHECKING:
    from ..session import Session

Key = int | Place  # a slot, or a place in the heap


class Carry:
    """One carried slot or place.

    Attributes
    ----------
    pattern : Pattern
        Its form in every iteration.
    entry : Frozen or None
        What it holds when the loop is reached; None if it has no value then.
    """

    __slots__ = ("key", "obj", "pattern", "entry")

    def __init__(self, key: Key, obj: Any, pattern: Pattern, entry: Frozen | None) -> None:
        self.key, self.obj, self.pattern, self.entry = key, obj, pattern, entry


class Carries:
    """The carried state of one loop, learnt pass by pass."""

    def __init__(self, session: Session, frame: Frame, read_in_body: set[int], live: set[int], key: Any) -> None:
        self.session = session
        self.frame = frame
        self.live = live  # slots that are read in the loop or behind it
        self.read_in_body = read_in_body  # slots that an iteration may read before it assigns them
        self.key = key
        self.items: dict[Key, Carry] = {}
        self.growths = Growths(session, key)
        self.inputs: list[Value] = []
        self.needs_iteration = False
        self._standins: list[Any] = []
        self._shared: Shared = set()  # carries and lists whose arrays or objects others may hold too
        self._exposed: dict[int, Any] = {}  # those others
        self._there: dict[int, int] = {}  # what was there when the loop is reached, and by how many it is held

    # -- learning ---------------------------------------------------------------------------
    def learn(self, arm: Arm) -> bool:
        """Take note of what a pass changed; whether that was news."""
        self._refer(arm)
        news = self._drop_unset(arm)
        for slot, state in arm.slots.items():
            news |= self._meet(slot, None, state, arm)
        for place, change in arm.changes.places.items():
            if self._is_own(change.obj, arm):
                continue
            news |= self._meet(place, change.obj, change.new, arm)
        news |= self._drop_replaced()
        for rebuilt in arm.changes.rebuilt.values():
            raise wanted(self.session, rebuilt.obj, "a list or deque is changed in it", pattern_of_pieces(self.session, rebuilt.pieces))
        for growth in arm.changes.grown.values():
            if any(growth.obj is s for s in self._standins):
                raise Abandon("a list that is replaced in it grows")
            news |= self.growths.meet(growth, arm)
        if self.growths.keys() - arm.changes.grown.keys():
            raise Abandon("a list does not grow in every pass")
        return self._learn_sharing(arm) or news

    def _refer(self, arm: Arm) -> None:
        """Tell what the loop has found there apart from what an iteration makes."""
        if not self._there:
            self._there = reachable(self.frame, self.live, self.session.captures.put_outside())
        arm.slots = {slot: refer(state, self._was_there) for slot, state in arm.slots.items()}
        arm.results = {number: refer(state, self._was_there) for number, state in arm.results.items()}
        for change in arm.changes.places.values():
            change.new = refer(change.new, self._was_there)
        for growth in arm.changes.grown.values():
            growth.pieces = [x if isinstance(x, Middle) else refer(x, self._was_there) for x in growth.pieces]

    def _was_there(self, obj: Any) -> bool:
        return id(obj) in self._there or id(obj) in self.session.captures.outer

    def _drop_unset(self, arm: Arm) -> bool:
        """Forget variables that only a branch of an earlier pass has set which is given up since; whether there were any."""
        gone = [key for key, carry in self.items.items() if isinstance(key, int) and carry.entry is None and key not in arm.slots]
        for key in gone:
            del self.items[key]
        return bool(gone)

    def _drop_replaced(self) -> bool:
        """Forget places of objects that are made anew in each iteration, as a later pass has shown; whether there were any."""
        replaced = {id(box) for carry in self.items.values() if not isinstance(carry.pattern, Reference)
                    for box in things_in(carry.entry, carry.pattern)}
        gone = [key for key, carry in self.items.items() if isinstance(key, Place) and id(carry.obj) in replaced
                and key.kind != "array"]
        for key in gone:
            del self.items[key]
        return bool(gone)

    def refuse_holding(self, state: Frozen, arm: Arm) -> None:
        """What is returned from inside the loop must not be held by anything that outlives the call."""
        kept = {id(thing) for carry in self.items.values() if isinstance(carry.key, Place)
                for thing in things_in(self._state_after(carry, arm), carry.pattern)}
        if any(id(thing) in kept for thing in things_in(state) if not isinstance(thing, ArrayTracer)):
            raise Abandon("it returns an object that is also stored elsewhere")

    def _learn_sharing(self, arm: Arm) -> bool:
        """Take note of what is held by several names after an iteration; whether that was news."""
        states = [(key, self._state_after(carry, arm), carry.pattern) for key, carry in self.items.items()]
        states += [(key, item, grown.pattern) for key, grown in self.growths.items()
                   for item in arm.changes.grown[key].items]
        holders = Holders(states, arm.builder)
        shared, exposed = holders.shared(), holders.outer()
        for key, state, pattern in states:  # copies are made of what was there before
            copied = [x for x in things_in(state, pattern) if not isinstance(x, ArrayTracer) and self._was_there(x)]
            shared.update([(key, False)] if copied else [])
            exposed += copied
        for carry in self.items.values():
            for thing in things_in(carry.entry, carry.pattern):
                if not self._is_private(carry, thing):
                    shared.add((carry.key, is_array(thing)))
                    exposed.append(thing._root() if is_array(thing) else thing)
        news = not shared <= self._shared or any(id(cell) not in self._exposed for cell in exposed)
        self._shared |= shared
        self._exposed.update((id(cell), cell) for cell in exposed)
        return news

    def _is_own(self, obj: Any, arm: Arm) -> bool:
        """Whether an object belongs to the iteration: made in it, or one of our stand-ins."""
        if isinstance(obj, ArrayTracer):
            return obj._home is arm.builder
        return any(obj is s for s in self._standins)

    def _meet(self, key: Key, obj: Any, state: Frozen, arm: Arm) -> bool:
        known = self.items.get(key)
        entry = known.entry if known is not None else self._entry(key, obj)
        if entry is None and isinstance(key, int) and key in self.read_in_body:
            entry = Same(UNBOUND)  # a choice: reading it where it is that is a check
        if entry is None and isinstance(obj, Locals) and may_be_unset(pattern_of(state)):
            entry = Same(UNBOUND)
        if known is None and entry is None and isinstance(key, Place) and key.kind == "cell":
            with suppress(Abandon):
                return self._meet_from(key, obj, state, arm, Same(EMPTY))  # a helper may read it
        return self._meet_from(key, obj, state, arm, entry)

    def _meet_from(self, key: Key, obj: Any, state: Frozen, arm: Arm, entry: Frozen | None) -> bool:
        known = self.items.get(key)
        try:
            with arm.builder:  # sizes that only an iteration can tell are compared in it
                pattern = self._joined(known, entry, state)
        except OtherLength as reason:
            raise wanted(self.session, getattr(entry, "obj", None), f"{self._name(key, obj)}: {reason}", reason.item, replaced=True) from None
        except Mismatch as reason:
            raise Abandon(f"{self._name(key, obj)} is not of one form: {reason}") from None
        if not sizes_bound_in(arm).isdisjoint(symbols_in(pattern)):
            raise Abandon(f"{self._name(key, obj)} has a length in it that only an iteration can tell")
        if known is not None and same_form(known.pattern, pattern):
            return False
        if isinstance(pattern, Constant) and known is None and entry is not None:
            return False
        self.items[key] = Carry(key, obj, pattern, entry)
        return True

    def longer(self, reason: str) -> BaseException | None:
        """What is raised for a list that is replaced by a longer one in each iteration; None if there is none."""
        for carry in self.items.values():
            options = carry.pattern.children if isinstance(carry.pattern, Choice) else ()
            lists = [x for x in map(opened, options) if isinstance(x, Nest) and type(x.like) is list]
            item = item_of_all(self.session, lists) if len(lists) > 1 else None
            if item is not None:
                return wanted(self.session, getattr(carry.entry, "obj", None), reason, item, replaced=True)
        return None

    def _joined(self, known: Carry | None, entry: Frozen | None, state: Frozen) -> Pattern:
        pattern = pattern_of(state)
        if entry is not None:
            pattern = join(self.session, pattern_of(entry), pattern)
        if known is not None:
            pattern = join(self.session, known.pattern, pattern)
        return pattern

    def _entry(self, key: Key, obj: Any) -> Frozen | None:
        value = self.frame.slots[key] if isinstance(key, int) else read(key, obj)
        if value is UNBOUND or value is EMPTY:
            if not isinstance(key, int) and key.kind != "cell" and not isinstance(obj, Locals):
                raise Abandon(f"{self._name(key)} is first set in it")
            return None
        if not isinstance(key, int) and key.kind != "array":
            value = self.session.captures.standing(obj, key.kind, key.key, value)
        return refer(freeze(self.session, value), self._was_there)

    def _name(self, key: Key, obj: Any = None) -> str:
        if isinstance(key, int):
            return repr(self.frame.code.slot_names[key])
        if isinstance(obj, Locals):
            return repr(obj.names[key.key])
        return repr(key.key) if key.key is not None else f"an {key.kind}"

    # -- one pass ---------------------------------------------------------------------------
    def install(self, builder: TraceBuilder, fork: Frame, index: Value) -> None:
        """Put fresh inputs of `builder` into everything that is carried."""
        self.inputs = []
        self._standins = []
        forbid_writes(self.session, self._exposed.values(), self.key)
        for carry in self.items.values():
            name = self._name(carry.key, carry.obj).strip("'")
            names = name if name.isidentifier() else "cell" if isinstance(carry.key, Place) and carry.key.key is None else "c"
            fresh = [builder.input(t, names) for t in carry.pattern.leaves]
            self.inputs += fresh
            if carry.entry is None:  # assigned anew in each iteration
                continue
            value = self._standin(carry, iter(fresh))
            if isinstance(carry.key, int):
                fork.slots[carry.key] = value
            else:
                store(self.session, carry.key, carry.obj, value)
        self.inputs += self.growths.install(builder, index)

    def _standin(self, carry: Carry, values: Iterator[Value]) -> Any:
        if isinstance(carry.key, Place) and carry.key.kind == "array":
            return next(values)
        things: list[Any] = []
        made = build(self.session, carry.pattern, values, things)
        self._standins += things
        forbid_shared(self.session, self._shared, carry.key, things, self.key)
        return made

    def _is_private(self, carry: Carry, thing: Any) -> bool:
        """Whether nothing else can hold an array or object that a carry holds when the loop is reached."""
        entry = carry.entry
        if id(thing) in self.session.twins:
            return False
        if not is_array(thing):
            return self._there.get(id(thing), 0) <= (0 if is_row(self.session, thing) else 1)  # its list does not hold a row itself
        if not isinstance(entry, Number) or not isinstance(entry.obj, ArrayTracer) or not isinstance(carry.key, int):
            return False
        cell = entry.obj
        if cell._base is not None or cell._shared is not None or id(cell) in self.session.captures.initial:
            return False
        holders = sum(cell is x for x in self.frame.slots)
        return holders == 1 and sys.getrefcount(cell) <= holders + _OWN_REFERENCES

    # -- the node ---------------------------------------------------------------------------
    def before(self) -> list[Value]:
        """The carried Values when the loop is reached."""
        found: list[Value] = []
        for carry in self.items.values():
            if carry.entry is None:
                self.needs_iteration = True
                found += fillers(carry.pattern)
            else:
                found += values_of(carry.entry, carry.pattern)
        return found + self.growths.before()

    def after(self, arm: Arm) -> list[Value]:
        """The carried Values after one iteration, in the body's builder."""
        found: list[Value] = []
        for carry in self.items.values():
            state = self._state_after(carry, arm)
            found += values_of(state, carry.pattern)
        return found + self.growths.after(arm)

    def _state_after(self, carry: Carry, arm: Arm) -> Frozen:
        if isinstance(carry.key, int):
            if carry.key in arm.slots:
                return arm.slots[carry.key]
            assert carry.entry is not None
            return carry.entry
        change = arm.changes.places.get(carry.key)
        if change is None:
            raise Abandon(f"{self._name(carry.key)} is lost")
        return change.new

    def flags(self) -> Iterator[int]:
        """Where among the carried Values those stand that say of which kind a number is."""
        position = 0
        for carry in self.items.values():
            position += len(carry.pattern.leaves)
            if isinstance(carry.pattern, Either):
                yield position - 1

    def store(self, results: list[Value], stacks: list[Value], length: Any) -> None:
        """Let the frame and the heap hold what the loop leaves."""
        values = iter(results)
        forbid_writes(self.session, self._exposed.values(), self.key)
        for carry in self.items.values():
            if isinstance(carry.key, Place) and carry.key.kind == "array":
                store(self.session, carry.key, carry.obj, next(values))
                continue
            things: list[Any] = []
            final = build(self.session, carry.pattern, values, things)
            forbid_shared(self.session, self._shared, carry.key, things, self.key)
            if isinstance(carry.key, int):
                self.frame.slots[carry.key] = final
            else:
                store(self.session, carry.key, carry.obj, final)
        self.growths.store(stacks, length, self._shared)

_OWN_REFERENCES = 6
