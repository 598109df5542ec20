"""Small forward and reverse modes over a graph, and checks of functions of Values with them.

The rules of ops are what is under test here; ``bcad.diff`` has its own tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import Builder, Dim, Graph, Value, evaluate, type_of, verify
from bcad.ops import Zero, accumulate, materialize
from bcad.ops.lazy import lookup


def build(fn: Callable[..., Any], args: Sequence[Any]) -> Graph:
    """The graph of `fn`, a function over Values, at the types of `args`."""
    with Builder() as b:
        inputs = [b.input(type_of(a), f"x{k}") for k, a in enumerate(args)]
        return verify(b.build(results(fn(*inputs))))


def results(x: Any) -> list[Any]:
    if isinstance(x, (tuple, list)):
        return [v for item in x for v in results(item)]
    return [x]


def run(fn: Callable[..., Any], *args: Any) -> Any:
    """What the graph of `fn` computes at `args`."""
    outputs = evaluate(build(fn, args), args)
    return outputs[0] if len(outputs) == 1 else outputs


def live(graph: Graph) -> Graph:
    """`graph` without the nodes that its outputs do not need: cotangents nobody asked for."""
    needed, sizes, kept = set(graph.outputs), set(), []
    for node in reversed(graph.nodes):
        shapes = [s for v in node.outputs for s in v.shape]
        binds = {str(s) for s in shapes if isinstance(s, Dim) and s.is_symbol()}
        if needed.intersection(node.outputs) or sizes & binds:
            needed.update(node.inputs)
            sizes |= symbols_in([*node.attrs.values(), *shapes])
            kept.append(node)
    return Graph(graph.inputs, kept[::-1], graph.outputs, graph.name)


def symbols_in(x: Any) -> set[str]:
    """The symbols of sizes in an attribute."""
    if isinstance(x, Dim):
        return set(x.symbols())
    parts = [x.start, x.stop, x.step] if isinstance(x, slice) else x if isinstance(x, (list, tuple)) else []
    return set().union(*map(symbols_in, parts))


def forward(graph: Graph) -> Graph:
    """``(*inputs, *tangents) -> tangents of the outputs``, by the ops' jvp rules."""
    with Builder() as b:
        inputs = [b.input(v.type, v.name) for v in graph.inputs]
        value = dict(zip(graph.inputs, inputs, strict=True))
        tangent: dict[Any, Any] = {
            v: b.input(v.type, f"d{v.name}") if v.type.differentiable else Zero(v.type) for v in graph.inputs
        }
        for node in graph.nodes:
            _push(b, node, value, tangent)
        return live(verify(b.build([materialize(tangent[v]) for v in graph.outputs])))


def _push(b: Builder, node: Any, value: dict[Any, Any], tangent: dict[Any, Any]) -> None:
    ins = [value[v] for v in node.inputs]
    out = b.emit(node.op, *ins, **node.attrs)
    outs = out if isinstance(out, tuple) else (out,)
    value.update(zip(node.outputs, outs, strict=True))
    dins = [tangent[v] for v in node.inputs]
    if all(type(d) is Zero for d in dins) or not getattr(node.op, "differentiable", True):
        douts: Any = [Zero(o.type) for o in outs]
    else:
        douts = node.op.jvp(out, *ins, *dins, **node.attrs)
        douts = douts if isinstance(douts, tuple) else (douts,)
        douts = [Zero(o.type) if d is None else d for d, o in zip(douts, outs, strict=True)]
        for d, o in zip(douts, outs, strict=True):
            assert tuple(d.shape) == tuple(o.shape), (node.op, "tangent", d.type, o.type)
            assert d.dtype == o.dtype or not o.type.differentiable, (node.op, d.type, o.type)
    tangent.update(zip(node.outputs, douts, strict=True))


def reverse(graph: Graph) -> Graph:
    """``(*inputs, *cotangents of outputs) -> cotangents of the inputs``, by the ops' vjp rules."""
    with Builder() as b:
        inputs = [b.input(v.type, v.name) for v in graph.inputs]
        value = dict(zip(graph.inputs, inputs, strict=True))
        for node in graph.nodes:
            out = b.emit(node.op, *(value[v] for v in node.inputs), **node.attrs)
            value.update(zip(node.outputs, out if isinstance(out, tuple) else (out,), strict=True))
        cotangent: dict[Any, Any] = {}
        for v in graph.outputs:
            g = b.input(v.type, "g")
            if v.type.differentiable:
                cotangent[v] = accumulate(cotangent[v], g) if v in cotangent else g
        for node in reversed(graph.nodes):
            _pull(node, value, cotangent)
        return live(verify(b.build([materialize(cotangent.get(v, Zero(v.type))) for v in graph.inputs])))


