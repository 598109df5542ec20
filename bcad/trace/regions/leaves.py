"""Leaves: how a state is taken apart into the Values of a pattern, and how an object is made of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from types import BuiltinMethodType, CellType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Builder, Kind, ObjectType, Value
from interpreter import EMPTY

from ..builder import constant_of, is_constant
from ..operations import kinds
from ..tracers import ArrayTracer, ChoiceTracer
from ..tree import children_of, instance_of, rebuild_like
from . import choices, errors
from .blends import Numbers, narrowed
from .patterns import Choice, Constant, Either, Leaf, Listed, Mismatch, Nest, Pattern, describe, option_for, pattern_of
from .states import Box, Frozen, Number, Picked, is_mutable, is_text

if TYPE_CHECKING:
    from ..session import Session


def values_of(frozen: Frozen, pattern: Pattern) -> Iterator[Value]:
    """The Values in a state, in the order and the types of the pattern's leaves."""
    if isinstance(pattern, Leaf):
        if not isinstance(frozen, Number):
            raise Mismatch(describe(pattern))
        yield as_type(frozen.value, pattern.type)
    elif isinstance(pattern, Either):
        if not isinstance(frozen, Number):
            raise Mismatch(describe(pattern))
        yield as_type(frozen.value, pattern.type)
        yield _kind_of(frozen, pattern.numbers)
    elif isinstance(pattern, Nest):
        if isinstance(frozen, Picked):
            yield from _chosen(frozen.which, list(enumerate(frozen.children)), pattern)
            return
        if not isinstance(frozen, Box):
            raise Mismatch(describe(pattern))
        if isinstance(pattern, Listed):
            from ..lists.listed import values_of_list

            yield from values_of_list(frozen, pattern)
            return
        for child, part in zip(frozen.children, pattern.children, strict=True):
            yield from values_of(child, part)
    elif isinstance(pattern, Choice):
        yield from _values_of_choice(frozen, pattern)


def _kind_of(number: Number, wanted: Numbers) -> Value:
    """Which of these kinds a number is."""
    if number.numbers is None:
        return choices.which(wanted.place_of(number.value.type))
    return choices.renumbered(number.obj._which, list(map(wanted.place_of, number.numbers.types)))


def _values_of_choice(frozen: Frozen, pattern: Choice) -> Iterator[Value]:
    """Which option a state is, and its Values in their places; zeros in those of the others."""
    states: dict[int, list[tuple[int, Frozen]]] = {}
    frozen = _told_apart(frozen, pattern)
    if isinstance(frozen, Picked):
        places = [_place_of(child, pattern) for child in frozen.children]
        for number, (place, child) in enumerate(zip(places, frozen.children, strict=True)):
            states.setdefault(place, []).append((number, child))
        which = choices.renumbered(frozen.which, places)
    else:
        place = _place_of(frozen, pattern)
        states[place] = [(0, frozen)]
        which = choices.which(place)
    yield which
    for k, option in enumerate(pattern.children):
        if k not in states:
            yield from fillers(option)
        elif len(states[k]) == 1:
            yield from values_of(states[k][0][1], option)
        else:
            assert isinstance(frozen, Picked)
            yield from _chosen(frozen.which, states[k], option)


def _told_apart(frozen: Frozen, pattern: Choice) -> Frozen:
    """A number of several kinds as several options, where the pattern has these apart."""
    if isinstance(frozen, Number) and frozen.numbers is not None and option_for(frozen, pattern) is None:
        return Picked(frozen.obj, Builder.current().as_value(frozen.obj._which), _kinds_of(frozen))
    if not isinstance(frozen, Picked):
        return frozen
    apart = [isinstance(x, Number) and x.numbers is not None and option_for(x, pattern) is None for x in frozen.children]
    if not any(apart):
        return frozen
    children: list[Frozen] = []
    starts, which = [], frozen.which
    for child, is_apart in zip(frozen.children, apart, strict=True):
        starts.append(len(children))
        children += _kinds_of(child) if is_apart else [child]
    number = choices.renumbered(which, starts)
    for k, (child, is_apart) in enumerate(zip(frozen.children, apart, strict=True)):
        if is_apart:
            here = choices.renumbered(which, [int(j == k) for j in range(len(starts))])
            number = ops.FUNCTIONS[operator.add](number, ops.FUNCTIONS[operator.mul](here, child.obj._which))
    return Picked(frozen.obj, number, children)


def _kinds_of(number: Number) -> list[Frozen]:
    return [Number(kinds.narrow(number.value, t), None) for t in number.numbers.types]  # type: ignore[union-attr]


def _chosen(which: Value, states: Sequence[tuple[int, Frozen]], pattern: Pattern) -> Iterator[Value]:
    """The Values of the one of several numbered states that `which` says; of the last for any other number."""
    *others, (_, last) = states
    found = list(values_of(last, pattern))
    for number, state in reversed(others):
        here = ops.FUNCTIONS[np.equal](which, number)
        flag = ops.BY_NAME["as_kind"](here, kind=Kind.PYTHON, dtype=np.dtype(bool))
        found = [_either(flag, a, b) for a, b in zip(values_of(state, pattern), found, strict=True)]
    yield from found


