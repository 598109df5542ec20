"""How calls that CPython makes are written: ``rng.normal(0.0, 1.0, (x.size,))``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

NameOf = Callable[[Any], str]  # what a text calls an object that has no literal


class Written:
    """Stands among arguments for what a text computes."""

    def __init__(self, text: str) -> None:
        self.text = text


def call_text(fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], name: NameOf) -> str:
    """``fn(*args, **kwargs)`` as an expression."""
    owner = getattr(fn, "__self__", None)
    plain = owner is None or isinstance(owner, type(np)) or not hasattr(fn, "__name__")
    called = name(fn) if plain else f"{name(owner)}.{fn.__name__}"
    given = [_argument(x, name) for x in args] + [f"{key}={_argument(x, name)}" for key, x in kwargs.items()]
    return f"{called}({', '.join(given)})"


def _argument(x: Any, name: NameOf) -> str:
    if isinstance(x, Written):
        return x.text
    if type(x) in (tuple, list):
        inner = ", ".join(_argument(item, name) for item in x)
        return f"[{inner}]" if type(x) is list else f"({inner}{',' if len(x) == 1 else ''})"
    if type(x) is dict:
        return "{" + ", ".join(f"{key!r}: {_argument(item, name)}" for key, item in x.items()) + "}"
    if x is None or type(x) in (bool, int, str, bytes) or type(x) is float and np.isfinite(x):
        return repr(x)
    return name(x)
