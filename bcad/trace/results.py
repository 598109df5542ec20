"""The result of a call, put together from a run's outputs: its containers and arrays are new ones."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .captures.containers import lifted
from .effects.leaving import Make, Maker, of_kind
from .effects.text import TextTracer
from .lists import keyed
from .regions.choices import decide
from .tracers import ArrayTracer, ChoiceTracer, Tracer, ValueTracer
from .tree import children_of, flatten, rebuild_like

if TYPE_CHECKING:
    from .session import Session


class Plan:
    """How to make the result from the outputs.

    Parameters
    ----------
    obj : object
        A nest whose leaves may be tracers.
    position : callable
        Where among the outputs the Value of a tracer, or of a plain number, stands: each has a derivative.
    """

    def __init__(self, session: Session, obj: Any, position: Callable[[Any], int]) -> None:
        self.maker = Maker(session, position, sees_arguments=False)
        leaves, self.tree = flatten(_with_middles(session, obj))
        self.place: int | None = None  # of the output that the result is, if it is no more than that
        self._places: list[int | None] = []  # of the leaves that are outputs as they are
        self._texts: dict[int, TextTracer] = {}  # by the place of the leaf
        self.makers = [self._planned(leaf) for leaf in leaves]
        self._kinds = {k: x for k, x in enumerate(leaves) if type(x) is ChoiceTracer and x._numbers is not None}

    def plan_kinds(self) -> None:
        """Have the run say of which kind numbers are, and what text is made of; these outputs are no part of the result."""
        for k, text in self._texts.items():
            self.makers[k] = self.maker.plan(text)
        for k, leaf in self._kinds.items():
            self.makers[k] = of_kind(self.maker.position(leaf._which), leaf._numbers.types, self.makers[k])  # type: ignore[union-attr]
        if self.tree.cls is None and not self._kinds and self._places[0] is not None:  # the case of almost every call
            self.place = self._places[0]
            self.build = operator.itemgetter(self.place)  # type: ignore[method-assign, assignment]

    def build(self, outputs: Sequence[Any]) -> Any:
        """The result with this run's numbers."""
        run = self.maker.start(outputs)
        if self.tree.cls is None:
            return self.makers[0](run)
        return self.tree.unflatten([make(run) for make in self.makers])

    def _planned(self, leaf: Any) -> Make:
        """How a leaf is made; where it stands among the outputs if that is all."""
        make, place = self._made(leaf)
        self._places.append(place)
        return make

    def _made(self, leaf: Any) -> tuple[Make, int | None]:
        if type(leaf) is ChoiceTracer and leaf._numbers is not None:
            leaf = leaf._session.wrap(leaf._number)
        elif type(leaf) is ChoiceTracer:  # whose derivative is asked for must be one thing
            leaf = decide(leaf._session, leaf)
        if is_plain_number(leaf):
            self.maker.position(leaf)
            return (lambda run: leaf), None
        if isinstance(leaf, TextTracer):
            self._texts[len(self._places)] = leaf
            return _unplanned, None
        if not isinstance(leaf, (ArrayTracer, ValueTracer)):
            return self.maker.plan(leaf), None
        index = self.maker.position(leaf)  # an output of its own, as it has a cotangent of its own
        if type(leaf) is ArrayTracer and leaf._session.captures.is_copy(leaf):
            return (lambda run: np.array(run.outputs[index])), None
        return (lambda run: run.outputs[index]), index


def _unplanned(run: Any) -> Any:
    raise AssertionError("text of a result is made before its numbers are known")


def is_plain_number(leaf: Any) -> bool:
    """Whether a leaf of a result is a number that the trace knows."""
    return type(leaf) in (bool, int, float, complex) or (
        issubclass(type(leaf), np.generic) and leaf.dtype.kind in "biufc"
    )


def _with_middles(session: Session, obj: Any) -> Any:
    """`obj` with what holds their items in place of lists and dicts that a loop has made, and lifted items in deques from outside."""
    if isinstance(obj, Tracer):
        return obj
    if isinstance(obj, (list, deque)) and id(obj) in session.virtual:
        return session.virtual[id(obj)]
    table = keyed.of(session, obj)
    if table is not None:
        return table
    obj = lifted(session, obj)
    found = children_of(obj)
    if found is None:
        return obj
    keys, children, extra = found
    replaced = [_with_middles(session, child) for child in children]
    if all(a is b for a, b in zip(replaced, children, strict=True)):
        return obj
    return rebuild_like(obj, keys, replaced, extra)
