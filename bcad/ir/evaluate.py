"""The reference meaning of a Graph: run each node with its op's own NumPy function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .dim import Dim
from .dim import evaluate as evaluate_size
from .graph import Graph, Node, Value
from .types import ArrayType, as_kind


def evaluate(graph: Graph, args: Sequence[Any], sizes: dict[str, int] | None = None) -> list[Any]:
    """The outputs of `graph` for concrete `args`.

    Parameters
    ----------
    graph : Graph
    args : sequence
        One number, array or object for each input.
    sizes : dict of str to int, optional
        Symbols already bound by an enclosing graph; new ones are read from the shapes.

    Returns
    -------
    list
        One number, array or object for each output.
    """
    sizes = dict(sizes or {})
    values: dict[Value, Any] = {}
    for value, arg in zip(graph.inputs, args, strict=True):
        bind_sizes(value, arg, sizes)
        values[value] = arg
    for node in graph.nodes:
        for value, result in zip(node.outputs, run_node(node, [values[v] for v in node.inputs], sizes)):
            bind_sizes(value, result, sizes)
            values[value] = result
    return [values[v] for v in graph.outputs]


def run_node(
    node: Node, inputs: Sequence[Any], sizes: dict[str, int], run: Callable[..., list[Any]] = evaluate
) -> list[Any]:
    """The outputs of one node, each of the kind that its type says; `run` evaluates its regions."""
    if node.regions:
        results = node.op.execute(node, inputs, sizes, run)  # type: ignore[attr-defined]
    else:
        attrs = {k: resolve(v, sizes) for k, v in node.attrs.items()}
        results = node.op.evaluate(*inputs, **attrs)
    if len(node.outputs) == 1 and not isinstance(results, (list, tuple)):
        results = (results,)
    return [as_kind(r, v.type) for r, v in zip(results, node.outputs, strict=True)]


def bind_sizes(value: Value, array: Any, sizes: dict[str, int]) -> None:
    """Learn the symbols that stand bare in `value`'s shape from a concrete array."""
    if not isinstance(value.type, ArrayType):
        return
    for axis, size in enumerate(value.type.shape):
        if isinstance(size, Dim) and size.is_symbol():
            sizes.setdefault(str(size), array.shape[axis])


def resolve(attr: Any, sizes: dict[str, int]) -> Any:
    """`attr` with every size expression in it replaced by its number."""
    if isinstance(attr, Dim):
        return evaluate_size(attr, sizes)
    if isinstance(attr, tuple):
        return type(attr)(*(resolve(x, sizes) for x in attr)) if hasattr(attr, "_fields") else tuple(
            resolve(x, sizes) for x in attr
        )
    if isinstance(attr, slice):
        return slice(*(resolve(x, sizes) for x in (attr.start, attr.stop, attr.step)))
    return attr
