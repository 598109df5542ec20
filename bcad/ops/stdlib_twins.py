"""Standard-library functions in C, as the Python code that the library keeps beside them."""

from __future__ import annotations

import functools
import importlib.util
import math
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from .lazy import derived_named
from .op import derived


@functools.cache
def python_twin(name: str, accelerator: str) -> ModuleType:
    """A second copy of the module `name`, loaded as if its `accelerator` in C were not there."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    twin = importlib.util.module_from_spec(spec)
    there = sys.modules.get(accelerator)
    sys.modules[accelerator] = None  # type: ignore[assignment]  # what importlib takes for "not to be found"
    try:
        spec.loader.exec_module(twin)
    finally:
        if there is None:
            del sys.modules[accelerator]
        else:
            sys.modules[accelerator] = there
    return twin


@derived_named("bisect")("bisect_right", "bisect")
def _bisect_right(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").bisect_right(a, x, lo, hi, key=key)


@derived_named("bisect")("bisect_left")
def _bisect_left(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").bisect_left(a, x, lo, hi, key=key)


@derived_named("bisect")("insort_right", "insort")
def _insort_right(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").insort_right(a, x, lo, hi, key=key)


@derived_named("bisect")("insort_left")
def _insort_left(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").insort_left(a, x, lo, hi, key=key)


@derived_named("heapq")("heappush")
def _heappush(heap: Any, item: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heappush(heap, item)


@derived_named("heapq")("heappop")
def _heappop(heap: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heappop(heap)


@derived_named("heapq")("heapify")
def _heapify(heap: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heapify(heap)


@derived_named("heapq")("heapreplace")
def _heapreplace(heap: Any, item: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heapreplace(heap, item)


@derived_named("heapq")("heappushpop")
def _heappushpop(heap: Any, item: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heappushpop(heap, item)


@derived(math.prod)
def _prod(iterable: Iterable[Any], /, *, start: Any = 1) -> Any:
    for x in iterable:
        start = start * x
    return start
