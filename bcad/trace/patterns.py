"""Patterns: the common form of two states, and how a state is taken apart into Values and put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import ArrayType, Builder, Kind, Value, python_type, symbols, type_of
from interpreter import EMPTY, UNBOUND

from . import choices
from .builder import constant_of, is_constant
from .tracers import ArrayTracer, ChoiceTracer, SizeTracer, Tracer, ValueTracer
from .tree import children_of, rebuild_like

if TYPE_CHECKING:
    from .session import Session

_PLAIN = (bool, int, float, complex)
_RANK = "biufc"


class Abandon(BaseException):
    """A loop or branch cannot be kept as a region; it is undone, and unrolled or guarded instead."""


class Mismatch(Exception):
    """Two states have no common form."""


# -- frozen states: what a place holds, safe from being rolled back ----------------------------------
class Number:
    """A number or array: its Value, and the object that held it."""

    __slots__ = ("value", "obj")

    def __init__(self, value: Value, obj: Any) -> None:
        self.value = value
        self.obj = obj


class Box:
    """A container made in the part of the program that was run."""

    __slots__ = ("obj", "keys", "children", "extra")

    def __init__(self, obj: Any, keys: tuple[Any, ...], children: list[Any], extra: Any) -> None:
        self.obj, self.keys, self.children, self.extra = obj, keys, children, extra


class Same:
    """Anything else: the object itself."""

    __slots__ = ("obj",)

    def __init__(self, obj: Any) -> None:
        self.obj = obj


class Picked:
    """One of several options: which, and what each holds."""

    __slots__ = ("obj", "which", "children")

    def __init__(self, obj: ChoiceTracer, which: Value, children: list[Any]) -> None:
        self.obj, self.which, self.children = obj, which, children


Frozen = Number | Box | Same | Picked


def freeze(session: Session, obj: Any, depth: int = 6) -> Frozen:
    """What `obj` holds now, as Values of the current builder."""
    kind = type(obj)
    if kind is ChoiceTracer:
        which = Builder.current().as_value(obj._which)
        return Picked(obj, which, [freeze(session, option, depth - 1) for option in obj._options])
    if kind is Value or kind in _PLAIN or isinstance(obj, (Tracer, np.generic)):
        return _freeze_number(session, obj)
    if kind is np.ndarray and obj.dtype.kind in _RANK:
        return Number(session.value(obj), session.captures.cell(obj))
    if kind is list and id(obj) in session.virtual:
        raise Abandon("a list that a loop has made leaves it")
    if depth and kind not in (FunctionType, ModuleType) and not isinstance(obj, type):
        found = children_of(obj) or _attributes(session, obj)
        if found is not None:
            keys, children, extra = found
            return Box(obj, keys, [freeze(session, c, depth - 1) for c in children], extra)
    return Same(obj)


def _freeze_number(session: Session, obj: Any) -> Frozen:
    if isinstance(obj, np.generic) and obj.dtype.kind not in _RANK:
        return Same(obj)
    if isinstance(obj, Tracer) and not isinstance(obj, (ArrayTracer, ValueTracer, SizeTracer)):
        return Same(obj)
    return Number(obj if type(obj) is Value else session.value(obj), obj)


def _attributes(session: Session, obj: Any) -> Any:
    """The attributes of an instance made while tracing."""
    if isinstance(obj, Enum) or id(obj) in session.captures.outer or type(obj).__module__ == "builtins" or callable(obj):
        return None
    namespace = getattr(obj, "__dict__", None)
    if type(namespace) is not dict:
        return None
    return tuple(namespace), list(namespace.values()), ()


# -- patterns ------------------------------------------------------------------------------------------
class Constant:
    """The same object in all states."""

    __slots__ = ("obj",)
    leaves: tuple[ArrayType, ...] = ()

    def __init__(self, obj: Any) -> None:
        self.obj = obj


class Leaf:
    """A number or array of one type."""

    __slots__ = ("type",)

    def __init__(self, type_: ArrayType) -> None:
        self.type = type_

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (self.type,)


class Nest:
    """A container with these children, made anew."""

    __slots__ = ("like", "keys", "children", "extra")

    def __init__(self, like: Any, keys: tuple[Any, ...], children: Sequence[Any], extra: Any) -> None:
        self.like, self.keys, self.children, self.extra = like, keys, list(children), extra

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return tuple(t for child in self.children for t in child.leaves)


class Choice:
    """Now the one form, now the other; its leaves are which one, then those of all."""

    __slots__ = ("children",)

    def __init__(self, children: Sequence[Any]) -> None:
        self.children = list(children)

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (WHICH, *(t for child in self.children for t in child.leaves))


WHICH = python_type(int)
Pattern = Constant | Leaf | Nest | Choice


def pattern_of(frozen: Frozen) -> Pattern:
    """The form of one state: numbers known now are constants."""
    if isinstance(frozen, Number):
        plain = _plain(frozen)
        return Leaf(frozen.value.type) if plain is None else Constant(plain)  # type: ignore[arg-type]
    if isinstance(frozen, Box):
        return Nest(frozen.obj, frozen.keys, [pattern_of(c) for c in frozen.children], frozen.extra)
    if isinstance(frozen, Picked):
        return Choice([pattern_of(c) for c in frozen.children])
    return Constant(frozen.obj)


def _plain(frozen: Number) -> Any:
    """The number that a frozen state is, if it is one known now and no array."""
    value = frozen.value
    if is_constant(value) and getattr(value.type, "kind", None) is not Kind.ARRAY:
        return constant_of(value)
    return None


def join(session: Session, a: Pattern, b: Pattern) -> Pattern:
    """The form that both states fit.

    Raises
    ------
    Mismatch
    """
    common = _common(session, a, b)
    if common is not None:
        return common
    if not isinstance(a, Choice) and not isinstance(b, Choice) and None not in map(_as_leaf, (a, b)):
        raise Mismatch(f"{_short(a)} and {_short(b)}")
    return _choice(session, a, b)


def _common(session: Session, a: Pattern, b: Pattern) -> Pattern | None:
    """The one form that both have, or None."""
    if isinstance(a, Constant) and isinstance(b, Constant) and _equal_constants(a.obj, b.obj):
        return a
    left, right = _as_leaf(a), _as_leaf(b)
    if left is not None and right is not None:
        _require_exact(a, b, left, right)
        _require_kind(session, left, right)
        return Leaf(common_type(session, left, right))
    if isinstance(a, Nest) and isinstance(b, Nest):
        if type(a.like) is not type(b.like) or a.keys != b.keys or a.extra != b.extra:
            return None
        return Nest(a.like, a.keys, [join(session, x, y) for x, y in zip(a.children, b.children, strict=True)], a.extra)
    return None


def _choice(session: Session, a: Pattern, b: Pattern) -> Choice:
    """The options of both, in order; those that have a common form are one."""
    found: list[Pattern] = []
    for option in (x for side in (a, b) for x in (side.children if isinstance(side, Choice) else (side,))):
        if not _may_be_chosen(option):
            raise Mismatch(f"{_short(a)} and {_short(b)}")
        for k, known in enumerate(found):
            common = _common_option(session, known, option)
            if common is not None:
                found[k] = common
                break
        else:
            found.append(option)
    if len(found) > MAX_OPTIONS:
        raise Mismatch(f"{_short(a)} and {_short(b)} and others")
    return Choice(found)


def _common_option(session: Session, a: Pattern, b: Pattern) -> Pattern | None:
    """The common form of two options; what has none must be told apart by what it is."""
    try:
        return _common(session, a, b)
    except Mismatch:
        if _fits(a, b):
            raise
        return None


def _may_be_chosen(option: Pattern) -> bool:
    """Whether an object has no identity that a write could tell: numbers, arrays, tuples, None, strings, functions."""
    if isinstance(option, Nest):
        return isinstance(option.like, tuple) and all(map(_may_be_chosen, option.children))
    if isinstance(option, Constant):
        obj = option.obj
        if isinstance(obj, Tracer):
            return False
        return obj is None or obj is UNBOUND or obj is EMPTY or isinstance(obj, _CHOSEN) or _as_leaf(option) is not None
    return True


_CHOSEN = (str, bytes, type, FunctionType, np.ufunc, Enum)
MAX_OPTIONS = 8


def _require_exact(a: Pattern, b: Pattern, left: ArrayType, right: ArrayType) -> None:
    """Refuse floats of different precision, and a common type in which a Python number would be rounded."""
    if not isinstance(left, ArrayType) or not isinstance(right, ArrayType):
        return
    numpys = Kind.PYTHON not in (left.kind, right.kind)
    if numpys and left.dtype != right.dtype and left.dtype.kind == right.dtype.kind and left.dtype.kind in "fc":
        raise Mismatch(f"{left} and {right}")
    for pattern, own, other in ((a, left, right), (b, right, left)):
        if own.kind is not Kind.PYTHON or other.kind is Kind.PYTHON or other.dtype.itemsize >= own.dtype.itemsize:
            continue
        if not isinstance(pattern, Constant) or other.dtype.type(pattern.obj) != pattern.obj:
            raise Mismatch(f"{own} and {other}")


def _require_kind(session: Session, left: ArrayType, right: ArrayType) -> None:
    """Beside float32 and the like, a Python number is weak and a NumPy scalar is not: they share no variable."""
    if session.low_precision and isinstance(left, ArrayType) and isinstance(right, ArrayType):
        if (left.kind is Kind.PYTHON) != (right.kind is Kind.PYTHON):
            raise Mismatch(f"{left} and {right}")


def _equal_constants(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if type(a) in (bool, int, str, bytes):
        return bool(a == b)
    if isinstance(a, (float, complex, np.generic)):
        return np.asarray(a).tobytes() == np.asarray(b).tobytes()
    return type(a) in (slice, range) and a == b


def _as_leaf(pattern: Pattern) -> ArrayType | None:
    if isinstance(pattern, Leaf):
        return pattern.type
    if isinstance(pattern, Constant) and (type(pattern.obj) in _PLAIN or isinstance(pattern.obj, np.generic)):
        return type_of(pattern.obj)  # type: ignore[return-value]
    return None


def common_type(session: Session, a: ArrayType, b: ArrayType) -> ArrayType:
    """The type of a value that is now of the one, now of the other."""
    if a == b:
        return a
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
        raise Mismatch(f"{a} and {b}")
    if (a.kind is Kind.ARRAY) != (b.kind is Kind.ARRAY) or len(a.shape) != len(b.shape):
        raise Mismatch(f"{a} and {b}")
    if (a.dtype.kind == "b") != (b.dtype.kind == "b"):
        raise Mismatch(f"{a} and {b}")  # flags and numbers print and index differently
    for m, n in zip(a.shape, b.shape, strict=True):
        if m == n:
            continue
        inside = frozenset() if session.merging is None else session.merging.local_sizes
        if not inside.isdisjoint(symbols(m) | symbols(n)) or not session.assumptions.equal(m, n):
            raise Mismatch(f"{a} and {b} differ in size")
    dtype = np.result_type(*(_weak(t) for t in (a, b)))
    kind = a.kind if a.kind is b.kind else Kind.SCALAR
    return ArrayType(np.dtype(dtype), a.shape, kind)


def _weak(type_: ArrayType) -> Any:
    if type_.kind is not Kind.PYTHON:
        return type_.dtype
    return {"b": False, "i": 0, "f": 0.0, "c": 0j}[type_.dtype.kind]


# -- between states and values -----------------------------------------------------------------------
def values_of(frozen: Frozen, pattern: Pattern) -> Iterator[Value]:
    """The Values in a state, in the order and the types of the pattern's leaves."""
    if isinstance(pattern, Leaf):
        if not isinstance(frozen, Number):
            raise Mismatch(_short(pattern))
        yield as_type(frozen.value, pattern.type)
    elif isinstance(pattern, Nest):
        if not isinstance(frozen, Box):
            raise Mismatch(_short(pattern))
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
        if _fits(own, option):
            return k
    raise Mismatch(_short(own))


