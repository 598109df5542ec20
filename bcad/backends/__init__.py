"""Backends: graphs made runnable, as NumPy source or as code compiled for the CPU; expressions as text."""

from .backend import Abandoned, Backend, Compiled, Report, get, names, register
from .estimate import compile_seconds, numpy_seconds
from .expression import Definition, Notation, Text, definitions, expression, walk_lines
from .item_text import index_text
from .listing import Listing
from .size_text import SizeText

__all__ = [
    "Abandoned", "Backend", "Compiled", "Definition", "Listing", "Notation", "Report", "SizeText", "Text", "compile_seconds", "definitions", "expression", "get", "index_text",
    "names", "numpy_seconds", "register", "walk_lines",
]
