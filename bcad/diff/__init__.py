"""Derivatives of graphs: forward and reverse mode, through branches and loops, to any order."""

from . import checkpointing, reverse_cond, reverse_loop
from .activity import varied_outputs
from .expand import NotDifferentiable, expand, jvp, outputs_with_derivative, vjp
from .jacobian import gradient, hessian, jacobian

__all__ = ["NotDifferentiable", "expand", "gradient", "hessian", "jacobian", "jvp", "outputs_with_derivative", "varied_outputs", "vjp"]
assert checkpointing and reverse_cond and reverse_loop  # imported for the pullbacks they enter
