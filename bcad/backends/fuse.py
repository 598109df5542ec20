"""Fusion: which values are written to memory, and which of them share a loop nest.

A value that no root is inlined wherever it is read.  Roots are what must exist as a whole:
array outputs, operands of library calls and writes, results of reductions, and what would
cost more to compute again than to store.  A root computed over a domain joins the first nest
of that domain that comes after all it reads (in the same nest it may read at its own index).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bcad.ir import Dim, Graph, Node, Value, constant_op, dim_op, live_part
from bcad.ops import Elementwise, Reduction, has_effect

from .order import overwritten, writes_last
from .plan import Plan, Step
from .rows import grouped
from .scalars import VECTOR

STORE_COST = 8  # storing and loading again costs about as much as this many additions
WIDEST = 24  # roots in one nest; more of them and registers run out
VIEWS = {"reshape", "broadcast_to", "transpose", "getitem", "flip", "squeeze", "expand_dims", "swapaxes"}
CHEAP = {"full", "iota", "as_kind", "astype", *VIEWS}


class Planner:
    """Plans one graph.

    Parameters
    ----------
    graph : Graph
    is_element : callable
        Whether a node can be inlined element by element.
    needs_memory : callable
        Which operands of a special node must be roots, as a list of Values.
    outputs : iterable of Value
        Further values that are read from outside.
    by_rows : bool
        Whether steps may be run a few rows at a time.
    """

    def __init__(
        self, graph: Graph, is_element: Callable[[Node], bool], needs_memory: Callable[[Node], Iterable[Value]],
        outputs: Iterable[Value] = (), by_rows: bool = True,
    ) -> None:
        self.graph, self.by_rows = graph, by_rows
        self.outputs = {*graph.outputs, *outputs}
        self.is_element, self.needs_memory = is_element, needs_memory
        self.live = set(live_part(graph).nodes)
        self.lazy = {n.output for n in graph.nodes if n in self.live and len(n.outputs) == 1 and is_element(n)}
        self.roots: set[Value] = {v for v in self.outputs if self._array(v)}
        for node in graph.nodes:
            if node in self.live and not is_element(node) and not isinstance(node.op, Reduction):
                self.roots.update(v for v in needs_memory(node) if self._array(v))
        self.costs = self._all_costs()

    def _array(self, value: Value) -> bool:
        return value in self.lazy and value.ndim > 0

    def plan(self) -> Plan:
        for _ in range(3):
            plan = self._group()
            more = self._worth_storing(plan)
            if not more:
                break
            self.roots |= more
        plan = self._group()
        if any(step.node is not None and overwritten(step.node) for step in plan.steps):
            plan = self._reordered(plan, writes_last)
        return self._reordered(plan, grouped) if self.by_rows else plan

    def _reordered(self, plan: Plan, order: Callable[[Planner], list[Step]]) -> Plan:
        """The plan with its steps in another order, or put together."""
        self.readers = plan.readers
        steps = order(self)
        return plan if steps == plan.steps else self._numbered(steps)

    def readers_of(self, value: Value) -> set[int]:
        """The steps that read a root."""
        return self.readers.get(value, set())

    # -- grouping ------------------------------------------------------------------------------
    def _group(self) -> Plan:
        self.steps: list[Step] = []
        self.stage: dict[Value, int] = {v: 0 for v in self.graph.inputs}
        self.step_of: dict[Value, int] = {}
        self.spans: dict[Node, int] = {}
        self.bound_at = self._given_sizes()  # symbol -> the stage from which its number is known
        effects = 0
        for node in self.graph.nodes:
            if node.op is constant_op:
                self.stage[node.outputs[0]] = 0
            elif node.op is dim_op:
                self.stage[node.outputs[0]] = self.known_from((node.attrs["size"],))
            elif node not in self.live:
                continue
            elif node.outputs and node.outputs[0] in self.lazy:
                self._element(node)
            elif isinstance(node.op, Reduction):
                self._place(node.output, tuple(node.inputs[0].shape), node.inputs)
            else:
                after = max((self.stage[v] for v in node.inputs), default=0)
                if has_effect(node):
                    after = max(after, effects)
                    effects = len(self.steps) + 1
                self.steps.append(Step(node=node, roots=list(node.outputs)))
                for value in node.outputs:
                    self.stage[value] = len(self.steps)
                    self.step_of[value] = len(self.steps) - 1
            self._note_symbols(node)
        return Plan(self.steps, self.stage, self.live, self._readers(), self.spans)

    def _numbered(self, steps: list[Step]) -> Plan:
        """The plan with these steps, in this order."""
        self.steps = steps
        self.step_of = {root: k for k, step in enumerate(steps) for root in step.roots}
        self.stage = {v: 0 for v in self.graph.inputs}
        self.spans, self.bound_at = {}, self._given_sizes()
        for node in self.graph.nodes:
            if node.op is constant_op:
                self.stage[node.outputs[0]] = 0
            elif node.op is dim_op:
                self.stage[node.outputs[0]] = self.known_from((node.attrs["size"],))
            elif node in self.live:
                for value in node.outputs:
                    made = self.step_of.get(value)
                    self.stage[value] = max((self.stage[v] for v in node.inputs), default=0) if made is None else made + 1
                self._note_symbols(node)
        return Plan(steps, self.stage, self.live, self._readers(), self.spans)

    def _given_sizes(self) -> dict[str, int]:
        return {str(s): 0 for v in self.graph.inputs for s in getattr(v.type, "shape", ()) if isinstance(s, Dim) and s.is_symbol()}

    def _note_symbols(self, node: Node) -> None:
        """From where on what a node's results bind is known: the length of a slice as soon as its bounds are."""
        if node.op.name != "getitem" and (isinstance(node.op, Reduction) or self.is_element(node)):
            return  # its sizes are those of its operands
        for value in node.outputs:
            bound = [
                str(s) for s in getattr(value.type, "shape", ())
                if isinstance(s, Dim) and s.is_symbol() and str(s) not in self.bound_at
            ]
            if not bound or value not in self.stage:
                continue
            known = self.stage[value]
            if node.op.name == "getitem":
                known = self.spans[node] = max((self.stage[v] for v in node.inputs[1:]), default=0)
            for symbol in bound:
                self.bound_at.setdefault(symbol, known)

    def known_from(self, sizes: Iterable[Any]) -> int:
        """The stage from which all symbols in some sizes are known."""
        names = {name for size in sizes if isinstance(size, Dim) for name in size.symbols()}
        return max((self.bound_at.get(name, 0) for name in names), default=0)

    def _element(self, node: Node) -> None:
        value = node.output
        if value in self.roots:
            self._place(value, tuple(value.shape), node.inputs)
        else:
            self.stage[value] = max((self.stage[v] for v in node.inputs), default=0)

    def _place(self, value: Value, domain: tuple[Any, ...], inputs: tuple[Value, ...]) -> None:
        early, same = self.known_from(domain), 0
        for source, identity in self._sources(inputs, domain):
            if identity and self.step_of.get(source, -1) >= 0 and self._elementwise_root(source):
                same = max(same, self.step_of[source])
            else:
                early = max(early, self.stage[source])
        for k in range(max(early, same), len(self.steps)):
            step = self.steps[k]
            if step.domain == domain and len(step.roots) < WIDEST:
                step.roots.append(value)
                break
        else:
            self.steps.append(Step(domain, [value]))
            k = len(self.steps) - 1
        self.step_of[value], self.stage[value] = k, k + 1

    def _elementwise_root(self, value: Value) -> bool:
        return value in self.lazy and value in self.roots

    def _sources(self, inputs: Iterable[Value], domain: tuple[Any, ...]) -> list[tuple[Value, bool]]:
        """The roots that computing over `domain` reads, and whether each only at its own index."""
        found: dict[tuple[Value, bool], None] = {}
        seen: set[tuple[Value, bool]] = set()
        stack = [(v, tuple(getattr(v.type, "shape", ())) == domain) for v in inputs]
        while stack:
            value, identity = stack.pop()
            if (value, identity) in seen:
                continue
            seen.add((value, identity))
            if value not in self.lazy or value in self.roots:
                found[value, identity] = None
                continue
            node = value.node
            assert node is not None
            keeps = isinstance(node.op, Elementwise) or node.op.name == "astype"
            for v in node.inputs:
                stack.append((v, identity and keeps and tuple(getattr(v.type, "shape", ())) == domain))
        return list(found)

    def _readers(self) -> dict[Value, set[int]]:
        """For each root and input the steps in which it is read, through inlined values too."""
        readers: dict[Value, set[int]] = {}
        self.read_by_numbers: set[Value] = set()  # behind the step that makes them, before the next
        reads: dict[Value, set[Value]] = {}  # inlined value -> roots below it

        def below(value: Value) -> set[Value]:
            if value not in self.lazy or value in self.roots:
                return {value}
            return reads[value]

        for node in self.graph.nodes:
            if node not in self.live or node.op in (constant_op, dim_op):
                continue
            sources = set().union(*map(below, node.inputs)) if node.inputs else set()
            if node.outputs and node.outputs[0] in self.lazy and node.outputs[0] not in self.roots:
                reads[node.outputs[0]] = sources
                if getattr(node.outputs[0].type, "shape", ()) == ():  # computed once, as soon as it can be
                    self.read_by_numbers |= sources
                    for source in sources:
                        readers.setdefault(source, set()).add(self.stage[node.outputs[0]] - 1)
                    reads[node.outputs[0]] = set()
            else:
                step = self.step_of[node.outputs[0]] if node.outputs else self._step_of_node(node)
                for source in sources:
                    readers.setdefault(source, set()).add(step)
        for value in self.graph.outputs:
            for source in below(value):
                readers.setdefault(source, set()).add(len(self.steps))
        return readers

    def _step_of_node(self, node: Node) -> int:
        return next(k for k, step in enumerate(self.steps) if step.node is node)

    # -- store or compute again ------------------------------------------------------------------
    def _worth_storing(self, plan: Plan) -> set[Value]:
        """Inlined values that several nests would compute, or one nest many times over."""
        where: dict[Value, set[int]] = {}
        chosen: set[Value] = set()
        for node in reversed(self.graph.nodes):
            if node not in self.live or not node.outputs:
                continue
            value = node.outputs[0]
            if value in self.lazy and value not in self.roots:
                steps = where.get(value, set())
                if self._array(value) and len(steps) > 1 and self.costs[value] >= STORE_COST:
                    chosen.add(value)
                    steps = {-1 - len(chosen)}
            else:
                steps = {self.step_of.get(value, len(plan.steps))}
            for v in node.inputs:
                where.setdefault(v, set()).update(steps)
                if self._array(v) and v not in self.roots and self._repeated(v, node) and self.costs[v] >= STORE_COST:
                    chosen.add(v)
        return chosen

    def _repeated(self, value: Value, node: Node) -> bool:
        """Whether `node` reads elements of `value` again along an axis outside that of its last axis."""
        if node.op.name == "gather":
            return value is node.inputs[0]
        if not (isinstance(node.op, Elementwise) or node.op.name == "broadcast_to"):
            return False
        shape, out = tuple(value.shape), tuple(node.outputs[0].shape)
        padded = (1,) * (len(out) - len(shape)) + shape
        stretched = [k for k, (a, b) in enumerate(zip(padded, out, strict=True)) if a == 1 and b != 1]
        kept = [k for k, a in enumerate(padded) if a != 1]
        return bool(stretched and kept and min(stretched) < max(kept))

    def _all_costs(self) -> dict[Value, int]:
        costs: dict[Value, int] = {}
        for node in self.graph.nodes:
            for value in node.outputs:
                costs[value] = 0
            if node.outputs and node.outputs[0] in self.lazy:
                value = node.outputs[0]
                below = sum(costs.get(v, 0) for v in set(node.inputs) if v not in self.roots or v is value)
                costs[value] = min(own_cost(node) + below, 1000)
        return costs


def own_cost(node: Node) -> int:
    """How many additions a node is worth."""
    name = node.op.name
    if name in CHEAP:
        return 0
    if name in VECTOR or name in ("power", "gather", "float_power"):
        return 10
    return 4 if name in ("divide", "sqrt", "remainder", "floor_divide") else 1
