"""The programs that are promised: one program for every branch and trip count, nothing guarded, nothing unrolled."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from tests.trace.helpers import Traced

from . import Program, programs

PROMISED = (
    "taylor_sine bisection newton_root rk4_lotka_volterra pendulum_rk4 adaptive_heun leapfrog_n_body n_body_pairs thomas "
    "heat_loops heat_slices kalman hmm_forward soft_edit_distance viterbi cholesky_by_hand lu_pivoting householder_qr "
    "insertion_sort_weighted barrier_monte_carlo lstm ray_march smooth_life horner escape_time "
    "recurrence_in_place upwind_burgers filter_taps autoregressive_error american_put branchy_loop "
    "power_iteration matrix_power_by_squaring bond_price peak_envelope smoothed_history rosenbrock_loop"
).split()
BY_NAME = {p.name: p for p in programs()}
KNOWN_NUMBERS = ("seed", "order")  # ints that decide more than how often a loop goes round


def kind(program: Program, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a specialisation is for: types, ranks, axes of length 0 and 1, numbers that must be known."""
    names = inspect.signature(program.fn).parameters
    return tuple(
        (type(x), x.dtype, tuple(min(n, 2) for n in x.shape)) if isinstance(x, np.ndarray)
        else (type(x), x if name in KNOWN_NUMBERS else None)
        for name, x in zip(names, args, strict=False)
    )


@pytest.mark.parametrize("name", PROMISED)
def test_one_program_without_guarded_branches_and_unrolled_loops(name: str) -> None:
    program = BY_NAME[name]
    traced = Traced(program.fn)
    for args in (*program.samples(), program.args()):
        np.testing.assert_allclose(traced(*args), program.fn(*args), rtol=1e-11)
    assert traced.traces == len({kind(program, args) for args in program.samples()})
    assert [reason for p in traced.programs for reason in p.reasons] == []
