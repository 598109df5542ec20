"""The user's own names for values: ``r = X @ w - y`` calls the difference r."""

from __future__ import annotations

import linecache
import re

from bcad.ir import Graph, Node, constant_op
from interpreter import Location

_TARGET = re.compile(r"\s*([A-Za-z_]\w*)\s*(?::[^=]*)?=\s*\(?")
_AUGMENTED = re.compile(r"([A-Za-z_]\w*)\s*(?:\+|-|\*|/|@|%|\*\*|//)=(?!=)")


def name_values(graph: Graph) -> None:
    """Give every value that a statement ``name = expression`` computes that name, regions included.

    The values must be those of a traced program: in a derivative, a node stands at the line of what it
    is the derivative of.
    """
    last: dict[Location, Node] = {}
    for node in graph.walk():
        if node.location is not None and len(node.outputs) == 1 and node.op is not constant_op:
            last[node.location] = node
    for location, node in last.items():
        value = node.output
        if value.name is None and not node.regions:
            value.name = assigned_name(location)


def assigned_name(location: Location) -> str | None:
    """The variable to which the expression at `location` is assigned, if that is all its statement does."""
    if location.line is None or location.column is None or location.end_column is None:
        return None
    first = linecache.getline(location.file, location.line).encode()
    last = linecache.getline(location.file, location.end_line or location.line).encode()
    before = first[: location.column].decode(errors="replace").rpartition(";")[2]
    after = last[location.end_column :].decode(errors="replace").strip().lstrip(")").strip()
    match = _TARGET.fullmatch(before)
    if not before.strip():
        match = _AUGMENTED.match(first[location.column :].decode(errors="replace"))
    return match[1] if match and (not after or after[0] in "#;") else None
