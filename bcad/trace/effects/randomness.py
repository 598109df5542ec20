"""Streams of random numbers: which calls draw from them or set their state, and what that is at each call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Graph, Literal

from ..calls.host_text import NameOf
from ..calls.hosts import HostFunction

if TYPE_CHECKING:
    from ..session import Session

_STATE = {"seed", "get_state", "set_state", "bit_generator", "spawn"}
_SETTERS = {"seed", "set_state", "setstate"}
STREAMS = (np.random.Generator, np.random.RandomState)
PYTHONS_OWN: random.Random = random.random.__self__  # type: ignore[attr-defined]


def bound(fn: Any, args: tuple[Any, ...]) -> Any:
    """The bound method that a call draws random numbers with; None for any other call."""
    name = getattr(fn, "__name__", None)
    if name is None or name in _STATE or name.startswith("_") or type(fn) is FunctionType:
        return None
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, random.Random):
        return fn if name in ("random", "getrandbits") else None
    if isinstance(owner, STREAMS):
        return fn
    if args and isinstance(args[0], STREAMS) and not isinstance(fn, type):
        return getattr(args[0], name, None)  # the evaluator has unwrapped Cython's bound method
    return None


def sets_state(fn: Any) -> bool:
    """Whether a call puts a stream into a new state: ``np.random.seed(0)``."""
    return getattr(fn, "__name__", None) in _SETTERS and _stream_set_by(fn) is not None


def _stream_set_by(fn: Any) -> Any:
    """The stream that ``rng.seed`` or ``np.random.seed`` (a plain function) writes to."""
    if fn is np.random.seed or fn is np.random.set_state:
        return np.random.mtrand._rand
    owner = getattr(fn, "__self__", None)
    return owner if isinstance(owner, (*STREAMS, random.Random)) else None


def set_state(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Such a call, made again at every run, in order with the draws."""
    stream = _stream_set_by(fn)
    if id(stream) not in session.streams_made:
        session.save_stream(stream)
    ops.host_effect(fn=Literal(HostFunction(fn, args, kwargs)), types=())
    return fn(*args, **kwargs)


def note_stream(session: Session, stream: Any, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], seeded: bool) -> None:
    """A stream that a call made while tracing starts every run as the user's call would have made it."""
    if not isinstance(stream, (*STREAMS, random.Random)) or id(stream) in session.captures.outer:
        return
    if id(stream) not in session.streams_made:
        session.streams_made[id(stream)] = stream
        ops.host_effect(fn=Literal(_Begin(stream, HostFunction(fn, args, kwargs), seeded)), types=())


class _Begin:
    """Puts a stream into its first state, or an unforeseeable one if it was made without a seed."""

    def __init__(self, stream: Any, made: HostFunction, seeded: bool) -> None:
        self.stream, self._made = stream, made
        self.state = state_of(stream) if seeded else None

    def __call__(self) -> None:
        if self.state is not None:
            restore(self.stream, self.state)
        elif isinstance(self.stream, np.random.Generator):
            restore(self.stream, type(self.stream.bit_generator)().state)
        else:
            self.stream.seed()

    def text(self, operands: Sequence[str], name: NameOf) -> str:
        return f"{name(self.stream)} = {self._made.text(operands, name)}"


def streams_of(graph: Graph) -> list[Any]:
    """The streams that a graph draws from."""
    found: dict[int, Any] = {}
    for node in graph.walk():
        if node.op is ops.host_effect:
            call = node.attrs["fn"].value
            stream = getattr(call, "stream", None) or getattr(getattr(call, "fn", None), "__self__", None)
            if isinstance(stream, (*STREAMS, random.Random)):
                found[id(stream)] = stream
    return list(found.values())


def begun_streams(graph: Graph) -> list[Any]:
    """The streams that a graph makes anew at each run."""
    calls = [node.attrs["fn"].value for node in graph.walk() if node.op is ops.host_effect]
    return [call.stream for call in calls if isinstance(call, _Begin)]


def state_of(stream: Any) -> Any:
    """The state of a stream, to be given to `restore`."""
    if isinstance(stream, np.random.Generator):
        return stream.bit_generator.state
    return stream.get_state() if hasattr(stream, "get_state") else stream.getstate()


def restore(stream: Any, state: Any) -> None:
    """Put a stream back into a state."""
    if isinstance(stream, np.random.Generator):
        stream.bit_generator.state = state
    elif hasattr(stream, "set_state"):
        stream.set_state(state)
    else:
        stream.setstate(state)
