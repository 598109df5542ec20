"""out=: results put into arrays that the caller has."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.errors import StructureError
from bcad.trace import Tree, flatten


def takes_out(fn: Callable[..., Any]) -> bool:
    """Whether ``out=`` at a call is an argument of the function itself."""
    try:
        return "out" in inspect.signature(fn).parameters
    except (TypeError, ValueError):  # a builtin without a signature
        return False


def leaves_for(out: Any, trees: Sequence[Tree]) -> list[Any]:
    """The arrays in `out`, which is nested as what is returned: bare for one, a tuple or list for several.

    Raises
    ------
    StructureError
        If it is nested in another way, or holds what is no array; None stands for a new array.
    """
    leaves, tree = flatten(out)
    if not (len(trees) == 1 and tree == trees[0]) and not (tree.cls in (tuple, list) and tree.children == tuple(trees)):
        wanted = trees[0] if len(trees) == 1 else f"({', '.join(map(repr, trees))})"
        raise StructureError(f"out={tree} is not nested as what is returned: {wanted}")
    for leaf in leaves:
        if leaf is not None and not isinstance(leaf, np.ndarray):
            raise StructureError(f"out= holds a {type(leaf).__name__}", hint="give arrays, or None for a new one")
    return leaves


def put(found: Any, array: Any) -> Any:
    """`array`, holding the numbers of `found`; `found` itself if there is no array.

    Raises
    ------
    StructureError
        If shapes differ, or numbers would be lost.
    """
    if array is None or array is found:
        return found
    found = np.asarray(found)
    if array.shape != found.shape:
        raise StructureError(f"out= has an array of shape {array.shape} for one of shape {found.shape}")
    if not np.can_cast(found.dtype, array.dtype, "same_kind"):
        raise StructureError(f"out= has an array of {array.dtype} for numbers of {found.dtype}")
    np.copyto(array, found, casting="same_kind")
    return array
