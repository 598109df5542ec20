"""Before lowering: ops replaced by simpler ones that fuse (a mean is a sum, a product of vectors too)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Graph, Kind, Node, Value, copy_node, product
from bcad.ops import BY_NAME

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def decompose(graph: Graph) -> Graph:
    """`graph`, and the regions in it, with every op that has a rule replaced."""
    from . import decompose_factors, decompose_points  # noqa: F401  they enter their rules

    if not any(node.op.name in RULES or hasattr(node.op, "decompose") for node in graph.walk()):
        return graph
    return _rebuilt(graph)


def _rebuilt(graph: Graph) -> Graph:
    with Builder(name=graph.name) as b:
        mapping: dict[Value, Value] = {v: b.input(v.type, v.name) for v in graph.inputs}
        for node in graph.nodes:
            b.location = node.location
            rule = RULES.get(node.op.name) or getattr(node.op, "decompose", None)
            result = rule(*(mapping[v] for v in node.inputs), **node.attrs) if rule and not node.regions else None
            if isinstance(result, Value):
                result = _of_kind(result, node)
            if result is not None and _same(result, node):
                mapping[node.output] = result
                if result.name is None:
                    result.name = node.output.name
            else:
                copy_node(b, _with_regions(node), mapping)
                for value in node.outputs:
                    mapping[value].name = mapping[value].name or value.name
        return b.build([mapping[v] for v in graph.outputs])


def _with_regions(node: Node) -> Any:
    if not node.regions:
        return node
    return _Copy(node, tuple(map(_rebuilt, node.regions)))


class _Copy:
    """A node with other regions, to be copied."""

    def __init__(self, node: Node, regions: tuple[Graph, ...]) -> None:
        self.op, self.inputs, self.attrs, self.outputs = node.op, node.inputs, node.attrs, node.outputs
        self.location, self.regions = node.location, regions


def _of_kind(result: Value, node: Node) -> Value:
    """A replacement that is one number as the kind of number that it replaces: a NumPy scalar, or an array without axes."""
    found, wanted = result.type, node.outputs[0].type
    numbers = isinstance(found, ArrayType) and isinstance(wanted, ArrayType) and found.shape == wanted.shape == ()
    if not numbers or found.kind is wanted.kind or Kind.PYTHON in (found.kind, wanted.kind):
        return result
    return op("as_kind")(result, kind=wanted.kind, dtype=found.dtype)


def _same(result: Any, node: Node) -> bool:
    """Whether a replacement has the type of what it replaces."""
    (old,) = node.outputs
    return isinstance(result, Value) and str(result.type) == str(old.type)


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Declare a replacement; None from it means: not in this case."""

    def enter(function: Rule) -> Rule:
        for name in names:
            RULES[name] = function
        return function

    return enter


def op(name: str) -> Any:
    return BY_NAME[name]


def cast(x: Value, dtype: Any) -> Value:
    return x if x.dtype == dtype else op("astype")(x, dtype=dtype)


@rule("mean")
def _mean(x: Value, *, axis: tuple[int, ...], keepdims: bool, **rest: Any) -> Any:
    if rest or x.dtype.kind not in "fcbiu" or x.dtype.itemsize < 4 and x.dtype.kind == "f":
        return None
    dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(float)
    count = Builder.current().size(product(x.shape[k] for k in axis))
    return op("divide")(op("sum")(cast(x, dtype), axis=axis, keepdims=keepdims), count)


@rule("matmul")
def _matmul(a: Value, b: Value) -> Any:
    dtype = np.result_type(a.dtype, b.dtype)
    if a.ndim == b.ndim == 1:
        if dtype.kind == "b":
            return None
        return op("sum")(op("multiply")(cast(a, dtype), cast(b, dtype)), axis=(0,), keepdims=False)
    if a.dtype != b.dtype:
        return op("matmul")(cast(a, dtype), cast(b, dtype))
    return None


@rule("fft")
def _fft(x: Value, **attrs: Any) -> Any:
    """NumPy's loops are for complex numbers; all real ones become those of double precision."""
    if x.dtype.kind == "c":
        return None
    return cast(op("fft")(cast(x, np.dtype(complex)), **attrs), np.result_type(x.dtype, np.complex64))


