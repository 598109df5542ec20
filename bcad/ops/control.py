"""Ops with regions: cond, loop, derivative, checkpoint; and check, which abandons a run.

A region is a closed graph that an op runs, never runs, or runs many times.  `execute` is the
reference meaning (``bcad.ir.evaluate`` calls it); the derivatives are ``bcad.diff``'s, since
they recurse into graphs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bcad.ir import (
    ArrayType,
    Dim,
    Graph,
    Kind,
    Literal,
    Node,
    Size,
    Type,
    Value,
    assumptions,
    evaluate_size,
    maximum,
    python_type,
    scalar_type,
)

from . import arguments
from .op import Op, define

Run = Callable[[Graph, Sequence[Any], dict[str, int]], list[Any]]
INDEX = python_type(int)


class RegionError(TypeError):
    """The types at the border of a region do not fit."""


class CheckFailed(Exception):
    """A `check` was set: the run must be given up and the original function run instead."""


class RegionOp(Op):
    """An op whose meaning is in its regions."""

    multiple = True
    regional = True

    def execute(self, node: Node, inputs: Sequence[Any], sizes: dict[str, int], run: Run) -> list[Any]:
        """The results for concrete `inputs`; ``run(graph, args, sizes)`` evaluates a region."""
        raise NotImplementedError

    def evaluate(self, *inputs: Any, **attrs: Any) -> Any:
        raise TypeError(f"{self.name} has regions: it is run by execute")


@define
class Cond(RegionOp):
    """``cond(predicate, *operands)``, regions (then, else): the results of the arm that is chosen.

    Both arms take all operands and give equal types.  Where sizes differ, `types` gives the
    result types, with a fresh symbol for such a size.
    """

    def type_rule(
        self, predicate: ArrayType, *operands: Type, regions: Sequence[Graph], types: tuple[Type, ...] | None = None
    ) -> tuple[Type, ...]:
        then, other = regions
        for arm in regions:
            require_same(operands, [v.type for v in arm.inputs], f"operands and inputs of {arm.name}")
        if types is not None:
            return tuple(types)
        results = tuple(v.type for v in then.outputs)
        require_same(results, [v.type for v in other.outputs], "results of the two arms")
        return results

    def execute(self, node: Node, inputs: Sequence[Any], sizes: dict[str, int], run: Run) -> list[Any]:
        predicate, *operands = inputs
        return run(node.regions[0 if predicate else 1], operands, sizes)


@define
class Loop(RegionOp):
    """A loop: ``for index in range(trip)``, ``while condition``, or both.

    Inputs ``(trip if counted, *carries, *constants)``; regions ``(body,)`` or ``(body, condition)``,
    both of ``(index, *carries, *constants)``.  The body gives the new carries, then one element
    for each stack; the condition is asked before each iteration.  Results: the final carries,
    the stacks (a new leading axis of the length `count`), and `count`.

    Attributes
    ----------
    carries, stacks : int
        How many there are.
    counted : bool
        Whether the first input is the trip count; a condition may end the loop earlier.
    length : Size
        The length of the stacks, see `stack_length`; None if there are none.
    ragged : tuple of (int, Size)
        Stacks whose elements have a leading axis that varies from one iteration to the next,
        with their total lengths: the elements are joined along that axis.
    """

    def type_rule(
        self,
        *inputs: Type,
        regions: Sequence[Graph],
        carries: int,
        stacks: int = 0,
        counted: bool = True,
        length: Size | None = None,
        ragged: tuple[tuple[int, Size], ...] = (),
    ) -> tuple[Type, ...]:
        body = regions[0]
        for region in regions:
            require_same([INDEX, *inputs[counted:]], [v.type for v in region.inputs], f"inputs of {region.name}")
        carried = tuple(v.type for v in body.inputs[1 : 1 + carries])
        results = tuple(v.type for v in body.outputs)
        require_same(carried, results[:carries], "carries and results of the body")
        if len(results) != carries + stacks or (stacks and length is None):
            raise RegionError(f"a body with {len(results)} results for {carries} carries and {stacks} stacks")
        totals = dict(ragged)
        stacked = tuple(_stacked(t, length, totals.get(k)) for k, t in enumerate(results[carries:]))
        return (*carried, *stacked, INDEX)

    def execute(self, node: Node, inputs: Sequence[Any], sizes: dict[str, int], run: Run) -> list[Any]:
        counted, carries = node.attrs.get("counted", True), node.attrs["carries"]
        trip = inputs[0] if counted else None
        carried, constants = list(inputs[counted:][:carries]), inputs[counted:][carries:]
        rows: list[list[Any]] = []
        while trip is None or len(rows) < trip:
            arguments = [len(rows), *carried, *constants]
            if len(node.regions) > 1 and not run(node.regions[1], arguments, sizes)[0]:
                break
            results = run(node.regions[0], arguments, sizes)
            carried = results[:carries]
            rows.append(results[carries:])
        return [*carried, *self.stacked(node, rows, sizes), len(rows)]

    def stacked(self, node: Node, rows: list[list[Any]], sizes: dict[str, int]) -> list[Any]:
        """The stacks, from the elements that each iteration gave."""
        return _stack(node, rows, sizes)


def _stacked(element: Type, length: Size | None, total: Size | None) -> ArrayType:
    assert isinstance(element, ArrayType) and length is not None
    if total is not None:
        return ArrayType(element.dtype, (total, *element.shape[1:]))
    return ArrayType(element.dtype, (length, *element.shape))


def _stack(node: Node, rows: list[list[Any]], sizes: dict[str, int]) -> list[Any]:
    carries, ragged = node.attrs["carries"], dict(node.attrs.get("ragged", ()))
    results = []
    for k in range(node.attrs.get("stacks", 0)):
        element = node.regions[0].outputs[carries + k].type
        assert isinstance(element, ArrayType)
        shape = element.shape[1:] if k in ragged else element.shape
        if not rows:
            results.append(np.zeros((0, *(evaluate_size(s, sizes) for s in shape)), element.dtype))
        elif k in ragged:
            results.append(np.concatenate([row[k] for row in rows]))
        else:
            results.append(np.stack([row[k] for row in rows]))
    return results


def require_same(expected: Sequence[Type], found: Sequence[Type], what: str) -> None:
    """Raise RegionError unless the types agree: dtype, kind, rank, and sizes as far as is known."""
    if len(expected) != len(found) or not all(map(_same, expected, found)):
        left, right = (", ".join(map(str, types)) for types in (expected, found))
        raise RegionError(f"{what} do not agree: ({left}) and ({right})")


def _same(a: Type, b: Type) -> bool:
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
        return a == b
    if (a.dtype, a.kind, a.ndim) != (b.dtype, b.kind, b.ndim):
        return False
    return all(map(assumptions().equal, a.shape, b.shape))


_fresh = itertools.count(1)


def fresh_size(prefix: str = "k") -> Dim:
    """A new symbol for a size that only a run can tell."""
    return Dim.symbol(f"{prefix}_{next(_fresh)}")


def known_size(value: Any) -> Size | None:
    """The size that a Python int is, if constants and lengths of axes tell it."""
    if isinstance(value, Value) and value.type != INDEX:
        return None
    return arguments.known_size(value)


def stack_length(trip: Any, condition: bool = False) -> Size:
    """The `length` of the stacks of a loop: what `trip` is, never negative; else a fresh symbol.

    Parameters
    ----------
    trip : Value, int or None
        The trip count; None if the loop is not counted.
    condition : bool
        Whether a condition may end the loop earlier.
    """
    size = None if trip is None or condition else arguments.known_size(trip)
    if size is None:
        return fresh_size()
    return size if _never_negative(size) else maximum(size, 0)


def _never_negative(size: Size) -> bool:
    """A sum of products of symbols (``n*m + 2``); symbols are lengths."""
    if isinstance(size, int):
        return size >= 0
    return all(c >= 0 and all(hasattr(atom, "name") for atom in atoms) for atoms, c in size.terms)


@define
class Derivative(RegionOp):
    """``derivative(*inputs, *seeds)`` of the region, until ``bcad.diff.expand`` replaces it.

    A seed for each output (`mode` "vjp"; that of an output without derivative is ignored) or for
    each input of `wrt` ("jvp").  Results: the graph's outputs, then the cotangents of `wrt`, or
    the tangents of the outputs (float64 zeros for an output without derivative).
    """

    def type_rule(
        self, *inputs: Type, regions: Sequence[Graph], mode: str, wrt: tuple[int, ...]
    ) -> tuple[Type, ...]:
        (graph,) = regions
        arguments, seeds = inputs[: len(graph.inputs)], inputs[len(graph.inputs) :]
        require_same([v.type for v in graph.inputs], arguments, "arguments and inputs")
        outputs = tuple(v.type for v in graph.outputs)
        if len(seeds) != (len(outputs) if mode == "vjp" else len(wrt)):
            raise RegionError(f"{len(seeds)} seeds for {mode} of {len(outputs)} outputs by {len(wrt)} inputs")
        results = tuple(graph.inputs[k].type for k in wrt) if mode == "vjp" else outputs
        return (*outputs, *map(tangent_type, results))

    def execute(self, node: Node, inputs: Sequence[Any], sizes: dict[str, int], run: Run) -> list[Any]:
        raise TypeError("a derivative is expanded (bcad.diff.expand) before the graph is run")


def tangent_type(type_: Type) -> ArrayType:
    """The type of a tangent or cotangent: that of its primal, float64 if that is no number with one."""
    if not isinstance(type_, ArrayType):
        return scalar_type(float)
    kind = Kind.SCALAR if type_.kind is Kind.PYTHON else type_.kind  # derivatives divide by zero as NumPy does
    return replace(type_, kind=kind, dtype=type_.dtype if type_.differentiable else np.dtype(np.float64))


@define
class Checkpoint(RegionOp):
    """The region's results; the reverse pass runs it again instead of keeping what it computed.

    Attributes
    ----------
    segments : bool
        Whether the counted loops of the region keep their carries at about sqrt(count) points only.
    """

    def type_rule(self, *inputs: Type, regions: Sequence[Graph], segments: bool = False) -> tuple[Type, ...]:
        (graph,) = regions
        require_same([v.type for v in graph.inputs], inputs, "arguments and inputs")
        return tuple(v.type for v in graph.outputs)

    def execute(self, node: Node, inputs: Sequence[Any], sizes: dict[str, int], run: Run) -> list[Any]:
        return run(node.regions[0], inputs, sizes)


@define
class Check(Op):
    """``check(flag)``: when the flag is set the run is abandoned.

    The original function is then run by CPython, so that the true exception appears; `message`
    and `error` (Literals) say which one was expected.
    """

    effect = True
    multiple = True  # no results

    def type_rule(
        self, flag: ArrayType, *, message: Literal | str = "", error: Literal | type | None = None
    ) -> tuple[Type, ...]:
        return ()

    def evaluate(self, flag: Any, *, message: Any = "", error: Any = None) -> tuple[()]:
        if np.any(flag):
            raise CheckFailed(getattr(message, "value", message))
        return ()


def operands_of(node: Node) -> tuple[Value, ...]:
    """The inputs of a cond or loop that its regions see: all but the predicate or trip count."""
    if node.op is loop and not node.attrs.get("counted", True):
        return node.inputs
    return node.inputs[1:] if node.op in (cond, loop) else node.inputs


cond: Any = Cond
loop: Any = Loop
derivative: Any = Derivative
checkpoint: Any = Checkpoint
check: Any = Check
