"""The operator protocols: binary, unary, comparison, truth, iteration; stepping into dunders."""
from __future__ import annotations

import operator
from collections.abc import Callable, Generator
from types import FunctionType, GeneratorType, MethodDescriptorType, WrapperDescriptorType
from typing import Any, NamedTuple

from . import polyfills
from .calls import advance, call_function, call_value, step_into
from .frame import FORKED, Frame
from .iterators import TableIterator, over_table
from .journal import MUTABLE, born
from .lookup import MISSING, find, is_native, is_native_iterator, python_method, subclass
from .versions import no_iterator


class Operation(NamedTuple):
    """One binary operator: CPython's own function and the special methods behind it."""

    symbol: str
    native: Callable[[Any, Any], Any]
    method: str
    reflected: str
    inplace: str | None = None


_NAMES = {"+": "add", "-": "sub", "*": "mul", "@": "matmul", "/": "truediv", "//": "floordiv",
          "%": "mod", "**": "pow", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or",
          "^": "xor"}


def _operations() -> dict[str, Operation]:
    table = {}
    for symbol, name in _NAMES.items():
        plain = getattr(operator, f"__{name}__")
        inplace = getattr(operator, f"__i{name}__")
        table[symbol] = Operation(symbol, plain, f"__{name}__", f"__r{name}__")
        table[symbol + "="] = Operation(symbol + "=", inplace, f"__{name}__", f"__r{name}__",
                                        f"__i{name}__")
    return table


OPERATIONS = _operations()
COMPARISONS = {symbol: Operation(symbol, getattr(operator, name), f"__{name}__", f"__{mirror}__")
               for symbol, name, mirror in (("<", "lt", "gt"), ("<=", "le", "ge"),
                                            ("==", "eq", "eq"), ("!=", "ne", "ne"),
                                            (">", "gt", "lt"), (">=", "ge", "le"))}
UNARY: dict[str, tuple[str, Any]] = {"-": ("__neg__", operator.neg), "+": ("__pos__", operator.pos),
         "~": ("__invert__", operator.invert)}
_UNBOUND = frozenset((MethodDescriptorType, WrapperDescriptorType))
_SEQUENCES = (list, tuple, str, bytes, bytearray)


def traced(frame: Frame, *values: Any) -> bool:
    """Whether the domain gives one of the values a meaning of its own."""
    types = frame.domain.types
    return bool(types) and any(type(value) in types for value in values)


# --- binary -------------------------------------------------------------------------------------
def binary(frame: Frame, operation: Operation, left: Any, right: Any) -> Any:
    """``left operation right``."""
    if frame.watched:
        if traced(frame, left, right) or type(left) is str and operation.method == "__mod__":  # a template is filled in
            result = frame.domain.binary(frame, operation.symbol, left, right)
            if result is not NotImplemented:
                return result
        if operation.inplace is not None and frame.thread.journal is not None:
            frame.thread.journal.touch(left)
    kind, other = type(left), type(right)
    if is_native(kind):
        if is_native(other):
            result = operation.native(left, right)
            if type(result) in MUTABLE and result is not left and frame.watched:
                born(frame, result)
            return result
    elif kind is other and operation.inplace is None:
        method = find(kind, operation.method)
        if type(method) is FunctionType:
            step = call_function if frame.watched else step_into
            result = step(frame, method, [left, right], None)
            if result is NotImplemented:
                raise TypeError(_unsupported(operation, kind, other))
            return result
    if operation.inplace is not None:
        method = find(kind, operation.inplace)
        if type(method) is FunctionType:
            result = call_special(frame, method, left, right)
            if result is not NotImplemented:
                return result
        elif method is not MISSING and (
                python_method(other, operation.reflected) is None
                or type(method) is WrapperDescriptorType and not _concatenates(kind, operation)):
            return operation.native(left, right)
    return _plain_binary(frame, operation, left, right)


def binary_at(cell: list, frame: Frame, operation: Operation, left: Any, right: Any) -> Any:
    """`binary`, at a place in generated code: two instances of the class that was there before take the short way."""
    kind = type(left)
    if kind is not type(right) or type(kind) is not type:
        return binary(frame, operation, left, right)
    if kind is not cell[0] or getattr(kind, operation.method, None) is not cell[1]:
        method = find(kind, operation.method)
        if type(method) is not FunctionType or operation.inplace is not None or frame.watched:
            return binary(frame, operation, left, right)
        cell[:] = kind, method
    result = step_into(frame, cell[1], [left, right], None)
    if result is NotImplemented:
        raise TypeError(_unsupported(operation, kind, kind))
    return result


def _concatenates(kind: type, operation: Operation) -> bool:
    """Whether a C type's own operator comes after all others, as a sequence's does."""
    return operation.method in ("__add__", "__mul__") and \
        not hasattr(kind, operation.method.replace("__", "__r", 1))


