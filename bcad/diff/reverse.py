"""Reverse mode over a graph: emit the primal once, then walk back and accumulate cotangents.

A node leaves a *pullback* behind when it is emitted; ops with regions emit more than the primal
then (tapes), see `reverse_loop` and `reverse_cond`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from bcad.ir import Builder, Graph, Kind, Node, Value, constant_op, copy_node, live_part
from bcad.ops import BY_NAME, NotDeclared, Zero, custom, host, host_effect, tangent_type

from .activity import useful, varied
from .extract import name_of, needed_nodes, type_symbols
from .reads import READS, add_read, keeps_unread, selected
from .tangents import common_mask, conform, differentiable, fit, flat, masked, total, unmask, zero_like

Pullback = Callable[[list[Any]], None]  # takes a cotangent (or Zero) for each output of its node

# Cheaper to compute again than to keep: arithmetic of a cycle or two, comparisons, views.
CHEAP = frozenset(
    """add subtract multiply divide sqrt negative positive reciprocal square absolute fabs sign less less_equal greater
    greater_equal equal not_equal logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_xor
    invert maximum minimum fmax fmin where mask clip astype as_kind real imag conjugate floor_divide remainder floor
    ceil isnan isfinite isinf signbit heaviside getitem reshape transpose broadcast_to full iota stack""".split()
)
SMALL_POWERS = (2, 3, 4)


def is_cheap(node: Node) -> bool:
    """Whether computing it again costs less than keeping it."""
    if node.op.name != "power":
        return node.op.name in CHEAP
    exponent = node.inputs[1].node
    if exponent is None or exponent.op is not constant_op or node.inputs[1].ndim:
        return False
    return exponent.attrs["value"].value in SMALL_POWERS


class Reverse:
    """One graph being differentiated: the current builder gets its nodes and their pullbacks.

    Parameters
    ----------
    graph : Graph
    inputs : sequence of Value
        What stands for its inputs in the current builder.
    wrt, seeded : positions of inputs that want, and of outputs that have, cotangents
    free : values that the reverse part can have for nothing, or None: all (nothing is run twice)
    scope : symbols of sizes that are known outside
    keepers : arrays among the inputs of which `reads` keeps what is read
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Sequence[Value],
        wrt: Iterable[int],
        seeded: Iterable[int],
        free: set[Value] | None = None,
        scope: Collection[str] = (),
        keepers: Iterable[Value] = (),
    ) -> None:
        self.graph = graph
        self.value = dict(zip(graph.inputs, inputs, strict=True))
        self.varied = varied(graph, wrt)
        self.useful = useful(graph, seeded)
        self.needed = self.varied & self.useful
        self.free = free
        self._light: set[Value] = set()
        self.keepers = set(keepers)
        self.sums: set[Value] = set()  # cotangents that are zero wherever their masks hide them
        self.cotangent: dict[Value, Any] = {}
        self._scope = set(scope).union(*(type_symbols(v.type) for v in graph.inputs))
        self._pullbacks: list[tuple[Node, Pullback]] = []
        for node in graph.nodes:
            self._forward(node)

    # -- forward ----------------------------------------------------------------------------------
    def _forward(self, node: Node) -> None:
        builder = Builder.current()
        builder.location = node.location
        if any(v in self.needed for v in node.outputs):
            record = RECORDERS.get(node.op, record_op)
            self._pullbacks.append((node, record(self, node)))
            if keeps_unread(node, self.keepers):
                self.keepers.update(v for v in node.outputs if v.ndim)
        else:
            copy_node(builder, node, self.value)
        self._scope.update(*(type_symbols(v.type) for v in node.outputs))
        self._mark_free(node)

    def _mark_free(self, node: Node) -> None:
        if self.free is None or not is_cheap(node):
            return
        if all(map(self.is_free, node.inputs)):
            self.free.update(self.value[v] for v in node.outputs)
        if all(map(self.is_light, node.inputs)):
            self._light.update(node.outputs)

    def is_free(self, old: Value) -> bool:
        """Whether the reverse part can have this value of the graph for nothing."""
        new = self.value[old]
        return self.free is None or new in self.free or is_known(new)

    def is_start(self, old: Value) -> bool:
        """Whether nothing is behind this value: an input of the whole graph."""
        return old.node is None and self.free is None

    def is_light(self, old: Value) -> bool:
        """Whether the reverse part can have it for a few numbers: a part of an array it has for nothing."""
        return old in self._light or self.is_free(old) or not getattr(old.type, "shape", (1,))

    @property
    def scope(self) -> frozenset[str]:
        """The symbols of sizes known at this point."""
        return frozenset(self._scope)

    # -- reverse ----------------------------------------------------------------------------------
    def add(self, value: Value, cotangent: Any) -> None:
        """Add to the cotangent of a value of the graph."""
        if value in self.needed and cotangent is not None and type(cotangent) is not Zero:
            cotangent = flat(fit(cotangent, tangent_type(value.type)))
            self.cotangent[value] = total(self.cotangent.get(value), cotangent)

    def take(self, value: Value) -> Any:
        """What has been accumulated for a value, which is then forgotten here (or Zero)."""
        found = self.cotangent.pop(value, zero_like(value))
        if isinstance(found, Value):
            tell(found, value)
        return found

    def pull(self) -> None:
        """Walk back: from the cotangents of the outputs (see `add`) to those of the inputs."""
        for node, pullback in reversed(self._pullbacks):
            cotangents = [self.take(v) for v in node.outputs]
            if any(_present(g) for g in cotangents):
                Builder.current().location = node.location
                pullback(cotangents)


