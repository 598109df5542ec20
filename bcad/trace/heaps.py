"""``heapq`` and ``bisect`` in Python: where the items are traced, their loops can be kept."""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from . import virtual
from .places import stepped
from .tracers import has_traced

if TYPE_CHECKING:
    from .session import Session

FORMS: dict[Any, Callable[..., Any]] = {}


def _means(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(form: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FORMS[function] = stepped(form)
        return form

    return enter


def form(session: Session, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function(*args)`` in Python; NotImplemented if nothing is traced."""
    if kwargs or not args or type(args[0]) is not list:
        return NotImplemented
    growing = id(args[0]) in session.growing or virtual.has_middle(session, args[0])
    return evaluate(FORMS[function], args, {}, session.domain) if growing or has_traced(args) else NotImplemented


@_means(heapq.heappush)
def _heappush(heap, item):  # type: ignore[no-untyped-def]
    heap.append(item)
    _rise(heap, len(heap) - 1)


@_means(heapq.heappop)
def _heappop(heap):  # type: ignore[no-untyped-def]
    if len(heap) == 1:
        return heap.pop()
    first, heap[0] = heap[0], heap.pop()
    _sink(heap, 0)
    return first


@_means(heapq.heapify)
def _heapify(heap):  # type: ignore[no-untyped-def]
    for k in range(len(heap) // 2):
        _sink(heap, len(heap) // 2 - 1 - k)


@stepped
def _rise(heap, place):  # type: ignore[no-untyped-def]
    item = heap[place]
    while place > 0 and item < heap[(place - 1) // 2]:
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = item


@stepped
def _sink(heap, place):  # type: ignore[no-untyped-def]
    """The hole goes down to a leaf along the smaller children, then the item rises: CPython's own order."""
    item = heap[place]
    top, below = place, 2 * place + 1
    while below < len(heap):
        if below + 1 < len(heap) and not heap[below] < heap[below + 1]:
            below = below + 1
        heap[place] = heap[below]
        place, below = below, 2 * below + 1
    while place > top and item < heap[(place - 1) // 2]:
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = item


@_means(bisect.insort, bisect.insort_right)
def _insort(items, item, lo=0, hi=None, *, key=None):  # type: ignore[no-untyped-def]
    items.insert(_bisect(items, item if key is None else key(item), lo, hi, key=key), item)


@_means(bisect.bisect, bisect.bisect_right)
def _bisect(items, item, lo=0, hi=None, *, key=None):  # type: ignore[no-untyped-def]
    if lo < 0:
        raise ValueError("lo must be non-negative")
    low, high = lo, len(items) if hi is None else hi
    while low < high:
        middle = (low + high) // 2
        if item < (items[middle] if key is None else key(items[middle])):
            high = middle
        else:
            low = middle + 1
    return low


@_means(bisect.bisect_left)
def _bisect_left(items, item, lo=0, hi=None, *, key=None):  # type: ignore[no-untyped-def]
    if lo < 0:
        raise ValueError("lo must be non-negative")
    low, high = lo, len(items) if hi is None else hi
    while low < high:
        middle = (low + high) // 2
        if (items[middle] if key is None else key(items[middle])) < item:
            low = middle + 1
        else:
            high = middle
    return low
