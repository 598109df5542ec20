"""What tracing does to journals, random streams and generators, and how it is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from interpreter import Frame, Journal

from .captures.guards import IsObject
from .effects.leaving import holds_traced
from .effects.randomness import restore, state_of
from .restart import Restart

if TYPE_CHECKING:
    from .captures.captures import Captures
    from .captures.guards import Guard


class Undoing:
    """That part of a Session.

    Attributes
    ----------
    consuming : list of Journal
        Those of the generators that are being used up.
    lost : bool
        Whether an attempt has ended a generator that was there before it.
    """

    captures: Captures
    guard: Callable[[Guard], None]

    def __init__(self, reasons: Iterable[tuple[Any, str]]) -> None:
        self.journals: list[Journal] = []
        self.reasons: dict[Any, str] = dict(reasons)  # why a loop is unrolled
        self.consuming: list[Journal] = []
        self.lost = False
        self.used_up: list[tuple[Any, Frame]] = []  # generators to be closed when that is done
        self._streams: dict[int, tuple[Any, Any]] = {}

    def save_stream(self, stream: Any) -> None:
        """About to draw an example from `stream`, which is not made here: it must be the same at later calls.

        Its state is restored when tracing ends.
        """
        if id(stream) not in self._streams:
            self._streams[id(stream)] = stream, state_of(stream)
            known = self.captures.outer.get(id(stream))
            if known is not None and known[0] is stream:
                self.guard(IsObject(known[1], stream))

    @contextmanager
    def streams(self) -> Iterator[None]:
        """Random streams are as before at the end."""
        try:
            yield
        finally:
            for stream, state in self._streams.values():
                restore(stream, state)

    @contextmanager
    def using_up(self) -> Iterator[None]:
        """Inside, a generator is run on a copy of its frame: those that it uses up itself are closed when all is done."""
        count = len(self.used_up)
        self.consuming.append(self.journals[-1])
        try:
            yield
        except BaseException:
            del self.used_up[count:]
            raise
        finally:
            self.consuming.pop()

    def use_up(self, generator: Any, frame: Frame) -> None:
        """A generator has been run on a copy of its frame: nothing is left of it."""
        self.used_up.append((generator, frame))
        if self.consuming:
            return
        for used, own in self.used_up:
            own.abandoned = True  # what its own run would still do has been done
            used.close()
        self.used_up.clear()

    def give_up(self, key: Any, reason: str) -> None:
        """A loop or branch is not kept; tracing begins again if the attempt cannot be undone."""
        self.reasons[key] = reason
        if self.lost:
            raise Restart(avoid=frozenset((key,)), reason=reason)

    def touch(self, obj: Any) -> None:
        """About to change `obj`: the innermost journal remembers it."""
        if self.journals:
            self.journals[-1].touch(obj)

    def was_made(self, obj: Any) -> bool:
        """Whether an instance was made by the call."""
        return self.journals[0].knows(obj) or holds_traced(obj)

    def born(self, obj: Any) -> None:
        """`obj` is new: what is written to it is nobody else's until it is handed on."""
        if self.journals:
            self.journals[-1].born(obj)
