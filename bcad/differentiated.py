"""Differentiated: a function with one derivative, in every way it is called; specialisations, and derivatives inside."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.answers import Answer, answer_of
from bcad.diff import kept_by_loops
from bcad.errors import NotDifferentiable, Unsupported
from bcad.float_errors import AsTold, loud
from bcad.into import leaves_for, put, takes_out
from bcad.ir import Builder
from bcad.log import log
from bcad.misses import Misses
from bcad.modes import Mode, check_scalar
from bcad.objects import ObjectTree, WithObjects, arrays_of, form_of, holds_numbers
from bcad.options import options
from bcad.seeds import conform
from bcad.specialise import ABANDONED, Point, Specialisation, positions_of
from bcad.trace import MISS, active_traces, flatten, inside, map_leaves, trace_inside, wrap
from bcad.wrt import Place, Wrt, differentiable_call, pick
from interpreter import LocatedError


class Differentiated:
    """A function together with one derivative, for every way in which it is called.

    Keeps one specialisation for each combination of dtypes, ranks, guarded values and
    branches it has met; a call checks guards, reads captured state anew and runs the entry.

    Parameters
    ----------
    fn : callable
        Ordinary Python and NumPy.
    mode : Mode
        Which derivative.
    wrt : int, str, sequence of them or 'all'
        The arguments with respect to which.
    backend : str, optional
        Overrides ``options.backend``.
    parallel : bool, optional
        Overrides ``options.parallel``.
    """

    def __init__(
        self, fn: Callable[..., Any], mode: Mode, wrt: Any = 0, *, backend: str | None = None,
        parallel: bool | None = None,
    ) -> None:
        if not callable(fn):
            below = "; @classmethod belongs above the decorator" if isinstance(fn, classmethod) else ""
            raise TypeError(f"what is differentiated must be a function; {fn!r} cannot be called{below}")
        self.parallel = parallel
        self.fn = fn
        self.mode = mode
        self.wrt = Wrt(fn, wrt)
        self.backend = backend
        self.finisher: Callable[[Specialisation], Callable[[list[Any]], Any]] = answer_of
        self.specialisations: list[Specialisation] = []
        self.misses = Misses()
        self.traces = 0
        self._of_objects: dict[Any, Differentiated] = {}  # for calls by objects: of the numbers in them
        self._lock = threading.RLock()
        self.call: Callable[..., Any] = _miss  # ``call(args, kwargs)``: the specialisation used last, without detour; or `MISS`

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        state.update(specialisations=[], traces=0, misses=Misses(), call=_miss)
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.RLock()

    def quick(self, args: tuple[Any, ...], kwargs: dict[str, Any], seeds: Sequence[Any] = ()) -> Any:
        """What the call gives by the generated path of a specialisation, or `MISS`; seeds are whole objects."""
        if options.check_finite or (active_traces.depth and inside()) or loud():
            return MISS
        for special in self.specialisations:
            try:
                outputs = special.quick(args, kwargs, seeds)
            except (LocatedError, MemoryError):
                raise
            except Exception:  # Python's own call shall raise it
                continue
            if outputs is not MISS:
                if not seeds and special.entry.final:
                    self.call = special.call
                return special.finish(outputs)  # type: ignore[misc]
        return MISS

    def answer(
        self, args: Sequence[Any], kwargs: dict[str, Any], seeds: Sequence[Any] = (), out: Any = None
    ) -> Answer:
        """Result and derivative of one call; seeds are leaves, `out` is nested as what is returned."""
        if inside():
            if out is not None:
                raise Unsupported("out= in traced code", hint="assign to the array instead: array[...] = gradient")
            return _Inner(self, args, kwargs).answer(seeds)
        opened = self._opened(args, kwargs)
        if opened is not None:
            core, args, kwargs, trees = opened
            found = core.answer(args, kwargs, seeds, out)
            return Answer(found.result, found.derived, trees)

        told = AsTold() if loud() else None

        def run(special: Specialisation, args: Sequence[Any], kwargs: dict[str, Any]) -> Answer:
            arrays = leaves_for(out, special.out_trees) if out is not None else ()
            if told is None:
                result, derived = special.run(args, kwargs, seeds, arrays)
            else:
                result, derived = special.run_beside(lambda: self._itself(told, args, kwargs), args, kwargs, seeds)
            derived = special.shaped(derived)
            if arrays and not derived:
                leaves, tree = flatten(result)
                result = tree.unflatten(list(map(put, leaves, arrays)))
            elif arrays:
                derived = list(map(put, derived, arrays))
            return Answer(result, derived, special.trees)

        if told is None:
            return self._try(args, kwargs, run)
        with np.errstate(all="ignore"):
            return self._try(args, kwargs, run, told)

    def _itself(self, told: AsTold, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """A call of the function, NumPy doing as it was told; the caller's arrays are left alone."""
        with told.in_force():
            return self.fn(*map_leaves(_own, tuple(args)), **map_leaves(_own, kwargs))

    def split_out(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """The keywords that are the function's own, and ``out=`` where that is none of them."""
        if "out" not in kwargs or takes_out(self.fn):
            return kwargs, None
        return {name: x for name, x in kwargs.items() if name != "out"}, kwargs["out"]

    def linearize(
        self, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> tuple[Any, Callable[[Sequence[Any]], Answer]]:
        """The result now, and a function from seeds to the derivative at this very point."""
        if active_traces.depth and inside():
            inner = _Inner(self, args, kwargs)
            return inner.result(), inner.answer
        opened = None if self.specialisations else self._opened(args, kwargs)
        if opened is not None:
            core, args, kwargs, trees = opened
            result, derivative = core.linearize(args, kwargs)
            return result, lambda seeds: Answer(result, derivative(seeds).derived, trees)

        told = AsTold() if loud() else None

        def run(special: Specialisation, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
            itself = None if told is None else lambda: self._itself(told, args, kwargs)
            return self._linear(special, *special.run_primal(special.program.fetch(args, kwargs), args, kwargs, itself))

        if told is not None:
            with np.errstate(all="ignore"):
                return self._try(args, kwargs, run, told)
        for special in self.specialisations:
            values = special.quick_values(args, kwargs)
            if values is not MISS:
                try:
                    return self._linear(special, *special.run_primal(values))
                except ABANDONED:
                    continue
        return self._try(args, kwargs, run)

    def _opened(
        self, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> tuple[Differentiated, tuple[Any, ...], dict[str, Any], list[Any]] | None:
        """The call by the numbers in objects among the chosen arguments; None if no object is chosen."""
        places = self.wrt.places(args, kwargs) if self.mode.name != "value" else []
        chosen = [place for place in places if holds_numbers(pick(place, args, kwargs))]
        if not chosen:
            return None
        if self.mode.seeded and not self.mode.seeds_like_results:
            raise NotDifferentiable(
                f"a {self.mode.name} is by numbers, not by a {type(pick(chosen[0], args, kwargs)).__name__}",
                hint="differentiate lambda arrays: f(with_arrays(obj, arrays)) at arrays_of(obj)",
            )
        key = tuple(places), tuple(chosen)
        if key not in self._of_objects:
            moved = [k + 2 if where == 0 else k for where, k in places]  # the objects and their forms come first
            fn = WithObjects(self.fn, tuple(k for _, k in chosen))
            self._of_objects[key] = Differentiated(fn, self.mode, moved, backend=self.backend)
        objects = tuple(pick(place, args, kwargs) for place in chosen)
        forms = tuple(form_of(x) for x in objects)
        new_args, new_kwargs = list(args), dict(kwargs)
        for (where, k), x in zip(chosen, objects, strict=True):
            (new_args if where == 0 else new_kwargs)[k] = arrays_of(x)
        trees: list[Any] = []
        for place in places:
            tree = flatten(pick(place, new_args, new_kwargs))[1]
            x = pick(place, args, kwargs)
            trees.append(ObjectTree(tree, x, form_of(x)) if place in chosen else tree)
        return self._of_objects[key], (objects, forms, *new_args), new_kwargs, trees

    def _linear(
        self, special: Specialisation, result: Any, point: Point
    ) -> tuple[Any, Callable[[Sequence[Any]], Answer]]:
        """What `linearize` gives, at a point where the primal has been run."""

        def derivative(seeds: Sequence[Any]) -> Answer:
            if active_traces.depth and inside():
                return Answer(result, [wrap(v) for v in special.emit_derived(point, seeds)], special.trees)
            derived = special.run_derived(point, seeds)
            return Answer(result, special.shaped(derived), special.trees)

        return result, derivative

    def _try(
        self, args: Sequence[Any], kwargs: dict[str, Any], run: Callable[[Specialisation, Any, Any], Any],
        told: AsTold | None = None,
    ) -> Any:
        """`run` with the first specialisation that holds to the end; traced now if there is none.

        A run is abandoned where it would take another branch than its trace, or meets what has
        an exception of its own in Python; nothing has happened then.
        """
        places, args, kwargs = self.prepare(args, kwargs)
        tried: list[Specialisation] = []
        refuted: frozenset[Any] = frozenset()
        while True:
            for special in self._others(tried):
                tried.append(special)
                if special.places == places and special.program.check(args, kwargs) is None:
                    try:
                        return run(special, args, kwargs)
                    except ABANDONED as why:
                        log.info("%s abandoned a run: %s", self, why)
            try:
                with self._lock:
                    if self._others(tried):  # another thread has traced meanwhile
                        continue
                    special = self._trace(places, args, kwargs, refuted)
                    tried.append(special)
            except (LocatedError, Warning):
                raise
            except Exception as error:  # the function's own: what it did before it raised has been undone
                failure = error
                break
            try:
                return run(special, args, kwargs)
            except ABANDONED as why:
                if special.program.suppositions <= refuted:
                    failure = AssertionError(f"bcad gave up a run that plain Python finishes ({why}); please report it")
                    break
                log.info("%s is traced again without %d loops: %s", self, len(special.program.suppositions), why)
                refuted |= special.program.suppositions
                self._forget(special)
        raise self._true_exception(args, kwargs, failure, told)  # outside of the handlers: its cause and context are the function's

    def _others(self, tried: Sequence[Specialisation]) -> list[Specialisation]:
        """The specialisations that are not among those."""
        return [s for s in self.specialisations if all(s is not t for t in tried)]

    def prepare(
        self, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> tuple[tuple[Place, ...], tuple[Any, ...], dict[str, Any]]:
        """The chosen places, and the call with floats there."""
        places = tuple(self.wrt.places(args, kwargs)) if self.mode.name != "value" else ()
        return places, *differentiable_call(places, args, kwargs)

    def specialise(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Specialisation:
        """The specialisation whose guards hold for a call, traced now if there is none."""
        places, args, kwargs = self.prepare(args, kwargs)
        for special in self.specialisations:
            if special.places == places and special.program.check(args, kwargs) is None:
                return special
        return self._trace(places, args, kwargs)

    def _forget(self, special: Specialisation) -> None:
        with self._lock:
            self.specialisations = [s for s in self.specialisations if s is not special]
            self.call = _miss

    def _trace(
        self, places: tuple[Place, ...], args: tuple[Any, ...], kwargs: dict[str, Any],
        refuted: frozenset[Any] = frozenset(),
    ) -> Specialisation:
        with self._lock:
            failed = [s.program.check(args, kwargs) for s in self.specialisations if s.places == places]
            self.misses.note(name_of(self.fn), failed, args, kwargs)
            special = self._specialisation(places, args, kwargs, refuted)
            special.finish_by(self.finisher(special))
            if not special.varies:
                warnings.warn(f"Output seems independent of input: {self!r} is zero", stacklevel=_depth_of_caller())
            self.traces += 1
            self.specialisations = [special, *self.specialisations]
            if len(self.specialisations) > options.specialisations:
                self.specialisations = self.specialisations[: options.specialisations]
                self.misses.dropped(name_of(self.fn), _depth_of_caller())
            return special

    def _specialisation(
        self, places: tuple[Place, ...], args: tuple[Any, ...], kwargs: dict[str, Any], refuted: frozenset[Any]
    ) -> Specialisation:
        """A new trace; ints that keep changing are inputs of it, unless it must know them."""
        symbolic = self.misses.symbolic
        try:
            return Specialisation(self.fn, self.mode, places, args, kwargs, self.backend, self.parallel, refuted, symbolic)
        except LocatedError:
            if not symbolic:
                raise
        self.misses.refuse(symbolic)
        return Specialisation(self.fn, self.mode, places, args, kwargs, self.backend, self.parallel, refuted)

    def _true_exception(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], otherwise: Exception, told: AsTold | None
    ) -> BaseException:
        """The exception that plain Python raises for this call, its effects done; `otherwise` if it raises none."""
        try:
            self._itself(told or AsTold(), args, kwargs)
        except Exception as error:
            return error
        return otherwise

    def report(self) -> str:
        """What was traced and compiled: times, kernels, and what runs in NumPy with its reason."""
        return "\n".join(_report(s) for s in self.specialisations) or "not traced yet"

    def explain(self) -> str:
        """The guards of each specialisation: what the trace relied on, and what failed last."""
        found = "\n".join(s.program.explain() for s in self.specialisations) or "not traced yet"
        why = str(self.misses)
        return f"{found}\ntraced again because\n{why}" if why else found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {name_of(self.fn)}: {self.mode.name}>"


def _own(leaf: Any) -> Any:
    """A leaf of arguments that the function may write to without the caller's noticing."""
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf


def _depth_of_caller() -> int:
    """How many frames up, from who asks, the user's own code stands: warnings point there."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and (frame.f_globals.get("__name__") or "").partition(".")[0] == "bcad":
        frame, depth = frame.f_back, depth + 1
    return depth


def _miss(args: Any, kwargs: Any) -> Any:
    """What no specialisation has answered yet."""
    return MISS


class _Inner:
    """A derivative asked for in traced code: nodes of the graph being traced."""

    def __init__(self, core: Differentiated, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self.mode = core.mode
        places, args, kwargs = core.prepare(args, kwargs)
        self.program = trace_inside(core.fn, args, kwargs)
        if self.mode.scalar:
            check_scalar(self.program.graph, self.program.result_count, self.mode)
        self.wrt = positions_of(places, self.program.arguments)
        self.trees = [flatten(pick(p, args, kwargs))[1] for p in places]

    def result(self) -> Any:
        """The function's own result."""
        return self.program.finish(Builder.current().inline(self.program.graph, self.program.inputs))

    def answer(self, seeds: Sequence[Any]) -> Answer:
        """Result and derivative for given seeds."""
        program = self.program
        types = self.mode.seeds(program.graph, self.wrt, program.result_count)
        values = [conform(s, t) for s, t in zip(seeds, types, strict=True)]
        outputs, derived = self.mode.emit(
            program.graph, program.inputs, self.wrt, program.result_count, values
        )
        return Answer(program.finish(outputs), [wrap(v) for v in derived], self.trees)


def name_of(fn: Any) -> str:
    """How a callable is called in print; ``f`` for a lambda."""
    name = getattr(fn, "__name__", None) or type(fn).__name__
    return "f" if name == "<lambda>" else name


def _report(special: Specialisation) -> str:
    times = ", ".join(f"{k} {1e3 * v:.1f} ms" for k, v in special.seconds.items())
    tapes = "".join(f"\n  {tape}" for tape in kept_by_loops(special.graph))
    return f"{special.program.graph.name}: {times}{tapes}\n{special.entry.report()}"
