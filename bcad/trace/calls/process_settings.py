"""What NumPy and Python do about errors, warnings and text is a setting of the process: calls that change it for a while."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..places import is_trusted
from .handlers import handles

if TYPE_CHECKING:
    from ..session import Session


@handles(np.errstate.__enter__, always=True)
def _enter_errstate(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Floating-point warnings are off in every run: nothing is switched."""
    session.settings.enter_errors(session, {what: getattr(args[0], f"_{what}", None) for what in ("all", "divide", "over", "under", "invalid")})


@handles(np.errstate.__exit__, always=True)
def _leave_errstate(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    session.settings.leave_errors(session)


@handles(warnings.catch_warnings.__enter__, always=True)
def _caught_warnings(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Who wants a list of warnings would get one without NumPy's."""
    if frame is not None and getattr(args[0], "_record", False):
        raise session.error("warnings.catch_warnings(record=True) is entered", why="compiled code does not warn as NumPy does",
                            hint="test for the value that is not wanted, or bcad.options.check_finite = True")
    return NotImplemented


@handles(warnings.simplefilter, warnings.filterwarnings, always=True)
def _filter(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Who wants NumPy's warnings as exceptions would get none."""
    category = kwargs.get("category", args[1] if len(args) > 1 and isinstance(args[1], type) else args[2] if len(args) > 2 else Warning)
    if kwargs.get("action", args[0] if args else "") == "error" and issubclass(RuntimeWarning, category):
        raise session.error("warnings are made exceptions of", why="compiled code does not warn as NumPy does",
                            hint="test for the value that is not wanted, or bcad.options.check_finite = True")
    return NotImplemented


@handles(np.set_printoptions, always=True)
def _set_printing(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if frame is None or is_trusted(frame.globals):  # by np.printoptions, which takes it back
        return NotImplemented
    raise session.error("np.set_printoptions() in traced code", why="it would be set while tracing alone",
                        hint="with np.printoptions(...): ... , or set them outside")


@handles(np.seterr, always=True)
def _seterr(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if frame is None or is_trusted(frame.globals):
        return NotImplemented
    return session.settings.set_errors(session, dict(zip(("all", "divide", "over", "under", "invalid"), args, strict=False)) | kwargs)


@handles(np.geterr, always=True)
def _geterr(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return NotImplemented if frame is None or is_trusted(frame.globals) else session.settings.errors(session)


@handles(np.seterrcall, always=True)
def _seterrcall(session: Session, frame: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if frame is None or is_trusted(frame.globals):
        return NotImplemented
    raise session.error("np.seterrcall() in traced code", why="it would be set while tracing alone",
                        hint="with np.errstate(...): ... , or set it outside")