def tell(cotangent: Value, value: Value) -> None:
    """Say what a cotangent is that of, for code that mentions it."""
    if value.name is not None and cotangent.node is not None and cotangent.name is None and cotangent.hint is None:
        cotangent.hint = f"d_{value.name}"


def _present(g: Any) -> bool:
    return g is not None and type(g) is not Zero


def is_known(value: Value) -> bool:
    """Whether a value is a constant, which can be written anywhere."""
    return value.node is not None and value.node.op is constant_op


# -- pullbacks of ops without regions ----------------------------------------------------------------
def record_op(sweep: Reverse, node: Node) -> Pullback:
    """Emit `node`; its pullback applies the op's own rule."""
    copy_node(Builder.current(), node, sweep.value)
    return lambda cotangents: _pull_op(sweep, node, cotangents)


def _pull_op(sweep: Reverse, node: Node, cotangents: list[Any]) -> None:
    if node.op.name in READS and add_read(sweep, node, cotangents[0]):
        return
    op: Any = node.op
    condition, cotangents = common_mask(cotangents)
    inputs = [sweep.value[v] for v in node.inputs]
    outputs = tuple(sweep.value[v] for v in node.outputs)
    if op is BY_NAME.get("set_item"):
        _read_before_write(node, cotangents[0], inputs)
    if op.multiple:
        results = op.vjp(tuple(cotangents), outputs, *inputs, **node.attrs)
    else:
        results = op.vjp(selected(sweep, node, cotangents[0]), outputs[0], *inputs, **node.attrs)
    for value, g in zip(node.inputs, results, strict=True):
        sweep.add(value, masked(condition, g))


def _read_before_write(node: Node, g: Any, inputs: list[Value]) -> None:
    """Emit the read of ``g[index]`` before its write, so that the write can be done in place."""
    if differentiable(inputs[1]) and unmask(g)[0] is None:
        arrays = inputs[2:]
        one = all(getattr(v.type, "kind", None) is not Kind.ARRAY for v in arrays)
        BY_NAME["getitem" if one else "gather"](g, *arrays, **node.attrs)


def _record_ruled(sweep: Reverse, node: Node) -> Pullback:
    """A call or region with a rule of its own: see ``bcad.ops.host``."""
    copy_node(Builder.current(), node, sweep.value)

    def pull(cotangents: list[Any]) -> None:
        wrt = tuple(k for k, v in enumerate(node.inputs) if v in sweep.needed)
        rule = node.attrs.get("rule")
        graph = rule.value.vjp_graph(node, wrt) if rule is not None else None
        if graph is None:
            raise NotDeclared(name_of(node), "vjp rule", node.location)
        seeds = [conform(g, tangent_type(v.type)) for g, v in zip(cotangents, node.outputs) if differentiable(v)]
        primal = [sweep.value[v] for v in (*node.inputs, *node.outputs)]
        for k, g in zip(wrt, Builder.current().inline(graph, [*primal, *seeds]), strict=True):
            sweep.add(node.inputs[k], g)

    return pull


RECORDERS: dict[Any, Callable[[Reverse, Node], Pullback]] = {
    custom: _record_ruled,
    host: _record_ruled,
    host_effect: _record_ruled,
}


# -- whole graphs ------------------------------------------------------------------------------------
def vjp_graph(graph: Graph, wrt: Sequence[int], seeded: Sequence[int]) -> Graph:
    """Inputs: those of `graph`, a cotangent for each output in `seeded`; outputs: its own, one for each in `wrt`."""
    with Builder(name=f"{graph.name}_vjp") as builder:
        inputs = [builder.input(v.type, v.name) for v in graph.inputs]
        sweep = Reverse(graph, inputs, wrt, seeded)
        for k in seeded:
            v = graph.outputs[k]
            sweep.add(v, builder.input(tangent_type(v.type), f"d_{v.name}" if v.name else None))
        sweep.pull()
        builder.location = None
        primal = [sweep.value[v] for v in graph.outputs]
        return live_part(builder.build([*primal, *cotangents_of(sweep, wrt)]))


def pullback_graph(graph: Graph, wrt: Sequence[int], seeded: Sequence[int]) -> Graph:
    """`vjp_graph` without the primal outputs: what only they or an effect needed is not run again."""
    whole = vjp_graph(graph, wrt, seeded)
    cotangents = whole.outputs[len(graph.outputs) :]
    return Graph(whole.inputs, needed_nodes(whole.nodes, cotangents), cotangents, whole.name)


def cotangents_of(sweep: Reverse, wrt: Iterable[int]) -> list[Value]:
    """The cotangents of inputs, zeros where nothing came back."""
    inputs = sweep.graph.inputs
    return [conform(sweep.cotangent.get(inputs[k]), tangent_type(inputs[k].type)) for k in wrt]