def _fits(own: Pattern, option: Pattern) -> bool:
    """Whether a state of the form `own` is of the kind that an option is."""
    if isinstance(option, Choice):
        return any(_fits(own, o) for o in option.children)
    if isinstance(own, Choice):
        return all(_fits(o, option) for o in own.children)
    left, right = _as_leaf(own), _as_leaf(option)
    if left is not None and right is not None:
        return _outline(left) == _outline(right)
    if isinstance(option, Constant):
        return isinstance(own, Constant) and _equal_constants(own.obj, option.obj)
    return isinstance(own, Nest) and isinstance(option, Nest) and type(own.like) is type(option.like) \
        and own.keys == option.keys and all(map(_fits, own.children, option.children))


def _outline(type_: Any) -> Any:
    """What tells options of numbers apart."""
    if not isinstance(type_, ArrayType):
        return type_
    return type_.kind is Kind.ARRAY, len(type_.shape), type_.dtype.kind == "b"


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
    if isinstance(pattern, Constant):
        return pattern.obj
    if isinstance(pattern, Choice):
        return _build_choice(session, pattern, values)
    children = [build(session, part, values) for part in pattern.children]
    return rebuild_like(pattern.like, pattern.keys, children, pattern.extra)


def _build_choice(session: Session, pattern: Choice, values: Iterator[Value]) -> Any:
    which = next(values)
    options = tuple(build(session, part, values) for part in pattern.children)
    return options[constant_of(which)] if is_constant(which) else ChoiceTracer(session, which, options)


def plain(pattern: Pattern, values: Iterator[Any]) -> Any:
    """The same of plain numbers and arrays."""
    if isinstance(pattern, Leaf):
        return next(values)
    if isinstance(pattern, Constant):
        return pattern.obj
    if isinstance(pattern, Choice):
        which = next(values)
        return [plain(p, values) for p in pattern.children][which]
    return rebuild_like(pattern.like, pattern.keys, [plain(p, values) for p in pattern.children], pattern.extra)


def _short(pattern: Pattern) -> str:
    if isinstance(pattern, Leaf):
        return str(pattern.type)
    if isinstance(pattern, Choice):
        return " or ".join(map(_short, pattern.children))
    what = pattern.obj if isinstance(pattern, Constant) else pattern.like
    return f"{type(what).__name__} {what!r:.40}"


