"""Complex numbers: real, imag, conjugate, absolute value, angle, sign.

These are not holomorphic.  A cotangent g pairs with a perturbation dz as ``Re(g * dz)``
(autograd's convention), so a real loss is descended along ``conj(gradient)``.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Value

from .convert import array, as_kind, operand
from .cotangents import broadcast_like, to_cotangent
from .elementwise_op import Elementwise, elementwise
from .op import BY_NAME, FUNCTIONS, METHODS, Zero, implements, register
from .samples import Sample, complexes, reals
from .ufunc import numbers


class Part(Elementwise):
    """The real or the imaginary part: linear over the reals."""

    linear = (0,)
    samples = (Sample(complexes(3)), Sample(complexes()), Sample(reals(3)))

    def result_dtype(self, *inputs: ArrayType) -> np.dtype[Any]:
        return np.zeros((), inputs[0].dtype).real.dtype

    def jvp(self, y: Value, *rest: Any) -> Any:
        return self(rest[1])


class Real(Part):
    name = "real"
    numpy = np.real
    scalar = "{0}.real"

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        return (to_cotangent(g, inputs[0]),)


class Imag(Part):
    name = "imag"
    numpy = np.imag
    scalar = "{0}.imag"

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        (z,) = inputs
        return (to_cotangent(-1j * g, z) if z.type.is_complex else None,)


class Conjugate(Elementwise):
    """Linear over the reals: its derivative conjugates."""

    linear = (0,)

    def jvp(self, y: Value, *rest: Any) -> Any:
        return self(rest[1])

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        return (to_cotangent(self(g), inputs[0]),)


class Absolute(Elementwise):
    """``abs(z)``: derivative ``Re(conj(z) dz) / abs(z)``, and 0 at 0."""

    def direction(self, y: Value, z: Value) -> Any:
        """``conj(z) / abs(z)``."""
        away = BY_NAME["not_equal"](y, 0)
        return BY_NAME["mask"](away, conjugate(z) / BY_NAME["where"](away, y, 1))

    def jvp(self, y: Value, *rest: Any) -> Any:
        z, dz = rest
        if not z.type.is_complex or type(dz) is Zero:
            return super().jvp(y, z, dz)
        return broadcast_like(real(self.direction(y, z) * dz), y)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        (z,) = inputs
        if not z.type.is_complex:
            return super().vjp(g, y, z)
        return (to_cotangent(g * self.direction(y, z), z),)


class Sign(Elementwise):
    """``sign(x)`` has no slope; of a complex number it is ``z / abs(z)``, which turns with z."""

    def expression(self, *inputs: ArrayType) -> str | None:
        return "0 if {0} == 0 else {0} / abs({0})" if inputs[0].is_complex else self.scalar

    def jvp(self, y: Value, *rest: Any) -> Any:
        z, dz = rest
        if not z.type.is_complex or type(dz) is Zero:
            return Zero(y.type)
        return 1j * y * imag(conjugate(y) * dz) / self.size(z)

    def vjp(self, g: Any, y: Value, *inputs: Value) -> tuple[Any, ...]:
        (z,) = inputs
        if not z.type.is_complex:
            return (None,)
        return (to_cotangent(1j * conjugate(y) * imag(g * y) / self.size(z), z),)

    @staticmethod
    def size(z: Value) -> Any:
        r = absolute(z)
        return BY_NAME["where"](BY_NAME["equal"](r, 0), 1, r)


real = register(Real())
imag = register(Imag())
conjugate = elementwise(
    "conjugate", np.conjugate, [1], scalar="conj({0})", samples=[Sample(complexes(3)), Sample(reals(3))], base=Conjugate
)
absolute = elementwise(
    "absolute", np.absolute, [lambda y, x: BY_NAME["sign"](x)], scalar="abs({0})", python=operator.abs,
    aliases=[operator.abs, abs], base=Absolute,
    samples=[Sample(reals(3)), Sample(reals()), Sample(complexes(3)), Sample(np.array([0.0, 1.0, -1.0])).at_kink(), Sample(-1.5)],
)
sign = elementwise(
    "sign", np.sign, [None], scalar="{0} if isnan({0}) else 1 if {0} > 0 else -1 if {0} < 0 else 0",
    samples=[Sample(reals(3)), Sample(reals()), Sample(complexes(3))], base=Sign,
)


@implements(np.real, attribute="real")
def _real(val: Any) -> Value:
    """The real part; a real array itself."""
    return _part(real, operand(val))


@implements(np.imag, attribute="imag")
def _imag(val: Any) -> Value:
    """The imaginary part."""
    return _part(imag, operand(val))


def _part(part: Any, x: Value) -> Value:
    """A part of an array of no dimensions is one too, those of a Python bool are ints."""
    if x.type.kind is Kind.PYTHON and x.dtype.kind == "b":
        x = as_kind(x, kind=Kind.PYTHON, dtype=np.dtype(int))
    if part is real and not x.type.is_complex:
        return x
    return array(part(x)) if x.type.kind is Kind.ARRAY else part(x)


@implements(np.angle)
def _angle(z: Any, deg: bool = False) -> Value:
    """``arctan2(imag, real)``: the angle from the positive real axis."""
    (z,) = numbers((z,))
    angle = BY_NAME["arctan2"](*((imag(z), real(z)) if z.type.is_complex else (0, z)))
    return angle * (180 / np.pi) if deg else angle


FUNCTIONS[np.iscomplexobj] = lambda x: operand(x).type.is_complex
FUNCTIONS[np.isrealobj] = lambda x: not operand(x).type.is_complex


@implements(method="conj")
def _conj(a: Any, out: Any = None) -> Value:
    """The method gives a real array itself, where the function copies it."""
    return operand(a) if out is None and operand(a).dtype.kind in "biuf" else FUNCTIONS[np.conjugate](a, out=out)


METHODS["conjugate"] = METHODS["conj"]
