"""Random draws: ordered nodes that draw from the same stream as plain NumPy, at every call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Dim, Graph, Literal, Value, type_of

from ..calls.host_text import NameOf, Written, call_text
from ..calls.hosts import HostFunction
from ..tracers import NumberTracer, ScalarTracer, SizeTracer, Tracer, has_traced

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


def draw(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """One draw; location and scale that are traced stay outside, so that they have derivatives."""
    moved = _reparameterised(session, fn, args, kwargs)
    if moved is not NotImplemented:
        return moved
    args, kwargs, sizes = _known_shape(session, args, kwargs)
    if has_traced(args) or has_traced(kwargs):
        raise session.error(
            f"{fn.__name__} with a traced parameter has no derivative",
            hint="draw standard_normal() or random() and transform it",
        )
    session.save_stream(fn.__self__)
    example = fn(*args, **kwargs)
    type_ = type_of(example)
    if sizes:
        type_ = type_.with_shape(tuple(sizes.get(k, n) for k, n in enumerate(type_.shape)))  # type: ignore
    call: Any = HostFunction(fn, args, kwargs) if not sizes else _SizedDraw(fn, args, kwargs)
    inputs = [session.builder.size(s) for s in type_.shape] if sizes else []  # type: ignore[union-attr]
    (output,) = ops.host_effect(*inputs, fn=Literal(call), types=(type_,))
    session.example.values[output] = example
    return session.wrap(output)


class _SizedDraw:
    """A draw whose shape comes as arguments."""

    def __init__(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fn, self.args, self.kwargs = fn, args, kwargs

    def __call__(self, *shape: int) -> Any:
        args, kwargs = self._given(shape)
        return self.fn(*args, **kwargs)

    def _given(self, shape: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if self.fn.__name__ in ("rand", "randn"):
            return shape, {}
        if "size" in self.kwargs:
            return self.args, {**self.kwargs, "size": shape}
        return (*self.args[:-1], shape), self.kwargs

    def text(self, operands: Sequence[str], name: NameOf) -> str:
        """The call as an expression, like `HostFunction.text`."""
        args, kwargs = self._given(tuple(Written(x) for x in operands))
        return call_text(self.fn, args, kwargs, name)


def _known_shape(
    session: Session, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], dict[int, Dim]]:
    """The arguments with the sizes in a shape replaced by the example's; those sizes by axis."""
    sizes: dict[int, Dim] = {}

    def plain(x: Any, axis: int = 0) -> Any:
        if type(x) is SizeTracer:
            sizes[axis] = x._size
            return session.size_example(x._size)
        if type(x) in (NumberTracer, ScalarTracer) and x._type().dtype.kind in "iu":
            return session.decide_int(x, "the shape of a random draw")
        if type(x) is tuple or type(x) is list:
            return type(x)(plain(item, k) for k, item in enumerate(x))
        return x

    return tuple(plain(a, k) for k, a in enumerate(args)), {k: plain(v) for k, v in kwargs.items()}, sizes


def _reparameterised(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``normal(loc, scale)`` as ``loc + scale * standard_normal()`` where a parameter is traced."""
    names = {"normal": ("loc", "scale"), "uniform": ("low", "high")}.get(fn.__name__)
    if names is None:
        return NotImplemented
    given = dict(zip((*names, "size"), args, strict=False)) | kwargs
    first, second = given.get(names[0], 0.0), given.get(names[1], 1.0)
    if not any(isinstance(p, Tracer) and type(p) is not SizeTracer for p in (first, second)):
        return NotImplemented
    shape = given.get("size")
    if shape is None:
        shape = np.broadcast_shapes(*(np.shape(session.concrete(_as_value(session, p))) for p in (first, second)))
        shape = shape or None
    base = fn.__self__.standard_normal if fn.__name__ == "normal" else _unit(fn.__self__)
    unit = draw(session, base, (shape,), {})
    width = second if fn.__name__ == "normal" else second - first
    return first + width * unit


def _unit(stream: Any) -> Any:
    return stream.random if isinstance(stream, np.random.Generator) else stream.random_sample


def _as_value(session: Session, x: Any) -> Value:
    return session.value(x)
