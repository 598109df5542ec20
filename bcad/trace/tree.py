"""Nested arguments and results as leaves and a Tree that puts leaves back in place.

Tuples, lists, dicts, named tuples, dataclasses and None nest; everything else is a leaf.
No registration: a container is what looks like one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[Any, ...]


class Tree:
    """The structure around leaves: how to take an object apart and put another together.

    Two trees are equal when they have the same containers, keys and number of leaves.
    """

    __slots__ = ("cls", "keys", "children")

    def __init__(self, cls: type | None, keys: tuple[Any, ...], children: tuple[Tree, ...]) -> None:
        self.cls = cls  # None for a leaf
        self.keys = keys
        self.children = children

    @property
    def leaf_count(self) -> int:
        return 1 if self.cls is None else sum(c.leaf_count for c in self.children)

    def unflatten(self, leaves: list[Any]) -> Any:
        """The object of this structure with these leaves, in order."""
        iterator = iter(leaves)
        result = self._build(iterator)
        rest = sum(1 for _ in iterator)
        if rest:
            raise ValueError(f"{rest} leaves too many for {self}")
        return result

    def paths(self, prefix: Path = ()) -> Iterator[Path]:
        """Where each leaf stands: keys, positions and field names from the root."""
        if self.cls is None:
            yield prefix
        for key, child in zip(self.keys, self.children, strict=True):
            yield from child.paths((*prefix, key))

    def _build(self, leaves: Iterator[Any]) -> Any:
        if self.cls is None:
            return next(leaves)
        return rebuild(self.cls, self.keys, [c._build(leaves) for c in self.children])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Tree)
            and self.cls is other.cls
            and self.keys == other.keys
            and self.children == other.children
        )

    def __hash__(self) -> int:
        return hash((self.cls, self.keys, self.children))

    def __repr__(self) -> str:
        if self.cls is None:
            return "*"
        return f"{self.cls.__name__}({', '.join(map(repr, self.children))})"


LEAF = Tree(None, (), ())


def flatten(thing: Any) -> tuple[list[Any], Tree]:
    """The leaves of a nested object, in order, and the structure around them.

    Examples
    --------
    >>> leaves, tree = flatten({"w": [1.0, 2.0], "b": (3.0,)})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> tree.unflatten([10, 20, 30])
    {'w': [10, 20], 'b': (30,)}
    """
    leaves: list[Any] = []
    return leaves, _flatten(thing, leaves)


def tree_map(function: Callable[..., Any], thing: Any, *others: Any) -> Any:
    """Apply `function` leaf by leaf to objects of one structure."""
    leaves, tree = flatten(thing)
    columns = [flatten(other)[0] for other in others]
    return tree.unflatten([function(*row) for row in zip(leaves, *columns, strict=True)])


def children(thing: Any) -> tuple[tuple[Any, ...], list[Any]] | None:
    """Keys and parts of a container; None for a leaf."""
    cls = type(thing)
    if thing is None:
        return (), []
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return cls._fields, list(thing)
    if cls in (tuple, list):
        return tuple(range(len(thing))), list(thing)
    if issubclass(cls, dict):
        return tuple(thing), list(thing.values())
    if dataclasses.is_dataclass(thing):
        names = tuple(f.name for f in dataclasses.fields(thing))
        return names, [getattr(thing, n) for n in names]
    return None


def rebuild(cls: type, keys: tuple[Any, ...], parts: list[Any]) -> Any:
    """A container of class `cls` from the parts that `children` gave."""
    if cls is type(None):
        return None
    if issubclass(cls, tuple):
        return cls(*parts) if hasattr(cls, "_fields") else tuple(parts)
    if issubclass(cls, list):
        return list(parts)
    if issubclass(cls, dict):
        return _dict(cls, keys, parts)
    made = object.__new__(cls)  # a dataclass: __init__ may compute or check, the fields are right
    for key, part in zip(keys, parts, strict=True):
        object.__setattr__(made, key, part)
    return made


def _dict(cls: type, keys: tuple[Any, ...], parts: list[Any]) -> Any:
    made = cls() if cls.__init__ is dict.__init__ or cls.__module__ == "collections" else {}
    made.update(zip(keys, parts, strict=True))
    return made


def _flatten(thing: Any, leaves: list[Any]) -> Tree:
    found = children(thing)
    if found is None:
        leaves.append(thing)
        return LEAF
    keys, parts = found
    return Tree(type(thing), keys, tuple(_flatten(part, leaves) for part in parts))
