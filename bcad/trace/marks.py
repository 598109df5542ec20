"""Marks: values that the program names by tags, and inputs that stand in for tags and for what is outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from interpreter import evaluate

from .active import current_session
from .captures.guards import HasValue
from .captures.sources import Pinned, Result, Source
from .tracers import ArrayTracer, SizeTracer, ValueTracer, is_traced
from .tree import flatten

if TYPE_CHECKING:
    from .session import Session


class Marks:
    """The tags of one trace, and what stands in for values.

    Attributes
    ----------
    tags : dict of str to object
        The nest that each tag names: the latest.
    repeated : set of str
        Tags that name several values, one after the other or in a loop.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.tags: dict[str, Any] = {}
        self._places: dict[str, Any] = {}  # the builder that a tag was met in
        self.repeated: set[str] = set()
        self._wanted: set[str] = set()  # tags that are asked for: their loops are unrolled, their branches guarded
        self._for_tags: dict[str, Any] = {}
        self._for_sources: dict[Source, Any] = {}
        self._for_arrays: dict[int, tuple[np.ndarray, Any]] = {}

    def tag(self, name: str, thing: Any) -> Any:
        """`thing` is called `name` from now on; what stands in for it, if something does."""
        if name in self._wanted and self.session.builder is not self.session.root:
            raise self._inside(name)
        if name in self._for_tags:
            thing = _replaced(thing, self._for_tags[name], name)
        if self._places.get(name) is self.session.root or self._in_loop():
            self.repeated.add(name)
        self.tags[name] = thing
        self._places[name] = self.session.builder
        return thing

    def tagged(self, name: str) -> Any:
        """What the tag names at the end.

        Raises
        ------
        Unsupported
            If the program has no such tag on its way, or only inside a derivative.
        """
        if name not in self.tags:
            raise self.session.error(f"this call meets no tag {name!r}", why="it stands on a way that is not taken")
        if self._places[name] is not self.session.root:
            raise self._inside(name)
        return self.tags[name]

    def _inside(self, name: str) -> Any:
        return self.session.error(
            f"the tag {name!r} stands inside a derivative, or a loop or branch that has to be kept as such",
            why="there it names many values", hint="tag the value behind it",
        )

    def _in_loop(self) -> bool:
        """Whether what is evaluated now is the body of a loop."""
        builder: Any = self.session.builder
        while builder is not None and builder.name != "body":
            builder = builder.parent
        return builder is not None

    def want(self, name: str) -> None:
        """The tag's value is to be told: loops and branches around it are not kept as such."""
        self._wanted.add(name)

    # -- what stands in -----------------------------------------------------------------------
    def stand_in(self, given: Any, *, tag: str | None = None, sources: Sequence[Source] = (), array: Any = None) -> None:
        """Let `given` be met instead of a tag, of what stands at places outside, of an array wherever it is met."""
        if tag is not None:
            self._for_tags[tag] = given
            self.want(tag)
        self._for_sources.update(dict.fromkeys(sources, given))
        if array is not None:
            self._for_arrays[id(array)] = array, given

    def read(self, value: Any, source: Source) -> Any:
        """What traced code sees in place of `value`, which stands at `source` and is read there at each call."""
        return self.session.captures.lift(value, source)

    def given(self, value: Any, source: Source | None) -> Any:
        """What stands in for a value from outside; NotImplemented: nothing."""
        if self._for_arrays and type(value) is np.ndarray and id(value) in self._for_arrays:
            return self._for_arrays[id(value)][1]
        if self._for_sources and source is not None:
            return self._for_sources.get(source, NotImplemented)
        return NotImplemented


def _replaced(thing: Any, given: Any, name: str) -> Any:
    """`given`, also wherever else the numbers and arrays of `thing` are held."""
    leaves, tree = flatten(thing)
    parts, given_tree = flatten(given)
    if tree != given_tree:
        raise TypeError(f"{name} is nested like {given_tree}; the value with that tag like {tree}")
    return tree.unflatten([_leaf(x, part) for x, part in zip(leaves, parts, strict=True)])


def _leaf(x: Any, given: Any) -> Any:
    if isinstance(x, ArrayTracer):
        x._write(given._session.value(given))
        return x
    if isinstance(x, ValueTracer) and isinstance(given, ValueTracer):
        x._value = given._read()
        return x
    return given


# -- what own code asks while tracing --------------------------------------------------------------
def marks() -> Marks:
    """The marks of the trace that is going on."""
    session = current_session()
    assert session is not None, "marks() outside a trace"
    return session.marks


def pinned(obj: Any) -> Any:
    """What traced code sees in place of an object from outside that stays the same object."""
    session = current_session()
    if session is None:
        return obj
    return session.captures.lift(obj, Pinned(obj, getattr(obj, "__name__", "an object")))


def evaluated(fn: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """``fn(*args, **kwargs)``, evaluated as a part of the trace that is going on."""
    session = current_session()
    assert session is not None, "evaluated() outside a trace"
    return evaluate(session.captures.root(fn), tuple(args), dict(kwargs), session.domain)


def asked(fn: Callable[[Any], Any], obj: Any) -> Any:
    """``fn(obj)``, run natively; calls for which it gives something else are traced anew."""
    session, found = current_session(), fn(obj)
    known = session.captures.outer.get(id(obj)) if session is not None else None
    if session is not None and known is not None:
        session.guard(HasValue(Result(Pinned(fn, fn.__name__), (known[1],), ()), found))
    return found


def held(thing: Any) -> Any:
    """`thing` with the numbers of this call in place of traced ones; other calls are traced anew."""
    session = current_session()
    if session is None:
        return thing
    leaves, tree = flatten(thing)
    return tree.unflatten([_held(session, x) for x in leaves])


def _held(session: Session, x: Any) -> Any:
    if not is_traced(x):
        return x
    if type(x) is SizeTracer:
        return session.decide_int(x, "constant()")
    value = session.value(x)
    known = session.concrete(value, "constant()")
    if not session.example.is_static(value):
        session.hold(_differs(value, known), f"what constant() holds must be {known}")
    return known


def _differs(value: Any, known: Any) -> Any:
    """Whether a Value is something else than `known`; one NaN is as good as another."""
    differs = ops.FUNCTIONS[np.not_equal](value, known)
    if value.dtype.kind in "fc" and np.any(np.isnan(known)):
        both = ops.FUNCTIONS[np.logical_and](ops.FUNCTIONS[np.isnan](value), np.isnan(known))
        differs = ops.FUNCTIONS[np.logical_and](differs, ops.FUNCTIONS[np.logical_not](both))
    return ops.FUNCTIONS[np.any](differs) if value.ndim else differs