def _either(flag: Value, a: Value, b: Value) -> Value:
    """`a` where the flag is true, else `b`."""
    if a is b:
        return a
    arms = []
    for k, name in enumerate(("then", "else")):
        builder = Builder(name=name)
        inputs = [builder.input(v.type, "x") for v in (a, b)]
        arms.append(builder.build([inputs[k]]))
    (made,) = ops.cond(flag, a, b, regions=tuple(arms), types=(a.type,))
    return made


def _place_of(frozen: Frozen, pattern: Choice) -> int:
    """The number of the option that a state fits."""
    option = option_for(frozen, pattern)
    if option is None:
        raise Mismatch(describe(pattern_of(frozen)))
    return pattern.children.index(option)


def as_type(value: Value, type_: ArrayType) -> Value:
    """`value` cast to a wider type."""
    if value.type == type_:
        return Builder.current().as_value(value)
    if type_.kind is Kind.ARRAY:
        return value if value.dtype == type_.dtype else ops.BY_NAME["astype"](value, dtype=type_.dtype)
    return ops.BY_NAME["as_kind"](value, kind=type_.kind, dtype=type_.dtype)


def fillers(pattern: Pattern) -> Iterator[Value]:
    """Zeros in place of a state that nothing reads."""
    builder = Builder.current()
    for type_ in pattern.leaves:
        if isinstance(type_, ObjectType):
            raise Mismatch("an object that only a run can tell")
        if type_.kind is Kind.ARRAY:
            yield ops.BY_NAME["full"](type_.dtype.type(0), shape=type_.shape, dtype=type_.dtype)
        elif type_.kind is Kind.PYTHON:
            yield builder.constant(type_.python_type(0))
        else:
            yield builder.constant(type_.dtype.type(0))


def build(session: Session, pattern: Pattern, values: Iterator[Value], things: list[Any] | None = None) -> Any:
    """An object of the pattern's form that holds `values`; arrays and objects made for it are added to `things`."""
    if isinstance(pattern, Leaf):
        made = session.wrap(next(values))
        if things is not None and isinstance(made, ArrayTracer):
            things.append(made)
        return made
    if isinstance(pattern, Either):
        return kinds.of_several(session, pattern.numbers, next(values), next(values))
    if isinstance(pattern, Constant):
        return pattern.obj
    if isinstance(pattern, Choice):
        which = next(values)
        options = tuple(build(session, part, values, things) for part in pattern.children)
        if len(options) == 1:
            return options[0]
        return options[constant_of(which)] if is_constant(which) else ChoiceTracer(session, which, options)
    parts = [build(session, part, values, None if isinstance(pattern, Listed) else things) for part in pattern.children]
    made = rebuild(pattern, parts) if not isinstance(pattern, Listed) else _list_of(session, pattern, parts)
    session.born(made)
    if things is not None and is_mutable(made):
        things.append(made)
    return made


def _list_of(session: Session, pattern: Listed, parts: list[Any]) -> Any:
    from ..lists.listed import make

    return make(session, pattern, parts)


def rebuild(pattern: Nest, children: list[Any]) -> Any:
    """An object like those of the pattern, with these parts."""
    like = pattern.like
    if type(like) is FunctionType:
        return _function_like(like, children)
    if type(like) is CellType:
        return CellType() if children[0] is EMPTY else CellType(children[0])
    if type(like) is MethodType:
        return MethodType(pattern.extra, *children)
    if type(like) is BuiltinMethodType:
        return getattr(children[0], pattern.extra)
    if is_text(like):
        return like._filled(children)
    if isinstance(like, BaseException):
        return errors.make(like, pattern.keys, children)
    if children_of(like) is None or is_dataclass(like):
        return instance_of(type(like), dict(zip(pattern.keys, children, strict=True)))
    return rebuild_like(like, pattern.keys, children, pattern.extra)


def _function_like(fn: FunctionType, cells: list[CellType]) -> FunctionType:
    made = FunctionType(fn.__code__, fn.__globals__, fn.__name__, fn.__defaults__, tuple(cells))
    made.__kwdefaults__, made.__qualname__, made.__module__ = fn.__kwdefaults__, fn.__qualname__, fn.__module__
    made.__dict__.update(vars(fn))
    return made


def item_of(type_: ArrayType) -> Callable[[Any], Any]:
    """From a row of a stack to the kind of number or array that was appended."""
    if type_.kind is Kind.PYTHON:
        return type_.python_type
    return np.array if type_.kind is Kind.ARRAY else (lambda x: x)


def plain(pattern: Pattern, values: Iterator[Any]) -> Any:
    """The same of plain numbers and arrays."""
    if isinstance(pattern, Leaf):
        return next(values)
    if isinstance(pattern, Either):
        number, which = next(values), next(values)
        return narrowed(number, pattern.numbers.types[which])
    if isinstance(pattern, Constant):
        return pattern.obj
    if isinstance(pattern, Choice):
        which = next(values)
        return [plain(p, values) for p in pattern.children][which]
    if isinstance(pattern, Listed):
        from ..lists.listed import plain_list

        return plain_list(pattern, [plain(part, values) for part in pattern.children])
    parts = [plain(p, values) for p in pattern.children]
    return pattern.like._written(parts) if is_text(pattern.like) else rebuild(pattern, parts)
