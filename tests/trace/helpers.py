"""A function traced when needed and run by the reference evaluator: what the floors above do, in short."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import evaluate, verify
from bcad.ops import CheckFailed
from bcad.trace import Program, trace


class Traced:
    """Calls go through a program; `traces` counts how often the function had to be traced."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self.programs: list[Program] = []
        self.traces = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for program in self.programs:
            if program.check(args, kwargs) is None:
                try:
                    return self.run(program, args, kwargs)
                except CheckFailed:
                    continue
        refuted: frozenset[Any] = frozenset()
        while True:
            self.traces += 1
            assert self.traces < 10, "traced again and again"
            program = trace(self.fn, args, kwargs, avoid=refuted)
            verify(program.graph)
            failed = program.check(args, kwargs)
            assert failed is None, f"the program does not hold for the call it was made from: {failed}"
            try:
                result = self.run(program, args, kwargs)
            except CheckFailed:
                if program.suppositions <= refuted:
                    raise
                refuted |= program.suppositions
                continue
            self.programs.insert(0, program)
            return result

    def run(self, program: Program, args: Any, kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            outputs = evaluate(program.graph, program.fetch(args, kwargs))
        return program.finish(outputs, args, kwargs)

    @property
    def text(self) -> str:
        return str(self.programs[0].graph)


def same(a: Any, b: Any) -> bool:
    """Equal in type and value, arrays element by element, NaN equal to NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, rtol=1e-13, atol=1e-300, equal_nan=True)
    if isinstance(a, (float, complex, np.inexact)):
        return bool(np.allclose(a, b, rtol=1e-13, atol=1e-300, equal_nan=True))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if hasattr(a, "__dict__") and not isinstance(a, type):
        return same(vars(a), vars(b))
    return bool(a == b)


def agree(fn: Callable[..., Any], *calls: tuple[Any, ...]) -> Traced:
    """Each call through a program gives what plain Python gives, and leaves the arguments alone."""
    traced = Traced(fn)
    for args in calls:
        expected = fn(*copy.deepcopy(args))
        before = copy.deepcopy(args)
        found = traced(*args)
        assert same(found, expected), f"{found!r} is not {expected!r}\n{traced.text}"
        assert same(args, before), "an argument was modified"
    return traced
