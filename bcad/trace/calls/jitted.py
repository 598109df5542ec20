"""numba's compiled functions in traced code: the Python function behind them is stepped into."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from bcad import ops
from interpreter import evaluate

if TYPE_CHECKING:
    from ..session import Session


def is_jitted(kind: type) -> bool:
    """Whether instances of a class are functions that numba compiles."""
    return (kind.__module__ or "").startswith("numba.") and (hasattr(kind, "py_func") or kind.__name__ in ("CPUDispatcher", "DUFunc"))


def call(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call of such a function: of ``@njit`` as it is, of ``@vectorize`` element by element."""
    source = getattr(fn, "py_func", None)
    if type(source) is FunctionType:
        return evaluate(source, args, kwargs, session.domain)
    source = getattr(getattr(fn, "_dispatcher", None), "py_func", None)
    if type(source) is FunctionType and not kwargs:
        return evaluate(ops.of_each, (source, *args), {}, session.domain)
    return NotImplemented
