"""stop_gradient: a value as it is, through which no derivative passes."""

from __future__ import annotations

from typing import Any

from bcad.ir import ArrayType

from .elementwise_op import Elementwise
from .op import register
from .samples import Sample, complexes, reals


class StopGradient(Elementwise):
    """The identity whose derivative is declared zero."""

    name = "stop_gradient"
    scalar = "{0}"
    differentiable = False
    partials = (None,)
    samples = (Sample(reals()), Sample(reals(3)), Sample(complexes(2)))

    def type_rule(self, *inputs: ArrayType) -> ArrayType:
        return inputs[0]

    def evaluate(self, *inputs: Any) -> Any:
        return inputs[0]


stop_gradient = register(StopGradient())
