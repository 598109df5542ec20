"""Graphs as LaTeX: the lines of a `Listing` in the notation of mathematics."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from bcad.backends import Listing, Notation, Text
from bcad.ir import Graph, Node, Value, constant_op, dim_op

GREEK = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega""".split()
)
FUNCTIONS = frozenset("sin cos tan sinh cosh tanh arcsin arccos arctan log exp max min det".split())
SUM, PRODUCT, POWER, ATOM = 9, 10, 12, 14
Writer = Callable[["LatexNotation", Node], "Text | None"]


def latex_name(name: str) -> str:
    """``alpha_1`` as ``\\alpha_{1}``; a name of several letters stands upright."""
    head, _, tail = name.partition("_")
    digits = re.fullmatch(r"([A-Za-z]+)(\d+)", head)
    if digits and not tail:
        head, tail = digits[1], digits[2]
    text = f"\\{head}" if head in GREEK else head if len(head) == 1 else f"\\mathrm{{{head}}}"
    tail = tail.replace("_", r"\_")
    return f"{text}_{{{tail}}}" if tail else text


class LatexNotation(Notation):
    """Writes values as LaTeX instead of NumPy."""

    def __init__(self, names: Any, inline: Callable[[Value], bool]) -> None:
        super().__init__("", names, inline)

    def of(self, value: Value) -> Text:
        node = value.node
        if value in self.given:
            return self.given[value]
        if node is None or not (node.op in (constant_op, dim_op) or (self.inline(value) and not node.regions)):
            return Text(latex_name(self.names.of(value)))
        if node.op is constant_op:
            return _number(super().of(value).text)
        if node.op is dim_op:
            return Text(_plain(super().of(value).text))
        return self.node(node) if len(node.outputs) == 1 else Text(f"{self.node(node)}_{{{value.index + 1}}}")

    def node(self, node: Node) -> Text:
        writer = _WRITERS.get(node.op.name)
        if writer is not None:
            found = writer(self, node)
            if found is not None:
                return found
        name = _named(node.op.name)
        return Text(f"{name}{_parenthesised(', '.join(self.of(v).text for v in node.inputs))}")


def formula_latex(graph: Graph, heads: Sequence[str], results: int) -> str | None:
    """The outputs of a readable graph as aligned equations; None for loops and branches."""
    if any(node.regions or node.op.name in ("set_item", "index_add") for node in graph.walk()):
        return None
    listing = Listing(graph)
    listing.section(graph.outputs[:results], heads[:results])
    listing.section(graph.outputs[results:], heads[results:])
    seen: set[Value] = set()  # what has a line above
    notation = LatexNotation(listing.names, lambda v: v not in seen)
    notation.sizes = listing.sizes
    lines = []
    for entry in listing.entries:
        if isinstance(entry, Value):
            lines.append((latex_name(listing.names.of(entry)), notation.node(entry.node).text))  # type: ignore[arg-type]
            seen.add(entry)
        else:
            label, value = entry
            lines.append((_label(label), notation.of(value).text))
    body = r" \\".join(f"\n{left} &= {right}" for left, right in lines)
    return f"\\begin{{aligned}}{body}\n\\end{{aligned}}"


def _label(label: str) -> str:
    derivative = re.fullmatch(r"d(\w+)/d(\w+)", label)
    if derivative:
        return f"\\frac{{\\partial {latex_name(derivative[1])}}}{{\\partial {latex_name(derivative[2])}}}"
    call = re.fullmatch(r"(\w+)\((.*)\)(.*)", label)
    if call:
        return f"{latex_name(call[1])}({', '.join(latex_name(a.strip()) for a in call[2].split(','))})"
    return f"\\text{{{label}}}"


def _parenthesised(text: str) -> str:
    return f"\\left({text}\\right)"


def _at(text: Text, level: int) -> str:
    return text.text if text.level >= level else _parenthesised(text.text)


def _named(name: str) -> str:
    return f"\\{name}" if name in FUNCTIONS else f"\\operatorname{{{name}}}".replace("_", r"\_")


