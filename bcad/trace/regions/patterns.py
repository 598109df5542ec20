"""Patterns: the common form of two states."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import ArrayType, Kind, Size, python_type, symbols, type_of
from interpreter import EMPTY, UNBOUND

from ..builder import constant_of, is_constant
from ..tracers import Tracer
from .states import METHODS, Box, Frozen, Layout, Number, Picked, There

if TYPE_CHECKING:
    from ..session import Session

_PLAIN = (bool, int, float, complex)


class Mismatch(Exception):
    """Two states have no common form."""


class OtherLength(Mismatch):
    """Two lists differ in nothing but their lengths; `item` is the form of their items."""

    def __init__(self, message: str, item: Pattern) -> None:
        super().__init__(message)
        self.item = item


class Constant:
    """The same object in all states."""

    __slots__ = ("obj",)
    leaves: tuple[ArrayType, ...] = ()

    def __init__(self, obj: Any) -> None:
        self.obj = obj


class Reference(Constant):
    """An object that was there before and may be written to; `state` is what it holds, where that is known."""

    __slots__ = ("state",)

    def __init__(self, obj: Any, state: There | None) -> None:
        super().__init__(obj)
        self.state = state


class Leaf:
    """A number or array of one type."""

    __slots__ = ("type",)

    def __init__(self, type_: ArrayType) -> None:
        self.type = type_

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (self.type,)


class Either:
    """A number of one type that may be Python's own; its leaves are NumPy's scalar, and whether it is."""

    __slots__ = ("type",)

    def __init__(self, type_: ArrayType) -> None:
        self.type = type_

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (self.type, FLAG)


class Nest:
    """A container with these children, made anew."""

    __slots__ = ("like", "keys", "children", "extra")

    def __init__(self, like: Any, keys: tuple[Any, ...], children: Sequence[Any], extra: Any) -> None:
        self.like, self.keys, self.children, self.extra = like, keys, list(children), extra

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return tuple(t for child in self.children for t in child.leaves)


class Listed(Nest):
    """A list or deque whose items stand in arrays: its children are these, and unless they are full where and how many."""

    __slots__ = ()
    extra: Layout

    @property
    def item(self) -> Any:
        """The form of an item."""
        return self.extra.item

    @property
    def rows(self) -> Size:
        """The length of the arrays."""
        return self.children[0].type.shape[0]  # type: ignore[no-any-return]


class Choice:
    """Now the one form, now the other; its leaves are which one, then those of all."""

    __slots__ = ("children",)

    def __init__(self, children: Sequence[Any]) -> None:
        self.children = list(children)

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (WHICH, *(t for child in self.children for t in child.leaves))


WHICH = python_type(int)
FLAG = python_type(bool)
Pattern = Constant | Leaf | Either | Nest | Choice


def pattern_of(frozen: Frozen) -> Pattern:
    """The form of one state: numbers known now are constants."""
    if isinstance(frozen, Number):
        plain = _plain(frozen)
        if plain is not None:
            return Constant(plain)
        return (Leaf if frozen.python is None else Either)(frozen.value.type)  # type: ignore[arg-type]
    if isinstance(frozen, There):
        return Reference(frozen.obj, frozen)
    if isinstance(frozen, Box):
        return nest_of(frozen)
    if isinstance(frozen, Picked):
        return Choice([pattern_of(c) for c in frozen.children])
    return Reference(frozen.obj, None) if frozen.there else Constant(frozen.obj)


def opened(pattern: Pattern) -> Pattern:
    """A pattern of copies in place of a reference to an object."""
    return nest_of(pattern.state) if isinstance(pattern, Reference) and pattern.state is not None else pattern


def nest_of(state: Box) -> Nest:
    """The form of a container with the parts of a state."""
    kind = Listed if type(state.extra) is Layout else Nest
    return kind(state.obj, state.keys, [pattern_of(c) for c in state.children], state.extra)


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
    if session.merging is None and any(isinstance(option, Nest) for option in (*_options(a), *_options(b))):
        a, b = _as_copies(session, a), _as_copies(session, b)
        common = _common(session, a, b)
        if common is not None:
            return common
    if not isinstance(a, Choice) and not isinstance(b, Choice) and None not in map(_as_leaf, (a, b)):
        raise Mismatch(f"{describe(a)} and {describe(b)}")
    return _choice(session, a, b)


def _common(session: Session, a: Pattern, b: Pattern) -> Pattern | None:
    """The one form that both have, or None."""
    if isinstance(a, Constant) and isinstance(b, Constant) and _equal_constants(a.obj, b.obj):
        return a
    left, right = _as_leaf(a), _as_leaf(b)
    if left is not None and right is not None:
        _require_exact(a, b, left, right)
        _require_kind(session, left, right)
        type_ = common_type(session, left, right)
        mixed = isinstance(a, Either) or isinstance(b, Either) or (left != right and left.kind is not right.kind)
        return Either(type_) if mixed else Leaf(type_)
    if isinstance(a, Nest) and isinstance(b, Nest):
        if isinstance(a, Listed) or isinstance(b, Listed):
            from ..lists.listed import join_lists

            return join_lists(session, a, b)
        if not alike(a, b):
            return None
        children = [join(session, x, y) for x, y in zip(a.children, b.children, strict=True)]
        if type(a.like) in (*METHODS, FunctionType) and any(isinstance(child, Choice) for child in children):
            return None  # a method of one of several objects is one of several methods, and so with functions and their cells
        return Nest(a.like, a.keys, children, a.extra)
    return None


def _options(pattern: Pattern) -> Sequence[Pattern]:
    return pattern.children if isinstance(pattern, Choice) else (pattern,)


def _as_copies(session: Session, pattern: Pattern) -> Pattern:
    """What a loop makes anew in some iteration is a copy in all: a choice of alike objects is one object."""
    first, *others = map(opened, _options(pattern))
    found: Pattern | None = first
    for option in others:
        found = _common(session, found, option) if isinstance(found, Nest) and isinstance(option, Nest) else None
    return Choice([first, *others]) if found is None else found


def _choice(session: Session, a: Pattern, b: Pattern) -> Choice:
    """The options of both, in order; those that have a common form are one."""
    found: list[Pattern] = []
    for option in (*_options(a), *_options(b)):
        if not _may_be_chosen(option):
            raise Mismatch(f"{describe(a)} and {describe(b)}")
        for k, known in enumerate(found):
            common = _common_option(session, known, option)
            if common is not None:
                found[k] = common
                break
        else:
            found.append(option)
            _require_few_lengths(session, found)
    if len(found) > MAX_OPTIONS:
        raise Mismatch(f"{describe(a)} and {describe(b)} and others")
    return Choice(found)


def _require_few_lengths(session: Session, options: list[Pattern]) -> None:
    """A list that has another length again and again is no choice of lists."""
    lists = [x for x in options if isinstance(x, Nest) and type(x.like) is list and x.children]
    if len(lists) > 2:
        from ..lists.listed import item_of_all

        item = item_of_all(session, lists)
        if item is not None:
            raise OtherLength("a list of another length in each iteration", item)


def _common_option(session: Session, a: Pattern, b: Pattern) -> Pattern | None:
    """The common form of two options; what has none must be told apart by what it is."""
    try:
        return _common(session, a, b)
    except Mismatch:
        if fits(a, b):
            raise
        return None


def _may_be_chosen(option: Pattern) -> bool:
    """Whether an option is known to be the object that it is, or is made anew."""
    if isinstance(option, Nest):
        return True
    if isinstance(option, Reference):
        return not isinstance(option.obj, Tracer)
    if isinstance(option, Constant):
        obj = option.obj
        if isinstance(obj, Tracer):
            return False
        return obj is None or obj is UNBOUND or obj is EMPTY or isinstance(obj, _CHOSEN) or _as_leaf(option) is not None
    return True


_CHOSEN = (str, bytes, type, FunctionType, np.ufunc, Enum)
MAX_OPTIONS = 8


def _require_exact(a: Pattern, b: Pattern, left: ArrayType, right: ArrayType) -> None:
    """Refuse numbers of one kind and different precision, and a common type in which a Python number would be rounded."""
    if not isinstance(left, ArrayType) or not isinstance(right, ArrayType):
        return
    numpys = Kind.PYTHON not in (left.kind, right.kind)
    if numpys and left.dtype != right.dtype and left.dtype.kind == right.dtype.kind:
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
    if isinstance(pattern, (Leaf, Either)):
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
    if a.kind is Kind.ARRAY and a.dtype != b.dtype:
        raise Mismatch(f"{a} and {b}")  # what is written to them is cast to another dtype
    if (a.dtype.kind == "b") != (b.dtype.kind == "b"):
        raise Mismatch(f"{a} and {b}")  # flags and numbers print and index differently
    if session.kinds_matter and a.dtype.kind != b.dtype.kind:
        raise Mismatch(f"{a} and {b}, where a dtype hangs on it")
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


def fits(own: Pattern, option: Pattern) -> bool:
    """Whether a state of the form `own` is of the kind that an option is."""
    if isinstance(option, Choice):
        return any(fits(own, o) for o in option.children)
    if isinstance(own, Choice):
        return all(fits(o, option) for o in own.children)
    left, right = _as_leaf(own), _as_leaf(option)
    if left is not None and right is not None:
        return _outline(left) == _outline(right)
    if isinstance(option, Constant):
        return isinstance(own, Constant) and _equal_constants(own.obj, option.obj)
    if isinstance(option, Nest):
        own = opened(own)
    if isinstance(own, Listed) or isinstance(option, Listed):
        from ..lists.listed import is_such_a_list

        return is_such_a_list(own, option)
    return isinstance(own, Nest) and isinstance(option, Nest) and alike(own, option) \
        and all(map(fits, own.children, option.children))


def option_for(state: Frozen, pattern: Choice) -> Pattern | None:
    """The first option that a state fits."""
    own = pattern_of(state)
    exact = [option for option in pattern.children if isinstance(option, Reference) and option.obj is getattr(own, "obj", None)]
    return next((option for option in (*exact, *pattern.children) if fits(own, option)), None)


def alike(a: Nest, b: Nest) -> bool:
    """Whether two containers or instances differ in their parts alone."""
    return type(a.like) is type(b.like) and a.keys == b.keys and a.extra == b.extra


def join_items(session: Session, a: Pattern, b: Pattern) -> Pattern:
    """The form that items of one list have: they stand in arrays."""
    try:
        return of_numpy(join(session, a, b))
    except Mismatch:
        if not _are_number_and_array(a, b):
            raise
        return of_numpy(_choice(session, a, b))


def _are_number_and_array(a: Pattern, b: Pattern) -> bool:
    """Whether one of two forms has numbers in it, the other arrays (``[0] * n`` that is filled with arrays)."""
    ranks = [{len(leaf.shape) > 0 for leaf in map(_as_leaf, _options(x)) if isinstance(leaf, ArrayType)} for x in (a, b)]
    return all(ranks) and ranks[0] != ranks[1]


def of_numpy(pattern: Pattern) -> Pattern:
    """The same form with NumPy's numbers where they may be Python's: how they are kept in arrays."""
    if isinstance(pattern, Either):
        return Leaf(pattern.type)
    if isinstance(pattern, Nest):
        return type(pattern)(pattern.like, pattern.keys, list(map(of_numpy, pattern.children)), pattern.extra)
    return Choice(list(map(of_numpy, pattern.children))) if isinstance(pattern, Choice) else pattern


def _outline(type_: Any) -> Any:
    """What tells options of numbers apart."""
    if not isinstance(type_, ArrayType):
        return type_
    return type_.kind is Kind.ARRAY, len(type_.shape), type_.dtype.kind == "b"


def describe(pattern: Pattern) -> str:
    if isinstance(pattern, (Leaf, Either)):
        return str(pattern.type)
    if isinstance(pattern, Choice):
        return " or ".join(map(describe, pattern.children))
    what = pattern.obj if isinstance(pattern, Constant) else pattern.like
    return f"{type(what).__name__} {what!r:.40}"
