"""Opcode handlers, one plain function each, by family."""
from . import (
               calls,
               containers,
               exceptions,
               functions,
               fused,
               generators,
               imports,
               jumps,
               matching,
               names,
               operators,
               stack,
               typeparams,
)
from .fused import fuse
from .registry import HANDLERS, watch_loops
from .registry import names as handled_opcodes

__all__ = ["HANDLERS", "calls", "containers", "exceptions", "functions", "fuse", "fused", "generators", "handled_opcodes",
           "imports", "jumps", "matching", "names", "operators", "stack", "typeparams",
           "watch_loops"]
