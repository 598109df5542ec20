"""What NumPy makes of lists of which a part is as long as a run tells: ``np.array(items)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcad import ops
from bcad.ir import Builder, Value

from ..regions.patterns import Choice, Constant, Either, Leaf, Listed, Pattern

if TYPE_CHECKING:
    from .virtual import VirtualList


def array_of(found: VirtualList) -> Value:
    """The array that NumPy makes of a list of which a part is as long as a run tells."""
    known = known_array(found)
    if known is not None:
        return known
    if not isinstance(found.pattern, Leaf):
        return ops.FUNCTIONS[np.array](found.session.unwrap(found.materialize()))
    (middle,) = found.stacks
    if not found.before and not found.after:
        array = Builder.current().as_value(middle)
        like_empty = array.ndim == 1 and array.dtype == float
        if not like_empty and found.session.assumptions.less(found.length, 1):
            return Builder.current().constant(np.array([]))  # of no items NumPy sees neither shape nor dtype
        return array
    before, after = (
        [ops.FUNCTIONS[np.array](found.session.unwrap(part))] if part else [] for part in (found.before, found.after)
    )
    pieces = [*before, middle, *after]
    return ops.FUNCTIONS[np.concatenate](pieces)


def known_array(found: VirtualList) -> Value | None:
    """The array that NumPy makes of lists of one length, or of items that were None once; None of any other items."""
    if isinstance(found.pattern, Either):
        return _of_widest(found)
    return _filled(found) if isinstance(found.pattern, Choice) else _table(found)


def _of_widest(found: VirtualList) -> Value | None:
    """The array of numbers of several kinds, which is of the widest dtype, one of them being of that; None if none is."""
    whole = found.whole()
    if whole is None or not isinstance(whole.pattern, Either):
        return None
    numbers, which = map(Builder.current().as_value, whole.stacks)
    types = whole.pattern.numbers.types
    narrow = np.asarray([t.dtype != whole.pattern.type.dtype for t in types])
    if narrow.any():
        guests = found.session.as_bool(ops.FUNCTIONS[np.all](ops.METHODS["__getitem__"](narrow, which)))
        if not found.session.example.known(guests):
            found.session.suppose_not(guests, "all items of a list are of a narrower dtype")
        elif found.session.decide(found.session.wrap(guests), "whether all items of a list are of a narrower dtype"):
            return None
    return numbers


def _filled(found: VirtualList) -> Value | None:
    """The array of items all of which are numbers or arrays by now."""
    whole = found.whole()
    options = whole.pattern.children if whole is not None and isinstance(whole.pattern, Choice) else ()
    last = len(options) - 1
    if whole is None or last < 0 or not isinstance(options[last], Leaf) or any(
            not isinstance(option, Constant) and _is_array(option) == _is_array(options[last]) for option in options[:last]):
        return None
    which, *columns = whole.stacks
    others = ops.FUNCTIONS[np.any](ops.FUNCTIONS[np.not_equal](which, last))
    found.session.suppose_not(found.session.as_bool(others), "a list has items that were not set")
    return columns[-1]


def _table(found: VirtualList) -> Value | None:
    """The array of lists of one length; None if the items are none."""
    whole = found.whole() if isinstance(found.pattern, Listed) else None
    inner = whole.pattern if whole is not None else None
    while isinstance(inner, Listed) and inner.extra.is_tight:
        inner = inner.item
    if whole is None or not isinstance(inner, Leaf):
        return None
    (array,) = whole.stacks
    lengths = array.type.shape
    if array.dtype != float and any(found.session.assumptions.less(n, 1) for n in lengths[:len(lengths) - len(inner.type.shape)]):
        return ops.BY_NAME["astype"](array, dtype=np.dtype(float))
    return array


def _is_array(pattern: Pattern) -> bool:
    return isinstance(pattern, Leaf) and bool(pattern.type.shape)