def _plain_binary(frame: Frame, operation: Operation, left: Any, right: Any) -> Any:
    kind, other = type(left), type(right)
    forward = find(kind, operation.method)
    backward = MISSING if other is kind else find(other, operation.reflected)
    if type(forward) is not FunctionType and type(backward) is not FunctionType:
        return operation.native(left, right)
    if forward is None or backward is None:         # a dunder set to None: CPython's own error
        return operation.native(left, right)
    attempts = [(forward, left, right), (backward, right, left)]
    last = operation.method in ("__add__", "__mul__") and type(forward) is not FunctionType \
        and any(subclass(kind, base) for base in _SEQUENCES)
    priority = subclass(other, kind) and backward is not find(kind, operation.reflected)
    if last or priority:                            # sequences concatenate after all else failed
        attempts.reverse()
    for method, owner, argument in attempts:
        if method is not MISSING:
            result = call_special(frame, method, owner, argument)
            if result is not NotImplemented:
                return result
    raise TypeError(_unsupported(operation, kind, other))


def _unsupported(operation: Operation, kind: type, other: type) -> str:
    symbol = {"**": "** or pow()", "**=": "**="}.get(operation.symbol, operation.symbol)
    return (f"unsupported operand type(s) for {symbol}: {kind.__name__!r} and "
            f"{other.__name__!r}")


def call_special(frame: Frame, method: Any, owner: Any, *args: Any) -> Any:
    """Call what `find` found as a special method of `owner`."""
    if type(method) is FunctionType:
        return call_function(frame, method, (owner, *args), None)
    if type(method) in _UNBOUND:            # __get__ of these takes an owner None for none at all
        return call_value(frame, method, (owner, *args))
    get = find(type(method), "__get__")
    if get is MISSING:
        return call_value(frame, method, args)
    if type(get) is FunctionType:
        return call_value(frame, call_function(frame, get, (method, owner, type(owner)), None),
                          args)
    return call_value(frame, get(method, owner, type(owner)), args)


# --- unary and comparison -----------------------------------------------------------------------
def unary(frame: Frame, symbol: str, value: Any) -> Any:
    """``-value``, ``+value`` or ``~value``."""
    if frame.watched and traced(frame, value):
        result = frame.domain.unary(frame, symbol, value)
        if result is not NotImplemented:
            return result
    name, native = UNARY[symbol]
    method = python_method(type(value), name)
    return native(value) if method is None else call_special(frame, method, value)


def compare(frame: Frame, operation: Operation, left: Any, right: Any) -> Any:
    """``left operation right`` for the six rich comparisons."""
    if frame.watched and traced(frame, left, right):
        result = frame.domain.compare(frame, operation.symbol, left, right)
        if result is not NotImplemented:
            return result
    kind, other = type(left), type(right)
    if is_native(kind) and is_native(other):
        return operation.native(left, right)
    forward, backward = _comparison(kind, operation.method), _comparison(other,
                                                                        operation.reflected)
    if type(forward) is not FunctionType and type(backward) is not FunctionType \
            or forward is None or backward is None:
        return operation.native(left, right)
    attempts = [(forward, left, right), (backward, right, left)]
    if kind is not other and subclass(other, kind):
        attempts.reverse()
    for method, owner, argument in attempts:
        result = _one_comparison(frame, operation, method, owner, argument)
        if result is not NotImplemented:
            return result
    if operation.symbol in ("==", "!="):
        return (left is right) == (operation.symbol == "==")
    raise TypeError(f"{operation.symbol!r} not supported between instances of "
                    f"{kind.__name__!r} and {other.__name__!r}")


def _comparison(kind: type, name: str) -> Any:
    """The method; for an inherited ``object.__ne__`` the ``__eq__`` that it inverts."""
    method = find(kind, name)
    if name == "__ne__" and method is object.__ne__:
        return python_method(kind, "__eq__") or method
    return method


def _one_comparison(frame: Frame, operation: Operation, method: Any, owner: Any,
                    argument: Any) -> Any:
    result = call_special(frame, method, owner, argument)
    inverts = operation.symbol == "!=" and method is find(type(owner), "__eq__") \
        and find(type(owner), "__ne__") is object.__ne__
    if inverts and result is not NotImplemented:
        return invert(frame, result)
    return result


def invert(frame: Frame, value: Any) -> Any:
    """``not value``; a traced value stays undecided."""
    if traced(frame, value):
        result = frame.domain.unary(frame, "not", value)
        if result is not NotImplemented:
            return result
    return not truth(frame, value)


def identical(frame: Frame, left: Any, right: Any) -> Any:
    """``left is right``: a traced value may stand for an object."""
    if frame.domain.observes or traced(frame, left, right):
        result = frame.domain.identical(frame, left, right)
        if result is not NotImplemented:
            return result
    return left is right


