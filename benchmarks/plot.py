"""The figures of a run as a picture: SVG written out, one row a program, times relative to the hand gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from .measure import geometric_mean

COLOURS = ("#0b6e4f", "#c8553d", "#3d5a98", "#8a6d3b", "#6a4c93")
LEFT, RIGHT, TOP, STEP = 190, 620, 70, 18  # in pixels: the names, the scale, the heading, a row


def svg(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """The picture.

    Parameters
    ----------
    rows : as `--json` writes them
    names : contenders, each drawn as a dot in every row
    """
    shown = [row for row in rows if any(name in row["ratio_to_hand"] for name in names)]
    ratios = [row["ratio_to_hand"][name] for row in shown for name in names if name in row["ratio_to_hand"]]
    low, high = _decades(min([0.5, *ratios])), _decades(max([10.0, *ratios]), up=True)
    scale = _Scale(low, high)
    bottom = TOP + STEP * len(shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + RIGHT + 40} {bottom + 50}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="13">Value and gradient: time relative to a hand-written numba gradient</text>',
        *_legend(rows, names), *_axis(scale, bottom),
    ]
    for position, row in enumerate(shown):
        y = TOP + STEP * position + STEP // 2
        parts.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(row["case"])}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + RIGHT}" y1="{y}" y2="{y}" stroke="#eeeeee"/>')
        for name, colour in zip(names, COLOURS, strict=False):
            if name in row["ratio_to_hand"]:
                ratio = row["ratio_to_hand"][name]
                title = f"<title>{escape(row['case'])}: {escape(name)} {ratio:.3g}</title>"
                parts.append(f'<circle cx="{scale(ratio):.1f}" cy="{y}" r="4.5" fill="{colour}">{title}</circle>')
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Scale:
    """Where a ratio stands: a logarithmic scale."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, ratio: float) -> float:
        span = math.log(self.high / self.low)
        return LEFT + RIGHT * math.log(ratio / self.low) / span


def _decades(x: float, up: bool = False) -> float:
    """The nearest 1, 2 or 5 times a power of ten, below or above."""
    power = 10.0 ** math.floor(math.log10(x))
    steps = [power * k for k in (1, 2, 5, 10)]
    return min(s for s in steps if s >= x * 0.999) if up else max(s for s in steps if s <= x * 1.001)


def _axis(scale: _Scale, bottom: int) -> list[str]:
    parts = []
    power = 10.0 ** math.floor(math.log10(scale.low))
    while power <= scale.high:
        for mark in (power, 2 * power, 5 * power):
            if scale.low * 0.999 <= mark <= scale.high * 1.001:
                x, strong = scale(mark), mark == 1.0
                parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" '
                             f'stroke="{"#444444" if strong else "#dddddd"}"/>')
                parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{mark:g}</text>')
        power *= 10
    parts.append(f'<text x="{LEFT + RIGHT}" y="{bottom + 36}" text-anchor="end">times the hand gradient: left is faster</text>')
    return parts


def _legend(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    parts, x = [], LEFT
    for name, colour in zip(names, COLOURS, strict=False):
        found = [row["ratio_to_hand"][name] for row in rows if name in row["ratio_to_hand"]]
        text = f"{name}: geometric mean {geometric_mean(found):.3g}" if found else name
        parts.append(f'<circle cx="{x + 5}" cy="44" r="4.5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 14}" y="48">{escape(text)}</text>')
        x += 210
    return parts
