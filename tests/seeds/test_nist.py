"""The main job against published answers: NIST's nonlinear regression problems, from the harder start."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def fits() -> ModuleType:
    """The example, imported as a module."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        spec = importlib.util.spec_from_file_location("nist_fits", EXAMPLES / "nist_fits.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["nist_fits"] = module
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(EXAMPLES))


NAMES = sorted(path.stem for path in (EXAMPLES / "nist").glob("*.dat"))

# digits to agree, of the parameters and of their standard deviations, where fewer than seven can be had:
# ENSO is flat near its minimum; Lanczos1's residuals are the rounding of its data to 14 digits
EASED = {"ENSO": (6.0, 7.0), "Lanczos1": (7.0, 2.5)}


def test_all_problems_are_here() -> None:
    assert len(NAMES) == 27


@pytest.mark.parametrize("name", NAMES)
def test_fit_from_the_harder_start_agrees_with_the_certified_answer(fits, name) -> None:
    problem, found = fits.solve(name)
    digits, digits_sd = EASED.get(name, (7.0, 7.0))
    assert fits.digits(found.parameters, problem.certified) >= digits
    assert fits.digits(found.standard_deviations, problem.certified_sd) >= digits_sd


@pytest.mark.parametrize("name", NAMES)
def test_certified_answer_has_the_certified_sum_of_squares(fits, name) -> None:
    problem = fits.load(name)
    residuals = fits.residuals_of(problem)(problem.certified)
    np.testing.assert_allclose(residuals @ residuals, problem.sum_of_squares, rtol=1e-8, atol=1e-20)
    assert len(problem.y) - len(problem.certified) == round(problem.sum_of_squares / problem.residual_sd**2)
