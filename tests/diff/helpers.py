"""Graphs written by hand, and the judge of their derivatives: differences and the duality of jvp and vjp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.diff import jvp, outputs_with_derivative, vjp
from bcad.ir import Builder, Dim, Graph, Value, array_type, evaluate, python_type, scalar_type, verify
from bcad.ops import BY_NAME, Part, cond, loop, stack_length

FLOAT = scalar_type(float)
INT = python_type(int)
N = Dim.symbol("n")
VECTOR = array_type(float, (N,))


class Ops:
    """``op.sin(x)`` emits the op named sin."""

    def __getattr__(self, name: str) -> Any:
        return BY_NAME[name]


op = Ops()


def region(fn: Callable[..., Sequence[Any]], *types: Any, name: str = "f") -> Graph:
    """The graph of a function over Values."""
    with Builder(name=name) as builder:
        inputs = [builder.input(t, n) for t, n in zip(types, fn.__code__.co_varnames)]
        return verify(builder.build(list(fn(*inputs))))


def read(a: Value, *index: Any) -> Any:
    """``a[index]`` of int Values."""
    return op.getitem(a, *index, index=(Part.ARRAY,) * len(index))


def write(a: Value, value: Any, *index: Any) -> Any:
    """`a` after ``a[index] = value``."""
    return op.set_item(a, value, *index, index=(Part.ARRAY,) * len(index))


def repeat(trip: Any, body: Graph, carries: Sequence[Any], constants: Sequence[Any] = (), **attrs: Any) -> Any:
    """A counted loop."""
    builder = Builder.current()
    trip = builder.as_value(trip)
    k = len(carries)
    stacks = len(body.outputs) - k
    length = stack_length(trip) if stacks else None
    return loop(trip, *carries, *constants, regions=[body], carries=k, stacks=stacks, length=length, **attrs)


def during(condition: Graph, body: Graph, carries: Sequence[Any], constants: Sequence[Any] = ()) -> Any:
    """A loop that runs while a condition holds."""
    k = len(carries)
    stacks = len(body.outputs) - k
    length = stack_length(None) if stacks else None
    return loop(
        *carries, *constants, regions=[body, condition], carries=k, stacks=stacks, counted=False, length=length
    )


def choose(predicate: Any, then: Graph, other: Graph, *operands: Any) -> Any:
    """A cond."""
    return cond(predicate, *operands, regions=[then, other])


# -- the judge ------------------------------------------------------------------------------------
def run(graph: Graph, args: Sequence[Any]) -> list[Any]:
    """The outputs, floating-point warnings off."""
    with np.errstate(all="ignore"):
        return evaluate(graph, args)


def directions(args: Sequence[Any], wrt: Sequence[int], seed: int) -> list[Any]:
    """A random direction for each argument of `wrt`."""
    rng = np.random.default_rng(seed)
    return [random_like(args[k], rng) for k in wrt]


def random_like(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers with the dtype and shape of `x`, a NumPy scalar for a number."""
    x = np.asarray(x)
    r: Any = rng.uniform(-1, 1, x.shape)
    if x.dtype.kind == "c":
        r = r + 1j * rng.uniform(-1, 1, x.shape)
    return np.asarray(r).astype(x.dtype)[()]


def moved(args: Sequence[Any], wrt: Sequence[int], direction: Sequence[Any], t: float) -> list[Any]:
    """The arguments, a step `t` along a direction."""
    result = list(args)
    for k, d in zip(wrt, direction, strict=True):
        result[k] = type(args[k])(args[k] + t * d) if isinstance(args[k], float) else args[k] + t * d
    return result


def difference(graph: Graph, args: Sequence[Any], wrt: Sequence[int], direction: Sequence[Any]) -> list[Any]:
    """The directional derivative by Richardson's extrapolation of central differences."""
    outputs = outputs_with_derivative(graph)

    def central(h: float) -> list[Any]:
        ahead, behind = (run(graph, moved(args, wrt, direction, s * h)) for s in (1, -1))
        return [(np.asarray(ahead[k]) - behind[k]) / (2 * h) for k in outputs]

    h = 1e-3
    table = [central(h), central(h / 2), central(h / 4)]
    first = [[(4 * b - a) / 3 for a, b in zip(*pair)] for pair in zip(table, table[1:])]
    return [(16 * b - a) / 15 for a, b in zip(*first)]


def check(
    graph: Graph, args: Sequence[Any], wrt: Sequence[int], order: int = 2, tolerance: float = 1e-6, seed: int = 0
) -> None:
    """Judge jvp and vjp of `graph` at `args`, and those of its vjp up to `order`."""
    outputs = outputs_with_derivative(graph)
    direction = directions(args, wrt, seed)
    primal = run(graph, args)

    forward = verify(jvp(graph, wrt))
    results = run(forward, [*args, *direction])
    same(results[: len(primal)], primal)
    tangents = results[len(primal) :]
    for found, expected in zip(tangents, difference(graph, args, wrt, direction), strict=True):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    backward = verify(vjp(graph, wrt))
    rng = np.random.default_rng(seed + 1)
    seeds = [random_like(primal[k], rng) for k in outputs]
    results = run(backward, [*args, *seeds])
    same(results[: len(primal)], primal)
    cotangents = results[len(primal) :]
    for k, g in zip(wrt, cotangents, strict=True):
        assert (np.asarray(g).dtype, np.shape(g)) == (np.asarray(args[k]).dtype, np.shape(args[k]))
    left = sum(np.sum(g * t).real for g, t in zip(seeds, tangents))
    right = sum(np.sum(g * d).real for g, d in zip(cotangents, direction))
    np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)
    if order > 1:
        n = len(graph.inputs)
        check(backward, [*args, *seeds], [*wrt, *range(n, n + len(seeds))], order - 1, tolerance * 3, seed + 2)


def same(found: Sequence[Any], expected: Sequence[Any]) -> None:
    """The primal results must not change, not by a bit."""
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def gradient(graph: Graph, args: Sequence[Any], wrt: Sequence[int] = (0,)) -> list[Any]:
    """The cotangents for a graph with one float output."""
    results = run(vjp(graph, wrt), [*args, np.float64(1)])
    return results[len(graph.outputs) :]


# -- what a tape holds ------------------------------------------------------------------------------
def loops(graph: Graph) -> list[Any]:
    """The loop nodes, those inside regions too, in program order."""
    return [node for node in graph.walk() if node.op is loop]


def tape(node: Any) -> list[str]:
    """The types of what a loop saves for each iteration."""
    return [str(v.type) for v in node.regions[0].outputs[node.attrs["carries"] :]]
