"""Functions of ``itertools`` as generators: where what they go through is traced, their loops can be kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from ..lists import virtual
from ..places import stepped
from .generators import frame_of
from .indexed import Indexed
from .iteration import is_held, is_traced_iterable

if TYPE_CHECKING:
    from ..session import Session

FORMS: dict[Any, Callable[..., Any]] = {}


def _means(function: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(form: Callable[..., Any]) -> Callable[..., Any]:
        FORMS[function] = stepped(form)
        return form

    return enter


def form(session: Session, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function(*args)`` as a generator; NotImplemented if nothing that it goes through is traced."""
    if kwargs or not any(_is_traced(session, a) for a in args):
        return NotImplemented
    return evaluate(FORMS[function], args, {}, session.domain)


def _is_traced(session: Session, value: Any) -> bool:
    return is_traced_iterable(value) or isinstance(value, Indexed) or virtual.has_middle(session, value) \
        or frame_of(value) is not None


@_means(itertools.chain)
def _chain(*iterables):
    for iterable in iterables:
        yield from iterable


@_means(filter)
def _filter(function, iterable):
    for item in iterable:
        if item if function is None else function(item):
            yield item


@_means(itertools.filterfalse)
def _filterfalse(function, iterable):
    for item in iterable:
        if not (item if function is None else function(item)):
            yield item


@_means(itertools.takewhile)
def _takewhile(function, iterable):
    for item in iterable:
        if not function(item):
            break
        yield item


@_means(itertools.starmap)
def _starmap(function, iterable):
    for item in iterable:
        yield function(*item)


@_means(itertools.combinations)
def _combinations(iterable, r):
    pool = list(iterable)
    n = len(pool)
    if r == 2:
        for i in range(n):
            for j in range(i + 1, n):
                yield pool[i], pool[j]
    elif r == 3:
        for i in range(n):
            for j in range(i + 1, n):
                for k in range(j + 1, n):
                    yield pool[i], pool[j], pool[k]
    else:
        yield from itertools.combinations(pool, r)


@_means(itertools.combinations_with_replacement)
def _combinations_with_replacement(iterable, r):
    pool = list(iterable)
    n = len(pool)
    if r == 2:
        for i in range(n):
            for j in range(i, n):
                yield pool[i], pool[j]
    else:
        yield from itertools.combinations_with_replacement(tuple(pool), r)


@_means(itertools.permutations)
def _permutations(iterable, r=None):
    pool = list(iterable)
    n = len(pool)
    if r == 2:
        for i in range(n):
            for j in range(n):
                if i != j:
                    yield pool[i], pool[j]
    else:
        yield from itertools.permutations(tuple(pool), r)


# -- parts of a generator --------------------------------------------------------------------------------
def part(session: Session, args: tuple[Any, ...]) -> Any:
    """``itertools.islice(generator, stop)`` and ``islice(generator, start, stop)``; NotImplemented of anything else."""
    start, stop = (0, *args[1:])[-2:]
    if frame_of(args[0]) is None or not 2 <= len(args) <= 3 or type(start) is not int or start < 0 or stop is None:
        return NotImplemented
    if start and not (type(stop) is int and stop >= start):
        return NotImplemented
    return evaluate(_part, (args[0], start, stop), {}, session.domain)


def first(session: Session, args: tuple[Any, ...]) -> Any:
    """``next(generator)`` and ``next(generator, default)`` where nobody can ask for what is left; NotImplemented of anything else."""
    if not args or frame_of(args[0]) is None or is_held(session.frame, args[0]):
        return NotImplemented
    return evaluate(_first if len(args) == 1 else _first_or, args, {}, session.domain)


@stepped
def _part(iterable, start, stop):
    for k, item in zip(range(stop), iterable):
        if k >= start:
            yield item


@stepped
def _first(iterable, always=True):
    for item in iterable:
        if always:  # without a way back this would be no loop
            return item
    raise StopIteration


@stepped
def _first_or(iterable, default, always=True):
    for item in iterable:
        if always:
            return item
    return default
