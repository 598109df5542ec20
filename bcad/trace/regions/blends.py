"""Blends: numbers of several kinds - now Python's int, now NumPy's float64 - that one value of the graph stands for.

The value has the widest dtype among them; which kind it is stands beside it.  What has a narrower dtype is a
*guest* in that value: it has to be there without loss, so that the numbers that a guest may be are known bounds.
Numbers that do not go together so are options of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from bcad.ir import ArrayType, Kind, type_of

Bounds = tuple[float, float]
EXACT = 2.0**53  # ints up to here, and their sums and products, are exact as floats
_RANKS = "buifc"
_DTYPES = frozenset("?lqdD")


class Numbers(NamedTuple):
    """What a number may be.

    Attributes
    ----------
    types : tuple of ArrayType
        Its kinds, narrow ones first.
    bounds : (float, float) or None
        Of guests; of any number where there are none. None where nobody knows.
    """

    types: tuple[ArrayType, ...]
    bounds: Bounds | None

    @property
    def type(self) -> ArrayType:
        """The type of the one value for all kinds: Python's only where all are."""
        return common_type(self.types)

    def place_of(self, type_: ArrayType) -> int:
        """Which of the kinds a number of this one is: items of lists are NumPy's where they are now Python's, now NumPy's."""
        if type_ in self.types:
            return self.types.index(type_)
        return [t.dtype for t in self.types].index(type_.dtype)

    def bounds_of(self, type_: ArrayType) -> Bounds | None:
        """Between what it is where it is of this kind."""
        return self.bounds if type_.dtype != self.type.dtype or not has_guests(self.types) else None


def numbers_of(obj: Any) -> Numbers:
    """A number known now."""
    type_: ArrayType = type_of(obj)  # type: ignore[assignment]
    known = abs(obj) <= EXACT and not type_.is_complex
    return Numbers((type_,), (float(obj), float(obj)) if known else None)


def common_type(types: Sequence[ArrayType]) -> ArrayType:
    """The type of the one value for all of these kinds."""
    widest = max(types, key=lambda t: _RANKS.index(t.dtype.kind)).dtype
    kind = Kind.PYTHON if all(t.kind is Kind.PYTHON for t in types) else Kind.SCALAR
    return ArrayType(widest, (), kind)


def has_guests(types: Sequence[ArrayType]) -> bool:
    """Whether some kinds are narrower than the value that stands for all."""
    return any(t.dtype != types[0].dtype for t in types)


def grouped(found: Iterable[Numbers]) -> list[Numbers]:
    """All of these numbers: as one value if that goes, else those of one dtype each."""
    all_: dict[ArrayType, Bounds | None] = {}
    for numbers in found:
        for type_ in numbers.types:
            bounds = numbers.bounds_of(type_)
            all_[type_] = hull(all_[type_], bounds) if type_ in all_ else bounds
    order = sorted(all_, key=_place)
    widest = common_type(order).dtype
    guests = [t for t in order if t.dtype != widest]
    fits = all(t.dtype.char in _DTYPES for t in order) and all(all_[t] is not None and t.dtype.kind != "b" for t in guests)
    if fits:
        return [_joined(order, all_)]
    dtypes = dict.fromkeys(t.dtype for t in order)
    return [_joined([t for t in order if t.dtype == dtype], all_) for dtype in dtypes]


def _joined(types: Sequence[ArrayType], bounds: dict[ArrayType, Bounds | None]) -> Numbers:
    """These kinds as one value; its bounds are those of its guests."""
    asked = [bounds[t] for t in types if t.dtype != common_type(types).dtype] or [bounds[t] for t in types]
    return Numbers(tuple(types), functools.reduce(hull, asked))


def hull(a: Bounds | None, b: Bounds | None) -> Bounds | None:
    """Bounds of what is between the one or the other."""
    return None if a is None or b is None else (min(a[0], b[0]), max(a[1], b[1]))


def _place(type_: ArrayType) -> tuple[int, int, str]:
    """An order of kinds: narrow ones first, Python's before NumPy's."""
    return _RANKS.index(type_.dtype.kind), type_.dtype.itemsize * (type_.kind is Kind.SCALAR), type_.dtype.char


def narrowed(number: Any, type_: ArrayType) -> Any:
    """A plain number as the kind that it is."""
    return type_.python_type(number.real if isinstance(number, (complex, np.complexfloating)) and not type_.is_complex else number)
