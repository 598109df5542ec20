"""SciPy's functions of real numbers, as compiled code calls them: the ones behind its ufuncs, by their addresses."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

PREFIX = "special:"


@functools.cache
def capsules() -> dict[tuple[str, int], Any]:
    """For each name and number of arguments, all doubles, the capsule that holds the function."""
    from scipy.special import cython_special

    found = {}
    for key, capsule in cython_special.__pyx_capi__.items():
        result, _, rest = signature(capsule).partition(" (")
        *arguments, last = rest.rstrip(")").split(", ")
        if result == "double" and last.startswith("int ") and set(arguments) == {"double"}:
            found[plain_name(key), len(arguments)] = capsule
    return found


def plain_name(key: str) -> str:
    """``gamma`` of ``__pyx_fuse_1gamma``."""
    return key.removeprefix("__pyx_fuse_").lstrip("0123456789_") if key.startswith("__pyx_fuse_") else key


def signature(capsule: Any) -> str:
    describe = ctypes.pythonapi.PyCapsule_GetName
    describe.restype, describe.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return describe(capsule).decode()


def routine(name: str, count: int) -> str | None:
    """What compiled code calls a function of `count` doubles, if there is one."""
    return f"{PREFIX}{name}/{count}" if (name, count) in capsules() else None


def address(name: str) -> int:
    """Where a function that `routine` has named stands."""
    plain, count = name.removeprefix(PREFIX).split("/")
    capsule = capsules()[plain, int(count)]
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get(capsule, signature(capsule).encode()))
