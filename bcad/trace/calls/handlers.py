"""The table of functions whose calls in traced code mean something else than running them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..captures.outer import MIRRORS
from ..iterators.sequences import RangeTracer
from ..tracers import Tracer

if TYPE_CHECKING:
    from ..session import Session

Handler = Callable[["Session", Any, tuple[Any, ...], dict[str, Any]], Any]
HANDLERS: dict[Any, Handler] = {}


def handles(*functions: Any, always: bool = False) -> Callable[[Handler], Handler]:
    """Register what a call means when its first argument is traced (or `always`)."""

    def enter(handler: Handler) -> Handler:
        def guarded(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if not always and args and type(args[0]) in MIRRORS:
                args[0].fill()
            if not always and not (args and (isinstance(args[0], Tracer) or type(args[0]) in (np.ndarray, RangeTracer))):
                return NotImplemented
            return handler(session, frame, args, kwargs)

        for function in functions:
            HANDLERS[function] = guarded
        return handler

    return enter


def on_call(fn: Any, meaning: Callable[[tuple[Any, ...], dict[str, Any]], Any]) -> None:
    """Let ``meaning(args, kwargs)`` answer calls of `fn` in traced code; NotImplemented: as without it."""

    def handler(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return meaning(args, kwargs)

    HANDLERS[fn] = handler
