"""How statements are phrased: additions to what is there, conditions as ``if`` takes them."""

from __future__ import annotations

import ast

from .expression import COMPARISON, CONDITIONAL, NOT, Text


def assignment(target: str, text: str) -> str:
    """``s += x`` for ``s = s + x``."""
    for symbol in "+-":
        head = f"{target} {symbol} "
        rest = text.removeprefix(head)
        if text.startswith(head) and " + " not in rest and " - " not in rest:
            return f"{target} {symbol}= {rest}"
    return f"{target} = {text}"


def truth(text: Text) -> Text:
    """A condition as ``if`` and ``while`` take it: without ``bool(...)`` around it, and with ``not``."""
    inner = _inside(text.text, "bool")
    if inner is not None:
        return Text(inner, COMPARISON if isinstance(ast.parse(inner, mode="eval").body, ast.Compare) else CONDITIONAL)
    inner = _inside(text.text.removeprefix("np."), "logical_not")
    if inner is None or _inside(inner, "bool") is None:
        return text
    return Text(f"not {truth(Text(inner)).at(COMPARISON)}", NOT)


def _inside(text: str, function: str) -> str | None:
    """What stands in the parentheses, if the whole text is one call of that function."""
    inner = text.removeprefix(f"{function}(")
    if inner == text or not inner.endswith(")"):
        return None
    depth = 0
    for letter in inner[:-1]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            return None
    return inner[:-1]
