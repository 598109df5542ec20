"""Graphs built by hand, and what it means that a backend agrees with the reference."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad import backends
from bcad.ir import Builder, Graph, evaluate


def build(function: Callable[..., Any], *types: Any, names: str = "xyzuvw") -> Graph:
    """The graph of `function`, applied to inputs of the given types."""
    with Builder(name="f") as b:
        inputs = [b.input(t, names[k]) for k, t in enumerate(types)]
        result = function(*inputs)
        return b.build(result if isinstance(result, (list, tuple)) else [result])


def region(outer: Builder, types: Sequence[Any], function: Callable[..., Any], names: Sequence[str] = ()) -> Graph:
    """A closed graph for a region."""
    with Builder(outer, "region") as b:
        inputs = [b.input(t, names[k] if k < len(names) else None) for k, t in enumerate(types)]
        result = function(*inputs)
        return b.build(result if isinstance(result, (list, tuple)) else [result])


def assert_same(found: Any, expected: Any) -> None:
    """The same class, dtype, shape, and numbers to rounding; nan, inf and signs included."""
    assert type(found) is type(expected)
    a, b = np.asarray(found), np.asarray(expected)
    assert a.dtype == b.dtype and a.shape == b.shape
    single = a.dtype.char in "fFe"
    np.testing.assert_allclose(a, b, rtol=3e-5 if single else 1e-12, atol=1e-6 if single else 1e-14)


def check(graph: Graph, *args: Any, backend: str = "numba", compiled: bool = True) -> Any:
    """Run `graph` by a backend twice, compare with the reference; `compiled`: nothing may be left to NumPy."""
    made = backends.get(backend).compile(graph)
    if compiled and backend != "numpy":
        assert made.report.in_numpy == []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = evaluate(graph, args)
        for _ in range(2):
            found = made(*args)
            assert len(found) == len(expected)
            for a, b in zip(found, expected, strict=True):
                assert_same(a, b)
    return made
