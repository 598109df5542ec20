"""Operators on traced values, and on containers with traced values in them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from interpreter import evaluate

from ..calls import meanings, written_out
from ..captures import containers, questions
from ..captures.outer import MIRRORS, OuterDict, OuterList
from ..effects import text
from ..lists import derived, keyed, strip_methods, tables, virtual
from ..regions import choices, splitting
from ..regions.journals import are_twins, refuse_twin
from ..tracers import TRACERS, ChoiceTracer, NumberTracer, SizeTracer, has_traced, is_number_like, is_traced
from . import items, keys, kinds, sequences

if TYPE_CHECKING:
    from ..session import Session

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
_UFUNCS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide, "//": np.floor_divide,
           "%": np.remainder, "@": np.matmul, "**": np.power, "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor,
           "<<": np.left_shift, ">>": np.right_shift}
_SEQUENCES: dict[str, Callable[..., Any]] = {"+": operator.add, "*": operator.mul, "|": operator.or_}
_PLAIN = frozenset((bool, int, float, complex))
_OPERATORS = frozenset(f"__{way}{name}__" for way in ("", "r") for name in
                       "add sub mul truediv floordiv mod pow matmul and or xor neg lt le eq ne gt ge".split())


def binary(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right``; NotImplemented: as Python does it."""
    if type(left) is ChoiceTracer or type(right) is ChoiceTracer:
        if symbol in ("%", "%=") and isinstance(left, str):
            return text.percent(session, left, right)
        result = kinds.binary(session, symbol, left, right)
        return splitting.apply(session, written_out.BINARY[symbol], left, right) if result is NotImplemented else result
    if symbol == "+=" and isinstance(left, list) and isinstance(right, (list, tuple)) and _varies(session, left, right):
        virtual.extend_by(session, left, right)
        return left
    if symbol == "+" and isinstance(left, list) and isinstance(right, list) and _varies(session, left, right):
        result = derived.concatenated(session, left, right)
        if result is not NotImplemented:
            return result
    if symbol == "*" and (virtual.has_middle(session, left) or virtual.has_middle(session, right)):
        result = sequences.binary(session, symbol, left, right)
        if result is not None and result is not NotImplemented:
            return result
    _look_at_lists(session, left, right)
    if symbol in ("%", "%=") and isinstance(left, str) and not isinstance(left, text.TextTracer):
        return text.percent(session, left, right)
    if containers.is_outer(session, left) or containers.is_outer(session, right):
        return _with_outer(session, symbol, left, right)
    left, right = _number(session, left), _number(session, right)
    if type(left) is text.TextTracer or type(right) is text.TextTracer:
        return text.binary(session, symbol, left, right)
    if type(left) in MIRRORS or type(right) in MIRRORS:
        items.look_at(left, right)
        if not (is_operand(left) and is_operand(right)):
            return NotImplemented
    if type(left) is SizeTracer or type(right) is SizeTracer:
        result = session.domain.sizes.binary(symbol.removesuffix("="), left, right)
        if result is not NotImplemented:
            return result
    if not (is_operand(left) and is_operand(right)) or not (is_numeric(left) or is_numeric(right)):
        return NotImplemented
    result = sequences.binary(session, symbol, left, right)
    if result is not None:
        return result
    if symbol.endswith("=") and isinstance(left, np.ndarray):
        return _in_place(session, symbol[:-1], left, right)
    if symbol in ("**", "**="):
        left, right = kinds.operands_of_power(session, left, right)
    return _apply(session, _BINARY[symbol.removesuffix("=")], left, right)


