"""Methods of lists and dicts from outside: only what looks at their contents fills and guards them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..operations.items import get, look_at
from ..tracers import has_traced
from .outer import OuterDict, OuterList

if TYPE_CHECKING:
    from ..session import Session

_BLIND = {
    OuterList: frozenset(("append", "extend")),
    OuterDict: frozenset(("update", "__setitem__")),
}


def call(session: Session, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``method(*args)`` where method is bound to a mirror; NotImplemented: run it natively now."""
    owner, name = method.__self__, method.__name__
    if type(owner) is OuterDict and not kwargs and args and not has_traced(args[0]):
        found = _of_dict(session, owner, name, args)
        if found is not NotImplemented:
            return found
    if name == "__getitem__":
        return get(session, owner, args[0])
    if name not in _BLIND[type(owner)]:  # type: ignore[index]
        owner.fill()
    look_at(*args)
    return NotImplemented


def _of_dict(session: Session, owner: OuterDict, name: str, args: tuple[Any, ...]) -> Any:
    if name == "get":
        return owner.get_item(args[0], args[1] if len(args) > 1 else None)
    if name == "__contains__":
        return owner.has(args[0])
    if name == "setdefault":
        if owner.has(args[0]):
            return owner.get_item(args[0], None)
        session.touch(owner)
        dict.__setitem__(owner, args[0], args[1] if len(args) > 1 else None)
        return args[1] if len(args) > 1 else None
    return NotImplemented
