"""From a Python function and an example call to a Program: graph, captures, guards, effects."""

from .guards import Guard, GuardMiss, Guards
from .places import stepped
from .program import InnerProgram, Program
from .tracing import host_call, inside, is_traced, leaf_type, trace, trace_inside, wrap
from .tree import Tree, flatten, map_leaves

__all__ = [
    "Guard", "GuardMiss", "Guards", "InnerProgram", "Program", "Tree", "flatten", "host_call", "inside", "is_traced", "leaf_type", "map_leaves", "stepped",
    "trace", "trace_inside", "wrap",
]
