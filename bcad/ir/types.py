"""What a Value is: dtype, shape and kind; or an opaque Python object."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, Union

import numpy as np

from .dim import Size, product


class Kind(enum.Enum):
    """How Python sees a number: promotion, ``isinstance`` and exceptions depend on it."""

    PYTHON = "python"  # bool, int, float, complex: weakly typed (NEP 50)
    SCALAR = "scalar"  # np.float64 and its kin
    ARRAY = "array"  # np.ndarray, also of no dimensions

    __hash__ = object.__hash__  # there is one of each; types are hashed for every node, and Enum's own hash is Python code


_PYTHON_TYPES: dict[str, type] = {"b": bool, "i": int, "f": float, "c": complex}


@dataclass(frozen=True, slots=True)
class ArrayType:
    """dtype + shape + kind of a number or an array of numbers."""

    dtype: np.dtype[Any]
    shape: tuple[Size, ...] = ()
    kind: Kind = Kind.ARRAY

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Size:
        return product(self.shape)

    @property
    def is_complex(self) -> bool:
        return self.dtype.kind == "c"

    @property
    def differentiable(self) -> bool:
        """Whether a cotangent of this type means anything: floats and complex numbers."""
        return self.dtype.kind in "fc"

    @property
    def python_type(self) -> type:
        """The class whose instance the value is, as ``type(x)`` would answer."""
        if self.kind is Kind.PYTHON:
            return _PYTHON_TYPES[self.dtype.kind]
        return np.ndarray if self.kind is Kind.ARRAY else self.dtype.type

    def with_shape(self, shape: tuple[Size, ...]) -> ArrayType:
        """An array of this dtype with another shape; a number if the shape is () and I am one."""
        kind = Kind.ARRAY if shape else self.kind
        return replace(self, shape=tuple(shape), kind=kind)

    def with_dtype(self, dtype: Any) -> ArrayType:
        return replace(self, dtype=np.dtype(dtype))

    def as_array(self) -> ArrayType:
        return replace(self, kind=Kind.ARRAY)

    def __str__(self) -> str:
        if self.kind is Kind.PYTHON:
            return self.python_type.__name__
        if self.kind is Kind.SCALAR:
            return "bool_" if self.dtype.kind == "b" else str(self.dtype)  # a Python bool is another class
        return f"{self.dtype}[{','.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A Python object that the graph carries but does not compute with (a Generator, a dict)."""

    cls: type = object

    differentiable = False

    def __str__(self) -> str:
        return f"object<{self.cls.__name__}>"


Type: TypeAlias = "Union[ArrayType, ObjectType]"


def array_type(dtype: Any, shape: tuple[Size, ...] = ()) -> ArrayType:
    """An array's type; ``array_type(float, (n, 3))``."""
    return ArrayType(np.dtype(dtype), tuple(shape))


def scalar_type(dtype: Any) -> ArrayType:
    """A NumPy scalar's type."""
    return ArrayType(np.dtype(dtype), (), Kind.SCALAR)


def python_type(cls: type) -> ArrayType:
    """The type of a Python ``bool``, ``int``, ``float`` or ``complex``."""
    return ArrayType(np.dtype(cls), (), Kind.PYTHON)


def type_of(value: Any) -> Type:
    """The type of a concrete value; anything that is not a number is an object."""
    if isinstance(value, np.ndarray):
        return ArrayType(value.dtype, value.shape)
    if isinstance(value, np.generic):
        return ArrayType(value.dtype, (), Kind.SCALAR)
    if type(value) in (bool, int, float, complex):
        return python_type(type(value))
    return ObjectType(type(value))


def as_kind(value: Any, type_: Type) -> Any:
    """`value` as an instance of the class that `type_` says (evaluation of a node ends here)."""
    if isinstance(type_, ObjectType):
        return value
    if type_.kind is Kind.ARRAY:
        return np.asarray(value)
    if type_.kind is Kind.PYTHON:
        return type_.python_type(value)
    return type_.dtype.type(value)
