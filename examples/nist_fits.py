"""Nonlinear least squares on NIST's reference problems, from the harder start, against the certified answers.

Run it as it is for ten of the problems, with names for those, or with ``--all`` for all 27. The models (nist/models.py)
are plain NumPy and know nothing of derivatives; ``bcad.jacobian`` differentiates the residuals, SciPy iterates.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from nist import MODELS, NAMES, Problem, load
from scipy.optimize import least_squares

import bcad

CHOSEN = (
    "Misra1a", "Lanczos3", "Gauss2", "Hahn1", "MGH09",
    "MGH10", "Thurber", "Rat43", "Eckerle4", "Bennett5",
)  # fmt: skip

Vector = np.ndarray


@dataclass(frozen=True)
class Fit:
    """What a least-squares fit found."""

    parameters: Vector
    standard_deviations: Vector
    evaluations: int


def residuals_of(problem: Problem) -> Callable[[Vector], Vector]:
    """What the model leaves unexplained, as a function of the parameters alone."""
    model, x = MODELS[problem.name], problem.x
    y = np.log(problem.y) if problem.name == "Nelson" else problem.y
    return lambda b: model(b, x) - y


def fit(residuals: Callable[[Vector], Vector], jacobian: Callable[[Vector], Vector], start: Vector) -> Fit:
    """Least squares by a trust region, then two Gauss-Newton steps for the last digits.

    Notes
    -----
    The standard deviations are the square roots of the diagonal of ``s**2 * inv(J.T @ J)`` with ``s**2`` the residual
    variance: NIST's definition.
    """
    found = least_squares(
        residuals, start, jac=jacobian, method="trf", x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=5000
    )
    b = found.x
    for _ in range(10):  # Gauss-Newton: the trust region stops where the sum of squares no longer tells points apart
        b = b - np.linalg.lstsq(jacobian(b), residuals(b), rcond=None)[0]
    r, triangle = residuals(b), np.linalg.qr(jacobian(b), mode="r")
    variance = r @ r / (len(r) - len(b))
    return Fit(b, np.sqrt(variance * (np.linalg.inv(triangle) ** 2).sum(axis=1)), found.nfev)


def digits(value: Vector, certified: Vector) -> float:
    """How many digits agree, at worst over the vector: the log relative error, at most 11 (NIST certifies 11)."""
    error = np.max(np.abs(value - certified) / np.abs(certified))
    return 11.0 if error < 1e-11 else float(-np.log10(error))


def solve(name: str) -> tuple[Problem, Fit]:
    problem = load(name)
    residuals = residuals_of(problem)
    with np.errstate(all="ignore"):  # a trial step may leave the model's domain; the trust region steps back
        return problem, fit(residuals, bcad.jacobian(residuals), problem.start1)


def report(problem: Problem, found: Fit) -> None:
    agreement = digits(found.parameters, problem.certified)
    agreement_sd = digits(found.standard_deviations, problem.certified_sd)
    print(f"{problem.name} ({problem.difficulty.lower()} difficulty, {found.evaluations} evaluations)")
    print(f"  digits that agree: parameters {agreement:.1f}, standard deviations {agreement_sd:.1f}")
    print("         parameter         certified          standard dev.     certified")
    rows = zip(found.parameters, problem.certified, found.standard_deviations, problem.certified_sd, strict=True)
    for i, (b, certified, sd, certified_sd) in enumerate(rows, start=1):
        print(f"    b{i} {b:18.10e} {certified:18.10e} {sd:17.10e} {certified_sd:17.10e}")


def main(arguments: list[str]) -> None:
    names = NAMES if arguments == ["--all"] else arguments or CHOSEN
    for name in names:
        report(*solve(name))


if __name__ == "__main__":
    main(sys.argv[1:])
