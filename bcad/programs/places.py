"""Places: where a value of a recorded program is met: an argument, a result, a tag, something outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bcad.trace import Path, Source, children_of, rebuild_like


@dataclass(frozen=True)
class Argument:
    """What stands at `path` of ``(args, kwargs)`` of a step."""

    step: int
    path: Path
    name: str


@dataclass(frozen=True)
class Result:
    """What stands at `path` of the result of a step."""

    step: int
    path: Path = ()
    name: str = "result"


@dataclass(frozen=True)
class Tag:
    """The value that the program calls `name`."""

    name: str


@dataclass(frozen=True, eq=False)
class Outside:
    """What the program reads at some places outside; an array also wherever else it is met."""

    name: str
    sources: tuple[Source, ...]
    obj: Any

    def now(self) -> Any:
        """What stands there now.

        Raises
        ------
        ValueError
            If its places, which held the same object, hold different ones.
        """
        found = [source.read(()) for source in self.sources] or [self.obj]
        if any(x is not found[0] for x in found):
            where = ", ".join(map(str, self.sources))
            raise ValueError(f"{where} held the same object when they were traced, and do not now; trace again")
        return found[0]


Place = Argument | Result | Tag | Outside


def get(nest: Any, path: Path) -> Any:
    """What stands at `path` of a nest."""
    for key in path:
        keys, children, _ = children_of(nest) or ((), (), None)
        nest = children[keys.index(key)]
    return nest


def put(nest: Any, path: Path, value: Any) -> Any:
    """`nest` with `value` at `path`."""
    if not path:
        return value
    found = children_of(nest)
    if found is None:
        raise TypeError(f"nothing stands at {path[0]!r} of a {type(nest).__name__}")
    keys, children, extra = found
    children = [put(c, path[1:], value) if k == path[0] else c for k, c in zip(keys, children, strict=True)]
    return rebuild_like(nest, keys, children, extra)


def parts(nest: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """A nest, everything inside it, and where each stands; outer things first."""
    yield path, nest
    found = children_of(nest)
    if found is not None:
        for key, child in zip(found[0], found[1], strict=True):
            yield from parts(child, (*path, key))
