"""Names for values that a text defines: the user's own, else a letter for what the value is."""

from __future__ import annotations

import keyword

from bcad.ir import Names, Value

# What people call the result of an operation when they give it a short name.
LETTERS = {
    "subtract": "r", "exp": "e", "exp2": "e", "expm1": "e", "log": "l", "log1p": "l", "sqrt": "s", "matmul": "z",
    "sin": "s", "cos": "c", "tan": "t", "tanh": "t", "sum": "s", "mean": "m", "where": "w", "mask": "w",
    "add": "a", "multiply": "p", "divide": "q", "power": "p", "inv": "inverse", "solve": "u", "outer": "o",
    "cholesky": "L", "cond": "y", "loop": "g", "nonzero": "i", "stack": "v", "concatenate": "v", "set_item": "v", "index_add": "v", "identity": "I", "eye": "I", "maximum": "m", "minimum": "m", "max": "m", "min": "m", "norm": "d", "absolute": "a",
}  # fmt: skip
_RESERVED = {"f", "pi", "e_", *keyword.kwlist, "sum", "abs", "min", "max", "len", "range", "pow", "round", "all", "any"}


def reading_name(value: Value, names: Names, hint: str = "") -> str:
    """A short name for a line ``name = ...`` in a text for reading."""
    base = hint or value.name or _letter(value)
    base = "".join(c if c.isalnum() or c == "_" else "_" for c in base)
    if base in _RESERVED or not base.isidentifier():
        base += "_"
    return names._unique(base)


def _letter(value: Value) -> str:
    node = value.node
    if node is None:
        return "x"
    name = node.op.name
    if name in ("multiply", "divide", "negative") and _contains_exp(value):
        return "p"
    if name in ("reshape", "transpose", "broadcast_to", "getitem", "negative", "astype") and node.inputs[0].node:
        return _letter(node.inputs[0])
    return LETTERS.get(name, "v" if len(name) > 8 else name if len(node.outputs) > 1 else "t")


def _contains_exp(value: Value) -> bool:
    """Whether an exponential is a factor: such products are densities and probabilities."""
    node = value.node
    if node is None or node.op.name not in ("multiply", "divide", "negative"):
        return node is not None and node.op.name == "exp"
    return any(_contains_exp(v) for v in node.inputs)
