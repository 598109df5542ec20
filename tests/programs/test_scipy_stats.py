"""Statistics of scipy.stats, unmodified: values and gradients by the sample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bcad import options, value_and_grad
from tests.programs.reference import richardson

X = np.linspace(0, 1, 12)
Y = np.sin(3 * X)
STATISTICS = {
    "zscore": lambda p: (stats.zscore(Y * p + X**2) ** 3).sum(),
    "hmean": lambda p: stats.hmean(X + p),
    "variation": lambda p: stats.variation(Y * p + X),
    "pearsonr": lambda p: stats.pearsonr(X, Y * p + X**2)[0],
    "pearsonr p": lambda p: stats.pearsonr(X, Y * p + X**2).pvalue,
    "iqr": lambda p: stats.iqr(Y * p),
    "skew": lambda p: stats.skew(Y * p + X**2) + stats.kurtosis(Y * p + X),
    "linregress": lambda p: sum(stats.linregress(X, Y * p + X**2 / p)),
    "ttest_ind": lambda p: stats.ttest_ind(X * p, Y + p).pvalue,
    "entropy": lambda p: stats.entropy(X * p + 1) + stats.gmean(X + p),
    "wasserstein": lambda p: stats.wasserstein_distance(Y * p, X),
    "boxcox_llf": lambda p: stats.boxcox_llf(0.3, Y * p + 2),
    "f_oneway": lambda p: stats.f_oneway(Y * p, X, X**2).statistic,
}


@pytest.mark.parametrize("name", STATISTICS)
def test_a_statistic(name: str) -> None:
    f = STATISTICS[name]
    with options.set(backend="numpy"):
        value, slope = value_and_grad(f)(1.1)
    assert np.isclose(value, f(1.1), rtol=1e-12)
    estimate = richardson(lambda h: np.asarray(f(1.1 + h)), 1e-3)
    assert not estimate.disagreement(np.asarray(slope), 1e-6, 1e-8)
