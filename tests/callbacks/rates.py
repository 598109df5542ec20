"""What a rule is held to: SciPy's value, Richardson's derivative of plain calls, a second derivative, forward mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

from bcad import Function, grad, hessian, jvp
from tests.programs.reference import richardson


def check(f: Callable[..., Any], a: float, rtol: float = 1e-6, second: float | None = 1e-4, step: float = 0.05, value: float = 1e-12) -> None:
    """`f`, a function of one number, with everything that its derivatives are for."""
    assert_allclose(Function(f)(a), f(a), rtol=value, atol=1e-13)
    found = grad(f)(a)
    estimate = richardson(lambda h: np.asarray(f(a + h)), step * abs(a))
    assert not estimate.disagreement(np.asarray(found), rtol, 1e-9), estimate.disagreement(np.asarray(found), rtol, 1e-9)
    assert_allclose(jvp(f, (a,), (1.5,))[1], 1.5 * found, rtol=1e-7, atol=1e-10)
    if second is not None:
        slope = grad(f)
        twice = richardson(lambda h: np.asarray(slope(a + h)), step * abs(a))
        assert not twice.disagreement(np.asarray(hessian(f)(a)), second, 1e-8), twice.disagreement(np.asarray(hessian(f)(a)), second, 1e-8)
