"""Iterators over dicts and sets for code that may be undone.

C code's own go by places in a table, which is another one when keys have been put back in it.
"""
from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .thread import current_thread

_VIEWS: dict[type, Callable[[dict, Any], Any]] = {
    **dict.fromkeys(map(type, ({}.keys(), OrderedDict().keys())), lambda owner, key: key),
    **dict.fromkeys(map(type, ({}.values(), OrderedDict().values())), lambda owner, key: dict.__getitem__(owner, key)),
    **dict.fromkeys(map(type, ({}.items(), OrderedDict().items())), lambda owner, key: (key, dict.__getitem__(owner, key))),
}
_ITERS = (dict.__iter__, OrderedDict.__iter__)


class TableIterator:
    """The keys, values or items of a dict, or the items of a set, which must not get more or fewer meanwhile."""

    __slots__ = ("owner", "keys", "index", "item")

    def __init__(self, owner: dict | set, item: Callable[[Any, Any], Any]) -> None:
        self.owner = owner
        self.keys = list(owner)
        self.index = 0
        self.item = item

    def __iter__(self) -> TableIterator:
        return self

    def __next__(self) -> Any:
        what = "dictionary" if isinstance(self.owner, dict) else "Set"
        if len(self.owner) != len(self.keys):
            raise RuntimeError(f"{what} changed size during iteration")
        if self.index == len(self.keys):
            raise StopIteration
        key = self.keys[self.index]
        if key not in self.owner:
            raise RuntimeError(f"{what} keys changed during iteration")
        journal = current_thread().journal
        if journal is not None:
            journal.touch(self)
        self.index += 1
        return self.item(self.owner, key)

    def __length_hint__(self) -> int:
        return len(self.keys) - self.index

    def __reduce__(self) -> Any:
        return TableIterator, (self.owner, self.item), self.index

    def __setstate__(self, index: int) -> None:
        self.index = index

    def __copy__(self) -> TableIterator:
        """One that goes on by itself."""
        made = TableIterator.__new__(TableIterator)
        made.owner, made.keys, made.index, made.item = self.owner, self.keys, self.index, self.item
        return made

    def goes_through(self) -> tuple[Any, ...]:
        """What it goes through."""
        return (self.owner,)


def over_table(value: Any) -> TableIterator | None:
    """``iter(value)`` of a dict, a view of one or a set whose class has no other ways; None of anything else."""
    kind = type(value)
    if kind in _VIEWS:
        owner = next(x for x in gc.get_referents(value) if isinstance(x, dict))
        return TableIterator(owner, _VIEWS[kind]) if type(owner).__iter__ in _ITERS else None
    if kind is set or issubclass(kind, dict) and kind.__iter__ in _ITERS:
        return TableIterator(value, lambda owner, key: key)
    return None
