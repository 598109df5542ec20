"""Trampoline: what C code gets in place of a Python callable, so that its calls come back to us."""
from __future__ import annotations

from typing import Any

from .domain import Domain
from .evaluate import evaluate


class Trampoline:
    """Calls `fn` through the evaluator; pickles and copies as `fn` itself."""

    __slots__ = ("fn", "domain", "__weakref__")

    def __init__(self, fn: Any, domain: Domain) -> None:
        self.fn = fn
        self.domain = domain

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return evaluate(self.fn, args, kwargs, self.domain)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fn, name)

    def __reduce__(self) -> tuple:
        return _itself, (self.fn,)

    def __eq__(self, other: object) -> bool:
        return self.fn == (other.fn if isinstance(other, Trampoline) else other)

    def __hash__(self) -> int:
        return hash(self.fn)


def _itself(fn: Any) -> Any:
    return fn
