"""Arrays put together and taken apart: concatenate, stack, split, tile, repeat, roll, pad, insert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Dim, Size, Value, assumptions, maximum, product

from .arguments import NotConcrete, as_array, as_axes, as_int, as_size, astype, concrete, counting, full, has_values
from .convert import array as as_whole
from .convert import held_by
from .cotangents import rearranged, to_cotangent
from .op import BY_NAME, FUNCTIONS, Op, Zero, define, implements, materialize
from .rows import column_stack_rows, concatenate_rows, dstack_rows, hstack_rows, stack_rows, vstack_rows
from .samples import Sample, complexes, reals
from .shape import (
    along,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    moveaxis,
    ravel,
    stretch,
    to_shape,
)
from .shapes import ShapeError, normalize_axis, require_equal

FULL = slice(None)


def section(x: Any, axis: int, part: Any) -> Value:
    """``x[..., part, ...]`` with `part`, a slice or an integer, at `axis`."""
    return BY_NAME["getitem"](x, index=(FULL,) * axis + (part,))


# -- concatenate ----------------------------------------------------------------------------------
@define
class Concatenate(Op):
    """``concatenate(xs, axis)``: jointly linear in all its arrays."""

    samples = (
        Sample(reals(2), reals(3), axis=0),
        Sample(reals(2, 2), reals(2, 1), reals(2, 0), axis=1),
        Sample(complexes(2), reals(2), axis=0),
    )

    def type_rule(self, *xs: ArrayType, axis: int) -> ArrayType:
        first = xs[0]
        for x in xs:
            if x.ndim != first.ndim:
                raise ShapeError("all the input arrays must have same number of dimensions")
            for k, (a, b) in enumerate(zip(first.shape, x.shape, strict=True)):
                if k != axis:
                    require_equal(f"axis {k} of the first array", a, "that of another", b)
        total: Size = sum((x.shape[axis] for x in xs), 0)
        shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
        return ArrayType(np.result_type(*(x.dtype for x in xs)), shape)

    def evaluate(self, *xs: Any, axis: int) -> Any:
        return np.concatenate(xs, axis)

    def with_zeros(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        if all(type(x) is Zero for x in inputs):
            return self._zero_result(inputs, attrs)
        return self(*map(materialize, inputs), **attrs)

    def jvp(self, y: Value, *rest: Any, axis: int) -> Any:
        half = len(rest) // 2
        tangents = [d if x.type.differentiable else Zero(y.type.with_shape(x.shape))
                    for x, d in zip(rest[:half], rest[half:], strict=True)]
        tangent = self(*tangents, axis=axis)
        return tangent if type(tangent) is Zero else astype(tangent, y.dtype)

    def vjp(self, g: Any, y: Value, *xs: Value, axis: int) -> tuple[Any, ...]:
        back, start = [], 0
        for x in xs:
            stop = start + x.shape[axis]
            part = slice(start, stop)
            back.append(
                to_cotangent(rearranged(g, lambda h, p=part: section(h, axis, p)), x) if x.type.differentiable else None  # type: ignore[misc]
            )
            start = stop
        return tuple(back)


def join(xs: Sequence[Value], axis: int) -> Value:
    """The arrays one after the other along `axis`; a single one as it is."""
    return xs[0] if len(xs) == 1 else BY_NAME["concatenate"](*xs, axis=axis)


@implements(np.concatenate)
def concatenate(arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: str = "same_kind") -> Value:
    if isinstance(arrays, Value):
        return _cast(concatenate_rows(arrays, axis), dtype)
    xs = [as_array(a) for a in arrays]
    if not xs:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    if xs[0].ndim == 0:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    return _cast(join(xs, normalize_axis(as_int(axis), xs[0].ndim)), dtype)


def _cast(y: Value, dtype: Any) -> Value:
    return y if dtype is None else astype(y, dtype)


@implements(np.stack)
def stack(arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: str = "same_kind") -> Value:
    """The arrays as slices of a new `axis`."""
    if isinstance(arrays, Value):
        return _cast(stack_rows(arrays, axis), dtype)
    xs = [as_array(a) for a in arrays]
    if not xs:
        raise ValueError("need at least one array to stack")
    if any(x.ndim != xs[0].ndim for x in xs):
        raise ShapeError("all input arrays must have the same shape")
    target = np.result_type(*(x.dtype for x in xs)) if dtype is None else np.dtype(dtype)
    where = normalize_axis(as_int(axis), xs[0].ndim + 1)
    return BY_NAME["stack"](*xs, axis=where, dtype=target)


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Value:
    if isinstance(tup, Value):
        return _cast(vstack_rows(tup), dtype)
    return concatenate([atleast_2d(x) for x in tup], 0, dtype=dtype)


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Value:
    if isinstance(tup, Value):
        return _cast(hstack_rows(tup), dtype)
    xs = [atleast_1d(x) for x in tup]
    return concatenate(xs, 0 if xs and xs[0].ndim == 1 else 1, dtype=dtype)


@implements(np.dstack)
def dstack(tup: Any) -> Value:
    return dstack_rows(tup) if isinstance(tup, Value) else concatenate([atleast_3d(x) for x in tup], 2)


@implements(np.column_stack)
def column_stack(tup: Any) -> Value:
    if isinstance(tup, Value):
        return column_stack_rows(tup)
    xs = [as_array(x) for x in tup]
    return concatenate([x if x.ndim >= 2 else to_shape(x, (*x.shape, 1) if x.ndim else (1, 1)) for x in xs], 1)


@implements(np.block)
def block(arrays: Any) -> Value:
    """Nested lists of blocks: the innermost lists run along the last axis."""
    depth = _depth(arrays)
    ndim = max(depth, _most_axes(arrays))
    return _block(arrays, depth, ndim)


def _depth(x: Any) -> int:
    return 1 + max(map(_depth, x), default=0) if isinstance(x, list) else 0


def _most_axes(x: Any) -> int:
    return max(map(_most_axes, x)) if isinstance(x, list) else as_array(x).ndim


def _block(x: Any, depth: int, ndim: int) -> Value:
    if isinstance(x, list):
        return join([_block(item, depth - 1, ndim) for item in x], ndim - depth)
    x = as_array(x)
    return to_shape(x, (1,) * (ndim - x.ndim) + tuple(x.shape))


# -- split ----------------------------------------------------------------------------------------
@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Value]:
    """Parts of nearly equal length, or between the given indices."""
    x = as_array(ary)
    axis = normalize_axis(as_int(axis), x.ndim)
    if np.ndim(indices_or_sections) and not isinstance(indices_or_sections, Value):
        edges = [as_size(i) for i in indices_or_sections]
        return [section(x, axis, slice(a, b)) for a, b in zip([0, *edges], [*edges, None], strict=True)]
    count = as_int(indices_or_sections, "the number of sections")
    if count <= 0:
        raise ValueError("number sections must be larger than 0.")
    each, extra = x.shape[axis] // count, x.shape[axis] % count
    if isinstance(extra, Dim):
        each, extra = divmod(assumptions().known(x.shape[axis]), count)
    ends = np.cumsum([each + (k < extra) for k in range(count)]).tolist()
    return [section(x, axis, slice(a, b)) for a, b in zip([0, *ends], ends, strict=False)]


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Value]:
    x = as_array(ary)
    size = x.shape[normalize_axis(as_int(axis), x.ndim)]
    if not np.ndim(indices_or_sections):
        count = as_int(indices_or_sections)
        if isinstance(size, int) and size % count:
            raise ValueError("array split does not result in an equal division")
        if isinstance(size, Dim):
            require_equal("the axis", size, "its sections", size // count * count)
            each = size // count
            return [section(x, as_int(axis) % x.ndim, slice(each * k, each * (k + 1))) for k in range(count)]
    return array_split(x, indices_or_sections, axis)


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Value]:
    return split(ary, indices_or_sections, 0)


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Value]:
    return split(ary, indices_or_sections, 0 if as_array(ary).ndim == 1 else 1)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Value]:
    return split(ary, indices_or_sections, 2)


def unstack(x: Any, /, *, axis: Any = 0) -> tuple[Value, ...]:
    x = as_array(x)
    axis = normalize_axis(as_int(axis), x.ndim)
    count = assumptions().known(x.shape[axis])
    return tuple(section(x, axis, k) for k in range(count))


if hasattr(np, "unstack"):  # NumPy 2.1
    FUNCTIONS[np.unstack] = unstack


# -- copies side by side --------------------------------------------------------------------------
@implements(np.tile)
def tile(A: Any, reps: Any) -> Value:
    """`A` repeated ``reps[k]`` times along axis k."""
    x = as_array(A)
    counts = [as_size(r) for r in (reps if np.ndim(reps) else [reps])]
    ndim = max(x.ndim, len(counts))
    sizes = (1,) * (ndim - x.ndim) + tuple(x.shape)
    counts = [1] * (ndim - len(counts)) + counts  # type: ignore[assignment, operator]
    return _copies(to_shape(x, sizes), counts, before=True)


def _copies(x: Value, counts: Sequence[Size], before: bool) -> Value:
    """Each axis `counts` times: whole axes (`before`) or each element in place."""
    if all(isinstance(c, int) and c == 1 for c in counts):
        return x
    pairs = [((c, n), (1, n)) if before else ((n, c), (n, 1)) for c, n in zip(counts, x.shape, strict=True)]
    long, short = (tuple(s for p in pairs for s in p[k]) for k in (0, 1))
    return to_shape(stretch(to_shape(x, short), long), [n * c for c, n in zip(counts, x.shape, strict=True)])


@implements(np.repeat, method="repeat")
def repeat(a: Any, repeats: Any, axis: Any = None) -> Value:
    """Each element `repeats` times along `axis`; several counts must be concrete."""
    x, axis = along(a, axis)
    known = concrete(repeats)
    if known is not None and np.ndim(known):
        counts = np.asarray(known)
        counts = counts if counts.size or isinstance(known, np.ndarray) else counts.astype(np.intp)
        if counts.size != 1:
            index = np.repeat(np.arange(counts.size), counts)
            require_equal("the axis", x.shape[axis], "the number of counts", counts.size)
            return BY_NAME["gather"](x, index, index=(FULL,) * axis + (_array_part(),))
        repeats = counts.item()
    counts_of_axes = [1] * x.ndim
    count = as_size(repeats, "the number of repeats")
    if isinstance(count, int) and count < 0:
        raise ValueError("repeats may not contain negative values.")
    counts_of_axes[axis] = count  # type: ignore[assignment]
    return _copies(x, counts_of_axes, before=False)


def _array_part() -> Any:
    from .index_template import Part

    return Part.ARRAY


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Value:
    """Elements moved by `shift` along `axis`, those past the end put first."""
    x = as_array(a)
    if axis is None:
        return to_shape(roll(ravel(x), shift, 0), x.shape)
    axes = as_axes(axis)
    axes = axes if isinstance(axes, tuple) else (axes,)
    shifts = list(shift) if np.ndim(shift) else [shift]
    count = max(len(axes), len(shifts))
    for k, s in zip(axes * (count // len(axes)), shifts * (count // len(shifts)), strict=True):
        x = _roll(x, as_size(s, "a shift"), normalize_axis(k, x.ndim))
    return x


def _roll(x: Value, shift: Size, axis: int) -> Value:
    n = x.shape[axis]
    if isinstance(n, int) and n == 0:
        return x
    shift = shift % n
    if isinstance(shift, int) and shift == 0:
        return x
    return join([section(x, axis, slice(n - shift, None)), section(x, axis, slice(0, n - shift))], axis)


# -- pad ------------------------------------------------------------------------------------------
@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """``np.pad`` by constants or by elements of the array; other modes are for the evaluator to step into."""
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap", "empty"):
        return NotImplemented
    if mode in ("reflect", "symmetric") and options.get("reflect_type", "even") != "even":
        return NotImplemented
    x = as_whole(array)
    widths = _pairs(pad_width, x.ndim)
    if mode in ("constant", "empty"):
        return _pad_constant(x, widths, options.get("constant_values", 0))
    for axis, (before, after) in enumerate(widths):
        if (before, after) != (0, 0):
            n = x.shape[axis]
            if isinstance(n, Dim) or has_values((before, after)):
                index: Any = _padded_positions(n, as_size(before), as_size(after), mode)
            else:
                index = np.pad(np.arange(n), (before, after), mode=mode)
            x = BY_NAME["gather"](x, index, index=(FULL,) * axis + (_array_part(),))
    return x


def _padded_positions(n: Size, before: Size, after: Size, mode: str) -> Value:
    """Which element stands at each place of a padded axis of symbolic length."""
    place = BY_NAME["subtract"](counting(n + before + after), before)
    if mode == "edge":
        return BY_NAME["minimum"](BY_NAME["maximum"](place, 0), n - 1)
    if mode == "wrap":
        return BY_NAME["remainder"](place, n)
    mirror = maximum(2 * (n - 1), 1) if mode == "reflect" else 2 * n
    place = BY_NAME["remainder"](place, mirror)
    last = mirror if mode == "reflect" else mirror - 1
    return BY_NAME["where"](BY_NAME["less"](place, n), place, BY_NAME["subtract"](last, place))


def _pairs(value: Any, ndim: int) -> list[tuple[Any, Any]]:
    """``(before, after)`` for each axis, from NumPy's short forms."""
    if isinstance(value, dict):
        given = {normalize_axis(k, ndim): v for k, v in value.items()}
        return [_pairs(given.get(k, 0), 1)[0] for k in range(ndim)]
    if not has_values(value):
        pairs = np.broadcast_to(np.asarray(value), (ndim, 2)).tolist()
        return [(a, b) for a, b in pairs]
    if not isinstance(value, (list, tuple)):
        return [(value, value)] * ndim
    rows = list(value)
    if not any(isinstance(r, (list, tuple)) for r in rows):
        return [(rows[0], rows[-1])] * ndim
    rows = [(r[0], r[-1]) if isinstance(r, (list, tuple)) else (r, r) for r in rows]
    return rows * ndim if len(rows) == 1 else rows


