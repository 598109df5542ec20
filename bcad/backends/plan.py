"""What a graph is lowered by: steps in order, and where in that order each value can be computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bcad.ir import ArrayType, Node, Size, Value


@dataclass(eq=False)
class Step:
    """A loop nest over `domain`, one special node, or `members` that are run together, a few rows at a time."""

    domain: tuple[Any, ...] | None = None
    roots: list[Value] = field(default_factory=list)
    node: Node | None = None
    members: list[Step] = field(default_factory=list)
    rows: Size = 0  # how many rows the members have
    kept: set[Value] = field(default_factory=set)  # roots that only members read: there is memory for few of their rows


@dataclass
class Plan:
    """The steps of a graph in order, and after how many of them a value can be computed."""

    steps: list[Step]
    stage: dict[Value, int]
    live: set[Node]
    readers: dict[Value, set[int]]  # root or input -> the steps that read it
    spans: dict[Node, int]  # slice -> the stage from which its length can be computed


def is_array(value: Value) -> bool:
    """Whether a value has elements in memory (a number has not)."""
    return isinstance(value.type, ArrayType) and bool(value.type.shape)
