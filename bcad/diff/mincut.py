"""Minimum cut of a directed graph with capacities (Dinic 1970), nearest to the sink."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

INFINITE = float("inf")
SOURCE, SINK = "source", "sink"


class Network:
    """Edges with capacities between hashable vertices; `SOURCE` and `SINK` are two of them."""

    def __init__(self) -> None:
        self._head: list[int] = []
        self._capacity: list[float] = []
        self._edges: list[list[int]] = []
        self._number: dict[Hashable, int] = {}
        self._index(SOURCE), self._index(SINK)

    def _index(self, vertex: Hashable) -> int:
        if vertex not in self._number:
            self._number[vertex] = len(self._edges)
            self._edges.append([])
        return self._number[vertex]

    def add(self, tail: Hashable, head: Hashable, capacity: float = INFINITE) -> None:
        """An edge from `tail` to `head`."""
        a, b = self._index(tail), self._index(head)
        for source, target, c in ((a, b, capacity), (b, a, 0.0)):
            self._edges[source].append(len(self._head))
            self._head.append(target)
            self._capacity.append(c)

    def sink_side(self) -> set[Hashable]:
        """The vertices beyond the minimum cut that is nearest to the sink."""
        while levels := self._levels():
            for flow in iter(lambda: self._augment(levels), 0.0):
                if flow == INFINITE:
                    raise ValueError("no finite cut")
        reverse = self._reaching_sink()
        return {v for v, n in self._number.items() if n in reverse}

    def _levels(self) -> dict[int, int]:
        levels, queue = {0: 0}, deque([0])
        while queue:
            vertex = queue.popleft()
            for edge in self._edges[vertex]:
                head = self._head[edge]
                if self._capacity[edge] > 0 and head not in levels:
                    levels[head] = levels[vertex] + 1
                    queue.append(head)
        return levels if 1 in levels else {}

    def _augment(self, levels: dict[int, int]) -> float:
        """Send flow along one shortest path; 0 when there is none left."""
        path: list[int] = []
        vertex = 0
        while vertex != 1:
            for edge in self._edges[vertex]:
                head = self._head[edge]
                if self._capacity[edge] > 0 and levels.get(head) == levels[vertex] + 1:
                    path.append(edge)
                    vertex = head
                    break
            else:  # a dead end: never come here again
                levels[vertex] = -1
                if not path:
                    return 0.0
                vertex = self._head[path.pop() ^ 1]
        flow = min(self._capacity[edge] for edge in path)
        if flow < INFINITE:
            for edge in path:
                self._capacity[edge] -= flow
                self._capacity[edge ^ 1] += flow
        return flow

    def _reaching_sink(self) -> set[int]:
        found, queue = {1}, deque([1])
        while queue:
            vertex = queue.popleft()
            for edge in self._edges[vertex]:
                tail = self._head[edge]
                if self._capacity[edge ^ 1] > 0 and tail not in found:
                    found.add(tail)
                    queue.append(tail)
        return found
