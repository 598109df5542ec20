"""Effects: what a call does besides giving a result, done after each run with plain numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Kind, Literal, Value
from interpreter import EMPTY, UNBOUND

from .active import current_session
from .choices import decide
from .guards import IsObject
from .leaves import plain
from .outer import MIRRORS
from .sources import Source, owner_of, read, write
from .stored import namespace_of_instance
from .text import TextTracer, finish
from .tracers import ArrayTracer, ChoiceTracer, Tracer, has_traced
from .tree import children_of, flatten, rebuild_like
from .virtual import VirtualList

if TYPE_CHECKING:
    from .session import Session


class Plan:
    """How to make a plain object from a run's outputs.

    Parameters
    ----------
    obj : object
        A nest whose leaves may be tracers.
    position : callable
        Where among the outputs a tracer's Value stands.
    result : bool
        Whether it is a result: plain numbers in it are outputs too, so that each has a derivative.
    """

    def __init__(self, obj: Any, position: Callable[[Any], int], result: bool = False) -> None:
        obj = with_middles(obj)
        leaves, self.tree = flatten(obj)
        make = _result_maker if result else _maker
        self.makers = [make(leaf, position) for leaf in leaves]
        self.is_static = not any(isinstance(leaf, (Tracer, VirtualList)) or _holds_traced(leaf) for leaf in leaves)
        self._obj = obj

    def build(self, outputs: Sequence[Any]) -> Any:
        """The object with this run's numbers."""
        if self.tree.cls is None:
            return self._obj if self.is_static else self.makers[0](outputs)
        return self.tree.unflatten([make(outputs) for make in self.makers])


def is_plain_number(leaf: Any) -> bool:
    """Whether a leaf of a result is a number that the trace knows."""
    return type(leaf) in (bool, int, float, complex) or (
        issubclass(type(leaf), np.generic) and leaf.dtype.kind in "biufc"
    )


def _choice_maker(leaf: ChoiceTracer, position: Callable[[Any], int]) -> Callable[[Sequence[Any]], Any]:
    """The option that this run has taken."""
    if any(option is UNBOUND or option is EMPTY for option in leaf._options):
        raise leaf._session.error("an effect stores a variable that may not be set")
    which = position(leaf._which)
    options = [Plan(option, position) for option in leaf._options]
    return lambda outputs: options[int(outputs[which])].build(outputs)


def _result_maker(leaf: Any, position: Callable[[Any], int]) -> Callable[[Sequence[Any]], Any]:
    if type(leaf) is ChoiceTracer:  # whose derivative is asked for must be one thing
        leaf = decide(leaf._session, leaf)
    if is_plain_number(leaf):
        position(leaf)
        return lambda outputs: leaf
    return _maker(leaf, position)


def _maker(leaf: Any, position: Callable[[Tracer], int]) -> Callable[[Sequence[Any]], Any]:
    if isinstance(leaf, TextTracer):
        plans: dict[int, Plan] = {}
        _plan_text(leaf, position, plans)
        return lambda outputs: finish(leaf, lambda value: plans[id(value)].build(outputs))
    if isinstance(leaf, VirtualList):
        return _rows_maker(leaf, position)
    if type(leaf) in MIRRORS:
        leaf._session.guard(IsObject(leaf._source, leaf._original))
        return lambda outputs: leaf._original
    if type(leaf) is ChoiceTracer:
        return _choice_maker(leaf, position)
    if isinstance(leaf, Tracer):
        index = position(leaf)
        if isinstance(leaf, ArrayTracer) and leaf._session.captures.is_copy(leaf):
            return lambda outputs: np.array(outputs[index])
        return lambda outputs: outputs[index]
    if _holds_traced(leaf):
        return _instance_maker(leaf, position)
    session = current_session()
    known = session.captures.outer.get(id(leaf)) if session is not None else None
    if known is not None and session is not None and known[0] is leaf:  # another object there is kept instead
        session.guard(IsObject(known[1], leaf))
    return lambda outputs: leaf


def _holds_traced(leaf: Any, around: frozenset[int] = frozenset()) -> bool:
    """Whether an instance that was made while tracing has traced attributes, also those of its attributes."""
    session = current_session()
    if session is None or isinstance(leaf, (Tracer, type, FunctionType, ModuleType)) or type(leaf) in MIRRORS:
        return False
    if id(leaf) in around or id(leaf) in session.captures.outer:
        return False
    if isinstance(leaf, (dict, list)):  # of a class of its own: what it holds now is undone with the trace
        return True
    return any(
        has_traced(part) or _holds_traced(part, around | {id(leaf)})
        for value in attributes_of(leaf).values() for part in flatten(value)[0]
    )


