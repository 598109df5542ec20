"""With respect to what: argument numbers and names, resolved against a call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.errors import NotDifferentiable
from bcad.trace import flatten, is_traced, leaf_type

Place = tuple[int, Any]  # (0, position) or (1, keyword)
ALL = "all"


class Wrt:
    """The arguments with respect to which one differentiates.

    Parameters
    ----------
    fn : callable
        Its signature gives names a position.
    spec : int, str, array, sequence of them, or 'all'
        Positions (negative ones count from the end of the call's), parameter names, or arrays: they mean the
        argument that they are in the first call that has them.

    Attributes
    ----------
    single : bool
        Whether one argument was named bare: then its derivative is bare too.
    """

    def __init__(self, fn: Callable[..., Any], spec: Any) -> None:
        self.single = isinstance(spec, (int, np.integer, np.ndarray)) or (isinstance(spec, str) and spec != ALL)
        self._spec: Any = (spec,) if self.single else spec
        self._names = _positional_names(fn)
        self._found: dict[int, Place] = {}  # the places of arrays

    def places(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Place]:
        """Where in a call ``(args, kwargs)`` the chosen arguments stand.

        Raises
        ------
        NotDifferentiable
            If the call has no such argument.
        """
        if isinstance(self._spec, str):
            everything = [*((0, k) for k in range(len(args))), *((1, name) for name in kwargs)]
            return [place for place in everything if not _is_object(pick(place, args, kwargs))]
        return [self._place(item, args, kwargs) for item in self._spec]

    def _place(self, item: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Place:
        if isinstance(item, str):
            if item in kwargs:
                return 1, item
            if item in self._names and self._names.index(item) < len(args):
                return 0, self._names.index(item)
            raise NotDifferentiable(
                f"the call has no argument {item!r}",
                hint=f"pass it, or choose among {', '.join(self._names) or 'the positions'}",
            )
        if isinstance(item, np.ndarray):
            return self._holding(item, args, kwargs)
        position = int(item) + len(args) if item < 0 else int(item)
        if 0 <= position < len(args):
            return 0, position
        if 0 <= position < len(self._names) and self._names[position] in kwargs:
            return 1, self._names[position]
        raise NotDifferentiable(
            f"the call has {len(args)} positional arguments, none at position {item}",
            hint="argnums counts from 0",
        )

    def _holding(self, array: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Place:
        """Where the call, or the first one that had it, has this very array."""
        everything: list[Place] = [*((0, k) for k in range(len(args))), *((1, name) for name in kwargs)]
        for place in everything:
            if pick(place, args, kwargs) is array:
                return self._found.setdefault(id(array), place)
        if self._found.get(id(array)) in everything:
            return self._found[id(array)]
        raise NotDifferentiable(
            "the array that wrt= names is no argument of the call",
            hint="name the argument; for arrays that the function reads from outside there is Symbolic",
        )


def pick(place: Place, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The argument at a place."""
    return args[place[1]] if place[0] == 0 else kwargs[place[1]]


def differentiable_call(
    places: Sequence[Place], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The call with every number in the chosen arguments a float; the rest as it was.

    Raises
    ------
    NotDifferentiable
        If one of them is a bool, text or no number.
    """
    new_args, new_kwargs = list(args), dict(kwargs)
    for place in places:
        leaves, tree = flatten(pick(place, args, kwargs))
        converted = [_as_float(leaf, place) for leaf in leaves]
        if all(a is b for a, b in zip(leaves, converted, strict=True)):
            continue
        whole = tree.unflatten(converted)
        if place[0] == 0:
            new_args[place[1]] = whole
        else:
            new_kwargs[place[1]] = whole
    return tuple(new_args), new_kwargs


def _is_object(argument: Any) -> bool:
    """Whether an argument is nothing that holds numbers (the self of a method, a function)."""
    leaves, tree = flatten(argument)
    return tree.cls is None and leaf_type(leaves[0]) is None and not isinstance(leaves[0], (str, bytes)) and not (
        hasattr(leaves[0], "__array__")
    )


def _as_float(leaf: Any, place: Place) -> Any:
    cls = type(leaf)
    if cls in (float, complex):
        return leaf
    if is_traced(leaf):
        type_ = leaf_type(leaf)
        return leaf if type_ is not None and type_.differentiable else leaf * 1.0
    if cls is int:
        return float(leaf)
    kind = getattr(getattr(leaf, "dtype", None), "kind", None)
    if kind in ("f", "c"):
        return leaf
    if kind in ("i", "u"):
        return np.asarray(leaf).astype(np.float64) if isinstance(leaf, np.ndarray) else np.float64(leaf)
    if kind is None and hasattr(leaf, "__array__"):
        return _as_float(np.asarray(leaf), place)
    name = f"argument {place[1]!r}" if place[0] else f"argument {place[1]}"
    what = f"{leaf.dtype} array" if kind is not None else f"{cls.__name__} {leaf!r:.40}"
    raise NotDifferentiable(
        f"cannot differentiate with respect to {name}: it holds {'an' if what[0] in 'aeiou' else 'a'} {what}",
        why="only real and complex numbers have small changes; ints are taken as floats",
        hint="pass floats, or differentiate with respect to another argument (argnums=)",
    )


def _positional_names(fn: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature: positions only
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds]
