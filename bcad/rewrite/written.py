"""Ops that only printed graphs have: what a person writes where the graph has several steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Size
from bcad.ops import Op


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
    """``eye(n)``."""

    name = "identity"
    numpy = np.eye

    def type_rule(self, *inputs: Any, size: Size) -> ArrayType:
        return ArrayType(np.dtype(float), (size, size))

    def evaluate(self, *inputs: Any, size: Any) -> Any:
        return np.eye(size)


outer, trace, solve, identity = Outer(), Trace(), SolveVector(), Identity()
