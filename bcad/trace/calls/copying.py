"""Copies of instances from outside: what ``copy.copy`` and ``copy.deepcopy`` ask of them, in Python."""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from ..captures.stored import own_attributes
from ..places import stepped
from ..regions.states import is_plain_class

if TYPE_CHECKING:
    from ..session import Session

_WAYS_OF_ITS_OWN = ("__reduce__", "__getstate__", "__getnewargs__", "__getnewargs_ex__", "__slots__")


def reduced(session: Session, fn: Any) -> Any:
    """``obj.__reduce_ex__(4)``; NotImplemented: as of any C function."""
    owner = fn.__self__
    if fn.__name__ != "__reduce_ex__" or id(owner) not in session.captures.outer or not _is_its_dict(type(owner)):
        return NotImplemented
    if session.captures.has_written_to(owner):  # its dict is another one now than that from outside
        session.captures.hold_names(owner)
        return evaluate(_reduced_by_name, (owner, tuple(own_attributes(owner))), {}, session.domain)
    return evaluate(_reduced, (owner,), {}, session.domain)


def _is_its_dict(cls: type) -> bool:
    """Whether a copy of an instance is a new one with what its ``__dict__`` holds, and nothing else."""
    return is_plain_class(cls) and not any(name in vars(base) for base in cls.__mro__[:-1] for name in _WAYS_OF_ITS_OWN)


@stepped
def _reduced(owner: Any) -> Any:
    return copyreg.__newobj__, (type(owner),), owner.__dict__ or None  # type: ignore[attr-defined]


@stepped
def _reduced_by_name(owner: Any, names: tuple[str, ...]) -> Any:
    return copyreg.__newobj__, (type(owner),), {name: getattr(owner, name) for name in names} or None  # type: ignore[attr-defined]
