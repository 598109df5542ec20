"""Loop nests: one pass over a domain that computes its elementwise roots and its reductions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bcad.ir import Value, constant_op
from bcad.ops import Elementwise, Reduction

from .flat_scope import FlatScope
from .in_place import carried_room
from .kernel import BOOL, INT, Accumulate, Buffer, Expr, Fail, Number, Pair, Variable
from .landings import Landing, landings
from .plan import Step, is_array
from .scalars import Unsupported, is_float, needs

CHUNK = 1024  # a sum's terms are added up in runs of this length, and the runs with their rounding errors
SHORT = 16  # elements of a row that are added up in registers
KINDS = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "nanmax": "fmax", "nanmin": "fmin", "any": "or", "all": "and"}


Place = Callable[[Value], Buffer]  # gives room for a value


@dataclass(frozen=True)
class Rows:
    """The rows that are gone over now: from `first` up to `stop`, or that one alone."""

    first: Expr
    stop: Expr
    single: bool = False


def lower_nest(scope: Any, step: Step, k: int) -> None:
    """Emit the loops of `step`, the k-th, and bind its roots."""
    nest = Nest(scope, step, lands=landings(scope, step, k))
    nest.prepare(lambda value: carried_room(scope, step, k, value) or scope.room_for(value))
    nest.go(None)
    nest.finish()


@dataclass
class _Fold:
    """A reduction while its nest is emitted."""

    value: Value
    source: Value
    axes: tuple[int, ...]
    kind: str
    opens: int  # the loop level at which its accumulators start: all axes from here on are folded
    buffer: Buffer | None = None
    sums: list[tuple[Variable, Variable | None, Variable | None]] = field(default_factory=list)

    @property
    def compensated(self) -> bool:
        return bool(self.sums) and self.sums[0][1] is not None

    @property
    def scattered(self) -> bool:
        """Whether it is added up in memory: not all folded axes are the innermost."""
        return any(a < self.opens for a in self.axes)


class Nest:
    """One pass over a domain: all at once, or some rows now and others later."""

    def __init__(self, scope: Any, step: Step, single: bool = False, lands: Mapping[Value, Landing] = MappingProxyType({})) -> None:
        self.scope, self.e, self.s = scope, scope.e, scope.s
        self.roots = step.roots
        self.single = single  # one row at a time, so short that it is straight-line code
        self.lands = lands  # roots that are added to an array instead of being kept
        self.flat = not single and not lands and self._collapses(step)
        self.domain = step.domain or ()
        self.sizes = [scope.size(n) for n in self.domain]
        self.row = self.e.product(self.sizes[1:])
        if self.flat:
            self.sizes = [self.e.product(self.sizes)]
        self.depth = len(self.sizes)
        self.targets: dict[Value, Buffer] = {}
        self.folds: list[_Fold] = []
        self.index: list[Expr] = []
        self.rows: Rows | None = None

    # -- before, at and after the rows --------------------------------------------------------------
    def prepare(self, place: Place) -> None:
        """Make room for the results, and begin what is folded over all rows."""
        for value in self.roots:
            if self._is_fold(value):
                try:
                    self._open_fold(value, place)
                except Unsupported as failure:
                    assert value.node is not None
                    self.scope.refuse(value.node, failure)
            elif value not in self.lands:
                self.targets[value] = place(value)
        for fold in self.folds:
            if fold.opens == 0:
                self._start(fold, 0)

    def go(self, rows: Rows | None) -> None:
        """Emit the loops, over some rows or all; what they make is bound as far as it is complete then."""
        self.rows = rows
        places = dict(self.targets), {f.value: f.buffer for f in self.folds}
        if rows is not None:
            self.targets = {v: self.scope.at_rows(b, rows.first) for v, b in self.targets.items()}
        for fold in self.folds:
            if fold.buffer is not None and 0 not in fold.axes:
                if rows is not None:
                    fold.buffer = self.scope.at_rows(fold.buffer, rows.first)
                    fold.buffer.mutable = fold.scattered
                if fold.scattered:
                    self._clear(fold)
        self._level(0)
        for value, buffer in self.targets.items():
            self.scope.bind(value, buffer)
        for fold in self.folds:
            if fold.buffer is not None and 0 not in fold.axes:
                self.scope.bind(fold.value, self.scope.rewritten(fold.buffer))
        self.targets = places[0]
        for fold in self.folds:
            fold.buffer = places[1][fold.value]

    def finish(self) -> None:
        """Complete what is folded over all rows."""
        for landing in self.lands.values():
            landing.finish()
        for fold in self.folds:
            if fold.opens == 0:
                self._finish(fold)
            if fold.buffer is not None and 0 in fold.axes:
                self.scope.bind(fold.value, self.scope.rewritten(fold.buffer))
        self.scope.function.kernel.summary.append(self._describe())

    @property
    def sums_rows(self) -> bool:
        """Whether it adds up over all rows, with the rounding errors."""
        return any(f.compensated and f.opens == 0 for f in self.folds)

    def _describe(self) -> str:
        what = ", ".join(v.name or (v.node.op.name if v.node else "copy") for v in self.roots)
        return f"loop nest over ({', '.join(map(str, self.domain))}): {what}"

    def _is_fold(self, value: Value) -> bool:
        return value.node is not None and isinstance(value.node.op, Reduction) and value not in self.scope.env

    # -- one axis instead of several ---------------------------------------------------------------
    def _collapses(self, step: Step) -> bool:
        """Whether all is read and written in the order of memory: then the domain is one long axis."""
        domain = step.domain or ()
        if len(domain) < 2:
            return False
        seen: set[Value] = set()
        stack: list[tuple[Any, Value]] = []
        for root in step.roots:
            node = root.node
            if self._is_fold(root):
                assert node is not None
                if len(node.attrs["axis"]) != len(domain) or len(node.inputs) != 1:
                    return False
                stack.append((self.scope, node.inputs[0]))
            elif node is None or node.op is constant_op or self._plain(node):
                stack += [(self.scope, x) for x in ([root] if node is None or node.op is constant_op else node.inputs)]
            else:
                return False
        while stack:
            scope, value = stack.pop()
            if value in seen or not is_array(value):
                continue
            seen.add(value)
            if tuple(value.shape) != domain:
                return False
            found = scope.env.get(value)
            if isinstance(found, tuple):  # it is made outside, where it may be no array in memory
                stack.append(found)
                continue
            node = value.node
            if found is not None or value in step.roots or node is None or node.op is constant_op:
                continue
            if not self._plain(node):
                return False
            stack += [(scope, x) for x in node.inputs]
        return True

    @staticmethod
    def _plain(node: Any) -> bool:
        return isinstance(node.op, Elementwise) or node.op.name in ("astype", "full")

    # -- the loops -----------------------------------------------------------------------------------
    def _level(self, axis: int) -> None:
        inner = [f for f in self.folds if f.opens == axis > 0]
        for fold in inner:
            self._start(fold, axis)
        if axis == self.depth:
            self._body()
        elif axis == 0 and self.rows is not None and self.rows.single:
            self._at(self.rows.first, axis)
        else:
            start, stop = self._ends(axis)
            single = self.rows is not None and self.rows.single  # then who goes over the rows sees to the runs
            if axis == self.depth - 1 and not single and any(f.compensated for f in self.folds):
                self._chunks(axis, start, stop)
            else:
                self._loop(axis, start, stop)
        for fold in inner:
            self._finish(fold)

    def _ends(self, axis: int) -> tuple[Expr, Expr]:
        if axis or self.rows is None:
            return self.e.int(0), self.sizes[axis]
        times = self.row if self.flat else self.e.int(1)
        return self.e.mul(self.rows.first, times), self.e.mul(self.rows.stop, times)

    def _loop(self, axis: int, start: Expr, stop: Expr) -> None:
        parallel = all(axis >= f.opens or axis not in f.axes for f in self.folds)  # then it goes through memory once
        self.e.each(start, stop, lambda i: self._at(i, axis), parallel=parallel)

    def _at(self, i: Expr, axis: int) -> None:
        self.index.append(i)
        self._level(axis + 1)
        self.index.pop()

    def _chunks(self, axis: int, first: Expr, size: Expr) -> None:
        """The innermost loop in runs, each summed by itself."""
        with in_runs(self.scope, first, size) as (start, stop):
            self.open_runs()
            self._loop(axis, start, stop)
            self.close_runs()

    def open_runs(self) -> None:
        """Begin a run of each sum."""
        for fold in self.folds:
            for inner, total, _ in fold.sums:
                if total is not None:
                    self.e.set(inner, self.e.const(0.0, inner.type))

    def close_runs(self) -> None:
        """Add the runs to the totals."""
        for fold in self.folds:
            for run, total, error in fold.sums:
                if total is not None and error is not None:
                    self._add_exactly(run, total, error)

    def _add_exactly(self, run: Variable, total: Variable, error: Variable) -> None:
        """``total + error += run`` with the rounding error kept (Knuth's two-sum)."""
        B, a, b = self.s.binary, self.e.get(total), self.e.get(run)
        new = B("add", a, b)
        other = B("sub", new, a)
        lost = B("add", B("sub", a, B("sub", new, other)), B("sub", b, other))
        self.e.set(total, new)
        self.e.set(error, B("add", self.e.get(error), lost))

    def _body(self) -> None:
        index = tuple(self.index)
        self._warm(index)
        made = [(v, self._element(v, index)) for v in self.roots if v in self.targets or v in self.lands]
        for fold in self.folds:
            x = self.scope.s.cast(self._element(fold.source, index), fold.source.dtype, fold.value.dtype)
            self._fold_in(fold, x, index)
        for value, number in made:  # when all is read: what is replaced may be among it
            if value in self.lands:
                self.lands[value].add(index, number)
            else:
                buffer = self.targets[value]
                self.e.store(buffer, self.scope.along(buffer, index[0]) if self.flat else self.scope.flat(buffer, index), number)

    def _element(self, value: Value, index: tuple[Expr, ...]) -> Number:
        if not self.flat:
            return self.scope.element(value, index)
        return FlatScope(self.scope).element(value, index)

    def _warm(self, index: tuple[Expr, ...]) -> None:
        """Compute the long chains in order, so that no recursion gets deep."""
        wanted: list[Value] = []
        seen: set[Value] = set()
        stack = [f.source for f in self.folds] + [r for r in self.roots if r in self.targets or r in self.lands]
        while stack:
            value = stack.pop()
            if value in seen or value in self.scope.env or value.node is None:
                continue
            if not isinstance(value.node.op, Elementwise) or tuple(value.shape) != self.domain:
                continue
            seen.add(value)
            wanted.append(value)
            stack += value.node.inputs
        if len(wanted) > 100:
            order = {v: k for k, n in enumerate(self.scope.graph.nodes) for v in n.outputs}
            for value in sorted(wanted, key=order.__getitem__):
                self._element(value, index)

    # -- reductions --------------------------------------------------------------------------------
    def _open_fold(self, value: Value, place: Place) -> None:
        node = value.node
        assert node is not None
        kind = KINDS.get(node.op.name)
        extra = set(node.attrs) - {"axis", "keepdims"}
        if kind is None or len(node.inputs) != 1 or extra:
            raise Unsupported(f"{node.op.name} is not compiled")
        needs(value.dtype)
        if value.dtype.kind == "c" and kind != "add":
            raise Unsupported(f"{node.op.name} of complex numbers")
        axes = tuple(node.attrs["axis"]) if not self.flat else (0,)
        opens = self.depth
        while opens > 0 and opens - 1 in axes:
            opens -= 1
        fold = _Fold(value, node.inputs[0], axes, kind, opens)
        self.folds.append(fold)
        if kind in ("maximum", "minimum", "fmax", "fmin"):
            self._refuse_empty(fold)
        if not is_array(value) and opens == 0:
            return
        fold.buffer = place(value) if is_array(value) else None
        if fold.scattered:
            assert fold.buffer is not None
            fold.buffer.mutable = True
            if 0 in axes:
                self._clear(fold)

    def _clear(self, fold: _Fold) -> None:
        """Start a fold in memory."""
        assert fold.buffer is not None
        with self.e.loop(self.e.int(0), self.e.product(fold.buffer.shape), parallel=True) as i:
            start = self._identity(fold)
            self.e.store(fold.buffer, i, Pair(start, start) if fold.buffer.is_complex else start)

    def _refuse_empty(self, fold: _Fold) -> None:
        for axis in fold.axes:
            empty = self.s.compare("eq", self.sizes[axis], self.e.int(0))
            if self.sizes[axis].op != "const" or self.sizes[axis].data == 0:
                self.e.append(Fail(empty, self.scope.function.message(f"zero-size array to reduction {fold.kind}")))

    def _identity(self, fold: _Fold) -> Expr:
        t = needs(fold.value.dtype)
        if fold.kind in ("or", "and"):
            return self.e.const(fold.kind == "and", BOOL)
        if fold.kind in ("add", "mul"):
            one = fold.kind == "mul"
            return self.e.const(float(one) if is_float(t) else int(one), t)
        low = fold.kind in ("maximum", "fmax")
        if fold.kind[0] == "f" and is_float(t):
            return self.e.const(float("nan"), t)  # what stays if there is nothing else
        if is_float(t):
            return self.e.const(float("-inf" if low else "inf"), t)
        if t == BOOL:
            return self.e.const(not low, BOOL)
        bits = int(t[1:])
        least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if t[0] == "i" else (0, 2**bits - 1)
        return self.e.const(least if low else most, t)

    def _start(self, fold: _Fold, axis: int) -> None:
        if axis == self.depth:
            return
        t, zero = needs(fold.value.dtype), self._identity(fold)
        size = self.sizes[-1]
        short = axis == self.depth - 1 and size.op == "const" and (size.data <= CHUNK or self.single and axis > 0)
        careful = fold.kind == "add" and is_float(t) and not short
        fold.sums = []
        for _ in range(1 + (fold.value.dtype.kind == "c")):
            if careful:
                parts = [self.e.variable(n, t, self.e.const(0.0, t)) for n in ("run", "total", "error")]
                fold.sums.append(tuple(parts))
                self.scope.function.kernel.compensated.append((parts[1], parts[2]))
            else:
                fold.sums.append((self.e.variable("acc", t, zero), None, None))

    def _fold_in(self, fold: _Fold, x: Number, index: tuple[Expr, ...]) -> None:
        if fold.opens < self.depth:
            parts = (x.re, x.im) if isinstance(x, Pair) else (x,)
            for (variable, _, _), part in zip(fold.sums, parts, strict=True):
                self.e.append(Accumulate(variable, fold.kind, part))
        elif fold.buffer is None:  # no axes: there is one element
            self.scope.bind(fold.value, x)
        else:
            self._to_memory(fold, x)

    def _finish(self, fold: _Fold) -> None:
        if fold.opens == self.depth:
            return
        parts = [self._total(*sums) for sums in fold.sums]
        x: Number = Pair(*parts) if len(parts) == 2 else parts[0]
        if fold.buffer is None:
            self.scope.bind(fold.value, x)
        elif fold.buffer.mutable:
            self._to_memory(fold, x)
        else:
            self.e.store(fold.buffer, self._place(fold), x)

    def _total(self, run: Variable, total: Variable | None, error: Variable | None) -> Expr:
        if total is None or error is None:
            return self.e.get(run)
        a, b = self.e.get(total), self.e.get(error)
        return self.s._select(self.s.compare("ne", b, b), a, self.s.binary("add", a, b))  # inf has no error

    def _place(self, fold: _Fold) -> Expr:
        keepdims = fold.value.node.attrs.get("keepdims")  # type: ignore[union-attr]
        zero = self.e.int(0)
        index = [
            zero if axis in fold.axes else self.index[axis]
            for axis in range(self.depth)
            if keepdims or axis not in fold.axes
        ]
        assert fold.buffer is not None
        return self.scope.flat(fold.buffer, tuple(index)) if index else zero

    def _to_memory(self, fold: _Fold, x: Number) -> None:
        """Fold into the element of the result; it has been set to the identity before."""
        assert fold.buffer is not None
        place = self._place(fold)
        before = self.e.load(fold.buffer, place)
        if isinstance(x, Pair):
            self.e.store(fold.buffer, place, self.s.complex_binary("add", self.s.pair(before), x))
        else:
            assert isinstance(before, Expr)
            self.e.store(fold.buffer, place, self.e.fresh(fold.kind, before, x, type=x.type))


@contextmanager
def in_runs(scope: Any, first: Expr, size: Expr, length: Expr | None = None) -> Iterator[tuple[Expr, Expr]]:
    """A loop over the range from `first` up to `size` in runs: what is emitted within is done from the one up to the other."""
    e, chunk = scope.e, length or scope.e.int(CHUNK)
    runs = e.emit("udiv", e.add(e.sub(size, first), e.sub(chunk, e.int(1))), chunk, type=INT)
    with e.loop(e.int(0), runs) as run:
        start = e.add(first, e.mul(run, chunk))
        end = e.add(start, chunk)
        yield start, scope.s._select(scope.s.compare("lt", end, size), end, size)
