"""NumPy's own sorting of numbers in memory, as compiled code calls it: by address, without an array object.

NumPy's table of functions for each dtype (PyArray_ArrFuncs, part of its ABI) names them: ``int sort(void *data, npy_intp n,
void *)`` and ``int argsort(void *data, npy_intp *places, npy_intp n, void *)``.  They are tried before they are trusted.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

PREFIX = "numpy:"
KINDS = {"quicksort": 0, "mergesort": 2, "stable": 2}
_API = 365  # _PyDataType_GetArrFuncs
_SLOTS = {"sort": 33, "argsort": 36}  # words: 21 casts and 12 other functions stand before them, 3 sorts before the argsorts


def routine(what: str, dtype: np.dtype[Any], kind: str) -> str | None:
    """What compiled code calls ``sort`` or ``argsort`` for numbers of `dtype`, if there is one."""
    if kind not in KINDS or not _works(what, dtype.str, KINDS[kind]):
        return None
    return f"{PREFIX}{what}/{dtype.str}/{KINDS[kind]}"


def address(name: str) -> int:
    """Where a function that `routine` has named stands."""
    what, dtype, kind = name.removeprefix(PREFIX).split("/")
    return _slot(what, dtype, int(kind))


def _slot(what: str, dtype: str, kind: int) -> int:
    from .numba_cpu import numpy_api

    table = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(numpy_api(_API))(np.dtype(dtype))
    words = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))
    return int(words[_SLOTS[what] + kind] or 0)


@functools.cache
def _works(what: str, dtype: str, kind: int) -> bool:
    """Whether the function is there, and does what NumPy's does."""
    if int(np.__version__.split(".")[0]) != 2 or not _slot(what, dtype, kind):
        return False
    data = (np.arange(40) * 7 % 11).astype(dtype)
    n, places = data.size, np.arange(data.size)
    name = {number: text for text, number in KINDS.items()}[kind]
    expected = getattr(np, what)(data, kind=name)
    pointer, size = ctypes.c_void_p, ctypes.c_ssize_t
    if what == "sort":
        failed = ctypes.CFUNCTYPE(ctypes.c_int, pointer, size, pointer)(_slot(what, dtype, kind))(data.ctypes.data, n, None)
        return not failed and np.array_equal(data, expected)
    call = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer, size, pointer)(_slot(what, dtype, kind))
    return not call(data.ctypes.data, places.ctypes.data, n, None) and np.array_equal(places, expected)
