"""What effects leave behind: each object is made once for a run, so that it is shared and looked into as in Python."""

from __future__ import annotations

import dataclasses
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import ArrayType, Dim
from interpreter import EMPTY, UNBOUND, TableIterator

from ..captures.drawn import DrawnIterator
from ..captures.guards import IsObject
from ..captures.outer import MIRRORS
from ..captures.sources import Argument, Attribute, Item, Source, read
from ..captures.stored import own_attributes
from ..lists import keyed
from ..lists.virtual import VirtualList
from ..regions.blends import narrowed
from ..regions.leaves import item_of, plain
from ..tracers import ArrayTracer, ChoiceTracer, Tracer, has_traced
from ..tree import children_of, flatten, rebuild_like
from . import callables
from .frozen import varies
from .text import TextTracer, finish

if TYPE_CHECKING:
    from ..session import Session

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class that is no C code's own


class Run:
    """The numbers of one run, the objects from outside that it keeps, and what was made for it so far."""

    __slots__ = ("outputs", "kept", "made")

    def __init__(self, outputs: Sequence[Any], kept: Sequence[Any] = ()) -> None:
        self.outputs = outputs
        self.kept = kept
        self.made: dict[int, Any] = {}

    def once(self, key: int, make: Make) -> Any:
        """What `make` gives, made at the first call for this key."""
        if key not in self.made:
            self.made[key] = make(self)
        return self.made[key]


Make = Callable[[Run], Any]


