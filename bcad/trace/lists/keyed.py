"""Tables: dicts and sets that get keys which only a run can tell; their keys and values stand in lists of their own."""

from __future__ import annotations

import copy
import operator
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import python_type
from interpreter import evaluate

from ..operations.raises import may_be_caught
from ..regions.patterns import Leaf, Nest, Pattern
from ..regions.reach import is_gone_through
from ..regions.states import Abandon, freeze
from ..restart import Restart
from ..tracers import NumberTracer, ScalarTracer, SizeTracer
from . import keyed_steps
from .pieces import pattern_of_pieces, stack
from .strips import new

if TYPE_CHECKING:
    from ..session import Session

KINDS = (dict, defaultdict, Counter, set)


class Keyed:
    """A dict or set as two lists, in the order in which its keys came; what is done with it is done with these.

    Attributes
    ----------
    owner : dict or set
        The object itself; it is empty.
    keys, values : list
        Its own: nobody else holds them.
    is_dense : bool or traced bool
        Whether the keys are known to be 0, 1, 2... in order, so that none need be looked for.
    """

    def __init__(self, session: Session, owner: Any, key: Any, parts: int) -> None:
        self.owner = owner
        frozen = [freeze(session, x) for x in owner]
        pattern = pattern_of_pieces(session, frozen) if frozen else _pattern_of_keys(parts)
        self.keys = new(session, pattern, stack(frozen, pattern), len(frozen), key)
        self.values: list[Any] = [0] * len(owner) if isinstance(owner, set) else list(owner.values())
        self.is_dense: Any = not owner
        session.born(self.values)
        session.born(self)

    def frozen(self, keys: Any, values: Any) -> Keyed:
        """One with copies of the keys and values that there are now."""
        made = copy.copy(self)
        made.keys, made.values = keys, values
        return made


def _pattern_of_keys(parts: int) -> Pattern:
    """The form of ints, or of tuples of so many ints."""
    number = Leaf(python_type(int))
    return Nest((), tuple(range(parts)), [number] * parts, None) if parts else number


class View:
    """``dict.keys()``, ``.values()`` and ``.items()`` of a table."""

    def __init__(self, session: Session, table: Keyed, kind: str) -> None:
        self.session, self.table, self.kind = session, table, kind

    def __iter__(self) -> Any:
        raise self.session.error("the items of a dict with keys that a loop has made are used by C code",
                                 hint="make a list of them first")


# -- which ---------------------------------------------------------------------------------------------
def of(session: Session, owner: Any) -> Keyed | None:
    """What a dict or set is kept as, if its keys stand in a list."""
    found = session.keyed.get(id(owner)) if session.keyed else None
    return found if found is not None and found.owner is owner else None


def require(session: Session, owner: Any, key: Any) -> None:
    """A dict or set meets a key that differs from one iteration to the next: tracing begins again with a table for it."""
    if type(owner) not in KINDS or not _is_unknown(session, key) or id(owner) in session.keyed:
        return
    region = next((r for r in session.loops if id(owner) in r.paths), None)
    parts = _parts(key)
    if region is not None and all(_parts(other) == parts for other in owner):
        wanted = region.key, region.paths[id(owner)], parts
        if wanted not in session.lessons.keyed:
            raise Restart(keyed=frozenset((wanted,)))


def _is_unknown(session: Session, key: Any) -> bool:
    if type(key) is tuple:
        return _parts(key) is not None and any(_is_unknown(session, part) for part in key)
    return type(key) in (NumberTracer, ScalarTracer) and _parts(key) == 0 and not session.example.known(session.value(key))


def _parts(key: Any) -> int | None:
    """0 for an int, for a tuple of ints their number; None for what is no key of a table."""
    if type(key) is tuple:
        return len(key) if key and all(_parts(part) == 0 for part in key) else None
    if type(key) in (NumberTracer, ScalarTracer):
        return 0 if key._type().dtype.kind == "i" else None
    return 0 if type(key) in (int, SizeTracer) or isinstance(key, np.integer) else None


def convert(session: Session, region: Any) -> None:
    """Make the tables that a loop needs, before it is made."""
    from .buffers import resolve

    for key, path, parts in sorted(session.lessons.keyed, key=str):
        owner: Any = resolve(session, region.frame, path) if key == region.key else None
        if type(owner) in KINDS and id(owner) not in session.keyed and all(_parts(other) == parts for other in owner):
            if is_gone_through(session.frame, owner):
                raise Abandon("it changes a dict or set that is gone through")
            session.touch(session.keyed)
            session.touch(owner)
            session.keyed[id(owner)] = Keyed(session, owner, key, parts)
            owner.clear()
            session.watch(type(owner))
            session.watch(View)
            session.watch_lists()


