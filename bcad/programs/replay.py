"""Replay: a recorded program as a function of chosen inputs, which is traced like any other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.tags import following
from bcad.trace import evaluated, flatten, inside, marks, pinned
from interpreter import Domain, Frame, evaluate

from .places import Argument, Outside, Place, Result, Tag, get, put
from .value import SymbolicValue


class Step:
    """One call of a recorded program.

    Parameters
    ----------
    fn : callable
    args, kwargs
        Nests with symbolic values among their leaves.
    pure : bool
        Whether it is an operation on symbolic values, which is only made where its result is needed.
    """

    def __init__(self, fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], pure: bool) -> None:
        self.fn = fn
        self.call = (tuple(args), dict(kwargs))
        self.pure = pure
        self.leaves, self.tree = flatten(self.call)

    def needs(self) -> list[Place]:
        """The symbolic values among its arguments."""
        return [x._place for x in self.leaves if isinstance(x, SymbolicValue)]


class Replay:
    """A function of `inputs` that runs the steps and gives `outputs`.

    Parameters
    ----------
    steps : sequence of Step
    inputs : sequence of Place
        What its arguments stand in for; everything else is as the program finds it.
    outputs : sequence of Place
    reduction : callable, optional
        Applied to each output.
    several : bool
        Whether it returns a list though there is one output.

    Attributes
    ----------
    tags : list of str
        The tags that the latest run has met.
    repeated : set of str
        Those of them that name several values.
    """

    def __init__(
        self, steps: Sequence[Step], inputs: Sequence[Place], outputs: Sequence[Place],
        reduction: Callable[..., Any] | None = None, several: bool = False,
    ) -> None:
        self.steps = {k: steps[k] for k in needed(steps, outputs)}
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.reduction, self.several = reduction, several
        self.tags: list[str] = []
        self.repeated: set[str] = set()
        self.__name__ = "f"
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in _names(self.inputs)])

    def __call__(self, *values: Any) -> Any:
        run = (_Traced if inside() else _Plain)(self, values)
        run.steps()
        found = [self._reduced(run, run.at(place)) for place in self.outputs]
        self.tags, self.repeated = run.tags(), run.repeated()
        return found if self.several or len(found) != 1 else found[0]

    def _reduced(self, run: _Run, value: Any) -> Any:
        return value if self.reduction is None else run.call(self.reduction, (value,), {})


def needed(steps: Sequence[Step], outputs: Sequence[Place]) -> list[int]:
    """The steps that must run: functions up to the last that counts, operations whose results are used."""
    ends = [p.step for p in outputs if isinstance(p, (Argument, Result))]
    last = len(steps) - 1 if any(isinstance(p, Tag) for p in outputs) else max(ends, default=-1)
    todo = [*ends, *(k for k in range(last + 1) if not steps[k].pure)]
    used: set[int] = set()
    while todo:
        step = todo.pop()
        if step not in used:
            used.add(step)
            todo += [p.step for p in steps[step].needs() if isinstance(p, (Argument, Result))]
    return sorted(used)


class _Run:
    """One run of a replay; how calls are made is the subclasses'."""

    def __init__(self, replay: Replay, values: Sequence[Any]) -> None:
        self.replay = replay
        self._given = list(zip(replay.inputs, values, strict=True))
        self._calls: dict[int, Any] = {}
        self._results: dict[int, Any] = {}
        for place, value in self._given:
            if isinstance(place, (Tag, Outside)):
                self.stand_in(place, value)

    def steps(self) -> None:
        """Run all steps."""
        for k, step in self.replay.steps.items():
            leaves = [self.at(x._place) if isinstance(x, SymbolicValue) else self.hold(x) for x in step.leaves]
            call = self._substituted(Argument, k, step.tree.unflatten(leaves))
            self._calls[k] = call
            self._results[k] = self._substituted(Result, k, self.call(step.fn, *call))

    def _substituted(self, kind: type[Argument] | type[Result], step: int, nest: Any) -> Any:
        """`nest` with the inputs that stand for something in it; for a whole before its parts."""
        mine = [(p.path, v) for p, v in self._given if isinstance(p, kind) and p.step == step]
        for path, value in sorted(mine, key=lambda pair: len(pair[0])):
            nest = put(nest, path, value)
        return nest

    def at(self, place: Place) -> Any:
        """What stands at a place."""
        match place:
            case Argument(step, path):
                return get(self._calls[step], path)
            case Result(step, path):
                return get(self._results[step], path)
            case Tag(name):
                return self.tagged(name)
        for given, value in self._given:
            if given is place:
                return value
        return self.outside(place)

    def outside(self, place: Outside) -> Any:
        """What stands outside now."""
        return self.hold(place.now())

    def stand_in(self, place: Tag | Outside, value: Any) -> None:
        raise NotImplementedError

    def hold(self, obj: Any) -> Any:
        return obj

    def call(self, fn: Any, args: Any, kwargs: Any) -> Any:
        raise NotImplementedError

    def tagged(self, name: str) -> Any:
        raise NotImplementedError

    def tags(self) -> list[str]:
        raise NotImplementedError

    def repeated(self) -> set[str]:
        return set()