def _with_outer(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """An operator on a deque, an OrderedDict... from outside: a method changes it; C code that makes another gets lifted items."""
    function = _SEQUENCES.get(symbol.removesuffix("="))
    if function is None or containers.has_operators(type(left)) or containers.has_operators(type(right)):
        return NotImplemented
    in_place = next((f for (sign, cls), f in written_out.IN_PLACE.items() if sign == symbol and isinstance(left, cls)), None)
    if in_place is not None:
        evaluate(in_place, (left, right), {}, session.domain)
        return left
    items.look_at(left, right)
    made = function(containers.copied(session, left), containers.copied(session, right))
    session.born(made)
    return made


def _number(session: Session, x: Any) -> Any:
    """The number that an instance of a subclass of int, float or complex is; anything else as it is."""
    kind = type(x)
    if kind in _PLAIN or kind in TRACERS or not isinstance(x, (int, float, complex)) or isinstance(x, np.generic):
        return x
    base: Any = next(cls for cls in (int, float, complex) if isinstance(x, cls))
    if any(isinstance(found, FunctionType) and name in _OPERATORS
           for cls in kind.__mro__ if not issubclass(base, cls) for name, found in vars(cls).items()):
        return x
    found = questions.ask(session, base, (x,), {})
    return base(x) if found is NotImplemented else found


def _in_place(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """``a += b`` on an array: a ufunc call with ``out=a``."""
    return meanings.call_meaning(session, _UFUNCS[symbol], (left, right), {"out": left})


def _apply(session: Session, function: Callable[..., Any], *operands: Any) -> Any:
    meaning = ops.FUNCTIONS.get(function)
    if meaning is None:
        raise session.error(f"{function.__name__} has no meaning on traced values yet")
    return session.wrap(meanings.emit(session, meaning, operands, {}))


def unary(session: Session, symbol: str, value: Any) -> Any:
    """``symbol value``, ``not value`` too."""
    if symbol == "not" and (virtual.has_middle(session, value) or keyed.of(session, value) is not None):
        return operator.le(session.domain.length(value), 0)
    _look_at_lists(session, value)
    if type(value) is ChoiceTracer:
        if symbol == "not":
            return splitting.apply(session, written_out.UNARY[symbol], choices.truth(session, value))
        result = kinds.unary(session, symbol, value)
        return splitting.apply(session, written_out.UNARY[symbol], value) if result is NotImplemented else result
    if type(value) in MIRRORS:
        value.fill()
        return not len(value) if symbol == "not" else NotImplemented
    if type(value) is SizeTracer:
        return session.domain.sizes.unary(symbol, value)
    if symbol == "not":
        if not session.domain.undecided(value):
            return not session.domain.truth(None, value)
        flag = session.as_bool(session.value(value))
        return session.wrap(ops.BY_NAME["logical_not"](flag))
    if not is_numeric(value):
        return NotImplemented
    if symbol == "+" and type(value) is NumberTracer and value._type().dtype.kind != "b":
        return value
    return _apply(session, _UNARY[symbol], value)


def compare(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right``."""
    if type(left) is ChoiceTracer or type(right) is ChoiceTracer:
        return _compare_choice(session, symbol, left, right)
    if virtual.has_middle(session, left) or virtual.has_middle(session, right):
        result = strip_methods.compare(session, symbol, left, right)
        if result is not NotImplemented:
            return result
    _look_at_lists(session, left, right)
    if symbol in ("==", "!=") and (containers.is_outer(session, left) or containers.is_outer(session, right)):
        if containers.has_operators(type(left)) or containers.has_operators(type(right)):
            return NotImplemented
        items.look_at(left, right)
        left, right = containers.copied(session, left), containers.copied(session, right)
        result = compare(session, symbol, left, right)
        return _COMPARE[symbol](left, right) if result is NotImplemented else result
    left, right = _number(session, left), _number(session, right)
    if is_unlike_numbers(left) or is_unlike_numbers(right):
        return questions.ask(session, _COMPARE[symbol], (left, right), {})
    if type(left) in MIRRORS or type(right) in MIRRORS:
        items.look_at(left, right)
    if type(left) is SizeTracer or type(right) is SizeTracer:
        result = session.domain.sizes.compare(symbol, left, right)
        if result is not NotImplemented:
            return result
    if not (is_operand(left) and is_operand(right)) or not (is_numeric(left) or is_numeric(right)):
        return _unlike(session, symbol, left, right)
    if symbol not in ("==", "!="):
        _require_order(symbol, left, right)
    result = sequences.compare(symbol, left, right)
    return _apply(session, _COMPARE[symbol], left, right) if result is None else result


def _require_order(symbol: str, left: Any, right: Any) -> None:
    """Python's complex numbers have none, whether or not anything reads the answer."""
    classes = [x.__class__ for x in (left, right)]
    if complex in classes and _PLAIN.issuperset(classes):
        raise TypeError(f"'{symbol}' not supported between instances of '{classes[0].__name__}' and '{classes[1].__name__}'")


def _compare_choice(session: Session, symbol: str, left: Any, right: Any) -> Any:
    result = kinds.binary(session, symbol, left, right)
    if result is not NotImplemented:
        return result
    if symbol not in ("==", "!=") or _only_numbers(left) and _only_numbers(right):
        return splitting.apply(session, written_out.BINARY[symbol], left, right)
    if type(left) is not ChoiceTracer:
        left, right = right, left
    return choices.equal(session, left, right, symbol)


def _only_numbers(x: Any) -> bool:
    return all(map(is_number_like, choices.options_of(x)))


def _unlike(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """A number compared with something else: equal to nothing."""
    if symbol not in ("==", "!=") or not (is_numeric(left) or is_numeric(right)) or not (_inert(left) or _inert(right)):
        return NotImplemented
    array = next((x for x in (left, right) if isinstance(x, np.ndarray)), None)
    if array is None:
        return symbol == "!="
    fill = ops.BY_NAME["full"](symbol == "!=", shape=session.value(array).shape, dtype=np.dtype(bool))
    return session.wrap(fill)


def identical(session: Session, left: Any, right: Any) -> Any:
    """``left is right``."""
    if type(left) is ChoiceTracer or type(right) is ChoiceTracer:
        choice, other = (left, right) if type(left) is ChoiceTracer else (right, left)
        return choices.identical(session, choice, other)
    if type(left) is bool:
        left, right = right, left
    if type(left) is list and type(right) is list and session.virtual:
        same = tables.identical(session, left, right)
        if same is not NotImplemented:
            return same
    if session.twins and are_twins(session, left, right):
        refuse_twin(session, left)
    if type(left) is not NumberTracer or type(right) is not bool or left._type().dtype.kind != "b":
        session.copies.compare(left, right)
        return session.captures.identical(left, right)
    return left if right else unary(session, "not", left)


def contains(session: Session, item: Any, container: Any) -> Any:
    """``item in container``."""
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
    _look_at_lists(session, container)
    if isinstance(container, (dict, set, frozenset)):
        item = keys.key(session, item)
    if type(container) is OuterDict:
        return container.has(item)
    if type(container) is OuterList:
        container.fill()
    if containers.is_outer(session, container):
        container = containers.contents(session, container)
        if not has_traced(container) and not is_traced(item):
            return item in container
    if isinstance(container, np.ndarray):
        equal = compare(session, "==", container, item)
        return meanings.call_meaning(session, np.any, (equal,), {})
    if isinstance(container, (list, tuple)) and (is_traced(item) or has_traced(container)):
        return items.contains(session, item, container)
    return NotImplemented


def _varies(session: Session, *values: Any) -> bool:
    """Whether one of the lists grows, or has grown, by a number that only a run can tell."""
    return any(id(x) in session.growing or virtual.has_middle(session, x) for x in values)


def _look_at_lists(session: Session, *values: Any) -> None:
    if session.virtual or session.growing:
        virtual.look(session, *values)
    if session.keyed:
        keyed.look(session, *values)


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
