"""Scalar types and constants in LLVM's notation."""

from __future__ import annotations

import struct
from typing import Any

from .kernel import BOOL, Buffer

SUFFIX = {"f64": "f64", "f32": "f32"}


def llvm_type(t: str) -> str:
    """The LLVM type of a scalar in a register."""
    if t[0] == "f":
        return "double" if t == "f64" else "float"
    return "i1" if t == BOOL else f"i{t[1:]}"


def memory_type(t: str) -> str:
    return "i8" if t == BOOL else llvm_type(t)


def item_size(buffer: Buffer) -> int:
    """Bytes of one scalar (half an element, if complex)."""
    return max(int(buffer.type[1:]) // 8, 1)


def descr_name(dtype: Any) -> str:
    """What the descriptor of a dtype is called."""
    return f"{dtype.kind}{dtype.itemsize}"


def literal(value: Any, t: str) -> str:
    """A constant in LLVM's notation."""
    if t[0] == "f":
        number = float(value)
        if t == "f32":
            try:
                number = struct.unpack("f", struct.pack("f", number))[0]
            except OverflowError:
                number = float("inf") if number > 0 else float("-inf")
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
    if t == BOOL:
        return "true" if value else "false"
    return str(int(value))
