"""Effects: what a call does besides giving a result, done after each run with plain numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Literal, Value

from ..captures.sources import Source, owner_of, read, write
from ..tracers import Tracer
from .frozen import frozen
from .leaving import Maker, Run

if TYPE_CHECKING:
    from ..session import Session


class Effect:
    """One thing to do; `plan` is called once when tracing ends, `apply` after each run.

    Before the first effect of a run acts, `target` finds the object of each: where it is may change.
    """

    def plan(self, maker: Maker) -> None:
        raise NotImplementedError

    def target(self, leaves: Sequence[Any]) -> Any:
        return None

    def apply(self, run: Run, target: Any) -> None:
        raise NotImplementedError


class Call(Effect):
    """Call a function: print, a logger's method; it is shown what its arguments are now, not at the end."""

    def __init__(self, session: Session, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fn = session.settings.kept(fn)
        self.nest = frozen(session, (args, kwargs))

    def plan(self, maker: Maker) -> None:
        self.make = maker.plan(self.nest)
        del self.nest

    def apply(self, run: Run, target: Any) -> None:
        args, kwargs = self.make(run)
        self.fn(*args, **kwargs)

    def __str__(self) -> str:
        return f"{getattr(self.fn, '__name__', self.fn)}(...)"


def as_node(session: Session, effect: Effect) -> None:
    """An effect as a node where the program stands, for code that is run as a part of a graph."""
    values: list[Value] = []

    def position(leaf: Any) -> int:
        values.append(session.value(leaf))
        return len(values) - 1

    maker = Maker(session, position, sees_arguments=False)
    effect.plan(maker)

    def act(*outputs: Any) -> None:
        effect.apply(maker.start(outputs), effect.target(()))

    ops.host_effect(*values, fn=Literal(act), types=())


class Store(Effect):
    """``place = value``: an attribute, a global, a closure's variable, an item."""

    def __init__(self, source: Source, value: Any) -> None:
        self.source = source
        self.nest = value

    def plan(self, maker: Maker) -> None:
        self.make = maker.plan(self.nest)
        del self.nest

    def target(self, leaves: Sequence[Any]) -> Any:
        return owner_of(self.source, leaves)

    def apply(self, run: Run, target: Any) -> None:
        write(self.source, target, self.make(run))

    def __str__(self) -> str:
        return f"{self.source} = ..."


class Remove(Effect):
    """``del owner.name``, ``del owner[key]``."""

    def __init__(self, owner: Source, key: Any, attribute: bool) -> None:
        self.owner, self.key, self.attribute = owner, key, attribute

    def plan(self, maker: Maker) -> None:
        pass

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.owner, leaves)

    def apply(self, run: Run, target: Any) -> None:
        if self.attribute:
            delattr(target, self.key)
        else:
            del target[self.key]

    def __str__(self) -> str:
        return f"del {self.owner}[{self.key!r}]"


class Reorder(Effect):
    """Keys of a dict that were taken out and put in again: they stand last, in this order."""

    def __init__(self, source: Source, keys: list[Any]) -> None:
        self.source, self.keys = source, keys

    def plan(self, maker: Maker) -> None:
        pass

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, run: Run, target: Any) -> None:
        for key in self.keys:
            target[key] = target.pop(key)

    def __str__(self) -> str:
        return f"{self.source}: {self.keys} last"


class Extend(Effect):
    """``list.extend(items)``."""

    def __init__(self, source: Source, items: list[Any]) -> None:
        self.source = source
        self.nest = items

    def plan(self, maker: Maker) -> None:
        self.make = maker.plan(self.nest)
        del self.nest

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, run: Run, target: Any) -> None:
        target.extend(self.make(run))

    def __str__(self) -> str:
        return f"{self.source}.extend(...)"


class Replace(Effect):
    """New contents for a list or set; items that were there before keep their identity."""

    def __init__(self, source: Source, items: list[Any], originals: dict[int, int]) -> None:
        self.source = source
        self.kept = [originals.get(id(x)) for x in items]
        self.nest = [None if k is not None else x for k, x in zip(self.kept, items, strict=True)]

    def plan(self, maker: Maker) -> None:
        self.make = maker.plan(self.nest)
        del self.nest

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, run: Run, target: Any) -> None:
        old = list(target)
        new = self.make(run)
        items = [n if k is None else old[k] for k, n in zip(self.kept, new, strict=True)]
        if isinstance(target, (set, deque)):
            target.clear()
            target.update(items) if isinstance(target, set) else target.extend(items)
        else:
            target[:] = items

    def __str__(self) -> str:
        return f"{self.source}[:] = ..."


class Advance(Effect):
    """``next(iterator)``, so many times."""

    def __init__(self, source: Source, count: Any) -> None:
        self.source = source
        self.nest = count

    def plan(self, maker: Maker) -> None:
        self.make = maker.plan(self.nest)
        del self.nest

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, run: Run, target: Any) -> None:
        for _ in range(int(self.make(run))):
            next(target, None)

    def __str__(self) -> str:
        return f"next({self.source}), ..."


class Overwrite(Effect):
    """``array[...] = values``."""

    def __init__(self, source: Source, value: Value, tracer: Tracer) -> None:
        self.source, self.value, self.tracer = source, value, tracer

    def plan(self, maker: Maker) -> None:
        self.index = maker.position(self.tracer)
        del self.tracer

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, run: Run, target: Any) -> None:
        np.copyto(target, run.outputs[self.index], casting="unsafe")

    def __str__(self) -> str:
        return f"{self.source}[...] = ..."