def _number(text: str) -> Text:
    text = re.sub(r"(\d)e(-?)0*(\d+)", r"\1 \\cdot 10^{\2\3}", text)
    if text.startswith("array("):
        rows = text.removeprefix("array([").removesuffix("])").strip("[]").split("], [")
        body = r" \\ ".join(row.replace(",", " &") for row in rows)
        return Text(f"\\begin{{pmatrix}}{body}\\end{{pmatrix}}")
    text = text.replace("*", r"\,").replace("sqrt(2\\,pi)", r"\sqrt{2\pi}").replace("pi", r"\pi").replace("inf", r"\infty")
    return Text(text, SUM if text.startswith("-") else ATOM)


def _plain(text: str) -> str:
    text = re.sub(r"(\w+)\.size", lambda m: f"|{latex_name(m[1])}|", text)
    text = re.sub(r"(\w+)\.shape\[(\d)\]", lambda m: f"{('m', 'n', 'k', 'l')[int(m[2]) % 4]}_{{{latex_name(m[1])}}}", text)
    return text.replace("*", r"\,")


# -- how operations are written -----------------------------------------------------------------------
def _sum_of(symbol: str) -> Writer:
    def write(n: LatexNotation, node: Node) -> Text:
        a, b = (n.of(v) for v in node.inputs)
        right = _at(b, SUM + (symbol == "-"))
        right = _parenthesised(b.text) if b.text.startswith("-") and b.level < ATOM else right
        return Text(f"{_at(a, SUM)} {symbol} {right}", SUM)

    return write


def _product(n: LatexNotation, node: Node) -> Text:
    a, b = (n.of(v) for v in node.inputs)
    arrays = all(len(v.shape) > 0 for v in node.inputs)
    digits = b.text[:1].isdigit()
    sign = r" \odot " if arrays else r" \cdot " if digits else r"\, "
    if re.fullmatch(r"-?[\d.]+", a.text):
        a = Text(a.text)
    return Text(f"{_at(a, PRODUCT)}{sign}{_at(b, PRODUCT + 1 if b.text.startswith('-') else PRODUCT)}", PRODUCT)


def _fraction(n: LatexNotation, node: Node) -> Text:
    a, b = (n.of(v) for v in node.inputs)
    return Text(f"\\frac{{{a}}}{{{b}}}", PRODUCT)


def _power(n: LatexNotation, node: Node) -> Text:
    a, b = (n.of(v) for v in node.inputs)
    base = node.inputs[0].node
    if base is not None and base.op.name in ("sin", "cos", "tan", "tanh", "sinh", "cosh", "log") and b.text.isdigit() and (
        n.inline(node.inputs[0])
    ):
        return Text(f"\\{base.op.name}^{{{b}}}{_parenthesised(n.of(base.inputs[0]).text)}", POWER)
    return Text(f"{_at(a, POWER + 1)}^{{{b}}}", POWER)


def _negative(n: LatexNotation, node: Node) -> Text:
    return Text(f"-{_at(n.of(node.inputs[0]), PRODUCT)}", SUM)


def _matmul(n: LatexNotation, node: Node) -> Text:
    a, b = (n.of(v) for v in node.inputs)
    left = _at(a, PRODUCT)
    first = node.inputs[0].node
    row = first is not None and first.op.name == "matmul" and n.inline(node.inputs[0])
    if len(node.inputs[0].shape) == 1 and not (row and len(first.inputs[0].shape) == 1):  # type: ignore[union-attr]
        left = f"{_at(a, ATOM)}^\\top"
    return Text(f"{left} {_at(b, PRODUCT)}", PRODUCT)


def _around(pattern: str, level: int = ATOM, inner: int = 0) -> Writer:
    def write(n: LatexNotation, node: Node) -> Text:
        texts = [_at(n.of(v), inner) for v in node.inputs]
        return Text(pattern % tuple(texts), level)

    return write


