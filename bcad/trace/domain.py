"""GraphDomain: what the evaluator's questions mean when a value is traced."""

from __future__ import annotations

import operator
from collections import deque
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from interpreter import Domain, Frame, Instruction

from .calls import calls, written_out
from .captures import containers, foreign
from .captures.drawn import DrawnIterator
from .captures.outer import LISTS, MIRRORS, OuterDict
from .effects import text
from .iterators import combine, iteration
from .iterators.generators import Joined
from .iterators.sequences import RangeTracer
from .lists import keyed, virtual
from .operations import attributes, items, keys, kinds, operators
from .operations.arithmetic import SizeArithmetic
from .places import is_own
from .regions import caught, choices, splitting
from .tracers import (
    TRACERS,
    ArrayTracer,
    ChoiceTracer,
    Method,
    NumberTracer,
    ScalarTracer,
    SizeTracer,
    Tracer,
)

if TYPE_CHECKING:
    from .session import Session

class GraphDomain(Domain):
    """The evaluator's domain during one trace."""

    types: frozenset[type] = TRACERS | MIRRORS | {
        np.ndarray, Method, text.TextTracer, RangeTracer, deque, *iteration.ITERATORS, *combine.ITERATORS, Joined, DrawnIterator,
    }
    observes = True

    def __init__(self, session: Session) -> None:
        self.session = session
        self.sizes = SizeArithmetic(session)

    def at(self, frame: Frame | None) -> Session:
        """The session, told where the user's program stands."""
        if frame is not None:
            self.session.frame = frame
        return self.session

    # --- operators -----------------------------------------------------------------------
    def binary(self, frame: Frame | None, symbol: str, left: Any, right: Any) -> Any:
        return self._unless_raised(frame, operators.binary(self.at(frame), symbol, left, right))

    def _unless_raised(self, frame: Frame | None, result: Any) -> Any:
        """The result of an instruction, if that has not raised what user code may catch."""
        if frame is None or not self.session.faults:
            return result
        return caught.settle(self.session, frame, result)

    def unary(self, frame: Frame | None, symbol: str, value: Any) -> Any:
        return operators.unary(self.at(frame), symbol, value)

    def compare(self, frame: Frame | None, symbol: str, left: Any, right: Any) -> Any:
        return operators.compare(self.at(frame), symbol, left, right)

    def identical(self, frame: Frame | None, left: Any, right: Any) -> Any:
        return operators.identical(self.at(frame), left, right)

    def contains(self, frame: Frame | None, item: Any, container: Any) -> Any:
        return operators.contains(self.at(frame), item, container)

    # --- attributes and items ------------------------------------------------------------
    def getattr(self, frame: Frame | None, owner: Any, name: str) -> Any:
        if type(owner) is ChoiceTracer:
            return splitting.apply(self.at(frame), getattr, owner, name)
        return attributes.get(self.at(frame), owner, name)

    def setattr(self, frame: Frame | None, owner: Any, name: str, value: Any) -> Any:
        if type(owner) is ChoiceTracer:
            return splitting.apply(self.at(frame), setattr, owner, name, value)
        return attributes.set_(self.at(frame), owner, name, value)

    def delattr(self, frame: Frame | None, owner: Any, name: str) -> Any:
        return NotImplemented

    def getitem(self, frame: Frame | None, owner: Any, key: Any) -> Any:
        if type(owner) is ChoiceTracer or type(key) is ChoiceTracer:
            return splitting.apply(self.at(frame), written_out.get_item, owner, key)
        return items.get(self.at(frame), owner, key)

    def setitem(self, frame: Frame | None, owner: Any, key: Any, value: Any) -> Any:
        if type(owner) is ChoiceTracer or type(key) is ChoiceTracer:
            return splitting.store_item(self.at(frame), owner, key, value)
        if type(value) is ChoiceTracer and isinstance(owner, np.ndarray):
            if kinds.is_real(value):  # all kinds are cast as their one value
                return items.set_(self.at(frame), owner, key, kinds.whole(self.at(frame), value))
            return splitting.apply(self.at(frame), written_out.set_item, owner, key, value)
        return items.set_(self.at(frame), owner, key, value)

    def delitem(self, frame: Frame | None, owner: Any, key: Any) -> Any:
        if type(owner) is ChoiceTracer or type(key) is ChoiceTracer:
            splitting.apply(self.at(frame), written_out.delete_item, owner, key)
            return None
        return items.delete(self.at(frame), owner, key)

    def extend(self, frame: Frame | None, target: list[Any], iterable: Any) -> Any:
        session = self.at(frame)
        if not virtual.has_middle(session, iterable):
            return NotImplemented
        virtual.extend_by(session, target, iterable)
        return True

    def format(self, frame: Frame | None, value: Any, conversion: str, spec: str) -> Any:
        return text.format_value(self.at(frame), value, conversion, spec)

    def convert(self, frame: Frame | None, kind: str, value: Any) -> Any:
        session = self.at(frame)
        if type(value) is ChoiceTracer and kind in ("int", "index", "float"):
            value = choices.settle(session, value)
        if type(value) in MIRRORS:
            value.fill()
            return NotImplemented
        if kind == "exception":
            return choices.settle(session, value) if type(value) is ChoiceTracer else value
        if kind == "len":
            return self.length(value)
        if kind == "hash" and type(value) is ChoiceTracer:
            return hash(value)
        if kind == "hash" and type(value) is not SizeTracer and value._type().dtype.kind not in "biu":
            raise session.error("a traced number is a key of a dict or an item of a set", why="where it stands depends on its value",
                                hint="keep pairs in a list, or use the number's place as the key")
        if kind == "index" and type(value) is not SizeTracer and value.__class__ is np.bool_:
            raise TypeError("'numpy.bool' object cannot be interpreted as an integer")
        if kind in ("int", "index", "hash"):
            return session.decide_int(value, f"{kind}()")
        if kind == "bool":
            return self.truth(frame, value)
        return NotImplemented

    def key(self, frame: Frame, value: Any) -> Any:
        return keys.key(self.at(frame), value)

    def length(self, value: Any) -> Any:
        """``len(value)``."""
        if type(value) is ChoiceTracer:
            return splitting.apply(self.session, len, value)
        table = keyed.keys_of(self.session, value)
        if table is not None:
            return self.length(table)
        if isinstance(value, (list, deque)):
            growing = virtual.find_growing(self.session, value)
            if growing is not None:
                return growing.total(self.session)
            found = virtual.find(self.session, value)
            if found is not None:
                return found.total()
        if type(value) in MIRRORS:
            value.fill()
        if type(value) is text.TextTracer:
            raise self.session.leak(value, "the length of text with traced numbers in it was asked for")
        if containers.is_outer(self.session, value):
            return containers.length(self.session, value)
        if isinstance(value, (list, deque, *keyed.KINDS)):
            return len(value)
        if type(value) is RangeTracer:
            return value.length
        if foreign.is_foreign(self.session, value):
            return foreign.length(self.session, value)
        shape = attributes.get(self.session, value, "shape") if isinstance(value, np.ndarray) else None
        if not shape:
            raise TypeError(f"object of type '{value.__class__.__name__}' has no len()" if shape is None else
                            "len() of unsized object")
        return shape[0]

    # --- control flow ----------------------------------------------------------------------
    def undecided(self, value: Any) -> bool:
        kind = type(value)
        if kind is ChoiceTracer:
            return isinstance(choices.truth(self.session, value), Tracer)
        if keyed.keys_of(self.session, value) is not None:
            return self.undecided(self.length(value))
        if kind in (*LISTS, deque) and (self.session.virtual or self.session.growing):
            return self.undecided(self.length(value))
        if kind in (ScalarTracer, NumberTracer):
            return not self.session.is_static(value)
        if kind is ArrayTracer or kind is np.ndarray:
            cell = value if kind is ArrayTracer else self.session.captures.cell(value)
            self.session.require_one_element(cell)
            return not self.session.is_static(cell)
        return False

    def truth(self, frame: Frame | None, value: Any) -> bool:
        session = self.at(frame)
        if type(value) is ChoiceTracer:
            value = choices.truth(session, value)
        if isinstance(value, (list, deque, OuterDict, *keyed.KINDS)):
            return bool(self.length(value) > 0)
        if type(value) is np.ndarray:
            value = session.captures.cell(value)
        return session.decide(value, "a condition") if isinstance(value, Tracer) else bool(value)

    def branch(self, frame: Frame, condition: Any, instruction: Instruction) -> None:
        from .regions.branches import branch

        if type(condition) is ChoiceTracer:
            condition = choices.truth(self.at(frame), condition)
        elif isinstance(condition, (list, deque, *keyed.KINDS)):
            condition = operator.gt(self.length(condition), 0)
        branch(self.at(frame), frame, condition, instruction)

    def loop(self, frame: Frame, header: int) -> bool:
        from .regions.loops import loop

        return loop(self.at(frame), frame, header)

    def iterate(self, frame: Frame | None, value: Any) -> Any:
        if type(value) is ChoiceTracer:
            value = choices.settle(self.at(frame), value)
            found = iteration.iterate(self.at(frame), value)
            return iter(value) if found is NotImplemented else found
        return iteration.iterate(self.at(frame), value)

    def next(self, frame: Frame | None, iterator: Any) -> Any:
        self.at(frame)
        return iterator.advance()

    def elements(self, frame: Frame | None, value: Any) -> list[Any]:
        """All items of a traced array."""
        return iteration.elements(self.at(frame), value)

    # --- calls -----------------------------------------------------------------------------
    def call(self, frame: Frame, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        session = self.at(frame)
        if type(fn) is ChoiceTracer or choices.among(args) or choices.among(kwargs.values()):
            return calls.call_with_choices(session, frame, fn, args, kwargs)
        return self._unless_raised(frame, calls.call(session, frame, fn, args, kwargs))

    def call_traced(self, frame: Frame | None, fn: Any, args: Any, kwargs: Any) -> Any:
        """A call that C code made with a tracer among its arguments."""
        return calls.call_traced(self.at(frame), fn, tuple(args), dict(kwargs))

    def enter(self, frame: Frame, fn: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        if is_own(fn):
            return False
        self.session.captures.entered(fn, args)
        return True

    def native(self, frame: Frame, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return calls.native(self.at(frame), frame, fn, args, kwargs)

    # --- observation -----------------------------------------------------------------------
    def loaded(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> Any:
        session = self.at(frame)
        if kind == "attr" and key == "__dict__" and session.journals and session.journals[-1].knows(owner):
            session.born(value)  # as new as its owner
        return session.captures.loaded(frame, kind, owner, key, value)

    def missing(self, frame: Frame, owner: Any, key: Any) -> None:
        self.at(frame).captures.missing(owner, key)

    def stored(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> None:
        self.session.frame = frame
        self.session.captures.stored(kind, owner, key)
