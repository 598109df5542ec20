"""``scipy.stats.multivariate_normal`` and ``dirichlet``: densities by the Cholesky factor and by logarithms."""

from __future__ import annotations

import math
from typing import Any

from bcad.ir import Value

from .arguments import as_inexact
from .diagonal import diagonal_matrix
from .join import join
from .lazy import METHODS_OF
from .matrices import T, diagonal, eye
from .op import BY_NAME
from .shape import squeeze, to_shape
from .special_op import S


def _sum(x: Value, axis: int) -> Value:
    return BY_NAME["sum"](x, axis=(axis % x.ndim,), keepdims=False)


def _normal_parameters(mean: Any, cov: Any) -> tuple[Value, Value]:
    """The mean vector and the covariance matrix from SciPy's short forms."""
    mean = None if mean is None else as_inexact(mean)
    cov = as_inexact(1.0 if cov is None else cov)
    n = mean.type.size if mean is not None else 1 if cov.ndim == 0 else cov.shape[0]
    mean = as_inexact([0.0]) * S.full(1.0, shape=(n,), dtype=cov.dtype) if mean is None else to_shape(mean, (n,))
    if cov.ndim == 0:
        cov = eye(n, cov.dtype) * cov
    elif cov.ndim == 1:
        cov = diagonal_matrix(cov)
    return mean, cov


def normal_logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """``-(n log 2 pi + log det cov + |inv(L) (x - mean)|**2) / 2`` with ``cov == L @ L.T``."""
    if allow_singular:
        return NotImplemented
    mean, cov = _normal_parameters(mean, cov)
    n = mean.shape[0]
    x = as_inexact(x)
    if x.ndim == 0 or (x.ndim == 1 and n == 1):
        x = to_shape(x, (*x.shape, 1))
    factor = BY_NAME["cholesky"](cov)
    deviations = x - mean
    flat = to_shape(deviations, (deviations.type.size // n, n))
    whitened = BY_NAME["solve_triangular"](factor, T(flat), lower=True, unit=False)
    distance = to_shape(_sum(whitened * whitened, 0), deviations.shape[:-1])
    log_det = 2.0 * _sum(S.log(diagonal(factor)), 0)
    y = -0.5 * (BY_NAME["multiply"](n, math.log(2 * math.pi)) + log_det + distance)
    return _single(y)


def _single(y: Value) -> Value:
    y = squeeze(y)
    return y[()] if y.ndim == 0 else y


def normal_pdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    y = normal_logpdf(x, mean, cov, allow_singular)
    return y if y is NotImplemented else S.exp(y)


def normal_entropy(mean: Any = None, cov: Any = 1) -> Value:
    mean, cov = _normal_parameters(mean, cov)
    log_det = 2.0 * _sum(S.log(diagonal(BY_NAME["cholesky"](cov))), 0)
    return 0.5 * (BY_NAME["multiply"](mean.shape[0], math.log(2 * math.pi) + 1) + log_det)


def dirichlet_logpdf(x: Any, alpha: Any) -> Value:
    """A point may leave out its last coordinate."""
    x, alpha = as_inexact(x), as_inexact(alpha)
    if isinstance(x.shape[0], int) and isinstance(alpha.shape[0], int) and x.shape[0] + 1 == alpha.shape[0]:
        x = join([x, 1 - BY_NAME["sum"](x, axis=(0,), keepdims=True)], 0)
    weights = to_shape(alpha - 1, (*alpha.shape, *(1,) * (x.ndim - 1)))
    log_beta = _sum(S.gammaln(alpha), 0) - S.gammaln(_sum(alpha, 0))
    return _single(_sum(S.xlogy(weights, x), 0) - log_beta)


def dirichlet_pdf(x: Any, alpha: Any) -> Value:
    return S.exp(dirichlet_logpdf(x, alpha))


METHODS_OF.update({
    ("multivariate_normal_gen", "logpdf"): normal_logpdf,
    ("multivariate_normal_gen", "pdf"): normal_pdf,
    ("multivariate_normal_gen", "entropy"): normal_entropy,
    ("dirichlet_gen", "logpdf"): dirichlet_logpdf,
    ("dirichlet_gen", "pdf"): dirichlet_pdf,
})  # fmt: skip
