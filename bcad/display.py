"""How graphs and derivatives show themselves: short texts, LaTeX, HTML and pictures for notebooks."""

from __future__ import annotations

from html import escape
from typing import Any

from bcad.dot import dot, rendered
from bcad.errors import Unsupported
from bcad.formula import parts
from bcad.function import _Traced, name_of
from bcad.ir import Graph
from bcad.latex import formula_latex
from bcad.picture import svg

_LINES = 60  # of a text; what comes after is folded away
_NODES = 400  # of a picture


def graph_svg(graph: Graph, title: str = "", labels: tuple[str, ...] = (), engine: str | None = None) -> str:
    """A picture of a graph as an SVG document.

    Parameters
    ----------
    graph : Graph
    title : str
    labels : tuple of str
        What its outputs are called.
    engine : 'graphviz' or 'plain', optional
        Who lays it out: Graphviz (the program ``dot`` and the package of that name) or bcad. By default Graphviz where
        both are installed.
    """
    if engine not in (None, "graphviz", "plain"):
        raise ValueError(f"engine must be 'graphviz' or 'plain', not {engine!r}")
    found = rendered(dot(graph, title, labels)) if engine != "plain" else None
    if found is None and engine == "graphviz":
        raise Unsupported("Graphviz is not installed", why="it takes the package graphviz and the program dot",
                          hint="pip install graphviz, and Graphviz itself; engine='plain' needs neither")
    return svg(graph, title, labels) if found is None else found


def to_dot(traced: Any) -> str:
    """The picture of a function and its derivatives in the language of Graphviz.

    Parameters
    ----------
    traced : Function, Gradient or Graph

    Returns
    -------
    str
        For ``dot``, or for ``graphviz.Source``; boxes that share a kernel are a cluster, loops and branches too.

    Examples
    --------
    >>> print(to_dot(Gradient(lambda x: x**2, [1.0])).splitlines()[0])
    digraph "f" {
    """
    if isinstance(traced, Graph):
        return dot(traced)
    if not traced.core.specialisations:
        raise ValueError("not traced yet: call it, or give example arguments")
    graph, heads = parts(traced.core.specialisations[0], name_of(traced.fn))
    return dot(graph, labels=heads)


def traced_repr(traced: Any) -> str:
    """One line: the class, the function's name, what it was traced for."""
    name = name_of(traced.fn)
    kind = type(traced).__name__
    if not traced.core.specialisations:
        return f"<{kind} of {name}: not traced yet>"
    special = traced.core.specialisations[0]
    inputs = special.program.graph.inputs
    arguments = ", ".join(f"{inputs[k].name}: {inputs[k].type}" for k in sorted(special.program.arguments.values()))
    return f"<{kind} of {name}({arguments})>"


def traced_latex(traced: Any) -> str | None:
    """The printed formula as LaTeX; None where it has loops, or before the function is traced."""
    if not traced.core.specialisations:
        return None
    special = traced.core.specialisations[0]
    text = formula_latex(*parts(special, name_of(traced.fn)), special.results)
    return None if text is None else f"$\\displaystyle {text}$"


def traced_svg(traced: Any) -> str | None:
    """A picture of the function and its derivatives."""
    if not traced.core.specialisations:
        return None
    graph, heads = parts(traced.core.specialisations[0], name_of(traced.fn))
    return graph_svg(graph, labels=tuple(heads))


def traced_html(traced: Any) -> str:
    """The printed formula, long ones folded, with the picture behind a click."""
    if not traced.core.specialisations:
        return f"<code>{escape(traced_repr(traced))}</code>"
    lines = str(traced).splitlines()
    shown = f"<pre>{escape(chr(10).join(lines[:_LINES]))}</pre>"
    if len(lines) > _LINES:
        rest = escape("\n".join(lines[_LINES:]))
        shown += f"<details><summary>{len(lines) - _LINES} more lines</summary><pre>{rest}</pre></details>"
    picture = traced_svg(traced) or ""
    return f"<div>{shown}<details><summary>graph</summary>{picture}</details></div>"


def graph_html(graph: Graph) -> str:
    """The picture of a graph, its typed text behind a click."""
    count = sum(1 for _ in graph.walk())
    text = f"<details><summary>{count} nodes as text</summary><pre>{escape(str(graph))}</pre></details>"
    return f"<div>{graph_svg(graph) if count <= _NODES else ''}{text}</div>"


def install() -> None:
    """Give graphs and derivatives the methods that notebooks ask for."""
    shown: Any = _Traced
    shown.__repr__ = traced_repr
    shown._repr_latex_ = traced_latex
    shown._repr_html_ = traced_html
    shown._repr_svg_ = traced_svg
    drawn: Any = Graph
    drawn._repr_svg_ = graph_svg
    drawn._repr_html_ = graph_html
    drawn.__repr__ = lambda graph: f"<Graph {graph.name}: {len(graph.inputs)} inputs, {len(graph.nodes)} nodes>"


install()
