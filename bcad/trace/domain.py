"""GraphDomain: what the evaluator's questions mean when a value is traced."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from interpreter import Domain, Frame, Instruction

from .calls import calls, written_out
from .captures import containers, foreign, questions
from .captures.outer import LISTS, MIRRORS, OuterDict, OuterList
from .effects import text
from .iterators import combine, iteration
from .iterators.generators import Joined
from .lists import keyed, strip_methods, virtual
from .operations import attributes, items, kinds, sequences
from .operations.arithmetic import SizeArithmetic
from .places import is_own
from .regions import choices, splitting
from .regions.journals import are_twins, refuse_twin
from .tracers import (
    TRACERS,
    ArrayTracer,
    ChoiceTracer,
    Method,
    NumberTracer,
    ScalarTracer,
    SizeTracer,
    Tracer,
    has_traced,
    is_traced,
)

if TYPE_CHECKING:
    from .session import Session

_BINARY: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
}
_COMPARE: dict[str, Callable[..., Any]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
}
_UNARY: dict[str, Callable[..., Any]] = {
    "-": operator.neg, "+": operator.pos, "~": operator.invert, "not": operator.not_,
}
_PLAIN = frozenset((bool, int, float, complex))
_OPERATORS = frozenset(f"__{way}{name}__" for way in ("", "r") for name in
                       "add sub mul truediv floordiv mod pow matmul and or xor neg lt le eq ne gt ge".split())


class GraphDomain(Domain):
    """The evaluator's domain during one trace."""

    types: frozenset[type] = TRACERS | MIRRORS | {
        np.ndarray, Method, text.TextTracer, iteration.RangeTracer, *iteration.ITERATORS, *combine.ITERATORS, Joined,
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
        session = self.at(frame)
        if type(left) is ChoiceTracer or type(right) is ChoiceTracer:
            return splitting.apply(session, written_out.BINARY[symbol], left, right)
        if symbol == "+=" and isinstance(left, list) and isinstance(right, (list, tuple)) and self._varies(left, right):
            virtual.extend_by(session, left, right)
            return left
        if symbol == "+" and isinstance(left, list) and isinstance(right, list) and self._varies(left, right):
            result = strip_methods.concatenated(session, left, right)
            if result is not NotImplemented:
                return result
        self._look_at_lists(left, right)
        left, right = self._number(left), self._number(right)
        if type(left) is text.TextTracer or type(right) is text.TextTracer:
            return text.binary(session, symbol, left, right)
        if type(left) in MIRRORS or type(right) in MIRRORS:
            items.look_at(left, right)
            if not (is_operand(left) and is_operand(right)):
                return NotImplemented
        if type(left) is SizeTracer or type(right) is SizeTracer:
            result = self.sizes.binary(symbol.removesuffix("="), left, right)
            if result is not NotImplemented:
                return result
        if symbol in ("%", "%=") and isinstance(left, str):
            return text.percent(session, left, right)
        if not (is_operand(left) and is_operand(right)) or not (is_numeric(left) or is_numeric(right)):
            return NotImplemented
        result = sequences.binary(session, symbol, left, right)
        if result is not None:
            return result
        if symbol.endswith("=") and isinstance(left, np.ndarray):
            return self._in_place(symbol[:-1], left, right)
        if symbol in ("**", "**="):
            left, right = kinds.operands_of_power(session, left, right)
        return kinds.noted(session, self._apply(_BINARY[symbol.removesuffix("=")], left, right), (left, right))

    def _number(self, x: Any) -> Any:
        """The number that an instance of a subclass of int, float or complex is; anything else as it is."""
        kind = type(x)
        if kind in _PLAIN or kind in TRACERS or not isinstance(x, (int, float, complex)) or isinstance(x, np.generic):
            return x
        base: Any = next(cls for cls in (int, float, complex) if isinstance(x, cls))
        if any(isinstance(found, FunctionType) and name in _OPERATORS
               for cls in kind.__mro__ if not issubclass(base, cls) for name, found in vars(cls).items()):
            return x
        found = questions.ask(self.session, base, (x,), {})
        return base(x) if found is NotImplemented else found

    def _in_place(self, symbol: str, left: Any, right: Any) -> Any:
        """``a += b`` on an array: a ufunc call with ``out=a``."""
        ufunc = _UFUNCS.get(symbol)
        if ufunc is None:  # @=
            result = self._apply(_BINARY[symbol], left, right)
            items.write_all(self.session, left, result)
            return left
        return calls.call_meaning(self.session, ufunc, (left, right), {"out": left})

    def _apply(self, function: Callable[..., Any], *operands: Any) -> Any:
        session = self.session
        meaning = ops.FUNCTIONS.get(function)
        if meaning is None:
            raise session.error(f"{function.__name__} has no meaning on traced values yet")
        return session.wrap(calls.emit(session, meaning, operands, {}))

    def unary(self, frame: Frame | None, symbol: str, value: Any) -> Any:
        session = self.at(frame)
        if symbol == "not" and (virtual.has_middle(session, value) or keyed.of(session, value) is not None):
            return operator.le(self.length(value), 0)
        self._look_at_lists(value)
        if type(value) is ChoiceTracer:
            return splitting.apply(session, written_out.UNARY[symbol], choices.truth(session, value) if symbol == "not" else value)
        if type(value) in MIRRORS:
            value.fill()
            return not len(value) if symbol == "not" else NotImplemented
        if type(value) is SizeTracer:
            return self.sizes.unary(symbol, value)
        if symbol == "not":
            if not self.undecided(value):
                return not self.truth(frame, value)
            flag = session.as_bool(session.value(value))
            return session.wrap(ops.BY_NAME["logical_not"](flag))
        if not is_numeric(value):
            return NotImplemented
        if symbol == "+" and type(value) is NumberTracer:
            return value
        return kinds.noted(session, self._apply(_UNARY[symbol], value), (value,))

    def compare(self, frame: Frame | None, symbol: str, left: Any, right: Any) -> Any:
        session = self.at(frame)
        if type(left) is ChoiceTracer or type(right) is ChoiceTracer:
            return self._compare_choice(session, symbol, left, right)
        if virtual.has_middle(session, left) or virtual.has_middle(session, right):
            result = strip_methods.compare(session, symbol, left, right)
            if result is not NotImplemented:
                return result
        self._look_at_lists(left, right)
        left, right = self._number(left), self._number(right)
        if is_unlike_numbers(left) or is_unlike_numbers(right):
            return questions.ask(session, _COMPARE[symbol], (left, right), {})
        if type(left) in MIRRORS or type(right) in MIRRORS:
            items.look_at(left, right)
        if type(left) is SizeTracer or type(right) is SizeTracer:
            result = self.sizes.compare(symbol, left, right)
            if result is not NotImplemented:
                return result
        if not (is_operand(left) and is_operand(right)) or not (is_numeric(left) or is_numeric(right)):
            return self._unlike(session, symbol, left, right)
        result = sequences.compare(symbol, left, right)
        return self._apply(_COMPARE[symbol], left, right) if result is None else result

    def _compare_choice(self, session: Session, symbol: str, left: Any, right: Any) -> Any:
        if symbol not in ("==", "!="):
            return splitting.apply(session, written_out.BINARY[symbol], left, right)
        if type(left) is not ChoiceTracer:
            left, right = right, left
        return choices.equal(session, left, right, symbol)

    def _unlike(self, session: Session, symbol: str, left: Any, right: Any) -> Any:
        """A number compared with something else: equal to nothing."""
        if symbol not in ("==", "!=") or not (is_numeric(left) or is_numeric(right)) or not (_inert(left) or _inert(right)):
            return NotImplemented
        array = next((x for x in (left, right) if isinstance(x, np.ndarray)), None)
        if array is None:
            return symbol == "!="
        fill = ops.BY_NAME["full"](symbol == "!=", shape=session.value(array).shape, dtype=np.dtype(bool))
        return session.wrap(fill)

    def identical(self, frame: Frame | None, left: Any, right: Any) -> Any:
        if type(left) is ChoiceTracer or type(right) is ChoiceTracer:
            choice, other = (left, right) if type(left) is ChoiceTracer else (right, left)
            return choices.identical(self.at(frame), choice, other)
        if type(left) is bool:
            left, right = right, left
        if self.session.twins and are_twins(self.session, left, right):
            refuse_twin(self.session, left)
        if type(left) is not NumberTracer or type(right) is not bool or left._type().dtype.kind != "b":
            return self.at(frame).captures.identical(left, right)
        return left if right else self.unary(frame, "not", left)

    def contains(self, frame: Frame | None, item: Any, container: Any) -> Any:
        session = self.at(frame)
        if type(item) is ChoiceTracer or type(container) is ChoiceTracer:
            return splitting.apply(session, written_out.BINARY["in"], item, container)
        if virtual.has_middle(session, container):
            result = strip_methods.contained(session, item, container)
            if result is not NotImplemented:
                return result
        table = keyed.of(session, container)
        if table is not None:
            return keyed.has(session, table, item)
        keyed.require(session, container, item)
        self._look_at_lists(container)
        if type(container) is OuterDict:
            return container.has(item) if type(item) not in TRACERS else NotImplemented
        if type(container) is OuterList:
            container.fill()
        if containers.is_outer(session, container):
            container = containers.contents(session, container)
            if not has_traced(container) and not is_traced(item):
                return item in container
        if isinstance(container, np.ndarray):
            equal = self.compare(frame, "==", container, item)
            return calls.call_meaning(session, np.any, (equal,), {})
        if isinstance(container, (list, tuple)) and (is_traced(item) or has_traced(container)):
            return items.contains(self, frame, item, container)
        return NotImplemented

    def _varies(self, *values: Any) -> bool:
        """Whether one of the lists grows, or has grown, by a number that only a run can tell."""
        session = self.session
        return any(id(x) in session.growing or virtual.has_middle(session, x) for x in values)

    def _look_at_lists(self, *values: Any) -> None:
        if self.session.virtual or self.session.growing:
            virtual.look(self.session, *values)
        if self.session.keyed:
            keyed.look(self.session, *values)

    # --- attributes and items ------------------------------------------------------------
    def getattr(self, frame: Frame | None, owner: Any, name: str) -> Any:
        if type(owner) is ChoiceTracer:
            return splitting.apply(self.at(frame), getattr, owner, name)
        if frame is not None:  # the user's code asks
            owner = kinds.settled(self.at(frame), owner)
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
            return splitting.apply(self.at(frame), written_out.set_item, owner, key, value)
        return items.set_(self.at(frame), owner, key, value)

    def delitem(self, frame: Frame | None, owner: Any, key: Any) -> Any:
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
        if kind == "len":
            return self.length(value)
        if kind == "hash" and type(value) is ChoiceTracer:
            return hash(value)
        if kind == "hash" and type(value) is not SizeTracer and value._type().dtype.kind not in "biu":
            raise session.error("a traced number is a key of a dict or an item of a set", why="where it stands depends on its value",
                                hint="keep pairs in a list, or use the number's place as the key")
        if kind in ("int", "index", "hash"):
            return session.decide_int(value, f"{kind}()")
        if kind == "bool":
            return self.truth(frame, value)
        return NotImplemented

    def length(self, value: Any) -> Any:
        """``len(value)``."""
        if type(value) is ChoiceTracer:
            return splitting.apply(self.session, len, value)
        keys = keyed.keys_of(self.session, value)
        if keys is not None:
            return self.length(keys)
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
            value = containers.contents(self.session, value)
        if isinstance(value, (list, deque, dict)):
            return len(value)
        if type(value) is iteration.RangeTracer:
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
        return calls.call(session, frame, fn, args, kwargs)

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
        self.session.frame = frame
        return self.session.captures.loaded(frame, kind, owner, key, value)

    def missing(self, frame: Frame, owner: Any, key: Any) -> None:
        self.at(frame).captures.missing(owner, key)

    def stored(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> None:
        self.session.frame = frame
        self.session.captures.stored(kind, owner, key)


_UFUNCS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide, "//": np.floor_divide,
           "%": np.remainder, "**": np.power, "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor,
           "<<": np.left_shift, ">>": np.right_shift}


def is_numeric(x: Any) -> bool:
    """Whether `x` is a number or array, traced or not."""
    kind = type(x)
    return kind in TRACERS or kind in _PLAIN or kind is np.ndarray or isinstance(x, np.generic)


def is_unlike_numbers(x: Any) -> bool:
    """Whether `x` is an array of strings, objects or records."""
    return type(x) is np.ndarray and x.dtype.kind not in "biufc"


def is_operand(x: Any) -> bool:
    """Whether an array operator takes `x`: a number, an array, a nested sequence of them."""
    return is_numeric(x) or isinstance(x, (list, tuple))


def _inert(x: Any) -> bool:
    return x is None or isinstance(x, (str, bytes, type, dict, list, tuple, set))
