"""Products and sums as what they are made of: a number and powers of values; a list of such terms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bcad.ir import Value, constant_op, dim_op
from bcad.ops import BY_NAME

from .pattern import number_of
from .written import as_pi, is_two_pi, pi, pi_value

HALF = Fraction(1, 2)
STRETCH = ("broadcast_to", "full")
MULTIPLICATIVE = frozenset({"multiply", "divide", "negative", "positive", "reciprocal", "square", "power", "sqrt"})
ADDITIVE = frozenset({"add", "subtract"})


@dataclass(frozen=True)
class Number:
    """A rational coefficient, and whether the user wrote it with a decimal point (``0.1``)."""

    value: Fraction = Fraction(1)
    decimal: bool = False

    def __mul__(self, other: Number) -> Number:
        return Number(self.value * other.value, self.decimal or other.decimal)

    def __add__(self, other: Number) -> Number:
        return Number(self.value + other.value, self.decimal or other.decimal)

    def __neg__(self) -> Number:
        return Number(-self.value, self.decimal)

    def power(self, exponent: Fraction) -> Number | None:
        """An integral power; None where it is not a rational number."""
        if exponent.denominator != 1 or (self.value == 0 and exponent < 0) or abs(exponent) > 64:
            return None
        return Number(self.value ** int(exponent), self.decimal)

    @property
    def inverse(self) -> Number:
        return Number(1 / self.value, self.decimal)

    @property
    def plain(self) -> int | float:
        """As a Python number: an int where it is one."""
        return int(self.value) if self.value.denominator == 1 else float(self.value)


ONE, MINUS_ONE = Number(), Number(Fraction(-1))


def as_number(value: Value) -> Number | None:
    """The real number that a constant of one number is (also stretched to a shape)."""
    found = number_of(value)
    if found is None or isinstance(found, complex) or getattr(found, "dtype", None) is not None and (
        found.dtype.kind not in "iuf"
    ):
        return None
    return rational(found)


def rational(number: Any) -> Number | None:
    """A finite number as the fraction that its shortest decimal form says."""
    if isinstance(number, bool) or not math.isfinite(number) or not 1e-12 < abs(number or 1) < 1e15:
        return None
    if number == 0 and math.copysign(1, number) < 0:
        return Number(Fraction(0))
    value = float(number)
    if value == int(value):
        return Number(Fraction(int(value)))
    fraction = Fraction(repr(value))
    return Number(fraction, decimal=fraction.denominator not in (2, 4, 8, 16))


@dataclass
class Product:
    """``number * base**exponent * ...``; the bases in the order in which they were met."""

    number: Number = ONE
    powers: dict[Value, Fraction] = field(default_factory=dict)

    def times(self, other: Product) -> Product:
        powers = dict(self.powers)
        for base, exponent in other.powers.items():
            total = powers.get(base, Fraction(0)) + exponent
            if total:
                powers[base] = total
            else:
                del powers[base]
        return Product(self.number * other.number, powers)

    def power(self, exponent: Fraction) -> Product | None:
        """A power that is equal wherever both exist; None if there is none."""
        number = self.number.power(exponent)
        if number is None:
            return None
        return Product(number, {base: e * exponent for base, e in self.powers.items()})

    def scaled(self, number: Number) -> Product:
        return Product(self.number * number, self.powers)

    @property
    def key(self) -> frozenset[tuple[Value, Fraction]]:
        """What two terms must share to be collected."""
        return frozenset(self.powers.items())

    def only_base(self) -> Value | None:
        """The base, if this is a number times one value."""
        if len(self.powers) == 1:
            ((base, exponent),) = self.powers.items()
            return base if exponent == 1 else None
        return None


Sum = list[Product]


class Decomposer:
    """Takes values apart into products and sums; what was put together here is remembered.

    Attributes
    ----------
    products, sums : dicts
        The parts of values that `algebra` has built.
    closed : set of Value
        Values that the user has named: they are taken as they are.
    """

    def __init__(self) -> None:
        self.products: dict[Value, Product] = {}
        self.sums: dict[Value, Sum] = {}
        self.closed: set[Value] = set()

    def product(self, value: Value) -> Product:
        """`value` as a product."""
        if value not in self.products:
            self.products[value] = self._product(value)
        return self.products[value]

    def opened(self, value: Value) -> Product:
        """What a value that the user has named is made of."""
        node = value.node
        found = None if node is None else self._parts(node.op.name, node.inputs)
        return found or Product(powers={value: Fraction(1)})

    def _product(self, value: Value) -> Product:
        number = as_number(value)
        if number is not None:
            return self._known(number)
        node = value.node
        if node is None or value in self.closed or getattr(value.type, "dtype", None) is None:
            return Product(powers={value: Fraction(1)})
        if value.dtype.kind in "fc" and not node.regions:
            found = self._parts(node.op.name, node.inputs)
            if found is not None:
                return found
        return Product(powers={value: Fraction(1)})

    @staticmethod
    def _known(number: Number) -> Product:
        """A number; 0.3989422804014327 is ``1/sqrt(2*pi)``."""
        found = as_pi(float(number.value)) if number.decimal else None
        if found is None:
            return Product(number)
        coefficient, base, exponent = found
        return Product(Number(coefficient), {pi_value(base): exponent})

    def _parts(self, name: str, operands: tuple[Value, ...]) -> Product | None:
        """The product that an operation makes of its operands; None if it makes none."""
        if name in STRETCH or name == "positive":
            return self.product(operands[0]) if not operands[0].shape or name == "positive" else None
        if name == "negative":
            return self.product(operands[0]).scaled(MINUS_ONE)
        if name == "multiply":
            return self.product(operands[0]).times(self.product(operands[1]))
        if name == "divide":
            inverse = self.product(operands[1]).power(Fraction(-1))
            return inverse and self.product(operands[0]).times(inverse)
        if name == "reciprocal":
            return self.product(operands[0]).power(Fraction(-1))
        if name == "square":
            return self.product(operands[0]).power(Fraction(2))
        if name == "sqrt":
            return self._root(operands[0], HALF)
        if name == "power":
            exponent = as_number(operands[1])
            if exponent is None or operands[1].shape:
                return None
            if exponent.value.denominator == 1:
                return self.product(operands[0]).power(exponent.value)
            return self._root(operands[0], exponent.value)
        return None

    def _root(self, base: Value, exponent: Fraction) -> Product | None:
        """A fractional power of a whole: ``(x**2)**0.5`` is no power of x."""
        if as_number(base) is not None or base.dtype.kind not in "f":
            return None
        return Product(powers={base: exponent})

    def sum(self, value: Value, turned: bool = False) -> Sum:
        """`value` as a list of terms; those of the second operand first if `turned`."""
        known = self.sums.get(value)
        if known is not None:
            return known
        node = value.node
        opened = node is not None and value not in self.closed and node.op.name in (*ADDITIVE, *STRETCH)
        if not opened or value.dtype.kind not in "fc":
            product = self.product(value)
            return [product] if product.number.value else []
        assert node is not None
        if node.op.name in STRETCH:
            return self.sum(node.inputs[0]) if not node.inputs[0].shape else [self.product(value)]
        left, right = (self.sum(v) for v in node.inputs)
        if node.op.name == "subtract":
            right = [term.scaled(MINUS_ONE) for term in right]
        return [*right, *left] if turned else [*left, *right]


def collect(terms: Iterable[Product]) -> Sum:
    """Terms that differ in their numbers only become one, where the first of them stood."""
    found: dict[Any, Product] = {}
    for term in terms:
        if term.key in found:
            first = found[term.key]
            found[term.key] = Product(first.number + term.number, first.powers)
        else:
            found[term.key] = term
    return [term for term in found.values() if term.number.value]


def is_sum(value: Value) -> bool:
    """Whether `value` is written with a plus or minus between terms."""
    return value.node is not None and value.node.op.name in ADDITIVE


def rank(base: Value) -> tuple[int, str]:
    """Where a factor stands: sizes, variables by name, functions, sums in parentheses."""
    node = base.node
    if node is None:
        return 1, base.name or ""
    if node.op is pi or is_two_pi(base):
        return 0, ""
    if node.op is dim_op:
        return 0, str(node.attrs["size"])
    if base.name is not None and node.op is not constant_op:
        return 2, ""
    if node.op.name == "power" and node.inputs[0].node is None:
        return 1, node.inputs[0].name or ""
    if node.op.name in ("getitem", "gather") and node.inputs[0].node is None:
        return 1, node.inputs[0].name or ""
    return (3 if is_sum(base) else 2), ""


def monomial_key(term: Product) -> tuple[Any, ...] | None:
    """Graded order of a term in variables only: higher degree first, then by name; else None."""
    degree, names = Fraction(0), []
    for base, exponent in term.powers.items():
        if base.node is not None or exponent.denominator != 1 or exponent < 0:
            return None
        degree += exponent
        names += [base.name or ""] * int(exponent)
    return (-degree, sorted(names))


def operations() -> Iterator[Any]:
    """The ops whose results `algebra` writes in normal form."""
    return (BY_NAME[name] for name in (*MULTIPLICATIVE, *ADDITIVE))
