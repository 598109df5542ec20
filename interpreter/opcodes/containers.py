"""Opcodes that build, extend and unpack containers, and format strings."""
from __future__ import annotations

from typing import Any

from .. import operators
from ..attributes import get_attribute
from ..calls import call_native, call_value
from ..code import Marker
from ..formatting import convert, format_value
from ..frame import Frame
from ..journal import born
from ..lookup import MISSING, find, is_native, python_method
from ..versions import bad_star, too_many_values
from .registry import opcode

_END = Marker("END")
_BUILTIN = frozenset((list, tuple, dict, set, frozenset, range, str, bytes))


@opcode("BUILD_LIST")
def build_list(frame: Frame, stack: list, count: int) -> None:
    """items -- list"""
    made = frame.popn(count)
    if frame.watched:
        born(frame, made)
    stack.append(made)


@opcode("BUILD_TUPLE")
def build_tuple(frame: Frame, stack: list, count: int) -> None:
    """items -- tuple"""
    stack.append(tuple(frame.popn(count)))


def _keys(frame: Frame, values: Any) -> Any:
    """Values as keys of a dict or items of a set: the domain says what stands there for one of its own."""
    if frame.domain.types and type(values) not in (set, frozenset):   # of one its items are keys already, in an order of its own
        return [frame.domain.key(frame, value) for value in values]
    return values


@opcode("BUILD_SET")
def build_set(frame: Frame, stack: list, count: int) -> None:
    """items -- set"""
    items = _keys(frame, frame.popn(count))
    result: set = set()
    for item in items:
        result.add(item)
    if frame.watched:
        born(frame, result)
    stack.append(result)


@opcode("BUILD_MAP")
def build_map(frame: Frame, stack: list, count: int) -> None:
    """key value ... -- dict"""
    items = frame.popn(2 * count)
    made = dict(zip(_keys(frame, items[::2]), items[1::2]))
    if frame.watched:
        born(frame, made)
    stack.append(made)


@opcode("BUILD_CONST_KEY_MAP")
def build_const_key_map(frame: Frame, stack: list, count: int) -> None:
    """values keys -- dict"""
    keys = stack.pop()
    made = dict(zip(keys, frame.popn(count)))
    if frame.watched:
        born(frame, made)
    stack.append(made)


@opcode("BUILD_STRING")
def build_string(frame: Frame, stack: list, count: int) -> None:
    """strings -- string"""
    pieces = frame.popn(count)
    types = frame.domain.types
    if types and any(type(piece) in types for piece in pieces):
        stack.append(_join_traced(frame, pieces))
    else:
        stack.append("".join(pieces))


def _join_traced(frame: Frame, pieces: list) -> Any:
    """Text that the domain stands in for is joined by its own ``+``."""
    result = pieces[0]
    for piece in pieces[1:]:
        result = operators.binary(frame, operators.OPERATIONS["+"], result, piece)
    return result


@opcode("BUILD_SLICE")
def build_slice(frame: Frame, stack: list, count: int) -> None:
    """start stop [step] -- slice"""
    stack.append(slice(*frame.popn(count)))


# --- growing what is being displayed ------------------------------------------------------------
def _display(frame: Frame, target: Any) -> Any:
    """The container of a display or comprehension, about to grow: forks of the frame share it."""
    if frame.thread.journal is not None:
        frame.thread.journal.touch(target)
    return target


@opcode("LIST_APPEND")
def list_append(frame: Frame, stack: list, depth: int) -> None:
    """list ... item -- list ..."""
    item = stack.pop()
    _display(frame, stack[-depth]).append(item)


@opcode("SET_ADD")
def set_add(frame: Frame, stack: list, depth: int) -> None:
    """set ... item -- set ..."""
    item = stack.pop()
    (item,) = _keys(frame, (item,))
    set.add(_display(frame, stack[-depth]), item)     # no set: TypeError