# -- what is done with them --------------------------------------------------------------------------------
def _run(session: Session, function: Any, *args: Any) -> Any:
    return evaluate(function, args, {}, session.domain)


def _item_at_key(session: Session, table: Keyed, key: Any) -> Any:
    """``dict[key]`` of a key that has to be there: a run without it is Python's, unless the KeyError may be caught."""
    if may_be_caught(session):
        return _run(session, keyed_steps.take, table, key)
    place = _run(session, keyed_steps.find, table, key)
    absent = operator.ge(place, session.domain.length(table.keys))
    session.would_raise(absent, KeyError(key))
    return _item(session.domain.getitem(None, table.values, place), table.values, place)


def _checked(session: Session, table: Keyed, key: Any) -> Any:
    """A key that can be compared with those of a table."""
    pattern = session.virtual[id(table.keys)].pattern
    if _parts(key) != (len(pattern.children) if isinstance(pattern, Nest) else 0):
        raise Abandon("a dict has keys of several kinds, that a loop makes")
    return key


def look(session: Session, *values: Any) -> None:
    """Dicts and sets among `values` are about to be looked at by code that knows nothing of their keys."""
    for value in values:
        table = of(session, value)
        if table is not None:
            materialize(session, table)


def _is_empty(session: Session, table: Keyed) -> bool:
    """Whether it is known to have no keys yet: nothing is looked for."""
    count = session.domain.length(table.keys)
    return type(count) is int and count == 0


def _put(table: Keyed, session: Session, key: Any, value: Any) -> Any:
    """The first key."""
    _run(session, keyed_steps.append, table, key, value)
    return value


def get(session: Session, table: Keyed, key: Any) -> Any:
    """``dict[key]``."""
    return _attempt(session, table, lambda: _get_item(session, table, key))


def _attempt(session: Session, table: Keyed, action: Callable[[], Any]) -> Any:
    """Do something; where no region depends on the lists a dict that cannot do it is written out (NotImplemented)."""
    try:
        return action()
    except Abandon:
        if session.speculating:
            raise
        return materialize(session, table)


def _get_item(session: Session, table: Keyed, key: Any) -> Any:
    key = _checked(session, table, key)
    if type(table.owner) is Counter:
        return 0 if _is_empty(session, table) else _run(session, keyed_steps.get, table, key, 0)
    has_default = type(table.owner) is defaultdict and table.owner.default_factory is not None
    if _is_empty(session, table):
        if not has_default:
            raise KeyError(key)
        return _put(table, session, key, _default(table.owner.default_factory))
    if has_default:
        return _run(session, keyed_steps.get_or_set, table, key, _default(table.owner.default_factory))
    return _item_at_key(session, table, key)


def _default(factory: Any) -> Any:
    if factory not in (int, float, complex):
        raise Abandon("a dict with keys that a loop makes has a default that is no number")
    return factory()


def set_(session: Session, table: Keyed, key: Any, value: Any) -> Any:
    """``dict[key] = value``; NotImplemented: as of any other dict."""
    return _attempt(session, table, lambda: _set_item(session, table, key, value))


def _set_item(session: Session, table: Keyed, key: Any, value: Any) -> None:
    if _is_empty(session, table):
        _put(table, session, _checked(session, table, key), value)
        return
    _run(session, keyed_steps.put, table, _checked(session, table, key), value)


def has(session: Session, table: Keyed, key: Any) -> Any:
    """``key in dict``."""
    return _attempt(session, table, lambda: _has_key(session, table, key))


def _has_key(session: Session, table: Keyed, key: Any) -> Any:
    return False if _is_empty(session, table) else _run(session, keyed_steps.has, table, _checked(session, table, key))


_KEYED = frozenset("get setdefault pop add discard __contains__ __getitem__ __setitem__ __delitem__".split())


