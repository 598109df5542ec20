"""Decimals: C code computes with them while tracing, to the precision that is set then."""

from __future__ import annotations

import sys
from typing import Any


def is_decimal(value: Any) -> bool:
    """Whether an object is a decimal number, or of the module that makes them."""
    return getattr(value if isinstance(value, type) else type(value), "__module__", "") == "decimal" or value is sys.modules.get("decimal")


def context() -> str:
    """The settings that results depend on: as text, which is held to, where a number might become an input."""
    now = sys.modules["decimal"].getcontext()
    return repr((now.prec, now.rounding, now.Emin, now.Emax, now.capitals, now.clamp, now.traps))
