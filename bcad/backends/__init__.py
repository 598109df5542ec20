"""Backends: graphs made runnable, as NumPy source or as code compiled for the CPU; expressions as text."""

from .backend import Abandoned, Backend, Compiled, Report, get, names, register
from .expression import Definition, Notation, Text, definitions, expression, walk_lines
from .listing import Listing

__all__ = [
    "Abandoned", "Backend", "Compiled", "Definition", "Listing", "Notation", "Report", "Text", "definitions", "expression", "get",
    "names", "register", "walk_lines",
]
