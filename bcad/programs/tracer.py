"""Tracer: records programs, finds values in them, and compiles functions and gradients of chosen inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.diff import expand
from bcad.function import Function, reduction_of
from bcad.ir import evaluate
from bcad.options import accept_legacy
from bcad.trace import Pinned, Program, Same, map_leaves, trace

from .compiled import Compiled
from .places import Argument, Outside, Place, Result, Tag, parts
from .replay import Replay, Step
from .value import SymbolicValue


class Tracer:
    """Records calls of functions and methods as one symbolic program.

    Inputs, outputs and targets are chosen afterwards, each as an object that the program has met (an array is the
    same object, also a global, an attribute or what a closure holds), as the name of an argument, as a tag (see
    `tag`), or as a symbolic value. A compiled function is right for other values, shapes and branches: it is traced
    anew where it must be.

    Attributes
    ----------
    sym_vars, tags : dict of str to SymbolicValue
        Arguments and tagged values by name; `s_vars` has both.

    Examples
    --------
    >>> weights, x = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    >>> t = Tracer()
    >>> hidden = t.trace(lambda x: x * weights, x)
    >>> loss = t.trace(lambda h: (h**2).sum(), hidden)
    >>> t.compile_gradient(inputs=x, outputs=loss, wrt=weights)(x)
    array([18., 64.])
    """

    def __init__(self, context: Any = None, **options: Any) -> None:
        accept_legacy(options)
        self._steps: list[Step] = []
        self._program: tuple[int, Program | None, Replay | None] = (0, None, None)

    # -- recording ----------------------------------------------------------------------------------
    def trace(self, pyfn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The symbolic result of a call, nested as the function nests it.

        Parameters
        ----------
        pyfn : callable
            Ordinary Python and NumPy.
        *args, **kwargs
            Objects, and symbolic values of this tracer.
        """
        self._require_own((args, kwargs))
        self._steps.append(Step(pyfn, args, kwargs, pure=False))
        try:
            (result,) = self._numbers([Result(len(self._steps) - 1)])
        except BaseException:
            self._steps.pop()
            raise
        return self._symbolic(result, Result(len(self._steps) - 1))

    def record(self, fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> SymbolicValue:
        """An operation on symbolic values."""
        self._require_own((args, kwargs))
        self._steps.append(Step(fn, args, kwargs, pure=True))
        return SymbolicValue(self, Result(len(self._steps) - 1))

    def _require_own(self, nest: Any) -> None:
        for _, x in parts(nest):
            if isinstance(x, SymbolicValue) and x._tracer is not self:
                raise ValueError("a symbolic value of another Tracer")

    def _symbolic(self, nest: Any, whole: Result) -> Any:
        """A nest with a symbolic value in place of every number and array."""
        places = iter([p for p, x in parts(nest) if _is_leaf(x)])

        def make(leaf: Any) -> Any:
            path = next(places)
            return SymbolicValue(self, Result(whole.step, path)) if _is_number(leaf) else leaf

        return map_leaves(make, nest)

    def _traced(self, outputs: Sequence[Place]) -> tuple[Program, Replay]:
        replay = Replay(self._steps, [], outputs, several=True)
        return trace(replay, expand=expand), replay

    def _numbers(self, places: Sequence[Place]) -> list[Any]:
        """What stands at places now."""
        program, _ = self._traced(places)
        outputs = evaluate(expand(program.graph), program.fetch((), {}))
        found: list[Any] = program.result.build(outputs)
        return found

    # -- what the program has met -----------------------------------------------------------------------
    def _met(self) -> tuple[Program, Replay]:
        """The program of all steps, and the function that was traced, which knows its tags."""
        count, program, replay = self._program
        if program is None or replay is None or count != len(self._steps):
            last = [Result(len(self._steps) - 1)] if self._steps else []
            program, replay = self._traced([*last, *(Result(k) for k, s in enumerate(self._steps) if not s.pure)])
            self._program = len(self._steps), program, replay
        return program, replay

    @property
    def tags(self) -> dict[str, SymbolicValue]:
        """The tagged values by their names."""
        return {name: SymbolicValue(self, Tag(name)) for name in self._met()[1].tags}

    @property
    def sym_vars(self) -> dict[str, SymbolicValue]:
        """The arguments of the traced functions by their names; the first of that name."""
        found: dict[str, SymbolicValue] = {}
        for place in self._arguments():
            found.setdefault(place.name, SymbolicValue(self, place))
        return found

    @property
    def s_vars(self) -> dict[str, SymbolicValue]:
        """Arguments and tagged values by name."""
        return {**self.sym_vars, **self.tags}

    def get_symbolic(self, x: Any) -> SymbolicValue:
        """The symbolic value of an object, name or tag.

        Raises
        ------
        ValueError
            If the program has not met it.
        """
        return SymbolicValue(self, self.place_of(x))

    def place_of(self, x: Any) -> Place:
        """Where an object, a name, a tag or a symbolic value is met."""
        if isinstance(x, SymbolicValue):
            self._require_own(x)
            return x._place
        if isinstance(x, str):
            return self._named(x)
        if isinstance(x, np.ndarray):
            return self._array(x)
        found: list[Argument | Outside] = [*self._holding(x), *self._read(x)]
        if not found:
            raise ValueError(f"the traced program has not met {_short(x)}; it has {self._known()}")
        if len(found) > 1:
            names = ", ".join(p.name for p in found)
            raise ValueError(f"{_short(x)} is met in several places ({names}); choose by name or tag")
        return found[0]

    def _named(self, name: str) -> Place:
        arguments = [p for p in self._arguments() if p.name == name]
        if name in self._met()[1].tags:
            return Tag(name)
        plain = [p for p in arguments if not isinstance(self._object(p), SymbolicValue)]
        if len({id(self._object(p)) for p in plain}) > 1:
            raise ValueError(f"several traced functions have an argument {name!r}; choose by object or tag")
        if not arguments:
            raise ValueError(f"the traced program has no argument or tag {name!r}; it has {self._known()}")
        return (plain or arguments)[0]

    def _array(self, x: np.ndarray) -> Argument | Outside:
        """An argument that is met nowhere else, or everything that is this array."""
        held, read = self._holding(x), self._read(x)
        if len(held) == 1 and not read:
            return held[0]
        if held or read or Pinned(x, "") in self._met()[0].sources:
            name = (held or read or [Tag("array")])[0].name
            return Outside(name, tuple(s for p in read for s in p.sources), x)
        raise ValueError(f"the traced program has not met {_short(x)}; it has {self._known()}")

    def _known(self) -> str:
        return ", ".join(self.s_vars) or "no arguments and no tags"

    def _arguments(self) -> list[Argument]:
        """The arguments of all traced functions."""
        return [p for k, step in enumerate(self._steps) if not step.pure for p in _arguments_of(k, step)]

    def _object(self, place: Argument) -> Any:
        return next(x for path, x in parts(self._steps[place.step].call) if path == place.path)

    def _holding(self, x: Any) -> list[Argument]:
        """Where the arguments of traced functions hold an object."""
        found = []
        for whole in self._arguments():
            for path, thing in parts(self._object(whole)):
                if thing is x:
                    name = "_".join(map(str, (whole.name, *path)))
                    found.append(Argument(whole.step, (*whole.path, *path), name))
        return found

    def _read(self, x: Any) -> list[Outside]:
        """The places outside where the program reads a number or array."""
        program, _ = self._met()
        names = {source: value.name for value, source in zip(program.graph.inputs, program.sources, strict=True)}
        for guard in program.guards:
            if isinstance(guard, Same):  # a second way to what was met before
                names.setdefault(guard.where)
                names.setdefault(guard.other)
        return [
            Outside(name or str(source), (source,), x)
            for source, name in names.items() if not isinstance(source, Pinned) and source.read(()) is x
        ]

    # -- compiling ------------------------------------------------------------------------------------
    def compile(
        self, function: bool = False, gradient: bool = False, hessian_vector: bool = False, *, inputs: Any = None,
        outputs: Any = None, wrt: Any = None, reduction: Any = None, allow_input_downcast: bool = True,
    ) -> Compiled:
        """A function of chosen inputs.

        Parameters
        ----------
        function, gradient, hessian_vector : bool
            What it returns: the outputs, the gradient by each target, Hessian-vector products (it then takes
            ``vectors=``); a list if there are several.
        inputs : object, name, tag, symbolic value, or a list of them
            The arguments of the traced functions by default. What is no input is read where the program reads it,
            at each call.
        outputs : the same
            The last result by default.
        wrt : the same
            The targets; the inputs by default. One that is no input is taken where the program is then.
        reduction : 'sum', 'max', 'mean', 'min', 'prod', 'std', 'var' or callable
            Applied to the output; a gradient needs one number.

        Raises
        ------
        ValueError
            If the program has not met something.
        NotScalar
            If the gradient of an array is asked for without `reduction`; a TypeError.
        """
        chosen = [name for name, asked in
                  (("function", function), ("gradient", gradient), ("hessian_vector", hessian_vector)) if asked]
        if not chosen:
            raise ValueError("choose function=True, gradient=True or hessian_vector=True")
        if not self._steps:
            raise ValueError("nothing is traced yet")
        places = [self.place_of(x) for x in self._listed(inputs, self._inputs)]
        several = isinstance(outputs, (list, tuple))
        ends = [self.place_of(x) for x in self._listed(outputs, lambda: [self.last])]
        targets: list[Place] = []
        if gradient or hessian_vector:
            targets = places if wrt is None else [self.place_of(x) for x in self._listed(wrt, list)]
        self._require_single([*places, *targets])
        others = [t for t in targets if not any(_same(t, p) for p in places)]
        self._require_apart(others, places)
        parameters = [*places, *others]
        positions = [next(k for k, p in enumerate(parameters) if _same(t, p)) for t in targets]
        replay = Replay(self._steps, parameters, ends, None if reduction is None else reduction_of(reduction), several)
        rest = Function(Replay(self._steps, places, others, several=True)) if others else None
        return Compiled(replay, len(places), rest, positions, chosen).specialise(self._numbers(parameters))

    def _require_single(self, places: Sequence[Place]) -> None:
        """Refuse to let one value stand in for the many that a tag names."""
        repeated = self._met()[1].repeated
        for place in places:
            if isinstance(place, Tag) and place.name in repeated:
                raise ValueError(f"the tag {place.name!r} names several values, in a loop or one after the other: "
                                 "no one value can stand in for them; tag the value behind the loop")

    def _require_apart(self, targets: Sequence[Place], inputs: Sequence[Place]) -> None:
        """Refuse a target of which an input is a part: what would move is not clear."""
        for target in targets:
            if not isinstance(target, Outside):
                continue
            held = [p.name for p in inputs
                    if isinstance(p, Argument) and any(x is target.obj for _, x in parts(self._object(p)))]
            if held:
                raise ValueError(f"{_short(target.obj)} is met in several places, the input {held[0]!r} among them; "
                                 "choose the target by name, or the array as input too")

    def compile_function(self, inputs: Any = None, outputs: Any = None, reduction: Any = None) -> Compiled:
        """The outputs as a function of the inputs; see `compile`."""
        return self.compile(function=True, inputs=inputs, outputs=outputs, reduction=reduction)

    def compile_gradient(
        self, inputs: Any = None, outputs: Any = None, wrt: Any = None, reduction: Any = None
    ) -> Compiled:
        """The gradient of the output: bare for one target, a list for several; see `compile`."""
        return self.compile(gradient=True, inputs=inputs, outputs=outputs, wrt=wrt, reduction=reduction)

    def compile_function_gradient(
        self, inputs: Any = None, outputs: Any = None, wrt: Any = None, reduction: Any = None
    ) -> Compiled:
        """``[value, gradient]``; see `compile`."""
        return self.compile(True, True, inputs=inputs, outputs=outputs, wrt=wrt, reduction=reduction)

    @property
    def last(self) -> SymbolicValue:
        """The whole of the last result."""
        return SymbolicValue(self, Result(len(self._steps) - 1))

    def arguments_of_last(self) -> list[SymbolicValue]:
        """The arguments of the function that was traced last."""
        step = max((k for k, step in enumerate(self._steps) if not step.pure), default=0)
        return [SymbolicValue(self, p) for p in self._arguments() if p.step == step]

    def _inputs(self) -> list[SymbolicValue]:
        """The arguments that are numbers, or nests of them."""
        return [SymbolicValue(self, p) for p in self._arguments() if _is_numeric(self._object(p))]

    @staticmethod
    def _listed(given: Any, default: Callable[[], list[Any]]) -> list[Any]:
        if given is None:
            return default()
        return list(given) if isinstance(given, (list, tuple)) else [given]

    def text_of(self, value: SymbolicValue) -> str:
        """A symbolic value as an expression in the arguments; lines before it where it is long."""
        places = [self.place_of(x) for x in self._inputs()]
        text = str(Function(Replay(self._steps, places, [value._place]), self._numbers(places)))
        head, equals, rest = text.partition(" = ")
        return rest if equals and head.startswith("f(") and head.endswith(")") else text


def _arguments_of(index: int, step: Step) -> list[Argument]:
    """The arguments of a step, called as its signature does."""
    args, kwargs = step.call
    try:
        parameters = list(inspect.signature(step.fn).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "arg")
    found = [
        Argument(index, (0, k), names[k] if k < len(names) else f"{rest}_{k - len(names)}") for k in range(len(args))
    ]
    return found + [Argument(index, (1, name), name) for name in kwargs]


def _same(a: Place, b: Place) -> bool:
    if isinstance(a, Outside) and isinstance(b, Outside):
        return a.obj is b.obj and a.sources == b.sources
    return a == b


def _is_leaf(x: Any) -> bool:
    return next(iter(parts(x)))[1] is x and sum(1 for _ in parts(x)) == 1


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, complex, np.generic, np.ndarray)) and not isinstance(x, (np.str_, np.bytes_))


def _is_numeric(nest: Any) -> bool:
    """Whether a nest holds numbers from outside, and nothing else."""
    leaves = [x for _, x in parts(nest) if _is_leaf(x)]
    return bool(leaves) and all(_is_number(x) for x in leaves)


def _short(x: Any) -> str:
    return f"an array of shape {x.shape}" if isinstance(x, np.ndarray) else f"{x!r:.40}"
