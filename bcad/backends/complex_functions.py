"""C's functions of complex numbers, which NumPy's ufuncs call too: by their addresses.

Only where it is known how a complex number is passed and returned (two doubles in two registers), and that NumPy trusts
the library: with glibc on x86-64 and AArch64.  Elsewhere NumPy computes them.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
from typing import Any

PREFIX = "complex:"
_NAMES = {
    "exp": "cexp", "log": "clog", "sqrt": "csqrt", "pow": "cpow",
    "sin": "csin", "cos": "ccos", "tan": "ctan", "sinh": "csinh", "cosh": "ccosh", "tanh": "ctanh",
    "arcsin": "casin", "arccos": "cacos", "arctan": "catan", "arcsinh": "casinh", "arccosh": "cacosh", "arctanh": "catanh",
}
CALLERS = frozenset({*_NAMES, "exp2", "log2", "log10", "power", "float_power"})  # the ops that use them
_MACHINES = ("x86_64", "aarch64")


def routine(name: str) -> str | None:
    """What compiled code calls a function by NumPy's name, if there is one."""
    found = _NAMES.get(name)
    return f"{PREFIX}{found}" if found is not None and _library() is not None else None


def address(name: str) -> int:
    """Where a function that `routine` has named stands."""
    function = getattr(_library(), name.removeprefix(PREFIX))
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@functools.cache
def _library() -> Any:
    """The C library's mathematics; None where its functions are not called."""
    names = getattr(os, "confstr_names", {})
    glibc = "CS_GNU_LIBC_VERSION" in names and (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    if not glibc or platform.machine() not in _MACHINES or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    try:
        library = ctypes.CDLL("libm.so.6")
    except OSError:
        return None
    return library if all(hasattr(library, name) for name in _NAMES.values()) else None
