"""``ufunc.reduceat`` with indices that are computed: folds of slices, as plain NumPy code for the evaluator to interpret."""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import derived


def _reduceat(ufunc: Any) -> Any:
    """``ufunc.reduceat``: from each index to the next one, or the item there if that is not behind it."""

    def reduceat(array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        if dtype is not None or out is not None:
            raise NotImplementedError("ufunc.reduceat with dtype= or out= is not traced")
        x, starts = np.moveaxis(np.asarray(array), axis, 0), np.asarray(indices)
        if np.any((starts < 0) | (starts >= x.shape[0])):
            raise IndexError(f"index out-of-bounds in {ufunc.__name__}.reduceat [0, {x.shape[0]})")
        result = np.empty((len(starts), *x.shape[1:]), ufunc.reduce(x[:1]).dtype)
        for k in range(len(starts)):
            end = starts[k + 1] if k + 1 < len(starts) else x.shape[0]
            result[k] = ufunc.reduce(x[starts[k]:max(end, starts[k] + 1)])
        return np.moveaxis(result, 0, axis)

    return reduceat


for _ufunc in (np.add, np.multiply, np.maximum, np.minimum):
    derived(_ufunc.reduceat)(_reduceat(_ufunc))
