"""Ops that only printed graphs have: what a person writes where the graph has several steps."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Kind, Size, Value
from bcad.ops import BY_NAME, Op


class Written(Op):
    """Means what its NumPy function means; has no derivative, since only printed graphs hold it."""

    differentiable = False


class Outer(Written):
    """``outer(u, v)`` of two vectors."""

    name = "outer"
    numpy = np.outer

    def type_rule(self, *inputs: Any, **attrs: Any) -> ArrayType:
        u, v = inputs
        return ArrayType(np.result_type(u.dtype, v.dtype), (*u.shape, *v.shape))


class Trace(Written):
    """``trace(x)`` of a matrix."""

    name = "trace"
    numpy = np.trace

    def type_rule(self, *inputs: Any, **attrs: Any) -> ArrayType:
        return ArrayType(inputs[0].dtype, (), Kind.SCALAR)


class SolveVector(Written):
    """``solve(a, b)`` of one matrix and one vector."""

    name = "solve"
    numpy = np.linalg.solve

    def type_rule(self, *inputs: Any, **attrs: Any) -> ArrayType:
        a, b = inputs
        return ArrayType(np.result_type(a.dtype, b.dtype), b.shape)


class Identity(Written):
    """``eye(rows, columns)``."""

    name = "identity"
    numpy = np.eye

    def type_rule(self, *inputs: Any, rows: Size, columns: Size) -> ArrayType:
        return ArrayType(np.dtype(float), (rows, columns))

    def evaluate(self, *inputs: Any, rows: Any, columns: Any) -> Any:
        return np.eye(rows, columns)


class Pi(Written):
    """The number pi."""

    name = "pi"

    def type_rule(self, *inputs: Any, **attrs: Any) -> ArrayType:
        return ArrayType(np.dtype(float), (), Kind.PYTHON)

    def evaluate(self, *inputs: Any, **attrs: Any) -> Any:
        return math.pi


outer, trace, solve, identity, pi = Outer(), Trace(), SolveVector(), Identity(), Pi()
HALF = Fraction(1, 2)

# Numbers that are a fraction times a power of pi or of 2*pi.
_PI_FORMS = {
    form[0] * math.pow(base, float(form[1])): (form[0], name, form[1])
    for name, base in (("2*pi", 2 * math.pi), ("pi", math.pi))
    for form in [(1, HALF), (1, -HALF), (2, -HALF), *((c, e) for c in (1, HALF, HALF / 2) for e in (1, -1))]
}


def as_pi(number: float) -> tuple[Fraction, str, Fraction] | None:
    """``(c, base, e)`` where a number is ``c * base**e`` with pi in the base, but for its last two bits."""
    for known, (c, base, e) in _PI_FORMS.items():
        if abs(number - known) <= 4e-16 * abs(known):
            return Fraction(c), base, Fraction(e)
        if abs(number + known) <= 4e-16 * abs(known):
            return -Fraction(c), base, Fraction(e)
    return None


def pi_value(base: str) -> Value:
    """The Value of pi or 2*pi."""
    builder = Builder.current()
    value = builder.emit(pi)
    return builder.emit(BY_NAME["multiply"], 2, value) if base == "2*pi" else value


def is_two_pi(value: Value) -> bool:
    """Whether a value is ``2*pi``."""
    node = value.node
    return node is not None and node.op.name == "multiply" and any(v.node and v.node.op is pi for v in node.inputs)
