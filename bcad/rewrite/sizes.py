"""One name for sizes that are equal: what the type rules of an accepted graph rely on, made visible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bcad.ir import ArrayType, Assumptions, Builder, Dim, Graph, Literal, Node, Size, Value, assuming, substitute


def unify_sizes(graph: Graph) -> Graph:
    """`graph` with one symbol for all sizes that its operations require to be equal.

    ``a @ b`` of ``float64[n]`` and ``float64[m]`` means that n is m: both become n, the older name.
    """
    known = _Relied(graph)
    with assuming(known):
        for node in graph.walk():
            _ask(node)
    return rename_sizes(graph, known.same) if known.same else graph


def rename_sizes(graph: Graph, names: Mapping[str, Size]) -> Graph:
    """`graph` with other sizes for some symbols, regions included."""
    builder = Builder(name=graph.name)
    with builder:
        mapping = {v: builder.input(renamed(v.type, names), v.name) for v in graph.inputs}
        for node in graph.nodes:
            _copy(builder, node, mapping, names)
        return builder.build([mapping[v] for v in graph.outputs])


def renamed(x: Any, names: Mapping[str, Size]) -> Any:
    """An attribute or a type with other sizes for some symbols."""
    if isinstance(x, Dim):
        return substitute(x, names)
    if isinstance(x, ArrayType):
        return ArrayType(x.dtype, renamed(x.shape, names), x.kind)
    if isinstance(x, tuple):
        items = [renamed(item, names) for item in x]
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, Literal) and hasattr(x.value, "mapped"):  # a rule with graphs of its own
        return Literal(x.value.mapped(lambda graph: rename_sizes(graph, names)))
    if isinstance(x, slice):
        return slice(*(renamed(part, names) for part in (x.start, x.stop, x.step)))
    return x


def _copy(builder: Builder, node: Node, mapping: dict[Value, Value], names: Mapping[str, Size]) -> None:
    builder.location = node.location
    result = builder.emit(
        node.op,
        *(mapping[v] for v in node.inputs),
        regions=tuple(rename_sizes(r, names) for r in node.regions),
        **{k: renamed(a, names) for k, a in node.attrs.items()},
    )
    for old, new in zip(node.outputs, result if isinstance(result, tuple) else (result,), strict=True):
        mapping[old] = new
        new.named_after(old)


def _ask(node: Node) -> None:
    """Let the type rule of `node` ask its questions again."""
    types = [v.type for v in node.inputs]
    if getattr(node.op, "regional", False):
        node.op.type_rule(*types, regions=node.regions, **node.attrs)
    else:
        node.op.type_rule(*types, **node.attrs)


class _Relied(Assumptions):
    """Answers as for any accepted graph, and keeps what it affirmed.

    Attributes
    ----------
    same : dict of str to Size
        For a symbol the size that stands for it: an older symbol, or a number.
    """

    def __init__(self, graph: Graph) -> None:
        self.same: dict[str, Size] = {}
        self._age: dict[str, int] = {}
        for value in graph.inputs:
            for size in getattr(value.type, "shape", ()):
                for name in sorted(size.symbols()) if isinstance(size, Dim) else ():
                    self._age.setdefault(name, len(self._age))

    def equal(self, a: Size, b: Size) -> bool:
        answer = super().equal(a, b)
        if answer:
            self._learn(substitute(a, self.same), substitute(b, self.same))
        return answer

    def _learn(self, a: Size, b: Size) -> None:
        if a == b:
            return
        a, b = _without_common_factors(a, b)
        bare = [s for s in (a, b) if isinstance(s, Dim) and s.is_symbol()]
        for symbol in sorted(bare, key=lambda s: self._age.get(str(s), 1 << 30), reverse=True):
            name, other = str(symbol), b if symbol is a else a
            if not (isinstance(other, Dim) and name in other.symbols()):
                self.same = {k: substitute(v, {name: other}) for k, v in self.same.items()}
                self.same[name] = other
                return


def _without_common_factors(a: Size, b: Size) -> tuple[Size, Size]:
    """``n*m == n*k`` says that ``m == k``: the symbols of an argument's axes are never zero together.

    (If n were 0 the arrays are empty, and text that writes m for k is still right about their elements.)
    """
    if not (isinstance(a, Dim) and isinstance(b, Dim) and len(a.terms) == len(b.terms) == 1):
        return a, b
    (left, c), (right, d) = a.terms[0], b.terms[0]
    rest = list(right)
    kept = []
    for atom in left:
        if atom in rest:
            rest.remove(atom)
        else:
            kept.append(atom)
    return _monomial(kept, c), _monomial(rest, d)


def _monomial(atoms: list[Any], coefficient: int) -> Size:
    total: Size = coefficient
    for atom in atoms:
        total = Dim.of(atom) * total
    return total
