"""Comparisons, logic, bits and questions about numbers: none of them has a derivative."""

from __future__ import annotations

import cmath
import math
import operator
from typing import Any

import numpy as np

from .elementwise_op import elementwise
from .samples import Sample, booleans, complexes, integers, reals, specials

_PAIRS = [
    Sample(reals(3), reals(3)),
    Sample(reals(2, 3), reals(3)),
    Sample(integers(4), 2),
    Sample(complexes(3), reals(3)),
    Sample(specials(), 0.0),
    Sample(1.5, 2),
]
_FLAGS = [Sample(booleans(3), booleans(3)), Sample(reals(3), booleans(2, 3)), Sample(integers(3), 0.0)]
_BITS = [Sample(integers(3), integers(3)), Sample(booleans(3), booleans(3)), Sample(integers(2, 3), 3), Sample(6, 3)]
_SHIFTS = [Sample(integers(3), integers(3)), Sample(integers(3), 2), Sample(6, 3)]
_QUESTIONS = [Sample(specials()), Sample(reals()), Sample(complexes(2)), Sample(integers(3)), Sample(1.5)]

_COMPARISONS: list[tuple[str, Any, str, Any]] = [
    ("less", np.less, "<", operator.lt),
    ("less_equal", np.less_equal, "<=", operator.le),
    ("greater", np.greater, ">", operator.gt),
    ("greater_equal", np.greater_equal, ">=", operator.ge),
    ("equal", np.equal, "==", operator.eq),
    ("not_equal", np.not_equal, "!=", operator.ne),
]
for _name, _function, _symbol, _python in _COMPARISONS:
    elementwise(
        _name, _function, None, scalar=f"{{0}} {_symbol} {{1}}", python=_python,
        infix=f"{{0}} {_symbol} {{1}}", aliases=[_python], samples=_PAIRS,
    )

logical_and = elementwise("logical_and", np.logical_and, None, scalar="({0} != 0) and ({1} != 0)", samples=_FLAGS)
logical_or = elementwise("logical_or", np.logical_or, None, scalar="({0} != 0) or ({1} != 0)", samples=_FLAGS)
logical_xor = elementwise("logical_xor", np.logical_xor, None, scalar="({0} != 0) != ({1} != 0)", samples=_FLAGS)
logical_not = elementwise(
    "logical_not", np.logical_not, None, scalar="{0} == 0", python=operator.not_, aliases=[operator.not_],
    samples=[Sample(booleans(3)), Sample(reals(3)), Sample(0.0)],
)

_BITWISE: list[tuple[str, Any, str, tuple[Any, ...], list[Sample]]] = [
    ("bitwise_and", np.bitwise_and, "&", (operator.and_, operator.iand), _BITS),
    ("bitwise_or", np.bitwise_or, "|", (operator.or_, operator.ior), _BITS),
    ("bitwise_xor", np.bitwise_xor, "^", (operator.xor, operator.ixor), _BITS),
    ("left_shift", np.left_shift, "<<", (operator.lshift, operator.ilshift), _SHIFTS),
    ("right_shift", np.right_shift, ">>", (operator.rshift, operator.irshift), _SHIFTS),
]
for _name, _function, _symbol, _aliases, _samples in _BITWISE:
    elementwise(
        _name, _function, None, scalar=f"{{0}} {_symbol} {{1}}", python=_aliases[0],
        infix=f"{{0}} {_symbol} {{1}}", aliases=_aliases, samples=_samples,
    )


# ~True is -2 in Python, False in NumPy; Python deprecates the former, so it is spelled out
invert = elementwise(
    "invert", np.invert, None, scalar="~{0}", python=lambda x: ~operator.index(x), infix="~{0}",
    aliases=[operator.invert, operator.inv], samples=[Sample(integers(3)), Sample(booleans(3)), Sample(5)],
)

for _name in ("isnan", "isinf", "isfinite"):
    elementwise(
        _name, getattr(np, _name), None, scalar=f"{_name}({{0}})", python=getattr(cmath, _name), samples=_QUESTIONS
    )

signbit = elementwise(
    "signbit", np.signbit, None, scalar="signbit({0})", samples=[Sample(specials()), Sample(reals(3)), Sample(integers(3))]
)
elementwise("gcd", np.gcd, None, scalar="gcd({0}, {1})", python=math.gcd, samples=_SHIFTS)
elementwise("bitwise_count", np.bitwise_count, None, scalar="bitwise_count({0})", samples=[Sample(integers(3))])
elementwise("lcm", np.lcm, None, scalar="lcm({0}, {1})", python=math.lcm, samples=_SHIFTS)
