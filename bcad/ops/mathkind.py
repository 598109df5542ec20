"""How functions behave on Python numbers: `math` for floats, `cmath` for complex; where they raise."""

from __future__ import annotations

import cmath
import functools
import math
from collections.abc import Callable
from typing import Any

from bcad.ir import Value

from .op import BY_NAME


def real_or_complex(name: str) -> Callable[[Any], Any]:
    """``math``'s function for real Python numbers, ``cmath``'s for complex ones."""
    real, of_complex = getattr(math, name), getattr(cmath, name)

    def function(x: Any) -> Any:
        return of_complex(x) if type(x) is complex else real(x)

    function.__name__ = name
    return function


def not_a_number(y: Value, *inputs: Value) -> Value:
    """Where `math` raises: an infinite result of finite numbers, or nan of numbers.

    OverflowError for ``exp(1000)``, ValueError for ``log(0)``, ``sqrt(-1)`` and ``sin(inf)``.
    """
    isnan, isfinite, isinf = BY_NAME["isnan"], BY_NAME["isfinite"], BY_NAME["isinf"]
    both, negation = BY_NAME["logical_and"], BY_NAME["logical_not"]
    numbers = functools.reduce(both, [negation(isnan(x)) for x in inputs])
    finite = functools.reduce(both, [isfinite(x) for x in inputs])
    return BY_NAME["logical_or"](both(isnan(y), numbers), both(isinf(y), finite))
