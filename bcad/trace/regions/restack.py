"""Stacked items of one form as stacked items of a wider one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Builder, Dim, Kind, Size, Value

from .blends import numbers_of
from .patterns import WHICH, Choice, Constant, Either, Leaf, Listed, Nest, Pattern, fits
from .states import Abandon


def restacked(own: Pattern, stacks: Iterator[Value], wanted: Pattern, length: Size) -> Iterator[Value]:
    """For each leaf of `wanted` the numbers of all items, from the `stacks` of their own form."""
    if isinstance(wanted, Choice):
        yield from _options(own, stacks, wanted, length)
    elif isinstance(wanted, Listed):
        yield from _lists(own, stacks, wanted, length)
    elif isinstance(wanted, Nest) and isinstance(own, Nest):
        for part, whole in zip(own.children, wanted.children, strict=True):
            yield from restacked(part, stacks, whole, length)
    elif isinstance(wanted, Either):
        yield from _of_several(own, stacks, wanted, length)
    elif isinstance(wanted, Leaf):
        if isinstance(own, Constant):
            yield _full(own.obj, wanted.type, length)
        elif isinstance(own, Leaf):
            yield as_dtype(Builder.current().as_value(next(stacks)), wanted.type.dtype)
        else:
            raise Abandon("items of a list become one in another form")
    elif not isinstance(own, Constant):
        raise Abandon("items of a list become one in another form")


def _lists(own: Pattern, stacks: Iterator[Value], wanted: Listed, length: Size) -> Iterator[Value]:
    """The same of items that are lists, in arrays or written out."""
    count = len(wanted.item.leaves)
    if isinstance(own, Listed):
        mine = [Builder.current().as_value(next(stacks)) for _ in own.leaves]
        yield from _rows(own.item, iter(mine), wanted.item)
        if own.extra.is_tight == wanted.extra.is_tight:
            yield from mine[len(own.item.leaves):]
            return
        rows = own.rows
    elif isinstance(own, Nest):
        parts = [list(restacked(child, stacks, wanted.item, length)) for child in own.children]
        for k in range(count):
            yield ops.FUNCTIONS[np.stack]([part[k] for part in parts], axis=1)
        rows = len(own.children)
    else:
        raise Abandon("items of a list become one in another form")
    if not wanted.extra.is_tight:
        for number, part in zip((0, rows), wanted.children[-2:], strict=True):
            if isinstance(part, Leaf):
                yield _full(number, part.type, length)


def _rows(own: Pattern, stacks: Iterator[Value], wanted: Pattern) -> Iterator[Value]:
    """The same of the items of lists that are items themselves: in arrays of one axis more."""
    if isinstance(own, Leaf) and isinstance(wanted, Either):
        numbers = next(stacks)
        yield as_dtype(numbers, wanted.type.dtype)
        yield ops.BY_NAME["full"](WHICH.dtype.type(wanted.numbers.place_of(own.type)), shape=numbers.type.shape, dtype=WHICH.dtype)
    elif isinstance(own, Nest) and isinstance(wanted, Nest) and len(own.children) == len(wanted.children):
        for part, whole in zip(own.children, wanted.children, strict=True):
            yield from _rows(part, stacks, whole)
    elif isinstance(own, Either) and isinstance(wanted, Either) and own.numbers.types != wanted.numbers.types \
            or [len(t.shape) for t in own.leaves] != [len(t.shape) for t in wanted.leaves]:
        raise Abandon("lists in a list become some of another form")
    else:
        yield from (as_dtype(next(stacks), t.dtype) for t in wanted.leaves)


def _of_several(own: Pattern, stacks: Iterator[Value], wanted: Either, length: Size) -> Iterator[Value]:
    """The same of numbers of several kinds."""
    place_of = wanted.numbers.place_of
    if isinstance(own, Constant):
        yield _full(own.obj, wanted.type, length)
        yield _full(place_of(numbers_of(own.obj).types[0]), WHICH, length)
    elif isinstance(own, (Leaf, Either)):
        yield as_dtype(Builder.current().as_value(next(stacks)), wanted.type.dtype)
        if isinstance(own, Leaf):
            yield _full(place_of(own.type), WHICH, length)
        else:
            yield ops.METHODS["__getitem__"](np.asarray(list(map(place_of, own.numbers.types))), next(stacks))
    else:
        raise Abandon("items of a list become one in another form")


def _options(own: Pattern, stacks: Iterator[Value], wanted: Choice, length: Size) -> Iterator[Value]:
    """The same where items are now of one form, now of another."""
    mine = own.children if isinstance(own, Choice) else [own]
    which = Builder.current().as_value(next(stacks)) if isinstance(own, Choice) else None
    places = []
    for option in mine:
        place = next((k for k, other in enumerate(wanted.children) if fits(option, other)), None)
        if place is None or place in places:
            raise Abandon("two forms of a list's items have become one")
        places.append(place)
    parts = {place: list(restacked(option, stacks, wanted.children[place], length))
             for place, option in zip(places, mine, strict=True)}
    if which is None:
        yield _full(places[0], ArrayType(np.dtype(np.int64), ()), length)
    else:
        yield ops.METHODS["__getitem__"](np.asarray(places), which)
    for k, option in enumerate(wanted.children):
        yield from parts[k] if k in parts else (_full(0, leaf, length) for leaf in option.leaves)


def _full(number: object, type_: ArrayType, length: Size) -> Value:
    fill = type_.dtype.type(number) if not isinstance(number, Dim) else ops.BY_NAME["as_kind"](
        Builder.current().size(number), kind=Kind.SCALAR, dtype=type_.dtype)
    return ops.BY_NAME["full"](fill, shape=(length, *type_.shape), dtype=type_.dtype)


def as_dtype(value: Value, dtype: np.dtype) -> Value:
    """An array with this dtype."""
    return value if value.dtype == dtype else ops.BY_NAME["astype"](value, dtype=dtype)


def row(value: Value) -> Value:
    """An item as a stack of one."""
    array = ops.BY_NAME["as_kind"](value, kind=Kind.ARRAY, dtype=value.dtype) if not value.ndim else value
    return ops.BY_NAME["reshape"](array, shape=(1, *value.type.shape))
