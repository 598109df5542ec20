"""Graphs as a person would write them: for printing, never run.

What the user wrote keeps the user's order; what differentiation made is brought into the normal form
of `algebra` and through the laws of `laws_readable`, `laws_linalg` and `laws_reduce`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bcad.ir import ArrayType, Builder, Graph, Node, Value, constant_op
from bcad.ops import BY_NAME

from .algebra import Algebra
from .dce import dce
from .driver import RewritingBuilder
from .rule import RuleSet
from .sizes import unify_sizes
from .terms import ADDITIVE, MULTIPLICATIVE

FORMS = ADDITIVE | MULTIPLICATIVE


class ReadableBuilder(RewritingBuilder):
    """Rewrites what the user wrote gently, and what was derived from it thoroughly.

    Attributes
    ----------
    derived : bool
        Whether what is emitted now is the work of differentiation.
    turned : bool
        Whether a sum that is emitted now adds up cotangents, last use first.
    algebra : Algebra
    """

    def __init__(self, own: RuleSet, derivative: RuleSet, name: str = "f") -> None:
        super().__init__(own, name)
        self._own, self._derivative = own, derivative
        self.derived = self.turned = self._plain = False
        self.algebra = Algebra(self.constant)

    def emit(self, op: Any, *inputs: Any, **keywords: Any) -> Any:
        """Emit and rewrite; inside `plain` only emit."""
        if self._plain:
            return Builder.emit(self, op, *inputs, **keywords)
        self.rules = self._derivative if self.derived else self._own
        return super().emit(op, *inputs, **keywords)

    def _is_final(self, value: Value) -> bool:
        """What the user named, or wrote as a sum or product, is used as it was written."""
        if not self.derived or value.node is None or value not in self._settled:
            return False
        return value in self.algebra.parts.closed or value.node.op.name in FORMS

    @contextmanager
    def plain(self) -> Iterator[None]:
        """Values emitted in this block stay as they are."""
        before, self._plain = self._plain, True
        try:
            yield
        finally:
            self._plain = before

    def normal(self, value: Value) -> Value:
        """The normal form of a sum or product."""
        turned, self.turned = self.turned, False
        with self.plain():
            result = self.algebra.normal(value, turned)
        self._settled.setdefault(result, result)
        return result


def read_form(
    graph: Graph, own: RuleSet, derivative: RuleSet, results: int, wrt: Sequence[int] = (), inner: bool | None = None,
    known: Mapping[int, Any] | None = None,
) -> Graph:
    """`graph` in the form for reading.

    Parameters
    ----------
    results : int
        How many leading outputs are the user's own; the others were derived from them.
    wrt : sequence of int
        For each derived output the input by which it is a derivative, if it is one.
    inner : bool, optional
        For a region: whether it is derived as a whole.
    known : mapping, optional
        Inputs of a region that are always a certain constant.
    """
    mine = _ancestors(graph, graph.outputs[:results])
    compared = _ancestors(graph, _compared(graph))
    sums = _accumulations(graph, graph.outputs[results:])
    builder = ReadableBuilder(own, derivative, graph.name)
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in graph.inputs}
        mapping.update((graph.inputs[k], builder.constant(x)) for k, x in (known or {}).items())
        for node in graph.nodes:
            builder.derived = (node not in mine if inner is None else inner) and node not in compared
            builder.turned = builder.derived and node in sums
            _rebuild(builder, node, mapping)
        outputs = [mapping[v] for v in graph.outputs]
        with builder.plain():
            for k, position in enumerate(wrt, results):
                turned = builder.algebra.turned_round(outputs[k], builder.inputs[position])
                outputs[k] = builder.algebra.upright(turned)
        if inner is not None:
            with builder.plain():
                outputs = [_as_before(v, old.type) for v, old in zip(outputs, graph.outputs, strict=True)]
        return dce(builder.build(outputs))


def prepared(graph: Graph) -> Graph:
    """`graph` without dead code and with one name for equal sizes."""
    return unify_sizes(dce(graph))


def _rebuild(builder: ReadableBuilder, node: Node, mapping: dict[Value, Value]) -> None:
    builder.location = node.location
    known = _known(node)
    regions = tuple(
        read_form(r, builder._own, builder._derivative, len(r.outputs), inner=builder.derived, known=known)
        for r in node.regions
    )
    operands = [mapping[v] for v in node.inputs]
    if regions:
        with builder.plain():
            operands = [_as_before(v, old.type) for v, old in zip(operands, node.inputs, strict=True)]
            result = builder.emit(node.op, *operands, regions=regions, **node.attrs)
    else:
        result = builder.emit(node.op, *operands, **node.attrs)
    outputs = result if isinstance(result, tuple) else (result,)
    for old, new in zip(node.outputs, outputs, strict=True):
        mapping[old] = new
        if new.node is not None and new.node.op is not constant_op and old.name is not None:
            new.name = new.name or old.name
            builder.algebra.parts.closed.add(new)


def _known(node: Node) -> dict[int, Any]:
    """The inputs of a node's regions that are constants: a seed of 1 needs no name inside."""
    first = {"cond": 1, "loop": int(node.attrs.get("counted", True))}.get(node.op.name)
    if first is None:
        return {}
    skipped = node.attrs["carries"] if node.op.name == "loop" else 0
    shift = 1 if node.op.name == "loop" else 0  # the index comes first inside
    return {
        k + shift: v.node.attrs["value"].value
        for k, v in enumerate(node.inputs[first:])
        if k >= skipped and v.node is not None and v.node.op is constant_op and not getattr(v.type, "shape", (0,))
    }


def _as_before(value: Value, type_: Any) -> Value:
    """`value` with the type that a region was built for; such conversions are not written."""
    if value.type == type_ or not isinstance(type_, ArrayType):
        return value
    if not type_.shape:
        return BY_NAME["as_kind"](value, kind=type_.kind, dtype=type_.dtype)
    if value.dtype != type_.dtype:
        value = BY_NAME["astype"](value, dtype=type_.dtype)
    return value


def _ancestors(graph: Graph, outputs: Any) -> set[Node]:
    """The nodes that some outputs depend on."""
    live, found = set(outputs), set()
    for node in reversed(graph.nodes):
        if any(v in live for v in node.outputs):
            live.update(node.inputs)
            found.add(node)
    return found


_COMPARISONS = frozenset("equal not_equal less less_equal greater greater_equal".split())


def _compared(graph: Graph) -> set[Value]:
    """What is compared: its last bit may decide (``x == max(x)``), so it is computed as it was in the function."""
    return {v for node in graph.nodes if node.op.name in _COMPARISONS for v in node.inputs}


_THROUGH = frozenset(
    """add subtract negative multiply divide mask where matmul sum reshape transpose broadcast_to getitem index_add
    astype as_kind""".split()
)


def _accumulations(graph: Graph, outputs: Any) -> set[Node]:
    """Nodes from which derived outputs come linearly: there, an addition adds up cotangents."""
    live, found = set(outputs), set()
    for node in reversed(graph.nodes):
        if node.op.name in _THROUGH and any(v in live for v in node.outputs):
            live.update(node.inputs[:1] if node.op.name == "divide" else node.inputs)
            if node.op.name in ("add", "subtract"):
                found.add(node)
    return found
