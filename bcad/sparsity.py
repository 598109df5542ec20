"""Which elements of a graph's outputs depend on which elements of an input: sets carried through the operations.

A set may be too large (an operation that is not known here mixes everything it takes), never too small: what it says
holds for all values of the inputs, unless the values decide about branches, trip counts or indices (`Dependence.fixed`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from bcad.ir import Graph, Node, Value, bind_sizes, resolve, run_node
from bcad.ops import BY_NAME, Elementwise, checkpoint, cond, loop

Sets = np.ndarray  # of frozensets of positions in the flat input
NOTHING: frozenset[int] = frozenset()
_union = np.frompyfunc(lambda a, b: a if a is b or not b else b if not a else a | b, 2, 1)


class Entry(NamedTuple):
    """A value at the point: what it is, on what each element depends (None: on nothing), whether data decided it."""

    value: Any
    sets: Sets | None
    moves: bool


class Dependence:
    """One pass over a graph at a point.

    Parameters
    ----------
    graph : Graph
        Without derivatives that are to be expanded.
    args : sequence
        The values of its inputs.
    wrt : int
        The input whose elements are followed.

    Attributes
    ----------
    outputs : list of ndarray of frozenset, or None
        For each output, on which elements each of its elements depends; None: on none.
    fixed : bool
        Whether the same holds for all inputs of these shapes.
    """

    def __init__(self, graph: Graph, args: Sequence[Any], wrt: int) -> None:
        self.fixed = True
        entries = [Entry(x, _each(x) if k == wrt else None, True) for k, x in enumerate(args)]
        self.outputs = [entry.sets for entry in self._run(graph, entries, {})]

    def _run(self, graph: Graph, entries: Sequence[Entry], sizes: dict[str, int]) -> list[Entry]:
        sizes = dict(sizes)
        known: dict[Value, Entry] = {}
        for value, entry in zip(graph.inputs, entries, strict=True):
            bind_sizes(value, entry.value, sizes)
            known[value] = entry
        for node in graph.nodes:
            results = self._node(node, [known[v] for v in node.inputs], sizes)
            for value, entry in zip(node.outputs, results, strict=True):
                bind_sizes(value, entry.value, sizes)
                known[value] = entry if value.type.differentiable else entry._replace(sets=None)
        return [known[v] for v in graph.outputs]

    def _node(self, node: Node, entries: list[Entry], sizes: dict[str, int]) -> list[Entry]:
        if node.op is loop:
            return self._loop(node, entries, sizes)
        if node.op is cond:
            predicate, *operands = entries
            self._relies_on(predicate)
            return self._run(node.regions[0 if predicate.value else 1], operands, sizes)
        if node.op is checkpoint:
            return self._run(node.regions[0], entries, sizes)
        values = run_node(node, [e.value for e in entries], sizes)
        moves = any(e.moves for e in entries) or node.op.effect
        if not any(e.sets is not None for e in entries) or not getattr(node.op, "differentiable", True):
            return [Entry(v, None, moves) for v in values]
        attrs = {k: resolve(v, sizes) for k, v in node.attrs.items()}
        rule = _RULES.get(node.op.name, _elementwise if isinstance(node.op, Elementwise) else None)
        if rule is not None and len(values) == 1:
            for entry in entries[_INDEXED.get(node.op.name, len(entries)) :]:
                self._relies_on(entry)
            return [Entry(values[0], rule(node.op, np.shape(values[0]), entries, attrs), moves)]
        return [Entry(v, _mixed(np.shape(v), entries), moves) for v in values]

    def _relies_on(self, entry: Entry) -> None:
        """Data that decides which elements meet."""
        if entry.moves:
            self.fixed = False

    def _loop(self, node: Node, entries: list[Entry], sizes: dict[str, int]) -> list[Entry]:
        counted, carries = node.attrs.get("counted", True), node.attrs["carries"]
        trip = entries[0] if counted else None
        if trip is not None:
            self._relies_on(trip)
        carried, constants = list(entries[counted:][:carries]), entries[counted:][carries:]
        rows: list[list[Entry]] = []
        while trip is None or len(rows) < trip.value:
            inside = [Entry(len(rows), None, False), *carried, *constants]
            if len(node.regions) > 1:
                (condition,) = self._run(node.regions[1], inside, sizes)
                self._relies_on(condition)
                if not condition.value:
                    break
            results = self._run(node.regions[0], inside, sizes)
            carried = results[:carries]
            rows.append(results[carries:])
        values = loop.stacked(node, [[e.value for e in row] for row in rows], sizes)
        ragged = dict(node.attrs.get("ragged", ()))
        stacks = [self._stacked(v, [row[k] for row in rows], k in ragged) for k, v in enumerate(values)]
        moves = trip is None or trip.moves or len(node.regions) > 1
        return [*carried, *stacks, Entry(len(rows), None, moves)]

    def _stacked(self, value: Any, rows: list[Entry], ragged: bool) -> Entry:
        moves = any(e.moves for e in rows)
        if not any(e.sets is not None for e in rows):
            return Entry(value, None, moves)
        parts = [_sets_of(e) for e in rows]
        whole = np.concatenate(parts) if ragged else np.stack(parts)
        return Entry(value, whole.reshape(np.shape(value)), moves)


def _each(x: Any) -> Sets:
    """Every element depends on itself."""
    sets = np.empty(np.size(x), object)
    sets[:] = [frozenset((k,)) for k in range(np.size(x))]
    return sets.reshape(np.shape(x))


def _sets_of(entry: Entry) -> Sets:
    return np.full(np.shape(entry.value), NOTHING, object) if entry.sets is None else entry.sets


def _plain(sets: Sets) -> Any:
    """What is assigned: of an array without axes its element, or it would be stored itself."""
    return sets if sets.ndim else sets[()]


def _mixed(shape: tuple[int, ...], entries: Sequence[Entry]) -> Sets:
    """Every element depends on everything."""
    everything = functools.reduce(
        lambda a, b: a | b, (s for e in entries if e.sets is not None for s in e.sets.ravel()), NOTHING)
    return np.full(shape, everything, object)


# -- what single operations do --------------------------------------------------------------------------
def _elementwise(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets | None:
    found: Sets | None = None
    partials = op.partials if type(op).vjp is Elementwise.vjp else (1,) * len(entries)
    for entry, partial in zip(entries, partials, strict=False):
        if entry.sets is not None and partial is not None:
            sets = np.broadcast_to(entry.sets, shape)
            found = sets if found is None else np.asarray(_union(found, sets), object).reshape(shape)
    return found


def _moved(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    """An operation that only moves elements about does the same to their sets."""
    first, *rest = entries
    return np.asarray(op.evaluate(_sets_of(first), *(e.value for e in rest), **attrs), object).reshape(shape)


def _same(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets | None:
    return None if entries[0].sets is None else np.reshape(entries[0].sets, shape)


def _written(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    base, value, *arrays = entries
    put = BY_NAME["set_item"].evaluate
    indices = [e.value for e in arrays]
    if op.name == "set_item":
        return np.asarray(put(_sets_of(base), _plain(_sets_of(value)), *indices, **attrs), object)
    there = np.asarray(BY_NAME["gather"].evaluate(_sets_of(base), *indices, **attrs), object)
    added = _sets_of(value)
    added = np.broadcast_to(added.reshape(added.shape[max(added.ndim - there.ndim, 0) :]), there.shape)
    if not arrays:
        both = np.asarray(_union(there, added), object).reshape(there.shape)
        return np.asarray(put(_sets_of(base), _plain(both), **attrs), object)
    cells = BY_NAME["gather"].evaluate(np.arange(np.size(base.value)).reshape(shape), *indices, **attrs)
    found = _sets_of(base).ravel().copy()
    for cell, sets in zip(np.ravel(cells), added.ravel(), strict=True):  # where an index repeats, several meet
        found[cell] = found[cell] | sets
    return found.reshape(shape)


def _joined(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    join = np.concatenate if op.name == "concatenate" else np.stack
    return join([_sets_of(e) for e in entries], axis=attrs["axis"]).reshape(shape)


def _filled(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    return np.full(shape, np.asarray(_sets_of(entries[0]), object).reshape(-1)[0], object)


def _on_diagonal(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    source = _sets_of(entries[0])
    places = op.evaluate(np.arange(1, source.size + 1).reshape(source.shape), **attrs)
    sets = np.concatenate([[NOTHING], source.ravel()])
    return np.asarray(sets[np.asarray(places, int)], object).reshape(shape)


def _shifted(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    return np.asarray(op.evaluate(_sets_of(entries[0]), **{**attrs, "fill": NOTHING}), object)


def _reduced(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    sets = _sets_of(entries[0])
    axes = attrs["axis"]
    axes = range(sets.ndim) if axes is None else axes if isinstance(axes, tuple) else (axes,)
    for axis in sorted((a % sets.ndim for a in axes), reverse=True):
        sets = np.asarray(_union.reduce(sets, axis=axis, initial=NOTHING), object)
    return sets.reshape(shape)


def _scanned(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    axis = attrs["axis"]
    sets = functools.reduce(_union, (_sets_of(e) for e in entries))
    sets = np.asarray(sets, object).reshape(shape)
    if attrs.get("reverse"):
        return np.asarray(np.flip(_union.accumulate(np.flip(sets, axis), axis=axis), axis), object)
    return np.asarray(_union.accumulate(sets, axis=axis), object)


def _product(op: Any, shape: tuple[int, ...], entries: Sequence[Entry], attrs: dict[str, Any]) -> Sets:
    """Rows of the left with columns of the right."""
    left, right = (_sets_of(e) for e in entries)
    rows = np.asarray(_union.reduce(left, axis=-1, initial=NOTHING), object)
    columns = np.asarray(_union.reduce(right, axis=-2 if right.ndim > 1 else -1, initial=NOTHING), object)
    if left.ndim > 1 and right.ndim > 1:
        rows, columns = rows[..., :, None], columns[..., None, :]
    return np.asarray(_union(rows, columns), object).reshape(shape)


_RULES: dict[str, Callable[..., Sets | None]] = {
    **dict.fromkeys("reshape broadcast_to transpose getitem gather diagonal".split(), _moved),
    **dict.fromkeys("as_kind astype".split(), _same),
    **dict.fromkeys("set_item index_add".split(), _written),
    **dict.fromkeys("concatenate stack".split(), _joined),
    **dict.fromkeys("sum mean prod max min nanmax nanmin logsumexp norm".split(), _reduced),
    **dict.fromkeys("cumsum cumprod cummax cummin linear_scan".split(), _scanned),
    "full": _filled, "make_diagonal": _on_diagonal, "shift": _shifted, "matmul": _product,
}
_INDEXED = {"getitem": 1, "gather": 1, "set_item": 2, "index_add": 2}  # where the inputs that are indices begin
