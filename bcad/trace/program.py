"""Program: what tracing gives: a graph, where its inputs come from, what it relied on, what else to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bcad.ir import Builder, Graph, Size, Value

from .captures.copied import OwnContainers
from .captures.guards import Guard, Guards
from .captures.sources import Source, read
from .effects.effects import Effect
from .effects.leaving import Maker
from .results import Plan
from .tree import Path, Tree, flatten


class StructureGuard(Guard):
    """The arguments are nested as they were, with the same keys."""

    __slots__ = ("tree",)
    tree: Tree

    def __str__(self) -> str:
        return f"arguments are nested like {self.tree}"


class Program:
    """A traced function.

    Attributes
    ----------
    graph : Graph
        Inputs: the number leaves of the arguments, then captures. Outputs: the number leaves of the
        result, then values for effects.
    arguments : dict
        Input position of each number leaf of ``(args, kwargs)`` by its path, such as ``(0, 1, 'w')``.
    sources : list of Source
        Where the value of each input stands.
    guards : Guards
    effects : list of Effect
        What is done after each run, in order.
    result_count : int
        How many outputs make the result.
    sizes : dict
        The lengths at the example, by symbol.
    same : dict
        Sizes that the trace found equal: what stands for a symbol.
    reasons : list of str
        The branches that are guarded and the loops that are unrolled, and why.
    suppositions : frozenset
        Loops kept as such on a supposition that a run may refute: then trace again with ``avoid=`` them.
    relied : list of SizeRelation
        What holds because no length that is a symbol is 1, and has decided something.
    own : OwnContainers or None
        What containers among the arguments must not be, where some are written to.
    """

    def __init__(
        self, graph: Graph, tree: Tree, arguments: dict[Path, int], sources: Sequence[Source], guards: Guards,
        result: Plan, result_count: int, effects: Sequence[Effect], maker: Maker,
        sizes: dict[str, int] | None = None, reasons: Sequence[str] = (), same: dict[str, Size] | None = None,
        suppositions: frozenset[Any] = frozenset(), relied: Sequence[Any] = (), own: OwnContainers | None = None,
    ) -> None:
        self.graph = graph
        self.tree = tree
        self.arguments = arguments
        self.sources = list(sources)
        self.guards = guards
        self.result = result
        self.result_count = result_count
        self.effects = list(effects)
        self.maker = maker  # of what the effects leave behind
        self.sizes = dict(sizes or {})
        self.reasons = list(reasons)
        self.same = dict(same or {})
        self.suppositions = suppositions
        self.relied = list(relied)
        self.own = own

    def check(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Guard | None:
        """None if the program holds for this call, else the first guard that does not."""
        leaves, tree = flatten((tuple(args), kwargs))
        if tree != self.tree:
            guard = StructureGuard()
            object.__setattr__(guard, "tree", self.tree)
            return guard
        failing = self.guards.failing(leaves, {})
        if failing is None and self.own is not None and not self.own.holds_for(args, kwargs, leaves):
            return self.own
        return failing

    def fetch(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
        """The values of the graph's inputs for a call, captures read anew."""
        leaves, _ = flatten((tuple(args), kwargs))
        return [read(source, leaves) for source in self.sources]

    def finish(self, outputs: Sequence[Any], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """The result put together from the graph's outputs; effects are done."""
        result = self.result.build(outputs)
        if self.effects:
            leaves, _ = flatten((tuple(args), kwargs or {}))
            run = self.maker.start(outputs, leaves)
            targets = [effect.target(leaves) for effect in self.effects]
            for effect, target in zip(self.effects, targets, strict=True):
                effect.apply(run, target)
        return result

    def explain(self) -> str:
        """What the trace relied on and does, as text."""
        lines = [f"{self.graph.name}: {len(self.graph.nodes)} nodes"]
        lines += [f"  input {v.name}: {v.type} is {s}" for v, s in zip(self.graph.inputs, self.sources, strict=True)]
        lines += [f"  guard {g}" for g in (*self.guards, *filter(None, (self.own,)))]
        lines += [f"  effect {e}" for e in self.effects]
        lines += [f"  not kept as a region: {r}" for r in self.reasons]
        return "\n".join(lines)

    report = property(explain)


class InnerProgram:
    """A function traced inside traced code: a closed region and the outer Values for its inputs.

    Attributes
    ----------
    graph : Graph
    inputs : list of Value
        The outer Values for the graph's inputs: argument leaves, then what it captured.
    arguments : dict
        Input position of each number leaf of ``(args, kwargs)`` by its path.
    result_count : int
        How many outputs make the result; the others are for effects.
    """

    def __init__(
        self, graph: Graph, inputs: Sequence[Value], arguments: dict[Path, int], result_count: int,
        rebuild: Callable[[Sequence[Any]], Any],
    ) -> None:
        self.graph = graph
        self.inputs = list(inputs)
        self.arguments = arguments
        self.result_count = result_count
        self._rebuild = rebuild

    def finish(self, outputs: Sequence[Value]) -> Any:
        """The result as the traced code sees it, from the Values of the graph's outputs."""
        return self._rebuild(outputs)

    def mapped(self, function: Callable[[Graph], Graph]) -> InnerProgram:
        """This program with `function` applied to its graph."""
        return InnerProgram(function(self.graph), self.inputs, self.arguments, self.result_count, self._rebuild)

    def inline(self) -> Any:
        """Emit the graph here; the result."""
        return self.finish(Builder.current().inline(self.graph, self.inputs))


