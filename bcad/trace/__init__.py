"""From a Python function and an example call to a Program: graph, captures, guards, effects."""

from .active import active_traces
from .aside import Aside
from .guards import (
    Absent,
    Apart,
    Guard,
    GuardMiss,
    Guards,
    HasClass,
    HasElements,
    HasFlag,
    HasKey,
    HasKeys,
    HasLength,
    HasType,
    HasValue,
    IsObject,
    Same,
    SizeRelation,
)  # fmt: skip
from .marks import evaluated, held, marks, pinned
from .places import stepped
from .program import InnerProgram, Program
from .quick import MISS, quick_call
from .randomness import restore, state_of, streams_of
from .sources import Argument, Attribute, Item, Result
from .tracing import host_call, inside, is_traced, leaf_type, trace, trace_inside, wrap
from .tree import Tree, flatten, map_leaves

__all__ = [
    "Absent", "Apart", "Argument", "Attribute", "HasClass", "HasElements", "HasFlag", "HasKey", "HasKeys", "HasLength", "HasType",
    "HasValue", "IsObject", "Item", "Result", "Same", "SizeRelation",
    "MISS", "Aside", "Guard", "GuardMiss", "Guards", "InnerProgram", "Program", "Tree", "evaluated", "flatten", "held", "host_call", "inside", "is_traced", "leaf_type", "map_leaves", "marks", "pinned", "quick_call", "restore", "state_of", "streams_of", "stepped",
    "trace", "trace_inside", "active_traces", "wrap",
]
