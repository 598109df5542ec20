"""Calls made for their effect - print, a logger's method - put on a tape in program order, also in loops and branches.

The tape is a list like the user's own: a loop appends to it in each iteration, a branch on one of its
ways. After a run the calls are made with that run's numbers, one after another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..captures.guards import IsObject
from ..captures.outer import MIRRORS
from ..lists import keyed
from ..lists.virtual import VirtualList
from ..tracers import ArrayTracer, Tracer, ValueTracer
from ..tree import flatten
from .effects import Call, Effect
from .frozen import varies
from .leaving import Maker, Run, exception_of, holds_traced
from .text import TextTracer, finish

if TYPE_CHECKING:
    from ..session import Session

Numbers = Iterator[Any]
Make = Callable[[Numbers], Any]


class Site:
    """A call that the program makes, perhaps many times; `arguments` makes what it is given of one run's numbers."""

    def __init__(self, call: Call, arguments: Make) -> None:
        self.call = call
        self.arguments = arguments

    def make(self, numbers: Numbers) -> None:
        """The call, with one run's numbers."""
        args, kwargs = self.arguments(numbers)
        self.call.fn(*args, **kwargs)


class Tape:
    """What a program does besides giving a result, apart from what it leaves in the heap.

    Attributes
    ----------
    items : list
        For each call a dict: the number of its site, then what differs from run to run. The keys tell the kinds of
        numbers, so that an int is not shown as a float because a float is shown elsewhere.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.sites: list[Site] = []
        self.items: list[Any] = []

    def record(self, call: Call) -> None:
        """The program makes a call here."""
        session = self.session
        values: list[Any] = []
        if session.builder is session.root:
            values.append(call.nest)
            self.sites.append(Site(call, next))
        else:
            self.sites.append(Site(call, self._nest(call.nest, values)))
        session.touch(self.items)
        self.items.append({"site": len(self.sites) - 1, **{f"{k} {_kind(x)}": x for k, x in enumerate(values)}})

    def _nest(self, nest: Any, values: list[Any]) -> Make:
        """How arguments are made; what a run decides of them is added to `values`."""
        self._refuse_lists(nest)
        leaves, tree = flatten(nest)
        makers = [self._leaf(leaf, values) for leaf in leaves]
        return lambda numbers: tree.unflatten([make(numbers) for make in makers])

    def _leaf(self, leaf: Any, values: list[Any]) -> Make:
        session = self.session
        if isinstance(leaf, TextTracer):
            return self._text(leaf, values)
        if isinstance(leaf, BaseException) and varies(session, leaf):
            kind, make = type(leaf), self._nest((leaf.args, vars(leaf)), values)
            return lambda numbers: exception_of(kind, *make(numbers))
        self._refuse_lists(leaf)
        if not isinstance(leaf, Tracer) and not holds_traced(leaf):
            known = session.captures.outer.get(id(leaf))
            if known is not None and known[0] is leaf:
                session.guard(IsObject(known[1], leaf))
            return lambda numbers: leaf
        values.append(leaf)
        return next

    def _text(self, text: TextTracer, values: list[Any]) -> Make:
        shown = {id(part[1]): part[1] for part in text._parts if type(part) is not str}  # each once: they are made in this order
        parts = {key: self._nest(x, values) for key, x in shown.items()}

        def make(numbers: Numbers) -> str:
            made = {key: part(numbers) for key, part in parts.items()}
            return finish(text, lambda value: made[id(value)])

        return make

    def _refuse_lists(self, x: Any) -> None:
        """Containers that are not known item by item are shown outside of loops and branches alone."""
        session = self.session
        grown = isinstance(x, (list, deque)) and (id(x) in session.virtual or id(x) in session.growing)
        if grown or type(x) in MIRRORS or isinstance(x, (VirtualList, keyed.Keyed)) or keyed.of(session, x) is not None:
            raise session.error("a list or dict is shown inside a loop or branch that is kept as such")
        if isinstance(x, (list, tuple, dict)):
            for part in x.values() if isinstance(x, dict) else x:
                self._refuse_lists(part)

    def effects(self) -> list[Effect]:
        """What is to be done after each run."""
        return [Replay(self)] if self.sites else []


def _kind(x: Any) -> str:
    """What tells numbers apart when they are shown."""
    if isinstance(x, (ArrayTracer, ValueTracer)):
        type_ = x._type()
        return f"{type_.kind.name} {type_.dtype} {len(type_.shape)}"
    return str(x.__class__.__name__)


class Replay(Effect):
    """The calls on a tape, one after another."""

    def __init__(self, tape: Tape) -> None:
        self.sites, self.items = tape.sites, tape.items

    def plan(self, maker: Maker) -> None:
        self.make = maker.plan(self.items)
        del self.items

    def apply(self, run: Run, target: Any) -> None:
        for item in self.make(run):
            number, *values = item.values()
            self.sites[number].make(iter(values))

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(str(site.call) for site in self.sites))
