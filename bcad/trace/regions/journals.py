"""The journal of a trace: writes to objects that may be one object under two names are refused."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from interpreter import Journal

from ..captures.containers import to_be_filled
from ..captures.outer import OuterDict
from ..restart import Restart

if TYPE_CHECKING:
    from ..session import Session


class TraceJournal(Journal):
    """A journal that knows what must not be written to."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def touch(self, obj: Any) -> None:
        if self.session.twins:
            refuse_twin(self.session, obj)
        captures = self.session.captures
        if id(obj) in captures.viewed and id(obj) not in captures.filled:
            raise to_be_filled(self.session, obj)
        if type(obj) is OuterDict and obj.namespace_of is not None:
            raise self.session.error(f"{obj._source} is written to", hint="write to the attribute or global by its name, or use setattr()")
        if hasattr(type(obj), "__next__") and type(type(obj).__next__) is not FunctionType and id(obj) in self.session.captures.outer:
            raise self.session.error(f"{self.session.captures.outer[id(obj)][1]}, a {type(obj).__name__} from outside, is advanced",
                                     why="each call would have to go on where the one before has stopped", hint="make the iterator in the function")
        super().touch(obj)


def refuse_twin(session: Session, obj: Any) -> None:
    """Begin again without the region that has made copies of an object which is now told apart from them."""
    twin = session.twins.get(id(obj))
    if twin is not None and twin[0] is obj:
        raise Restart(avoid=frozenset((twin[1],)), reason="an object that it hands on under several names is written to")


def are_twins(session: Session, a: Any, b: Any) -> bool:
    """Whether two objects may be one."""
    return a is not b and id(a) in session.twins and id(b) in session.twins
