"""The result of a call, put together from a run's outputs: its containers and arrays are new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .choices import decide
from .leaving import Make, Maker
from .tracers import ArrayTracer, ChoiceTracer, Tracer
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
        self.makers = [self._planned(leaf) for leaf in leaves]

    def build(self, outputs: Sequence[Any]) -> Any:
        """The result with this run's numbers."""
        run = self.maker.start(outputs)
        if self.tree.cls is None:
            return self.makers[0](run)
        return self.tree.unflatten([make(run) for make in self.makers])

    def _planned(self, leaf: Any) -> Make:
        if type(leaf) is ChoiceTracer:  # whose derivative is asked for must be one thing
            leaf = decide(leaf._session, leaf)
        if is_plain_number(leaf):
            self.maker.position(leaf)
            return lambda run: leaf
        if not isinstance(leaf, ArrayTracer):
            return self.maker.plan(leaf)
        index = self.maker.position(leaf)
        if leaf._session.captures.is_copy(leaf):
            return lambda run: np.array(run.outputs[index])
        return lambda run: run.outputs[index]


def is_plain_number(leaf: Any) -> bool:
    """Whether a leaf of a result is a number that the trace knows."""
    return type(leaf) in (bool, int, float, complex) or (
        issubclass(type(leaf), np.generic) and leaf.dtype.kind in "biufc"
    )


def _with_middles(session: Session, obj: Any) -> Any:
    """`obj` with a `VirtualList` in place of every list that a loop has appended to."""
    if not session.virtual or isinstance(obj, Tracer):
        return obj
    if isinstance(obj, list) and id(obj) in session.virtual:
        return session.virtual[id(obj)]
    found = children_of(obj)
    if found is None:
        return obj
    keys, children, extra = found
    replaced = [_with_middles(session, child) for child in children]
    if all(a is b for a, b in zip(replaced, children, strict=True)):
        return obj
    return rebuild_like(obj, keys, replaced, extra)
