"""Derivatives of graphs: forward and reverse mode, through branches and loops, to any order."""

from . import reverse_cond, reverse_loop
from .expand import NotDifferentiable, expand, jvp, outputs_with_derivative, vjp

__all__ = ["NotDifferentiable", "expand", "jvp", "outputs_with_derivative", "vjp"]
assert reverse_cond and reverse_loop  # imported for the recorders they enter
