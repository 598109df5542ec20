"""Dim: the length of an axis, an int or an integer expression of symbols.

An expression is kept as a polynomial with integer coefficients over *atoms*: symbols
(``n``, the length of an argument's axis) and quotients, remainders, maxima and minima
of other expressions.  The polynomial is canonical, so equal polynomials compare equal.
A result without symbols is a plain ``int``: code that knows its sizes never meets a Dim.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any, TypeAlias, Union

Size: TypeAlias = "Union[int, Dim]"
Env: TypeAlias = Mapping[str, int]


@functools.lru_cache(maxsize=4096)
def natural(text: str) -> tuple[Any, ...]:
    """A key that sorts ``k_9`` before ``k_10``: an order of fresh symbols that does not depend on how many came before."""
    parts = re.split(r"(?<=_)(\d+)", text)
    return tuple(int(part) if k % 2 else part for k, part in enumerate(parts))


class Symbol:
    """A named non-negative integer, bound when a graph is run."""

    __slots__ = ("name", "text")

    def __init__(self, name: str) -> None:
        self.name = self.text = name

    def key(self) -> tuple[Any, ...]:
        return (0, natural(self.text))

    def evaluate(self, env: Env) -> int:
        return env[self.name]

    def symbols(self) -> frozenset[str]:
        return frozenset((self.name,))

    def substitute(self, env: Mapping[str, Size]) -> Size:
        return env[self.name] if self.name in env else Dim.of(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text


class Apply:
    """An atom that is no polynomial: ``a // b``, ``a % b``, ``max(a, b)``, ``min(a, b)``.

    The arguments are canonical, so the text tells atoms apart.
    """

    __slots__ = ("function", "args", "text")

    FUNCTIONS: dict[str, Callable[[int, int], int]] = {
        "//": lambda a, b: a // b,
        "%": lambda a, b: a % b,
        "max": max,
        "min": min,
    }

    def __init__(self, function: str, args: tuple[Size, Size]) -> None:
        self.function = function
        self.args = args
        a, b = args
        named = function in ("max", "min")
        self.text = f"{function}({a}, {b})" if named else f"({_factor(a)}{function}{_factor(b)})"

    def key(self) -> tuple[Any, ...]:
        return (1, natural(self.text))

    def evaluate(self, env: Env) -> int:
        a, b = (evaluate(arg, env) for arg in self.args)
        return self.FUNCTIONS[self.function](a, b)

    def symbols(self) -> frozenset[str]:
        return symbols(self.args[0]) | symbols(self.args[1])

    def substitute(self, env: Mapping[str, Size]) -> Size:
        a, b = (substitute(arg, env) for arg in self.args)
        return _apply(self.function, a, b)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Apply) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text


Atom: TypeAlias = "Union[Symbol, Apply]"
Monomial: TypeAlias = tuple[Atom, ...]


class Dim:
    """An integer expression with at least one symbol; arithmetic gives Size (int or Dim)."""

    __slots__ = ("terms", "_hash", "_symbols", "_text")

    def __init__(self, terms: Iterable[tuple[Monomial, int]]) -> None:
        self.terms = tuple(sorted(terms, key=_term_key))
        self._hash = hash(self.terms)
        self._text: str | None = None
        self._symbols: frozenset[str] | None = None

    @classmethod
    def of(cls, atom: Atom) -> Dim:
        return cls([((atom,), 1)])

    @classmethod
    def symbol(cls, name: str) -> Dim:
        return cls.of(Symbol(name))

    def is_symbol(self) -> bool:
        """Whether this is one bare symbol."""
        return str(self).isidentifier()

    def evaluate(self, env: Env) -> int:
        return sum(c * prod(a.evaluate(env) for a in m) for m, c in self.terms)

    def symbols(self) -> frozenset[str]:
        if self._symbols is None:
            self._symbols = frozenset().union(*(a.symbols() for m, _ in self.terms for a in m))
        return self._symbols

    def substitute(self, env: Mapping[str, Size]) -> Size:
        if self.symbols().isdisjoint(env):
            return self
        total: Size = 0
        for monomial, coefficient in self.terms:
            term: Size = coefficient
            for atom in monomial:
                term = term * atom.substitute(env)
            total = total + term
        return total

    def renamed(self, prefix: str) -> Dim:
        """The same expression with `prefix` before the name of every symbol."""
        renamed = self.substitute({name: Dim.symbol(prefix + name) for name in self.symbols()})
        assert isinstance(renamed, Dim)
        return renamed

    def __add__(self, other: Size) -> Size:
        return _collect([*self.terms, *_terms(other)])

    __radd__ = __add__

    def __neg__(self) -> Size:
        return _collect([(m, -c) for m, c in self.terms])

    def __sub__(self, other: Size) -> Size:
        return self + -other

    def __rsub__(self, other: Size) -> Size:
        return -self + other

    def __mul__(self, other: Size) -> Size:
        return _collect(
            [
                (tuple(sorted(m + k, key=lambda a: a.key())), c * d)
                for m, c in self.terms
                for k, d in _terms(other)
            ]
        )

    __rmul__ = __mul__

    def __floordiv__(self, other: Size) -> Size:
        return _apply("//", self, other)

    def __rfloordiv__(self, other: Size) -> Size:
        return _apply("//", other, self)

    def __mod__(self, other: Size) -> Size:
        return _apply("%", self, other)

    def __rmod__(self, other: Size) -> Size:
        return _apply("%", other, self)

    def __eq__(self, other: object) -> bool:
        """Structural: the same polynomial.  Whether two sizes agree is for guards to ask."""
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __bool__(self) -> bool:
        raise TypeError(f"whether the size {self} is zero is not known while tracing")

    def __str__(self) -> str:
        if self._text is None:
            self._text = self._write()
        return self._text

    def _write(self) -> str:
        text = ""
        for monomial, coefficient in self.terms:
            factors = "*".join(a.text for a in monomial)
            size = abs(coefficient)
            body = factors if factors and size == 1 else "*".join(filter(None, (str(size), factors)))
            sign = "-" if coefficient < 0 else "+" if text else ""
            text += f"{sign}{body}"
        return text

    __repr__ = __str__


def maximum(a: Size, b: Size) -> Size:
    """The larger size."""
    return _apply("max", a, b)


def minimum(a: Size, b: Size) -> Size:
    """The smaller size."""
    return _apply("min", a, b)


def product(sizes: Iterable[Size]) -> Size:
    """The number of elements of a shape."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def evaluate(size: Size, env: Env) -> int:
    """The number that `size` stands for when its symbols are bound by `env`."""
    return size.evaluate(env) if isinstance(size, Dim) else size


