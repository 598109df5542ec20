"""What is timed: a program of tests/programs, arguments of a telling size, what to derive, and its hand gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.programs import adbench, by_hand, dynamics, finance, learning, scalars, signals, statistics, stencils
from tests.programs.iterations import taylor_sine

Args = tuple[Any, ...]
VALUE_AND_GRADIENT, HESSIAN_VECTOR, JACOBIAN = "value and gradient", "Hessian times vector", "Jacobian"


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Parameters
    ----------
    name : str
        Unique, says the size.
    group : str
        Which resource decides: ``tiny`` (the call), ``vector`` (SIMD), ``bandwidth`` (memory), ``blas``, ``loop``,
        ``inplace``, ``adbench``, ``higher`` (more than a gradient).
    fn : callable
        The user's text, never rewritten for bcad.
    args : callable
        Makes the arguments.
    argnums : tuple of int
        What to differentiate with respect to.
    hand : str
        The hand gradient's key in `benchmarks.hand.GRADIENTS`.
    what : str
        VALUE_AND_GRADIENT, HESSIAN_VECTOR (the last argument is the vector) or JACOBIAN.
    """

    name: str
    group: str
    fn: Callable[..., Any]
    args: Callable[[], Args]
    argnums: tuple[int, ...]
    hand: str
    what: str = VALUE_AND_GRADIENT


def reals(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    return scale * np.random.default_rng(seed).normal(size=shape)


def uniform(low: float, high: float, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, size=shape)


def labels(n: int, classes: int = 2) -> np.ndarray:
    return np.random.default_rng(9).integers(0, classes, size=n)


def elementwise(n: int) -> Args:
    return reals(n), reals(n, seed=1), reals(n, seed=2)


def perceptron(inputs: int, hidden: int, outputs: int, batch: int) -> Args:
    return (
        reals(inputs, hidden, scale=inputs**-0.5), np.zeros(hidden),
        reals(hidden, outputs, seed=1, scale=hidden**-0.5), np.zeros(outputs),
        reals(batch, inputs, seed=2), labels(batch, outputs),
    )  # fmt: skip


def case(
    name: str, group: str, fn: Callable[..., Any], args: Callable[[], Args], argnums: tuple[int, ...] = (0,), **more: Any
) -> Case:
    return Case(name, group, fn, args, argnums, more.pop("hand", fn.__name__), **more)


LOTKA = (np.array([1.0, 0.5]), np.array([1.1, 0.4, 0.1, 0.4]))
GP = np.array([0.1, -0.3, -1.0])

CASES = [
    case("scalar_square", "tiny", scalars.scalar_square, lambda: (1.5,)),
    case("rosen_vec_10", "tiny", scalars.rosenbrock_slices, lambda: (reals(10),)),
    case("taylor_sine", "tiny", taylor_sine, lambda: (0.5,)),
    case("logreg_toy", "tiny", learning.logistic_regression, lambda: (reals(3), reals(4, 3), labels(4))),
    case("rosen_vec_1000", "vector", scalars.rosenbrock_slices, lambda: (reals(1000),)),
    case("elementwise_1e5", "vector", scalars.tanh_layer, lambda: elementwise(10**5), (0, 1, 2)),
    case("conv_taps_4096x33", "vector", stencils.filter_taps, lambda: (reals(4096), reals(33)), (0, 1)),
    case("fft_loss_4096", "vector", signals.fft_loss, lambda: (reals(4096), reals(4096, seed=1))),
    case("elementwise_1e7", "bandwidth", scalars.tanh_layer, lambda: elementwise(10**7), (0, 1, 2)),
    case("black_scholes_1e6", "bandwidth", finance.black_scholes, lambda: (*finance.market(10**6), 0.03), range(5)),
    case("asian_mc_1e4x100", "bandwidth", finance.asian_monte_carlo,
         lambda: (100.0, 0.2, 0.05, 101.0, reals(10**4, 100)), (0, 1, 2)),
    case("logreg_10000x100", "blas", learning.logistic_regression,
         lambda: (reals(100, scale=0.1), reals(10**4, 100), labels(10**4))),
    case("mlp_784_256_10_b128", "blas", learning.mlp, lambda: perceptron(784, 256, 10, 128), (0, 1, 2, 3)),
    case("gp_nll_200", "blas", statistics.gaussian_process_nll,
         lambda: (GP, reals(200, 3), reals(200, seed=1)), (0, 1)),
    case("rosen_loop_10000", "loop", scalars.rosenbrock_loop, lambda: (reals(10**4),)),
    case("lotka_rk4_1000", "loop", dynamics.rk4_lotka_volterra, lambda: (*LOTKA, 1000, 0.01), (0, 1)),
    case("branchy_loop_10000", "loop", scalars.branchy_loop, lambda: (reals(10**4),)),
    case("nbody_pairs_64", "loop", dynamics.n_body_pairs, lambda: (reals(64, 3),)),
    case("kalman_200x4", "loop", statistics.kalman, lambda: statistics.tracking(200), range(5)),
    case("recurrence_10000", "inplace", dynamics.recurrence_in_place, lambda: (uniform(0.5, 1.5, 10**4), 0.3), (0, 1)),
    case("heat_loops_200x200", "inplace", stencils.heat_loops, lambda: (uniform(0, 1, 200, 200), 0.2, 1), (0, 1)),
    case("heat_slices_200x200", "inplace", stencils.heat_slices, lambda: (uniform(0, 1, 200, 200), 0.2, 1), (0, 1)),
    case("thomas_1000", "inplace", by_hand.thomas, lambda: by_hand.tridiagonal(1000), range(4)),
    case("gmm_d10_k25_n1000", "adbench", adbench.gmm, lambda: adbench.mixture(1000, 10, 25), (0, 1, 2)),
    case("ba_loop_p500", "adbench", adbench.bundle_adjustment, lambda: adbench.scene(5, 100), (0, 1, 2)),
    case("ba_vec_p30000", "adbench", adbench.bundle_adjustment_vectors, lambda: adbench.scene(50, 600), (0, 1, 2)),
    case("lstm_l2_c256", "adbench", adbench.lstm_language, lambda: adbench.language(2, 50, 256), (0, 1)),
    case("hand_c100", "adbench", adbench.hand_tracking, lambda: adbench.hand(200)),
    case("rosen_hvp_1000", "higher", scalars.rosenbrock_slices, lambda: (reals(1000), reals(1000, seed=1)),
         hand="rosenbrock_hvp", what=HESSIAN_VECTOR),
    case("jacobian_16", "higher", scalars.coupled_map, lambda: (reals(16),), what=JACOBIAN),
]  # fmt: skip
GROUPS = tuple(dict.fromkeys(c.group for c in CASES))
BY_NAME = {c.name: c for c in CASES}


def chosen(names: str | None = None, groups: str | None = None) -> list[Case]:
    """The cases by comma-separated names and groups; all if neither is given.

    Raises
    ------
    SystemExit
        If there is no case or group of that name; the message lists what there is.
    """
    if not names and not groups:
        return CASES
    wanted = names.split(",") if names else []
    wanted_groups = groups.split(",") if groups else []
    unknown = [n for n in wanted if n not in BY_NAME] + [g for g in wanted_groups if g not in GROUPS]
    if unknown:
        raise SystemExit(f"no such case or group: {', '.join(unknown)}; see `python -m benchmarks list`")
    return [c for c in CASES if c.name in wanted or c.group in wanted_groups]