@rule("einsum")
def _einsum(*arrays: Value, subscripts: str) -> Any:
    left, _, output = subscripts.partition("->")
    terms = left.split(",")
    dtype = np.result_type(*(a.dtype for a in arrays))
    if dtype.kind not in "fc":
        return None
    operands = [_without_repeats(t, cast(a, dtype)) for t, a in zip(terms, arrays, strict=True)]
    sizes: dict[str, Any] = {}
    for t, a in operands:
        for c, s in zip(t, a.shape, strict=True):
            known = sizes.get(c, 1)
            if known not in (1, s) and s != 1:
                return None
            sizes[c] = s if known == 1 else known
    operands = [_unstretched(t, a, sizes) for t, a in operands]
    while len(operands) > 1:
        rest = "".join(t for t, _ in operands[2:]) + output
        operands[:2] = [_pair(*operands[0], *operands[1], rest, sizes)]
    ((term, x),) = operands
    gone = tuple(k for k, c in enumerate(term) if c not in output)
    if gone:
        x = op("sum")(x, axis=gone, keepdims=False)
        term = "".join(c for c in term if c in output)
    return _ordered(x, term, output)


def _without_repeats(term: str, x: Value) -> tuple[str, Value]:
    """An operand of which every axis has a letter of its own: those that share one become a diagonal."""
    for c in sorted(set(term)):
        while term.count(c) > 1:
            first, second = [k for k, d in enumerate(term) if d == c][:2]
            others = [k for k in range(len(term)) if k not in (first, second)]
            x = op("diagonal")(op("transpose")(x, axes=(*others, first, second)), offset=0)
            term = "".join(term[k] for k in others) + c
    return term, x


def _unstretched(term: str, x: Value, sizes: dict[str, Any]) -> tuple[str, Value]:
    """An operand without the axes of length 1 that others have longer."""
    kept = [k for k, c in enumerate(term) if x.shape[k] != 1 or sizes[c] == 1]
    if len(kept) == len(term):
        return term, x
    return "".join(term[k] for k in kept), op("reshape")(x, shape=tuple(x.shape[k] for k in kept))


def _ordered(x: Value, term: str, wanted: str) -> Value:
    axes = tuple(term.index(c) for c in wanted)
    return x if axes == tuple(range(len(axes))) else op("transpose")(x, axes=axes)


def _pair(t: str, a: Value, u: str, b: Value, rest: str, sizes: dict[str, Any]) -> tuple[str, Value]:
    """The product of two operands, summed over what nobody else has."""
    a, t = _summed(a, t, u + rest)
    b, u = _summed(b, u, t + rest)
    batch = "".join(c for c in t if c in u and c in rest)
    inner = "".join(c for c in t if c in u and c not in rest)
    rows, columns = ("".join(c for c in x if c not in batch + inner) for x in (t, u))
    if not inner:
        return _outer(t, a, u, b)
    a = _grouped(_ordered(a, t, batch + rows + inner), batch, (rows, inner), sizes)
    b = _grouped(_ordered(b, u, batch + inner + columns), batch, (inner, columns), sizes)
    shape = tuple(sizes[c] for c in batch + rows + columns)
    product_ = op("matmul")(a, b)
    return batch + rows + columns, product_ if tuple(product_.shape) == shape else op("reshape")(product_, shape=shape)


def _summed(x: Value, term: str, others: str) -> tuple[Value, str]:
    gone = tuple(k for k, c in enumerate(term) if c not in others)
    if not gone:
        return x, term
    return op("sum")(x, axis=gone, keepdims=False), "".join(c for c in term if c in others)


def _grouped(x: Value, batch: str, groups: tuple[str, str], sizes: dict[str, Any]) -> Value:
    shape = tuple(sizes[c] for c in batch) + tuple(product(sizes[c] for c in g) for g in groups)
    return x if tuple(x.shape) == shape else op("reshape")(x, shape=shape)


def _outer(t: str, a: Value, u: str, b: Value) -> tuple[str, Value]:
    """A product without a sum, by broadcasting."""
    new = "".join(c for c in u if c not in t)
    if new:
        a = op("reshape")(a, shape=(*a.shape, *(1 for _ in new)))
    whole = t + new
    b = _ordered(b, u, "".join(c for c in whole if c in u))
    shape = iter(b.shape)
    full = tuple(next(shape) if c in u else 1 for c in whole)
    b = b if tuple(b.shape) == full else op("reshape")(b, shape=full)
    return whole, op("multiply")(a, b)
