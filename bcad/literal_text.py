"""Numbers and arrays as Python expressions that give back every bit."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np

from bcad.errors import Unsupported

_LARGEST = 400  # elements of an array that is written out; a larger one is packed


def literal(value: Any) -> str:
    """A number, text or array as an expression; every bit is kept.

    Raises
    ------
    Unsupported
        If it is anything else.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return _array(value)
    if isinstance(value, (bool, int, str, bytes, type(None))):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if isinstance(value, complex):
        plain = math.isfinite(value.real) and math.isfinite(value.imag)
        return f"complex({literal(value.real)}, {literal(value.imag)})" if plain else f"complex({str(value)!r})"
    raise Unsupported(f"{value!r} cannot be written in a module")


def _array(value: Any) -> str:
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise Unsupported(f"an array of {array.dtype} cannot be written in a module")
    if array.size > _LARGEST or not np.all(np.isfinite(array)) or array.dtype.char in "gG":
        buffer = io.BytesIO()
        np.save(buffer, array)
        packed = base64.b64encode(buffer.getvalue()).decode()
        text = f"np.load(__import__('io').BytesIO(__import__('base64').b64decode({packed!r})))"
    else:
        text = f"np.array({array.tolist()!r}, dtype={array.dtype.name!r})"
        text = f"{text}.reshape({array.shape})" if array.size == 0 else text
    return text if isinstance(value, np.ndarray) else f"{text}[()]"
