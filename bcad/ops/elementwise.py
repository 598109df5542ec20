"""The elementary functions as rows: exponentials, logarithms, trigonometry, hyperbolic functions."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import Value

from .elementwise_op import Partial, elementwise
from .mathkind import not_a_number, real_or_complex
from .op import BY_NAME
from .samples import Maker, Sample, complexes, positives, reals

LOG2, LOG10 = math.log(2), math.log(10)


def unary(name: str, partial: Partial, domain: Any = reals, *, complex_too: bool = True, low: float = 0.5) -> Any:
    """A function of one number that `math` may have too; `domain` makes its samples."""
    python = None
    if hasattr(math, _MATH.get(name, name)):
        spelled = _MATH.get(name, name)
        python = real_or_complex(spelled) if hasattr(cmath, spelled) else getattr(math, spelled)
    return elementwise(
        name, getattr(np, name), [partial], scalar=f"{name}({{0}})", python=python,
        raises=not_a_number if python else None, samples=_samples(domain, complex_too, python is not None, low),
    )


def _samples(domain: Any, complex_too: bool, python: bool, number: float) -> Sequence[Sample]:
    samples = [Sample(domain()), Sample(domain(3)), Sample(domain(2, 3))]
    if complex_too:
        samples.append(Sample(complexes(3)))
    return [*samples, Sample(number)] if python else samples


_MATH = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}


def inside(*shape: int) -> Maker:
    """Floats in the middle of (-1, 1)."""
    return reals(*shape, low=-0.9, high=0.9)


def above_one(*shape: int) -> Maker:
    """Floats above 1."""
    return reals(*shape, low=1.1, high=3.0)


def _sqrt(x: Any) -> Any:
    return BY_NAME["sqrt"](x)


def _arccosh(y: Value, x: Value) -> Any:
    """Two roots for complex x: the root of the product has another branch cut."""
    if x.type.is_complex:
        return 1 / (_sqrt(x - 1) * _sqrt(x + 1))
    return 1 / _sqrt((x - 1) * (x + 1))


exp = unary("exp", lambda y, x: y)
exp2 = unary("exp2", lambda y, x: LOG2 * y)
expm1 = unary("expm1", lambda y, x: y + 1)
log = unary("log", lambda y, x: 1 / x, positives)
log2 = unary("log2", lambda y, x: 1 / (LOG2 * x), positives)
log10 = unary("log10", lambda y, x: 1 / (LOG10 * x), positives)
log1p = unary("log1p", lambda y, x: 1 / (1 + x), positives)

sin = unary("sin", lambda y, x: BY_NAME["cos"](x))
cos = unary("cos", lambda y, x: -BY_NAME["sin"](x))
tan = unary("tan", lambda y, x: 1 + y * y)
# (1 - x) * (1 + x) keeps its digits near 1, where 1 - x * x loses them
arcsin = unary("arcsin", lambda y, x: 1 / _sqrt((1 - x) * (1 + x)), inside)
arccos = unary("arccos", lambda y, x: -1 / _sqrt((1 - x) * (1 + x)), inside)
arctan = unary("arctan", lambda y, x: 1 / (1 + x * x))

sinh = unary("sinh", lambda y, x: BY_NAME["cosh"](x))
cosh = unary("cosh", lambda y, x: BY_NAME["sinh"](x))
tanh = unary("tanh", lambda y, x: 1 - y * y)
arcsinh = unary("arcsinh", lambda y, x: 1 / _sqrt(1 + x * x))
arccosh = unary("arccosh", _arccosh, above_one, low=1.5)
arctanh = unary("arctanh", lambda y, x: 1 / ((1 - x) * (1 + x)), inside)

for _name, _factor in (("degrees", 180 / math.pi), ("radians", math.pi / 180)):
    elementwise(
        _name, getattr(np, _name), [_factor], scalar=f"{_factor!r} * {{0}}", python=getattr(math, _name),
        samples=[Sample(reals()), Sample(reals(3)), Sample(0.5)],
    )
for _name, _factor in (("rad2deg", 180 / math.pi), ("deg2rad", math.pi / 180)):
    elementwise(
        _name, getattr(np, _name), [_factor], scalar=f"{_factor!r} * {{0}}",
        samples=[Sample(reals()), Sample(reals(3))],
    )


# -- of two numbers ------------------------------------------------------------------------------
def _safe(z: Value, hazard: float, replacement: float) -> Any:
    return BY_NAME["where"](BY_NAME["equal"](z, hazard), replacement, z)


def _cosine(x: Value, z: Value) -> Any:
    """``x / z``, 0 at z = 0, and so are its derivatives."""
    return BY_NAME["mask"](BY_NAME["not_equal"](z, 0), x / _safe(z, 0, 1))


def _weight(x: Value, z: Value, power: str) -> Any:
    """``exp(x - z)``, 0 where both are -inf: adding nothing to nothing moves nothing."""
    return BY_NAME[power](x - _safe(z, -np.inf, 0))


_TWO = [Sample(reals(3), reals(3)), Sample(reals(2, 3), reals(3)), Sample(reals(), 0.75)]
logaddexp = elementwise(
    "logaddexp", np.logaddexp, [lambda z, x, y: _weight(x, z, "exp"), lambda z, x, y: _weight(y, z, "exp")],
    scalar="logaddexp({0}, {1})", samples=_TWO,
)
logaddexp2 = elementwise(
    "logaddexp2", np.logaddexp2, [lambda z, x, y: _weight(x, z, "exp2"), lambda z, x, y: _weight(y, z, "exp2")],
    scalar="logaddexp2({0}, {1})", samples=_TWO,
)
arctan2 = elementwise(
    "arctan2", np.arctan2, [lambda z, y, x: x / (x * x + y * y), lambda z, y, x: -y / (x * x + y * y)],
    scalar="arctan2({0}, {1})", python=math.atan2, samples=[*_TWO, Sample(0.5, -1.5)],
)
# the derivative of a norm at 0 is 0 (a subgradient)
hypot = elementwise(
    "hypot", np.hypot, [lambda z, x, y: _cosine(x, z), lambda z, x, y: _cosine(y, z)],
    scalar="hypot({0}, {1})", python=math.hypot, raises=not_a_number, samples=[*_TWO, Sample(0.5, -1.5)],
)


# -- rounding and signs --------------------------------------------------------------------------
_STEPS = [Sample(reals()), Sample(reals(5, low=-3, high=3))]
for _name in ("floor", "ceil", "rint", "trunc"):
    elementwise(_name, getattr(np, _name), None, scalar=f"{_name}({{0}})", samples=_STEPS)
elementwise("spacing", np.spacing, None, scalar="spacing({0})", samples=_STEPS)

fabs = elementwise(
    "fabs", np.fabs, [lambda y, x: BY_NAME["sign"](x)], scalar="abs({0})", python=math.fabs,
    samples=[Sample(reals()), Sample(reals(3)), Sample(np.array([0.0, 1.0])).at_kink(), Sample(-1.5)],
)
copysign = elementwise(
    "copysign", np.copysign, [lambda z, x, y: BY_NAME["copysign"](1, x) * BY_NAME["copysign"](1, y), None],
    scalar="copysign({0}, {1})", python=math.copysign, samples=[*_TWO, Sample(0.5, -1.5)],
)
heaviside = elementwise(
    "heaviside", np.heaviside, [None, lambda z, x, h: BY_NAME["equal"](x, 0)],
    scalar="({0} if isnan({0}) else 0 if {0} < 0 else 1 if {0} > 0 else {1})",
    samples=[Sample(reals(3), 0.5), Sample(np.array([0.0, 1.0, -1.0]), reals(3)).at_kink()],
)
nextafter = elementwise(
    "nextafter", np.nextafter, [1, None], scalar="nextafter({0}, {1})", python=math.nextafter,
    samples=[Sample(reals(3), reals(3))],
)
