"""The laws of shapes and dtypes that type rules share: broadcasting, promotion, axes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Size, assumptions

_PYTHON = {"b": np.dtype(bool), "i": int, "f": float, "c": complex}


class ShapeError(ValueError):
    """Shapes that NumPy refuses to combine."""


def broadcast(*shapes: Sequence[Size]) -> tuple[Size, ...]:
    """The common shape of `shapes` by NumPy's rule."""
    ndim = max(map(len, shapes), default=0)
    result: list[Size] = []
    for axis in range(-ndim, 0):
        sizes = [s[axis] for s in shapes if len(s) >= -axis]
        result.append(functools.reduce(_common, sizes))
    return tuple(result)


def broadcasts_to(shape: Sequence[Size], target: Sequence[Size]) -> bool:
    """Whether an array of `shape` can be written to one of shape `target`."""
    answers = assumptions()
    return len(shape) <= len(target) and all(
        a == 1 or answers.equal(a, b) or answers.equal(a, 1) for a, b in zip(reversed(shape), reversed(target))
    )


def _common(a: Size, b: Size) -> Size:
    if a == b:
        return a
    if a == 1 or b == 1:
        return b if a == 1 else a
    answers = assumptions()
    if answers.equal(a, b):  # asked first: then it does not matter whether they are one
        return a if isinstance(a, int) else b if isinstance(b, int) else min(a, b, key=_simplicity)
    if answers.equal(a, 1):
        return b
    if answers.equal(b, 1):
        return a
    raise ShapeError(f"sizes {a} and {b} do not broadcast")


def _simplicity(size: Size) -> tuple[int, str]:
    return len(str(size)), str(size)


def require_equal(what_a: str, a: Size, what_b: str, b: Size) -> None:
    """Raise ShapeError unless two sizes agree."""
    if not assumptions().agree(a, b):
        raise ShapeError(f"{what_a} ({a}) and {what_b} ({b}) do not agree")


def normalize_axis(axis: int, ndim: int) -> int:
    """A non-negative axis; NumPy's AxisError if there is no such axis."""
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis + ndim if axis < 0 else axis


def normalize_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """All axes for None, else a sorted tuple of distinct non-negative axes."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    result = tuple(sorted(normalize_axis(int(a), ndim) for a in axes))
    if len(set(result)) != len(result):
        raise ValueError("duplicate value in 'axis'")
    return result


def reduced_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """`normalize_axes` as ufunc.reduce has it: to a number also 0 and -1 are axes."""
    return () if not ndim and isinstance(axis, int) and axis in (0, -1) else normalize_axes(axis, ndim)


def weak(type_: ArrayType) -> Any:
    """What NumPy's promotion sees: a dtype, or a Python type for Python numbers (NEP 50)."""
    return _PYTHON[type_.dtype.kind] if type_.kind is Kind.PYTHON else type_.dtype


def promote(*types: ArrayType) -> np.dtype[Any]:
    """NumPy's common dtype; Python numbers are weak unless there is nothing else."""
    return _promote(tuple(map(weak, types)))


@functools.lru_cache(maxsize=4096)
def _promote(parts: tuple[Any, ...]) -> np.dtype[Any]:
    samples = [p(0) if isinstance(p, type) else p for p in parts]
    return np.result_type(*samples)


@functools.lru_cache(maxsize=4096)
def ufunc_dtypes(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> tuple[np.dtype[Any], ...]:
    """The dtypes of a ufunc's results, asked of NumPy itself."""
    if all(isinstance(p, type) for p in inputs):  # nothing but Python numbers: their own dtypes
        inputs = tuple(np.dtype(p) for p in inputs)
    return ufunc.resolve_dtypes((*inputs, *(None,) * ufunc.nout))[ufunc.nin :]


@functools.lru_cache(maxsize=4096)
def loop_dtypes(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> tuple[np.dtype[Any], ...]:
    """The dtypes a ufunc casts its inputs to."""
    if all(isinstance(p, type) for p in inputs):
        inputs = tuple(np.dtype(p) for p in inputs)
    return ufunc.resolve_dtypes((*inputs, *(None,) * ufunc.nout))[: ufunc.nin]


@functools.lru_cache(maxsize=4096)
def python_dtype(function: Callable[..., Any], inputs: tuple[type, ...]) -> np.dtype[Any] | None:
    """The dtype of what a Python function gives for Python numbers: ``True + True`` is an int."""
    for trial in (1, 0.5):  # acosh(0.5) and atanh(1) have no value
        try:
            return np.dtype(type(function(*(cls(trial) for cls in inputs))))
        except (TypeError, ValueError):
            continue
    return None


def result_kind(types: Sequence[ArrayType], shape: Sequence[Size]) -> Kind:
    """Python operators on Python numbers give Python numbers; ufuncs of no dimensions scalars."""
    if shape:
        return Kind.ARRAY
    return Kind.PYTHON if all(t.kind is Kind.PYTHON for t in types) else Kind.SCALAR
