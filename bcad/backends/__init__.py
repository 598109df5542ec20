"""Backends: graphs made runnable, as NumPy source or as code compiled for the CPU; expressions as text."""

from typing import Any

from bcad.ir import Graph

from . import cache as disk
from .backend import Abandoned, Backend, Compiled, Report, get, names, register
from .estimate import compile_seconds, numpy_seconds
from .expression import Definition, Notation, Text, definitions, expression, walk_lines
from .item_text import index_text
from .listing import Listing
from .naming import reading_name
from .size_text import SizeText


def kernel_pieces(graph: Graph, frozen: set[int], name: str = "kernel") -> Any:
    """The pieces of a module for numba: see `bcad.backends.numba_module`, which is loaded when it is needed."""
    from . import numba_module

    return numba_module.kernel_pieces(graph, frozen, name)


def clusters(graph: Graph) -> dict[Any, int]:
    """Which nodes share a kernel, by number: see `bcad.backends.kernel_clusters`."""
    from .kernel_clusters import clusters as find

    return find(graph)


__all__ = [
    "Abandoned", "Backend", "Compiled", "Definition", "Listing", "Notation", "Report", "SizeText", "Text", "clusters", "compile_seconds", "definitions", "disk", "expression", "get", "index_text", "kernel_pieces",
    "names", "numpy_seconds", "reading_name", "register", "walk_lines",
]