def symbols(size: Size) -> frozenset[str]:
    """The names `size` depends on."""
    return size.symbols() if isinstance(size, Dim) else frozenset()


def substitute(size: Size, env: Mapping[str, Size]) -> Size:
    """`size` with some symbols replaced by sizes."""
    return size.substitute(env) if isinstance(size, Dim) else size


def _apply(function: str, a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return Apply.FUNCTIONS[function](a, b)
    if a == b and function not in "//%":
        return a
    if function in ("max", "min"):
        return _extremum(function, a, b)
    if b == 1:
        return a if function == "//" else 0
    exact = _exact_quotient(a, b)
    if exact is not None:
        return exact if function == "//" else 0
    return Dim.of(Apply(function, (a, b)))


def _extremum(function: str, a: Size, b: Size) -> Size:
    """max and min; a difference that is a known int decides (``max(n, n - 1)`` is ``n``)."""
    difference = a - b
    if isinstance(difference, int):
        return a if (difference >= 0) == (function == "max") else b
    first, second = sorted((a, b), key=lambda size: natural(str(size)))
    return Dim.of(Apply(function, (first, second)))


def bounds(size: Size, least: int = 2) -> tuple[int | None, int | None]:
    """The least and the greatest number that a size in an accepted program can be; None: unbounded.

    The length of an axis of an argument is `least` at least (lengths 0 and 1 are not made symbols); a
    symbol that an op binds, whose name has an underscore, may be 0.
    """
    if isinstance(size, int):
        return size, size
    low: int | None = 0
    high: int | None = 0
    for monomial, coefficient in size.terms:
        parts = _product_bounds(monomial, least)
        ends = [None if p is None else p * coefficient for p in parts]
        lowest, most = ends if coefficient > 0 else ends[::-1]
        low = None if low is None or lowest is None else low + lowest
        high = None if high is None or most is None else high + most
    return low, high


def _product_bounds(monomial: Monomial, least: int) -> tuple[int | None, int | None]:
    """Of a product of atoms; only products of non-negative ones have bounds."""
    low, high = 1, 1
    for atom in monomial:
        lowest, most = _atom_bounds(atom, least)
        if lowest is None or lowest < 0:
            return _atom_bounds(monomial[0], least) if len(monomial) == 1 else (None, None)
        low *= lowest
        high = None if high is None or most is None else high * most  # type: ignore[assignment]
    return low, high


@functools.lru_cache(maxsize=1 << 14)  # minima of minima of sizes share their parts
def _atom_bounds(atom: Atom, least: int) -> tuple[int | None, int | None]:
    if isinstance(atom, Symbol):
        return (0 if "_" in atom.name else least), None
    (low_a, high_a), (low_b, high_b) = (bounds(arg, least) for arg in atom.args)
    if atom.function == "min":
        low = None if low_a is None or low_b is None else min(low_a, low_b)
        return low, min((h for h in (high_a, high_b) if h is not None), default=None)
    if atom.function == "max":
        high = None if high_a is None or high_b is None else max(high_a, high_b)
        return max((m for m in (low_a, low_b) if m is not None), default=None), high
    if atom.function == "%" and isinstance(atom.args[1], int) and atom.args[1] > 0:
        return 0, atom.args[1] - 1
    if atom.function == "//" and isinstance(atom.args[1], int) and atom.args[1] > 0:
        return tuple(None if e is None else e // atom.args[1] for e in (low_a, high_a))  # type: ignore[return-value]
    return None, None


def _exact_quotient(a: Size, b: Size) -> Size | None:
    """``a // b`` where b, an int, divides every coefficient, or a is ``k * b``."""
    if isinstance(b, int):
        if b != 0 and all(c % b == 0 for _, c in _terms(a)):
            return _collect([(m, c // b) for m, c in _terms(a)])
        return None
    if len(b.terms) != 1:
        return None
    # Division by a symbol is exact only for non-zero lengths; n*m // n with n == 0 raises in
    # Python, which a reshape with -1 reports by itself.
    (divisor, factor), quotient = b.terms[0], []
    for monomial, coefficient in _terms(a):
        rest = list(monomial)
        for atom in divisor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if coefficient % factor:
            return None
        quotient.append((tuple(rest), coefficient // factor))
    return _collect(quotient)


def _terms(size: Size) -> tuple[tuple[Monomial, int], ...]:
    return size.terms if isinstance(size, Dim) else (((), size),)


def _collect(terms: Iterable[tuple[Monomial, int]]) -> Size:
    sums: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        sums[monomial] = sums.get(monomial, 0) + coefficient
    kept = [(m, c) for m, c in sums.items() if c]
    if not any(m for m, _ in kept):
        return kept[0][1] if kept else 0
    return Dim(kept)


def _term_key(term: tuple[Monomial, int]) -> tuple[Any, ...]:
    monomial, _ = term
    return (-len(monomial), tuple(natural(a.text) for a in monomial))


def _factor(size: Size) -> str:
    text = str(size)
    single = not isinstance(size, Dim) or len(size.terms) == 1 and size.terms[0][1] == len(size.terms[0][0]) == 1
    return text if single and not text.startswith("-") else f"({text})"
