"""Symbolic programs: several functions traced as one, whose inputs, outputs and targets are chosen afterwards."""

from .functions import Symbolic, as_symbolic, symbolic, theanify
from .tracer import Tracer
from .value import SymbolicValue
from .vector import VectorArg

__all__ = ["Symbolic", "SymbolicValue", "Tracer", "VectorArg", "as_symbolic", "symbolic", "theanify"]