def attributes_of(obj: Any) -> dict[str, Any]:
    """The attributes of its own that an instance has, slots included."""
    found = {}
    for cls in type(obj).__mro__:
        for name, descriptor in vars(cls).items() if cls.__module__ != "builtins" else ():
            if type(descriptor) is MemberDescriptorType and hasattr(obj, name):
                found[name] = getattr(obj, name)
    return {**found, **namespace_of_instance(obj)} if namespace_of_instance(obj) else found


def with_middles(obj: Any) -> Any:
    """`obj` with a `VirtualList` in place of every list that a loop has appended to."""
    session = current_session()
    if session is None or not session.virtual:
        return obj
    if isinstance(obj, (list, deque)) and id(obj) in session.virtual:
        return session.virtual[id(obj)]
    found = children_of(obj)
    if found is None:
        return obj
    keys, children, extra = found
    replaced = [with_middles(child) for child in children]
    if all(a is b for a, b in zip(replaced, children, strict=True)):
        return obj
    return rebuild_like(obj, keys, replaced, extra)


def _rows_maker(rows: VirtualList, position: Callable[[Any], int]) -> Callable[[Sequence[Any]], Any]:
    """A list as long as the loop ran."""
    before, after = Plan(rows.before, position), Plan(rows.after, position)
    places = [position(rows.session.wrap(stack)) for stack in rows.stacks]
    pattern = rows.pattern
    bound = (rows.items.maxlen,) if isinstance(rows.items, deque) else None

    def make(outputs: Sequence[Any]) -> Any:
        columns = [list(map(_item_of(t), outputs[p])) for p, t in zip(places, pattern.leaves, strict=True)]
        middle = [plain(pattern, iter(row)) for row in zip(*columns, strict=True)]
        items = [*before.build(outputs), *middle, *after.build(outputs)]
        return items if bound is None else deque(items, *bound)

    return make


def _item_of(type_: Any) -> Callable[[Any], Any]:
    """From a row of a stack to the kind of number or array that was appended."""
    if type_.kind is Kind.PYTHON:
        return type_.python_type  # type: ignore[no-any-return]
    return np.array if type_.kind is Kind.ARRAY else (lambda x: x)


def _instance_maker(leaf: Any, position: Callable[[Tracer], int]) -> Callable[[Sequence[Any]], Any]:
    """An instance that was made while tracing is made again, with this run's numbers in it."""
    cls, attributes, items = type(leaf), attributes_of(leaf), _items_of(leaf)
    if any(part is leaf for value in (*attributes.values(), items) for part in flatten(value)[0]):
        session = current_session()
        assert session is not None
        raise session.error(f"a {cls.__name__} that holds itself is kept", hint="keep its parts, or make it outside")
    plan, contents = Plan(attributes, position), Plan(items, position)

    def make(outputs: Sequence[Any]) -> Any:
        made = _bare(cls)
        for name, value in plan.build(outputs).items():
            object.__setattr__(made, name, value)
        if isinstance(made, dict):
            dict.update(made, contents.build(outputs))
        elif isinstance(made, list):
            list.extend(made, contents.build(outputs))
        return made

    return make


def _items_of(obj: Any) -> Any:
    """What an instance of a class made of dict or list holds besides attributes."""
    return dict(obj.items()) if isinstance(obj, dict) else list(obj) if isinstance(obj, list) else None


def _bare(cls: Any) -> Any:
    """A new instance that nobody has initialised."""
    base = dict if issubclass(cls, dict) else list if issubclass(cls, list) else object
    return base.__new__(cls)


def _plan_text(text: TextTracer, position: Callable[[Tracer], int], plans: dict[int, Plan]) -> None:
    for part in text._parts:
        if type(part) is not str:
            plans[id(part[1])] = Plan(part[1], position)


class Effect:
    """One thing to do; `plan` is called once when tracing ends, `apply` after each run.

    Before the first effect of a run acts, `target` finds the object of each: where it is may change.
    """

    def plan(self, position: Callable[[Tracer], int]) -> None:
        raise NotImplementedError

    def target(self, leaves: Sequence[Any]) -> Any:
        return None

    def apply(self, outputs: Sequence[Any], target: Any) -> None:
        raise NotImplementedError


