"""SciPy's special functions in compiled code give what its ufuncs give, at poles and infinities too."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.ir import Dim, array_type
from bcad.ops import BY_NAME

from .helpers import build, check

N = Dim.symbol("n")
ONE = ("gamma rgamma loggamma i0 i1e k0 k1e j0 y1 ndtr ndtri log_ndtr erfinv erfcinv erfcx dawsn ellipk ellipe expi exp1 "
       "spence logit log_expit entr cosm1 exp10 gammasgn gammaln digamma").split()
TWO = "beta betaln xlogy xlog1py kl_div rel_entr huber boxcox gammainc jv kv iv poch binom".split()
VALUES = np.array([-np.inf, -2.5, -1.0, -0.0, 0.0, 1e-300, 0.3, 1.0, 2.0, 37.5, 1e308, np.inf, np.nan])


@pytest.mark.parametrize("name", ONE)
def test_of_one_number(name: str) -> None:
    made = check(build(BY_NAME[name], array_type(float, (N,))), VALUES)
    assert made.report.in_numpy == []


@pytest.mark.parametrize("name", TWO)
def test_of_two_numbers(name: str) -> None:
    a, b = (x.ravel().copy() for x in np.meshgrid(VALUES, VALUES[1:]))
    check(build(BY_NAME[name], array_type(float, (N,)), array_type(float, (N,))), a, b)


def test_of_single_precision() -> None:
    graph = build(BY_NAME["i0"], array_type(np.float32, (N,)))
    check(graph, np.linspace(-3, 3, 7, dtype=np.float32))
