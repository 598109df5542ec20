"""The inner loops of NumPy's and SciPy's ufuncs, as compiled code calls them: by address, without array objects.

A ufunc keeps, for each combination of types, a function ``void loop(char **args, const npy_intp *dimensions, const
npy_intp *steps, void *data)`` and its data.  The places of both in a ufunc (PyUFuncObject) are part of NumPy's ABI; whether
they are as expected is seen by what else stands there.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
from typing import Any

import numpy as np

PREFIX = "loop:"
DATA = "#data"
LINALG, FOURIER = "numpy.linalg._umath_linalg", "numpy.fft._pocketfft_umath"
_HEAD = object.__basicsize__
_COUNTS, _FUNCTIONS, _DATA, _TYPES = _HEAD, _HEAD + 16, _HEAD + 24, _HEAD + 32


def routine(module: str, name: str, types: str) -> str | None:
    """What compiled code calls the loop of a ufunc for some types, such as ``d->dd``, if there is one."""
    ufunc = _ufunc(module, name)
    if ufunc is None or types not in ufunc.types or not _is_as_expected(ufunc):
        return None
    text = f"{PREFIX}{module}/{name}/{types}"
    return text if address(text) else None


def address(text: str) -> int:
    """Where a function that `routine` has named stands; with `DATA` behind the name, what it is to be given."""
    name, _, data = text.removeprefix(PREFIX).partition("#")
    module, name, types = name.split("/")
    ufunc = _ufunc(module, name)
    assert ufunc is not None
    table = _word(ufunc, _DATA if data else _FUNCTIONS)
    if not table:  # none of them is given any data
        return 0
    return int(ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[ufunc.types.index(types)] or 0)


def _ufunc(module: str, name: str) -> np.ufunc | None:
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return found if isinstance(found, np.ufunc) else None


@functools.cache
def _is_as_expected(ufunc: np.ufunc) -> bool:
    """Whether the fields around those that are read hold what Python says of the ufunc."""
    if ctypes.sizeof(ctypes.c_void_p) != 8 or int(np.__version__.split(".")[0]) != 2:
        return False
    counts = [ctypes.c_int.from_address(id(ufunc) + _COUNTS + 4 * k).value for k in range(3)]
    number = ctypes.c_int.from_address(id(ufunc) + _TYPES).value
    return counts == [ufunc.nin, ufunc.nout, ufunc.nargs] and number == ufunc.ntypes and bool(_word(ufunc, _FUNCTIONS))


def _word(ufunc: Any, offset: int) -> int:
    return ctypes.c_void_p.from_address(id(ufunc) + offset).value or 0
