"""Temporary arrays that are never alive at the same time share memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import kernel as k
from .kernel import Block, Buffer, Kernel, inner_blocks

Path = tuple[tuple[Block, int], ...]  # a statement's place: the blocks around it, and where it is in each


def share_memory(kernel: Kernel) -> None:
    """Give temporaries the storage of others that are dead by then, and of the same dtype."""
    found = _Uses(kernel)
    taken: list[list[int]] = []  # storages that share
    for storage in found.movable():
        for group in taken:
            if all(found.apart(storage, other) for other in group):
                group.append(storage)
                break
        else:
            taken.append([storage])
    shared = {storage: group[0] for group in taken for storage in group}
    for buffer in kernel.buffers:
        buffer.storage = shared.get(buffer.storage, buffer.storage)


class _Uses:
    """Where each storage is used."""

    def __init__(self, kernel: Kernel) -> None:
        self.paths: dict[int, list[Path]] = {}
        self.buffers: dict[int, Buffer] = {}
        self.fixed: set[int] = {b.storage for b in kernel.buffers if b.kind != "work" or b.tape}
        self.fixed |= {x.storage for x in kernel.outputs if isinstance(x, Buffer)}
        self._walk(kernel.body, ())

    def movable(self) -> list[int]:
        """The temporaries that begin with room being made for them, in order."""
        return [s for s in self.paths if s not in self.fixed]

    def _walk(self, block: Block, above: Path) -> None:
        for position, s in enumerate(block.statements):
            path = (*above, (block, position))
            for buffer in used(s):
                if buffer.storage not in self.paths and not isinstance(s, k.Allocate):
                    self.fixed.add(buffer.storage)
                self.paths.setdefault(buffer.storage, []).append(path)
                self.buffers.setdefault(buffer.storage, buffer)
            if isinstance(s, k.Allocate) and s.keep:
                self.fixed.add(s.buffer.storage)
            for inner in inner_blocks(s):
                self._walk(inner, path)

    def apart(self, a: int, b: int) -> bool:
        """Whether one is dead before the other begins, in each turn of the loops around both."""
        if self.buffers[a].dtype != self.buffers[b].dtype:
            return False
        first, second = self._span(a), self._span(b)
        for (block, start, stop), (other, from_, to) in zip(first, second, strict=False):
            if block is not other:
                return False  # in arms of which one runs: they could share, but are rare
            if stop < from_ or to < start:
                return True
            if not (start == stop == from_ == to):
                return False
        return False

    def _span(self, storage: int) -> list[tuple[Block, int, int]]:
        """From the outermost block inwards: the first and the last statement that uses a storage."""
        paths, found = self.paths[storage], []
        for depth in range(min(map(len, paths))):
            block = paths[0][depth][0]
            places = [p[depth][1] for p in paths]
            if any(p[depth][0] is not block for p in paths):
                break
            found.append((block, min(places), max(places)))
            if min(places) != max(places):
                break
        return found


def used(s: Any) -> Iterator[Buffer]:
    """The buffers that a statement reads, writes, or makes room for."""
    if isinstance(s, k.Expr):
        if s.op == "load":
            yield s.data
    elif isinstance(s, (k.Store, k.Allocate)):
        yield s.buffer
    elif isinstance(s, k.Copy):
        yield from (s.target, s.source)
    elif isinstance(s, k.Product):
        yield from (s.target, s.a.buffer, s.b.buffer)
    elif isinstance(s, k.Library):
        yield from (x for argument in s.arguments for x in argument if isinstance(x, Buffer))
