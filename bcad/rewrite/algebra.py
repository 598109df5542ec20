"""The normal form of sums and products: collected, cancelled, common factors out, in a reader's order.

It is one law for all of ring arithmetic (associativity, commutativity, powers, quotients), so no set of
small laws can chase its own tail: the normal form of a normal form is itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from bcad.ir import Builder, Value
from bcad.ops import BY_NAME

from .terms import (
    ADDITIVE,
    HALF,
    MINUS_ONE,
    ONE,
    Decomposer,
    Number,
    Product,
    Sum,
    collect,
    is_sum,
    monomial_key,
    rank,
)
from .written import is_two_pi, outer

Constant = Callable[[Any], Value]


class Algebra:
    """Writes values in normal form.

    Parameters
    ----------
    constant : callable
        Makes the Value of a number.
    """

    def __init__(self, constant: Constant) -> None:
        self.parts = Decomposer()
        self.constant = constant
        self._order: dict[Value, int] = {}

    # -- entry -------------------------------------------------------------------------------
    def normal(self, value: Value, turned: bool = False) -> Value:
        """The normal form of a sum or product, of the same shape."""
        assert value.node is not None
        if value.node.op.name in ADDITIVE:
            terms = self._flat(self.parts.sum(value, turned))
            if turned:  # cotangents are added from the last use to the first; a number stands last
                terms.sort(key=lambda term: not term.powers)
            result = self.write_sum(terms, value)
        else:
            product = self.parts.product(value)
            opposite = self._all_negative(product)
            result = self.write_sum(opposite, value) if opposite else self._stretched(self.write(product, value), value)
        return result

    def _all_negative(self, product: Product) -> Sum | None:
        """The terms of ``-(-a - b)``."""
        base = product.only_base()
        if base is None or product.number != MINUS_ONE or base in self.parts.closed or not is_sum(base):
            return None
        terms = self.parts.sum(base)
        return [t.scaled(MINUS_ONE) for t in terms] if all(t.number.value < 0 for t in terms) else None

    def _flat(self, terms: Sum) -> Sum:
        """Terms collected; a sum that stands alone in the list gives its own terms."""
        while True:
            terms = collect(terms)
            opened: Sum = []
            for term in terms:
                base = term.only_base()
                alone = base is not None and is_sum(base) and abs(term.number.value) == 1
                if alone and base not in self.parts.closed and len(terms) > 1:
                    opened += [t.scaled(term.number) for t in self.parts.sum(base)]  # type: ignore[arg-type]
                else:
                    opened.append(term)
            if len(opened) == len(terms):
                return terms
            terms = opened

    def turned_round(self, value: Value, variable: Value) -> Value:
        """``-(a - b)/c`` as ``(b - a)/c``, unless the difference begins with the variable itself."""
        product = self.parts.product(value)
        if product.number.value.numerator != -1:
            return value
        for base, exponent in product.powers.items():
            if exponent != 1 or not is_sum(base) or base in self.parts.closed:
                continue
            terms = self.parts.sum(base)
            signs = [term.number.value > 0 for term in terms]
            if signs == [True, False] and terms[0].only_base() is not variable:
                swapped = [terms[1].scaled(MINUS_ONE), terms[0].scaled(MINUS_ONE)]
                other = self._remember(self._added(swapped, base), swapped)
                powers = {other if b is base else b: e for b, e in product.powers.items()}
                return self._stretched(self.write(Product(-product.number, powers), value), value)
        return value

    # -- sums --------------------------------------------------------------------------------
    def write_sum(self, terms: Sum, like: Value) -> Value:
        """A sum as nested additions and subtractions."""
        terms = _ordered(terms)
        either = self._either(terms)
        if either is not None:
            return self._stretched(either, like)
        common = self._common(terms)
        if common is not None:
            inner = [_without(term, common) for term in terms]
            total = self._remember(self._added(inner, like), inner)
            result = self.write(Product(powers={total: Fraction(1)}).times(common), like)
        else:
            result = self._added(terms, like)
        return self._remember(self._stretched(result, like), terms)

    def _either(self, terms: Sum) -> Value | None:
        """``where(c, a, 0) + where(not c, b, 0)`` is ``where(c, a, b)``."""
        masks = [found for term in terms if (found := _masked(term)) is not None]
        if len(masks) != 2 or len(terms) != 2:
            return None
        (a, first), (b, second) = masks
        (condition, x), (other, y) = a.node.inputs, b.node.inputs  # type: ignore[union-attr]
        if _negated(condition) is other:  # the condition that is no negation stands in front
            condition, x, first, other, y, second = other, y, second, condition, x, first
        if _negated(other) is not condition:
            return None
        sides = [self.write(self.parts.product(v).times(rest), v) for v, rest in ((x, first), (y, second))]
        return BY_NAME["where"](condition, *sides)

    def _remember(self, value: Value, terms: Sum) -> Value:
        if len(terms) > 1:
            self.parts.sums[value] = terms
        return value

    def _added(self, terms: Sum, like: Value) -> Value:
        if not terms:
            return self.constant(like.dtype.type(0))
        total = self.write(terms[0], like)
        for term in terms[1:]:
            if term.number.value < 0:
                total = BY_NAME["subtract"](total, self.write(term.scaled(MINUS_ONE), like))
            else:
                total = BY_NAME["add"](total, self.write(term, like))
        return total

    def _common(self, terms: Sum) -> Product | None:
        """Factors of every term, except bare variables above the line: polynomials stay expanded."""
        if len(terms) < 2:
            return None
        powers = {
            base: exponent for base, exponent in terms[0].powers.items()
            if all(term.powers.get(base) == exponent for term in terms[1:]) and (base.node is not None or exponent < 0)
        }
        return Product(ONE, powers) if powers else None

    # -- products ----------------------------------------------------------------------------
    def write(self, product: Product, like: Value) -> Value:
        """A product as one quotient of products."""
        if not product.number.value:
            return self.constant(like.dtype.type(0))
        product = self._pulled(self._with_names(self._with_density(product)))
        bases = sorted(product.powers, key=lambda base: (*rank(base), self._age(base)))
        above = [(b, product.powers[b]) for b in bases if product.powers[b] > 0]
        below = [(b, -product.powers[b]) for b in bases if product.powers[b] < 0]
        number, divisor = _split(product.number)
        sign = -1 if number == -1 and any(b.dtype.kind in "fc" for b, _ in above) else 1  # ints wrap, bools have no sign
        top = self._outer_or_product(above, None if number == sign and above else number, like)
        bottom = self._multiplied(None if divisor == 1 else divisor, [self._power(b, e) for b, e in below])
        result = top if bottom is None else BY_NAME["divide"](top, bottom)
        result = BY_NAME["negative"](result) if sign < 0 else result
        if result.node is not None:
            self.parts.products.setdefault(result, product)
        return result

    def _with_density(self, product: Product) -> Product:
        """``exp(u)/sqrt(2*pi)`` is one factor: a density that has a name of its own where it is used again."""
        root = next((b for b, e in product.powers.items() if e == -HALF and is_two_pi(b)), None)
        bell = next((b for b, e in product.powers.items() if e == 1 and self._is_bell(b)), None)
        if root is None or bell is None:
            return product
        density = BY_NAME["divide"](bell, BY_NAME["sqrt"](root))
        powers = {density if b is bell else b: e for b, e in product.powers.items() if b is not root}
        self.parts.products.setdefault(density, Product(powers={bell: Fraction(1), root: -HALF}))
        return Product(product.number, powers)

    def _with_names(self, product: Product) -> Product:
        """A quotient that the user has named is called so: ``e/sum(e)`` after ``p = e/sum(e)``."""
        for value in self.parts.closed:
            node = value.node
            if node is None or node.op.name != "divide" or value in product.powers:
                continue
            named = self.parts.opened(value)
            if len(named.powers) > 1 and all(product.powers.get(b) == e for b, e in named.powers.items()):
                rest = {b: e for b, e in product.powers.items() if b not in named.powers}
                return Product(product.number * named.number.inverse, {value: Fraction(1), **rest})
        return product

    def _pulled(self, product: Product) -> Product:
        """``2*a - 2*b`` beside other factors is ``2*(a - b)``; what divides all terms of it moves into them."""
        for base, exponent in product.powers.items():
            terms = self.parts.sums.get(base)
            if exponent != 1 or terms is None or len(product.powers) < 2 or base in self.parts.closed:
                continue
            common = {b: e for b, e in product.powers.items() if b is not base and all(b in t.powers for t in terms)}
            if common and all(b.node is None or b in self.parts.closed for t in terms for b in t.powers):
                inner = [term.times(Product(powers=common)) for term in terms]
                total = self._remember(self._added(_ordered(inner), base), inner)
                powers = {b: e for b, e in product.powers.items() if b is not base and b not in common}
                return Product(product.number, {total: Fraction(1), **powers})
            numbers = {abs(term.number.value) for term in terms}
            negative = all(term.number.value < 0 for term in terms)
            if len(numbers) == 1 and (numbers != {1} or negative):
                number = Number(-numbers.pop() if negative else numbers.pop(), terms[0].number.decimal)
                inner = [Product(term.number * number.inverse, term.powers) for term in terms]
                total = self._remember(self._added(inner, base), inner)
                powers = {total if b is base else b: e for b, e in product.powers.items()}
                return Product(product.number * number, powers)
        return product

    def _is_bell(self, base: Value) -> bool:
        """Whether a value is ``exp(-u**2/2)``."""
        if base.node is None or base.node.op.name != "exp":
            return False
        inside = self.parts.product(base.node.inputs[0])
        return inside.number.value == -HALF and list(inside.powers.values()) == [2]

    def _age(self, base: Value) -> int:
        return self._order.setdefault(base, len(self._order))

    def _power(self, base: Value, exponent: Fraction) -> Value:
        if exponent == 1:
            return self.upright(base)
        if exponent == HALF:
            return BY_NAME["sqrt"](base)
        return BY_NAME["power"](base, Number(exponent).plain)

    def upright(self, base: Value) -> Value:
        """``v @ a``, which the user wrote, as ``a.T @ v`` among the terms of a gradient."""
        node = base.node
        if node is None or node.op.name != "matmul" or base in self.parts.closed:
            return base
        left, right = node.inputs
        if len(left.shape) != 1 or len(right.shape) != 2:
            return base
        inner = right.node
        turned = inner is not None and inner.op.name == "transpose"
        return BY_NAME["matmul"](inner.inputs[0] if turned else BY_NAME["transpose"](right, axes=(1, 0)), left)  # type: ignore[union-attr]

    def _multiplied(self, number: Any, factors: Sequence[Value]) -> Any:
        total: Any = None if number is None else self.constant(number)
        for factor in factors:
            total = factor if total is None else BY_NAME["multiply"](total, factor)
        return total

    def _outer_or_product(self, above: list[tuple[Value, Fraction]], number: Any, like: Value) -> Value:
        """``outer(u, v)`` where some factors vary along rows only and the others along columns only."""
        columns = [(b, e) for b, e in above if _column(b) is not None]
        rows = [(b, e) for b, e in above if _row(b) is not None]
        scalars = [(b, e) for b, e in above if not b.shape]
        if not columns or not rows or len(columns) + len(rows) + len(scalars) != len(above):
            return self._multiplied(number, [self._power(b, e) for b, e in above])
        u = self._multiplied(None, [self._power(_column(b), e) for b, e in columns])  # type: ignore[arg-type]
        v = self._multiplied(None, [self._power(_row(b), e) for b, e in rows])  # type: ignore[arg-type]
        product = outer_product(u, v)
        return self._multiplied(number, [*(self._power(b, e) for b, e in scalars), product])

    def _stretched(self, value: Value, like: Value) -> Value:
        """`value` with the shape it is to have: a factor that cancelled may have given it."""
        if tuple(value.shape) == tuple(like.shape):
            return value
        return BY_NAME["broadcast_to"](value, shape=tuple(like.shape))


def _masked(term: Product) -> tuple[Value, Product] | None:
    """The one mask that is a factor of a term, and the other factors."""
    masks = [b for b, e in term.powers.items() if e == 1 and b.node is not None and b.node.op.name == "mask"]
    if len(masks) != 1:
        return None
    return masks[0], Product(term.number, {b: e for b, e in term.powers.items() if b is not masks[0]})


def _negated(condition: Value) -> Value | None:
    """What a condition is the negation of."""
    node = condition.node
    return node.inputs[0] if node is not None and node.op.name == "logical_not" else None


def outer_product(u: Value, v: Value) -> Value:
    """``outer(u, v)``."""
    return Builder.current().emit(outer, u, v)


def _column(value: Value) -> Value | None:
    """The vector of which `value` is a matrix of one column."""
    if len(value.shape) == 2 and value.shape[1] == 1 and value.shape[0] != 1:
        return _unshaped(value, value.shape[0])
    return None


def _row(value: Value) -> Value | None:
    """The vector of which `value` is a row of a matrix."""
    if len(value.shape) == 1:
        return value
    return _unshaped(value, value.shape[1]) if len(value.shape) == 2 and value.shape[0] == 1 else None


def _unshaped(value: Value, size: Any) -> Value | None:
    node = value.node
    if node is not None and node.op.name == "reshape" and tuple(node.inputs[0].shape) == (size,):
        return node.inputs[0]
    return None


def _split(number: Number) -> tuple[int | float, int]:
    """What is written before a product, and what under it: ``3/4`` as 3 and 4, ``0.1`` as 0.1 and 1."""
    value = number.value
    if value.denominator == 1:
        return int(value), 1
    if number.decimal or (abs(value.numerator) != 1 and value.denominator in (2, 4, 8, 16)):
        return float(value), 1
    return (value.numerator, value.denominator) if value.denominator < 1000 else (float(value), 1)


def _ordered(terms: Sum) -> Sum:
    """Polynomials by degree; a sum does not begin with a minus if it can begin without."""
    keys = [monomial_key(term) for term in terms]
    if len(terms) > 1 and all(key is not None for key in keys):
        pairs: list[Any] = sorted(zip(keys, terms, strict=True), key=lambda pair: pair[0])
        terms = [term for _, term in pairs]
    if terms and terms[0].number.value < 0:
        first = next((k for k, term in enumerate(terms) if term.number.value > 0), 0)
        terms = [terms[first], *terms[:first], *terms[first + 1 :]]
    return terms


def _without(term: Product, common: Product) -> Product:
    return Product(term.number, {b: e for b, e in term.powers.items() if b not in common.powers})

