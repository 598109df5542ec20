"""Objects of the traced call as they are now: what a text or a printed line is made of."""

from __future__ import annotations

import dataclasses
from collections import deque
from enum import Enum
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..captures.containers import is_container, lifted
from ..captures.outer import MIRRORS
from ..captures.stored import own_attributes
from ..lists import keyed
from ..regions.states import is_plain_class
from ..tracers import ArrayTracer, Tracer
from ..tree import children_of, rebuild_like

if TYPE_CHECKING:
    from ..session import Session

_TEXT_OF_ITS_OWN = frozenset((str, int, float, bool, complex, bytes, type(None), type, FunctionType, ModuleType))


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
    if isinstance(obj, Tracer):
        return obj
    if kind is set and keyed.of(session, obj) is None:
        return set(obj)
    whole = lifted(session, obj)
    if whole is obj and _stands_outside(session, obj):
        return obj
    if kind in MIRRORS:
        obj.fill()
        whole = list(obj) if isinstance(obj, list) else dict(obj)
    if isinstance(obj, (list, deque)) and id(obj) in session.virtual:
        items = list.__iter__(obj) if isinstance(obj, list) else iter(obj)
        return session.virtual[id(obj)].frozen([frozen(session, x, known) for x in items])
    table = keyed.of(session, obj)
    if table is not None:
        return table.frozen(*(frozen(session, part, known) for part in (table.keys, table.values)))
    found = None if dataclasses.is_dataclass(kind) else children_of(whole)
    if found is None:
        return _instance(session, obj, known)
    keys, children, extra = found
    return rebuild_like(whole, keys, [frozen(session, x, known) for x in children], extra)


def _stands_outside(session: Session, obj: Any) -> bool:
    """Whether `obj` is a container from outside without a mirror, which nothing is written to."""
    captures = session.captures
    return is_container(type(obj)) and id(obj) in captures.outer and id(obj) not in captures.filled and not captures.has_written_to(obj)


def _instance(session: Session, obj: Any, known: dict[int, Any]) -> Any:
    """A copy of an instance with its attributes as they are now; one from outside that nothing is written to stays."""
    cls: Any = type(obj)
    if isinstance(obj, Enum) or not is_plain_class(cls):
        return obj
    captures = session.captures
    attributes = own_attributes(obj)
    if id(obj) in captures.outer:
        if not captures.has_written_to(obj) and not any(_is_changed(session, x) for x in attributes.values()):
            return obj
        attributes = {name: captures.standing(obj, "attribute", name, x) for name, x in attributes.items()}
    made = known[id(obj)] = object.__new__(cls)
    session.born(made)
    for name, x in attributes.items():
        object.__setattr__(made, name, frozen(session, x, known))
    return made


def _is_changed(session: Session, obj: Any, around: frozenset[int] = frozenset()) -> bool:
    """Whether something that an object from outside holds has been written to by the call: what the call has not met is not."""
    captures = session.captures
    if isinstance(obj, Tracer):
        return True
    if isinstance(obj, np.ndarray):
        return id(obj) in captures.cells and captures.is_written(captures.cell(obj))
    if id(obj) in around or id(obj) not in captures.outer:
        return False
    if captures.has_written_to(obj):
        return True
    found = children_of(obj)
    cls: Any = type(obj)
    children = found[1] if found is not None else own_attributes(obj).values() if is_plain_class(cls) else ()
    return any(_is_changed(session, x, around | {id(obj)}) for x in children)


def varies(session: Session, obj: Any, around: frozenset[int] = frozenset()) -> bool:
    """Whether the text of `obj` may be another one at each run: a number of the run stands in it, or what may change outside."""
    kind: Any = type(obj)
    if isinstance(obj, Tracer):
        return True
    if kind in MIRRORS:
        obj.fill()
        return type(obj._original) not in (list, dict) or any(varies(session, x) for x in (list.__iter__(obj) if isinstance(obj, list) else dict.values(obj)))
    if id(obj) in around or kind in _TEXT_OF_ITS_OWN:
        return False
    if kind is np.ndarray:
        return id(obj) in session.captures.cells
    if isinstance(obj, (list, deque)) and id(obj) in session.virtual or keyed.of(session, obj) is not None:
        return True
    if _stands_outside(session, obj):
        return True
    around |= {id(obj)}
    found = None if dataclasses.is_dataclass(kind) else children_of(obj)
    if found is not None:
        return any(varies(session, x, around) for x in found[1])
    if isinstance(obj, (list, tuple, dict, set, frozenset, deque)):
        items = [*obj, *(obj.values() if isinstance(obj, dict) else ())]
        if kind not in (set, frozenset) and any(varies(session, x, around) for x in items):
            raise session.error(f"a {kind.__name__} with traced numbers in it is written as text",
                                hint=f"write its items, or list(...) of it, instead of the {kind.__name__}")
        return any(varies(session, x, around) for x in items)
    if isinstance(obj, BaseException):
        return varies(session, (obj.args, vars(obj)), around)
    if isinstance(obj, Enum) or not is_plain_class(kind):
        return False
    return id(obj) in session.captures.outer or any(varies(session, x, around) for x in own_attributes(obj).values())
