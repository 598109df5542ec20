"""One specialisation of a function: its program, the derived graph, and what runs it.

A specialisation holds for all calls that its guards accept: other numbers, other sizes,
other captured arrays.  It starts on the NumPy executor and is compiled when that pays.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from bcad import backends, float_errors, rewrite
from bcad.diff import expand, varied_outputs
from bcad.entry import Entry
from bcad.errors import Unsupported
from bcad.garbage import seldom_collected
from bcad.ir import ArrayType, Builder, Graph, Kind, Value, bind_sizes
from bcad.log import log
from bcad.modes import Mode, as_graph, check_scalar
from bcad.ops import CheckFailed
from bcad.options import options
from bcad.seeds import conform
from bcad.trace import (
    MISS,
    Finish,
    Program,
    Tree,
    active_traces,
    flatten,
    matcher,
    quick_call,
    restore,
    state_of,
    streams_of,
    trace,
    whole_call,
)
from bcad.wrt import Place, pick
from interpreter import LocatedError

ABANDONED = (CheckFailed, backends.Abandoned)


class Point(NamedTuple):
    """Where a derivative is taken: the values of the inputs, and the states of the streams drawn from."""

    values: list[Any]
    states: list[Any]


class Specialisation:
    """A traced program, its derivative by `mode`, and the entry that computes both.

    Parameters
    ----------
    fn : callable
        The user's function.
    mode : Mode
        What is asked.
    places : sequence of Place
        The arguments with respect to which.
    args, kwargs
        The call to trace, its chosen arguments already floats.
    refuted : frozenset
        Suppositions of earlier traces that do not hold for this call.
    symbolic : frozenset of Source
        Ints that are inputs, because they change from call to call.
    """

    def __init__(
        self, fn: Callable[..., Any], mode: Mode, places: Sequence[Place],
        args: tuple[Any, ...], kwargs: dict[str, Any], backend: str | None = None, parallel: bool | None = None,
        refuted: frozenset[Any] = frozenset(), symbolic: frozenset[Any] = frozenset(),
    ) -> None:
        started = time.perf_counter()
        self.mode = mode
        self.places = tuple(places)
        self.program: Program = trace(fn, args, kwargs, expand=expand, avoid=refuted, symbolic=symbolic)
        if self.program.same:
            self.program.graph = rewrite.rename_sizes(self.program.graph, self.program.same)
        rewrite.name_values(self.program.graph)
        self.results = self.program.result_count
        traced = time.perf_counter()
        if mode.scalar:
            check_scalar(self.program.graph, self.results, mode)
        self.wrt = self._wrt_positions()
        with seldom_collected():
            whole = expand(self._derived())
            differentiated = time.perf_counter()
            self.graph = rewrite.simplify(whole)
        self.seconds = {"trace": traced - started, "differentiate": differentiated - traced,
                        "rewrite": time.perf_counter() - differentiated}
        self.backend = backend or options.backend
        self.parallel = options.parallel if parallel is None else parallel
        self.entry = Entry(self.graph, self.backend, self.program.sizes, self.parallel)
        self._primal: Entry | None = None
        self.trees = [flatten(pick(p, args, kwargs))[1] for p in places]
        derived = self.graph.outputs[len(self.program.graph.outputs) :] if mode.like_arguments else ()
        inputs = [self.program.graph.inputs[k] for k in self.wrt]
        varied = varied_outputs(self.program.graph, self.wrt)
        self.varies = mode.name == "value" or not self.results or any(k < self.results for k in varied)
        kinds = [_finisher(x.type, d.type) for x, d in zip(inputs, derived, strict=False)]
        plain = len(self.graph.outputs) - len(self.program.graph.outputs) - len(kinds)
        self.finishers = [*kinds, *[None] * plain]
        self.streams = streams_of(self.program.graph)
        self.quick = self._quick()
        self.finish: Callable[[list[Any]], Any] | None = None  # makes what a call returns
        self._written: Finish | None = None  # the same, for generated code
        log.info("traced %s: %d nodes, %s", self.program.graph.name, len(self.graph.nodes), mode.name)

    @functools.cached_property
    def quick_values(self) -> Callable[..., Any]:
        """``quick_values(args, kwargs)``: the inputs' values where all guards hold, else `MISS`."""
        return _miss if self.program.effects else quick_call(self.program, "[{values}]", {})

    def finish_by(self, finish: Callable[[list[Any]], Any]) -> None:
        """From now on `finish` makes of outputs what a call returns."""
        self._written = finish if isinstance(finish, Finish) else Finish("finish(outputs)", finish=finish)
        self.finish = self._written.function if isinstance(finish, Finish) else finish

    @functools.cached_property
    def call(self) -> Callable[..., Any]:
        """``call(args, kwargs)``: what a call returns where all guards hold and there are no seeds, else `MISS`.

        To be asked for when the entry is final.
        """
        if self.quick is _miss or self.mode.seeded or self._written is None:
            return _miss
        types = [v.type for v in self.graph.inputs]
        compiled = self.entry.compiled
        strict = compiled.strict(lambda values: all(map(matcher(), values, types)))
        names = {"run": strict or compiled.run, "RAISED": (LocatedError, MemoryError), "options": options, "tracing": active_traces,
                 "float_errors": float_errors.setting, "float_errors_known": float_errors.known}
        return whole_call(self.program, self._written, names, types if strict else ())

    @property
    def derived_graph(self) -> Graph:
        """Only the derived values, for printing."""
        return _outputs(self.graph, range(len(self.program.graph.outputs), len(self.graph.outputs)))

    @property
    def primal_graph(self) -> Graph:
        """Only the results, for printing."""
        return _outputs(self.program.graph, range(self.results))

    def run(
        self, args: Sequence[Any], kwargs: dict[str, Any], seeds: Sequence[Any] = (), out: Sequence[Any] = ()
    ) -> tuple[Any, list[Any]]:
        """The result, put together, and the derived leaves; effects happen once, at the end.

        `out` are arrays for the derived leaves (of a plain function: for the result's); what can be is made in them.

        Raises
        ------
        ABANDONED
            If the run leaves what the trace knows; nothing has happened then.
        """
        before = self._states()
        try:
            values = [*self.program.fetch(args, kwargs), *seeds]
            outputs = self.entry.run_into(values, self._in_place_of_outputs(out)) if out else self.entry(*values)
        except Exception as error:
            self._restore(before)
            raise abandoned(error) from None
        total = len(self.program.graph.outputs)
        result = self.program.finish(outputs[:total], args, kwargs)
        return result, outputs[total:]

    def run_beside(
        self, itself: Callable[[], Any], args: Sequence[Any], kwargs: dict[str, Any], seeds: Sequence[Any] = ()
    ) -> tuple[Any, list[Any]]:
        """The same where the function `itself` gives the result, makes the effects, and raises what NumPy is told to raise."""
        before = self._states()
        try:
            derived = self.entry(*self.program.fetch(args, kwargs), *seeds)[len(self.program.graph.outputs):]
        except Exception as error:
            raise abandoned(error) from None
        finally:
            self._restore(before)
        return itself(), derived

    @property
    def out_trees(self) -> list[Tree]:
        """How what a call returns is nested: one tree for each object that it is made of.

        Raises
        ------
        Unsupported
            If it is made of more than that: the Jacobians of several results.
        """
        if self.mode.name == "value":
            return [self.program.result.tree]
        derived = len(self.graph.outputs) - len(self.program.graph.outputs)
        if derived != sum(tree.size for tree in self.trees):
            raise Unsupported(f"out= for the {self.mode.name} of a function with several results")
        return self.trees

    def _in_place_of_outputs(self, out: Sequence[Any]) -> list[Any]:
        """For each output of the graph the array that `out` has for it, or None."""
        total = len(self.graph.outputs)
        first = 0 if self.mode.name == "value" else len(self.program.graph.outputs)
        if not first and self.results != len(out):  # a leaf of the result is no number: positions differ
            return [None] * total
        return [*[None] * first, *out, *[None] * (total - first - len(out))]

    def _quick(self) -> Callable[..., Any]:
        """``quick(args, kwargs, seeds)``: the outputs where all guards hold, else `MISS`."""
        seeds = self._seed_types()
        if self.program.effects or self.streams or seeds is None:
            return _miss
        quick = quick_call(self.program, "run({values})", {"run": self.entry}, seeds)
        self.entry.hand_over_to(quick.__globals__)
        return quick

    def _seed_types(self) -> list[tuple[Tree, list[ArrayType]]] | None:
        """How the seeds of a call are nested, and their types; None if they are fitted one by one."""
        if not self.mode.seeded:
            return []
        types = self.mode.seeds(self.program.graph, self.wrt, self.results)
        trees = [self.program.result.tree] if self.mode.seeds_like_results else self.trees
        if sum(tree.size for tree in trees) != len(types):  # a leaf that is no number has no seed
            return None
        given = iter(types)
        return [(tree, list(itertools.islice(given, tree.size))) for tree in trees]

    def _states(self) -> list[Any]:
        """The states of the streams of random numbers that a run draws from."""
        return [state_of(stream) for stream in self.streams]

    def _restore(self, states: Sequence[Any]) -> None:
        for stream, state in zip(self.streams, states, strict=True):
            restore(stream, state)

    def run_primal(
        self, values: Sequence[Any], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None,
        itself: Callable[[], Any] | None = None,
    ) -> tuple[Any, Point]:
        """The result alone for inputs that were fetched, effects included, and the point it was computed at.

        Where `itself`, the function, is given, that makes both (see `run_beside`).
        """
        if self._primal is None:
            self._primal = Entry(rewrite.simplify(expand(self.program.graph)), self.backend, self.program.sizes, self.parallel)
        point = Point([_copy(x) for x in values], self._states())
        try:
            outputs = self._primal(*point.values)
        except Exception as error:
            self._restore(point.states)
            raise abandoned(error) from None
        if itself is not None:
            self._restore(point.states)
            return itself(), point
        return self.program.finish(outputs, args, kwargs), point

    def run_derived(self, point: Point, seeds: Sequence[Any]) -> list[Any]:
        """The derived leaves alone, with the draws of the point; effects have happened already."""
        total = len(self.program.graph.outputs)
        if not self.streams:
            return self.entry(*point.values, *seeds)[total:]
        now = self._states()
        self._restore(point.states)
        try:
            return self.entry(*point.values, *seeds)[total:]
        finally:
            self._restore(now)

    def emit_derived(self, point: Point, seeds: Sequence[Any]) -> list[Value]:
        """The derived values for seeds of traced code, as nodes of the graph being traced; the point is constant."""
        if self.streams:
            raise Unsupported("a derivative that draws random numbers is called in traced code with a point from outside it",
                              hint="call make_vjp or make_jvp in the traced code too")
        sizes: dict[str, int] = {}
        for value, x in zip(self.program.graph.inputs, point.values, strict=True):
            bind_sizes(value, x, sizes)
        graph = rewrite.rename_sizes(self.graph, sizes)
        builder, count = Builder.current(), len(point.values)
        values = [conform(seed, v.type) for seed, v in zip(seeds, graph.inputs[count:], strict=True)]
        inlined = builder.inline(graph, [*map(builder.constant, point.values), *values])
        return list(inlined[len(self.program.graph.outputs) :])

    def shaped(self, derived: Sequence[Any]) -> list[Any]:
        """Derived leaves for the caller to keep: of the kind of their arguments, none of them memory of another's."""
        return [
            x if finish is None else finish(x) for finish, x in zip(self.finishers, derived, strict=True)
        ]

    def _wrt_positions(self) -> list[int]:
        return positions_of(self.places, self.program.arguments)

    def _derived(self) -> Graph:
        """The program and its derivative, which is still a node."""
        program = self.program
        mode = self.mode.at(program.graph, self.wrt, self.results, program.sizes)
        return as_graph(mode, program.graph, self.wrt, self.results)