def contains(frame: Frame, item: Any, container: Any) -> Any:
    """``item in container``."""
    if frame.watched and traced(frame, item, container):
        result = frame.domain.contains(frame, item, container)
        if result is not NotImplemented:
            return result
    kind = type(container)
    if is_native(kind):
        return item in container
    method = find(kind, "__contains__")
    if type(method) is FunctionType:
        return truth(frame, call_special(frame, method, container, item))
    if method is not MISSING or python_method(kind, "__iter__") is None:
        return item in container
    iterator = iterate(frame, container)
    equal = COMPARISONS["=="]
    while (value := next_value(frame, iterator, MISSING)) is not MISSING:
        if value is item or truth(frame, compare(frame, equal, value, item)):
            return True
    return False


# --- truth --------------------------------------------------------------------------------------
def truth(frame: Frame, value: Any) -> bool:
    """``bool(value)``, deciding."""
    if value is True or value is False:
        return value
    kind = type(value)
    if kind in frame.domain.types:
        return frame.domain.truth(frame, value)
    if is_native(kind):
        return bool(value)
    method = find(kind, "__bool__")
    if type(method) is FunctionType:
        result = call_special(frame, method, value)
        if type(result) is not bool:
            if type(result) in frame.domain.types:
                return frame.domain.truth(frame, result)
            raise TypeError(f"__bool__ should return bool, returned {type(result).__name__}")
        return result
    if method is MISSING and python_method(kind, "__len__") is not None:
        return length(frame, value) != 0
    return bool(value)


def length(frame: Frame, value: Any) -> int:
    """``len(value)``."""
    method = python_method(type(value), "__len__")
    if method is None:
        found = frame.domain.convert(frame, "len", value) if traced(frame, value) else NotImplemented
        return len(value) if found is NotImplemented else found
    result = call_special(frame, method, value)
    if type(result) in frame.domain.types:
        return result
    return len(_Sized(result))      # CPython's own checks and texts


class _Sized:
    """Gives ``len`` a length that was computed already."""

    def __init__(self, length: Any) -> None:
        self.length = length

    def __len__(self) -> Any:
        return self.length


# --- iteration ----------------------------------------------------------------------------------
def iterate(frame: Frame, value: Any) -> Any:
    """``iter(value)``."""
    kind = type(value)
    if frame.watched and kind in frame.domain.types:
        result = frame.domain.iterate(frame, value)
        if result is not NotImplemented:
            return result
    if kind is TableIterator:
        return value
    method = None if is_native(kind) else python_method(kind, "__iter__")
    if method is None:
        if frame.watched and not is_native(kind) and find(kind, "__iter__") is MISSING \
                and python_method(kind, "__getitem__") is not None:
            return step_into(frame, polyfills.items_, (value,), None)  # type: ignore[arg-type]
        journal = frame.thread.journal if frame.watched else None
        result = iter(value) if journal is None else over_table(value) or iter(value)
        if journal is not None and (type(result) is TableIterator or is_native_iterator(result)):
            if result is value:
                journal.advance(value)
            else:
                journal.born(result)
        return result
    result = call_special(frame, method, value)
    if find(type(result), "__next__") is MISSING and type(result) not in frame.domain.types:
        raise TypeError(no_iterator(kind, "__iter__", type(result)))
    return result


def next_value(frame: Frame, iterator: Any, exhausted: Any) -> Any:
    """The next item, or `exhausted`."""
    kind = type(iterator)
    if kind in frame.domain.types:
        result, stop = _guarded(frame.domain.next, frame, iterator)
        return exhausted if stop else result
    if not is_native(kind) and kind is not TableIterator:
        method = python_method(kind, "__next__")
        if method is not None:
            result, stop = _guarded(call_special, frame, method, iterator)
            return exhausted if stop else result
    if kind not in FORKED and frame.thread.journal is not None and (kind is GeneratorType or is_native_iterator(iterator)):
        advance(frame, iterator, True)
    return next(iterator, exhausted)


def _guarded(function: Callable, *args: Any) -> tuple[Any, bool]:
    try:
        return function(*args), False
    except StopIteration:
        return None, True


def stepping(frame: Frame, value: Any) -> Generator[Any, None, None]:
    """A native iterator over a Python-level iterable, for C code that would call it back."""
    iterator = iterate(frame, value)
    while (item := next_value(frame, iterator, MISSING)) is not MISSING:
        yield item


def needs_stepping(value: Any) -> bool:
    """Whether iterating over `value` runs special methods written in Python."""
    kind = type(value)
    if is_native(kind):
        return False
    method = find(kind, "__iter__")
    if type(method) is FunctionType:
        return True
    if method is MISSING:
        return python_method(kind, "__getitem__") is not None
    return python_method(kind, "__next__") is not None


def stepping_items(frame: Frame, value: Any) -> Generator[Any, None, None]:
    """The items of an object that has only ``__getitem__``, stepped into."""
    from .attributes import get_item
    index = 0
    while True:
        try:
            item = get_item(frame, value, index)
        except (IndexError, StopIteration):
            return
        yield item
        index += 1
