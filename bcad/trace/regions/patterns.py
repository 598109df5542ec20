"""Patterns: the common form of two states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import ArrayType, Kind, Size, python_type, symbols, type_of
from interpreter import EMPTY, UNBOUND

from ..builder import constant_of, is_constant
from ..tracers import Tracer
from .blends import Bounds, Numbers, grouped, has_guests, numbers_of
from .errors import CHAINED
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
    """A number or array of one type; `bounds` are those of a number, where they are known."""

    __slots__ = ("type", "bounds")

    def __init__(self, type_: ArrayType, bounds: Bounds | None = None) -> None:
        self.type = type_
        self.bounds = bounds

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (self.type,)


class Either:
    """A number of several kinds (see `blends`); its leaves are the one value for all, and which kind it is."""

    __slots__ = ("numbers", "type")

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.type = numbers.type

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (self.type, WHICH)


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
        return self.children[0].type.shape[0]


class Choice:
    """Now the one form, now the other; its leaves are which one, then those of all."""

    __slots__ = ("children",)

    def __init__(self, children: Sequence[Any]) -> None:
        self.children = list(children)

    @property
    def leaves(self) -> tuple[ArrayType, ...]:
        return (WHICH, *(t for child in self.children for t in child.leaves))


WHICH = python_type(int)
Pattern = Constant | Leaf | Either | Nest | Choice


def pattern_of(frozen: Frozen) -> Pattern:
    """The form of one state: numbers known now are constants."""
    if isinstance(frozen, Number):
        plain = _plain(frozen)
        if plain is not None:
            return Constant(plain)
        return Leaf(frozen.value.type) if frozen.numbers is None else Either(frozen.numbers)
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
    return _choice(session, a, b)


def _common(session: Session, a: Pattern, b: Pattern) -> Pattern | None:
    """The one form that both have, or None."""
    if isinstance(a, Constant) and isinstance(b, Constant) and _equal_constants(a.obj, b.obj):
        return a
    if (numbers := numbers_in(a)) is not None and (others := numbers_in(b)) is not None:
        _require_told_apart(session, numbers, others)
        found = grouped((numbers, others))
        return of_numbers(found[0]) if len(found) == 1 else None
    left, right = _as_leaf(a), _as_leaf(b)
    if left is not None and right is not None:
        return Leaf(common_type(session, left, right))
    if isinstance(a, Nest) and isinstance(b, Nest):
        if isinstance(a, Listed) or isinstance(b, Listed):
            from ..lists.listed import join_lists

            return join_lists(session, a, b)
        if not alike(a, b):
            return None
        children = [join(session, x, y) for x, y in zip(a.children, b.children, strict=True)]
        if type(a.like) in (*METHODS, FunctionType) and any(isinstance(child, Choice) for child in children):
            return None  # a method of one of several objects is one of several methods, and so with functions and their cells
        if isinstance(a.like, BaseException) and any(isinstance(child, Choice) for key, child in zip(a.keys, children, strict=True) if key in CHAINED):
            return None
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
    """The options of both, in order; those that have a common form are one, and numbers stand together as far as they can."""
    found: list[Pattern] = []
    numbers: list[Pattern] = []
    place = 0  # of the first number among the options
    for option in (*_options(a), *_options(b)):
        if numbers_in(option) is not None:
            place = place if numbers else len(found)
            numbers.append(option)
            continue
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
    found[place:place] = _together(numbers)
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


def _together(numbers: Sequence[Pattern]) -> Sequence[Pattern]:
    """Patterns of numbers in as few as they go into."""
    if all(isinstance(x, Constant) and _equal_constants(x.obj, numbers[0].obj) for x in numbers):  # type: ignore[union-attr]
        return numbers[:1]
    return [of_numbers(x) for x in grouped(x for x in map(numbers_in, numbers) if x is not None)]


def numbers_in(pattern: Pattern) -> Numbers | None:
    """What a pattern of a number may be; None for anything else."""
    if isinstance(pattern, Either):
        return pattern.numbers
    if isinstance(pattern, Constant):
        return numbers_of(pattern.obj) if _is_number(pattern.obj) else None
    if isinstance(pattern, Leaf) and isinstance(pattern.type, ArrayType) and pattern.type.kind is not Kind.ARRAY:
        return Numbers((pattern.type,), pattern.bounds)
    return None


def _require_told_apart(session: Session, *found: Numbers) -> None:
    """Refuse numbers of several dtypes in one variable where somebody makes arrays of them that have the first one's."""
    if session.kinds_matter and len({t.dtype for numbers in found for t in numbers.types}) > 1:
        raise Mismatch(f"{' and '.join(str(t) for n in found for t in n.types)}, where a dtype hangs on it")


