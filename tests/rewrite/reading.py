"""Runs printed formulas: what the text of a Gradient says, computed by Python and NumPy alone."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_HEAD = re.compile(r"(\s*)(\w+\([^=]*?\)(?:\[\d+\])?|d\w+/d\w+) = (.*)")


def run_text(text: str, args: dict[str, Any], constants: dict[str, Any] | None = None) -> tuple[list[Any], list[Any]]:
    """The results and the derivatives that a printed text defines, at `args`."""
    lines, results, derived = [], [], []
    for line in text.splitlines():
        found = _HEAD.fullmatch(line)
        if found and not line.startswith(" "):
            kind = derived if found[2].startswith("d") and "/" in found[2] else results
            name = f"out_{len(results) + len(derived)}"
            kind.append(name)
            line = f"{name} = {found[3]}"
        lines.append(line)
    scope = {**_special(), **vars(np), **(constants or {}), **args}
    with np.errstate(all="ignore"):
        exec("\n".join(lines), scope)
    return [scope[name] for name in results], [scope[name] for name in derived]


def _special() -> dict[str, Any]:
    import scipy.linalg
    import scipy.special

    return {**vars(scipy.special), "solve_triangular": scipy.linalg.solve_triangular}


def same(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    """Equal shapes, and values equal to rounding."""
    a, b = np.asarray(a), np.asarray(b)
    scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True))
