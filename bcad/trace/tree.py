"""Nested containers of numbers: taken apart into leaves and put together again."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

Path = tuple[Any, ...]


class Tree:
    """What a nest looks like without its leaves; hashable, so that it can key a specialisation.

    Attributes
    ----------
    cls : type or None
        The container's class; None for a leaf.
    keys : tuple
        Indices, dict keys or field names of the children.
    children : tuple of Tree
    size : int
        How many leaves there are below.
    """

    __slots__ = ("cls", "keys", "children", "extra", "size", "_hash")

    def __init__(
        self, cls: type | None, keys: tuple[Any, ...], children: tuple[Tree, ...], extra: Any = None
    ) -> None:
        self.cls = cls
        self.keys = keys
        self.children = children
        self.extra = extra  # a defaultdict's factory, a deque's bound
        self.size: int = 1 if cls is None else sum(c.size for c in children)
        self._hash = hash((cls, keys, children))

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """The nest with these leaves, its containers new."""
        if len(leaves) != self.size:
            raise ValueError(f"{self.size} leaves expected, {len(leaves)} given")
        return self._build(iter(leaves))

    def _build(self, leaves: Iterator[Any]) -> Any:
        if self.cls is None:
            return next(leaves)
        children = [child._build(leaves) for child in self.children]
        return _rebuild(self.cls, self.keys, children, self.extra)

    def paths(self) -> Iterator[Path]:
        """For each leaf the keys that lead to it."""
        if self.cls is None:
            yield ()
        for key, child in zip(self.keys, self.children, strict=True):
            for path in child.paths():
                yield (key, *path)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Tree)
            and self._hash == other._hash
            and (self.cls, self.keys, self.extra, self.children)
            == (other.cls, other.keys, other.extra, other.children)
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        if self.cls is None:
            return "*"
        inner = ", ".join(f"{k}: {c!r}" for k, c in zip(self.keys, self.children, strict=True))
        return f"{self.cls.__name__}({inner})"


LEAF = Tree(None, (), ())


def flatten(tree: Any) -> tuple[list[Any], Tree]:
    """The leaves of `tree`, left to right, and what it looks like without them.

    Lists, tuples, named tuples, dicts, deques, simple namespaces and dataclass instances are
    containers; anything else is a leaf.
    """
    leaves: list[Any] = []
    return leaves, _structure(tree, leaves)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """`tree` with `function` applied to every leaf."""
    leaves, structure = flatten(tree)
    return structure.unflatten([function(x) for x in leaves])


def _structure(tree: Any, leaves: list[Any]) -> Tree:
    found = children_of(tree)
    if found is None:
        leaves.append(tree)
        return LEAF
    keys, values, extra = found
    return Tree(type(tree), keys, tuple(_structure(v, leaves) for v in values), extra)


def children_of(tree: Any) -> tuple[tuple[Any, ...], Sequence[Any], Any] | None:
    """Keys, children and extra state of a container; None for a leaf."""
    cls = type(tree)
    if cls is list or cls is tuple:
        return tuple(range(len(tree))), tree, None
    if cls in (dict, OrderedDict):
        return tuple(tree), list(tree.values()), None
    if cls is defaultdict:
        return tuple(tree), list(tree.values()), tree.default_factory
    if cls is deque:
        return tuple(range(len(tree))), list(tree), tree.maxlen
    if cls is SimpleNamespace:
        return tuple(vars(tree)), list(vars(tree).values()), None
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return tuple(cls._fields), tuple(tree), None
    if dataclasses.is_dataclass(cls):
        names = tuple(f.name for f in dataclasses.fields(cls) if hasattr(tree, f.name))
        return names, [getattr(tree, name) for name in names], None
    return None


def rebuild_like(container: Any, keys: tuple[Any, ...], children: list[Any], extra: Any) -> Any:
    """A container of the class of `container` with other children."""
    return _rebuild(type(container), keys, children, extra)


def _rebuild(cls: Any, keys: tuple[Any, ...], children: list[Any], extra: Any) -> Any:
    if cls is list or cls is tuple:
        return cls(children)
    if cls is deque:
        return deque(children, extra)
    named = zip(keys, children, strict=True)
    if cls is defaultdict:
        return defaultdict(extra, named)
    if issubclass(cls, dict):
        return cls(named)
    if cls is SimpleNamespace:
        return SimpleNamespace(**dict(named))
    if issubclass(cls, tuple):
        return cls(*children)
    return instance_of(cls, dict(named))


def instance_of(cls: Any, attributes: dict[str, Any]) -> Any:
    """An instance with these attributes; its own ``__init__`` may do more than store them."""
    made = object.__new__(cls)
    for name, child in attributes.items():
        object.__setattr__(made, name, child)
    return made
