"""The figures as a table: times of the hand gradients, ratios to them, geometric means by group."""

from __future__ import annotations

from collections.abc import Sequence

from .contenders import PRIMALS
from .measure import geometric_mean
from .run import BASE, Row


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def label(name: str) -> str:
    return f"{name} primal" if name in PRIMALS else name


def heading(names: Sequence[str]) -> str:
    return f"{'case':<22}{'hand':>10}" + "".join(f"{label(name) + '/hand':>19}" for name in names)


def line(row: Row, names: Sequence[str]) -> str:
    cells = [f"{row.ratios[name]:.3g}" if name in row.ratios else "-" for name in names]
    return f"{row.case:<22}{duration(row.timings[BASE].median):>10}" + "".join(f"{cell:>19}" for cell in cells)


def means(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """A line of geometric means for each group and for all; each over the cases that have a figure."""
    groups = list(dict.fromkeys(row.group for row in rows))
    lines = []
    for group in [*groups, "all"]:
        members = [row for row in rows if group in ("all", row.group)]
        cells = []
        for name in names:
            ratios = [row.ratios[name] for row in members if name in row.ratios]
            cells.append(f"{geometric_mean(ratios):.3g} ({len(ratios)})" if ratios else "-")
        lines.append(f"{'mean of ' + group:<22}{'':>10}" + "".join(f"{cell:>19}" for cell in cells))
    return lines


def reasons(rows: Sequence[Row]) -> list[str]:
    """Why a cell is empty, one line each."""
    return [f"{row.case}, {name}: {why}" for row in rows for name, why in row.missing.items()]
