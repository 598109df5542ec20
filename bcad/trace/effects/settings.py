"""Settings that a function changes for a part of itself: NumPy's print options and error handling, filters of warnings.

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
        self._found: dict[str, Any] = {}  # what np.geterr() has said, once it is asked
        self._set: dict[str, Any] = {}  # what the function itself has set since: compiled code neither warns nor ignores
        self._left: list[dict[str, Any]] = []  # the same at each np.errstate() that is entered

    def errors(self, session: Session) -> dict[str, Any]:
        """``np.geterr()``: what this call has found is held to."""
        if not self._found:
            asked = Result(Pinned(np.geterr, "np.geterr"), (), ())
            self._found = {what: session.captures.lift(mode, Item(asked, what)) for what, mode in np.geterr().items()}
        return self._found | self._set

    def set_errors(self, session: Session, modes: dict[str, Any]) -> dict[str, Any]:
        """``np.seterr(**modes)``, which gives what was set before."""
        before = self.errors(session)
        self._update(session, modes)
        return before

    def enter_errors(self, session: Session, modes: dict[str, Any]) -> None:
        """Enter ``np.errstate(**modes)``."""
        session.touch(self._left)
        self._left.append(dict(self._set))
        self._update(session, modes)

    def leave_errors(self, session: Session) -> None:
        """Leave the last ``np.errstate`` that was entered."""
        session.touch(self._left)
        session.touch(self._set)
        before = self._left.pop()
        self._set.clear()
        self._set.update(before)

    def _update(self, session: Session, modes: dict[str, Any]) -> None:
        everything = modes.get("all")
        asked = {what: modes.get(what) or everything for what in ("divide", "over", "under", "invalid")}
        if not {mode for mode in asked.values() if mode is not None} <= {"ignore", "warn"}:
            raise session.error("NumPy is asked to do more about errors than to warn", why="compiled code neither raises nor calls as NumPy does",
                                hint="test for the value that is not wanted, or bcad.options.check_finite = True")
        session.touch(self._set)
        self._set.update({what: mode for what, mode in asked.items() if mode is not None})

    def require_restored(self, session: Session) -> None:
        """The function must leave NumPy's error handling as it was: it would be set while tracing alone."""
        if self._found | self._set != self._found:
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