def _total(name: str) -> Writer:
    def write(n: LatexNotation, node: Node) -> Text | None:
        axis = node.attrs.get("axis")
        if axis is not None and len(axis) != len(node.inputs[0].shape):
            index = ",".join(str(k) for k in axis)
            return Text(f"{name}_{{{index}}} {_at(n.of(node.inputs[0]), PRODUCT)}", PRODUCT)
        return Text(f"{name} {_at(n.of(node.inputs[0]), PRODUCT)}", PRODUCT)

    return write


def _transpose(n: LatexNotation, node: Node) -> Text | None:
    return Text(f"{_at(n.of(node.inputs[0]), ATOM)}^\\top", POWER) if len(node.attrs["axes"]) == 2 else None


def _where(n: LatexNotation, node: Node) -> Text:
    c, a, *rest = (n.of(v).text for v in node.inputs)
    other = rest[0] if rest else "0"
    return Text(f"\\begin{{cases}} {a} & {c} \\\\ {other} & \\text{{otherwise}} \\end{{cases}}")


def _compared(symbol: str) -> Writer:
    return _around(f"%s {symbol} %s", 4, 5)


def _item(n: LatexNotation, node: Node) -> Text | None:
    index = node.attrs["index"]
    if len(node.inputs) == 1 and all(isinstance(part, int) for part in index):
        return Text(f"{_at(n.of(node.inputs[0]), ATOM)}_{{{','.join(map(str, index))}}}")
    from bcad.backends import index_text

    plain = Notation("", n.names, n.inline)
    plain.sizes = n.sizes
    text = index_text(plain, index, node.inputs[1:]).replace("_", r"\_")
    return Text(f"{_at(n.of(node.inputs[0]), ATOM)}_{{\\mathtt{{{text}}}}}")


def _same(n: LatexNotation, node: Node) -> Text:
    return n.of(node.inputs[0])


def _stretched(n: LatexNotation, node: Node) -> Text:
    return Text(f"{_at(n.of(node.inputs[0]), PRODUCT)}\\, \\mathbf{{1}}", PRODUCT)


def _root(n: LatexNotation, node: Node) -> Text:
    return Text(f"\\sqrt{{{n.of(node.inputs[0])}}}")


_WRITERS: dict[str, Any] = {
    "add": _sum_of("+"), "subtract": _sum_of("-"), "multiply": _product, "divide": _fraction, "power": _power,
    "negative": _negative, "matmul": _matmul, "sqrt": _root, "square": _around("%s^{2}", POWER, POWER + 1),
    "exp": _around("e^{%s}", POWER), "absolute": _around(r"\left|%s\right|"), "sum": _total(r"\textstyle\sum"),
    "prod": _total(r"\textstyle\prod"), "transpose": _transpose, "inv": _around("%s^{-1}", POWER, ATOM),
    "norm": _around(r"\left\lVert %s \right\rVert"), "outer": _around(r"%s\, %s^\top", PRODUCT, ATOM),
    "solve": _around("%s^{-1} %s", PRODUCT, ATOM), "where": _where, "mask": _where, "astype": _same, "as_kind": _same,
    "broadcast_to": _stretched, "full": _stretched, "getitem": _item, "gather": _item, "pi": lambda n, node: Text(r"\pi"),
    "trace": _around(r"\operatorname{tr}\left(%s\right)"), "identity": lambda n, node: Text("I"), "positive": _same,
    "mean": _around(r"\operatorname{mean}\left(%s\right)"), "reciprocal": _around(r"\frac{1}{%s}", PRODUCT),
    "maximum": _around(r"\max\left(%s, %s\right)"), "minimum": _around(r"\min\left(%s, %s\right)"),
    "less": _compared("<"), "less_equal": _compared(r"\le"), "greater": _compared(">"),
    "greater_equal": _compared(r"\ge"), "equal": _compared("="), "not_equal": _compared(r"\ne"),
    "log1p": _around(r"\log\left(1 + %s\right)"), "det": _around(r"\det %s", PRODUCT, ATOM),
    "reshape": lambda n, node: _same(n, node) if len(node.inputs[0].shape) == len(node.outputs[0].shape) == 1 else None,
}  # fmt: skip
