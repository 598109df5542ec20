"""Nested results as Python expressions: ``[a + 1, {'w': b}]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.errors import Unsupported
from bcad.literal_text import literal
from bcad.trace import Tree, flatten


class Piece:
    """Stands in a nest for a value of which only the text is known."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __iter__(self) -> Any:
        raise Unsupported(
            "a list that a loop appends to cannot be returned by a module", hint="return np.array(the_list)"
        )


def result_text(program: Any, texts: Sequence[str], tuples: bool = False) -> str:
    """What a function returns, the numbers in it given by their texts; `tuples`: all containers are tuples."""
    return nest_text(program.result.build([Piece(text) for text in texts]), tuples)


def derivative_text(trees: Sequence[Tree], texts: Sequence[str], tuples: bool = False) -> str:
    """Derivatives as the arguments are nested: bare for one argument, a list for several."""
    found, start = [], 0
    for tree in trees:
        found.append(nest_text(tree.unflatten([Piece(t) for t in texts[start : start + tree.size]]), tuples))
        start += tree.size
    left, right = "()" if tuples else "[]"
    return found[0] if len(found) == 1 else f"{left}{', '.join(found)}{right}"


def nest_text(obj: Any, tuples: bool = False) -> str:
    """A nest of lists, tuples, dicts and leaves as an expression; a named tuple becomes a plain one."""
    leaves, tree = flatten(obj)
    return _written(tree, iter([_leaf(x) for x in leaves]), tuples)


def _leaf(x: Any) -> str:
    if isinstance(x, Piece):
        return x.text
    if isinstance(x, np.ndarray) and x.dtype == object and not x.shape and isinstance(x[()], Piece):
        return f"np.array({x[()].text})"  # the function returns a copy
    return literal(x)


def _written(tree: Tree, leaves: Any, tuples: bool) -> str:
    if tree.cls is None:
        return str(next(leaves))
    items = [_written(child, leaves, tuples) for child in tree.children]
    if tree.cls is list and not tuples:
        return f"[{', '.join(items)}]"
    if issubclass(tree.cls, tuple) or tuples and tree.cls in (list, dict):
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if issubclass(tree.cls, dict):
        return "{" + ", ".join(f"{key!r}: {item}" for key, item in zip(tree.keys, items, strict=True)) + "}"
    raise Unsupported(
        f"a module cannot make a {tree.cls.__name__}", why="its class would have to be there",
        hint="return a tuple, list or dict",
    )
