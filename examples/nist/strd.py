"""Reads a data set of NIST's Statistical Reference Datasets (StRD), nonlinear regression, in its own file format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.dat")))

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
PARAMETER = re.compile(rf"\s*b\d+\s*=\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s*$")
DATA_LINES = re.compile(r"Data\s+\(lines\s+(\d+)\s+to\s+(\d+)\s*\)")


@dataclass(frozen=True)
class Problem:
    """One data set with its starting points and its certified answer (eleven digits, from 128-bit arithmetic)."""

    name: str
    difficulty: str  # "Lower", "Average" or "Higher"
    x: np.ndarray  # predictor, float64[n]; float64[n, 2] where there are two
    y: np.ndarray  # response, float64[n]
    start1: np.ndarray  # the harder start, float64[p]
    start2: np.ndarray  # the easier start, float64[p]
    certified: np.ndarray  # parameters, float64[p]
    certified_sd: np.ndarray  # their standard deviations, float64[p]
    sum_of_squares: float  # of the residuals at the certified parameters
    residual_sd: float


def load(name: str) -> Problem:
    """The problem of that name, read from the file as NIST distributes it.

    Parameters
    ----------
    name : str
        One of `NAMES`, for instance ``"Thurber"``.

    Returns
    -------
    Problem

    Notes
    -----
    National Institute of Standards and Technology, Statistical Reference Datasets: Nonlinear Regression. The files
    are works of the United States government and in the public domain.

    Examples
    --------
    >>> load("Misra1a").certified
    array([2.38942129e+02, 5.50156432e-04])
    """
    text = (FOLDER / f"{name}.dat").read_text(encoding="ascii")
    first, last = map(int, DATA_LINES.search(text).groups())
    table = np.array([line.split() for line in text.splitlines()[first - 1 : last]], dtype=float)
    start1, start2, certified, certified_sd = parameters(text).T
    return Problem(
        name=name,
        difficulty=re.search(r"(\w+) Level of Difficulty", text)[1],
        x=table[:, 1] if table.shape[1] == 2 else table[:, 1:],
        y=table[:, 0],
        start1=start1,
        start2=start2,
        certified=certified,
        certified_sd=certified_sd,
        sum_of_squares=quantity("Residual Sum of Squares", text),
        residual_sd=quantity("Residual Standard Deviation", text),
    )


def parameters(text: str) -> np.ndarray:
    """Rows b1, b2, ...; columns start 1, start 2, certified value, its standard deviation."""
    rows = [PARAMETER.match(line) for line in text.splitlines()]
    return np.array([row.groups() for row in rows if row], dtype=float)


def quantity(label: str, text: str) -> float:
    return float(re.search(rf"{label}:\s+({NUMBER})", text)[1])
