"""Lists that ``list``, ``sorted``, ``reversed`` and ``tolist`` make of what has numbered items."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import python_type
from interpreter import evaluate

from ..captures.containers import contents, is_outer
from ..captures.outer import OuterList
from ..iterators.generators import frame_of
from ..iterators.indexed import Indexed
from ..iterators.iteration import indexed, steps_itself
from ..iterators.sequences import ListIterator, VirtualIterator
from ..places import stepped
from ..regions.patterns import Leaf, Mismatch
from ..regions.states import Abandon, Number, freeze
from ..tracers import has_traced
from . import virtual
from .derived import copied
from .pieces import pattern_of_pieces, stack
from .strip_methods import attempt, sort
from .strips import made_of, new

if TYPE_CHECKING:
    from ..session import Session


_KEPT = (list, deque)


def listed(session: Session, given: Any) -> Any:
    """``list(given)``: a comprehension where items have numbers; NotImplemented: as of anything else."""
    if virtual.has_middle(session, given):
        return copied(session, given)
    if frame_of(given) is not None:
        return evaluate(_all_of, (given,), {}, session.domain)
    source = indexed(session, given)
    if source is None or isinstance(source, ListIterator) or type(source.left()) is int:
        return NotImplemented
    return evaluate(_all_of, (source,), {}, session.domain)


@stepped
def _all_of(items: Any) -> list[Any]:
    made = []
    for item in items:
        made.append(item)
    return made


def ordered(session: Session, given: Any, kwargs: dict[str, Any]) -> Any:
    """``sorted(given)``; NotImplemented: as of anything else."""
    if type(given) is OuterList:
        given.fill()
    is_iterator = isinstance(given, Indexed) or hasattr(type(given), "__next__")
    made = listed(session, given)
    if made is NotImplemented and is_outer(session, given):
        given = contents(session, given)
    if made is NotImplemented and isinstance(given, (list, deque, tuple)) and not steps_itself(given) and has_traced(given):
        made = _in_arrays(session, list(given))
    found = session.virtual.get(id(made))
    strip = made_of(session, found, "a list is sorted") if found is not None else None
    if strip is not None and attempt(strip, lambda: sort(strip, **kwargs)) is not NotImplemented:
        return strip.items
    return evaluate(sorted, (made,), kwargs, session.domain) if is_iterator and made is not NotImplemented else NotImplemented


def _in_arrays(session: Session, items: list[Any]) -> Any:
    """A list of traced numbers in an array; NotImplemented where they are of several kinds."""
    try:
        pieces = [freeze(session, x) for x in items]
        if len({x.value.dtype for x in pieces if isinstance(x, Number)}) > 1:
            return NotImplemented
        pattern = pattern_of_pieces(session, pieces)
        return new(session, pattern, stack(pieces, pattern), len(items), None)
    except (Abandon, Mismatch):
        return NotImplemented


def backwards(session: Session, items: Any) -> Any:
    """``reversed(items)`` of a list or deque whose length only a run can tell."""
    found = virtual.find(session, items) if type(items) in _KEPT else None
    whole = found.whole() if found is not None else None
    return NotImplemented if whole is None else VirtualIterator(session, items, whole, backwards=True)


def from_array(session: Session, array: Any) -> Any:
    """``array.tolist()`` of a vector."""
    value = session.value(array)
    python = python_type(value.dtype.type(0).item().__class__)
    value = value if value.dtype.kind == "u" or value.dtype == python.dtype else ops.BY_NAME["astype"](value, dtype=python.dtype)
    pattern = Leaf(python)
    return new(session, pattern, [value], session.wrap(value.type.shape[0]), None)