def _pull(node: Any, value: dict[Any, Any], cotangent: dict[Any, Any]) -> None:
    if not any(v in cotangent for v in node.outputs) or not getattr(node.op, "differentiable", True):
        return
    if node.op.name in ("constant", "dim"):
        return
    gs = tuple(cotangent.get(v, Zero(v.type)) for v in node.outputs)
    outs = tuple(value[v] for v in node.outputs)
    ins = [value[v] for v in node.inputs]
    multiple = getattr(node.op, "multiple", False)
    back = node.op.vjp(gs if multiple else gs[0], outs if multiple else outs[0], *ins, **node.attrs)
    assert len(back) == len(ins), (node.op, len(back), len(ins))
    for v, x, g in zip(node.inputs, ins, back, strict=True):
        if g is None or type(g) is Zero or not v.type.differentiable:
            continue
        assert tuple(g.shape) == tuple(x.shape), (node.op, "cotangent", g.type, x.type)
        assert g.dtype == x.dtype, (node.op, "cotangent", g.type, x.type)
        cotangent[v] = accumulate(cotangent[v], g) if v in cotangent else g


# -- numbers --------------------------------------------------------------------------------------
def direction(x: Any, rng: np.random.Generator) -> Any:
    """A random tangent of `x`."""
    x = np.asarray(x)
    d = rng.standard_normal(x.shape)
    return (d + 1j * rng.standard_normal(x.shape)).astype(x.dtype) if x.dtype.kind == "c" else d.astype(x.dtype)


def pair(g: Sequence[Any], d: Sequence[Any]) -> float:
    """``Re(sum g * d)``: how a cotangent acts on a tangent, without conjugation."""
    return float(sum(np.sum(np.asarray(a) * np.asarray(b)).real for a, b in zip(g, d, strict=True)))


def difference(fn: Callable[..., Any], args: Sequence[Any], ds: Sequence[Any], h: float = 1e-3) -> list[Any]:
    """The directional derivative by central differences, twice extrapolated (Richardson)."""

    def at(t: float) -> list[Any]:
        ys = results(fn(*(a + t * d for a, d in zip(args, ds, strict=True))))
        return [np.asarray(y) if np.asarray(y).dtype.kind in "fc" else np.zeros(np.shape(y)) for y in ys]

    def central(t: float) -> list[Any]:
        return [(p - m) / (2 * t) for p, m in zip(at(t), at(-t), strict=True)]

    c1, c2, c4 = central(h), central(h / 2), central(h / 4)
    first = [(4 * b - a) / 3 for a, b in zip(c1, c2, strict=True)]
    second = [(4 * b - a) / 3 for a, b in zip(c2, c4, strict=True)]
    return [(16 * b - a) / 15 for a, b in zip(first, second, strict=True)]


def check(
    fn: Callable[..., Any], *args: Any, order: int = 2, tol: float = 1e-6, numpy: Callable[..., Any] | None = None
) -> None:
    """Value (against `numpy`, by default fn itself on arrays), jvp, vjp and their derivatives."""
    rng = np.random.default_rng(7)
    args = tuple(np.float64(a) if isinstance(a, float) else a for a in args)
    reference = numpy or fn
    got = evaluate(build(fn, args), args)
    expected = results(reference(*args))
    for y, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(y, e, rtol=1e-10, atol=1e-12)
        assert np.shape(y) == np.shape(e)
        assert np.asarray(y).dtype == np.asarray(e).dtype, (np.asarray(y).dtype, np.asarray(e).dtype)
    check_derivatives(build(fn, args), reference, args, rng, order, tol)


def check_derivatives(
    graph: Graph, reference: Callable[..., Any], args: Sequence[Any], rng: Any, order: int, tol: float
) -> None:
    floats = [k for k, a in enumerate(args) if np.asarray(a).dtype.kind in "fc"]
    ds = [direction(args[k], rng) for k in floats]
    ahead = forward(graph)
    tangents = evaluate(ahead, [*args, *ds])

    def of_floats(*xs: Any) -> Any:
        full = list(args)
        for k, x in zip(floats, xs, strict=True):
            full[k] = x
        return reference(*full)

    numeric = difference(of_floats, [args[k] for k in floats], ds)
    for t, n, v in zip(tangents, numeric, graph.outputs, strict=True):
        if v.type.differentiable:
            np.testing.assert_allclose(t, n, rtol=tol, atol=tol * (1 + np.max(np.abs(n), initial=0)))
    gs = [direction(t, rng) for t in tangents]
    back = reverse(graph)
    cotangents = evaluate(back, [*args, *gs])
    lhs = pair([g for g, v in zip(gs, graph.outputs) if v.type.differentiable],
               [t for t, v in zip(tangents, graph.outputs) if v.type.differentiable])
    np.testing.assert_allclose(pair([cotangents[k] for k in floats], ds), lhs, rtol=1e-7, atol=1e-8 * (1 + abs(lhs)))
    if order > 1:
        check_derivatives(ahead, lambda *xs: evaluate(ahead, xs), [*args, *ds], rng, order - 1, tol * 10)
        check_derivatives(back, lambda *xs: evaluate(back, xs), [*args, *gs], rng, order - 1, tol * 10)


def of(function: Any) -> Callable[..., Any]:
    """A NumPy function that takes Values too, in whose place its meaning is called."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(a, Value) for a in results([*args, *kwargs.values()])):
            meaning = lookup(function)
            assert meaning is not None, f"{function} has no meaning"
            return meaning(*args, **kwargs)
        return function(*args, **kwargs)

    return call
