"""Lists and dicts from outside, mirrored: filled when they are looked at, appended to without a look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .guards import HasKey, HasKeys, HasLength
from .sources import Item, Source

if TYPE_CHECKING:
    from ..session import Session


class OuterList(list):
    """Stands for a list that was there before the call.

    Until it is looked at as a whole it holds only what was appended; then its length is
    guarded and it holds the lifted items of the original first.
    """

    __slots__ = ("_session", "_original", "_source", "_filled", "_lifted")

    def __init__(self, session: Session, original: list[Any], source: Source) -> None:
        super().__init__()
        self._session = session
        self._original = original
        self._source = source
        self._filled = False
        self._lifted: list[Any] = []

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return list

    def fill(self, new: bool = False) -> None:
        """Hold the items of the original; its length is guarded from now on. One that is `new` stays so if a region is undone."""
        if self._filled:
            return
        session = self._session
        _require_outside(session, self._source)
        session.guard(HasLength(self._source, len(self._original)))
        if not new:
            session.touch(self)
        get = session.captures.loaded_item
        self._lifted = [get(self._original, k, Item(self._source, k)) for k in range(len(self._original))]
        self._filled = True
        middle = session.virtual.get(id(self))
        if middle is not None:
            middle.start += len(self._lifted)
        list.__setitem__(self, slice(0, 0), self._lifted)

    def get(self, key: Any) -> Any:
        """``self[key]`` without looking at the rest, or NotImplemented."""
        if self._filled or type(key) is not int or not 0 <= key < len(self._original) or len(self):
            return NotImplemented
        return self._session.captures.loaded_item(self._original, key, Item(self._source, key))


class OuterDict(dict):
    """Stands for a dict that was there before the call; holds what was stored until it is filled.

    That of a module's globals or of an instance's attributes (`namespace_of`) is read like any other. Setting its items
    sets the instance's attributes; other writes, and looks at all of it after a write by name, are refused.
    """

    __slots__ = ("_session", "_original", "_source", "_filled", "_lifted", "namespace_of")

    def __init__(self, session: Session, original: dict[Any, Any], source: Source, namespace_of: Any = None) -> None:
        super().__init__()
        self._session = session
        self._original = original
        self._source = source
        self._filled = False
        self._lifted: dict[Any, Any] = {}
        self.namespace_of = namespace_of

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return dict

    def fill(self, new: bool = False) -> None:
        """Hold the items of the original; its keys are guarded from now on. One that is `new` stays so if a region is undone."""
        self._require_unwritten()
        if self._filled:
            return
        session = self._session
        _require_outside(session, self._source)
        session.guard(HasKeys(self._source, tuple(self._original)))
        if not new and self.namespace_of is None:
            session.touch(self)
        self._lifted = {
            k: session.captures.loaded_item(self._original, k, Item(self._source, k)) for k in self._original
        }
        self._filled = True
        stored = dict(self)
        dict.clear(self)
        dict.update(self, self._lifted)
        dict.update(self, stored)

    def _is_written_by_name(self, key: Any) -> bool:
        return self.namespace_of is not None and self._session.captures.was_written(self.namespace_of, key)

    def _require_unwritten(self) -> None:
        """What was written by name since is not in it."""
        if self.namespace_of is not None and self._session.captures.has_written_to(self.namespace_of):
            raise self._session.error(f"{self._source} is read after the names in it were written to",
                                      hint="read the attributes or globals by their names, or with getattr()")

    def get_item(self, key: Any, default: Any) -> Any:
        """``self.get(key, default)``, guarding this key alone."""
        if self._is_written_by_name(key):
            return self._original.get(key, default)
        if dict.__contains__(self, key) or self._filled:
            return dict.get(self, key, default)
        if not self.has(key):
            return default
        return self._session.captures.loaded_item(self._original, key, Item(self._source, key))

    def has(self, key: Any) -> bool:
        """``key in self``, guarding this key alone."""
        if self._is_written_by_name(key):
            return key in self._original
        if dict.__contains__(self, key):
            return True
        if self._filled:
            return False
        present = key in self._original
        self._session.guard(HasKey(self._source, key, present))
        return present


def _require_outside(session: Session, source: Source) -> None:
    """What is filled inside a region would be undone with it: it is filled when it is met, in another attempt."""
    if session.speculating and str(source) not in map(str, session.lessons.filled):
        from ..restart import Restart

        raise Restart(filled=frozenset((source,)))


MIRRORS: frozenset[type] = frozenset((OuterList, OuterDict))
LISTS: tuple[type, ...] = (list, OuterList)  # `type(x)` of what is a list to the user
DICTS: tuple[type, ...] = (dict, OuterDict)
