"""Objects of the traced call as they are now: what a text or a printed line is made of."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from ..captures.outer import MIRRORS
from ..lists import keyed
from ..tracers import ArrayTracer, Tracer
from ..tree import children_of, rebuild_like

if TYPE_CHECKING:
    from ..session import Session


def frozen(session: Session, obj: Any, known: dict[int, Any] | None = None) -> Any:
    """A copy of `obj` that later writes to arrays and containers in it do not reach; `known` are copies made before."""
    known = {} if known is None else known
    if id(obj) not in known:
        known[id(obj)] = obj  # a container that holds itself
        known[id(obj)] = _copied(session, obj, known)
    return known[id(obj)]


def _copied(session: Session, obj: Any, known: dict[int, Any]) -> Any:
    kind = type(obj)
    if kind is np.ndarray and id(obj) in session.captures.cells:
        obj = session.captures.cell(obj)
    if type(obj) is ArrayTracer:
        return ArrayTracer(session, obj._read())
    if isinstance(obj, Tracer) or dataclasses.is_dataclass(kind):
        return obj
    if kind is set and keyed.of(session, obj) is None:
        return set(obj)
    whole = obj
    if kind in MIRRORS:
        obj.fill()
        whole = list(obj) if isinstance(obj, list) else dict(obj)
    if isinstance(obj, (list, deque)) and id(obj) in session.virtual:
        items = list.__iter__(obj) if isinstance(obj, list) else iter(obj)
        return session.virtual[id(obj)].frozen([frozen(session, x, known) for x in items])
    table = keyed.of(session, obj)
    if table is not None:
        return table.frozen(*(frozen(session, part, known) for part in (table.keys, table.values)))
    found = children_of(whole)
    if found is None:
        return obj
    keys, children, extra = found
    return rebuild_like(whole, keys, [frozen(session, x, known) for x in children], extra)
