"""Rule: a named law; the pattern is its left side, the function's result its right side."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any

from bcad.ir import ArrayType, Value

from .pattern import Application, Pattern

fired: Counter[str] = Counter()  # how often each rule has rewritten something, by name


class Rule:
    """A rewrite of one node.

    Attributes
    ----------
    name : str
        The law.
    exact : bool
        Whether both sides are equal bit for bit for every input, NaN, infinities and the sign
        of zero included.  Only exact rules touch what is run.
    op : str or None
        The op at the root of the left side; None for a rule that looks at every node.
    """

    def __init__(
        self, right: Callable[..., Any], pattern: Pattern | None, exact: bool, op: str | None
    ) -> None:
        self.right = right
        self.pattern = pattern
        self.exact = exact
        self.op = op
        self.name = right.__name__
        self._parameters = tuple(inspect.signature(right).parameters)

    def apply(self, value: Value) -> Value | None:
        """What `value` is equal to, or None."""
        if self.pattern is None:
            return self._checked(value, self.right(value))
        if not self.pattern.possible(value):
            return None
        for bound in self.pattern.match(value, {}):
            result = self._checked(value, self.right(*(bound[p] for p in self._parameters)))
            if result is not None:
                return result
        return None

    def _checked(self, value: Value, result: Any) -> Value | None:
        """A law holds only where both sides have the same type."""
        if result is None or result is value or not self._same_type(result, value):
            return None
        fired[self.name] += 1
        return result

    def _same_type(self, result: Value, value: Value) -> bool:
        """Equal types; a law for reading may turn a Python number into a NumPy scalar."""
        if self.exact or not isinstance(result.type, ArrayType) or not isinstance(value.type, ArrayType):
            return bool(result.type == value.type)
        return tuple(result.shape) == tuple(value.shape) and result.dtype.kind == value.dtype.kind


class RuleSet:
    """Rules by the op at their root."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        self._by_op: dict[str | None, list[Rule]] = {}
        self._found: dict[str, list[Rule]] = {}
        for r in rules:
            self._by_op.setdefault(r.op, []).append(r)

    def of(self, op: str) -> list[Rule]:
        """The rules that may apply to a node of this op."""
        found = self._found.get(op)
        if found is None:
            found = self._found[op] = self._by_op.get(op, []) + self._by_op.get(None, [])
        return found

    def __add__(self, other: RuleSet) -> RuleSet:
        return RuleSet(*self.rules, *other.rules)


def rule(pattern: Pattern, *, exact: bool) -> Callable[[Callable[..., Any]], Rule]:
    """Declare a law: the decorated function's parameters are the pattern's names."""
    assert isinstance(pattern, Application)
    return lambda right: Rule(right, pattern, exact, pattern.name)


def node_rule(*, exact: bool, op: str | None = None) -> Callable[[Callable[[Value], Any]], Rule]:
    """Declare a law over every node (of one op): the function gets the value itself."""
    return lambda right: Rule(right, None, exact, op)
