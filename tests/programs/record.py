"""What is known about a program: its sample arguments, what flips its branches, what it shows; and the list of all."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Args = tuple[Any, ...]

MODULES = (
    "scalars",
    "iterations",
    "dynamics",
    "stencils",
    "by_hand",
    "sequences",
    "statistics",
    "learning",
    "signals",
    "finance",
    "adbench",
)

_REGISTRY: list[Program] = []


@dataclass(frozen=True)
class Program:
    """A plain NumPy function with what a test needs to differentiate it.

    Parameters
    ----------
    name : str
        Unique; the function's own name.
    fn : callable
        Ordinary Python and NumPy. Never modifies its arguments, and gives the same value for the same arguments.
    args : callable
        Makes the sample arguments anew, so that no test sees what another has written.
    alternatives : sequence of callables
        Each makes other arguments: another branch, trip count, or size than `args`.
    argnums : tuple of int
        The arguments to differentiate with respect to.
    tags : frozenset of str
        Among ``loop``, ``while``, ``branch``, ``break``, ``inplace``, ``view``, ``list``, ``complex``, ``random``,
        ``class``, ``linalg``, ``scipy``, ``vector`` (no Python control flow on traced values), ``jacobian`` (the result
        is an array), ``kink`` (not differentiable on a set of measure zero that the samples avoid),
        ``unroll`` (the body cannot be uniform: one specialisation without unrolling is not expected).
    """

    name: str
    fn: Callable[..., Any]
    args: Callable[[], Args]
    alternatives: Sequence[Callable[[], Args]] = ()
    argnums: tuple[int, ...] = (0,)
    tags: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return self.name

    def samples(self) -> Iterator[Args]:
        """The sample arguments, then every alternative."""
        yield self.args()
        for make in self.alternatives:
            yield make()


def program(
    args: Callable[[], Args],
    *,
    alternatives: Sequence[Callable[[], Args]] = (),
    argnums: tuple[int, ...] = (0,),
    tags: Iterable[str] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the function below into the list of programs, and leave it as it is."""

    def enter(fn: Callable[..., Any]) -> Callable[..., Any]:
        _REGISTRY.append(Program(fn.__name__, fn, args, tuple(alternatives), argnums, frozenset(tags)))
        return fn

    return enter


def programs(*tags: str, without: Iterable[str] = ()) -> list[Program]:
    """Every program that has all of `tags` and none of `without`.

    Examples
    --------
    >>> [p.name for p in programs("while", "complex")]
    ['escape_time']
    """
    for module in MODULES:
        importlib.import_module(f"{__package__}.{module}")
    wanted, unwanted = set(tags), set(without)
    return [p for p in _REGISTRY if wanted <= p.tags and not unwanted & p.tags]