def positions_of(places: Sequence[Place], arguments: dict[Any, int]) -> list[int]:
    """The inputs of a graph that belong to the chosen arguments, in their order."""
    return [k for place in places for path, k in arguments.items() if (path[0], path[1]) == place]


def abandoned(error: Exception) -> Exception:
    """What becomes of an exception in a run: Python's own call shall raise it, its effects done up to there.

    Where memory is scarce it stays as it is: Python may need less, but far longer.
    """
    return error if isinstance(error, (*ABANDONED, LocatedError, MemoryError)) else backends.Abandoned(repr(error))


def _miss(args: Any, kwargs: Any, seeds: Any = ()) -> Any:
    """The quick way of a program that has none."""
    return MISS


def _outputs(graph: Graph, positions: Sequence[int]) -> Graph:
    return rewrite.dce(
        Graph(graph.inputs, graph.nodes, [graph.outputs[k] for k in positions], graph.name)
    )


def _finisher(argument: Any, derived: Any) -> Callable[[Any], Any] | None:
    """Gives a derivative the kind of its argument (a NumPy scalar for a Python float), if need be."""
    if argument.kind is Kind.ARRAY:
        return None if derived.kind is Kind.ARRAY else np.asarray
    return None if derived.kind is Kind.SCALAR else _as_scalar


def _copy(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


def _as_scalar(x: Any) -> Any:
    return x[()] if type(x) is np.ndarray else np.float64(x) if type(x) is float else x
