"""The law of NumPy indices: what an index template is, and the shape of what it selects.

A template is the index as an attribute: a tuple of ``None`` (a new axis), ``Ellipsis``,
slices, ints, sizes, and `Part.ARRAY` wherever the next index *input* of the node stands.  A
`Span` is a slice with bounds among the inputs.  Ints mean what they mean in Python; a Dim as
a bound of a slice is known to be non-negative (`index.parse` has asked).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bcad.ir import ArrayType, Dim, Kind, Size, maximum, minimum

from .shapes import ShapeError, broadcast, broadcasts_to


class Part(enum.Enum):
    """Stands in a template for an index that is an input of the node."""

    ARRAY = "#"

    def __str__(self) -> str:
        return self.value


class Span(NamedTuple):
    """A slice of which a bound is computed; `length` names the symbol that the result binds."""

    length: str
    start: Any
    stop: Any
    step: Any


Template = tuple[Any, ...]
FULL = slice(None)


def width(part: Any) -> int:
    """How many axes of the array a part consumes."""
    return 0 if part is None else 1


def expand(index: Template, ndim: int) -> list[Any]:
    """The template without Ellipsis and with a part for each axis."""
    used = sum(width(p) for p in index if p is not Ellipsis)
    if used > ndim:
        raise IndexError(f"too many indices for array: array is {ndim}-dimensional, but {used} were indexed")
    rest = [FULL] * (ndim - used)
    if Ellipsis not in index:
        return [*index, *rest]
    where = index.index(Ellipsis)
    return [*index[:where], *rest, *index[where + 1 :]]


def fill(index: Template, arrays: Sequence[Any]) -> Template:
    """The index itself, with concrete inputs in their places."""
    inputs = iter(arrays)
    return tuple(_fill(part, inputs) for part in index)


def _fill(part: Any, inputs: Iterator[Any]) -> Any:
    if isinstance(part, Span):
        bounds = [next(inputs) if b is Part.ARRAY else b for b in (part.start, part.stop)]
        return slice(*bounds, part.step)  # type: ignore[call-overload]
    return next(inputs) if part is Part.ARRAY else part


def item_type(x: ArrayType, index: Template, arrays: Sequence[ArrayType]) -> ArrayType:
    """The type of ``x[index]``: a NumPy scalar if integers alone select one element."""
    shape = item_shape(x.shape, index, arrays)
    return ArrayType(x.dtype, shape, Kind.ARRAY if shape or Ellipsis in index else Kind.SCALAR)


def item_shape(shape: Sequence[Size], index: Template, arrays: Sequence[ArrayType]) -> tuple[Size, ...]:
    """The shape of ``x[index]`` for x of `shape`.

    Index arrays broadcast together; their axes stand where they stood if integers and arrays
    are neighbours, else first (NumPy, "Combining advanced and basic indexing").
    """
    inputs = iter(arrays)
    selected = [a.shape for a in _index_arrays(index, inputs)]
    advanced = any(selected)
    common = broadcast(*selected) if advanced else ()
    result: list[Size] = []
    places: list[tuple[int, int]] = []  # (position in the template, in the result) of advanced parts
    axis = 0
    for position, part in enumerate(_with_gaps(index, len(shape))):
        if part is Ellipsis:
            continue
        if part is None:
            result.append(1)
        elif isinstance(part, Span):
            result.append(Dim.symbol(part.length))
        elif isinstance(part, slice):
            result.append(slice_length(part, shape[axis]))
        else:
            _check_bounds(part, shape[axis])
            places.append((position, len(result)))
        axis += width(part)
    at = places[0][1] if places and places[-1][0] - places[0][0] == len(places) - 1 else 0
    return (*result[:at], *common, *result[at:])


def _index_arrays(index: Template, inputs: Iterator[ArrayType]) -> Iterator[ArrayType]:
    for part in index:
        if isinstance(part, Span):
            for bound in (part.start, part.stop):
                if bound is Part.ARRAY:
                    next(inputs)
        elif part is Part.ARRAY:
            yield next(inputs)


def _with_gaps(index: Template, ndim: int) -> list[Any]:
    """The expanded template that keeps Ellipsis: even an empty one parts its neighbours."""
    parts = expand(index, ndim)
    if Ellipsis in index:
        parts.insert(index.index(Ellipsis), Ellipsis)
    return parts


def _check_bounds(part: Any, size: Size) -> None:
    if isinstance(part, int) and isinstance(size, int) and not -size <= part < size:
        raise IndexError(f"index {part} is out of bounds for axis with size {size}")


# -- lengths of slices ----------------------------------------------------------------------------
def slice_length(s: slice, n: Size) -> Size:
    """How many elements a slice selects from `n`."""
    if isinstance(n, int) and not any(isinstance(b, Dim) for b in (s.start, s.stop)):
        return len(range(*s.indices(n)))
    lower, upper = slice_bounds(s, n)
    step = abs(1 if s.step is None else s.step)
    if s.step in (None, 1) and upper == n and lower != 0 and s.start is not None and is_negative(s.start):
        return minimum(-s.start, n)  # the last k
    count = upper - lower if step == 1 else (upper - lower + step - 1) // step
    return count if non_negative(count) else maximum(count, 0)


def slice_bounds(s: slice, n: Size) -> tuple[Size, Size]:
    """``(lower, upper)``: the slice walks the indices lower <= j < upper, up or down.

    Clamped only as far as the count ``upper - lower`` needs when it is positive.
    """
    if s.step is None or s.step > 0:
        low, high, shift = s.start, s.stop, 0
    else:
        low, high, shift = s.stop, s.start, 1  # backwards: stop < j <= start
    lower: Size = 0
    upper = n
    if low is not None:
        lower = maximum(n + (low + shift), 0) if is_negative(low) else low + shift
    if high is not None:
        upper = n + (high + shift) if is_negative(high) else lesser(high + shift, n)
    return lower, upper


def is_negative(bound: Size) -> bool:
    """Whether a slice bound counts from the end; a Dim never does."""
    return isinstance(bound, int) and bound < 0


def lesser(a: Size, b: Size) -> Size:
    """The smaller size, found without ``min`` where the form of the sizes decides."""
    return a if non_negative(b - a) else b if non_negative(a - b) else minimum(a, b)


def non_negative(size: Size) -> bool:
    """Whether the form of a size shows that it is not negative."""
    if isinstance(size, int):
        return size >= 0
    return all(c > 0 and all(map(_atom_non_negative, m)) for m, c in size.terms)


def _atom_non_negative(atom: Any) -> bool:
    function = getattr(atom, "function", None)
    if function is None:
        return True  # a symbol is a length
    a, b = map(non_negative, atom.args)
    return (a or b) if function == "max" else b if function == "%" else a and b


def check_value_shape(value: Sequence[Size], target: Sequence[Size]) -> None:
    """Refuse what cannot be assigned: `value` must broadcast to `target` (extra leading ones may go)."""
    whole, extra = value, max(len(value) - len(target), 0)
    leading, value = value[:extra], value[extra:]
    if not (all(s == 1 for s in leading) and broadcasts_to(value, target)):
        raise ShapeError(
            f"could not broadcast input array from shape {_show(whole)} into shape {_show(target)}"
        )


def _show(shape: Sequence[Size]) -> str:
    return f"({','.join(map(str, shape))})"
