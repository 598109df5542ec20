"""Python's `math` on Values: results are Python numbers, and where `math` raises is said by `fault`."""

from __future__ import annotations

import cmath
import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

from bcad.ir import ArrayType, Value, python_type

from . import arithmetic, complexes, elementwise, logic, power, selection, splitting  # noqa: F401  (ops used by name)
from .convert import operand
from .kinds import python_number
from .mathkind import not_a_number
from .op import BY_NAME, FUNCTIONS, Op, Zero, define, implements
from .samples import Sample


def unpacked(x: Any) -> list[Any]:
    """The elements of a sequence, or of a vector, which is held to its length."""
    return list(x) if isinstance(x, Iterable) else [x]


def real(x: Any) -> Value:
    """`x` as a Python float; `math` takes nothing else."""
    return python_number(x, float)


def of_reals(op: Any) -> Callable[..., Value]:
    """The meaning of a `math` function that is an op on Python floats."""
    return lambda *args: op(*map(real, args))


# -- functions that NumPy has too ----------------------------------------------------------------
for _name, _op in {
    "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log2": "log2", "log10": "log10", "log1p": "log1p",
    "sqrt": "sqrt", "cbrt": "cbrt", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "degrees": "degrees", "radians": "radians", "fabs": "fabs", "atan2": "arctan2", "fmod": "fmod",
    "pow": "float_power", "copysign": "copysign", "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
    "nextafter": "nextafter",
}.items():
    if hasattr(math, _name):
        FUNCTIONS[getattr(math, _name)] = of_reals(BY_NAME[_op])
for _name, _op in {
    "exp": "exp", "log10": "log10", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin",
    "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh",
}.items():
    FUNCTIONS[getattr(cmath, _name)] = functools.partial(
        lambda op, z: op(python_number(z, complex)), BY_NAME[_op]
    )


@implements(math.log)
def _log(x: Any, base: Any = None) -> Value:
    """``log(x, base)`` is ``log(x) / log(base)``, as CPython computes it."""
    result = BY_NAME["log"](real(x))
    return result if base is None else BY_NAME["divide"](result, BY_NAME["log"](real(base)))


@implements(cmath.log)
def _complex_log(z: Any, base: Any = None) -> Value:
    result = BY_NAME["log"](python_number(z, complex))
    return result if base is None else result / BY_NAME["log"](python_number(base, complex))


@implements(cmath.phase)
def _phase(z: Any) -> Value:
    z = python_number(z, complex)
    return BY_NAME["arctan2"](BY_NAME["imag"](z), BY_NAME["real"](z))


@implements(cmath.polar)
def _polar(z: Any) -> tuple[Value, Value]:
    return BY_NAME["absolute"](python_number(z, complex)), _phase(z)


@implements(cmath.rect)
def _rect(r: Any, phi: Any) -> Value:
    r, phi = real(r), real(phi)
    return python_number(r * BY_NAME["cos"](phi), complex) + 1j * (r * BY_NAME["sin"](phi))


def _special(name: str, function: Callable[[float], float]) -> Callable[[Any], Value]:
    """A function of ``scipy.special`` that `math` has too; on Python floats it is that of `math`."""

    def meaning(x: Any, /) -> Value:
        op: Any = BY_NAME[name]
        if op.python is None:
            op.python, op.raises = function, not_a_number
        return op(real(x))

    return meaning


for _function, _name in ((math.gamma, "gamma"), (math.lgamma, "gammaln"), (math.erf, "erf"), (math.erfc, "erfc")):
    FUNCTIONS[_function] = _special(_name, _function)


# -- integers ------------------------------------------------------------------------------------
def _whole(name: str) -> Callable[[Any], Value]:
    """floor, ceil and trunc of `math` give an int."""

    def function(x: Any, /) -> Value:
        value = operand(x)
        return python_number(value if value.dtype.kind in "biu" else BY_NAME[name](real(value)), int)

    return function


for _name in ("floor", "ceil", "trunc"):
    FUNCTIONS[getattr(math, _name)] = _whole(_name)
for _name in ("gcd", "lcm"):
    FUNCTIONS[getattr(math, _name)] = functools.partial(
        lambda op, *xs: functools.reduce(op, (python_number(x, int) for x in xs)), BY_NAME[_name]
    )


@implements(math.modf)
def _modf(x: Any) -> tuple[Value, Value]:
    return BY_NAME["modf_fraction"](real(x)), BY_NAME["modf_whole"](real(x))


@implements(math.frexp)
def _frexp(x: Any) -> tuple[Value, Value]:
    return BY_NAME["frexp_mantissa"](real(x)), BY_NAME["frexp_exponent"](real(x))


@implements(math.ldexp)
def _ldexp(x: Any, i: Any) -> Value:
    return BY_NAME["ldexp"](real(x), python_number(i, int))


# -- of several numbers --------------------------------------------------------------------------
@implements(math.hypot)
def _hypot(*coordinates: Any) -> Value:
    """The Euclidean norm; of more than two numbers by pairs, which does not overflow either."""
    xs = list(map(real, coordinates))
    if len(xs) <= 2:
        return BY_NAME["fabs"](xs[0]) if len(xs) == 1 else BY_NAME["hypot"](*(xs or [real(0.0)] * 2))
    return functools.reduce(BY_NAME["hypot"], xs)


@implements(math.dist)
def _dist(p: Any, q: Any) -> Value:
    p, q = unpacked(p), unpacked(q)
    if len(p) != len(q):
        raise ValueError("both points must have the same number of dimensions")
    return _hypot(*(real(a) - real(b) for a, b in zip(p, q)))


@define
class Fsum(Op):
    """``math.fsum`` of floats: the exactly rounded sum."""

    samples = (Sample(1e16, 1.0, -1e16).at_kink(), Sample(1.5, 2.5), Sample())

    def type_rule(self, *xs: ArrayType) -> ArrayType:
        return python_type(float)

    def evaluate(self, *xs: Any) -> float:
        return math.fsum(xs)

    def jvp(self, y: Value, *rest: Any) -> Any:
        return functools.reduce(lambda a, b: a + b, rest[len(rest) // 2 :], Zero(y.type))

    def vjp(self, g: Any, y: Value, *xs: Value) -> tuple[Any, ...]:
        return tuple(g if x.type.differentiable else None for x in xs)


@implements(math.fsum)
def _fsum(seq: Any) -> Value:
    """Exactly rounded."""
    return BY_NAME["fsum"](*(real(x) for x in unpacked(seq)))


@implements(math.isclose)
def _isclose(a: Any, b: Any, *, rel_tol: Any = 1e-09, abs_tol: Any = 0.0) -> Value:
    a, b = real(a), real(b)
    size = BY_NAME["absolute"]
    largest = BY_NAME["maximum"](size(a), size(b))
    bound = BY_NAME["maximum"](real(rel_tol) * largest, real(abs_tol))
    near = BY_NAME["logical_and"](size(a - b) <= bound, BY_NAME["isfinite"](largest))
    return BY_NAME["logical_or"](BY_NAME["equal"](a, b), near)


if hasattr(math, "sumprod"):

    @implements(math.sumprod)
    def _sumprod(p: Any, q: Any) -> Any:
        products = [operand(a) * operand(b) for a, b in zip(unpacked(p), unpacked(q), strict=True)]
        if all(x.dtype.kind in "biu" for x in products):
            return functools.reduce(BY_NAME["add"], products, 0)
        return _fsum(products)


if hasattr(math, "fma"):
    FUNCTIONS[math.fma] = lambda x, y, z: real(x) * real(y) + real(z)