@opcode("MAP_ADD")
def map_add(frame: Frame, stack: list, depth: int) -> None:
    """dict ... key value -- dict ..."""
    value, key = stack.pop(), stack.pop()
    target = _display(frame, stack[-depth])
    types = frame.domain.types
    if types and (type(key) in types or type(target) in types) \
            and frame.domain.setitem(frame, target, key, value) is not NotImplemented:
        return
    target[key] = value


@opcode("LIST_EXTEND")
def list_extend(frame: Frame, stack: list, depth: int) -> None:
    """list ... iterable -- list ..."""
    iterable = stack.pop()
    target = stack[-depth]
    if type(iterable) in _BUILTIN and type(iterable) not in frame.domain.types:
        target.extend(iterable)
        return
    if frame.watched and frame.domain.extend(frame, target, iterable) is not NotImplemented:
        return
    kind = type(iterable)
    if kind not in frame.domain.types and find(kind, "__iter__") is MISSING and \
            find(kind, "__getitem__") is MISSING:
        raise TypeError(f"Value after * must be an iterable, not {kind.__name__}")
    iterator = operators.iterate(frame, iterable)
    while (item := operators.next_value(frame, iterator, _END)) is not _END:
        target.append(item)


@opcode("SET_UPDATE")
def set_update(frame: Frame, stack: list, depth: int) -> None:
    """set ... iterable -- set ..."""
    iterable = stack.pop()
    if operators.needs_stepping(iterable) or type(iterable) in frame.domain.types:
        iterable = operators.stepping(frame, iterable)
    stack[-depth].update(_keys(frame, iterable))


@opcode("DICT_UPDATE")
def dict_update(frame: Frame, stack: list, depth: int) -> None:
    """dict ... mapping -- dict ..."""
    mapping = stack.pop()
    if find(type(mapping), "keys") is MISSING and not hasattr(mapping, "keys"):
        raise TypeError(f"{type(mapping).__name__!r} object is not a mapping")
    stack[-depth].update(_opened(frame, mapping))


@opcode("DICT_MERGE")
def dict_merge(frame: Frame, stack: list, depth: int) -> None:
    """callable ... dict ... mapping -- callable ... dict ...: keywords of a call"""
    mapping = stack.pop()
    target = stack[-depth]
    function = stack[-depth - 2]
    if type(function) is Marker:           # the layout with NULL between callable and arguments
        function = stack[-depth - 3]
    if find(type(mapping), "keys") is MISSING and not hasattr(mapping, "keys"):
        raise TypeError(bad_star(describe(function), "**", type(mapping)))
    for key, value in _opened(frame, mapping).items():
        if key in target:
            raise TypeError(f"{describe(function)} got multiple values for keyword argument "
                            f"{key!r}")
        target[key] = value


def _opened(frame: Frame, mapping: Any) -> dict:
    """A plain dict of a mapping; one written in Python is read by stepping into it."""
    if type(mapping) is dict:
        return mapping
    kind = type(mapping)
    if kind not in frame.domain.types and (is_native(kind) or python_method(kind, "keys") is None):
        return dict(mapping)
    from ..attributes import get_item
    keys = call_value(frame, get_attribute(frame, mapping, "keys"), ())
    iterator, result = operators.iterate(frame, keys), {}
    while (key := operators.next_value(frame, iterator, _END)) is not _END:
        result[key] = get_item(frame, mapping, key)
    return result


def describe(function: Any) -> str:
    """How CPython names a callable in messages about its arguments."""
    name = getattr(function, "__qualname__", None)
    if not isinstance(name, str):
        return str(function)
    module = getattr(function, "__module__", None)
    if module is None or module == "builtins":
        return f"{name}()"
    return f"{module}.{name}()"


@opcode("LIST_TO_TUPLE")
def list_to_tuple(frame: Frame, stack: list, _: Any) -> None:
    """list -- tuple"""
    items = stack.pop()
    if list not in frame.domain.types:
        stack.append(tuple(items))
        return
    iterator, found = operators.iterate(frame, items), []
    while (item := operators.next_value(frame, iterator, _END)) is not _END:
        found.append(item)
    stack.append(tuple(found))


