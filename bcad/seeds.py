"""Seeds: cotangents, tangents and vectors, checked against what they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.errors import StructureError
from bcad.ir import ArrayType, Builder, Value, assumptions
from bcad.ops import BY_NAME, tangent_type
from bcad.trace import Tree, flatten, leaf_type


def seeds_like(wholes: Sequence[Any], given: Sequence[Any], what: str) -> list[Any]:
    """The leaves of cotangents, tangents or vectors; what belongs to no number is left out.

    Raises
    ------
    StructureError
        If the structure or a shape differs.
    """
    if len(wholes) == len(given) and all(map(_fits, wholes, given)):
        return [np.float64(seed) if type(seed) is float else seed for seed in given]
    seeds = []
    for whole, part in zip(wholes, given, strict=True):
        leaves, tree = flatten(whole)
        parts, part_tree = flatten(part)
        if not _same_structure(tree, part_tree):
            raise StructureError(f"the {what} {part_tree} has not the structure of {tree}")
        for leaf, seed in zip(leaves, parts, strict=True):
            type_ = leaf_type(leaf)
            if isinstance(type_, ArrayType):
                seeds.append(_seed_like(leaf, type_, seed, what))
    return seeds


def _fits(whole: Any, seed: Any) -> bool:
    """Whether a seed is, as it is, what `whole` wants: the case of almost every call."""
    cls = type(whole)
    if cls is np.ndarray:
        return type(seed) is cls and seed.dtype == whole.dtype and seed.shape == whole.shape and whole.dtype.kind in "fc"
    return (cls is float or cls is np.float64) and type(seed) in (float, np.float64)


def _same_structure(a: Tree, b: Tree) -> bool:
    return a.size == b.size and [*a.paths()] == [*b.paths()]


def _seed_like(leaf: Any, type_: ArrayType, seed: Any, what: str) -> Any:
    if leaf_value(seed) is not seed or isinstance(seed, Value):
        return seed
    dtype = type_.dtype if type_.differentiable else np.dtype(np.float64)
    array = np.asarray(seed)
    if array.dtype.kind == "c" and dtype.kind != "c":
        dtype = np.result_type(array.dtype, dtype)
    array = array.astype(dtype, copy=False)
    if all(isinstance(n, int) for n in type_.shape) and array.shape != type_.shape:
        if not _stretches(array.shape, type_.shape):  # type: ignore[arg-type]
            raise StructureError(f"a {what} of shape {array.shape} for a value of shape {type_.shape}")
        array = np.broadcast_to(array, type_.shape)  # type: ignore[arg-type]
    return array if type_.shape or isinstance(leaf, np.ndarray) else array[()]


def conform(seed: Any, type_: ArrayType) -> Value:
    """A seed given inside traced code as a Value of the shape and dtype that belong to `type_`."""
    value = Builder.current().as_value(leaf_value(seed))
    wanted = tangent_type(type_)
    found = value.type
    if not isinstance(found, ArrayType):
        raise StructureError(f"a seed of type {found} for a value of type {type_}")
    answers = assumptions()
    if found.ndim != wanted.ndim or not all(map(answers.equal, found.shape, wanted.shape)):
        value = BY_NAME["broadcast_to"](value, shape=wanted.shape)
    dtype = value.dtype if value.dtype.kind in "fc" else wanted.dtype
    if not wanted.shape:
        return BY_NAME["as_kind"](value, kind=wanted.kind, dtype=dtype)
    return value if value.dtype == dtype else BY_NAME["astype"](value, dtype=dtype)


def leaf_value(leaf: Any) -> Any:
    """A seed given inside traced code: the Value of a tracer, or a number."""
    return getattr(leaf, "__bcad_value__", leaf)


def _stretches(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether broadcasting makes `target` of `shape`."""
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False