def call(session: Session, owner: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``owner.name(*args)``; NotImplemented: as of any other dict or set."""
    table = of(session, owner)
    if table is not None:
        return method(session, table, name, args, kwargs)
    if args and name in _KEYED:
        require(session, owner, args[0])
    return NotImplemented


def method(session: Session, table: Keyed, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``dict.name(*args)`` and ``set.name(*args)``; NotImplemented: as of any other dict or set."""
    return _attempt(session, table, lambda: _method(session, table, name, args, kwargs))


def _method(session: Session, table: Keyed, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if args and not kwargs:
        key, *rest = args
        is_set = isinstance(table.owner, set)
        match name, len(rest), is_set:
            case "get", 0 | 1, False if _is_empty(session, table):
                return rest[0] if rest else None
            case "setdefault", 1, False if _is_empty(session, table):
                return _put(table, session, _checked(session, table, key), *rest)
            case "add", 0, True if _is_empty(session, table):
                return _run(session, keyed_steps.append, table, _checked(session, table, key), 0)
            case "discard", 0, True if _is_empty(session, table):
                return None
            case "get", 0 | 1, False:
                return _run(session, keyed_steps.get, table, _checked(session, table, key), *(rest or [None]))
            case "setdefault", 1, False:
                return _run(session, keyed_steps.get_or_set, table, _checked(session, table, key), *rest)
            case "pop" | "__delitem__", 0, False:
                return _run(session, keyed_steps.pop, table, _checked(session, table, key))
            case "__getitem__", 0, False:
                return get(session, table, key)
            case "__setitem__", 1, False:
                return set_(session, table, key, *rest)
            case "__contains__", 0, _:
                return has(session, table, key)
            case "add", 0, True:
                return _run(session, keyed_steps.add, table, _checked(session, table, key))
            case "discard", 0, True:
                return _run(session, keyed_steps.discard, table, _checked(session, table, key))
    if not args and name in ("keys", "values", "items") and not isinstance(table.owner, set):
        return View(session, table, name)
    if not args and name == "clear":
        return _run(session, keyed_steps.clear, table)
    if not args and name == "popitem":
        return _run(session, keyed_steps.pop_last, table)
    if not args and name in ("copy", "__copy__"):
        return _copied(session, table, type(table.owner))
    if name == "update" and len(args) == 1 and type(args[0]) is dict and not kwargs and of(session, args[0]) is None:
        for key, value in args[0].items():
            _set_item(session, table, key, value)
        return None
    raise Abandon(f"{name}() of a dict or set with keys that a loop makes")


def as_dict(session: Session, given: Any) -> Any:
    """``dict(given)``; NotImplemented of anything but a dict whose keys stand in a list."""
    table = of(session, given)
    if table is None or isinstance(given, set):
        return NotImplemented
    return _attempt(session, table, lambda: _copied(session, table, dict))


def _copied(session: Session, table: Keyed, cls: Any) -> Any:
    """Another dict or set with the same keys and values."""
    made = defaultdict(table.owner.default_factory) if cls is defaultdict else cls()
    own = table.frozen(*(_run(session, list, part) for part in (table.keys, table.values)))
    own.owner = made
    for part in (made, own, own.keys, own.values):
        session.born(part)
    session.touch(session.keyed)
    session.keyed[id(made)] = own
    return made


def materialize(session: Session, table: Keyed) -> Any:
    """The dict as it was, its keys held to what they are at this call; NotImplemented: go on with it."""
    if session.speculating:
        raise Abandon("a dict with keys that a loop has made is used as a whole in it")
    count = session.decide_int(session.domain.length(table.keys), "the length of a dict")
    take = session.domain.getitem
    session.touch(session.keyed)
    session.touch(table.owner)
    del session.keyed[id(table.owner)]
    keys, values = ([_item(take(None, part, k), part, k) for k in range(count)] for part in (table.keys, table.values))
    names = [_decided(session, key) for key in keys]
    if isinstance(table.owner, set):
        table.owner.update(names)
    else:
        dict.update(table.owner, zip(names, values, strict=True))  # a Counter's own would count
    return NotImplemented


def _decided(session: Session, key: Any) -> Any:
    if type(key) is tuple:
        return tuple(_decided(session, part) for part in key)
    return session.decide_int(key, "a key of a dict")


def _item(found: Any, part: list[Any], k: Any) -> Any:
    return part[k] if found is NotImplemented else found


def keys_of(session: Session, value: Any) -> list[Any] | None:
    """The keys of a table or of a view of one; None of anything else."""
    table = value.table if type(value) is View else of(session, value)
    return None if table is None else table.keys
