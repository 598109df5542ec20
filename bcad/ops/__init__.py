"""Every op, each declared in one place; the registry that the other floors read."""

from . import arithmetic, layout, reduce_op
from .elementwise_op import Elementwise, accumulate, to_cotangent, unbroadcast
from .op import (
    BY_NAME,
    DERIVED,
    FUNCTIONS,
    METHODS,
    PROPERTIES,
    NotDeclared,
    Op,
    Zero,
    derived,
    implements,
    materialize,
)
from .reduce_op import Reduction
from .shapes import ShapeError

__all__ = [
    "BY_NAME", "DERIVED", "Elementwise", "FUNCTIONS", "METHODS", "NotDeclared", "Op", "PROPERTIES",
    "Reduction", "ShapeError", "Zero", "accumulate", "derived", "implements", "materialize",
    "to_cotangent", "unbroadcast",
]