class Call(Effect):
    """Call a function: print, a logger's method."""

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fn = fn
        self.nest = (args, kwargs)

    def plan(self, position: Callable[[Tracer], int]) -> None:
        self.planned = Plan(self.nest, position)
        del self.nest

    def apply(self, outputs: Sequence[Any], target: Any) -> None:
        args, kwargs = self.planned.build(outputs)
        self.fn(*args, **kwargs)

    def __str__(self) -> str:
        return f"{getattr(self.fn, '__name__', self.fn)}(...)"


def as_node(session: Session, effect: Effect) -> None:
    """An effect as a node where the program stands, for code that is run as a part of a graph."""
    values: list[Value] = []

    def position(leaf: Any) -> int:
        values.append(session.value(leaf))
        return len(values) - 1

    effect.plan(position)

    def act(*outputs: Any) -> None:
        effect.apply(outputs, effect.target(()))

    ops.host_effect(*values, fn=Literal(act), types=())


class Store(Effect):
    """``place = value``: an attribute, a global, a closure's variable, an item."""

    def __init__(self, source: Source, value: Any) -> None:
        self.source = source
        self.nest = value

    def plan(self, position: Callable[[Tracer], int]) -> None:
        self.planned = Plan(self.nest, position)
        del self.nest

    def target(self, leaves: Sequence[Any]) -> Any:
        return owner_of(self.source, leaves)

    def apply(self, outputs: Sequence[Any], target: Any) -> None:
        write(self.source, target, self.planned.build(outputs))

    def __str__(self) -> str:
        return f"{self.source} = ..."


class Remove(Effect):
    """``del owner.name``, ``del owner[key]``."""

    def __init__(self, owner: Source, key: Any, attribute: bool) -> None:
        self.owner, self.key, self.attribute = owner, key, attribute

    def plan(self, position: Callable[[Tracer], int]) -> None:
        pass

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.owner, leaves)

    def apply(self, outputs: Sequence[Any], target: Any) -> None:
        if self.attribute:
            delattr(target, self.key)
        else:
            del target[self.key]

    def __str__(self) -> str:
        return f"del {self.owner}[{self.key!r}]"


class Extend(Effect):
    """``list.extend(items)``."""

    def __init__(self, source: Source, items: list[Any]) -> None:
        self.source = source
        self.nest = items

    def plan(self, position: Callable[[Tracer], int]) -> None:
        self.planned = Plan(self.nest, position)
        del self.nest

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, outputs: Sequence[Any], target: Any) -> None:
        target.extend(self.planned.build(outputs))

    def __str__(self) -> str:
        return f"{self.source}.extend(...)"


class Replace(Effect):
    """New contents for a list or set; items that were there before keep their identity."""

    def __init__(self, source: Source, items: list[Any], originals: dict[int, int]) -> None:
        self.source = source
        self.kept = [originals.get(id(x)) for x in items]
        self.nest = [None if k is not None else x for k, x in zip(self.kept, items, strict=True)]

    def plan(self, position: Callable[[Tracer], int]) -> None:
        self.planned = Plan(self.nest, position)
        del self.nest

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, outputs: Sequence[Any], target: Any) -> None:
        old = list(target)
        new = self.planned.build(outputs)
        items = [n if k is None else old[k] for k, n in zip(self.kept, new, strict=True)]
        if isinstance(target, (set, deque)):
            target.clear()
            target.update(items) if isinstance(target, set) else target.extend(items)
        else:
            target[:] = items

    def __str__(self) -> str:
        return f"{self.source}[:] = ..."


class Overwrite(Effect):
    """``array[...] = values``."""

    def __init__(self, source: Source, value: Value, tracer: Tracer) -> None:
        self.source, self.value, self.tracer = source, value, tracer

    def plan(self, position: Callable[[Tracer], int]) -> None:
        self.index = position(self.tracer)
        del self.tracer

    def target(self, leaves: Sequence[Any]) -> Any:
        return read(self.source, leaves)

    def apply(self, outputs: Sequence[Any], target: Any) -> None:
        np.copyto(target, outputs[self.index], casting="unsafe")

    def __str__(self) -> str:
        return f"{self.source}[...] = ..."


