"""Builtins written in Python: interpreted in place of C ones where values may be traced."""
from __future__ import annotations

import functools
import itertools

_ABSENT = object()


def items_(sequence, /):
    """``iter`` of an object that has only ``__getitem__``."""
    index = 0
    while True:
        try:
            item = sequence[index]
        except (IndexError, StopIteration):
            return
        yield item
        index += 1


def sum_(iterable, /, start=0):
    """``sum``."""
    if isinstance(start, (str, bytes, bytearray)):
        return sum(iterable, start)         # refused: CPython's own words
    for item in iterable:
        start = start + item
    return start


def any_(iterable, /):
    """``any``."""
    for item in iterable:
        if item:
            return True
    return False


def all_(iterable, /):
    """``all``."""
    for item in iterable:
        if not item:
            return False
    return True


def min_(*args, key=None, default=_ABSENT):
    """``min``."""
    items = iter([*args[0]] if len(args) == 1 else args)     # a list can be forked on the way
    best = next(items, _ABSENT)
    if best is _ABSENT:
        if default is _ABSENT:
            raise ValueError("min() iterable argument is empty")
        return default
    least = best if key is None else key(best)
    for item in items:
        measure = item if key is None else key(item)
        if measure < least:
            best, least = item, measure
    return best


def max_(*args, key=None, default=_ABSENT):
    """``max``."""
    items = iter([*args[0]] if len(args) == 1 else args)     # a list can be forked on the way
    best = next(items, _ABSENT)
    if best is _ABSENT:
        if default is _ABSENT:
            raise ValueError("max() iterable argument is empty")
        return default
    most = best if key is None else key(best)
    for item in items:
        measure = item if key is None else key(item)
        if measure > most:
            best, most = item, measure
    return best


def reduce(function, iterable, initial=_ABSENT, /):
    """``functools.reduce``."""
    items = iter(iterable)
    value = next(items, _ABSENT) if initial is _ABSENT else initial
    if value is _ABSENT:
        raise TypeError("reduce() of empty iterable with no initial value")
    for item in items:
        value = function(value, item)
    return value


def accumulate(iterable, func=None, *, initial=None):
    """``itertools.accumulate``."""
    items = iter(iterable)
    total = next(items, _ABSENT) if initial is None else initial
    if total is _ABSENT:
        return
    yield total
    for item in items:
        total = total + item if func is None else func(total, item)
        yield total


TABLE = {sum: sum_, any: any_, all: all_, min: min_, max: max_, functools.reduce: reduce,
         itertools.accumulate: accumulate}
