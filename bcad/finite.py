"""Runs of a graph that stop at the first NaN or infinity and name the user's line (``options.check_finite``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.errors import NotFinite
from bcad.ir import ArrayType, Graph, Node, bind_sizes, run_node

_GIVEN = frozenset(("constant", "full"))  # an infinity that the program itself writes down is meant


def run_checked(graph: Graph, args: Sequence[Any], sizes: dict[str, int] | None = None) -> list[Any]:
    """The outputs of `graph`, node by node in NumPy.

    Raises
    ------
    NotFinite
        Where a NaN or an infinity comes out of finite numbers for the first time.
    """
    sizes = dict(sizes or {})
    values: dict[Any, Any] = {}
    for value, arg in zip(graph.inputs, args, strict=True):
        bind_sizes(value, arg, sizes)
        values[value] = arg
    for node in graph.nodes:
        inputs = [values[v] for v in node.inputs]
        with np.errstate(all="ignore"):
            results = run_node(node, inputs, sizes, run_checked)
        for value, result in zip(node.outputs, results, strict=True):
            if not node.regions and isinstance(value.type, ArrayType):
                _require_finite(node, inputs, result)
            bind_sizes(value, result, sizes)
            values[value] = result
    return [values[v] for v in graph.outputs]


def _require_finite(node: Node, inputs: Sequence[Any], result: Any) -> None:
    if node.op.name in _GIVEN or _is_finite(result) or not all(map(_is_finite, inputs)):
        return
    array = np.asarray(result)
    bad = array[~np.isfinite(array)]
    what = f"{bad.size} of {array.size} numbers are" if array.ndim else "the result is"
    of = ", ".join(_short(x) for x in inputs)
    raise NotFinite(
        f"{node.op.name}({of}): {what} {bad.flat[0]}", location=node.location,
        why="options.check_finite asks for the first NaN or infinity that comes out of finite numbers",
        hint="np.where around the argument is enough: the side that is not taken contributes nothing to a gradient",
    )


def _is_finite(x: Any) -> bool:
    try:
        return bool(np.all(np.isfinite(x)))
    except (TypeError, ValueError):  # no number
        return True


def _short(x: Any) -> str:
    return f"{x.dtype}{list(x.shape)} from {x.min():.4g} to {x.max():.4g}" if isinstance(x, np.ndarray) and x.size else repr(x)
