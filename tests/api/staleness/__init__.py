"""Ways in which the world around a function changes between two calls.

Each case is a generator: it yields a function of one vector, changes something outside of it, and yields it again.
After every ``yield`` value and gradient must be what a plain call and extrapolated differences give.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator

import numpy as np

Loss = Callable[[np.ndarray], float]
Case = Callable[[], Iterator[Loss]]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Enter a case into the table."""
    assert function.__name__ not in CASES
    CASES[function.__name__] = function
    return function


for _module in ("names", "objects", "containers", "arrays", "functions", "process"):
    importlib.import_module(f"{__name__}.{_module}")