class Maker:
    """Plans how objects of the traced call are made from a run's outputs.

    An object that stands at two places is one object again, an array from outside is that array, and a
    view looks into the array that it looked into.

    Parameters
    ----------
    position : callable
        Where among the outputs a tracer's Value stands.
    sees_arguments : bool
        Whether the call's arguments are at hand when a run is started.
    """

    def __init__(self, session: Session, position: Callable[[Any], int], sees_arguments: bool = True) -> None:
        self.session = session
        self.position = position
        self.sees_arguments = sees_arguments
        self.sources: list[Source] = []  # of the objects from outside that are kept
        self._plans: dict[int, tuple[Any, Make]] = {}
        self._around: list[Any] = []

    def start(self, outputs: Sequence[Any], leaves: Sequence[Any] = ()) -> Run:
        """A run whose effects begin now: where objects stand may change from here on."""
        return Run(outputs, [read(source, leaves) for source in self.sources])

    def plan(self, obj: Any) -> Make:
        """How `obj`, whose leaves may be tracers, is made."""
        known = self._plans.get(id(obj))
        if known is None:
            if any(obj is x for x in self._around):
                raise self.session.error(f"a {type(obj).__name__} that holds itself is kept", hint="keep its parts, or make it outside")
            self._around.append(obj)
            known = self._plans[id(obj)] = obj, self._planned(obj)
            self._around.pop()
        return known[1]

    def _planned(self, obj: Any) -> Make:
        kind = type(obj)
        if kind is TextTracer:
            return self._text(obj)
        if kind in MIRRORS:
            return self._outside(obj._source, obj._original)
        if kind is DrawnIterator:
            return self._outside(obj.source, obj.original)
        if kind is ChoiceTracer:
            return self._choice(obj)
        if kind is ArrayTracer:
            return self._array(obj)
        if isinstance(obj, Tracer):
            index = self.position(obj)
            return lambda run: run.outputs[index]
        if isinstance(obj, VirtualList):
            return self._rows(obj)
        table = obj if kind is keyed.Keyed else keyed.of(self.session, obj)
        if table is not None:
            return self.once(table.owner, self._keyed(table))
        if isinstance(obj, (list, deque)) and id(obj) in self.session.virtual:
            return self.once(obj, self._rows(self.session.virtual[id(obj)]))
        if isinstance(obj, (type, ModuleType)):
            return lambda run: obj
        if kind is FunctionType:
            return callables.plan(self, obj)  # type: ignore[return-value]
        captures = self.session.captures
        if id(obj) in captures.windows:
            _, original, source = captures.windows[id(obj)]
            return self._outside(source, original)
        known = captures.outer.get(id(obj))
        if known is not None and known[0] is obj:
            return self._outside(known[1], obj)
        return callables.plan(self, obj) or self._container(obj)

    def know(self, obj: Any, make: Make) -> None:
        """How `obj` is made, told before it is known how its parts are: they may hold it."""
        self._plans[id(obj)] = obj, make

    def _outside(self, source: Source, obj: Any) -> Make:
        """An object that was there before the call: the one that stands there at each call."""
        if not self.sees_arguments and _is_argument(source):
            self.session.guard(IsObject(source, obj))
            return lambda run: obj
        if source not in self.sources:
            self.sources.append(source)
        index = self.sources.index(source)
        return lambda run: run.kept[index]

    def once(self, obj: Any, make: Make) -> Make:
        """What is made at the first look in a run."""
        key = id(obj)  # `_plans` keeps it alive
        return lambda run: run.once(key, make)

    # -- containers and instances ---------------------------------------------------------------------
    def _container(self, obj: Any) -> Make:
        kind = type(obj)
        found = None if dataclasses.is_dataclass(kind) else children_of(obj)
        if found is not None:
            keys, children, extra = found
            makers = [self.plan(child) for child in children]
            return self.once(obj, lambda run: rebuild_like(obj, keys, [make(run) for make in makers], extra))
        if kind is np.ndarray and id(obj) in self.session.captures.cells:
            return self._array(self.session.captures.cell(obj))
        if kind in (set, bytearray, np.ndarray):  # made while tracing: another one at each call
            return self.once(obj, lambda run: obj.copy())
        if isinstance(obj, BaseException) and varies(self.session, obj):
            args, attributes = self.plan(obj.args), self.plan(vars(obj))
            return self.once(obj, lambda run: exception_of(kind, args(run), attributes(run)))
        if not _is_ours(obj) and _is_plain_instance(obj) and self.session.was_made(obj):
            return self._instance(obj)
        if _is_ours(obj) or isinstance(obj, Iterator) or has_traced(obj):  # C code's: it cannot be made again
            raise self.session.error(f"a {obj.__class__.__name__} that the call has made is left outside", hint="leave a list of what it gives")
        return lambda run: obj

    def _instance(self, obj: Any) -> Make:
        """An instance that was made while tracing is made again, with this run's numbers in it."""
        cls = type(obj)
        base: Any = next((base for base in (dict, list) if issubclass(cls, base)), object)
        parts = {name: self.plan(value) for name, value in own_attributes(obj).items()}
        contents = self.plan(base(obj)) if base is not object else None

        def make(run: Run) -> Any:
            made = base.__new__(cls)
            for name, part in parts.items():
                object.__setattr__(made, name, part(run))
            if contents is not None:
                (dict.update if base is dict else list.extend)(made, contents(run))
            return made

        return self.once(obj, make)

    # -- tracers --------------------------------------------------------------------------------------
    def _text(self, text: TextTracer) -> Make:
        plans = {id(part[1]): self.plan(part[1]) for part in text._parts if type(part) is not str}
        return lambda run: finish(text, lambda value: plans[id(value)](run))

    def _choice(self, leaf: ChoiceTracer) -> Make:
        """The option that this run has taken."""
        if leaf._numbers is not None:
            number = self.position(self.session.wrap(leaf._number))
            return of_kind(self.position(self.session.wrap(leaf._which)), leaf._numbers.types, lambda run: run.outputs[number])
        if any(option is UNBOUND or option is EMPTY for option in leaf._options):
            raise self.session.error("an effect stores a variable that may not be set")
        which = self.position(leaf._which)
        options = [self.plan(option) for option in leaf._options]
        return lambda run: options[int(run.outputs[which])](run)

    def _rows(self, rows: VirtualList) -> Make:
        """A list as long as the loop ran."""
        before, after = ([self.plan(x) for x in part] for part in (rows.before, rows.after))
        places = [self.position(self.session.wrap(stack)) for stack in rows.stacks]
        pattern, items = rows.pattern, rows.items if rows.container is None else rows.container
        bound = (items.maxlen,) if isinstance(items, deque) else None

        def make(run: Run) -> Any:
            columns = [list(map(item_of(t), run.outputs[p])) for p, t in zip(places, pattern.leaves, strict=True)]
            middle = [plain(pattern, iter(row)) for row in zip(*columns, strict=True)]
            found = [*(x(run) for x in before), *middle, *(x(run) for x in after)]
            return found if bound is None else deque(found, *bound)

        return make

    def _keyed(self, table: keyed.Keyed) -> Make:
        """A dict or set with the keys of the run."""
        keys, values, owner = self.plan(table.keys), self.plan(table.values), table.owner

        def make(run: Run) -> Any:
            if isinstance(owner, set):
                return set(keys(run))
            made = defaultdict(owner.default_factory) if isinstance(owner, defaultdict) else type(owner)()
            dict.update(made, zip(keys(run), values(run), strict=True))  # a Counter's own would count
            return made

        return make

    # -- arrays ---------------------------------------------------------------------------------------
    def _array(self, cell: ArrayTracer) -> Make:
        if cell._base is not None:
            return self._view(cell)
        captures = self.session.captures
        known = captures.standing_for(cell)
        if known is not None and not (isinstance(known[1], Argument) and captures.is_written(cell)):
            return self._outside(known[1], known[0])
        index = self.position(cell)
        if captures.is_copy(cell):
            return self.once(cell, lambda run: np.array(run.outputs[index]))
        return self.once(cell, lambda run: run.outputs[index])

    def _view(self, view: ArrayTracer) -> Make:
        """A look into the array that is made for the base."""
        assert view._base is not None and view._step is not None
        base, writeable = self.plan(view._base), view._writeable
        steps = [(op, [self.position(v) for v in rest], self._attributes(attrs)) for op, rest, attrs in view._step.path]

        def make(run: Run) -> Any:
            found = base(run)
            for op, rest, attributes in steps:
                found = op.evaluate(found, *(run.outputs[k] for k in rest), **attributes(run))
            if not writeable:
                found = found.view()
                found.flags.writeable = False
            return found

        return self.once(view, make)

    def _attributes(self, attrs: dict[str, Any]) -> Callable[[Run], dict[str, Any]]:
        """An op's attributes with this run's numbers for symbolic sizes."""
        sizes: dict[Dim, int] = {}

        def note(x: Any) -> None:
            if isinstance(x, Dim):
                sizes.setdefault(x, self.position(self.session.wrap(x)))
            for part in (x.start, x.stop, x.step) if isinstance(x, slice) else x if isinstance(x, (tuple, list)) else ():
                note(part)

        def filled(x: Any, run: Run) -> Any:
            if isinstance(x, Dim):
                return int(run.outputs[sizes[x]])
            if isinstance(x, slice):
                return slice(*(filled(part, run) for part in (x.start, x.stop, x.step)))
            return type(x)(filled(part, run) for part in x) if isinstance(x, (tuple, list)) else x

        for attribute in attrs.values():
            note(attribute)
        return lambda run: {name: filled(x, run) for name, x in attrs.items()} if sizes else attrs


