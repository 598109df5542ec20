"""Derivatives of graphs: forward and reverse mode, through branches and loops, to any order."""

from . import checkpointing, reverse_cond, reverse_loop
from .activity import varied_outputs
from .expand import NotDifferentiable, expand, jvp, outputs_with_derivative, vjp
from .jacobian import gradient, hessian, jacobian
from .tape_report import KeptByLoop, kept_by_loops

__all__ = ["KeptByLoop", "NotDifferentiable", "expand", "gradient", "hessian", "jacobian", "jvp", "kept_by_loops", "outputs_with_derivative", "varied_outputs", "vjp"]
assert checkpointing and reverse_cond and reverse_loop  # imported for the pullbacks they enter
