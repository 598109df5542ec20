"""A specialisation as maths: ``f(x) = ...`` and ``df/dx = ...`` in NumPy's notation."""

from __future__ import annotations

from typing import Any

from bcad.backends import Listing
from bcad.ir import Graph
from bcad.rewrite import readable


def formula(special: Any, name: str) -> str:
    """The printed form of a specialisation.

    Parameters
    ----------
    special : Specialisation
    name : str
        How the function is called.

    Returns
    -------
    str
        A line for the function, then one for each derivative; named intermediate lines
        before them where they are long or used again.
    """
    graph, heads = parts(special, name)
    listing = Listing(graph)
    results = special.results
    listing.section(graph.outputs[:results], heads[:results])
    listing.section(graph.outputs[results:], heads[results:])
    return listing.text()


def parts(special: Any, name: str) -> tuple[Graph, list[str]]:
    """The graph for reading, and what stands left of each of its outputs."""
    graph, results = reading_graph(special), special.results
    names = Listing(graph).names
    arguments = ", ".join(names.of(v) for v in _arguments(special, graph))
    heads = [f"{name}({arguments})" + (f"[{k}]" if results > 1 else "") for k in range(results)]
    if special.mode.name != "value":
        wrt = [special.program.graph.inputs[k].name or "x" for k in special.wrt]
        heads += _labels(special, name, wrt, len(graph.outputs) - results)
    return graph, heads


def reading_graph(special: Any) -> Graph:
    """What the function returns, then its derivatives, in the form for reading."""
    whole, total = special.graph, len(special.program.graph.outputs)
    outputs = [*whole.outputs[: special.results], *whole.outputs[total:]]
    derived = len(outputs) - special.results
    wrt = special.wrt if special.mode.like_arguments and len(special.wrt) == derived else ()
    graph = readable(Graph(whole.inputs, whole.nodes, outputs, whole.name), special.results, wrt)
    seeds = graph.inputs[len(special.program.graph.inputs) :]
    for k, value in enumerate(seeds):  # the vectors of a product, the cotangents of a vjp
        value.name = value.name or ("v" if len(seeds) == 1 else f"v_{k}")
    return graph


def _arguments(special: Any, graph: Graph) -> list[Any]:
    return [graph.inputs[k] for k in sorted(special.program.arguments.values())]


def _labels(special: Any, name: str, wrt: list[str], count: int) -> list[str]:
    mode = special.mode.name
    if mode in ("gradient", "elementwise gradient") and len(wrt) == count:
        return [f"d{name}/d{w}" for w in wrt]
    if mode == "hessian-vector product" and len(wrt) == count:
        return [f"(d2{name}/d{w}2) v" if len(wrt) == 1 else f"(H v)_{w}" for w in wrt]
    return [f"{mode} of {name}" + (f" [{k}]" if count > 1 else "") for k in range(count)]