def _pad_constant(x: Value, widths: list[tuple[Any, Any]], values: Any) -> Value:
    known = [(as_size(a), as_size(b)) for a, b in widths]
    if any(isinstance(s, int) and s < 0 for pair in known for s in pair):
        raise ValueError("index can't contain negative values")
    fills = _pairs(values, x.ndim)
    if all(not has_values(f) and np.all(np.asarray(f) == np.asarray(fills[0][0])) for f in fills):
        shape = [n + a + b for n, (a, b) in zip(x.shape, known, strict=True)]
        index = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, known, strict=True))
        return BY_NAME["set_item"](full(fills[0][0] if fills else 0, shape, x.dtype), x, index=index)
    for axis, ((a, b), (first, last)) in enumerate(zip(known, fills, strict=True)):
        ends = [stretch(astype(as_array(f), x.dtype), (*x.shape[:axis], s, *x.shape[axis + 1 :]))
                for f, s in ((first, a), (last, b))]
        x = join([ends[0], x, ends[1]], axis)
    return x


# -- insert and delete ----------------------------------------------------------------------------
@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Value:
    if axis is None:
        return concatenate([ravel(arr), ravel(values)])
    return concatenate([as_array(arr), as_array(values)], axis)


def _along(arr: Any, axis: Any) -> tuple[Value, int, int]:
    x = ravel(arr) if axis is None else as_array(arr)
    axis = 0 if axis is None else normalize_axis(as_int(axis), x.ndim)
    return x, axis, assumptions().known(x.shape[axis])


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Value:
    """Without the elements at the concrete indices `obj`; the length is relied on."""
    x, axis, n = _along(arr, axis)
    kept = np.delete(np.arange(n), _concrete_index(obj))
    return BY_NAME["gather"](x, kept, index=(FULL,) * axis + (_array_part(),))


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Value:
    """With `values` put before the concrete indices `obj`."""
    x, axis, n = _along(arr, axis)
    obj = _concrete_index(obj)
    values = astype(held_by(as_array(values), x.dtype), x.dtype)
    if np.ndim(obj) == 0 and not isinstance(obj, slice) and values.ndim >= 1:
        values = moveaxis(to_shape(values, (1,) * (x.ndim - values.ndim) + tuple(values.shape)), 0, axis)
        if values.ndim == 1 or x.ndim > 1:  # one place, several values: all go there, in order
            obj = [int(obj)] * max(int(product(values.shape[axis : axis + 1])), 1)  # type: ignore[arg-type]
    places = np.insert(np.arange(n), obj, -1)  # where old elements stand: their index; new: -1
    shape = (*x.shape[:axis], len(places), *x.shape[axis + 1 :])
    old, new = np.flatnonzero(places >= 0), np.flatnonzero(places < 0)
    order = np.insert(np.zeros(n, int), obj, np.arange(1, len(new) + 1))[new] - 1
    where = (FULL,) * axis + (_array_part(),)
    values = stretch(values, (*x.shape[:axis], len(new), *x.shape[axis + 1 :]))
    y = BY_NAME["set_item"](full(0, shape, x.dtype), x, old, index=where)
    return BY_NAME["set_item"](y, BY_NAME["gather"](values, order, index=where), new, index=where)


def _concrete_index(obj: Any) -> Any:
    known = obj if isinstance(obj, slice) else concrete(obj)
    if known is None and obj.dtype.kind in "iu":
        raise NotConcrete(obj, "the indices of insert and delete")
    if known is None:
        raise ShapeError("the indices of insert and delete must be known when the function is traced")
    return known


