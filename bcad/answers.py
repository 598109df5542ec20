"""What one call gives: outputs of a run as results and derivatives, with the trees of the arguments or as bare objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bcad.specialise import Specialisation
from bcad.trace import Finish, Tree


class Answer:
    """What one call gave: the result, the derived leaves, and the trees of the arguments.

    Attributes
    ----------
    result : object
        What the function returns.
    derived : list
        Derived leaves, argument by argument.
    trees : list of Tree
        The structure of each chosen argument.
    """

    __slots__ = ("result", "derived", "trees")

    def __init__(self, result: Any, derived: list[Any], trees: Sequence[Tree]) -> None:
        self.result = result
        self.derived = derived
        self.trees = trees

    def nested(self) -> list[Any]:
        """One object for each chosen argument, structured as the argument is."""
        if len(self.trees) == len(self.derived) and all(t.cls is None for t in self.trees):
            return self.derived
        leaves, nested, start = self.derived, [], 0
        for tree in self.trees:
            nested.append(tree.unflatten(leaves[start : start + tree.size]))
            start += tree.size
        return nested


def answer_of(special: Specialisation) -> Callable[[list[Any]], Answer]:
    """Outputs of a run as an `Answer`."""
    total = len(special.program.graph.outputs)

    def finish(outputs: list[Any]) -> Answer:
        return Answer(special.program.finish(outputs[:total]), special.shaped(outputs[total:]), special.trees)

    return finish


def quick_derived(special: Specialisation, several: type | None) -> Finish | None:
    """The derived objects of plain arguments without an `Answer`; None where that is not enough.

    `several` is the container (tuple, list); None gives the only one bare.
    """
    if not special.mode.like_arguments or any(t.cls is not None for t in special.trees):
        return None
    total = len(special.program.graph.outputs)
    names = {f"make{k}": make for k, make in enumerate(special.finishers) if make is not None}
    parts = [f"outputs[{total + k}]" for k in range(len(special.finishers))]
    parts = [f"make{k}({part})" if f"make{k}" in names else part for k, part in enumerate(parts)]
    if several is None:
        (text,) = parts
    elif several is list:
        text = f"[{', '.join(parts)}]"
    else:
        text = f"({''.join(f'{part}, ' for part in parts)})"
    return Finish(text, **names)


def quick_blocks(special: Specialisation, single: bool) -> Finish | None:
    """The Jacobian of one bare result by plain arguments, as `quick_derived` gives derivatives."""
    bare = special.program.result.tree.cls is None and special.results == 1
    if not bare or any(t.cls is not None for t in special.trees):
        return None
    total = len(special.program.graph.outputs)
    return Finish(f"outputs[{total}]") if single else Finish(f"tuple(outputs[{total}:])")


def quick_result(special: Specialisation) -> Finish:
    """The function's own result."""
    place = special.program.result.place
    return Finish("result(outputs)", result=special.program.finish) if place is None else Finish(f"outputs[{place}]")
