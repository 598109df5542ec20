"""C functions that write to a list or dict they are given: a way that is tried and given up leaves no trace."""

from __future__ import annotations

import bisect
import heapq
import operator
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest

import bcad


def _dijkstra(w: Any) -> Any:
    graph = {0: {1: w[0], 2: w[2]}, 1: {0: w[0], 2: w[1]}, 2: {1: w[1], 0: w[2]}}
    dist: dict[Any, Any] = {}
    seen: dict[Any, Any] = {0: 0}
    number, fringe = count(), [(0, 0, 0)]
    next(number)
    while fringe:
        d, _, v = heapq.heappop(fringe)
        if v in dist:
            continue
        dist[v] = d
        for u, length in graph[v].items():
            if u not in dist and (u not in seen or d + length < seen[u]):
                seen[u] = d + length
                heapq.heappush(fringe, (d + length, next(number), u))
    return dist[2] * len(dist) * w[0]


def _emptied(w: Any) -> Any:
    found, left = {}, [(0, 0), (1, 4)]
    while left:
        d, v = heapq.heappop(left)
        found[v] = d
    return len(found) * w[0]


def _inserted(w: Any) -> Any:
    made: list[Any] = [3]
    for k in range(4):
        bisect.insort(made, k)
        if w[0] > 1.5:
            break
    return len(made) * w[1] + made[0]


def _stored(w: Any) -> Any:
    table: dict[Any, Any] = {}
    for k in range(3):
        operator.setitem(table, len(table), k)
        if w[k] > 2.0:
            break
    return len(table) * w[0]


@pytest.mark.parametrize("program", [_dijkstra, _emptied, _inserted, _stored])
def test_gives_what_python_gives(program: Callable[[Any], Any]) -> None:
    with bcad.options.set(backend="numpy"):
        f = bcad.Function(program)
        for w in ([1.0, 2.0, 4.0], [1.0, 2.0, 2.5], [2.5, 1.0, 1.0], [1.0, 2.0, 4.0]):
            assert f(np.array(w)) == program(np.array(w))
