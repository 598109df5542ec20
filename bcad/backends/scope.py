"""One graph while it is lowered: the walk over the steps of its plan; where each value is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import ArrayType, Graph, Node, Value, constant_op, dim_op
from bcad.ops import Elementwise

from .elements import ELEMENT, Index, bounds, broadcast_index, expand, is_array_part, is_span
from .faults import note_faults
from .fuse import Planner
from .kernel import Buffer, Expr, Number, Pair
from .plan import Step, is_array
from .rooms import Rooms
from .scalars import Unsupported, apply, needs
from .specials import OPERANDS, SPECIAL, is_element
from .unfused import reasons

if TYPE_CHECKING:
    from .lower import Lowering


class Scope(Rooms):
    """One graph while it is lowered: its values, and the plan of its steps."""

    def __init__(self, function: Lowering, graph: Graph, parent: Scope | None) -> None:
        super().__init__(function, graph)
        self.parent = parent
        self.memo: dict[Any, Number] = {}
        self.carried: dict[Value, Buffer] = {}  # of a loop body: the arrays that live from turn to turn
        self.landed: set[Node] = set()  # sums that a nest before them has added up
        self.late: dict[Node, Any] = {}  # of a loop body: the writes that wait for the loop's end

    # -- running the plan ----------------------------------------------------------------------
    def run(self, want: dict[Value, Any]) -> None:
        """Emit everything that the graph's outputs need."""
        from .nests import lower_nest
        from .row_blocks import lower_rows

        self.want = want
        outputs = [v for v in self.graph.outputs if is_array(v)]
        self.plan = Planner(self.graph, is_element, self.operands, outputs, self.function.by_rows).plan()
        if self.parent is None:
            self.function.kernel.stored += reasons(self.graph, self.plan)
        for value in self.graph.outputs:  # inputs and constants handed out are copied, for a value is nobody else's
            self._copied_output(value)
        numbers = self._numbers_by_stage()
        for k, step in enumerate(self.plan.steps):
            self._learn_spans(k)
            for value in numbers.get(k, ()):
                self.element(value, ())
            if step.members:
                lower_rows(self, step, k)
            elif step.node is not None:
                if step.node not in self.landed:
                    self.special(step.node, k)
            else:
                lower_nest(self, step, k)
        self._learn_spans(len(self.plan.steps))
        for value in numbers.get(len(self.plan.steps), ()):
            self.element(value, ())

    def _numbers_by_stage(self) -> dict[int, list[Value]]:
        """Inlined numbers, by the step before which they can be computed: they are, in order."""
        found: dict[int, list[Value]] = {}
        for node in self.graph.nodes:
            if node in self.plan.live and len(node.outputs) == 1 and is_element(node) and not is_array(node.output):
                found.setdefault(self.plan.stage[node.output], []).append(node.output)
        return found

    def _copied_output(self, value: Value) -> None:
        held = value.node is None or value.node.op is constant_op
        if self.parent is None and held and is_array(value):
            step = Step(tuple(value.shape), [value])
            self.plan.steps.append(step)

    def operands(self, node: Node) -> Sequence[Value]:
        return OPERANDS[node.op.name](node) if node.op.name in OPERANDS else node.inputs

    def special(self, node: Node, step: int) -> None:
        rule = SPECIAL.get(node.op.name)
        if rule is None:
            self.refuse(node, Unsupported(f"{node.op.name} is not compiled"))
            return
        try:
            rule(self, node, step)
        except Unsupported as failure:
            self.refuse(node, failure)

    def refuse(self, node: Node, failure: Unsupported) -> None:
        """Say which node of the outermost graph a failure is about."""
        if self.parent is None and failure.node is None:
            failure.node = node
        raise failure

    # -- values ----------------------------------------------------------------------------------
    def element(self, value: Value, index: Index) -> Number:
        """The element of `value` at `index`, computed in the current block."""
        found = self.env.get(value)
        if found is not None:
            return self._held(found, index)
        key = (value, *map(id, index))
        known = self.memo.get(key)
        if known is not None and self._visible(known):
            return known
        node = value.node
        assert node is not None, f"{value!r} is not bound"
        try:
            result = self._compute(node, value, index)
        except Unsupported as failure:
            self.refuse(node, failure)
            raise
        self.memo[key] = result
        return result

    def _held(self, found: Any, index: Index) -> Number:
        if isinstance(found, Buffer):
            return self.e.load(found, self.flat(found, index))
        if isinstance(found, tuple):
            scope, value = found
            return scope.element(value, index)
        return found

    def _visible(self, x: Number) -> bool:
        parts = (x.re, x.im) if isinstance(x, Pair) else (x,)
        return all(self.e.block.inside(p.block) for p in parts)

    def _compute(self, node: Node, value: Value, index: Index) -> Number:
        if node.op is constant_op:
            return self._constant(value, node.attrs["value"].value, index)
        if node.op is dim_op:
            return self.size(node.attrs["size"])
        if isinstance(node.op, Elementwise):
            shape = value.shape
            values = [self.element(x, broadcast_index(self, index, x, shape)) for x in node.inputs]
            result = apply(self.s, node, values)
            note_faults(self, node, values, result)
            return result
        rule = ELEMENT.get(node.op.name)
        if rule is None:
            raise AssertionError(f"{node.op.name} was not made before it is read")
        return rule(self, node, index)

    def _constant(self, value: Value, x: Any, index: Index) -> Number:
        if not isinstance(value.type, ArrayType):
            raise Unsupported(f"a constant of type {value.type}")
        if not value.shape:
            return self.s.literal(np.asarray(x)[()] if value.dtype.kind != "i" else int(x), value.dtype)
        if x.size == 1 or (x.size and np.all(x == x.flat[0]) and not (x.dtype.kind in "fc" and np.any(x == 0))):
            return self.s.literal(x.flat[0], value.dtype)
        return self.e.load(self.constant_buffer(value, x), self.flat(self.env[value], index))

    def constant_buffer(self, value: Value, x: Any) -> Buffer:
        """A constant array in memory."""
        needs(value.dtype)
        buffer = self.function.buffer(value.dtype, tuple(map(self.e.int, x.shape)), "constant")
        buffer.epoch = self.e.top
        buffer.position = len(self.function.kernel.constants)
        self.function.kernel.constants.append(np.ascontiguousarray(x))
        self.env[value] = buffer
        return buffer

    def flat(self, buffer: Buffer, index: Index) -> Expr:
        """The position in memory of the element at `index`."""
        if buffer.first is not None:
            index = (self.e.sub(index[0], buffer.first), *index[1:])
        if len(index) == 1:
            return index[0]
        total = self.e.int(0)
        for i, size in zip(index, buffer.shape, strict=True):
            total = self.e.add(self.e.mul(total, size), i)
        return total

    def along(self, buffer: Buffer, place: Expr) -> Expr:
        """The position in memory of the element at a place, counted through the whole array."""
        if buffer.first is None:
            return place
        return self.e.sub(place, self.e.mul(buffer.first, self.e.product(buffer.shape[1:])))

    def number(self, value: Value) -> Expr:
        """A real number (an array of one element) now."""
        found = self.element(value, tuple(self.e.int(0) for _ in getattr(value.type, "shape", ())))
        if isinstance(found, Pair):
            raise Unsupported("a complex number here")
        return found

    def memory(self, value: Value) -> Buffer:
        """The buffer that holds `value`, which is a root, an input or a constant."""
        found = self.env.get(value)
        if isinstance(found, tuple):
            return found[0].memory(found[1])
        if isinstance(found, Buffer):
            return found
        if value.node is not None and value.node.op is constant_op:
            return self.constant_buffer(value, np.asarray(value.node.attrs["value"].value))
        if not is_array(value):  # a number where memory is wanted
            buffer = self.allocate(value.dtype, (self.e.int(1),))
            self.e.store(buffer, self.e.int(0), self.element(value, ()))
            return buffer
        return self._written_out(value)

    def _written_out(self, value: Value) -> Buffer:
        """An inlined value of an enclosing graph (a view, say), copied to where it is needed as a whole."""
        from .lower_control import fill

        buffer = self.allocate(value.dtype, self.sizes(value.shape))
        fill(self, buffer, value, tuple(value.shape))
        return self.rewritten(buffer)

    def _learn_spans(self, stage: int) -> None:
        """Bind the symbols for the lengths of slices with computed bounds."""
        for node in self.graph.nodes:
            if self.plan.spans.get(node) == stage:
                waiting = list(node.inputs[1:])
                parts = [p for p in expand(node.attrs["index"], node.inputs[0].ndim) if p is not None and p is not Ellipsis]
                for part, n in zip(parts, node.inputs[0].shape, strict=True):
                    if is_span(part):
                        length = bounds(self, part, n, waiting)[1]
                        if not isinstance(part.length, int):
                            self.know(str(part.length), length)
                    elif is_array_part(part):
                        waiting.pop(0)
