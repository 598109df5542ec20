"""Leaves: how a state is taken apart into the Values of a pattern, and how an object is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import ArrayType, Builder, Kind, Value

from . import choices
from .builder import constant_of, is_constant
from .kinds import as_python
from .patterns import Choice, Constant, Either, Leaf, Mismatch, Nest, Pattern, describe, fits, pattern_of
from .states import Box, Frozen, Number, Picked
from .tracers import ChoiceTracer, ScalarTracer
from .tree import rebuild_like

if TYPE_CHECKING:
    from .session import Session


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
        known = frozen.value.type.kind is Kind.PYTHON  # type: ignore[union-attr]
        yield Builder.current().as_value(known if frozen.python is None else frozen.python)
    elif isinstance(pattern, Nest):
        if not isinstance(frozen, Box):
            raise Mismatch(describe(pattern))
        for child, part in zip(frozen.children, pattern.children, strict=True):
            yield from values_of(child, part)
    elif isinstance(pattern, Choice):
        yield from _values_of_choice(frozen, pattern)


def _values_of_choice(frozen: Frozen, pattern: Choice) -> Iterator[Value]:
    """Which option a state is, and its Values in their places; zeros in those of the others."""
    if isinstance(frozen, Picked):
        places = [_place_of(child, pattern) for child in frozen.children]
        states = dict(zip(places, frozen.children, strict=True))
        if len(states) < len(places):
            raise Mismatch("two options of a choice have become one")
        yield choices.renumbered(frozen.which, places)
    else:
        place = _place_of(frozen, pattern)
        states = {place: frozen}
        yield choices.which(place)
    for k, option in enumerate(pattern.children):
        yield from values_of(states[k], option) if k in states else fillers(option)


def _place_of(frozen: Frozen, pattern: Choice) -> int:
    """The first option that a state fits."""
    own = pattern_of(frozen)
    for k, option in enumerate(pattern.children):
        if fits(own, option):
            return k
    raise Mismatch(describe(own))


def as_type(value: Value, type_: ArrayType) -> Value:
    """`value` cast to a wider type."""
    if value.type == type_:
        return Builder.current().as_value(value)
    if type_.kind is Kind.ARRAY:
        return value if value.dtype == type_.dtype else ops.BY_NAME["astype"](value, dtype=type_.dtype)  # type: ignore
    return ops.BY_NAME["as_kind"](value, kind=type_.kind, dtype=type_.dtype)  # type: ignore[no-any-return]


def fillers(pattern: Pattern) -> Iterator[Value]:
    """Zeros in place of a state that nothing reads."""
    builder = Builder.current()
    for type_ in pattern.leaves:
        if type_.kind is Kind.ARRAY:
            yield ops.BY_NAME["full"](type_.dtype.type(0), shape=type_.shape, dtype=type_.dtype)
        elif type_.kind is Kind.PYTHON:
            yield builder.constant(type_.python_type(0))
        else:
            yield builder.constant(type_.dtype.type(0))


def build(session: Session, pattern: Pattern, values: Iterator[Value]) -> Any:
    """An object of the pattern's form that holds `values`."""
    if isinstance(pattern, Leaf):
        return session.wrap(next(values))
    if isinstance(pattern, Either):
        return _build_either(session, next(values), next(values))
    if isinstance(pattern, Constant):
        return pattern.obj
    if isinstance(pattern, Choice):
        return _build_choice(session, pattern, values)
    children = [build(session, part, values) for part in pattern.children]
    return rebuild_like(pattern.like, pattern.keys, children, pattern.extra)


def _build_either(session: Session, number: Value, flag: Value) -> Any:
    if is_constant(flag):
        return session.wrap(as_python(number) if constant_of(flag) else number)
    made = session.wrap(number)
    return ScalarTracer(session, number, flag) if type(made) is ScalarTracer else made


def _build_choice(session: Session, pattern: Choice, values: Iterator[Value]) -> Any:
    which = next(values)
    options = tuple(build(session, part, values) for part in pattern.children)
    return options[constant_of(which)] if is_constant(which) else ChoiceTracer(session, which, options)


def plain(pattern: Pattern, values: Iterator[Any]) -> Any:
    """The same of plain numbers and arrays."""
    if isinstance(pattern, Leaf):
        return next(values)
    if isinstance(pattern, Either):
        number, flag = next(values), next(values)
        return number.item() if flag else number
    if isinstance(pattern, Constant):
        return pattern.obj
    if isinstance(pattern, Choice):
        which = next(values)
        return [plain(p, values) for p in pattern.children][which]
    return rebuild_like(pattern.like, pattern.keys, [plain(p, values) for p in pattern.children], pattern.extra)
