"""scipy.spatial.distance of sets of points, and scipy.sparse products: what SciPy does in C, as plain NumPy code."""

from __future__ import annotations

from typing import Any

import numpy as np

from .lazy import derived_named
from .op import part_of_derived

distance = derived_named("scipy.spatial.distance")
sparsetools = derived_named("scipy.sparse._sparsetools")
_NAMES = {
    "euclid": "euclidean", "eu": "euclidean", "e": "euclidean", "sqe": "sqeuclidean", "sqeuclid": "sqeuclidean",
    "cblock": "cityblock", "cb": "cityblock", "c": "cityblock", "manhattan": "cityblock", "chebychev": "chebyshev",
    "cheby": "chebyshev", "cheb": "chebyshev", "ch": "chebyshev", "cos": "cosine", "co": "correlation", "mahal": "mahalanobis",
    "mh": "mahalanobis", "mi": "minkowski", "m": "minkowski", "pnorm": "minkowski", "se": "seuclidean", "s": "seuclidean",
}


@part_of_derived
def between(a: Any, b: Any, metric: str, kwargs: Any) -> Any:
    """Distances of points along the last axis of arrays that broadcast."""
    name = _NAMES.get(metric.lower(), metric.lower())
    weights = kwargs.get("w")
    w = 1.0 if weights is None else np.asarray(weights)
    if name == "cosine":
        return 1 - np.sum(w * a * b, -1) / np.sqrt(np.sum(w * a * a, -1) * np.sum(w * b * b, -1))
    if name == "correlation" and weights is None:
        a, b = a - np.mean(a, -1, keepdims=True), b - np.mean(b, -1, keepdims=True)
        return 1 - np.sum(a * b, -1) / np.sqrt(np.sum(a * a, -1) * np.sum(b * b, -1))
    d = a - b
    if name == "sqeuclidean":
        return np.sum(w * d * d, -1)
    if name == "euclidean":
        return np.linalg.norm(np.sqrt(w) * d, axis=-1)
    if name == "cityblock":
        return np.sum(w * np.abs(d), -1)
    if name == "chebyshev" and weights is None:
        return np.max(np.abs(d), -1)
    if name == "minkowski":
        p = kwargs.get("p", 2.0)
        return np.sum(w * np.abs(d) ** p, -1) ** (1 / p)
    if name == "canberra":
        size = np.abs(a) + np.abs(b)
        return np.sum(w * np.where(size == 0, 0.0, np.abs(d) / np.where(size == 0, 1.0, size)), -1)
    if name == "braycurtis":
        return np.sum(w * np.abs(d), -1) / np.sum(w * np.abs(a + b), -1)
    if name == "seuclidean" and kwargs.get("V") is not None:
        return np.sqrt(np.sum(d * d / np.asarray(kwargs["V"]), -1))
    if name == "mahalanobis" and kwargs.get("VI") is not None:
        return np.sqrt(np.sum((d @ np.asarray(kwargs["VI"])) * d, -1))
    raise NotImplementedError(f"the distance {metric!r} with {sorted(kwargs)} is not traced")


@distance("cdist")
def cdist(XA: Any, XB: Any, metric: Any = "euclidean", *, out: Any = None, **kwargs: Any) -> Any:
    """All distances between two sets; a metric that is a function is called pair by pair."""
    a, b = np.asarray(XA) * 1.0, np.asarray(XB) * 1.0
    if callable(metric):
        return np.array([[metric(u, v, **kwargs) for v in b] for u in a])
    return between(a[:, None, :], b[None, :, :], metric, kwargs)


@distance("pdist")
def pdist(X: Any, metric: Any = "euclidean", *, out: Any = None, **kwargs: Any) -> Any:
    """The distances of all pairs of one set."""
    x = np.asarray(X) * 1.0
    i, j = np.triu_indices(x.shape[0], 1)
    if callable(metric):
        return np.array([metric(x[k], x[m], **kwargs) for k, m in zip(i, j)])
    return between(x[i], x[j], metric, kwargs)


@distance("squareform")
def squareform(X: Any, force: str = "no", checks: bool = True) -> Any:
    """From the distances of pairs to a matrix and back."""
    x = np.asarray(X)
    if x.ndim == 2:
        return x[np.triu_indices(x.shape[0], 1)]
    n = int(np.ceil(np.sqrt(x.shape[0] * 2)))
    rows, columns = np.triu_indices(n, 1)
    matrix = np.zeros((n, n), x.dtype)
    matrix[rows, columns] = x
    matrix[columns, rows] = x
    return matrix


# -- sparse matrices -----------------------------------------------------------------------------------------
@part_of_derived
def expanded(pointers: Any, indices: Any) -> Any:
    """The row (of a column format: the column) of every entry."""
    return np.searchsorted(pointers, np.arange(len(indices)), side="right") - 1


@sparsetools("csr_matvec")
def csr_matvec(rows: int, columns: int, pointers: Any, indices: Any, data: Any, x: Any, y: Any) -> None:
    np.add.at(y, expanded(pointers, indices), data * x[indices])


@sparsetools("csc_matvec")
def csc_matvec(rows: int, columns: int, pointers: Any, indices: Any, data: Any, x: Any, y: Any) -> None:
    np.add.at(y, indices, data * x[expanded(pointers, indices)])


@sparsetools("coo_matvec")
def coo_matvec(count: int, row: Any, column: Any, data: Any, x: Any, y: Any) -> None:
    np.add.at(y, row, data * x[column])


@sparsetools("csr_todense")
def csr_todense(rows: int, columns: int, pointers: Any, indices: Any, data: Any, y: Any) -> None:
    np.add.at(y, (expanded(pointers, indices), indices), data)


@sparsetools("csr_tocsc")
def csr_tocsc(
    rows: int, columns: int, pointers: Any, indices: Any, data: Any, new_pointers: Any, new_indices: Any, new_data: Any
) -> None:
    order = np.argsort(indices, kind="stable")
    new_pointers[1:] = np.cumsum(np.bincount(indices, minlength=columns))
    new_pointers[0] = 0
    new_indices[:] = expanded(pointers, indices)[order]
    new_data[:] = data[order]


@sparsetools("coo_todense")
def coo_todense(rows: int, columns: int, count: int, row: Any, column: Any, data: Any, y: Any, by_columns: int) -> None:
    np.add.at(y, column * rows + row if by_columns else row * columns + column, data)


@sparsetools("csr_matvecs")
def csr_matvecs(rows: int, columns: int, vectors: int, pointers: Any, indices: Any, data: Any, x: Any, y: Any) -> None:
    matrix = np.zeros((rows, vectors), y.dtype)
    np.add.at(matrix, expanded(pointers, indices), data[:, None] * np.reshape(x, (columns, vectors))[indices])
    y += np.ravel(matrix)


@sparsetools("csc_matvecs")
def csc_matvecs(rows: int, columns: int, vectors: int, pointers: Any, indices: Any, data: Any, x: Any, y: Any) -> None:
    matrix = np.zeros((rows, vectors), y.dtype)
    np.add.at(matrix, indices, data[:, None] * np.reshape(x, (columns, vectors))[expanded(pointers, indices)])
    y += np.ravel(matrix)


@sparsetools("dia_matvec")
def dia_matvec(rows: int, columns: int, count: int, length: int, offsets: Any, diagonals: Any, x: Any, y: Any) -> None:
    for d in range(count):
        k = int(offsets[d])
        start, stop = max(0, k), min(rows + k, columns, length)
        if stop > start:
            y[start - k : stop - k] += diagonals[d, start:stop] * x[start:stop]
