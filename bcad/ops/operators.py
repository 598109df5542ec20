"""Python's operators on Values: what a derivative rule writes as ``g * x`` or ``-y``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from bcad.ir import Value

from . import arithmetic, complexes, logic, power  # noqa: F401  (they declare what is used here)
from .op import FUNCTIONS

BINARY = "add sub mul truediv floordiv mod pow and_ or_ xor lshift rshift".split()
COMPARISONS = "lt le gt ge".split()  # == and != of Values stay identity: they are keys of dicts
UNARY = "neg pos abs invert".split()


def reflected(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """``b.__radd__(a)`` is ``a + b``."""
    return lambda b, a: function(a, b)


for _name in (*BINARY, *COMPARISONS, *UNARY):
    _meaning = FUNCTIONS[getattr(operator, _name)]
    _plain = _name.strip("_")
    Value.operators[f"__{_plain}__"] = _meaning
    if _name in BINARY:
        Value.operators[f"__r{_plain}__"] = reflected(_meaning)