class _Traced(_Run):
    """A run while tracing."""

    def __init__(self, replay: Replay, values: Sequence[Any]) -> None:
        for place in replay.outputs:
            if isinstance(place, Tag):
                marks().want(place.name)
        super().__init__(replay, values)

    def stand_in(self, place: Tag | Outside, value: Any) -> None:
        if isinstance(place, Tag):
            marks().stand_in(value, tag=place.name)
        else:
            array = place.obj if isinstance(place.obj, np.ndarray) else None
            marks().stand_in(value, sources=place.sources, array=array)

    def hold(self, obj: Any) -> Any:
        return pinned(obj)

    def outside(self, place: Outside) -> Any:
        obj = place.now()
        return [marks().read(obj, source) for source in place.sources][0] if place.sources else pinned(obj)

    def call(self, fn: Any, args: Any, kwargs: Any) -> Any:
        return evaluated(fn, args, kwargs)

    def tagged(self, name: str) -> Any:
        return marks().tagged(name)

    def tags(self) -> list[str]:
        return list(marks().tags)

    def repeated(self) -> set[str]:
        return marks().repeated


class _Plain(_Run):
    """A run in plain Python, for the exceptions that it raises."""

    def __init__(self, replay: Replay, values: Sequence[Any]) -> None:
        self._tags: dict[str, Any] = {}
        self._for_tags: dict[str, Any] = {}
        self._domain = _Standing()
        super().__init__(replay, values)

    def stand_in(self, place: Tag | Outside, value: Any) -> None:
        if isinstance(place, Tag):
            self._for_tags[place.name] = value
        else:
            self._domain.instead.append((place.obj, value))

    def hold(self, obj: Any) -> Any:
        return self._domain.loaded(None, "", None, None, obj)

    def call(self, fn: Any, args: Any, kwargs: Any) -> Any:
        with following(self._follow):
            return evaluate(fn, args, kwargs, self._domain)

    def _follow(self, name: str, value: Any) -> Any:
        self._tags[name] = self._for_tags.get(name, value)
        return self._tags[name]

    def tagged(self, name: str) -> Any:
        return self._tags[name]

    def tags(self) -> list[str]:
        return list(self._tags)


class _Standing(Domain):
    """Plain Python, in which other values are met in place of some objects."""

    observes = True

    def __init__(self) -> None:
        self.instead: list[tuple[Any, Any]] = []

    def loaded(self, frame: Frame | None, kind: str, owner: Any, key: Any, value: Any) -> Any:
        return next((given for obj, given in self.instead if obj is value), value)


def _names(places: Sequence[Place]) -> list[str]:
    """A parameter's name for each place."""
    names: list[str] = []
    for k, place in enumerate(places):
        name = place.name if place.name.isidentifier() else f"arg{k}"
        while name in names:
            name += "_"
        names.append(name)
    return names
