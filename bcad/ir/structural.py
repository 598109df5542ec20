"""The two ops that the graph itself needs: a constant, and a size as a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dim import Size
from .types import ArrayType, Type, python_type, type_of


class Literal:
    """A concrete value as an attribute; equal when type, dtype, shape and bits are equal."""

    __slots__ = ("value", "_key")

    def __init__(self, value: Any) -> None:
        if isinstance(value, np.ndarray):
            value = value.copy()
            value.flags.writeable = False
        self.value = value
        self._key = self._make_key()

    def _make_key(self) -> Any:
        if isinstance(self.value, (np.ndarray, np.generic)) and self.value.dtype.kind != "O":
            a = np.asarray(self.value)
            return (type(self.value), a.dtype.str, a.shape, a.tobytes())
        if isinstance(self.value, (float, complex)):  # bits: 0.0 is not -0.0
            return (type(self.value), np.asarray(self.value).tobytes())
        if isinstance(self.value, (bool, int, str, bytes, type(None))):
            return (type(self.value), self.value)
        return (type(self.value), id(self.value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return repr(self.value)


class Constant:
    """A number, array or object known when the graph was made."""

    name = "constant"
    effect = False

    def type_rule(self, *, value: Literal) -> Type:
        return type_of(value.value)

    def evaluate(self, *, value: Literal) -> Any:
        return value.value


class DimValue:
    """A size as a Python int: ``x.shape[0] * 2``."""

    name = "dim"
    effect = False

    def type_rule(self, *, size: Size) -> ArrayType:
        return python_type(int)

    def evaluate(self, *, size: int) -> int:
        return size


constant_op = Constant()
dim_op = DimValue()
