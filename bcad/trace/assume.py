"""What tracing answers when a type rule or the user's code asks about sizes: the example decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bcad.ir import Assumptions, Dim, Size, bounds, substitute, symbols

from .captures.guards import SizeRelation, relation

if TYPE_CHECKING:
    from .session import Session


class TraceAssumptions(Assumptions):
    """Answers with the sizes of the example call, and guards what it answered.

    Equal sizes become one: after ``n == m`` was asked once, m is n.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.unified: dict[str, Size] = {}
        self.numbers: dict[Any, int] = {}  # ints that decide a shape, held to what they were
        self._ones: set[Dim] = set()
        self.relied: dict[SizeRelation, None] = {}  # what holds as no symbol is 1

    def equal(self, a: Size, b: Size) -> bool:
        answer = self.ask(a, "==", b)
        if answer:
            self._ones.update(s for s, other in ((a, b), (b, a)) if other == 1 and isinstance(s, Dim))
        return answer

    @contextmanager
    def finding_ones(self) -> Iterator[set[Dim]]:
        """The sizes that are asked about and found to be 1 inside the ``with`` block."""
        before, self._ones = self._ones, set()
        try:
            yield self._ones
        finally:
            self._ones = before

    def number(self, value: Any) -> int | None:
        return self.numbers.get(value)

    def agree(self, a: Size, b: Size) -> bool:
        return self.ask(a, "==", b, wanted=True)

    def less(self, a: Size, b: Size) -> bool:
        return self.ask(a, "<", b)

    def known(self, size: Size) -> int:
        size = self.canonical(size)
        if not isinstance(size, int):
            number = int(self.session.size_example(size))
            self.session.rely_on(size, "==", number)
            self._unify(size, number)
            return number
        return size

    def ask(self, a: Size, symbol: str, b: Size, wanted: bool = False) -> bool:
        """Whether ``a symbol b`` (one of ``== <``) at the example; guarded unless it always holds.

        `wanted`: anything but yes is an error.
        """
        a, b = self.canonical(a), self.canonical(b)
        known = _by_form(a, symbol, b)
        if known is not None:
            if _by_form(a, symbol, b, least=1) is None:
                held = symbol if known else {"==": "!=", "<": ">="}[symbol]
                self.relied[SizeRelation(a, held, b)] = None
            return known
        examples = [self.session.size_or_none(size) for size in (a, b)]
        if None in examples and (symbol == "==" or b in (0, 1)):
            return self._suppose(a, symbol, b, wanted)
        answer = relation(symbol, *(self.session.size_example(size) for size in (a, b)))
        held = symbol if answer else {"==": "!=", "<": ">="}[symbol]
        self.session.rely_on(a, held, b)
        if held == "==":
            self._unify(a, b)
        return answer

    def _suppose(self, a: Size, symbol: str, b: Size, wanted: bool) -> bool:
        """Sizes that differ from one iteration to the next and meet are taken to be equal, and not to be one.

        What is asked to be negative, or none, is taken not to be.  The run is given up where they
        are otherwise; then the loop is not kept.
        """
        if symbol == "<":
            self.session.suppose(a, ">=", b)
            return False
        equal = wanted or 1 not in (a, b)
        self.session.suppose(a, "==" if equal else "!=", b)
        if equal:
            self._unify(a, b)
        return equal

    def surely_positive(self, size: Size) -> bool:
        """Whether a size is never 0, without relying on it."""
        return _by_form(self.canonical(size), "<", 1) is False

    def canonical(self, size: Size) -> Size:
        """`size` in terms of the symbols that stand for all that were found equal."""
        return substitute(size, self.unified) if self.unified and isinstance(size, Dim) else size

    def guarded(self) -> dict[str, Size]:
        """The sizes found equal that guards hold to be so: what only a check in the graph tells stays apart in it."""
        return {
            name: size for name, size in self.unified.items()
            if "_" not in name and not any("_" in other for other in symbols(size))
        }

    def _age(self, name: str) -> tuple[int, int]:
        """How late a symbol was made: those of arguments come first."""
        _, made, number = name.rpartition("_")
        return (1, int(number)) if made else (0, list(self.session.sizes).index(name))

    def _unify(self, a: Size, b: Size) -> None:
        """Let one of two equal sizes, a bare symbol, stand for the other: older names stay, which are known wherever younger ones are."""
        bare = [s for s in (a, b) if isinstance(s, Dim) and s.is_symbol()]
        for symbol in sorted(bare, key=lambda s: self._age(str(s)), reverse=True):
            name, other = str(symbol), b if symbol is a else a
            if any(self._age(used) >= self._age(name) for used in symbols(other)):
                continue
            self.unified = {k: substitute(v, {name: other}) for k, v in self.unified.items()}
            self.unified[name] = other
            return


def _by_form(a: Size, symbol: str, b: Size, least: int = 2) -> bool | None:
    """The answer if no example is needed: symbols of arguments are 2 at least."""
    if isinstance(a, int) and isinstance(b, int):
        return relation(symbol, a, b)
    if a == b:
        return symbol == "=="
    difference = a - b
    if isinstance(difference, int):
        return relation(symbol, difference, 0)
    low, high = bounds(difference, least)
    if low is not None and low > 0 or (low == 0 and symbol == "<"):
        return False
    if high is not None and high < 0:
        return symbol == "<"
    return symbol == "==" if low == high == 0 else None
