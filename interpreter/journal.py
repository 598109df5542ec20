"""Journal: remembers the contents of objects before interpreted code changes them, to undo it."""
from __future__ import annotations

import operator
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from operator import length_hint
from threading import local
from types import (
    CellType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from .errors import Unsupported
from .lookup import forget
from .thread import current_thread

EMPTY = type("EmptyType", (), {"__repr__": lambda self: "EMPTY", "__slots__": ()})()

_FUNCTION_STATE = ("__code__", "__defaults__", "__kwdefaults__", "__name__", "__qualname__",
                   "__module__", "__doc__")


class Snapshot:
    """What one object held when it was first touched.

    Attributes
    ----------
    obj : object
        The object itself.
    contents : object
        A copy of its items (list, dict, set, deque, bytearray, ndarray), the value of a cell
        (`EMPTY` if it had none), the state of an iterator; None if the object has no items.
    attributes : dict or None
        Its own attributes, slots included.
    """

    __slots__ = ("obj", "contents", "attributes", "_restore")

    def __init__(self, obj: Any) -> None:
        self.obj = obj
        self.contents, self._restore = _copy_contents(obj)
        self.attributes = _copy_attributes(obj)

    def restore(self) -> None:
        """Put everything back in place."""
        if self._restore is not None:
            self._restore(self.obj, self.contents)
        if self.attributes is not None:
            _restore_attributes(self.obj, self.attributes)

ACTIVE: list[Journal] = []          # of all threads: generated code asks whether there is any
MUTABLE = frozenset((list, dict, set, OrderedDict, defaultdict, deque))


class Journal:
    """Snapshots of everything written while it is the thread's innermost journal.

    Use as a context manager; leaving it without `commit` rolls back. Journals nest.

    Examples
    --------
    >>> things = [1]
    >>> with Journal() as journal:
    ...     journal.touch(things)
    ...     things.append(2)
    >>> things
    [1]
    """

    def __init__(self) -> None:
        self._snapshots: dict[int, Snapshot] = {}
        self._born: dict[int, Any] = {}
        self._generators: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self._suspended: WeakSet[Any] = WeakSet()       # the frames of these generators
        self.outer: Journal | None = None

    def __enter__(self) -> Journal:
        thread = current_thread()
        self.outer = thread.journal
        thread.journal = self
        ACTIVE.append(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        ACTIVE.remove(self)
        current_thread().journal = self.outer
        self.rollback()

    def touch(self, obj: Any) -> None:
        """Remember `obj` as it is now, unless that was done before."""
        key = id(obj)
        if key not in self._snapshots and not self.knows(obj):
            self._snapshots[key] = Snapshot(obj)

    def rollback(self) -> None:
        """Restore every touched object in place, the newest first; generators never go on."""
        for snapshot in reversed(self._snapshots.values()):
            snapshot.restore()
        self._snapshots.clear()
        for frame in self._suspended:
            frame.abandoned = True
        for made in self._generators.values():
            if type(made) is CoroutineType:
                made.close()            # so that nobody complains that it was never awaited

    def commit(self) -> None:
        """Keep the writes; an enclosing journal takes the snapshots it does not have."""
        if self.outer is not None:
            for key, snapshot in self._snapshots.items():
                if not self.outer.knows(snapshot.obj):
                    self.outer._snapshots.setdefault(key, snapshot)
            self.outer._born.update(self._born)
            self.outer._generators.update(self._generators)
            self.outer._suspended.update(self._suspended)
        self._snapshots.clear()
        self._suspended.clear()

    def written(self) -> Iterator[tuple[Any, Snapshot]]:
        """The touched objects with what they held before, in the order of the first write."""
        for snapshot in list(self._snapshots.values()):
            yield snapshot.obj, snapshot

    def before(self, obj: Any) -> Snapshot | None:
        """What `obj` held when it was touched; None if it was not."""
        return self._snapshots.get(id(obj))

    # What was made inside is nobody else's: it need not be put back (most iterators cannot be).
    def born(self, obj: Any) -> None:
        """Note that an iterator, a container or an instance was made under this journal."""
        self._born[id(obj)] = obj

    def suspended(self, generator: Any, frame: Any) -> None:
        """Note that a generator was made under this journal; it dies as soon as it would without."""
        self._generators[id(generator)] = generator
        self._suspended.add(frame)

    def knows(self, iterator: Any) -> bool:
        """Whether it was made under this journal, so that nobody misses it after a rollback."""
        return id(iterator) in self._born or id(iterator) in self._generators

    def owner(self, frame: Any) -> Journal | None:
        """The journal, this one or one around it, that the frame of a generator was made under."""
        journal: Journal | None = self
        while journal is not None and frame not in journal._suspended:
            journal = journal.outer
        return journal

    def advance(self, iterator: Any, one: bool = False) -> None:
        """About to take `one` item, or all, from a native iterator.

        Raises
        ------
        Unsupported
            If it comes from outside and could not be set back: CPython's iterators forget what
            they iterate over when they are exhausted.
        """
        if self.knows(iterator):
            return
        if type(iterator) is GeneratorType:
            if self.outer is not None:
                self.outer.advance(iterator, one)
                return
            raise Unsupported("advancing a generator from outside cannot be undone", hint="make the generator where it is used up")
        if not one or type(iterator) not in _RESTARTABLE or _is_at_its_end(iterator):
            raise Unsupported(f"advancing a {type(iterator).__name__} cannot be undone",
                              hint="make the iterator where it is used up")
        self.touch(iterator)


# --- contents -----------------------------------------------------------------------------------
def born(frame: Any, obj: Any) -> None:
    """Tell the journal, if there is one, that `obj` is new."""
    journal = frame.thread.journal
    if journal is not None:
        journal.born(obj)


def _restore_list(obj: list, old: list) -> None:
    list.__setitem__(obj, slice(None), old)


# What is to be put back may be iterated over: where keys and lengths have stayed, iterators must go on as before.
def _restore_dict(obj: dict, old: dict) -> None:
    if not _has_keys(dict.__iter__(obj), dict.__len__(obj), old):
        dict.clear(obj)
    dict.update(obj, old)


def _restore_ordered(obj: OrderedDict, old: dict) -> None:
    if not _has_keys(OrderedDict.__iter__(obj), dict.__len__(obj), old):
        OrderedDict.clear(obj)                  # dict's own method would leave its order as it is
    for key, value in old.items():
        OrderedDict.__setitem__(obj, key, value)


def _has_keys(keys: Iterator[Any], count: int, old: dict) -> bool:
    """Whether a dict has the very keys of `old`, in their order."""
    return count == len(old) and all(map(operator.is_, keys, old))


def _restore_set(obj: set, old: set) -> None:
    if set.__len__(obj) != len(old) or not set.issuperset(obj, old):
        set.clear(obj)
        set.update(obj, old)


def _restore_deque(obj: deque, old: deque) -> None:
    if deque.__len__(obj) != len(old):
        deque.clear(obj)
        deque.extend(obj, old)
        return
    for k, (now, before) in enumerate(zip(list(deque.__iter__(obj)), old, strict=True)):
        if now is not before:
            deque.__setitem__(obj, k, before)


def _restore_bytearray(obj: bytearray, old: bytearray) -> None:
    bytearray.__setitem__(obj, slice(None), old)


def _restore_cell(cell: CellType, old: Any) -> None:
    if old is not EMPTY:
        cell.cell_contents = old
    elif cell_value(cell) is not EMPTY:
        del cell.cell_contents


def _restore_function(fn: FunctionType, old: dict[str, Any]) -> None:
    for name, value in old.items():
        setattr(fn, name, value)


def _restore_array(array: Any, old: Any) -> None:
    if array.shape != old.shape:
        array.resize(old.shape, refcheck=False)
    array[...] = old


def _restore_iterator(iterator: Any, state: Any) -> None:
    if state is not None:
        iterator.__setstate__(state)


def _restore_class(cls: type, old: dict[str, Any]) -> None:
    forget()
    now = dict(vars(cls))
    for name in now.keys() - old.keys():
        type.__delattr__(cls, name)
    for name, value in old.items():
        if name not in now or now[name] is not value:
            type.__setattr__(cls, name, value)


def cell_value(cell: CellType) -> Any:
    """What a cell holds, or EMPTY."""
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY


_CONTENTS: list[tuple[type, Callable[[Any], Any], Callable[[Any, Any], None]]] = [
    (list, lambda obj: list.copy(obj), _restore_list),
    (OrderedDict, lambda obj: dict(OrderedDict.items(obj)), _restore_ordered),
    (dict, lambda obj: dict(dict.items(obj)), _restore_dict),
    (set, lambda obj: set.copy(obj), _restore_set),
    (deque, lambda obj: deque(deque.__iter__(obj)), _restore_deque),
    (bytearray, lambda obj: bytearray(obj), _restore_bytearray),
    (CellType, cell_value, _restore_cell),
    (FunctionType, lambda fn: {n: getattr(fn, n) for n in _FUNCTION_STATE}, _restore_function),
    (type, lambda cls: dict(vars(cls)), _restore_class),
]
_NATIVE: tuple[Any, ...] = ([], (), range(0), range(1 << 70), b"", "", "é", bytearray())
_RESTARTABLE = tuple(type(iter(x)) for x in _NATIVE)


def _copy_contents(obj: Any) -> tuple[Any, Callable[[Any, Any], None] | None]:
    cls = type(obj)         # what it is, not what its __class__ says
    for kind, copy, restore in _CONTENTS:
        if issubclass(cls, kind):
            return copy(obj), restore
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(cls, numpy.ndarray):
        return numpy.array(obj, copy=True, subok=False), _restore_array
    if issubclass(cls, Iterator) and type(cls.__next__) is not FunctionType:
        return _iterator_state(obj), _restore_iterator
    return None, None


def _is_at_its_end(iterator: Iterator) -> bool:
    """The next step would make it forget; one that has forgotten already stays as it is."""
    return length_hint(iterator) == 0 and len(iterator.__reduce__()) > 2


def _iterator_state(iterator: Iterator) -> Any:
    if type(iterator) not in _RESTARTABLE:
        raise Unsupported(f"advancing a {type(iterator).__name__} cannot be undone",
                          hint="make the iterator where it is used up")
    state = iterator.__reduce__()
    return state[2] if len(state) > 2 else None         # None: exhausted, and stays so


# --- attributes ---------------------------------------------------------------------------------
def _slot_descriptors(cls: type) -> Iterator[tuple[str, Any]]:
    for base in cls.__mro__:
        if not base.__flags__ & (1 << 9):       # only heap types have __slots__
            continue
        for name, value in vars(base).items():
            if isinstance(value, MemberDescriptorType):
                yield name, value


def _instance_dict(obj: Any) -> dict | None:
    if isinstance(obj, type):
        return None                             # a class's namespace is its contents
    if isinstance(obj, ModuleType):
        return vars(ModuleType)["__dict__"].__get__(obj)
    if isinstance(obj, local):                  # this thread's
        return local.__getattribute__(obj, "__dict__")
    for base in type(obj).__mro__:
        found = vars(base).get("__dict__")
        if isinstance(found, (GetSetDescriptorType, MemberDescriptorType)):
            return found.__get__(obj)
    return None


def _copy_attributes(obj: Any) -> dict[str, Any] | None:
    namespace = _instance_dict(obj)
    result: dict[str, Any] = {} if namespace is None else dict(namespace)
    slots = False
    for name, descriptor in _slot_descriptors(type(obj)):
        slots = True
        result[name] = _slot(obj, descriptor)
    return result if slots or namespace is not None else None


def _slot(obj: Any, descriptor: Any) -> Any:
    """What stands in a slot; `EMPTY` if nothing does."""
    try:
        return descriptor.__get__(obj)
    except AttributeError:
        return EMPTY


def _restore_attributes(obj: Any, old: dict[str, Any]) -> None:
    slots = dict(_slot_descriptors(type(obj)))
    for name, descriptor in slots.items():
        before, now = old.get(name, EMPTY), _slot(obj, descriptor)
        if before is now:
            continue                            # also one that is read-only, of a class made in C
        if before is EMPTY:
            descriptor.__delete__(obj)
        else:
            descriptor.__set__(obj, before)
    namespace = _instance_dict(obj)
    if namespace is not None:
        _restore_dict(namespace, {k: v for k, v in old.items() if k not in slots})
