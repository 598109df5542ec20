"""Sizes as a reader knows them: ``x.size``, ``x.shape[0]``, not a bare symbol n."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bcad.ir import ArrayType, Dim, Names, Size, Value, product

PRODUCT, SUM, ATOM = 10, 9, 14


class SizeText:
    """Writes sizes in terms of the shapes of named arrays.

    Parameters
    ----------
    values : sequence of Value
        The arrays whose shapes may be mentioned, the preferred ones first.
    """

    def __init__(self, values: Sequence[Value], names: Names, prefix: str = "") -> None:
        self.prefix = prefix
        self.values = [v for v in values if isinstance(v.type, ArrayType) and v.type.shape]
        self.names = names
        self.computed: dict[str, Callable[[], str]] = {}  # what a symbol without such an array is

    def add(self, value: Value) -> None:
        """Let the shape of a value that has a name now be mentioned."""
        if isinstance(value.type, ArrayType) and value.type.shape:
            self.values.append(value)

    def of(self, size: Size) -> tuple[str, int]:
        """The text of a size, and how tightly its outermost operator binds."""
        if not isinstance(size, Dim):
            return str(size), ATOM
        for value in self.values:
            shape = value.type.shape
            if size == product(shape):
                return f"{self.names.of(value)}.size", ATOM
            if size in shape:
                return f"{self.names.of(value)}.shape[{shape.index(size)}]", ATOM
        return self._polynomial(size)

    def shape(self, shape: Sequence[Size]) -> str:
        """The text of a shape."""
        if any(isinstance(size, Dim) for size in shape):
            for value in self.values:
                if tuple(value.type.shape) == tuple(shape):
                    return f"{self.names.of(value)}.shape"
        items = [self.of(size)[0] for size in shape]
        return items[0] if len(items) == 1 else f"({', '.join(items)})"

    def _polynomial(self, size: Dim) -> tuple[str, int]:
        terms = sorted(size.terms, key=lambda term: (not term[0], term[1] < 0))  # numbers last, a plus first
        text = ""
        for atoms, coefficient in terms:
            factors = [self._atom(atom) for atom in atoms]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, str(abs(coefficient)))
            sign = (" - " if text else "-") if coefficient < 0 else (" + " if text else "")
            text += sign + "*".join(factors)
        level = SUM if len(terms) > 1 else ATOM if len(terms[0][0]) == 1 and terms[0][1] == 1 else PRODUCT
        return text, level

    def _atom(self, atom: object) -> str:
        function = getattr(atom, "function", None)
        if function is None:
            symbol = Dim.of(atom)  # type: ignore[arg-type]
            known = any(symbol in v.type.shape for v in self.values)
            if not known and str(symbol) in self.computed:
                return self.computed[str(symbol)]()
            return self.of(symbol)[0] if known else str(symbol)
        texts = [self.of(a) for a in atom.args]  # type: ignore[attr-defined]
        if function in ("max", "min"):
            return f"{self.prefix}{function}imum({', '.join(text for text, _ in texts)})"
        left, right = (text if level >= ATOM else f"({text})" for text, level in texts)
        return f"({left}{function}{right})"
