"""Graph -> kernel form: the walk over the steps of a plan; where each value is found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Dim, Graph, Node, Size, Value, constant_op, dim_op
from bcad.ops import Elementwise, Reduction

from .columns import WRITES, writes_columns
from .elements import ELEMENT, Index, bounds, broadcast_index, expand, is_array_part, is_span
from .faults import note_faults
from .fuse import Planner
from .kernel import BOOL, INT, Accumulate, Allocate, Buffer, Emitter, Expr, Fail, Kernel, Number, Pair
from .lifetimes import share_memory
from .plan import Plan, Step, is_array
from .ranges import in_range
from .scalars import Scalars, Unsupported, apply, needs
from .unfused import reasons

LOCAL = 32  # buffers of at most so many elements, if their size is fixed, live on the stack
OUT_OF_RANGE = "an index is out of bounds"

Special = Callable[["Scope", Node, int], None]
SPECIAL: dict[str, Special] = {}  # ops that are neither elements nor reductions
OPERANDS: dict[str, Callable[[Node], Sequence[Value]]] = {}  # which of their operands must be in memory


def special(*names: str, operands: Callable[[Node], Sequence[Value]] | None = None) -> Callable[[Special], Special]:
    """Declare how a node is lowered: ``rule(scope, node, step)`` gives its results by `scope.bind`."""

    def enter(rule: Special) -> Special:
        for name in names:
            SPECIAL[name] = rule
            OPERANDS[name] = operands or (lambda node: node.inputs)
        return rule

    return enter


def lower(graph: Graph, sizes: Sequence[str] = (), by_rows: bool = True) -> Kernel:
    """The kernel form of `graph`; its last inputs are the values of the symbols in `sizes`.

    `by_rows` if loops may be run together, a few rows at a time; threads that share loops want each by itself.

    Raises
    ------
    Unsupported
        If an op or a dtype in it cannot be compiled; the message says which.
    """
    _declare()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 50_000))
    try:
        return _Function(graph, sizes, by_rows).kernel
    finally:
        sys.setrecursionlimit(limit)


def _declare() -> None:
    """Have every module enter its specials."""
    from . import lower_control, lower_index, lower_linalg, lower_loops, lower_products  # noqa: F401


def has_rule(node: Node) -> bool:
    """Whether anything here lowers nodes of this op; its rule may still refuse some of them."""
    _declare()
    return isinstance(node.op, (Elementwise, Reduction)) or node.op.name in ELEMENT or node.op.name in SPECIAL


def is_element(node: Node) -> bool:
    """Whether one element of the node's result can be written in terms of elements of its inputs."""
    return isinstance(node.op, Elementwise) or node.op.name in ELEMENT and (node.op.name not in WRITES or writes_columns(node))


class _Function:
    """The whole kernel: inputs, symbols, and the scope of the outermost graph."""

    def __init__(self, graph: Graph, sizes: Sequence[str], by_rows: bool) -> None:
        self.graph, self.by_rows = graph, by_rows
        self.e = Emitter()
        self.s = Scalars(self.e)
        self.symbols: dict[str, Expr] = {}
        self.kernel = Kernel(graph.name, [], [], self.e.top, self.symbols)
        self.storages = 0
        self.flag: Any = None
        self.factors: dict[Any, Any] = {}  # of matrices in memory, for all that solve with them
        self.scope = Scope(self, graph, None)
        for position, value in enumerate(graph.inputs):
            self.input(value, position)
        for symbol, value in zip(sizes, graph.inputs[len(graph.inputs) - len(sizes) :], strict=True):
            self.symbols[symbol] = self.scope.env[value]
        self.scope.run(want={v: k for k, v in reversed(list(enumerate(graph.outputs)))})
        self.kernel.outputs = [self.output(v) for v in graph.outputs]
        if self.flag is not None:
            self.e.append(Fail(self.e.get(self.flag), self.message(OUT_OF_RANGE)))
        self.kernel.variables = self.e.variables
        share_memory(self.kernel)

    def input(self, value: Value, position: int) -> None:
        if not isinstance(value.type, ArrayType):
            raise Unsupported(f"an input of type {value.type}")
        t = needs(value.dtype)
        if not value.shape:
            data = (position, value.dtype, value.type.kind)
            parts = [self.e.emit("input", type=t, data=(*data, k)) for k in range(1 + (value.dtype.kind == "c"))]
            number = Pair(*parts) if len(parts) == 2 else parts[0]
            self.kernel.inputs.append(number)
            self.scope.env[value] = number
            return
        sizes = []
        for axis, size in enumerate(value.shape):
            given = self.e.emit("length", type=INT, data=(position, axis))
            if isinstance(size, Dim) and size.is_symbol():
                self.symbols.setdefault(str(size), given)
            sizes.append(given)
        buffer = self.buffer(value.dtype, tuple(sizes), "input", value.name or f"x{position}")
        buffer.position = position
        self.kernel.inputs.append(buffer)
        self.scope.env[value] = buffer

    def output(self, value: Value) -> Any:
        found = self.scope.env.get(value)
        if isinstance(found, Buffer) or not is_array(value):
            return found if found is not None else self.scope.element(value, ())
        raise AssertionError(f"output {value!r} was not made")

    def buffer(self, dtype: Any, shape: tuple[Expr, ...], kind: str, name: str = "") -> Buffer:
        self.storages += 1
        made = Buffer(dtype, shape, kind, self.storages, self.e.block, name or f"t{self.storages}")
        self.kernel.buffers.append(made)
        return made

    def message(self, text: str) -> int:
        """The status that says `text`."""
        if text not in self.kernel.messages:
            self.kernel.messages.append(text)
        return self.kernel.messages.index(text) + 1


