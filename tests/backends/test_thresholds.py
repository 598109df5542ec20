"""Small programs in every layout of code (`thresholds` runs all programs, with as many choices as one has time for)."""

from __future__ import annotations

import pytest

from bcad.backends import fuse, strips
from tests.fuzz.__main__ import plan, run
from tests.programs import programs

from .thresholds import LOWER, difference, lowered

NAMES = ("softmax_regression", "filter_taps", "thomas", "n_body_pairs", "heat_slices", "adaptive_heun", "poisson_regression")


@pytest.mark.parametrize("seed", [46, 47])
@pytest.mark.parametrize("program", [p for p in programs() if p.name in NAMES], ids=str)
def test_programs_compiled_with_lowered_thresholds(program, seed):
    assert difference(program, seed) == ""


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_generated_programs_compiled_with_lowered_thresholds(seed):
    case, mode, _ = plan(seed)
    with lowered(seed):
        verdict = run(case, mode, "numba")
    assert not verdict.is_bug, verdict.detail


def test_thresholds_are_lowered_and_put_back():
    before = fuse.STORE_COST, strips.LONG
    seen = set()
    for seed in range(40):
        with lowered(seed) as chosen:
            seen |= set(chosen)
            if "strips.LONG" in chosen:
                assert strips.LONG == chosen["strips.LONG"] < before[1]
    assert seen >= set(LOWER)
    assert (fuse.STORE_COST, strips.LONG) == before
