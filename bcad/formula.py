"""A specialisation as maths: ``f(x) = ...`` and ``df/dx = ...`` in NumPy's notation."""

from __future__ import annotations

from typing import Any

from bcad.backends import definitions, walk_lines
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
        before them where they are long.
    """
    primal = readable(special.primal_graph)
    arguments = ", ".join(v.name or "x" for v in _arguments(special))
    lines = _define(primal, [f"{name}({arguments})"])
    if special.mode.name != "value":
        wrt = [special.program.graph.inputs[k].name or "x" for k in special.wrt]
        lines += _define(readable(special.derived_graph), [_derivative_name(special, name, w) for w in wrt])
    return "\n".join(lines)


def _arguments(special: Any) -> list[Any]:
    inputs = special.program.graph.inputs
    return [inputs[k] for k in sorted(special.program.arguments.values())]


def _derivative_name(special: Any, name: str, wrt: str) -> str:
    if special.mode.name == "gradient":
        return f"d{name}/d{wrt}"
    return f"({special.mode.name} of {name}, {wrt})"


def _define(graph: Graph, names: list[str]) -> list[str]:
    """Lines for intermediate values, then one for each output."""
    intermediate, outputs = definitions(graph)
    return [*walk_lines(intermediate), *(f"{n} = {t}" for n, t in zip(names, outputs, strict=True))]