def of_kind(which: int, types: Sequence[ArrayType], make: Make) -> Make:
    """A number as the kind that an output of the run says (text of a result has no such output)."""

    def number(run: Run) -> Any:
        made = make(run)
        return narrowed(made, types[run.outputs[which]]) if which < len(run.outputs) else made

    return number


def holds_traced(obj: Any, around: frozenset[int] = frozenset()) -> bool:
    """Whether an instance has traced attributes, also those of its attributes that are no containers of their own."""
    if id(obj) in around or isinstance(obj, (type, FunctionType, ModuleType)):
        return False
    if isinstance(obj, (dict, list)):  # of a class of its own: what it holds now is undone with the trace
        return True
    return any(
        has_traced(part) or holds_traced(part, around | {id(obj)})
        for value in own_attributes(obj).values() for part in flatten(value)[0]
    )


def _is_ours(obj: Any) -> bool:
    """Whether an object is of a trace, and of no use behind it: an iterator over traced rows, or over a dict."""
    return type(obj) is TableIterator or bool(type(obj).__module__.startswith(__package__.partition(".effects")[0]))


def exception_of(cls: Any, args: tuple[Any, ...], attributes: dict[str, Any]) -> BaseException:
    """An exception that shows what it was raised with; its own ``__init__`` is not run again."""
    made: BaseException = cls.__new__(cls, *args)
    made.args = args
    vars(made).update(attributes)
    return made


def _is_argument(source: Source) -> bool:
    while isinstance(source, (Attribute, Item)):
        source = source.parent
    return isinstance(source, Argument)


def _is_plain_instance(obj: Any) -> bool:
    """Whether all that an object holds are its attributes, and the items of a dict or list."""
    return all(cls in (object, dict, list) or cls.__flags__ & _HEAP_TYPE for cls in type(obj).__mro__)

