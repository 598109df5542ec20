"""The exceptions a user can meet; each docstring shows a failure and its repair.

All of them say what, where (file, line, caret), why, and what to try; all derive from
`BcadError`, and from the built-in exception a NumPy programmer would expect.
"""

from __future__ import annotations

from interpreter import LocatedError, Location, Unsupported

__all__ = [
    "BcadError", "CompileError", "Location", "NotDeclared", "NotDifferentiable", "NotFinite", "NotScalar",
    "ShapeError", "StructureError", "TraceLimit", "Unsupported",
]

BcadError = LocatedError


class NotDifferentiable(BcadError, TypeError):
    """An argument with respect to which one cannot differentiate.

    ``grad(f)(True)`` and ``grad(f)("text")`` are refused: a bool or a string has no small
    change.  An int is taken as a float.  Repair: pass a number or an array of numbers, or
    differentiate with respect to another argument (``argnums=1``).
    """


class NotDeclared(BcadError, NotImplementedError):
    """A function that has no derivative rule of the kind asked for.

    ``grad(lambda v: scipy.special.jv(v, 1.0))(0.5)``: in its order a Bessel function has no simple derivative.
    Repair: wrap the argument in `stop_gradient` if its derivative is not asked for; or declare a `primitive`
    around the function and give it a rule with `defvjp` and `defjvp`.
    """

    def __init__(self, op: str, rule: str, location: Location | None = None) -> None:
        super().__init__(
            f"{op} has no {rule}", location=location, why="no rule for it is declared",
            hint="wrap the argument in bcad.stop_gradient, or declare a bcad.primitive with a rule",
        )
        self.op, self.rule = op, rule


class NotScalar(BcadError, TypeError):
    """A gradient was asked of a function whose result is not one real number.

    ``grad(lambda x: x * 2)(np.ones(3))`` has three results.  Repair: reduce the result
    (``.sum()``), or ask for `jacobian` or `elementwise_grad`.
    """


class StructureError(BcadError, ValueError):
    """Cotangents, tangents or vectors that do not match what they belong to.

    ``make_vjp(f)(x)[0](np.ones(2))`` where ``f(x)`` has shape (3,).  Repair: pass one with
    the structure, shapes and dtypes of the value.
    """


class ShapeError(BcadError, ValueError):
    """Arrays whose sizes do not fit, where NumPy would raise a ValueError.

    ``grad(lambda x, w: (x @ w).sum())(np.ones((3, 4)), np.ones(5))``.  Repair: the message
    names the operands' types at this call; make their sizes agree.
    """


class TraceLimit(BcadError, RuntimeError):
    """A program that would unroll to an endless graph.

    The message names the loop's line and why it could not be kept as a loop.  Repair: make
    the body uniform (the same shapes and types in every iteration), or raise the bound.
    """


class CompileError(BcadError, RuntimeError):
    """A backend could not compile a graph that it said it supports: a bug of bcad.

    Repair: ``backend="numpy"`` runs the same graph without a compiler; please report it.
    """


class NotFinite(BcadError, FloatingPointError):
    """The first NaN or infinity, when ``check_finite=True`` asked for it; names its line."""
