"""From a Python function and an example call to a Program: graph, captures, guards, effects."""

from .active import active_traces
from .aside import Aside
from .calls import process_settings, pybuiltins, texts  # noqa: F401  (their handlers register)
from .calls.answering import answers
from .calls.callbacks import is_active, refusal, trace_callback, value_of
from .calls.handlers import on_call
from .captures.guards import (
    Absent,
    Apart,
    Distinct,
    Guard,
    GuardMiss,
    Guards,
    HasClass,
    HasElements,
    HasFlag,
    HasKey,
    HasKeys,
    HasLength,
    HasStrides,
    HasType,
    HasValue,
    IsObject,
    Same,
    SizeRelation,
    State,
    matcher,
)  # fmt: skip
from .captures.sources import Argument, Attribute, Item, Missing, Pinned, Result, Source, read
from .effects.randomness import PYTHONS_OWN, STREAMS, begun_streams, restore, state_of, streams_of
from .marks import asked, evaluated, held, marks, pinned
from .places import stepped
from .program import InnerProgram, Program
from .quick import MISS, Finish, quick_call, whole_call
from .tracing import host_call, inside, is_traced, leaf_type, trace, trace_inside, wrap
from .tree import Path, Tree, children_of, flatten, map_leaves, rebuild_like

__all__ = [
    "Absent", "Apart", "Argument", "Aside", "Attribute", "Distinct", "Finish", "Guard", "GuardMiss", "Guards", "HasClass",
    "HasElements", "HasFlag", "HasKey", "HasKeys", "HasLength", "HasStrides", "HasType", "HasValue", "InnerProgram",
    "IsObject", "Item", "MISS", "Missing", "PYTHONS_OWN", "Path", "Pinned", "Program", "Result", "STREAMS", "Same",
    "SizeRelation", "Source", "State", "Tree", "active_traces", "answers", "asked", "begun_streams", "children_of", "evaluated", "flatten",
    "held", "host_call", "inside", "is_active", "is_traced", "leaf_type", "map_leaves", "marks", "matcher", "on_call", "pinned",
    "quick_call", "read", "rebuild_like", "refusal", "restore", "state_of", "stepped", "streams_of", "trace",
    "trace_callback", "trace_inside", "value_of", "whole_call", "wrap",
]
