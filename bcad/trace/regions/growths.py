"""The lists that a loop appends to: what each iteration adds, as stacks of the loop."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Builder, Dim, ObjectType, Size, Value, symbols

from ..builder import TraceBuilder
from ..lists.growing import Grown
from ..lists.pieces import length_of, of_kind, pattern_of_pieces, stack
from ..lists.tables import forbid
from ..lists.virtual import extend
from .aliases import Shared, forbid_writes
from .arms import Arm
from .forms import same_form
from .heap import Growth, Middle
from .leaves import build, fillers, values_of
from .patterns import WHICH, Pattern, join, join_items, pattern_of
from .sizes import sizes_bound_in
from .states import Abandon, Frozen, freeze

if TYPE_CHECKING:
    from ..session import Session


class Growths(dict[int, Grown]):
    """By identity the lists that one loop appends to, learnt pass by pass."""

    def __init__(self, session: Session, key: Any) -> None:
        super().__init__()
        self.session = session
        self.key = key

    def meet(self, growth: Growth, arm: Arm) -> bool:
        """Take note of what a pass has appended to a list; whether that was news."""
        pattern, bound = pattern_of_pieces(self.session, growth.pieces), sizes_bound_in(arm)
        if any(isinstance(t, ObjectType) for t in pattern.leaves):
            raise Abandon("the items of a list are objects that only a run can tell")
        if any(not bound.isdisjoint(symbols(n)) for t in pattern.leaves for n in t.shape):
            raise Abandon("the items of a list are of a size that an iteration decides")
        known = self.get(id(growth.obj))
        one_by_one = len(growth.pieces) == 1 and not isinstance(growth.pieces[0], Middle)
        if known is not None:
            if known.one_by_one and not one_by_one:
                known.one_by_one = False
                join(self.session, known.pattern, pattern)
                return True
            before, known.pattern = known.pattern, join_items(self.session, known.pattern, pattern)
            return self._tail_is_new(known) or not same_form(before, known.pattern)
        self[id(growth.obj)] = Grown(
            growth.obj, len(growth.old), pattern, one_by_one, nested=id(growth.obj) in self.session.growing)
        return True

    def _tail_is_new(self, grown: Grown) -> bool:
        """Fit the form of the list's last item to its items; whether that was news."""
        if not grown.wants_tail:
            return False
        before, pattern = grown.tail_pattern, grown.pattern
        if grown.start:
            pattern = join_items(self.session, pattern_of(self._entry_tail(grown)), pattern)
        grown.tail_pattern = pattern
        return before is None or not same_form(before, pattern)

    def _entry_tail(self, grown: Grown) -> Frozen:
        return freeze(self.session, list.__getitem__(grown.items, grown.start - 1))

    def install(self, builder: TraceBuilder, index: Value) -> list[Value]:
        """Put fresh inputs of `builder` in place of what the body reads of the lists; these inputs."""
        inputs: list[Value] = []
        for grown in self.values():
            grown.index = index
            if grown.wants_count:
                grown.count = builder.input(WHICH, "count")
                inputs.append(grown.count)
            if not grown.wants_tail:
                continue
            if grown.tail_pattern is None:
                self._tail_is_new(grown)
            assert grown.tail_pattern is not None
            fresh = [builder.input(t, "last") for t in grown.tail_pattern.leaves]
            inputs += fresh
            things: list[Any] = []
            grown.tail = build(self.session, grown.tail_pattern, iter(fresh), things)
            forbid_writes(self.session, things, self.key)
        return inputs

    def before(self) -> list[Value]:
        """What the body reads of the lists, before the first iteration."""
        found: list[Value] = []
        for grown in self.values():
            if grown.wants_count:
                found.append(self.session.builder.constant(0))
            if grown.tail_pattern is not None:
                found += self._first_tail(grown, grown.tail_pattern)
        return found

    def _first_tail(self, grown: Grown, pattern: Pattern) -> Iterator[Value]:
        return values_of(self._entry_tail(grown), pattern) if grown.start else fillers(pattern)

    def after(self, arm: Arm) -> list[Value]:
        """The same after an iteration, in the body's builder."""
        found: list[Value] = []
        for grown in self.values():
            pieces = arm.changes.grown[id(grown.items)].pieces
            if grown.wants_count:
                assert grown.count is not None
                found.append(ops.FUNCTIONS[operator.add](grown.count, self.session.builder.size(length_of(pieces))))
            if grown.tail_pattern is not None:
                found += self._next_tail(grown, pieces, grown.tail_pattern)
        return found

    def _next_tail(self, grown: Grown, pieces: Sequence[Frozen | Middle], pattern: Pattern) -> Iterator[Value]:
        """The list's last item after an iteration."""
        if not isinstance(pieces[-1], Middle):
            return values_of(pieces[-1], pattern)
        before = freeze(self.session, grown.tail)
        rows = stack([before, *pieces], pattern)
        return (of_kind(ops.METHODS["__getitem__"](row, -1), t) for row, t in zip(rows, pattern.leaves, strict=True))

    def stacked(self, arm: Arm) -> list[Value]:
        """The Values that each iteration appends to lists, in the body's builder."""
        found: list[Value] = []
        bound = sizes_bound_in(arm)
        for key, grown in self.items():
            pieces = arm.changes.grown[key].pieces
            if grown.one_by_one:
                found += values_of(pieces[0], grown.pattern)  # type: ignore[arg-type]
                continue
            stacks = stack(pieces, grown.pattern)
            grown.portion = stacks[0].type.shape[0]
            if not bound.isdisjoint(symbols(grown.portion)):
                stacks = _of_named_length(stacks, grown.portion)
                grown.portion = None
            found += stacks
        return found

    def ragged(self) -> tuple[tuple[int, Size], ...]:
        """The stacks of lists that grow by another number in each iteration, with their lengths in all."""
        found: list[tuple[int, Size]] = []
        position = 0
        for grown in self.values():
            width = len(grown.pattern.leaves)
            if not grown.one_by_one and grown.portion is None:
                grown.total_length = ops.fresh_size("m")
                found += [(position + k, grown.total_length) for k in range(width)]
            position += width
        return tuple(found)

    def store(self, stacks: Sequence[Value], length: Any, shared: Shared) -> None:
        """Let the lists hold what all iterations have appended; `shared` are those of items that others may hold too."""
        rows = iter(stacks)
        for grown in self.values():
            mine = [next(rows) for _ in grown.pattern.leaves]
            extend(self.session, grown.items, self._appended(grown, mine, length), self.key)
            if (id(grown.items), False) in shared:
                forbid(self.session, grown.items, self.key)

    def _appended(self, grown: Grown, stacks: list[Value], length: Any) -> Middle:
        """What a list has got from all iterations."""
        if grown.one_by_one:
            return Middle(grown.pattern, stacks, length)
        if grown.portion is None:
            return Middle(grown.pattern, stacks, grown.total_length)
        whole = length * grown.portion
        flat = [ops.BY_NAME["reshape"](s, shape=(whole, *s.type.shape[2:])) for s in stacks]
        return Middle(grown.pattern, flat, whole)


def _of_named_length(stacks: list[Value], length: Size) -> list[Value]:
    """Stacks whose length is a symbol of its own: by that the reverse of the loop finds an iteration's part again."""
    if isinstance(length, Dim) and length.is_symbol():
        return stacks
    count, name = Builder.current().size(length), str(ops.fresh_size("m"))
    index = (ops.Span(name, None, ops.Part.ARRAY, None),)
    return [ops.BY_NAME["getitem"](s, count, index=index) for s in stacks]