class Scope:
    """One graph while it is lowered: its values, and the plan of its steps."""

    def __init__(self, function: _Function, graph: Graph, parent: Scope | None) -> None:
        self.function, self.graph, self.parent = function, graph, parent
        self.e, self.s = function.e, function.s
        self.env: dict[Value, Any] = {}  # Number, Buffer, or (scope, value) that it stands for
        self.memo: dict[Any, Number] = {}
        self.want: dict[Value, Any] = {}  # where a value should be made: an output's position, or a Buffer
        self.plan: Plan = None  # type: ignore[assignment]
        self.carried: dict[Value, Buffer] = {}  # of a loop body: the arrays that live from turn to turn
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
                self.special(step.node, k)
            else:
                lower_nest(self, step)
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

    # -- sizes -------------------------------------------------------------------------------------
    def size(self, size: Size) -> Expr:
        """A size as an integer expression."""
        if not isinstance(size, Dim):
            return self.e.int(size)
        key = ("size", size)
        known = self.function.e.top.known.get(key)
        if known is not None:
            return known
        total = self.e.int(0)
        for monomial, coefficient in size.terms:
            term = self.e.int(coefficient)
            for atom in monomial:
                term = self.e.mul(term, self._atom(atom))
            total = self.e.add(total, term)
        return total

    def _atom(self, atom: Any) -> Expr:
        if hasattr(atom, "name"):
            if atom.name not in self.function.symbols:
                raise Unsupported(f"the size {atom.name} is not known")
            return self.function.symbols[atom.name]
        a, b = map(self.size, atom.args)
        if atom.function in ("max", "min"):
            less = self.s.compare("lt", a, b)
            return self.s._select(less, *((b, a) if atom.function == "max" else (a, b)))
        return self.e.emit("floordiv" if atom.function == "//" else "mod", a, b, type=INT)

    def knows(self, symbol: str) -> bool:
        """Whether a symbol is bound by something that is computed around here."""
        bound = self.function.symbols.get(symbol)
        return bound is not None and self.e.block.inside(bound.block)

    def know(self, symbol: str, value: Expr) -> None:
        """Bind a symbol, unless the value it has holds here too."""
        if not self.knows(symbol):
            self.function.symbols[symbol] = value

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

    def sizes(self, shape: Sequence[Size]) -> tuple[Expr, ...]:
        return tuple(map(self.size, shape))

    def in_range(self, value: Expr, n: Size) -> bool:
        """Whether an index is known to be at least 0 and less than n."""
        return in_range(value, self.size(n))

    # -- memory --------------------------------------------------------------------------------------
    def bind(self, value: Value, found: Any) -> None:
        """Say where a value is from now on."""
        self.env[value] = found

    def allocate(self, dtype: Any, shape: tuple[Expr, ...], name: str = "") -> Buffer:
        """Memory for a temporary array."""
        needs(dtype)
        fixed = all(s.op == "const" for s in shape)
        count = int(np.prod([s.data for s in shape])) if fixed else 0
        kind = "local" if fixed and 0 < count <= LOCAL else "work"
        buffer = self.function.buffer(dtype, shape, kind, name)
        if kind == "work":
            self.e.append(Allocate(buffer, self.e.product(shape)))
        return buffer

    def room_for(self, value: Value) -> Buffer:
        """Memory for `value`: an output's if it is one."""
        wanted = self.want.get(value)
        if isinstance(wanted, Buffer):
            version = Buffer(wanted.dtype, wanted.shape, wanted.kind, wanted.storage, self.e.block, wanted.name,
                             wanted.position)
            self.function.kernel.buffers.append(version)
            return version
        if isinstance(wanted, int):
            return self.output_buffer(value, wanted)
        return self.allocate(value.dtype, self.sizes(value.shape), value.name or "")

    def output_buffer(self, value: Value, position: int) -> Buffer:
        needs(value.dtype)
        buffer = self.function.buffer(value.dtype, self.sizes(value.shape), "output", value.name or "")
        buffer.position = position
        self.e.append(Allocate(buffer, self.e.product(buffer.shape)))
        return buffer

    def trouble(self, condition: Expr) -> None:
        """Abandon the run, at its end, if `condition` ever holds."""
        function = self.function
        if function.flag is None:
            function.flag = self.e.variable("trouble", BOOL)
        block = self.e.block
        while block is not condition.block and not block.barrier and block.parent is not None:
            block = block.parent  # what no turn of a loop changes is noted before the loop
        block.statements.append(Accumulate(function.flag, "or", condition))

    def owned(self, value: Value, step: int) -> Buffer | None:
        """The memory of `value` if nobody reads it after `step`: it may be written in place."""
        found = self.env.get(value)
        if not isinstance(found, Buffer) or found.kind in ("input", "constant") or value in self.graph.outputs:
            return None
        readers = self.plan.readers.get(value, set())
        return found if all(k <= step for k in readers) and not self._inlined_later(value, step) else None

    def _inlined_later(self, value: Value, step: int) -> bool:
        return any(k > step for k in self.plan.readers.get(value, ()))

    def at_rows(self, buffer: Buffer, first: Expr) -> Buffer:
        """A version of a buffer for the rows from `first` on: it holds them alone if it holds few."""
        version = self.rewritten(buffer)
        version.first = first if buffer.few else None
        return version

    def rewritten(self, buffer: Buffer) -> Buffer:
        """A new version of a buffer that has been written in place."""
        version = Buffer(buffer.dtype, buffer.shape, buffer.kind, buffer.storage, self.e.block, buffer.name,
                         buffer.position, few=buffer.few, first=buffer.first)
        self.function.kernel.buffers.append(version)
        return version