# --- unpacking ----------------------------------------------------------------------------------
@opcode("UNPACK_SEQUENCE")
def unpack_sequence(frame: Frame, stack: list, count: int) -> None:
    """sequence -- items, the first on top"""
    value = stack.pop()
    kind = type(value)
    if (kind is tuple or kind is list) and kind not in frame.domain.types:
        items = value
        if len(items) > count:
            raise ValueError(too_many_values(count, len(items)))
    else:
        iterator = _iterate_to_unpack(frame, value)
        items = _take(frame, iterator, count)
        if len(items) == count and \
                operators.next_value(frame, iterator, _END) is not _END:
            raise ValueError(too_many_values(count, len(value)) if type(value) is dict else
                             f"too many values to unpack (expected {count})")
    if len(items) < count:
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(items)})")
    stack.extend(reversed(items))


@opcode("UNPACK_EX")
def unpack_ex(frame: Frame, stack: list, arg: int) -> None:
    """sequence -- items before, list of the rest, items after; the first on top"""
    before, after = arg & 255, arg >> 8
    value = stack.pop()
    iterator = _iterate_to_unpack(frame, value)
    first = _take(frame, iterator, before)
    if len(first) < before:
        raise ValueError(f"not enough values to unpack (expected at least {before + after}, "
                         f"got {len(first)})")
    rest = _take(frame, iterator, None)
    if len(rest) < after:
        raise ValueError(f"not enough values to unpack (expected at least {before + after}, "
                         f"got {before + len(rest)})")
    last = rest[len(rest) - after:]
    del rest[len(rest) - after:]
    stack.extend(reversed([*first, rest, *last]))


def _iterate_to_unpack(frame: Frame, value: Any) -> Any:
    kind = type(value)
    if find(kind, "__iter__") is MISSING and find(kind, "__getitem__") is MISSING \
            and kind not in frame.domain.types:
        raise TypeError(f"cannot unpack non-iterable {kind.__name__} object")
    return operators.iterate(frame, value)


def _take(frame: Frame, iterator: Any, count: int | None) -> list:
    items: list[Any] = []
    while count is None or len(items) < count:
        item = operators.next_value(frame, iterator, _END)
        if item is _END:
            break
        items.append(item)
    return items


# --- formatting ---------------------------------------------------------------------------------
@opcode("FORMAT_VALUE")
def format_field(frame: Frame, stack: list, arg: tuple[str, bool]) -> None:
    """value [spec] -- string"""
    conversion, has_spec = arg
    spec = stack.pop() if has_spec else ""
    stack.append(format_value(frame, stack.pop(), conversion, spec))


@opcode("CONVERT_VALUE")
def convert_field(frame: Frame, stack: list, conversion: str) -> None:
    """value -- string"""
    stack.append(convert(frame, stack.pop(), conversion))


@opcode("BUILD_INTERPOLATION")
def build_interpolation(frame: Frame, stack: list, arg: int) -> None:
    """value text [spec] -- interpolation"""
    from string.templatelib import Interpolation  # type: ignore[import-not-found]  # since 3.14
    spec = stack.pop() if arg & 1 else ""
    text, value = stack.pop(), stack.pop()
    conversion = (None, "s", "r", "a")[arg >> 2]
    stack.append(call_native(frame, Interpolation, (value, text, conversion, spec), None))


@opcode("BUILD_TEMPLATE")
def build_template(frame: Frame, stack: list, _: Any) -> None:
    """strings interpolations -- template"""
    from string.templatelib import Template
    interpolations, strings = stack.pop(), stack.pop()
    parts = [part for pair in zip(strings, interpolations) for part in pair]
    stack.append(call_native(frame, Template, (*parts, strings[-1]), None))


@opcode("GET_LEN")
def get_len(frame: Frame, stack: list, _: Any) -> None:
    """value -- value length"""
    value = stack[-1]
    if operators.traced(frame, value):
        result = frame.domain.convert(frame, "len", value)
        if result is not NotImplemented:
            stack.append(result)
            return
    stack.append(operators.length(frame, value))