def _is_number(obj: Any) -> bool:
    return type(obj) in _PLAIN or isinstance(obj, np.generic) and obj.dtype.kind in "biufc"


def of_numbers(numbers: Numbers) -> Pattern:
    """The pattern of such a number."""
    return Leaf(numbers.types[0], numbers.bounds) if len(numbers.types) == 1 else Either(numbers)


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
        return not any(isinstance(child, Constant) and isinstance(child.obj, Tracer) for child in _parts_of(option))
    if isinstance(option, Reference):
        return not isinstance(option.obj, Tracer)
    if isinstance(option, Constant):
        obj = option.obj
        if isinstance(obj, Tracer):
            return False
        return obj is None or obj is UNBOUND or obj is EMPTY or isinstance(obj, _CHOSEN) or _as_leaf(option) is not None
    return True


def may_be_unset(pattern: Pattern) -> bool:
    """Whether it is the form of a variable that one way has not set."""
    options = pattern.children if isinstance(pattern, Choice) else [pattern]
    return any(isinstance(option, Constant) and option.obj is UNBOUND for option in options)


def _parts_of(nest: Nest) -> Iterator[Pattern]:
    """What stands in it, and in that."""
    for child in nest.children:
        yield child
        if isinstance(child, Nest):
            yield from _parts_of(child)


_CHOSEN = (str, bytes, type, FunctionType, np.ufunc, Enum)
MAX_OPTIONS = 8


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
    return type_of(pattern.obj) if isinstance(pattern, Constant) and _is_number(pattern.obj) else None  # type: ignore[return-value]


def common_type(session: Session, a: ArrayType, b: ArrayType) -> ArrayType:
    """The type of a value that is now of the one, now of the other."""
    if a == b:
        return a
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
        raise Mismatch(f"{a} and {b}")
    if a.kind is not b.kind or len(a.shape) != len(b.shape) or a.dtype != b.dtype:
        raise Mismatch(f"{a} and {b}")  # what is written to arrays is cast to their dtype
    for m, n in zip(a.shape, b.shape, strict=True):
        if m == n:
            continue
        inside = frozenset() if session.merging is None else session.merging.local_sizes
        if not inside.isdisjoint(symbols(m) | symbols(n)) or not session.assumptions.equal(m, n):
            raise Mismatch(f"{a} and {b} differ in size")
    return ArrayType(a.dtype, a.shape, a.kind)


def fits(own: Pattern, option: Pattern) -> bool:
    """Whether a state of the form `own` is of the kind that an option is."""
    if isinstance(option, Choice):
        return any(fits(own, o) for o in option.children)
    if isinstance(own, Choice):
        return all(fits(o, option) for o in own.children)
    if not isinstance(option, Constant) and (numbers := numbers_in(own)) is not None and (others := numbers_in(option)) is not None:
        return set(numbers.types) <= set(others.types) or not has_guests(numbers.types) and (numbers.type,) == others.types  # in a list
    left, right = _as_leaf(own), _as_leaf(option)
    if left is not None and right is not None and not isinstance(option, Constant):
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
        return pattern if has_guests(pattern.numbers.types) else Leaf(pattern.type)
    if isinstance(pattern, Nest):
        if type(pattern.like) is dict:  # of the tape: what is shown is shown as what it is
            return pattern
        return type(pattern)(pattern.like, pattern.keys, list(map(of_numpy, pattern.children)), pattern.extra)
    return Choice(list(map(of_numpy, pattern.children))) if isinstance(pattern, Choice) else pattern


def _outline(type_: Any) -> Any:
    """What tells options of arrays apart."""
    return (type_.kind, len(type_.shape), type_.dtype) if isinstance(type_, ArrayType) else type_


_TOLD = (type(None), bool, int, float, complex, str, bytes, type, FunctionType, np.generic, type(UNBOUND), type(EMPTY))


def describe(pattern: Pattern) -> str:
    """What a reason says of it: nothing that asks a traced value, or one in a container, for its text."""
    if isinstance(pattern, Leaf):
        return str(pattern.type)
    if isinstance(pattern, Either):
        return " or ".join(map(str, pattern.numbers.types))
    if isinstance(pattern, Choice):
        return " or ".join(map(describe, pattern.children))
    what = pattern.obj if isinstance(pattern, Constant) else pattern.like
    kind = type(what)
    if issubclass(kind, Tracer):
        return f"{kind.__name__} of {what._what()}"
    return f"{kind.__name__} {what!r:.40}" if issubclass(kind, _TOLD) else kind.__name__
