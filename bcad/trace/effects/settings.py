"""Settings that a function changes for a part of itself: NumPy's print options, filters of warnings.

What is shown, or warned of, is so after the run, when they are what they were: it takes along those that were in force.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..captures.sources import Item, Pinned, Result
from ..places import here

if TYPE_CHECKING:
    from ..session import Session


class Settings:
    """Those in force when tracing began: what each call finds, whatever it is then."""

    def __init__(self) -> None:
        self.printing = np.get_printoptions()
        self.filters = list(warnings.filters)
        self._errors: dict[str, Any] = {}  # as the function has set them, once it has asked: compiled code neither warns nor ignores
        self._errors_before: dict[str, Any] = {}

    def errors(self, session: Session) -> dict[str, Any]:
        """``np.geterr()``: what this call has found is held to."""
        if not self._errors:
            asked = Result(Pinned(np.geterr, "np.geterr"), (), ())
            self._errors_before = {what: session.captures.lift(mode, Item(asked, what)) for what, mode in np.geterr().items()}
            self._errors.update(self._errors_before)
        return dict(self._errors)

    def set_errors(self, session: Session, modes: dict[str, Any]) -> dict[str, Any]:
        """``np.seterr(**modes)``, which gives what was set before."""
        before = self.errors(session)
        everything = modes.pop("all", None)
        asked = {what: modes.get(what) or everything for what in before}
        if not {mode for mode in asked.values() if mode is not None} <= {"ignore", "warn"}:
            raise session.error("np.seterr() asks for more than warnings", why="compiled code neither raises nor calls as NumPy does",
                                hint="test for the value that is not wanted, or bcad.options.check_finite = True")
        session.touch(self._errors)
        self._errors.update({what: mode for what, mode in asked.items() if mode is not None})
        return before

    def require_restored(self, session: Session) -> None:
        """The function must leave NumPy's error handling as it was: it would be set while tracing alone."""
        if self._errors != self._errors_before:
            raise session.error("np.seterr() changes how NumPy treats errors, also after the call", why="it would be set while tracing alone",
                                hint="with np.errstate(...): ... , or set it outside")

    def kept(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """`fn` with the print options that the function itself has set."""
        now = np.get_printoptions()
        return fn if now == self.printing else _Printing(fn, now)

    def warning(self, session: Session, message: Any, category: Any = None, stacklevel: int = 1, source: Any = None) -> Callable[[Any], None]:
        """What warns as ``warnings.warn`` called here would, given the message."""
        frame = session.frame
        for _ in range(stacklevel - 1):
            frame = frame.back if frame is not None else None
        where: tuple[Any, ...] = ("sys", 1, "sys", {})
        if frame is not None:
            names = frame.globals
            where = (frame.code.raw.co_filename, here(frame).line or 1, names.get("__name__") or "<string>",
                     names.setdefault("__warningregistry__", {}))
        filters = list(warnings.filters)
        return _Warning(category, where, source, None if filters == self.filters else filters)


class _Printing:
    """A function that writes arrays with these options."""

    def __init__(self, fn: Callable[..., Any], options: Any) -> None:
        self.fn, self.options = fn, options
        self.__name__ = getattr(fn, "__name__", repr(fn))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with np.printoptions(**self.options):
            return self.fn(*args, **kwargs)


class _Warning:
    """A warning of the user's own, at the user's line."""

    __name__ = "warn"

    def __init__(self, category: Any, where: tuple[Any, ...], source: Any, filters: Any) -> None:
        self.category, self.where, self.source, self.filters = category, where, source, filters

    def __call__(self, message: Any) -> None:
        category = type(message) if isinstance(message, Warning) else self.category or UserWarning
        if self.filters is None:
            self._warn(message, category)
            return
        with warnings.catch_warnings():
            warnings.filters[:] = self.filters  # type: ignore[index]
            self._warn(message, category)

    def _warn(self, message: Any, category: Any) -> None:
        filename, line, module, registry = self.where
        warnings.warn_explicit(message, category, filename, line, module, registry, source=self.source)
